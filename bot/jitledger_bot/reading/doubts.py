"""What is no fact or must be asked: plans, negations, hedges, dates that cannot be placed."""

from __future__ import annotations

import re

from jitledger_bot.reading.amounts.numbers import read_number
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.readings import Places
from jitledger_bot.reading.words import without_fillers
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import read as say

_LIKE_A_DATE = re.compile(r"\d{1,4}[/-]\d{1,2}[/-]\d{1,4}|\d{1,2}(?:am|pm|st|nd|rd|th)")

_DAY_AND_MONTH = re.compile(r"(\d{1,2})[/-](\d{1,2})")

SHELVES = ("shelf", "shelves", "regal", "stock", "store", "lager", "laden", "today")

_AGO = re.compile(r"\bvor \w+ (tag|woche|monat|jahr)|\b(am|vom) \d{1,2}\.\s?\d{1,2}(?!\d|\.\d)")


def is_plan(text: str) -> bool:
    """Return whether a line tells of what is to come, or did not: a plan is no fact."""
    words = [plain(word) for word in text.split()]
    known = phrases()
    none = known.words["none"].ending(words)
    if none is not None:  # "asked for 2, not there" is a fact.
        words = words[: -none[0]]
    _raw, begins = without_fillers(list(words), list(words))
    if known.is_("orders", words, 0) or known.is_("orders", begins, 0):
        return True
    if _is_tomorrow(text.split(), words):
        return True
    for place in range(len(words) - 1):
        done = known.verbs.at(words, place + 1) if words[place] in ("to", "zu") else None
        if done is not None and done[1] in ("sell", "receive", "count"):
            return True  # "5 bells to sell"
    place = 0
    while place < len(words):
        condition = known.conditions.at(words, place)
        if condition is not None:  # "not sellable"
            place += condition[0]
            continue
        talk = known.is_("small_talk", words, place)
        if known.is_("plans", words, place) > talk:
            return True
        place += max(1, talk)
    return False


def _is_tomorrow(raw: list[str], typed: list[str]) -> bool:
    """Return whether a line is about tomorrow; a German "Morgen," at its begin is a greeting."""
    known = phrases()
    words = [re.sub(r"['’]s$", "", word) for word in typed]  # "for tomorrow's market"
    for place in range(len(words)):
        if not known.is_("tomorrow", words, place):
            continue
        greeting = place == 0 and not raw[0][-1].isalnum()
        led = place > 0 and known.is_("before_tomorrow", words, place - 1)
        if not greeting and not led:
            return True
    return False


def doubt_of(words: list[str], do: str | None, places: Places) -> str | None:
    """Return why a line must be asked about although a number and a product may stand in it."""
    norm, known = [plain(word) for word in words], phrases()
    if any(known.days.at(norm, n) for n in range(len(norm)) if len(norm[n]) > 3):
        return _(say.WHICH_DAY_ONE_LINE_FOR)
    if known.has("undated", norm) or any(_LIKE_A_DATE.fullmatch(w) for w in norm):
        return _(say.WHICH_DAY_WRITE_IT_LIKE)
    if _is_dated(norm):
        return _(say.WHICH_DAY_WRITE_IT_LIKE)
    if _AGO.search(" ".join(words).casefold()):
        return _(say.WHICH_DAY_WRITE_IT_LIKE)
    hedged = [n for n in range(len(norm)) if known.is_("hedges", norm, n)]
    numbers = {n for n in range(len(norm)) if known.numbers.at(norm, n)}
    if any(n not in numbers for n in hedged if _number_follows(norm, n)):
        return _(say.THE_NUMBER_IS_NOT_EXACT)
    if any("%" in word for word in words):
        return _(say.A_SHARE_OR_A_DISCOUNT)
    if do == "receive" and (known.has("customers", norm) or _goes_out(norm, places)):
        return _(say.RECEIVED_OR_SOLD)
    if do == "return" and _comes_from_here(norm, places):
        return _(say.BACK_OR_MOVED)
    if do is not None and do != "unmet" and _is_undone(norm):
        return _(say.WHAT_REALLY_HAPPENED_WRITE_ONLY)
    if do == "receive" and _comes_from_here(norm, places):
        return _(say.RECEIVED_OR_MOVED)
    if do == "unmet" and _counts_people(norm):
        return _(say.HOW_MANY_PIECES_WERE_ASKED)
    supplied = any(_names_supplier(norm, n, places) for n in range(len(norm)))
    if do == "return" and (supplied or known.has("sellers", norm)):
        return _(say.BACK_FROM_OR_BACK_TO)
    return None


