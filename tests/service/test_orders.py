"""Purchase orders: on order, receipts that link themselves, lateness, what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from jitledger.bootstrap import App
from jitledger.domain.commands import parse
from jitledger.domain.events import StockReceived
from jitledger_projections.planning.arrivals import arrival
from jitledger_projections.planning.lead_times import leads
from jitledger_projections.views.on_order import open_order_lines, order_lines
from tests.conftest import do, done


def refused(app: App, **fields: Any) -> tuple[str, str]:
    """Return code and message of a refusal."""
    answer = app.ledger.record(parse(fields))
    assert answer.error is not None
    return answer.error.code, answer.error.message


def alerts(app: App) -> list[str]:
    """Return the alert events of MUG in their order."""
    with app.database.snapshot() as tx:
        return [name for _, name, _ in app.database.stream(tx, "alert/MUG")]


@pytest.fixture
def shop(any_app: App) -> App:
    """Open a shop that buys MUG from ACME and sells it 3 a day, with a reorder point of 40."""
    now = "2026-03-01T08:00:00"
    done(any_app, do="supplier", code="ACME", name="Acme", lead_time_days="10", now=now)
    done(any_app, do="supplier", code="BETA", name="Beta", lead_time_days="4", now=now)
    done(any_app, do="register", sku="MUG", name="Blue mug", now=now)
    done(any_app, do="terms", supplier="ACME", sku="MUG", unit_cost="4", now=now)
    return any_app


def test_scenario_10_partial_and_late(shop: App) -> None:
    """30 of 50 come two days late: no alert at 55; 20 cancelled: 35 ≤ 40 alerts once."""
    line = {"sku": "MUG", "qty": "50", "promised": "2026-03-11"}
    done(shop, do="open", sku="MUG", qty="5", now="2026-03-01T08:00:00")
    done(shop, do="order", po="P1", supplier="ACME", lines=[line], now="2026-03-01T09:00:00")
    done(
        shop,
        do="policy",
        sku="MUG",
        method="manual",
        reorder_point="40",
        order_quantity="50",
        now="2026-03-01T10:00:00",
    )
    got = done(shop, do="receive", sku="MUG", qty="30", po="P1", now="2026-03-13T10:00:00")
    assert got.on_hand == "35"
    stock = shop.queries.stock("MUG")
    assert (stock["on_order"], stock["inventory_position"]) == ("20", "55")
    assert alerts(shop) == []
    today = date(2026, 3, 13)
    with shop.database.snapshot() as tx:
        (row,) = open_order_lines(tx, "MUG")
        lead = leads(tx, today)["ACME"]
    assert arrival(row, lead, today).late_days == 2
    assert float(row.received / row.ordered) == 0.6
    assert lead.record.on_time.share == 0.0
    done(shop, do="order-cancel", po="P1", sku="MUG", qty="20", now="2026-03-13T11:00:00")
    assert shop.queries.stock("MUG")["inventory_position"] == "35"
    done(shop, do="sell", sku="MUG", qty="1", now="2026-03-13T12:00:00")
    assert alerts(shop) == ["reorder-alert-raised"]


def test_scenario_12_a_receipt_without_its_order(shop: App) -> None:
    """10 there, 40 open: "received 40" links itself, so the position is 50 and not 90."""
    done(shop, do="open", sku="MUG", qty="10", now="2026-03-01T08:00:00")
    line = {"sku": "MUG", "qty": "40"}
    done(shop, do="order", po="P1", supplier="ACME", lines=[line], now="2026-03-01T09:00:00")
    answer = done(shop, do="receive", sku="MUG", qty="40", now="2026-03-09T10:00:00")
    assert len(answer.entries) == 1
    stock = shop.queries.stock("MUG")
    assert (stock["on_hand"], stock["on_order"], stock["inventory_position"]) == ("50", "0", "50")


def test_of_two_open_lines_the_oldest_takes_it(shop: App) -> None:
    """The older order is fulfilled first; what it does not want goes to the next one."""
    for number, day in (("P2", "02"), ("P1", "03")):
        line = {"sku": "MUG", "qty": "40"}
        now = f"2026-03-{day}T09:00:00"
        done(shop, do="order", po=number, supplier="ACME", lines=[line], now=now)
    done(shop, do="receive", sku="MUG", qty="40", now="2026-03-09T10:00:00")
    with shop.database.snapshot() as tx:
        assert [row.number for row in open_order_lines(tx, "MUG")] == ["P1"]
    entry = done(shop, do="receive", sku="MUG", qty="50", now="2026-03-10T10:00:00").entries[0]
    assert shop.queries.stock("MUG")["on_order"] == "0"
    done(shop, do="void", entry=entry, now="2026-03-10T11:00:00")
    assert shop.queries.stock("MUG")["on_order"] == "40"
    with shop.database.snapshot() as tx:
        assert [(r.number, r.outstanding) for r in open_order_lines(tx, "MUG")] == [("P1", 40)]


def test_a_receipt_is_divided_over_the_lines_it_fulfils(shop: App) -> None:
    """60 against 40 and 40: the first is complete, 20 of the second are still to come."""
    for number in ("P1", "P2"):
        line = {"sku": "MUG", "qty": "40", "unit_cost": "3.50"}
        now = "2026-03-02T09:00:00"
        done(shop, do="order", po=number, supplier="ACME", lines=[line], now=now)
    answer = done(shop, do="receive", sku="MUG", qty="60", now="2026-03-09T10:00:00")
    assert len(answer.entries) == 2
    assert answer.on_hand == "60"
    stock = shop.queries.stock("MUG")
    assert (stock["on_order"], stock["inventory_position"]) == ("20", "80")


def test_goods_that_came_before_the_order_are_not_its_goods(shop: App) -> None:
    """A late entry of a delivery from before the order was placed stands alone."""
    line = {"sku": "MUG", "qty": "40"}
    done(shop, do="order", po="P1", supplier="ACME", lines=[line], now="2026-03-05T09:00:00")
    receipt = {"do": "receive", "sku": "MUG", "qty": "7", "occurred_at": "2026-03-04"}
    done(shop, **receipt, now="2026-03-06T09:00:00")
    assert shop.queries.stock("MUG")["on_order"] == "40"


def test_on_order_on_both_axes(shop: App) -> None:
    """What was on order on a day, as known then and as known now."""
    line = {"sku": "MUG", "qty": "40"}
    done(shop, do="order", po="P1", supplier="ACME", lines=[line], now="2026-03-05T09:00:00")
    receipt = {"do": "receive", "sku": "MUG", "qty": "15", "occurred_at": "2026-03-08"}
    done(shop, **receipt, now="2026-03-10T09:00:00")

    def at(day: str, axis: str) -> str:
        from jitledger.domain.moments import parse_horizon

        moment = parse_horizon(axis, day, shop.queries.shop().tz)
        return str(shop.queries.stock("MUG", **{axis: moment})["on_order"])

    assert [at(d, "as_of") for d in ("2026-03-04", "2026-03-07", "2026-03-09")] == ["0", "40", "25"]
    assert [at(d, "as_at") for d in ("2026-03-09", "2026-03-10")] == ["40", "25"]


def test_scenario_20_alerts_follow_orders(shop: App) -> None:
    """20 alerts, 19 and 18 are silent, an order resolves it, its cancellation raises it anew."""
    done(
        shop,
        do="policy",
        sku="MUG",
        method="manual",
        reorder_point="20",
        order_quantity="40",
        now="2026-03-01T08:00:00",
    )
    done(shop, do="open", sku="MUG", qty="21", now="2026-03-01T09:00:00")
    for day in ("02", "03", "04"):
        done(shop, do="sell", sku="MUG", qty="1", now=f"2026-03-{day}T09:00:00")
    assert alerts(shop) == ["reorder-alert-raised"]
    done(shop, do="snooze", sku="MUG", days=2, now="2026-03-04T10:00:00")
    line = {"sku": "MUG", "qty": "40"}
    done(shop, do="order", po="P1", supplier="ACME", lines=[line], now="2026-03-05T09:00:00")
    assert shop.queries.stock("MUG")["inventory_position"] == "58"
    assert alerts(shop)[-1] == "reorder-alert-resolved"
    done(shop, do="order-cancel", po="P1", now="2026-03-05T10:00:00")
    assert shop.queries.stock("MUG")["inventory_position"] == "18"
    assert alerts(shop)[-1] == "reorder-alert-raised"
    assert alerts(shop).count("reorder-alert-raised") == 2
    receipt = {"do": "receive", "sku": "MUG", "qty": "30", "occurred_at": "2026-03-01"}
    done(shop, **receipt, now="2026-03-06T09:00:00")
    assert alerts(shop)[-1] == "reorder-alert-retracted"


def test_a_draft_counts_for_nothing_but_silences(shop: App) -> None:
    """A drafted order is not on order; while it waits for approval no new alert is raised."""
    now = "2026-03-01T08:00:00"
    policy = {"method": "manual", "reorder_point": "20", "order_quantity": "40"}
    done(shop, do="policy", sku="MUG", **policy, now=now)
    done(shop, do="open", sku="MUG", qty="25", now="2026-03-01T09:00:00")
    lines = [{"sku": "MUG", "qty": "40"}]
    drafted = {"do": "order-draft", "po": "P1", "supplier": "ACME", "lines": lines}
    done(shop, **drafted, now="2026-03-01T10:00:00")
    done(shop, do="sell", sku="MUG", qty="9", now="2026-03-02T09:00:00")
    assert alerts(shop) == []
    assert shop.queries.stock("MUG")["on_order"] == "0"
    code, message = refused(shop, do="receive", sku="MUG", qty="1", po="P1")
    assert (code, "place it first" in message) == ("wrong-state", True)
    done(shop, do="order-place", po="P1", now="2026-03-02T10:00:00")
    assert shop.queries.stock("MUG")["on_order"] == "40"
    done(shop, do="order-close", po="P1", now="2026-03-03T10:00:00")
    assert alerts(shop) == ["reorder-alert-raised"]


def test_a_discarded_draft_lets_the_alert_through(shop: App) -> None:
    """When the draft is thrown away, the item is due again."""
    policy = {"method": "manual", "reorder_point": "20", "order_quantity": "40"}
    done(shop, do="policy", sku="MUG", **policy, now="2026-03-01T08:00:00")
    done(shop, do="open", sku="MUG", qty="25", now="2026-03-01T09:00:00")
    lines = [{"sku": "MUG", "qty": "40"}]
    drafted = {"do": "order-draft", "po": "P1", "supplier": "ACME", "lines": lines}
    done(shop, **drafted, now="2026-03-01T10:00:00")
    done(shop, do="sell", sku="MUG", qty="9", now="2026-03-02T09:00:00")
    done(shop, do="order-cancel", po="P1", now="2026-03-03T10:00:00")
    assert alerts(shop) == ["reorder-alert-raised"]


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        (
            {"do": "order", "supplier": "NOBODY", "lines": [{"sku": "MUG", "qty": "1"}]},
            "unknown-supplier",
            "register it",
        ),
        ({"do": "order", "supplier": "ACME", "lines": []}, "bad-value", "lines"),
        (
            {"do": "order", "supplier": "ACME", "lines": [{"sku": "CUP", "qty": "1"}]},
            "unknown-sku",
            "CUP",
        ),
        (
            {"do": "order", "supplier": "ACME", "lines": [{"sku": "MUG", "qty": "0"}]},
            "not-positive",
            "0",
        ),
        (
            {"do": "order", "supplier": "ACME", "lines": [{"sku": "MUG", "qty": "1.5"}]},
            "too-precise",
            "1.5",
        ),
        (
            {
                "do": "order",
                "supplier": "ACME",
                "lines": [{"sku": "MUG", "qty": "1", "promised": "2026-02-01"}],
            },
            "bad-value",
            "before",
        ),
        (
            {
                "do": "order",
                "supplier": "ACME",
                "placed": "2026-05-01",
                "lines": [{"sku": "MUG", "qty": "1"}],
            },
            "in-the-future",
            "draft",
        ),
        (
            {
                "do": "order",
                "supplier": "ACME",
                "currency": "USD",
                "lines": [{"sku": "MUG", "qty": "1"}],
            },
            "no-rate",
            "USD",
        ),
        (
            {"do": "order", "po": "A/1", "supplier": "ACME", "lines": [{"sku": "MUG", "qty": "1"}]},
            "bad-value",
            "slash",
        ),
        ({"do": "order-cancel", "po": "P9"}, "unknown-order", "P9"),
        ({"do": "order-cancel", "po": "P1", "sku": "MUG", "qty": "41"}, "not-outstanding", "40"),
        ({"do": "order-cancel", "po": "P1", "qty": "4"}, "bad-value", "name the SKU"),
        ({"do": "order-delay", "po": "P1", "promised": "2026-03-01"}, "bad-value", "before"),
        (
            {"do": "order", "po": "p1", "supplier": "ACME", "lines": [{"sku": "MUG", "qty": "1"}]},
            "duplicate-order",
            "another number",
        ),
        ({"do": "receive", "sku": "MUG", "qty": "1", "po": "P9"}, "unknown-order", "P9"),
        ({"do": "receive", "sku": "MUG", "qty": "1", "po_line": "P1/2"}, "bad-value", "1 lines"),
        (
            {"do": "receive", "sku": "MUG", "qty": "1", "po": "P1", "supplier": "BETA"},
            "bad-value",
            "ACME",
        ),
        ({"do": "terms", "supplier": "ACME", "sku": "MUG", "pack": "0"}, "not-positive", "pack"),
        ({"do": "supplier", "code": "ACME", "lead_time_days": "-1"}, "not-positive", "lead"),
        ({"do": "budget", "amount": "-1"}, "bad-value", "amount"),
    ],
)
def test_what_is_refused(shop: App, fields: dict[str, Any], code: str, says: str) -> None:
    """Each wrong order is refused with a sentence, and nothing is half placed."""
    lines = [{"sku": "MUG", "qty": "40"}]
    done(shop, do="order", po="P1", supplier="ACME", lines=lines, now="2026-03-05T09:00:00")
    with shop.database.snapshot() as tx:
        before = tx.one("SELECT COUNT(*) FROM stored_events")[0]
    try:
        found = refused(shop, **fields, now="2026-03-05T10:00:00")
    except Exception as error:
        found = (error.code, error.message)  # type: ignore[attr-defined]
    assert found[0] == code, found
    assert says in found[1]
    with shop.database.snapshot() as tx:
        assert tx.one("SELECT COUNT(*) FROM stored_events")[0] == before


def test_an_order_in_another_currency_keeps_its_rate(shop: App) -> None:
    """What comes in for it carries the order's cost, currency and rate."""
    lines = [{"sku": "MUG", "qty": "40", "unit_cost": "5"}]
    fields = {"po": "P1", "supplier": "ACME", "currency": "USD", "rate": "0.9", "lines": lines}
    done(shop, do="order", **fields, now="2026-03-05T09:00:00")
    done(shop, do="receive", sku="MUG", qty="40", now="2026-03-09T09:00:00")
    _, entries = shop.queries.entries("MUG")
    received = entries[-1][1]
    assert isinstance(received, StockReceived)
    assert (received.unit_cost, received.currency) == (5, "USD")
    assert received.rate == Decimal("0.9")
    assert (received.po_line, received.supplier) == ("P1/1", "ACME")


