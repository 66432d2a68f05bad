"""Products, suppliers and places in a line, by the names that the shop gives them."""

from __future__ import annotations

from jitledger_bot.reading.amounts.numbers import spelt
from jitledger_bot.reading.amounts.quantities import leading_number
from jitledger_bot.reading.phrases import phrases
from jitledger_bot.recording.whole.token import Line, Token, counts, ends

LONGEST_NAME = 5
LONGEST_SUPPLIER = 3
SHORTEST_CODE = 3
"""Digits of a code that is a number."""


def name_at(line: Line, place: int) -> tuple[Token, int] | None:
    """Return a product that the shop knows by these words, the longest name first."""
    for length in range(min(LONGEST_NAME, len(line.norm) - place), 0, -1):
        words = line.norm[place : place + length]
        if any(ends(line, n) for n in range(place, place + length - 1)):
            continue
        if length == 1 and (len(words[0]) < 3 or _is_word(line, place)):
            continue
        number = leading_number(line.words[place : place + length]) is not None
        if number and length == 1 and not is_code(line, place):
            continue
        found = line.desk.resolver.exactly(" ".join(words), bent=True)
        if found is not None:
            return Token("name", " ".join(words), found.sku), length
    return None


def is_code(line: Line, place: int) -> bool:
    """Return whether a number behind an amount is a product's code: "2 x 3051"."""
    word = line.norm[place] if place < len(line.norm) else ""
    if len(word) < SHORTEST_CODE or not word.isdigit() or counts(line, place + 1):
        return False
    told = [token for token in line.found if token.words not in ("x", "×", "of")]
    behind = bool(told) and told[-1].kind == "amount" and not told[-1].unit
    return behind and line.desk.resolver.exactly(word) is not None


def _is_word(line: Line, place: int) -> bool:
    """Return whether one word is a verb, a pack or a number before it is a product's name."""
    known = phrases()
    alone = line.norm[place : place + 1]
    return bool(
        known.verbs.at(alone, 0)
        or phrases().spoken.at(alone, 0)
        or known.pack_codes(alone[0])
        or spelt(alone, 0) is not None
    )


def supplier_at(line: Line, place: int) -> tuple[Token, int] | None:
    """Return a supplier of the shop, with the word that leads to or from it."""
    known = phrases()
    back = not known.sets["goes_back"].isdisjoint(line.norm)
    for kind in ("from", "toward", "to", "at", ""):
        lead = known.is_(kind, line.norm, place) if kind else 0
        if kind == "from" and line.norm[place] in ("off", "ab"):
            lead = 1
        if kind and not lead:
            continue
        begin = place + lead
        begin += known.is_("the", line.norm, begin) if lead else 0
        for length in range(LONGEST_SUPPLIER, 0, -1):
            words = line.norm[begin : begin + length]
            code = line.places.suppliers.get(" ".join(words))
            way = {"toward": "to"}.get(kind, kind)
            if way == "to" and " ".join(words) in line.places.short and not back:
                continue
            if code is not None and len(words) == length:
                return Token("supplier", " ".join(words), code, lead=way), (begin + length - place)
    return None


def place_at(line: Line, place: int) -> tuple[Token, int] | None:
    """Return a place of the shop, with the word that leads to, from or to be at it."""
    known = phrases()
    for kind in ("to", "from", "at", ""):
        lead = known.is_(kind, line.norm, place) if kind else 0
        if kind and not lead:
            continue
        begin = place + lead
        begin += known.is_("the", line.norm, begin)
        for length in (2, 1):
            words = line.norm[begin : begin + length]
            code = line.places.location(words) if len(words) == length else None
            if code is not None:
                headed = not kind and place == 0 and line.words[length - 1].endswith(":")
                way = "at" if headed else kind  # "shop: sold 2 mug"
                return Token("place", " ".join(words), code, lead=way), begin + length - place
    return None
