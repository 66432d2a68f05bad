"""The sample shop: a year of history, the real bot against the local server, time that goes on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import tempfile
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError
from jitledger.domain.moments import parse_time, zone
from jitledger.service.alerts.reorder_alerts import points_of_all
from jitledger.service.alerts.summary import quiet_alerts
from jitledger.service.clock import RunningClock
from jitledger.service.people import hash_code, invite
from jitledger.service.recording.submission import Ask, Submission
from jitledger.testing.shop import SampleShop
from jitledger_bot.app import BotRunner, make_bot
from jitledger_bot.sandbox.page import FIRST_HINTS, add_page
from jitledger_bot.sandbox.server import Running, Sandbox, make_api, serve
from jitledger_projections.views.on_hand import positions

TOKEN = f"4242:{secrets.token_urlsafe(24)}"
"""Of this run alone: what reads it somewhere else is of no use."""

OWNER, STAFF = 1001, 1002

GROUP = -1_001_003

SEED = 7

DAYS = 365

SPEED = 120.0

SALE_EVERY = 4.0

log = logging.getLogger(__name__)

Say = Callable[[str], None]


@dataclass(slots=True)
class Demo:
    """A running sample shop."""

    app: App
    sandbox: Sandbox
    server: Running
    runner: BotRunner
    address: str
    story: SampleShop | None = None
    going: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Stop everything."""
        if self.going is not None:
            self.going.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.going
        await self.runner.stop()
        await self.server.close()
        self.app.close()


def tell_story(app: App, story: SampleShop, say: Callable[[int, int], None]) -> None:
    """Record the story's year; lines refused are the story's own oversights and must not occur."""
    commands = list(story.catalog())
    _record(app, commands)
    for done, day in enumerate(story.year(), start=1):
        _record(app, day)
        say(done, story.days)


def _record(app: App, commands: list[dict[str, object]]) -> None:
    pending = []
    for start in range(0, len(commands), 50):
        asks = [Ask(parse(fields)) for fields in commands[start : start + 50]]
        submission = Submission(asks, channel="demo", importing=True)
        pending.append(app.ledger.submit(submission))
    for future in pending:
        for answer in future.result().answers:
            if answer.error is not None:
                raise answer.error


def tell_year(
    database: str, today: date, say: Callable[[int, int], None], days: int = DAYS
) -> SampleShop:
    """Make the sample shop as it stands on the evening before a day; return its story."""
    story = SampleShop(SEED, today - timedelta(days=days), days - 1)
    past = open_app(Settings(database=database))
    past.ledger.record(
        parse(
            {
                "do": "init",
                "name": "The Blue Mug",
                "currency": "EUR",
                "timezone": "Europe/Berlin",
                "clock": "simulated",
            }
        )
    )
    tell_story(past, story, say)
    past.driver.catch_up()
    past.close()
    return story


def morning_of(today: date) -> int:
    """Return the moment at which one begins to look at the sample shop."""
    morning = parse_time("now", f"{today}T10:00:00", zone("Europe/Berlin")).instant
    assert morning is not None
    return morning


async def start_demo(folder: Path, today: date, port: int = 0, say: Say = print) -> Demo:
    """Tell the year, start the server and the bot, let two people join; return the running demo."""
    database = f"sqlite:///{folder / 'sample.db'}"
    say("Telling a year of the sample shop …")
    story = await asyncio.to_thread(tell_year, database, today, _bar(say))
    clock = RunningClock(morning_of(today), SPEED)
    app = open_app(Settings(database=database, bot_token=TOKEN), clock)
    await asyncio.to_thread(app.sweep)
    due = await asyncio.to_thread(app.reorder)
    await asyncio.to_thread(quiet_alerts, app.ledger, [line.sku for line in due])
    sandbox = Sandbox(TOKEN, lambda: clock.now() / 1e9)
    web = make_api(sandbox)
    path = add_page(web, sandbox)
    server = await serve(web, port)
    runner = BotRunner(app, make_bot(TOKEN, server.url))
    await runner.start()
    for person, name, role in ((OWNER, "Olivia (owner)", "owner"), (STAFF, "Sam (staff)", "staff")):
        sandbox.add_person(person, name)
        code = await asyncio.to_thread(invite, app.ledger, role, 600)
        sandbox.say(person, f"/start {code}")
    while not app.queries.shop().owners():
        await asyncio.sleep(0.05)
    sandbox.add_group(GROUP, "Shop floor", OWNER)
    demo = Demo(app, sandbox, server, runner, server.url + path, story)
    demo.going = asyncio.create_task(_go_on(demo))
    return demo


