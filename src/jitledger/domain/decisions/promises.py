"""Promises: guarded against what is available at the decision (DOMAIN.md 6)."""

from __future__ import annotations

from decimal import Decimal

from jitledger.domain import commands as c
from jitledger.domain import events as e
from jitledger.domain.decisions.ground import Draft, Ground, decides
from jitledger.domain.errors import Refused, not_available
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.state.quantities import Quantities, open_promises, quantities
from jitledger.domain.state.stock_item import StockItem


@decides(c.ReserveStock)
def reserve_stock(ground: Ground, command: c.ReserveStock) -> list[Draft]:
    """Promise every line or none; lines of one SKU and location are checked as their sum.

    A bundle holds its parts.
    """
    if ground.known.claim("reservation", command.reservation) is not None:
        raise Refused(
            "duplicate-reservation",
            f"Reservation {command.reservation!r} exists already; take another name.",
            reservation=command.reservation,
        )
    wanted: dict[tuple[str, str], Decimal] = {}
    items: dict[str, StockItem] = {}
    for line in command.lines:
        for item, quantity, _ in ground.stock_of(line.sku, line.qty, None):
            items[item.sku] = item
            key = (item.sku, ground.location(line.at))
            wanted[key] = wanted.get(key, ZERO) + quantity
    for (sku, location), quantity in wanted.items():
        _check_available(
            quantities(items[sku], ground.present, ground.today), sku, location, quantity
        )
    ground.claims.append(("reservation", command.reservation, "\n".join(items)))
    return [
        ground.draft(
            items[sku],
            e.StockReserved,
            None,
            {
                "reservation": command.reservation,
                "location": location,
                "quantity": quantity,
                "order": command.order,
                "ttl_seconds": command.ttl_seconds,
            },
            ground.present,
        )
        for (sku, location), quantity in wanted.items()
    ]


def _check_available(q: Quantities, sku: str, location: str, asked: Decimal) -> None:
    here = q.by_location.get(location)
    available = here.available if here is not None else ZERO
    if asked <= available:
        return
    raise not_available(
        sku,
        location,
        show(asked),
        show(max(ZERO, available)),
        show(here.on_hand if here is not None else ZERO),
        show(here.reserved if here is not None else ZERO),
        {
            code: show(row.available)
            for code, row in q.by_location.items()
            if code != location and row.available > 0
        },
    )


@decides(c.ReleaseReservation)
def release_reservation(ground: Ground, command: c.ReleaseReservation) -> list[Draft]:
    """Take a promise back in every SKU it holds; a second time is refused."""
    holders = ground.known.claim("reservation", command.reservation)
    if holders is None:
        raise Refused(
            "unknown-reservation",
            f"There is no reservation {command.reservation!r}.",
            reservation=command.reservation,
        )
    items = [ground.item(sku) for sku in holders.split("\n")]
    open_items = [
        item
        for item in items
        if any(name == command.reservation for name, _, _ in open_promises(item, ground.present))
    ]
    if not open_items:
        raise Refused(
            "unknown-reservation",
            f"Reservation {command.reservation!r} holds nothing any more: fulfilled, released "
            "or lapsed.",
            reservation=command.reservation,
        )
    fields = {"reservation": command.reservation}
    return [
        ground.draft(item, e.ReservationReleased, None, dict(fields), ground.present)
        for item in open_items
    ]


@decides(c.TakeBackorder)
def take_backorder(ground: Ground, command: c.TakeBackorder) -> list[Draft]:
    """Accept an order for stock that is not there: known demand."""
    item = ground.item(command.sku)
    quantity, _ = ground.quantity(item, command.qty)
    fields = {
        "location": ground.location(command.at),
        "order": command.order,
        "quantity": quantity,
        "due": command.due,
        "price": command.price,
    }
    return [ground.draft(item, e.BackorderTaken, None, fields, ground.present)]


@decides(c.CancelBackorder)
def cancel_backorder(ground: Ground, command: c.CancelBackorder) -> list[Draft]:
    """Take a backorder back; without a quantity all that is still open."""
    item = ground.item(command.sku)
    still_open = max(ZERO, item.backorders.get(command.order, ZERO))
    if not still_open:
        raise Refused(
            "unknown-order",
            f"Order {command.order!r} has no open backorder of {item.sku}.",
            order=command.order,
            sku=item.sku,
        )
    quantity = command.qty if command.qty is not None else still_open
    if quantity > still_open:
        raise Refused(
            "not-available",
            f"{show(quantity)} of {item.sku} to cancel, {show(still_open)} backordered.",
            order=command.order,
            asked=show(quantity),
            available=show(still_open),
        )
    fields = {"order": command.order, "quantity": quantity}
    return [ground.draft(item, e.BackorderCancelled, None, fields, ground.present)]
