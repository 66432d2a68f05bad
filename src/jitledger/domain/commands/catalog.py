"""Products, packs, prices and how they are reordered."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from jitledger.domain.commands.base import Command
from jitledger.domain.commands.fields import (
    Code,
    Cover,
    Currency,
    Day,
    Level,
    Money,
    Quantity,
    Share,
    Text,
)
from jitledger.domain.events import Costing, Method, Mode


class Component(BaseModel):
    """One line of a bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    sku: Code
    qty: Quantity


class Register(Command):
    """Register a product."""

    do: ClassVar[str] = "register"
    sku: Code
    name: Text | None = None
    unit: Text = "piece"
    precision: int = Field(0, ge=0, le=3)
    mode: Mode = "stocked"
    costing: Costing = "average"
    barcodes: list[Code] = []
    category: Text | None = None
    variant_of: Code | None = None
    components: list[Component] = []
    shelf_life_days: int | None = Field(None, ge=1, le=36500)
    tax_rate: Share | None = None
    analog_of: Code | None = None


class Rename(Command):
    """Change a product's name or other properties; absent fields stay."""

    do: ClassVar[str] = "rename"
    sku: Code
    name: Text | None = None
    category: Text | None = None
    mode: Mode | None = None
    costing: Costing | None = None
    barcodes: list[Code] | None = None
    shelf_life_days: int | None = Field(None, ge=1, le=36500)
    tax_rate: Share | None = None
    analog_of: Code | None = None


class Retire(Command):
    """Stop ordering a product."""

    do: ClassVar[str] = "retire"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    sku: Code


class DefinePack(Command):
    """Say what a pack holds."""

    do: ClassVar[str] = "pack"
    sku: Code
    code: Code
    factor: Quantity
    effective_from: Day | None = None


class SetPrice(Command):
    """Set the selling price."""

    do: ClassVar[str] = "price"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    sku: Code
    price: Money
    currency: Currency | None = None
    tax_included: bool | None = None
    effective_from: Day | None = None


class SetPolicy(Command):
    """Say how an item is reordered."""

    do: ClassVar[str] = "policy"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    sku: Code
    at: Code | None = None
    method: Method | None = None
    reorder_point: Level | None = None
    order_quantity: Quantity | None = None
    order_up_to: Level | None = None
    service_level: Share | None = None
    cover_days: Cover | None = None
    demand_per_day: Quantity | None = None
    effective_from: Day | None = None


class LinkSupplier(Command):
    """Say from whom an item is ordered."""

    do: ClassVar[str] = "link"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    sku: Code
    supplier: Code
    preferred: bool = True
    effective_from: Day | None = None
