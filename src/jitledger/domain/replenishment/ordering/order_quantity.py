"""How much to order: the quantity that leaves the position above the reorder point.

Kept apart from the forecasts, so that an alert needs no numerics.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from jitledger.domain.errors import Remark
from jitledger.domain.events import PolicySet
from jitledger.domain.quantity import ZERO, show

LEAST_SPOILS = "the least order is {least}, but only {most} sell before they expire"
OVER_THE_MOST = "the least order is {least}, but only {most} fit below the most of {level}"
DOES_NOT_LIFT = "{quantity} would not lift the position above {point}"


class Suggestion(NamedTuple):
    """A quantity to order, or the question to ask instead."""

    quantity: Decimal
    question: Remark | None = None
    point: Decimal | None = None
    """The reorder point, where goods that spoil allow less than the one that was computed."""


def lot_by_hand(policy: PolicySet, point: Decimal) -> tuple[Decimal, bool]:
    """Return a policy's own lot and whether only whole multiples of it are ordered; 0 without one.

    ``order_quantity`` is a lot; ``order_up_to`` lifts the position to a level, by a unit at least.
    """
    if policy.order_up_to is not None:
        return max(Decimal(1), policy.order_up_to - point), False
    lot = policy.order_quantity or ZERO
    return lot, lot > 0


def suggest(
    position: Decimal,
    reorder_point: Decimal,
    order_quantity: Decimal,
    *,
    precision: int = 0,
    moq: Decimal | None = None,
    pack: Decimal | None = None,
    most: Decimal | None = None,
    level: Decimal | None = None,
    multiples: bool = False,
    spoils: bool = False,
) -> Suggestion:
    """Return the quantity that leaves the position above s: minimum, then pack, then the cap.

    q = ceil(s + Q - IP) (REPLENISHMENT.md 5), or with ``multiples`` the smallest n·Q that leaves
    IP > s. Need 37, minimum 50, pack 12 gives 60; a cap of 40 under a minimum of 50 asks. With
    ``spoils`` the cap lowers a point that it cannot reach: goods for two days cover two days. The
    position never goes above ``level``, the most that was set by hand: a pack less, else it asks.

    >>> suggest(Decimal(3), Decimal(20), Decimal(14), most=Decimal(14), spoils=True)
    Suggestion(quantity=Decimal('14'), question=None, point=Decimal('16'))
    >>> suggest(Decimal(3), Decimal(5), Decimal(15), pack=Decimal(12), level=Decimal(20)).quantity
    Decimal('12')
    """
    if multiples:
        times = ((reorder_point - position) / order_quantity).to_integral_value(ROUND_FLOOR) + 1
        need = order_quantity * max(Decimal(1), times)
    else:
        need = reorder_point + order_quantity - position
    step = Decimal(1).scaleb(-precision)
    need = (need / step).to_integral_value(ROUND_CEILING) * step if precision else -(-need // 1)
    if moq is not None:
        need = max(need, moq)
    if pack is not None and pack > 0:
        need = (need / pack).to_integral_value(ROUND_CEILING) * pack
    room = None if level is None else level - position
    caps = [cap for cap in (most, room) if cap is not None]
    if not caps or need <= min(caps):
        return Suggestion(need)
    capped = most = min(caps)
    if pack is not None and pack > 0:
        capped = (most / pack).to_integral_value(ROUND_FLOOR) * pack
    if capped <= 0 or (moq is not None and capped < moq):
        least = max(moq or ZERO, pack or ZERO)
        if pack:
            least = (least / pack).to_integral_value(ROUND_CEILING) * pack
        details = {"least": show(least or need), "most": show(max(ZERO, most))}
        if level is not None and most == room:
            details["level"] = show(level)
            return Suggestion(ZERO, Remark("over-the-most", OVER_THE_MOST, details))
        return Suggestion(ZERO, Remark("least-spoils", LEAST_SPOILS, details))
    if position + capped <= reorder_point:
        if spoils:
            return Suggestion(capped, point=position + capped - step)
        details = {"quantity": show(capped), "point": show(reorder_point)}
        return Suggestion(ZERO, Remark("does-not-lift", DOES_NOT_LIFT, details))
    return Suggestion(capped)
