"""Order days: on which days an order to a supplier can leave."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from math import ceil

Weekdays = tuple[int, ...]
"""Monday is 0; empty means any day."""


def longest_gap(weekdays: Weekdays) -> int:
    """Return the longest time between two order days of the week.

    >>> longest_gap((0,)), longest_gap((0, 3)), longest_gap((0, 1, 2, 3, 4, 5, 6))
    (7, 4, 1)
    """
    days = sorted(set(weekdays))
    return max((b - a for a, b in zip(days, [*days[1:], days[0] + 7], strict=True)), default=1)


@lru_cache(maxsize=1024)
def next_order_day(weekdays: Weekdays, cutoff: str | None, clock: datetime) -> date:
    """Return the next day on which an order can leave: an order day, before its cut-off time.

    >>> next_order_day((2,), "12:00", datetime(2026, 3, 4, 13)).isoformat()  # A Wednesday at one.
    '2026-03-11'
    """
    day = clock.date()
    if cutoff is not None and clock.strftime("%H:%M") > cutoff:
        day += timedelta(days=1)
    return _order_day(weekdays, day)


@lru_cache(maxsize=4096)
def last_order_day(earliest: date, lead: float, weekdays: Weekdays, today: date) -> date:
    """Return the last day on which ordering still arrives before a run-out, at least today.

    Where orders leave on certain weekdays only, it is one of them.
    """
    day = max(today, earliest - timedelta(days=ceil(lead)))
    if not weekdays:
        return day
    for back in range(7):
        earlier = day - timedelta(days=back)
        if earlier >= today and earlier.weekday() in weekdays:
            return earlier
    return _order_day(weekdays, today)


def _order_day(weekdays: Weekdays, day: date) -> date:
    while weekdays and day.weekday() not in weekdays:
        day += timedelta(days=1)
    return day
