"""Amounts and money in a line: numbers with their pack or measure, prices with what they are of."""

from __future__ import annotations

import re
from decimal import Decimal

from jitledger_bot.reading.amounts.numbers import GLUED, read_number, spelt
from jitledger_bot.reading.amounts.quantities import leading_number
from jitledger_bot.reading.phrases import phrases
from jitledger_bot.reading.tails import CURRENCIES, amount_at, currency_at, per_at
from jitledger_bot.recording.whole.names import SHORTEST_CODE, name_at
from jitledger_bot.recording.whole.token import (
    Line,
    Token,
    counts,
    ends,
)
from jitledger_bot.recording.whole.verbs import verb_at

_PRICE = re.compile(r"\d+[.,]\d\d")
_CENTS = ("cent", "cents", "ct", "p")


def money_at(line: Line, place: int) -> tuple[Token, int] | None:
    """Return a sum of money: with a sign or its name, or led by a word for a price."""
    known = phrases()
    times = _times_price(line, place)
    if times is not None:
        return times
    before, lead, priced_by = _led(line, place)
    begin = place + before + lead
    glued = not lead and line.words[begin : begin + 1] and line.words[begin][0] in "@à"
    found = amount_at(line.words, begin, "@à" if glued else "") or _spelt_money(line, begin)
    if found is None:
        return None
    value, length, currency = found
    end = begin + length
    code = currency_at(line.words, begin, length)
    if not currency and end < len(line.norm) and line.norm[end] in _CENTS and lead:
        value, currency, end = value / 100, True, end + 1
    per, each, totals = _of_what(line, end)
    said = line.norm[place + before : begin]
    strong = bool(glued or priced_by - known.sets["paid"]) or bool(
        {"@", "à", "je", "zu"} & set(said)
    )
    priced = _PRICE.fullmatch(line.words[begin].strip("@à,;.")) is not None
    told = per is not None and any(token.kind == "amount" for token in line.found)
    of_each = bool(lead and (each or per))
    is_money = currency or strong or priced_by or priced or of_each or each > 1 or told
    if not is_money and (value == int(value) and "at" in said):
        return None  # "at 9" may be the time.
    summed = bool(before or totals) and _closes(line, end + totals)
    if not (is_money or summed) and not (lead and _closes(line, end)):
        return None
    if before and not (is_money or summed):
        return None
    if priced and not (currency or lead or glued or each or per) and counts(line, end):
        return None  # "2.50 kg" is an amount.
    if not (currency or each or per) and phrases().units.at(line.norm, end):
        return None  # "3 Stahlkette je 2 m"
    meaning = "each" if each else "total" if totals or before else "each" if strong else ""
    if not meaning and not currency:
        meaning = "bare"
    if per is not None:
        meaning, end = f"per {per[0] or ''}".strip(), end + per[1]
    words = " ".join(line.norm[place : end + each + totals])
    token = Token("money", words, meaning, value, currency=code)
    return token, end + each + totals - place


def _led(line: Line, place: int) -> tuple[int, int, set[str]]:
    """Return (words for a total, words for a price, those that name one) before a sum."""
    known = phrases()
    before = known.is_("totals", line.norm, place)
    lead = known.is_("price", line.norm, place + before)
    if lead and not before:  # "für insgesamt 48"
        before = known.is_("totals", line.norm, place + lead)
        before, lead = (before + lead, 0) if before else (0, lead)
    named = set(line.norm[place + before : place + before + 1]) & known.sets["price_names"]
    return before, lead or len(named), named


def _of_what(line: Line, end: int) -> tuple[tuple[str | None, int] | None, int, int]:
    """Return (the pack it is of and its words, words for each, words for all) behind a sum."""
    known = phrases()
    per = per_at(line.norm, end)
    each = 0 if per else known.is_("each", line.norm, end)
    if not each and per is None and end < len(line.norm) and line.norm[end] in ("per", "pro"):
        named = name_at(line, end + 1)  # "10 euros per plate"
        each = 1 + named[1] if named is not None else 0
    totals = 0 if each or per else known.is_("totals", line.norm, end)
    if not per and line.norm[end : end + 1] in (["for"], ["für"], ["im"]):
        per = per_at(line.norm, end + 1)  # "30 euros for the box"
        per = None if per is None else (per[0], per[1] + 1)
    return per, each, totals


def _spelt_money(line: Line, place: int) -> tuple[Decimal, int, bool] | None:
    """Return "eight euros fifty" as a sum."""
    found = spelt(line.norm, place)
    if found is None:
        return None
    end = place + found[1]
    if end < len(line.norm) and line.norm[end] in _CENTS[:3]:
        return found[0] / 100, found[1] + 1, True
    if end >= len(line.norm) or line.norm[end] not in CURRENCIES:
        return None
    part = spelt(line.norm, end + 1)
    if part is not None and 10 <= part[0] < 100:
        return found[0] + part[0] / 100, found[1] + 1 + part[1], True
    return found[0], found[1] + 1, True


def _closes(line: Line, place: int) -> bool:
    """Return whether a line ends here, or a part of it does."""
    return place >= len(line.norm) or ends(line, place - 1) or verb_at(line, place) is not None


