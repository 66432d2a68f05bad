"""What moves an item's stock, is counted, or was asked for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal

from jitledger.domain.events.envelope import Event

Condition = Literal["resellable", "damaged", "quarantine"]
Status = Literal["sellable", "damaged", "quarantine", "hold"]
AdjustReason = Literal[
    "found",
    "theft",
    "gift",
    "sample",
    "data-entry",
    "inbound-not-recorded",
    "outbound-not-recorded",
    "misplaced",
    "other",
]
WriteOffReason = Literal["damage", "expiry", "donation", "loss"]


class Movement(Event):
    """Something that moved, with what was typed beside the base quantity."""

    location: str
    quantity: Decimal
    typed: str | None = None


class OpeningBalance(Movement):
    """What was there before the first movement."""

    name: ClassVar[str] = "opening-balance"
    unit_cost: Decimal | None = None
    currency: str | None = None
    rate: Decimal | None = None
    lot: str | None = None
    expiry: date | None = None


class StockReceived(Movement):
    """Goods came in from a supplier.

    ``no_order`` says that they were for none, though an open line could have taken them.
    """

    name: ClassVar[str] = "stock-received"
    unit_cost: Decimal | None = None
    cost_assumed: bool = False
    currency: str | None = None
    rate: Decimal | None = None
    supplier: str | None = None
    po_line: str | None = None
    lot: str | None = None
    expiry: date | None = None
    attachment: str | None = None
    no_order: bool = False


class LandedCostAdded(Event):
    """Freight or duty on receipts of this item (its value is worked out with costs)."""

    name: ClassVar[str] = "landed-cost-added"
    receipts: tuple[str, ...]
    amount: Decimal
    basis: Literal["qty", "value"] = "qty"
    currency: str | None = None
    rate: Decimal | None = None


class StockSold(Movement):
    """Demand belongs to ``sold_at``, stock leaves ``location``; dropship and bundles move none.

    ``to_make`` marks the sale of a made-to-order item: it is owed until goods come in for it.
    """

    name: ClassVar[str] = "stock-sold"
    sold_at: str | None = None
    unit_price: Decimal | None = None
    currency: str | None = None
    rate: Decimal | None = None
    tax_included: bool | None = None
    tax_rate: Decimal | None = None
    order: str | None = None
    customer: str | None = None
    reservation: str | None = None
    final: bool = False
    lot: str | None = None
    moves_stock: bool = True
    to_make: bool = False
    bundle: str | None = None
    components: tuple[tuple[str, Decimal], ...] = ()


class SaleReturned(Movement):
    """A customer brought goods back."""

    name: ClassVar[str] = "sale-returned"
    condition: Condition = "resellable"
    sale: str | None = None
    order: str | None = None
    lot: str | None = None
    expiry: date | None = None
    refund: Decimal | None = None


class ReturnedToSupplier(Movement):
    """Goods went back to a supplier."""

    name: ClassVar[str] = "returned-to-supplier"
    receipt: str | None = None
    supplier: str | None = None
    lot: str | None = None


class StockAdjusted(Event):
    """A difference with a cause, signed; not demand."""

    name: ClassVar[str] = "stock-adjusted"
    location: str
    delta: Decimal
    cause: AdjustReason = "other"
    typed: str | None = None
    lot: str | None = None


class StatusMoved(Movement):
    """Stock changed between sellable, damaged, quarantine and hold; on-hand is unchanged."""

    name: ClassVar[str] = "status-moved"
    from_status: Status
    to_status: Status


class StockWrittenOff(Movement):
    """Stock left as shrink."""

    name: ClassVar[str] = "stock-written-off"
    cause: WriteOffReason = "damage"
    from_status: Status = "sellable"
    lot: str | None = None


class StockCounted(Movement):
    """On-hand at that moment was ``quantity``: an assertion, its variance is derived."""

    name: ClassVar[str] = "stock-counted"
    lot: str | None = None
    blind: bool = False
    expected_shown: Decimal | None = None
    pending: bool = False


class Transfer(Event):
    """One leg of moving stock between locations."""

    transfer: str
    from_location: str
    to_location: str
    quantity: Decimal
    typed: str | None = None
    lot: str | None = None


class TransferDispatched(Transfer):
    """Stock left the first location."""

    name: ClassVar[str] = "transfer-dispatched"
    one_step: bool = False
    """Whether it left and came in at one moment: then it leaves before it comes in."""


class TransferReceived(Transfer):
    """Stock reached the second location."""

    name: ClassVar[str] = "transfer-received"
    one_step: bool = False


class TransferLost(Transfer):
    """Stock was lost on the way: shrink."""

    name: ClassVar[str] = "transfer-lost"


class DemandUnmet(Movement):
    """Asked for, not there: demand yes, stock no."""

    name: ClassVar[str] = "demand-unmet"


class EntryVoided(Event):
    """An event no longer counts; the target may itself be a void."""

    name: ClassVar[str] = "entry-voided"
    target: int


# The rank of each movement among facts of the same moment (DOMAIN.md, one ordering rule).
RANKS: dict[str, int] = {
    "opening-balance": 0,
    "stock-received": 1,
    "sale-returned": 1,
    "transfer-received": 2,
    "reservation-released": 4,
    "stock-reserved": 5,
    "status-moved": 6,
    "transfer-dispatched": 6,
    "transfer-lost": 6,
    "stock-sold": 7,
    "stock-written-off": 8,
    "returned-to-supplier": 9,
    "stock-counted": 10,
}
GAIN_RANK, LOSS_RANK = 3, 8
DIRECTIONS: dict[str, int] = {
    "opening-balance": 1,
    "stock-received": 1,
    "sale-returned": 1,
    "transfer-received": 1,
    "stock-counted": 0,
}
"""Increases are 1, counts 0; everything else that moves is a decrease (-1)."""


def rank_of(name: str, data: dict[str, Any]) -> int | None:
    """Return a movement's rank; None for events without a place in the order."""
    if name == "stock-adjusted":
        return LOSS_RANK if str(data["delta"]).startswith("-") else GAIN_RANK
    if data.get("one_step"):
        return RANKS["transfer-received"]
    return RANKS.get(name)
