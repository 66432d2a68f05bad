"""Reorder point, quantity and run-out date (REPLENISHMENT.md 4 and 5), one service level.

mu is the expected demand over the horizon H = lead time + review period, and
sigma² = phi·mu + d²·sigma_L² + 0.1·mu²; s is the quantile of a negative binomial with that mean
and variance. Worked number: d 2 a day, H 4, phi 2,
no lead-time variance: mu 8, sigma² 22.4, s(.95) 17.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jitledger.domain.replenishment.demand_state import DemandState
from jitledger.domain.replenishment.quantiles import cdf, quantile

Floats = npt.NDArray[np.float64]
MODEL_RISK = 0.1
SHOWN_RISK = 0.2
LEARNING_DAYS = 14
LEARNING_LINES = 3
DORMANT_DAYS = 60
HORIZON_DAYS = 365


@dataclass(frozen=True, slots=True)
class Rates:
    """What is expected: order lines a day, units a line, and the dispersion phi."""

    lines_per_day: Floats
    units_per_line: Floats
    phi: Floats
    learning: npt.NDArray[np.bool_]
    low_confidence: npt.NDArray[np.bool_]
    dormant: npt.NDArray[np.bool_]

    @property
    def units_per_day(self) -> Floats:
        """Return the demand rate before weekday and season indices."""
        return self.lines_per_day * self.units_per_line


def rates(
    s: DemandState, today: int, prior_lines: Floats, prior_units: Floats, weight: Floats
) -> Rates:
    """Return rates from a state; ``weight`` is k of the learning rule (1 or 14 days)."""
    learning = (s.days < LEARNING_DAYS) | (s.lines < LEARNING_LINES)
    steady = np.divide(s.A, s.B, out=np.zeros(s.A.size), where=s.B > 0)
    size = np.divide(s.U, s.C, out=np.zeros(s.A.size), where=s.C > 0)
    # Without a prior an item's own few lines are all that is known.
    trust = np.where(prior_lines > 0, weight, 0.0)
    seen = s.days + trust
    early = np.divide(s.lines + trust * prior_lines, seen, out=np.zeros(s.A.size), where=seen > 0)
    prior = np.where(prior_units > 0, 3.0, 0.0)
    held = s.C + prior
    early_size = np.divide(s.U + prior * prior_units, held, out=np.zeros(s.A.size), where=held > 0)
    lines = np.where(learning, early, steady)
    units = np.where(learning, np.where(s.C + prior_units > 0, early_size, 0.0), size)
    base = np.divide(s.Q2, s.U, out=np.ones(s.A.size), where=s.U > 0)
    anchor = 10 * units
    phi = np.divide(s.E2 + anchor * base, s.M + anchor, out=base.copy(), where=s.M + anchor > 0)
    span = np.where(np.isfinite(s.last_sale - s.first_sale), s.last_sale - s.first_sale, 0.0)
    interval = span / np.maximum(s.lines - 1, 1)
    idle = s.silent  # Days without stock say nothing.
    dormant = (s.lines > 0) & (idle > 4 * np.maximum(interval, 1.0)) & (idle > DORMANT_DAYS)
    return Rates(lines, units, np.maximum(1.0, phi), learning, s.lines < 2, dormant)


@dataclass(frozen=True, slots=True)
class Horizon:
    """Demand over lead time and review period, and what it asks of the shelf."""

    mean: Floats
    variance: Floats
    demand_per_day: Floats
    reorder_point: Floats
    safety_stock: Floats


def reorder_points(
    r: Rates,
    lead_days: Floats,
    lead_variance: Floats,
    review_days: Floats,
    index: Floats,
    level: Floats,
) -> Horizon:
    """Return reorder points; ``index`` is the sum of the day factors over each item's horizon."""
    days = lead_days + review_days
    mean = r.units_per_day * index
    per_day = np.divide(mean, days, out=np.zeros(mean.size), where=days > 0)
    variance = r.phi * mean + per_day**2 * lead_variance + MODEL_RISK * mean**2
    point = quantile(mean, variance, level)
    return Horizon(mean, variance, per_day, point, point - mean)


def lead_time(stated_days: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance of a lead time that is only stated (REPLENISHMENT.md 3, n = 0).

    v = 5·(0.4·L)²/4 and sigma_L² = v·(1 + 1/3): stated 7 days give a deviation of 3.6 days.
    """
    spread = 5 * (0.4 * stated_days) ** 2 / 4
    return stated_days, spread * (1 + 1 / 3)


def run_out_days(
    stock: Floats, units_per_day: Floats, phi: Floats, share: float, horizon: int = HORIZON_DAYS
) -> Floats:
    """Return the first day h (1 is today) with P(demand through day h >= stock) >= share.

    P(out by day h) = 1 - F(stock - 1): the day on which the last unit goes. ``inf`` beyond the
    horizon; 0 when there is nothing already.
    """
    size = stock.size
    low, high = np.zeros(size), np.full(size, float(horizon))

    def chance(h: Floats) -> Floats:
        mean = units_per_day * h
        variance = phi * mean + SHOWN_RISK * mean**2
        found = 1.0 - cdf(np.ceil(stock) - 1.0, mean, variance)
        return np.where(mean > 0, found, 0.0)

    never = chance(high) < share
    for _ in range(10):
        middle = np.ceil((low + high) / 2)
        out = chance(middle) >= share
        high = np.where(out, middle, high)
        low = np.where(out, low, middle)
    found = np.where(never, np.inf, high)
    return np.where(stock <= 0, 0.0, found)


def run_out_day_with(
    stock: float,
    units_per_day: float,
    phi: float,
    coming: Sequence[tuple[int, float]],
    share: float,
    horizon: int = HORIZON_DAYS,
) -> float:
    """Return the first day h with P(out by day h) >= share when goods come: (day h, units) each.

    P = 1 - F(stock + receipts due by h - 1) (REPLENISHMENT.md 5); the chance grows until the next
    delivery, so each stretch between deliveries is searched by itself.
    """
    if stock <= 0 and not any(day <= 1 for day, _ in coming):
        return 0.0
    if units_per_day <= 0:
        return np.inf
    days = sorted({max(1, day) for day, _ in coming if day <= horizon} | {1})
    for place, begin in enumerate(days):
        end = days[place + 1] - 1 if place + 1 < len(days) else horizon
        there = stock + sum(units for day, units in coming if max(1, day) <= begin)
        low, high = begin - 1, end
        if _out_by(there, units_per_day, phi, high) < share:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            if _out_by(there, units_per_day, phi, middle) >= share:
                high = middle
            else:
                low = middle
        return float(high)
    return np.inf


def _out_by(stock: float, units_per_day: float, phi: float, day: int) -> float:
    """Return P(demand through a day >= stock)."""
    mean = units_per_day * day
    variance = phi * mean + SHOWN_RISK * mean**2
    whole = np.array([np.ceil(stock) - 1.0])
    return float(1.0 - cdf(whole, np.array([mean]), np.array([variance]))[0])
