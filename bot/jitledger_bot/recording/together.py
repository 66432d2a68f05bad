"""What the parts of a line, and the lines of a message, mean for each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import groupby

from jitledger_bot.desk import Desk
from jitledger_bot.reading import Places, Reading
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.times import take_times
from jitledger_bot.recording.found import find
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import recorded as say

_STARRED = re.compile(r"\s*\*(?=[^\s*])")


def with_what_holds(
    readings: list[Reading], lines: Sequence[str], local: datetime, places: Places
) -> list[Reading]:
    """Ask where a line that is no fact names a day or a supplier which the facts do not have.

    "all from yesterday", "kind regards, Quayside"; and where a day is misspelt: "yesteday".
    """
    facts = [one for one in readings if one.is_fact]
    told = {one.line for one in readings if one.is_fact or (one.problem and one.product)}
    days, suppliers = False, False
    for n, line in enumerate(lines if len(lines) > 1 else ()):
        if n in told:
            continue
        days |= take_times(line.split(), local)[1] is not None or _is_to_come(line)
        suppliers |= places.name_supplier(line)
    found = []
    for one in readings:
        lacks = (days and one.occurred is None) or (
            suppliers and one.do == "receive" and one.supplier is None
        )
        misspelt = one.is_fact and one.occurred is None and _near_a_day(lines[one.line])
        if one in facts and (lacks or misspelt):
            said = say.WHICH_DAY_WRITE if misspelt or (days and one.occurred is None) else None
            problem = _(said) if said else _(say.FROM_WHOM_WRITE)
            one = replace(one, problem=problem)
        found.append(one)
    return found


def _is_to_come(line: str) -> bool:
    """Return whether a line is nothing but a day that has not come: "tomorrow", "for monday:"."""
    known, norm = phrases(), [plain(word) for word in line.split()]
    place, kinds = 0, ("tomorrow", "before_tomorrow", "fillers", "on", "purpose")
    while place < len(norm):
        length = max(known.is_(kind, norm, place) for kind in kinds)
        if not length:
            return False
        place += length
    return known.has("tomorrow", norm)


def _near_a_day(line: str) -> bool:
    """Return whether a word is a letter away from one for a day: "yesteday"."""
    return any(
        _is_misspelt(word) for word in map(plain, line.split()) if len(word) > 6 and word.isalpha()
    )


@lru_cache(maxsize=4096)
def _is_misspelt(word: str) -> bool:
    from rapidfuzz.distance import OSA

    days = phrases().day_words
    return word not in days and any(OSA.distance(word, day, score_cutoff=1) == 1 for day in days)


def said_anew(readings: list[Reading], lines: Sequence[str]) -> list[Reading]:
    """Ask where a line takes back the one above it, as people do with a star: "*6 napkins"."""
    anew = {
        n
        for n in range(1, len(lines))
        if _STARRED.match(lines[n]) and not lines[n - 1].lstrip().startswith("*")
    }
    anew |= {n for n in range(1, len(lines)) if _takes_back(lines[n])}
    taken = anew | {n - 1 for n in anew}
    found = []
    for reading in readings:
        if reading.line in taken and reading.problem is None and reading.do is not None:
            reading = replace(reading, problem=_(say.WHICH_OF_THE_TWO_LINES))
        found.append(reading)
    return found


def _takes_back(line: str) -> bool:
    """Return whether a line of few words undoes what is above: "no", "delete that", "nein 4"."""
    norm, known = [plain(word) for word in line.split()], phrases()
    if not norm or len(norm) > 3:
        return False
    kinds = ("taken_back", "undo")
    said = any(known.is_(kind, norm, 0) for kind in kinds) or norm[0] in known.sets["denials"]
    told = bool(known.is_("plans", norm, 0)) and not any(c.isdigit() for c in line)
    return said or told


def whole_lines(readings: list[Reading], desk: Desk) -> list[Reading]:
    """Of a line that says several things nothing is recorded while one of them is asked.

    "counted 2 boxes and 3 mug" is one count of mugs, not three; and whoever answers for one part
    forgets the other.
    """
    found: list[Reading] = []
    for _line, same in groupby(readings, key=lambda one: one.line):
        parts = list(same)
        unclear = [one for one in parts if not is_clear(one, desk) and _says_any(one)]
        if len(parts) < 2 or not unclear or not any(one.is_fact for one in parts):
            found += parts
            continue
        asked = next((one for one in unclear if one.problem is not None), None)
        words = unclear[0].product or unclear[0].raw
        said = asked.problem if asked else _(say.A_PART_IS_NOT_CLEAR, words=words[:60])
        found.append(replace(next(one for one in parts if one.is_fact), problem=said))
    return found


def _says_any(reading: Reading) -> bool:
    return reading.do is not None or reading.problem is not None or bool(reading.product)


def whole_sums(readings: list[Reading]) -> list[Reading]:
    """Ask where one sum was said for several facts of a line: nobody knows which part is whose."""
    found = []
    for reading in readings:
        alike = [r for r in readings if r.line == reading.line and r.is_fact]
        if len(alike) > 1 and any(r.total is not None for r in alike) and reading.problem is None:
            reading = replace(reading, problem=_(say.A_SUM_FOR_SEVERAL))
        found.append(reading)
    return found


def is_clear(reading: Reading, desk: Desk) -> bool:
    """Return whether a reading is a fact of an exact product, in a pack that it has."""
    if reading.problem is not None or not reading.is_fact:
        return False
    if reading.do == "transfer" and reading.to is None:
        return False
    exact, pack, _parted = find(reading, desk)
    return exact.exact is not None and (pack is None or desk.knows_pack(exact.exact.sku, pack))
