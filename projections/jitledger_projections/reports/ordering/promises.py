"""Promises: what can be promised of an item, and promises to customers that are at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from jitledger.domain.replenishment.ordering.promise import Coming, Promise, available_to_promise
from jitledger.domain.state.quantities import open_promises
from jitledger.domain.state.stock_item import StockItem
from jitledger_projections.planning.arrivals import Arrival, arrivals
from jitledger_projections.planning.lead_times import leads
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import report
from jitledger_projections.views.on_hand import backordered, positions, reserved
from jitledger_projections.views.on_order import open_order_lines


def _coming(ahead: Sequence[Arrival]) -> list[Coming]:
    """Return open lines as they come in time, or by all likelihood, and nine times in ten."""
    return [Coming(one.units, one.likely if one.late_days else one.due, one.at_90) for one in ahead]


def promise_of(look: Look, spelled: str) -> tuple[StockItem, Promise]:
    """Return an item and what can be promised of it; raises ``unknown-sku``."""
    item, q, _shop = look.queries.item(spelled)
    today = look.today
    with look.snapshot() as tx:
        ahead = arrivals(open_order_lines(tx, item.sku), leads(tx, today), today, {item.sku})
    coming = _coming(ahead.get(item.sku, ()))
    return item, available_to_promise(q.available, q.backorders, coming, today)


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A customer's order that what is there and on its way does not surely cover in time."""

    sku: str
    title: str
    order: str
    quantity: Decimal
    due: date | None


def _shape(row: AtRisk) -> dict[str, object]:
    return {
        "sku": row.sku,
        "name": row.title,
        "order": row.order,
        "quantity": row.quantity,
        "due": row.due,
    }


@report(
    "promises",
    _shape,
    help="Promises to customers that what is there and on its way does not surely cover.",
    nothing="Every promise is covered.",
    chat="promises",
    told=("order", "quantity", "due"),
)
def at_risk(look: Look) -> list[AtRisk]:
    """Return promises whose day comes before, nine times in ten, enough has arrived.

    A reservation is of what is there, so its day is today; the earlier one is served first. Of two
    that hold 3 each, with 5 on the shelf, the later is at risk.
    """
    today = look.today
    with look.snapshot() as tx:
        known = leads(tx, today)
        held = reserved(tx)
        shelves = positions(tx, look.now, today.isoformat(), held)
        short = {sku for sku in held if sum(shelves[sku].free.values(), Decimal(0)) < 0}
        lines = {sku: open_order_lines(tx, sku) for sku in sorted({*backordered(tx), *short})}
    found = []
    for sku, open_lines in lines.items():
        item, q, _ = look.queries.item(sku)
        ahead = _coming(arrivals(open_lines, known, today, {sku}).get(sku, ()))
        free = q.available + q.reserved
        for due, order, left in _promised(item, look.now, today):
            there = free + sum((c.quantity for c in ahead if c.at_90 <= due), Decimal(0))
            if there < left:
                stated = None if due == date.max else due
                found.append(AtRisk(sku, item.catalog.title, order, left, stated))
            free -= left
    return sorted(found, key=lambda row: (row.due or date.max, row.sku))


def _promised(item: StockItem, now: int, today: date) -> list[tuple[date, str, Decimal]]:
    """Return (day, order or reservation, quantity) promised, the first to serve first."""
    held = sorted(open_promises(item, now), key=lambda one: one[1].made_at)
    waiting = [
        (item.backorder_due.get(order) or date.max, order, left)
        for order, left in item.backorders.items()
        if left > 0
    ]
    return [(today, promise.order or name, left) for name, promise, left in held] + sorted(waiting)
