"""The conversation, through the real dispatcher and the local Bot API server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jitledger.domain.moments import DAY, MINUTE, SECOND
from jitledger_bot.sandbox.rules import BotError
from jitledger_bot.turn import keyboard
from tests.bot.conftest import OWNER, STAFF, STRANGER, TOKEN, Chat, open_chat
from tests.conftest import done


async def test_a_receipt_is_confirmed_with_the_new_on_hand_and_can_be_undone(chat: Chat) -> None:
    """Received 24 by code or whole name; Undo takes it back, Redo brings it back, each once."""
    (answer,) = await chat.say("received 24 blue mug")
    assert answer["text"] == "Received 24 × Blue mug (MUG). On hand 44."
    toast, _ = await chat.press(answer, "↩ Undo")
    assert toast == "Undone. On hand 20."
    undone = chat.sandbox._find(OWNER, answer["message_id"])
    assert "Undone. On hand 20." in undone["text"]
    stale, _ = await chat.press(answer, "↩ Undo")
    assert stale == "Done already."
    await chat.press(undone, "↪ Redo")
    assert chat.on_hand() == "44"


TYPED = [
    ("+24 mug", "44"),
    ("-3 mug", "17"),
    ("sold 3 MUG @ 9.50", "17"),
    ("count mug 17", "17"),
    ("count 17 mug", "17"),
    ("broke 1 mug", "19"),
    ("found 2 mug", "22"),
    ("gift 2 mug", "18"),
    ("returned 1 mug", "21"),
    ("asked for 3 mug, none", "20"),
    ("got 2 4006381333931", "22"),
    ("sold 2 mug yesterday 13:55", "18"),
    ("1) sold 2 mug", "18"),
]


async def test_what_people_type(chat: Chat) -> None:
    """Each way of saying it is recorded, answered with the on-hand it leaves, and undone."""
    for text, on_hand in TYPED:
        (answer,) = await chat.say(text)
        assert f"On hand {on_hand}." in answer["text"], answer["text"]
        assert chat.on_hand() == on_hand
        await chat.press(answer, "↩ Undo")
        assert chat.on_hand() == "20", text


async def test_several_lines_are_one_message_with_one_confirmation(chat: Chat) -> None:
    """A header holds for the lines below it; a bad line never stops the others; Undo takes all."""
    (answer,) = await chat.say("Received from Acme:\n- 12 mug\n4 red-mug\n3) 1,200 mug\nnonsense")
    lines = answer["text"].splitlines()
    assert lines[0] == "Received 12 × Blue mug (MUG) from Acme. On hand 32."
    assert lines[1] == "Received 4 × Red mug (RED-MUG) from Acme. On hand 4."
    assert "1200 or 1.2" in lines[2]
    assert "did not understand" in lines[3]
    await chat.press(answer, "↩ Undo")
    assert (chat.on_hand(), chat.on_hand("RED-MUG")) == ("20", "0")


async def test_3c_a_sale_without_a_time_after_a_count(chat: Chat) -> None:
    """Scenario 3: a sale said now is after the count (14); one button for the exception (17)."""
    await chat.say("count mug 17")
    chat.clock.at += 10 * MINUTE
    (answer,) = await chat.say("sold 3 mug")
    assert "On hand 14." in answer["text"]
    assert "what was just counted" in answer["text"]
    labels = [b["text"] for row in answer["reply_markup"]["inline_keyboard"] for b in row]
    assert labels == ["It was before the count", "↩ Undo"]
    toast, _ = await chat.press(answer, "It was before")
    assert toast == "Before the count: the count stands. On hand 17."
    assert chat.on_hand() == "17"
    edited = chat.sandbox._find(OWNER, answer["message_id"])
    toast, _ = await chat.press(edited, "↩ Undo")
    assert "Undone" in toast
    assert chat.on_hand() == "17"
    standing = [r for r in chat.app.queries.history("MUG") if r["event"] == "stock-sold"]
    assert all(row["voided_by"] for row in standing)
    edited = chat.sandbox._find(OWNER, answer["message_id"])
    await chat.press(edited, "↪ Redo")
    assert chat.on_hand() == "17"


async def test_a_sale_that_reached_us_late_keeps_its_side_of_the_count(chat: Chat) -> None:
    """What was written before the count was before it; nothing is asked."""
    await chat.say("count mug 17")
    chat.clock.at += 10 * MINUTE
    chat.clock.at -= 15 * MINUTE
    chat.sandbox.say(OWNER, "sold 3 mug")
    chat.clock.at += 15 * MINUTE
    count = len(chat.sandbox.messages[OWNER])
    await chat.done()
    (answer,) = chat.told(OWNER, count)
    assert "On hand 17." in answer["text"]
    assert "just counted" not in answer["text"]


async def test_6_duplicate_deliveries_and_restarts(chat: Chat) -> None:
    """Scenario 6: three deliveries with restarts are one event; lower update ids are accepted."""
    await chat.say("sold 3 mug")
    update = {"message": chat.last_of()}
    for _ in range(2):
        count = len(chat.sandbox.messages[OWNER])
        await chat.restart()
        chat.sandbox.deliver_again(update)
        (answer,) = await chat.settle(OWNER, count)
        assert answer["text"].startswith("Already recorded: MUG/3.")
        assert "On hand 17" in answer["text"]
    assert chat.on_hand() == "17"
    await chat.restart()
    chat.clock.at += 10 * DAY
    chat.sandbox.next_update = 5  # After idle days Telegram starts anew at random.
    (answer,) = await chat.say("sold 1 mug")
    assert "On hand 16." in answer["text"]


async def test_6_the_same_text_within_a_minute_asks(chat: Chat) -> None:
    """A new message with the same text within 60 s asks; nothing is recorded until yes."""
    await chat.say("sold 3 mug")
    chat.clock.at += 20 * SECOND
    (answer,) = await chat.say("sold 3 mug")
    assert "Again?" in answer["text"]
    assert chat.on_hand() == "17"
    _, (said,) = await chat.press(answer, "Yes")
    assert "On hand 14." in said["text"]
    chat.clock.at += 61 * SECOND
    (answer,) = await chat.say("sold 3 mug")
    assert "On hand 11." in answer["text"]
    chat.clock.at += 5 * SECOND
    (answer,) = await chat.say("sold 3 mug")
    await chat.press(answer, "No")
    assert chat.on_hand() == "11"


async def test_7_an_edited_message_corrects_its_entry(chat: Chat) -> None:
    """Scenario 7: sold 3 becomes sold 2: on hand +1, the old value stays visible in the past."""
    await chat.say("sold 3 mug")
    sent = chat.last_of()["message_id"]
    before = chat.app.queries.present() + 999
    chat.clock.at += 30 * SECOND
    (answer,) = await chat.edit(sent, "sold 2 mug")
    assert "On hand 18." in answer["text"]
    new = next(r for r in chat.app.queries.history("MUG") if r["entry"] == "MUG/5")
    assert new["delta"] == "-2"
    assert chat.app.queries.stock("MUG", as_at=before)["on_hand"] == "17"
    chat.clock.at += 30 * SECOND
    (answer,) = await chat.edit(sent, "sold 4 mug")
    assert "On hand 16." in answer["text"]


async def test_7_an_edit_is_looked_at_like_a_message(chat: Chat) -> None:
    """A slip of the thumb in an edit, or half of a line, changes nothing."""
    await chat.say("sold 2 mug")
    sent = chat.last_of()["message_id"]
    (answer,) = await chat.edit(sent, "sold 2000 mug")
    assert "2000 × Blue mug (MUG)?" in answer["text"]
    assert "Nothing is recorded yet" in answer["text"]
    assert chat.on_hand() == "18"
    await chat.edit(sent, "sold 3 mug and 2 of something else")
    assert chat.on_hand() == "18"


async def test_7_editing_after_a_void_is_refused_with_an_explanation(chat: Chat) -> None:
    """An undone message cannot be corrected by editing it."""
    (answer,) = await chat.say("sold 3 mug")
    sent = chat.last_of()["message_id"]
    await chat.press(answer, "↩ Undo")
    chat.clock.at += 30 * SECOND
    (answer,) = await chat.edit(sent, "sold 2 mug")
    assert "already voided" in answer["text"]
    assert chat.on_hand() == "20"


async def test_7_an_edit_that_changes_the_product_moves_the_entry(chat: Chat) -> None:
    """Another product or verb: the old entry is voided and the new one recorded."""
    await chat.say("sold 6 mug")
    sent = chat.last_of()["message_id"]
    chat.clock.at += 30 * SECOND
    (answer,) = await chat.edit(sent, "sold 6 red-mug")
    assert "Sold 6 × Red mug (RED-MUG). On hand -6." in answer["text"]
    assert "Taken back: Blue mug (MUG). On hand 20." in answer["text"]
    chat.clock.at += 30 * SECOND
    await chat.edit(sent, "received 6 red-mug")
    assert (chat.on_hand(), chat.on_hand("RED-MUG")) == ("20", "6")


async def test_7_removing_a_line_leaves_the_others(chat: Chat) -> None:
    """Lines are matched by what they say, not by their number alone."""
    await chat.say("sold 1 mug\nsold 2 red-mug\nreturned 4 mug")
    sent = chat.last_of()["message_id"]
    chat.clock.at += 30 * SECOND
    (answer,) = await chat.edit(sent, "sold 1 mug\nreturned 5 mug")
    assert (chat.on_hand(), chat.on_hand("RED-MUG")) == ("24", "0")
    assert "Taken back: Red mug (RED-MUG). On hand 0." in answer["text"]
    await chat.press(answer, "↩ Undo")
    assert (chat.on_hand(), chat.on_hand("RED-MUG")) == ("23", "-2")


async def test_a_redelivered_question_is_asked_again(chat: Chat) -> None:
    """A message that was answered with "again?" records nothing when it is delivered again."""
    await chat.say("sold 3 mug")
    await chat.say("sold 3 mug")
    count = len(chat.sandbox.messages[OWNER])
    chat.sandbox.deliver_again({"message": chat.last_of()})
    (answer,) = await chat.settle(OWNER, count)
    assert "Again?" in answer["text"]
    assert chat.on_hand() == "17"


async def test_an_unknown_pack_asks_once_what_it_holds(chat: Chat) -> None:
    """An unknown pack is asked about once; the answer records 24, and the next box is known."""
    (answer,) = await chat.say("got 2 boxes of mug")
    assert "How many Blue mug (MUG) does one box hold?" in answer["text"]
    await chat.press(answer, "Answer")
    (said,) = await chat.say("12")
    assert "Received 2 box × Blue mug (MUG). On hand 44." in said["text"]
    chat.clock.at += 2 * MINUTE
    (said,) = await chat.say("sold 1 box mug")
    assert "On hand 32." in said["text"]


async def test_a_fact_is_a_fact_whatever_was_asked(chat: Chat) -> None:
    """A sale typed while the bot waits for a new product's line is a sale."""
    (answer,) = await chat.say("received 5 frobs")
    await chat.press(answer, "New product")
    (said,) = await chat.say("sold 3 mug")
    assert "On hand 17." in said["text"]
    (said,) = await chat.say("sold 1 mug to order")
    assert "I do not know" in said["text"] or "On hand" in said["text"]
    (first, second) = await chat.say("Frob, 1.234,50, Acme")
    assert "price 1234.50, from Acme" in first["text"]
    assert "On hand 5." in second["text"]


