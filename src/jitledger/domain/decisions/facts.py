"""Facts: never refused because of a quantity (DOMAIN.md 6)."""

from __future__ import annotations

from decimal import Decimal

from jitledger.domain import commands as c
from jitledger.domain import events as e
from jitledger.domain.decisions.ground import Draft, Ground, decides_fact, in_currency
from jitledger.domain.decisions.linking import NO_ORDER, linked_parts, receipt_cost, remarks
from jitledger.domain.decisions.sales import named_entry
from jitledger.domain.decisions.together import variance
from jitledger.domain.errors import Malformed, Refused, bad_value
from jitledger.domain.moments import Occurred
from jitledger.domain.names import entry_name
from jitledger.domain.state.order import order_key, voids
from jitledger.domain.state.purchase_order import Line
from jitledger.domain.state.stock_item import StockItem


@decides_fact(c.OpenBalance)
def open_balance(ground: Ground, command: c.OpenBalance, stated: Occurred | None) -> list[Draft]:
    """Record an opening balance; refused when a movement there is effective before it."""
    item = ground.shelved(command.sku)
    quantity, typed = ground.quantity(item, command.qty, command.pack, stated)
    location = ground.location(command.at)
    draft = ground.draft(
        item,
        e.OpeningBalance,
        stated,
        {
            "location": location,
            "quantity": quantity,
            "typed": typed,
            "unit_cost": command.unit_cost,
            **in_currency(ground, item, command.currency, command.rate),
            "lot": command.lot,
            "expiry": command.expiry,
        },
    )
    _check_first(ground, item, location, draft.effective_at)
    return [draft]


def _check_first(ground: Ground, item: StockItem, location: str, at: int) -> None:
    shelf = item.shelves.get(location)
    if shelf is None or not shelf.moved:
        return
    entries = ground.known.entries(item.sku)
    gone = voids(entries).keys() | {v for sku, v in ground.replaced if sku == item.sku}
    for version, event in sorted(entries, key=order_key):
        if version in gone or event.ranked() == e.NO_RANK or location not in _places(event):
            continue
        if isinstance(event, e.OpeningBalance) or event.effective_at < at:
            raise Refused(
                "not-first",
                f"{item.sku} moved at {location} before ({entry_name(item.sku, version)}); "
                "an opening balance comes first. Enter a count instead.",
                sku=item.sku,
                location=location,
                entry=entry_name(item.sku, version),
            )


def _places(event: e.Event) -> tuple[str, ...]:
    """Return where an entry moves stock; nowhere for promises."""
    match event:
        case e.Transfer():
            return event.from_location, event.to_location
        case e.Movement() | e.StockAdjusted():
            return (event.location,)
        case _:
            return ()


@decides_fact(c.ReceiveStock)
def receive_stock(ground: Ground, command: c.ReceiveStock, stated: Occurred | None) -> list[Draft]:
    """Record a receipt and link it to the purchase order line it fulfils.

    A receipt that names no order links itself when a line of the SKU is open that can take it; of
    several the oldest does. One that holds more than the oldest line wants is divided over the
    lines; what no line wants stays with the last. The cost defaults to the line's, else to the
    supplier's terms, else to the last cost. Where no place is named it arrives where it was
    ordered to.
    """
    item = ground.shelved(command.sku)
    quantity, typed = ground.quantity(item, command.qty, command.pack, stated)
    supplier = ground.supplier(command.supplier)
    location = ground.location(command.at) if command.at is not None else None
    fields: dict[str, object] = {
        "typed": typed,
        "lot": command.lot,
        "expiry": command.expiry,
        "attachment": command.attachment,
        "no_order": NO_ORDER in (command.po, command.po_line),
    }
    at = ground.place(1, stated)
    parts = linked_parts(ground, item, command, location, quantity, supplier, at, stated)
    drafts = []
    for order, line, part in parts:
        source = supplier if order is None else order.supplier
        cost = receipt_cost(ground, item, command, order, line, source, ground.day_of(stated))
        drafts.append(
            ground.draft(
                item,
                e.StockReceived,
                stated,
                {
                    **fields,
                    **cost,
                    "location": _arrives_at(ground, location, line),
                    "quantity": part,
                    "supplier": source,
                    "po_line": order.line_id(line) if order is not None and line else None,
                },
            )
        )
    ground.notes += remarks(ground, item, command, parts)
    return drafts


def _arrives_at(ground: Ground, stated: str | None, line: Line | None) -> str:
    if stated is not None:
        return stated
    return ground.location(None) if line is None else line.location


@decides_fact(c.ReturnToSupplier)
def return_to_supplier(
    ground: Ground, command: c.ReturnToSupplier, stated: Occurred | None
) -> list[Draft]:
    """Record goods going back to a supplier."""
    item = ground.shelved(command.sku)
    quantity, typed = ground.quantity(item, command.qty, command.pack, stated)
    fields: dict[str, object] = {
        "location": ground.location(command.at),
        "quantity": quantity,
        "typed": typed,
        "receipt": named_entry(ground, item, command.receipt, e.StockReceived, "a receipt"),
        "supplier": ground.supplier(command.supplier),
        "lot": command.lot,
    }
    return [ground.draft(item, e.ReturnedToSupplier, stated, fields)]


