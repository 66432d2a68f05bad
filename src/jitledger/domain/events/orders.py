"""Suppliers, their terms, and purchase orders."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from jitledger.domain.events.envelope import Event


class SupplierRegistered(Event, frozen=True, kw_only=True):
    """A supplier, or new particulars of one."""

    name: ClassVar[str] = "supplier-registered"
    word: ClassVar[str] = "new supplier"

    title: str | None = None
    lead_time_days: Decimal | None = None
    review_days: Decimal | None = None
    currency: str | None = None
    minimum_order: Decimal | None = None
    contact: str | None = None
    notes: str | None = None
    agreement_ends: date | None = None
    order_cost: Decimal | None = None


class TermsAgreed(Event, frozen=True, kw_only=True):
    """What one product costs at this supplier, and how it is ordered, from a day on."""

    name: ClassVar[str] = "terms-agreed"
    word: ClassVar[str] = "terms"

    sku: str
    supplier_sku: str | None = None
    unit_cost: Decimal | None = None
    currency: str | None = None
    moq: Decimal | None = None
    pack: Decimal | None = None
    price_breaks: tuple[tuple[Decimal, Decimal], ...] = ()
    lead_time_days: Decimal | None = None
    effective_from: date | None = None


class OrderDaysSet(Event, frozen=True, kw_only=True):
    """On which weekdays (0 is Monday) orders leave, and until when."""

    name: ClassVar[str] = "order-days-set"

    weekdays: tuple[int, ...]
    cutoff: str | None = None


class OrderLine(Struct, frozen=True, kw_only=True, gc=False):
    """One line of a purchase order; ``quantity`` is in base units, costs are for one of them."""

    sku: str
    location: str
    quantity: Decimal
    pack: Decimal | None = None
    unit_cost: Decimal | None = None
    promised: date | None = None


class OrderEvent(Event, frozen=True, kw_only=True):
    """A purchase order with its lines, numbered from 1 in their order."""

    supplier: str
    lines: tuple[OrderLine, ...]
    currency: str | None = None
    rate: Decimal | None = None


class OrderDrafted(OrderEvent, frozen=True, kw_only=True):
    """An order somebody thinks of: it counts for nothing, but silences repeated alerts."""

    name: ClassVar[str] = "po-drafted"


class OrderPlaced(OrderEvent, frozen=True, kw_only=True):
    """An order that went to the supplier; ``placed_on`` when that was on an earlier day."""

    name: ClassVar[str] = "po-placed"

    placed_on: date | None = None


class OrderConfirmed(Event, frozen=True, kw_only=True):
    """The supplier said when it comes; without a line, for all of them."""

    name: ClassVar[str] = "po-confirmed"

    promised: date | None = None
    line: int | None = None
    reference: str | None = None


class OrderDelayed(Event, frozen=True, kw_only=True):
    """The supplier said that it comes later; without a line, for all of them."""

    name: ClassVar[str] = "po-delayed"

    promised: date
    line: int | None = None


class OrderLineCancelled(Event, frozen=True, kw_only=True):
    """So much of a line will not come."""

    name: ClassVar[str] = "po-line-cancelled"

    line: int
    quantity: Decimal


class OrderClosedShort(Event, frozen=True, kw_only=True):
    """What has not come is no longer waited for."""

    name: ClassVar[str] = "po-closed-short"


class OrderCancelled(Event, frozen=True, kw_only=True):
    """The whole order will not come."""

    name: ClassVar[str] = "po-cancelled"
