"""Which purchase order line a receipt fulfils (DOMAIN.md 7)."""

from __future__ import annotations

from decimal import Decimal

from jitledger.domain import commands as c
from jitledger.domain.decisions.ground import Ground, in_currency
from jitledger.domain.errors import Refused, Remark, bad_value
from jitledger.domain.moments import Occurred, day_number, local_date
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.state.dated import in_force
from jitledger.domain.state.purchase_order import Line, PurchaseOrder, split_line
from jitledger.domain.state.stock_item import StockItem

NO_ORDER = "-"
"""What a receipt names as its order when it came for none."""
Part = tuple[PurchaseOrder | None, Line | None, Decimal]
"""(order, line, quantity); without an order the receipt stands alone."""


def linked_parts(
    ground: Ground,
    item: StockItem,
    command: c.ReceiveStock,
    location: str | None,
    quantity: Decimal,
    supplier: str | None,
    at: int,
    stated: Occurred | None,
) -> list[Part]:
    """Return the lines that a receipt fulfils, each with its part of the quantity."""
    named = command.po_line or command.po
    if named == NO_ORDER and command.po in (None, NO_ORDER):
        return [(None, None, quantity)]
    if command.po_line and command.po and split_line(command.po_line)[0] != command.po:
        raise bad_value("po_line", command.po_line, "it is no line of {po}", po=command.po)
    if named is not None:
        order, line = _named(ground, item, named, supplier)
        if line is not None:
            return [(order, line, quantity)]
        lines = [(order, row) for row in _by_place(order.lines_of(item.sku), location)]
        return _divided(item, lines, quantity)
    lines = open_lines(ground, item, location, supplier, at, stated)
    return _divided(item, lines, quantity) if lines else [(None, None, quantity)]


def open_lines(
    ground: Ground,
    item: StockItem,
    location: str | None,
    supplier: str | None,
    at: int,
    stated: Occurred | None,
) -> list[tuple[PurchaseOrder, Line]]:
    """Return the open lines that can take a receipt of a moment, the oldest first.

    Lines to that location, where one is named, come before others; an order placed after the goods
    came cannot be meant.
    """
    tz = ground.shop.tz
    by_moment = stated is None or stated.instant is not None
    found = []
    for order in ground.known.orders_of(item.sku):
        if not order.is_open or (supplier is not None and order.supplier != supplier):
            continue
        placed = order.placed_on or local_date(order.placed_at, tz)
        if placed > local_date(at, tz) or (by_moment and order.placed_at > at):
            continue
        for line in order.lines_of(item.sku):
            if order.outstanding(line, item.received.get(order.line_id(line), ZERO)) > 0:
                place = (day_number(placed), order.placed_at, line.number)
                found.append((location not in (None, line.location), place, order, line))
    found.sort(key=lambda row: row[:2])
    here = [row for row in found if not row[0]] or found
    return [(order, line) for _, _, order, line in here]


def _divided(
    item: StockItem, lines: list[tuple[PurchaseOrder, Line]], quantity: Decimal
) -> list[Part]:
    parts: list[Part] = []
    left = quantity
    for order, line in lines:
        wanted = order.outstanding(line, item.received.get(order.line_id(line), ZERO))
        taken = min(left, wanted)
        if taken > 0:
            parts.append((order, line, taken))
            left -= taken
        if not left:
            return parts
    if parts:  # More came than was ordered: it came with the last line.
        order_, line_, taken = parts[-1]
        parts[-1] = (order_, line_, taken + left)
        return parts
    order, line = lines[0]
    return [(order, line, quantity)]


def _by_place(lines: list[Line], location: str | None) -> list[Line]:
    return sorted(lines, key=lambda line: (location not in (None, line.location), line.number))


def _named(
    ground: Ground, item: StockItem, text: str, supplier: str | None
) -> tuple[PurchaseOrder, Line | None]:
    number, place = split_line(text)
    holder = ground.known.claim("po", number.casefold())
    order = None if holder is None else ground.known.order(holder)
    if order is None:
        raise Refused("unknown-order", f"There is no purchase order {number!r}.", po=number)
    if order.state == "drafted":
        raise Refused(
            "wrong-state",
            f"{order.number} is drafted; place it first, then receive against it.",
            po=order.number,
            state=order.state,
        )
    if supplier is not None and supplier != order.supplier:
        raise bad_value(
            "supplier", supplier, "{po} was placed with {by}", po=order.number, by=order.supplier
        )
    line = None if place is None else order.line(place)
    if place is not None and line is None:
        raise bad_value(
            "po_line", text, "{po} has {lines} lines", po=order.number, lines=len(order.lines)
        )
    held = [line] if line is not None else order.lines
    if not any(row.sku == item.sku for row in held):
        raise Refused(
            "not-on-order",
            f"{text} holds no {item.sku}; it holds {', '.join(row.sku for row in held)}.",
            po=order.number,
            sku=item.sku,
        )
    return order, line