def test_delay_and_confirmation(shop: App) -> None:
    """A confirmation sets what the supplier is measured by; a delay only what is expected."""
    lines = [{"sku": "MUG", "qty": "40", "promised": "2026-03-12"}]
    done(shop, do="order", po="P1", supplier="ACME", lines=lines, now="2026-03-05T09:00:00")
    done(shop, do="order-confirm", po="P1", promised="2026-03-14", now="2026-03-06T09:00:00")
    done(shop, do="order-delay", po="P1", promised="2026-03-20", now="2026-03-13T09:00:00")
    with shop.database.snapshot() as tx:
        (line,) = order_lines(tx, "P1")
    assert (line.agreed, line.promised) == (date(2026, 3, 14), date(2026, 3, 20))
    assert line.state == "confirmed"
    late = [arrival(line, None, date(2026, 3, day)).late_days for day in (18, 20, 21)]
    assert late == [0, 0, 1]


def test_lead_times_are_learned_and_a_new_supplier_has_no_data(shop: App) -> None:
    """Three orders that took 12 days pull a stated 10 to 11; Beta has never delivered."""
    for month, number in ((3, "P1"), (4, "P2"), (5, "P3")):
        lines = [{"sku": "MUG", "qty": "40"}]
        now = f"2026-{month:02d}-02T09:00:00"
        done(shop, do="order", po=number, supplier="ACME", lines=lines, now=now)
        done(shop, do="receive", sku="MUG", qty="40", now=f"2026-{month:02d}-14T09:00:00")
    with shop.database.snapshot() as tx:
        known = leads(tx, date(2026, 6, 1))
    assert (known["ACME"].learned.days, known["ACME"].learned.orders) == (11.0, 3.0)
    assert known["BETA"].learned.days == 4.0
    assert known["BETA"].record.on_time.share is None


