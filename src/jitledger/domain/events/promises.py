"""Promises of stock, and alerts of an item."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from jitledger.domain.events.envelope import Event


class StockReserved(Event, frozen=True, kw_only=True):
    """A promise of stock to an order; lapses by the clock alone."""

    name: ClassVar[str] = "stock-reserved"
    word: ClassVar[str] = "reserved"
    ordered: ClassVar[bool] = True
    rank: ClassVar[int] = 5

    reservation: str
    location: str
    quantity: Decimal
    order: str | None = None
    ttl_seconds: int | None = None


class ReservationReleased(Event, frozen=True, kw_only=True):
    """A promise was taken back."""

    name: ClassVar[str] = "reservation-released"
    word: ClassVar[str] = "released"
    ordered: ClassVar[bool] = True
    rank: ClassVar[int] = 4

    reservation: str


class BackorderTaken(Event, frozen=True, kw_only=True):
    """Known demand: fulfilled by a sale that names the order."""

    name: ClassVar[str] = "backorder-taken"
    word: ClassVar[str] = "backordered"
    ordered: ClassVar[bool] = True

    location: str
    order: str
    quantity: Decimal
    due: date | None = None
    price: Decimal | None = None


class BackorderCancelled(Event, frozen=True, kw_only=True):
    """A backorder, or part of it, is no longer wanted."""

    name: ClassVar[str] = "backorder-cancelled"
    word: ClassVar[str] = "backorder cancelled"
    ordered: ClassVar[bool] = True

    order: str
    quantity: Decimal


class AlertEvent(Event, frozen=True, kw_only=True):
    """What was believed when an alert changed its state."""

    location: str | None = None
    inventory_position: Decimal | None = None
    reorder_point: Decimal | None = None
    quantity: Decimal | None = None
    inputs: dict[str, str] = {}


class ReorderAlertRaised(AlertEvent, frozen=True, kw_only=True):
    """The inventory position fell to the reorder point or below."""

    name: ClassVar[str] = "reorder-alert-raised"


class ReorderAlertSnoozed(AlertEvent, frozen=True, kw_only=True):
    """Somebody wants to hear of it later."""

    name: ClassVar[str] = "reorder-alert-snoozed"

    until: int = 0


class ReorderAlertResolved(AlertEvent, frozen=True, kw_only=True):
    """The inventory position is above the reorder point again."""

    name: ClassVar[str] = "reorder-alert-resolved"


class ReorderAlertRetracted(AlertEvent, frozen=True, kw_only=True):
    """A late fact shows that it was never true."""

    name: ClassVar[str] = "reorder-alert-retracted"
