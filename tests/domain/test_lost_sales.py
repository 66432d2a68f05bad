"""Lost sales are put back by their likelihood, and a dial that is set on them holds in life."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jitledger.domain.replenishment.backtesting.backtest import Ints, Sales, Supply, simulate
from jitledger.domain.replenishment.backtesting.lost_sales import with_lost_sales
from jitledger.domain.replenishment.backtesting.policies import Method
from jitledger_projections.planning.tuning import dial_for

DAYS, ITEMS = 240, 60


def sales_of(item: Ints, day: Ints, quantity: np.ndarray, moment: np.ndarray) -> Sales:
    """Return order lines of some items in the order that the engine wants."""
    order = np.lexsort((moment, item, day))
    item, day = item[order], day[order]
    return Sales(
        first=20_000,
        days=DAYS,
        item=item,
        day=day,
        quantity=quantity[order],
        moment=moment[order],
        value=quantity[order],
        unit_cost=np.ones(ITEMS),
        supplier=np.zeros(ITEMS, np.int64),
        known=np.zeros(ITEMS, np.int64),
        begins=np.searchsorted(day, np.arange(DAYS + 1)).astype(np.int64),
        exposure={},
    )


def true_sales(seed: int) -> Sales:
    """Return what would sell if everything were always there."""
    rng = np.random.default_rng(seed)
    lines = rng.poisson(rng.gamma(1.0, 0.8, ITEMS)[None, :] * np.ones((DAYS, 1)))
    day, item = np.nonzero(lines)
    count = lines[day, item]
    day, item = np.repeat(day, count).astype(np.int64), np.repeat(item, count).astype(np.int64)
    size = rng.geometric(0.4, day.size).astype(float)
    return sales_of(item, day, size, rng.uniform(0.02, 1, day.size))


def recorded(sales: Sales, seed: int) -> Sales:
    """Return what a shop recorded that was out of each item about a quarter of the time."""
    rng = np.random.default_rng(seed)
    out = np.zeros((DAYS, ITEMS), bool)
    for item in range(ITEMS):
        for begin in rng.integers(0, DAYS, 9):
            out[begin : begin + 7, item] = True
    kept = ~out[sales.day, sales.item]
    seen = sales_of(sales.item[kept], sales.day[kept], sales.quantity[kept], sales.moment[kept])
    exposure = {
        day: (np.flatnonzero(out[day]), np.zeros(int(out[day].sum())))
        for day in range(DAYS)
        if out[day].any()
    }
    return replace(seen, exposure=exposure)


def test_as_much_is_put_back_as_was_lost() -> None:
    """Within a few per cent over all, and nothing on days on which it was there."""
    wanted, seen = true_sales(1), recorded(true_sales(1), 2)
    found = with_lost_sales(seen, 3)
    lost = wanted.item.size - seen.item.size
    assert found.item.size - seen.item.size == pytest.approx(lost, rel=0.12)
    assert found.quantity.sum() == pytest.approx(wanted.quantity.sum(), rel=0.04)
    assert (np.diff(found.day) >= 0).all()
    assert found.begins[-1] == found.item.size
    assert with_lost_sales(seen, 3).quantity.tolist() == found.quantity.tolist()
    assert with_lost_sales(wanted, 3) is wanted
    there = {day: set(items.tolist()) for day, (items, _) in seen.exposure.items()}
    before = np.zeros((DAYS, ITEMS), int)
    np.add.at(before, (seen.day, seen.item), 1)
    after = np.zeros((DAYS, ITEMS), int)
    np.add.at(after, (found.day, found.item), 1)
    for day, item in zip(*np.nonzero(after != before), strict=True):
        assert item in there[day]


def test_a_dial_set_on_it_is_nearer_to_its_target() -> None:
    """Dials set on what was recorded fall short of 95 % in life; on what was put back less so."""
    supply = Supply(np.full((ITEMS, DAYS), 7, np.int16), np.full(ITEMS, 7.0), np.ones(ITEMS))
    dials = np.array([0.4, 0.25, 0.15, 0.1, 0.07, 0.05, 0.035, 0.02, 0.01, 0.005, 0.002])
    missed = {"recorded": [], "put back": []}  # type: dict[str, list[float]]
    for seed in (1, 2, 3):
        wanted = true_sales(seed)
        seen = recorded(wanted, seed + 10)
        for name, learnt in (("recorded", seen), ("put back", with_lost_sales(seen, 5))):
            swept = simulate(learnt, supply, Method(learnt, supply, dials), 90, DAYS)
            kappa, _ = dial_for(swept, dials, 0.95)
            one = Method(wanted, supply, np.array([kappa]))
            fill = float(simulate(wanted, supply, one, 90, DAYS).line_fill[0])
            missed[name].append(0.95 - fill)
    assert abs(np.mean(missed["put back"])) < abs(np.mean(missed["recorded"]))
    assert abs(np.mean(missed["put back"])) < 0.01
