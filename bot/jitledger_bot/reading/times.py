"""When it happened, as people write it: yesterday, am Donnerstag, 19.11., 13:55."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from jitledger_bot.reading.phrases import WEEKDAYS, phrases, plain
from jitledger_bot.reading.readings import Reading
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import read as say

_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.h]([0-5]\d)(?:h|uhr)?")
_HOUR = re.compile(r"([01]?\d|2[0-3])(?:h|uhr)?")
_HALF_DAY = re.compile(r"(1[0-2]|0?[1-9])(am|pm)")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})?")


def take_times(words: list[str], now: datetime) -> tuple[list[str], str | Reading | None]:
    """Take "yesterday 13:55", "am Donnerstag" or "19.11." out of a line; return it in ISO 8601."""
    known = phrases()
    at: time | None = None
    day: date | None = None
    place, today = 0, False
    words = list(words)
    norm = [_without_s(plain(word)) for word in words]
    while place < len(words):
        lead = known.is_("on", norm, place)
        found = _day_at(words, norm, place + lead, lead > 0, now)
        if lead and found is None:  # "last night" is a day of its own.
            found, lead = _day_at(words, norm, place, False, now), 0
        if isinstance(found, Reading):
            return words, found
        if found is not None and _is_of_another(norm, words, place):
            return words, Reading("", problem=_(say.WHICH_DAY_ONE_LINE_FOR))
        if found is not None and day is None and not today:
            day, length, today = found
            _cut(words, place, lead + length)
            norm = [_without_s(plain(word)) for word in words]
            continue
        lead = known.is_("time", norm, place)
        clock = _clock_at(norm, place + lead, lead > 0)
        if clock is not None and _is_appointment(norm, words, place):
            return words, Reading("", problem=_(say.WHICH_DAY_ONE_LINE_FOR))
        if clock is not None and at is None:
            at, length = clock
            _cut(words, place, lead + length)
            norm = [_without_s(plain(word)) for word in words]
            continue
        place += 1
    if at is not None:
        return words, datetime.combine(day or now.date(), at).isoformat()
    return words, day.isoformat() if day is not None else None


def _without_s(word: str) -> str:
    """Return a day without what makes it somebody's: "tuesday's delivery"."""
    if word[-2:] not in ("'s", "’s"):
        return word
    bare = word[:-2]
    return bare if phrases().days.meaning(bare) is not None else word


def _is_of_another(norm: list[str], words: list[str], place: int) -> bool:
    """Return whether a day belongs to something else: "by Monday", "…, pickup on Thursday"."""
    known = phrases()
    if any(
        known.is_("before_day", norm, place - back) == back for back in (1, 2, 3) if back <= place
    ):
        return True
    if place > 1 and known.is_("from", norm, place - 1) and known.is_("people", norm, place - 2):
        return True  # "the lady from yesterday"
    if place > 1 and known.is_("purpose", norm, place - 1):
        return True  # "3 mugs sold for friday"
    led = next((n for n in range(place - 1, 0, -1) if known.is_("purpose", norm, n)), None)
    if led is not None and any(not _is_small(norm, n) for n in range(led + 1, place)):
        return True  # "for Kate's birthday on Friday"
    commas = [n for n in range(place) if words[n].endswith((",", ";"))]
    if not commas or not any(c.isdigit() for word in words[: commas[-1] + 1] for c in word):
        return False
    between = range(commas[-1] + 1, place)
    return any(not _is_small(norm, n) for n in between)


def _is_appointment(norm: list[str], words: list[str], place: int) -> bool:
    """Return whether a time is somebody's: "the 9:30 group", "…, he comes back at 9:30"."""
    if place and norm[place - 1] in ("the", "der", "die", "den", "zum", "zur"):
        return True
    commas = [n for n in range(place) if words[n].endswith((",", ";"))]
    return bool(commas) and "back" in norm[commas[-1] :]


def _is_small(norm: list[str], place: int) -> bool:
    """Return whether a word between a fact and its day says nothing: a filler, a verb, a place."""
    known = phrases()
    kinds = ("fillers", "at", "from", "the", "on", "time", "pieces", "to")
    return (
        any(known.is_(kind, norm, place) for kind in kinds)
        or known.verbs.at(norm, place) is not None
        or known.places.at(norm, place) is not None
        or any(c.isdigit() for c in norm[place])
    )


