"""Sales and returns: a bundle's go by its parts."""

from __future__ import annotations

from decimal import Decimal

from jitledger.domain import commands as c
from jitledger.domain import events as e
from jitledger.domain.decisions.ground import Draft, Ground, decides_fact
from jitledger.domain.errors import Refused, bad_value, unknown_entry
from jitledger.domain.moments import Occurred
from jitledger.domain.names import entry_name, split_entry
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.state.quantities import open_promises
from jitledger.domain.state.stock_item import StockItem


@decides_fact(c.SellStock)
def sell_stock(ground: Ground, command: c.SellStock, stated: Occurred | None) -> list[Draft]:
    """Record a sale; a bundle sells its components in the same append."""
    item = ground.item(command.sku)
    quantity, typed = ground.quantity(item, command.qty, command.pack, stated)
    sold_at = ground.location(command.at)
    ships_from = ground.location(command.ships_from) if command.ships_from else sold_at
    bundle, mode = item.catalog.components, item.catalog.mode
    fields = command.given(e.OF_A_SALE)
    fields["location"], fields["quantity"], fields["typed"] = ships_from, quantity, typed
    if sold_at != ships_from:
        fields["sold_at"] = sold_at
    if fields.get("tax_rate") is None:
        fields["tax_rate"] = item.catalog.tax_rate
    if bundle:
        fields["components"] = bundle
    if bundle or mode != "stocked":
        fields["moves_stock"] = False
        fields["to_make"] = not bundle and mode == "made-to-order"
    if command.reservation is not None and not bundle:
        _check_reservation(ground, item, command.reservation, ships_from, quantity)
    if bundle:
        fields["reservation"], fields["final"] = None, False
    drafts = [ground.draft(item, e.StockSold, stated, fields)]
    for sku, each in bundle:
        part = ground.item(sku)
        parts, _ = ground.quantity(part, quantity * each)
        if command.reservation is not None:
            _check_reservation(ground, part, command.reservation, ships_from, parts)
        sold = {
            "location": ships_from,
            "quantity": parts,
            "sold_at": fields.get("sold_at"),
            "order": command.order,
            "reservation": command.reservation,
            "final": command.final,
            "bundle": entry_name(item.sku, item.version + 1),
            "moves_stock": part.catalog.mode == "stocked",
            "to_make": part.catalog.mode == "made-to-order",
        }
        drafts.append(ground.draft(part, e.StockSold, stated, sold))
    return drafts


def _check_reservation(
    ground: Ground, item: StockItem, reservation: str, location: str, quantity: Decimal
) -> None:
    """A handover after the promise lapsed is a fact; more than was promised is refused."""
    promises = item.reservations.get(reservation)
    if not promises:
        raise Refused(
            "unknown-reservation",
            f"There is no reservation {reservation!r} of {item.sku}.",
            reservation=reservation,
            sku=item.sku,
        )
    held = sum(
        (
            left
            for name, promise, left in open_promises(item, ground.present)
            if name == reservation and promise.location == location
        ),
        ZERO,
    )
    if all(promise.lapses_at <= ground.present for promise in promises):
        return
    if quantity > held:
        raise Refused(
            "not-available",
            f"{show(quantity)} of {item.sku} asked from reservation {reservation}, which holds "
            f"{show(held)} at {location}. Sell the rest without it.",
            sku=item.sku,
            location=location,
            reservation=reservation,
            asked=show(quantity),
            available=show(held),
        )


@decides_fact(c.ReturnSale)
def return_sale(ground: Ground, command: c.ReturnSale, stated: Occurred | None) -> list[Draft]:
    """Record a return; the sale it belongs to must exist when it is named.

    Of a bundle its parts come back, each for its own part of the sale.
    """
    item = ground.item(command.sku)
    sale = named_entry(ground, item, command.sale, e.StockSold, "a sale")
    fields: dict[str, object] = {
        "location": ground.location(command.at),
        "condition": command.condition,
        "order": command.order,
        "lot": command.lot,
        "expiry": command.expiry,
        "refund": command.refund,
    }
    drafts = []
    for part, quantity, typed in ground.stock_of(command.sku, command.qty, command.pack, stated):
        of = sale if part.sku == item.sku else _sold_with(ground, part, sale)
        own = {"quantity": quantity, "typed": typed, "sale": of}
        drafts.append(ground.draft(part, e.SaleReturned, stated, fields | own))
        fields["refund"] = None  # It was paid once, with the first part.
    return drafts


def _sold_with(ground: Ground, part: StockItem, bundle: str | None) -> str | None:
    """Return the entry by which a part left the shelf with a bundle's sale."""
    for version, event in ground.known.entries(part.sku) if bundle is not None else ():
        if isinstance(event, e.StockSold) and event.bundle == bundle:
            return entry_name(part.sku, version)
    return None


def named_entry(
    ground: Ground, item: StockItem, entry: str | None, kind: type[e.Event], what: str
) -> str | None:
    """Return an entry's name after checking that it is one of the item's, of the right kind."""
    if entry is None:
        return None
    sku, version = split_entry(entry)
    if ground.known.find_sku(sku) != item.sku:
        raise bad_value(what, entry, "it is no entry of {sku}", sku=item.sku)
    for found, event in ground.known.entries(item.sku):
        if found == version:
            if type(event) is not kind:
                raise bad_value(
                    what, entry, "it is {event}, not {what}", event=event.name, what=what
                )
            return entry_name(item.sku, version)
    raise unknown_entry(entry)
