"""What the shop knows of an item beside its quantities."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(slots=True)
class Catalog:
    """What the shop knows of an item beside its quantities."""

    registered: bool = False
    retired: bool = False
    title: str = ""
    unit: str = "piece"
    precision: int = 0
    mode: str = "stocked"
    costing: str = "average"
    barcodes: tuple[str, ...] = ()
    category: str | None = None
    variant_of: str | None = None
    components: tuple[tuple[str, Decimal], ...] = ()
    shelf_life_days: int | None = None
    tax_rate: Decimal | None = None
    analog_of: str | None = None
    packs: dict[str, list[tuple[str, Decimal]]] = field(default_factory=dict)
    prices: list[tuple[str, Decimal]] = field(default_factory=list)
    suppliers: list[tuple[str, str]] = field(default_factory=list)
    policies: dict[str | None, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict)


def describe_item(catalog: Catalog, name: str, data: dict[str, Any]) -> None:
    """Apply an event of the catalog; effective-dated ones are kept with their day."""
    match name:
        case "item-registered":
            catalog.registered = True
            catalog.title = data["title"]
            catalog.unit = data.get("unit", "piece")
            catalog.precision = data.get("precision", 0)
            catalog.mode = data.get("mode", "stocked")
            catalog.costing = data.get("costing", "average")
            catalog.barcodes = tuple(data.get("barcodes", ()))
            catalog.category = data.get("category")
            catalog.variant_of = data.get("variant_of")
            catalog.components = tuple((s, Decimal(q)) for s, q in data.get("components", ()))
            catalog.shelf_life_days = data.get("shelf_life_days")
            catalog.analog_of = data.get("analog_of")
            _set_tax(catalog, data)
        case "item-renamed":
            for attribute in ("title", "category", "mode", "costing", "shelf_life_days"):
                if data.get(attribute) is not None:
                    setattr(catalog, attribute, data[attribute])
            if data.get("barcodes") is not None:
                catalog.barcodes = tuple(data["barcodes"])
            if data.get("analog_of") is not None:
                catalog.analog_of = data["analog_of"]
            _set_tax(catalog, data)
        case "item-retired":
            catalog.retired = True
        case "pack-defined":
            starts = data.get("effective_from") or ""
            catalog.packs.setdefault(data["code"].casefold(), []).append(
                (starts, Decimal(data["factor"]))
            )
        case "price-set":
            catalog.prices.append((data.get("effective_from") or "", Decimal(data["price"])))
        case "supplier-linked":
            catalog.suppliers.append((data.get("effective_from") or "", data["supplier"]))
        case "policy-set":
            policies = catalog.policies.setdefault(data.get("location"), [])
            policies.append((data.get("effective_from") or "", data))
        case _:
            pass


def _set_tax(catalog: Catalog, data: dict[str, Any]) -> None:
    if data.get("tax_rate") is not None:
        catalog.tax_rate = Decimal(data["tax_rate"])
