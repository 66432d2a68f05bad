"""The stock that a share of complete order lines takes, read off a sweep over dials."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jitledger.domain.replenishment.backtesting.backtest import Floats, Outcome


def at_fill(fill: Floats, stock: Floats, target: float) -> float | None:
    """Return the stock at which a sweep reaches a fill, by interpolation; None when it never does.

    >>> at_fill(np.array([.90, .94, .98]), np.array([100., 200., 400.]), .96)
    300.0
    """
    order = np.argsort(fill)
    found, value = fill[order], stock[order]
    if target < found[0] or target > found[-1]:
        return None
    return float(np.interp(target, found, value))


def frontier(outcome: Outcome, targets: Sequence[float]) -> list[float | None]:
    """Return the average stock that each share of complete order lines takes."""
    return [at_fill(outcome.line_fill, outcome.stock_value, target) for target in targets]
