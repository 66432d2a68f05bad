"""A list that was told of changes when what it told of ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jitledger.domain.commands import parse
from jitledger.service.recording.submission import Answer, Ask, Submission
from jitledger.store.database import Tx
from jitledger_bot.telling import told_lists
from jitledger_bot.telling.kinds import DAILY
from jitledger_bot.telling.notices import tell_day
from tests.bot.conftest import OWNER, Chat
from tests.conftest import done


async def told(chat: Chat, sign: str, **rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Tell of some rows; return the owner's message."""
    await tell_day(chat.app, {kind: rows.get(kind, []) for kind in DAILY})
    for _ in range(500):
        found = [m for m in chat.heard(OWNER) if m.get("text", "").startswith(sign)]
        if found:
            return found[-1]
        await asyncio.sleep(0.01)
    raise AssertionError(sign)


async def changed(chat: Chat, message: dict[str, Any], text: str) -> list[str]:
    """Look after the lists, wait for a line in the message, and return its buttons' texts."""
    await told_lists.settle(chat.app, None)
    for _ in range(500):
        now = chat.sandbox._find(OWNER, message["message_id"])
        if text in now["text"]:
            rows = now.get("reply_markup", {}).get("inline_keyboard", [])
            return [key["text"] for row in rows for key in row]
        await asyncio.sleep(0.01)
    raise AssertionError((text, now["text"]))


async def test_a_run_out_ends_when_goods_come(chat: Chat) -> None:
    """One row after the other; a sale ends nothing, and what is left keeps its buttons."""
    rows = [
        {
            "subject": f"runout/{sku}",
            "sku": sku,
            "name": name,
            "on_hand": has,
            "likely": "2026-03-07",
        }
        for sku, name, has in (("MUG", "Blue mug", "20"), ("RED-MUG", "Red mug", "0"))
    ]
    message = await told(chat, "⏱ 2", runout=rows)
    await chat.say("sold 2 mug")
    await told_lists.settle(chat.app, None)
    await chat.say("received 24 mug")
    left = await changed(chat, message, "✓ Blue mug: 42 on hand now")
    assert left == ["Order Red mug", "Why Red mug?"]
    await chat.say("received 5 red mug")
    assert await changed(chat, message, "✓ Red mug: 5 on hand now") == []
    with chat.app.database.snapshot() as tx:
        assert tx.one("SELECT COUNT(*) FROM notices WHERE kind = 'list'")[0] == 0


async def test_a_late_order_ends_when_it_came(chat: Chat) -> None:
    """The message says so, and its button goes; only what was touched is looked at."""
    done(chat.app, do="supplier", code="ACME", name="Acme")
    done(
        chat.app,
        do="order",
        po="PO-1",
        placed="2026-03-01",
        supplier="ACME",
        lines=[{"sku": "MUG", "qty": "5", "promised": "2026-03-04"}],
    )
    row = {
        "subject": "late/PO-1/0",
        "po": "PO-1",
        "supplier": "Acme",
        "days": 1,
        "waiting": "5 × MUG",
        "skus": ["MUG"],
        "others": {},
    }
    message = await told(chat, "🚚", late=[row])
    with chat.app.database.snapshot() as tx:
        head = chat.app.database.head(tx)
    done(chat.app, do="receive", sku="RED-MUG", qty="5")
    assert told_lists._settled(chat.app, None) == []  # It is late still.
    assert told_lists._settled(chat.app, head) == []
    done(chat.app, do="receive", sku="MUG", qty="5", po="PO-1")
    assert await changed(chat, message, "✓ PO-1: came") == []


@pytest.mark.slow
async def test_a_lot_a_phantom_and_a_promise_end(chat: Chat) -> None:
    """Gone from the shelf, counted, handed over."""
    done(chat.app, do="receive", sku="RED-MUG", qty="5", lot="L1", expiry="2026-03-09")
    done(chat.app, do="backorder", sku="MUG", qty="3", order="W-1")
    red = {"sku": "RED-MUG", "name": "Red mug"}
    mug = {"sku": "MUG", "name": "Blue mug"}
    lots = await told(
        chat,
        "⏳",
        expiry=[
            {
                "subject": "expiry/RED-MUG/main/2026-03-09",
                **red,
                "location": "main",
                "expiry": "2026-03-09",
                "quantity": "5",
            }
        ],
    )
    odd = await told(
        chat, "🔎", phantom=[{"subject": "phantom/MUG", **mug, "on_hand": "20", "days": 12}]
    )
    owed = await told(
        chat,
        "🤝",
        promise=[
            {"subject": "promise/MUG/W-1", **mug, "order": "W-1", "quantity": "3", "due": None}
        ],
    )
    assert told_lists._settled(chat.app, None) == []
    done(chat.app, do="sell", sku="RED-MUG", qty="5")
    assert await changed(chat, lots, "✓ Red mug: off the shelf") == []
    done(chat.app, do="sell", sku="MUG", qty="3", order="W-1")
    await told_lists.settle(chat.app, None)
    assert await changed(chat, owed, "✓ Blue mug: the promise is settled") == []
    assert await changed(chat, odd, "✓ Blue mug: 17 on hand now") == []


