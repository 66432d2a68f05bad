"""Dead stock: what lies on the shelf and has not been asked for in a long time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from jitledger.domain.moments import day_from_number, day_number, local_date
from jitledger.domain.quantity import ZERO
from jitledger.domain.state.shop import Shop
from jitledger.store.database import Database
from jitledger_projections.views.products import labels


@dataclass(frozen=True, slots=True)
class DeadItem:
    """One item that does not sell; ``last_sold`` is None when it never did."""

    sku: str
    title: str
    on_hand: Decimal
    last_sold: date | None
    since: date


def dead_stock(database: Database, shop: Shop, now: int, days: int = 90) -> list[DeadItem]:
    """Return items with stock that nobody asked for within so many days, the longest first.

    An item whose first movement is younger than that is new, not dead.
    """
    limit = day_number(local_date(now, shop.tz) - timedelta(days=days))
    with database.snapshot() as tx:
        rows = tx.all(
            "SELECT h.sku, h.on_hand, h.since, d.last FROM on_hand h "
            "LEFT JOIN (SELECT sku, MAX(day) AS last FROM demand_day GROUP BY sku) d "
            "ON d.sku = h.sku WHERE h.known = 1 AND h.since <= ? "
            "AND (d.last IS NULL OR d.last < ?)",
            (limit, limit),
        )
        stock: dict[str, tuple[Decimal, int, int | None]] = {}
        for sku, on_hand, since, last in rows:
            before = stock.get(sku, (ZERO, since, last))
            stock[sku] = (before[0] + Decimal(on_hand), min(before[1], since), last)
        kept = {sku: row for sku, row in stock.items() if row[0] > 0}
        named = labels(tx, list(kept))
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
