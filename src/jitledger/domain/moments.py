"""Moments, days and the effective time of a fact.

A moment is an integer: nanoseconds since 1970-01-01 UTC. The live clock fills microseconds; the
last three digits order commands that a simulated clock records at one and the same moment.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from jitledger.domain.errors import Refused, bad_value

MICROSECOND = 1_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
SKEW = 5 * MINUTE
LONG_AGO_DAYS = 400
FIRST_DATE = date(1900, 1, 1)
LAST_DATE = date(2199, 12, 31)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
QUARTER = 900 * SECOND


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name; raises ``bad-value``."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise bad_value("timezone", name, "no such time zone; try Europe/Berlin") from error


def from_datetime(moment: datetime) -> int:
    """Return a moment from an aware datetime."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds * MICROSECOND


def to_datetime(moment: int) -> datetime:
    """Return a moment as a UTC datetime (to the microsecond)."""
    return _EPOCH + timedelta(microseconds=moment // MICROSECOND)


def show_moment(moment: int) -> str:
    """Return a moment in ISO 8601, UTC.

    >>> show_moment(1_772_701_200 * SECOND)
    '2026-03-05T09:00:00Z'
    """
    return to_datetime(moment).isoformat().replace("+00:00", "Z")


def start_of_day(day: date, tz: ZoneInfo) -> int:
    """Return the first moment of a local day."""
    return from_datetime(datetime(day.year, day.month, day.day, tzinfo=tz).astimezone(UTC))


def end_of_day(day: date, tz: ZoneInfo) -> int:
    """Return the last moment of a local day (to the nanosecond)."""
    return start_of_day(day + timedelta(days=1), tz) - 1


def local_date(moment: int, tz: ZoneInfo) -> date:
    """Return the local day a moment lies in."""
    return to_datetime(moment).astimezone(tz).date()


def day_number(day: date) -> int:
    """Return days since 1970-01-01."""
    return day.toordinal() - _EPOCH_ORDINAL


def day_from_number(number: int) -> date:
    """Return the date of a day number."""
    return date.fromordinal(number + _EPOCH_ORDINAL)


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A wall-clock time of a day on which the clock changed, and what was taken for it.

    Nothing is ``taken`` when it happens twice: then it is the earlier.
    """

    stated: str
    taken: str | None = None

    def __str__(self) -> str:
        """Return it in the ledger's own words."""
        if self.taken is None:
            return f"{self.stated} happens twice on that day; the earlier was taken"
        return f"{self.stated} does not exist on that day; {self.taken} was taken"


@dataclass(frozen=True, slots=True)
class Occurred:
    """When something happened, as it was stated: an instant, or a day only."""

    instant: int | None = None
    day: date | None = None
    adjusted: Adjusted | None = None

    @property
    def precision(self) -> str:
        """Return ``instant`` or ``day``."""
        return "day" if self.day is not None else "instant"


def _check_range(name: str, text: str, day: date) -> None:
    if not FIRST_DATE <= day <= LAST_DATE:
        raise bad_value(
            name, text, "dates run from {first} to {last}", first=FIRST_DATE, last=LAST_DATE
        )


def localise(name: str, text: str, moment: datetime, tz: ZoneInfo) -> tuple[int, Adjusted | None]:
    """Return the moment of a wall-clock time in a zone, and what had to be adjusted.

    Times that do not exist move forward by the gap; ambiguous ones are the earlier.
    """
    _check_range(name, text, moment.date())
    early = moment.replace(tzinfo=tz, fold=0)
    back = early.astimezone(UTC).astimezone(tz).replace(tzinfo=None)
    at = from_datetime(early.astimezone(UTC))
    if back != moment:
        return at, Adjusted(f"{moment:%H:%M}", f"{back:%H:%M}")
    if moment.replace(tzinfo=tz, fold=1).utcoffset() != early.utcoffset():
        return at, Adjusted(f"{moment:%H:%M}")
    return at, None


def parse_time(name: str, text: object, tz: ZoneInfo) -> Occurred:
    """Read ISO 8601: a date alone is day precision, no offset means the shop's zone.

    Raises ``bad-value`` outside 1900 to 2199 and for anything that is no time.
    """
    if not isinstance(text, str) or len(text) > 40:
        raise bad_value(name, text, "a time is expected, like 2026-03-03T13:55 or 2026-03-03")
    stripped = text.strip()
    try:
        if _DATE.fullmatch(stripped):
            day = date.fromisoformat(stripped)
            _check_range(name, stripped, day)
            return Occurred(day=day)
        moment = datetime.fromisoformat(stripped)
    except ValueError as error:
        why = "no such time; write 2026-03-03T13:55 or 2026-03-03"
        raise bad_value(name, text, why) from error
    _check_range(name, stripped, moment.date())
    if moment.tzinfo is None:
        at, adjusted = localise(name, stripped, moment, tz)
        return Occurred(instant=at, adjusted=adjusted)
    return Occurred(instant=from_datetime(moment.astimezone(UTC)))


def parse_horizon(name: str, text: object, tz: ZoneInfo) -> int:
    """Read a limit for ``--as-of`` and ``--as-at``; a bare date is the end of that local day."""
    stated = parse_time(name, text, tz)
    if stated.day is not None:
        return end_of_day(stated.day, tz)
    assert stated.instant is not None
    return stated.instant + MICROSECOND - 1


def effective_time(stated: Occurred | None, direction: int, recorded_at: int, tz: ZoneInfo) -> int:
    """Return the moment at which a fact takes its place (DOMAIN.md, one ordering rule).

    ``direction`` is 1 for increases, -1 for decreases and 0 for counts. At day precision increases
    take the day's first second, decreases 23:59:59, counts 23:59:59.999, each at most
    ``recorded_at``.
    """
    if stated is None:
        return recorded_at
    if stated.instant is not None:
        return stated.instant
    assert stated.day is not None
    if direction > 0:
        return min(start_of_day(stated.day, tz), recorded_at)
    before_midnight = SECOND if direction < 0 else SECOND // 1000
    return min(end_of_day(stated.day, tz) + 1 - before_midnight, recorded_at)


def check_occurred(stated: Occurred, now: int, tz: ZoneInfo, *, force: bool) -> None:
    """Refuse the future (``in-the-future``) and, unless forced, the long past (``long-ago``)."""
    today = local_date(now, tz)
    if stated.day is not None:
        ahead, day, shown = stated.day > today, stated.day, stated.day.isoformat()
    else:
        assert stated.instant is not None
        ahead = stated.instant > now + SKEW
        day, shown = local_date(stated.instant, tz), show_moment(stated.instant)
    if ahead:
        raise Refused(
            "in-the-future",
            f"{shown} has not come yet (it is {show_moment(now)}); a plan is not a fact.",
            occurred_at=shown,
            now=show_moment(now),
        )
    if not force and (today - day).days > LONG_AGO_DAYS:
        raise Refused(
            "long-ago",
            f"{shown} is more than {LONG_AGO_DAYS} days back; use force if it is meant.",
            occurred_at=shown,
        )


@dataclass(slots=True)
class LocalDays:
    """Which local day a moment belongs to, fast, under the zone in force when it was recorded.

    ``zones`` are (recorded from, zone name) in order; changing the shop's zone moves nothing that
    was recorded before.
    """

    zones: Sequence[tuple[int, str]]
    cache: dict[int, int] = field(default_factory=dict)
    """{quarter of an hour: day number}; midnights fall on quarters. Only of a shop in one zone."""
    one_zone: bool = field(init=False)

    def __post_init__(self) -> None:
        """Note whether the shop ever moved to another zone."""
        self.one_zone = len(self.zones) == 1

    def begin(self, day: int) -> int:
        """Return the first moment of a day in the newest zone."""
        return start_of_day(day_from_number(day), zone(self.zones[-1][1]))

    def day(self, moment: int, recorded_at: int) -> int:
        """Return the day number of a moment."""
        if self.one_zone:
            bucket = moment // QUARTER
            found = self.cache.get(bucket)
            if found is None:
                found = day_number(local_date(moment, zone(self.zones[0][1])))
                self.cache[bucket] = found
            return found
        index = max(0, bisect_right(self.zones, recorded_at, key=lambda z: z[0]) - 1)
        return day_number(local_date(moment, zone(self.zones[index][1])))
