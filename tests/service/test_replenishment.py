"""Methods, suppliers' lead times, budgets and promises, in the numbers of the scenarios."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from jitledger.bootstrap import App
from jitledger.domain.replenishment.ordering.buying import Need, reach_minimum, share_budget
from jitledger.domain.replenishment.ordering.order_quantity import suggest
from jitledger.domain.replenishment.ordering.promise import Coming, available_to_promise
from jitledger_projections.planning.plan import plan
from jitledger_projections.reports.advice.dead_stock import dead_stock
from jitledger_projections.reports.ordering.reorder_line import as_shape
from jitledger_projections.reports.ordering.run_out import run_outs
from tests.conftest import all_done, do, done

START = date(2026, 1, 1)


def moment(day: int, hour: str = "12:00:00") -> str:
    """Return a moment of day n of the story."""
    return f"{START + timedelta(days=day)}T{hour}"


def textbook_shop(app: App, level: str = "0.95", **supplier: str) -> App:
    """Set up MUG, bought from ACME, by the textbook."""
    now = moment(0, "06:00:00")
    done(app, do="settings", service_level=level, method="textbook", now=now)
    done(app, do="supplier", code="ACME", **supplier, now=now)
    done(app, do="register", sku="MUG", name="Mug", now=now)
    done(app, do="terms", supplier="ACME", sku="MUG", unit_cost="4", now=now)
    return app


def level_of(app: App, sku: str = "MUG", day: date | None = None) -> dict[str, Any]:
    """Return rate, mean and reorder point of an item."""
    shop = app.queries.shop()
    from jitledger.domain.moments import local_date

    today = day or local_date(app.queries.present(shop), shop.tz)
    planned = plan(app.database, shop, today)
    place = planned.forecast.place[sku]
    return {
        "rate": float(planned.demand_per_day[place]),
        "mean": float(planned.mean[place]),
        "point": float(planned.reorder_point[place]),
        "safety": float(planned.safety_stock[place]),
        "method": planned.method[place],
    }


def test_scenario_14_a_new_item_with_a_guess(any_app: App) -> None:
    """2 a day guessed, 7 sold in 7 days: 1.667 a day, 10 in 6 days, reorder point 15."""
    app = textbook_shop(any_app, lead_time_days="6")
    policy = {"method": "textbook", "demand_per_day": "2"}
    done(app, do="policy", sku="MUG", **policy, now=moment(0, "07:00:00"))
    done(app, do="open", sku="MUG", qty="50", now=moment(0, "07:00:00"))
    assert level_of(app)["rate"] == 2.0
    for day in range(7):
        done(app, do="sell", sku="MUG", qty="1", now=moment(day))
    found = level_of(app, day=START + timedelta(days=7))
    assert found["rate"] == pytest.approx(35 / 21)
    assert (round(found["mean"], 6), found["point"]) == (10.0, 15.0)


def test_scenario_16_last_years_season_raises_the_rate(any_app: App) -> None:
    """4 a day now; last year 2 a day and then 6: index 3, 12 a day, 84 in 7 days."""
    app = textbook_shop(any_app, lead_time_days="7")
    done(app, do="open", sku="MUG", qty="9999", now=moment(0, "07:00:00"))
    today = 365 + 28
    sold = [(d, "2") for d in range(28)] + [(d, "6") for d in range(28, 42)]
    sold += [(d, "4") for d in range(today - 30, today)]
    for day, quantity in sold:
        done(app, do="sell", sku="MUG", qty=quantity, now=moment(day))
    found = level_of(app, day=START + timedelta(days=today))
    assert (found["rate"], found["mean"]) == (pytest.approx(12.0), pytest.approx(84.0))


@pytest.mark.parametrize(
    ("more", "rate"),
    [
        ([], 3.0),
        ([{"do": "unmet", "qty": "3", "day": 25}], 3.0),
        ([{"do": "unmet", "qty": "3", "day": 5}], 3.15),
        ([{"do": "backorder", "qty": "1", "order": "9", "day": 24}], 2.0),
    ],
)
def test_scenario_17_days_without_stock_say_nothing(
    any_app: App, more: list[dict[str, Any]], rate: float
) -> None:
    """60 sold in 30 days of which 10 were out are 3.0 a day; what was asked for then is lost."""
    app = textbook_shop(any_app, lead_time_days="7")
    done(app, do="open", sku="MUG", qty="60", now=moment(0, "06:00:00"))
    for day in range(20):
        for extra in (e for e in more if e["day"] == day):
            fields = {k: v for k, v in extra.items() if k not in ("do", "day")}
            done(app, do=extra["do"], sku="MUG", **fields, now=moment(day, "10:00:00"))
        done(app, do="sell", sku="MUG", qty="3", now=moment(day, "23:59:59"))
    for extra in (e for e in more if e["day"] >= 20):
        fields = {k: v for k, v in extra.items() if k not in ("do", "day")}
        done(app, do=extra["do"], sku="MUG", **fields, now=moment(extra["day"], "10:00:00"))
    found = level_of(app, day=START + timedelta(days=30))
    assert found["rate"] == pytest.approx(rate, abs=0.002)


def test_scenario_13_what_never_sold_is_not_ordered(any_app: App) -> None:
    """24 received 91 days ago and never sold: no rate, no order, dead stock, even at zero."""
    done(any_app, do="register", sku="VASE", name="Vase", now=moment(0))
    done(any_app, do="receive", sku="VASE", qty="24", unit_cost="5", now=moment(0))
    done(any_app, do="register", sku="MUG", name="Mug", now=moment(91))
    assert any_app.reorder() == []
    assert run_outs(any_app.look(), 365) == []
    (dead,) = dead_stock(any_app.look())
    assert (dead.sku, dead.on_hand, dead.last_sold) == ("VASE", 24, None)
    done(any_app, do="count", sku="VASE", qty="0", now=moment(92))
    any_app.sweep()
    assert any_app.reorder() == []


@pytest.mark.parametrize(
    ("need", "moq", "pack", "gives"),
    [("37", "50", "12", "60"), ("61", "50", "12", "72"), ("32", None, "6", "36")],
)
def test_scenario_18_minimum_and_pack(need: str, moq: str | None, pack: str, gives: str) -> None:
    """Need, then at least the minimum, then up to the pack."""
    found = suggest(
        Decimal(0),
        Decimal(0),
        Decimal(need),
        moq=None if moq is None else Decimal(moq),
        pack=Decimal(pack),
    )
    assert found.quantity == Decimal(gives)


def test_scenario_18_a_cap_below_the_minimum_asks() -> None:
    """40 sell before they expire, the minimum is 50: ask, do not order."""
    found = suggest(Decimal(0), Decimal(10), Decimal(27), moq=Decimal(50), most=Decimal(40))
    assert found.quantity == 0
    assert "least order is 50" in str(found.question)


def test_scenario_19_equal_counts_and_no_echo(any_app: App) -> None:
    """S 1, Q 1, two backorders, nothing there: one suggestion of 4, and the next day nothing."""
    now = moment(0)
    done(any_app, do="supplier", code="ACME", now=now)
    done(any_app, do="register", sku="MUG", name="Mug", now=now)
    done(any_app, do="terms", supplier="ACME", sku="MUG", unit_cost="4", now=now)
    policy = {"method": "manual", "reorder_point": "1", "order_quantity": "1"}
    done(any_app, do="policy", sku="MUG", **policy, now=now)
    done(any_app, do="count", sku="MUG", qty="0", now=now)
    done(any_app, do="backorder", sku="MUG", qty="2", order="A", now=now)
    (line,) = map(as_shape, any_app.reorder())
    assert (line["inventory_position"], line["suggested_qty"]) == ("-2", "4")
    lines = [{"sku": "MUG", "qty": line["suggested_qty"]}]
    done(any_app, do="order", po="P1", supplier="ACME", lines=lines, now=moment(0, "13:00:00"))
    assert any_app.reorder() == []
    done(any_app, do="sell", sku="MUG", qty="1", now=moment(1))
    (line,) = map(as_shape, any_app.reorder())
    assert line["inventory_position"] == line["reorder_point"] == "1"


def needs() -> list[Need]:
    """Return the three items of scenario 21: what is at stake a day, spread over their units."""
    return [
        Need("A", Decimal(40), Decimal(5), lambda k: 30 / 40),
        Need("B", Decimal(20), Decimal(15), lambda k: 24 / 20, step=Decimal(4)),
        Need("C", Decimal(50), Decimal(4), lambda k: 8 / 50, step=Decimal(10)),
    ]


def test_scenario_21_a_shared_budget() -> None:
    """500 buys A and B; 450 buys A and 16 of B; what waits is listed with what waiting costs."""
    found = needs()
    assert share_budget(found, Decimal(500)) == 500
    assert [n.taken for n in found] == [40, 20, 0]
    found = needs()
    assert share_budget(found, Decimal(450)) == 440
    assert [n.taken for n in found] == [40, 16, 0]
    assert [(n.deferred, round(n.cost_of_waiting, 2)) for n in found] == [
        (0, 0.0),
        (4, 4.8),
        (50, 8.0),
    ]


def test_a_suppliers_minimum_is_reached_with_what_earns_most() -> None:
    """Packs are added to the item that needs them most until the order is large enough."""
    chosen = [
        Need("A", Decimal(1000), Decimal(5), lambda k: 2.0 / (1 + float(k)), taken=Decimal(10)),
        Need("B", Decimal(1000), Decimal(5), lambda k: 1.0 / (1 + float(k)), step=Decimal(6)),
    ]
    assert reach_minimum(chosen, Decimal(150)) >= 150
    assert chosen[0].taken > 10
    assert chosen[1].taken % 6 == 0


def test_scenario_22_dropship_and_made_to_order(any_app: App) -> None:
    """Dropship is measured and not ordered; made to order is ordered as it was sold."""
    now = moment(0)
    done(any_app, do="supplier", code="ACME", lead_time_days="3", now=now)
    for sku, mode in (("DROP", "dropship"), ("CAKE", "made-to-order")):
        done(any_app, do="register", sku=sku, name=sku, mode=mode, now=now)
        done(any_app, do="terms", supplier="ACME", sku=sku, unit_cost="4", now=now)
    for day in range(30):
        sold = done(any_app, do="sell", sku="DROP", qty="5", now=moment(day))
    assert sold.on_hand == "0"
    done(any_app, do="sell", sku="CAKE", qty="2", now=moment(30))
    (line,) = map(as_shape, any_app.reorder())
    assert (line["sku"], line["suggested_qty"], line["on_hand"]) == ("CAKE", "2", "0")
    lines = [{"sku": "CAKE", "qty": "2"}]
    done(any_app, do="order", po="P1", supplier="ACME", lines=lines, now=moment(30))
    assert any_app.reorder() == []
    got = done(any_app, do="receive", sku="CAKE", qty="2", now=moment(31))
    assert got.on_hand == "0"
    assert any_app.queries.stock("CAKE")["inventory_position"] == "0"
    assert any_app.reorder() == []
    done(any_app, do="rename", sku="DROP", mode="stocked", now=moment(32))
    done(any_app, do="count", sku="DROP", qty="1", now=moment(32))
    (line,) = map(as_shape, any_app.reorder())
    assert (line["sku"], round(line["demand_per_day"])) == ("DROP", 5)


def test_scenario_30_available_to_promise() -> None:
    """5 now, 15 from Thursday if all is on time, from Saturday at 90 %."""
    monday = date(2026, 3, 2)
    thursday, friday, saturday = (monday + timedelta(days=n) for n in (3, 4, 5))
    coming = [Coming(Decimal(10), thursday, saturday)]
    found = available_to_promise(Decimal(5), Decimal(0), coming, monday)
    assert found.now == 5
    assert [(s.quantity, s.if_on_time, s.at_90) for s in found.steps] == [(15, thursday, saturday)]
    assert (found.by(friday), found.by(friday, certain=True)) == (15, 5)


def test_an_order_on_its_way_moves_the_run_out(any_app: App) -> None:
    """Urgency uses the calendar: what is on its way is counted from the day it is expected."""
    now = moment(0, "06:00:00")
    done(any_app, do="supplier", code="ACME", lead_time_days="5", now=now)
    done(any_app, do="register", sku="MUG", name="Mug", now=now)
    done(any_app, do="terms", supplier="ACME", sku="MUG", unit_cost="4", now=now)
    done(any_app, do="open", sku="MUG", qty="200", now=now)
    for day in range(40):
        done(any_app, do="sell", sku="MUG", qty="3", now=moment(day))
    done(any_app, do="count", sku="MUG", qty="9", now=moment(40, "08:00:00"))
    (before,) = run_outs(any_app.look(), 30)
    promised = (START + timedelta(days=42)).isoformat()
    line = {"sku": "MUG", "qty": "60", "promised": promised}
    done(any_app, do="order", po="P1", supplier="ACME", lines=[line], now=moment(40, "09:00:00"))
    (after,) = run_outs(any_app.look(), 60)
    assert before.likely is not None
    assert after.likely is not None
    assert after.likely > before.likely + timedelta(days=14)
    late = {"sku": "MUG", "promised": (START + timedelta(days=55)).isoformat()}
    done(any_app, do="order-delay", po="P1", **late, now=moment(40, "10:00:00"))
    (delayed,) = run_outs(any_app.look(), 60)
    assert delayed.likely == before.likely


def test_a_season_that_was_closed_says_nothing(any_app: App) -> None:
    """Forty days closed last year do not switch ordering off this year."""
    done(any_app, do="register", sku="MUG", name="Mug", now=moment(0, "06:00:00"))
    done(any_app, do="open", sku="MUG", qty="2000", now=moment(0, "06:00:00"))
    for day in range(425):
        if not 40 <= day < 80:
            done(any_app, do="sell", sku="MUG", qty="3", now=moment(day))
    found = level_of(any_app, day=START + timedelta(days=425))
    assert found["rate"] == pytest.approx(3, rel=0.15)


def test_exposure_is_a_share_of_opening_time(any_app: App) -> None:
    """Three come at nine and are sold out at six each day: three a day, not eight."""
    done(any_app, do="settings", opens="09:00", closes="18:00", now=moment(0, "06:00:00"))
    done(any_app, do="register", sku="MUG", name="Mug", now=moment(0, "06:00:00"))
    for day in range(40):
        done(any_app, do="receive", sku="MUG", qty="3", now=moment(day, "09:00:00"))
        done(any_app, do="sell", sku="MUG", qty="2", now=moment(day, "12:00:00"))
        done(any_app, do="sell", sku="MUG", qty="1", now=moment(day, "18:00:00"))
    found = level_of(any_app, day=START + timedelta(days=40))
    assert found["rate"] == pytest.approx(3, rel=0.1)


def test_a_sale_below_zero_shows_that_there_was_stock(any_app: App) -> None:
    """Receipts nobody entered do not make a product that sells daily look dormant."""
    done(any_app, do="register", sku="MUG", name="Mug", now=moment(0, "06:00:00"))
    done(any_app, do="open", sku="MUG", qty="10", now=moment(0, "06:00:00"))
    for day in range(100):
        done(any_app, do="sell", sku="MUG", qty="3", now=moment(day, "23:00:00"))
    found = level_of(any_app, day=START + timedelta(days=100))
    assert found["rate"] == pytest.approx(3, rel=0.1)
    (line,) = any_app.reorder()
    assert line.inventory_position == -290
    any_app.driver.catch_up()
    with any_app.database.snapshot() as tx:
        before = tx.all("SELECT * FROM stockout")
    any_app.driver.rebuild("demand_rate")
    with any_app.database.snapshot() as tx:
        assert tx.all("SELECT * FROM stockout") == before


def test_a_sweep_before_the_first_sale_forgets_nothing(any_app: App) -> None:
    """Weekdays are learnt although the first sweep saw an empty shop."""
    done(any_app, do="register", sku="MUG", name="Mug", now=moment(0, "06:00:00"))
    done(any_app, do="open", sku="MUG", qty="999", now=moment(0, "06:00:00"))
    any_app.sweep()
    for day in range(60):
        if (START + timedelta(days=day)).weekday() < 5:
            done(any_app, do="sell", sku="MUG", qty="3", now=moment(day))
    done(any_app, do="sell", sku="MUG", qty="1", now=moment(60))
    any_app.sweep()
    from jitledger_projections.planning.forecast import forecast

    found = forecast(any_app.database, any_app.queries.shop(), START + timedelta(days=60))
    assert found.weekday.min() < 0.2 < 1.2 < found.weekday.max()


@pytest.mark.parametrize("level", ["0", "1"])
def test_a_service_level_nobody_can_keep_is_brought_into_reach(any_app: App, level: str) -> None:
    """All or nothing as a service level neither empties the report nor breaks the sweep."""
    done(any_app, do="settings", service_level=level, now=moment(0, "06:00:00"))
    done(any_app, do="register", sku="MUG", name="Mug", now=moment(0, "06:00:00"))
    done(any_app, do="open", sku="MUG", qty="90", now=moment(0, "06:00:00"))
    for day in range(30):
        done(any_app, do="sell", sku="MUG", qty="3", now=moment(day))
    assert len(any_app.reorder()) == 1
    assert any_app.sweep() == 1


def test_an_ordinary_stockout_is_no_phantom(any_app: App) -> None:
    """Sold out for three weeks and filled again, an item's silence says nothing."""
    from jitledger_projections.reports.advice.phantoms import phantoms

    done(any_app, do="register", sku="MUG", name="Mug", now=moment(0, "06:00:00"))
    done(any_app, do="open", sku="MUG", qty="120", now=moment(0, "06:00:00"))
    for day in range(40):
        done(any_app, do="sell", sku="MUG", qty="3", now=moment(day))
    done(any_app, do="receive", sku="MUG", qty="50", now=moment(60, "06:00:00"))
    assert phantoms(any_app.look()) == []
    done(any_app, do="register", sku="CUP", name="Cup", now=moment(75))
    (found,) = phantoms(any_app.look())
    assert found.sku == "MUG"