def test_the_view_of_orders_can_be_rebuilt(shop: App) -> None:
    """Rebuilding the view from the log gives the rows that the appends wrote."""
    lines = [{"sku": "MUG", "qty": "40"}, {"sku": "MUG", "qty": "10", "promised": "2026-04-01"}]
    done(shop, do="order", po="P1", supplier="ACME", lines=lines, now="2026-03-05T09:00:00")
    done(shop, do="receive", sku="MUG", qty="45", now="2026-03-09T09:00:00")
    done(shop, do="void", entry="MUG/4", now="2026-03-09T10:00:00")

    def rows() -> list[Any]:
        with shop.database.snapshot() as tx:
            return [
                sorted(tx.all(f"SELECT * FROM {table}"))
                for table in ("purchase_orders", "order_lines", "order_receipts")
            ]

    before = rows()
    shop.driver.rebuild("on_order")
    assert rows() == before
    assert [row[6] for row in before[1]] == ["0", "0"]


def test_a_divided_receipt_is_one_entry_to_correct_and_to_undo(shop: App) -> None:
    """15 over two lines: corrected to 14 there are 14; undone there are none."""
    for number in ("P1", "P2"):
        lines = [{"sku": "MUG", "qty": "10"}]
        now = "2026-03-02T09:00:00"
        done(shop, do="order", po=number, supplier="ACME", lines=lines, now=now)
    done(shop, do="receive", sku="MUG", qty="15", now="2026-03-03T09:00:00")
    fixed = {"entry": "MUG/3", "with": {"qty": "14"}}
    assert done(shop, do="correct", **fixed, now="2026-03-03T10:00:00").on_hand == "14"
    assert shop.queries.stock("MUG")["on_order"] == "6"
    undone = done(shop, do="void", entry="MUG/3", now="2026-03-03T11:00:00")
    assert undone.on_hand == "0"
    assert shop.queries.stock("MUG")["on_order"] == "20"
    again = done(shop, do="void", entry=undone.entries[0], now="2026-03-03T12:00:00")
    assert again.on_hand == "14"


