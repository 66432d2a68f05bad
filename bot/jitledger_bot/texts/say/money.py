"""What is asked about prices."""

from __future__ import annotations

from jitledger_bot.texts.language import mark

ANOTHER_CURRENCY = mark(
    "the price is in {currency}, the shop counts in {own}: write it in {own}, or leave it out"
)
OF_ONE_OR_OF_A_PACK = mark("is {price} the price of one or of one {pack}? Write the price of one")
OF_ONE_OR_OF_ALL = mark("is that the price of one, or of all ({whole})? Write the price of one")
DOES_NOT_DIVIDE = mark("{total} for {count} does not divide evenly; write the price of one")