def test_a_new_product_begins_as_its_category_began(any_app: App) -> None:
    """One line a day for three weeks, then five: a newcomer is expected to begin at one."""
    now = moment(0, "06:00:00")
    for sku in ("OLD", "NEW"):
        done(any_app, do="register", sku=sku, name=sku, category="cups", now=now)
    done(any_app, do="open", sku="OLD", qty="900", now=now)
    all_done(
        any_app,
        [
            {"do": "sell", "sku": "OLD", "qty": "2", "now": moment(day, f"12:0{line}:00")}
            for day in range(60)
            for line in range(1 if day < 21 else 5)
        ],
    )
    done(any_app, do="open", sku="NEW", qty="100", now=moment(60, "06:00:00"))
    done(any_app, do="sell", sku="NEW", qty="4", now=moment(60))
    done(any_app, do="count", sku="OLD", qty="500", now=moment(61, "06:00:00"))
    found = level_of(any_app, "NEW")
    # (n + k·λ0)/(days + k) = (1 + 1)/(1 + 1) lines of (4 + 3·2)/(1 + 3) units.
    assert found["rate"] == pytest.approx(2.5, rel=0.02)
    before = level_of(any_app, "OLD")["rate"]
    any_app.sweep()
    assert level_of(any_app, "NEW")["rate"] == pytest.approx(found["rate"])
    assert level_of(any_app, "OLD")["rate"] == pytest.approx(before)


