"""Facts: received, sold, counted, and what takes them back."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from jitledger.domain.commands.base import Command, Fact
from jitledger.domain.commands.fields import (
    Code,
    Currency,
    Day,
    Delta,
    Level,
    LongCode,
    Money,
    Quantity,
    Rate,
    Scalar,
    Share,
    Text,
)
from jitledger.domain.events import AdjustReason, Condition, Status, WriteOffReason


class OpenBalance(Fact):
    """Record what was there before the first movement."""

    do: ClassVar[str] = "open"
    qty: Level
    at: Code | None = None
    unit_cost: Money | None = None
    currency: Currency | None = None
    rate: Rate | None = None
    lot: Code | None = None
    expiry: Day | None = None
    pack: Code | None = None


class ReceiveStock(Fact):
    """Record goods that came in."""

    do: ClassVar[str] = "receive"
    word: ClassVar[str] = "Received"
    qty: Quantity
    at: Code | None = None
    unit_cost: Money | None = None
    currency: Currency | None = None
    rate: Rate | None = None
    supplier: Code | None = None
    po: Code | None = None
    po_line: LongCode | None = None
    lot: Code | None = None
    expiry: Day | None = None
    attachment: Code | None = None
    pack: Code | None = None


class SellStock(Fact):
    """Record a sale."""

    do: ClassVar[str] = "sell"
    word: ClassVar[str] = "Sold"
    qty: Quantity
    at: Code | None = None
    ships_from: Code | None = None
    unit_price: Money | None = None
    currency: Currency | None = None
    rate: Rate | None = None
    tax_included: bool | None = None
    tax_rate: Share | None = None
    order: Code | None = None
    customer: Code | None = None
    reservation: Code | None = None
    final: bool = False
    lot: Code | None = None
    pack: Code | None = None


class ReturnSale(Fact):
    """Record what a customer brought back."""

    do: ClassVar[str] = "return"
    word: ClassVar[str] = "Returned"
    qty: Quantity
    at: Code | None = None
    condition: Condition = "resellable"
    sale: LongCode | None = None
    order: Code | None = None
    lot: Code | None = None
    expiry: Day | None = None
    refund: Money | None = None
    pack: Code | None = None


class ReturnToSupplier(Fact):
    """Record what went back to a supplier."""

    do: ClassVar[str] = "return-to-supplier"
    word: ClassVar[str] = "Returned to the supplier"
    qty: Quantity
    at: Code | None = None
    receipt: LongCode | None = None
    supplier: Code | None = None
    lot: Code | None = None
    pack: Code | None = None


class AdjustStock(Fact):
    """Record a difference with its cause."""

    do: ClassVar[str] = "adjust"
    word: ClassVar[str] = "Adjusted"
    delta: Delta
    at: Code | None = None
    reason: AdjustReason = "other"
    lot: Code | None = None


class CountStock(Fact):
    """Record what was counted: on-hand at that moment."""

    do: ClassVar[str] = "count"
    word: ClassVar[str] = "Counted"
    qty: Level
    at: Code | None = None
    lot: Code | None = None
    blind: bool = False
    expected: Delta | None = None
    pending: bool = False
    pack: Code | None = None


class WriteOffStock(Fact):
    """Record stock that was lost."""

    do: ClassVar[str] = "write-off"
    word: ClassVar[str] = "Written off"
    qty: Quantity
    at: Code | None = None
    reason: WriteOffReason = "damage"
    status: Status = "sellable"
    lot: Code | None = None
    pack: Code | None = None


class MoveStatus(Fact):
    """Record stock set aside, or freed again."""

    do: ClassVar[str] = "move-status"
    qty: Quantity
    at: Code | None = None
    from_: Status = Field("sellable", alias="from")
    to: Status
    pack: Code | None = None


class TransferStock(Fact):
    """Record stock on its way between two locations."""

    do: ClassVar[str] = "transfer"
    word: ClassVar[str] = "Moved"
    qty: Quantity
    from_: Code | None = Field(None, alias="from")
    to: Code | None = None
    transfer: Code | None = None
    step: Literal["dispatch", "receive", "lost"] | None = None
    lot: Code | None = None
    pack: Code | None = None


class RecordUnmet(Fact):
    """Record what was asked for and not there."""

    do: ClassVar[str] = "unmet"
    word: ClassVar[str] = "Asked for, none:"
    qty: Quantity
    at: Code | None = None
    pack: Code | None = None


class VoidEntry(Command):
    """Undo one entry; undoing a void is redo."""

    do: ClassVar[str] = "void"
    entry: LongCode
    reason: Text | None = None


class CorrectEntry(Command):
    """Void an entry and record it anew with other fields."""

    do: ClassVar[str] = "correct"
    entry: LongCode
    with_: dict[str, Scalar] = Field(alias="with")
    reason: Text | None = None
