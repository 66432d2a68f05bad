"""Kill -9 the bot again and again over a stream of messages; then count what is recorded.

The full run is ``python -m tests.simulation.kill_bot 100 10000``, once by polling and once with
``--webhook 18080``; the test does it with fewer rounds. The seed is printed; ``--seed`` uses it
again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.service.people import invite
from jitledger.store.seals import verify
from jitledger_bot.sandbox.server import Sandbox, make_api, serve

THERE = 2000
"""Of each item in the beginning: so that no message tells of far more than ever moved."""

TOKEN = "4242:KILLED-AGAIN-AND-AGAIN"


@dataclass(frozen=True)
class Outcome:
    """What was found at the end."""

    kills: int
    messages: int
    lost: int
    doubled: int
    unanswered: int
    clean: bool


def start_bot(url: str, api: str, hook: int = 0) -> subprocess.Popen[bytes]:
    """Start a bot that is a process of its own."""
    env = {
        **os.environ,
        "JITLEDGER_DATABASE": url,
        "JITLEDGER_BOT_TOKEN": TOKEN,
        "JITLEDGER_BOT_API": api,
        "JITLEDGER_LOG": "ERROR",
    }
    if hook:
        env["JITLEDGER_WEBHOOK_URL"] = f"http://127.0.0.1:{hook}/hook"
        env["JITLEDGER_WEBHOOK_LISTEN"] = f"127.0.0.1:{hook}"
        env["JITLEDGER_WEBHOOK_SECRET"] = "killed-and-killed"
    command = [sys.executable, "-m", "jitledger.cli.run", "bot"]
    return subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)


async def run(
    rounds: int, messages: int, seed: int, folder: Path, people: int = 5, hook: int = 0
) -> Outcome:
    """Send messages while the bot dies; return what was lost, doubled or left unanswered.

    Updates arrive by polling, or at the port ``hook`` by webhook; some come twice, some out of
    order, and the server forgets some confirmations.
    """
    rng = random.Random(seed)
    everybody = range(1, people + 1)
    url = f"sqlite:///{folder / 'shop.db'}"
    app = open_app(Settings(database=url))
    app.ledger.record(parse({"do": "init", "name": "Chaos"}))
    for person in everybody:
        app.ledger.record(parse({"do": "register", "sku": f"S{person}", "name": f"Item {person}"}))
        app.ledger.record(parse({"do": "open", "sku": f"S{person}", "qty": str(THERE)}))
    codes = {person: invite(app.ledger, "staff", 600) for person in everybody}
    app.close()
    sandbox = Sandbox(TOKEN, time.time)
    server = await serve(make_api(sandbox))
    bot = start_bot(url, server.url, hook)
    for person in everybody:
        sandbox.add_person(person, f"Person {person}")
        sandbox.say(person, f"/start {codes[person]}")
    await _until(lambda: all(_said(sandbox, p) for p in everybody), 120)
    sent: list[tuple[int, int]] = []
    kills = 0
    for number in range(messages):
        person = rng.choice(everybody)
        quantity = number + 1  # No two texts are the same.
        sandbox.faults.duplicate += rng.random() < 0.05
        sandbox.faults.reorder += rng.random() < 0.05
        sandbox.faults.lose_offset += rng.random() < 0.01
        sandbox.say(person, f"received {quantity} S{person}")
        sent.append((person, quantity))
        await asyncio.sleep(rng.random() * 0.02)
        if kills < rounds and number >= (kills + 1) * messages // (rounds + 1):
            await asyncio.sleep(rng.random() * 0.3)
            bot.send_signal(signal.SIGKILL)
            bot.wait()
            kills += 1
            bot = start_bot(url, server.url, hook)
            await asyncio.sleep(2.0 + rng.random() * 3)
    await _until(lambda: not sandbox.updates, 600)
    app = open_app(Settings(database=url))
    await _until(lambda: not _unanswered(app, sandbox, sent), 120)
    unanswered = len(_unanswered(app, sandbox, sent))
    bot.terminate()
    bot.wait(15)
    await server.close()
    recorded = Counter((int(sku[1:]), int(q)) for sku, q in _received(app).values())
    wanted = Counter(sent)
    clean = verify(app.database).ok
    for person in everybody:
        total = THERE + sum(quantity for p, quantity in sent if p == person)
        clean = clean and app.queries.stock(f"S{person}")["on_hand"] == str(total)
    app.close()
    return Outcome(
        kills,
        messages,
        (wanted - recorded).total(),
        (recorded - wanted).total(),
        unanswered,
        clean,
    )


def _received(app: App) -> dict[str, tuple[str, str]]:
    """Return {entry: (SKU, quantity)} of every receipt."""
    return {
        row["entry"]: (row["sku"], row["quantity"])
        for row in app.queries.log()
        if row["event"] == "stock-received"
    }


def _unanswered(
    app: App, sandbox: Sandbox, sent: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return the messages that no answer tells of: neither as recorded nor as recorded before."""
    entries = {(int(sku[1:]), int(q)): entry for entry, (sku, q) in _received(app).items()}
    said: dict[int, set[str]] = {}
    for person in sandbox.people:
        told: set[str] = set()
        for text in _said(sandbox, person):
            told.update(text.replace(",", " ").replace(".", " ").split())
        said[person] = told
    missing = []
    for person, quantity in sent:
        entry = entries.get((person, quantity), "not recorded")
        if str(quantity) not in said[person] and entry not in said[person]:
            missing.append((person, quantity))
    return missing


def _said(sandbox: Sandbox, person: int) -> list[str]:
    """Return what the bot told a person: the quantity read, or the entry recorded before."""
    bot = sandbox.bot_user["id"]
    found = []
    for message in sandbox.messages[person]:
        if message["from"]["id"] != bot:
            continue
        text = message["text"]
        if text.startswith("Received "):
            text = text.split(" ×")[0]  # Not its on-hand, which may equal another quantity.
        elif text.startswith("Already recorded"):
            text = text.split("\n")[0]
        found.append(text)
    return found


async def _until(condition, seconds: float) -> bool:  # type: ignore[no-untyped-def]
    """Wait for a condition; False when it did not come in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        await asyncio.sleep(0.05)
    return bool(condition())


def main() -> None:
    """Run with the rounds and messages that were asked for."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("rounds", type=int, nargs="?", default=100)
    asked.add_argument("messages", type=int, nargs="?", default=10_000)
    asked.add_argument("--people", type=int, default=50)
    asked.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    asked.add_argument("--webhook", type=int, default=0, help="the port to take updates at")
    given = asked.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        going = run(
            given.rounds, given.messages, given.seed, Path(folder), given.people, given.webhook
        )
        outcome = asyncio.run(going)
    print(outcome)
    good = outcome.clean and not (outcome.lost or outcome.doubled or outcome.unanswered)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
