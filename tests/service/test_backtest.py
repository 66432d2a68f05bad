"""The backtest: scenario 26 to the unit, a shop's own ledger replayed, and advice in money."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from jitledger.bootstrap import App
from jitledger.domain.errors import Refused
from jitledger.domain.events import StockReceived
from jitledger.domain.replenishment.backtesting.backtest import Sales, Supply, simulate
from jitledger.domain.replenishment.backtesting.policies import Manual
from jitledger_projections.reports.advice.just_in_time import verdict
from jitledger_projections.reports.advice.margins import squeezed
from jitledger_projections.reports.advice.overstock import surpluses
from jitledger_projections.reports.advice.points import tunings
from jitledger_projections.reports.backtest.backtest import backtest
from jitledger_projections.reports.backtest.chart import trade_off
from jitledger_projections.reports.backtest.methods import METHODS
from jitledger_projections.reports.ordering.what_if import what_if
from tests.conftest import all_done, done

START = date(2026, 1, 1)


def moment(day: int, hour: str = "12:00:00") -> str:
    """Return a moment of day n of the story."""
    return f"{START + timedelta(days=day)}T{hour}"


@pytest.mark.parametrize(
    ("point", "lost", "days", "average"), [(50, 23, 3, 27.3), (61, 7, 2, 35.0), (77, 0, 0, 50.4)]
)
def test_scenario_26(point: int, lost: int, days: int, average: float) -> None:
    """Demand 3, 7, 2, 8, 5 with ten more on days 37 to 39; 50 ordered at s, usable 10 days on."""
    span = 180
    asked = np.array([(3, 7, 2, 8, 5)[d % 5] + (10 if 37 <= d <= 39 else 0) for d in range(span)])
    sales = Sales(
        first=20_000,
        days=span,
        item=np.zeros(span, np.int64),
        day=np.arange(span),
        quantity=asked.astype(float),
        moment=np.full(span, 0.5),
        value=asked.astype(float),
        unit_cost=np.ones(1),
        supplier=np.zeros(1, np.int64),
        known=np.zeros(1, np.int64),
        begins=np.arange(span + 1),
        exposure={},
    )
    supply = Supply(np.full((1, span), 10, np.int16), np.full(1, 10.0), np.zeros(1))
    policy = Manual(np.array([float(point)]), 50.0)
    found = simulate(sales, supply, policy, 0, span, initial=np.array([60.0]))
    assert (found.lost_units[0], found.lost_days[0]) == (lost, days)
    assert round(float(found.stock_units[0]), 1) == average


@pytest.fixture
def trading(app: App) -> App:
    """Trade for 200 days: ten products, uneven lines, every day but Sunday."""
    rng = np.random.default_rng(5)
    now = moment(0, "06:00:00")
    done(app, do="supplier", code="ACME", name="Acme", lead_time_days="5", now=now)
    done(app, do="supplier", code="BETA", name="Beta", lead_time_days="3", now=now)
    for n in range(10):
        sku = f"P{n}"
        category = "kitchen" if n % 2 else "garden"
        done(app, do="register", sku=sku, name=f"Item {n}", category=category, now=now)
        done(app, do="terms", supplier="ACME", sku=sku, unit_cost=str(2 + n), now=now)
        done(app, do="price", sku=sku, price=str(2 * (2 + n)), now=now)
        done(app, do="open", sku=sku, qty="3000", unit_cost=str(2 + n), now=now)
    sales: list[dict[str, object]] = []
    for day in range(200):
        if (START + timedelta(days=day)).weekday() == 6:
            continue
        for n in range(10):
            for _ in range(int(rng.poisson(0.4 + 0.2 * n))):
                quantity = str(int(rng.integers(1, 5)))
                sale = {"do": "sell", "sku": f"P{n}", "qty": quantity, "unit_price": "9"}
                sales.append({**sale, "now": moment(day)})
    all_done(app, sales)
    done(app, do="unmet", sku="P0", qty="1", now=moment(200, "08:00:00"))
    return app


def present(app: App) -> int:
    """Return the ledger's present."""
    return app.queries.present(app.queries.shop())


@pytest.mark.slow
def test_a_shops_own_ledger_is_replayed(trading: App) -> None:
    """Every method meets the same lines; more stock fills more of them; the limit needs least."""
    seen: list[tuple[int, int]] = []
    report = backtest(
        trading.look(),
        seeds=1,
        progress=lambda done_, total: seen.append((done_, total)),
    )
    assert report.items == 10
    assert {row.method for row in report.blind} == set(METHODS)
    assert set(report.curves) == {*METHODS, "perfect"} - {"current"}
    assert seen[-1][0] == seen[-1][1]
    for rows in report.curves.values():
        by_fill = sorted(rows, key=lambda row: row.line_fill)
        assert by_fill[0].stock_value < by_fill[-1].stock_value
    mix = next(row for row in report.blind if row.method == "mix")
    assert 0.9 < mix.line_fill <= 1.0
    assert mix.days_of_cover is not None
    assert report.really is not None
    assert report.really.stock_value > mix.stock_value * 10
    assert trade_off(report, "EUR").startswith(b"\x89PNG")
    again = backtest(trading.look(), seeds=1)
    assert again.blind == report.blind


