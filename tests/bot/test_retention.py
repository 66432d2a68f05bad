"""What is not kept: what strangers write, secrets, files that were sent, what nobody needs."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image

from jitledger.domain.errors import Refused
from jitledger.domain.moments import DAY
from jitledger.service.people import invite
from jitledger.service.upkeep.retention import INBOX_DAYS, OPEN_DAYS, let_go
from jitledger_bot.access import Guesses
from jitledger_bot.reading import barcodes
from jitledger_bot.turn import in_parts
from tests.bot.conftest import OWNER, STRANGER, Chat


def bodies(chat: Chat, table: str, chat_id: int) -> bytes:
    """Return all that a table keeps of a chat."""
    with chat.app.database.snapshot() as tx:
        rows = tx.all(f"SELECT body FROM {table} WHERE chat_id = ?", (chat_id,))
    return b"".join(row[0].encode() if isinstance(row[0], str) else bytes(row[0]) for row in rows)


async def test_what_a_stranger_writes_is_not_kept(chat: Chat) -> None:
    """A hundred long messages of somebody unknown leave nothing of their words behind."""
    for number in range(20):
        await chat.say(f"{number} let me in " * 200, STRANGER)
    assert b"let me in" not in bodies(chat, "inbox", STRANGER)
    assert len(bodies(chat, "inbox", STRANGER)) < 20 * 10


async def test_invitations_are_in_no_table_once_they_are_used(chat: Chat) -> None:
    """Neither the link that was sent nor the code that was typed stays; the code is of no use."""
    (told,) = await chat.say("/invite staff")
    code = told["text"].rpartition("start=")[2]
    await chat.done()
    chat.sandbox.add_person(2001, "Nora")
    assert "Welcome" in (await chat.say(f"/start {code}", 2001))[0]["text"]
    for table in ("inbox", "outbox"):
        for person in (OWNER, 2001):
            assert code.encode() not in bodies(chat, table, person), (table, person)


async def test_codes_are_tried_a_few_times_an_hour(chat: Chat) -> None:
    """A stranger who guesses is not even listened to after five tries; others still join."""
    code = invite(chat.app.ledger, "staff")
    for number in range(Guesses.EACH):
        await chat.say(f"/start guess-{number}", STRANGER)
    (answer,) = await chat.say(f"/start {code}", STRANGER)
    assert "Welcome" not in answer["text"]
    chat.sandbox.add_person(2001, "Nora")
    assert "Welcome" in (await chat.say(f"/start {code}", 2001))[0]["text"]


@pytest.mark.slow
async def test_fifty_people_join_at_once(chat: Chat) -> None:
    """Good codes are no guesses: a whole staff joins in one minute."""
    for person in range(3001, 3001 + 2 * Guesses.ALL):
        chat.sandbox.add_person(person, f"Person {person}")
        (answer,) = await chat.say(f"/start {invite(chat.app.ledger, 'staff')}", person)
        assert "Welcome" in answer["text"]


def test_guesses_of_many_are_limited_together() -> None:
    """A thousand accounts try no more than thirty codes a minute."""
    guesses = Guesses()
    tried = 0
    for user in range(1000):
        if guesses.may(user, 0.01 * user):
            guesses.failed(user, 0.01 * user)
            tried += 1
    assert tried == Guesses.ALL
    assert guesses.may(5000, 100.0)


async def test_the_conversation_is_let_go_in_time_and_facts_are_not(chat: Chat) -> None:
    """What came in goes after eight days, buttons after a year; what waits and facts stay."""
    await chat.say("received 7 MUG")
    await chat.say("sold 2 blue mugg")
    with chat.app.database.snapshot() as tx:
        newest = tx.one("SELECT MAX(received_at) FROM inbox")[0]
        events = tx.one("SELECT COUNT(*) FROM stored_events")[0]
    with chat.app.database.transaction() as tx:
        chat.app.database.lock(tx)
        for table in ("outbox", "proposals"):  # This shop's clock stands elsewhere.
            tx.execute(f"UPDATE {table} SET created_at = ?", (newest,))
        tx.execute("UPDATE inbox SET state = 'new' WHERE id = (SELECT MIN(id) FROM inbox)")
        assert let_go(tx, newest + (INBOX_DAYS - 1) * DAY) == 0
        let_go(tx, newest + (INBOX_DAYS + 1) * DAY)
        assert tx.all("SELECT state FROM inbox") == [("new",)]
        assert tx.one("SELECT COUNT(*) FROM proposals")[0] == 2
        let_go(tx, newest + (OPEN_DAYS + 1) * DAY)
        assert tx.one("SELECT COUNT(*) FROM proposals")[0] == 0
        assert tx.one("SELECT COUNT(*) FROM stored_events")[0] == events
        tx.execute("UPDATE inbox SET state = 'done'")


@pytest.mark.slow
async def test_a_file_that_was_sent_is_not_kept(chat: Chat) -> None:
    """A long list leaves no copy of itself in the outbox."""
    rows = "".join(f"NEW-{n},Thing of number {n} and a long name\n" for n in range(600))
    count = len(chat.sandbox.messages[OWNER])
    chat.sandbox.send_document(OWNER, "items.csv", ("sku,name\n" + rows).encode(), "items")
    (shown,) = await chat.settle(OWNER, count + 1)
    await chat.press_data(shown, shown["reply_markup"]["inline_keyboard"][0][0]["callback_data"])
    await chat.settle(OWNER, count + 2)
    said = await chat.say("/export items")
    assert any("document" in message for message in said)
    for _ in range(100):
        if b"NEW-599" not in bodies(chat, "outbox", OWNER):
            break
        await chat.settle(OWNER, 10_000)
    assert b"NEW-599" not in bodies(chat, "outbox", OWNER)


def test_a_table_in_parts_holds_every_row_once() -> None:
    """Whatever stands in the cells: each part has the header, together they hold all rows."""
    rng = random.Random(7)
    for _ in range(50):
        rows = [
            ",".join(rng.choice(["a", '"x\ny"', '"a ""b"" c"', "", "9,5"[:1]]) for _ in range(3))
            for _ in range(rng.randrange(1, 30))
        ]
        text = "h,i,j\n" + "".join(row + "\n" for row in rows)
        parts = in_parts(text, most=rng.randrange(1, 80))
        assert all(part.startswith("h,i,j\n") for part in parts)
        assert "".join(part.removeprefix("h,i,j\n") for part in parts) == text[6:]


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "BMP", "PPM", "ICO"])
def test_pictures_of_kinds_nobody_sends_are_not_opened(kind: str) -> None:
    """Neither is a PNG that would be unpacked to hundreds of megabytes."""
    data = io.BytesIO()
    Image.new("L", (8, 8)).save(data, kind)
    with pytest.raises(Refused, match="cannot be read"):
        barcodes.read_barcodes(data.getvalue())
    large = io.BytesIO()
    Image.new("1", (6000, 6000)).save(large, "PNG")
    assert len(large.getvalue()) < 20_000
    with pytest.raises(Refused, match="too large"):
        barcodes.read_barcodes(large.getvalue())
