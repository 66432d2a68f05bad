"""On hand: what lies where, for lists over many items.

One row for each SKU and location. What depends on the clock (promises that lapse, lots that
expire) and backorders stand in ``extra`` as JSON, so that a row never needs the clock to be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from math import inf

import orjson

from jitledger.domain.events import Event, ReservationReleased, StockReserved, StockSold
from jitledger.domain.json import Json
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.state.shelf import Shelf
from jitledger.domain.state.stock_item import StockItem
from jitledger.service.streams import Change
from jitledger.service.views.contract import Batch
from jitledger.store.database import Tx
from jitledger_projections.views.on_order import OrderedLine, open_order_lines

UPSERT = (
    "INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (sku, location) DO UPDATE SET on_hand = excluded.on_hand, "
    "unsellable = excluded.unsellable, in_transit = excluded.in_transit, known = excluded.known, "
    "since = excluded.since, extra = excluded.extra, last_cost = excluded.last_cost, "
    "cost_at = excluded.cost_at, last_in = excluded.last_in, "
    "filled_at = excluded.filled_at, cost_line = excluded.cost_line"
)

MOST_BY_NAME = 10_000
"""Of more SKUs than this the rows are picked out of all rows."""
UNMOVED = 2
"""Stands in ``known`` for a place where nothing moved: it makes nothing unknown."""
_NONE: dict[str, list[list[str | int]]] = {}


class OnHand:
    """The projection ``on_hand``."""

    name = "on_hand"
    version = 5
    ignores = frozenset[type[Event]]()

    def definitions(self, dialect: str) -> dict[str, str]:
        """Return the table's definition."""
        return {
            "on_hand": "CREATE TABLE {name} (sku TEXT NOT NULL, location TEXT NOT NULL, "
            "on_hand TEXT NOT NULL, unsellable TEXT NOT NULL, in_transit TEXT NOT NULL, "
            "known BIGINT NOT NULL, since BIGINT, extra TEXT, last_cost TEXT, "
            "cost_at BIGINT, last_in BIGINT, filled_at BIGINT, cost_line TEXT, "
            "PRIMARY KEY (sku, location)) "
            "/*clustered*/"
        }

    def apply(self, tx: Tx, batch: Batch, suffix: str) -> None:
        """Write the shelves of every changed item."""
        rows: list[tuple[object, ...]] = []
        anew: list[tuple[str]] = []
        for change, item in batch.items():
            if change.whole or (item.reservations and _promised(change)):
                anew.append((item.sku,))
            promised = _promises(item)
            cost = None if item.last_cost is None else show(item.last_cost)
            shelves = item.shelves
            if promised and promised.keys() - shelves.keys():
                shelves = {code: Shelf() for code in promised} | shelves
            for place, (location, shelf) in enumerate(shelves.items()):
                extra = None
                if promised or shelf.lots or item.backorders or item.owed:
                    extra = _extra(item, location, shelf, promised, first=place == 0)
                rows.append(
                    (
                        item.sku,
                        location,
                        show(shelf.on_hand),
                        show(shelf.set_aside),
                        show(shelf.transit_in),
                        int(shelf.known) if shelf.moved else UNMOVED,
                        shelf.since if shelf.moved else None,
                        extra,
                        cost,
                        item.last_cost_at,
                        item.last_in,
                        shelf.filled_at,
                        item.last_cost_line,
                    )
                )
        table = "on_hand" + suffix
        if anew and not batch.fresh:
            tx.executemany(f"DELETE FROM {table} WHERE sku = ?", anew)
        if rows:
            tx.executemany(_upsert(table), rows)


@cache
def _upsert(table: str) -> str:
    return UPSERT.format(table=table)


def _promised(change: Change) -> bool:
    """Return whether a promise changed: a place that only it spoke of may have no row any more."""
    return any(
        isinstance(event, StockReserved | ReservationReleased)
        or (isinstance(event, StockSold) and event.reservation is not None)
        for _, event in change.entries
    )


def _promises(item: StockItem) -> dict[str, list[list[str | int]]]:
    if not item.reservations:
        return _NONE
    found: dict[str, list[list[str | int]]] = {}
    for name, promises in item.reservations.items():
        if name in item.resolved:
            continue
        for promise in promises:
            used = item.fulfilled.get((name, promise.location), ZERO)
            if promise.quantity > used:
                held = show(promise.quantity - used)
                found.setdefault(promise.location, []).append([held, promise.lapses_at])
    return found


