"""What lies at one place, and the lots it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from jitledger.domain.moments import day_from_number
from jitledger.domain.quantity import ZERO


@dataclass(slots=True)
class Shelf:
    """What lies at one location, and since when there was nothing to sell."""

    on_hand: Decimal = ZERO
    known: bool = False
    moved: bool = False
    since: int | None = None
    damaged: Decimal = ZERO
    quarantine: Decimal = ZERO
    hold: Decimal = ZERO
    set_aside: Decimal = ZERO
    """damaged + quarantine + hold"""
    expired: Decimal = ZERO
    withheld: Decimal = ZERO
    """set_aside + expired + what is promised to somebody: none of it can be sold to the next."""
    transit_in: Decimal = ZERO
    out_since: int | None = None
    stockouts: list[tuple[int, int]] = field(default_factory=list)
    filled_at: int | None = None
    """When it was empty last and goods came: all that lies there came since."""
    lots: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    def status(self, name: str) -> Decimal:
        """Return how much lies under one unsellable status."""
        quantity: Decimal = getattr(self, name)
        return quantity

    def change_status(self, name: str, delta: Decimal) -> None:
        """Put more or less under one unsellable status."""
        setattr(self, name, self.status(name) + delta)
        self.set_aside += delta
        self.withheld += delta


Lots = list[tuple[tuple[str, str], Decimal]]
"""((expiry, lot), quantity) of each"""


def store_lot(shelf: Shelf, lot: str | None, expiry: date, quantity: Decimal) -> None:
    """Put what came in with an expiry date to its lot."""
    key = (expiry.isoformat(), lot or "")
    shelf.lots[key] = shelf.lots.get(key, ZERO) + quantity


def unload_lots(lots: Lots, quantity: Decimal) -> Lots:
    """Take so much from the lots that are on their way, in the order in which they left."""
    arrived: Lots = []
    while lots and quantity > 0:
        key, there = lots.pop(0)
        part = min(there, quantity)
        quantity -= part
        arrived.append((key, part))
        if there > part:
            lots.insert(0, (key, there - part))
    return arrived


def issue_lots(
    shelf: Shelf, quantity: Decimal, named: str | None, day: int, *, expired: bool = False
) -> Lots:
    """Take from the named lot, else from the lot that expires first (FEFO); return what from.

    What has expired goes last, unless it leaves because it ``expired``.
    """
    gone: Lots = []
    expiring = sorted(shelf.lots)
    if not expired:
        today = day_from_number(day).isoformat()
        fresh = [key for key in expiring if key[0] >= today]
        expiring = fresh + [key for key in expiring if key not in fresh]
    for key in expiring:
        if named is not None and key[1] != named:
            continue
        taken = min(quantity, shelf.lots[key])
        gone.append((key, taken))
        quantity -= taken
        shelf.lots[key] -= taken
        if not shelf.lots[key]:
            del shelf.lots[key]
        if not quantity:
            break
    return gone
