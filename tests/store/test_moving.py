"""A shop moved between databases: the same seals, the same views, the same conversation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.domain.errors import StoreError
from jitledger.service.upkeep.views_check import OWN
from jitledger.store.database import Database
from jitledger.store.moving import copied_tables, copy_shop
from jitledger.store.open import open_database
from jitledger.store.seals import verify
from jitledger.testing.shop import SampleShop
from tests.conftest import done, open_shop


def filled(url: str) -> App:
    """Return a shop with some days of trade, a person and something of the conversation."""
    app = open_shop(url)
    shop = SampleShop(3, date(2026, 1, 5), 6)
    for fields in (*shop.catalog(), *(one for day in shop.year() for one in day)):
        app.ledger.record(parse(fields))
    with app.database.transaction() as tx:
        app.database.lock(tx)
        tx.execute("INSERT INTO people VALUES ('m1', 'Öz', NULL, 7, 7, 'de', NULL)")
        tx.execute("INSERT INTO attachments VALUES ('h', 'image/jpeg', ?, 1)", (b"\x00\xff",))
        tx.execute(
            "INSERT INTO outbox (chat_id, kind, method, body, created_at) VALUES (7, 'reply', "
            "'sendMessage', '{}', 1)"
        )
    return app


def content(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return all that is copied."""
    with database.snapshot() as tx:
        return {
            table: sorted(
                (
                    tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)
                    for row in tx.all(f"SELECT {', '.join(columns)} FROM {table}")
                ),
                key=repr,
            )
            for table, columns in copied_tables().items()
        }


def views(app: App) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of every view, built anew."""
    app.driver.rebuild()
    app.driver.catch_up()
    tables = [t for p in app.driver.projections for t in p.definitions(app.database.dialect)]
    tables = [t for t in tables if t not in OWN]
    with app.database.snapshot() as tx:
        return {
            t: sorted((tuple(r) for r in tx.all(f"SELECT * FROM {t}")), key=repr) for t in tables
        }


@pytest.fixture
def sides(sqlite_url: str, store_url: str, tmp_path: Path) -> Iterator[tuple[App, str]]:
    """Return a shop in either kind of database, and an empty place of the other kind."""
    app = filled(store_url)
    other = f"sqlite:///{tmp_path / 'moved.db'}"
    yield app, other
    app.close()


def test_a_shop_is_moved_and_back(sides: tuple[App, str], tmp_path: Path) -> None:
    """From either kind into a file, and from there into another: nothing differs."""
    app, url = sides
    before = verify(app.database)
    target = open_database(url)
    verdict = copy_shop(app.database, target)
    assert (verdict.events, verdict.seals, verdict.seal) == (
        before.events,
        before.seals,
        before.seal,
    )
    assert content(target) == content(app.database)
    target.close()
    moved = open_app(Settings(database=url), create=False)
    assert views(moved) == views(app)
    done(moved, do="register", sku="AFTER", name="After")
    assert verify(moved.database, before.seal).witnessed
    moved.close()


def test_a_shop_is_moved_into_postgres(postgres_shop_url: str, sqlite_url: str) -> None:
    """What is written there afterwards gets numbers of its own."""
    app = filled(sqlite_url)
    target = open_database(postgres_shop_url)
    verdict = copy_shop(app.database, target)
    assert verdict.seal == verify(app.database).seal
    assert content(target) == content(app.database)
    target.close()
    moved = open_app(Settings(database=postgres_shop_url), create=False)
    assert views(moved) == views(app)
    with moved.database.transaction() as tx:
        moved.database.lock(tx)
        tx.execute(
            "INSERT INTO outbox (chat_id, kind, method, body, created_at) VALUES (7, 'reply', "
            "'sendMessage', '{}', 1)"
        )
        assert tx.one("SELECT COUNT(*) FROM outbox")[0] == 2
    done(moved, do="register", sku="AFTER", name="After")
    assert verify(moved.database, verdict.seal).witnessed
    moved.close()
    app.close()


def test_nothing_is_copied_over_a_shop(tmp_path: Path, sqlite_url: str) -> None:
    """A place that holds a shop is refused and stays as it is."""
    app, other = filled(sqlite_url), open_shop(f"sqlite:///{tmp_path / 'other.db'}")
    before = verify(other.database)
    with pytest.raises(StoreError) as refused:
        copy_shop(app.database, other.database)
    assert refused.value.code == "not-empty"
    assert verify(other.database) == before
    app.close()
    other.close()


def test_an_altered_shop_leaves_nothing_behind(tmp_path: Path, sqlite_url: str) -> None:
    """What does not agree with its seals is not there afterwards."""
    app = filled(sqlite_url)
    with app.database.transaction() as tx:
        app.database.lock(tx)
        tx.execute("UPDATE stored_events SET state = ? WHERE originator_version = 2", (b"{}",))
    target = open_database(f"sqlite:///{tmp_path / 'moved.db'}")
    with pytest.raises(StoreError) as refused:
        copy_shop(app.database, target)
    assert refused.value.code == "altered-copy"
    assert all(rows == [] for rows in content(target).values())
    target.close()
    app.close()
