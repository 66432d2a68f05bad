"""Projections: inline, caught up, rebuilt and folded through the mapper are the same rows (P7)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitledger.bootstrap import App
from jitledger.domain.commands import parse
from jitledger.domain.state.stock_item import fold
from jitledger.service.recording.submission import Ask, Submission
from jitledger.service.streams import Change, load_shop
from jitledger.service.views.contract import Batch
from jitledger.service.views.driver import Driver
from jitledger.store.codec import EventMapper
from jitledger.store.database import Tx
from jitledger_projections.views.demand_rate import DemandRate
from jitledger_projections.views.on_hand import OnHand
from jitledger_projections.views.products import search
from tests.conftest import done, open_shop
from tests.domain.test_properties import START, Step, commands, histories

TABLES = (
    "on_hand",
    "demand_day",
    "stockout",
    "exceptions",
    "products",
    "suppliers",
    "terms",
    "purchase_orders",
    "order_lines",
    "order_receipts",
)


def rows(app: App) -> dict[str, list[Any]]:
    """Return every view's rows, sorted."""
    with app.database.snapshot() as tx:
        return {t: sorted(tx.all(f"SELECT * FROM {t}"), key=repr) for t in TABLES}


def play(app: App, history: list[Step], together: int = 1) -> None:
    """Record a generated history through the ledger, so many commands in one append."""
    stamp = START.isoformat()
    for code in ("shop", "back"):
        done(app, do="location", code=code, now=stamp)
    done(app, do="register", sku="MUG", name="Blue mug", now=stamp)
    done(app, do="supplier", code="ACME", lead_time_days="7", now=stamp)
    done(app, do="terms", supplier="ACME", sku="MUG", unit_cost="4", now=stamp)
    asks = [Ask(parse({**fields, "now": now})) for now, fields in commands(history)]
    for start in range(0, len(asks), together):
        app.ledger.commit(Submission(asks[start : start + together]))


@pytest.mark.slow
@given(histories, st.sampled_from([1, 3, 20]))
@settings(max_examples=40)
def test_inline_rows_are_what_a_rebuild_gives(history: list[Step], together: int) -> None:
    """P7: rows kept inline equal those of a rebuild from the raw log, however they were grouped."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        app = open_shop(f"sqlite:///{folder}/shop.db", timezone="Europe/Berlin")
        play(app, history, together)
        inline = rows(app)
        app.driver.rebuild()
        assert rows(app) == inline
        assert through_the_mapper(app, "MUG") == {
            t: inline[t] for t in ("on_hand", "demand_day", "stockout")
        }
        app.close()


def through_the_mapper(app: App, sku: str) -> dict[str, list[Any]]:
    """Fold an item's events read through the library's recorder and mapper into view rows."""
    mapper = EventMapper()
    recorder = app.database.recorder  # type: ignore[attr-defined]
    events = [mapper.to_domain_event(row) for row in recorder.select_events(f"sku/{sku}")]
    entries = [(recorded.originator_version, recorded.event) for recorded in events]
    with app.database.snapshot() as tx:
        shop = load_shop(app.database, tx)
    found = Recorded()
    batch = Batch([Change(f"sku/{sku}", True, item=fold(sku, entries, shop.days))], shop)
    OnHand().apply(found, batch, "")
    DemandRate().apply(found, batch, "")
    return {t: sorted(found.rows[t], key=repr) for t in ("on_hand", "demand_day", "stockout")}


class Recorded(Tx):
    """A transaction that keeps inserted rows instead of writing them."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Any]] = {"on_hand": [], "demand_day": [], "stockout": []}

    def execute(self, sql: str, params: Any = ()) -> None:
        """Take no notice."""

    def executemany(self, sql: str, rows: Any) -> None:
        """Keep inserted rows."""
        if sql.startswith("INSERT INTO "):
            self.rows[sql.split()[2]] += [tuple(row) for row in rows]

    def insert_rows(self, insert: str, values: str, rows: Any) -> None:
        """Keep inserted rows with the zeros that stand in the statement."""
        zeros = (0, 0.0, 0.0) if values.endswith("0, 0.0, 0.0)") else ()
        self.rows[insert.split()[2]] += [(*row, *zeros) for row in rows]

    def fetchone(self) -> Any:
        """Return nothing."""

    def fetchall(self) -> list[Any]:
        """Return nothing."""
        return []

    def insert_events(self, events: Any, before: int) -> int:
        """Take no notice."""
        return 0

    def insert_many(self, events: Any) -> None:
        """Take no notice."""