def test_what_a_replay_could_not_know_stands_before_its_figures(trading: App) -> None:
    """Lead times, costs and items that are left out are counted; nothing is said where all is."""
    known = {one.code: str(one) for one in backtest(trading.look(), seeds=1).could_not_know}
    assert "no-lead-time" not in known
    assert "no-cost" not in known
    now = moment(200, "23:00:00")
    for sku, days in (("NEW", [196] * 10), ("OLD", range(0, 90, 5))):
        done(trading, do="register", sku=sku, name=sku, now=now)
        for day in days:
            done(trading, do="sell", sku=sku, qty="1", occurred_at=moment(day), now=now)
    report = backtest(trading.look(), seeds=1)
    said = {one.code: str(one) for one in report.could_not_know}
    assert said["no-lead-time"].startswith("no lead time is known of 1 of 11 products")
    assert said["no-cost"].startswith("no cost is known of 1 of 11 products")
    share = float(said["left-out"].partition(" ")[0])
    assert 0 < share < 5
    assert report.as_dict()["could_not_know"] == [str(one) for one in report.could_not_know]


def test_the_way_a_shop_orders_now_is_replayed(trading: App) -> None:
    """Without settings it is the default; points set far too high by hand show what they cost."""
    names = ("mix", "current")
    mix, current = backtest(trading.look(), names=names, seeds=1).blind
    assert (current.stock_value, current.line_fill) == (mix.stock_value, mix.line_fill)
    with trading.database.snapshot() as tx:
        skus = [row[0] for row in tx.all("SELECT sku FROM products")]
    for sku in skus[:5]:
        policy = {"method": "min-max", "reorder_point": "300", "order_up_to": "400"}
        done(trading, do="policy", sku=sku, **policy)
    lots = {"method": "manual", "reorder_point": "200", "order_quantity": "150"}
    done(trading, do="policy", sku=skus[5], **lots)
    _, dearer = backtest(trading.look(), names=names, seeds=1).blind
    assert dearer.stock_value > 3 * current.stock_value
    done(trading, do="settings", method="velocity")
    velocity = backtest(trading.look(), names=("current",), seeds=1).blind[0]
    assert velocity.line_fill != dearer.line_fill


def test_a_weekly_review_orders_seldom_and_holds_more(trading: App) -> None:
    """What leaves once a week must cover six days more, also with demand known beforehand."""
    daily = backtest(trading.look(), names=("mix",), seeds=1, lots="days")
    weekly = backtest(trading.look(), names=("mix",), seeds=1, review_days=7, lots="days")
    assert (daily.review_days, weekly.review_days) == (1, 7)
    (often,), (seldom,) = daily.blind, weekly.blind
    assert seldom.line_fill > 0.9
    assert seldom.orders_per_day < often.orders_per_day
    assert seldom.stock_value > often.stock_value
    for one, other in zip(daily.curves["perfect"], weekly.curves["perfect"], strict=True):
        assert other.stock_value > one.stock_value


def test_too_little_history_is_said(app: App) -> None:
    """A shop without nine weeks of sales is told so, and a method nobody knows is refused."""
    with pytest.raises(Refused, match="nothing to replay"):
        backtest(app.look())
    with pytest.raises(Refused, match="no method"):
        backtest(app.look(), names=("magic",))


def test_the_dial_is_tuned_at_the_weekly_sweep(trading: App) -> None:
    """After 90 days the sweep replays the ledger and allocates service levels by it."""
    from jitledger_projections.planning.forecast import forecast
    from jitledger_projections.planning.plan import plan

    trading.sweep()
    shop = trading.queries.shop()
    today = START + timedelta(days=200)
    found = forecast(trading.database, shop, today)
    assert found.tuned is not None
    assert 0.005 <= found.tuned.kappa <= 0.4
    planned = plan(trading.database, shop, today)
    dear, cheap = found.place["P9"], found.place["P1"]
    assert planned.level[dear] < planned.level[cheap]
    tuned = found.tuned
    trading.sweep()
    assert forecast(trading.database, shop, today).tuned == tuned


