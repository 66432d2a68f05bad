"""The demand state of many items, folded day by day (REPLENISHMENT.md 2).

Shapes: every array has one value for each item. Units: lines and units of the item; A, U, C, Q2
are decayed sums of lines, units, lines and squared line quantities, B of exposure, E2 and M of
squared errors and means. rho(h) = 2^(-1/h).

How fast it forgets is a ``Memory``: half-lives in days of the order-line rate and the line size.
The usual one is 14 and 60 days, where REPLENISHMENT.md has 20: on the tuning window of a
wholesaler's real sales (April to July 2011) shorter half-lives than that needed less stock. A
grocer needs a longer one; a shop's own is chosen by replay (``backtesting.memory``).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
BULK = 3.0
"""A day of more than so many times the usual line is taken as that; 5 took 2 to 3 % more stock."""
LEAST_LINES = 5
ALL_DAY = 0.98
"""The share of a day from which on its sales are no less than was asked for."""
MOST_SEASON = 4.0


class Memory(NamedTuple):
    """Half-lives in days: after so many days an order line counts half."""

    rate_days: float = 14.0
    size_days: float = 60.0

    @property
    def rho_rate(self) -> float:
        """Return what is left of the rate's sums after a day."""
        return float(2.0 ** (-1 / self.rate_days))

    @property
    def rho_size(self) -> float:
        """Return what is left of the size's sums after a day."""
        return float(2.0 ** (-1 / self.size_days))


USUAL_MEMORY = Memory()


def memory_of(rate_days: float) -> Memory:
    """Return the memory with a half-life of the rate; that of the size is 60 days at least."""
    return Memory(rate_days, max(USUAL_MEMORY.size_days, rate_days))


@dataclass(slots=True)
class DemandState:
    """Decayed sums and plain counts; all arrays of one length."""

    A: Floats
    B: Floats
    U: Floats
    C: Floats
    Q2: Floats
    E2: Floats
    M: Floats
    lines: Floats
    units: Floats
    days: Floats
    last_sale: Floats
    first_sale: Floats
    silent: Floats
    """Days with something to sell since the last sale."""

    @classmethod
    def empty(cls, size: int) -> DemandState:
        """Return the state of items that never sold anything."""
        arrays = {f.name: np.zeros(size) for f in fields(cls)}
        arrays["last_sale"] = np.full(size, -np.inf)
        arrays["first_sale"] = np.full(size, np.inf)
        return cls(**arrays)

    def select(self, index: npt.NDArray[np.intp]) -> DemandState:
        """Return some items' state."""
        return DemandState(*(getattr(self, f.name)[index] for f in fields(self)))

    def put(self, index: npt.NDArray[np.intp], other: DemandState) -> None:
        """Write some items' state in place."""
        for f in fields(self):
            getattr(self, f.name)[index] = getattr(other, f.name)


@dataclass(frozen=True, slots=True)
class DailyRows:
    """Sparse daily rows sorted by day: item index, day, lines, units, squares."""

    item: Ints
    day: Ints
    lines: Floats
    units: Floats
    squares: Floats


@dataclass(frozen=True, slots=True)
class Exposures:
    """Days on which an item could be sold only for a share of the day: item, day, share."""

    item: Ints
    day: Ints
    share: Floats


def fold_days(
    state: DemandState,
    rows: DailyRows,
    exposures: Exposures,
    start: Ints,
    first: int,
    last: int,
    index: Floats,
    memory: Memory = USUAL_MEMORY,
) -> None:
    """Fold the days ``first``..``last`` into a state, in place.

    ``start`` is each item's first day (before it, nothing is learnt); ``index`` is the weekday
    times season index of each day, shape (days,) or (days, items).
    """
    low = np.searchsorted(rows.day, np.arange(first, last + 2))
    low_e = np.searchsorted(exposures.day, np.arange(first, last + 2))
    size = state.A.size
    n, x, q2, e = np.zeros(size), np.zeros(size), np.zeros(size), np.ones(size)
    all_started = bool((start <= first).all())
    for day in range(first, last + 1):
        here = slice(low[day - first], low[day - first + 1])
        there = slice(low_e[day - first], low_e[day - first + 1])
        items, outs = rows.item[here], exposures.item[there]
        n[items], x[items], q2[items] = rows.lines[here], rows.units[here], rows.squares[here]
        e[outs] = exposures.share[there]
        f = index[day - first]
        started = None if all_started else start <= day
        step(state, n, x, q2, e, f, started, memory)
        state.silent += e if started is None else e * started
        if items.size:
            state.lines[items] += n[items]
            state.units[items] += x[items]
            sold = items[n[items] > 0]
            state.last_sale[sold] = day
            state.first_sale[sold] = np.minimum(state.first_sale[sold], day)
            state.silent[sold] = 0.0
            n[items] = x[items] = q2[items] = 0.0
        e[outs] = 1.0


