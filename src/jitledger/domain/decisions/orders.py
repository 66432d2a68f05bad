"""Purchase orders: what was ordered, what the supplier says, what will not come.

An order changes nothing on the shelf. It counts from the day it is placed; a draft counts for
nothing. Receipts are facts of the SKU and link themselves to lines (``facts.receive_stock``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from jitledger.domain import commands as c
from jitledger.domain import events as e
from jitledger.domain.decisions.ground import Draft, Ground, decides, no_rate
from jitledger.domain.decisions.linking import NO_ORDER
from jitledger.domain.errors import Refused, bad_value
from jitledger.domain.moments import LONG_AGO_DAYS, end_of_day, local_date
from jitledger.domain.names import ORDER_STREAM
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.state.purchase_order import Line, PurchaseOrder
from jitledger.domain.state.supplier import Supplier, unit_cost_at


@decides(c.PlaceOrder)
def place_order(ground: Ground, command: c.PlaceOrder) -> list[Draft]:
    """Place an order; a drafted one of that number is placed as it is written now."""
    number = _number(ground, command.po)
    found = ground.known.order(number)
    if found is not None and found.state != "drafted":
        raise Refused(
            "duplicate-order",
            f"There is an order {found.number} already ({found.state}); take another number.",
            po=found.number,
        )
    fields = _written(ground, command)
    return [_placed(ground, number, fields, command.placed)]


@decides(c.DraftOrder)
def draft_order(ground: Ground, command: c.DraftOrder) -> list[Draft]:
    """Prepare an order, or write a prepared one anew."""
    number = _number(ground, command.po)
    found = ground.known.order(number)
    if found is not None and found.state != "drafted":
        raise _not_in_state(found, "drafted anew")
    fields = _written(ground, command)
    return [_draft(ground, number, e.OrderDrafted, fields)]


@decides(c.PlaceDraft)
def place_draft(ground: Ground, command: c.PlaceDraft) -> list[Draft]:
    """Place a prepared order with its lines."""
    order = _order(ground, command.po)
    if order.state != "drafted":
        raise _not_in_state(order, "placed")
    _check_promises(ground, [line.promised for line in order.lines], command.placed)
    rate = command.rate or order.rate
    if order.currency is not None and rate is None:
        raise no_rate(ground, order.currency)
    fields = {
        "supplier": order.supplier,
        "lines": tuple(_as_stored(line) for line in order.lines),
        "currency": order.currency,
        "rate": rate,
    }
    return [_placed(ground, order.number, fields, command.placed)]


@decides(c.ConfirmOrder)
def confirm_order(ground: Ground, command: c.ConfirmOrder) -> list[Draft]:
    """Record the supplier's promise."""
    order = _open(ground, command.po, "confirmed")
    _check_promises(ground, [command.promised], _placed_day(ground, order))
    fields = {"promised": command.promised, "reference": command.reference}
    return [
        _draft(ground, order.number, e.OrderConfirmed, {**fields, "line": number})
        for number in _meant(ground, order, command.sku)
    ]


@decides(c.DelayOrder)
def delay_order(ground: Ground, command: c.DelayOrder) -> list[Draft]:
    """Record that the supplier delivers later."""
    order = _open(ground, command.po, "delayed")
    _check_promises(ground, [command.promised], _placed_day(ground, order))
    return [
        _draft(ground, order.number, e.OrderDelayed, {"promised": command.promised, "line": number})
        for number in _meant(ground, order, command.sku)
    ]


