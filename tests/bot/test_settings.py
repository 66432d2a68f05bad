"""Settings: what each chat is told, when it is left alone, and what the owner sets for the shop."""

from __future__ import annotations

from jitledger.domain.commands import parse
from jitledger.domain.moments import HOUR
from tests.bot.conftest import OWNER, STAFF, Chat
from tests.conftest import done

POLICY = {"do": "policy", "sku": "MUG", "method": "manual", "reorder_point": "18"}


def told(chat: Chat, person: int, sign: str) -> list[str]:
    """Return the pushes of a kind that a person got."""
    return [m["text"] for m in chat.heard(person) if m.get("text", "").startswith(sign)]


async def test_a_push_that_is_not_wanted_is_not_sent(chat: Chat) -> None:
    """The owner switches reorder alerts off with one tap; the message changes in place."""
    done(chat.app, **POLICY, order_quantity="24")
    (shown,) = await chat.say("/settings")
    await chat.press(shown, "✓ reorder alerts")
    edited = chat.sandbox._find(OWNER, shown["message_id"])
    labels = [b["text"] for row in edited["reply_markup"]["inline_keyboard"] for b in row]
    assert "– reorder alerts" in labels
    await chat.say("sold 4 mug")
    await chat.settle(OWNER, len(chat.sandbox.messages[OWNER]) - 1)
    assert not told(chat, OWNER, "🔔")


async def test_staff_are_told_when_they_want_it(chat: Chat) -> None:
    """Staff get no alerts until they ask for them."""
    done(chat.app, **POLICY, order_quantity="24")
    (shown,) = await chat.say("/settings", STAFF)
    await chat.press(shown, "– reorder alerts", STAFF)
    await chat.say("sold 4 mug")
    await chat.settle(STAFF, len(chat.sandbox.messages[STAFF]))
    assert len(told(chat, STAFF, "🔔")) == 1


async def test_quiet_hours_hold_a_push_back_until_they_end(chat: Chat) -> None:
    """At nine in quiet hours till eleven: the alert comes at eleven, not before."""
    done(chat.app, **POLICY, order_quantity="24")
    await chat.say("/settings quiet 8-11")
    await chat.say("sold 4 mug")
    await chat.settle(OWNER, len(chat.sandbox.messages[OWNER]))
    assert not told(chat, OWNER, "🔔")
    count = len(chat.sandbox.messages[OWNER])
    chat.clock.at += 2 * HOUR
    await chat.settle(OWNER, count)
    assert len(told(chat, OWNER, "🔔")) == 1


async def test_what_ended_in_quiet_hours_is_never_told(chat: Chat) -> None:
    """An alert that was resolved before the quiet hours end is dropped."""
    done(chat.app, **POLICY, order_quantity="24")
    await chat.say("/settings quiet 8-11")
    await chat.say("sold 4 mug")
    await chat.say("received 30 mug")
    chat.clock.at += 3 * HOUR
    await chat.settle(OWNER, len(chat.sandbox.messages[OWNER]))
    assert not told(chat, OWNER, "🔔")


async def test_bad_settings_get_a_sentence(chat: Chat) -> None:
    """What cannot be read changes nothing."""
    for words, said in (
        ("quiet 25-7", "Quiet hours are written like 22-7"),
        ("quiet x", "Quiet hours are written like 22-7"),
        ("language klingon", "Languages: en (English), de (Deutsch)"),
        ("colour blue", "I know: language, timezone, quiet"),
    ):
        (answer,) = await chat.say(f"/settings {words}")
        assert said in answer["text"], words


async def test_the_owner_changes_the_shop(chat: Chat) -> None:
    """Name, service level and a further location; staff cannot."""
    (done_,) = await chat.say("/shop service 0.95")
    assert done_["text"] == "✓ service: 0.95"
    assert str(chat.app.queries.shop().service_level) == "0.95"
    await chat.say("/shop location cellar")
    assert "cellar" in chat.app.queries.shop().locations
    (refused,) = await chat.say("/shop service 0.5", STAFF)
    assert refused["text"] == "That is for the owner to do."
    (bad,) = await chat.say("/shop service much")
    assert bad["text"].startswith("✗")
    (unknown,) = await chat.say("/shop colour blue")
    assert unknown["text"].startswith("I know: name")


async def test_stock_below_zero_is_told_once_and_closed_when_explained(chat: Chat) -> None:
    """An exception is pushed with what to do; the late receipt closes its message."""
    await chat.say("sold 25 mug")
    for _round in range(80):
        if told(chat, OWNER, "⚠"):
            break
        await chat.settle(OWNER, len(chat.sandbox.messages[OWNER]))
    (text,) = told(chat, OWNER, "⚠")
    assert text.startswith("⚠ -5 Blue mug (MUG) at main")
    message = next(m for m in chat.heard(OWNER) if m["text"] == text)
    toast, (why,) = await chat.press(message, "How it came about")
    assert toast == "How it came about"
    assert "-25 sold" in why["text"]
    chat.app.ledger.record(parse({"do": "receive", "sku": "MUG", "qty": "10"}))
    for _round in range(20):
        await chat.settle(OWNER, len(chat.sandbox.messages[OWNER]))
        if "Explained" in chat.sandbox._find(OWNER, message["message_id"])["text"]:
            break
    assert "Explained" in chat.sandbox._find(OWNER, message["message_id"])["text"]
