"""Questions about items and the log, answered from the streams themselves.

``state(as_of, as_at)`` works for every one of them; a count's variance is derived here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import orjson

from jitledger.domain.decisions.together import own_delta
from jitledger.domain.errors import unknown_sku
from jitledger.domain.events import (
    EntryVoided,
    Event,
    StockCounted,
    Transfer,
    TransferDispatched,
)
from jitledger.domain.json import Json
from jitledger.domain.moments import local_date, show_moment
from jitledger.domain.names import SHOP_STREAM, SKU_STREAM, entry_name, holder_of_sku, stream_of
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.state.order import Entry, order_key, voids
from jitledger.domain.state.purchase_order import PurchaseOrder
from jitledger.domain.state.quantities import Quantities, on_order, quantities
from jitledger.domain.state.shop import Shop
from jitledger.domain.state.stock_item import StockItem, fold
from jitledger.service.cache import load_entries, load_order, order_numbers
from jitledger.service.clock import Clock
from jitledger.service.entry_details import details, quantity_of
from jitledger.service.ledger import present_of
from jitledger.service.shapes import stock_shape
from jitledger.service.streams import load_shop
from jitledger.store.codec import decode
from jitledger.store.database import Database, Tx


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of an item's history, with what it did at its place in effective order."""

    entry: str
    event: Event
    location: str | None
    delta: Decimal | None
    balance: Decimal | None
    voided_by: str | None


