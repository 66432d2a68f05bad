"""Days on which a shop was closed, seen from its sales: so long a silence of all is no chance.

When order lines come at a rate of λ a day, P(none in k days) = e^(-λ·k); under 1 % (λ·k > 4.6) the
shop was closed, or its sales are not recorded yet. Of one item the others' lines say it, so that
the silence of a shop's only seller is its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SURE = 4.6
"""Expected lines without which a silence is rarer than one in a hundred: -ln 0.01."""

MEASURED_DAYS = 365

LEAST_WEEKS = 2.5
"""So often a weekday must have been seen before its silence says anything."""

LEAST_ITEMS = 3
"""Of a shop of one or two products nobody can tell a closed door from products nobody wants."""

FADES = 2.0 ** (-1 / 8)
"""What is left of a weekday's usual lines after a week: half after eight."""


def silent_runs(lines: Floats, first: int) -> list[tuple[int, int]]:
    """Return (first, last) of each stretch of days without any line of the whole shop.

    ``lines`` are the shop's order lines of each day from ``first`` on.

    >>> silent_runs(np.array([3.0, 0.0, 0.0, 2.0, 0.0]), 100)
    [(101, 102), (104, 104)]
    """
    quiet = np.concatenate(([False], lines == 0, [False]))
    edges = np.flatnonzero(quiet[1:] != quiet[:-1]).reshape(-1, 2)
    return [(first + int(begin), first + int(end) - 1) for begin, end in edges]


@dataclass(slots=True)
class ClosedDays:
    """Which days a shop was closed, each seen from its own evening; days are told in their order.

    A silence is closed from the day on which the lines that its weekdays usually bring exceed 4.6:
    a shop of 20 lines a day on its first day, one of 2 on its third. A weekday on which nobody ever
    buys brings none, and closed days say nothing of it. Nothing later has a say.
    """

    usual: list[float] = field(default_factory=lambda: [0.0] * 7)
    seen: list[float] = field(default_factory=lambda: [0.0] * 7)
    expected: float = 0.0
    quiet: list[int] = field(default_factory=list)
    """Weekdays of the silence so far that is too short to be sure of."""
    days: list[int] = field(default_factory=list)
    """The day numbers on which it was closed."""

    def tell(self, day: int, lines: float) -> bool:
        """Tell how many lines a day had; returns whether the shop was closed."""
        weekday = (day + 3) % 7
        if lines > 0:
            for one in self.quiet:
                self._learn(one, 0.0)
            self.expected, self.quiet = 0.0, []
            self._learn(weekday, lines)
            return False
        known = self.seen[weekday] >= LEAST_WEEKS
        brings = self.usual[weekday] / self.seen[weekday] if known else 0.0
        self.expected += brings
        closed = self.expected > SURE and brings > 0
        if closed:
            self.days.append(day)
            self.quiet = []
        else:
            self.quiet.append(weekday)
        return closed

    def _learn(self, weekday: int, lines: float) -> None:
        self.usual[weekday] = self.usual[weekday] * FADES + lines
        self.seen[weekday] = self.seen[weekday] * FADES + 1


def closed_days(lines: Floats, first: int) -> npt.NDArray[np.bool_]:
    """Return which days of a history the shop was closed; ``lines`` are those of each day.

    >>> week = [4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 0.0]
    >>> closed_days(np.array(week * 6 + [0.0, 0.0, 0.0, 3.0]), 4)[-4:].tolist()
    [False, True, True, False]
    """
    told = ClosedDays()
    return np.array([told.tell(first + place, count) for place, count in enumerate(lines.tolist())])


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
