"""What if: a supplier is late, demand changes; what runs out, and what to do now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from jitledger.domain.errors import Refused
from jitledger.domain.quantity import ZERO
from jitledger.domain.replenishment.quantiles import quantile
from jitledger.domain.replenishment.reorder_point import MODEL_RISK
from jitledger_projections.planning.arrivals import arrivals, as_days, run_out_date
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import Option, report
from jitledger_projections.views.on_hand import positions
from jitledger_projections.views.on_order import open_order_lines
from jitledger_projections.views.products import labels

HORIZON = 90


@dataclass(frozen=True, slots=True)
class Consequence:
    """What changes for one item: when it runs out, and what to do now."""

    sku: str
    title: str
    before: date | None
    after: date
    order_now: Decimal
    expedite: bool
    alternative: str | None


def _shape(c: Consequence) -> dict[str, object]:
    return {
        "sku": c.sku,
        "name": c.title,
        "runs_out_now": c.before,
        "runs_out_then": c.after,
        "order_now": c.order_now,
        "expedite": c.expedite,
        "alternative_supplier": c.alternative,
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
    """Return what runs out sooner if a supplier is late, or demand of a category changes.

    Raises ``bad-value`` for a factor or a delay that changes nothing or cannot be.
    """
    if not 0 < factor <= 100:
        raise Refused("bad-value", f"Demand × {factor:g} cannot be; try 1.5.", field="factor")
    if not 0 <= late_days <= 365:
        raise Refused("bad-value", f"{late_days} days late cannot be; try 14.", field="late_days")
    if late_days == 0 and factor == 1.0:
        raise Refused("bad-value", "Say how late, or how much more sells; nothing changes so.")
    shop, today, planned = look.shop, look.today, look.plan
    asked = [
        place
        for place, p in enumerate(planned.products)
        if p.orderable
        and planned.mean[place] > 0
        and not planned.rates.dormant[place]
        and (supplier is None or p.supplier == supplier)
        and (category is None or (p.category or "").casefold() == category.casefold())
    ]
    skus = [planned.products[place].sku for place in asked]
    with look.snapshot() as tx:
        shelves = positions(tx, look.now, today.isoformat(), skus)
        lines = open_order_lines(tx)
        named = labels(tx, skus)
    ahead = {
        sku: as_days(coming)
        for sku, coming in arrivals(lines, planned.leads, today, set(skus)).items()
    }
    slower = {
        sku: [(day + timedelta(days=late_days), units) for day, units in rows]
        for sku, rows in ahead.items()
    }
    found = []
    for place, sku in zip(asked, skus, strict=True):
        shelf = shelves.get(sku)
        if shelf is None or not shelf.known:
            continue
        rate, phi = float(planned.demand_per_day[place]), float(planned.rates.phi[place])
        stock = float(shelf.on_hand)
        before = run_out_date(stock, rate, phi, ahead.get(sku, []), today)
        after = run_out_date(stock, rate * factor, phi, slower.get(sku, []), today)
        if after is None or (before is not None and after >= before):
            continue
        if after > today + timedelta(days=HORIZON):
            continue
        lead = max(1.0, float(planned.lead_days[place]) + late_days)
        horizon = lead + float(planned.review_days[place])
        mean = rate * factor * horizon
        spread = phi * mean + (rate * factor * float(planned.lead_deviation[place])) ** 2
        point = quantile(
            np.array([mean]),
            np.array([spread + MODEL_RISK * mean**2]),
            np.array([float(planned.level[place])]),
        )[0]
        wanted = Decimal(int(point + float(shop.cover_days) * rate * factor + 0.999))
        missing = max(ZERO, wanted - shelf.inventory_position)
        if shelf.inventory_position > Decimal(int(point)):
            missing = ZERO
        other = planned.alternative(sku, planned.products[place].supplier)
        found.append(
            Consequence(
                sku,
                named[sku].title,
                before,
                after,
                missing,
                after < today + timedelta(days=int(lead)),
                other,
            )
        )
    return sorted(found, key=lambda c: (c.after, c.sku))
