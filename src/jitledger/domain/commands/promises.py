"""Promises of stock to customers, and alerts put off."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from jitledger.domain.commands.base import Command
from jitledger.domain.commands.fields import Code, Day, Money, Quantity


class ReservationLine(BaseModel):
    """One line of a reservation."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    sku: Code
    qty: Quantity
    at: Code | None = None


class ReserveStock(Command):
    """Promise stock to an order; all lines or none."""

    do: ClassVar[str] = "reserve"
    reservation: Code
    order: Code | None = None
    ttl_seconds: int | None = Field(None, ge=1, le=315_360_000)
    lines: list[ReservationLine] = Field(min_length=1, max_length=1000)


class ReleaseReservation(Command):
    """Take a promise back."""

    do: ClassVar[str] = "release"
    reservation: Code


class TakeBackorder(Command):
    """Accept an order for stock that is not there."""

    do: ClassVar[str] = "backorder"
    sku: Code
    qty: Quantity
    order: Code
    at: Code | None = None
    due: Day | None = None
    price: Money | None = None


class CancelBackorder(Command):
    """Take a backorder back, or a part of it."""

    do: ClassVar[str] = "backorder-cancel"
    sku: Code
    order: Code
    qty: Quantity | None = None


class SnoozeAlert(Command):
    """Hear of a reorder alert again later."""

    do: ClassVar[str] = "snooze"
    sku: Code
    days: int = Field(1, ge=1, le=90)
