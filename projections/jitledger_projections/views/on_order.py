"""On order: purchase orders with their lines, and what came in for each.

The two sides of a line live in different streams (the order, and the SKU that received); whichever
changes brings ``received`` up to date, so the order in which streams are read does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from jitledger.domain.events import MOVES, StockReceived
from jitledger.domain.moments import day_from_number, day_number, start_of_day
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.state.purchase_order import OPEN_STATES, Line, PurchaseOrder
from jitledger.domain.state.stock_item import StockItem
from jitledger.service.views.contract import Batch
from jitledger.store.database import Tx

_OPEN = "('" + "', '".join(sorted(OPEN_STATES)) + "')"


class OnOrder:
    """The projection ``on_order``."""

    name = "on_order"
    version = 3
    ignores = MOVES - {StockReceived}

    def definitions(self, dialect: str) -> dict[str, str]:
        """Return the tables' definitions; days are day numbers."""
        return {
            "purchase_orders": "CREATE TABLE {name} (number TEXT PRIMARY KEY, "
            "supplier TEXT NOT NULL, state TEXT NOT NULL, placed BIGINT, currency TEXT, rate TEXT, "
            "reference TEXT, note TEXT, skus TEXT NOT NULL, placed_at BIGINT NOT NULL) "
            "/*clustered*/",
            "order_lines": "CREATE TABLE {name} (sku TEXT NOT NULL, number TEXT NOT NULL, "
            "line BIGINT NOT NULL, location TEXT NOT NULL, ordered TEXT NOT NULL, "
            "wanted TEXT NOT NULL, received TEXT NOT NULL, unit_cost TEXT, promised BIGINT, "
            "agreed BIGINT, waiting BIGINT NOT NULL, PRIMARY KEY (sku, number, line)) "
            "/*clustered*/",
            "rates": "CREATE TABLE {name} (sku TEXT NOT NULL, currency TEXT NOT NULL, "
            "day BIGINT NOT NULL, rate TEXT NOT NULL, PRIMARY KEY (sku, currency)) /*clustered*/",
            "order_receipts": "CREATE TABLE {name} (sku TEXT NOT NULL, po_line TEXT NOT NULL, "
            "place BIGINT NOT NULL, location TEXT NOT NULL, quantity TEXT NOT NULL, "
            "day BIGINT NOT NULL, PRIMARY KEY (sku, po_line, place)) /*clustered*/",
        }

    def apply(self, tx: Tx, batch: Batch, suffix: str) -> None:
        """Write changed orders, and the receipts of items that have some against orders."""
        for change, item in batch.items():
            if item.rates or change.whole:
                _write_rates(tx, item, suffix, fresh=batch.fresh)
            touched = any(
                isinstance(event, StockReceived) and event.po_line is not None
                for _, event in change.entries
            )
            if touched or (change.whole and (item.arrivals or not batch.fresh)):
                _write_receipts(tx, item, suffix)
        for _, order in batch.orders():
            _write_order(tx, order, batch.shop.days.day, suffix)


def _write_rates(tx: Tx, item: StockItem, suffix: str, *, fresh: bool) -> None:
    if not fresh:
        tx.execute(f"DELETE FROM rates{suffix} WHERE sku = ?", (item.sku,))
    rows = [
        (item.sku, currency, item.days.day(at, at), show(rate))
        for currency, (at, rate) in item.rates.items()
    ]
    if rows:
        tx.executemany(f"INSERT INTO rates{suffix} VALUES (?, ?, ?, ?)", rows)


def _write_receipts(tx: Tx, item: StockItem, suffix: str) -> None:
    tx.execute(f"DELETE FROM order_receipts{suffix} WHERE sku = ?", (item.sku,))
    if item.arrivals:
        rows = [
            (
                item.sku,
                arrival.line,
                place,
                arrival.location,
                show(arrival.quantity),
                item.days.day(arrival.at, arrival.at),
            )
            for place, arrival in enumerate(item.arrivals)
        ]
        tx.executemany(f"INSERT INTO order_receipts{suffix} VALUES (?, ?, ?, ?, ?, ?)", rows)
    for number, line, wanted, before in tx.all(
        f"SELECT number, line, wanted, received FROM order_lines{suffix} WHERE sku = ?",
        (item.sku,),
    ):
        received = item.received.get(f"{number}/{line}", ZERO)
        if received != Decimal(before):
            tx.execute(
                f"UPDATE order_lines{suffix} SET received = ?, waiting = ? "
                "WHERE sku = ? AND number = ? AND line = ?",
                (show(received), int(received < Decimal(wanted)), item.sku, number, line),
            )


