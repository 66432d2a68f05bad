"""Every way that was found to lose, block or mislead, tried again: ``make attack``.

Each attack is a program of its own: it prints what it tried and what it found, and returns how many
of its tries did damage. The suite tries each with a small number; ``python -m
tests.simulation.attack --scale 20 [NAME …]`` tries them whole. The seed is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

from jitledger.bootstrap import App, all_views, open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError
from jitledger.service.upkeep.health import health
from jitledger.service.upkeep.letters import set_aside
from jitledger.service.upkeep.views_check import check_views
from jitledger.store.database import Tx
from jitledger.store.seals import verify
from jitledger.store.sqlite import SQLiteDatabase
from tests.bot.conftest import OWNER, open_chat
from tests.conftest import done, open_shop
from tests.simulation import kill_bot, more_attacks
from tests.simulation.pg_server import Server, programs
from tests.simulation.registry import ATTACKS, Found, attack

__all__ = ["ATTACKS", "more_attacks"]

ROOT = Path(__file__).resolve().parents[2]


def _shop(path: Path) -> App:
    app = open_shop(f"sqlite:///{path}")
    done(app, do="register", sku="MUG", name="Mug")
    return app


def _receive(app: App, key: str) -> bool:
    """Record one and return whether it was acknowledged."""
    with suppress(LedgerError):
        return app.ledger.record(parse({"do": "receive", "sku": "MUG", "qty": "1", "key": key})).ok
    return False


def _keys(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as shop:
        return {row[0] for row in shop.execute("SELECT key FROM command_keys")}


@attack
def file_taken_away(scale: int, rng: random.Random, folder: Path) -> Found:
    """Delete, rename or replace the file while two threads record; nothing is acknowledged then."""
    damage = acknowledged = 0
    ways = ("deleted", "renamed", "swapped")
    for number in range(3 * scale):
        path = folder / f"taken-{number}.db"
        app, way = _shop(path), ways[number % 3]
        gone, after = threading.Event(), 0
        count = [0]

        def record(app: App = app, gone: threading.Event = gone, count: list[int] = count) -> None:
            for n in range(120):
                begun_after = gone.is_set()
                count[0] += _receive(app, f"k{threading.get_ident()}-{n}") and begun_after

        threads = [threading.Thread(target=record) for _ in range(2)]
        for thread in threads:
            thread.start()
        time.sleep(rng.uniform(0.01, 0.08))
        if way == "deleted":
            path.unlink()
        elif way == "renamed":
            path.rename(path.with_suffix(".away"))
        else:
            shutil.copy(path, path.with_suffix(".other"))
            path.with_suffix(".other").replace(path)
        gone.set()
        for thread in threads:
            thread.join()
        after = count[0]
        acknowledged += after
        damage += after > 0
        app.close()
    said = f"{acknowledged} acknowledged afterwards"
    return Found(f"{3 * scale} files deleted, renamed or swapped while recording", damage, said)


@attack
def power_cut(scale: int, rng: random.Random, folder: Path) -> Found:
    """Cut the power at a statement: what was not synced is lost, torn or noise; the rest stands."""
    damage, tries = 0, 20 * scale
    path = folder / "power.db"
    app = _shop(path)
    synced = [Path(f"{path}-wal").stat().st_size]
    acknowledged: list[str] = []
    taken: list[tuple[bytes, bytes, int, int]] = []
    wanted = sorted(rng.sample(range(12 * tries), tries))
    seen = [0]

    def probe(sql: str) -> None:
        if wanted and seen[0] == wanted[0]:
            wanted.pop(0)
            log = Path(f"{path}-wal").read_bytes()
            taken.append((path.read_bytes(), log, synced[0], len(acknowledged)))
        seen[0] += 1

    Tx.probe = staticmethod(probe)
    try:
        while wanted:
            key = f"k{len(acknowledged)}"
            assert _receive(app, key)
            acknowledged.append(key)
            synced[0] = Path(f"{path}-wal").stat().st_size
    finally:
        Tx.probe = None
    app.close()
    for number, (shop, log, safe, count) in enumerate(taken):
        cut = folder / f"cut-{number}.db"
        cut.write_bytes(shop)
        Path(f"{cut}-wal").write_bytes(_torn(log, min(safe, len(log)), rng))
        missing = set(acknowledged[:count]) - _keys(cut)
        opened = open_app(Settings(database=f"sqlite:///{cut}"), create=False)
        damage += bool(missing) or not verify(opened.database).ok
        opened.close()
    return Found(
        f"{len(taken)} power cuts amid appends, unsynced bytes lost, torn or garbage", damage
    )


def _torn(log: bytes, safe: int, rng: random.Random) -> bytes:
    """Return a log whose bytes behind the last sync are lost, zero or noise, by sectors."""
    tail = bytearray(log[safe:])
    for begin in range(0, len(tail), 512):
        kind = rng.choice(("kept", "zero", "noise", "cut"))
        if kind == "cut":
            return log[:safe] + bytes(tail[:begin])
        size = len(tail[begin : begin + 512])
        if kind != "kept":
            tail[begin : begin + size] = rng.randbytes(size) if kind == "noise" else bytes(size)
    return log[:safe] + bytes(tail)


@attack
def disk_full(scale: int, rng: random.Random, folder: Path) -> Found:
    """Let the disk be full at any moment; what was acknowledged is there, and it goes on after."""
    damage, tries = 0, 10 * scale
    for number in range(tries):
        path = folder / f"full-{number}.db"
        app = _shop(path)
        assert isinstance(app.database, SQLiteDatabase)
        writer = app.database._writer()
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
        writer.execute(f"PRAGMA max_page_count={pages + rng.randrange(4)}")
        kept = {key for n in range(150) if _receive(app, key := f"k{n}-{'x' * rng.randrange(90)}")}
        writer.execute("PRAGMA max_page_count=1000000")
        recovered = _receive(app, "after")
        damage += not recovered or not kept <= _keys(path) or not verify(app.database).ok
        app.close()
    return Found(f"{tries} disks that were full amid appends", damage)


@attack
def io_errors(scale: int, rng: random.Random, folder: Path) -> Found:
    """Let calls of the disk fail amid appends; what was acknowledged is there, and once."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return Found("no input and output errors: there is no C compiler here", 0)
    shim, source = folder / "io_faults.so", Path(__file__).with_name("io_faults.c")
    subprocess.run([compiler, "-w", "-shared", "-fPIC", "-o", shim, source, "-ldl"], check=True)
    damage = failed = acknowledged = 0
    for number in range(4 * scale):
        path, seed = folder / f"io-{number}.db", rng.randrange(1, 10_000)
        _shop(path).close()
        env = {**os.environ, "LD_PRELOAD": str(shim), "IO_FAULT_FILE": path.name}
        child = [sys.executable, "-m", "tests.simulation.io_child", str(path)]
        done = subprocess.run(
            [*child, str(rng.choice((5, 20, 60))), str(seed)],
            env=env, capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
        said = done.stdout.split("\n")
        kept = {line for line in said if line.startswith("k")}
        failed += sum(int(line.split()[1]) for line in said if line.startswith("failed"))
        acknowledged += len(kept)
        missing = kept - _keys(path)
        app = open_app(Settings(database=f"sqlite:///{path}"), create=False)
        with app.database.snapshot() as tx:
            events = tx.one("SELECT COUNT(*) FROM stored_events WHERE topic = 'stock-received'")[0]
        stock = app.queries.stock("MUG")["on_hand"]
        well = verify(app.database).ok and stock == str(events) == str(len(_keys(path)))
        damage += bool(missing) or not well or "recovered" not in said
        app.close()
    tried = f"{failed} calls of the disk that failed over {4 * scale} shops"
    return Found(tried, damage, f"{acknowledged} acknowledged meanwhile")


@attack
def flipped_bits(scale: int, rng: random.Random, folder: Path) -> Found:
    """Flip a bit anywhere in the file: somebody sees it, or no answer is another."""
    tries, damage, seen = 40 * scale, 0, 0
    path = folder / "bits.db"
    app = _shop(path)
    for n in range(20):
        _receive(app, f"k{n}")
    app.driver.catch_up()
    app.close()
    whole = path.read_bytes()
    places = [place for place in range(4096, len(whole)) if whole[place]]
    for number in range(tries):
        data = bytearray(whole)
        data[rng.choice(places)] ^= 1 << rng.randrange(8)
        flipped = folder / f"bits-{number}.db"
        flipped.write_bytes(data)
        right = _is_well(flipped)
        damage += right is False
        seen += right is None
    return Found(f"{tries} flipped bits", damage, f"{seen} seen, the others changed no answer")


def _is_well(path: Path) -> bool | None:
    """Return whether a shop that seems well answers rightly; None when it does not seem well."""
    try:
        app = open_app(Settings(database=f"sqlite:///{path}"), create=False)
    except LedgerError:
        return None
    try:
        well = verify(app.database).ok and health(app.database, app.driver, whole=True)["ok"]
        if not well or check_views(app.database, all_views()):
            return None
        return bool(app.queries.stock("MUG")["on_hand"] == "20")
    except LedgerError:
        return None
    finally:
        app.close()


@attack
def lock_held(scale: int, rng: random.Random, folder: Path) -> Found:
    """Hold the lock again and again while somebody writes to the bot; each is recorded once."""
    return asyncio.run(_lock_held(scale, rng, folder))


async def _lock_held(scale: int, rng: random.Random, folder: Path) -> Found:
    chat = await open_chat(f"sqlite:///{folder / 'locked.db'}")
    assert isinstance(chat.app.database, SQLiteDatabase)
    chat.app.database.timeout = 0.05
    messages = 15 * scale
    held = sqlite3.connect(
        folder / "locked.db", isolation_level=None, timeout=5, check_same_thread=False
    )
    for number in range(messages):
        chat.sandbox.say(OWNER, f"received {21 + number} MUG")
        if rng.random() < 0.3:
            await asyncio.to_thread(held.execute, "BEGIN IMMEDIATE")
            await asyncio.sleep(rng.uniform(0.05, 0.6))
            held.execute("ROLLBACK")
    held.close()
    for _ in range(600):
        if chat.idle():
            break
        await asyncio.sleep(0.05)
    expected = 20 + sum(21 + number for number in range(messages))
    with chat.app.database.snapshot() as tx:
        aside = len(set_aside(tx))
    damage = aside + (chat.on_hand() != str(expected))
    await chat.runner.stop()
    await chat.server.close()
    chat.app.close()
    return Found(f"{messages} messages while the lock was held for up to 12 time-outs", damage)


@attack
def server_killed(scale: int, rng: random.Random, folder: Path) -> Found:
    """Crash the PostgreSQL server again and again under the bot; each message is recorded once."""
    found = programs()
    if found is None:
        return Found("no crashes of a server: PostgreSQL's programs are not here", 0)
    server = Server(found, Path(f"/tmp/jl-pg-{os.getpid()}-{rng.randrange(1000)}"))
    server.make()
    try:
        return asyncio.run(_server_killed(scale, rng, server))
    finally:
        server.end()


async def _server_killed(scale: int, rng: random.Random, server: Server) -> Found:
    chat = await open_chat(server.url)
    crashes, told = 2 * scale, 0
    for _ in range(crashes):
        for _ in range(5):
            told += 1
            chat.sandbox.say(OWNER, f"received {20 + told} MUG")
            await asyncio.sleep(rng.uniform(0.0, 0.02))
        await asyncio.to_thread(server.stop, "immediate")
        told += 1
        chat.sandbox.say(OWNER, f"received {20 + told} MUG")
        await asyncio.sleep(rng.uniform(0.1, 1.0))
        await asyncio.to_thread(server.start)
        await asyncio.sleep(rng.uniform(0.2, 1.0))
    expected = str(20 + sum(20 + number for number in range(1, told + 1)))
    for _ in range(600):
        with suppress(LedgerError):
            if await asyncio.to_thread(chat.on_hand) == expected:
                break
        await asyncio.sleep(0.1)
    stock = await asyncio.to_thread(chat.on_hand)
    with chat.app.database.snapshot() as tx:
        aside = len(set_aside(tx))
    well = verify(chat.app.database).ok
    await chat.runner.stop()
    await chat.server.close()
    await asyncio.to_thread(chat.app.close)
    damage = aside + (stock != expected) + (not well)
    said = f"stock {stock} of {expected}, {aside} set aside"
    return Found(f"{crashes} crashes of the server over {told} messages", damage, said)


@attack
def killed(scale: int, rng: random.Random, folder: Path) -> Found:
    """Kill the bot over a stream of messages."""
    kills, messages = 2 * scale, 60 * scale
    outcome = asyncio.run(kill_bot.run(kills, messages, seed=rng.randrange(10_000), folder=folder))
    damage = outcome.lost + outcome.doubled + outcome.unanswered + (not outcome.clean)
    return Found(f"{outcome.kills} kills over {outcome.messages} messages", damage, str(outcome))


def main() -> int:
    """Try the attacks that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*ATTACKS, []])
    parser.add_argument("--scale", type=int, default=10)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    given = parser.parse_args()
    print(f"seed {given.seed}, scale {given.scale}", flush=True)
    damage = 0
    for name in given.names or ATTACKS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="jitledger-attack-") as folder:
            found = ATTACKS[name](given.scale, random.Random(given.seed), Path(folder))
        damage += found.damage
        seconds = time.monotonic() - began
        said = f"; {found.said}" if found.said else ""
        print(
            f"{name}: {found.tried}: {found.damage} did damage{said} ({seconds:.0f} s)", flush=True
        )
    return 1 if damage else 0


if __name__ == "__main__":
    sys.exit(main())
