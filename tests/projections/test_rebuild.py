"""Rebuilds beside appends, beside each other, and with a bug; groups of commands in one append."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.domain.errors import StoreError
from jitledger.service.recording.submission import Ask, Submission
from jitledger.service.streams import load_changes, load_shop
from jitledger.service.upkeep.health import health
from jitledger.service.views.contract import Projection
from jitledger.service.views.rebuild import Rebuild
from jitledger.service.views.standing import all_standings
from tests.conftest import done
from tests.projections.test_projections import Buggy, rows


@pytest.fixture
def shop(any_app: App) -> App:
    """Open a shop in which something of every kind happened."""
    done(any_app, do="supplier", code="ACME", name="Acme")
    for sku in ("MUG", "CUP", "JUG"):
        done(any_app, do="register", sku=sku, name=f"Blue {sku.lower()}")
        done(any_app, do="terms", supplier="ACME", sku=sku, unit_cost="4")
    done(any_app, do="receive", sku="MUG", qty="5")
    done(any_app, do="sell", sku="MUG", qty="2")
    done(any_app, do="receive", sku="CUP", qty="1")
    done(any_app, do="sell", sku="CUP", qty="3")
    done(any_app, do="count", sku="JUG", qty="0")
    done(any_app, do="order", po="P1", supplier="ACME", lines=[{"sku": "JUG", "qty": "9"}])
    return any_app


MEANWHILE: list[list[dict[str, Any]]] = [
    [{"do": "sell", "sku": "MUG", "qty": "1"}],
    [{"do": "rename", "sku": "MUG", "name": "Red mug"}],
    [{"do": "terms", "supplier": "ACME", "sku": "MUG", "unit_cost": "5"}],
    [{"do": "sell", "sku": "CUP", "qty": "1"}],
    [{"do": "receive", "sku": "CUP", "qty": "8"}],
    [{"do": "void", "entry": "MUG/3", "reason": "never came"}],
    [{"do": "void", "entry": "MUG/4", "reason": "never sold"}],
    [{"do": "void", "entry": "JUG/3", "reason": "miscounted"}],
    [{"do": "receive", "sku": "JUG", "qty": "4"}, {"do": "order-cancel", "po": "P1", "sku": "JUG"}],
    [{"do": "register", "sku": f"NEW{n}", "name": "New"} for n in range(25)],
]


@pytest.mark.parametrize("meanwhile", MEANWHILE, ids=lambda commands: commands[0]["do"])
def test_what_is_recorded_during_a_rebuild_is_in_it(
    shop: App, monkeypatch: pytest.MonkeyPatch, meanwhile: list[dict[str, Any]]
) -> None:
    """Appends between the reading of the log and the rename leave the rows a later one gives."""
    swap = Rebuild.swap
    left = [meanwhile]

    def late(driver: Any, projection: Projection, head: int) -> None:
        while left:
            for command in left.pop():
                done(shop, **command)
        swap(driver, projection, head)

    monkeypatch.setattr(Rebuild, "swap", late)
    shop.driver.rebuild()
    assert health(shop.database, shop.driver)["ok"]
    found = rows(shop)
    shop.driver.rebuild()
    assert rows(shop) == found
    assert shop.queries.stock("MUG")["on_hand"] == next(
        row[2] for row in found["on_hand"] if row[0] == "MUG"
    )


def _in_thread(work: Callable[[], Any], errors: list[BaseException]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_two_rebuilds_take_their_turns(shop: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second rebuild, of another process, waits for the first; no row is lost."""
    other = open_app(Settings(database=shop.settings.database))
    before = rows(shop)
    fill = Rebuild.fill_shadow
    errors: list[BaseException] = []
    threads: list[threading.Thread] = []

    def slow(driver: Any, *rest: Any) -> None:
        fill(driver, *rest)
        if driver.database is shop.database and not threads:
            threads.append(_in_thread(other.driver.rebuild, errors))
            threads[0].join(0.3)
            assert threads[0].is_alive()

    monkeypatch.setattr(Rebuild, "fill_shadow", slow)
    shop.driver.rebuild()
    threads[0].join(30)
    assert errors == []
    assert rows(shop) == before
    other.close()


