"""What needs reordering: how much, when, from whom, and why, most urgent first.

An item is looked at over all its locations; a policy with a location is looked at there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import ceil, inf
from typing import NamedTuple

import numpy as np

from jitledger.domain.moments import to_datetime
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.replenishment.order_quantity import lot_by_hand
from jitledger.domain.state.shop import Shop
from jitledger.service.views.bunches import without_collector
from jitledger_projections.planning.arrivals import EARLY, LIKELY, Arrivals, arrivals, run_out_dates
from jitledger_projections.planning.exposure import Ints
from jitledger_projections.planning.methods import DEFAULT
from jitledger_projections.planning.order_size import MADE_TO_ORDER, Due, margin_of, suggestion
from jitledger_projections.planning.plan import Plan
from jitledger_projections.planning.products import Product, policies_of, policy_of
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.ordering.reorder_line import BY_HAND, ReorderLine, as_shape
from jitledger_projections.reports.table import report
from jitledger_projections.views.on_hand import Position, positions, rough_positions
from jitledger_projections.views.on_order import open_order_lines
from jitledger_projections.views.products import Label, labels
from jitledger_projections.views.supply import Agreed, SupplierRow


@report(
    "reorder",
    as_shape,
    help="What needs reordering, how much and why.",
    nothing="Nothing needs reordering.",
)
def reorder(look: Look) -> list[ReorderLine]:
    """Return what needs reordering at a moment, most urgent first."""
    with without_collector():
        return _reorder(look)


def explained(look: Look, sku: str) -> list[ReorderLine]:
    """Return one item's lines as ``reorder`` makes them, also where nothing is due.

    Empty when no point is computed for it: nobody asks for it, or its stock is unknown.
    """
    return _reorder(look, sku)


def _reorder(look: Look, sku: str | None = None) -> list[ReorderLine]:
    planned, shop = look.plan, look.shop
    due = _due(look, sku)
    skus = [planned.products[d.place].sku for d in due]
    with look.snapshot() as tx:
        details = labels(tx, skus)
        coming = arrivals(open_order_lines(tx), planned.leads, look.today, set(skus))
    clock = to_datetime(look.now).astimezone(shop.tz).replace(second=0, microsecond=0)
    lines = _lines(planned, due, details, coming, shop, clock)
    far = date.max
    return sorted(
        lines, key=lambda x: (x.order_by or far, x.earliest or far, x.likely or far, x.sku)
    )


def _due(look: Look, only: str | None = None) -> list[Due]:
    """Return items at or below their reorder point: manual points where set, computed ones else.

    With a SKU, that one alone, wherever its position stands.
    """
    planned, today = look.plan, look.today
    with look.snapshot() as tx:
        if only is None:
            places = _candidates(planned, rough_positions(tx, open_order_lines(tx)))
        else:
            places = [n for n, p in enumerate(planned.products) if p.sku == only and _bought(p)]
        skus = [planned.products[place].sku for place in places]
        shelves = positions(tx, look.now, today.isoformat(), skus)
    found: list[Due] = []
    every = only is not None
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
        position, by_hand = shelf.inventory_position, False
        if p.policies:
            own = _manual(p, place, shelf, today)
            # What a place of its own needs comes first: the whole shop counts it as ordered.
            own.sort(key=lambda due: due.location is None)
            found += [due for due in own if every or due.position <= due.point]
            by_hand = any(due.location is None for due in own)
        low = every or position <= computed[place]
        if shelf.known and not by_hand and asked[place] and low:
            point, method = Decimal(computed[place]), planned.method[place]
            policy = policy_of(p, None, today.isoformat()) if p.policies else None
            lot, multiples = (ZERO, False) if policy is None else lot_by_hand(policy, point)
            found.append(Due(place, None, shelf, position, point, lot, multiples, method))
    return found


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
        if (p.orderable and ((close and shelf[1] == 1) or p.policies))
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
        found.append(Due(place, location, shelf, position, point, lot, multiples, method))
    return found


class _Source(NamedTuple):
    """What all lines from one supplier share."""

    row: SupplierRow | None
    weekdays: tuple[int, ...]
    leaves: date
    """The next day on which an order can leave."""


def _shown(agreed: Agreed) -> dict[str, str]:
    """Return the terms that a line shows."""
    shown = {"moq": agreed.moq, "pack": agreed.pack}
    return {name: show(value) for name, value in shown.items() if value is not None}


def _source(row: SupplierRow | None, clock: datetime) -> _Source:
    if row is None:
        return _Source(None, (), clock.date())
    return _Source(row, row.weekdays, next_order_day(row.weekdays, row.cutoff, clock))


class _Numbers(NamedTuple):
    """What the plan says of one item, as plain numbers."""

    rate: float
    lead: float
    mean: float
    review: float
    level: float
    phi: float
    variance: float
    confidence: str


def _numbers(planned: Plan, index: Ints) -> Iterator[_Numbers]:
    """Yield what the plan says of some items; thirty thousand of them are read as arrays."""
    r = planned.rates
    sure = np.where(r.low_confidence[index], "low", np.where(r.learning[index], "learning", "ok"))
    columns = (
        planned.demand_per_day,
        planned.lead_days,
        planned.mean,
        planned.review_days,
        planned.level,
        r.phi,
        planned.variance,
    )
    rows = zip(*(column[index].tolist() for column in columns), sure.tolist(), strict=True)
    return map(_Numbers._make, rows)


def _lines(
    planned: Plan,
    due: list[Due],
    details: dict[str, Label],
    coming: dict[str, list[tuple[date, Decimal]]],
    shop: Shop,
    clock: datetime,
) -> list[ReorderLine]:
    today = clock.date()
    if not due:
        return []
    index = np.array([d.place for d in due], np.int64)
    per_day, phi = planned.demand_per_day[index], planned.rates.phi[index]
    stock = np.array([float(d.shelf.on_hand) for d in due])
    none: Arrivals = ()
    ahead = [coming.get(planned.products[d.place].sku, none) for d in due] if coming else []
    likely = run_out_dates(stock, per_day, phi, ahead, today, LIKELY)
    earliest = run_out_dates(stock, per_day, phi, ahead, today, EARLY)
    sources = {code: _source(row, clock) for code, row in planned.suppliers.items()}
    unknown = _source(None, clock)
    lines: list[ReorderLine] = []
    placed: dict[int, Decimal] = {}
    """What is suggested for places of an item, by its place in the plan."""
    for place, (each, numbers) in enumerate(zip(due, _numbers(planned, index), strict=True)):
        d = each
        if d.location is None and d.place in placed:
            d = d._replace(position=d.position + placed[d.place])
            if d.position > d.point:
                continue
        p = planned.products[d.place]
        line = _line(
            planned,
            d,
            numbers,
            details[p.sku],
            sources.get(p.supplier or "", unknown),
            ahead[place] if ahead else none,
            (likely[place], earliest[place]),
            shop,
            today,
        )
        if d.location is not None and line.due:
            placed[d.place] = placed.get(d.place, ZERO) + line.suggestion.quantity
        lines.append(line)
    return lines


def _line(
    planned: Plan,
    d: Due,
    n: _Numbers,
    p: Label,
    source: _Source,
    ahead: Arrivals,
    run_out: tuple[date | None, date | None],
    shop: Shop,
    today: date,
) -> ReorderLine:
    likely, earliest = run_out
    product, rate, lead = planned.products[d.place], n.rate, n.lead
    agreed = planned.terms.of(product.supplier, p.sku)
    wanted = suggestion(d, product, p, source.row, agreed, rate, lead, shop, today)
    cost = agreed.cost_at(wanted.quantity)
    unit_cost = cost if cost is not None else d.shelf.last_cost
    currency = None
    if source.row is not None:
        currency = agreed.currency or source.row.currency
    arrives = _arrives(lead, source.leaves)
    own = p.price is not None and currency in (None, shop.currency)
    return ReorderLine(
        sku=p.sku,
        name=p.title,
        unit=p.unit,
        supplier=product.supplier,
        location=d.location,
        on_hand=d.on_hand,
        inventory_position=d.position,
        reorder_point=d.point,
        suggestion=wanted,
        unit_cost=unit_cost,
        demand_per_day=rate,
        lead_time_days=round(lead, 2),
        lead_time_demand=n.mean,
        review_days=n.review,
        service_level=n.level,
        likely=likely,
        earliest=earliest,
        order_by=None
        if earliest is None
        else _order_by(earliest, lead, source.weekdays, source.leaves),
        method=d.method,
        confidence="manual" if d.method in BY_HAND else n.confidence,
        terms=_shown(agreed),
        on_order=d.shelf.on_order,
        next_delivery=min([arrives, *(day for day, _ in ahead)]) if ahead else arrives,
        currency=currency,
        margin=margin_of(p, unit_cost, shop) if own else 0.0,
        phi=n.phi,
        variance=n.variance,
        whole_lot=bool(agreed.price_breaks),
        spoils=p.shelf_life_days is not None,
    )


@lru_cache(maxsize=1024)
def next_order_day(weekdays: tuple[int, ...], cutoff: str | None, clock: datetime) -> date:
    """Return the next day on which an order can leave: an order day, before its cut-off time.

    >>> next_order_day((2,), "12:00", datetime(2026, 3, 4, 13)).isoformat()  # A Wednesday at one.
    '2026-03-11'
    """
    day = clock.date()
    if cutoff is not None and clock.strftime("%H:%M") > cutoff:
        day += timedelta(days=1)
    while weekdays and day.weekday() not in weekdays:
        day += timedelta(days=1)
    return day


@lru_cache(maxsize=1024)
def _arrives(lead: float, today: date) -> date:
    """Return when what is ordered today comes."""
    return today + timedelta(days=ceil(lead))


@lru_cache(maxsize=4096)
def _order_by(earliest: date, lead: float, weekdays: tuple[int, ...], today: date) -> date:
    """Return the last day on which ordering still arrives before a run-out, at least today.

    Where orders leave on certain weekdays only, it is one of them.
    """
    day = max(today, earliest - timedelta(days=ceil(lead)))
    if not weekdays:
        return day
    for back in range(7):
        earlier = day - timedelta(days=back)
        if earlier >= today and earlier.weekday() in weekdays:
            return earlier
    return next(
        later
        for ahead in range(8)
        if (later := today + timedelta(days=ahead)).weekday() in weekdays
    )
