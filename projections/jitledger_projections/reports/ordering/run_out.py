"""What runs out soon: the likely and the earliest day of every item that sells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from jitledger.domain.replenishment.ordering.expiring import expected_waste
from jitledger_projections.planning.arrivals import EARLY, LIKELY, arrivals, as_days, run_out_dates
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import Option, report
from jitledger_projections.views.on_hand import positions
from jitledger_projections.views.on_order import open_order_lines
from jitledger_projections.views.products import labels


@dataclass(frozen=True, slots=True)
class RunOut:
    """One item that runs out within the days asked for."""

    sku: str
    title: str
    on_hand: Decimal
    likely: date | None
    earliest: date


def _shape(row: RunOut) -> dict[str, object]:
    return {
        "sku": row.sku,
        "name": row.title,
        "on_hand": row.on_hand,
        "likely": row.likely,
        "earliest": row.earliest,
    }


@report(
    "run-out",
    _shape,
    help="What may run out soon: the likely day and, one in ten, the earliest.",
    nothing="Nothing that is there may run out in that time.",
    options=(Option("days", "days", "Within so many days; else 7.", 7),),
)
def run_outs(look: Look, days: int = 7) -> list[RunOut]:
    """Return items whose earliest run-out (1 in 10) is within so many days, soonest first.

    What is damaged, reserved or owed is there for nobody else: what is nothing but that is out
    today. What is on its way counts from the day it is expected. Items of which nothing lies there
    are left out: they have run out already.
    """
    today, planned = look.today, look.plan
    asked = (planned.mean > 0) & ~planned.rates.dormant
    places = [int(p) for p in np.flatnonzero(asked) if planned.products[p].orderable]
    skus = [planned.products[place].sku for place in places]
    with look.snapshot() as tx:
        shelves = positions(tx, look.now, today.isoformat(), skus)
        kept = [
            (place, shelves[sku])
            for place, sku in zip(places, skus, strict=True)
            if sku in shelves and shelves[sku].known and shelves[sku].on_hand > 0
        ]
        chosen = [planned.products[place].sku for place, _ in kept]
        titles = labels(tx, chosen, look.today)
        coming = arrivals(open_order_lines(tx), planned.leads, today, set(chosen))
    if not kept:
        return []
    index = np.array([place for place, _ in kept], np.intp)
    stock = np.array([float(shelf.sellable) for _, shelf in kept])
    rate, phi = planned.demand_per_day[index], planned.rates.phi[index]
    pairs = zip(kept, rate.tolist(), strict=True)
    stock -= np.array([expected_waste(shelf.lots, each) for (_, shelf), each in pairs])
    ahead = [as_days(coming.get(sku, ())) for sku in chosen]
    likely = run_out_dates(stock, rate, phi, ahead, today, LIKELY)
    earliest = run_out_dates(stock, rate, phi, ahead, today, EARLY)
    last = today + timedelta(days=days)
    found = []
    for (place, shelf), expected, first in zip(kept, likely, earliest, strict=True):
        if first is not None and first <= last:
            sku = planned.products[place].sku
            found.append(RunOut(sku, titles[sku].title, shelf.on_hand, expected, first))
    return sorted(found, key=lambda r: (r.earliest, r.likely or date.max, r.sku))