def selling(app: App, **supplier: str) -> App:
    """Let MUG sell two a day for sixty days, with ten left, bought from ACME."""
    now = moment(0, "06:00:00")
    done(app, do="register", sku="MUG", name="Mug", now=now)
    done(app, do="supplier", code="ACME", lead_time_days="7", **supplier, now=now)
    done(app, do="terms", supplier="ACME", sku="MUG", unit_cost="4", now=now)
    done(app, do="open", sku="MUG", qty="200", now=now)
    sale: dict[str, object] = {"do": "sell", "sku": "MUG", "qty": "2"}
    sales = [{**sale, "now": moment(day)} for day in range(60)]
    all_done(app, sales)
    done(app, do="count", sku="MUG", qty="10", now=moment(60, "06:00:00"))
    return app


def test_a_lot_of_ones_own_with_a_computed_reorder_point(any_app: App) -> None:
    """``order_quantity`` orders whole lots, ``order_up_to`` fills up; the point is computed."""
    selling(any_app)
    (plain,) = any_app.reorder()
    done(any_app, do="policy", sku="MUG", order_quantity="25", now=moment(60))
    (lots,) = any_app.reorder()
    assert lots.reorder_point == plain.reorder_point
    assert 10 + 25 <= lots.reorder_point < 10 + 50
    assert lots.suggestion.quantity == 50
    done(any_app, do="policy", sku="MUG", order_up_to="90", now=moment(60, "12:01:00"))
    (filled,) = any_app.reorder()
    assert filled.suggestion.quantity == 80
    any_app.sweep()
    with any_app.database.snapshot() as tx:
        (stored,) = tx.all("SELECT reorder_point, quantity FROM reorder_points")
    assert int(stored[0]) + int(stored[1]) == 90


