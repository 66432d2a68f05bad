"""Anything from anybody: texts, bytes as documents and photos, callback data, with hypothesis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jitledger.service.upkeep.health import health
from tests.bot.conftest import OWNER, STAFF, STRANGER, Chat, open_chat
from tests.bot.test_any_input import messages, words

pytestmark = pytest.mark.slow

VIEWER = 1009
PEOPLE = (OWNER, STAFF, VIEWER, STRANGER)
MOVES = ("stock-", "sale-", "transfer-", "demand-", "entry-voided")
vague = st.lists(words.filter(lambda w: "mug" not in w.casefold()), max_size=9).map(" ".join)
names = st.sampled_from(["a.csv", "a.xlsx", "a.txt", "counts.tsv", "a.csv.gz", "a.exe", ".csv"])
heads = st.sampled_from([b"", b"sku,qty\n", b"sku,name\n", b"PK\x03\x04", b"\x1f\x8b", b"\xff\xd8"])
contents = st.builds(lambda head, rest: head + rest, heads, st.binary(max_size=200))
captions = st.one_of(st.none(), vague)
callbacks = st.one_of(
    st.text(min_size=1, max_size=16),
    st.builds("{}.{}.{}".format, st.sampled_from("ucpkhynbfwzatiegqso"), words, words),
)
actions = st.tuples(
    st.sampled_from(PEOPLE),
    st.one_of(
        st.tuples(st.just("text"), st.one_of(messages, vague)),
        st.tuples(st.just("document"), names, contents, captions),
        st.tuples(st.just("photo"), contents, captions),
        st.tuples(st.just("callback"), callbacks),
        st.tuples(st.just("old"), st.integers(0, 1 << 16), words),
    ),
)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run one event loop for all examples."""
    found = asyncio.new_event_loop()
    yield found
    found.close()


@pytest.fixture(scope="module")
def chat(
    loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chat]:
    """Open one shop with an owner, staff, a viewer and a stranger."""
    folder: Path = tmp_path_factory.mktemp("anybody")

    async def opened() -> Chat:
        chat = await open_chat(f"sqlite:///{folder / 'shop.db'}")
        chat.sandbox.add_person(VIEWER, "Vera")
        (invited,) = await chat.say("/invite viewer")
        await chat.say(f"/start {invited['text'].rpartition('start=')[2]}", VIEWER)
        return chat

    async def closed(chat: Chat) -> None:
        await chat.runner.stop()
        await chat.server.close()

    found = loop.run_until_complete(opened())
    yield found
    loop.run_until_complete(closed(found))
    found.app.close()


def do(chat: Chat, person: int, action: tuple[Any, ...]) -> None:
    """Do one thing as a person."""
    sandbox = chat.sandbox
    match action:
        case ("text", text):
            if text.strip():
                sandbox.say(person, text)
        case ("document", name, data, caption):
            sandbox.send_document(person, name, data, caption)
        case ("photo", data, caption):
            sandbox.send_photo(person, data, (90, 90), caption)
        case ("callback", data):
            message = sandbox.messages[OWNER][-1]
            sandbox.press(person, message["message_id"], data, OWNER)
        case ("old", number, place):
            _press_old(chat, person, number, place)


def _press_old(chat: Chat, person: int, number: int, place: str) -> None:
    """Press a button that was really offered, perhaps to somebody else, with another ending."""
    offered = [
        (m, b["callback_data"])
        for m in chat.sandbox.messages[OWNER]
        for row in m.get("reply_markup", {}).get("inline_keyboard", ())
        for b in row
    ]
    # Undo, table and choice buttons are confirmations; whoever may press them may record.
    looked = [(m, data) for m, data in offered if data[0] in "wzaegs"]
    if looked:
        message, data = looked[number % len(looked)]
        ending = f".{place}" if number % 2 else ""
        chat.sandbox.press(person, message["message_id"], (data + ending)[:64], OWNER)


async def settle(chat: Chat) -> None:
    """Wait until everything is worked on."""
    for _wait in range(1500):
        if chat.idle():
            break
        await asyncio.sleep(0.01)
    assert chat.idle(), "something is never finished"
    await asyncio.sleep(0.02)


def moves(chat: Chat) -> int:
    """Return how many movements the ledger holds."""
    return sum(row["event"].startswith(MOVES) for row in chat.app.queries.log())


@given(st.lists(actions, min_size=1, max_size=6))
@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_anything_from_anybody(
    chat: Chat, loop: asyncio.AbstractEventLoop, done: list[tuple[int, tuple[Any, ...]]]
) -> None:
    """No exception escapes; what is recorded was named exactly; a stranger gets one line."""
    heard = {person: len(chat.heard(person)) for person in PEOPLE}
    before = moves(chat)

    async def play() -> None:
        for person, action in done:
            do(chat, person, action)
        await settle(chat)

    loop.run_until_complete(play())
    report = health(chat.app.database, chat.app.driver)
    assert report["dead_letters"] == []
    assert not report["stopped"]
    answers = [m for person in PEOPLE for m in chat.heard(person)[heard[person] :]]
    confirmed = sum((m.get("text") or "").count("On hand") for m in answers)
    assert moves(chat) - before <= confirmed
    asked = sum(
        person == STRANGER and action[0] not in ("callback", "old") for person, action in done
    )
    strangers = chat.heard(STRANGER)[heard[STRANGER] :]
    assert len(strangers) <= asked
    assert {m["text"] for m in strangers} <= {
        "Hello! This is a shop's own bot. If you work here, ask the owner for an invitation link."
    }
    exact = [a for _person, a in done if "mug" in str(a[1:]).casefold() or "4006" in str(a[1:])]
    if not exact:
        assert moves(chat) == before
