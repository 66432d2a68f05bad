"""Properties P2 and P11 over generated histories: repeats change nothing, no change goes unseen."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitledger.bootstrap import App
from jitledger.domain.commands import parse
from jitledger.service.recording.submission import Ask, Submission
from jitledger.store.database import Tx
from jitledger.store.seals import FIRST, first_seal_of, seal_of, verify
from tests.conftest import do, done, open_shop
from tests.domain.test_properties import START, Step, commands, histories
from tests.projections.test_projections import rows

randoms = st.randoms(use_true_random=False)


def play(app: App, history: list[Step]) -> list[tuple[dict[str, Any], list[str]]]:
    """Record a history with keys; return each accepted command with its entries."""
    stamp = START.isoformat()
    for code in ("shop", "back"):
        done(app, do="location", code=code, now=stamp)
    done(app, do="register", sku="MUG", name="Blue mug", key="register", now=stamp)
    accepted = []
    for number, (now, fields) in enumerate(commands(history)):
        command = {**fields, "key": f"k{number}", "now": now}
        answer = do(app, **command)
        if answer.ok:
            accepted.append((command, list(answer.entries)))
    return accepted


@given(histories, randoms)
@settings(max_examples=20)
def test_a_repeated_command_changes_nothing(history: list[Step], rng: random.Random) -> None:
    """P2: sent again in any order, every command answers with its first entries; no row changes."""
    with tempfile.TemporaryDirectory() as folder:
        app = open_shop(f"sqlite:///{folder}/shop.db", timezone="Europe/Berlin")
        accepted = play(app, history)
        before, seal = rows(app), verify(app.database).seal
        on_hand = app.queries.stock("MUG")["on_hand"]
        rng.shuffle(accepted)
        for command, entries in accepted:
            answer = do(app, **command)
            assert answer.ok
            assert answer.repeat
            assert list(answer.entries) == entries
            assert not entries or answer.on_hand == on_hand
        assert rows(app) == before
        assert verify(app.database).seal == seal
        app.close()


def _flip_body(tx: Tx, rng: random.Random) -> None:
    """Change one byte of one event."""
    place, body = rng.choice(tx.all("SELECT rowid, state FROM stored_events"))
    changed = bytearray(body)
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(7)
    tx.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (bytes(changed), place))


def _swap_bodies(tx: Tx, rng: random.Random) -> None:
    """Exchange what two events say; or drop one, when all say the same."""
    found = tx.all("SELECT rowid, state FROM stored_events")
    one, other = rng.sample(found, 2)
    if one[1] == other[1]:
        tx.execute("DELETE FROM stored_events WHERE rowid = ?", (one[0],))
        return
    tx.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (other[1], one[0]))
    tx.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (one[1], other[0]))


def _drop_event(tx: Tx, rng: random.Random) -> None:
    """Remove one event."""
    place = rng.choice(tx.all("SELECT rowid FROM stored_events"))[0]
    tx.execute("DELETE FROM stored_events WHERE rowid = ?", (place,))


def _add_event(tx: Tx, rng: random.Random) -> None:
    """Add an event that was never recorded."""
    tx.execute(
        "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
        "SELECT originator_id, 1 + MAX(originator_version), 'stock-received', state "
        "FROM stored_events WHERE originator_id = 'sku/MUG' GROUP BY originator_id"
    )


def _change_key(tx: Tx, rng: random.Random) -> None:
    """Let one key stand for something else."""
    key = rng.choice(tx.all("SELECT key FROM command_keys"))[0]
    column = rng.choice(("entries", "digest"))
    value: Any = '["MUG/999"]' if column == "entries" else b"another"
    tx.execute(f"UPDATE command_keys SET {column} = ? WHERE key = ?", (value, key))


def _drop_key(tx: Tx, rng: random.Random) -> None:
    """Remove one key."""
    key = rng.choice(tx.all("SELECT key FROM command_keys"))[0]
    tx.execute("DELETE FROM command_keys WHERE key = ?", (key,))


def _set_clock_back(tx: Tx, rng: random.Random) -> None:
    """Change how an append left the clock."""
    column = rng.choice(["last", "highest"])
    tx.execute(f"UPDATE seals SET {column} = {column} - 1 WHERE ordinal = 1")


def _replace_kind(tx: Tx, rng: random.Random) -> None:
    """Change a value and its kind, as SQL's own functions do."""
    table, column, value = rng.choice(
        [
            ("stored_events", "state", "replace(state, '\"', '\"')"),
            ("stored_events", "state", "NULL"),
            ("stored_events", "originator_version", "'x'"),
            ("stored_events", "topic", "CAST(topic AS BLOB)"),
            ("command_keys", "digest", "'abc'"),
            ("command_keys", "entries", "CAST(entries AS BLOB)"),
            ("seals", "seal", "'abc'"),
            ("seals", "events", "'many'"),
        ]
    )
    newest = " WHERE rowid = (SELECT MAX(rowid) FROM stored_events)"
    where = newest if table == "stored_events" else ""
    tx.execute(f"UPDATE {table} SET {column} = {value}{where}")


