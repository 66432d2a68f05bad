"""Expiring: what will spoil before it can be sold, by the demand that is expected."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf


def expected_waste(lots: Sequence[tuple[int, float]], rate: float, within: float = inf) -> float:
    """Return how many units of dated lots expire unsold within some days.

    ``lots`` are (days on which it can still be sold, today among them; units); what expires first
    sells first. 5 units a day: of 60 that last 5 days, 35 are left; 10 that last 20 days besides
    sell after them.

    >>> expected_waste([(5, 60.0), (20, 10.0)], 5.0)
    35.0
    >>> expected_waste([(5, 60.0)], 5.0, within=3)
    0.0
    """
    units = wasted = 0.0
    for days, left in sorted(lots):
        if days > within:
            break
        units += left
        wasted = max(wasted, units - rate * days)
    return wasted
