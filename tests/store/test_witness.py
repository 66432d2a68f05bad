"""A ledger that is older than what was told, and one that was written anew: both are noticed."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings, read_settings
from jitledger.domain.errors import StoreError
from jitledger.service.upkeep.health import health
from jitledger.service.upkeep.proof import prove
from jitledger.service.upkeep.witness import note, older_than_told, seen, witness_file
from jitledger.store.moving import copy_shop
from jitledger.store.open import open_database
from jitledger.store.seals import seal_of, sign_newest
from tests.conftest import done, open_shop

KEY = "k" * 40


def opened(path: Path, key: str | None = None) -> App:
    """Open a shop that is there."""
    return open_app(Settings(database=f"sqlite:///{path}", seal_key=key), create=False)


def shop(path: Path, key: str | None = None) -> App:
    """Open a new shop with something in it."""
    open_shop(f"sqlite:///{path}").close()
    app = opened(path, key)
    done(app, do="register", sku="MUG")
    done(app, do="receive", sku="MUG", qty="20")
    return app


def test_an_older_copy_is_not_the_ledger_that_was_told(tmp_path: Path) -> None:
    """A file that was put back verifies by itself; the witness says that it is older."""
    path = tmp_path / "shop.db"
    shop(path).close()
    shutil.copy(path, tmp_path / "old.db")
    app = opened(path)
    done(app, do="sell", sku="MUG", qty="3")
    file = witness_file(f"sqlite:///{path}")
    assert file is not None
    note(file, app.database, "2026-03-05")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert older_than_told(app.database, seen(file)) is None
    done(app, do="sell", sku="MUG", qty="1")
    assert older_than_told(app.database, seen(file)) is None  # It went on since.
    app.close()
    shutil.copy(tmp_path / "old.db", path)
    app = opened(path)
    assert prove(app.database).ok
    wrong = older_than_told(app.database, seen(file))
    assert wrong is not None
    assert "told on 2026-03-05" in wrong
    found = health(app.database, app.driver, app.clock, witness=seen(file))
    assert not found["ok"]
    assert found["older"] == wrong
    done(app, do="sell", sku="MUG", qty="2")  # As many appends as were told, but others.
    wrong = older_than_told(app.database, seen(file))
    assert wrong is not None
    assert "is another one" in wrong
    note(file, app.database, "2026-03-06")
    assert health(app.database, app.driver, app.clock, witness=seen(file))["ok"]
    app.close()


@pytest.mark.parametrize("kept", [b"", b"{}", b"[1]", b'{"ordinal": "x", "seal": 1}', b"\xff"])
def test_what_is_no_witness_is_none(tmp_path: Path, kept: bytes) -> None:
    """A file of another kind stops nothing."""
    (tmp_path / "w").write_bytes(kept)
    assert seen(tmp_path / "w") is None
    assert seen(tmp_path / "missing") is None


def test_a_witness_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    """The folder is missing: a store error that says which file."""
    app = shop(tmp_path / "shop.db")
    with pytest.raises(StoreError) as refused:
        note(tmp_path / "nowhere" / "w", app.database, "2026-03-05")
    assert refused.value.code == "witness-unwritable"
    app.close()


def rewritten(path: Path) -> None:
    """Change an entry and make every seal anew, as somebody can who knows how."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), '\"20\"', "
            "'\"90\"') AS BLOB) WHERE topic = 'stock-received'"
        )
        events = db.execute(
            "SELECT originator_id, originator_version, topic, state FROM stored_events "
            "ORDER BY rowid"
        ).fetchall()
        keys = db.execute("SELECT ordinal, key, digest, entries FROM command_keys").fetchall()
        before, at = bytes(32), 0
        rows = db.execute(
            "SELECT ordinal, events, last, present, highest FROM seals ORDER BY ordinal"
        ).fetchall()
        for ordinal, count, *clock in rows:
            own = [tuple(key[1:]) for key in keys if key[0] == ordinal]
            before = seal_of(before, events[at : at + count], own, tuple(clock))
            db.execute("UPDATE seals SET seal = ? WHERE ordinal = ?", (before, ordinal))
            at += count


def test_a_key_outside_finds_a_chain_that_was_made_anew(tmp_path: Path) -> None:
    """Seals can be made by whoever writes to the file; signatures cannot."""
    app = shop(tmp_path / "shop.db", KEY)
    assert prove(app.database).ok
    app.close()
    rewritten(tmp_path / "shop.db")
    app = opened(tmp_path / "shop.db")
    assert prove(app.database).ok  # Without the key nothing shows.
    app.close()
    app = opened(tmp_path / "shop.db", KEY)
    verdict = prove(app.database)
    assert not verdict.ok
    assert "signed with another key, or was altered" in (verdict.first_difference or "")
    app.close()


def test_what_was_recorded_without_the_key_is_named(tmp_path: Path) -> None:
    """An unsigned append behind a signed one; signing says that somebody looked at it."""
    app = shop(tmp_path / "shop.db", KEY)
    app.close()
    app = opened(tmp_path / "shop.db")
    done(app, do="sell", sku="MUG", qty="1")
    app.close()
    app = opened(tmp_path / "shop.db", KEY)
    verdict = prove(app.database)
    assert "is not signed with the key" in (verdict.first_difference or "")
    with app.database.transaction() as tx:
        app.database.lock(tx)
        sign_newest(tx, KEY.encode())
    done(app, do="sell", sku="MUG", qty="1")
    assert prove(app.database).ok
    app.close()
    app = opened(tmp_path / "shop.db", "another key that is long enough, too")
    assert not prove(app.database).ok
    app.close()


def test_signatures_gone_is_not_in_order(tmp_path: Path) -> None:
    """Whoever takes all of them away is found, too."""
    app = shop(tmp_path / "shop.db", KEY)
    app.close()
    with closing(sqlite3.connect(tmp_path / "shop.db")) as db, db:
        db.execute("DELETE FROM signatures")
    app = opened(tmp_path / "shop.db", KEY)
    assert "append 1 is not signed" in (prove(app.database).first_difference or "")
    app.close()


def test_a_copy_keeps_its_signatures(tmp_path: Path) -> None:
    """Seals and what the key made of them go along."""
    app = shop(tmp_path / "shop.db", KEY)
    target = open_database(f"sqlite:///{tmp_path / 'copy.db'}")
    copy_shop(app.database, target)
    target.close()
    app.close()
    app = opened(tmp_path / "copy.db", KEY)
    # The shop was opened before the key was used: signed from then on.
    assert prove(app.database).ok
    app.close()


def test_a_short_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be guessed protects nothing, and is not shown."""
    monkeypatch.setenv("JITLEDGER_SEAL_KEY", "secret")
    with pytest.raises(StoreError) as refused:
        read_settings()
    assert "at least 32" in refused.value.message
    assert "secret" not in refused.value.message
    monkeypatch.setenv("JITLEDGER_SEAL_KEY", KEY)
    assert KEY not in repr(read_settings())
