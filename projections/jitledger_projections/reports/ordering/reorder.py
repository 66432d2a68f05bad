"""What needs reordering: how much, when, from whom, and why, most urgent first.

An item is looked at over all its locations; a policy with a location is looked at there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import ceil
from typing import NamedTuple

import numpy as np

from jitledger.domain.moments import day_number, to_datetime
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.replenishment.ordering.expiring import expected_waste
from jitledger.domain.replenishment.ordering.order_days import last_order_day, next_order_day
from jitledger.domain.replenishment.ordering.order_quantity import Suggestion
from jitledger.domain.replenishment.ordering.places import (
    SHARE_DAYS,
    Held,
    Move,
    kept,
    moves,
    part,
    share_of,
)
from jitledger.domain.state.shop import Shop
from jitledger.service.views.bunches import without_collector
from jitledger_projections.planning.arrivals import (
    EARLY,
    LIKELY,
    Arrival,
    arrivals,
    as_days,
    run_out_dates,
)
from jitledger_projections.planning.exposure import Floats, Ints
from jitledger_projections.planning.order_size import (
    MADE_TO_ORDER,
    OWED,
    Due,
    margin_of,
    suggestion,
)
from jitledger_projections.planning.plan import Plan
from jitledger_projections.planning.products import policies_of
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.ordering.due import due, short_places
from jitledger_projections.reports.ordering.reorder_line import BY_HAND, ReorderLine, as_shape
from jitledger_projections.reports.table import report
from jitledger_projections.views.demand import units_by_place
from jitledger_projections.views.on_order import drafted, open_order_lines
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
    with look.snapshot() as tx:
        open_lines = open_order_lines(tx, sku)
        coming = arrivals(open_lines, planned.leads, look.today, planned.forecast.place)
    found = due(look, coming, sku)
    found = [*short_places(look, found, sku), *found]
    skus = [planned.products[d.place].sku for d in found]
    with look.snapshot() as tx:
        details = labels(tx, skus, look.today)
        drafts = drafted(tx, set(skus))
        several = {planned.products[d.place].sku for d in found if len(d.shelf.there) > 1}
        sold = units_by_place(tx, sorted(several), day_number(look.today) - SHARE_DAYS)
    clock = to_datetime(look.now).astimezone(shop.tz).replace(second=0, microsecond=0)
    lines = _lines(planned, found, _Known(details, coming, drafts, sold), shop, clock)
    if sku is None:
        lines = [line for line in lines if line.due]
    far, promised = date.max, (MADE_TO_ORDER, OWED)

    def urgency(x: ReorderLine) -> tuple[date, date, date, str]:
        by = look.today if x.method in promised else x.order_by or far
        return by, x.earliest or far, x.likely or far, x.sku

    return sorted(lines, key=urgency)


class _Known(NamedTuple):
    """What is read for the items that are due."""

    labels: dict[str, Label]
    coming: dict[str, list[Arrival]]
    drafts: dict[str, list[tuple[str, str, Decimal]]]
    """{SKU: (order, location, quantity)} of orders that are not placed yet"""
    sold: dict[str, dict[str, float]]
    """{SKU: {location: units}} of items that lie at several places"""

    def drafted(self, sku: str, location: str | None) -> tuple[tuple[str, Decimal], ...]:
        """Return (order, quantity) of the drafts that hold an item, for one place or all."""
        drafts = self.drafts.get(sku, ())
        return tuple((po, quantity) for po, place, quantity in drafts if location in (None, place))

    def share(self, sku: str, location: str) -> float:
        """Return a place's share of an item's demand; all of it where nobody asked anywhere."""
        return share_of(self.sold.get(sku, {}), location)


class _Source(NamedTuple):
    """What all lines from one supplier share."""

    row: SupplierRow | None
    weekdays: tuple[int, ...]
    leaves: date
    """The next day on which an order can leave."""
    waits: date | None = None
    """The same, where that is not today."""


def _shown(agreed: Agreed) -> dict[str, str]:
    """Return the terms that a line shows."""
    shown = {"moq": agreed.moq, "pack": agreed.pack}
    return {name: show(value) for name, value in shown.items() if value is not None}


def _source(row: SupplierRow | None, clock: datetime) -> _Source:
    if row is None:
        return _Source(None, (), clock.date())
    leaves = next_order_day(row.weekdays, row.cutoff, clock)
    return _Source(row, row.weekdays, leaves, leaves if leaves > clock.date() else None)


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

    def at_place(self, share: float) -> _Numbers:
        """Return the same for a place with a share of the demand."""
        if share == 1:
            return self
        rate, mean, variance = (share * each for each in (self.rate, self.mean, self.variance))
        return self._replace(rate=rate, mean=mean, variance=variance)


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
    planned: Plan, found: list[Due], known: _Known, shop: Shop, clock: datetime
) -> list[ReorderLine]:
    today = clock.date()
    if not found:
        return []
    skus = [planned.products[d.place].sku for d in found]
    index = np.array([d.place for d in found], np.int64)
    shares = np.array(
        [
            1.0 if d.location is None else known.share(sku, d.location)
            for d, sku in zip(found, skus, strict=True)
        ]
    )
    ahead = [_ahead(d, known.coming.get(sku, ())) for d, sku in zip(found, skus, strict=True)]
    likely, earliest = _run_outs(planned, found, index, shares, ahead, today)
    sources = {code: _source(row, clock) for code, row in planned.suppliers.items()}
    unknown = _source(None, clock)
    lines: list[ReorderLine] = []
    placed: dict[int, Decimal] = {}
    """What is suggested for places of an item, by its place in the plan."""
    sellable, numbers_of = [d.sellable for d in found], _numbers(planned, index)
    for place, (d, numbers) in enumerate(zip(found, numbers_of, strict=True)):
        d = d._replace(usual=float(planned.lots[d.place] * shares[place]))
        if d.location is None and d.place in placed:
            d = d._replace(position=d.position + placed[d.place], for_places=placed[d.place])
            if d.position > d.point and d.gap is None:
                continue
        source = sources.get(planned.products[d.place].supplier or "", unknown)
        line = _line(
            planned,
            d,
            numbers.at_place(shares[place]),
            known,
            source,
            ahead[place],
            (likely[place], earliest[place]),
            shop,
            today,
        )
        if d.share_only and d.position + line.moved <= d.point:
            continue  # Too little can be spared: the whole shop's point says when to order.
        if d.location is not None and line.due:
            placed[d.place] = placed.get(d.place, ZERO) + line.suggestion.quantity
            for move in line.moves:  # What one place is given, another cannot have.
                d.shelf.free[move.source] -= move.quantity
        lines.append(_completed(planned, line, d, sellable[place], source))
    return lines


def _completed(
    planned: Plan, line: ReorderLine, d: Due, sellable: Decimal, source: _Source
) -> ReorderLine:
    line = line._replace(for_places=d.for_places, sellable=sellable, lot=d.lot)
    line = line._replace(level=d.level, leaves=source.waits, spoiling=d.spoiling)
    if line.gap is not None or line.expedite:
        line = line._replace(substitute=planned.alternative(line.sku, line.supplier))
    return line


def _run_outs(
    planned: Plan,
    found: Sequence[Due],
    index: Ints,
    shares: Floats,
    ahead: Sequence[Sequence[Arrival]],
    today: date,
) -> tuple[list[date | None], list[date | None]]:
    """Return the likely and the earliest day on which each has nothing left for a customer."""
    made = np.array([d.method == MADE_TO_ORDER for d in found])  # There is no shelf to be empty.
    per_day = np.where(made, 0.0, planned.demand_per_day[index] * shares)
    waste = [
        expected_waste(d.shelf.lots, float(per_day[i])) if d.location is None else 0.0
        for i, d in enumerate(found)
    ]
    stock = np.array([float(d.sellable) for d in found]) - np.array(waste)
    numbers = stock, per_day, planned.rates.phi[index], [as_days(each) for each in ahead], today
    return run_out_dates(*numbers, LIKELY), run_out_dates(*numbers, EARLY)


def _ahead(d: Due, coming: Sequence[Arrival]) -> Sequence[Arrival]:
    """Return what is on its way to where an item is due."""
    return [one for one in coming if d.location in (None, one.line.location)]


def _line(
    planned: Plan,
    d: Due,
    n: _Numbers,
    known: _Known,
    source: _Source,
    ahead: Sequence[Arrival],
    run_out: tuple[date | None, date | None],
    shop: Shop,
    today: date,
) -> ReorderLine:
    (likely, earliest), rate, lead, product = run_out, n.rate, n.lead, planned.products[d.place]
    p = known.labels[product.sku]
    agreed = planned.terms.of(product.supplier, p.sku)
    wanted, moved = _wanted(planned, d, n, known, source.row, shop, today)
    cost = agreed.cost_at(wanted.quantity)
    unit_cost = d.shelf.last_cost if cost is None else cost
    currency = planned.currency_of(agreed, product.supplier) if cost is not None else None
    own_cost = planned.in_own(unit_cost, currency)
    return ReorderLine(
        sku=p.sku,
        name=p.title,
        unit=p.unit,
        supplier=product.supplier,
        location=d.location,
        on_hand=d.on_hand,
        inventory_position=d.whole_position,
        reorder_point=wanted.point if wanted.point is not None else d.point,
        suggestion=wanted,
        unit_cost=unit_cost,
        demand_per_day=rate,
        lead_time_days=round(lead, 2),
        lead_time_demand=n.mean,
        review_days=n.review,
        service_level=n.level,
        likely=likely,
        earliest=earliest,
        order_by=earliest and last_order_day(earliest, lead, source.weekdays, source.leaves),
        method=d.method,
        confidence="manual" if d.method in BY_HAND else n.confidence,
        terms=_shown(agreed),
        on_order=sum((one.units for one in ahead), ZERO),
        next_delivery=min([_arrives(lead, source.leaves), *(one.likely for one in ahead)]),
        currency=currency,
        own_cost=own_cost,
        margin=margin_of(p, own_cost, shop),
        phi=n.phi,
        variance=n.variance,
        prices=_prices(planned, agreed, currency),
        spoils=p.shelf_life_days is not None,
        gap=d.gap,
        moves=tuple(moved),
        drafted=known.drafted(p.sku, d.location),
    )


def _prices(
    planned: Plan, agreed: Agreed, currency: str | None
) -> tuple[tuple[Decimal, Decimal], ...]:
    """Return from which quantity on a unit costs how much, in the shop's currency."""
    if not agreed.price_breaks or agreed.unit_cost is None:
        return ()
    stated = ((ZERO, agreed.unit_cost), *sorted(agreed.price_breaks))
    own = [(begins, planned.in_own(price, currency)) for begins, price in stated]
    return tuple((begins, price) for begins, price in own if price is not None)


