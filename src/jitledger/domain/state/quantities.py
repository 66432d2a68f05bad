"""The quantities of DOMAIN.md 8, read off a folded item at a moment of the clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from jitledger.domain.quantity import ZERO
from jitledger.domain.state.item_state import Reservation
from jitledger.domain.state.purchase_order import PurchaseOrder
from jitledger.domain.state.stock_item import StockItem
from jitledger.domain.state.withheld import still_held


@dataclass(frozen=True, slots=True)
class ShelfQuantities:
    """One location: physical, set aside, promised, free to sell, on its way."""

    on_hand: Decimal
    unsellable: Decimal
    reserved: Decimal
    available: Decimal
    in_transit: Decimal
    known: bool
    expired: Decimal
    on_order: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Quantities:
    """One item over all its locations; ``available`` is the plain sum and may be negative."""

    on_hand: Decimal
    unsellable: Decimal
    reserved: Decimal
    available: Decimal
    in_transit: Decimal
    backorders: Decimal
    on_order: Decimal
    inventory_position: Decimal
    network_sellable: Decimal
    known: bool
    by_location: dict[str, ShelfQuantities]


def open_promises(item: StockItem, at: int) -> list[tuple[str, Reservation, Decimal]]:
    """Return (reservation, promise, quantity still held) for promises open at a moment."""
    return [
        (name, promise, held)
        for name in item.reservations
        for promise, held in still_held(item, name, at)
    ]


def on_order(item: StockItem, orders: Iterable[PurchaseOrder]) -> dict[str, Decimal]:
    """Return what is still to come by location: the open lines' ordered - cancelled - received."""
    found: dict[str, Decimal] = {}
    for order in orders:
        for line in order.lines_of(item.sku):
            left = order.outstanding(line, item.received.get(order.line_id(line), ZERO))
            if left:
                found[line.location] = found.get(line.location, ZERO) + left
    return found


def quantities(
    item: StockItem, at: int, today: date, ordered: dict[str, Decimal] | None = None
) -> Quantities:
    """Return an item's quantities at a moment; lots expired before ``today`` are unsellable.

    ``IP = on_hand - unsellable - reserved - backorders + on_order + in_transit_in``, where what is
    owed of a made-to-order item counts as a backorder. ``ordered`` is ``on_order`` by location.
    """
    coming = dict(ordered or {})
    reserved: dict[str, Decimal] = {}
    for _, promise, held in open_promises(item, at):
        reserved[promise.location] = reserved.get(promise.location, ZERO) + held
    day = today.isoformat()
    rows: dict[str, ShelfQuantities] = {}
    for location, shelf in item.shelves.items():
        expired = ZERO
        if shelf.lots:
            expired = sum((q for (expiry, _), q in shelf.lots.items() if expiry < day), ZERO)
        unsellable = shelf.set_aside + expired
        promised = reserved.pop(location, ZERO)
        rows[location] = ShelfQuantities(
            shelf.on_hand,
            unsellable,
            promised,
            shelf.on_hand - unsellable - promised,
            shelf.transit_in,
            shelf.known,
            expired,
            coming.pop(location, ZERO),
        )
    for location in {**reserved, **coming}:
        promised = reserved.get(location, ZERO)
        rows[location] = ShelfQuantities(
            ZERO, ZERO, promised, -promised, ZERO, False, ZERO, coming.get(location, ZERO)
        )
    on_hand = sum((row.on_hand for row in rows.values()), ZERO)
    unsellable = sum((row.unsellable for row in rows.values()), ZERO)
    promised = sum((row.reserved for row in rows.values()), ZERO)
    in_transit = sum((row.in_transit for row in rows.values()), ZERO)
    backorders = sum((max(ZERO, q) for q in item.backorders.values()), ZERO)
    if item.catalog.mode != "dropship":
        backorders += item.owed
    on_order = sum((row.on_order for row in rows.values()), ZERO)
    return Quantities(
        on_hand=on_hand,
        unsellable=unsellable,
        reserved=promised,
        available=on_hand - unsellable - promised,
        in_transit=in_transit,
        backorders=backorders,
        on_order=on_order,
        inventory_position=on_hand - unsellable - promised - backorders + on_order + in_transit,
        network_sellable=sum((max(ZERO, row.available) for row in rows.values()), ZERO),
        known=_all_known(item),
        by_location=rows,
    )


def _all_known(item: StockItem) -> bool:
    """Return whether every location that moved stock has been opened, received into or counted.

    What is made to order or sent by the supplier needs no count: there is none to begin with.
    """
    if item.catalog.mode != "stocked" and not any(s.moved for s in item.shelves.values()):
        return bool(item.shelves)
    moved = [shelf for shelf in item.shelves.values() if shelf.moved]
    return bool(moved) and all(shelf.known for shelf in moved)


def open_exceptions(item: StockItem) -> list[tuple[str, str, Decimal]]:
    """Return (location, code, quantity) of what is below zero; none of it depends on the clock."""
    found: list[tuple[str, str, Decimal]] = []
    for location, shelf in item.shelves.items():
        if shelf.on_hand < 0 and shelf.known:
            found.append((location, "negative-stock", shelf.on_hand))
    if item.transfers:
        legs = {leg.to_location: leg.open for leg in item.transfers.values() if leg.open < 0}
        found += [(location, "negative-in-transit", missing) for location, missing in legs.items()]
    return found


def exceptions(item: StockItem, q: Quantities) -> list[dict[str, str]]:
    """Return what cannot be true or was promised twice: one dictionary for each finding."""
    found = []
    for location, row in q.by_location.items():
        if not row.known:
            continue
        if row.on_hand < 0:
            found.append(_finding("negative-stock", location, row.on_hand))
        elif row.available < 0:
            found.append(_finding("oversold", location, row.available))
    for transfer, leg in item.transfers.items():
        if leg.open < 0:
            finding = _finding("negative-in-transit", leg.to_location, leg.open)
            found.append({**finding, "transfer": transfer})
    return found


def _finding(code: str, location: str, quantity: Decimal) -> dict[str, str]:
    return {"code": code, "location": location, "quantity": format(quantity, "f")}
