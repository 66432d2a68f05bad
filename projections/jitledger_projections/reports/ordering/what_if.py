"""What if: a supplier is late, demand changes; what runs out, and what to do now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from math import ceil

import numpy as np

from jitledger.domain.errors import Refused, Remark, bad_value
from jitledger.domain.moments import to_datetime
from jitledger.domain.quantity import ZERO
from jitledger.domain.replenishment.ordering.expiring import expected_waste
from jitledger.domain.replenishment.ordering.order_days import next_order_day
from jitledger.domain.replenishment.quantiles import quantile
from jitledger.domain.replenishment.reorder_point import MODEL_RISK
from jitledger_projections.planning.arrivals import (
    Arrival,
    Arrivals,
    arrivals,
    as_days,
    run_out_date,
)
from jitledger_projections.planning.order_size import suggestion, whole_shop
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.ordering.due import with_its_gap, without_waste
from jitledger_projections.reports.table import Option, report
from jitledger_projections.views.on_hand import Position, positions
from jitledger_projections.views.on_order import open_order_lines
from jitledger_projections.views.products import Label, labels

HORIZON = 90

MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Consequence:
    """What changes for one item: when it runs out, and what to do now."""

    sku: str
    title: str
    before: date | None
    after: date
    arrives: date
    """When an order of today would come, if things go so."""
    order_now: Decimal
    expedite: bool
    alternative: str | None
    question: Remark | None = None
    """What is to be decided before that much can be ordered."""


def _shape(c: Consequence) -> dict[str, object]:
    return {
        "sku": c.sku,
        "name": c.title,
        "runs_out_now": c.before,
        "runs_out_then": c.after,
        "order_would_come": c.arrives,
        "order_now": c.order_now,
        "expedite": c.expedite,
        "alternative_supplier": c.alternative,
        "question": None if c.question is None else str(c.question),
    }


@report(
    "whatif",
    _shape,
    help="What runs out, when, and what to do now, if things go otherwise.",
    nothing="Nothing runs out sooner within 90 days.",
    example="--late 14",
    options=(
        Option("supplier", "supplier", "This supplier …"),
        Option("late_days", "days", "… is so many days late.", 0),
        Option("category", "category", "Demand of this category …"),
        Option("factor", "factor", "… times so much, like 1.5.", 1.0),
    ),
)
def what_if(
    look: Look,
    *,
    supplier: str | None = None,
    late_days: int = 0,
    category: str | None = None,
    factor: float = 1.0,
) -> list[Consequence]:
    """Return what runs out if a supplier is late, or demand of a category changes.

    Late is what is on order there, and what would be ordered today.

    Raises ``bad-value`` for a factor or a delay that changes nothing or cannot be.
    """
    _check(look, late_days, category, factor)
    today, planned = look.today, look.plan
    with look.snapshot() as tx:
        lines = open_order_lines(tx)
    coming = arrivals(lines, planned.leads, today, planned.forecast.place)
    asked = [
        place
        for place, p in enumerate(planned.products)
        if p.orderable
        and planned.mean[place] > 0
        and not planned.rates.dormant[place]
        and (supplier is None or p.supplier == supplier or _from(supplier, coming.get(p.sku, ())))
        and (category is None or (p.category or "").casefold() == category.casefold())
    ]
    skus = [planned.products[place].sku for place in asked]
    with look.snapshot() as tx:
        shelves = positions(tx, look.now, today.isoformat(), skus)
        named = labels(tx, skus, look.today)
    found = []
    for place, sku in zip(asked, skus, strict=True):
        shelf = shelves.get(sku)
        if shelf is None or not shelf.known:
            continue
        ahead = coming.get(sku, ())
        slower = [
            (one.likely + timedelta(days=late_days if _is_of(supplier, one) else 0), one.units)
            for one in ahead
        ]
        mine = supplier is None or planned.products[place].supplier == supplier
        late = late_days if mine else 0
        one = _of_one(look, place, shelf, as_days(ahead), slower, late, factor)
        if one is not None:
            found.append(_with_its_order(look, place, shelf, named[sku], one, ahead, late, factor))
    return sorted(found, key=lambda c: (c.after, c.sku))


def _is_of(supplier: str | None, one: Arrival) -> bool:
    return supplier in (None, one.line.supplier)


def _from(supplier: str, ahead: Sequence[Arrival]) -> bool:
    return any(one.line.supplier == supplier for one in ahead)


def _check(look: Look, late_days: int, category: str | None, factor: float) -> None:
    """Raise ``bad-value`` for what changes nothing, cannot be, or nobody has."""
    if not 0 < factor <= 100:
        raise Refused("bad-value", f"Demand × {factor:g} cannot be; try 1.5.", field="factor")
    if not 0 <= late_days <= 365:
        raise Refused("bad-value", f"{late_days} days late cannot be; try 14.", field="late_days")
    if late_days == 0 and factor == 1.0:
        raise Refused("bad-value", "Say how late, or how much more sells; nothing changes so.")
    known = sorted({p.category for p in look.plan.products if p.category})
    if category is not None and category.casefold() not in {one.casefold() for one in known}:
        shown = ", ".join(known[:MOST_NAMED]) or "none"
        raise bad_value("category", category, "no product is in it; there are {known}", known=shown)


def _of_one(
    look: Look,
    place: int,
    shelf: Position,
    ahead: Arrivals,
    slower: Arrivals,
    late: int,
    factor: float,
) -> Consequence | None:
    """Return what changes for one item, before what to order; None where nothing does.

    It runs out sooner, or a new order that is late, too, leaves the shelf empty for longer.
    """
    planned, today = look.plan, look.today
    rate, phi = float(planned.demand_per_day[place]), float(planned.rates.phi[place])
    stock, usual = float(shelf.sellable), float(planned.lead_days[place])
    now, then = (stock - expected_waste(shelf.lots, each) for each in (rate, rate * factor))
    before = run_out_date(now, rate, phi, ahead, today)
    after = run_out_date(then, rate * factor, phi, slower, today)
    if after is None or after > today + timedelta(days=HORIZON):
        return None
    lead = max(1.0, usual + late)
    product = planned.products[place]
    arrives = _leaves(look, product.supplier) + timedelta(days=ceil(lead))
    sooner = before is None or after < before
    if not sooner and not (late and after < arrives):
        return None
    return Consequence(
        sku=product.sku,
        title=product.sku,
        before=before,
        after=after,
        arrives=arrives,
        order_now=ZERO,
        expedite=after < arrives,
        alternative=planned.alternative(product.sku, product.supplier),
    )


def _leaves(look: Look, supplier: str | None) -> date:
    """Return the next day on which an order to a supplier can leave."""
    source = look.plan.suppliers.get(supplier or "")
    clock = to_datetime(look.now).astimezone(look.shop.tz)
    return clock.date() if source is None else next_order_day(source.weekdays, source.cutoff, clock)


def _with_its_order(
    look: Look,
    place: int,
    shelf: Position,
    label: Label,
    found: Consequence,
    ahead: Sequence[Arrival],
    late: int,
    factor: float,
) -> Consequence:
    """Return a consequence with what to order if things go so: in packs, as ``reorder`` would."""
    planned, today = look.plan, look.today
    rate = float(planned.demand_per_day[place]) * factor
    lead = max(1.0, float(planned.lead_days[place]) + late)
    horizon, phi = lead + float(planned.review_days[place]), float(planned.rates.phi[place])
    mean = rate * horizon
    spread = phi * mean + (rate * float(planned.lead_deviation[place])) ** 2
    point = quantile(
        np.array([mean]),
        np.array([spread + MODEL_RISK * mean**2]),
        np.array([float(planned.level[place])]),
    )[0]
    product = planned.products[place]
    d = whole_shop(planned, place, shelf, Decimal(int(point)), today)
    d = without_waste(d._replace(usual=d.usual * factor), rate, horizon)
    d = with_its_gap(planned, d, ahead, today)
    if d.position > d.point:
        return replace(found, title=label.title)
    source = planned.suppliers.get(product.supplier or "")
    agreed = planned.terms.of(product.supplier, product.sku)
    wanted = suggestion(d, product, label, source, agreed, rate, lead, look.shop, today)
    return replace(found, title=label.title, order_now=wanted.quantity, question=wanted.question)
