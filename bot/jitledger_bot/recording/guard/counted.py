"""What a number may be instead: a price, a part of it, another pack."""

from __future__ import annotations

import re
from decimal import Decimal

from jitledger.domain.names import singulars
from jitledger_bot.reading.amounts.quantities import leading_number
from jitledger_bot.reading.phrases import phrases
from jitledger_bot.recording.found import is_single
from jitledger_bot.recording.guard.looked import Looked
from jitledger_bot.recording.money import is_near
from jitledger_bot.texts.say import read as say

_CENTS = re.compile(r"\d+[.,]\d\d")


def a_price_for_a_number(one: Looked) -> str | None:
    """A number that is typed like a price, or is one: "sold blue mug 10.00", "helmet m 49"."""
    fact = one.fact
    quantity = fact.quantity
    if quantity is None or fact.do not in ("sell", "receive") or fact.price is not None:
        return None
    known = phrases()
    for place, word in enumerate(one.words):
        bare = word.strip(",;:()")
        number = leading_number([bare])
        if number is None or number[0].value != quantity:
            continue
        unit = known.units.at(one.norm, place + 1) or known.pack_codes(
            one.norm[place + 1] if place + 1 < len(one.norm) else ""
        )
        behind = place > 0 and one.norm[place - 1] in fact.product.casefold().split()
        whole = number[0].value == int(number[0].value)  # "10.00"
        if _CENTS.fullmatch(bare) and not unit and (whole or (behind and _is_usual(one, quantity))):
            return say.A_NUMBER_OR_A_PRICE
    last = leading_number([one.words[-1].strip(".,")]) if one.words else None
    behind = last is not None and last[0].value == quantity and fact.under is None
    if not behind or quantity <= 3 or not is_single(one.sku, one.desk):
        return None
    usual = one.desk.price_of(one.sku)
    near = usual is not None and abs(usual - quantity) < 1
    return say.A_NUMBER_OR_A_PRICE if near else None


def _is_usual(one: Looked, value: Decimal) -> bool:
    usual = one.desk.price_of(one.sku)
    return usual is not None and usual > 0 and is_near(value, usual)


def part_payment(one: Looked) -> str | None:
    """What was paid may be a part of it, or all: "sold 3 blue mugs, paid 10"."""
    if one.fact.price is None or one.fact.quantity == 1:
        return None
    for place, word in enumerate(one.norm[:-1]):
        follows = leading_number(one.words[place + 1 : place + 2]) is not None
        if word in phrases().sets["paid"] and follows:
            return say.IS_THAT_THE_PRICE_OF
    return None


def half_a_pair(one: Looked) -> str | None:
    """One of what is kept in pairs: "2 single socks"."""
    if not one.has("singles"):
        return None
    pair = phrases().units.meaning(one.desk.unit_of(one.sku)) == "pair"
    return say.WHICH_NUMBER_COUNTS_WRITE_ONLY if pair else None


def beside_its_pack(one: Looked, pack: str) -> bool:
    """Return whether the number stands at its pack: not "box candles 4 pieces"."""
    forms = {word: (*singulars(word), *phrases().pack_codes(word)) for word in one.norm}
    places = [place for place, word in enumerate(one.norm) if pack in forms[word]]
    if not places or one.fact.quantity == 1:
        return True
    return any(_is_counted(one, place) for place in places)


def _is_counted(one: Looked, place: int) -> bool:
    """Return whether the fact's number stands before a word, is glued to it, or follows a colon."""
    for begin in range(max(0, place - 3), place):
        number = leading_number(one.words[begin:place])
        if number is not None and number[0].value == one.fact.quantity:
            return True
    behind = leading_number(one.words[place + 1 : place + 2])
    colon = place > 0 and one.words[place].endswith(":") and behind is not None
    return colon or one.words[place].casefold().startswith(f"{one.fact.quantity}")
