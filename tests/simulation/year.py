"""A year of a shop, day by day, run by somebody who does what the shop's own advice says.

``python -m tests.simulation.year --seed 1``. Its books are its own: plain counts of what was told,
without a line of the ledger. Every sentence of advice is compared with them; what is wrong is
printed, and there must be none.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import orjson

from jitledger.bootstrap import App
from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError
from jitledger.service.recording.submission import Answer
from jitledger_projections.reports.ordering.buying import basket
from jitledger_projections.reports.ordering.reorder_line import ReorderLine
from tests.conftest import open_shop
from tests.simulation.year_books import Books, Shipment, check_day

START = date(2026, 1, 5)
CLOSED = range(210, 217)
"""A week without a sale, an order or a delivery."""
MAIN, KIOSK = "main", "kiosk"


@dataclass(frozen=True)
class Good:
    """A product as the world has it."""

    sku: str
    supplier: str
    cost: str
    price: str
    sells: dict[str, float]
    """{place: units asked for a day}"""
    pack: int = 1
    life: int | None = None
    opening: int = 60


GOODS = (
    Good("MUG", "ACME", "4.00", "9.50", {MAIN: 3.0, KIOSK: 1.0}, pack=12),
    Good("CUP", "ACME", "3.00", "7.00", {MAIN: 1.2}, pack=6),
    Good("TEA", "FAR", "2.20", "6.00", {MAIN: 4.0}, pack=10, opening=160),
    Good("JAR", "DOLLAR", "5.00", "12.00", {MAIN: 0.8}, opening=40),
    Good("BREAD", "BAKER", "1.50", "4.00", {MAIN: 7.0}, life=2, opening=14),
    Good("SLOW", "FAR", "20.00", "49.00", {MAIN: 0.05}, opening=6),
)
SET = {"MUG": 2, "TEA": 1}
"""A bundle; one is asked for every second day."""
SETS_A_DAY = 0.5
SUPPLIERS = {"ACME": 5, "FAR": 14, "DOLLAR": 10, "BAKER": 1, "OTHER": 4}
PROMISES = frozenset({"DOLLAR"})
"""They promise a day; the others say nothing."""


@dataclass
class World:
    """The shop, its customers and suppliers, and the owner who follows advice."""

    app: App
    random: Random
    books: Books = field(default_factory=Books)
    day: int = 0
    orders: int = 0
    cost: dict[str, Decimal] = field(default_factory=dict)
    spent: Decimal = Decimal(0)
    earned: Decimal = Decimal(0)
    wasted: Decimal = Decimal(0)
    asked: int = 0
    lost: int = 0
    days_without: int = 0
    value_days: Decimal = Decimal(0)
    clock: int = 0

    def now(self) -> str:
        """Return the next moment of the day: a minute after the last."""
        self.clock += 1
        hour, minute = divmod(6 * 60 + self.clock, 60)
        return f"{self.today()}T{hour:02d}:{minute:02d}:00"

    def today(self) -> date:
        """Return the day of the story."""
        return START + timedelta(days=self.day)

    def do(self, **fields: object) -> Answer:
        """Record a command that must be accepted; what it alerts of is checked with the next."""
        self._alerts()
        answer = self.app.ledger.record(parse({**fields, "now": self.now()}))
        assert answer.ok, (fields, answer.error)
        return answer

    # --- the shop is opened -----------------------------------------------------------------------

    def open(self) -> None:
        """Register suppliers, products, terms, two places and the bundle."""
        self.do(do="location", code=KIOSK, name="Kiosk")
        for code, lead in SUPPLIERS.items():
            own = {"currency": "USD"} if code == "DOLLAR" else {}
            self.do(do="supplier", code=code, name=code.title(), lead_time_days=str(lead), **own)
        for good in GOODS:
            life = {} if good.life is None else {"shelf_life_days": good.life}
            self.do(do="register", sku=good.sku, name=good.sku.title(), **life)
            self.do(do="price", sku=good.sku, price=good.price)
            self.agree(good, good.cost)
            rate = {"currency": "USD", "rate": "0.9"} if good.supplier == "DOLLAR" else {}
            self.do(do="open", sku=good.sku, qty=str(good.opening), unit_cost=good.cost, **rate)
            self.books.come(good.sku, MAIN, good.opening, self.day, good.life)
        self.do(do="terms", supplier="OTHER", sku="MUG", unit_cost="4.40", pack="12")
        self.do(do="link", sku="MUG", supplier="ACME")
        parts = [{"sku": sku, "qty": str(qty)} for sku, qty in SET.items()]
        self.do(do="register", sku="SET", name="Tea set", components=parts)
        self.do(do="price", sku="SET", price="22")
        point = {"method": "manual", "reorder_point": "6", "order_quantity": "12"}
        self.do(do="policy", sku="MUG", at=KIOSK, **point)
        self.do(do="transfer", sku="MUG", qty="18", **{"from": MAIN, "to": KIOSK})
        self.books.move("MUG", MAIN, KIOSK, 18)

    def agree(self, good: Good, cost: str, starts: date | None = None) -> None:
        """Agree on terms; the books know from which day on they hold."""
        more = {} if starts is None else {"effective_from": starts.isoformat()}
        terms = {"unit_cost": cost, "pack": str(good.pack)}
        self.do(do="terms", supplier=good.supplier, sku=good.sku, **terms, **more)
        if starts is None:
            self.cost[good.sku] = Decimal(cost)

    # --- one day ----------------------------------------------------------------------------------

    def live(self) -> list[str]:
        """Live one day; returns the sentences that were wrong."""
        self.clock = 0 if self.day else self.clock
        self._agreed()
        self._arrive()
        self._throw_away()
        self.do(do="location", code=f"D{self.day}")  # The day begins for the ledger, too.
        self.app.sweep()
        wrong = check_day(self.app, self.books, self.today(), closed=self._just_closed())
        if self.day not in CLOSED:
            self._follow()
            self._sell()
        self._count_the_day()
        self._alerts()
        self.day += 1
        wrong += self.books.wrong_alerts
        self.books.wrong_alerts = []
        return wrong

    def _just_closed(self) -> bool:
        return CLOSED.start < self.day <= CLOSED.stop

    def _agreed(self) -> None:
        """Let a cost rise be agreed 18 days ahead, twice a year."""
        for begins, sku, cost in ((120, "TEA", "2.75"), (270, "MUG", "4.80")):
            good = next(good for good in GOODS if good.sku == sku)
            if self.day == begins:
                self.agree(good, cost, self.today() + timedelta(days=18))
            if self.day == begins + 18:
                self.cost[sku] = Decimal(cost)

    def _arrive(self) -> None:
        """Record what comes today; some of it comes short, and the rest is cancelled."""
        if self.day in CLOSED:
            return
        for shipment in self.books.due_to_arrive(self.day):
            for line, (sku, quantity, place) in enumerate(shipment.lines, start=1):
                short = quantity > 2 and self.random.random() < 0.05
                came = quantity - 1 if short else quantity
                self.do(
                    do="receive", sku=sku, qty=str(came), at=place, po_line=f"{shipment.po}/{line}"
                )
                life = next(good.life for good in GOODS if good.sku == sku)
                self.books.come(sku, place, came, self.day, life)
                self.spent += came * self.cost[sku]
                if short:
                    self.do(do="order-cancel", po=shipment.po, sku=sku, qty="1", at=place)
            self.books.arrived(shipment)

    def _throw_away(self) -> None:
        """Write off what expired: its last day was yesterday."""
        self._alerts()
        for sku, place, quantity in self.books.expire(self.day):
            self.do(do="write-off", sku=sku, qty=str(quantity), at=place, reason="expiry")
            self.wasted += quantity * self.cost[sku]

    def _follow(self) -> None:
        """Do what the report says: move first, then order, chase what is late, substitute."""
        lines = self.app.reorder()
        for line in lines:
            for move in line.moves:
                quantity = int(move.quantity)
                self.do(
                    do="transfer",
                    sku=line.sku,
                    qty=str(quantity),
                    **{"from": move.source, "to": line.location},
                )
                self.books.move(line.sku, move.source, str(line.location), quantity)
            if line.gap is not None and line.gap.kind == "late":
                self._chase(line)
        for supplier in SUPPLIERS:
            self._order(supplier)

    def _chase(self, line: ReorderLine) -> None:
        """Call the supplier: it comes within four days now; meanwhile buy elsewhere, if told."""
        assert line.gap is not None
        for one in line.gap.coming:
            self.books.hurry(one.line.number, self.day + self.random.randint(1, 4))
        other = line.substitute
        if other is not None and line.on_hand <= 0 and not self.books.coming_from(other, line.sku):
            self._place(other, [(line.sku, 24, MAIN)])

    def _order(self, supplier: str) -> None:
        """Order what is due from a supplier, with what reaches its minimum."""
        try:
            found = basket(self.app.look(), supplier)
        except LedgerError:
            return  # Nothing is due.
        lines = [(one.sku, int(one.quantity), one.location or MAIN) for one in found.lines]
        if lines:
            self._place(supplier, lines)

    def _place(self, supplier: str, lines: list[tuple[str, int, str]]) -> None:
        self.orders += 1
        number = f"P{self.orders}"
        lead = SUPPLIERS[supplier]
        stated = self.today() + timedelta(days=lead) if supplier in PROMISES else None
        told: dict[str, object] = {} if stated is None else {"promised": stated.isoformat()}
        rate = {"currency": "USD", "rate": "0.9"} if supplier == "DOLLAR" else {}
        asked = [{"sku": sku, "qty": str(qty), "at": at, **told} for sku, qty, at in lines]
        self.do(do="order", po=number, supplier=supplier, lines=asked, **rate)
        late = 0 if supplier == "BAKER" else max(0, round(self.random.gauss(0.5, 1.5)))
        if supplier in ("ACME", "FAR") and self.random.random() < 0.08:
            late += self.random.randint(10, 25)  # It is forgotten there, until somebody calls.
        shipment = Shipment(
            number, supplier, tuple(lines), self.day, stated, self.day + lead + late
        )
        self.books.order(shipment)

    def _sell(self) -> None:
        """Let customers come."""
        for good in GOODS:
            for place, rate in good.sells.items():
                wanted = self._poisson(rate * self._season())
                self.asked += wanted
                there = self.books.there(good.sku, place)
                if there == 0 and rate > 0.2:
                    self.days_without += 1
                sold = min(wanted, there)
                if sold:
                    self.do(
                        do="sell",
                        sku=good.sku,
                        qty=str(sold),
                        at=place,
                        unit_price=good.price,
                    )
                    self.books.leave(good.sku, place, sold)
                    self.earned += sold * Decimal(good.price)
                self._unmet(good.sku, place, wanted - sold)
        for _ in range(self._poisson(SETS_A_DAY)):
            if all(self.books.there(sku, MAIN) >= each for sku, each in SET.items()):
                self.do(do="sell", sku="SET", qty="1", at=MAIN, unit_price="22")
                for sku, each in SET.items():
                    self.books.leave(sku, MAIN, each)
                self.earned += 22

    def _unmet(self, sku: str, place: str, missing: int) -> None:
        """Note every third time that somebody asked in vain."""
        if missing <= 0:
            return
        self.lost += missing
        if self.random.random() < 1 / 3:
            self.do(do="unmet", sku=sku, qty=str(missing), at=place)

    def _alerts(self) -> None:
        """Compare alerts with the books at the moment they were raised."""
        wrong = self.books.wrong_alerts
        with self.app.database.snapshot() as tx:
            rows = tx.all(
                "SELECT id, body FROM outbox WHERE kind = 'alert' AND id > ? ORDER BY id",
                (self.books.alert_seen,),
            )
        for number, body in rows:
            self.books.alert_seen = number
            said = orjson.loads(body)
            own = self.books.position(said["sku"], said["location"])
            if str(own) != said["inventory_position"]:
                wrong.append(f"alert: {said['sku']} at {said['inventory_position']}, books: {own}")
            if own > int(Decimal(said["reorder_point"])):
                wrong.append(f"alert: {said['sku']} is above its reorder point")

    def _count_the_day(self) -> None:
        """Add up what lies there, at cost."""
        for good in GOODS:
            places = {MAIN, KIOSK}
            there = sum(self.books.there(good.sku, place) for place in places)
            self.value_days += there * self.cost[good.sku]

    def _season(self) -> float:
        return 1.4 if self.today().month in (11, 12) else 1.0

    def _poisson(self, mean: float) -> int:
        """Return a number of a Poisson distribution (Knuth's product of uniforms)."""
        limit, count, product = 2.718281828459045**-mean, 0, self.random.random()
        while product > limit:
            count += 1
            product *= self.random.random()
        return count


def run(seed: int, days: int, folder: Path, *, talk: bool = False) -> tuple[World, list[str]]:
    """Run a shop for some days; returns the world and the sentences that were wrong."""
    world = World(open_shop(f"sqlite:///{folder / 'year.db'}"), Random(seed))
    world.open()
    wrong: list[str] = []
    for _ in range(days):
        found = world.live()
        wrong += [f"{world.today() - timedelta(days=1)}: {one}" for one in found]
        if talk and world.day % 30 == 0:
            print(f"day {world.day}: {len(wrong)} wrong", file=sys.stderr)
    return world, wrong


def main() -> None:
    """Run a year and print what it came to."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--days", type=int, default=365)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        world, wrong = run(given.seed, given.days, Path(folder), talk=True)
        world.app.close()
    places = sum(len(good.sells) for good in GOODS if max(good.sells.values()) > 0.2)
    print(f"seed {given.seed}, {given.days} days, {world.orders} orders")
    print(f"days without stock: {world.days_without} of {given.days * places} (product and place)")
    print(f"asked for {world.asked}, in vain {world.lost} ({world.lost / world.asked:.1%})")
    print(f"stock at cost, mean: {world.value_days / given.days:.2f}")
    print(f"sold for {world.earned}, bought for {world.spent}, thrown away {world.wasted}")
    print(
        f"advice read on {given.days} mornings, {world.books.read} sentences; wrong: {len(wrong)}"
    )
    for one in wrong[:50]:
        print(f"  {one}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
