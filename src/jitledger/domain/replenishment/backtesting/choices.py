"""What is chosen for a shop by replaying its own sales: memory, and how orders are sized.

A growing wholesaler is served best by two weeks of memory, a steady grocer by months: at the same
share of complete order lines the stock that each way takes is compared, and the one in use is left
only for one that takes clearly less (REPLENISHMENT.md 8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from jitledger.domain.replenishment.backtesting.backtest import (
    Floats,
    Outcome,
    Policy,
    Sales,
    Supply,
    simulate,
)
from jitledger.domain.replenishment.demand_state import USUAL_MEMORY, Memory, memory_of
from jitledger.domain.replenishment.lot_sizes import SCALES

HALF_LIVES = (7.0, 14.0, 30.0, 60.0, 120.0, 240.0)

CLEARLY = 0.02
"""What is in use is changed for what takes at least so much less stock."""

AS_MANY_ORDERS = 1.02
"""Lots by cost may need so many times the orders of lots by days, no more."""

NEAR = 6
"""Ways are compared at so many dials around the share that is wanted."""


class Chosen(NamedTuple):
    """The ways that were chosen and the evidence for them."""

    memory: Memory = USUAL_MEMORY
    takes: Mapping[float, float] = {}
    """{half-life of the rate in days: average stock at the same share of complete lines}"""
    lot_scale: float = 0.0
    lot_takes: Mapping[float, float] = {}
    """{scale of lots by cost, 0 by days: average stock at that share}"""


USUAL = Chosen()


@dataclass(frozen=True, slots=True)
class Trial:
    """A replay in which ways to order are compared.

    ``window`` is (start, end) in day offsets; nothing from ``end`` on is looked at. ``policy``
    makes one from its dials and the scale of its lots.
    """

    sales: Sales
    supply: Supply
    policy: Callable[[Floats, float], Policy]
    dials: Floats
    window: tuple[int, int]
    target: float
    review_days: int = 1

    def run(self, memory: Memory, lot_scale: float) -> Outcome:
        """Return what one way achieves at every dial."""
        return simulate(
            self.sales,
            self.supply,
            self.policy(self.dials, lot_scale),
            *self.window,
            review_days=self.review_days,
            memory=memory,
        )

    def narrowed(self, outcome: Outcome) -> Trial:
        """Return it with the dials around the share that is wanted, as one outcome shows them."""
        order = np.argsort(outcome.line_fill, kind="stable")
        place = int(np.searchsorted(outcome.line_fill[order], self.target))
        begin = max(0, min(place - NEAR // 2, order.size - NEAR))
        return replace(self, dials=self.dials[np.sort(order[begin : begin + NEAR])])


def choose(trial: Trial, present: Chosen = USUAL, *, lots: bool = True) -> Chosen:
    """Return the memory and, where ``lots`` are asked for, the lots that take the least stock.

    They are compared at the share of complete order lines that is wanted; where not all of them
    reach it, at the highest that all do. Lots by cost count where they need no more orders.
    """
    trial = trial.narrowed(trial.run(present.memory, present.lot_scale))
    by_memory = {h: trial.run(memory_of(h), present.lot_scale) for h in HALF_LIVES}
    takes = _stock(by_memory, trial.target)
    memory = decide(takes, present.memory)
    found = present._replace(memory=memory, takes=takes)
    if not lots:
        return found
    by_scale = {scale: trial.run(memory, scale) for scale in SCALES}
    lot_takes = _stock(by_scale, trial.target)
    share = _reached(by_scale, trial.target)
    most = AS_MANY_ORDERS * _at(share, by_scale[0.0], by_scale[0.0].orders_per_day)
    fit = {s: lot_takes[s] for s, o in by_scale.items() if _at(share, o, o.orders_per_day) <= most}
    best = min(fit, key=lambda scale: (fit[scale], scale))
    now = fit.get(present.lot_scale)
    if now is not None and fit[best] > (1 - CLEARLY) * now:
        best = present.lot_scale
    return found._replace(lot_scale=best, lot_takes=lot_takes)


def decide(takes: Mapping[float, float], present: Memory = USUAL_MEMORY) -> Memory:
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


def _reached(outcomes: Mapping[float, Outcome], target: float) -> float:
    return min(target, *(float(found.line_fill.max()) for found in outcomes.values()))


def _stock(outcomes: Mapping[float, Outcome], target: float) -> dict[float, float]:
    """Return the stock that each takes at the share that all of them reach."""
    share = _reached(outcomes, target)
    return {way: _at(share, found, found.stock_value) for way, found in outcomes.items()}


def _at(share: float, outcome: Outcome, values: Floats) -> float:
    """Return a value at a share of complete lines; at the nearest that was swept beyond."""
    order = np.argsort(outcome.line_fill, kind="stable")
    return float(np.interp(share, outcome.line_fill[order], values[order]))
