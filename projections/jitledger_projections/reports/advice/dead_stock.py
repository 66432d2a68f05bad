"""Dead stock: what lies on the shelf and has not been asked for in a long time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from jitledger.domain.moments import day_from_number, day_number
from jitledger.domain.quantity import ZERO
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import Option, report
from jitledger_projections.views.demand import lying
from jitledger_projections.views.products import labels


@dataclass(frozen=True, slots=True)
class DeadItem:
    """One item that does not sell; ``last_sold`` is None when it never did."""

    sku: str
    title: str
    on_hand: Decimal
    last_sold: date | None
    since: date


def _shape(item: DeadItem) -> dict[str, object]:
    return {
        "sku": item.sku,
        "name": item.title,
        "on_hand": item.on_hand,
        "last_sold": item.last_sold,
        "since": item.since,
    }


@report(
    "dead-stock",
    _shape,
    help="What lies on the shelf and nobody asked for in a long time.",
    nothing="Everything on the shelf was asked for.",
    options=(Option("days", "days", "For so many days; else 90.", 90),),
)
def dead_stock(look: Look, days: int = 90) -> list[DeadItem]:
    """Return items with stock that nobody asked for within so many days, the longest first.

    An item whose first movement is younger than that is new, not dead; nor is one whose shelf was
    empty since: its oldest unit is as young.
    """
    limit = day_number(look.today - timedelta(days=days))
    with look.snapshot() as tx:
        stock: dict[str, tuple[Decimal, int, int | None]] = {}
        for sku, on_hand, since, last, filled in lying(tx, limit):
            if filled is not None:
                since = max(since, look.shop.days.day(filled, filled))
            if since > limit:
                continue
            before = stock.get(sku, (ZERO, since, last))
            stock[sku] = (before[0] + on_hand, min(before[1], since), last)
        kept = {sku: row for sku, row in stock.items() if row[0] > 0}
        named = labels(tx, list(kept), look.today)
    found = [
        DeadItem(
            sku,
            named[sku].title,
            on_hand,
            None if last is None else day_from_number(last),
            day_from_number(since),
        )
        for sku, (on_hand, since, last) in kept.items()
    ]
    return sorted(found, key=lambda item: (item.last_sold or item.since, item.sku))
