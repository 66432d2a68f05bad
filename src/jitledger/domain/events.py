"""Every event that is ever stored, with all its fields.

The name on disk (``stock-received``) is the event's own word and is never reused or renamed; the
class may move. Moments are integers (nanoseconds since 1970 UTC, see ``moments``), quantities and
money exact decimals, dates ISO days. Fields that only later features use are here from the start,
because what is stored is stored for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

Mode = Literal["stocked", "dropship", "made-to-order"]
Costing = Literal["average", "fifo", "fefo"]
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
Method = Literal["default", "textbook", "velocity", "min-max", "manual"]
Role = Literal["owner", "buyer", "staff", "viewer"]


class Event(BaseModel):
    """The envelope: who, when it was recorded, when it held, and through which command."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ClassVar[str] = ""
    class_version: ClassVar[int] = 1

    originator_id: str
    originator_version: int
    recorded_at: int
    effective_at: int
    occurred_on: date | None = None
    actor: str | None = None
    channel: str = "cli"
    command_key: str | None = None
    correlation: str | None = None
    reason: str | None = None
    note: str | None = None
    corrects: str | None = None


# --- catalog of an item ---------------------------------------------------------------------------


class ItemRegistered(Event):
    """A product exists from now on."""

    name: ClassVar[str] = "item-registered"
    title: str
    unit: str = "piece"
    precision: int = 0
    mode: Mode = "stocked"
    costing: Costing = "average"
    barcodes: tuple[str, ...] = ()
    category: str | None = None
    variant_of: str | None = None
    components: tuple[tuple[str, Decimal], ...] = ()
    shelf_life_days: int | None = None
    tax_rate: Decimal | None = None
    analog_of: str | None = None


class ItemRenamed(Event):
    """A product's name, category, barcodes or other properties changed; absent means unchanged."""

    name: ClassVar[str] = "item-renamed"
    title: str | None = None
    category: str | None = None
    mode: Mode | None = None
    costing: Costing | None = None
    barcodes: tuple[str, ...] | None = None
    shelf_life_days: int | None = None
    tax_rate: Decimal | None = None
    analog_of: str | None = None


class ItemRetired(Event):
    """A product is no longer ordered."""

    name: ClassVar[str] = "item-retired"


class PackDefined(Event):
    """A pack holds so many base units from a day on."""

    name: ClassVar[str] = "pack-defined"
    code: str
    factor: Decimal
    effective_from: date | None = None


class PriceSet(Event):
    """The selling price from a day on."""

    name: ClassVar[str] = "price-set"
    price: Decimal
    currency: str | None = None
    tax_included: bool | None = None
    effective_from: date | None = None


class PolicySet(Event):
    """How an item is reordered; without a location for the whole shop.

    ``demand_per_day`` is the merchant's guess for an item that is still learning. Without a method
    the category's or the shop's counts.
    """

    name: ClassVar[str] = "policy-set"
    location: str | None = None
    method: Method | None = None
    reorder_point: Decimal | None = None
    order_quantity: Decimal | None = None
    order_up_to: Decimal | None = None
    service_level: Decimal | None = None
    cover_days: Decimal | None = None
    demand_per_day: Decimal | None = None
    effective_from: date | None = None


class SupplierLinked(Event):
    """The supplier an item is ordered from."""

    name: ClassVar[str] = "supplier-linked"
    supplier: str
    preferred: bool = True
    effective_from: date | None = None


# --- movements of an item -------------------------------------------------------------------------


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


class StockReserved(Event):
    """A promise of stock to an order; lapses by the clock alone."""

    name: ClassVar[str] = "stock-reserved"
    reservation: str
    location: str
    quantity: Decimal
    order: str | None = None
    ttl_seconds: int | None = None


class ReservationReleased(Event):
    """A promise was taken back."""

    name: ClassVar[str] = "reservation-released"
    reservation: str


class BackorderTaken(Event):
    """Known demand: fulfilled by a sale that names the order."""

    name: ClassVar[str] = "backorder-taken"
    location: str
    order: str
    quantity: Decimal
    due: date | None = None
    price: Decimal | None = None


class BackorderCancelled(Event):
    """A backorder, or part of it, is no longer wanted."""

    name: ClassVar[str] = "backorder-cancelled"
    order: str
    quantity: Decimal


class DemandUnmet(Movement):
    """Asked for, not there: demand yes, stock no."""

    name: ClassVar[str] = "demand-unmet"


class EntryVoided(Event):
    """An event no longer counts; the target may itself be a void."""

    name: ClassVar[str] = "entry-voided"
    target: int


# --- alerts of an item ----------------------------------------------------------------------------


class AlertEvent(Event):
    """What was believed when an alert changed its state."""

    location: str | None = None
    inventory_position: Decimal | None = None
    reorder_point: Decimal | None = None
    quantity: Decimal | None = None
    inputs: dict[str, str] = {}


class ReorderAlertRaised(AlertEvent):
    """The inventory position fell to the reorder point or below."""

    name: ClassVar[str] = "reorder-alert-raised"


class ReorderAlertSnoozed(AlertEvent):
    """Somebody wants to hear of it later."""

    name: ClassVar[str] = "reorder-alert-snoozed"
    until: int = 0


class ReorderAlertResolved(AlertEvent):
    """The inventory position is above the reorder point again."""

    name: ClassVar[str] = "reorder-alert-resolved"


class ReorderAlertRetracted(AlertEvent):
    """A late fact shows that it was never true."""

    name: ClassVar[str] = "reorder-alert-retracted"


