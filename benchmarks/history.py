"""A long history made fast: many products, many sales, written through the bulk appender."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

from jitledger.bootstrap import App
from jitledger.domain.commands import parse
from jitledger.domain.moments import DAY, SECOND
from jitledger.service.bulk import BulkAppender, BulkFact
from jitledger.service.ledger import Ask, Submission

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
    """Append an opening count for each product and sales up to so many events, in time order."""
    rng = random.Random(2)

    def facts() -> Iterator[BulkFact]:
        start = END - days * DAY
        for n, sku in enumerate(skus):
            yield _fact(f"c{n}", sku, "stock-counted", start, str(rng.randrange(5, 60)))
        sales = events - len(skus)
        for n in range(sales):
            sku = skus[int(len(skus) * rng.random() ** 2)]
            at = start + DAY // 4 + (n * (days * DAY - DAY)) // sales
            yield _fact(f"s{n}", sku, "stock-sold", at // 1000 * 1000, str(1 + rng.randrange(3)))

    BulkAppender(app.database, app.clock, "bench").append_all(facts(), {})


def _fact(key: str, sku: str, name: str, at: int, quantity: str) -> BulkFact:
    digest = hashlib.sha256(key.encode()).digest()
    return BulkFact(key, digest, sku, name, at, {"location": "main", "quantity": quantity})
