"""A Bot API server that is not ours: it does not wait, and tells as little as it may."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from jitledger.bootstrap import App
from jitledger.service.people import invite
from jitledger_bot.app import BotRunner, make_bot
from tests.bot.conftest import Chat
from tests.conftest import done, open_shop

TOKEN = "4242:TEST-TOKEN-OF-ANOTHER-SERVER"
OLIVIA = 7


@dataclass
class Terse:
    """It answers at once, with numbers of messages and nothing else about them."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    numbers: count[int] = field(default_factory=lambda: count(1))
    free: asyncio.Event = field(default_factory=asyncio.Event)
    """Until it is set, nothing that is sent is answered."""

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a call."""
        name, params = request.match_info["name"], dict(await request.post())
        self.calls.append((name, params))
        result: Any = None
        if name == "getMe":
            result = {"id": 4242, "username": "corner_bot"}
        elif name == "getUpdates":
            offset = int(str(params.get("offset", 0)))
            result = [u for u in self.updates if u["update_id"] >= offset]
        elif name.startswith("send"):
            await self.free.wait()
            result = {"message_id": next(self.numbers)}
        return web.json_response({"ok": True, "result": result})

    def say(self, text: str) -> None:
        """Let Olivia write."""
        self._post(message={**self._written(), "text": text})

    def press(self, data: str) -> None:
        """Let Olivia press a button; which chat instance it was is not told."""
        query = {"id": "1", "from": self._written()["from"], "message": self._written()}
        self._post(callback_query={**query, "data": data})

    def _written(self) -> dict[str, Any]:
        person = {"id": OLIVIA, "is_bot": False, "first_name": "Olivia"}
        chat = {"id": OLIVIA, "type": "private"}
        return {"message_id": next(self.numbers), "date": int(time.time()), "chat": chat} | {
            "from": person
        }

    def _post(self, **update: Any) -> None:
        self.updates.append({"update_id": 100 + len(self.updates), **update})

    async def heard(self, name: str, times: int = 1) -> list[dict[str, Any]]:
        """Wait until a method was called so often; return the calls."""
        async with asyncio.timeout(20):
            while len(found := [p for n, p in self.calls if n == name]) < times:
                await asyncio.sleep(0.01)
        return found


@pytest.fixture
async def terse(tmp_path: Path) -> AsyncIterator[tuple[Terse, App]]:
    """Start such a server and our bot on it, with Olivia as the owner."""
    server = Terse()
    server.free.set()
    site = web.Application()
    site.router.add_post("/bot{token}/{name}", server.answer)
    running = web.AppRunner(site)
    await running.setup()
    await web.TCPSite(running, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{running.addresses[0][1]}"
    app = open_shop(f"sqlite:///{tmp_path}/shop.db", clock="live")
    done(app, do="register", sku="MUG", name="Mug")
    runner = BotRunner(app, make_bot(TOKEN, url))
    await runner.start()
    server.say(f"/start {invite(app.ledger, 'owner', 600)}")
    await server.heard("sendMessage")
    yield server, app
    await runner.stop()
    app.close()
    await running.cleanup()


async def test_what_is_said_there_is_recorded_and_undone(terse: tuple[Terse, App]) -> None:
    """A button whose press comes without a chat instance works, and the edit is made once."""
    server, app = terse
    server.say("received 24 MUG")
    told = (await server.heard("sendMessage", 2))[-1]
    assert "On hand <b>24</b>" in told["text"]
    undo = orjson.loads(told["reply_markup"])["inline_keyboard"][0][0]["callback_data"]
    server.press(undo)
    await server.heard("answerCallbackQuery")
    await server.heard("editMessageText")
    await asyncio.sleep(0.3)
    assert len(await server.heard("editMessageText")) == 1
    assert app.queries.stock("MUG")["on_hand"] == "0"


@pytest.mark.slow
async def test_a_file_it_tells_little_about_is_sent_once(terse: tuple[Terse, App]) -> None:
    """It was taken: it must not come again because the answer is short."""
    server, _ = terse
    server.say("/export stock")
    await server.heard("sendDocument")
    server.say("/stock MUG")
    await server.heard("sendMessage", 2)
    await asyncio.sleep(0.8)
    assert len(await server.heard("sendDocument")) == 1


async def test_an_invitation_names_the_bot(terse: tuple[Terse, App]) -> None:
    """Who the bot is comes without a first name there."""
    server, _ = terse
    server.say("/invite staff")
    told = (await server.heard("sendMessage", 2))[-1]
    assert "corner_bot" in told["text"]


async def test_a_question_is_kept_while_its_answer_is_on_its_way(terse: tuple[Terse, App]) -> None:
    """The row waits for the answer for a moment only, and then the next call confirms it."""
    server, app = terse
    server.free.clear()
    server.say("/stock MUG")
    await server.heard("sendMessage", 2)
    confirmed = server.updates[-1]["update_id"] + 1
    async with asyncio.timeout(20):
        while server.calls[-1][1].get("offset") != str(confirmed):
            await asyncio.sleep(0.01)
    with app.database.snapshot() as tx:
        assert tx.one("SELECT COUNT(*) FROM inbox WHERE state = 'new'")[0] == 1
    server.free.set()


@pytest.mark.slow
async def test_it_is_not_asked_without_a_pause(terse: tuple[Terse, App]) -> None:
    """It does not wait for updates; asking anew at once would never end."""
    server, _ = terse
    await asyncio.sleep(0.3)
    before = len(await server.heard("getUpdates"))
    await asyncio.sleep(1.0)
    assert 1 <= len(await server.heard("getUpdates")) - before <= 5


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1234"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_the_local_server_answers_this_machine_alone(
    chat: Chat, headers: dict[str, str], status: int
) -> None:
    """A page of another site in the same browser, or a name that leads here, gets nothing."""
    url = f"{chat.server.url}/bot{chat.runner.bot.token}/getMe"
    async with aiohttp.ClientSession() as client, client.get(url, headers=headers) as answer:
        assert answer.status == status