def _extra(
    item: StockItem, location: str, shelf: Shelf, promised: Json, *, first: bool
) -> str | None:
    extra: dict[str, object] = {}
    if location in promised:
        extra["promises"] = promised[location]
    if shelf.lots:
        extra["lots"] = [[expiry, show(quantity)] for (expiry, _), quantity in shelf.lots.items()]
    if first and (item.backorders or item.owed):
        wanted = sum((max(ZERO, q) for q in item.backorders.values()), ZERO)
        wanted += item.owed if item.catalog.mode != "dropship" else ZERO
        if wanted:
            extra["backorders"] = show(wanted)
    return orjson.dumps(extra).decode() if extra else None


@dataclass(slots=True)
class Position:
    """One SKU over its locations, as the reorder report needs it; orders count with it."""

    on_hand: Decimal
    inventory_position: Decimal
    known: bool
    by_location: dict[str, Decimal]
    """The inventory position of each place whose stock is known."""
    last_cost: Decimal | None = None
    cost_at: int | None = None
    """The moment of the receipt that had this cost."""
    last_in: int | None = None
    """When goods came in last."""
    cost_line: str | None = None
    """The order's line that this receipt came for."""
    on_order: Decimal = ZERO
    there: dict[str, Decimal] = field(default_factory=dict)
    """What lies at each of these places."""
    free: dict[str, Decimal] = field(default_factory=dict)
    """What could be sold or moved away at each of these places."""
    owed: Decimal = ZERO
    """What customers wait for."""
    lots: list[tuple[int, float]] = field(default_factory=list)
    """(days on which it can still be sold, today among them; units) of what has a date."""

    @property
    def sellable(self) -> Decimal:
        """Return what is there for the next customer: not damaged, reserved, expired or owed."""
        return sum(self.free.values(), ZERO) - self.owed


ShelfRow = tuple[
    str, str, str, str, str, int, str | None, str | None, int | None, int | None, str | None
]


def rough_positions(tx: Tx, coming: Sequence[OrderedLine]) -> dict[str, tuple[float, int]]:
    """Return {SKU: (at most so much inventory position, 1 if known everywhere)}, fast and for all.

    What depends on the clock only lowers a position; where some stands, the answer is minus
    infinity. To be looked at closely with ``positions``.
    """
    rows = tx.all("SELECT sku, on_hand, unsellable, in_transit, known, extra FROM on_hand")
    found: dict[str, tuple[float, int]] = {}
    for sku, on_hand, unsellable, in_transit, known, extra in rows:
        total = float(on_hand) if extra is None else -inf
        if unsellable != "0":
            total -= float(unsellable)
        if in_transit != "0":
            total += float(in_transit)
        before = found.get(sku)
        if before is not None:
            total, known = total + before[0], min(known, before[1])
        found[sku] = (total, known)
    for line in coming:
        total, known = found.get(line.sku, (0.0, 0))
        found[line.sku] = (total + float(line.outstanding), known)
    return found


def _shelf_rows(tx: Tx, skus: Sequence[str]) -> list[ShelfRow]:
    """Return the rows of some SKUs, item by item."""
    select = (
        "SELECT sku, location, on_hand, unsellable, in_transit, known, extra, last_cost, "
        "cost_at, last_in, cost_line FROM on_hand "
    )
    if len(skus) > MOST_BY_NAME:
        wanted = set(skus)
        return [row for row in tx.all(select + "ORDER BY sku") if row[0] in wanted]
    rows: list[ShelfRow] = []
    for start in range(0, len(skus), 500):
        part = skus[start : start + 500]
        marks = ",".join("?" * len(part))
        rows += tx.all(f"{select}WHERE sku IN ({marks}) ORDER BY sku", part)
    return rows