def test_an_open_view_sees_the_old_rows_or_the_new_ones(shop: App) -> None:
    """A view opened before a rebuild and first looked at after it is no empty shop."""
    other = open_app(Settings(database=shop.settings.database))
    errors: list[BaseException] = []
    with shop.database.snapshot() as tx:
        thread = _in_thread(other.driver.rebuild, errors)
        thread.join(0.5)
        assert done(shop, do="sell", sku="MUG", qty="1").ok  # Nobody is kept waiting by it.
        seen = tx.one("SELECT COUNT(*) FROM on_hand")[0], tx.one("SELECT COUNT(*) FROM products")[0]
        assert seen == (3, 3)
    thread.join(30)
    assert errors == []
    assert health(shop.database, shop.driver)["ok"]
    found = rows(shop)
    shop.driver.rebuild()
    assert rows(shop) == found
    other.close()


def test_of_two_that_find_an_old_view_one_rebuilds_it(
    shop: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an upgrade the second process finds the view rebuilt and leaves it alone."""
    before = rows(shop)
    with shop.database.transaction() as tx:
        shop.database.lock(tx)
        tx.execute("UPDATE projections SET version = 0")
    shop.driver.forget()
    others = [open_app(Settings(database=shop.settings.database)) for _ in range(2)]
    rebuilds = []
    rebuild = Rebuild.run

    def counted(driver: Any, *rest: Any) -> int:
        rebuilds.append(driver)
        return rebuild(driver, *rest)

    monkeypatch.setattr(Rebuild, "run", counted)
    errors: list[BaseException] = []
    threads = [_in_thread(app.driver.catch_up, errors) for app in others]
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert len(rebuilds) == 1
    assert rows(shop) == before
    assert health(shop.database, shop.driver)["ok"]
    for app in others:
        app.close()


@pytest.fixture
def buggy(shop: App) -> tuple[App, Buggy]:
    """Give a shop's driver a view with a bug at CUP."""
    projection = Buggy()
    shop.driver.projections[0] = projection
    shop.driver.forget()
    return shop, projection


def test_a_stopped_view_whose_rebuild_fails_stays_where_it_stood(buggy: tuple[App, Buggy]) -> None:
    """What came after its position is not forgotten: after the fix it catches up with all of it."""
    app, projection = buggy
    done(app, do="receive", sku="CUP", qty="7")
    done(app, do="receive", sku="MUG", qty="7")
    stood = _standing(app, "on_hand")
    assert stood.status == "stopped"
    app.driver.rebuild("on_hand")
    after = _standing(app, "on_hand")
    assert (after.status, after.position) == ("stopped", stood.position)
    assert "sku/CUP" in str(after.error)
    assert not health(app.database, app.driver)["ok"]
    assert [s.name for s in app.driver.catch_up()] == ["on_hand"]
    projection.broken = False
    assert app.driver.catch_up() == []
    found = rows(app)
    app.driver.rebuild()
    assert rows(app) == found


def test_a_new_version_that_cannot_be_built_is_said(buggy: tuple[App, Buggy]) -> None:
    """The rows of the old version stay, the view is stopped, and the next catch-up tries again."""
    app, projection = buggy
    before = rows(app)
    old, projection.version = projection.version, projection.version + 1
    app.driver.forget()
    assert [s.name for s in app.driver.catch_up()] == ["on_hand"]
    assert rows(app) == before
    stood = _standing(app, "on_hand")
    assert (stood.version, stood.status) == (old, "stopped")
    projection.broken = False
    assert app.driver.catch_up() == []
    assert _standing(app, "on_hand").version == old + 1


def test_an_old_program_leaves_the_rows_of_a_newer_one(buggy: tuple[App, Buggy]) -> None:
    """It neither rebuilds nor catches up what a newer program wrote, and says so when asked to."""
    app, projection = buggy
    newer, projection.version = projection.version, projection.version - 1
    app.driver.forget()
    app.driver.catch_up()
    assert _standing(app, "on_hand").version == newer
    with pytest.raises(StoreError, match="newer jitledger"):
        app.driver.rebuild("on_hand")


def _standing(app: App, name: str) -> Any:
    with app.database.snapshot() as tx:
        return all_standings(tx)[name]


def test_an_event_of_a_newer_program_is_not_skipped(shop: App) -> None:
    """Whoever folds streams and meets a stored name or version it does not know says so."""
    body = b'{"recorded_at":1,"effective_at":1,"location":"main","quantity":"1"'
    unknown = ("stock-teleported", body + b"}"), ("stock-sold", body + b',"v":7}')
    with shop.database.snapshot() as tx:
        folded = load_shop(shop.database, tx)
    for sku, (topic, state) in zip(("OLD", "ODD"), unknown, strict=True):
        with shop.database.transaction() as tx:
            shop.database.lock(tx)
            tx.insert_many([(f"sku/{sku}", 1, topic, state)])
        refused = pytest.raises(StoreError, match="newer than this program")
        with refused, shop.database.snapshot() as tx:
            load_changes(shop.database, tx, [f"sku/{sku}"], folded)


def together(app: App, *commands: dict[str, Any]) -> None:
    """Record commands in one append."""
    outcome = app.ledger.commit(Submission([Ask(parse(command)) for command in commands]))
    assert all(answer.ok for answer in outcome.answers)


def test_times_without_stock_that_begin_and_end_in_one_append(shop: App) -> None:
    """Received, sold out and received again at once: both times without stock stand as ended."""
    together(
        shop,
        {"do": "receive", "sku": "JUG", "qty": "2", "now": "2026-03-05T08:00Z"},
        {"do": "sell", "sku": "JUG", "qty": "2", "now": "2026-03-06T08:00Z"},
        {"do": "receive", "sku": "JUG", "qty": "2", "now": "2026-03-07T08:00Z"},
    )
    inline = rows(shop)
    assert [row[3] is None for row in inline["stockout"] if row[0] == "JUG"] == [False, False]
    shop.driver.rebuild()
    assert rows(shop) == inline


def test_a_count_at_the_moment_of_a_sale_undoes_the_time_without_stock(shop: App) -> None:
    """Sold out and counted at one moment: it was never out, inline as after a rebuild."""
    at = "2026-03-02T12:00Z"
    done(shop, do="receive", sku="JUG", qty="2", now="2026-03-01T08:00Z")
    done(shop, do="sell", sku="JUG", qty="2", occurred_at=at, now="2026-03-03T08:00Z")
    done(shop, do="count", sku="JUG", qty="1", occurred_at=at, now="2026-03-04T08:00Z")
    inline = rows(shop)
    assert not [row for row in inline["stockout"] if row[0] == "JUG" and row[3] is None]
    shop.driver.rebuild()
    assert rows(shop) == inline


def test_a_place_that_only_a_released_promise_spoke_of_has_no_row(shop: App) -> None:
    """Its receipt voided and its promise released, the place is nowhere in the view."""
    done(shop, do="location", code="B")
    (receipt,) = done(shop, do="receive", sku="MUG", qty="3", at="B").entries
    lines = [{"sku": "MUG", "qty": "3", "at": "B"}]
    done(shop, do="reserve", reservation="R", lines=lines)
    done(shop, do="void", entry=receipt, reason="never came")
    done(shop, do="release", reservation="R")
    inline = rows(shop)
    assert [row[1] for row in inline["on_hand"] if row[0] == "MUG"] == ["main"]
    shop.driver.rebuild()
    assert rows(shop) == inline
