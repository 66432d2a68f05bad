"""A chat: the real bot against the local Bot API server, driven as a person would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain.moments import SECOND
from jitledger.service.clock import FixedClock
from jitledger.service.people import invite
from jitledger_bot.app import BotRunner, make_bot
from jitledger_bot.sandbox.server import Running, Sandbox, make_api, serve
from jitledger_bot.sandbox.world import FIRST_UPDATE
from tests.conftest import done, open_shop

TOKEN = "4242:TEST-TOKEN-OF-THE-SUITE"
OWNER, STAFF, STRANGER = 1001, 1002, 1003
START = 1_772_701_200 * SECOND  # 2026-03-05 09:00 UTC


LOOK_EVERY = 0.1
"""Seconds: what the bot tells by itself comes soon."""


def hasten(runner: BotRunner) -> None:
    """Let a bot look for what is to be told, and tell it, more often than a shop needs."""
    runner.rounds.every = LOOK_EVERY
    runner.outbox.every = LOOK_EVERY / 2
    runner.outbox.pace.pause = LOOK_EVERY


@dataclass
class Chat:
    """One shop, one bot, some people."""

    url: str
    clock: FixedClock
    sandbox: Sandbox
    server: Running
    app: App
    runner: BotRunner
    answered: dict[int, int] = field(default_factory=dict)

    async def restart(self) -> None:
        """Stop the bot and start it again over the same database."""
        await self.runner.stop()
        self.app.close()
        self.app = open_app(Settings(database=self.url, bot_token=TOKEN), self.clock)
        self.runner = BotRunner(self.app, make_bot(TOKEN, self.server.url))
        hasten(self.runner)
        await self.runner.start()

    async def settle(self, person: int, count: int) -> list[dict[str, Any]]:
        """Wait until the bot said something after so many messages; return what it said.

        Nothing is said when it looked twice for what is to be told, and all of that is sent.
        """
        looked = self.runner.rounds.looks
        for _ in range(2000):
            said = len(self.sandbox.messages[person]) > count
            if (said or self.runner.rounds.looks >= looked + 2) and self.idle():
                break
            await asyncio.sleep(0.01)
        await self.done()
        return self.told(person, count)

    def told(self, person: int, count: int) -> list[dict[str, Any]]:
        """Return what the bot said to a person after so many messages, but for digests."""
        return [m for m in self.heard(person, count) if not m.get("text", "").startswith("☀")]

    def heard(self, person: int, count: int = 0) -> list[dict[str, Any]]:
        """Return what the bot said to a person after so many messages, digests too."""
        bot = self.sandbox.bot_user["id"]
        return [m for m in self.sandbox.messages[person][count:] if m["from"]["id"] == bot]

    async def done(self) -> None:
        """Wait until all that people wrote is worked on, and all that follows is sent."""
        for _ in range(800):
            if self.idle():
                return
            await asyncio.sleep(0.005)

    def idle(self) -> bool:
        """Return whether every update was worked on, and nothing waits in inbox or outbox."""
        newest = self.sandbox.next_update - 1
        with self.app.database.snapshot() as tx:
            came = tx.one("SELECT COUNT(*) FROM inbox WHERE update_id >= ?", (newest,))[0]
            if newest >= FIRST_UPDATE and not came:
                return False
            waiting = tx.one("SELECT COUNT(*) FROM inbox WHERE state = 'new'")[0]
            sending = tx.one(
                "SELECT COUNT(*) FROM outbox WHERE state = 'new' AND due_at <= ?",
                (self.clock.now(),),
            )[0]
            working = tx.one("SELECT COUNT(*) FROM jobs WHERE state = 'new'")[0]
        return not (self.sandbox.updates or waiting or sending or working)

    async def say(self, text: str, person: int = OWNER) -> list[dict[str, Any]]:
        """Write a message and return the bot's answers."""
        self.sandbox.say(person, text)
        count = len(self.sandbox.messages[person])
        await self.done()
        return self.told(person, count)

    async def edit(self, message_id: int, text: str, person: int = OWNER) -> list[dict[str, Any]]:
        """Edit a message and return the bot's answers."""
        count = len(self.sandbox.messages[person])
        self.sandbox.edit(person, message_id, text)
        await self.done()
        return self.told(person, count)

    async def press(
        self, message: dict[str, Any], label: str, person: int = OWNER
    ) -> tuple[str, list[dict[str, Any]]]:
        """Press the button that begins with a label; return the toast and new messages."""
        rows = message["reply_markup"]["inline_keyboard"]
        data = next(b["callback_data"] for row in rows for b in row if b["text"].startswith(label))
        return await self.press_data(message, data, person)

    async def press_data(
        self, message: dict[str, Any], data: str, person: int = OWNER
    ) -> tuple[str, list[dict[str, Any]]]:
        """Press with any callback data."""
        before, count = len(self.sandbox.toasts), len(self.sandbox.messages[person])
        chat = message["chat"]["id"]
        query = self.sandbox.press(person if chat == person else chat, message["message_id"], data)
        for _ in range(400):
            if query not in self.sandbox.open_queries and self.idle():
                break
            await asyncio.sleep(0.01)
        await self.done()
        toasts = [t["text"] for t in self.sandbox.toasts[before:]]
        return " ".join(toasts), self.told(person, count)

    def on_hand(self, sku: str = "MUG") -> str:
        """Return what the ledger holds."""
        return str(self.app.queries.stock(sku)["on_hand"])

    def last_of(self, person: int = OWNER) -> dict[str, Any]:
        """Return a person's last own message."""
        return next(m for m in reversed(self.sandbox.messages[person]) if m["from"]["id"] == person)


async def open_chat(url: str) -> Chat:
    """Open a shop with MUG (20 on hand), a bot, an owner and a member of staff."""
    app = open_shop(url, timezone="UTC")
    now = "2026-03-05T08:00:00Z"
    done(app, do="register", sku="MUG", name="Blue mug", barcodes=["4006381333931"], now=now)
    done(app, do="register", sku="RED-MUG", name="Red mug", now=now)
    done(app, do="receive", sku="MUG", qty="20", now=now)
    app.close()
    clock = FixedClock(START, leads=True)
    app = open_app(Settings(database=url, bot_token=TOKEN), clock)
    sandbox = Sandbox(TOKEN, lambda: clock.now() / SECOND)
    server = await serve(make_api(sandbox))
    runner = BotRunner(app, make_bot(TOKEN, server.url))
    hasten(runner)
    await runner.start()
    chat = Chat(url, clock, sandbox, server, app, runner)
    for person, name, role in ((OWNER, "Olivia", "owner"), (STAFF, "Sam", "staff")):
        sandbox.add_person(person, name)
        code = await asyncio.to_thread(invite, app.ledger, role)
        assert "Welcome" in (await chat.say(f"/start {code}", person))[0]["text"]
    sandbox.add_person(STRANGER, "Eve")
    return chat


@pytest.fixture
async def chat(sqlite_url: str) -> AsyncIterator[Chat]:
    """Open a chat on SQLite."""
    found = await open_chat(sqlite_url)
    yield found
    await found.runner.stop()
    await found.server.close()
    found.app.close()