def _bar(say: Say) -> Callable[[int, int], None]:
    def advance(done: int, total: int) -> None:
        if done % 60 == 0:
            say(f"  day {done} of {total}")

    return advance


async def _go_on(demo: Demo) -> None:
    """Let customers come: one of them soon takes an item to its reorder point."""
    await asyncio.sleep(8)
    first = await asyncio.to_thread(close_to_reordering, demo.app)
    while True:
        sale = None
        if first:
            sale = {"do": "sell", "sku": first[0], "qty": first[1]}
            first = None
        elif demo.story is not None:
            sale = demo.story.next_sale()
        if sale is not None:
            try:
                await demo.app.ledger.acommit(Submission([Ask(parse(sale))], channel="demo"))
            except LedgerError as error:
                log.error("the story stumbles: %s", error.message)
        await asyncio.sleep(SALE_EVERY)


def close_to_reordering(app: App) -> tuple[str, str] | None:
    """Return an item just above its reorder point and the sale that takes it there."""
    shop = app.queries.shop()
    present = app.queries.present(shop)
    with app.database.snapshot() as tx:
        points = points_of_all(tx)
        shelves = positions(tx, present, app.today().isoformat(), list(points))
    near = [
        (int(shelf.inventory_position) - int(points[sku]), sku)
        for sku, shelf in shelves.items()
        if shelf.known
        and shelf.inventory_position > int(points[sku]) >= 1
        and shelf.on_hand >= shelf.inventory_position - int(points[sku])
    ]
    if not near:
        return None
    over, sku = min(near)
    return sku, str(over)


async def start_new(folder: Path, port: int = 0, language: str = "en") -> Demo:
    """Start the server and the bot over nothing: the owner has the link that opens a shop."""
    app = open_app(Settings(database=f"sqlite:///{folder / 'new.db'}", bot_token=TOKEN))
    sandbox = Sandbox(TOKEN, time.time)
    web = make_api(sandbox)
    path = add_page(web, sandbox, FIRST_HINTS, language)
    server = await serve(web, port)
    runner = BotRunner(app, make_bot(TOKEN, server.url))
    code = secrets.token_urlsafe(12)
    runner.desk.opening = hash_code(code)
    await runner.start()
    for person, name in ((OWNER, "Olivia"), (STAFF, "Sam")):
        sandbox.add_person(person, name, language)
    sandbox.say(OWNER, f"/start {code}")
    return Demo(app, sandbox, server, runner, server.url + path)


async def run_demo(port: int, browser: bool, say: Say, new: bool, language: str) -> None:
    """Run the sample shop, or a new one, until it is stopped."""
    with tempfile.TemporaryDirectory(prefix="jitledger-demo-") as folder:
        if new:
            demo = await start_new(Path(folder), port, language)
        else:
            demo = await start_demo(Path(folder), date.today(), port, say)
        say("")
        say(f"Open the chat, once, in a browser: {demo.address}")
        say("Stop with Ctrl-C.")
        if browser:
            with contextlib.suppress(webbrowser.Error):
                webbrowser.open(demo.address)
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(name, stopped.set)
        await stopped.wait()
        await demo.close()