def _ago(norm: list[str], place: int) -> tuple[int, int] | None:
    """Return (how many days, how many words) of "3 days ago" or "vor drei Tagen"."""
    for before, behind in phrases().ago:
        at = place + len(before)
        if tuple(norm[place:at]) != before or at >= len(norm):
            continue
        named = phrases().numbers.at(norm, at)
        length, text = named if named is not None else (1, norm[at])
        end = at + length + len(behind)
        if text.isdecimal() and len(text) < 3 and tuple(norm[at + length : end]) == behind:
            return int(text), end - place
    return None


def _cut(words: list[str], place: int, length: int) -> None:
    """Take words out of a line; a comma behind them stays."""
    comma = words[place + length - 1].endswith(",")
    words[place : place + length] = []
    if comma and place and not words[place - 1].endswith((",", ";")):
        words[place - 1] += ","


def _day_at(
    words: list[str], norm: list[str], place: int, led: bool, now: datetime
) -> tuple[date | None, int, bool] | Reading | None:
    """Return (day or None for today, how many words, whether it is today) of a day named here."""
    if place >= len(words):
        return None
    found = phrases().days.at(norm, place)
    if found is not None:
        length, meaning = found
        if meaning == "today":
            return None, length, True
        if meaning in ("yesterday", "before_yesterday"):
            return now.date() - timedelta(days=1 + (meaning != "yesterday")), length, False
        if meaning in WEEKDAYS and (led or len(norm[place]) > 3):
            back = (now.weekday() - WEEKDAYS.index(meaning) - 1) % 7 + 1
            past = place > 0 and norm[place - 1] in phrases().sets["past"]
            if back == 7 and not past:  # On a Thursday "thursday" may be today.
                return Reading("", problem=_(say.WHICH_DAY_WRITE_IT_LIKE))
            return now.date() - timedelta(days=back), length, False
    ago = _ago(norm, place)
    if ago is not None:
        return now.date() - timedelta(days=ago[0]), ago[1], False
    named = _month_at(words, norm, place, now)
    if named is not None:
        return named
    text = words[place].strip("(),;:")
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text), 1, False
        except ValueError:
            return Reading("", problem=_(say.NO_DATE, text=text))
    dotted = _DOTTED.fullmatch(text)
    if dotted is None:
        return None
    year = int(dotted.group(3) or now.year)
    try:
        day = date(year + 2000 if year < 100 else year, int(dotted.group(2)), int(dotted.group(1)))
    except ValueError:
        return None
    if dotted.group(3) is None and day > now.date():
        if (day - now.date()).days < 180:
            return Reading(
                "",
                problem=_(say.DAY_HAS_NOT_COME, text=text),
            )
        day = day.replace(year=day.year - 1)
    return day, 1, False


def _month_at(
    words: list[str], norm: list[str], place: int, now: datetime
) -> tuple[date, int, bool] | Reading | None:
    """Return the day of "3 march", "the 2nd of March", "2. März": the latest that has come."""
    known = phrases()
    begin = place + known.is_("the", norm, place)
    number = _ORDINAL.fullmatch(words[begin].strip("(),;:")) if begin < len(words) else None
    after = begin + 1 + known.is_("of", norm, begin + 1)
    month = known.months.at(norm, after) if number is not None else None
    if number is None or month is None:
        return None
    end = after + month[0]
    year = int(norm[end]) if end < len(norm) and re.fullmatch(r"20\d\d", norm[end]) else None
    try:
        day = date(year or now.year, int(month[1]), int(number.group(1)))
        if year is None and day > now.date():
            day = day.replace(year=now.year - 1)
    except ValueError:
        return None
    if day > now.date() or (now.date() - day).days > 200:
        return Reading("", problem=_(say.DAY_HAS_NOT_COME, text=" ".join(words[begin:end])))
    return day, end + (year is not None) - place, False


def _clock_at(norm: list[str], place: int, led: bool) -> tuple[time, int] | None:
    if place >= len(norm):
        return None
    oclock = phrases().is_("oclock", norm, place + 1)
    found = _CLOCK.fullmatch(norm[place])
    if found is not None and (":" in norm[place] or oclock or "uhr" in norm[place]):
        return time(int(found.group(1)), int(found.group(2))), 1 + oclock
    joined = "".join(norm[place : place + 2])
    if _HALF_DAY.fullmatch(joined) and norm[place].isdigit() and (led or joined.endswith("pm")):
        return _clock_at([joined], 0, led)[0], 2  # type: ignore[index]
    half = _HALF_DAY.fullmatch(norm[place])
    if half is not None:
        return time(int(half.group(1)) % 12 + 12 * (half.group(2) == "pm")), 1
    hour = _HOUR.fullmatch(norm[place])
    if hour is not None and led and (oclock or norm[place] != hour.group(1)):
        return time(int(hour.group(1))), 1 + oclock
    return None
