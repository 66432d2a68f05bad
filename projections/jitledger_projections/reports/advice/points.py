"""Reorder points set by hand that the item's own history says to move."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from jitledger.domain.events import StockReceived
from jitledger.domain.moments import DAY, day_number
from jitledger.domain.quantity import ZERO
from jitledger.domain.replenishment.advice import tune_point
from jitledger.domain.replenishment.ordering.places import SHARE_DAYS, share_of
from jitledger.domain.state.order import standing
from jitledger.domain.state.shop import Shop
from jitledger.domain.state.stock_item import StockItem
from jitledger.service.cache import load_entries
from jitledger.store.database import Database, Tx
from jitledger_projections.planning.order_size import holding_rate
from jitledger_projections.planning.products import policies_of, policy_of
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import report, rounded
from jitledger_projections.views.demand import units_by_place
from jitledger_projections.views.on_hand import positions
from jitledger_projections.views.products import labels

YEAR = 365


@dataclass(frozen=True, slots=True)
class Tuning:
    """A reorder point set by hand that the item's own history says to move."""

    sku: str
    title: str
    location: str | None
    point: Decimal
    proposed: Decimal
    lowest: tuple[Decimal, ...]
    safety: Decimal
    unit_cost: Decimal | None
    holding_rate: float

    @property
    def frees(self) -> Decimal | None:
        """Return what it frees in stock at cost; negative is what it ties up."""
        return None if self.unit_cost is None else (self.point - self.proposed) * self.unit_cost

    @property
    def saves_a_year(self) -> float | None:
        """Return what it saves in holding in a year; negative is what it costs."""
        return None if self.frees is None else float(self.frees) * self.holding_rate


def _shape(t: Tuning) -> dict[str, object]:
    return {
        "sku": t.sku,
        "location": t.location,
        "reorder_point": t.point,
        "proposed": t.proposed,
        "lowest_before_receipts": t.lowest,
        "safety_stock": t.safety,
        "frees": t.frees,
        "saves_a_year": rounded(t.saves_a_year),
    }


@report(
    "points",
    _shape,
    help="Reorder points set by hand that could be lower, or must be higher.",
    nothing="No reorder point set by hand needs moving.",
)
def tunings(look: Look) -> list[Tuning]:
    """Return reorder points set by hand that could be lower, or must be higher.

    Looked at is what the stock fell to before each receipt of the last year. A place keeps of the
    whole shop's safety stock the root of its share: a quarter of the demand needs half of it
    (Eppen 1979: deviations of independent demands add by their squares).
    """
    shop, planned, text = look.shop, look.plan, look.today.isoformat()
    chosen = []
    for place, p in enumerate(planned.products):
        if not p.policies:
            continue
        for location in {policy.location for _, policy in policies_of(p)}:
            policy = policy_of(p, location, text)
            if policy is not None and policy.reorder_point is not None:
                chosen.append((place, location, policy.reorder_point))
    skus = [planned.products[place].sku for place, _, _ in chosen]
    found = []
    with look.snapshot() as tx:
        named = labels(tx, skus, look.today)
        shelves = positions(tx, look.now, text, skus)
        sold = units_by_place(tx, sorted(set(skus)), day_number(look.today) - SHARE_DAYS)
        for place, location, point in chosen:
            sku = planned.products[place].sku
            lowest = lows_before_receipts(
                look.database, tx, sku, shop, look.now - YEAR * DAY, location
            )
            part = 1.0 if location is None else share_of(sold.get(sku, {}), location) ** 0.5
            safety = Decimal(max(0, round(float(planned.safety_stock[place]) * part)))
            proposed = tune_point(point, lowest, safety)
            if proposed is None or proposed == point:
                continue
            shelf = shelves.get(sku)
            found.append(
                Tuning(
                    sku,
                    named[sku].title,
                    location,
                    point,
                    proposed,
                    tuple(lowest),
                    safety,
                    None if shelf is None else shelf.last_cost,
                    holding_rate(shop, look.today),
                )
            )
    return sorted(found, key=lambda t: -abs(t.frees or ZERO))


def lows_before_receipts(
    database: Database, tx: Tx, sku: str, shop: Shop, since: int, location: str | None
) -> list[Decimal]:
    """Return what an item's stock fell to before each receipt since a moment."""
    entries = load_entries(database, tx, sku)
    item = StockItem(sku, shop.days)
    lows = []
    for entry in standing(entries):
        event = entry[1]
        came = isinstance(event, StockReceived) and location in (None, event.location)
        if came and event.effective_at >= since:
            shelves = item.shelves if location is None else {location: item.shelf(location)}
            known = any(shelf.known for shelf in shelves.values())
            if known:
                lows.append(sum((shelf.on_hand for shelf in shelves.values()), ZERO))
        item.evolve(*entry)
    return lows
