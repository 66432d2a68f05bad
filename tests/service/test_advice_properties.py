"""P9 and P10 over whole histories: places, late orders, drafts, short life, snoozes, late facts.

And the property that command line, chat, digest, doctor and reports say the same of one moment.
"""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitledger.bootstrap import App
from jitledger.domain.commands import parse
from jitledger.store.codec import decode
from jitledger_projections.reports.morning import Morning
from jitledger_projections.reports.ordering.order_book import late_orders
from jitledger_projections.reports.ordering.reorder_line import ReorderLine, as_shape
from jitledger_projections.reports.upkeep import late_in_short
from tests.conftest import all_done, done, open_shop
from tests.simulation.year_books import agree

pytestmark = pytest.mark.slow

START = date(2026, 1, 1)
PLACES = ("main", "kiosk")
SKUS = ("MUG", "BREAD")
PACKS = {"MUG": 6, "BREAD": 1}
MOQ = {"MUG": 12, "BREAD": 1}
LIFE = 2
Step = tuple[str, str, str, int, int]
"""(what, SKU, place, quantity, days that pass before it)"""


def steps() -> st.SearchStrategy[list[Step]]:
    """Return what may happen, in any order."""
    kinds = [
        *("sell", "sell", "sell", "receive", "order", "promise", "draft", "place", "cancel"),
        *("move", "count", "unmet", "snooze", "sweep", "point", "no-point", "void"),
    ]
    one = st.tuples(
        st.sampled_from(kinds),
        st.sampled_from(SKUS),
        st.sampled_from(PLACES),
        st.integers(1, 40),
        st.sampled_from([0, 0, 0, 1, 1, 3, 12]),
    )
    return st.lists(one, min_size=5, max_size=40)