async def test_every_line_of_a_long_message_is_recorded(chat: Chat) -> None:
    """150 lines are 150 entries, and one confirmation that says how much it leaves out."""
    (answer,) = await chat.say("Received:\n" + "\n".join(["1 mug"] * 150))
    assert chat.on_hand() == "170"
    assert "more" in answer["text"]
    toast, _ = await chat.press(answer, "↩ Undo")
    assert toast == "Undone. On hand 20."


async def test_updates_that_cannot_be_read_block_nothing(chat: Chat) -> None:
    """An update of an unknown shape and half a surrogate pair are set aside or cleaned."""
    from jitledger.service.upkeep.health import health

    chat.sandbox._post({"message": {"message_id": 1}})
    chat.sandbox.say(OWNER, "sold 1 \ud83d")
    (answer,) = (await chat.say("sold 3 mug"))[-1:]
    assert "On hand 17." in answer["text"]
    letters = health(chat.app.database, chat.app.driver)["dead_letters"]
    assert len(letters) == 1
    assert "cannot be read" in letters[0]["error"]


async def test_a_member_who_blocked_the_bot_is_reached_again(chat: Chat) -> None:
    """After a 403 the chat is dropped; the member's next message brings the alerts back."""
    blocked = BotError(403, "Forbidden: bot was blocked by the user")
    chat.sandbox.fail_next.extend([blocked, blocked])
    chat.sandbox.say(OWNER, "stock mug")
    for _ in range(100):
        await asyncio.sleep(0.02)
        if chat.idle():
            break
    with chat.app.database.snapshot() as tx:
        assert tx.one("SELECT chat_id FROM people WHERE user_id = ?", (OWNER,))[0] is None
    await chat.say("/stock mug")
    with chat.app.database.snapshot() as tx:
        assert tx.one("SELECT chat_id FROM people WHERE user_id = ?", (OWNER,))[0] == OWNER


