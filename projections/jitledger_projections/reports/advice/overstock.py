"""Overstock: what lies beyond the need, and what to do with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from jitledger.domain.moments import day_number, local_date
from jitledger.domain.quantity import ZERO
from jitledger.domain.replenishment.advice import Clearance, clear
from jitledger.domain.replenishment.ordering.expiring import expected_waste
from jitledger.domain.replenishment.ordering.order_quantity import lot_by_hand
from jitledger_projections.planning.order_size import (
    holding_rate,
    net_price,
    suggestion,
    whole_shop,
)
from jitledger_projections.planning.products import Product, policies_of, policy_of
from jitledger_projections.reports.advice.margins import bought_ahead
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import report, rounded
from jitledger_projections.views.demand import sold_at
from jitledger_projections.views.on_hand import Position, positions
from jitledger_projections.views.on_order import orders_of
from jitledger_projections.views.products import Label, labels


@dataclass(frozen=True, slots=True)
class Surplus:
    """Stock beyond the reorder point and the cover wanted, and what to do with it."""

    sku: str
    title: str
    surplus: Decimal
    value: Decimal
    advice: Clearance


KNOWN_DAYS = 14
DEAD_DAYS = 90


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
    help="What lies beyond the need, its value at the newest cost, and what to do with it.",
    nothing="Nothing lies beyond the need.",
    chat="overstock",
)
def surpluses(look: Look) -> list[Surplus]:
    """Return overstock with its proposed action, the dearest first.

    Overstock is the position above the reorder point and the cover wanted (DOMAIN.md 12): above
    what an order of today would lift it to, with minimum and packs, so that nothing is too much
    the day after it was advised. What was ordered within its first cover is none either, up to
    twice what an order of today would be: a rate that fell meanwhile makes no advice wrong. Nor is
    what was bought before its cost rose, for as long as that paid. What
    came in lately and has not sold may still: nothing is marked down or written off before its
    first cover is over and the days of dead stock have passed.
    """
    shop, planned = look.shop, look.plan
    skus = [p.sku for p in planned.products if p.orderable]
    rough = []
    with look.snapshot() as tx:
        shelves = positions(tx, look.now, look.today.isoformat(), skus)
        for place, p in enumerate(planned.products):
            shelf = shelves.get(p.sku)
            if shelf is None or not shelf.known or shelf.on_hand <= 0 or not shelf.last_cost:
                continue
            if planned.forecast.state.days[place] < KNOWN_DAYS:
                continue  # Too new to say what is too much.
            rate = 0.0 if planned.rates.dormant[place] else float(planned.demand_per_day[place])
            rough_need = float(planned.reorder_point[place]) + float(shop.cover_days) * rate
            if shelf.inventory_position > (Decimal(int(rough_need)) if rate > 0 else ZERO):
                rough.append((p.sku, place, rate, shelf))
        named = labels(tx, [row[0] for row in rough], look.today)
        ordered = orders_of(tx, [row[0] for row in rough])
        sold = sold_at(tx, [row[0] for row in rough])
    found = []
    for sku, place, rate, shelf in rough:
        lately = ordered.get(sku, ())
        one = _surplus(look, place, shelf, named[sku], rate, sold.get(sku, set()), lately)
        if one is not None:
            found.append(one)
    return sorted(found, key=lambda s: (-s.value, s.sku))


def _surplus(
    look: Look,
    place: int,
    shelf: Position,
    label: Label,
    rate: float,
    sold: set[str],
    ordered: Sequence[tuple[int, Decimal]],
) -> Surplus | None:
    """Return what is too much of one item and what to do with it; None where nothing is."""
    shop, planned, cost = look.shop, look.plan, shelf.last_cost
    assert cost is not None
    lain = (look.today - local_date(shelf.last_in, shop.tz)).days if shelf.last_in else DEAD_DAYS
    cover = float(planned.lead_days[place] + planned.review_days[place]) + float(shop.cover_days)
    if lain <= cover and rate <= 0:
        return None  # Its first cover is not over.
    point, quantity = _order_of_today(look, place, label, rate)
    since = day_number(look.today) - cover
    lately = sum((units for day, units in ordered if day >= since), ZERO)
    holding = holding_rate(shop, look.today)
    product = planned.products[place]
    ahead = bought_ahead(planned, product, rate, ordered, holding, look.today)
    usual = max(min(lately, 2 * quantity), ahead)
    # What spoils before a next order is ``expiring``'s to tell; what lasts longer is too much now.
    spoils = Decimal(int(expected_waste(shelf.lots, rate, cover)))
    beyond = shelf.inventory_position - spoils - point - quantity - usual
    surplus = min(shelf.on_hand, beyond)
    if surplus < 1:
        return None
    advice = clear(
        surplus,
        rate,
        cost,
        None if label.price is None else net_price(label, shop),
        holding,
        sells_elsewhere=bool(
            sold - {location for location, held in shelf.by_location.items() if held > 0}
        ),
        shelf_life_days=label.shelf_life_days,
    )
    if advice.action in ("mark-down", "write-off") and rate <= 0 and lain < DEAD_DAYS:
        advice = replace(advice, action="stop-ordering", markdown=None)
    return Surplus(product.sku, label.title, surplus, surplus * cost, advice)


def _order_of_today(look: Look, place: int, label: Label, rate: float) -> tuple[Decimal, Decimal]:
    """Return the reorder point, and what would be ordered of an item that stands there."""
    planned, product = look.plan, look.plan.products[place]
    point = Decimal(int(planned.reorder_point[place])) if rate > 0 else ZERO
    nothing = Position(ZERO, ZERO, True, {})
    due = whole_shop(planned, place, nothing, point, look.today)
    point = due.point
    by_place = _by_hand_at_places(product, look.today.isoformat())
    if rate <= 0:
        return max(point, by_place[0]), max(due.quantity, by_place[1])
    at_point = Position(point, point, True, {})
    due = due._replace(shelf=at_point, position=point)
    agreed = planned.terms.of(product.supplier, product.sku)
    source = planned.suppliers.get(product.supplier or "")
    lead = float(planned.lead_days[place])
    wanted = suggestion(due, product, label, source, agreed, rate, lead, look.shop, look.today)
    least = Decimal(int(max(float(look.shop.cover_days) * rate, float(planned.lots[place])) + 1))
    return max(point, by_place[0]), max(wanted.quantity, least, by_place[1])


def _by_hand_at_places(product: Product, today: str) -> tuple[Decimal, Decimal]:
    """Return the sum of the points and lots that were set by hand for places."""
    points, lots = ZERO, ZERO
    for location in sorted({policy.location or "" for _, policy in policies_of(product)} - {""}):
        policy = policy_of(product, location, today)
        if policy is not None and policy.reorder_point is not None:
            points += policy.reorder_point
            lots += lot_by_hand(policy, policy.reorder_point)[0]
    return points, lots