class Queries:
    """Reads over one ledger; every answer is a snapshot."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._shop = Shop()

    def shop(self) -> Shop:
        """Return the shop as it stands; it is read again when its stream grew."""
        with self._database.snapshot() as tx:
            shop: Shop | None = tx.kept.get("shop")
            if shop is None:
                newest = tx.one(
                    "SELECT MAX(originator_version) FROM stored_events WHERE originator_id = ?",
                    (SHOP_STREAM,),
                )[0]
                if newest != self._shop.version:
                    self._shop = load_shop(self._database, tx)
                shop = tx.kept["shop"] = self._shop
            return shop

    def present(self, shop: Shop | None = None) -> int:
        """Return the ledger's present."""
        return present_of(self._database, self._clock, shop or self.shop())

    def find(self, spelled: str) -> str | None:
        """Return the registered SKU of any spelling."""
        with self._database.snapshot() as tx:
            return _find(tx, spelled)

    def entries(self, spelled: str) -> tuple[str, list[Entry]]:
        """Return the registered SKU and its entries; raises ``unknown-sku``."""
        with self._database.snapshot() as tx:
            return self._entries(tx, spelled)

    def _entries(self, tx: Tx, spelled: str) -> tuple[str, list[Entry]]:
        sku = _find(tx, spelled)
        if sku is None:
            raise unknown_sku(spelled)
        return sku, load_entries(self._database, tx, sku)

    def counts(self, sku: str) -> list[Entry]:
        """Return the counts of a registered SKU, and its voids, without reading the rest."""
        with self._database.snapshot() as tx:
            rows = tx.all(
                "SELECT originator_version, topic, state FROM stored_events "
                "WHERE originator_id = ? AND topic IN ('stock-counted', 'entry-voided') "
                "ORDER BY originator_version",
                (stream_of(sku),),
            )
        return [(version, decode(name, body)) for version, name, body in rows]

    def item(
        self, spelled: str, as_of: int | None = None, as_at: int | None = None
    ) -> tuple[StockItem, Quantities, Shop]:
        """Return an item, its quantities and the shop at a moment of either axis."""
        shop = self.shop()
        present = self.present(shop)
        with self._database.snapshot() as tx:
            sku, entries = self._entries(tx, spelled)
            orders = _orders(self._database, tx, sku, as_of, as_at)
        item, q = _at(sku, entries, orders, shop, present, as_of, as_at)
        return item, q, shop

    def stock(self, spelled: str, as_of: int | None = None, as_at: int | None = None) -> Json:
        """Return one item's quantities in the shape of ``stock --json``."""
        with self._database.snapshot() as tx:
            found = _find(tx, spelled)
        if found is None:
            raise unknown_sku(spelled)
        return self.stocks([found], as_of, as_at)[0]

    def stocks(
        self, skus: Sequence[str], as_of: int | None = None, as_at: int | None = None
    ) -> list[Json]:
        """Return many items' quantities, as ``stock`` does for one, in one snapshot."""
        shop = self.shop()
        present = self.present(shop)
        shapes = []
        with self._database.snapshot() as tx:

            def one(sku: str) -> tuple[StockItem, Quantities, list[PurchaseOrder]]:
                entries = load_entries(self._database, tx, sku)
                orders = _orders(self._database, tx, sku, as_of, as_at)
                return *_at(sku, entries, orders, shop, present, as_of, as_at), orders

            for sku in skus:
                item, q, orders = one(sku)
                parts = {part: one(part)[1] for part, _ in item.catalog.components}
                shapes.append(stock_shape(item, q, orders, parts))
        return shapes

    def history(
        self, spelled: str, as_of: int | None = None, as_at: int | None = None
    ) -> list[Json]:
        """Return every entry of an item in effective order, voided ones and voids too."""
        sku, entries = self.entries(spelled)
        if as_at is not None:
            entries = [e for e in entries if e[1].recorded_at <= as_at]
        if as_of is not None:
            entries = [e for e in entries if e[1].effective_at <= as_of]
        names = self.people()
        return [
            {
                "entry": line.entry,
                "event": line.event.name,
                "occurred_at": _occurred(line.event),
                "recorded_at": show_moment(line.event.recorded_at),
                "location": line.location,
                "delta": None if line.delta is None else show(line.delta),
                "balance": None if line.balance is None else show(line.balance),
                "actor": names.get(line.event.actor, line.event.actor),
                "channel": line.event.channel,
                "voided_by": line.voided_by,
                "note": line.event.note or line.event.reason,
                "quantity": quantity_of(line.event),
                "details": details(line.event, line.entry),
            }
            for line in trace(sku, entries, self.shop())
        ]

    def why(self, spelled: str, as_of: int | None = None, as_at: int | None = None) -> Json:
        """Return the signed entries that sum exactly to on-hand, effective ones only."""
        sku, entries = self.entries(spelled)
        if as_at is not None:
            entries = [e for e in entries if e[1].recorded_at <= as_at]
        names = self.people()
        terms = []
        total = ZERO
        for line in trace(sku, entries, self.shop()):
            counted = line.event if isinstance(line.event, StockCounted) else None
            if not line.delta and counted is None:
                continue
            if line.voided_by is not None or line.delta is None:
                continue
            if as_of is not None and line.event.effective_at > as_of:
                continue
            total += line.delta
            terms.append(
                {
                    "entry": line.entry,
                    "event": line.event.name,
                    "delta": show(line.delta),
                    "location": line.location,
                    "occurred_at": _occurred(line.event),
                    "actor": names.get(line.event.actor, line.event.actor),
                    "counted": None if counted is None else format(counted.quantity, "f"),
                    "note": line.event.note,
                    "details": details(line.event, line.entry),
                }
            )
        return {"sku": sku, "on_hand": show(total), "terms": terms}

    def log(
        self,
        since: int | None = None,
        until: int | None = None,
        by: str | None = None,
    ) -> list[Json]:
        """Return what was recorded in a stretch of time, in the log's own order."""
        names = self.people()
        found: list[Json] = []
        with self._database.snapshot() as tx:
            start = self._first_position(tx, since)
            for rows in self._database.scan(tx, start - 1, batch=1000):
                for _, stream, version, name, body in rows:
                    event = decode(name, body)
                    if until is not None and event.recorded_at > until:
                        return found
                    if since is not None and event.recorded_at < since:
                        continue
                    if by is not None and by not in (event.actor, names.get(event.actor)):
                        continue
                    found.append(_logged(stream, version, event, names))
        return found

    def _first_position(self, tx: Tx, since: int | None) -> int:
        """Find by bisection the first position recorded at or after a moment: the log is sorted."""
        if since is None:
            return 1
        column = self._database.position_column
        low, high = 1, self._database.head(tx) + 1
        while low < high:
            middle = (low + high) // 2
            row = tx.one(
                f"SELECT {column}, topic, state FROM stored_events WHERE {column} >= ? "
                f"ORDER BY {column} LIMIT 1",
                (middle,),
            )
            if row is None or decode(row[1], row[2]).recorded_at >= since:
                high = middle
            else:
                low = row[0] + 1
        return low

    def people(self) -> dict[str | None, str]:
        """Return the names behind member ids that have not been forgotten."""
        with self._database.snapshot() as tx:
            rows = tx.all("SELECT member, name FROM people WHERE name IS NOT NULL")
        return {row[0]: row[1] for row in rows}