def test_scenario_27_a_reorder_point_that_can_be_lower(app: App) -> None:
    """Lows of 14, 11, 12, 15, 10, 13 and a safety stock of 4: 30 becomes 24, 48 EUR are free."""
    now = moment(0, "06:00:00")
    done(app, do="supplier", code="ACME", lead_time_days="7", now=now)
    done(app, do="register", sku="MUG", name="Mug", now=now)
    done(app, do="terms", supplier="ACME", sku="MUG", unit_cost="8", now=now)
    policy = {"method": "manual", "reorder_point": "30", "order_quantity": "40"}
    done(app, do="policy", sku="MUG", **policy, now=now)
    done(app, do="open", sku="MUG", qty="54", unit_cost="8", now=now)
    level = 54
    for week, low in enumerate((14, 11, 12, 15, 10, 13)):
        done(app, do="sell", sku="MUG", qty=str(level - low), now=moment(week * 7 + 1))
        done(app, do="receive", sku="MUG", qty="40", unit_cost="8", now=moment(week * 7 + 7))
        level = low + 40
    (found,) = tunings(app.look())
    assert [int(low) for low in found.lowest] == [14, 11, 12, 15, 10, 13]
    assert found.proposed == 30 - (10 - found.safety)
    assert found.frees == (30 - found.proposed) * 8


def test_scenario_28_a_cost_rise(app: App) -> None:
    """Cost 4.60 under a price of 9.00 leaves 48.9 %: below the floor; 9.20 restores 50 %."""
    now = moment(0, "06:00:00")
    done(app, do="supplier", code="ACME", now=now)
    done(app, do="register", sku="MUG", name="Mug", now=now)
    done(app, do="settings", prices="net", now=now)
    done(app, do="price", sku="MUG", price="9.00", now=now)
    done(app, do="terms", supplier="ACME", sku="MUG", unit_cost="4.00", now=now)
    done(app, do="receive", sku="MUG", qty="10", now=now)
    lines = [{"sku": "MUG", "qty": "20"}]
    done(app, do="order", po="P1", supplier="ACME", lines=lines, now=moment(1))
    assert squeezed(app.look(), Decimal("0.5")) == []
    done(app, do="terms", supplier="ACME", sku="MUG", unit_cost="4.60", now=moment(2))
    (found,) = squeezed(app.look(), Decimal("0.5"))
    assert (round(found.margin, 3), found.restoring_price) == (Decimal("0.489"), Decimal("9.20"))
    assert found.open_orders == (("P1", Decimal(4)),)
    _, entries = app.queries.entries("MUG")
    assert next(e.unit_cost for _, e in entries if isinstance(e, StockReceived)) == 4


def test_what_if_a_supplier_is_late(trading: App) -> None:
    """Two weeks late, or half as much again: what runs out sooner, and what to do now."""
    now = moment(200, "09:00:00")
    done(trading, do="count", sku="P9", qty="40", now=now)
    done(trading, do="terms", supplier="BETA", sku="P9", unit_cost="12", now=now)
    line = {"sku": "P9", "qty": "200", "promised": (START + timedelta(days=204)).isoformat()}
    done(trading, do="order", po="P1", supplier="ACME", lines=[line], now=now)

    def ask(**given: Any) -> Any:
        return what_if(trading.look(), **given)

    (late,) = ask(supplier="ACME", late_days=14)
    assert late.sku == "P9"
    assert late.before is None or late.after < late.before
    assert (late.expedite, late.alternative) == (True, "BETA")
    assert {c.sku for c in ask(category="kitchen", factor=1.5)} == {"P9"}
    assert ask(category="garden", factor=1.5) == []
    for wrong in ({"late_days": 0}, {"factor": 0.0}, {"late_days": 4000}):
        with pytest.raises(Refused):
            ask(**wrong)


def test_overstock_and_the_verdict(trading: App) -> None:
    """Two thousand of everything is too much; a steady item with a quick supplier fits."""
    found = surpluses(trading.look())
    assert len(found) == 10
    assert found[0].value >= found[-1].value
    assert found[0].advice.action == "mark-down"
    assert verdict(trading.look(), "P9").fits in ("yes", "with care")


def test_a_point_by_hand_is_no_overstock(app: App) -> None:
    """15 on the shelf with a point of 20 set by hand are too little, not too much."""
    now = moment(0, "06:00:00")
    for sku, at in (("MAN", None), ("PM", "back")):
        done(app, do="location", code="back", now=now)
        done(app, do="register", sku=sku, name=sku, now=now)
        where = {} if at is None else {"at": at}
        done(app, do="open", sku=sku, qty="15", unit_cost="4", now=now, **where)
        policy = {"method": "manual", "reorder_point": "20", "order_quantity": "24"}
        done(app, do="policy", sku=sku, **policy, **where, now=now)
    done(app, do="location", code="D", now=moment(120))
    assert {line.sku for line in app.reorder()} == {"MAN", "PM"}
    assert surpluses(app.look()) == []
