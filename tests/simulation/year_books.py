"""The books of the simulated year, and what they say of every sentence of advice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from jitledger.bootstrap import App
from jitledger.domain.json import Json
from jitledger.domain.quantity import show
from jitledger_bot import texts
from jitledger_bot.telling import digest
from jitledger_projections.reports.morning import Morning
from jitledger_projections.reports.ordering.order_book import late_orders
from jitledger_projections.reports.ordering.promises import promise_of
from jitledger_projections.reports.ordering.reorder_line import ReorderLine, as_shape
from jitledger_projections.reports.upkeep import late_in_short

MUST_SELL = 0.5
"""Of what sells at least so much a day, an empty shelf must be said."""


@dataclass(frozen=True)
class Shipment:
    """An order as the supplier has it."""

    po: str
    supplier: str
    lines: tuple[tuple[str, int, str], ...]
    """(SKU, quantity, place)"""
    placed: int
    promised: date | None
    arrives: int


@dataclass
class Books:
    """What lies where and what is on its way, counted by hand."""

    lots: dict[tuple[str, str], list[list[int]]] = field(default_factory=dict)
    """{(SKU, place): [[quantity, last day on which it can be sold, or a far one], …]}"""
    open: dict[str, Shipment] = field(default_factory=dict)
    expected: dict[str, tuple[str, int]] = field(default_factory=dict)
    """{order: (the day it was said to be expected, deliveries of its supplier until then)}"""
    delivered: dict[str, int] = field(default_factory=dict)
    ordered_yesterday: set[str] = field(default_factory=set)
    ordered_today: set[str] = field(default_factory=set)
    alert_seen: int = 0
    wrong_alerts: list[str] = field(default_factory=list)
    read: int = 0
    """How many sentences were looked at."""

    def come(self, sku: str, place: str, quantity: int, day: int, life: int | None) -> None:
        """Put goods on a shelf."""
        last = 10**6 if life is None else day + life - 1
        self.lots.setdefault((sku, place), []).append([quantity, last])

    def leave(self, sku: str, place: str, quantity: int) -> None:
        """Take goods from a shelf, the oldest first."""
        for lot in self.lots.get((sku, place), []):
            taken = min(lot[0], quantity)
            lot[0] -= taken
            quantity -= taken
        assert quantity == 0

    def move(self, sku: str, source: str, target: str, quantity: int) -> None:
        """Carry goods from one place to another."""
        self.leave(sku, source, quantity)
        self.come(sku, target, quantity, 0, None)

    def there(self, sku: str, place: str | None = None) -> int:
        """Return what lies at a place, or everywhere."""
        return sum(
            lot[0]
            for (code, at), lots in self.lots.items()
            if code == sku and place in (None, at)
            for lot in lots
        )

    def expire(self, day: int) -> list[tuple[str, str, int]]:
        """Take away what could be sold until yesterday; returns (SKU, place, quantity)."""
        gone = []
        for (sku, place), lots in self.lots.items():
            quantity = sum(lot[0] for lot in lots if lot[1] < day)
            if quantity:
                gone.append((sku, place, quantity))
            lots[:] = [lot for lot in lots if lot[1] >= day and lot[0]]
        return gone

    def order(self, shipment: Shipment) -> None:
        """Note an order."""
        self.open[shipment.po] = shipment
        self.ordered_today |= {sku for sku, _, _ in shipment.lines}

    def arrived(self, shipment: Shipment) -> None:
        """Note that an order is complete."""
        del self.open[shipment.po]
        self.delivered[shipment.supplier] = self.delivered.get(shipment.supplier, 0) + 1

    def due_to_arrive(self, day: int) -> list[Shipment]:
        """Return what comes by a day."""
        return [one for one in self.open.values() if one.arrives <= day]

    def hurry(self, po: str, day: int) -> None:
        """Let an order come by a day at the latest."""
        one = self.open[po]
        arrives = min(one.arrives, day)
        self.open[po] = Shipment(one.po, one.supplier, one.lines, one.placed, one.promised, arrives)

    def coming_from(self, supplier: str, sku: str) -> bool:
        """Return whether a product is on its way from a supplier."""
        mine = [one for one in self.open.values() if one.supplier == supplier]
        return any(code == sku for one in mine for code, _, _ in one.lines)

    def on_order(self, sku: str, place: str | None = None) -> int:
        """Return what is on its way to a place, or everywhere."""
        return sum(
            quantity
            for one in self.open.values()
            for code, quantity, at in one.lines
            if code == sku and place in (None, at)
        )

    def position(self, sku: str, place: str | None = None) -> int:
        """Return the inventory position."""
        return self.there(sku, place) + self.on_order(sku, place)


def check_day(app: App, books: Books, today: date, *, closed: bool) -> list[str]:
    """Compare what is said this morning with the books; returns what is wrong."""
    look = app.look()
    seen = Morning(look)
    lines: list[ReorderLine] = list(seen.rows("reorder"))
    shapes = [as_shape(line) for line in lines]
    wrong: list[str] = []
    for line, shape in zip(lines, shapes, strict=True):
        wrong += _line(books, line, shape, today)
    wrong += _shelves(app, books)
    wrong += _late(app, books, look, today)
    wrong += _silence(books, look, lines)
    books.read += len(lines)
    wrong += agree(app, seen, lines, shapes)
    wrong += _promises(books, look)
    for row in seen.rows("overstock"):
        if row.sku in books.ordered_yesterday:
            wrong.append(f"overstock: {row}, which was ordered on our advice yesterday")
    if closed and seen.rows("phantoms"):
        wrong.append(f"phantoms after a closed week: {[r.sku for r in seen.rows('phantoms')]}")
    books.ordered_yesterday, books.ordered_today = books.ordered_today, set()
    return wrong


def _line(books: Books, line: ReorderLine, shape: Json, today: date) -> list[str]:
    """Check one line of the report."""
    books.read += 1
    sku, place = shape["sku"], shape["location"]
    wrong = []
    own = {"on_hand": books.there(sku, place), "inventory_position": books.position(sku, place)}
    for name, value in own.items():
        if shape[name] != str(value):
            wrong.append(f"reorder: {sku} at {place}: {name} {shape[name]}, books: {value}")
    quantity, point = Decimal(shape["suggested_qty"]), Decimal(shape["reorder_point"])
    pack = Decimal(line.terms.get("pack", "1"))
    if quantity % pack:
        wrong.append(f"reorder: {quantity} of {sku} are no whole packs of {pack}")
    far = sum((one.units for one in line.gap.coming), Decimal(0)) if line.gap else Decimal(0)
    late = line.gap is not None and line.gap.kind == "late"
    moved = sum((move.quantity for move in line.moves), Decimal(0))
    if late and quantity:
        wrong.append(f"reorder: a second order of {sku} for one that is late")
    lifted = own["inventory_position"] - (0 if late else far) + quantity + moved
    lifted += line.for_places
    if not late and shape["why"].find("expire") < 0 and lifted <= point:
        wrong.append(f"reorder: {quantity} of {sku} lift {own} to {lifted}, not above {point}")
    wrong += [
        f"reorder: {one['po']} is called late"
        for one in shape["late"]
        if one["late_days"] and not _is_late(books, one["po"], today)
    ]
    return wrong + _days(books, line, today)


def _days(books: Books, line: ReorderLine, today: date) -> list[str]:
    """Check the days on which it is said to run out."""
    wrong = []
    likely, earliest = line.likely, line.earliest
    there = books.there(line.sku, line.location)
    if earliest is not None and (earliest < today or (likely and likely < earliest)):
        wrong.append(f"reorder: {line.sku} runs out {earliest} to {likely}")
    if there == 0 and line.demand_per_day > 0 and likely != today:
        wrong.append(
            f"reorder: {line.sku} at {line.location} is empty, said to last until {likely}"
        )
    comes = [one.arrives for one in books.open.values() if line.sku in {x[0] for x in one.lines}]
    if likely and there and not comes and line.demand_per_day > MUST_SELL:
        days, mean = (likely - today).days, there / line.demand_per_day
        if not mean * 0.4 - 2 <= days <= mean * 2.5 + 3:
            wrong.append(f"reorder: {there} of {line.sku} last {days} days, by its rate {mean:.1f}")
    return wrong


def _is_late(books: Books, po: str, today: date) -> bool:
    """Return whether an order may be called late: a promise passed, or more days than it takes."""
    from tests.simulation.year import START, SUPPLIERS

    one = books.open.get(po)
    if one is None:
        return False
    if one.promised is not None:
        return today > one.promised
    placed = START + timedelta(days=one.placed)
    return today >= placed + timedelta(days=SUPPLIERS[one.supplier])


def _shelves(app: App, books: Books) -> list[str]:
    """Check every number of the shelf."""
    wrong = []
    skus = sorted({sku for sku, _ in books.lots})
    for row in app.queries.stocks(skus):
        books.read += 1
        sku = row["sku"]
        own = (books.there(sku), books.on_order(sku), books.position(sku))
        said = (row["on_hand"], row["on_order"], row["inventory_position"])
        if said != tuple(str(number) for number in own):
            wrong.append(f"stock: {sku} {said}, books: {own}")
        for place, there in row["by_location"].items():
            if there["on_hand"] != str(books.there(sku, place)):
                wrong.append(f"stock: {sku} at {place}: {there['on_hand']}")
    (bundle,) = app.queries.stocks(["SET"])
    places = {place for _, place in books.lots}
    own_sets = sum(min(books.there("MUG", at) // 2, books.there("TEA", at)) for at in places)
    if bundle["can_make"] != str(own_sets):
        wrong.append(f"stock: {bundle['can_make']} sets, books: {own_sets}")
    return wrong


def _late(app: App, books: Books, look: Any, today: date) -> list[str]:
    """Check which orders are late, that what is expected does not move, and that all agree."""
    from tests.simulation.year import START

    wrong = []
    told = {late.order.number: late.order for late in late_orders(look)}
    for po, order in told.items():
        books.read += 1
        if not _is_late(books, po, today):
            wrong.append(f"late-orders: {po} is called late")
        wrong += [
            f"late-orders: {po} was to come {coming.likely}"
            for coming in order.coming.values()
            if coming.likely <= today and coming.late_days
        ]
    for po, one in books.open.items():
        if one.promised is not None and today > one.promised and po not in told:
            wrong.append(f"late-orders: {po}, promised for {one.promised}, is missing")
        if (today - START).days > one.placed + 45 and po not in told:
            wrong.append(f"late-orders: {po}, placed 45 days ago, is missing")
    with app.database.snapshot() as tx:
        short = {row["po"]: row["late_days"] for row in late_in_short(tx, today)}
    if short != {po: order.late_days for po, order in told.items()}:
        wrong.append(f"doctor: late are {short}, by the report {sorted(told)}")
    for po, order in told.items():
        first = min(coming.due for coming in order.coming.values()).isoformat()
        known = books.delivered.get(order.supplier, 0)
        before = books.expected.get(po)
        if before is not None and before[1] == known and before[0] != first:
            wrong.append(f"late-orders: {po} was expected {before[0]}, now {first}")
        books.expected[po] = (first, known)
    return wrong


def _silence(books: Books, look: Any, lines: list[ReorderLine]) -> list[str]:
    """Check that nothing empty is passed over in silence."""
    wrong = []
    said = {line.sku for line in lines}
    planned = look.plan
    for place, sku in enumerate(planned.forecast.skus):
        sells = float(planned.demand_per_day[place]) >= MUST_SELL
        if not sells or sku in said or not planned.products[place].orderable:
            continue
        if books.there(sku) == 0 and books.on_order(sku) == 0:
            wrong.append(f"silence: {sku} is empty, and nothing is on its way")
        mine = [one for one in books.open.values() if sku in {x[0] for x in one.lines}]
        late = [
            one
            for one in mine
            if one.po in books.expected and look.today.isoformat() > books.expected[one.po][0]
        ]
        if books.there(sku) == 0 and mine and late == mine:
            wrong.append(f"silence: {sku} is empty, and all that is on its way is late")
    return wrong


def agree(app: App, seen: Morning, lines: list[ReorderLine], shapes: list[Json]) -> list[str]:
    """Check that chat, digest and reports say of one moment what the command line says."""
    wrong = []
    text = texts.reorder(lines, len(lines))
    for line, shape in zip(lines, shapes, strict=True):
        if line.name not in text:
            wrong.append(f"chat: {line.sku} is missing")
        if shape["suggested_qty"] != "0" and f"{shape['suggested_qty']} × {line.name}" not in text:
            wrong.append(f"chat: not {shape['suggested_qty']} of {line.sku}")
        explained = [one for one in app.explained(line.sku) if one.location == line.location]
        alone = [as_shape(one) for one in explained]
        keys = ("inventory_position", "reorder_point", "runs_out", "late", "on_hand")
        if len(lines) < 30 and alone and any(alone[0][key] != shape[key] for key in keys):
            wrong.append(f"why: {line.sku} is told otherwise than in the report")
    body: Any = digest.gather(app, seen)
    for row, shape in zip(body["reorder"], shapes, strict=False):
        if any(row[key] != shape[key] for key in digest.TOLD):
            wrong.append(f"digest: {row['sku']} is told otherwise than in the report")
    outs = {row.sku: row for row in seen.rows("run-out")}
    for line in lines:
        out = outs.get(line.sku)
        if out is None or line.location is not None:
            continue
        if (out.likely, out.earliest) != (line.likely, line.earliest):
            wrong.append(
                f"run-out: {line.sku} {out.earliest} to {out.likely}, "
                f"in the report {line.earliest} to {line.likely}"
            )
    return wrong


def _promises(books: Books, look: Any) -> list[str]:
    """Check what is said to be there for a customer now."""
    wrong = []
    for sku in ("MUG", "TEA", "JAR"):
        _, promise = promise_of(look, sku)
        books.read += 1
        if show(promise.now) != str(books.there(sku)):
            wrong.append(f"promise: {promise.now} of {sku} now, books: {books.there(sku)}")
        everything = [step.quantity for step in promise.steps]
        if everything and everything[-1] != books.position(sku):
            wrong.append(f"promise: {everything[-1]} of {sku} in the end")
    return wrong
