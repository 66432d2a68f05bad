"""Days on which a shop was closed, seen from its sales: so long a silence of all is no chance.

When order lines come at a rate of λ a day, P(none in k days) = e^(-λ·k); under 1 % (λ·k > 4.6) the
shop was closed, or its sales are not recorded yet. Of one item the others' lines say it, so that
the silence of a shop's only seller is its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SURE = 4.6
"""Expected lines without which a silence is rarer than one in a hundred: -ln 0.01."""

MEASURED_DAYS = 365


def silent_runs(lines: Floats, first: int) -> list[tuple[int, int]]:
    """Return (first, last) of each stretch of days without any line of the whole shop.

    ``lines`` are the shop's order lines of each day from ``first`` on.

    >>> silent_runs(np.array([3.0, 0.0, 0.0, 2.0, 0.0]), 100)
    [(101, 102), (104, 104)]
    """
    quiet = np.concatenate(([False], lines == 0, [False]))
    edges = np.flatnonzero(quiet[1:] != quiet[:-1]).reshape(-1, 2)
    return [(first + int(begin), first + int(end) - 1) for begin, end in edges]


def closed_between(
    runs: list[tuple[int, int]], others: Floats, after: Floats, through: Floats
) -> Floats:
    """Return how many of the days ``after`` < day <= ``through`` each item's shop was closed.

    ``others`` is the rate of all other items' lines; a run is closed for an item when they make its
    silence sure. Seven days at 2 lines of others are closed, at half a line they are not.

    >>> week = [(10, 16)]
    >>> closed_between(week, np.array([2.0, 0.5]), np.array([8.0, 8.0]), np.array([19.0, 19.0]))
    array([7., 0.])
    """
    found = np.zeros(others.size)
    for begin, end in runs:
        sure = others * (end - begin + 1) > SURE
        overlap = np.minimum(end, through) - np.maximum(begin - 1, after)
        found += np.where(sure, np.maximum(overlap, 0.0), 0.0)
    return found
