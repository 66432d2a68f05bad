"""What a product is called, costs and needs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

from jitledger.domain.events.envelope import Event

Mode = Literal["stocked", "dropship", "made-to-order"]
Costing = Literal["average", "fifo", "fefo"]

Method = Literal["default", "textbook", "velocity", "min-max", "manual"]


class ItemRegistered(Event, frozen=True, kw_only=True):
    """A product exists from now on."""

    name: ClassVar[str] = "item-registered"
    word: ClassVar[str] = "new product"

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


class ItemRenamed(Event, frozen=True, kw_only=True):
    """A product's name, category, barcodes or other properties changed; absent means unchanged."""

    name: ClassVar[str] = "item-renamed"
    word: ClassVar[str] = "renamed"

    title: str | None = None
    category: str | None = None
    mode: Mode | None = None
    costing: Costing | None = None
    barcodes: tuple[str, ...] | None = None
    shelf_life_days: int | None = None
    tax_rate: Decimal | None = None
    analog_of: str | None = None


class ItemRetired(Event, frozen=True, kw_only=True):
    """A product is no longer ordered."""

    name: ClassVar[str] = "item-retired"
    word: ClassVar[str] = "retired"


class PackDefined(Event, frozen=True, kw_only=True):
    """A pack holds so many base units from a day on."""

    name: ClassVar[str] = "pack-defined"
    word: ClassVar[str] = "pack"

    code: str
    factor: Decimal
    effective_from: date | None = None


class PriceSet(Event, frozen=True, kw_only=True):
    """The selling price from a day on."""

    name: ClassVar[str] = "price-set"
    word: ClassVar[str] = "price"

    price: Decimal
    currency: str | None = None
    tax_included: bool | None = None
    effective_from: date | None = None


class PolicySet(Event, frozen=True, kw_only=True):
    """How an item is reordered; without a location for the whole shop.

    ``demand_per_day`` is the merchant's guess for an item that is still learning. Without a method
    the category's or the shop's counts.
    """

    name: ClassVar[str] = "policy-set"
    word: ClassVar[str] = "reorder policy"

    location: str | None = None
    method: Method | None = None
    reorder_point: Decimal | None = None
    order_quantity: Decimal | None = None
    order_up_to: Decimal | None = None
    service_level: Decimal | None = None
    cover_days: Decimal | None = None
    demand_per_day: Decimal | None = None
    effective_from: date | None = None


class SupplierLinked(Event, frozen=True, kw_only=True):
    """The supplier an item is ordered from."""

    name: ClassVar[str] = "supplier-linked"
    word: ClassVar[str] = "supplier"

    supplier: str
    preferred: bool = True
    effective_from: date | None = None
