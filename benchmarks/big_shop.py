"""100,000 products and 1,000,000 events in the file: the chat's answers and the reorder report.

``/stock`` is measured through the whole bot, from the update's arrival in the answer of
``getUpdates`` to the outgoing call at the Bot API server, which is ours and in the same process.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time

from common import Result, in_loops, loop, machine, shop, show
from history import register, trade
from jitledger.bootstrap import App
from jitledger.service.people import invite
from jitledger_bot.app import BotRunner, loop_factory, make_bot
from jitledger_bot.sandbox.server import Sandbox, make_api, serve

PRODUCTS, EVENTS, ASKS = 100_000, 1_000_000, 1_000
TOKEN = "4242:BENCH-TOKEN"


class Watched(Sandbox):
    """A server that notes when an update leaves and when the answer arrives."""

    left: float = 0.0
    arrived: float = 0.0
    answered: asyncio.Event

    async def call(self, name: str, params: dict[str, object]) -> object:
        """Note the moments of the two calls that matter."""
        if name == "sendMessage":
            self.arrived = time.perf_counter()
            self.answered.set()
        answer = await super().call(name, params)
        if name == "getUpdates" and answer:
            self.left = time.perf_counter()
        return answer


async def ask_all(app: App, questions: list[str]) -> list[float]:
    """Ask one question after the other; return the milliseconds of each."""
    sandbox = Watched(TOKEN, time.time)
    server = await serve(make_api(sandbox))
    runner = BotRunner(app, make_bot(TOKEN, server.url))
    await runner.start()
    await runner.rounds.swept.wait()  # The daily sweep of the first morning.
    app.stay()  # What the sweep imported stays for good, too.
    await asyncio.to_thread(os.sync)  # The gigabyte of a shop that is built in minutes is written.
    sandbox.add_person(1, "Olivia")
    code = await asyncio.to_thread(invite, app.ledger, "owner", 600)
    found = []
    for text in [f"/start {code}", *questions]:
        sandbox.answered = asyncio.Event()
        sandbox.say(1, text)
        await sandbox.answered.wait()
        found.append((sandbox.arrived - sandbox.left) * 1000)
        await asyncio.sleep(0.02)
    await runner.stop()
    await server.close()
    return found[21:]


def percentile(values: list[float], share: float) -> float:
    """Return a percentile."""
    return sorted(values)[int(len(values) * share)]


def run(products: int = PRODUCTS, events: int = EVENTS) -> list[Result]:
    """Build the shop, ask, and report."""
    rng = random.Random(3)
    with shop("simulated") as (app, _):
        skus = register(app, products)
        trade(app, skus, events)
        app.driver.catch_up()
        app.sweep()
        names = dict(_names(app))
        by_code = [f"/stock {rng.choice(skus)}" for _ in range(ASKS + 20)]
        by_name = [f"/stock {names[rng.choice(skus)]}" for _ in range(ASKS + 20)]
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            code = runner.run(ask_all(app, by_code))
            name = runner.run(ask_all(app, by_name))
        app.reorder()
        began = time.perf_counter()
        lines = app.reorder()
        report = time.perf_counter() - began
    print(
        f"{products:,} products, {events:,} events, {len(lines):,} lines to reorder; /stock by "
        f"code median {percentile(code, 0.5):.1f} ms, by name {percentile(name, 0.5):.1f} ms"
    )
    return [
        Result(
            "/stock by code, 99th percentile",
            f"{percentile(code, 0.99):.1f} ms",
            "10 ms",
            percentile(code, 0.99) <= 10,
        ),
        Result(
            "/stock by name, 99th percentile",
            f"{percentile(name, 0.99):.1f} ms",
            "50 ms",
            percentile(name, 0.99) <= 50,
        ),
        in_loops("reorder report", report, loop(), 40),
    ]


def _names(app: App) -> list[tuple[str, str]]:
    with app.database.snapshot() as tx:
        return [tuple(row) for row in tx.all("SELECT sku, title FROM products")]


if __name__ == "__main__":
    print(machine())
    small = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else (PRODUCTS, EVENTS)
    show(run(*small))
