"""Copies: made while others write, whole or refused, and never in the place of something."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.domain.errors import StoreError
from jitledger.store.copies import back_up, restore
from jitledger.store.open import open_database
from jitledger.store.seals import verify
from tests.conftest import done


def _shop(folder: Path, name: str = "shop.db") -> App:
    app = open_app(Settings(database=f"sqlite:///{folder / name}"))
    done(app, do="init", name="Copied")
    done(app, do="register", sku="MUG", name="Mug")
    done(app, do="receive", sku="MUG", qty="20")
    return app


def _names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_copy_is_one_whole_file_for_its_owner_alone(tmp_path: Path) -> None:
    """It has the events and the seal of its moment, and opens as a shop."""
    app = _shop(tmp_path)
    copied = back_up(app.database, tmp_path / "copy.db")
    assert stat.S_IMODE(os.stat(copied.file).st_mode) == 0o600
    assert copied.bytes == copied.file.stat().st_size
    verdict = verify(app.database)
    assert (copied.events, copied.seal) == (verdict.events, verdict.seal)
    done(app, do="sell", sku="MUG", qty="5")
    app.close()
    other = open_app(Settings(database=f"sqlite:///{copied.file}"), create=False)
    assert other.queries.stock("MUG")["on_hand"] == "20"
    other.close()


def test_a_copy_is_made_while_somebody_records(tmp_path: Path) -> None:
    """Each copy is one moment: whole seals, no fewer events than were acknowledged before it."""
    app = _shop(tmp_path)
    begun = verify(app.database).events
    done_at: list[int] = []
    ended = threading.Event()

    def record() -> None:
        other = open_app(Settings(database=f"sqlite:///{tmp_path / 'shop.db'}"))
        while not ended.is_set():
            assert other.ledger.record(parse({"do": "sell", "sku": "MUG", "qty": "1"})).ok
            done_at.append(1)
        other.close()

    writer = threading.Thread(target=record)
    writer.start()
    try:
        for number in range(5):
            before = len(done_at)
            copied = back_up(app.database, tmp_path / f"copy{number}.db")
            assert copied.events >= begun + before
    finally:
        ended.set()
        writer.join()
    app.close()
    assert len(done_at) > 5


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """A file that is there stays, the shop itself always; a shop is never restored over."""
    app = _shop(tmp_path)
    taken = tmp_path / "taken.db"
    taken.write_text("mine")
    with pytest.raises(StoreError, match="is there already") as refused:
        back_up(app.database, taken)
    assert refused.value.exit_code == 4
    assert taken.read_text() == "mine"
    with pytest.raises(StoreError, match="is the shop itself"):
        back_up(app.database, tmp_path / "shop.db", force=True)
    copied = back_up(app.database, taken, force=True)
    before = (tmp_path / "shop.db").read_bytes()
    with pytest.raises(StoreError, match="holds a database already"):
        restore(copied.file, open_database(f"sqlite:///{tmp_path / 'shop.db'}"))
    assert (tmp_path / "shop.db").read_bytes() == before
    app.close()


def test_a_restored_shop_is_the_same(tmp_path: Path) -> None:
    """Events, seal and stock; what is recorded then goes on from there."""
    app = _shop(tmp_path)
    copied = back_up(app.database, tmp_path / "copy.db")
    app.close()
    url = f"sqlite:///{tmp_path / 'new.db'}"
    restored = restore(copied.file, open_database(url))
    assert (restored.events, restored.seal) == (copied.events, copied.seal)
    again = open_app(Settings(database=url), create=False)
    done(again, do="sell", sku="MUG", qty="1")
    assert again.queries.stock("MUG")["on_hand"] == "19"
    assert verify(again.database, copied.seal).witnessed
    again.close()


@dataclass(frozen=True)
class Whole:
    """A copy: its bytes, which are not to be shown, and its seal."""

    stored: bytes = field(repr=False)
    seal: str


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Return the bytes and the seal of a copy."""
    folder = tmp_path_factory.mktemp("whole")
    app = _shop(folder)
    copied = back_up(app.database, folder / "copy.db")
    app.close()
    return Whole(copied.file.read_bytes(), copied.seal)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.booleans(), at=st.integers(0, 1_000_000), bits=st.integers(1, 255))
