"""The daily sweep's numerics over 100,000 items: fold 374 days, moments, quantiles, quantities."""

from __future__ import annotations

import numpy as np

from common import Cpu, Result, in_loops, loop, machine, show
from jitledger.domain.replenishment.backtesting.policies import allocate, up_to, weights_of
from jitledger.domain.replenishment.demand_state import (
    DailyRows,
    DemandState,
    Exposures,
    fold_days,
)
from jitledger.domain.replenishment.reorder_point import rates, reorder_points

ITEMS, DAYS, LINES = 100_000, 374, 1_000_000


def run() -> list[Result]:
    """Make the daily rows of a shop, fold them, and set every item's level and quantity."""
    rng = np.random.default_rng(1)
    item = (ITEMS * rng.random(LINES) ** 2).astype(np.int64)
    day = np.sort(rng.integers(0, DAYS, LINES))
    units = rng.integers(1, 5, LINES).astype(float)
    rows = DailyRows(item, day, np.ones(LINES), units, units**2)
    out = np.sort(rng.integers(0, DAYS, LINES // 5))
    exposures = Exposures(
        rng.integers(0, ITEMS, LINES // 5), out, rng.integers(0, 2, LINES // 5).astype(float) / 2
    )
    state = DemandState.empty(ITEMS)
    cost = rng.gamma(2.0, 3.0, ITEMS)
    lead = rng.uniform(2, 14, ITEMS)
    ones = np.ones(ITEMS)
    with Cpu() as folding:
        fold_days(state, rows, exposures, np.zeros(ITEMS, np.int64), 0, DAYS - 1, np.ones(DAYS))
    with Cpu() as deciding:
        r = rates(state, DAYS, 0 * ones, 0 * ones, ones)
        rate = r.units_per_day
        batch = np.maximum(1.0, 7 * rate) / np.maximum(7 * rate, 1e-12)
        weight = weights_of("mix", cost, r.units_per_line, rate > 0)
        level = allocate(0.05, batch, weight)
        h = reorder_points(r, lead, lead, ones, lead + 1, level)
        up_to(h.reorder_point, rate, 7.0)
    core = loop()
    whole = folding.cpu + deciding.cpu
    return [
        in_loops(f"daily sweep of {ITEMS:,} items, CPU", whole, core, 60),
        in_loops("of that quantiles and quantities", deciding.cpu, core, 10),
    ]


if __name__ == "__main__":
    print(machine())
    show(run())
