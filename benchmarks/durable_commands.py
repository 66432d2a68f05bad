"""Durable commands: group commit against one library ``save`` per command from a thread pool.

Both ways write to SQLite with ``synchronous=FULL`` on the same disk, in turns in one run; the
ledger also decides, stores keys and seals, and writes its views. The peer only saves the event.

The one client is measured in rounds, in turns with a bare commit of one row and with a loop of pure
Python that always does the same. On a shared machine that loop takes up to 1.7 times as long from
one second to the next, so the quietest round of each counts, as ``timeit`` advises; the medians and
the loop's range are printed beside.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

from eventsourcing.application import Application

from common import Cpu, Result, loop, machine, shop, show
from jitledger.domain.commands import parse
from jitledger.domain.events import StockSold
from jitledger.service.recording.submission import Ask, Submission
from jitledger.store.codec import Recorded
from jitledger.store.sqlite import SQLiteDatabase
from jitledger_bot.app import loop_factory

CLIENTS = 100

EACH = 60

ROUNDS = 3

ALONE, ALONE_ROUNDS, SPINS = 1000, 15, 300_000


class Peer(Application[str]):
    """The library's application with our mapper: one save, one transaction, one sync."""

    env = {
        "MAPPER_TOPIC": "jitledger.store.codec:EventMapper",
        "ORIGINATOR_ID_TYPE": "text",
        "PERSISTENCE_MODULE": "eventsourcing.sqlite",
    }


def ours(clients: int, each: int) -> float:
    """Return commands a second of so many clients on an event loop, each awaiting its answer."""
    with shop() as (app, _):
        for n in range(clients):
            app.ledger.record(parse({"do": "register", "sku": f"S{n}", "name": "Thing"}))
        work = [
            [
                parse({"do": "sell", "sku": f"S{n}", "qty": "1", "key": f"{n}-{i}"})
                for i in range(each)
            ]
            for n in range(clients)
        ]

        app.stay()  # As the bot does when it starts.

        async def client(n: int) -> None:
            for command in work[n]:
                ask = Ask(command, command.key)
                outcome = await app.ledger.acommit(Submission([ask]))
                assert outcome.answers[0].ok

        async def everybody() -> float:
            began = time.perf_counter()
            await asyncio.gather(*(client(n) for n in range(clients)))
            return clients * each / (time.perf_counter() - began)

        with asyncio.Runner(loop_factory=loop_factory()) as runner:  # As the bot's.
            return runner.run(everybody())


def peer(clients: int, each: int) -> float:
    """Return saves a second of the library from a thread pool."""
    with tempfile.TemporaryDirectory() as folder:
        app = Peer(
            env={"SQLITE_DBNAME": str(Path(folder) / "peer.db"), "SQLITE_LOCK_TIMEOUT": "60"}
        )

        def client(n: int) -> None:
            for version in range(1, each + 1):
                sold = StockSold(
                    recorded_at=version,
                    effective_at=version,
                    location="main",
                    quantity=Decimal(1),
                    command_key=f"{n}-{version}",
                )
                app.save(Recorded(f"sku/S{n}", version, sold))

        began = time.perf_counter()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(client, range(clients)))
        rate = clients * each / (time.perf_counter() - began)
        app.close()
        return rate


def one_client() -> tuple[float, float]:
    """Return CPU microseconds and commits per command of a single client."""
    with shop() as (app, _):
        app.ledger.record(parse({"do": "register", "sku": "MUG", "name": "Mug"}))
        app.stay()
        warm = [parse({"do": "sell", "sku": "MUG", "qty": "1"}) for _ in range(200)]
        for command in warm:
            app.ledger.record(command)
        commands = [
            parse({"do": "sell", "sku": "MUG", "qty": "1", "key": str(n)}) for n in range(ALONE)
        ]
        database = app.database
        assert isinstance(database, SQLiteDatabase)
        before = database.commits
        with Cpu() as spent:
            for command in commands:
                app.ledger.record(command)
        return spent.cpu / len(commands) * 1e6, (database.commits - before) / len(commands)


def bare_commit() -> tuple[float, float]:
    """Return (milliseconds, CPU microseconds) of a commit of one row: what the disk asks."""
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE t (a)")
        with Cpu() as spent:
            for _ in range(1000):
                db.execute("BEGIN")
                db.execute("INSERT INTO t VALUES (1)")
                db.execute("COMMIT")
        return spent.wall, spent.cpu * 1e3


def run() -> list[Result]:
    """Measure, in turns."""
    pairs = [(ours(CLIENTS, EACH), peer(CLIENTS, EACH // 4)) for _ in range(ROUNDS)]
    ratio = statistics.median(a / b for a, b in pairs)
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    alone = [(one_client(), bare_commit(), loop()) for _ in range(ALONE_ROUNDS)]
    ones, bare_ones, spins = zip(*alone, strict=True)
    cpus, bares = [one[0] for one in ones], [bare[1] for bare in bare_ones]
    cpu, bare = min(cpus), min(bares)
    commits = max(one[1] for one in ones)
    wall = statistics.median(bare[0] for bare in bare_ones)
    print(
        f"ledger {mine:,.0f}/s, library {theirs:,.0f}/s; a bare commit of one row takes "
        f"{wall:.2f} ms on this disk\none client in {ALONE_ROUNDS} rounds: median "
        f"{statistics.median(cpus):.0f} µs of CPU, a bare commit {statistics.median(bares):.0f} "
        f"µs; the loop took {min(spins) * 1e3:.0f} to {max(spins) * 1e3:.0f} ms"
    )
    return [
        Result(
            f"durable commands, {CLIENTS} clients, against one library save each",
            f"{ratio:.1f}×",
            "5×",
            ratio >= 5,
        ),
        Result(
            f"one client, CPU per command, quietest of {ALONE_ROUNDS} rounds "
            "against a bare commit of one row",
            f"{cpu / bare:.1f}× a bare commit ({cpu:.0f} µs)",
            "2.2×",
            cpu / bare <= 2.2,
        ),
        Result("one client, commits per command", f"{commits:.2f}", "1", commits == 1),
    ]


if __name__ == "__main__":
    print(machine())
    show(run())
