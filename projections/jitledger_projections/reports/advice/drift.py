"""Demand drift: items that sell at another rate than they did, beyond the shop and chance.

Order lines of the last four weeks against the twelve weeks before, each for its days with stock and
their weekday and season, and for what the whole shop does. Given their sum, the recent ones are
binomial (Przyborowski and Wilenski 1940, Biometrika 31:313, the comparison of two Poisson rates).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, bdtrc

from jitledger.domain.moments import day_number
from jitledger.domain.replenishment.demand_state import Exposures
from jitledger_projections.planning.exposure import (
    Floats,
    Ints,
    first_days,
    load_exposures,
    load_rows,
)
from jitledger_projections.planning.forecast import Forecast, day_factors
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import report
from jitledger_projections.views.products import labels

RECENT_DAYS, BEFORE_DAYS = 28, 84

LEAST_EXPOSED = 14.0
"""Days with stock that each stretch must have."""

LEAST_RATIO = 1.5

LEAST_EXPECTED = 5.0
"""Order lines in the recent stretch from which an item's own ratio says something."""

FEWEST, MANY = 3, 20
"""Products that sell often, or at all, that make a shop to compare with."""

FALSE_ALARMS = 0.05
"""How often a shop without any drift may be told of one: the level is shared by all items."""


@dataclass(frozen=True, slots=True)
class Drift:
    """An item whose order lines come at another rate; both in lines a day with stock."""

    sku: str
    title: str
    before: float
    recent: float
    chance: float

    @property
    def ratio(self) -> float:
        """Return how many times as much sells as before."""
        return self.recent / self.before


def _shape(row: Drift) -> dict[str, object]:
    return {
        "sku": row.sku,
        "name": row.title,
        "sales_a_week_before": round(row.before * 7, 2),
        "sales_a_week": round(row.recent * 7, 2),
        "chance": float(f"{row.chance:.2g}"),
    }


@report(
    "drift",
    _shape,
    help="Products that sell at another rate than before, beyond the whole shop and chance.",
    nothing="Every product sells as the shop does.",
    chat="drift",
    told=("sales_a_week_before", "sales_a_week"),
)
def drifts(look: Look) -> list[Drift]:
    """Return items that sell at another rate, the surest first."""
    found = look.plan.forecast
    last = day_number(look.today) - 1
    middle = last - RECENT_DAYS
    first = middle - BEFORE_DAYS + 1
    size = len(found.skus)
    with look.snapshot() as tx:
        out = load_exposures(tx, found.place, look.shop, found.hours, first, last, None)
        rows = load_rows(tx, found.place, out, first, last)
        begun = first_days(tx, found.skus)
    recent = rows.day > middle
    lines: Floats = np.bincount(rows.item[recent], rows.lines[recent], size).astype(float)
    earlier: Floats = np.bincount(rows.item[~recent], rows.lines[~recent], size).astype(float)
    now = _exposed(found, out, begun, middle + 1, last)
    before = _exposed(found, out, begun, first, middle)
    tested = (now >= LEAST_EXPOSED) & (before >= LEAST_EXPOSED) & (earlier > 0)
    places = np.array([i for i in np.flatnonzero(tested) if found.products[i].orderable], np.intp)
    if not places.size:
        return []
    n, m = lines[places], earlier[places]
    old = m / before[places]
    as_before = old * now[places]  # Lines that were to be expected.
    trend = whole_shop(n, as_before)
    if trend <= 0:
        return []  # The shop was closed: no product is told of.
    now_ = now[places] * trend
    chance = two_rates(n, m, now_ / (now_ + before[places]))
    ratio = n / now_ / old
    moved = (ratio >= LEAST_RATIO) | (ratio <= 1 / LEAST_RATIO)
    chosen = np.flatnonzero((chance * places.size < FALSE_ALARMS) & moved)
    chosen = chosen[np.argsort(chance[chosen], kind="stable")]
    skus = [found.skus[places[i]] for i in chosen]
    with look.snapshot() as tx:
        named = labels(tx, skus, look.today)
    there = _exposed(found, out, begun, first, middle, plain=True)[places]
    lately = _exposed(found, out, begun, middle + 1, last, plain=True)[places]
    return [
        Drift(sku, named[sku].title, float(m[i] / there[i]), float(n[i] / lately[i]), chance[i])
        for i, sku in zip(chosen.tolist(), skus, strict=True)
    ]


def two_rates(recent: Floats, earlier: Floats, share: Floats) -> Floats:
    """Return P that two counts differ as they do, or more, when their rates are one (two-sided).

    ``share`` is what the recent ones should have of the sum. 10 of 10 at a half: 2/1024.

    >>> two_rates(np.array([10.0]), np.array([0.0]), np.array([0.5])).tolist()
    [0.001953125]
    """
    total = recent + earlier
    fewer = bdtr(recent, total.astype(np.int64), share)
    more = np.where(recent > 0, bdtrc(np.maximum(recent - 1, 0), total.astype(np.int64), share), 1)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(fewer, more)))


def whole_shop(recent: Floats, expected: Floats) -> float:
    """Return how many times as much the shop sells: the median of items, weighed by their lines.

    Few products that took off do not move it. Where hardly any sells often, it is the ratio of the
    sums over many products; too few are no shop to compare with.

    >>> whole_shop(np.array([84.0, 28.0, 27.0]), np.array([28.0, 28.0, 28.0]))
    1.0
    """
    often = expected >= LEAST_EXPECTED
    found = 1.0
    if often.sum() >= FEWEST:
        ratio, weight = recent[often] / expected[often], expected[often]
        order = np.argsort(ratio)
        half = np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2)
        found = float(ratio[order][half])
    elif expected.size >= MANY:
        found = float(recent.sum() / expected.sum())
    return found


def _exposed(
    found: Forecast, out: Exposures, begun: Ints, first: int, last: int, *, plain: bool = False
) -> Floats:
    """Return each item's days with stock in a stretch; not plain, weighed by weekday and season."""
    size = begun.size
    factors = np.ones(last - first + 1) if plain else day_factors(found, first, last)
    if factors.ndim == 1:
        factors = np.broadcast_to(factors[:, None], (factors.size, size))
    late = np.clip(begun - first, 0, last - first + 1)
    total = np.zeros(size)
    for offset, row in enumerate(factors):
        total += np.where(late <= offset, row, 0.0)
    mine = (out.day >= first) & (out.day <= last) & (out.day >= begun[out.item])
    day, item = out.day[mine] - first, out.item[mine]
    total -= np.bincount(item, (1.0 - out.share[mine]) * factors[day, item], size)
    return np.maximum(total, 0.0)
