"""What fails: it is waited for when it passes, else set aside, said, and can be tried again."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from typing import Any, cast

import orjson
import pytest

from jitledger.domain.errors import StoreAway
from jitledger.service.upkeep.health import health
from jitledger.service.upkeep.letters import set_aside
from jitledger_bot.memory import incoming
from jitledger_bot.sandbox.rules import BotError
from jitledger_bot.turn import Turn
from jitledger_bot.wire import inbox as inboxes
from jitledger_bot.wire.failures import MOST_TRIES
from jitledger_bot.wire.inbox import Inbox
from jitledger_bot.wire.outbox import Outbox
from jitledger_bot.wire.updates import Row
from tests.bot.conftest import OWNER, STAFF, Chat


def aside(chat: Chat) -> list[str]:
    """Return what is set aside."""
    with chat.app.database.snapshot() as tx:
        return [letter.ref for letter in set_aside(tx)]


@pytest.mark.slow
async def test_a_lock_that_is_held_long_costs_no_try(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is refused more often than a message is tried; then the message is recorded."""
    monkeypatch.setattr(inboxes, "wait_seconds", lambda times: 0.01)
    chat.app.database.timeout = 0.01  # type: ignore[attr-defined]
    refused, locked = 0, asyncio.Event()

    async def turn(self: Inbox, row: Any, turn: Any = Inbox._turn) -> None:
        nonlocal refused
        await locked.wait()
        try:
            await turn(self, row)
        except Exception:
            refused += 1
            raise

    monkeypatch.setattr(Inbox, "_turn", turn)
    lock = sqlite3.connect(chat.url.removeprefix("sqlite:///"), isolation_level=None)
    count = len(chat.sandbox.messages[OWNER]) + 1
    chat.sandbox.say(OWNER, "received 7 MUG")
    for _ in range(200):  # Its row is stored first; then nobody may write for a while.
        with chat.app.database.snapshot() as tx:
            if tx.one("SELECT 1 FROM inbox WHERE state = 'new'"):
                break
        await asyncio.sleep(0)
    lock.execute("BEGIN IMMEDIATE")
    locked.set()
    for _ in range(500):
        if refused > MOST_TRIES:
            break
        await asyncio.sleep(0.01)
    assert chat.on_hand() == "20"
    lock.execute("ROLLBACK")
    assert refused > MOST_TRIES
    lock.close()
    said = await chat.settle(OWNER, count)
    assert [m["text"].split(" MUG")[0][:10] for m in said] == ["Received 7"]
    assert chat.on_hand() == "27"
    assert aside(chat) == []