class Buggy(OnHand):
    """On hand with a bug for one SKU."""

    broken = True

    def apply(self, tx: Tx, batch: Batch, suffix: str) -> None:
        """Fail at CUP while the bug is there."""
        for _, item in batch.items():
            if self.broken and item.sku == "CUP":
                raise ZeroDivisionError("a bug")
        super().apply(tx, batch, suffix)


@pytest.fixture
def buggy(any_app: App) -> tuple[App, Buggy]:
    """Put the buggy projection into a shop's driver."""
    projection = Buggy()
    any_app.driver.projections[0] = projection
    any_app.driver.forget()
    for sku in ("MUG", "CUP"):
        done(any_app, do="register", sku=sku, name=sku)
    return any_app, projection


def test_a_projection_with_a_bug_stops_visibly_and_the_ledger_goes_on(
    buggy: tuple[App, Buggy],
) -> None:
    """It stops at its position, doctor names SKU and position; after the fix it catches up."""
    from jitledger.service.upkeep.health import health

    app, projection = buggy
    app.driver.catch_up()
    done(app, do="receive", sku="CUP", qty="5")
    done(app, do="receive", sku="MUG", qty="3")
    assert app.queries.stock("MUG")["on_hand"] == "3"
    found = health(app.database, app.driver)
    assert found["stopped"] == ["on_hand"]
    assert not found["ok"]
    error = next(p["error"] for p in found["projections"] if p["projection"] == "on_hand")
    assert "CUP" in error
    assert "position" in error
    projection.broken = False
    assert app.driver.catch_up() == []
    fixed = rows(app)["on_hand"]
    assert {(r[0], r[2]) for r in fixed} == {("MUG", "3"), ("CUP", "5")}
    assert health(app.database, app.driver)["ok"]


def test_a_rebuild_that_fails_leaves_the_old_rows(buggy: tuple[App, Buggy]) -> None:
    """Readers keep the old rows when the new ones cannot be made."""
    app, projection = buggy
    projection.broken = False
    app.driver.catch_up()
    done(app, do="receive", sku="CUP", qty="5")
    before = rows(app)["on_hand"]
    projection.broken = True
    app.driver.rebuild("on_hand")
    assert rows(app)["on_hand"] == before


def test_an_old_process_does_not_write_rows_of_a_new_shape(any_app: App) -> None:
    """A changed version means rebuild; until then inline writers leave the rows alone."""
    done(any_app, do="register", sku="MUG", name="Mug")
    any_app.driver.projections[0].version = 99
    any_app.driver.forget()
    done(any_app, do="receive", sku="MUG", qty="5")
    assert rows(any_app)["on_hand"] == []
    any_app.driver.catch_up()
    assert [r[2] for r in rows(any_app)["on_hand"]] == ["5"]


def test_views_catch_up_after_they_were_left_behind(any_app: App) -> None:
    """Rows written while a view is behind and rows caught up later are the same as a rebuild's."""
    app = any_app
    for sku in ("MUG", "CUP"):
        done(app, do="register", sku=sku, name=sku)
    behind = Driver(app.database, [])
    kept, app.ledger.driver = app.ledger.driver, behind
    for _ in range(5):
        done(app, do="receive", sku="MUG", qty="2")
    app.ledger.driver = kept
    done(app, do="sell", sku="CUP", qty="1")
    done(app, do="sell", sku="MUG", qty="1")
    assert app.driver.behind() == [p.name for p in app.driver.projections]
    app.driver.catch_up()
    assert app.driver.behind() == []
    caught_up = rows(app)
    app.driver.rebuild()
    assert rows(app) == caught_up


def test_search_finds_by_the_beginnings_of_words(any_app: App) -> None:
    """Full text finds codes, names and barcodes by their beginnings, all words first."""
    done(any_app, do="register", sku="AB-123", name="Blue mug", barcodes=["4006381333931"])
    done(any_app, do="register", sku="C9", name="Blue bowl")
    with any_app.database.snapshot() as tx:
        dialect = any_app.database.dialect
        assert [sku for sku, _ in search(tx, dialect, "blu mu")] == ["AB-123"]
        assert [sku for sku, _ in search(tx, dialect, "ab123")] == ["AB-123"]
        assert [sku for sku, _ in search(tx, dialect, "40063813")] == ["AB-123"]
        assert {sku for sku, _ in search(tx, dialect, "blue vase")} == {"AB-123", "C9"}
        assert search(tx, dialect, "';--\"") == []
    done(any_app, do="rename", sku="AB-123", name="Green mug")
    with any_app.database.snapshot() as tx:
        assert search(tx, dialect, "green") == [("AB-123", "Green mug")]
        assert [s for s, _ in search(tx, dialect, "blue")] == ["C9"]