def amount_at_place(line: Line, place: int) -> tuple[Token, int] | None:
    """Return a number of goods, with its pack or measure."""
    known = phrases()
    half = _half(line, place) or _one_pack(line, place)
    if half is not None:
        value, end = half
    else:
        glued = GLUED.fullmatch(line.norm[place])
        unit = "" if glued is None else glued.group(2)
        number = None if glued is None else read_number(glued.group(1))
        if number is not None and number.ambiguous is None and known.units.at([unit], 0):
            end = place + 1 + known.is_("of", line.norm, place + 1)
            return Token("amount", line.norm[place], "", number.value, unit), end - place
        found = leading_number(line.words[place:])
        if found is None:
            return None
        if found[0].ambiguous is not None or found[0].value < 0:
            return Token("doubt", line.norm[place], "number"), found[1]
        value, end = found[0].value, place + found[1]
        if ends(line, end - 1):
            return Token("amount", " ".join(line.norm[place:end]), "", value), end - place
    times = known.is_("times", line.norm, end)
    multiplied = _times(line, place, end, times, value) if times else None
    if multiplied is not None:
        return multiplied
    end += times
    while end < len(line.norm) and line.norm[end] in phrases().sets["wholes"]:
        end += 1
    unit = ""
    if _is_own_pack(line, end):
        unit, end = line.norm[end], end + 1
    elif counts(line, end):
        measure = known.units.at(line.norm, end)
        length = 1 if measure is None else measure[0]
        unit = line.norm[end]
        end += length
    else:
        pieces = known.is_("pieces", line.norm, end)
        end += pieces if end + pieces < len(line.norm) else 0
    if not ends(line, end - 1) and not known.is_("thereof", line.norm, end):
        end += known.is_("of", line.norm, end)
    words = " ".join(line.norm[place:end])
    if value == 1 and not unit and known.is_("people", line.norm, end):
        return Token("small", words), end - place  # "a tourist"
    article = not any(c.isdigit() for c in words) and known.numbers.meaning(words) == "1"
    meaning = "article" if article else ""
    return Token("amount", words, meaning, value, unit), end - place


def _times(
    line: Line, place: int, end: int, times: int, value: Decimal
) -> tuple[Token, int] | None:
    """Return the number in front of a price or a code: "12 x 4.20", "2 x 3051"; a doubt of both."""
    amount = Token("amount", " ".join(line.norm[place:end]), "", value)
    if _priced_times(line, end):
        return amount, end - place
    code = line.norm[end + times] if end + times < len(line.norm) else ""
    coded = len(code) >= SHORTEST_CODE and code.isdigit() and not counts(line, end + times + 1)
    if coded and line.desk.resolver.exactly(code):
        return amount, end + times - place
    if leading_number(line.words[end + times : end + times + 1]) is not None:
        return Token("doubt", line.norm[place], "number"), 1  # "3 x 6" is read elsewhere.
    return None


def _is_own_pack(line: Line, place: int) -> bool:
    """Return whether a word is a pack of the product behind it, by the shop's own name for it."""
    if place + 1 >= len(line.norm) or ends(line, place):
        return False
    named = name_at(line, place + 1 + phrases().is_("of", line.norm, place + 1))
    return named is not None and line.desk.pack_of(named[0].meaning, line.norm[place]) is not None


def _one_pack(line: Line, place: int) -> tuple[Decimal, int] | None:
    """Return one of "box of brass bells", "ganze Rolle Kette": a pack in the singular."""
    whole = place
    while whole < len(line.norm) and line.norm[whole] in phrases().sets["wholes"]:
        whole += 1
    word = line.norm[whole] if whole < len(line.norm) else ""
    singular = word in phrases().pack_codes(word) or word in phrases().sets["pairs"]
    if (
        not (singular or _is_own_pack(line, whole))
        or word.endswith("s")
        or ends(line, whole)
        or (line.found and line.found[-1].kind in ("amount", "talk", "doubt"))
        or (place and line.norm[place - 1] in phrases().sets["halves"])
    ):
        return None
    behind = whole + 1 + phrases().is_("of", line.norm, whole + 1)
    if name_at(line, behind) is None:
        return None
    return Decimal(1), whole


def _priced_times(line: Line, place: int) -> bool:
    """Return whether a word like *x* stands before a price of one: "12 x 4.20"."""
    end = place + 1
    price = line.words[end].strip(",;") if end < len(line.words) else ""
    return _PRICE.fullmatch(price) is not None and not counts(line, end + 1)


def _times_price(line: Line, place: int) -> tuple[Token, int] | None:
    """Return the price of one behind an amount and a word like *x*: "x 4.20"."""
    amount = line.found[-1] if line.found else None
    if amount is None or amount.kind != "amount" or amount.unit:
        return None
    if not phrases().is_("times", line.norm, place) or not _priced_times(line, place):
        return None
    price = amount_at(line.words, place + 1, "")
    if price is None:
        return None
    words = " ".join(line.norm[place : place + 1 + price[1]])
    code = currency_at(line.words, place + 1, price[1])
    return Token("money", words, "times", price[0], currency=code), 1 + price[1]


def _half(line: Line, place: int) -> tuple[Decimal, int] | None:
    """Return 0.5 of "half a kilo", "ein halbes Kilo", 0.25 of "quarter kilo": of a measure."""
    article = 1 if spelt(line.norm, place) == (Decimal(1), 1) else 0
    at = place + article
    if at >= len(line.norm):
        return None
    sets = phrases().sets
    word = line.norm[at]
    if word not in sets["halves"] | sets["quarters"]:
        return None
    value = Decimal("0.5" if word in sets["halves"] else "0.25")
    end = at + 1
    end += phrases().is_("of", line.norm, end)
    if not article and spelt(line.norm, end) == (Decimal(1), 1):
        end += 1
    return (value, end) if phrases().units.at(line.norm, end) else None