@decides(c.CancelOrder)
def cancel_order(ground: Ground, command: c.CancelOrder) -> list[Draft]:
    """Cancel part of a line, all that is open of a SKU, or the whole order.

    What has come stays; an order that came in part is closed short. Part of what is to come to
    several places is cancelled only where its place is named.
    """
    order = _order(ground, command.po)
    if order.state == "drafted" and command.sku is None:
        return [_draft(ground, order.number, e.OrderCancelled, {})]
    _require_open(order, "cancelled")
    if command.sku is None:
        if command.qty is not None:
            raise bad_value("qty", show(command.qty), "name the SKU that this quantity is of")
        came = any(_received(ground, order, line) for line in order.lines)
        event: type[e.Event] = e.OrderClosedShort if came else e.OrderCancelled
        return [_draft(ground, order.number, event, {})]
    item = ground.item(command.sku)
    at = None if command.at is None else ground.location(command.at)
    lines = [line for line in order.lines_of(item.sku) if at in (None, line.location)]
    if not lines:
        raise _no_line(order, item.sku)
    wanted = command.qty
    if wanted is not None:
        ground.quantity(item, wanted)
    open_ = {line.number: order.outstanding(line, _received(ground, order, line)) for line in lines}
    total = sum(open_.values(), ZERO)
    places = list(dict.fromkeys(line.location for line in lines if open_[line.number]))
    if wanted is not None and wanted < total and len(places) > 1:
        raise which_place(order.number, item.sku, places)
    drafts = []
    for line in reversed(lines):  # What was to come last goes first.
        outstanding = open_[line.number]
        taken = outstanding if wanted is None else min(wanted, outstanding)
        if taken:
            fields = {"line": line.number, "quantity": taken}
            drafts.append(_draft(ground, order.number, e.OrderLineCancelled, fields))
            wanted = None if wanted is None else wanted - taken
    if wanted or not total:
        asked = total if command.qty is None else command.qty
        raise Refused(
            "not-outstanding",
            f"{show(asked)} of {item.sku} asked to be cancelled on {order.number}, "
            f"{show(total)} still to come.",
            po=order.number,
            sku=item.sku,
            asked=show(asked),
            outstanding=show(total),
        )
    return drafts


def which_place(po: str, sku: str, places: Sequence[str]) -> Refused:
    """Return what is said of a part of what is to come to several places."""
    named = ", ".join(places)
    return Refused(
        "which-place",
        f"{sku} on {po} is to come to {named}; name the place.",
        po=po,
        sku=sku,
        places=named,
    )


@decides(c.CloseOrder)
def close_order(ground: Ground, command: c.CloseOrder) -> list[Draft]:
    """Close an order short: what has not come is not waited for."""
    order = _open(ground, command.po, "closed")
    return [_draft(ground, order.number, e.OrderClosedShort, {})]


def _number(ground: Ground, stated: str | None) -> str:
    """Return the order's number; without one, the next free ``PO-<n>``. Claims it."""
    if stated is not None and ("/" in stated or stated == NO_ORDER):
        raise bad_value("po", stated, "an order number holds no slash, and is no dash alone")
    number = stated
    if number is None:
        count = ground.known.count("po") + 1
        while ground.known.claim("po", f"po-{count}") is not None:
            count += 1
        number = f"PO-{count}"
    holder = ground.known.claim("po", number.casefold())
    if holder is not None:
        return holder
    ground.claims.append(("po", number.casefold(), number))
    return number


def _order(ground: Ground, number: str) -> PurchaseOrder:
    found = ground.known.order(ground.known.claim("po", number.casefold()) or "")
    if found is None:
        raise Refused("unknown-order", f"There is no purchase order {number!r}.", po=number)
    return found


def _open(ground: Ground, number: str, what: str) -> PurchaseOrder:
    order = _order(ground, number)
    _require_open(order, what)
    return order


def _require_open(order: PurchaseOrder, what: str) -> None:
    if not order.is_open:
        raise _not_in_state(order, what)


def _not_in_state(order: PurchaseOrder, what: str) -> Refused:
    hint = "; place it first" if order.state == "drafted" else ""
    return Refused(
        "wrong-state",
        f"{order.number} is {order.state} and cannot be {what}{hint}.",
        po=order.number,
        state=order.state,
    )


def _no_line(order: PurchaseOrder, sku: str) -> Refused:
    held = ", ".join(line.sku for line in order.lines)
    return Refused(
        "not-on-order", f"{order.number} holds no {sku}; it holds {held}.", po=order.number, sku=sku
    )


def _meant(ground: Ground, order: PurchaseOrder, sku: str | None) -> Sequence[int | None]:
    """Return the lines of a SKU; one None stands for the whole order."""
    if sku is None:
        return [None]
    item = ground.item(sku)
    lines = order.lines_of(item.sku)
    if not lines:
        raise _no_line(order, item.sku)
    return [line.number for line in lines]


def _placed_day(ground: Ground, order: PurchaseOrder) -> date:
    return order.placed_on or local_date(order.placed_at, ground.shop.tz)


def _received(ground: Ground, order: PurchaseOrder, line: Line) -> Decimal:
    return ground.known.item(line.sku).received.get(order.line_id(line), ZERO)


