"""What spoils is ordered for its life; what conflicts with that asks, it orders no 0 in silence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import orjson
import pytest

from jitledger.bootstrap import App
from jitledger_projections.reports.advice.overstock import surpluses
from jitledger_projections.reports.ordering.reorder_line import as_shape
from jitledger_projections.reports.ordering.run_out import run_outs
from jitledger_projections.reports.ordering.what_if import what_if
from tests.conftest import done

START = date(2026, 1, 1)


def moment(number: int, hour: int = 8) -> str:
    """Return a moment of the story."""
    return f"{START + timedelta(days=number)}T{hour:02d}:00:00"


@pytest.fixture
def bread(any_app: App) -> App:
    """Bread keeps for 2 days and sells 7 a day; it comes overnight; 3 are left."""
    now = moment(0, 6)
    done(any_app, do="supplier", code="BAKER", name="Baker", lead_time_days="1", now=now)
    done(any_app, do="register", sku="BREAD", name="Bread", shelf_life_days=2, now=now)
    done(any_app, do="price", sku="BREAD", price="4", now=now)
    done(any_app, do="terms", supplier="BAKER", sku="BREAD", unit_cost="1.50", now=now)
    done(any_app, do="open", sku="BREAD", qty="213", now=now)
    for number in range(30):
        done(any_app, do="sell", sku="BREAD", qty="7", now=moment(number, 12))
    return any_app


def test_bread_is_ordered_for_its_life(bread: App) -> None:
    """The newsvendor amount over two days, whatever reorder point a month would want."""
    (line,) = bread.reorder()
    assert 14 <= line.suggestion.quantity <= 24
    assert line.suggestion.question is None
    assert line.inventory_position + line.suggestion.quantity > line.reorder_point
    assert line.inventory_position <= line.reorder_point


def test_a_least_order_beyond_its_life_asks(bread: App) -> None:
    """A least order of 50 breads is a question, in the report and in the JSON."""
    terms = {"unit_cost": "1.50", "moq": "50"}
    done(bread, do="terms", supplier="BAKER", sku="BREAD", **terms, now=moment(30, 8))
    (line,) = bread.reorder()
    assert line.suggestion.quantity == 0
    assert "the least order is 50" in as_shape(line)["why"]


def test_an_alert_orders_no_more_than_sells_in_its_life(bread: App) -> None:
    """The alert names the report's quantity, not a month's."""
    bread.sweep()
    done(bread, do="sell", sku="BREAD", qty="1", now=moment(30, 9))
    with bread.database.snapshot() as tx:
        (body,) = [row[0] for row in tx.all("SELECT body FROM outbox WHERE kind = 'alert'")]
    assert '"quantity":"0"' not in str(body).replace(" ", "")
    (line,) = bread.reorder()
    told = int(orjson.loads(body)["quantity"])
    assert abs(told - int(line.suggestion.quantity)) <= 10
    assert told <= 24


def surplus_of_what_lasts(app: App, moment: Callable[..., str]) -> float:
    """Take in 300 that last for months and sell one in five days; return how many are too much."""
    done(app, do="register", sku="LONG", name="Jam", now=moment(40, 10))
    far = (date(2026, 1, 1) + timedelta(days=300)).isoformat()
    jam = {"sku": "LONG", "qty": "300", "unit_cost": "2", "expiry": far}
    done(app, do="receive", **jam, now=moment(40, 10))
    for number in range(41, 75, 5):
        done(app, do="sell", sku="LONG", qty="1", now=moment(number, 12))
    return float(sum(row.surplus for row in surpluses(app.look()) if row.sku == "LONG"))


def test_what_expires_before_it_sells_does_not_hide_an_empty_shelf(any_app: App) -> None:
    """5 last long, 60 for five days at 2 a day: 50 spoil, so order today, not when they have."""
    start = date(2026, 1, 1)

    def moment(number: int, hour: int = 9) -> str:
        return f"{start + timedelta(days=number)}T{hour:02d}:00:00"

    done(any_app, do="supplier", code="NORD", lead_time_days="5", now=moment(0, 7))
    done(any_app, do="register", sku="EX", name="Cream", now=moment(0, 7))
    done(any_app, do="link", sku="EX", supplier="NORD", now=moment(0, 7))
    done(any_app, do="open", sku="EX", qty="85", unit_cost="3", now=moment(0, 7))
    for number in range(40):
        done(any_app, do="sell", sku="EX", qty="2", now=moment(number, 12))
    expiry = (start + timedelta(days=44)).isoformat()
    done(any_app, do="receive", sku="EX", qty="60", unit_cost="3", expiry=expiry, now=moment(40))
    (line,) = any_app.reorder()
    assert (line.on_hand, line.inventory_position) == (65, 65)
    assert 48 <= line.spoiling <= 51
    assert line.suggestion.quantity > 0
    assert "will expire before they sell" in line.why
    likely = start + timedelta(days=47)
    assert line.likely is not None
    assert abs((line.likely - likely).days) <= 1
    look = any_app.look()
    (row,) = run_outs(look)
    assert (row.likely, row.earliest) == (line.likely, line.earliest)
    assert surpluses(look) == []
    (more,) = what_if(look, factor=2.0)
    assert more.before == line.likely
    assert more.order_now >= line.suggestion.quantity
    place = look.plan.forecast.place["EX"]
    left = float(line.inventory_position - line.spoiling + line.suggestion.quantity)
    assert left > float(look.plan.reorder_point[place])
    assert surplus_of_what_lasts(any_app, moment) > 250
