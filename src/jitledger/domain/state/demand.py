"""Demand by place and day."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

DEMAND_LINES: dict[str, Demand] = {}

_MOST_LINES = 20_000


def demand_line(text: str) -> Demand:
    """Return the demand of one order line; few different ones are stored again and again."""
    quantity = Decimal(text)
    line = Demand(1, quantity, quantity * quantity)
    if len(DEMAND_LINES) < _MOST_LINES:
        DEMAND_LINES[text] = line
    return line


class Demand(NamedTuple):
    """Order lines, units and the sum of squared line quantities."""

    lines: int
    units: Decimal
    squares: Decimal

    def and_line(self, line: Demand) -> Demand:
        """Return it with one line more."""
        lines, units, squares = self
        _, quantity, square = line
        # A named tuple's own constructor is three times as slow, and this runs for every sale.
        return tuple.__new__(Demand, (lines + 1, units + quantity, squares + square))


DemandDays = dict[str, dict[int, Demand]]
"""{location: {day number: demand}}"""