async def test_an_unknown_product_becomes_a_new_one_in_one_line(chat: Chat) -> None:
    """New product asks for name, price and supplier; the delivery follows at its own time."""
    (answer,) = await chat.say("received 12 glass vase")
    _, (asked,) = await chat.press(answer, "New product")
    assert "one line" in asked["text"]
    chat.clock.at += 5 * MINUTE
    said = await chat.say("Glass vase, 9.50, Acme")
    assert "GLASS-VASE" in said[0]["text"]
    assert "On hand 12." in said[1]["text"]
    received = chat.app.queries.history("GLASS-VASE")[0]
    assert received["event"] == "stock-received"
    assert received["occurred_at"] == "2026-03-05T09:00:00Z"


async def test_an_unknown_product_can_be_kept_for_later(chat: Chat) -> None:
    """What is kept is listed by /later, after a restart too, and recorded when it is resolved."""
    (answer,) = await chat.say("received 12 zebra lamp")
    toast, _ = await chat.press(answer, "Keep")
    assert toast == "Kept for later"
    await chat.restart()
    (listed,) = await chat.say("/later")
    assert "zebra lamp" in listed["text"]
    await chat.press(listed, "New product")
    said = await chat.say("Zebra lamp")
    assert "On hand 12." in said[-1]["text"]


