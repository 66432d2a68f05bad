"""A process that stays: its write-ahead log grows once, and is copied beside the commits."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from jitledger.bootstrap import App, open_app
from jitledger.domain.errors import LedgerError
from jitledger.store import sqlite
from jitledger.store.seals import verify
from jitledger.store.sqlite_connection import LOG_PAGES
from tests.conftest import done


def test_the_log_has_its_length_before_the_first_command(app: App) -> None:
    """Nothing of what made it longer is in the shop, and what was there is there."""
    done(app, do="register", sku="MUG", name="Mug")
    done(app, do="receive", sku="MUG", qty="10")
    log = Path(f"{app.database.path}-wal")  # type: ignore[attr-defined]
    app.stay()
    length = log.stat().st_size
    assert length >= LOG_PAGES * sqlite.PAGE_BYTES
    done(app, do="sell", sku="MUG", qty="3")
    assert log.stat().st_size == length
    with app.database.snapshot() as tx:
        assert tx.all("SELECT name FROM sqlite_master WHERE name = 'room'") == []
        assert tx.one("PRAGMA integrity_check")[0] == "ok"
    assert app.queries.stock("MUG")["on_hand"] == "7"
    assert verify(app.database).ok


def test_staying_twice_grows_it_once(app: App) -> None:
    """The log of a shop that another process keeps open is left alone."""
    app.stay()
    log = Path(f"{app.database.path}-wal")  # type: ignore[attr-defined]
    length = log.stat().st_size
    app.stay()
    assert log.stat().st_size == length


def test_the_log_is_copied_while_commands_come(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """After enough commits the file holds them, although no commit copied the log."""
    monkeypatch.setattr(sqlite, "TIDY_SECONDS", 0.05)
    monkeypatch.setattr(sqlite, "TIDY_COMMITS", 5)
    done(app, do="register", sku="MUG", name="Mug")
    app.stay()
    file: Path = app.database.path  # type: ignore[attr-defined]
    before = file.stat().st_mtime_ns
    for _ in range(10):
        done(app, do="receive", sku="MUG", qty="1")
    for _ in range(100):
        if file.stat().st_mtime_ns > before:
            break
        time.sleep(0.02)
    assert file.stat().st_mtime_ns > before
    assert app.queries.stock("MUG")["on_hand"] == "10"


def test_a_view_keeps_what_it_found_and_the_next_one_does_not(app: App) -> None:
    """What is kept in a view ends with it: the shop of the next one is read anew."""
    with app.database.snapshot():
        before = app.queries.shop()
        done(app, do="location", code="attic")
        assert app.queries.shop() is before
        assert "attic" not in app.queries.shop().locations
    assert "attic" in app.queries.shop().locations


def test_a_shop_is_closed_while_somebody_reads_it(app: App) -> None:
    """Whoever reads in another thread is told; neither the process nor the file comes to harm."""
    begun, ended = threading.Event(), []

    def read() -> None:
        count = "SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 2000000000"
        slow = f"WITH RECURSIVE n(x) AS ({count}) SELECT MAX(x) FROM n"
        try:
            with app.database.snapshot() as tx:
                begun.set()
                tx.one(slow)
        except LedgerError as error:
            ended.append(error.code)

    thread = threading.Thread(target=read)
    thread.start()
    begun.wait()
    app.close()
    thread.join(10)
    assert ended == ["store"]
    again = open_app(app.settings)
    assert verify(again.database).ok
    again.close()


def test_a_shop_is_closed_while_somebody_writes_in_it(app: App) -> None:
    """Whoever writes in another thread ends or is told; a commit under way is never cut off.

    SQLite says of a commit that is not through that no transaction is open: closed on its word,
    the process dies.
    """
    with app.database.transaction() as tx:
        tx.execute("CREATE TABLE scratch (body BLOB)")
    app.close()
    for _ in range(40):
        again = open_app(app.settings)
        begun = threading.Event()
        told: list[str] = []
        written: list[int] = []

        def write(
            app: App = again,
            begun: threading.Event = begun,
            told: list[str] = told,
            written: list[int] = written,
        ) -> None:
            try:
                while True:
                    with app.database.transaction() as tx:
                        tx.execute("INSERT INTO scratch VALUES (zeroblob(20000))")
                    written.append(1)
                    begun.set()
            except LedgerError as error:
                told.append(error.code)

        threads = [threading.Thread(target=write) for _ in range(2)]
        for thread in threads:
            thread.start()
        begun.wait(10)
        again.close()
        for thread in threads:
            thread.join(10)
        assert told == ["store", "store"]
        check = open_app(app.settings)
        with check.database.transaction() as tx:
            assert tx.one("SELECT COUNT(*) FROM scratch")[0] >= len(written)
            tx.execute("DELETE FROM scratch")
        check.close()