def test_an_item_may_leave_the_shops_method(any_app: App) -> None:
    """The shop is reordered by velocity; MUG, which says ``default``, is not."""
    selling(any_app)
    done(any_app, do="settings", method="velocity", now=moment(60))
    assert level_of(any_app)["method"] == "velocity"
    done(any_app, do="policy", sku="MUG", cover_days="10", now=moment(60, "12:01:00"))
    assert level_of(any_app)["method"] == "velocity"
    done(any_app, do="policy", sku="MUG", method="default", now=moment(60, "12:02:00"))
    assert level_of(any_app)["method"] == "default"


def test_a_policy_for_one_place_needs_a_point(any_app: App) -> None:
    """What is computed is for the whole shop; a place nobody counted is not ordered for."""
    selling(any_app)
    done(any_app, do="location", code="back", now=moment(60))
    refused = do(any_app, do="policy", sku="MUG", at="back", method="textbook", now=moment(60))
    assert refused.error is not None
    assert "whole shop" in refused.error.message
    policy = {"method": "manual", "reorder_point": "5", "order_quantity": "6"}
    done(any_app, do="policy", sku="MUG", at="back", **policy, now=moment(60, "12:01:00"))
    (whole,) = any_app.reorder()
    assert whole.location is None  # "Count first" at the back; the shop as a whole is due.
    done(any_app, do="count", sku="MUG", at="back", qty="2", now=moment(60, "12:02:00"))
    lines = {line.location: line.suggestion.quantity for line in any_app.reorder()}
    assert lines["back"] == 6


