"""Quantities far beyond what is there or ever moved: a slip of the thumb is asked about first."""

from __future__ import annotations

from decimal import Decimal

from jitledger.domain.state.order import voids
from jitledger_bot.desk import Desk
from jitledger_bot.recording.lines import Line
from jitledger_projections.views.on_hand import on_hand_of

FAR = 10
"""So many times the most that ever moved, or that is there, is asked about."""

MUCH_MORE = 3
"""So many times what is there cannot go out: one of both is wrong."""

TAKES = ("sell", "write-off", "transfer", "return-to-supplier")

SMALL = Decimal(20)
"""Up to here no quantity is far: a new item's first sale may be of a dozen."""


def most_moved(line: Line, desk: Desk) -> Decimal | None:
    """Return the most that was there or ever moved of a line's product, when it is far beyond.

    Nothing of an item that never moved: there is nothing to compare with.
    """
    if line.ask is None or line.sku is None or line.reading.quantity is None:
        return None
    factor = Decimal(1) if line.pack is None else desk.factor_of(line.sku, line.pack) or Decimal(1)
    quantity = abs(line.reading.quantity) * factor
    if quantity <= SMALL:
        return None
    with desk.app.database.snapshot() as tx:
        there = on_hand_of(tx, line.sku)
    if there is None:
        return None
    if line.reading.do in TAKES and 0 < there < quantity / MUCH_MORE:
        return there
    if quantity <= FAR * there:
        return None
    _sku, entries = desk.app.queries.entries(line.sku)
    gone = voids(entries)
    moved = [
        abs(amount)
        for version, event in entries
        if version not in gone
        for amount in (getattr(event, "quantity", None) or getattr(event, "delta", None),)
        if isinstance(amount, Decimal)
    ]
    most = max([*moved, there], default=Decimal(0))
    return most if moved and most > 0 and quantity > FAR * most else None
