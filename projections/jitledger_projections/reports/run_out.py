"""What runs out soon: the likely and the earliest day of every item that sells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from jitledger.domain.moments import local_date
from jitledger.domain.state.shop import Shop
from jitledger.store.database import Database
from jitledger_projections.planning.arrivals import EARLY, LIKELY, arrivals, run_out_dates
from jitledger_projections.planning.plan import Plan, plan
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


def run_outs(
    database: Database, shop: Shop, now: int, days: int = 7, planned: Plan | None = None
) -> list[RunOut]:
    """Return items whose earliest run-out (1 in 10) is within so many days, soonest first.

    ``planned`` is today's plan. What is on its way counts from the day it is expected. Items
    without stock are left out: they have run out already.
    """
    today = local_date(now, shop.tz)
    planned = planned or plan(database, shop, today)
    asked = (planned.mean > 0) & ~planned.rates.dormant
    places = [int(p) for p in np.flatnonzero(asked) if planned.products[p].orderable]
    skus = [planned.products[place].sku for place in places]
    with database.snapshot() as tx:
        shelves = positions(tx, now, today.isoformat(), skus)
        kept = [
            (place, shelves[sku])
            for place, sku in zip(places, skus, strict=True)
            if sku in shelves and shelves[sku].known and shelves[sku].on_hand > 0
        ]
        chosen = [planned.products[place].sku for place, _ in kept]
        titles = labels(tx, chosen)
        coming = arrivals(open_order_lines(tx), planned.leads, today, set(chosen))
    if not kept:
        return []
    index = np.array([place for place, _ in kept], np.intp)
    stock = np.array([float(shelf.on_hand) for _, shelf in kept])
    rate, phi = planned.demand_per_day[index], planned.rates.phi[index]
    ahead = [coming.get(sku, []) for sku in chosen]
    likely = run_out_dates(stock, rate, phi, ahead, today, LIKELY)
    earliest = run_out_dates(stock, rate, phi, ahead, today, EARLY)
    last = today + timedelta(days=days)
    found = []
    for (place, shelf), expected, first in zip(kept, likely, earliest, strict=True):
        if first is not None and first <= last:
            sku = planned.products[place].sku
            found.append(RunOut(sku, titles[sku].title, shelf.on_hand, expected, first))
    return sorted(found, key=lambda r: (r.earliest, r.likely or date.max, r.sku))
