"""What each movement does to the shelves of a SKU."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from jitledger.domain import events as e
from jitledger.domain.events import Event, StockSold
from jitledger.domain.quantity import ZERO
from jitledger.domain.state.item_state import Arrival, Leg
from jitledger.domain.state.shelf import Lots, Shelf, issue_lots, unload_lots
from jitledger.domain.state.withheld import Withheld


class Movements(Withheld):
    """Shelves that movements change; a method for each kind that changes them."""

    __slots__ = ()

    def _sold(self, event: StockSold, day: int) -> None:
        """Take a sale from the shelf, or owe what is still to be made."""
        if event.reservation is not None:
            self._fulfil(event, event.reservation)
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
            self._expire(shelf, day)
        if event.reservation is not None:  # It was kept for this customer, from nobody else.
            self._mark(shelf, event.effective_at)
        elif shelf.known and (shelf.out_since is not None or shelf.on_hand <= shelf.withheld):
            self._sold_out(shelf, event.effective_at)

    def _fulfil(self, event: StockSold, reservation: str) -> None:
        """Take from what is promised what its customer gets."""
        key = (reservation, event.location)
        self.fulfilled[key] = self.fulfilled.get(key, ZERO) + event.quantity
        if event.final:
            self.resolved.add(reservation)
        if reservation in self.reservations:
            self._hold(reservation, event.effective_at, marked=False)

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
        if shelf.on_hand - delta <= 0 < shelf.on_hand:
            shelf.filled_at = event.effective_at
        if shelf.lots:
            day = self.days.day(event.effective_at, event.recorded_at)
            if delta < 0:
                taken = issue_lots(shelf, -delta, lot, day, expired=expired)
            self._expire(shelf, day)
        self._mark(shelf, event.effective_at)
        return taken

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
            self._store(shelf, event.location, event.lot, event.expiry, quantity, event)
        self.last_in = event.effective_at
        if event.rate is not None and event.currency is not None:
            self.rates[event.currency] = (event.effective_at, event.rate)
        if event.unit_cost is not None:
            cost, rate = event.unit_cost, event.rate
            self.last_cost = cost if rate is None else cost * rate
            self.last_cost_at = event.effective_at
            self.last_cost_line = getattr(event, "po_line", None)

    def _owe(self, event: StockSold) -> None:
        """Sell what is made to order: from what is there, the rest is owed."""
        taken = min(event.quantity, max(ZERO, self.shelf(event.location).on_hand))
        self.owed += event.quantity - taken
        if taken:
            self._put(event.location, -taken, event, lot=event.lot)

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
            lot, expiry = event.lot, event.expiry
            self._store(shelf, event.location, lot, expiry, event.quantity, event)

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
                lot, expiry = key[1] or None, date.fromisoformat(key[0])
                self._store(target, event.to_location, lot, expiry, part, event)