@decides_fact(c.AdjustStock)
def adjust_stock(ground: Ground, command: c.AdjustStock, stated: Occurred | None) -> list[Draft]:
    """Record a signed difference with its cause."""
    item = ground.shelved(command.sku)
    ground.quantity(item, command.delta)
    fields: dict[str, object] = {
        "location": ground.location(command.at),
        "delta": command.delta,
        "cause": command.reason,
        "lot": command.lot,
    }
    return [ground.draft(item, e.StockAdjusted, stated, fields)]


@decides_fact(c.CountStock)
def count_stock(ground: Ground, command: c.CountStock, stated: Occurred | None) -> list[Draft]:
    """Record what was counted; the variance is derived, never stored. A bundle counts its parts."""
    drafts: list[Draft] = []
    for item, quantity, typed in ground.stock_of(command.sku, command.qty, command.pack, stated):
        drafts += _count(ground, command, stated, item, quantity, typed)
    return drafts


def _count(
    ground: Ground,
    command: c.CountStock,
    stated: Occurred | None,
    item: StockItem,
    quantity: Decimal,
    typed: str | None,
) -> list[Draft]:
    fields: dict[str, object] = {
        "location": ground.location(command.at),
        "quantity": quantity,
        "typed": typed,
        "lot": command.lot,
        "blind": command.blind,
        "expected_shown": command.expected,
        "pending": command.pending,
    }
    draft = ground.draft(item, e.StockCounted, stated, fields)
    if not ground.importing and command.lot is None:
        ground.notes += variance(ground, item, str(fields["location"]), quantity, draft)
    return [draft]


@decides_fact(c.WriteOffStock)
def write_off_stock(
    ground: Ground, command: c.WriteOffStock, stated: Occurred | None
) -> list[Draft]:
    """Record shrink; it leaves sellable stock unless another status is named.

    What is written off for damage leaves the damaged stock when all of it lies there.
    """
    item = ground.shelved(command.sku)
    quantity, typed = ground.quantity(item, command.qty, command.pack, stated)
    location, status = ground.location(command.at), command.status
    if command.reason == "damage" and "status" not in command.model_fields_set:
        shelf = item.shelves.get(location)
        if shelf is not None and shelf.damaged >= quantity:
            status = "damaged"
    fields: dict[str, object] = {
        "location": location,
        "quantity": quantity,
        "typed": typed,
        "cause": command.reason,
        "from_status": status,
        "lot": command.lot,
    }
    return [ground.draft(item, e.StockWrittenOff, stated, fields)]


@decides_fact(c.MoveStatus)
def move_status(ground: Ground, command: c.MoveStatus, stated: Occurred | None) -> list[Draft]:
    """Record stock set aside or freed."""
    item = ground.shelved(command.sku)
    quantity, typed = ground.quantity(item, command.qty, command.pack, stated)
    if command.from_ == command.to:
        raise bad_value("to", command.to, "it is where the stock already is")
    fields: dict[str, object] = {
        "location": ground.location(command.at),
        "quantity": quantity,
        "typed": typed,
        "from_status": command.from_,
        "to_status": command.to,
    }
    return [ground.draft(item, e.StatusMoved, stated, fields)]


@decides_fact(c.TransferStock)
def transfer_stock(
    ground: Ground, command: c.TransferStock, stated: Occurred | None
) -> list[Draft]:
    """Record a leg of a transfer; without a step both happen at the earlier of their moments."""
    item = ground.shelved(command.sku)
    quantity, typed = ground.quantity(item, command.qty, command.pack, stated)
    leg = item.transfers.get(command.transfer or "")
    source, target = command.from_, command.to
    if leg is not None:
        source, target = source or leg.from_location, target or leg.to_location
    if source is None or target is None:
        missing = "from" if source is None else "to"
        raise Malformed("missing-field", f"transfer needs the field {missing!r}.", field=missing)
    origin, destination = ground.location(source), ground.location(target)
    if origin == destination:
        raise bad_value("to", target, "it is where the stock already is")
    if command.step is not None and command.transfer is None:
        why = "transfer needs the field 'transfer', so that its steps belong together."
        raise Malformed("missing-field", why, field="transfer")
    fields: dict[str, object] = {
        "transfer": command.transfer or f"{item.sku}-{item.version + 1}",
        "from_location": origin,
        "to_location": destination,
        "quantity": quantity,
        "typed": typed,
        "lot": command.lot,
    }
    match command.step:
        case "dispatch":
            return [ground.draft(item, e.TransferDispatched, stated, fields)]
        case "receive":
            return [ground.draft(item, e.TransferReceived, stated, fields)]
        case "lost":
            return [ground.draft(item, e.TransferLost, stated, fields)]
        case None:
            moment = min(ground.place(1, stated), ground.place(-1, stated))
            fields["one_step"] = True
            return [
                ground.draft(item, e.TransferDispatched, stated, fields, moment),
                ground.draft(item, e.TransferReceived, stated, fields, moment),
            ]


@decides_fact(c.RecordUnmet)
def record_unmet(ground: Ground, command: c.RecordUnmet, stated: Occurred | None) -> list[Draft]:
    """Record demand that the shelf could not serve."""
    item = ground.item(command.sku)
    quantity, typed = ground.quantity(item, command.qty, command.pack, stated)
    fields: dict[str, object] = {
        "location": ground.location(command.at),
        "quantity": quantity,
        "typed": typed,
    }
    return [ground.draft(item, e.DemandUnmet, stated, fields)]