def test_a_damaged_copy_is_refused_and_leaves_nothing(
    whole: Whole, tmp_path: Path, cut: bool, at: int, bits: int
) -> None:
    """Cut off, or with a byte of the ledger changed: refused with exit 4, or it changed nothing."""
    stored, seal = whole.stored, whole.seal
    folder = tmp_path / "try"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    copy = folder / "copy.db"
    filled = [place for place, byte in enumerate(stored) if byte]
    place = filled[at % len(filled)]  # Most of a small shop's file is empty.
    damaged = bytearray(stored[:place] if cut else stored)
    if not cut:
        damaged[place] ^= bits
    copy.write_bytes(damaged)
    target = f"sqlite:///{folder / 'new.db'}"
    try:
        restored = restore(copy, open_database(target))
    except StoreError as error:
        assert error.exit_code == 4
        assert _names(folder) == {"copy.db"}
        return
    assert restored.seal == seal


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    """No database, the database of another program, nothing at all."""
    import sqlite3

    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    connection.close()
    text = tmp_path / "text.db"
    text.write_text("hello")
    for file in (other, text, tmp_path / "nowhere.db"):
        with pytest.raises(StoreError) as refused:
            restore(file, open_database(f"sqlite:///{tmp_path / 'new.db'}"))
        assert refused.value.code == "damaged-copy"
    assert _names(tmp_path) == {"other.db", "text.db"}


def test_a_shop_on_postgres_is_copied_restored_and_goes_on(
    postgres_shop_url: str, postgres_url: str, tmp_path: Path
) -> None:
    """While it is written to: one file with the same seals, put back into another schema."""
    app = open_app(Settings(database=postgres_shop_url))
    done(app, do="init", name="Copied")
    done(app, do="register", sku="MUG", name="Mug")
    done(app, do="receive", sku="MUG", qty="20")
    ended = threading.Event()

    def record() -> None:
        other = open_app(Settings(database=postgres_shop_url))
        while not ended.is_set():
            assert other.ledger.record(parse({"do": "sell", "sku": "MUG", "qty": "1"})).ok
        other.close()

    writer = threading.Thread(target=record)
    writer.start()
    try:
        copied = back_up(app.database, tmp_path / "copy.db")
    finally:
        ended.set()
        writer.join()
    assert stat.S_IMODE(os.stat(copied.file).st_mode) == 0o600
    assert verify(app.database, copied.seal).witnessed
    joiner = "&" if "?" in postgres_url else "?"
    url = f"{postgres_url}{joiner}options=-csearch_path%3Drestored_{os.getpid()}"
    place = open_database(url)
    restored = restore(copied.file, place)
    assert (restored.events, restored.seal) == (copied.events, copied.seal)
    with pytest.raises(StoreError) as again:
        restore(copied.file, place)
    assert again.value.code == "not-empty"
    place.close()
    there = open_app(Settings(database=url), create=False)
    there.driver.rebuild()
    there.driver.catch_up()
    done(there, do="sell", sku="MUG", qty="1")
    assert verify(there.database, copied.seal).witnessed
    there.close()
    app.close()


def test_a_damaged_copy_is_put_into_no_postgres(postgres_shop_url: str, tmp_path: Path) -> None:
    """Cut off or altered: refused, and the schema holds no shop afterwards."""
    app = _shop(tmp_path)
    copied = back_up(app.database, tmp_path / "copy.db")
    app.close()
    whole = copied.file.read_bytes()
    place = open_database(postgres_shop_url)
    for name, data in (("cut", whole[: len(whole) // 2]), ("foreign", b"x" * 9000)):
        broken = tmp_path / f"{name}.db"
        broken.write_bytes(data)
        with pytest.raises(StoreError) as refused:
            restore(broken, place)
        assert refused.value.code == "damaged-copy"
    assert not place.exists()
    place.close()
