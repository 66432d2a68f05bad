"""Dates of a file: day or month first is decided by the whole column, a zone by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from jitledger.domain.errors import LedgerError, Refused, bad_value

WHY = "no such time; write 2026-03-03T13:55 or 2026-03-03"
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
_NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
_ISO = re.compile(r"(\d{4})([-/.]?)(\d{2})\2(\d{2})", re.ASCII)
_TIME = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?\s*([AaPp]\.?[Mm]\.?(?![A-Za-z]))?",
    re.ASCII,
)
_PLAIN = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
"""What the ledger reads by itself; it is left as it stands, so that its command stays the same."""
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})", re.ASCII)
ZONES = {
    "utc": "UTC",
    "gmt": "UTC",
    "z": "UTC",
    "easterntime(us&canada)": "America/New_York",
    "centraltime(us&canada)": "America/Chicago",
    "mountaintime(us&canada)": "America/Denver",
    "pacifictime(us&canada)": "America/Los_Angeles",
    "atlantictime(canada)": "America/Halifax",
    "alaska": "America/Anchorage",
    "hawaii": "Pacific/Honolulu",
    "arizona": "America/Phoenix",
}
"""Names that tills write; the rest are those of the time zone database."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a file writes its dates."""

    order: str | None
    """``day`` or ``month`` first; None where nothing decides."""
    days: bool
    """Whether every time is 00:00:00: then they are days."""


@dataclass(frozen=True, slots=True)
class _Parts:
    day: date | None
    """None when it has two readings, and ``numbers`` tells them."""
    numbers: tuple[int, int, int] | None
    sign: str
    rest: str


def style_of(
    texts: Iterable[str], locale: str, chosen: str | None = None, *, timed: bool = False
) -> Style:
    """Decide how a column writes its dates.

    >>> style_of(["03/02/2026", "20/02/2026"], "en").order
    'day'
    >>> style_of(["02/03/2026"], "en").order, style_of(["02/03/2026"], "de").order
    (None, 'day')
    """
    seen: set[str] = set()
    times = []
    for text in texts:
        parts = _parts(text)
        if parts is None:
            continue
        times.append(re.sub(r"^[T\s,]+", "", parts.rest))
        if parts.numbers is not None and parts.sign == ".":
            continue
        if parts.numbers is not None:
            first, second, _year = parts.numbers
            if first > 12 >= second:
                seen.add("day")
            elif second > 12 >= first:
                seen.add("month")
    days = (
        not timed
        and bool(times)
        and all(re.fullmatch(r"(00?:00(:00(\.0+)?)?)?", time) for time in times)
    )
    order = chosen or (next(iter(seen)) if len(seen) == 1 else None)
    if order is None and not seen:
        order = _by_locale(locale)
    return Style(order, days)


def _by_locale(locale: str) -> str | None:
    """Return what a locale writes first; plain English settles nothing."""
    language, _sign, country = locale.replace("_", "-").partition("-")
    if language != "en":
        return "day"
    if not country:
        return None
    return "month" if country.upper() == "US" else "day"


def are_days(texts: Iterable[str]) -> bool:
    """Return whether a column holds days and nothing else.

    >>> are_days(["2026-02-03", "4.2.2026"]), are_days(["20260203"]), are_days([])
    (True, False, False)
    """
    found = [not text.isdigit() and _parts(text) is not None for text in texts]
    return bool(found) and all(found)


def read_when(text: str, time: str, zone: str, style: Style, tz: ZoneInfo) -> str:
    """Return a date, with its time where there is one, as ISO 8601.

    Raises ``ambiguous-date`` where day and month may change places, else ``bad-value``.

    >>> read_when("20 Feb 2026", "", "", Style("day", False), ZoneInfo("Europe/Berlin"))
    '2026-02-20'
    >>> read_when("2/20/26 4:05 PM", "", "", Style("month", False), ZoneInfo("Europe/Berlin"))
    '2026-02-20T16:05'
    """
    parts = _parts(text)
    plain = _PLAIN.fullmatch(text) is not None and not (time or zone or style.days)
    if parts is None or plain:
        return text
    day = _day(text, parts, style)
    rest = re.sub(r"^[T\s,]+", "", parts.rest)
    rest = re.sub(r"(?i)([ap])\.?\s*m\.?(?!\w)", r"\1m", rest)  # "8:15 p. m."
    if time and not re.sub(r"[0:.]", "", rest):  # Its own column tells the time of day.
        rest = time.strip()
    if not rest or style.days:
        return day.isoformat()
    clock = _TIME.match(rest)
    if clock is None:
        raise bad_value("occurred_at", text, WHY)
    hour = int(clock[1])
    if clock[5]:
        hour = hour % 12 + (12 if clock[5][0] in "pP" else 0)
    try:
        moment = datetime(day.year, day.month, day.day, hour, int(clock[2]), int(clock[3] or 0))
        moment = moment.replace(microsecond=int((clock[4] or "").ljust(6, "0")))
    except ValueError as error:
        raise bad_value("occurred_at", text, WHY) from error
    return _zoned(text, moment, rest[clock.end() :].strip() or zone.strip())