def _write_order(tx: Tx, order: PurchaseOrder, day_of: Any, suffix: str) -> None:
    before = tx.one(f"SELECT skus FROM purchase_orders{suffix} WHERE number = ?", (order.number,))
    if before is not None:
        tx.execute(f"DELETE FROM purchase_orders{suffix} WHERE number = ?", (order.number,))
        tx.executemany(
            f"DELETE FROM order_lines{suffix} WHERE sku = ? AND number = ?",
            [(sku, order.number) for sku in orjson.loads(before[0])],
        )
    placed: int | None = None
    if order.placed_on is not None:
        placed = day_number(order.placed_on)
    elif order.placed_at:
        placed = day_of(order.placed_at, order.placed_at)
    tx.execute(
        f"INSERT INTO purchase_orders{suffix} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order.number,
            order.supplier,
            order.state,
            placed,
            order.currency,
            None if order.rate is None else show(order.rate),
            order.reference,
            order.note,
            orjson.dumps(sorted({line.sku for line in order.lines})).decode(),
            0 if order.placed_on is not None else order.placed_at,
        ),
    )
    tx.executemany(
        f"INSERT INTO order_lines{suffix} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(order, line, _received(tx, order, line, suffix)) for line in order.lines],
    )


def _received(tx: Tx, order: PurchaseOrder, line: Line, suffix: str) -> Decimal:
    rows = tx.all(
        f"SELECT quantity FROM order_receipts{suffix} WHERE sku = ? AND po_line = ?",
        (line.sku, order.line_id(line)),
    )
    return sum((Decimal(row[0]) for row in rows), ZERO)


def _row(order: PurchaseOrder, line: Line, received: Decimal) -> tuple[object, ...]:
    return (
        line.sku,
        order.number,
        line.number,
        line.location,
        show(line.quantity),
        show(line.wanted),
        show(received),
        None if line.unit_cost is None else show(line.unit_cost),
        None if line.promised is None else day_number(line.promised),
        None if line.agreed is None else day_number(line.agreed),
        int(received < line.wanted),
    )


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """One line of a purchase order with what came in for it."""

    number: str
    supplier: str
    state: str
    placed: date | None
    line: int
    sku: str
    location: str
    ordered: Decimal
    wanted: Decimal
    received: Decimal
    unit_cost: Decimal | None
    currency: str | None
    promised: date | None
    agreed: date | None

    @property
    def outstanding(self) -> Decimal:
        """Return what is still to come."""
        return max(ZERO, self.wanted - self.received) if self.state in OPEN_STATES else ZERO


_SELECT = (
    "SELECT o.number, o.supplier, o.state, o.placed, l.line, l.sku, l.location, l.ordered, "
    "l.wanted, l.received, l.unit_cost, o.currency, l.promised, l.agreed "
    "FROM order_lines l JOIN purchase_orders o ON o.number = l.number "
)


def _read(rows: Iterable[Sequence[Any]]) -> list[OrderedLine]:
    def day(number: int | None) -> date | None:
        return None if number is None else day_from_number(number)

    return [
        OrderedLine(
            number=r[0],
            supplier=r[1],
            state=r[2],
            placed=day(r[3]),
            line=r[4],
            sku=r[5],
            location=r[6],
            ordered=Decimal(r[7]),
            wanted=Decimal(r[8]),
            received=Decimal(r[9]),
            unit_cost=None if r[10] is None else Decimal(r[10]),
            currency=r[11],
            promised=day(r[12]),
            agreed=day(r[13]),
        )
        for r in rows
    ]


def open_order_lines(tx: Tx, sku: str | None = None) -> list[OrderedLine]:
    """Return the lines of placed orders from which goods are still to come, the oldest first."""
    only = "" if sku is None else "AND l.sku = ? "
    rows = tx.all(
        f"{_SELECT}WHERE l.waiting = 1 AND o.state IN {_OPEN} {only}"
        "ORDER BY o.placed, o.number, l.line",
        () if sku is None else (sku,),
    )
    return _read(rows)


def drafted(tx: Tx, skus: set[str]) -> dict[str, list[tuple[str, str, Decimal]]]:
    """Return {SKU: (order, location, quantity)} of some items on orders that are only drafts."""
    found: dict[str, list[tuple[str, str, Decimal]]] = {}
    for sku, number, location, quantity in tx.all(
        "SELECT l.sku, l.number, l.location, l.ordered FROM purchase_orders o "
        "JOIN order_lines l ON l.number = o.number WHERE o.state = 'drafted' ORDER BY l.number"
    ):
        if sku in skus:
            found.setdefault(sku, []).append((number, location, Decimal(quantity)))
    return found


