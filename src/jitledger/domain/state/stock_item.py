"""The state of a SKU: a pure function of the set of its recorded events.

An entry is ``(version, event)``: its version in the stream and what is recorded. Entries fold in
effective order
(``effective_at``, rank, ``recorded_at``, version); the newest one applies in constant time, any
other makes the item fold again. Both ways give the same state, which is property P7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jitledger.domain import events as e
from jitledger.domain.events import Event, StockSold
from jitledger.domain.moments import QUARTER, LocalDays
from jitledger.domain.quantity import ZERO
from jitledger.domain.state.catalog import describe_item
from jitledger.domain.state.item_state import demand_line
from jitledger.domain.state.movements import Movements
from jitledger.domain.state.order import Entry, order_key, standing

SALE_RANK = StockSold.rank
_NO_DAYS: dict[int, int] = {}


class StockItem(Movements):
    """A SKU folded: entries applied one by one, movements and what is promised and asked for."""

    __slots__ = ()

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
        newest, timers = self._last[0], self.timers
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
            if timers and timers[0][0] <= at:
                self._pass(at)
            day = known_days.get(at // QUARTER)
            if day is None:
                day = days.day(at, event.recorded_at)
            quantity, location = event.quantity, event.location
            shelf = shelves.get(location)
            usual = event.moves_stock and event.reservation is None
            if shelf is None or not usual or shelf.lots or not shelf.moved:
                self._sold(event, day)
            else:
                shelf.on_hand = left = shelf.on_hand - quantity
                if shelf.known and (shelf.out_since is not None or left <= shelf.withheld):
                    self._sold_out(shelf, at)
            sold_at = event.sold_at
            here = demand.get(location if sold_at is None else sold_at)
            if here is None:
                here = demand[location if sold_at is None else sold_at] = {}
            found = here.get(day)
            here[day] = demand_line(quantity) if found is None else found.and_line(quantity)
            if self.backorders:
                self._deliver(event)
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
        if self.timers:
            self._pass(event.effective_at)
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
                self._released(event)
            case e.BackorderTaken() | e.BackorderCancelled():
                self._backordered(event)
            case e.DemandUnmet():
                self._unmet(event)
            case _:
                raise AssertionError(f"{event.name} is no movement")

    # --- promises and demand ----------------------------------------------------------------------

    def _deliver(self, event: StockSold) -> None:
        order, quantity = event.order, event.quantity
        waiting = self.backorders.get(order, ZERO) if order is not None else ZERO
        if order is not None and waiting > 0:  # What was sold before it was taken is no part of it.
            self.backorders[order] = max(ZERO, waiting - quantity)

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