def test_a_divided_receipt_in_packs_keeps_its_pack(shop: App) -> None:
    """5 boxes of 12 over two lines, corrected to 4 boxes, are 48."""
    done(shop, do="pack", sku="MUG", code="box", factor="12", now="2026-03-01T09:00:00")
    for number in ("P1", "P2"):
        lines = [{"sku": "MUG", "qty": "40"}]
        now = "2026-03-02T09:00:00"
        done(shop, do="order", po=number, supplier="ACME", lines=lines, now=now)
    entry = done(
        shop, do="receive", sku="MUG", qty="5", pack="box", now="2026-03-03T09:00:00"
    ).entries[0]
    corrected = done(
        shop, do="correct", entry=entry, now="2026-03-03T10:00:00", **{"with": {"qty": "4"}}
    )
    assert corrected.on_hand == "48"


def test_a_receipt_moves_to_another_order_with_its_cost(shop: App) -> None:
    """Corrected to another supplier's order, a receipt takes that order's supplier and cost."""
    for number, supplier, cost in (("P1", "ACME", "4"), ("P2", "BETA", "5")):
        lines = [{"sku": "MUG", "qty": "10", "unit_cost": cost}]
        now = "2026-03-02T09:00:00"
        done(shop, do="order", po=number, supplier=supplier, lines=lines, now=now)
    done(shop, do="receive", sku="MUG", qty="10", now="2026-03-03T09:00:00")
    done(shop, do="correct", entry="MUG/3", now="2026-03-03T10:00:00", **{"with": {"po": "P2"}})
    received = shop.queries.entries("MUG")[1][-1][1]
    assert isinstance(received, StockReceived)
    assert (received.po_line, received.supplier, received.unit_cost) == ("P2/1", "BETA", 5)