def order_lines(
    tx: Tx, number: str | None = None, supplier: str | None = None, sku: str | None = None
) -> list[OrderedLine]:
    """Return lines of one order, of a supplier's orders, of a SKU or all, newest order first.

    With a SKU it is one look into the index; that is for the answer to a receipt.
    """
    named = {"l.sku": sku, "o.number": number, "o.supplier": supplier}
    given = {column: value for column, value in named.items() if value is not None}
    where = "WHERE " + " AND ".join(f"{column} = ?" for column in given) if given else ""
    newest = " ORDER BY COALESCE(o.placed, 999999) DESC, o.number, l.line"
    return _read(tx.all(_SELECT + where + newest, list(given.values())))


def rates(tx: Tx) -> dict[str, Decimal]:
    """Return {currency: the shop's for one of it}: the newest that an order or a receipt had."""
    rows = tx.all(
        "SELECT currency, day, 1, rate FROM rates UNION ALL SELECT currency, placed, 0, rate "
        "FROM purchase_orders WHERE rate IS NOT NULL AND placed IS NOT NULL "
        "AND currency IS NOT NULL ORDER BY 2, 3"
    )
    return {currency: Decimal(rate) for currency, _, _, rate in rows}


class LastOrdered(NamedTuple):
    """What a unit cost in the newest order of a product."""

    day: int
    at: int
    """The moment; 0 where only its day is known."""
    unit_cost: Decimal
    currency: str | None
    rate: Decimal | None

    @property
    def own_cost(self) -> Decimal | None:
        """Return it in the shop's currency; None without a rate."""
        if self.rate is not None:
            return self.unit_cost * self.rate
        return self.unit_cost if self.currency is None else None

    def moment(self, tz: ZoneInfo) -> int:
        """Return when it was ordered; of a day its first moment."""
        return self.at or start_of_day(day_from_number(self.day), tz)


class OrderedCosts(NamedTuple):
    """What a unit cost in orders that were placed."""

    newest: dict[str, LastOrdered]
    """{SKU: of its newest order}"""
    lines: dict[str, LastOrdered]
    """{order's line, as receipts name it: what was agreed with it}"""


def ordered_costs(tx: Tx) -> OrderedCosts:
    """Return the costs of placed orders, by product and by line."""
    rows = tx.all(
        "SELECT l.sku, l.number, l.line, o.placed, o.placed_at, l.unit_cost, o.currency, o.rate "
        "FROM order_lines l "
        "JOIN purchase_orders o ON o.number = l.number WHERE l.unit_cost IS NOT NULL "
        "AND o.placed IS NOT NULL AND o.state != 'cancelled' "
        "ORDER BY o.placed, o.placed_at, o.number"
    )
    found = OrderedCosts({}, {})
    for sku, number, line, day, at, cost, currency, rate in rows:
        own = None if rate is None else Decimal(rate)
        one = LastOrdered(day, at, Decimal(cost), currency, own)
        found.newest[sku] = found.lines[f"{number}/{line}"] = one
    return found


def orders_of(tx: Tx, skus: Sequence[str]) -> dict[str, list[tuple[int, Decimal]]]:
    """Return {SKU: [(day, units)]} of placed orders; what was cancelled of them is left out."""
    found: dict[str, list[tuple[int, Decimal]]] = {}
    for start in range(0, len(skus), 500):
        part = skus[start : start + 500]
        for sku, day, wanted in tx.all(
            "SELECT l.sku, o.placed, l.wanted FROM order_lines l JOIN purchase_orders o "
            "ON o.number = l.number WHERE o.placed IS NOT NULL AND l.sku IN "
            f"({','.join('?' * len(part))})",
            part,
        ):
            found.setdefault(sku, []).append((int(day), Decimal(wanted)))
    return found


class Receipt(NamedTuple):
    """Goods that came in against an order's line."""

    number: str
    line: int
    sku: str
    quantity: Decimal
    day: date


def receipts(tx: Tx) -> list[Receipt]:
    """Return every receipt against orders, the earliest first."""
    found = []
    for po_line, sku, quantity, day in tx.all(
        "SELECT po_line, sku, quantity, day FROM order_receipts ORDER BY day, po_line"
    ):
        number, _, line = po_line.rpartition("/")
        found.append(Receipt(number, int(line), sku, Decimal(quantity), day_from_number(day)))
    return found


def is_ordered(tx: Tx, sku: str) -> bool:
    """Return whether any purchase order ever named a product."""
    return tx.one("SELECT 1 FROM order_lines WHERE sku = ? LIMIT 1", (sku,)) is not None