async def test_questions(chat: Chat) -> None:
    """Stock, history, why and a day of the past, by command and in plain words."""
    await chat.say("sold 3 mug")
    for question in ("/stock mug", "stock blue mug", "how many blue mug do we have?"):
        (answer,) = await chat.say(question)
        assert answer["text"].startswith("17 on hand – Blue mug (MUG)"), question
    (answer,) = await chat.say("/why MUG")
    assert answer["text"].splitlines()[-1] == "= 17"
    (answer,) = await chat.say("/history MUG")
    assert "sold -3 → 17" in answer["text"]
    (answer,) = await chat.say("/asof 2026-03-04 MUG")
    assert "0 MUG" in answer["text"] or "0 Blue mug" in answer["text"]
    (answer,) = await chat.say("/stock blau")
    assert "no product" in answer["text"]
    (answer,) = await chat.say("/help")
    assert "/reorder" in answer["text"]


@pytest.mark.slow
async def test_what_needs_reordering_and_the_alert(chat: Chat) -> None:
    """A sale across the reorder point alerts owners once; the report says what to order."""
    policy = {
        "do": "policy",
        "sku": "MUG",
        "method": "manual",
        "reorder_point": "18",
        "order_quantity": "40",
    }
    from jitledger.domain.commands import parse

    assert chat.app.ledger.record(parse(policy)).ok
    count = len(chat.sandbox.messages[OWNER])
    await chat.say("sold 1 mug", STAFF)
    assert not chat.told(OWNER, count)
    await chat.say("sold 2 mug", STAFF)
    (alert,) = await chat.settle(OWNER, count)
    assert alert["text"].startswith("🔔 Reorder Blue mug (MUG)")
    assert "17 left in position, reorder point 18 – order 40" in alert["text"]
    count = len(chat.sandbox.messages[OWNER])
    chat.clock.at += 2 * MINUTE
    await chat.say("sold 1 mug", STAFF)
    await asyncio.sleep(0.4)
    assert not chat.told(OWNER, count)
    (answer,) = await chat.say("what needs reordering")
    assert "1 to reorder" in answer["text"]
    assert "40 × Blue mug (MUG)" in answer["text"]
    _, (why,) = await chat.press(answer, "Why")
    assert "reorder point 18" in why["caption"]
    await chat.say("received 40 mug", STAFF)
    for _ in range(100):
        edited = chat.sandbox._find(OWNER, alert["message_id"])
        if "Resolved" in edited["text"]:
            break
        await asyncio.sleep(0.02)
    assert "✓ Resolved: position 56" in edited["text"]