def test_made_to_order_wherever_it_comes_in(shop: App) -> None:
    """Sold here and received there, it is owed no more; what is there is sold first."""
    now = "2026-03-01T09:00:00"
    done(shop, do="location", code="B", now=now)
    done(shop, do="register", sku="CAKE", name="Cake", mode="made-to-order", now=now)
    done(shop, do="sell", sku="CAKE", qty="2", at="B", now="2026-03-02T09:00:00")
    done(shop, do="receive", sku="CAKE", qty="2", now="2026-03-03T09:00:00")
    stock = shop.queries.stock("CAKE")
    assert (stock["on_hand"], stock["inventory_position"]) == ("0", "0")
    done(shop, do="receive", sku="CAKE", qty="5", now="2026-03-04T09:00:00")
    done(shop, do="sell", sku="CAKE", qty="2", now="2026-03-05T09:00:00")
    assert shop.queries.stock("CAKE")["on_hand"] == "3"
    done(shop, do="backorder", sku="CAKE", qty="5", order="A", now="2026-03-06T09:00:00")
    (line,) = shop.reorder()
    assert line.suggestion.quantity == 2


def test_an_order_placed_earlier_counts_from_its_day(shop: App) -> None:
    """Recorded on the 10th as placed on the 2nd: on order on the 5th as is known now."""
    from jitledger.domain.moments import parse_horizon

    lines = [{"sku": "MUG", "qty": "40"}]
    order = {"po": "P1", "supplier": "ACME", "placed": "2026-03-02", "lines": lines}
    done(shop, do="order", **order, now="2026-03-10T09:00:00")
    at = parse_horizon("as_of", "2026-03-05", shop.queries.shop().tz)
    assert shop.queries.stock("MUG", as_of=at)["on_order"] == "40"
    assert shop.queries.stock("MUG", as_at=at)["on_order"] == "0"


