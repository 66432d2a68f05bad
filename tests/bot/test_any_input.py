"""Any text, any callback data, from any member or stranger: an answer, never an exception."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitledger.service.upkeep.health import health
from jitledger_bot import texts
from jitledger_bot.reading import read_message
from jitledger_bot.sandbox.rules import content_of
from tests.bot.conftest import OWNER, STRANGER, open_chat

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
words = st.sampled_from(
    [
        "received",
        "sold",
        "count",
        "+3",
        "-3",
        "-0",
        "1e309",
        "1" * 31,
        "mug",
        "MUG",
        "@",
        "9.50",
        "from",
        "Acme",
        "at",
        "to",
        "yesterday",
        "13:55",
        "0000-01-01",
        "9999-12-31",
        "<b>",
        "&amp;",
        "שלום",
        "🦄",
        "\n",
        ":",
        "1,200",
        "12",
        "7-up",
        "330ml",
        "/stock",
        "/asof",
        "moved",
        "none",
    ]
)
messages = st.one_of(st.text(max_size=80), st.lists(words, max_size=9).map(" ".join))


@given(messages)
@settings(max_examples=500)
def test_any_text_is_read(text: str) -> None:
    """Reading never fails and never reads a number that was not written."""
    for reading in read_message(text, NOW):
        if reading.quantity is not None and reading.problem is None:
            assert any(ch.isdigit() for ch in reading.raw)


tricky = st.sampled_from([" ", "(", ")", "1/", "1.", "3x", "+ ", "-", ", ", " and ", "(and ", "a:"])


@given(st.lists(words | tricky, min_size=1, max_size=4), st.sampled_from(["", " ", "\n"]))
@settings(max_examples=80, deadline=None)
def test_no_shape_of_a_long_message_takes_long(shape: list[str], sign: str) -> None:
    """4,096 characters of any repeated shape: some 50 ms, told in loops of the same machine."""
    unit = sign.join(shape) + sign
    text = f"sold 3 {unit * (4096 // len(unit) + 1)}"[:4096]
    begun = time.process_time()
    for _turn in range(1_000_000):
        pass
    loop = time.process_time() - begun
    spent = []
    for _try in range(3):
        begun = time.process_time()
        read_message(text, NOW)
        spent.append(time.process_time() - begun)
        if spent[-1] <= max(0.05, 8 * loop):
            return
    raise AssertionError((spent, loop))


@given(st.text(max_size=4096))
def test_whatever_is_echoed_is_valid_html(text: str) -> None:
    """Escaped and clipped, any text passes Telegram's rules."""
    shown = texts.clip(f"“{texts.safe(text[:120])}” <b>x</b>")
    content_of(shown, {"parse_mode": "HTML"})


async def test_any_message_gets_an_answer_and_no_dead_letter(tmp_path: Path) -> None:
    """Odd messages and buttons through the whole bot: answered, nothing recorded by accident."""
    chat = await open_chat(f"sqlite:///{tmp_path / 'shop.db'}")
    odd = [
        "1e309",
        "-0",
        "sold 1e309 mug",
        "sold -0 mug",
        "sold 1" + "0" * 30 + " mug",
        "x" * 4096,
        "received 5 " + "🦄" * 300,
        "שלום 5 mug",
        "<b>sold</b> & 3",
        "sold 1 mug 0000-01-01",
        "sold 1 mug 9999-12-31",
        "/asof 0000-01-01 mug",
        "/asof x",
        "/stock",
        "/start",
        "/nope",
        "sold 1 250 ml bottle",
        "12 7-up 330ml",
        "+1.200",
        "moved 3 mug",
        "moved 3 mug to nowhere",
        "sold 0.5 mug",
        "count mug",
        "sold mug",
        "\u202e3 dlos",
        "sold 3 mug at nowhere",
        "%s %d {}",
        "'; DROP TABLE inbox; --",
        "sold 99999999999999999999 mug",
        "\n".join(["sold"] * 150),
    ]
    for text in odd:
        assert await chat.say(text), f"no answer to {text[:40]!r}"
    assert chat.on_hand() == "20"
    (answer,) = await chat.say("sold 1 mug")
    for data in ("u.", "u.nope", "x", "c.zz.99", "::", "a" * 64, "u.%00", "💥"):
        toast, _ = await chat.press_data(answer, data)
        assert toast == "This button is too old."
    said = await chat.say("sold 1 mug" + "\u0000", STRANGER)
    assert len(said) == 1
    assert chat.on_hand() == "19"
    assert health(chat.app.database, chat.app.driver)["dead_letters"] == []
    photo = {**chat.last_of(OWNER), "message_id": 999, "caption": "x"}
    size = {"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}
    photo["photo"] = [size]
    photo.pop("text")
    count = len(chat.sandbox.messages[OWNER])
    chat.sandbox._post({"message": photo})
    assert "could not be fetched" in (await chat.settle(OWNER, count))[0]["text"]
    photo.pop("photo")
    photo["voice"] = {"file_id": "f", "file_unique_id": "u", "duration": 3}
    count = len(chat.sandbox.messages[OWNER])
    chat.sandbox._post({"message": {**photo, "message_id": 998}})
    assert "text, tables and barcodes" in (await chat.settle(OWNER, count))[0]["text"]
    await asyncio.sleep(0)
    await chat.runner.stop()
    await chat.server.close()
    chat.app.close()


def test_a_header_may_end_in_a_colon_of_its_own() -> None:
    """A word that is nothing but the colon is no name, and does not end the reading."""
    (reading,) = read_message("received from Acme :\n3 mug", NOW)
    assert (reading.do, reading.supplier, reading.quantity) == ("receive", "Acme", 3)
