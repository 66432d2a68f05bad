"""What the bot does by itself: expiry told once, jobs found again after a stop."""

from __future__ import annotations

import asyncio

import pytest

from jitledger.domain.moments import DAY
from tests.bot.conftest import OWNER, Chat
from tests.conftest import done


async def heard(chat: Chat, begin: str) -> list[str]:
    """Wait for the next look of the bot; return what begins like this."""
    for _wait in range(90):
        found = [m["text"] for m in chat.heard(OWNER) if m.get("text", "").startswith(begin)]
        if found:
            return found
        await asyncio.sleep(0.1)
    return []


@pytest.mark.slow
async def test_what_expires_soon_is_told_once(chat: Chat) -> None:
    """A lot with three days left is told of the next morning, and not again the day after."""
    done(chat.app, do="receive", sku="RED-MUG", qty="5", lot="L1", expiry="2026-03-09")
    chat.clock.at += DAY
    (told,) = await heard(chat, "⏳")
    assert told == "⏳ 1 expire soon\n5 × Red mug (RED-MUG) on 2026-03-09, at main"
    chat.clock.at += DAY
    await heard(chat, "☀ 2026-03-07")
    assert len(await heard(chat, "⏳")) == 1


async def test_a_job_is_found_again_after_a_stop(chat: Chat) -> None:
    """Stopped as soon as the button was pressed, the import is done after the next start, once."""
    rows = "".join(f"MUG,{number}\n" for number in range(1, 401))
    count = len(chat.sandbox.messages[OWNER])
    table = ("sku,qty\n" + rows).encode()
    chat.sandbox.send_document(OWNER, "in.csv", table, "receipts")
    (shown,) = await chat.settle(OWNER, count + 1)
    data = shown["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    chat.sandbox.press(OWNER, shown["message_id"], data)
    while not chat.sandbox.toasts:
        await asyncio.sleep(0.01)
    await chat.restart()
    assert await heard(chat, "400 of 400 rows recorded")
    assert chat.on_hand() == str(20 + sum(range(1, 401)))
