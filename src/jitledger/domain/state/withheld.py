"""What lies there and is not to be sold: set aside, promised, expired; and since when that is all.

Promises lapse and lots expire by the clock alone, without an event: each waits as a timer and takes
effect at its own moment before the next entry applies.
"""

from __future__ import annotations

from copy import copy
from datetime import date
from decimal import Decimal
from heapq import heappop, heappush

from jitledger.domain import events as e
from jitledger.domain.events import Event
from jitledger.domain.moments import MICROSECOND, SECOND, day_from_number, day_number
from jitledger.domain.quantity import ZERO
from jitledger.domain.state.item_state import FOREVER, ItemState, Reservation
from jitledger.domain.state.shelf import Shelf, store_lot


class Withheld(ItemState):
    """Times without anything to sell, from what is set aside, promised and expired."""

    __slots__ = ()

    def _mark(self, shelf: Shelf, at: int) -> None:
        """Open or close the time without sellable stock; unknown stock is never out."""
        if not shelf.known:
            return
        if shelf.on_hand > shelf.withheld:
            if shelf.out_since is not None:
                if at > shelf.out_since:
                    shelf.stockouts.append((shelf.out_since, at))
                shelf.out_since = None
        elif shelf.out_since is None:
            shelf.out_since = at

    def _pass(self, until: int) -> None:
        """Let the clock run to a moment: what lapses and expires until then does so in its turn."""
        while self.timers and self.timers[0][0] <= until:
            at, location, reservation = heappop(self.timers)
            if reservation:
                self._hold(reservation, at)
                continue
            shelf = self.shelves[location]
            self._expire(shelf, self.days.day(at, FOREVER))
            self._mark(shelf, at)

    def _reserved(self, event: e.StockReserved) -> None:
        ttl, made = event.ttl_seconds, event.recorded_at
        lapses = FOREVER if ttl is None else made // MICROSECOND * MICROSECOND + ttl * SECOND
        promise = Reservation(event.location, event.quantity, event.order, made, lapses)
        self.reservations.setdefault(event.reservation, []).append(promise)
        if lapses < FOREVER:
            heappush(self.timers, (lapses, event.location, event.reservation))
        self.clocked = True
        self._hold(event.reservation, made)

    def _released(self, event: e.ReservationReleased) -> None:
        self.reservations.setdefault(event.reservation, [])
        self.resolved.add(event.reservation)
        self._hold(event.reservation, event.effective_at)

    def _hold(self, reservation: str, at: int, *, marked: bool = True) -> None:
        """Hold of a reservation what is still promised at a moment, and no more."""
        held: dict[str, Decimal] = {}
        for promise, left in still_held(self, reservation, at):
            held[promise.location] = held.get(promise.location, ZERO) + left
        for location in {p.location for p in self.reservations.get(reservation, ())}:
            shelf, key = self.shelves.get(location), (reservation, location)
            now, before = held.get(location, ZERO), self.holding.pop(key, ZERO)
            if now:
                self.holding[key] = now
            if shelf is not None:  # Else nothing was ever there.
                shelf.withheld += now - before
                if marked:
                    self._mark(shelf, at)

    def _store(
        self,
        shelf: Shelf,
        location: str,
        lot: str | None,
        expiry: date,
        quantity: Decimal,
        by: Event,
    ) -> None:
        """Put what came in to its lot; it is to be sold through the day on which it expires."""
        store_lot(shelf, lot, expiry, quantity)
        self._spoils_by(location, expiry)
        self._expire(shelf, self.days.day(by.effective_at, by.recorded_at))
        self._mark(shelf, by.effective_at)

    def _spoils_by(self, location: str, expiry: date) -> None:
        """Set a timer for the midnight behind a day of expiry."""
        self.clocked = True
        heappush(self.timers, (self.days.begin(day_number(expiry) + 1), location, ""))

    def _expire(self, shelf: Shelf, day: int) -> None:
        """Withhold of a shelf's lots what expired before a day."""
        today = day_from_number(day).isoformat()
        now = sum((left for (expiry, _), left in shelf.lots.items() if expiry < today), ZERO)
        shelf.withheld += now - shelf.expired
        shelf.expired = now


def still_held(item: ItemState, name: str, at: int) -> list[tuple[Reservation, Decimal]]:
    """Return (promise, quantity still held) for the promises of a reservation open at a moment."""
    if name in item.resolved:
        return []
    held = []
    left: dict[str, Decimal] = {}
    for promise in item.reservations[name]:
        if promise.made_at > at or promise.lapses_at <= at:
            continue
        key = (name, promise.location)
        used = left.setdefault(promise.location, item.fulfilled.get(key, ZERO))
        taken = min(used, promise.quantity)
        left[promise.location] = used - taken
        if promise.quantity > taken:
            held.append((promise, promise.quantity - taken))
    return held


def times_without_stock(
    item: Withheld, *, newest: bool = False
) -> list[tuple[str, int, int | None]]:
    """Return (location, since, until) of all times with nothing to sell; until None is open.

    The ``newest`` are each location's last one that is over, and the one that is not.
    Those that the clock alone will open or close lie ahead: bread that expires on Friday and is
    not sold by then is out from Saturday's first moment.
    """
    if item.timers:
        item = copy(item)
        item.shelves = {code: copy(shelf) for code, shelf in item.shelves.items()}
        for shelf in item.shelves.values():
            shelf.stockouts = list(shelf.stockouts)
        item.holding, item.timers = dict(item.holding), list(item.timers)
        item._pass(FOREVER)
    found: list[tuple[str, int, int | None]] = []
    for location, shelf in item.shelves.items():
        spans = shelf.stockouts[-1:] if newest else shelf.stockouts
        found += [(location, since, until) for since, until in spans]
        if shelf.out_since is not None:
            found.append((location, shelf.out_since, None))
    return found