def _zoned(text: str, moment: datetime, zone: str) -> str:
    if not zone:
        return moment.isoformat(
            timespec="auto" if moment.second or moment.microsecond else "minutes"
        )
    offset = _OFFSET.fullmatch(zone)
    if offset is not None:
        away = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        utc = moment - away if offset[1] == "+" else moment + away
        return utc.replace(tzinfo=UTC).isoformat()
    name = ZONES.get(re.sub(r"\s", "", zone.casefold()), zone)
    try:
        return moment.replace(tzinfo=ZoneInfo(name)).astimezone(UTC).isoformat()
    except (KeyError, ValueError, OSError) as error:
        raise bad_value("occurred_at", text, "no such time zone; try Europe/Berlin") from error


def _day(text: str, parts: _Parts, style: Style) -> date:
    if parts.day is not None:
        return parts.day
    assert parts.numbers is not None
    first, second, year = parts.numbers
    order = "day" if parts.sign == "." else style.order
    if order is None and first != second and first <= 12 and second <= 12:
        raise Refused(
            "ambiguous-date",
            f"occurred_at is {text!r}: is the day first, or the month? Say which, "
            "or write 2026-03-03.",
            field="occurred_at",
            value=text,
        )
    if order is None:
        order = "day" if first > 12 else "month"
    day, month = (first, second) if order == "day" else (second, first)
    try:
        return date(year, month, day)
    except ValueError as error:
        raise bad_value("occurred_at", text, WHY) from error


def _parts(text: str) -> _Parts | None:
    """Return the date at the beginning of a text; None when there is none that is known."""
    text = text.strip()
    day = re.match(r"([^\W\d_]{2,12})\.?,?\s+(?=\d)", text)
    if day is not None and day[1].casefold() in _weekdays():
        text = text[day.end() :]  # "Fri 27/02/2026"
    try:
        iso = _ISO.match(text)
        if iso is not None and not text[iso.end() : iso.end() + 1].isdigit():
            return _Parts(date(int(iso[1]), int(iso[3]), int(iso[4])), None, "", text[iso.end() :])
        numeric = _NUMERIC.match(text)
        if numeric is not None and not text[numeric.end() : numeric.end() + 1].isdigit():
            year = int(numeric[4]) + (2000 if len(numeric[4]) == 2 else 0)
            numbers = (int(numeric[1]), int(numeric[3]), year)
            return _Parts(None, numbers, numeric[2], text[numeric.end() :])
        week = re.match(r"\d{4}-?W\d{2}-?\d", text)
        if week is not None:
            return _Parts(date.fromisoformat(week[0]), None, "", text[week.end() :])
        return _named(text)
    except ValueError as error:
        if isinstance(error, LedgerError):
            raise
        return None


def _named(text: str) -> _Parts | None:
    """Return a date whose month is a word: "20 Feb 2026", "Feb 20, 2026", "Jul-21-25"."""
    word = r"([^\W\d_]{3,12})\.?"
    day_first = re.match(rf"(\d{{1,2}})\.?[\s-]+{word}[\s,-]+(\d{{4}}|\d{{2}})(?!\d)", text)
    month_first = re.match(
        rf"{word}[\s-]+(\d{{1,2}})(?:st|nd|rd|th)?[\s,-]+(\d{{4}}|\d{{2}})(?!\d)", text
    )
    if day_first is not None:
        day, month, year, end = day_first[1], day_first[2], day_first[3], day_first.end()
    elif month_first is not None:
        day, month, year = month_first[2], month_first[1], month_first[3]
        end = month_first.end()
    else:
        return None
    number = _months().get(month.casefold())
    if number is None:
        return None
    return _Parts(
        date(int(year) + (2000 if len(year) == 2 else 0), number, int(day)), None, "", text[end:]
    )


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """Return the months by their names, long and short, in the languages of `LANGUAGES`."""
    from babel.dates import get_month_names

    return {
        name.casefold().rstrip("."): number
        for language in reversed(LANGUAGES)
        for width in ("wide", "abbreviated")
        for context in ("format", "stand-alone")
        for number, name in get_month_names(width, context, language).items()
    }


@lru_cache(maxsize=1)
def _weekdays() -> frozenset[str]:
    from babel.dates import get_day_names

    return frozenset(
        name.casefold().rstrip(".")
        for language in LANGUAGES
        for width in ("wide", "abbreviated", "short")
        for context in ("format", "stand-alone")
        for name in get_day_names(width, context, language).values()
    )