async def test_a_message_that_waits_is_changed_once_it_is_sent(chat: Chat) -> None:
    """In quiet hours the list waits, and its change behind it."""
    await chat.say("/settings quiet 8-11")
    row = {
        "subject": "runout/MUG",
        "sku": "MUG",
        "name": "Blue mug",
        "on_hand": "20",
        "likely": "2026-03-07",
    }
    await tell_day(chat.app, {kind: [row] if kind == "runout" else [] for kind in DAILY})
    done(chat.app, do="receive", sku="MUG", qty="5")
    await told_lists.settle(chat.app, None)
    await asyncio.sleep(0.3)
    assert not [m for m in chat.heard(OWNER) if m.get("text", "").startswith("⏱")]
    chat.clock.at += 3 * 3_600_000_000_000

    def nothing(tx: Tx, answers: list[Answer], now: int) -> None:
        return None

    await chat.app.ledger.acommit(Submission([], then=nothing))
    for _ in range(900):
        found = [m for m in chat.heard(OWNER) if m.get("text", "").startswith("⏱")]
        if found and "✓ Blue mug: 25" in chat.sandbox._find(OWNER, found[-1]["message_id"])["text"]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(found)


async def test_many_alerts_at_once_are_one_list(chat: Chat) -> None:
    """Five crossings in one moment are one message; each row ends with its alert."""
    for number in range(6):
        sku = f"CUP-{number}"
        done(chat.app, do="register", sku=sku, name=f"Cup {number}")
        done(chat.app, do="receive", sku=sku, qty="20")
        done(chat.app, do="policy", sku=sku, method="manual", reorder_point="10")
    count = len(chat.sandbox.messages[OWNER])
    asks = [Ask(parse({"do": "sell", "sku": f"CUP-{number}", "qty": "15"})) for number in range(6)]
    await chat.app.ledger.acommit(Submission(asks))
    told = await chat.settle(OWNER, count)
    assert len(told) == 1, [one["text"] for one in told]
    assert told[0]["text"].startswith("🔔 6 need reordering")
    assert "Cup 3 (CUP-3): 5 left in position" in told[0]["text"]
    rows = told[0]["reply_markup"]["inline_keyboard"]
    assert len(rows) == 5
    done(chat.app, do="receive", sku="CUP-0", qty="40")
    done(chat.app, do="receive", sku="CUP-3", qty="40")
    await told_lists.settle(chat.app, None)
    await chat.done()
    (now,) = [m for m in chat.told(OWNER, count) if m["message_id"] == told[0]["message_id"]]
    assert "✓ Cup 0: no reorder alert any more" in now["text"]
    assert "✓ Cup 3: no reorder alert any more" in now["text"]
    assert "✓ Cup 1" not in now["text"]
    assert len(now["reply_markup"]["inline_keyboard"]) == 3


async def test_a_few_alerts_are_a_message_each(chat: Chat) -> None:
    """Up to four stay apart, each with its own buttons."""
    done(chat.app, do="policy", sku="MUG", method="manual", reorder_point="10")
    done(chat.app, do="receive", sku="RED-MUG", qty="20")
    done(chat.app, do="policy", sku="RED-MUG", method="manual", reorder_point="10")
    count = len(chat.sandbox.messages[OWNER])
    asks = [Ask(parse({"do": "sell", "sku": sku, "qty": "15"})) for sku in ("MUG", "RED-MUG")]
    await chat.app.ledger.acommit(Submission(asks))
    told = await chat.settle(OWNER, count)
    assert sorted(one["text"].split("\n")[0] for one in told) == [
        "🔔 Reorder Blue mug (MUG)",
        "🔔 Reorder Red mug (RED-MUG)",
    ]