@pytest.mark.slow
async def test_a_snoozed_alert_comes_back_while_it_stands(chat: Chat) -> None:
    """Snooze for a day is kept; when it is over and the item is still low, it is told again."""
    from jitledger.domain.commands import parse

    policy = {"do": "policy", "sku": "MUG", "method": "manual", "reorder_point": "18"}
    assert chat.app.ledger.record(parse(policy)).ok
    count = len(chat.sandbox.messages[OWNER])
    await chat.say("sold 2 mug", STAFF)
    (alert,) = await chat.settle(OWNER, count)
    toast, _ = await chat.press(alert, "Snooze")
    assert toast == "Snoozed for a day."
    count = len(chat.sandbox.messages[OWNER])
    await chat.runner.rounds.wake_snoozed()
    await asyncio.sleep(0.4)
    assert len(chat.sandbox.messages[OWNER]) == count
    chat.clock.at += DAY + MINUTE
    await chat.runner.rounds.wake_snoozed()
    (again,) = await chat.settle(OWNER, count)
    assert again["text"].startswith("🔔 Reorder Blue mug (MUG)")


@pytest.mark.slow
async def test_a_retraction_edits_every_message_that_told_it(chat: Chat) -> None:
    """Told, snoozed, told again, and never true: both say so; those of an earlier alert do not."""
    from jitledger.domain.commands import parse

    policy = {"do": "policy", "sku": "MUG", "method": "manual", "reorder_point": "18"}
    assert chat.app.ledger.record(parse(policy)).ok
    count = len(chat.sandbox.messages[OWNER])
    await chat.say("sold 2 mug", STAFF)
    (earlier,) = await chat.settle(OWNER, count)
    await chat.say("received 4 mug", STAFF)
    await edited(chat, earlier, "✓ Resolved")
    chat.clock.at += DAY
    count = len(chat.sandbox.messages[OWNER])
    await chat.say("sold 4 mug", STAFF)
    (first,) = await chat.settle(OWNER, count)
    await chat.press(first, "Snooze")
    count = len(chat.sandbox.messages[OWNER])
    chat.clock.at += DAY + MINUTE
    await chat.runner.rounds.wake_snoozed()
    (second,) = await chat.settle(OWNER, count)
    late = {"do": "receive", "sku": "MUG", "qty": "9", "occurred_at": "2026-03-05"}
    assert chat.app.ledger.record(parse(late)).ok
    for message in (first, second):
        assert "↩ Retracted" in await edited(chat, message, "Retracted")
    assert "Retracted" not in chat.sandbox._find(OWNER, earlier["message_id"])["text"]


