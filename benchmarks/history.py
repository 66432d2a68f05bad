"""A long history made fast: many products, many sales, written through the bulk appender."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict, deque
from collections.abc import Iterator

from jitledger.bootstrap import App
from jitledger.domain.commands import parse
from jitledger.domain.events import Event, StockCounted, StockReceived, StockSold
from jitledger.domain.moments import DAY, SECOND
from jitledger.service.bulk import BulkAppender, BulkFact
from jitledger.service.recording.submission import Ask, Submission

END = 1_767_225_600 * SECOND  # 2026-01-01


def register(app: App, products: int) -> list[str]:
    """Register products with names of two or three words."""
    rng = random.Random(1)
    colours = ("Blue", "Red", "Green", "White", "Black", "Brass", "Linen", "Wool", "Clay", "Oak")
    things = ("mug", "plate", "bowl", "towel", "lamp", "clock", "basket", "vase", "tray", "hook")
    skus = [f"P{n:06d}" for n in range(products)]
    for start in range(0, products, 100):
        asks = [
            Ask(
                parse(
                    {
                        "do": "register",
                        "sku": sku,
                        "name": f"{rng.choice(colours)} {rng.choice(things)} no {sku[1:]}",
                    }
                )
            )
            for sku in skus[start : start + 100]
        ]
        app.ledger.commit(Submission(asks, importing=True))
    return skus


def trade(app: App, skus: list[str], events: int, days: int = 365) -> None:
    """Append an opening count for each product, sales, and what its supplier then delivers.

    So many events in all, in time order; few products sell much, most sell seldom. What falls to
    four is ordered, and a month of sales (at least six) comes a week later.
    """
    rng = random.Random(2)
    stock = {sku: rng.randrange(5, 60) for sku in skus}

    def facts() -> Iterator[BulkFact]:
        start = END - days * DAY
        for n, sku in enumerate(skus):
            yield _fact(f"c{n}", sku, StockCounted, start, str(stock[sku]))
        left = events - len(skus)
        step = (days * DAY - DAY) // left
        at, coming, on_order = start + DAY // 4, deque[tuple[int, str, int]](), set[str]()
        sold: dict[str, int] = defaultdict(int)
        for n in range(left):
            at += step
            if coming and coming[0][0] <= at:
                _, sku, quantity = coming.popleft()
                on_order.discard(sku)
                stock[sku] += quantity
                yield _fact(f"r{n}", sku, StockReceived, at // 1000 * 1000, str(quantity))
                continue
            sku = skus[int(len(skus) * rng.random() ** 2)]
            quantity = 1 + rng.randrange(3)
            stock[sku] -= quantity
            sold[sku] += quantity
            if stock[sku] <= 4 and sku not in on_order:
                on_order.add(sku)
                month = sold[sku] * 30 * DAY // max(30 * DAY, at - start)
                coming.append((at + 7 * DAY, sku, max(6, month)))
            yield _fact(f"s{n}", sku, StockSold, at // 1000 * 1000, str(quantity))

    BulkAppender(app.database, app.clock, "bench").append_all(facts(), {})


def _fact(key: str, sku: str, kind: type[Event], at: int, quantity: str) -> BulkFact:
    digest = hashlib.sha256(key.encode()).digest()
    return BulkFact(key, digest, sku, kind, at, {"location": "main", "quantity": quantity})
