"""Kill -9 the bot again and again over a stream of messages; then count what is recorded.

The full run is ``python -m tests.simulation.kill_bot 50 1000``; the test does it with fewer
rounds. The seed is printed, and given as the third word it is used again.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.service.people import invite
from jitledger.store.seals import verify
from jitledger_bot.sandbox.server import Sandbox, make_api, serve

TOKEN = "4242:KILLED-AGAIN-AND-AGAIN"
PEOPLE = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Outcome:
    """What was found at the end."""

    kills: int
    messages: int
    lost: int
    doubled: int
    unanswered: int
    clean: bool


def _start(url: str, api: str) -> subprocess.Popen[bytes]:
    env = {
        **os.environ,
        "JITLEDGER_DATABASE": url,
        "JITLEDGER_BOT_TOKEN": TOKEN,
        "JITLEDGER_BOT_API": api,
        "JITLEDGER_LOG": "ERROR",
    }
    command = [sys.executable, "-m", "jitledger.cli.run", "bot"]
    return subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)


async def run(rounds: int, messages: int, seed: int, folder: Path) -> Outcome:
    """Send messages while the bot dies; return what was lost, doubled or left unanswered."""
    rng = random.Random(seed)
    url = f"sqlite:///{folder / 'shop.db'}"
    app = open_app(Settings(database=url))
    app.ledger.record(parse({"do": "init", "name": "Chaos"}))
    for person in PEOPLE:
        app.ledger.record(parse({"do": "register", "sku": f"S{person}", "name": f"Item {person}"}))
    codes = {person: invite(app.ledger, "staff", 600) for person in PEOPLE}
    app.close()
    sandbox = Sandbox(TOKEN, time.time)
    server = await serve(make_api(sandbox))
    bot = _start(url, server.url)
    for person in PEOPLE:
        sandbox.add_person(person, f"Person {person}")
        sandbox.say(person, f"/start {codes[person]}")
    await _until(lambda: all(_answers(sandbox, p) for p in PEOPLE), 60)
    expected: Counter[int] = Counter()
    sent: Counter[int] = Counter()
    kills = 0
    for number in range(messages):
        person = rng.choice(PEOPLE)
        quantity = number + 1  # No two texts are the same.
        sandbox.say(person, f"received {quantity} S{person}")
        expected[person] += quantity
        sent[person] += 1
        await asyncio.sleep(rng.random() * 0.02)
        if kills < rounds and number >= (kills + 1) * messages // (rounds + 1):
            await asyncio.sleep(rng.random() * 0.3)
            bot.send_signal(signal.SIGKILL)
            bot.wait()
            kills += 1
            bot = _start(url, server.url)
            await asyncio.sleep(2.0 + rng.random() * 3)
    done = await _until(
        lambda: all(_answers(sandbox, p) > sent[p] for p in PEOPLE) and not sandbox.updates, 180
    )
    bot.terminate()
    bot.wait(15)
    await server.close()
    app = open_app(Settings(database=url))
    log = Counter(
        row["entry"].rpartition("/")[0]
        for row in app.queries.log()
        if row["event"] == "stock-received"
    )
    wrong = [p for p in PEOPLE if int(app.queries.stock(f"S{p}")["on_hand"]) != expected[p]]
    lost = sum(max(0, sent[p] - log[f"S{p}"]) for p in PEOPLE)
    doubled = sum(max(0, log[f"S{p}"] - sent[p]) for p in PEOPLE)
    clean = verify(app.database).ok and not wrong
    app.close()
    unanswered = 0 if done else sum(max(0, sent[p] + 1 - _answers(sandbox, p)) for p in PEOPLE)
    return Outcome(kills, messages, lost, doubled, unanswered, clean)


def _answers(sandbox: Sandbox, person: int) -> int:
    """Return how many messages the bot sent to a person."""
    bot = sandbox.bot_user["id"]
    return sum(m["from"]["id"] == bot for m in sandbox.messages[person])


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
    rounds, messages = (int(word) for word in (sys.argv[1:3] or ("50", "1000")))
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1_000_000)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(run(rounds, messages, seed, Path(folder)))
    print(outcome)
    good = outcome.clean and not (outcome.lost or outcome.doubled or outcome.unanswered)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