def positions(tx: Tx, now: int, today: str, skus: Sequence[str]) -> dict[str, Position]:
    """Return on-hand and inventory position of some SKUs at a moment of the clock."""
    rows, coming = _shelf_rows(tx, skus), open_order_lines(tx) if skus else []
    found: dict[str, Position] = {}
    unmoved = False
    """Whether nothing moved at any place of the item at hand so far (rows come item by item)."""
    for sku, location, on_hand, unsellable, in_transit, known, extra, cost, at, came, by in rows:
        here = Decimal(on_hand)
        free, dated = here, list[tuple[str, float]]()
        if unsellable != "0":
            free -= Decimal(unsellable)
        owed = ZERO
        if extra is not None:
            more = orjson.loads(extra)
            free -= _clocked(more, now, today)
            owed = Decimal(more.get("backorders", 0))  # No place owes them: the shop does.
            dated = [(expiry, float(left)) for expiry, left in more.get("lots", ())]
        position = free if in_transit == "0" else free + Decimal(in_transit)
        row = found.get(sku)
        if row is None:
            last = None if cost is None else Decimal(cost)
            found[sku] = row = Position(here, position - owed, known == 1, {}, last, at, came, by)
            unmoved = known == UNMOVED
        else:
            row.on_hand += here
            row.inventory_position += position - owed
            if known != UNMOVED:
                row.known = known == 1 and (row.known or unmoved)
                unmoved = False
        if known == 1:
            row.by_location[location], row.there[location] = position, here
            row.free[location] = free
        row.owed += owed
        if dated:
            row.lots += [(_days_left(day, today), left) for day, left in dated if day >= today]
    for line in coming:
        row = found.get(line.sku)
        if row is not None:
            row.inventory_position += line.outstanding
            row.on_order += line.outstanding
            if line.location in row.by_location:
                row.by_location[line.location] += line.outstanding
    return found


def _days_left(expiry: str, today: str) -> int:
    return (date.fromisoformat(expiry) - date.fromisoformat(today)).days + 1


def uncounted(tx: Tx) -> list[tuple[str, str]]:
    """Return (SKU, name) of what moves although nobody knows what is there: count it first."""
    return tx.all(
        "SELECT sku, title FROM products WHERE retired = 0 AND bundle = 0 AND mode = 'stocked' "
        "AND sku IN (SELECT sku FROM on_hand WHERE known = 0) ORDER BY sku"
    )


def _clocked(extra: Json, now: int, today: str) -> Decimal:
    away = ZERO
    for held, lapses_at in extra.get("promises", ()):
        if lapses_at > now:
            away += Decimal(held)
    for expiry, quantity in extra.get("lots", ()):
        if expiry < today:
            away += Decimal(quantity)
    return away


def last_costs(tx: Tx) -> dict[str, float]:
    """Return the latest known unit cost of every item that has one, for weighing them."""
    rows = tx.all("SELECT DISTINCT sku, last_cost FROM on_hand WHERE last_cost IS NOT NULL")
    return {sku: float(cost) for sku, cost in rows}


def on_hand_of(tx: Tx, sku: str) -> Decimal | None:
    """Return how much of a product there is, over all places; None of one that never moved."""
    rows = tx.all("SELECT on_hand FROM on_hand WHERE sku = ?", (sku,))
    return sum((Decimal(quantity) for (quantity,) in rows), ZERO) if rows else None


def known_at(tx: Tx, sku: str) -> bool:
    """Return whether a product's stock is known at any place."""
    return tx.one("SELECT 1 FROM on_hand WHERE sku = ? AND known = 1", (sku,)) is not None


def backordered(tx: Tx) -> list[str]:
    """Return products of which more is promised than was there."""
    return _with_extra(tx, "backorders")


def reserved(tx: Tx) -> list[str]:
    """Return products of which something may be reserved, or was until it lapsed by the clock."""
    return _with_extra(tx, "promises")


def _with_extra(tx: Tx, kind: str) -> list[str]:
    rows = tx.all(f"SELECT DISTINCT sku FROM on_hand WHERE extra LIKE '%\"{kind}\"%'")
    return [row[0] for row in rows]


def lots(tx: Tx) -> list[tuple[str, str, str, str]]:
    """Return (SKU, location, expiry, quantity) of every lot on a shelf."""
    rows = tx.all("SELECT sku, location, extra FROM on_hand WHERE extra LIKE '%\"lots\"%'")
    return [
        (sku, location, expiry, quantity)
        for sku, location, extra in rows
        for expiry, quantity in orjson.loads(extra)["lots"]
    ]


def has_lot(tx: Tx, sku: str, location: str, expiry: str) -> bool:
    """Return whether anything of a lot is still on its shelf."""
    shelf = tx.one("SELECT extra FROM on_hand WHERE sku = ? AND location = ?", (sku, location))
    lots = orjson.loads(shelf[0]).get("lots", ()) if shelf is not None and shelf[0] else ()
    return any(day == expiry and Decimal(left) > 0 for day, left in lots)