# --- the shop and its people ----------------------------------------------------------------------


class ShopOpened(Event):
    """The shop exists, with one currency and one time zone."""

    name: ClassVar[str] = "shop-opened"
    title: str
    currency: str
    timezone: str
    locale: str = "en"
    prices: Literal["gross", "net"] = "gross"
    clock: Literal["live", "simulated"] = "live"


class SettingsChanged(Event):
    """A setting of the shop changed; absent means unchanged.

    ``method`` is for a category when one is named.
    """

    name: ClassVar[str] = "settings-changed"
    title: str | None = None
    timezone: str | None = None
    locale: str | None = None
    prices: Literal["gross", "net"] | None = None
    service_level: Decimal | None = None
    cover_days: Decimal | None = None
    tax_rate: Decimal | None = None
    method: Method | None = None
    category: str | None = None
    opens: str | None = None
    closes: str | None = None
    margin_floor: Decimal | None = None


class LocationOpened(Event):
    """Stock can lie at this place."""

    name: ClassVar[str] = "location-opened"
    code: str
    title: str | None = None


class MemberInvited(Event):
    """An invitation: works once, until it expires. Only the code's hash is stored."""

    name: ClassVar[str] = "member-invited"
    code_hash: str
    role: Role
    expires_at: int


class MemberJoined(Event):
    """Somebody used an invitation."""

    name: ClassVar[str] = "member-joined"
    member: str
    role: Role
    code_hash: str | None = None


class MemberLeft(Event):
    """A member lost access."""

    name: ClassVar[str] = "member-left"
    member: str


class RoleChanged(Event):
    """A member may do other things from now on."""

    name: ClassVar[str] = "role-changed"
    member: str
    role: Role


class BudgetSet(Event):
    """What may be spent on orders in a period."""

    name: ClassVar[str] = "budget-set"
    amount: Decimal
    effective_from: date | None = None


class HoldingRateSet(Event):
    """What holding stock costs, as a share of its value in a year."""

    name: ClassVar[str] = "holding-rate-set"
    rate: Decimal
    effective_from: date | None = None


class PeriodLocked(Event):
    """What was reported through this day stays reported."""

    name: ClassVar[str] = "period-locked"
    through: date


# --- suppliers ------------------------------------------------------------------------------------


class SupplierRegistered(Event):
    """A supplier, or new particulars of one."""

    name: ClassVar[str] = "supplier-registered"
    title: str | None = None
    lead_time_days: Decimal | None = None
    review_days: Decimal | None = None
    currency: str | None = None
    minimum_order: Decimal | None = None
    contact: str | None = None
    notes: str | None = None
    agreement_ends: date | None = None
    order_cost: Decimal | None = None


class TermsAgreed(Event):
    """What one product costs at this supplier, and how it is ordered, from a day on."""

    name: ClassVar[str] = "terms-agreed"
    sku: str
    supplier_sku: str | None = None
    unit_cost: Decimal | None = None
    currency: str | None = None
    moq: Decimal | None = None
    pack: Decimal | None = None
    price_breaks: tuple[tuple[Decimal, Decimal], ...] = ()
    lead_time_days: Decimal | None = None
    effective_from: date | None = None


class OrderDaysSet(Event):
    """On which weekdays (0 is Monday) orders leave, and until when."""

    name: ClassVar[str] = "order-days-set"
    weekdays: tuple[int, ...]
    cutoff: str | None = None


# --- purchase orders ------------------------------------------------------------------------------


class OrderLine(BaseModel):
    """One line of a purchase order; ``quantity`` is in base units, costs are for one of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    sku: str
    location: str
    quantity: Decimal
    pack: Decimal | None = None
    unit_cost: Decimal | None = None
    promised: date | None = None


class OrderEvent(Event):
    """A purchase order with its lines, numbered from 1 in their order."""

    supplier: str
    lines: tuple[OrderLine, ...]
    currency: str | None = None
    rate: Decimal | None = None


class OrderDrafted(OrderEvent):
    """An order somebody thinks of: it counts for nothing, but silences repeated alerts."""

    name: ClassVar[str] = "po-drafted"


class OrderPlaced(OrderEvent):
    """An order that went to the supplier; ``placed_on`` when that was on an earlier day."""

    name: ClassVar[str] = "po-placed"
    placed_on: date | None = None


class OrderConfirmed(Event):
    """The supplier said when it comes; without a line, for all of them."""

    name: ClassVar[str] = "po-confirmed"
    promised: date | None = None
    line: int | None = None
    reference: str | None = None


class OrderDelayed(Event):
    """The supplier said that it comes later; without a line, for all of them."""

    name: ClassVar[str] = "po-delayed"
    promised: date
    line: int | None = None


class OrderLineCancelled(Event):
    """So much of a line will not come."""

    name: ClassVar[str] = "po-line-cancelled"
    line: int
    quantity: Decimal


class OrderClosedShort(Event):
    """What has not come is no longer waited for."""

    name: ClassVar[str] = "po-closed-short"


class OrderCancelled(Event):
    """The whole order will not come."""

    name: ClassVar[str] = "po-cancelled"


def _leaves(base: type[Event]) -> Iterable[type[Event]]:
    for cls in base.__subclasses__():
        if cls.name:
            yield cls
        yield from _leaves(cls)


EVENTS: dict[str, type[Event]] = {cls.name: cls for cls in _leaves(Event)}
"""Every stored name and its class."""

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
