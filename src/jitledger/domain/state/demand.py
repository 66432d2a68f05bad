"""Demand by place and day."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Demand(NamedTuple):
    """Order lines, units and the sum of squared line quantities."""

    lines: int
    units: Decimal
    squares: Decimal

    def and_line(self, quantity: Decimal) -> Demand:
        """Return it with one line more."""
        lines, units, squares = self
        # A named tuple's own constructor is three times as slow, and this runs for every sale.
        return tuple.__new__(Demand, (lines + 1, units + quantity, squares + quantity * quantity))


_LINES: dict[Decimal, Demand] = {}
_MOST_LINES = 20_000


def demand_line(quantity: Decimal) -> Demand:
    """Return the demand of one order line; few different ones are kept again and again."""
    line = _LINES.get(quantity)
    if line is None:
        line = Demand(1, quantity, quantity * quantity)
        if len(_LINES) < _MOST_LINES:
            _LINES[quantity] = line
    return line


DemandDays = dict[str, dict[int, Demand]]
"""{location: {day number: demand}}"""