def _wanted(
    planned: Plan,
    d: Due,
    n: _Numbers,
    known: _Known,
    source: SupplierRow | None,
    shop: Shop,
    today: date,
) -> tuple[Suggestion, list[Move]]:
    """Return what to order, and what to move first; nothing is ordered instead of what is late."""
    product = planned.products[d.place]
    label, agreed = known.labels[product.sku], planned.terms.of(product.supplier, product.sku)

    def of(due_: Due) -> Suggestion:
        return suggestion(due_, product, label, source, agreed, n.rate, n.lead, shop, today)

    needed = of(d)
    moved = _moves(planned, d, known, needed) if d.location is not None else []
    there = sum((move.quantity for move in moved), ZERO)
    if d.share_only:
        return Suggestion(ZERO), moved
    if (d.gap is not None and d.gap.kind == "late") or (moved and d.position + there > d.point):
        return Suggestion(ZERO), moved
    return (of(d._replace(position=d.position + there)) if moved else needed), moved


def _moves(planned: Plan, d: Due, known: _Known, needed: Suggestion) -> list[Move]:
    """Return what other places can spare of what one place is short of."""
    sku = planned.products[d.place].sku
    whole = Decimal(max(0, int(planned.reorder_point[d.place])))
    by_hand = {
        policy.location: policy.reorder_point
        for _, policy in policies_of(planned.products[d.place])
    }
    places = {
        place: Held(free, kept(by_hand.get(place), whole, known.share(sku, place)))
        for place, free in d.shelf.free.items()
        if place != d.location
    }
    step = Decimal(1).scaleb(-known.labels[sku].precision)
    short = max(needed.quantity, d.point + 1 - d.position)  # Also where a question stands.
    if d.by_share and d.location is not None:
        total = sum(d.shelf.by_location.values(), ZERO)
        mine = part(total, known.share(sku, d.location))
        short = max(d.point + 1, mine) - d.position
        for place, held in places.items():  # Each keeps its part of what there is.
            keep = max(held.keep + 1, part(total, known.share(sku, place)))
            places[place] = held._replace(keep=keep)
    return moves(short, places, step)


@lru_cache(maxsize=1024)
def _arrives(lead: float, today: date) -> date:
    """Return when what is ordered today comes."""
    return today + timedelta(days=ceil(lead))
