"""Promises: what can be promised of an item, and promises to customers that are at risk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import sqrt

from jitledger.domain.replenishment.promise import Coming, Promise, available_to_promise, late_day
from jitledger.domain.state.stock_item import StockItem
from jitledger_projections.planning.lead_times import Lead, expected, leads
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import report
from jitledger_projections.views.on_hand import backordered
from jitledger_projections.views.on_order import OrderedLine, open_order_lines

Z_90 = 1.2815515655446004


def coming(line: OrderedLine, lead: Lead | None, today: date) -> Coming:
    """Return an open line as promised and as it comes nine times in ten."""
    promised = line.promised or expected(line, lead, today)
    if lead is None:
        return Coming(line.outstanding, promised, late_day(promised, 0, today))
    if lead.record.late:
        days = lead.record.usual_lateness(0.9)
    elif line.promised is None:
        days = Z_90 * sqrt(lead.learned.variance)
    else:
        usual = (line.placed or today) + timedelta(days=round(lead.learned.days))
        days = max(0.0, (usual - promised).days + Z_90 * sqrt(lead.learned.variance))
    return Coming(line.outstanding, promised, late_day(promised, days, today))


def promise_of(look: Look, spelled: str) -> tuple[StockItem, Promise]:
    """Return an item and what can be promised of it; raises ``unknown-sku``."""
    item, q, _shop = look.queries.item(spelled)
    today = look.today
    with look.snapshot() as tx:
        known = leads(tx, today)
        lines = open_order_lines(tx, item.sku)
    ahead = [coming(line, known.get(line.supplier), today) for line in lines]
    return item, available_to_promise(q.available, q.backorders, ahead, today)


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
    """Return backorders whose due day comes before, nine times in ten, enough has arrived."""
    today = look.today
    with look.snapshot() as tx:
        known = leads(tx, today)
        lines = {sku: open_order_lines(tx, sku) for sku in backordered(tx)}
    found = []
    for sku, open_lines in lines.items():
        item, q, _ = look.queries.item(sku)
        ahead = [coming(line, known.get(line.supplier), today) for line in open_lines]
        free = q.available
        wanted = [
            (item.backorder_due.get(order) or date.max, order, left)
            for order, left in item.backorders.items()
            if left > 0
        ]
        for due, order, left in sorted(wanted):
            there = free + sum((c.quantity for c in ahead if c.at_90 <= due), Decimal(0))
            if there < left:
                stated = None if due == date.max else due
                found.append(AtRisk(sku, item.catalog.title, order, left, stated))
            free -= left
    return sorted(found, key=lambda row: (row.due or date.max, row.sku))
