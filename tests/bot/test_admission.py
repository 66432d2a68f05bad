"""Who asks is settled once, whatever is asked."""

from __future__ import annotations

from typing import Any

import pytest

from jitledger_bot.desk import Desk
from tests.bot.conftest import STAFF, Chat


async def test_everything_is_admitted_once(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command, plain words, a question, an edit and a press each ask once who it is."""
    asked: list[int] = []
    admit = Desk.admit

    def counted(desk: Desk, *given: Any, **named: Any) -> Any:
        asked.append(1)
        return admit(desk, *given, **named)

    monkeypatch.setattr(Desk, "admit", counted)
    for text in ("/stock MUG", "/people", "mug?", "what needs reordering", "thanks"):
        asked.clear()
        await chat.say(text)
        assert len(asked) == 1, text
    (said,) = await chat.say("received 3 mug")
    asked.clear()
    await chat.press(said, "\u21a9 Undo")
    assert len(asked) == 1
    asked.clear()
    await chat.edit(chat.last_of()["message_id"], "received 4 mug")
    assert len(asked) == 1


async def test_what_a_role_may_not_is_said_before_it_is_begun(chat: Chat) -> None:
    """Commands of the owner and of buyers are closed to staff, in words."""
    for text in ("/people", "/role Sam owner", "/forget Sam", "/shop net", "/invite owner"):
        assert [m["text"] for m in await chat.say(text, STAFF)] == ["That is for the owner to do."]
    (refused,) = await chat.say("/export stock", STAFF)
    assert refused["text"] == "That is for the owner or a buyer to do."
