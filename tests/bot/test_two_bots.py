"""Two bots that were started over one shop by mistake do no harm."""

from __future__ import annotations

import asyncio

import pytest

from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger_bot.app import BotRunner, make_bot
from tests.bot.conftest import OWNER, STAFF, TOKEN, Chat

pytestmark = pytest.mark.slow


async def test_each_message_is_recorded_once_and_answered_once_by_two_bots(chat: Chat) -> None:
    """Rows of inbox and outbox belong to one process while it works on them."""
    await chat.say("/help")  # The chat is open.
    second = open_app(Settings(database=chat.url, bot_token=TOKEN), chat.clock)
    runner = BotRunner(second, make_bot(TOKEN, chat.server.url))
    await runner.start()
    before = {person: len(chat.heard(person)) for person in (OWNER, STAFF)}
    try:
        for number in range(40):
            chat.sandbox.say((OWNER, STAFF)[number % 2], f"received {number + 1} MUG")
            await asyncio.sleep(0.03)
        for _ in range(400):
            await asyncio.sleep(0.02)
            if chat.idle():
                break
        await asyncio.sleep(0.5)  # Whoever looks for rows that wait has looked.
    finally:
        await runner.stop()
        second.close()
    said = [m["text"] for p in (OWNER, STAFF) for m in chat.heard(p, before[p])]
    answers = [text for text in said if text.startswith("Received ")]
    assert sorted(int(text.split()[1]) for text in answers) == list(range(1, 41))
    received = [e for e in chat.app.queries.history("MUG") if e["event"] == "stock-received"]
    assert len(received) - 1 == 40  # One was there before.
