"""What a folded SKU holds, before anything moves it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from jitledger.domain.moments import LocalDays
from jitledger.domain.quantity import ZERO
from jitledger.domain.state.catalog import Catalog
from jitledger.domain.state.order import OrderKey
from jitledger.domain.state.shelf import Lots, Shelf

FOREVER = 1 << 62
_BEFORE_ALL: OrderKey = (-FOREVER, 0, 0, 0)


class Demand(NamedTuple):
    """Order lines, units and the sum of squared line quantities."""

    lines: int
    units: Decimal
    squares: Decimal

    def and_line(self, quantity: Decimal) -> Demand:
        """Return it with one line more."""
        lines, units, squares = self
        # A named tuple's own constructor is three times as slow, and this runs for every sale.
        return tuple.__new__(Demand, (lines + 1, units + quantity, squares + quantity * quantity))


_LINES: dict[Decimal, Demand] = {}
_MOST_LINES = 20_000


def demand_line(quantity: Decimal) -> Demand:
    """Return the demand of one order line; few different ones are kept again and again."""
    line = _LINES.get(quantity)
    if line is None:
        line = Demand(1, quantity, quantity * quantity)
        if len(_LINES) < _MOST_LINES:
            _LINES[quantity] = line
    return line


DemandDays = dict[str, dict[int, Demand]]
"""{location: {day number: demand}}"""


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
        "clocked",
        "days",
        "demand",
        "fulfilled",
        "holding",
        "last_cost",
        "last_cost_at",
        "last_cost_line",
        "last_in",
        "owed",
        "rates",
        "received",
        "reservations",
        "resolved",
        "shelves",
        "sku",
        "timers",
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
        self.holding: dict[tuple[str, str], Decimal] = {}
        """{(reservation, location): what of it is withheld from others now}"""
        self.timers: list[tuple[int, str, str]] = []
        """A heap of (moment, location, reservation): a promise lapses, else lots expire."""
        self.clocked = False
        """Whether the clock alone ever changed what can be sold: there were promises or lots."""
        self.backorders: dict[str, Decimal] = {}
        self.backorder_due: dict[str, date] = {}
        self.demand: DemandDays = {}
        self.unmet: DemandDays = {}
        self.last_cost: Decimal | None = None
        """Of one unit in the shop's currency, of the latest receipt that had one."""
        self.last_cost_at: int | None = None
        self.last_cost_line: str | None = None
        """The line of a purchase order that this receipt came for; None without one."""
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
            held = (left for (_, place), left in self.holding.items() if place == location)
            found = self.shelves[location] = Shelf(withheld=sum(held, ZERO))
        return found
