"""What a shelf that was empty lost: noted exactly, estimated for the rest."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from jitledger.bootstrap import App
from jitledger_projections.reports.advice.dead_stock import dead_stock
from jitledger_projections.reports.advice.stockouts import stockouts
from tests.conftest import done

START = date(2026, 1, 1)


def moment(number: int, hour: int = 12) -> str:
    """Return a moment of the story."""
    return f"{START + timedelta(days=number)}T{hour:02d}:00:00"


@pytest.fixture
def shop(any_app: App) -> App:
    """MUG sells 3 a day for 20 days and is out for the next 10; 3 are asked for meanwhile."""
    done(any_app, do="register", sku="MUG", name="Mug", now=moment(0, 6))
    done(any_app, do="price", sku="MUG", price="9", now=moment(0, 6))
    done(any_app, do="open", sku="MUG", qty="60", unit_cost="4", now=moment(0, 6))
    for number in range(20):
        done(any_app, do="sell", sku="MUG", qty="3", now=moment(number, 23))
    done(any_app, do="unmet", sku="MUG", qty="3", now=moment(25))
    done(any_app, do="location", code="D", now=moment(30, 9))
    return any_app


def test_lost_units_are_demand_times_days_out(shop: App) -> None:
    """Ten days at 3 a day: 30 units at a margin of 5; the 3 that were asked for stand beside."""
    (row,) = stockouts(shop.look())
    assert row.asked_for == 3
    assert row.days_out == pytest.approx(10, abs=0.01)
    assert row.demand_per_day == pytest.approx(3, rel=0.1)
    assert row.lost_units == pytest.approx(row.demand_per_day * row.days_out)
    assert row.lost_margin is not None
    assert float(row.lost_margin) == pytest.approx(row.lost_units * 5, abs=0.01)


def test_a_note_is_never_less_than_what_it_says(shop: App) -> None:
    """Somebody asked for 100: at least those are lost; on another day nothing is."""
    done(shop, do="unmet", sku="MUG", qty="100", now=moment(30, 10))
    (row,) = stockouts(shop.look())
    assert (row.asked_for, row.lost_units) == (103, 103)
    done(shop, do="receive", sku="MUG", qty="50", now=moment(30, 11))
    done(shop, do="location", code="E", now=moment(40, 9))
    assert stockouts(shop.look(), days=5) == []


def test_its_cost_unknown_no_margin_is_said(any_app: App) -> None:
    """Without a cost the loss is told in units only."""
    done(any_app, do="register", sku="CUP", name="Cup", now=moment(0, 6))
    done(any_app, do="price", sku="CUP", price="9", now=moment(0, 6))
    done(any_app, do="unmet", sku="CUP", qty="2", now=moment(1))
    (row,) = stockouts(any_app.look())
    assert (row.lost_units, row.lost_margin) == (2, None)


def test_what_came_yesterday_is_not_dead(shop: App) -> None:
    """Nobody asked for 90 days because there was none: what was filled up lately is young."""
    done(shop, do="register", sku="JAR", name="Jar", now=moment(30, 10))
    done(shop, do="open", sku="JAR", qty="5", now=moment(30, 10))
    done(shop, do="receive", sku="MUG", qty="30", now=moment(150, 8))
    done(shop, do="location", code="F", now=moment(151, 9))
    assert [item.sku for item in dead_stock(shop.look())] == ["JAR"]
    done(shop, do="location", code="G", now=moment(245, 9))
    assert {item.sku for item in dead_stock(shop.look())} == {"JAR", "MUG"}


def test_what_is_promised_or_expired_is_not_there_to_sell(any_app: App) -> None:
    """Nine jars are promised for four days, nine loaves expire: both were out, the demand stays."""
    for sku in ("JAR", "LOAF"):
        done(any_app, do="register", sku=sku, name=sku.title(), now=moment(0, 6))
    done(any_app, do="receive", sku="JAR", qty="39", now=moment(0, 7))
    done(any_app, do="receive", sku="LOAF", qty="39", expiry="2026-01-10", now=moment(0, 7))
    for number in range(10):
        for sku in ("JAR", "LOAF"):
            done(any_app, do="sell", sku=sku, qty="3", now=moment(number, 15))
    line = {"sku": "JAR", "qty": "9"}
    done(any_app, do="reserve", reservation="R", lines=[line], now=moment(10, 0))
    done(any_app, do="sell", sku="JAR", qty="9", reservation="R", now=moment(14, 0))
    done(any_app, do="receive", sku="JAR", qty="50", now=moment(14, 0))
    done(any_app, do="location", code="D", now=moment(16, 9))
    lost = {row.sku: row for row in stockouts(any_app.look(), days=14)}
    assert lost["JAR"].days_out == pytest.approx(4, abs=0.2)
    assert lost["LOAF"].days_out == pytest.approx(6, abs=0.1)
    assert lost["LOAF"].demand_per_day == pytest.approx(3, rel=0.15)
