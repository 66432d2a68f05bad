"""How much a shop's forecast should remember, chosen by replaying its own sales.

A growing wholesaler is served best by two weeks, a steady grocer by months: at the same share of
complete order lines the stock that each half-life takes is compared, and the one in use is left
only for one that takes clearly less (REPLENISHMENT.md 8).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jitledger.domain.replenishment.backtesting.backtest import (
    Outcome,
    Policy,
    Sales,
    Supply,
    simulate,
)
from jitledger.domain.replenishment.demand_state import USUAL_MEMORY, Memory, memory_of

HALF_LIVES = (7.0, 14.0, 30.0, 60.0, 120.0, 240.0)

CLEARLY = 0.02
"""A memory is changed for one that takes at least so much less stock."""


class Chosen(NamedTuple):
    """A memory and the evidence for it."""

    memory: Memory
    takes: dict[float, float]
    """{half-life of the rate in days: average stock at the same share of complete lines}"""


def choose_memory(
    sales: Sales,
    supply: Supply,
    policy: Callable[[], Policy],
    window: tuple[int, int],
    target: float,
    *,
    review_days: int = 1,
    present: Memory = USUAL_MEMORY,
) -> Chosen:
    """Return the memory that takes the least stock for a share of complete order lines.

    ``window`` is (start, end) in day offsets; nothing from ``end`` on is looked at. Where no memory
    reaches the share, they are compared at the highest that all of them reach.
    """
    start, end = window
    outcomes = {
        half_life: simulate(
            sales,
            supply,
            policy(),
            start,
            end,
            review_days=review_days,
            memory=memory_of(half_life),
        )
        for half_life in HALF_LIVES
    }
    reached = min(target, *(float(found.line_fill.max()) for found in outcomes.values()))
    takes = {half_life: _stock_at(found, reached) for half_life, found in outcomes.items()}
    return Chosen(decide(takes, present), takes)


def decide(takes: dict[float, float], present: Memory = USUAL_MEMORY) -> Memory:
    """Return the memory by what each takes: the one in use unless another takes clearly less.

    >>> decide({7.0: 103.0, 14.0: 100.0, 30.0: 99.0}).rate_days
    14.0
    >>> decide({14.0: 100.0, 60.0: 90.0, 120.0: 84.0}).rate_days
    120.0
    """
    best = min(takes, key=lambda half_life: (takes[half_life], half_life))
    now = takes.get(present.rate_days)
    if now is not None and takes[best] > (1 - CLEARLY) * now:
        return present
    return memory_of(best)


def _stock_at(outcome: Outcome, share: float) -> float:
    """Return the stock at a share of complete lines; at the nearest that was swept beyond."""
    order = np.argsort(outcome.line_fill, kind="stable")
    return float(np.interp(share, outcome.line_fill[order], outcome.stock_value[order]))