CHANGES: list[Callable[[Tx, random.Random], None]] = [
    _set_clock_back,
    _replace_kind,
    _flip_body,
    _swap_bodies,
    _drop_event,
    _add_event,
    _change_key,
    _drop_key,
]


def _seal_again(tx: Tx) -> None:
    """Make every seal anew over what is there now, as one would who knows how they are made."""
    before = FIRST
    seals = tx.all("SELECT ordinal, events, last, present, highest FROM seals ORDER BY ordinal")
    log = tx.all(
        "SELECT originator_id, originator_version, topic, state FROM stored_events ORDER BY rowid"
    )
    for ordinal, count, *clock in seals:
        events, log = log[:count], log[count:]
        if ordinal == seals[-1][0]:
            events, log = events + log, []
        keys = tx.all("SELECT key, digest, entries FROM command_keys WHERE ordinal = ?", (ordinal,))
        before = seal_of(before, events, keys, (clock[0], clock[1], clock[2]))
        tx.execute(
            "UPDATE seals SET seal = ?, events = ?, keys = ? WHERE ordinal = ?",
            (before, len(events), len(keys), ordinal),
        )


@pytest.mark.slow
@given(histories, randoms, st.sampled_from(CHANGES), st.booleans())
@settings(max_examples=40)
def test_given_the_witness_no_change_goes_unseen(
    history: list[Step],
    rng: random.Random,
    change: Callable[[Tx, random.Random], None],
    seal_again: bool,
) -> None:
    """P11: a changed, moved, added or removed row is found, also after sealing all of it anew."""
    with tempfile.TemporaryDirectory() as folder:
        app = open_shop(f"sqlite:///{folder}/shop.db", timezone="Europe/Berlin")
        play(app, history)
        verdict = verify(app.database)
        assert verdict.ok
        with app.database.transaction() as tx:
            app.database.lock(tx)
            change(tx, rng)
            if seal_again and change is not _replace_kind:
                _seal_again(tx)
        found = verify(app.database, verdict.seal)
        assert not found.ok
        assert found.first_difference
        app.close()


def test_keys_of_one_length_cannot_be_folded_into_one(app: App) -> None:
    """What two keys said is not sealed by the same bytes as one key that holds both."""
    for sku in ("MUG", "CUP"):
        done(app, do="register", sku=sku, name=sku)
    asks = [
        Ask(parse({"do": "receive", "sku": sku, "qty": "1", "key": key}), key)
        for sku, key in (("MUG", "k1"), ("CUP", "k2"))
    ]
    app.ledger.commit(Submission(asks))
    witness = verify(app.database).seal
    with app.database.transaction() as tx:
        app.database.lock(tx)
        (first, listed), (second, other) = tx.all(
            "SELECT digest, entries FROM command_keys WHERE key IN ('k1', 'k2') ORDER BY key"
        )
        both = first + listed.encode() + b"k2:%d:k2" % len(other) + second
        tx.execute("DELETE FROM command_keys WHERE key = 'k2'")
        tx.execute(
            "UPDATE command_keys SET digest = ?, entries = ? WHERE key = 'k1'", (both, other)
        )
        tx.execute("UPDATE seals SET keys = 1 WHERE keys = 2")
    assert not verify(app.database, witness).ok


def seal_as_the_first_builds(app: App, tx: Tx) -> None:
    """Make every seal of a shop without command keys by the first formula."""
    before, log = FIRST, [row[1:] for batch in app.database.scan(tx) for row in batch]
    for ordinal, count in tx.all("SELECT ordinal, events FROM seals ORDER BY ordinal"):
        before = first_seal_of(before, log[:count], [])
        log = log[count:]
        tx.execute("UPDATE seals SET seal = ? WHERE ordinal = ?", (before, ordinal))


def test_seals_of_the_first_builds_are_read(app: App) -> None:
    """A shop sealed by the first formula verifies; behind a seal of the second none is accepted."""
    done(app, do="register", sku="MUG", name="Mug")
    with app.database.transaction() as tx:
        app.database.lock(tx)
        seal_as_the_first_builds(app, tx)
    app.ledger._newest = -1
    assert verify(app.database).ok
    done(app, do="receive", sku="MUG", qty="2")
    done(app, do="receive", sku="MUG", qty="3")
    assert verify(app.database).ok
    with app.database.transaction() as tx:
        app.database.lock(tx)
        newest, before = tx.all("SELECT ordinal, seal FROM seals ORDER BY ordinal DESC LIMIT 2")
        event = tx.one("SELECT * FROM stored_events ORDER BY rowid DESC LIMIT 1")
        forged = first_seal_of(before[1], [event], [])
        tx.execute("UPDATE seals SET seal = ? WHERE ordinal = ?", (forged, newest[0]))
    assert not verify(app.database).ok
