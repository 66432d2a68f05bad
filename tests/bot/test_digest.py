"""The morning digest and what runs out: pushed once a day, with the seal as a witness."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from jitledger.domain.moments import DAY
from jitledger.store.seals import verify
from tests.bot.conftest import OWNER, STAFF, Chat
from tests.conftest import done


def sell_for_weeks(chat: Chat) -> None:
    """Give MUG a month of two sales a day, and a small rest on the shelf."""
    for back in range(30, 0, -1):
        at = f"2026-02-{29 - back:02d}" if back < 29 else f"2026-01-{58 - back + 1:02d}"
        for _ in range(2):
            done(chat.app, do="sell", sku="MUG", qty="1", occurred_at=at)
    done(chat.app, do="count", sku="MUG", qty="6")


def of_day(chat: Chat, day: str, person: int = OWNER) -> list[dict[str, Any]]:
    """Return the digests of a day that a person got."""
    return [m for m in chat.heard(person) if m["text"].startswith(f"☀ {day}")]


async def digest(chat: Chat, day: str) -> list[dict[str, Any]]:
    """Wait for the owner's digest of a day."""
    for _ in range(900):
        if of_day(chat, day):
            break
        await asyncio.sleep(0.01)
    return of_day(chat, day)


@pytest.mark.slow
async def test_the_digest_comes_once_a_morning(chat: Chat) -> None:
    """Owners get one for each day, after seven, with what to order and a seal that verifies."""
    sell_for_weeks(chat)
    chat.clock.at += DAY
    (first,) = await digest(chat, "2026-03-06")
    text = first["text"]
    assert "Blue mug (MUG)" in text
    assert "may run out this week" in text
    _, (listed,) = await chat.press(first, "What needs reordering")
    assert listed["text"].startswith("1 to reorder")
    _, (outs,) = await chat.press(first, "What runs out")
    assert outs["text"].startswith("1 may run out within 7 days")
    seal = re.search(r"Seal ([0-9a-f]{64})", text)
    assert seal is not None
    done(chat.app, do="receive", sku="MUG", qty="1")
    assert verify(chat.app.database, seal.group(1)).witnessed
    await chat.restart()
    await chat.say("sold 1 MUG")
    assert len(of_day(chat, "2026-03-06")) == 1
    chat.clock.at += DAY
    assert len(await digest(chat, "2026-03-07")) == 1
    assert not of_day(chat, "2026-03", STAFF)


async def test_before_seven_nobody_is_woken(chat: Chat) -> None:
    """The digest of a day waits for the shop's local morning."""
    chat.clock.at += DAY - 3 * 3_600_000_000_000  # 06:00 UTC, the shop's zone.
    await chat.say("sold 1 MUG")
    await chat.settle(OWNER, len(chat.sandbox.messages[OWNER]))
    assert of_day(chat, "2026-03-06") == []


async def test_what_runs_out_is_answered(chat: Chat) -> None:
    """/runout lists what may be gone within the days asked for, with its days."""
    sell_for_weeks(chat)
    (answer,) = await chat.say("/runout")
    assert answer["text"].startswith("1 may run out within 7 days")
    assert re.search(r"6 × Blue mug \(MUG\): from 2026-03-0\d, likely 2026-03-0\d", answer["text"])
    (answer,) = await chat.say("/runout 0")
    assert "within 1 day\n" in answer["text"]
