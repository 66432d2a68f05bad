"""What a product is called, costs and needs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

from jitledger.domain.events.envelope import Event

Mode = Literal["stocked", "dropship", "made-to-order"]
Costing = Literal["average", "fifo", "fefo"]

Method = Literal["default", "textbook", "velocity", "min-max", "manual"]


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
