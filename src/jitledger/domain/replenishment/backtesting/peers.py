"""Fair peers: the simple rules at their best, so that a figure beside them means something.

They leave out days without stock, average over several windows, cover by class, and know the same
lead times. None of them knows order lines: they see units a day, as the tools that use them do.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from jitledger.domain.replenishment.backtesting.backtest import Day, Sales, Supply
from jitledger.domain.replenishment.backtesting.policies import (
    COVER_DAYS,
    Weights,
    allocate,
    up_to,
    weights_of,
)
from jitledger.domain.replenishment.quantiles import quantile
from jitledger.domain.replenishment.reorder_point import MODEL_RISK

Floats = npt.NDArray[np.float64]

BY_CLASS = (0.7, 1.0, 1.4)
"""What classes A, B and C cover, as a share of the dial: dear and quick goods less."""

A_SHARE, B_SHARE = 0.80, 0.95


def abc_of(worth: Floats) -> npt.NDArray[np.int64]:
    """Return 0, 1 or 2 for items that make the first 80 %, the next 15 % and the last 5 %.

    What one item more than fills belongs to the class that it begins in: 80, 15, 4, 1 are A, B, C,
    C.

    >>> abc_of(np.array([4.0, 80.0, 1.0, 15.0])).tolist()
    [2, 0, 2, 1]
    """
    order = np.argsort(-worth, kind="stable")
    total = worth.sum()
    before = np.concatenate(([0.0], np.cumsum(worth[order])[:-1]))
    share = before / total if total > 0 else np.zeros(worth.size)
    classes = np.empty(worth.size, np.int64)
    classes[order] = np.digitize(share, (A_SHARE - 1e-12, B_SHARE - 1e-12))
    return classes


@dataclass(slots=True)
class SellableVelocity:
    """The mean of several windows' averages over days with stock, times (lead time + cover by ABC).

    What Inventory Planner and its like come to with their options set well. Two windows of 30 and
    60 days with 60 units in 20 sellable days and 90 in 50 are (3 + 1.8) ÷ 2 = 2.4 a day.
    """

    sales: Sales
    supply: Supply
    dials: Floats
    windows: tuple[int, ...] = (14, 30, 60, 90)
    cover_days: float = COVER_DAYS
    name: str = field(init=False, default="velocity, sellable days")

    @property
    def rows(self) -> int:
        """Return the number of dials."""
        return int(self.dials.size)

    def levels(self, day: Day) -> tuple[Floats, Floats]:
        """Return reorder points and order-up-to levels of every row."""
        items = self.supply.mean.size
        rates = []
        for days in self.windows:
            units, exposed = day.window.last(days)
            rates.append(units.sum(axis=0) / np.maximum(exposed.sum(axis=0), 1.0))
        rate = np.mean(rates, axis=0)
        share = np.concatenate(
            [
                np.array(BY_CLASS)[abc_of(row * self.sales.unit_cost)]
                for row in rate.reshape(self.rows, items)
            ]
        )
        lead = np.tile(self.supply.mean + day.review_days - 1, self.rows)
        point = np.ceil(rate * (lead + np.repeat(self.dials, items) * share))
        return point, up_to(point, rate, self.cover_days)


@dataclass(slots=True)
class TsbNegativeBinomial:
    """Teunter, Syntetos and Babai (2011), with a negative binomial of its variance.

    p ← p + alpha·(sold - p) on every day with stock, z and z² ← + beta·(x - z) when something sold;
    mean p·z a day, variance p·z² - mean². Ten days without a sale at alpha .1 leave .35 of p.
    """

    sales: Sales
    supply: Supply
    dials: Floats
    alpha: float = 0.05
    beta: float = 0.1
    weights: Weights = "one"
    cover_days: float = COVER_DAYS
    name: str = field(init=False, default="TSB-NB")
    _seen: int | None = field(init=False, default=None)
    _chance: Floats = field(init=False, default_factory=lambda: np.zeros(0))
    _size: Floats = field(init=False, default_factory=lambda: np.zeros(0))
    _square: Floats = field(init=False, default_factory=lambda: np.zeros(0))

    @property
    def rows(self) -> int:
        """Return the number of dials."""
        return int(self.dials.size)

    def levels(self, day: Day) -> tuple[Floats, Floats]:
        """Return reorder points and order-up-to levels of every row."""
        self._learn(day)
        items = self.supply.mean.size
        rate = self._chance * self._size
        spread = np.maximum(self._chance * self._square - rate**2, rate)
        lead = np.tile(self.supply.mean + day.review_days - 1, self.rows)
        mean = rate * lead
        variance = lead * spread + rate**2 * np.tile(self.supply.variance, self.rows)
        variance += MODEL_RISK * mean**2
        dial = np.repeat(self.dials, items)
        level = dial
        if self.weights != "one":
            batch = np.maximum(1.0, self.cover_days * rate)
            batch /= np.maximum(self.cover_days * rate, 1e-12)
            weight = [
                weights_of(self.weights, self.sales.unit_cost, size, row > 0)
                for row, size in zip(
                    rate.reshape(self.rows, items),
                    self._size.reshape(self.rows, items),
                    strict=True,
                )
            ]
            level = allocate(dial, batch, np.concatenate(weight))
        point = quantile(mean, variance, level)
        return point, up_to(point, rate, self.cover_days)

    def _learn(self, day: Day) -> None:
        """Take in the days since the last look, at first all that the window holds."""
        length = day.window.length
        fresh = length if self._seen is None else min(length, day.today - self._seen)
        units, exposed = day.window.last(fresh)
        if fresh < length:
            units, exposed = units[::-1], exposed[::-1]  # ``last`` has the newest first.
        else:
            units, exposed = (np.roll(x, -day.window.at, axis=0) for x in (units, exposed))
        if self._seen is None:
            days = np.maximum(exposed.sum(axis=0), 1.0)
            sold = np.maximum((units > 0).sum(axis=0), 1.0)
            self._chance = (units > 0).sum(axis=0) / days
            self._size = units.sum(axis=0) / sold
            self._square = (units**2).sum(axis=0) / sold
        else:
            for x, e in zip(units, exposed, strict=True):
                self._one(x, e)
        self._seen = day.today

    def _one(self, x: Floats, exposed: Floats) -> None:
        sold = x > 0
        step = self.alpha * (sold - self._chance)
        self._chance += np.where(sold | (exposed > 0), step, 0.0)
        self._size += np.where(sold, self.beta * (x - self._size), 0.0)
        self._square += np.where(sold, self.beta * (x**2 - self._square), 0.0)