def receipt_cost(
    ground: Ground,
    item: StockItem,
    command: c.ReceiveStock,
    order: PurchaseOrder | None,
    line: Line | None,
    supplier: str | None,
    day: str,
) -> dict[str, object]:
    """Return what a receipt cost: as said, else as ordered, else as agreed with its supplier."""
    if command.unit_cost is not None:
        stated = in_currency(ground, item, command.currency, command.rate)
        return {"unit_cost": command.unit_cost, **stated}
    if order is not None and line is not None and line.unit_cost is not None:
        return {"unit_cost": line.unit_cost, "currency": order.currency, "rate": order.rate}
    return _assumed_cost(ground, item, supplier, day)


def _assumed_cost(
    ground: Ground, item: StockItem, supplier: str | None, day: str
) -> dict[str, object]:
    """Return what is agreed, where its currency has a rate, else the last cost."""
    for code in (supplier, preferred_supplier(item, day)):
        source = ground.known.supplier(code) if code is not None else None
        terms = source.terms_of(item.sku, day) if source is not None else None
        if source is not None and terms is not None and terms.unit_cost is not None:
            currency = terms.currency or source.currency
            own = currency in (None, ground.shop.currency)
            if own or currency in item.rates:
                stated = in_currency(ground, item, currency, None)
                return {"unit_cost": terms.unit_cost, "cost_assumed": True, **stated}
    return {
        "unit_cost": item.last_cost,
        "currency": None,
        "rate": None,
        "cost_assumed": item.last_cost is not None,
    }


def preferred_supplier(item: StockItem, today: str) -> str | None:
    """Return the supplier an item is linked to on a day."""
    return in_force(item.catalog.suppliers, today)


COUNTED_FOR = "counted for {po}: {left} still to come"
COMPLETE = "counted for {po}, which is complete now"
MORE_THAN_ORDERED = (
    "{more} more than {po} wanted came: keep them or return them; they are on the shelf"
)
OTHER_PRICE = "it cost {cost} and was ordered at {agreed} on {po}: {share} %, {sum} in all"


ARRIVED_AT = "it arrived at {place}, where {po} was ordered to"


def _money(amount: Decimal) -> str:
    """Return an amount with two decimals, with more where it has more."""
    cents = amount.quantize(Decimal("0.01"))
    return f"{cents}" if cents == amount else show(amount)


def remarks(
    ground: Ground, item: StockItem, command: c.ReceiveStock, parts: list[Part]
) -> list[Remark]:
    """Return what is to be known of a receipt for orders: which, too much, not the agreed price."""
    found = []
    for order, line, part in parts:
        if order is None or line is None:
            continue
        left = order.outstanding(line, item.received.get(order.line_id(line), ZERO)) - part
        if command.po is None and command.po_line is None:
            text = COUNTED_FOR if left > 0 else COMPLETE
            found.append(Remark("linked", text, {"po": order.number, "left": show(left)}))
        if command.at is None and line.location != ground.shop.first_location:
            details = {"po": order.number, "place": line.location}
            found.append(Remark("place", ARRIVED_AT, details))
        if left < 0:
            details = {"po": order.number, "more": show(-left)}
            found.append(Remark("more-than-ordered", MORE_THAN_ORDERED, details))
        cost, agreed = command.unit_cost, line.unit_cost
        same = (command.currency or ground.shop.currency) == (
            order.currency or ground.shop.currency
        )
        if cost is not None and agreed and cost != agreed and same:
            share = ((cost - agreed) / agreed * 100).quantize(Decimal("0.1"))
            details = {"cost": _money(cost), "agreed": _money(agreed), "po": order.number}
            more = (cost - agreed) * part
            details |= {"share": f"{share:+}", "sum": ("+" if more > 0 else "") + _money(more)}
            found.append(Remark("other-price", OTHER_PRICE, details))
    return found
