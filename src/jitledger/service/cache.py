"""The present state, kept current: what was folded before, and what others appended since.

The cache belongs to the writer and is only read and changed under the write lock.
"""

from __future__ import annotations

from collections import OrderedDict

from jitledger.domain.names import (
    ORDER_STREAM,
    SHOP_STREAM,
    SKU_STREAM,
    SUPPLIER_STREAM,
    holder_of_sku,
    stream_of,
)
from jitledger.domain.state.order import Entry
from jitledger.domain.state.purchase_order import PurchaseOrder
from jitledger.domain.state.shop import Shop
from jitledger.domain.state.stock_item import StockItem, fold
from jitledger.domain.state.supplier import Supplier
from jitledger.store.codec import decode, decode_stream
from jitledger.store.database import Database, RawEvent, Tx

MOST_ENTRIES = 150_000
MOST_CATCHING_UP = 5_000


class Cache:
    """Folded streams with their entries, newest used last, bounded by the number of entries."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.position = -1
        self.shop = Shop()
        self._streams: OrderedDict[str, tuple[list[Entry], StockItem]] = OrderedDict()
        self._suppliers: dict[str, Supplier] = {}
        self._orders: dict[str, PurchaseOrder] = {}
        self._orders_of: dict[str, list[str]] = {}
        self._any_orders: bool | None = None
        self._size = 0
        self.tx: Tx | None = None

    def clear(self) -> None:
        """Forget everything; the next look reads the store."""
        self.position = -1
        self.shop = Shop()
        self._streams.clear()
        self._suppliers.clear()
        self._forget_orders()
        self._size = 0

    def _forget_orders(self) -> None:
        self._orders.clear()
        self._orders_of.clear()
        self._any_orders = None

    def catch_up(self, tx: Tx) -> None:
        """Read what other processes appended since the last look."""
        self.tx = tx
        if self.position < 0:
            self.position = self._database.head(tx)
            self._load_shop(tx)
            return
        for rows in self._database.scan(tx, self.position, batch=MOST_CATCHING_UP):
            if len(rows) == MOST_CATCHING_UP:
                self.clear()
                self.catch_up(tx)
                return
            for row in rows:
                self._absorb(row)
            self.position = rows[-1][0]

    def _load_shop(self, tx: Tx) -> None:
        self.shop = Shop()
        for version, name, body in self._database.stream(tx, SHOP_STREAM):
            self.shop.evolve(version, decode(name, body))

    def _absorb(self, row: RawEvent) -> None:
        _, stream, version, name, body = row
        if stream == SHOP_STREAM:
            self.apply(stream, (version, decode(name, body)))
        elif stream.startswith(SKU_STREAM):
            if stream.removeprefix(SKU_STREAM) in self._streams:
                self.apply(stream, (version, decode(name, body)))
        elif stream.startswith(ORDER_STREAM):
            self._forget_orders()  # Seldom: they are read again when they are asked for.
        elif stream.removeprefix(SUPPLIER_STREAM) in self._suppliers:
            self.apply(stream, (version, decode(name, body)))

    def apply_to_item(self, sku: str, entry: Entry) -> tuple[StockItem, bool]:
        """Apply a new entry; return the item, and True when it came last and applied at once."""
        entries, item = self._streams.get(sku) or self._loaded(sku)
        entries.append(entry)
        self._size += 1
        if item.absorb((entry,)):
            return item, True
        item = fold(sku, entries, self.shop.days)
        self._streams[sku] = (entries, item)
        return item, False

    def apply(self, stream: str, entry: Entry) -> bool:
        """Apply a new entry to a loaded stream; True when it came last and applied at once."""
        if stream.startswith(SKU_STREAM):
            return self.apply_to_item(stream[len(SKU_STREAM) :], entry)[1]
        if stream == SHOP_STREAM:
            days = self.shop.days
            self.shop.evolve(*entry)
            if self.shop.days is not days:
                self._fold_again()
        elif stream.startswith(SUPPLIER_STREAM):
            code = stream[len(SUPPLIER_STREAM) :]
            self._suppliers.setdefault(code, Supplier(code)).evolve(*entry)
        elif stream.startswith(ORDER_STREAM):
            number = stream[len(ORDER_STREAM) :]
            self._orders.setdefault(number, PurchaseOrder(number)).evolve(*entry)
            self._orders_of.clear()
            self._any_orders = True
        return True

    def _fold_again(self) -> None:
        """Fold what is kept anew: the shop's time zone is another from now on."""
        for sku, (entries, _) in self._streams.items():
            self._streams[sku] = (entries, fold(sku, entries, self.shop.days))

    def _loaded(self, sku: str) -> tuple[list[Entry], StockItem]:
        found = self._streams.get(sku)
        if found is not None:
            self._streams.move_to_end(sku)
            return found
        assert self.tx is not None
        entries = load_entries(self._database, self.tx, sku)
        found = (entries, fold(sku, entries, self.shop.days))
        self._streams[sku] = found
        self._size += len(entries)
        while self._size > MOST_ENTRIES and len(self._streams) > 1:
            oldest = next(iter(self._streams))
            if oldest == sku:
                break
            self._size -= len(self._streams.pop(oldest)[0])
        return found

    # --- what decisions ask -----------------------------------------------------------------------

    def find_sku(self, sku: str) -> str | None:
        """Return the SKU as registered for any spelling of it."""
        if sku in self._streams and self._streams[sku][0]:
            return sku
        return holder_of_sku(self.claim, sku)

    def item(self, sku: str) -> StockItem:
        """Return an item folded to the present."""
        return self._loaded(sku)[1]

    def entries(self, sku: str) -> list[Entry]:
        """Return every entry of a SKU."""
        return self._loaded(sku)[0]

    def supplier(self, code: str) -> Supplier | None:
        """Return a supplier by its registered code."""
        found = self._suppliers.get(code)
        if found is None:
            assert self.tx is not None
            found = Supplier(code)
            for version, name, body in self._database.stream(self.tx, SUPPLIER_STREAM + code):
                found.evolve(version, decode(name, body))
            if found.version:
                self._suppliers[code] = found
        return found if found.version else None

    def order(self, number: str) -> PurchaseOrder | None:
        """Return a purchase order by its registered number."""
        found = self._orders.get(number)
        if found is None and number:
            assert self.tx is not None
            found = load_order(self._database, self.tx, number)
            if found.version:
                self._orders[number] = found
        return found if found is not None and found.version else None

    def orders_of(self, sku: str) -> list[PurchaseOrder]:
        """Return the purchase orders that name a SKU."""
        assert self.tx is not None
        if self._any_orders is None:
            row = self.tx.one("SELECT 1 FROM claims WHERE kind = 'po' LIMIT 1")
            self._any_orders = row is not None
        if not self._any_orders:
            return []
        numbers = self._orders_of.get(sku)
        if numbers is None:
            numbers = self._orders_of[sku] = order_numbers(self.tx, sku)
        return [order for number in numbers if (order := self.order(number)) is not None]

    def count(self, kind: str) -> int:
        """Return how many claims of a kind there are."""
        assert self.tx is not None
        return int(self.tx.one("SELECT COUNT(*) FROM claims WHERE kind = ?", (kind,))[0])

    def claim(self, kind: str, value: str) -> str | None:
        """Return who holds a claim."""
        assert self.tx is not None
        row = self.tx.one("SELECT owner FROM claims WHERE kind = ? AND value = ?", (kind, value))
        return None if row is None else row[0]

    def version_of(self, stream: str) -> int:
        """Return a stream's newest version, 0 when it is empty."""
        if stream.startswith(SKU_STREAM):
            return self._loaded(stream[len(SKU_STREAM) :])[1].version
        if stream == SHOP_STREAM:
            return self.shop.version
        if stream.startswith(SUPPLIER_STREAM):
            found = self.supplier(stream[len(SUPPLIER_STREAM) :])
            return found.version if found is not None else 0
        if stream.startswith(ORDER_STREAM):
            order = self.order(stream[len(ORDER_STREAM) :])
            return order.version if order is not None else 0
        assert self.tx is not None
        row = self.tx.one(
            "SELECT MAX(originator_version) FROM stored_events WHERE originator_id = ?", (stream,)
        )
        return int(row[0] or 0)


def order_numbers(tx: Tx, sku: str) -> list[str]:
    """Return the numbers of the purchase orders that name a SKU."""
    rows = tx.all(
        "SELECT owner FROM claims WHERE kind = 'po-sku' AND value >= ? AND value < ? "
        "ORDER BY value",
        (f"{sku}\x1f", f"{sku}\x20"),
    )
    return [str(row[0]) for row in rows]


def load_entries(database: Database, tx: Tx, sku: str) -> list[Entry]:
    """Return every entry of a SKU in the order of recording; empty for a stranger."""
    return decode_stream(database.stream(tx, stream_of(sku)))


def load_order(
    database: Database,
    tx: Tx,
    number: str,
    as_of: int | None = None,
    as_at: int | None = None,
) -> PurchaseOrder:
    """Fold a purchase order at a moment of either axis; version 0 when there is none then."""
    order = PurchaseOrder(number)
    for version, name, body in database.stream(tx, ORDER_STREAM + number):
        event = decode(name, body)
        if as_at is not None and event.recorded_at > as_at:
            continue
        if as_of is not None and event.effective_at > as_of:
            continue
        order.evolve(version, event)
    return order
