"""A fact within a sentence: a number beside words that may name a product."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from jitledger_bot.reading.amounts.quantities import is_article, leading_number, product_words
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.readings import Reading
from jitledger_bot.reading.tails import CURRENCIES, CURRENCY
from jitledger_bot.reading.times import take_times
from jitledger_bot.reading.words import LIST_MARK

SOME_DAY = datetime(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Spot:
    """A number in a chatty line and the runs of words beside it that may name the product."""

    quantity: Decimal
    behind: list[str]
    before: list[str]
    joined: bool
    """Whether it begins the line's facts, or follows the one before with a comma or "and"."""
    article: bool
    """Whether the number is a word for one, which often is none ("by a toddler")."""


def spots(reading: Reading) -> list[Spot]:
    """Return the numbers of a chatty line, each with the runs of words that stand beside it.

    "Maureen here, sold 3 lavender soaps to a lady": a run ends where a word can be no part of a
    product's name. The caller takes a run only when it names one product exactly.
    """
    words = take_times(LIST_MARK.sub("", reading.raw).split(), SOME_DAY)[0]
    norm = [plain(word) for word in words]
    if reading.do is None or len(words) > 40 or _other_verb(norm, reading):
        return []
    if not _verb_leads_to_a_number(words, norm):
        return []
    found: list[Spot] = []
    place = 0
    while place < len(words):
        number = leading_number(words[place:])
        if number is None or number[0].ambiguous is not None or number[0].value <= 0:
            place += 1
            continue
        digits = words[place][:1].isdigit()
        if place and digits and words[place - 1][-1:].isdigit():
            return []  # "1 200": nobody knows.
        begin = place + number[1]
        begin += phrases().is_("pieces", norm, begin)
        behind = [
            product_words(words[begin : begin + length])
            for length in range(min(6, len(words) - begin), 0, -1)
            if _ends_here(words, norm, begin + length)
        ]
        alone = digits and _ends_here(words, norm, begin)
        before = [
            product_words(words[first:place])
            for first in range(max(0, place - 5), place if alone else 0)
            if first == 0 or _ends_here(words, norm, first)
        ]
        article = not digits and number[0].value == 1
        if not _is_amount(words, norm, place, number[1]):
            behind, before = list(filter(None, behind)), list(filter(None, before))
            joined = not found or words[place - 1].endswith((",", ";", ":"))
            joined = joined or phrases().is_("joiners", norm, place - 1) > 0
            found.append(Spot(number[0].value, behind, before, joined, article))
        place += number[1]
    return found


def _is_amount(words: list[str], norm: list[str], place: int, length: int) -> bool:
    """Return whether a number is money: a currency or "each" stands with it."""
    after = place + length
    if any(c in CURRENCY for c in words[place]) or phrases().is_("each", norm, after):
        return True
    return after < len(words) and (words[after] in CURRENCIES or norm[after] in CURRENCIES)


def _other_verb(norm: list[str], reading: Reading) -> bool:
    """Return whether another kind of verb stands in a line: then nobody knows which one holds."""
    verbs, known = phrases().verbs, phrases()
    kinds = {found[1] for n in range(len(norm)) if (found := verbs.at(norm, n)) is not None}
    kinds.discard(reading.do or "")
    if reading.do == "return":
        kinds -= {"write-off", "adjust"}
    if reading.do in ("adjust", "write-off"):
        kinds -= {"transfer", "adjust", "write-off"}
    if reading.do == "unmet" and known.has("none", norm):
        kinds.discard("sell")
    return bool(kinds)


def _verb_leads_to_a_number(words: list[str], norm: list[str]) -> bool:
    """Return whether only small words stand between a leading verb and the first number.

    "received payment for 3 mug" is another story.
    """
    known = phrases()
    for place in range(len(words)):
        if leading_number(words[place:]) is not None:
            return True  # The number comes first.
        found = known.verbs.at(norm, place)
        if found is None:
            continue
        at = place + found[0]
        while at < len(words) and (leading_number(words[at:]) is None or is_article(words[at:])):
            small = is_article(words[at:]) or any(
                known.is_(k, norm, at) for k in ("stops", "fillers", "the", "at", "from")
            )
            again = known.verbs.at(norm, at) is not None
            if not small and not again:
                later = range(at, len(words))
                return not any(
                    leading_number(words[n:]) and not is_article(words[n:]) for n in later
                )
            at += 1
        return True
    return True


def _ends_here(words: list[str], norm: list[str], place: int) -> bool:
    """Return whether no name goes on at a place: an end, a mark, or a word that is in no name."""
    if place >= len(words) or words[place - 1][-1:] in ",;:.!)":
        return True
    if not any(c.isalnum() for c in words[place]) or words[place][:1] in '("':
        return True
    known = phrases()
    kinds = ("stops", "fillers", "price", "from", "to", "at", "none")
    return (
        any(known.is_(kind, norm, place) for kind in kinds)
        or known.verbs.at(norm, place) is not None
        or known.conditions.at(norm, place) is not None
        or known.reasons.at(norm, place) is not None
    )


def somebody_else(reading: Reading) -> bool:
    """Return whether somebody else got the goods: "Mrs Meyer received 2 blue mugs".

    Who *brings* goods may be anybody; who *gets* them is the shop, or a supplier stands there.
    """
    words = take_times(LIST_MARK.sub("", reading.raw).split(), SOME_DAY)[0]
    norm, known = [plain(word) for word in words], phrases()
    verb = next((n for n in range(len(norm)) if known.is_("getting", norm, n)), None)
    if verb is None:
        return False
    numbers = [n for n in range(len(words)) if leading_number(words[n:]) is not None]
    end = min([verb, *(n for n in numbers if not is_article(words[n:]))])
    begin = max((n + 1 for n in range(end) if words[n].endswith((",", ":", ";", "."))), default=0)
    supplier = set((reading.supplier or "").casefold().split())
    place = begin
    while place < end:
        kinds = ("fillers", "stops", "the", "at", "from", "joiners", "on", "time", "pieces")
        length = max(known.is_(kind, norm, place) for kind in kinds)
        day = known.days.at(norm, place)
        length = max(length, day[0] if day is not None else 0)
        small = not any(c.isalnum() for c in words[place]) or norm[place] in supplier
        if not length and not small:
            return True
        place += max(1, length)
    return False
