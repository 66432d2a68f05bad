"""The state of a SKU: a pure function of the set of its recorded events.

An entry is ``(version, event)``: its version in the stream and what is recorded. Entries fold in
effective order
(``effective_at``, rank, ``recorded_at``, version); the newest one applies in constant time, any
other makes the item fold again. Both ways give the same state, which is property P7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from jitledger.domain import events as e
from jitledger.domain.events import Event, StockSold
from jitledger.domain.moments import MICROSECOND, QUARTER, SECOND, LocalDays
from jitledger.domain.quantity import ZERO
from jitledger.domain.state.catalog import Catalog, describe_item
from jitledger.domain.state.demand import DemandDays, demand_line
from jitledger.domain.state.order import Entry, OrderKey, order_key, standing
from jitledger.domain.state.shelf import Lots, Shelf, issue_lots, store_lot, unload_lots

FOREVER = 1 << 62

SALE_RANK = StockSold.rank
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


@dataclass(slots=True)
class Leg:
    """What one transfer has under way, and the lots it is made of."""

    from_location: str
    to_location: str
    open: Decimal = ZERO
    lots: Lots = field(default_factory=list)


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
        self.transfers: dict[str, Leg] = {}
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

    def evolve(self, version: int, event: Event) -> bool:
        """Apply one entry; False when it does not come last and the item must fold again."""
        return self.absorb(((version, event),))

    def absorb(self, entries: Iterable[Entry]) -> bool:
        """Apply entries that come last one after the other; False at the first that does not.

        The loop that folds millions of sales: the usual one, of what is simply there, is taken
        here with what it touches in locals; any other sale goes through ``_sold``.
        """
        shelves, demand, days = self.shelves, self.demand, self.days
        known_days = days.cache if days.one_zone else _NO_DAYS
        newest = self._last[0]
        held: Entry | None = None
        for entry in entries:
            version, event = entry
            if type(event) is not StockSold:
                if held is not None:
                    self._last, held = order_key(held), None
                if not self._evolve_other(version, event):
                    return False
                newest = self._last[0]
                continue
            at = event.effective_at
            if at <= newest:  # Seldom; only then the whole key is asked for.
                if held is not None:
                    self._last, held = order_key(held), None
                if order_key(entry) < self._last:
                    return False
            newest, held = at, entry
            self.version = version
            day = known_days.get(at // QUARTER)
            if day is None:
                day = days.day(at, event.recorded_at)
            quantity, location = event.quantity, event.location
            shelf = shelves.get(location)
            if shelf is None or not event.moves_stock or shelf.lots or not shelf.moved:
                self._sold(event, day)
            else:
                shelf.on_hand = left = shelf.on_hand - quantity
                if shelf.known and (shelf.out_since is not None or left <= shelf.set_aside):
                    self._sold_out(shelf, at)
            sold_at = event.sold_at
            here = demand.get(location if sold_at is None else sold_at)
            if here is None:
                here = demand[location if sold_at is None else sold_at] = {}
            found = here.get(day)
            here[day] = demand_line(quantity) if found is None else found.and_line(quantity)
            if self.backorders or event.reservation is not None:
                self._fulfil(event)
        if held is not None:
            self._last = order_key(held)
        return True

    def _evolve_other(self, version: int, event: Event) -> bool:
        if type(event) is e.EntryVoided:
            return False
        if not event.ordered:
            # The catalog has no place among the movements; it applies as it is recorded.
            self.version = version
            describe_item(self.catalog, event)
            return True
        key = order_key((version, event))
        if key < self._last:
            return False
        self._last = key
        self.version = version
        self._apply(event)
        return True

    def _apply(self, event: Event) -> None:
        match event:
            case e.StockReceived() | e.OpeningBalance():
                self._received(event)
            case e.StockCounted():
                self._counted(event)
            case e.SaleReturned():
                self._returned(event)
            case e.StockAdjusted():
                self._put(event.location, event.delta, event, lot=event.lot)
            case e.StockWrittenOff():
                self._written_off(event)
            case e.ReturnedToSupplier():
                self._put(event.location, -event.quantity, event, lot=event.lot)
            case e.StatusMoved():
                self._status_moved(event)
            case e.Transfer():
                self._transferred(event)
            case e.StockReserved():
                self._reserved(event)
            case e.ReservationReleased():
                self.reservations.setdefault(event.reservation, [])
                self.resolved.add(event.reservation)
            case e.BackorderTaken() | e.BackorderCancelled():
                self._backordered(event)
            case e.DemandUnmet():
                self._unmet(event)
            case _:
                raise AssertionError(f"{event.name} is no movement")

    # --- movements --------------------------------------------------------------------------------

    def _sold(self, event: StockSold, day: int) -> None:
        """Take a sale from the shelf, or owe what is still to be made."""
        if not event.moves_stock:
            if event.to_make:
                self._owe(event)
            return
        shelf = self.shelf(event.location)
        shelf.on_hand -= event.quantity
        if not shelf.moved:
            shelf.moved = True
            shelf.since = day
        if shelf.lots:
            issue_lots(shelf, event.quantity, event.lot, day)
        if shelf.known and (shelf.out_since is not None or shelf.on_hand <= shelf.set_aside):
            self._sold_out(shelf, event.effective_at)

    def _sold_out(self, shelf: Shelf, at: int) -> None:
        """Mark a sale from a shelf that is empty, before it or behind it."""
        if shelf.out_since is not None and at > shelf.out_since:
            shelf.out_since = at  # It was sold, so it was there until now.
        self._mark(shelf, at)

    def _put(
        self,
        location: str,
        delta: Decimal,
        event: Event,
        *,
        lot: str | None = None,
        expired: bool = False,
    ) -> Lots:
        """Change what lies at a location; return the lots that what left was taken from."""
        shelf = self.shelf(location)
        taken: Lots = []
        shelf.on_hand += delta
        if not shelf.moved:
            shelf.moved = True
            shelf.since = self.days.day(event.effective_at, event.recorded_at)
        if delta < 0 and shelf.lots:
            day = self.days.day(event.effective_at, event.recorded_at)
            taken = issue_lots(shelf, -delta, lot, day, expired=expired)
        self._mark(shelf, event.effective_at)
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

    def _received(self, event: e.StockReceived | e.OpeningBalance) -> None:
        shelf, quantity = self.shelf(event.location), event.quantity
        shelf.known = True
        if isinstance(event, e.StockReceived) and event.po_line is not None:
            line = event.po_line
            self.received[line] = self.received.get(line, ZERO) + quantity
            self.arrivals.append(Arrival(line, event.location, quantity, event.effective_at))
        handed_on = min(self.owed, quantity)  # What is made to order goes on to its customer.
        self.owed -= handed_on
        self._put(event.location, quantity - handed_on, event)
        if event.expiry is not None:
            store_lot(shelf, event.lot, event.expiry, quantity)
        if event.unit_cost is not None:
            self.last_cost = event.unit_cost

    def _owe(self, event: StockSold) -> None:
        """Sell what is made to order: from what is there, the rest is owed."""
        taken = min(event.quantity, max(ZERO, self.shelf(event.location).on_hand))
        self.owed += event.quantity - taken
        if taken:
            self._put(event.location, -taken, event, lot=event.lot)

    def _fulfil(self, event: StockSold) -> None:
        order, quantity = event.order, event.quantity
        waiting = self.backorders.get(order, ZERO) if order is not None else ZERO
        if order is not None and waiting > 0:  # What was sold before it was taken is no part of it.
            self.backorders[order] = max(ZERO, waiting - quantity)
        reservation = event.reservation
        if reservation is not None:
            key = (reservation, event.location)
            self.fulfilled[key] = self.fulfilled.get(key, ZERO) + quantity
            if event.final:
                self.resolved.add(reservation)

    def _counted(self, event: e.StockCounted) -> None:
        shelf = self.shelf(event.location)
        shelf.known = True
        self._put(event.location, event.quantity - shelf.on_hand, event, lot=event.lot)

    def _returned(self, event: e.SaleReturned) -> None:
        shelf = self.shelf(event.location)
        if event.condition != "resellable":
            shelf.change_status(event.condition, event.quantity)
        self._put(event.location, event.quantity, event)
        if event.expiry is not None:
            store_lot(shelf, event.lot, event.expiry, event.quantity)

    def _written_off(self, event: e.StockWrittenOff) -> None:
        shelf = self.shelf(event.location)
        if event.from_status != "sellable":
            shelf.change_status(event.from_status, -event.quantity)
        expired = event.cause == "expiry"
        self._put(event.location, -event.quantity, event, lot=event.lot, expired=expired)

    def _status_moved(self, event: e.StatusMoved) -> None:
        shelf = self.shelf(event.location)
        changes = ((event.from_status, -event.quantity), (event.to_status, event.quantity))
        for status, delta in changes:
            if status != "sellable":
                shelf.change_status(status, delta)
        if not shelf.moved:
            shelf.moved = True
            shelf.since = self.days.day(event.effective_at, event.recorded_at)
        self._mark(shelf, event.effective_at)

    def _transferred(self, event: e.Transfer) -> None:
        quantity = event.quantity
        target = self.shelf(event.to_location)
        leg = self.transfers.get(event.transfer)
        if leg is None:
            leg = self.transfers[event.transfer] = Leg(event.from_location, event.to_location)
        if isinstance(event, e.TransferDispatched):
            leg.open += quantity
            target.transit_in += quantity
            leg.lots += self._put(event.from_location, -quantity, event, lot=event.lot)
            return
        leg.open -= quantity
        target.transit_in -= quantity
        arrived = unload_lots(leg.lots, quantity)
        if isinstance(event, e.TransferReceived):
            target.known = True
            self._put(event.to_location, quantity, event)
            for key, part in arrived:
                target.lots[key] = target.lots.get(key, ZERO) + part

    # --- promises and demand ----------------------------------------------------------------------

    def _reserved(self, event: e.StockReserved) -> None:
        ttl, made = event.ttl_seconds, event.recorded_at
        lapses = FOREVER if ttl is None else made // MICROSECOND * MICROSECOND + ttl * SECOND
        promise = Reservation(event.location, event.quantity, event.order, made, lapses)
        self.reservations.setdefault(event.reservation, []).append(promise)

    def _backordered(self, event: e.BackorderTaken | e.BackorderCancelled) -> None:
        waiting = self.backorders.get(event.order, ZERO)
        if isinstance(event, e.BackorderCancelled):
            self.backorders[event.order] = max(ZERO, waiting - event.quantity)
            return
        self.backorders[event.order] = max(ZERO, waiting + event.quantity)
        self.shelf(event.location)
        if event.due is not None:
            self.backorder_due[event.order] = event.due

    def _unmet(self, event: e.DemandUnmet) -> None:
        day = self.days.day(event.effective_at, event.recorded_at)
        here = self.unmet.setdefault(event.location, {})
        found = here.get(day)
        quantity = event.quantity
        here[day] = demand_line(quantity) if found is None else found.and_line(quantity)


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
    believed = entries
    if as_at is not None:
        believed = [entry for entry in entries if entry[1].recorded_at <= as_at]
    item = StockItem(sku, days)
    chosen = standing(believed)
    if as_of is not None:
        chosen = [entry for entry in chosen if entry[1].effective_at <= as_of]
    item.absorb(chosen)
    item.version = max((entry[0] for entry in believed), default=0)
    return item
