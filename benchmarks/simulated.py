"""Six shops made from seeds: what suits one kind of trade does not suit another.

Each is order lines of two years: a steady grocer, a growing wholesaler, a shop with a strong year,
one with promotions, one with a new range each season, and spare parts. Rates are drawn, not taken
from anywhere; the last 131 days are scored.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from jitledger.domain.replenishment.backtesting.backtest import Sales

Floats = npt.NDArray[np.float64]

DAYS, FIRST = 730, 20_000
"""Two years; day number 20,000 is a Thursday."""


def steady_grocer(rng: np.random.Generator) -> tuple[Floats, float]:
    """Return rates of lines a day, shape (days, items), and the mean line: quick and even."""
    week = np.array([0.9, 0.9, 0.95, 1.05, 1.2, 1.3, 0.7])
    rate = rng.gamma(1.2, 6.0, 150)
    return week[(np.arange(DAYS) + FIRST + 3) % 7][:, None] * rate, 1.0


def growing_wholesaler(rng: np.random.Generator) -> tuple[Floats, float]:
    """Slow and quick items in lots, three times as much at the end as at the begin."""
    drift = np.cumsum(rng.normal(0, 0.04, (DAYS, 400)), axis=0)
    growth = 3.0 ** (np.arange(DAYS) / DAYS)
    return growth[:, None] * np.exp(drift * 0.5) * rng.gamma(0.4, 1.2, 400), 6.0


def strong_year(rng: np.random.Generator) -> tuple[Floats, float]:
    """Half of the items sell four times as much in their season as out of it."""
    peak = np.where(rng.random(250) < 0.5, rng.choice([90, 270, 340], 250), -1)
    away = np.minimum(
        (np.arange(DAYS)[:, None] - peak) % 365, (peak - np.arange(DAYS)[:, None]) % 365
    )
    season = np.where(peak >= 0, 0.5 + 2.5 * np.exp(-((away / 35.0) ** 2)), 1.0)
    return season * rng.gamma(0.6, 1.5, 250), 2.0


def promotions(rng: np.random.Generator) -> tuple[Floats, float]:
    """Weeks of promotion, each item about a third of the time, at three times the demand."""
    weeks = rng.random((DAYS // 7 + 1, 150)) < 0.3
    on = np.repeat(weeks, 7, axis=0)[:DAYS]
    return np.where(on, 3.0, 1.0) * rng.gamma(1.0, 3.0, 150), 1.0


def new_range(rng: np.random.Generator) -> tuple[Floats, float]:
    """A range for half a year each: items come quickly, last 180 days and fade."""
    begin = rng.integers(0, DAYS - 100, 400)
    age = np.arange(DAYS)[:, None] - begin
    life = np.where((age >= 0) & (age < 180), 1.6 * np.exp(-np.maximum(age, 0) / 90.0), 0.0)
    return life * rng.gamma(0.8, 2.0, 400), 1.5


def spare_parts(rng: np.random.Generator) -> tuple[Floats, float]:
    """Most items sell once a month or more seldom."""
    return np.ones((DAYS, 1)) * rng.gamma(0.3, 0.12, 800), 1.6


SHOPS: dict[str, Callable[[np.random.Generator], tuple[Floats, float]]] = {
    "steady grocer": steady_grocer,
    "growing wholesaler": growing_wholesaler,
    "strong year": strong_year,
    "promotions": promotions,
    "new range": new_range,
    "spare parts": spare_parts,
}


def simulated(name: str, seed: int) -> Sales:
    """Return the order lines of one shop; the same seed gives the same."""
    rng = np.random.default_rng([seed, sorted(SHOPS).index(name)])
    rate, each = SHOPS[name](rng)
    lines = rng.poisson(rate)
    day, item = np.nonzero(lines)
    count = lines[day, item]
    day, item = np.repeat(day, count).astype(np.int64), np.repeat(item, count).astype(np.int64)
    size = rng.geometric(1 / each, day.size).astype(float)
    items = rate.shape[1]
    cost = np.exp(rng.normal(1.5, 1.0, items))
    known = np.full(items, DAYS, np.int64)
    np.minimum.at(known, item, day)
    return Sales(
        first=FIRST,
        days=DAYS,
        item=item,
        day=day,
        quantity=size,
        moment=rng.uniform(0.02, 1.0, day.size),
        value=size * cost[item] * 2,
        unit_cost=cost,
        supplier=np.zeros(items, np.int64),
        known=known,
        begins=np.searchsorted(day, np.arange(DAYS + 1)).astype(np.int64),
        exposure={},
    )
