"""Who is forgotten leaves no number of a chat anywhere, also where an older program wrote them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from jitledger.bootstrap import App
from jitledger.domain.commands import parse
from jitledger.domain.errors import StoreAway, StoreError
from jitledger.service import people
from jitledger.service.message_keys import message_prefix, message_secret
from jitledger.service.recording.submission import Ask, Submission
from jitledger.service.upkeep.proof import prove
from jitledger.store.database import Database, Tx
from tests.conftest import done, open_shop

CHAT = 555000111
ANOTHER = 555000222
BOT = 424242


def told(app: App, chat: int, message: int, *commands: dict[str, object]) -> list[str]:
    """Record a message as the older program did: under its numbers."""
    prefix = f"tg:{BOT}:{chat}:{message}"
    asks = [Ask(parse(one), f"{prefix}:{line}") for line, one in enumerate(commands)]
    answers = app.ledger.commit(Submission(asks, channel="telegram", correlation=prefix)).answers
    assert all(answer.ok for answer in answers)
    return [entry for answer in answers for entry in answer.entries]


@pytest.fixture
def old_shop(any_app: App) -> App:
    """Sam and somebody else typed; a draft was ordered by a press."""
    done(any_app, do="register", sku="MUG", name="Mug")
    any_app.ledger.commit(Submission([], then=remember))
    told(any_app, CHAT, 7, {"do": "receive", "sku": "MUG", "qty": "24"})
    told(
        any_app,
        ANOTHER,
        8,
        {"do": "sell", "sku": "MUG", "qty": "3"},
        {"do": "sell", "sku": "MUG", "qty": "1"},
    )
    press = Ask(parse({"do": "snooze", "sku": "MUG", "days": 1}), f"pr:AbC:snooze:{CHAT << 32}")
    any_app.ledger.commit(Submission([press]))
    return any_app


def remember(tx: Tx, answers: object, now: int) -> None:
    """Write Sam's row."""
    tx.execute(
        "INSERT INTO people (member, name, user_id, chat_id) VALUES ('m-sam', 'Sam', ?, ?)",
        (CHAT, CHAT),
    )
    tx.execute(
        "INSERT INTO proposals VALUES ('p1', ?, NULL, 'choose', ?, 0, NULL)",
        (ANOTHER, f'{{"key":"tg:{BOT}:{ANOTHER}:9:0"}}'),
    )


def everything(app: App) -> str:
    """Return all text that the events and keys, and what waits beside them, hold."""
    with app.database.snapshot() as tx:
        rows = [str(row[0]) for row in tx.all("SELECT key FROM command_keys")]
        rows += [bytes(row[0]).decode() for row in tx.all("SELECT state FROM stored_events")]
        rows += [str(row[0]) for row in tx.all("SELECT body FROM proposals")]
    return "\n".join(rows)


def test_old_keys_are_written_anew(old_shop: App) -> None:
    """No number is left, the history says what it said, seals verify, a repeat is a repeat."""
    app = old_shop
    before, seal = app.queries.history("MUG"), prove(app.database)
    assert str(CHAT) in everything(app)
    person = people.resolve(app.database, app.queries.shop(), "Sam")
    found = app.forget(person)
    assert found is not None
    assert (found.entries, found.keys) == (4, 4)
    assert (found.before, found.after) == (seal.seal, prove(app.database).seal)
    left = everything(app)
    assert not [number for number in (CHAT, ANOTHER, BOT, CHAT << 32) if str(number) in left]
    assert app.queries.history("MUG") == before
    assert prove(app.database).ok
    prefix = message_prefix(message_secret(app.database), BOT, CHAT, 7)
    again = Ask(parse({"do": "receive", "sku": "MUG", "qty": "24"}), f"{prefix}:0")
    (answer,) = app.ledger.commit(
        Submission([again], channel="telegram", correlation=prefix)
    ).answers
    assert (answer.repeat, answer.on_hand) == (True, "20")
    assert app.forget(person) is None


def test_a_seal_told_before_is_explained(old_shop: App) -> None:
    """It stands in no chain any more: verification fails with when and why, and names it."""
    witness = prove(old_shop.database).seal
    old_shop.forget(people.resolve(old_shop.database, old_shop.queries.shop(), "Sam"))
    verdict = prove(old_shop.database, witness)
    assert not verdict.ok
    assert "chat numbers were erased" in str(verdict.first_difference)
    assert witness in str(verdict.first_difference)
    assert prove(old_shop.database, prove(old_shop.database).seal).ok


def test_an_altered_history_is_not_sealed_anew(old_shop: App) -> None:
    """What does not verify stays as it is: a new seal would hide what was done to it."""
    with old_shop.database.transaction() as tx:
        old_shop.database.lock(tx)
        tx.execute("UPDATE stored_events SET state = ? WHERE topic = 'stock-received'", (b"{}",))
    before = everything(old_shop)
    person = people.resolve(old_shop.database, old_shop.queries.shop(), "Sam")
    with pytest.raises(StoreError, match="not what was sealed"):
        old_shop.forget(person)
    assert everything(old_shop) == before
    assert people.resolve(old_shop.database, old_shop.queries.shop(), "Sam") == person


def test_the_file_holds_no_number_afterwards(tmp_path: Path) -> None:
    """What was replaced leaves no bytes behind in the file, nor in the log beside it."""
    file = tmp_path / "shop.db"
    app = open_shop(f"sqlite:///{file}")
    done(app, do="register", sku="MUG", name="Mug")
    app.ledger.commit(Submission([], then=remember))
    for message in range(200):
        told(app, CHAT, message, {"do": "receive", "sku": "MUG", "qty": "1"})
    assert str(CHAT).encode() in bytes_of(tmp_path)
    app.forget(people.resolve(app.database, app.queries.shop(), "Sam"))
    app.close()
    assert str(CHAT).encode() not in bytes_of(tmp_path)
    with sqlite3.connect(file) as shop:
        assert shop.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    shop.close()


def bytes_of(folder: Path) -> bytes:
    """Return all that stands in a folder's files."""
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


def test_a_file_that_could_not_be_cleared_is_cleared_by_the_next_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is forgotten on a full disk, too; the freed bytes go when there is room."""
    app = open_shop(f"sqlite:///{tmp_path / 'shop.db'}")
    done(app, do="register", sku="MUG", name="Mug")
    app.ledger.commit(Submission([], then=remember))

    def full(self: Database) -> None:
        raise StoreAway("disk-full", "The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(type(app.database), "wipe", full)
        app.forget(people.resolve(app.database, app.queries.shop(), "Sam"))
    with app.database.snapshot() as tx:
        positions = [row[0] for batch in app.database.scan(tx, batch=100) for row in batch]
    app.sweep()
    assert not people.clear(app.database)
    with app.database.snapshot() as tx:
        after = [row[0] for batch in app.database.scan(tx, batch=100) for row in batch]
    assert after == positions
    assert prove(app.database).ok
    app.close()
