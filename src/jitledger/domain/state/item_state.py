"""What a folded SKU holds, before anything moves it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from jitledger.domain.moments import LocalDays
from jitledger.domain.quantity import ZERO
from jitledger.domain.state.catalog import Catalog
from jitledger.domain.state.demand import DemandDays
from jitledger.domain.state.order import OrderKey
from jitledger.domain.state.shelf import Lots, Shelf

FOREVER = 1 << 62
_BEFORE_ALL: OrderKey = (-FOREVER, 0, 0, 0)


@dataclass(slots=True)
class Reservation:
    """One promise of one SKU at one location; resolved at most once."""

    location: str
    quantity: Decimal
    order: str | None
    made_at: int
    lapses_at: int


class Arrival(NamedTuple):
    """Goods that came in for a line of a purchase order."""

    line: str
    location: str
    quantity: Decimal
    at: int


@dataclass(slots=True)
class Leg:
    """What one transfer has under way, and the lots it is made of."""

    from_location: str
    to_location: str
    open: Decimal = ZERO
    lots: Lots = field(default_factory=list)


class ItemState:
    """What a SKU folded holds: shelves by location, promises, demand days and catalog."""

    __slots__ = (
        "_last",
        "arrivals",
        "backorder_due",
        "backorders",
        "catalog",
        "days",
        "demand",
        "fulfilled",
        "last_cost",
        "last_cost_at",
        "last_in",
        "owed",
        "rates",
        "received",
        "reservations",
        "resolved",
        "shelves",
        "sku",
        "transfers",
        "unmet",
        "version",
    )

    def __init__(self, sku: str, days: LocalDays) -> None:
        self.sku = sku
        self.days = days
        self.version = 0
        self.catalog = Catalog()
        self.shelves: dict[str, Shelf] = {}
        self.transfers: dict[str, Leg] = {}
        self.reservations: dict[str, list[Reservation]] = {}
        self.fulfilled: dict[tuple[str, str], Decimal] = {}
        self.resolved: set[str] = set()
        self.backorders: dict[str, Decimal] = {}
        self.backorder_due: dict[str, date] = {}
        self.demand: DemandDays = {}
        self.unmet: DemandDays = {}
        self.last_cost: Decimal | None = None
        """Of one unit in the shop's currency, of the latest receipt that had one."""
        self.last_cost_at: int | None = None
        self.last_in: int | None = None
        """When goods came in last."""
        self.rates: dict[str, tuple[int, Decimal]] = {}
        """{currency: (moment, the shop's currency for one of it)} of the latest receipts."""
        self.received: dict[str, Decimal] = {}
        """What came in by line of a purchase order."""
        self.arrivals: list[Arrival] = []
        self.owed = ZERO
        """Made-to-order units that were sold and have not come in, wherever they come in."""
        self._last: OrderKey = _BEFORE_ALL

    def shelf(self, location: str) -> Shelf:
        """Return the shelf at a location, an empty unknown one at first."""
        found = self.shelves.get(location)
        if found is None:
            found = self.shelves[location] = Shelf()
        return found