def _is_dated(norm: list[str]) -> bool:
    """Return whether a day without a year stands in slashes or dashes: "on 20/11", "… 20/11"."""
    known = phrases()
    for place, word in enumerate(norm):
        found = _DAY_AND_MONTH.fullmatch(word)
        if found is None or not all(1 <= int(number) <= 31 for number in found.groups()):
            continue
        led = any(back <= place and known.is_("on", norm, place - back) == back for back in (1, 2))
        if led or ("/" in word and place + 1 == len(norm) and place > 1):
            return True
    return False


def _is_undone(norm: list[str]) -> bool:
    """Return whether something did not happen after all: "dropped 2, but nothing broke"."""
    known = phrases()
    place = 0
    while place < len(norm):
        talk = known.is_("small_talk", norm, place)
        if not talk and known.is_("undone", norm, place):
            return True
        place += max(1, talk)
    return False


def is_corrected(text: str) -> bool:
    """Return whether a later number takes an earlier one back: "24 on the note, only 20 came"."""
    norm, known = [plain(word) for word in text.split()], phrases()
    counted = [read_number(word) is not None for word in norm]
    for place in range(1, len(norm)):
        behind = any(counted[place + 1 : place + 3])
        if known.is_("only", norm, place) and behind and any(counted[:place]):
            return True
    return False


def _names_supplier(norm: list[str], place: int, places: Places) -> bool:
    """Return whether a supplier is named, by its whole name or behind "to" by a part of it."""
    if any(" ".join(norm[place : place + n]) in places.suppliers for n in (1, 2, 3)):
        return True
    known = phrases()
    lead = known.is_("to", norm, place) or known.is_("toward", norm, place)
    part = norm[place + lead] if lead and place + lead < len(norm) else ""
    return len(part) > 2 and any(part in name.split() for name in places.suppliers)


def _goes_out(norm: list[str], places: Places) -> bool:
    """Return whether goods go to somebody: "to" and no place of the shop behind it."""
    known = phrases()
    for place in range(1, len(norm)):
        lead = known.is_("to", norm, place) or known.is_("toward", norm, place)
        end = place + lead
        if not lead or end >= len(norm) or _number_follows(norm, place):
            continue
        the = known.is_("the", norm, end)
        named = any(places.location(norm[end + the : end + the + n]) for n in (1, 2))
        if not named and any(c.isalpha() for c in norm[end]) and norm[end] not in SHELVES:
            return True
    return False


def _comes_from_here(norm: list[str], places: Places) -> bool:
    known = phrases()
    for place in range(len(norm)):
        lead = known.is_("from", norm, place)
        end = place + lead + known.is_("the", norm, place + lead)
        if lead and any(places.location(norm[end : end + n]) for n in (1, 2)):
            return True
    return False


def _counts_people(norm: list[str]) -> bool:
    known = phrases()
    for place in range(1, len(norm)):
        counted = read_number(norm[place - 1]) is not None
        if counted and known.is_("customers", norm, place):
            return True
    return False


def _number_follows(norm: list[str], place: int) -> bool:
    near = norm[place + 1 : place + 4]
    return any(read_number(w) is not None or phrases().numbers.at([w], 0) for w in near) or (
        place > 0 and read_number(norm[place - 1]) is not None
    )