def test_an_alert_is_retracted_only_when_it_never_was_true(shop: App) -> None:
    """A late receipt that would not have been enough resolves; a voided mistake retracts."""
    policy = {"method": "manual", "reorder_point": "20", "order_quantity": "40"}
    done(shop, do="policy", sku="MUG", **policy, now="2026-03-01T08:00:00")
    done(shop, do="receive", sku="MUG", qty="30", now="2026-03-02T08:00:00")
    done(shop, do="sell", sku="MUG", qty="20", now="2026-03-10T08:00:00")
    done(shop, do="receive", sku="MUG", qty="8", now="2026-03-12T08:00:00")
    late = {"qty": "5", "occurred_at": "2026-03-09"}
    done(shop, do="receive", sku="MUG", **late, now="2026-03-13T08:00:00")
    assert alerts(shop)[-1] == "reorder-alert-resolved"
    sold = done(shop, do="sell", sku="MUG", qty="20", now="2026-03-14T08:00:00")
    done(shop, do="void", entry=sold.entries[0], now="2026-03-15T08:00:00")
    assert alerts(shop)[-1] == "reorder-alert-retracted"


def test_a_draft_without_a_product_lets_its_alert_through(shop: App) -> None:
    """When a draft is written anew without a product that is due, its alert is raised."""
    policy = {"method": "manual", "reorder_point": "20", "order_quantity": "40"}
    done(shop, do="register", sku="CUP", name="Cup", now="2026-03-01T08:00:00")
    done(shop, do="policy", sku="MUG", **policy, now="2026-03-01T08:00:00")
    done(shop, do="receive", sku="MUG", qty="30", now="2026-03-02T08:00:00")
    draft = {"do": "order-draft", "po": "D1", "supplier": "ACME"}
    done(shop, **draft, lines=[{"sku": "MUG", "qty": "40"}], now="2026-03-02T09:00:00")
    done(shop, do="sell", sku="MUG", qty="15", now="2026-03-03T08:00:00")
    assert alerts(shop) == []
    done(shop, **draft, lines=[{"sku": "CUP", "qty": "40"}], now="2026-03-03T09:00:00")
    assert alerts(shop) == ["reorder-alert-raised"]


