"""Rebuild of all projections from 1,000,000 events, against two peers in the same run.

One peer folds the same events read through the library's mapper (typed events), and writes no
rows at all; the other only scans the rows and parses their bodies with ``orjson.loads``.
"""

from __future__ import annotations

import gc
import sys

import orjson
from eventsourcing.persistence import StoredEvent

from common import Cpu, Result, machine, shop, show
from history import register, trade
from jitledger.bootstrap import App
from jitledger.domain.state.stock_item import StockItem
from jitledger.service.streams import load_shop
from jitledger.store.codec import EventMapper

EVENTS = 1_000_000
PRODUCTS = 4_000
TABLES = ("on_hand", "demand_day", "stockout", "exceptions", "products")


def rows(app: App) -> list[object]:
    """Return a digest of every view's rows."""
    with app.database.snapshot() as tx:
        return [hash(tuple(sorted(tx.all(f"SELECT * FROM {t}"), key=repr))) for t in TABLES]


def raw_scan(app: App) -> int:
    """Read and parse every body."""
    count = 0
    with app.database.snapshot() as tx:
        for batch in app.database.scan(tx):
            for row in batch:
                orjson.loads(row[4])
            count += len(batch)
    return count


def through_the_mapper(app: App) -> int:
    """Fold every event read through the library's mapper into items."""
    mapper, count = EventMapper(), 0
    items: dict[str, StockItem] = {}
    with app.database.snapshot() as tx:
        days = load_shop(app.database, tx).days
        for batch in app.database.scan(tx):
            for _, stream, version, name, body in batch:
                recorded = mapper.to_domain_event(StoredEvent(stream, version, name, body))
                if stream.startswith("sku/"):
                    item = items.get(stream)
                    if item is None:
                        item = items[stream] = StockItem(stream, days)
                    item.evolve(version, recorded.event)
            count += len(batch)
    return count


def run(events: int = EVENTS) -> list[Result]:
    """Build the history, rebuild it, and compare."""
    with shop() as (app, _):
        trade(app, register(app, PRODUCTS), events)
        app.driver.catch_up()
        before = rows(app)
        gc.freeze()
        with Cpu() as raw:
            count = raw_scan(app)
        with Cpu() as mapped:
            through_the_mapper(app)
        with Cpu() as mine:
            read = app.driver.rebuild()
        with Cpu() as raw_again:
            raw_scan(app)
        assert read == count
        assert rows(app) == before, "the rebuild gave other rows"
    scan = (raw.cpu + raw_again.cpu) / 2
    print(
        f"{count:,} events: rebuild {mine.cpu:.1f} s of CPU ({count / mine.cpu:,.0f}/s), through "
        f"the mapper {mapped.cpu:.1f} s, raw scan {scan:.1f} s"
    )
    faster, share = mapped.cpu / mine.cpu, scan / mine.cpu
    return [
        Result(
            "rebuild of all views against folding through the mapper",
            f"{faster:.1f}×",
            "1×",
            faster >= 1,
        ),
        Result("rebuild of all views against a raw scan", f"{share:.0%}", "25%", share >= 0.25),
    ]


if __name__ == "__main__":
    print(machine())
    show(run(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS))