async def test_an_outage_of_any_length_costs_no_try(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is away at ten tries in a row: the message waits and is recorded once."""
    monkeypatch.setattr(inboxes, "wait_seconds", lambda times: 0.01)
    away = 10

    async def turn(self: Inbox, row: Any, turn: Any = Inbox._turn) -> None:
        nonlocal away
        if away:
            away -= 1
            raise StoreAway("store", "The database answered: no route to host.")
        await turn(self, row)

    monkeypatch.setattr(Inbox, "_turn", turn)
    (said,) = await chat.say("received 7 MUG")
    assert said["text"].startswith("Received 7")
    assert (away, chat.on_hand(), aside(chat)) == (0, "27", [])


@pytest.mark.slow
async def test_what_keeps_failing_is_set_aside_and_tried_again(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person is told, doctor is not well; mended, a tap records it, at its own time, once."""

    def broken(self: Turn, *args: object) -> None:
        raise RuntimeError("out of order")

    with monkeypatch.context() as patched:
        patched.setattr(inboxes, "thread_of", broken)
        (told,) = await chat.say("received 7 MUG", STAFF)
    assert told["text"].startswith("I could not work on this; nothing is lost")
    assert not health(chat.app.database, chat.app.driver)["ok"]
    (letter,) = await letters_of(chat)
    assert "“received 7 MUG”" in letter["text"]
    assert "out of order" in letter["text"]
    count = len(chat.sandbox.messages[STAFF])
    toast, _ = await chat.press(told, "Try again", STAFF)
    assert "is being tried again" in toast
    for _ in range(500):
        if len(chat.sandbox.messages[STAFF]) > count:
            break
        await asyncio.sleep(0.01)
    assert chat.on_hand() == "27"
    assert health(chat.app.database, chat.app.driver)["ok"]
    toast, _ = await chat.press(letter, "Let it go")
    assert "not set aside any more" in toast


async def letters_of(chat: Chat) -> list[dict[str, Any]]:
    """Ask for what is set aside; return the messages that show one each."""
    return (await chat.say("/letters"))[1:]


async def test_letting_go_keeps_the_cause_and_not_the_words(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is let go is never worked on; its cause stays."""

    def broken(*args: object) -> None:
        raise RuntimeError("out of order")

    with monkeypatch.context() as patched:
        patched.setattr(inboxes, "thread_of", broken)
        (told,) = await chat.say("received 7 MUG")
    await chat.press(told, "Let it go")
    assert (chat.on_hand(), aside(chat)) == ("20", [])
    with chat.app.database.snapshot() as tx:
        (row,) = tx.all("SELECT body, error FROM inbox WHERE state = 'discarded'")
    assert bytes(row[0]) == b"{}"
    assert "out of order" in row[1]


class Nobody:
    """Sends nothing."""

    def send(self, rows: object) -> None:
        """Send nothing."""


@pytest.mark.slow
async def test_what_ends_its_process_is_begun_three_times_and_no_more(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message under way when the process was killed three times is set aside; the next is not."""
    await chat.runner.stop()
    chat.sandbox.say(OWNER, "received 7 MUG")
    chat.sandbox.say(OWNER, "received 2 MUG")
    updates = [orjson.dumps(update) for update in chat.sandbox.updates]
    numbers = [update["update_id"] for update in chat.sandbox.updates]
    chat.sandbox.updates.clear()
    bot = chat.runner.desk.bot_id
    with chat.app.database.transaction() as tx:
        for number, body in zip(numbers, updates, strict=True):
            incoming.insert(tx, (bot, number, OWNER), body, 0, "run-0")
    begun: list[int] = []

    async def dies(self: Inbox, row: Any) -> None:
        begun.append(row.id)
        raise KeyboardInterrupt

    for run in range(7):  # Each of these processes is lost, some of them before they come so far.
        with chat.app.database.transaction() as tx:
            incoming.free_leases(tx, bot)
        inbox = Inbox(
            chat.runner.bot, chat.runner.inbox._dispatcher, chat.runner.desk, cast(Outbox, Nobody())
        )
        inbox._enqueue = lambda row: None  # type: ignore[method-assign]
        await inbox.recover()
        with chat.app.database.snapshot() as tx:
            first = tx.one("SELECT MIN(id) FROM inbox WHERE state = 'new'")[0]
            (body, tries) = tx.one("SELECT body, tries FROM inbox WHERE id = ?", (first,))
        if run % 2:
            monkeypatch.setattr(Inbox, "_turn", dies)
            row = Row(first, OWNER, bytes(body), tries, orphaned=True)
            with contextlib.suppress(KeyboardInterrupt):
                await inbox._handle(row)
    monkeypatch.undo()
    assert begun == begun[:1] * (MOST_TRIES - 1)  # And once before, when it was new.
    await chat.restart()
    await chat.done()
    assert chat.on_hand() == "22"
    (ref,) = aside(chat)
    assert ref.startswith("m")


async def test_what_is_too_large_for_telegram_is_said_and_blocks_nothing(chat: Chat) -> None:
    """A message that Telegram refuses for its size is set aside; what follows is delivered."""
    chat.sandbox.fail_next.append(BotError(413, "Request Entity Too Large"))
    said = await chat.say("/export items")
    said += await chat.say("/stock MUG")
    texts = [m.get("text", "") for m in said]
    assert any(t.startswith("Telegram did not take a message of mine") for t in texts), texts
    assert any("Blue mug" in t for t in texts), texts
    assert [ref[0] for ref in aside(chat)] == ["o"]


@pytest.mark.slow
async def test_an_answer_does_not_wait_behind_what_is_told_by_itself(chat: Chat) -> None:
    """Forty pushes wait for their pace; a question is answered at once."""
    chat.runner.outbox.pace.pause = 0.5
    push(chat, [f"subject-{number}" for number in range(40)])
    for _ in range(200):
        if any(m.get("text") == "told 0" for m in chat.heard(OWNER)):
            break
        await asyncio.sleep(0.02)
    began = asyncio.get_running_loop().time()
    count = len(chat.sandbox.messages[OWNER])
    chat.sandbox.say(OWNER, "/stock MUG")
    for _ in range(200):
        said = [m for m in chat.heard(OWNER, count) if "Blue mug" in m.get("text", "")]
        if said:
            break
        await asyncio.sleep(0.01)
    assert said
    assert asyncio.get_running_loop().time() - began < 1.5
    told = [m["text"] for m in chat.heard(OWNER) if m.get("text", "").startswith("told ")]
    assert len(told) < 10


async def test_after_an_outage_the_newest_state_is_told_and_not_each_step(chat: Chat) -> None:
    """Of five things to be told of one subject, and one of another, the newest of each goes."""
    push(chat, ["same"] * 5 + ["other"])
    for _ in range(300):
        told = [m["text"] for m in chat.heard(OWNER) if m.get("text", "").startswith("told ")]
        if "told 5" in told:
            break
        await asyncio.sleep(0.02)
    assert told == ["told 4", "told 5"]


def push(chat: Chat, subjects: list[str]) -> None:
    """Let things wait to be told to the owner, one of each subject."""
    with chat.app.database.transaction() as tx:
        chat.app.database.lock(tx)
        for number, subject in enumerate(subjects):
            body = {"chat_id": OWNER, "text": f"told {number}"}
            tx.execute(
                "INSERT INTO outbox (chat_id, kind, method, body, created_at, subject) "
                "VALUES (?, 'push-message', 'sendMessage', ?, 1, ?)",
                (OWNER, orjson.dumps(body).decode(), subject),
            )