async def edited(chat: Chat, message: dict[str, Any], words: str) -> str:
    """Wait until a message was edited; returns what it says now."""
    text = ""
    for _wait in range(200):
        text = chat.sandbox._find(OWNER, message["message_id"])["text"]
        if words in text:
            break
        await asyncio.sleep(0.02)
    assert words in text
    return str(text)


async def test_strangers_learn_nothing(chat: Chat) -> None:
    """One polite line, the same for a real and an invented product; old buttons do nothing."""
    (answer,) = await chat.say("sold 3 mug")
    texts = set()
    for text in ("/stock mug", "/stock nope", "sold 1 mug", "/start wrong-code", "hello"):
        (said,) = await chat.say(text, STRANGER)
        texts.add(said["text"])
    assert len(texts) == 1
    assert "mug" not in texts.pop().casefold()
    data = answer["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    query = {
        "callback_query": {
            "id": "x1",
            "from": {"id": STRANGER, "is_bot": False, "first_name": "Eve"},
            "chat_instance": "1",
            "message": answer,
            "data": data,
        }
    }
    chat.sandbox.open_queries.add("x1")
    chat.sandbox._post(query)
    while "x1" in chat.sandbox.open_queries:
        await asyncio.sleep(0.01)
    assert chat.sandbox.toasts[-1]["text"] == "This button is not for you."
    assert chat.on_hand() == "17"


async def test_an_invitation_works_once(chat: Chat) -> None:
    """A used or expired link is refused like any stranger."""
    from jitledger.service.people import invite

    code = await asyncio.to_thread(invite, chat.app.ledger, "viewer")
    (welcome,) = await chat.say(f"/start {code}", STRANGER)
    assert "You are viewer" in welcome["text"]
    chat.sandbox.add_person(1009, "Mallory")
    (refused,) = await chat.say(f"/start {code}", 1009)
    assert "Welcome" not in refused["text"]
    (refused,) = await chat.say("sold 1 mug", STRANGER)
    assert "Your role is viewer" in refused["text"]
    late = await asyncio.to_thread(invite, chat.app.ledger, "staff")
    chat.clock.at += 16 * MINUTE
    (refused,) = await chat.say(f"/start {late}", 1009)
    assert "Welcome" not in refused["text"]


@pytest.mark.slow
async def test_server_faults_lose_nothing(chat: Chat) -> None:
    """429 is obeyed, 500 and dropped calls are retried; each answer arrives."""
    chat.sandbox.fail_next.extend(
        [BotError(500, "Internal Server Error"), BotError(429, "Too Many Requests", retry_after=1)]
    )
    (answer,) = await chat.say("sold 3 mug")
    assert "On hand 17." in answer["text"]


async def test_a_stopped_view_is_told_to_the_owner(chat: Chat) -> None:
    """A projection that stopped is named in the owner's answers; recording goes on."""
    with chat.app.database.transaction() as tx:
        chat.app.database.lock(tx)
        tx.execute("UPDATE projections SET status = 'stopped', error = 'x' WHERE name = 'supply'")
    (answer,) = await chat.say("what needs reordering")
    assert "supply" in answer["text"]
    (answer,) = await chat.say("sold 1 mug")
    assert "On hand 19." in answer["text"]


