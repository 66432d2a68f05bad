"""Between the places of one shop: what each can spare, and what to move where before ordering."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from jitledger.domain.quantity import ZERO

SHARE_DAYS = 90
"""So many days back tell how an item's demand is shared by its places."""


class Held(NamedTuple):
    """What a place has to give: free to sell there, and what it keeps for its own demand."""

    available: Decimal
    keep: Decimal


class Move(NamedTuple):
    """So many units to be moved from a place."""

    source: str
    quantity: Decimal


def kept(point: Decimal | None, whole: Decimal, share: float) -> Decimal:
    """Return what a place keeps: its own reorder point, else its share of the whole shop's.

    A store room that sells nothing keeps nothing: whole 12, share 0 is 0; share .25 is 3.

    >>> kept(None, Decimal(12), .25), kept(Decimal(5), Decimal(12), .25)
    (Decimal('3'), Decimal('5'))
    """
    if point is not None:
        return point
    return part(whole, share)


def part(whole: Decimal, share: float) -> Decimal:
    """Return a place's share of a whole, up to whole units; 0 of nothing.

    >>> part(Decimal(10), .25), part(Decimal(-3), .5)
    (Decimal('3'), Decimal('0'))
    """
    mine = whole * Decimal(str(round(share, 6)))
    return mine.to_integral_value(ROUND_CEILING) if mine > 0 else ZERO


def share_of(sold: Mapping[str, float], place: str) -> float:
    """Return a place's share of an item's demand; all of it where nobody asked anywhere.

    >>> share_of({"A": 3.0, "B": 1.0}, "B"), share_of({}, "B")
    (0.25, 1.0)
    """
    total = sum(sold.values())
    return sold.get(place, 0.0) / total if total > 0 else 1.0


def moves(wanted: Decimal, places: Mapping[str, Held], step: Decimal = Decimal(1)) -> list[Move]:
    """Return what to move to a place that wants so much, from where most can be spared first.

    Wanted 8, A has 20 and keeps 5, B has 9 and keeps 2: all 8 come from A.

    >>> moves(Decimal(8), {"A": Held(Decimal(20), Decimal(5)), "B": Held(Decimal(9), Decimal(2))})
    [Move(source='A', quantity=Decimal('8'))]
    """
    spare = {
        place: (held.available - held.keep) / step // 1 * step
        for place, held in places.items()
        if held.available - held.keep >= step
    }
    found, left = [], (wanted / step).to_integral_value(ROUND_FLOOR) * step
    for place in sorted(spare, key=lambda name: (-spare[name], name)):
        if left <= 0:
            break
        taken = min(left, spare[place])
        found.append(Move(place, taken))
        left -= taken
    return found