class Story:
    """A shop to which anything happens; what the ledger refuses did not happen."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.day = 30
        self.minute = 0
        self.orders = 0

    def begin(self) -> None:
        """Open two places and sell both products for a month."""
        now = f"{START}T06:00:00"
        app = self.app
        done(app, do="location", code="kiosk", now=now)
        for code, lead in (("ACME", "5"), ("BAKER", "1"), ("OTHER", "3")):
            done(app, do="supplier", code=code, name=code.title(), lead_time_days=lead, now=now)
        done(app, do="register", sku="MUG", name="Blue mug", now=now)
        done(app, do="register", sku="BREAD", name="Rye bread", shelf_life_days=LIFE, now=now)
        for sku, cost, price, supplier in (
            ("MUG", "4", "9", "ACME"),
            ("BREAD", "1.5", "4", "BAKER"),
        ):
            terms = {"unit_cost": cost, "pack": str(PACKS[sku]), "moq": str(MOQ[sku])}
            done(app, do="terms", supplier=supplier, sku=sku, **terms, now=now)
            done(app, do="price", sku=sku, price=price, now=now)
        done(app, do="terms", supplier="OTHER", sku="MUG", unit_cost="4.4", pack="6", now=now)
        done(app, do="link", sku="MUG", supplier="ACME", now=now)
        for sku in SKUS:
            done(app, do="open", sku=sku, qty="128", now=now)
            done(app, do="open", sku=sku, qty="36", at="kiosk", now=now)
        all_done(
            app,
            [
                {"do": "sell", "sku": sku, "qty": qty, "at": at, "now": f"{day}T12:{minute}:00"}
                for day in (START + timedelta(days=number) for number in range(30))
                for minute, (sku, at, qty) in enumerate(
                    [("MUG", "main", "3"), ("BREAD", "main", "4"), ("MUG", "kiosk", "1")], 10
                )
            ],
        )
        app.sweep()

    def tell(self, step: Step) -> None:
        """Let one thing happen."""
        what, sku, place, quantity, days = step
        self.day += days
        self.minute = 0 if days else self.minute + 1
        hour, minute = divmod(8 * 60 + self.minute, 60)
        now = f"{START + timedelta(days=self.day)}T{hour:02d}:{minute:02d}:00"
        if what == "sweep":
            self.app.sweep()
            return
        command = self._command(what, sku, place, quantity)
        if command is not None:
            self.app.ledger.record(parse({**command, "now": now}))

    def _command(self, what: str, sku: str, place: str, quantity: int) -> dict[str, Any] | None:
        qty = str(quantity)
        fact = {"sku": sku, "qty": qty, "at": place}
        supplier = "ACME" if sku == "MUG" else "BAKER"
        match what:
            case "sell" | "receive" | "count" | "unmet":
                return {"do": what, **fact}
            case "order" | "promise" | "draft":
                self.orders += 1
                line: dict[str, Any] = {"sku": sku, "qty": str(quantity * PACKS[sku]), "at": place}
                if what == "promise":
                    promised = START + timedelta(days=self.day + quantity)
                    line["promised"] = promised.isoformat()
                do = "order-draft" if what == "draft" else "order"
                return {"do": do, "po": f"P{self.orders}", "supplier": supplier, "lines": [line]}
            case "place":
                return {"do": "order-place", "po": f"P{self.orders}"}
            case "cancel":
                return {"do": "order-cancel", "po": f"P{max(1, self.orders - quantity % 3)}"}
            case "move":
                other = PLACES[1 - PLACES.index(place)]
                return {"do": "transfer", "sku": sku, "qty": qty, "from": place, "to": other}
            case "snooze":
                return {"do": "snooze", "sku": sku, "days": 1 + quantity % 9}
            case "point":
                point = {"method": "manual", "reorder_point": qty, "order_quantity": "12"}
                at = {} if quantity % 3 == 0 else {"at": place}  # The whole shop's, or a place's.
                return {"do": "policy", "sku": sku, **at, **point}
            case "no-point":
                return {"do": "policy", "sku": sku, "at": place, "method": "default"}
        entries = self.app.queries.history(sku)
        return {"do": "void", "entry": entries[-1 - quantity % min(9, len(entries))]["entry"]}


def crossings(app: App, sku: str) -> list[str]:
    """Return what is wrong with the alerts of an item: raised twice, or settled without one."""
    states: dict[str | None, bool] = {}
    wrong = []
    with app.database.snapshot() as tx:
        rows = app.database.stream(tx, f"alert/{sku}")
    for _, name, body in rows:
        event: Any = decode(name, body)
        raised = states.get(event.location, False)
        if name == "reorder-alert-raised":
            if raised:
                wrong.append(f"{sku} at {event.location}: raised twice")
            if event.inventory_position > event.reorder_point:
                wrong.append(f"{sku}: raised at {event.inventory_position}")
            states[event.location] = True
        elif name != "reorder-alert-snoozed":
            if not raised:
                wrong.append(f"{sku} at {event.location}: {name} of none")
            states[event.location] = False
    return wrong


def suggestion(line: ReorderLine) -> list[str]:
    """Return what is wrong with a suggestion: pack, minimum, life, or a position left too low."""
    quantity, shape = line.suggestion.quantity, as_shape(line)
    moved = sum((move.quantity for move in line.moves), Decimal(0))
    if not quantity:
        said = line.suggestion.question is not None or moved or line.gap is not None
        return [] if said else [f"{line.sku} at {line.location}: 0 without a reason"]
    wrong = []
    if quantity % PACKS[line.sku] or quantity < MOQ[line.sku]:
        wrong.append(f"{quantity} of {line.sku}")
    far = line.gap.units if line.gap is not None else Decimal(0)
    after = line.inventory_position - far + quantity + moved + line.for_places
    if after <= line.reorder_point:
        wrong.append(f"{shape}: {after} is not above {line.reorder_point}")
    sells = line.demand_per_day  # Where nobody is known to ask, what was set by hand is ordered.
    if line.sku == "BREAD" and sells > 0 and quantity > 3 * LIFE * (sells + 1) + 3:
        wrong.append(f"{quantity} breads at {line.demand_per_day} a day would not sell in time")
    return wrong


@settings(max_examples=60)
@given(steps())
def test_advice_holds_over_any_history(told: list[Step]) -> None:
    """One alert a crossing; suggestions in packs that lift the position; every front end alike."""
    with tempfile.TemporaryDirectory() as folder:
        app = open_shop(f"sqlite:///{folder}/shop.db")
        try:
            story = Story(app)
            story.begin()
            for step in told:
                story.tell(step)
            wrong = [one for sku in SKUS for one in crossings(app, sku)]
            look = app.look()
            seen = Morning(look)
            lines = list(seen.rows("reorder"))
            wrong += [one for line in lines for one in suggestion(line)]
            wrong += agree(app, seen, lines, [as_shape(line) for line in lines])
            with app.database.snapshot() as tx:
                short = {row["po"]: row["late_days"] for row in late_in_short(tx, look.today)}
            late = {one.order.number: one.order.late_days for one in late_orders(look)}
            if short != late:
                wrong.append(f"doctor {short}, report {late}")
            for line in lines:
                wrong += [
                    f"{one.line.number} is late by {one.late_days} days in one report only"
                    for one in (line.gap.coming if line.gap is not None else ())
                    if one.late_days and late.get(one.line.number, 0) < one.late_days
                ]
            assert wrong == []
        finally:
            app.close()
