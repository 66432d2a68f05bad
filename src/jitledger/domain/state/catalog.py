"""What the shop knows of an item beside its quantities."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from jitledger.domain import events as e
from jitledger.domain.events import Event
from jitledger.domain.state.dated import in_force, starting


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
    prices: list[tuple[str, e.PriceSet]] = field(default_factory=list)
    suppliers: list[tuple[str, str]] = field(default_factory=list)
    policies: dict[str | None, list[tuple[str, e.PolicySet]]] = field(default_factory=dict)

    @property
    def bought(self) -> bool:
        """Return whether it is kept in stock and ordered: single, and still in the range."""
        return self.mode == "stocked" and not self.retired and not self.components

    def price(self, today: str) -> Decimal | None:
        """Return the selling price in force on a day, tax in it or not as it was set."""
        found = in_force(self.prices, today)
        return None if found is None else found.price


def describe_item(catalog: Catalog, event: Event) -> None:
    """Apply an event of the catalog; effective-dated ones are kept with their day."""
    match event:
        case e.ItemRegistered():
            _register(catalog, event)
        case e.ItemRenamed():
            _rename(catalog, event)
        case e.ItemRetired():
            catalog.retired = True
        case e.PackDefined():
            dated = catalog.packs.setdefault(event.code.casefold(), [])
            dated.append((starting(event.effective_from), event.factor))
        case e.PriceSet():
            catalog.prices.append((starting(event.effective_from), event))
        case e.SupplierLinked():
            catalog.suppliers.append((starting(event.effective_from), event.supplier))
        case e.PolicySet():
            policies = catalog.policies.setdefault(event.location, [])
            policies.append((starting(event.effective_from), event))
        case _:
            pass


def _register(catalog: Catalog, event: e.ItemRegistered) -> None:
    catalog.registered = True
    catalog.title = event.title
    catalog.unit = event.unit
    catalog.precision = event.precision
    catalog.mode = event.mode
    catalog.costing = event.costing
    catalog.barcodes = event.barcodes
    catalog.category = event.category
    catalog.variant_of = event.variant_of
    catalog.components = event.components
    catalog.shelf_life_days = event.shelf_life_days
    catalog.analog_of = event.analog_of
    if event.tax_rate is not None:
        catalog.tax_rate = event.tax_rate


def _rename(catalog: Catalog, event: e.ItemRenamed) -> None:
    """Apply what changed; what is absent stays."""
    catalog.title = event.title if event.title is not None else catalog.title
    catalog.category = event.category if event.category is not None else catalog.category
    catalog.mode = event.mode if event.mode is not None else catalog.mode
    catalog.costing = event.costing if event.costing is not None else catalog.costing
    if event.shelf_life_days is not None:
        catalog.shelf_life_days = event.shelf_life_days
    if event.barcodes is not None:
        catalog.barcodes = event.barcodes
    if event.analog_of is not None:
        catalog.analog_of = event.analog_of
    if event.tax_rate is not None:
        catalog.tax_rate = event.tax_rate
