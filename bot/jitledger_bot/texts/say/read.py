"""What keeps a line from being recorded as it reads, and what else reading says."""

from __future__ import annotations

from jitledger_bot.texts.language import mark

DAY_HAS_NOT_COME = mark("{text} has not come yet; write the year if you mean the last")
WHICH_DAY_ONE_LINE_FOR = mark("which day? One line for each day, please")
NO_DATE = mark("{text} is no date")
HOW_MANY_FOR_EXAMPLE_EXAMPLE = mark("how many? For example: {example}")
RECEIVED_AND_THEN_LOST_OR = mark(
    "received and then lost, or never received? One line for each, please"
)
WHICH_NUMBER_IS_IT = mark("{shown}: which number is it?")
RECEIVED_SOLD_OR_COUNTED_WRITE = mark("received, sold or counted? Write that word before it")
TOO_MANY_LINES = mark("these are {lines} lines; send at most {most} at once, or a .csv file")
WHICH_NUMBER_COUNTS_WRITE_ONLY = mark(
    "which number counts? Write only what is to be recorded, please"
)
A_PRICE_OR_A_TIME = mark("{number}: a price or a time? Write it like @ 4.20, or 10:00")
WHICH_PRODUCT_IS_IT = mark("which product is it?")
THE_LINE_IS_LONGER_THAN = mark("the line is longer than 400 characters")
IS_THAT_THE_PRICE_OF = mark("is that the price of one? Write it like @ 4.20")
A_PRICE_BELOW_ZERO_WRITE = mark("a price below zero? Write it like @ 4.20")
WHICH_PRICE_WRITE_IT_LIKE = mark("which price? Write it like @ 4.20")
WHICH_DAY_WRITE_IT_LIKE = mark("which day? Write it like 2026-11-19, or yesterday")
THE_NUMBER_IS_NOT_EXACT = mark("the number is not exact; write it exactly")
A_SHARE_OR_A_DISCOUNT = mark("a share or a discount? Write quantity and price")
RECEIVED_OR_SOLD = mark("received from a supplier, or sold to a customer?")
BACK_OR_MOVED = mark("back from a customer, or moved from one place to another?")
WHAT_REALLY_HAPPENED_WRITE_ONLY = mark(
    "what really happened? Write only what is to be recorded, please"
)
WHOSE_GOODS = mark("ours, or the supplier's own? Write only what came in, or left us")
WHICH_PLACE = mark("which place is that? Write the name of one of yours, or leave it out")
A_NUMBER_OR_A_PRICE = mark("a number or a price? Write it like: sold 3 blue mug @ 9.50")
RECEIVED_OR_MOVED = mark("received from a supplier, or moved from one place to another?")
HOW_MANY_PIECES_WERE_ASKED = mark("how many pieces were asked for?")
BACK_FROM_OR_BACK_TO = mark("back from a customer, or back to the supplier?")