def _written(ground: Ground, command: c.PlaceOrder | c.DraftOrder) -> dict[str, object]:
    """Check an order's lines and return the fields of its event."""
    supplier = ground.supplier(command.supplier)
    assert supplier is not None
    source = ground.known.supplier(supplier)
    currency = _currency(ground, command, source)
    if currency is not None and command.rate is None and isinstance(command, c.PlaceOrder):
        raise no_rate(ground, currency)
    stated = command.placed if isinstance(command, c.PlaceOrder) else None
    _check_promises(ground, [line.promised for line in command.lines], stated)
    lines = tuple(_line(ground, supplier, line, currency) for line in command.lines)
    return {"supplier": supplier, "lines": lines, "currency": currency, "rate": command.rate}


def _currency(
    ground: Ground, command: c.PlaceOrder | c.DraftOrder, source: Supplier | None
) -> str | None:
    """Return an order's currency: as said, else as its terms agree, else its supplier's.

    None is the shop's own.
    """
    currency = command.currency
    if currency is None and source is not None:
        today, agreed = ground.today.isoformat(), set()
        for line in command.lines:
            terms = source.terms_of(ground.sku(line.sku), today)
            if line.unit_cost is None and terms is not None and terms.unit_cost is not None:
                agreed.add(terms.currency or source.currency)
        currency = agreed.pop() if len(agreed) == 1 else source.currency
    return None if currency == ground.shop.currency else currency


def _line(ground: Ground, supplier: str, asked: c.OrderedLine, currency: str | None) -> e.OrderLine:
    item = ground.shelved(asked.sku)
    if item.catalog.retired:
        raise Refused(
            "retired",
            f"{item.sku} is retired; void that entry of its history to order it again.",
            sku=item.sku,
        )
    quantity, _ = ground.quantity(item, asked.qty, asked.pack)
    today = ground.today.isoformat()
    cost = asked.unit_cost
    source = ground.known.supplier(supplier)
    terms = None if source is None else source.terms_of(item.sku, today)
    if cost is None and terms is not None and source is not None:
        agreed = terms.currency or source.currency or ground.shop.currency
        if agreed == (currency or ground.shop.currency):
            cost = unit_cost_at(terms.unit_cost, terms.price_breaks, quantity)
    if cost is None and currency is None:
        cost = item.last_cost
    return e.OrderLine(
        sku=item.sku,
        location=ground.location(asked.at),
        quantity=quantity,
        pack=None if terms is None else terms.pack,
        unit_cost=cost,
        promised=asked.promised,
    )


def _as_stored(line: Line) -> e.OrderLine:
    return e.OrderLine(
        sku=line.sku,
        location=line.location,
        quantity=line.quantity,
        pack=line.pack,
        unit_cost=line.unit_cost,
        promised=line.promised,
    )


def _check_promises(ground: Ground, promised: Sequence[date | None], placed: date | None) -> None:
    """Refuse a delivery promised for the past, or an order placed in the future."""
    today = ground.today
    if placed is not None and placed > today:
        raise Refused(
            "in-the-future",
            f"placed is {placed.isoformat()}, but today is {today.isoformat()}; "
            "an order that is not placed yet is a draft.",
            placed=placed.isoformat(),
        )
    if placed is not None and (today - placed).days > LONG_AGO_DAYS and not ground.force:
        raise Refused(
            "long-ago",
            f"placed is {placed.isoformat()}, more than {LONG_AGO_DAYS} days back; is that right? "
            "Then force it.",
            placed=placed.isoformat(),
        )
    earliest = placed or today
    for day in promised:
        if day is not None and day < earliest:
            raise bad_value(
                "promised",
                day.isoformat(),
                "that is before {day}, its order",
                day=earliest.isoformat(),
            )


def _placed(ground: Ground, number: str, fields: dict[str, Any], placed: date | None) -> Draft:
    draft = _draft(ground, number, e.OrderPlaced, {**fields, "placed_on": placed})
    if placed is not None:  # It counts from the end of that day, at the latest from now.
        draft.effective_at = min(ground.present, end_of_day(placed, ground.shop.tz))
    return draft


def _draft(ground: Ground, number: str, event: type[e.Event], fields: dict[str, Any]) -> Draft:
    """Return a draft in the order's stream; each SKU of its lines is listed with the order."""
    for sku in {line.sku: None for line in fields.get("lines", ())}:
        ground.claims.append(("po-sku", f"{sku}\x1f{number}", number))
    return ground.plain(ORDER_STREAM + number, event, fields)
