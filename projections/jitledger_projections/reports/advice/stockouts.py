"""Stockouts: days without stock, what was asked for in vain, and what that is likely to have cost.

What was asked for and noted is exact. What nobody noted is estimated: demand a day × days out. The
larger of the two counts as lost, so that a note makes no loss smaller (DOMAIN.md 12).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from jitledger.domain.errors import bad_value
from jitledger.domain.moments import day_number
from jitledger_projections.planning.exposure import load_exposures
from jitledger_projections.planning.order_size import net_price
from jitledger_projections.reports.advice.margins import newest_cost
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import Option, report
from jitledger_projections.views.demand import unmet_between
from jitledger_projections.views.on_hand import positions
from jitledger_projections.views.on_order import ordered_costs
from jitledger_projections.views.products import labels

USUAL_DAYS = 90

LEAST_DAYS_OUT = 0.05
"""Less is a moment between a sale and a delivery."""

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Stockout:
    """What an item lost over some days; units and margin are rounded for display."""

    sku: str
    title: str
    days_out: float
    asked_for: float
    demand_per_day: float
    lost_units: float
    lost_margin: Decimal | None
    """In the shop's currency, net of tax; None while price or cost is unknown."""


def _shape(row: Stockout) -> dict[str, object]:
    return {
        "sku": row.sku,
        "name": row.title,
        "days_out": round(row.days_out, 1),
        "asked_for": round(row.asked_for, 3),
        "demand_per_day": round(row.demand_per_day, 3),
        "lost_units": round(row.lost_units, 1),
        "lost_margin": row.lost_margin,
    }


@report(
    "stockouts",
    _shape,
    help="Days without stock, what was asked for in vain, and the units and margin lost by it.",
    nothing="Nothing was out of stock, and nothing was asked for in vain.",
    options=(Option("days", "days", "Of so many days until today; else 90.", USUAL_DAYS),),
    chat="stockouts",
    told=("days_out", "lost_units", "lost_margin"),
)
def stockouts(look: Look, days: int = USUAL_DAYS) -> list[Stockout]:
    """Return what was out of stock or asked for in vain, the dearest loss first.

    Ten days out at 3 a day lost 30 units; where 3 were noted as asked for, the note is shown
    beside. Days are the times the shop was open and had nothing, through yesterday.
    """
    if days < 1:
        raise bad_value("days", days, "a number of days is expected, like 14")
    planned, today = look.plan, day_number(look.today)
    first = today - days + 1
    found = planned.forecast
    with look.snapshot() as tx:
        exposures = load_exposures(tx, found.place, look.shop, found.hours, first, today - 1, None)
        asked = unmet_between(tx, first, today)
        out = np.zeros(len(found.skus))
        open_ = ~np.isin(exposures.day, found.closed.days)  # A closed shop loses nothing.
        np.add.at(out, exposures.item[open_], 1.0 - exposures.share[open_])
        wanted = {found.place[sku] for sku in asked if sku in found.place}
        wanted |= {int(i) for i in np.flatnonzero(out >= LEAST_DAYS_OUT)}
        skus = [found.skus[i] for i in wanted]
        named = labels(tx, skus, look.today)
        shelves = positions(tx, look.now, look.today.isoformat(), skus)
        bought = ordered_costs(tx)
    rows = []
    for place in wanted:
        p = planned.products[place]
        label = named[p.sku]
        rate = float(planned.demand_per_day[place]) if p.orderable else 0.0
        noted = asked.get(p.sku, 0.0)
        lost = max(noted, rate * float(out[place]))
        if lost <= 0:
            continue
        cost = newest_cost(planned, p, shelves.get(p.sku), bought, look.shop)
        margin = None
        if label.price is not None and cost is not None:
            earned = max(Decimal(0), net_price(label, look.shop) - cost)
            margin = (earned * Decimal(lost)).quantize(CENT)
        row = Stockout(p.sku, label.title, float(out[place]), noted, rate, lost, margin)
        rows.append(row)
    return sorted(rows, key=lambda r: (-(r.lost_margin or Decimal(0)), -r.lost_units, r.sku))
