"""Overstock: what lies beyond the need, and what to do with it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from jitledger.domain.replenishment.advice import Clearance, clear
from jitledger_projections.planning.order_size import holding_rate, net_price
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import report, rounded
from jitledger_projections.views.demand import sold_at
from jitledger_projections.views.on_hand import positions
from jitledger_projections.views.products import labels


@dataclass(frozen=True, slots=True)
class Surplus:
    """Stock beyond the reorder point and the cover wanted, and what to do with it."""

    sku: str
    title: str
    surplus: Decimal
    value: Decimal
    advice: Clearance


KNOWN_DAYS = 14


def _shape(s: Surplus) -> dict[str, object]:
    return {
        "sku": s.sku,
        "name": s.title,
        "surplus": s.surplus,
        "value": s.value,
        "action": s.advice.action,
        "lasts_days": rounded(s.advice.days),
        "holding_cost": round(s.advice.holding_cost, 2),
        "markdown": rounded(s.advice.markdown),
    }


@report(
    "overstock",
    _shape,
    help="What lies beyond the need, and what to do with it.",
    nothing="Nothing lies beyond the need.",
    chat="overstock",
)
def surpluses(look: Look) -> list[Surplus]:
    """Return overstock with its proposed action, the dearest first.

    Overstock is the position above the reorder point and the cover wanted (DOMAIN.md 12).
    """
    shop, planned = look.shop, look.plan
    skus = [p.sku for p in planned.products if p.orderable]
    found = []
    with look.snapshot() as tx:
        shelves = positions(tx, look.now, look.today.isoformat(), skus)
        rough = []
        for place, p in enumerate(planned.products):
            shelf = shelves.get(p.sku)
            if shelf is None or not shelf.known or shelf.on_hand <= 0:
                continue
            if planned.forecast.state.days[place] < KNOWN_DAYS:
                continue  # Too new to say what is too much.
            rate = 0.0 if planned.rates.dormant[place] else float(planned.demand_per_day[place])
            wanted = float(planned.reorder_point[place]) + float(shop.cover_days) * rate
            if rate <= 0:
                wanted = 0.0
            surplus = min(shelf.on_hand, shelf.inventory_position - Decimal(int(wanted + 1)))
            if surplus >= 1 and shelf.last_cost:
                rough.append((p.sku, place, surplus, rate, shelf))
        named = labels(tx, [row[0] for row in rough])
        sold = sold_at(tx, [row[0] for row in rough])
    rate_of_holding = holding_rate(shop, look.today)
    for sku, _place, surplus, rate, shelf in rough:
        label, cost = named[sku], shelf.last_cost
        assert cost is not None
        price = None if label.price is None else net_price(label, shop)
        there = {location for location, held in shelf.by_location.items() if held > 0}
        advice = clear(
            surplus,
            rate,
            cost,
            price,
            rate_of_holding,
            sells_elsewhere=bool(sold.get(sku, set()) - there),
            shelf_life_days=label.shelf_life_days,
        )
        found.append(Surplus(sku, label.title, surplus, surplus * cost, advice))
    return sorted(found, key=lambda s: (-s.value, s.sku))
