"""A simulated shop from a seed: products a person can remember, suppliers, a year of sales.

Weekdays, a season, bulk orders, stockouts, late entries, a shrinkage and one dead item. The same
seed gives the same story, line by line, as commands of ``apply``.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from jitledger.domain.json import Json

SUPPLIERS = (
    ("ACME", "Acme Ceramics", 7),
    ("NORD", "Nordlicht Textiles", 12),
    ("FOGG", "Fogg & Sons", 5),
    ("VERDE", "Verde Garden", 9),
    ("PAPER", "Paper Moon", 4),
)
GOODS: dict[str, tuple[str, ...]] = {
    "ACME": (
        "Blue mug",
        "Red mug",
        "Green bowl",
        "White plate",
        "Tea pot",
        "Egg cup",
        "Milk jug",
        "Sugar bowl",
    ),
    "NORD": (
        "Linen towel",
        "Wool blanket",
        "Cotton apron",
        "Striped cushion",
        "Table runner",
        "Oven glove",
        "Tote bag",
        "Felt slippers",
    ),
    "FOGG": (
        "Brass lantern",
        "Desk clock",
        "Pocket mirror",
        "Tin box",
        "Candle holder",
        "Door stop",
        "Key hook",
        "Wall mirror",
    ),
    "VERDE": (
        "Herb pot",
        "Garden gloves",
        "Watering can",
        "Seed box",
        "Bird house",
        "Plant mister",
        "Clay saucer",
        "Wind chime",
    ),
    "PAPER": (
        "Gift wrap",
        "Birthday card",
        "Note book",
        "Paper napkins",
        "Ink pen",
        "Sticker set",
        "Wall calendar",
        "Sealing wax",
    ),
}
DEAD = "Wind chime"
SEASONAL = {"Gift wrap", "Brass lantern", "Candle holder", "Wool blanket", "Wall calendar"}
WEEKDAYS = (0.8, 0.8, 0.9, 1.0, 1.3, 1.7, 0.5)
FORGETFUL_DAYS, FORGOTTEN_SHARE = 14, 0.5
"""For so long at the end the owner does not order these products: the year ends with some due."""


@dataclass(slots=True)
class Product:
    """One product of the sample shop, with the demand only the simulation knows."""

    sku: str
    name: str
    supplier: str
    lead_days: int
    cost: float
    rate: float
    on_hand: int = 0
    arriving: list[tuple[date, int, str]] = field(default_factory=list)


class SampleShop:
    """The story of a shop: yields commands day by day, and single sales afterwards."""

    def __init__(self, seed: int, start: date, days: int) -> None:
        self.seed = seed
        self.start = start
        self.days = days
        self._random = random.Random(seed)
        self._orders: dict[tuple[str, date], str] = {}
        self.products = [
            self._product(name, supplier) for supplier in GOODS for name in GOODS[supplier]
        ]
        self._forgotten = {p.sku for p in self.products if self._random.random() < FORGOTTEN_SHARE}

    def _product(self, name: str, supplier: str) -> Product:
        lead = next(days for code, _, days in SUPPLIERS if code == supplier)
        rate = 0.0 if name == DEAD else round(math.exp(self._random.uniform(-1.6, 1.5)), 2)
        cost = round(self._random.uniform(1.2, 14.0), 2)
        return Product(name.upper().replace(" ", "-"), name, supplier, lead, cost, rate)

    def catalog(self) -> Iterator[Json]:
        """Yield suppliers, products, prices, terms and what was there in the beginning."""
        now = _at(self.start, 7, 0)
        for code, name, lead in SUPPLIERS:
            yield {
                "do": "supplier",
                "code": code,
                "name": name,
                "lead_time_days": str(lead),
                "now": now,
            }
        for p in self.products:
            category = dict(SUPPLIERS_CATEGORY)[p.supplier]
            yield {"do": "register", "sku": p.sku, "name": p.name, "category": category, "now": now}
            yield {"do": "price", "sku": p.sku, "price": f"{p.cost * 2.2:.2f}", "now": now}
            pack = self._random.choice((None, None, 6, 12))
            terms = {
                "do": "terms",
                "supplier": p.supplier,
                "sku": p.sku,
                "unit_cost": f"{p.cost:.2f}",
                "now": now,
            }
            yield terms | ({"pack": str(pack)} if pack else {})
            p.on_hand = max(6, round(p.rate * 21)) if p.name != DEAD else 24
            yield {
                "do": "open",
                "sku": p.sku,
                "qty": str(p.on_hand),
                "unit_cost": f"{p.cost:.2f}",
                "now": now,
            }

    def year(self) -> Iterator[list[Json]]:
        """Yield the commands of each day in the order in which they were entered."""
        for offset in range(1, self.days + 1):
            yield self._day(self.start + timedelta(days=offset), offset)

    def _day(self, day: date, offset: int) -> list[dict[str, object]]:
        found: list[tuple[str, Json]] = []
        ordered: dict[str, list[dict[str, object]]] = {}
        for p in self.products:
            found += self._arrivals(p, day)
            found += self._sales(p, day)
            line = self._order(p, day, offset)
            if line is not None:
                ordered.setdefault(p.supplier, []).append(line)
        for supplier, lines in ordered.items():
            number = self._number(supplier, day)
            order = {"do": "order", "po": number, "supplier": supplier, "lines": lines}
            found.append((_at(day, 19, 0), order))
        if offset == 140:
            victim = self.products[3]
            lost = min(3, victim.on_hand)
            counted = victim.on_hand - lost
            victim.on_hand = counted
            found.append(
                (
                    _at(day, 19, 30),
                    {
                        "do": "count",
                        "sku": victim.sku,
                        "qty": str(counted),
                        "note": "shrinkage found",
                    },
                )
            )
        found.sort(key=lambda entry: entry[0])
        return [command | {"now": when} for when, command in found]

    def _arrivals(self, p: Product, day: date) -> list[tuple[str, Json]]:
        found = []
        for due, quantity, number in [a for a in p.arriving if a[0] <= day]:
            p.arriving.remove((due, quantity, number))
            p.on_hand += quantity
            command = {
                "do": "receive",
                "sku": p.sku,
                "qty": str(quantity),
                "unit_cost": f"{p.cost:.2f}",
                "po": number,
            }
            late = self._random.random() < 0.08
            hour = 18 if late else 9
            if late:  # Unpacked in the morning, typed in the evening.
                command["occurred_at"] = _at(day, 9, 5)
            found.append((_at(day, hour, self._random.randrange(50)), command))
        return found

    def _sales(self, p: Product, day: date) -> list[tuple[str, Json]]:
        mean = p.rate * WEEKDAYS[day.weekday()]
        if p.name in SEASONAL:
            mean *= 1 + 1.2 * math.cos((day.timetuple().tm_yday - 350) / 365 * 2 * math.pi)
        found = []
        for _ in range(_poisson(self._random, max(0.0, mean) / 1.6)):
            wanted = 1 + _poisson(self._random, 0.6)
            if self._random.random() < 0.004:
                wanted *= 8  # A bulk order.
            when = _at(day, 10 + self._random.randrange(8), self._random.randrange(60))
            sold = min(wanted, p.on_hand)
            if sold:
                p.on_hand -= sold
                found.append(
                    (
                        when,
                        {
                            "do": "sell",
                            "sku": p.sku,
                            "qty": str(sold),
                            "unit_price": f"{p.cost * 2.2:.2f}",
                        },
                    )
                )
            if sold < wanted:
                unmet = {"do": "unmet", "sku": p.sku, "qty": str(wanted - sold)}
                found.append((when, unmet))
        return found

    def _number(self, supplier: str, day: date) -> str:
        """Return the number of a day's order to a supplier."""
        return self._orders.setdefault((supplier, day), f"S{len(self._orders) + 1}")

    def _order(self, p: Product, day: date, offset: int) -> dict[str, object] | None:
        """The owner of the story orders by feeling, and forgets some towards the end."""
        if p.arriving or p.rate == 0:
            return None
        forgets = offset > self.days - FORGETFUL_DAYS and p.sku in self._forgotten
        if p.on_hand <= p.rate * (p.lead_days + 11) + 5 and not forgets:
            late = self._random.choice((0, 0, 0, 1, 3))
            quantity = max(6, round(p.rate * 28))
            number = self._number(p.supplier, day)
            p.arriving.append((day + timedelta(days=p.lead_days + late), quantity, number))
            promised = day + timedelta(days=p.lead_days)
            return {"sku": p.sku, "qty": str(quantity), "promised": promised.isoformat()}
        return None

    def next_sale(self) -> Json | None:
        """Return the next sale of the story as it goes on, of a product that is there."""
        there = [p for p in self.products if p.on_hand > 0 and p.rate > 0]
        if not there:
            return None
        p = self._random.choices(there, weights=[q.rate for q in there])[0]
        quantity = min(p.on_hand, 1 + _poisson(self._random, 0.6))
        p.on_hand -= quantity
        return {"do": "sell", "sku": p.sku, "qty": str(quantity)}


SUPPLIERS_CATEGORY = (
    ("ACME", "kitchen"),
    ("NORD", "textiles"),
    ("FOGG", "home"),
    ("VERDE", "garden"),
    ("PAPER", "paper"),
)


def _poisson(rng: random.Random, mean: float) -> int:
    """Return a Poisson variate (Knuth 1969), fit for small means."""
    limit, product, found = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        found += 1
    return found


def _at(day: date, hour: int, minute: int) -> str:
    return datetime.combine(day, time(hour, minute), UTC).isoformat()
