"""Suppliers, terms and purchase orders."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from jitledger.domain.commands.base import Command
from jitledger.domain.commands.fields import Code, Currency, Day, Days, Money, Quantity, Rate, Text


class RegisterSupplier(Command):
    """Register a supplier, or change its particulars."""

    do: ClassVar[str] = "supplier"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    code: Code
    name: Text | None = None
    lead_time_days: Days | None = None
    review_days: Days | None = None
    currency: Currency | None = None
    minimum_order: Money | None = None
    contact: Text | None = None
    notes: Text | None = None
    agreement_ends: Day | None = None
    order_cost: Money | None = None


class PriceBreak(BaseModel):
    """From this quantity on, this unit cost."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    qty: Quantity
    unit_cost: Money


class AgreeTerms(Command):
    """Say what a product costs at a supplier and how it is ordered."""

    do: ClassVar[str] = "terms"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    supplier: Code
    sku: Code
    supplier_sku: Code | None = None
    unit_cost: Money | None = None
    currency: Currency | None = None
    moq: Quantity | None = None
    pack: Quantity | None = None
    price_breaks: list[PriceBreak] = []
    lead_time_days: Days | None = None
    effective_from: Day | None = None


class SetOrderDays(Command):
    """Say on which weekdays orders leave (0 is Monday)."""

    do: ClassVar[str] = "order-days"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    supplier: Code
    weekdays: list[Annotated[int, Field(ge=0, le=6)]]
    cutoff: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None


class OrderedLine(BaseModel):
    """One line of a purchase order."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    sku: Code
    qty: Quantity
    at: Code | None = None
    pack: Code | None = None
    unit_cost: Money | None = None
    promised: Day | None = None


class _Ordering(Command):
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    po: Code | None = None
    supplier: Code
    lines: list[OrderedLine] = Field(min_length=1, max_length=1000)
    currency: Currency | None = None
    rate: Rate | None = None


class PlaceOrder(_Ordering):
    """Order from a supplier: the order counts as on its way."""

    do: ClassVar[str] = "order"
    placed: Day | None = None


class DraftOrder(_Ordering):
    """Prepare an order; again with the same number, it is written anew."""

    do: ClassVar[str] = "order-draft"


class PlaceDraft(Command):
    """Place a prepared order."""

    do: ClassVar[str] = "order-place"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    po: Code
    placed: Day | None = None
    rate: Rate | None = None


class ConfirmOrder(Command):
    """Record what the supplier promised; without a SKU, for all lines."""

    do: ClassVar[str] = "order-confirm"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    po: Code
    sku: Code | None = None
    promised: Day | None = None
    reference: Text | None = None


class DelayOrder(Command):
    """Record that it comes later; without a SKU, for all lines."""

    do: ClassVar[str] = "order-delay"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    po: Code
    sku: Code | None = None
    promised: Day


class CancelOrder(Command):
    """Cancel a quantity of a SKU, all that is open of it, or the whole order; ``at`` its place."""

    do: ClassVar[str] = "order-cancel"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    po: Code
    sku: Code | None = None
    qty: Quantity | None = None
    at: Code | None = None


class CloseOrder(Command):
    """Wait no longer for what has not come of an order."""

    do: ClassVar[str] = "order-close"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    po: Code
