"""Which items are due: at or below their reorder point with what comes in time.

``position`` of what is due leaves out orders that do not help: those that come only after a new one
would be there. What is late is left in: a second order is no answer to it, see ``Gap``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from math import ceil, inf

import numpy as np

from jitledger.domain.moments import day_number
from jitledger.domain.quantity import ZERO
from jitledger.domain.replenishment.ordering.expiring import expected_waste
from jitledger.domain.replenishment.ordering.order_quantity import lot_by_hand
from jitledger.domain.replenishment.ordering.places import SHARE_DAYS, kept, share_of
from jitledger_projections.planning.arrivals import Z_90, Arrival
from jitledger_projections.planning.methods import DEFAULT
from jitledger_projections.planning.order_size import MADE_TO_ORDER, OWED, Due, Gap, whole_shop
from jitledger_projections.planning.plan import Plan
from jitledger_projections.planning.products import Product, policies_of, policy_of
from jitledger_projections.reports.look import Look
from jitledger_projections.views.demand import shelves_of_several, units_by_place
from jitledger_projections.views.on_hand import Position, positions, rough_positions

Coming = Mapping[str, Sequence[Arrival]]


def due(look: Look, coming: Coming, only: str | None = None) -> list[Due]:
    """Return items at or below their reorder point: manual points where set, computed ones else.

    With a SKU, that one alone, wherever its position stands.
    """
    planned, today = look.plan, look.today
    with look.snapshot() as tx:
        if only is None:
            sure = [
                one.line for many in coming.values() for one in many if _helps(planned, one, today)
            ]
            places = _candidates(planned, rough_positions(tx, sure))
        else:
            places = [n for n, p in enumerate(planned.products) if p.sku == only and _bought(p)]
        skus = [planned.products[place].sku for place in places]
        shelves = positions(tx, look.now, today.isoformat(), skus)
    found: list[Due] = []
    computed = planned.reorder_point.astype(int).tolist()
    asked = ((planned.mean > 0) & ~planned.rates.dormant).tolist()
    for place, sku in zip(places, skus, strict=True):
        p, shelf = planned.products[place], shelves.get(sku)
        if shelf is None:
            continue
        if p.mode == MADE_TO_ORDER:
            if shelf.inventory_position < 0:
                owed = (place, None, shelf, shelf.inventory_position, ZERO, ZERO, False)
                found.append(Due(*owed, MADE_TO_ORDER))
            continue
        mine: list[Due] = []
        if p.policies:
            # What a place of its own needs comes first: the whole shop counts it as ordered.
            mine = sorted(_manual(p, place, shelf, today), key=lambda d: d.location is None)
        if shelf.known and asked[place] and all(d.location is not None for d in mine):
            point = Decimal(computed[place])
            mine.append(whole_shop(planned, place, shelf, point, today))
        elif not mine and shelf.known and shelf.inventory_position < 0 and p.orderable:
            owed = (place, None, shelf, shelf.inventory_position, ZERO, ZERO, False)
            mine.append(Due(*owed, OWED))
        ahead = coming.get(sku, ())
        for d in mine:
            horizon = float(planned.lead_days[place] + planned.review_days[place])
            fresh = without_waste(d, float(planned.demand_per_day[place]), horizon)
            seen = with_its_gap(planned, fresh, ahead, today)
            if only is not None or seen.gap is not None or seen.position <= seen.point:
                found.append(seen)
    return found


def without_waste(d: Due, rate: float, horizon: float) -> Due:
    """Return what is due without what will expire before an order of today has come and sold."""
    if not d.shelf.lots or d.location is not None:
        return d
    waste = Decimal(int(expected_waste(d.shelf.lots, rate, horizon)))
    return d._replace(position=d.position - waste, spoiling=waste)


def short_places(look: Look, found: Sequence[Due], only: str | None = None) -> list[Due]:
    """Return places below their share of the whole shop's point while others hold stock.

    A place sells a quarter of what the shop does, the point of the shop is 12: at 3 or less there
    it is short. What is missing is moved; the whole shop's order counts the sum. A place with a
    policy of its own goes by that.
    """
    planned = look.plan
    with look.snapshot() as tx:
        several = shelves_of_several(tx)
        places = [
            place
            for place, p in enumerate(planned.products)
            if p.sku in several and p.orderable and (only is None or p.sku == only)
        ]
        skus = [planned.products[place].sku for place in places]
        shelves = positions(tx, look.now, look.today.isoformat(), skus)
        sold = units_by_place(tx, skus, day_number(look.today) - SHARE_DAYS) if skus else {}
    same = {d.place: d.shelf for d in found}  # What one is given, another cannot have.
    short: list[Due] = []
    for place, sku in zip(places, skus, strict=True):
        if planned.mean[place] <= 0 or planned.rates.dormant[place]:
            continue
        shelf, whole = same.get(place, shelves[sku]), Decimal(int(planned.reorder_point[place]))
        own = {policy.location for _, policy in policies_of(planned.products[place])}
        for location, position in sorted(shelf.by_location.items()):
            point = kept(None, whole, share_of(sold.get(sku, {}), location))
            if sku in sold and location not in own and position <= point > 0:
                method = planned.method[place]
                one = Due(place, location, shelf, position, point, ZERO, False, method)
                # Where the whole is due, its own line orders; else what cannot be moved is ordered.
                low = shelf.inventory_position <= whole
                short.append(one._replace(by_share=True, share_only=low))
    return short


def with_its_gap(planned: Plan, d: Due, ahead: Sequence[Arrival], today: date) -> Due:
    """Return what is due without the orders that do not help; what is above its point stays so."""
    if not ahead or d.position <= d.point:
        return d
    here = [one for one in ahead if d.location in (None, one.line.location)]
    far = tuple(one for one in here if _is_far(planned, d.place, one, today))
    if far:
        gap = Gap("far", far)
        if d.position - gap.units <= d.point:
            return d._replace(position=d.position - gap.units, gap=gap)
    late = tuple(one for one in here if one.late_days)
    if late:
        gap = Gap("late", late)
        if d.position - gap.units - sum((one.units for one in far), ZERO) <= d.point:
            return d._replace(gap=gap)
    return d


def _helps(planned: Plan, one: Arrival, today: date) -> bool:
    """Return whether a line surely counts: it is in time, and comes before a new order would."""
    place = planned.forecast.place.get(one.line.sku)
    return not one.late_days and (place is None or not _is_far(planned, place, one, today))


def _is_far(planned: Plan, place: int, one: Arrival, today: date) -> bool:
    """Return whether nine of ten new orders would be there before a line comes."""
    lead, spread = float(planned.lead_days[place]), float(planned.lead_deviation[place])
    days = ceil(lead + float(planned.review_days[place]) + Z_90 * spread)
    return one.likely > today + timedelta(days=days)


def _candidates(planned: Plan, rough: dict[str, tuple[float, int]]) -> list[int]:
    """Return the places of products that may be due, so that few are looked at closely."""
    none = (inf, 0)
    shelves = [rough.get(p.sku, none) for p in planned.products]
    position = np.array([shelf[0] for shelf in shelves])
    near = (planned.mean > 0) & (position <= planned.reorder_point + 0.5)
    return [
        place
        for place, (p, shelf, close) in enumerate(
            zip(planned.products, shelves, near.tolist(), strict=True)
        )
        if (p.orderable and (((close or shelf[0] < 0) and shelf[1] == 1) or p.policies))
        or (p.mode == MADE_TO_ORDER and shelf[0] < 0)
    ]


def _bought(p: Product) -> bool:
    return bool(p.orderable) or p.mode == MADE_TO_ORDER


def _manual(p: Product, place: int, shelf: Position, today: date) -> list[Due]:
    assert p.policies is not None
    found = []
    locations = {policy.location for _, policy in policies_of(p)}
    for location in sorted(locations, key=lambda x: x or ""):
        policy = policy_of(p, location, today.isoformat())
        if policy is None or policy.reorder_point is None:
            continue
        position = shelf.inventory_position
        if location is None and not shelf.known:
            continue
        if location is not None:
            if location not in shelf.by_location:
                continue  # Nobody knows what is there: count first.
            position = shelf.by_location[location]
        point = policy.reorder_point
        lot, multiples = lot_by_hand(policy, point)
        method = policy.method or DEFAULT
        level = policy.order_up_to
        found.append(
            Due(place, location, shelf, position, point, lot, multiples, method, level=level)
        )
    return found
