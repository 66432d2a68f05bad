"""The daily sweep: fold through yesterday, keep the state, store every item's reorder point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

import numpy as np
import orjson

from jitledger.domain.moments import day_number, local_date
from jitledger.domain.quantity import show
from jitledger.domain.replenishment.ordering.order_quantity import lot_by_hand
from jitledger.domain.state.shop import Shop
from jitledger.store.database import Database, marked
from jitledger_projections.planning.exposure import Floats
from jitledger_projections.planning.forecast import Forecast, forecast, keep, remember
from jitledger_projections.planning.order_size import sells_in_its_life
from jitledger_projections.planning.plan import Plan, plan
from jitledger_projections.planning.products import policy_of
from jitledger_projections.planning.tuning import is_due, tune
from jitledger_projections.views.kept import PointRow, drop_points, keep_points, kept_points
from jitledger_projections.views.on_hand import last_costs
from jitledger_projections.views.products import Label, labels, prices, spoils

Note = Callable[[str, float, Mapping[float, float]], None]
"""Called with ``memory`` or ``lots``, what was chosen, and the evidence."""


def sweep(
    database: Database,
    shop: Shop,
    now: int,
    note: Note = lambda what, value, takes: None,
) -> int:
    """Fold the shop through yesterday, keep the state, and store every item's reorder point.

    Returns how many reorder points stand. Alerts compare movements with these points. ``note``
    records a memory, or a size of orders, that the replay chose and that is not in use; what is set
    by hand stays.
    """
    today = local_date(now, shop.tz)
    with database.snapshot() as tx:
        position = database.head(tx)
    found = forecast(database, shop, today, sweeping=True)
    found.cost = _costs(database, found, today)
    planned = plan(database, shop, today, found)
    if is_due(found, shop):
        _learn(database, shop, planned, note)
        planned = plan(database, shop, today, found)
    if found.day >= day_number(today) - 1:
        keep(database, found, position)
    rows = []
    with database.snapshot() as tx:
        spoiling = labels(tx, spoils(tx), today)
    for place, p in enumerate(planned.products):
        if planned.mean[place] <= 0 or planned.rates.dormant[place] or not p.orderable:
            continue
        point = int(planned.reorder_point[place])
        policy = policy_of(p, None, today.isoformat()) if p.policies else None
        lot = Decimal(max(1, int(np.ceil(planned.lots[place]))))
        multiples = False
        if policy is not None:
            by_hand, multiples = lot_by_hand(policy, Decimal(point))
            lot = by_hand or lot
        inputs = {
            "method": planned.method[place],
            "demand_per_day": f"{planned.demand_per_day[place]:.4f}",
            "lead_time_days": f"{planned.lead_days[place]:g}",
            "safety_stock": f"{point - planned.mean[place]:.2f}",
            "service_level": f"{planned.level[place]:.4f}",
            "as_of": today.isoformat(),
            **({"lots": "whole"} if multiples else {}),
            **_life(planned, place, spoiling.get(p.sku), shop),
        }
        rows.append((p.sku, "", str(point), show(lot), orjson.dumps(inputs).decode()))
    _store_points(database, rows)
    return len(rows)


def _learn(database: Database, shop: Shop, planned: Plan, note: Note) -> None:
    """Set the dial, the memory and the lots by a replay, in place."""
    found, lead = planned.forecast, (planned.lead_days, planned.lead_deviation**2)
    learned = tune(database, shop, found, *lead, planned.review_days)
    if learned is None:
        return
    found.tuned, chosen = learned
    found.takes, found.lot_takes = chosen.takes, chosen.lot_takes
    if chosen.lot_scale != found.lot_scale:
        note("lots", chosen.lot_scale, chosen.lot_takes)
        found.lot_scale = chosen.lot_scale
    if chosen.memory != found.memory:
        note("memory", chosen.memory.rate_days, chosen.takes)
        remember(database, shop, found, chosen.memory)


def _life(planned: Plan, place: int, label: Label | None, shop: Shop) -> dict[str, str]:
    """Return what sells before it spoils, for the quantity of an alert."""
    if label is None:
        return {}
    p, rate = planned.products[place], float(planned.demand_per_day[place])
    sells = sells_in_its_life(label, None, planned.terms.of(p.supplier, p.sku), rate, shop)
    return {"sells_in_life": str(int(sells))}


def _costs(database: Database, found: Forecast, today: date) -> Floats:
    """Return what a unit of each item costs: last receipts, else half its price, else 0."""
    cost = np.zeros(len(found.skus))
    with database.snapshot() as tx:
        for sku, price in prices(tx, today):
            if sku in found.place:
                cost[found.place[sku]] = float(price) / 2
        for sku, last in last_costs(tx).items():
            if sku in found.place:
                cost[found.place[sku]] = last
    return cost


def _store_points(database: Database, rows: list[PointRow]) -> None:
    """Replace the points in transactions of bounded length."""
    with database.snapshot() as tx:
        stored = {(row[0], row[1]): tuple(row) for row in kept_points(tx)}
    fresh = {(r[0], r[1]): r for r in rows}
    gone = [key for key in stored if key not in fresh]
    changed = [row for key, row in fresh.items() if stored.get(key) != row]
    chunk = 2000
    for at in range(0, max(len(gone), len(changed)), chunk):
        with database.transaction() as tx:
            database.lock(tx)
            marked(tx)
            drop_points(tx, gone[at : at + chunk])
            keep_points(tx, changed[at : at + chunk])