def alerts(app: App) -> list[tuple[str, str]]:
    """Return (location, quantity) of the alerts that stand."""
    with app.database.snapshot() as tx:
        rows = tx.all("SELECT body FROM outbox WHERE kind = 'alert' ORDER BY id")
    bodies = [orjson.loads(row[0]) for row in rows]
    return [(body["location"] or "", body["quantity"]) for body in bodies]


def test_a_place_is_judged_by_itself(any_app: App) -> None:
    """Known at the back, unknown in front; a customer's backorder is the whole shop's."""
    now = moment(0, "06:00:00")
    done(any_app, do="register", sku="MUG", name="Mug", now=now)
    done(any_app, do="location", code="back", now=now)
    policy = {"method": "manual", "reorder_point": "5", "order_quantity": "6"}
    done(any_app, do="policy", sku="MUG", at="back", **policy, now=now)
    done(any_app, do="open", sku="MUG", at="back", qty="9", now=now)
    done(any_app, do="sell", sku="MUG", qty="1", now=moment(1))
    done(any_app, do="backorder", sku="MUG", qty="4", order="O1", now=moment(2))
    assert any_app.reorder() == []
    done(any_app, do="sell", sku="MUG", at="back", qty="6", now=moment(3))
    (line,) = any_app.reorder()
    assert (line.location, line.inventory_position, line.suggestion.quantity) == ("back", 3, 6)
    assert alerts(any_app) == [("back", "6")]


