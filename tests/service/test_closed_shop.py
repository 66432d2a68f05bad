"""A shop that was closed has no phantoms, however suddenly everything stopped selling."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitledger.bootstrap import App
from jitledger.domain.moments import day_number
from jitledger.domain.replenishment.closed_days import closed_days
from jitledger_projections.planning.forecast import forecast
from jitledger_projections.reports.advice.phantoms import phantoms
from jitledger_projections.reports.advice.stockouts import stockouts
from tests.conftest import all_done, done

START = date(2026, 1, 1)


def moment(number: int, hour: int = 12) -> str:
    """Return a moment of the story."""
    return f"{START + timedelta(days=number)}T{hour:02d}:00:00"


def sell(app: App, first: int, last: int, *skus: str) -> None:
    """Sell one of each every day, both days included; never on a seventh day."""
    all_done(
        app,
        [
            {"do": "sell", "sku": sku, "qty": "1", "now": moment(number)}
            for number in range(first, last + 1)
            if number % 7 != 6
            for sku in skus
        ],
    )


SKUS = ("MUG", "CUP", "TEA", "JAR", "POT")


@pytest.fixture
def shop(any_app: App) -> App:
    """Five products sell one a day for eight weeks."""
    for sku in SKUS:
        done(any_app, do="register", sku=sku, name=sku.title(), now=moment(0, 6))
        done(any_app, do="open", sku=sku, qty="200", now=moment(0, 6))
    sell(any_app, 0, 55, *SKUS)
    return any_app


def named(app: App, day: int) -> list[str]:
    """Return the phantoms on a day of the story."""
    done(app, do="location", code=f"D{day}", now=moment(day, 9))
    return sorted(found.sku for found in phantoms(app.look()))


def test_two_closed_weeks_make_no_phantom(shop: App) -> None:
    """Nothing sells for 14 days: the shop was closed, nothing is missing."""
    assert named(shop, 70) == []


def test_a_closed_shop_loses_nothing(shop: App) -> None:
    """What was sold out while nobody could buy anything was no loss."""
    done(shop, do="count", sku="POT", qty="0", now=moment(55, 20))
    assert named(shop, 70) == []
    (lost,) = stockouts(shop.look(), days=20)
    assert lost.sku == "POT"
    assert lost.days_out < 2.5


def test_the_silence_of_one_counts_open_days_only(shop: App) -> None:
    """After a closed fortnight four sell again; the fifth is asked about once it is rare enough."""
    sell(shop, 70, 73, *SKUS[:-1])
    assert named(shop, 74) == []
    sell(shop, 74, 80, *SKUS[:-1])
    assert named(shop, 81) == ["POT"]


def test_one_that_stops_while_others_sell_is_asked_about(shop: App) -> None:
    """Ten days of others' sales without its own."""
    sell(shop, 56, 66, *SKUS[:-1])
    assert named(shop, 67) == ["POT"]


def rate(app: App, sku: str) -> float:
    """Return what an item is expected to sell a day."""
    planned = app.look().plan
    return float(planned.rates.units_per_day[planned.forecast.place[sku]])


def test_a_closed_fortnight_lowers_no_rate(shop: App) -> None:
    """Days on which the shop was closed are no evidence; a product that alone stops is one."""
    done(shop, do="location", code="D56", now=moment(56, 9))
    before = rate(shop, "MUG")
    done(shop, do="location", code="D70", now=moment(70, 9))
    assert rate(shop, "MUG") == pytest.approx(before, rel=0.12)
    sell(shop, 70, 83, *SKUS[:-1])
    done(shop, do="location", code="D84", now=moment(84, 9))
    assert rate(shop, "MUG") == pytest.approx(before, rel=0.12)
    assert rate(shop, "POT") < 0.75 * before


def test_closed_days_are_kept_as_they_were_told(shop: App) -> None:
    """A state that is folded day by day over closed days is the one that is folded at once."""
    for number in range(56, 76):
        done(shop, do="location", code=f"D{number}", now=moment(number, 9))
        shop.sweep()
    sell(shop, 76, 78, *SKUS)
    done(shop, do="sell", sku="CUP", qty="1", occurred_at=moment(40), now=moment(79, 9))
    kept = forecast(shop.database, shop.queries.shop(), shop.today())
    closed = [number - day_number(START) for number in kept.closed.days]
    assert 57 in closed
    assert 75 in closed
    assert not [number for number in closed if number % 7 == 6]
    with shop.database.transaction() as tx:
        shop.database.lock(tx)
        tx.execute("DELETE FROM demand_state")
    whole = forecast(shop.database, shop.queries.shop(), shop.today())
    assert whole.closed.days == kept.closed.days
    assert np.allclose(whole.state.B, kept.state.B, rtol=0.02)
    assert np.allclose(whole.state.A, kept.state.A)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 6).map(float), min_size=1, max_size=120), st.integers(0, 119))
def test_nothing_later_says_whether_a_day_was_closed(lines: list[float], cut: int) -> None:
    """The days of a shorter history are closed exactly where those of the longer one are."""
    whole, part = np.array(lines), np.array(lines[:cut])
    assert closed_days(whole, 20_000)[:cut].tolist() == closed_days(part, 20_000).tolist()
    assert not (closed_days(whole, 20_000) & (whole > 0)).any()