def _orders(
    database: Database, tx: Tx, sku: str, as_of: int | None, as_at: int | None
) -> list[PurchaseOrder]:
    """Return the purchase orders that name a SKU as they stood at a moment of either axis."""
    return [load_order(database, tx, number, as_of, as_at) for number in order_numbers(tx, sku)]


def _at(
    sku: str,
    entries: Sequence[Entry],
    orders: Sequence[PurchaseOrder],
    shop: Shop,
    present: int,
    as_of: int | None,
    as_at: int | None,
) -> tuple[StockItem, Quantities]:
    """Fold an item at a moment of either axis and read its quantities off there."""
    item = fold(sku, entries, shop.days, as_of=as_of, as_at=as_at)
    if as_of is not None or as_at is not None:
        # A product has its name from the start: registration is no movement.
        item.catalog = fold(sku, entries, shop.days).catalog
    at = min(m for m in (as_of, as_at, present) if m is not None)
    return item, quantities(item, at, local_date(at, shop.tz), on_order(item, orders))


def _find(tx: Tx, spelled: str) -> str | None:
    return holder_of_sku(partial(claimed, tx), spelled)


def _occurred(event: Event) -> str:
    """Return when an entry held: its day, or its moment."""
    day = event.occurred_on
    return show_moment(event.effective_at) if day is None else day.isoformat()


def _logged(
    stream: str, version: int, event: Event, names: dict[str | None, str]
) -> dict[str, object]:
    sku = stream.removeprefix(SKU_STREAM) if stream.startswith(SKU_STREAM) else None
    entry = entry_name(sku or stream, version)
    return {
        "entry": entry,
        "event": event.name,
        "sku": sku,
        "occurred_at": _occurred(event),
        "recorded_at": show_moment(event.recorded_at),
        "location": getattr(event, "location", None),
        "quantity": quantity_of(event),
        "actor": names.get(event.actor, event.actor),
        "channel": event.channel,
        "note": event.note or event.reason,
        "details": details(event, entry),
    }


def trace(sku: str, entries: Sequence[Entry], shop: Shop) -> list[Line]:
    """Walk an item's entries in effective order with deltas and balances at their locations."""
    gone = voids(entries)
    item = StockItem(sku, shop.days)
    lines = []
    for version, event in sorted(entries, key=order_key):
        location = _place_of(event)
        delta: Decimal | None = None
        balance: Decimal | None = None
        if version in gone or isinstance(event, EntryVoided):
            delta = own_delta(event)
        else:
            before = _on_hand(item, location)
            item.evolve(version, event)
            after = _on_hand(item, location)
            if own_delta(event) is not None or isinstance(event, StockCounted):
                delta, balance = after - before, after
        voided_by = entry_name(sku, gone[version]) if version in gone else None
        lines.append(Line(entry_name(sku, version), event, location, delta, balance, voided_by))
    return lines


def _place_of(event: Event) -> str | None:
    """Return the place at which an entry shows its balance."""
    match event:
        case TransferDispatched():
            return event.from_location
        case Transfer():
            return event.to_location
        case _:
            location: str | None = getattr(event, "location", None)
            return location


def _on_hand(item: StockItem, location: str | None) -> Decimal:
    shelf = item.shelves.get(location or "")
    return ZERO if shelf is None else shelf.on_hand


def recorded_under(tx: Tx, prefix: str) -> dict[str, list[str]]:
    """Return {command key: entries} of all keys that begin with a prefix and a colon."""
    rows = tx.all(
        "SELECT key, entries FROM command_keys WHERE key >= ? AND key < ? ORDER BY key",
        (prefix + ":", prefix + ";"),
    )
    return {key: orjson.loads(entries) for key, entries in rows}


def claimed(tx: Tx, kind: str, value: str) -> str | None:
    """Return who holds a claim."""
    row = tx.one("SELECT owner FROM claims WHERE kind = ? AND value = ?", (kind, value))
    return None if row is None else str(row[0])


def claims_beginning(tx: Tx, kind: str, beginning: str) -> set[str]:
    """Return the values of a kind of claim that begin so."""
    rows = tx.all(
        "SELECT value FROM claims WHERE kind = ? AND value >= ? AND value < ?",
        (kind, beginning, beginning + "\U0010ffff"),
    )
    return {row[0] for row in rows}