def test_a_place_and_the_whole_shop_are_both_told(any_app: App) -> None:
    """What is ordered for the back counts for the shop, which still lacks the rest."""
    selling(any_app)
    done(any_app, do="location", code="back", now=moment(60))
    policy = {"method": "manual", "reorder_point": "5", "order_quantity": "6"}
    done(any_app, do="policy", sku="MUG", at="back", **policy, now=moment(60))
    (alone,) = any_app.reorder()
    done(any_app, do="count", sku="MUG", at="back", qty="2", now=moment(60, "12:02:00"))
    lines = {line.location: line for line in any_app.reorder()}
    assert lines["back"].suggestion.quantity == 6
    # Two more are there and six more are to come, so eight fewer are ordered for the shop.
    assert lines[None].suggestion.quantity == alone.suggestion.quantity - 8


def test_an_alert_tells_what_the_report_does(any_app: App) -> None:
    """A point by hand without a lot covers the usual days; an item's own cover counts."""
    selling(any_app)
    policy = {"method": "manual", "reorder_point": "5", "cover_days": "20"}
    done(any_app, do="policy", sku="MUG", **policy, now=moment(60))
    any_app.sweep()
    done(any_app, do="sell", sku="MUG", qty="5", now=moment(60, "12:01:00"))
    (line,) = any_app.reorder()
    assert line.suggestion.quantity >= 40
    assert alerts(any_app)[-1] == ("", str(line.suggestion.quantity))


def test_a_price_break_leaves_a_lot_by_hand_alone(any_app: App) -> None:
    """From 100 on it is cheaper; whoever orders 25 at a time, or up to 60, gets that."""
    selling(any_app)
    breaks = [{"qty": "100", "unit_cost": "2"}]
    terms = {"unit_cost": "4", "price_breaks": breaks, "now": moment(60)}
    done(any_app, do="terms", supplier="ACME", sku="MUG", **terms)
    (computed,) = any_app.reorder()
    assert computed.suggestion.quantity == 100
    lots = {"method": "manual", "reorder_point": "20", "order_quantity": "25"}
    done(any_app, do="policy", sku="MUG", **lots, now=moment(60, "12:01:00"))
    (line,) = any_app.reorder()
    assert line.suggestion.quantity == 25
    level = {"method": "min-max", "reorder_point": "20", "order_up_to": "60"}
    done(any_app, do="policy", sku="MUG", **level, now=moment(60, "12:02:00"))
    (line,) = any_app.reorder()
    assert line.suggestion.quantity == 50
