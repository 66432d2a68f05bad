"""The state of a SKU: a pure function of the set of its recorded events.

An entry is ``(version, name, data)``: the stream's version, the stored name and the stored fields
(decimals as text, moments as integers). Entries fold in effective order
(``effective_at``, rank, ``recorded_at``, version); the newest one applies in constant time, any
other makes the item fold again. Both ways give the same state, which is property P7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from jitledger.domain.events import RANKS
from jitledger.domain.moments import MICROSECOND, QUARTER, SECOND, LocalDays
from jitledger.domain.quantity import ZERO
from jitledger.domain.state.catalog import Catalog, describe_item
from jitledger.domain.state.demand import DEMAND_LINES, DemandDays, demand_line
from jitledger.domain.state.order import Entry, OrderKey, order_key, standing
from jitledger.domain.state.shelf import Lots, Shelf, issue_lots, store_lot, unload_lots

FOREVER = 1 << 62

SALE_RANK = RANKS["stock-sold"]
MOVES = frozenset(RANKS) | {
    "stock-adjusted",
    "backorder-taken",
    "backorder-cancelled",
    "demand-unmet",
}
"""What has a place in the order of movements, or depends on one."""
_BEFORE_ALL: OrderKey = (-FOREVER, 0, 0, 0)
_NO_DAYS: dict[int, int] = {}


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


class StockItem:
    """A SKU folded: shelves by location, promises, demand days and catalog."""

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
        "owed",
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
        self.transfers: dict[str, dict[str, Any]] = {}
        self.reservations: dict[str, list[Reservation]] = {}
        self.fulfilled: dict[tuple[str, str], Decimal] = {}
        self.resolved: set[str] = set()
        self.backorders: dict[str, Decimal] = {}
        self.backorder_due: dict[str, date] = {}
        self.demand: DemandDays = {}
        self.unmet: DemandDays = {}
        self.last_cost: Decimal | None = None
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

    def evolve(self, version: int, name: str, data: dict[str, Any]) -> bool:
        """Apply one entry; False when it does not come last and the item must fold again."""
        return self.absorb(((version, name, data),))

    def absorb(self, entries: Iterable[Entry]) -> bool:
        """Apply entries that come last one after the other; False at the first that does not.

        The loop that folds millions of sales: what they touch is kept in locals.
        """
        shelves, demand, days = self.shelves, self.demand, self.days
        known_days = days.cache if days.one_zone else _NO_DAYS
        newest = self._last[0]
        held: Entry | None = None
        for entry in entries:
            version, name, data = entry
            if name != "stock-sold":
                if held is not None:
                    self._last, held = order_key(held), None
                if not self._evolve_other(version, name, data):
                    return False
                newest = self._last[0]
                continue
            at = data["effective_at"]
            if at <= newest:  # Seldom; only then the whole key is asked for.
                if held is not None:
                    self._last, held = order_key(held), None
                if order_key(entry) < self._last:
                    return False
            newest, held = at, entry
            self.version = version
            text = data["quantity"]
            line = DEMAND_LINES.get(text)
            if line is None:
                line = demand_line(text)
            quantity = line[1]
            day = known_days.get(at // QUARTER)
            if day is None:
                day = days.day(at, data["recorded_at"])
            location = data["location"]
            if data.get("moves_stock", True):
                shelf = shelves.get(location)
                if shelf is None:
                    shelf = shelves[location] = Shelf()
                shelf.on_hand = left = shelf.on_hand - quantity
                if not shelf.moved:
                    shelf.moved = True
                    shelf.since = day
                if shelf.lots:
                    issue_lots(shelf, quantity, data, day)
                if shelf.known and (shelf.out_since is not None or left <= shelf.set_aside):
                    if shelf.out_since is not None and at > shelf.out_since:
                        shelf.out_since = at  # It was sold, so it was there until now.
                    self._mark(shelf, at)
            elif "to_make" in data:
                self._owe(location, quantity, data)
            sold_at = data.get("sold_at")
            here = demand.get(location if sold_at is None else sold_at)
            if here is None:
                here = demand[location if sold_at is None else sold_at] = {}
            found = here.get(day)
            here[day] = line if found is None else found.and_line(line)
            if self.backorders or "reservation" in data:
                self._fulfil(data, quantity)
        if held is not None:
            self._last = order_key(held)
        return True

    def _evolve_other(self, version: int, name: str, data: dict[str, Any]) -> bool:
        if name == "entry-voided":
            return False
        if name not in MOVES:
            # The catalog has no place among the movements; it applies as it is recorded.
            self.version = version
            describe_item(self.catalog, name, data)
            return True
        key = order_key((version, name, data))
        if key < self._last:
            return False
        self._last = key
        self.version = version
        self._apply(name, data)
        return True

    def _apply(self, name: str, data: dict[str, Any]) -> None:
        match name:
            case "stock-received":
                self._received(data)
            case "stock-counted":
                self._counted(data)
            case "sale-returned":
                self._returned(data)
            case "opening-balance":
                self._received(data)
            case "stock-adjusted":
                self._put(data["location"], Decimal(data["delta"]), data)
            case "stock-written-off":
                self._written_off(data)
            case "returned-to-supplier":
                self._put(data["location"], -Decimal(data["quantity"]), data)
            case "status-moved":
                self._status_moved(data)
            case "transfer-dispatched" | "transfer-received" | "transfer-lost":
                self._transferred(name, data)
            case "stock-reserved" | "reservation-released":
                self._promised(name, data)
            case "backorder-taken" | "backorder-cancelled":
                self._backordered(name, data)
            case "demand-unmet":
                self._unmet(data)
            case _:
                raise AssertionError(f"{name} is no movement")

    # --- movements --------------------------------------------------------------------------------

    def _put(self, location: str, delta: Decimal, data: dict[str, Any]) -> Lots:
        """Change what lies at a location; return the lots that what left was taken from."""
        shelf = self.shelf(location)
        taken: Lots = []
        shelf.on_hand += delta
        if not shelf.moved:
            shelf.moved = True
            shelf.since = self.days.day(data["effective_at"], data["recorded_at"])
        if shelf.lots and delta < 0:
            day = self.days.day(data["effective_at"], data["recorded_at"])
            taken = issue_lots(shelf, -delta, data, day)
        self._mark(shelf, data["effective_at"])
        return taken

    def _mark(self, shelf: Shelf, at: int) -> None:
        """Open or close the time without sellable stock; unknown stock is never out."""
        if not shelf.known:
            return
        if shelf.on_hand > shelf.set_aside:
            if shelf.out_since is not None:
                if at > shelf.out_since:
                    shelf.stockouts.append((shelf.out_since, at))
                shelf.out_since = None
        elif shelf.out_since is None:
            shelf.out_since = at

    def _received(self, data: dict[str, Any]) -> None:
        location, quantity = data["location"], Decimal(data["quantity"])
        shelf = self.shelf(location)
        shelf.known = True
        line = data.get("po_line")
        if line is not None:
            self.received[line] = self.received.get(line, ZERO) + quantity
            self.arrivals.append(Arrival(line, location, quantity, data["effective_at"]))
        if self.owed:  # What is made to order goes on to the customer it was made for.
            handed_on = min(self.owed, quantity)
            self.owed -= handed_on
            quantity -= handed_on
        self._put(location, quantity, data)
        if data.get("expiry"):
            store_lot(shelf, data)
        if data.get("unit_cost") is not None:
            self.last_cost = Decimal(data["unit_cost"])

    def _owe(self, location: str, quantity: Decimal, data: dict[str, Any]) -> None:
        """Sell what is made to order: from what is there, the rest is owed."""
        shelf = self.shelf(location)
        taken = min(quantity, max(ZERO, shelf.on_hand))
        self.owed += quantity - taken
        if taken:
            self._put(location, -taken, data)

    def _fulfil(self, data: dict[str, Any], quantity: Decimal) -> None:
        order = data.get("order")
        waiting = self.backorders.get(order, ZERO) if order is not None else ZERO
        if order is not None and waiting > 0:  # What was sold before it was taken is no part of it.
            self.backorders[order] = max(ZERO, waiting - quantity)
        reservation = data.get("reservation")
        if reservation is not None:
            key = (reservation, data["location"])
            self.fulfilled[key] = self.fulfilled.get(key, ZERO) + quantity
            if data.get("final"):
                self.resolved.add(reservation)

    def _counted(self, data: dict[str, Any]) -> None:
        shelf = self.shelf(data["location"])
        shelf.known = True
        self._put(data["location"], Decimal(data["quantity"]) - shelf.on_hand, data)

    def _returned(self, data: dict[str, Any]) -> None:
        quantity = Decimal(data["quantity"])
        condition = data.get("condition", "resellable")
        shelf = self.shelf(data["location"])
        if condition != "resellable":
            shelf.change_status(condition, quantity)
        self._put(data["location"], quantity, data)
        if data.get("expiry"):
            store_lot(shelf, data)

    def _written_off(self, data: dict[str, Any]) -> None:
        quantity = Decimal(data["quantity"])
        status = data.get("from_status", "sellable")
        shelf = self.shelf(data["location"])
        if status != "sellable":
            shelf.change_status(status, -quantity)
        self._put(data["location"], -quantity, data)

    def _status_moved(self, data: dict[str, Any]) -> None:
        quantity = Decimal(data["quantity"])
        shelf = self.shelf(data["location"])
        for status, delta in ((data["from_status"], -quantity), (data["to_status"], quantity)):
            if status != "sellable":
                shelf.change_status(status, delta)
        if not shelf.moved:
            shelf.moved = True
            shelf.since = self.days.day(data["effective_at"], data["recorded_at"])
        self._mark(shelf, data["effective_at"])

    def _transferred(self, name: str, data: dict[str, Any]) -> None:
        quantity = Decimal(data["quantity"])
        target = self.shelf(data["to_location"])
        known = self.transfers.setdefault(
            data["transfer"],
            {"from": data["from_location"], "to": data["to_location"], "open": ZERO, "lots": []},
        )
        if name == "transfer-dispatched":
            known["open"] += quantity
            target.transit_in += quantity
            known["lots"] += self._put(data["from_location"], -quantity, data)
            return
        known["open"] -= quantity
        target.transit_in -= quantity
        arrived = unload_lots(known["lots"], quantity)
        if name == "transfer-received":
            target.known = True
            self._put(data["to_location"], quantity, data)
            for key, part in arrived:
                target.lots[key] = target.lots.get(key, ZERO) + part

    # --- promises and demand ----------------------------------------------------------------------

    def _promised(self, name: str, data: dict[str, Any]) -> None:
        promises = self.reservations.setdefault(data["reservation"], [])
        if name == "reservation-released":
            self.resolved.add(data["reservation"])
            return
        ttl = data.get("ttl_seconds")
        made = data["recorded_at"]
        promises.append(
            Reservation(
                data["location"],
                Decimal(data["quantity"]),
                data.get("order"),
                made,
                FOREVER if ttl is None else made // MICROSECOND * MICROSECOND + ttl * SECOND,
            )
        )

    def _backordered(self, name: str, data: dict[str, Any]) -> None:
        delta = Decimal(data["quantity"])
        if name == "backorder-cancelled":
            delta = -delta
        waiting = self.backorders.get(data["order"], ZERO)
        self.backorders[data["order"]] = max(ZERO, waiting + delta)
        if "location" in data:
            self.shelf(data["location"])
        if data.get("due"):
            self.backorder_due[data["order"]] = date.fromisoformat(data["due"])

    def _unmet(self, data: dict[str, Any]) -> None:
        day = self.days.day(data["effective_at"], data["recorded_at"])
        line = demand_line(data["quantity"])
        here = self.unmet.setdefault(data["location"], {})
        found = here.get(day)
        here[day] = line if found is None else found.and_line(line)


def fold(
    sku: str,
    entries: Sequence[Entry],
    days: LocalDays,
    *,
    as_of: int | None = None,
    as_at: int | None = None,
) -> StockItem:
    """Fold a SKU from the set of its entries: ``state(as_of, as_at)`` of DOMAIN.md 11.

    ``as_at`` leaves out what was recorded later (voids too), ``as_of`` what took effect later.
    """
    believed = entries if as_at is None else [e for e in entries if e[2]["recorded_at"] <= as_at]
    item = StockItem(sku, days)
    chosen = standing(believed)
    if as_of is not None:
        chosen = [e for e in chosen if e[2]["effective_at"] <= as_of]
    item.absorb(chosen)
    item.version = max((entry[0] for entry in believed), default=0)
    return item
