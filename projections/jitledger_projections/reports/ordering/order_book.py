"""The order book: purchase orders as people and scripts see them, and the text for a supplier."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from jitledger.domain.errors import Refused
from jitledger.domain.json import Json
from jitledger.domain.quantity import ZERO, show
from jitledger.service.queries import claimed
from jitledger.store.database import Tx
from jitledger_projections.planning.arrivals import Arrival, arrival
from jitledger_projections.planning.lead_times import leads
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import report
from jitledger_projections.views.on_order import OrderedLine, order_lines
from jitledger_projections.views.products import Label, labels
from jitledger_projections.views.supply import suppliers, terms


@dataclass(frozen=True, slots=True)
class Order:
    """One purchase order with its lines; ``state`` also says partly received and received."""

    number: str
    supplier: str
    supplier_name: str
    state: str
    placed: date | None
    lines: tuple[OrderedLine, ...]
    coming: dict[int, Arrival]
    """What is to come, by the number of its line."""
    names: dict[str, Label]

    @property
    def is_open(self) -> bool:
        """Return whether goods are still to come."""
        return any(line.outstanding > 0 for line in self.lines)

    @property
    def late(self) -> list[Arrival]:
        """Return the lines from which something should have come."""
        return [one for one in self.coming.values() if one.late_days]

    @property
    def late_days(self) -> int:
        """Return by how many days the latest line is late; 0 when none is."""
        return max((one.late_days for one in self.late), default=0)

    @property
    def cost(self) -> Decimal | None:
        """Return what the lines cost, in the order's currency; None when a cost is not known."""
        if any(line.unit_cost is None for line in self.lines):
            return None
        return sum((line.wanted * (line.unit_cost or ZERO) for line in self.lines), ZERO)


def _state(lines: Sequence[OrderedLine]) -> str:
    state = lines[0].state
    if state not in ("placed", "confirmed"):
        return state
    if all(line.outstanding <= 0 for line in lines):
        return "received"
    return "partly received" if any(line.received > 0 for line in lines) else state


def orders(
    tx: Tx,
    today: date,
    *,
    number: str | None = None,
    supplier: str | None = None,
    only_open: bool = False,
    only_late: bool = False,
) -> list[Order]:
    """Return purchase orders, drafts first, then the newest; late ones by how late they are."""
    lines = order_lines(tx, number, supplier)
    if only_open or only_late:
        waiting = {line.number for line in lines if line.outstanding > 0}
        lines = [line for line in lines if line.number in waiting]
    if not lines:
        return []
    known, sources = leads(tx, today), suppliers(tx)
    names = labels(tx, sorted({line.sku for line in lines}), today)
    found = []
    for key, group in groupby(lines, key=lambda line: line.number):
        mine = tuple(group)
        first = mine[0]
        source = sources.get(first.supplier)
        coming = {
            line.line: arrival(line, known.get(line.supplier), today)
            for line in mine
            if line.outstanding > 0
        }
        title = first.supplier if source is None else source.title
        state = _state(mine)
        found.append(Order(key, first.supplier, title, state, first.placed, mine, coming, names))
    if only_late:
        late = [order for order in found if order.late]
        return sorted(late, key=lambda order: (-order.late_days, order.number))
    return found


class Late(NamedTuple):
    """A late order, and {SKU: another supplier that has terms for it}."""

    order: Order
    others: dict[str, str]


def _late_shape(late: Late) -> dict[str, object]:
    order = late.order
    waiting = [f"{show(one.units)} × {one.line.sku}" for one in order.late]
    return {
        "po": order.number,
        "supplier": order.supplier,
        "supplier_name": order.supplier_name,
        "late_days": order.late_days,
        "expected": min(one.due for one in order.late),
        "likely": max(one.likely for one in order.late),
        "to_come": waiting,
        "other_suppliers": [f"{sku} at {code}" for sku, code in late.others.items()],
    }


@report(
    "late-orders",
    _late_shape,
    help="Purchase orders from which something should have come, the latest first.",
    nothing="No order is late.",
)
def late_orders(look: Look) -> list[Late]:
    """Return late orders, the latest first."""
    today, planned = look.today, look.plan
    with look.snapshot() as tx:
        late = orders(tx, today, only_late=True)
    found = []
    for order in late:
        skus = dict.fromkeys(one.line.sku for one in order.late)
        others = {sku: planned.alternative(sku, order.supplier) for sku in skus}
        known = {sku: other for sku, other in others.items() if other is not None}
        found.append(Late(order, known))
    return found