async def test_a_message_that_cannot_be_worked_on_is_set_aside(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that keeps failing is a dead letter with an id; the next one is worked on."""
    from jitledger.service.upkeep.health import health
    from jitledger_bot.memory.resolve import Resolver

    real = Resolver.resolve

    def broken(self: Resolver, words: str):  # type: ignore[no-untyped-def]
        if "poison" in words:
            raise RuntimeError("a bug")
        return real(self, words)

    monkeypatch.setattr(Resolver, "resolve", broken)
    (answer,) = await chat.say("sold 1 poison")
    assert "set aside as m" in answer["text"]
    (letter,) = health(chat.app.database, chat.app.driver)["dead_letters"]
    assert str(letter["id"]) in answer["text"]
    assert "On hand 19." in (await chat.say("sold 1 mug"))[0]["text"]


@pytest.mark.slow
async def test_the_token_reaches_no_log(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing that is logged while the bot starts, fails and stops holds the token."""
    caplog.set_level("DEBUG")
    chat = await open_chat(sqlite_url)
    await chat.server.close()
    await asyncio.sleep(0.6)
    await chat.runner.stop()
    chat.app.close()
    secret = TOKEN.partition(":")[2]
    assert secret not in caplog.text
    assert secret not in repr(chat.app.settings)


async def test_an_unknown_product_with_a_number_at_its_end_is_kept(chat: Chat) -> None:
    """What could be parted in two ways is offered like any other unknown product."""
    (answer,) = await chat.say("received 12 shiny thing 40")
    assert "I do not know “shiny thing 40” (12)" in answer["text"]
    await chat.press(answer, "Keep for later")
    assert not chat.app.queries.find("shiny thing 40")


async def test_an_edit_leaves_a_greeting_alone(chat: Chat) -> None:
    """A greeting above a fact is no line of its own, neither when it is sent nor when edited."""
    (said,) = await chat.say("good morning\nsold 3 mug")
    assert said["text"] == "Sold 3 × Blue mug (MUG). On hand 17."
    number = chat.last_of(OWNER)["message_id"]
    (said,) = await chat.edit(number, "good morning\nsold 2 mug")
    assert "✗" not in said["text"]
    assert chat.on_hand() == "18"


async def test_a_gift_with_a_minus_is_one_minus(chat: Chat) -> None:
    """What was given away is less, whichever sign is written, and the answer shows it."""
    before = int(chat.on_hand())
    (said,) = await chat.say("adjust mug -2 gift")
    assert "Adjusted -2 × Blue mug" in said["text"]
    assert int(chat.on_hand()) == before - 2


def test_no_message_has_more_buttons_than_telegram_takes() -> None:
    """Of many rows the first and the last, which takes everything back, stay."""
    rows = [[("a", f"a.{n}"), ("b", f"b.{n}")] for n in range(60)] + [[("undo", "u.1")]]
    found = keyboard(rows)["inline_keyboard"]
    assert sum(map(len, found)) <= 100
    assert (found[0][0]["callback_data"], found[-1][0]["callback_data"]) == ("a.0", "u.1")


async def test_a_correction_undone_by_its_first_message_is_not_undone_again(chat: Chat) -> None:
    """Sold 3, edited to 2, undone at the first answer; the second one's Undo finds nothing left."""
    (first,) = await chat.say("sold 3 mug")
    before = int(chat.on_hand()) + 3
    sent = chat.last_of()["message_id"]
    (second,) = await chat.edit(sent, "sold 2 mug")
    await chat.press(first, "↩")
    assert int(chat.on_hand()) == before
    await chat.press(second, "↩")
    assert int(chat.on_hand()) == before


async def test_a_sale_of_what_nobody_counted_asks_for_a_count(chat: Chat) -> None:
    """Unknown stock is not below zero; once something came in, it can be."""
    done(chat.app, do="register", sku="UNK", name="Unknown thing")
    (said,) = await chat.say("sold 2 unk")
    assert "count first" in said["text"]
    assert "Below zero" not in said["text"]
    await chat.say("received 1 unk yesterday")
    said, *_pushes = await chat.say("sold 3 unk")
    assert "Below zero" in said["text"]
