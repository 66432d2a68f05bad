"""Available to promise: "12 by Friday?" answered from stock, open orders and usual lateness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from jitledger.domain.quantity import ZERO


@dataclass(frozen=True, slots=True)
class Coming:
    """Units of an open order line: promised for a day, and nine times in ten there by another."""

    quantity: Decimal
    promised: date
    at_90: date


@dataclass(frozen=True, slots=True)
class Step:
    """So many units can be promised from a day on, if all is on time; at 90 % from another."""

    quantity: Decimal
    if_on_time: date
    at_90: date


@dataclass(frozen=True, slots=True)
class Promise:
    """What can be promised of an item: now, and from which days more."""

    now: Decimal
    steps: tuple[Step, ...]

    def by(self, day: date, *, certain: bool = False) -> Decimal:
        """Return what can be promised by a day, if all is on time or nine times in ten."""
        found = self.now
        for step in self.steps:
            if (step.at_90 if certain else step.if_on_time) <= day:
                found = max(found, step.quantity)
        return found


def available_to_promise(
    available: Decimal, backorders: Decimal, coming: Sequence[Coming], today: date
) -> Promise:
    """Return what can be promised: what is free now, then what each delivery adds.

    Orders taken before come first. Usable 8, reserved 3, 10 due Thursday, 2 days late nine times
    in ten: 5 now, 15 from Thursday if on time, from Saturday at 90 %.
    """
    free = available - backorders
    steps: list[Step] = []
    total = free
    latest = today
    for line in sorted(coming, key=lambda one: (one.promised, one.at_90)):
        total += line.quantity
        latest = max(latest, line.at_90)
        if total > max(ZERO, free):
            steps.append(Step(total, max(line.promised, today), latest))
    return Promise(max(ZERO, free), tuple(steps))
