"""Methods beside the default: the textbook's normal safety stock, and the velocity of rivals.

Shapes: ``units`` and ``exposed`` are (days, items), the last days first or last as one likes;
``exposed`` is the share of a day with something to sell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
WINDOW_DAYS = 30
SEASON_BACK_DAYS = 28
SEASON_AHEAD_DAYS = 14
MOST_SEASON = 4.0
LEAST_SEASON_UNITS = 5.0
SMALL_MEAN = 10.0
PRIOR_DAYS = 14.0


@dataclass(frozen=True, slots=True)
class Levels:
    """What a method asks of the shelf, for each item."""

    demand_per_day: Floats
    mean: Floats
    reorder_point: Floats
    safety_stock: Floats


def demand_rate(units: Floats, exposed: Floats) -> Floats:
    """Return units a day of selling time: 60 units in 30 days of which 10 were out give 3.0.

    >>> demand_rate(np.full((30, 1), 2.0), np.repeat([[1.0], [0.0]], (20, 10), axis=0)).tolist()
    [3.0]
    """
    days = exposed.sum(axis=0)
    total = units.sum(axis=0)
    return np.asarray(np.divide(total, days, out=np.zeros(days.size), where=days > 0))


def learning_rate(units: Floats, days: Floats, guess: Floats) -> Floats:
    """Return a new item's rate with a guess worth 14 days: (14·guess + units)/(14 + days).

    A guess of 2 a day and 7 sold in 7 days give 35/21 = 1.667; before any sale it is 2.

    >>> learning_rate(np.array([7.0, 0.0]), np.array([7.0, 0.0]), np.array([2.0, 2.0])).round(3)
    array([1.667, 2.   ])
    """
    return (PRIOR_DAYS * guess + units) / (PRIOR_DAYS + days)


def season_ratio(last_year: Floats, last_year_ahead: Floats) -> Floats:
    """Return last year's next 14 days over its same 28 days, a day; at most 4, at least 1/4.

    Units of the two windows; under 5 units last year says nothing. 56 in 28 days and 84 in the
    14 after give 3.

    >>> season_ratio(np.array([56.0, 4.0, 28.0]), np.array([84.0, 4.0, 700.0])).tolist()
    [3.0, 1.0, 4.0]
    """
    before, ahead = last_year / SEASON_BACK_DAYS, last_year_ahead / SEASON_AHEAD_DAYS
    known = (last_year >= LEAST_SEASON_UNITS) & (last_year_ahead >= LEAST_SEASON_UNITS)
    ratio = np.divide(ahead, before, out=np.ones(before.size), where=known)
    return np.clip(ratio, 1 / MOST_SEASON, MOST_SEASON)


def textbook(
    rate: Floats,
    deviation: Floats,
    lead_days: Floats,
    lead_deviation: Floats,
    review_days: Floats,
    level: Floats,
) -> Levels:
    """Return s = ceil(d·(L+R) + z·sqrt((L+R)·sigma_d² + d²·sigma_L²)); Poisson for means up to 10.

    d 5, sigma_d 2, L 10, sigma_L 3, 95 %: safety 26.78, s 77; with sigma_L 0: 10.40 and 61
    (Silver, Pyke and Thomas, *Inventory and Production Management*, 7.8).

    >>> one = np.ones(3)
    >>> found = textbook(np.array([5, 5, 35 / 21]), np.array([2.0, 2, 1]),
    ...                  np.array([10.0, 10, 6]), np.array([3.0, 0, 0]), 0 * one, .95 * one)
    >>> found.reorder_point.tolist(), found.safety_stock.round(2).tolist()[:2]
    ([77.0, 61.0, 15.0], [26.78, 10.4])
    """
    days = lead_days + review_days
    mean = rate * days
    safety = special.ndtri(level) * np.sqrt(days * deviation**2 + rate**2 * lead_deviation**2)
    point = np.ceil(mean + safety - 1e-9)
    small = (mean <= SMALL_MEAN + 1e-9) & (mean > 0)
    if small.any():
        point[small] = poisson_quantile(mean[small], level[small])
        safety = np.where(small, point - mean, safety)
    return Levels(rate, mean, np.maximum(point, 0.0), safety)


def poisson_quantile(mean: Floats, level: Floats) -> Floats:
    """Return the smallest k with F(k) >= level: mean 10 at .95 gives 15."""
    found = np.maximum(np.floor(special.pdtrik(level, mean)) - 1.0, 0.0)
    for _ in range(4):
        found += special.pdtr(found, mean) < level
    return np.asarray(found)


def velocity(rate: Floats, lead_days: Floats, cover_days: Floats) -> Levels:
    """Return s = average of the last days · (lead time + cover) (Stocky, Inventory Planner).

    2 a day, 7 days to deliver, 14 to cover: 42.
    """
    mean = rate * lead_days
    point = np.ceil(rate * (lead_days + cover_days) - 1e-9)
    return Levels(rate, mean, point, point - mean)