def test_crossings_within_one_group_are_all_told(shop: App) -> None:
    """Commands that are committed together raise, resolve and raise as those apart do."""
    from jitledger.service.recording.submission import Ask, Submission

    policy = {"method": "manual", "reorder_point": "20", "order_quantity": "40"}
    done(shop, do="policy", sku="MUG", **policy, now="2026-03-01T08:00:00")
    done(shop, do="receive", sku="MUG", qty="21", now="2026-03-02T08:00:00")
    lines = [{"sku": "MUG", "qty": "40"}]
    steps = [
        {"do": "sell", "sku": "MUG", "qty": "1"},
        {"do": "order", "po": "P1", "supplier": "ACME", "lines": lines},
        {"do": "order-cancel", "po": "P1"},
    ]
    pending = [shop.ledger.submit(Submission([Ask(parse(step))])) for step in steps]
    assert all(p.result().answers[0].ok for p in pending)
    assert alerts(shop) == [
        "reorder-alert-raised",
        "reorder-alert-resolved",
        "reorder-alert-raised",
    ]


def test_a_transit_hides_nothing_from_the_report(shop: App) -> None:
    """Goods on their way to a place where nothing moved leave the item known, and due."""
    policy = {"method": "manual", "reorder_point": "20", "order_quantity": "40"}
    done(shop, do="location", code="B", now="2026-03-01T08:00:00")
    done(shop, do="policy", sku="MUG", **policy, now="2026-03-01T08:00:00")
    done(shop, do="receive", sku="MUG", qty="10", now="2026-03-02T08:00:00")
    moved = {"from": "main", "to": "B", "transfer": "T1", "step": "dispatch"}
    done(shop, do="transfer", sku="MUG", qty="4", now="2026-03-02T09:00:00", **moved)
    (line,) = shop.reorder()
    assert (line.inventory_position, line.suggestion.quantity) == (10, 40)


