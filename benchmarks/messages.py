"""Messages recorded by one bot process on one core, through HTTP, with durable commits.

100,000 products. The Bot API server and 50 people are in this process; the bot is one of its own,
held to one core. First as fast as it goes, then 50 messages a second, then the same beside an
import of 20,000 rows that was sent as a document.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from big_shop import percentile
from common import Result, machine, shop, show
from history import register
from jitledger.service.people import invite
from jitledger_bot.sandbox.server import Sandbox, make_api, serve

PRODUCTS, PEOPLE, FLOOD, SECONDS, ROWS = 100_000, 50, 6000, 20, 20_000
TOKEN = "4242:BENCH-TOKEN"


class Timed(Sandbox):
    """A server that notes when each message was said and when it was answered."""

    said: dict[tuple[int, str], float]
    waits: list[float]

    async def call(self, name: str, params: dict[str, Any]) -> Any:
        """Note the arrival of a confirmation before it is worked on."""
        if name == "sendMessage" and str(params.get("text", "")).startswith("Received "):
            quantity = params["text"].split(" ", 2)[1]
            began = self.said.pop((int(params["chat_id"]), quantity), None)
            if began is not None:
                self.waits.append(time.perf_counter() - began)
        return await super().call(name, params)

    def receive(self, person: int, quantity: int, sku: str) -> None:
        """Let a person write that something was received; the quantity names the message."""
        self.said[person, str(quantity)] = time.perf_counter()
        self.say(person, f"received {quantity} {sku}")


async def _drained(sandbox: Timed, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while sandbox.said and time.monotonic() < end:
        await asyncio.sleep(0.02)


async def _paced(
    sandbox: Timed, rng: random.Random, skus: list[str], per_second: int
) -> list[float]:
    """Say so many messages a second for a while; return how long each waited, in milliseconds."""
    sandbox.waits = []
    began = time.perf_counter()
    for number in range(per_second * SECONDS):
        delay = began + number / per_second - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        sandbox.receive(rng.randrange(1, PEOPLE + 1), 100_000 + number, rng.choice(skus))
    await _drained(sandbox)
    return [wait * 1000 for wait in sandbox.waits]


async def measure(database: str, skus: list[str], codes: list[str]) -> list[Result]:
    """Start the bot and let people write."""
    rng = random.Random(9)
    sandbox = Timed(TOKEN, time.time)
    sandbox.said, sandbox.waits = {}, []
    server = await serve(make_api(sandbox))
    env = {
        **os.environ,
        "JITLEDGER_DATABASE": database,
        "JITLEDGER_BOT_TOKEN": TOKEN,
        "JITLEDGER_BOT_API": server.url,
        "JITLEDGER_LOG": "ERROR",
    }
    core = ["taskset", "-c", "1"] if (os.cpu_count() or 1) > 1 else []
    bot = subprocess.Popen([*core, sys.executable, "-m", "jitledger.cli.run", "bot"], env=env)
    for person, code in enumerate(codes, start=1):
        sandbox.add_person(person, f"Person {person}")
        sandbox.say(person, f"/start {code}")
    while any(len(sandbox.messages[p]) < 2 for p in range(1, PEOPLE + 1)):
        await asyncio.sleep(0.05)
    await asyncio.sleep(5)  # The sweep of the first morning.
    began = time.perf_counter()
    for number in range(FLOOD):
        sandbox.receive(rng.randrange(1, PEOPLE + 1), 50_000 + number, rng.choice(skus))
    await _drained(sandbox)
    rate = len(sandbox.waits) / (time.perf_counter() - began)
    quiet = await _paced(sandbox, rng, skus, 50)
    rows = [f"{rng.choice(skus)},{n + 50_000}\n" for n in range(ROWS)]
    table = ("sku,qty\n" + "".join(rows)).encode()
    sandbox.send_document(1, "receipts.csv", table, "receipts")
    button = await _button(sandbox, 1)
    sandbox.press(1, *button)
    beside = await _paced(sandbox, rng, skus, 50)
    taken = await _taken(sandbox, 1)
    print(
        f"{rate:.0f} messages/s; at 50/s median {percentile(quiet, 0.5):.1f} ms; beside the import "
        f"median {percentile(beside, 0.5):.1f} ms, longest {max(beside):.0f} ms; {taken}"
    )
    bot.terminate()
    bot.wait(15)
    await server.close()
    calm, busy = percentile(quiet, 0.99), percentile(beside, 0.99)
    return [
        Result("messages recorded a second, one core", f"{rate:.0f}", "300", rate >= 300),
        Result("time to answer at 50 a second, 99th p.", f"{calm:.1f} ms", "50 ms", calm <= 50),
        Result("the same beside a 20,000 row import", f"{busy:.1f} ms", "150 ms", busy <= 150),
    ]


async def _button(sandbox: Timed, person: int) -> tuple[int, str]:
    while True:
        for message in reversed(sandbox.messages[person][-3:]):
            for row in message.get("reply_markup", {}).get("inline_keyboard", ()):
                if row[0]["callback_data"].startswith("i."):
                    return message["message_id"], row[0]["callback_data"]
        await asyncio.sleep(0.02)


async def _taken(sandbox: Timed, person: int) -> str:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        for message in reversed(sandbox.messages[person]):
            if "rows recorded" in message.get("text", ""):
                return str(message["text"]).split(",")[0]
        await asyncio.sleep(0.1)
    return "the import did not end"


def run(products: int = PRODUCTS) -> list[Result]:
    """Build the shop, start the bot, and report."""
    with shop() as (app, path):
        skus = register(app, products)
        app.driver.catch_up()
        codes = [invite(app.ledger, "staff", 600) for _ in range(PEOPLE)]
        return asyncio.run(measure(f"sqlite:///{Path(path)}", skus, codes))


if __name__ == "__main__":
    print(machine())
    show(run(int(sys.argv[1]) if len(sys.argv) > 1 else PRODUCTS))
