"""What changes on the disk is seen: in the log by its seals, in a view by building it anew."""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from jitledger.bootstrap import all_views, open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError
from jitledger.service.upkeep.health import health
from jitledger.service.upkeep.proof import prove
from jitledger.service.upkeep.views_check import OWN, check_views
from jitledger.store.seals import verify
from tests.conftest import done, open_shop


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """Return the file of a closed shop with something in every usual view."""
    path = tmp_path / "shop.db"
    app = open_shop(f"sqlite:///{path}")
    done(app, do="supplier", code="ACME", name="Acme", lead_time_days="7")
    for sku in ("MUG", "VASE", "BELL"):
        done(app, do="register", sku=sku, name=sku.title())
        done(app, do="terms", supplier="ACME", sku=sku, unit_cost="4")
        done(app, do="receive", sku=sku, qty="20", unit_cost="4")
        done(app, do="sell", sku=sku, qty="3", unit_price="9")
    app.driver.catch_up()
    app.close()
    return path


def test_sound_views_are_what_the_log_says(filled: Path) -> None:
    """Nothing is told of a shop that is in order, and nothing of it is changed."""
    app = open_app(Settings(database=f"sqlite:///{filled}"), create=False)
    assert check_views(app.database, all_views()) == []
    assert verify(app.database).ok
    app.close()
    assert not list(filled.parent.glob("*.part"))


@pytest.mark.slow
def test_each_changed_cell_of_a_view_is_found(filled: Path) -> None:
    """Every table of every view that has rows: one cell changed, and it is named."""
    tables = [t for p in all_views() for t in p.definitions("sqlite") if t not in OWN]
    tried = 0
    for table in tables:
        path = filled.with_name(f"{table}.db")
        shutil.copy(filled, path)
        with closing(sqlite3.connect(path)) as shop, shop:
            columns = [row[1] for row in shop.execute(f"PRAGMA table_info({table})")]
            if shop.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] == 0:
                continue
            key = ", ".join(columns[:1])
            shop.execute(
                f"UPDATE {table} SET {columns[-1]} = 'x' WHERE {key} = (SELECT {key} FROM {table})"
            )
        app = open_app(Settings(database=f"sqlite:///{path}"), create=False)
        found = check_views(app.database, all_views())
        assert table in [one.view for one in found], table
        assert verify(app.database).ok  # The seals say nothing of views.
        app.driver.rebuild()
        assert check_views(app.database, all_views()) == []
        app.close()
        tried += 1
    assert tried >= 5


@pytest.mark.slow
def test_flipped_bits_give_no_wrong_stock_in_silence(filled: Path) -> None:
    """Of 60 flipped bits each one is either seen by somebody, or changes no answer."""
    rng = random.Random(11)
    whole = filled.read_bytes()
    places = [place for place in range(4096, len(whole)) if whole[place]]
    right = {"MUG": "17", "VASE": "17", "BELL": "17"}
    seen = 0
    for number in range(60):
        path = filled.with_name(f"flip-{number}.db")
        data = bytearray(whole)
        data[rng.choice(places)] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        try:
            app = open_app(Settings(database=f"sqlite:///{path}"), create=False)
        except LedgerError:
            seen += 1
            continue
        try:
            well = (
                verify(app.database).ok
                and health(app.database, app.driver, whole=True)["ok"]
                and check_views(app.database, all_views()) == []
            )
            if well:
                assert {sku: app.queries.stock(sku)["on_hand"] for sku in right} == right
            else:
                seen += 1
        except LedgerError:
            seen += 1
        finally:
            app.close()
    assert seen > 5


def test_doctor_sees_a_file_that_is_damaged(filled: Path) -> None:
    """A broken index is no wrong row; SQLite's own check finds it, and doctor says it."""
    with closing(sqlite3.connect(filled)) as shop, shop:
        page = shop.execute(
            "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'inbox'"
        ).fetchone()[0]
    data = bytearray(filled.read_bytes())
    data[(page - 1) * 4096 : (page - 1) * 4096 + 200] = bytes(200)
    filled.write_bytes(data)
    app = open_app(Settings(database=f"sqlite:///{filled}"), create=False)
    found = health(app.database, app.driver, whole=True)
    assert not found["ok"]
    assert found["damage"]
    app.close()


RECEIVED = "INSERT INTO attachments VALUES (?, 'image/jpeg', ?, 1)"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE claims SET owner = 'VASE' WHERE value = 'mug'", "sku MUG belongs to MUG"),
        ("DELETE FROM claims WHERE kind = 'supplier'", "supplier acme belongs to ACME"),
        ("INSERT INTO claims VALUES ('barcode', '40063813', 'MUG')", "is not in the log"),
        ("UPDATE attachments SET body = x'00'", "is not what was kept"),
        ("DELETE FROM attachments", "is missing"),
    ],
)
def test_what_follows_from_the_log_is_proven_with_it(filled: Path, change: str, told: str) -> None:
    """Claims and photos are under no seal of their own; altered ones are named all the same."""
    photo = b"a delivery note"
    name = hashlib.sha256(photo).hexdigest()
    app = open_app(Settings(database=f"sqlite:///{filled}"), create=False)
    command = parse({"do": "receive", "sku": "MUG", "qty": "1", "attachment": name})
    app.ledger.record(command, channel="telegram")
    app.close()
    with closing(sqlite3.connect(filled)) as shop, shop:
        shop.execute(RECEIVED, (name, photo))
    app = open_app(Settings(database=f"sqlite:///{filled}"), create=False)
    assert prove(app.database).ok
    app.close()
    with closing(sqlite3.connect(filled)) as shop, shop:
        shop.execute(change)
    app = open_app(Settings(database=f"sqlite:///{filled}"), create=False)
    verdict = prove(app.database)
    assert not verdict.ok
    assert told in (verdict.first_difference or "")
    app.close()


def test_a_kind_of_entry_that_nobody_knows_is_said(filled: Path) -> None:
    """Doctor names what a newer program recorded, and is well again when it is known."""
    with closing(sqlite3.connect(filled)) as shop, shop:
        shop.execute("UPDATE stored_events SET topic = 'stock-beamed' WHERE topic = 'stock-sold'")
    app = open_app(Settings(database=f"sqlite:///{filled}"), create=False)
    found = health(app.database, app.driver, app.clock, whole=True)
    assert not found["ok"]
    assert found["newer_kinds"] == ["stock-beamed"]
    app.close()
    with closing(sqlite3.connect(filled)) as shop, shop:
        shop.execute("UPDATE stored_events SET topic = 'stock-sold' WHERE topic = 'stock-beamed'")
    app = open_app(Settings(database=f"sqlite:///{filled}"), create=False)
    assert health(app.database, app.driver, app.clock, whole=True)["ok"]
    app.close()