def test_a_receipt_for_no_order_stays_without_one(any_app: App) -> None:
    """Named as ``-``, and corrected once more, goods leave an open line as it is."""
    done(any_app, do="register", sku="MUG", name="Mug")
    done(any_app, do="supplier", code="ACME")
    done(any_app, do="order", po="P1", supplier="ACME", lines=[{"sku": "MUG", "qty": "5"}])
    first = done(any_app, do="receive", sku="MUG", qty="5", po="-")
    assert any_app.queries.stock("MUG")["on_order"] == "5"
    again = done(any_app, do="correct", entry=first.entries[0], **{"with": {"qty": "4"}})
    assert any_app.queries.stock("MUG")["on_order"] == "5"
    done(any_app, do="correct", entry=again.entries[-1], **{"with": {"po": "P1"}})
    stock = any_app.queries.stock("MUG")
    assert (stock["on_order"], stock["on_hand"]) == ("1", "4")


def test_what_is_retired_is_not_ordered(any_app: App) -> None:
    """An order of a retired product is refused as a whole, until its retirement is taken back."""
    for sku in ("MUG", "CUP"):
        done(any_app, do="register", sku=sku, name=sku)
    done(any_app, do="supplier", code="ACME")
    retired = done(any_app, do="retire", sku="CUP")
    lines = [{"sku": "MUG", "qty": "5"}, {"sku": "CUP", "qty": "5"}]
    refused = do(any_app, do="order", supplier="ACME", lines=lines)
    assert refused.error is not None
    assert refused.error.code == "retired"
    assert any_app.queries.stock("MUG")["on_order"] == "0"
    done(any_app, do="void", entry=retired.entries[0])
    done(any_app, do="order", supplier="ACME", lines=lines)
    assert any_app.queries.stock("CUP")["on_order"] == "5"


def test_a_part_of_what_goes_to_two_places_names_the_place(shop: App) -> None:
    """Which of two places gets less is nobody's guess; all of it needs no place."""
    now = "2026-03-01T09:00:00"
    done(shop, do="location", code="kiosk", now=now)
    lines = [{"sku": "MUG", "qty": "12", "at": at} for at in ("kiosk", "main")]
    done(shop, do="order", po="P1", supplier="ACME", lines=lines, now=now)
    part = {"do": "order-cancel", "po": "P1", "sku": "MUG", "qty": "1", "now": now}
    assert refused(shop, **part)[0] == "which-place"
    done(shop, **part, at="kiosk")
    with shop.database.snapshot() as tx:
        assert [(x.location, x.wanted) for x in order_lines(tx)] == [("kiosk", 11), ("main", 12)]
    assert refused(shop, **part, at="nowhere")[0] == "unknown-location"
    done(shop, do="order-cancel", po="P1", sku="MUG", now=now)
    assert shop.queries.stock("MUG")["on_order"] == "0"


def test_the_whole_shops_line_says_its_own_position(shop: App) -> None:
    """What is suggested for a place is counted once, and printed as what it is: not ordered yet."""
    now = "2026-03-01T09:00:00"
    done(shop, do="location", code="kiosk", now=now)
    done(shop, do="open", sku="MUG", qty="20", now=now)
    done(shop, do="open", sku="MUG", qty="2", at="kiosk", now=now)
    whole = {"method": "manual", "reorder_point": "40", "order_quantity": "60"}
    own = {"method": "manual", "reorder_point": "30", "order_quantity": "12", "at": "kiosk"}
    for policy in (whole, own):
        done(shop, do="policy", sku="MUG", **policy, now=now)
    lines = {line.location: line for line in shop.reorder()}
    place, line = lines["kiosk"], lines[None]
    assert (line.inventory_position, line.on_hand) == (22, 22)
    assert line.for_places == place.suggestion.quantity > 0
    after = line.inventory_position + line.for_places + line.suggestion.quantity
    assert 40 < after <= 40 + 60
    assert f"{line.for_places} more are suggested for places" in line.why
