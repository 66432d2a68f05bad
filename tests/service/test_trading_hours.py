"""Without stated hours a night is no time without stock, and a lost afternoon still is."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitledger.bootstrap import App
from jitledger.domain.moments import HOUR
from jitledger_projections.planning.trading_hours import TradingHours, learned_hours
from jitledger_projections.reports.advice.stockouts import stockouts
from tests.conftest import all_done, done

START = date(2026, 1, 1)
DAY = 24 * HOUR


def moment(number: int, clock: str) -> str:
    """Return a moment of the story."""
    return f"{START + timedelta(days=number)}T{clock}"


def bake_and_sell(app: App, days: int, sells: tuple[str, ...], other: tuple[str, ...]) -> None:
    """Bread comes at seven, sells five at each of some times; milk sells at others."""
    done(app, do="register", sku="BREAD", name="Bread", now=moment(0, "06:00"))
    done(app, do="register", sku="MILK", name="Milk", now=moment(0, "06:00"))
    done(app, do="open", sku="MILK", qty="5000", now=moment(0, "06:00"))
    acts: list[dict[str, object]] = []
    for number in range(days):
        baked, early = str(5 * len(sells)), moment(number, "07:00")
        acts.append({"do": "receive", "sku": "BREAD", "qty": baked, "now": early})
        sold = [(clock, "BREAD", "5") for clock in sells] + [(c, "MILK", "1") for c in other]
        acts += [
            {"do": "sell", "sku": sku, "qty": qty, "now": moment(number, clock)}
            for clock, sku, qty in sorted(sold)
        ]
    all_done(app, acts)
    done(app, do="location", code="LATER", now=moment(days, "06:00"))


def demand(app: App, sku: str) -> float:
    """Return the demand a day."""
    planned = app.look().plan
    return float(planned.demand_per_day[planned.forecast.place[sku]])


def test_bread_sold_out_at_closing_is_asked_for_as_it_sells(any_app: App) -> None:
    """20 a day, the last at six when the shop closes: 20 a day, not 47."""
    clocks = ("08:10", "10:30", "13:00", "18:00")
    bake_and_sell(any_app, 28, clocks, ("08:20", "11:00", "15:00", "17:50"))
    assert demand(any_app, "BREAD") == pytest.approx(20, rel=0.06)
    assert all(row.sku != "BREAD" or row.days_out < 2 for row in stockouts(any_app.look()))


def test_an_afternoon_without_bread_is_seen(any_app: App) -> None:
    """Sold out at noon while half of the shop's customers come later: about twice the sales."""
    milk = ("08:20", "09:00", "11:00", "13:30", "15:00", "16:00", "17:00", "17:50")
    bake_and_sell(any_app, 28, ("08:10", "12:00"), milk)
    assert 17 < demand(any_app, "BREAD") < 26


def test_stated_hours_stay_what_was_stated(any_app: App) -> None:
    """Open from eight to six, out from one: half of each of nine whole days."""
    done(any_app, do="settings", opens="08:00", closes="18:00", now=moment(0, "05:00"))
    bake_and_sell(any_app, 28, ("08:10", "13:00"), ("08:20",))
    (lost,) = (row for row in stockouts(any_app.look(), days=10) if row.sku == "BREAD")
    assert lost.days_out == pytest.approx(4.5, abs=0.05)


def test_what_was_imported_by_the_day_says_nothing_of_hours() -> None:
    """Without any moment a day is 24 equal hours."""
    hours = learned_hours(np.zeros(1440))
    assert hours == TradingHours()
    assert over(hours, 6 * HOUR) == pytest.approx(0.25)


def test_the_worked_number() -> None:
    """98 lines from nine to ten: (0 + 0.75) ÷ 100 are over at nine, (98 + 0.83) ÷ 100 at ten."""
    lines = np.zeros(1440)
    lines[9 * 60 + 1 : 10 * 60] = 98 / 59
    hours = learned_hours(lines)
    assert over(hours, 9 * HOUR) == pytest.approx(0.0075)
    assert over(hours, 10 * HOUR) == pytest.approx((98 + 2 * 10 / 24) / 100)


@pytest.mark.parametrize("length", [23, 25])
def test_a_day_on_which_the_clock_changed(length: int) -> None:
    """Noon is noon: from eight to six, two fifths are over."""
    at = (12 + length - 24) * HOUR
    assert over(TradingHours(8.0, 18.0), at, length * HOUR) == pytest.approx(0.4)


def over(hours: TradingHours, at: int, length: int = DAY) -> float:
    """Return what is over at one moment of one day."""
    return float(hours.over(np.array([at]), np.array([0]), np.array([length]))[0])


@given(
    st.lists(st.integers(0, 1439), max_size=30),
    st.lists(st.integers(0, DAY), min_size=2, max_size=6),
)
def test_a_day_is_over_once(minutes: list[int], moments: list[int]) -> None:
    """From 0 at its begin to 1 at its end, never falling."""
    hours = learned_hours(np.bincount(np.array(minutes, int), minlength=1440).astype(float))
    shares = [over(hours, at) for at in sorted(moments)]
    assert over(hours, 0) == 0.0
    assert over(hours, DAY) == pytest.approx(1.0)
    assert all(a <= b + 1e-12 for a, b in pairwise(shares))