def find_order(tx: Tx, spelled: str, today: date) -> Order:
    """Return one purchase order by its number; raises ``unknown-order``."""
    number = claimed(tx, "po", spelled.casefold())
    found = [] if number is None else orders(tx, today, number=number)
    if not found:
        raise Refused("unknown-order", f"There is no purchase order {spelled!r}.", po=spelled)
    return found[0]


def order_shape(order: Order) -> Json:
    """Return an order in the shape of ``order list --json``."""
    cost = order.cost
    return {
        "po": order.number,
        "supplier": order.supplier,
        "supplier_name": order.supplier_name,
        "state": order.state,
        "placed": None if order.placed is None else order.placed.isoformat(),
        "currency": order.lines[0].currency,
        "cost": None if cost is None else show(cost),
        "late_days": order.late_days,
        "lines": [_line_shape(order, line) for line in order.lines],
    }


def _line_shape(order: Order, line: OrderedLine) -> Json:
    coming = order.coming.get(line.line)
    return {
        "line": line.line,
        "sku": line.sku,
        "name": order.names[line.sku].title if line.sku in order.names else line.sku,
        "location": line.location,
        "ordered": show(line.ordered),
        "cancelled": show(line.ordered - line.wanted),
        "received": show(line.received),
        "outstanding": show(line.outstanding),
        "unit_cost": None if line.unit_cost is None else show(line.unit_cost),
        "promised": None if line.promised is None else line.promised.isoformat(),
        "expected": None if coming is None else coming.due.isoformat(),
        "likely": None if coming is None else coming.likely.isoformat(),
        "late": coming is not None and coming.late_days > 0,
        "late_days": 0 if coming is None else coming.late_days,
    }


class LetterWords(NamedTuple):
    """The words of the message to a supplier; English unless others are given."""

    heading: str = "Purchase order {number} from {shop}"
    to: str = "To: {supplier}"
    day: str = "Date: {day}"
    codes: str = "your code {own}, ours {sku}"
    each: str = "at {cost}"
    by: str = "by {day}"
    total: str = "Total: {cost}"
    close: str = "Please confirm quantities and the day of delivery."


def order_text(
    tx: Tx, order: Order, shop_name: str, currency: str, words: LetterWords | None = None
) -> str:
    """Return the message to the supplier, ready to send."""
    words = words or LetterWords()
    agreed = terms(tx, (order.placed or date.max).isoformat())
    money = order.lines[0].currency or currency
    lines = [
        words.heading.format(number=order.number, shop=shop_name),
        words.to.format(supplier=order.supplier_name),
    ]
    if order.placed is not None:
        lines.append(words.day.format(day=order.placed.isoformat()))
    lines.append("")
    for line in order.lines:
        if line.wanted <= 0:
            continue
        label = order.names.get(line.sku)
        own = agreed.of(order.supplier, line.sku).supplier_sku
        codes = words.codes.format(own=own, sku=line.sku) if own else line.sku
        text = f"{show(line.wanted)} × {label.title if label else line.sku} ({codes})"
        if line.unit_cost is not None:
            text += " " + words.each.format(cost=f"{show(line.unit_cost)} {money}")
        if line.promised is not None:
            text += ", " + words.by.format(day=line.promised.isoformat())
        lines.append(text)
    if order.cost is not None:
        lines += ["", words.total.format(cost=f"{show(order.cost)} {money}")]
    lines += ["", words.close]
    return "\n".join(lines)


def order_csv(tx: Tx, order: Order, currency: str) -> str:
    """Return an order's lines as CSV for a supplier's system."""
    agreed = terms(tx, (order.placed or date.max).isoformat())
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ("order", "sku", "supplier_sku", "name", "quantity", "unit_cost", "currency", "by")
    )
    for line in order.lines:
        if line.wanted > 0:
            label = order.names.get(line.sku)
            writer.writerow(
                (
                    order.number,
                    line.sku,
                    agreed.of(order.supplier, line.sku).supplier_sku or "",
                    label.title if label else line.sku,
                    show(line.wanted),
                    "" if line.unit_cost is None else show(line.unit_cost),
                    line.currency or currency,
                    "" if line.promised is None else line.promised.isoformat(),
                )
            )
    return out.getvalue()