def step(
    s: DemandState,
    n: Floats,
    x: Floats,
    q2: Floats,
    e: Floats,
    f: Floats | float,
    started: npt.NDArray[np.bool_] | None,
    memory: Memory = USUAL_MEMORY,
) -> None:
    """Fold one day: winsorise bulk lines, score the forecast, decay and add."""
    sold = np.flatnonzero(x > 0)
    if sold.size:
        c = s.C[sold]
        with np.errstate(divide="ignore", invalid="ignore"):
            bound = BULK * np.sqrt(s.Q2[sold] / c) * np.maximum(n[sold], 1.0)
        bulk = (c > 3) & (x[sold] > bound)
        if bulk.any():
            which = sold[bulk]
            ratio = bound[bulk] / x[which]
            x[which] *= ratio
            q2[which] *= ratio
    exposure = e * f
    if started is not None:
        exposure = np.where(started, exposure, 0.0)
    ready = (s.B > 0) & (s.C > 0)
    mean = np.zeros(s.A.size)
    np.divide(s.A * s.U * exposure, s.B * s.C, out=mean, where=ready)
    scored = (e >= ALL_DAY) & (s.B > 5)
    if started is not None:
        scored &= started
    error = x - mean
    rho_rate, rho_size = memory.rho_rate, memory.rho_size
    s.E2 *= rho_size
    s.M *= rho_size
    s.E2 += np.where(scored, error * error, 0.0)
    s.M += np.where(scored, mean, 0.0)
    s.A *= rho_rate
    s.A += n
    s.B *= rho_rate
    s.B += exposure
    s.U *= rho_size
    s.U += x
    s.C *= rho_size
    s.C += n
    s.Q2 *= rho_size
    s.Q2 += q2
    s.days += (e > 0) if started is None else ((e > 0) & started)


def weekday_index(
    lines: Floats, first: int, last: int, closed: npt.NDArray[np.bool_] | None = None
) -> Floats:
    """Return seven factors (0 is Monday), mean 1, from shop-wide lines of days first..last.

    Decayed lines per weekday over their mean, half-life 56 days; all 1 before 21 days. What was
    ``closed`` is no evidence. The day number 0 (1970-01-01) was a Thursday.
    """
    days = last - first + 1
    if days < 21:
        return np.ones(7)
    numbers = np.arange(first, last + 1)
    weights = 2.0 ** (-(last - numbers) / 56.0)
    if closed is not None:
        weights = np.where(closed, 0.0, weights)
    weekday = (numbers + 3) % 7
    total = np.bincount(weekday, weights * lines, minlength=7)
    seen = np.bincount(weekday, weights, minlength=7)
    rate = np.divide(total, seen, out=np.zeros(7), where=seen > 0)
    mean = rate.mean()
    return rate / mean if mean > 0 else np.ones(7)


def season_index(lines: Floats, first: int, days: Ints) -> Floats:
    """Return the season factor of some days from lines of days first.. (one value a day).

    The 21-day centred mean of a year before over that year's mean, between 1/4 and 4; 1 without
    that year, and where under 5 lines of it say too little (closed, or not sold yet).
    """
    factors = np.ones(days.size)
    total = np.concatenate(([0.0], np.cumsum(lines)))
    for place, day in enumerate(days):
        centre = day - 365 - first
        if centre - 10 < 0 or centre + 10 >= lines.size:
            continue
        year_end = min(lines.size, centre - 10 + 365)
        year = (total[year_end] - total[centre - 10]) / (year_end - centre + 10)
        seen = total[centre + 11] - total[centre - 10]
        if year > 0 and seen >= LEAST_LINES and year_end - centre + 10 >= 300:
            factors[place] = min(max(seen / 21 / year, 1 / MOST_SEASON), MOST_SEASON)
    return factors
