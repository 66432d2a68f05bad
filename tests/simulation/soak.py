"""What grows while the bot runs: its memory and the shop's files, for each thousand messages.

``python -m tests.simulation.soak 20000`` lets members and strangers write so many messages to a bot
that is a process of its own, and prints how much memory it holds and how large the files are, at
ten moments, and the slope of both over the second half: what each thousand messages cost.
Facts are kept for ever, so the file grows with them; memory should not.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.service.people import invite
from jitledger_bot.sandbox.server import Sandbox, make_api, serve
from tests.simulation.kill_bot import TOKEN, start_bot

STRANGER = 99
MOMENTS = 10
MOST_WAITING = 300
"""People write no faster than they are answered."""


@dataclass(frozen=True)
class Moment:
    """After so many messages: bytes of memory, bytes of the shop's files."""

    messages: int
    memory: int
    files: int


def _memory(bot: subprocess.Popen[bytes]) -> int:
    status = Path(f"/proc/{bot.pid}/status").read_text()
    line = next(row for row in status.splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def _files(shop: Path) -> int:
    return sum(file.stat().st_size for file in shop.parent.glob(f"{shop.name}*"))


def _waiting(shop: Path) -> int:
    """Return how many messages are taken and not worked on yet: they are held, and no leak."""
    with closing(sqlite3.connect(shop, timeout=10)) as looked:
        row = looked.execute("SELECT COUNT(*) FROM inbox WHERE state = 'new'").fetchone()
    return int(row[0])


async def run(messages: int, folder: Path, strangers: float = 0.2) -> list[Moment]:
    """Let so many messages be written, every fifth by a stranger; return what was measured."""
    shop = folder / "shop.db"
    url = f"sqlite:///{shop}"
    app = open_app(Settings(database=url))
    app.ledger.record(parse({"do": "init", "name": "Soak"}))
    for number in range(50):
        app.ledger.record(parse({"do": "register", "sku": f"S{number}", "name": f"Item {number}"}))
        app.ledger.record(parse({"do": "open", "sku": f"S{number}", "qty": str(messages)}))
    code = invite(app.ledger, "staff", 600)
    app.close()
    sandbox = Sandbox(TOKEN, time.time)
    server = await serve(make_api(sandbox))
    bot = start_bot(url, server.url)
    sandbox.add_person(1, "Sam")
    sandbox.add_person(STRANGER, "Eve")
    sandbox.say(1, f"/start {code}")
    rng, measured = random.Random(4), []
    while len(sandbox.messages[1]) < 2:
        await asyncio.sleep(0.1)
    await asyncio.sleep(3)
    for moment in range(MOMENTS + 1):
        measured.append(Moment(moment * messages // MOMENTS, _memory(bot), _files(shop)))
        for number in range(messages // MOMENTS if moment < MOMENTS else 0):
            quantity = moment * messages // MOMENTS + number + 1
            if rng.random() < strangers:
                sandbox.say(STRANGER, f"{quantity} what is this? " + "x" * 3000)
            else:
                sandbox.say(1, f"received {quantity} S{rng.randrange(50)}")
            if number % 50 == 49:
                while len(sandbox.updates) > 200 or _waiting(shop) > MOST_WAITING:
                    await asyncio.sleep(0.02)
                for person in (1, STRANGER):  # This server keeps everything; Telegram does not.
                    del sandbox.messages[person][:-50]
        while sandbox.updates or _waiting(shop):
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
    bot.send_signal(signal.SIGTERM)
    bot.wait(20)
    await server.close()
    return measured


def slope(measured: list[Moment], name: str) -> float:
    """Return bytes for each thousand messages over the second half."""
    half = measured[len(measured) // 2 :]
    grown: int = getattr(half[-1], name) - getattr(half[0], name)
    return 1000.0 * grown / max(1, half[-1].messages - half[0].messages)


def main() -> None:
    """Measure, and print a table and both slopes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", nargs="?", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jitledger-soak-") as folder:
        measured = asyncio.run(run(given.messages, Path(folder)))
    for one in measured:
        held, kept = one.memory / 1e6, one.files / 1e6
        print(f"{one.messages:8,} messages: {held:7.1f} MB of memory, {kept:7.1f} MB of files")
    memory, files = slope(measured, "memory"), slope(measured, "files")
    print(f"each 1,000 messages: {memory / 1e3:+.0f} kB of memory, {files / 1e3:+.0f} kB of files")


if __name__ == "__main__":
    main()
