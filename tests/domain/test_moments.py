"""Moments: zones, day precision, the effective time, what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitledger.domain.errors import Refused
from jitledger.domain.moments import (
    LocalDays,
    Occurred,
    check_occurred,
    day_number,
    effective_time,
    from_datetime,
    local_date,
    parse_horizon,
    parse_time,
    show_moment,
    to_datetime,
    zone,
)

BERLIN = zone("Europe/Berlin")


def moment(text: str) -> int:
    """Return a moment from ISO 8601."""
    return from_datetime(datetime.fromisoformat(text))


def test_a_time_that_does_not_exist_moves_forward() -> None:
    """02:30 on the day of the spring change becomes 03:30, and the answer says so."""
    stated = parse_time("t", "2026-03-29T02:30", BERLIN)
    assert show_moment(stated.instant or 0) == "2026-03-29T01:30:00Z"
    assert "03:30" in str(stated.adjusted)


def test_an_ambiguous_time_is_the_earlier() -> None:
    """02:30 on the day of the autumn change is taken in summer time."""
    stated = parse_time("t", "2026-10-25T02:30", BERLIN)
    assert show_moment(stated.instant or 0) == "2026-10-25T00:30:00Z"
    assert "earlier" in str(stated.adjusted)


def test_effective_times_at_day_precision() -> None:
    """Increases 00:00:00, decreases 23:59:59, counts 23:59:59.999, each at most recorded_at."""
    stated = Occurred(day=date(2026, 3, 2))
    late = moment("2026-03-05T09:00:00+00:00")
    shown = [show_moment(effective_time(stated, d, late, BERLIN)) for d in (1, -1, 0)]
    assert shown == ["2026-03-01T23:00:00Z", "2026-03-02T22:59:59Z", "2026-03-02T22:59:59.999000Z"]
    noon = moment("2026-03-02T11:00:00+00:00")
    assert effective_time(stated, -1, noon, BERLIN) == noon
    assert effective_time(stated, 0, noon, BERLIN) == noon


@pytest.mark.parametrize(
    "text",
    [
        "0000-01-01",
        "9999-12-31",
        "2026-02-30",
        "soon",
        "",
        "1e309",
        "0000-01-01T00:00",
        "9999-12-31T23:59:59Z",
        "🕐",
        "2026-3-1",
    ],
)
def test_odd_times_are_refused_in_a_sentence(text: str) -> None:
    """Years 0 and 9999 and what is no time are bad values."""
    with pytest.raises(Refused) as refused:
        parse_time("occurred_at", text, BERLIN)
    assert refused.value.code == "bad-value"


def test_the_future_and_the_long_past() -> None:
    """Five minutes ahead are clock skew, six are a plan; 400 days back need force."""
    now = moment("2026-03-05T09:00:00+00:00")
    check_occurred(Occurred(instant=now + 299 * 10**9), now, BERLIN, force=False)
    with pytest.raises(Refused) as refused:
        check_occurred(Occurred(instant=now + 360 * 10**9), now, BERLIN, force=True)
    assert refused.value.code == "in-the-future"
    old = Occurred(day=date(2025, 1, 1))
    with pytest.raises(Refused) as refused:
        check_occurred(old, now, BERLIN, force=False)
    assert refused.value.code == "long-ago"
    check_occurred(old, now, BERLIN, force=True)


def test_at_day_precision_the_dates_are_compared() -> None:
    """Today's date is never in the future, tomorrow's always."""
    now = moment("2026-03-05T22:59:00+00:00")  # 23:59 in Berlin.
    check_occurred(Occurred(day=date(2026, 3, 5)), now, BERLIN, force=False)
    with pytest.raises(Refused):
        check_occurred(Occurred(day=date(2026, 3, 6)), now, BERLIN, force=False)


def test_a_bare_date_as_a_horizon_is_the_end_of_that_day() -> None:
    """--as-of 2026-03-02 includes all of that local day and nothing of the next."""
    limit = parse_horizon("as-of", "2026-03-02", BERLIN)
    assert limit + 1 == moment("2026-03-02T23:00:00+00:00")


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)))
def test_local_days_agree_with_the_calendar(when: datetime) -> None:
    """The fast way to a local day gives what the zone gives."""
    at = from_datetime(when.replace(tzinfo=UTC))
    days = LocalDays([(0, "Europe/Berlin")])
    assert days.day(at, at) == day_number(local_date(at, BERLIN))
    assert to_datetime(at) - when.replace(tzinfo=UTC) == timedelta(0)


def test_a_new_zone_moves_nothing() -> None:
    """What was recorded under the old zone keeps its day."""
    at = moment("2026-03-02T23:30:00+00:00")
    later = moment("2026-06-01T00:00:00+00:00")
    days = LocalDays([(0, "Europe/Berlin"), (later, "America/New_York")])
    assert days.day(at, at) == day_number(date(2026, 3, 3))
    assert days.day(at, later + 1) == day_number(date(2026, 3, 2))
