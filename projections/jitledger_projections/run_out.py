"""What runs out soon: the likely and the earliest day of every item that sells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from jitledger.domain.moments import local_date
from jitledger.domain.replenishment.reorder_point import run_out_day_with, run_out_days
from jitledger.domain.shop import Shop
from jitledger.store.database import Database
from jitledger_projections.on_hand import positions
from jitledger_projections.on_order import open_order_lines
from jitledger_projections.plan import plan
from jitledger_projections.products import labels
from jitledger_projections.reorder import arrivals, days_of


@dataclass(frozen=True, slots=True)
class RunOut:
    """One item that runs out within the days asked for."""

    sku: str
    title: str
    on_hand: Decimal
    likely: date | None
    earliest: date


def run_outs(database: Database, shop: Shop, now: int, days: int = 7) -> list[RunOut]:
    """Return items whose earliest run-out (1 in 10) is within so many days, soonest first.

    What is on its way counts from the day it is expected. Items without stock are left out: they
    have run out already.
    """
    today = local_date(now, shop.tz)
    planned = plan(database, shop, today)
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
    probable, soonest = run_out_days(stock, rate, phi, 0.5), run_out_days(stock, rate, phi, 0.1)
    for i, (place, _) in enumerate(kept):
        ahead = coming.get(planned.products[place].sku)
        if ahead:
            offsets = [((day - today).days + 1, float(units)) for day, units in ahead]
            each = (float(stock[i]), float(rate[i]), float(phi[i]), offsets)
            probable[i] = run_out_day_with(*each, 0.5)
            soonest[i] = run_out_day_with(*each, 0.1)
    likely, earliest = days_of(probable, today), days_of(soonest, today)
    last = today + timedelta(days=days)
    found = []
    for (place, shelf), expected, first in zip(kept, likely, earliest, strict=True):
        if first is not None and first <= last:
            sku = planned.products[place].sku
            found.append(RunOut(sku, titles[sku].title, shelf.on_hand, expected, first))
    return sorted(found, key=lambda r: (r.earliest, r.likely or date.max, r.sku))
