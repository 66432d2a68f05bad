"""What moves an item's stock, is counted, or was asked for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

from jitledger.domain.events.envelope import Again, Event

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


GAIN_RANK, LOSS_RANK = 3, 8
OF_A_SALE = frozenset(
    {
        "unit_price",
        "currency",
        "rate",
        "tax_included",
        "tax_rate",
        "order",
        "customer",
        "reservation",
        "final",
        "lot",
    }
)
"""Fields that a sale and its command call by the same names."""
COMMON = {"location": "at", "quantity": "qty", "lot": "lot"}
OF_A_TRANSFER = {
    "from_location": "from",
    "to_location": "to",
    "quantity": "qty",
    "transfer": "transfer",
}


def same(*fields: str) -> dict[str, str]:
    """Return fields that a fact and its command call by the same names."""
    return {field: field for field in fields}


class Movement(Event, frozen=True, kw_only=True):
    """Something that moved, with what was typed beside the base quantity."""

    location: str
    quantity: Decimal
    typed: str | None = None


class OpeningBalance(Movement, frozen=True, kw_only=True):
    """What was there before the first movement."""

    name: ClassVar[str] = "opening-balance"
    word: ClassVar[str] = "opening balance"
    ordered: ClassVar[bool] = True
    rank: ClassVar[int] = 0
    direction: ClassVar[int] = 1
    again: ClassVar[Again | None] = Again(
        "open", COMMON | same("unit_cost", "currency", "rate", "expiry")
    )

    unit_cost: Decimal | None = None
    currency: str | None = None
    rate: Decimal | None = None
    lot: str | None = None
    expiry: date | None = None


class StockReceived(Movement, frozen=True, kw_only=True):
    """Goods came in from a supplier.

    ``no_order`` says that they were for none, though an open line could have taken them.
    """

    name: ClassVar[str] = "stock-received"
    word: ClassVar[str] = "received"
    ordered: ClassVar[bool] = True
    rank: ClassVar[int] = 1
    direction: ClassVar[int] = 1
    again: ClassVar[Again | None] = Again(
        "receive",
        COMMON
        | same("unit_cost", "currency", "rate", "supplier", "po_line", "expiry", "attachment"),
    )

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


class LandedCostAdded(Event, frozen=True, kw_only=True):
    """Freight or duty on receipts of this item (its value is worked out with costs)."""

    name: ClassVar[str] = "landed-cost-added"
    word: ClassVar[str] = "freight"

    receipts: tuple[str, ...]
    amount: Decimal
    basis: Literal["qty", "value"] = "qty"
    currency: str | None = None
    rate: Decimal | None = None


class StockSold(Movement, frozen=True, kw_only=True):
    """Demand belongs to ``sold_at``, stock leaves ``location``; dropship and bundles move none.

    ``to_make`` marks the sale of a made-to-order item: it is owed until goods come in for it.
    """

    name: ClassVar[str] = "stock-sold"
    word: ClassVar[str] = "sold"
    ordered: ClassVar[bool] = True
    rank: ClassVar[int] = 7
    again: ClassVar[Again | None] = Again(
        "sell",
        {"location": "ships_from", "sold_at": "at", "quantity": "qty"} | same(*OF_A_SALE),
    )

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


class SaleReturned(Movement, frozen=True, kw_only=True):
    """A customer brought goods back."""

    name: ClassVar[str] = "sale-returned"
    word: ClassVar[str] = "returned"
    ordered: ClassVar[bool] = True
    rank: ClassVar[int] = 1
    direction: ClassVar[int] = 1
    again: ClassVar[Again | None] = Again(
        "return", COMMON | same("condition", "sale", "order", "expiry", "refund")
    )

    condition: Condition = "resellable"
    sale: str | None = None
    order: str | None = None
    lot: str | None = None
    expiry: date | None = None
    refund: Decimal | None = None


class ReturnedToSupplier(Movement, frozen=True, kw_only=True):
    """Goods went back to a supplier."""

    name: ClassVar[str] = "returned-to-supplier"
    word: ClassVar[str] = "back to the supplier"
    ordered: ClassVar[bool] = True
    rank: ClassVar[int] = 9
    again: ClassVar[Again | None] = Again(
        "return-to-supplier", COMMON | same("receipt", "supplier")
    )

    receipt: str | None = None
    supplier: str | None = None
    lot: str | None = None


class StockAdjusted(Event, frozen=True, kw_only=True):
    """A difference with a cause, signed; not demand."""

    name: ClassVar[str] = "stock-adjusted"
    word: ClassVar[str] = "adjusted"
    ordered: ClassVar[bool] = True
    again: ClassVar[Again | None] = Again(
        "adjust", {"location": "at", "delta": "delta", "cause": "reason", "lot": "lot"}
    )

    location: str
    delta: Decimal
    cause: AdjustReason = "other"
    typed: str | None = None
    lot: str | None = None

    def ranked(self) -> int:
        """Return the place of a gain or of a loss."""
        return LOSS_RANK if self.delta.is_signed() else GAIN_RANK


class StatusMoved(Movement, frozen=True, kw_only=True):
    """Stock changed between sellable, damaged, quarantine and hold; on-hand is unchanged."""

    name: ClassVar[str] = "status-moved"
    word: ClassVar[str] = "set aside"
    ordered: ClassVar[bool] = True
    rank: ClassVar[int] = 6
    again: ClassVar[Again | None] = Again(
        "move-status",
        {"location": "at", "quantity": "qty", "from_status": "from", "to_status": "to"},
    )

    from_status: Status
    to_status: Status


class StockWrittenOff(Movement, frozen=True, kw_only=True):
    """Stock left as shrink."""

    name: ClassVar[str] = "stock-written-off"
    word: ClassVar[str] = "written off"
    ordered: ClassVar[bool] = True
    rank: ClassVar[int] = 8
    again: ClassVar[Again | None] = Again(
        "write-off", COMMON | {"cause": "reason", "from_status": "status"}
    )

    cause: WriteOffReason = "damage"
    from_status: Status = "sellable"
    lot: str | None = None


class StockCounted(Movement, frozen=True, kw_only=True):
    """On-hand at that moment was ``quantity``: an assertion, its variance is derived."""

    name: ClassVar[str] = "stock-counted"
    word: ClassVar[str] = "counted"
    ordered: ClassVar[bool] = True
    rank: ClassVar[int] = 10
    direction: ClassVar[int] = 0
    again: ClassVar[Again | None] = Again(
        "count", COMMON | {"blind": "blind", "expected_shown": "expected", "pending": "pending"}
    )

    lot: str | None = None
    blind: bool = False
    expected_shown: Decimal | None = None
    pending: bool = False


class Transfer(Event, frozen=True, kw_only=True):
    """One leg of moving stock between locations."""

    transfer: str
    from_location: str
    to_location: str
    quantity: Decimal
    typed: str | None = None
    lot: str | None = None


class TransferDispatched(Transfer, frozen=True, kw_only=True):
    """Stock left the first location."""

    name: ClassVar[str] = "transfer-dispatched"
    word: ClassVar[str] = "sent away"
    ordered: ClassVar[bool] = True
    rank: ClassVar[int] = 6
    again: ClassVar[Again | None] = Again("transfer", OF_A_TRANSFER, {"step": "dispatch"})

    one_step: bool = False
    """Whether it left and came in at one moment: then it leaves before it comes in."""

    def ranked(self) -> int:
        """Return the place of leaving, or of coming in at the same moment."""
        return TransferReceived.rank if self.one_step else self.rank


class TransferReceived(Transfer, frozen=True, kw_only=True):
    """Stock reached the second location."""

    name: ClassVar[str] = "transfer-received"
    word: ClassVar[str] = "arrived"
    ordered: ClassVar[bool] = True
    rank: ClassVar[int] = 2
    direction: ClassVar[int] = 1
    again: ClassVar[Again | None] = Again("transfer", OF_A_TRANSFER, {"step": "receive"})

    one_step: bool = False


class TransferLost(Transfer, frozen=True, kw_only=True):
    """Stock was lost on the way: shrink."""

    name: ClassVar[str] = "transfer-lost"
    word: ClassVar[str] = "lost on the way"
    ordered: ClassVar[bool] = True
    rank: ClassVar[int] = 6
    again: ClassVar[Again | None] = Again("transfer", OF_A_TRANSFER, {"step": "lost"})


class DemandUnmet(Movement, frozen=True, kw_only=True):
    """Asked for, not there: demand yes, stock no."""

    name: ClassVar[str] = "demand-unmet"
    word: ClassVar[str] = "asked for, none"
    ordered: ClassVar[bool] = True
    again: ClassVar[Again | None] = Again("unmet", {"location": "at", "quantity": "qty"})


class EntryVoided(Event, frozen=True, kw_only=True):
    """An event no longer counts; the target may itself be a void."""

    name: ClassVar[str] = "entry-voided"
    word: ClassVar[str] = "taken back"

    target: int
