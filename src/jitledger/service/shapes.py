"""The shapes in which answers leave as JSON: quantities of an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal

from jitledger.domain.json import Json
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.state.purchase_order import PurchaseOrder
from jitledger.domain.state.quantities import Quantities, exceptions
from jitledger.domain.state.stock_item import StockItem


def stock_shape(
    item: StockItem,
    q: Quantities,
    orders: Sequence[PurchaseOrder] = (),
    parts: Mapping[str, Quantities] | None = None,
) -> Json:
    """Return an item's quantities in the contract's shape; costs are not built yet: ``null``.

    ``parts`` are those of a bundle: ``can_make`` says how many can be sold from them.
    """
    bundle = item.catalog.components
    shape: Json = {
        "sku": item.sku,
        "name": item.catalog.title,
        "on_hand": show(q.on_hand),
        "unsellable": show(q.unsellable),
        "reserved": show(q.reserved),
        "available": show(q.available),
        "backorders": show(q.backorders),
        "on_order": show(q.on_order),
        "in_transit": show(q.in_transit),
        "inventory_position": show(q.inventory_position),
        "average_cost": None,
        "value": None,
        "known": q.known,
        "by_location": {
            location: {
                "on_hand": show(row.on_hand),
                "unsellable": show(row.unsellable),
                "reserved": show(row.reserved),
                "available": show(row.available),
                "on_order": show(row.on_order),
                "in_transit": show(row.in_transit),
                "known": row.known,
            }
            for location, row in q.by_location.items()
        },
        "orders": _coming(item, orders),
        "exceptions": exceptions(item, q),
    }
    if bundle and parts is not None:
        shape["can_make"] = show(can_make(bundle, parts))
        shape["known"] = all(parts[sku].known for sku, _ in bundle)
        shape["parts"] = {sku: show(each) for sku, each in bundle}
    return shape


def can_make(bundle: Sequence[tuple[str, Decimal]], parts: Mapping[str, Quantities]) -> Decimal:
    """Return how many bundles its parts make, place by place: 7 cups and 4 plates make 3 of 2 + 1.

    Parts that lie at different places make none.
    """
    places = {place for q in parts.values() for place in q.by_location}
    return sum((_at_place(bundle, parts, place) for place in places), ZERO)


def _at_place(
    bundle: Sequence[tuple[str, Decimal]], parts: Mapping[str, Quantities], place: str
) -> Decimal:
    made = []
    for sku, each in bundle:
        row = parts[sku].by_location.get(place)
        free = ZERO if row is None else row.available
        made.append((max(ZERO, free) / each).to_integral_value(ROUND_FLOOR))
    return min(made, default=ZERO)


def _coming(item: StockItem, orders: Sequence[PurchaseOrder]) -> list[Json]:
    """Return the open lines of orders, as they were promised."""
    found = []
    for order in orders:
        for line in order.lines_of(item.sku):
            left = order.outstanding(line, item.received.get(order.line_id(line), ZERO))
            if left > 0:
                found.append(
                    {
                        "po": order.number,
                        "supplier": order.supplier,
                        "location": line.location,
                        "quantity": show(left),
                        "promised": None if line.promised is None else line.promised.isoformat(),
                    }
                )
    return found
