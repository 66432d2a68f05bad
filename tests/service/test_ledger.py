"""The ledger when something goes wrong around it: interruptions, callers that give up, bugs."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from jitledger.bootstrap import App
from jitledger.domain.commands import parse
from jitledger.service.recording.submission import Ask, Submission
from jitledger.service.upkeep.health import health
from jitledger.store.database import Tx
from jitledger.store.seals import verify
from tests.conftest import do, done
from tests.projections.test_projections import rows


def ask(**fields: Any) -> Submission:
    """Return a submission of one command."""
    return Submission([Ask(parse(fields))])


@pytest.fixture
def shop(any_app: App) -> App:
    """Open a shop with two products, one of which is watched."""
    for sku in ("MUG", "PEN"):
        done(any_app, do="register", sku=sku, name=sku)
        done(any_app, do="receive", sku=sku, qty="9")
    done(any_app, do="policy", sku="MUG", method="manual", reorder_point="5", order_quantity="4")
    return any_app


@pytest.mark.parametrize("at", ["INSERT INTO stored_events", "INSERT INTO seals", "COMMIT"])
def test_an_interruption_during_an_append_leaves_nothing_behind(
    shop: App, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Ctrl-C at any statement: the next command is decided on what is stored, without a hole."""

    def probe(sql: str) -> None:
        if sql.startswith(at):
            raise KeyboardInterrupt

    monkeypatch.setattr(Tx, "probe", staticmethod(probe))
    with pytest.raises(KeyboardInterrupt):
        do(shop, do="sell", sku="PEN", qty="4")
    monkeypatch.setattr(Tx, "probe", None)
    answer = done(shop, do="sell", sku="PEN", qty="1")
    assert (answer.entries, answer.on_hand) == (("PEN/3",), "8")
    assert verify(shop.database).ok


def test_a_caller_that_gives_up_costs_its_neighbours_nothing(shop: App) -> None:
    """A cancelled future in a group that is tried one by one: the others are recorded."""

    def broken(tx: Any, answers: Any, now: int) -> None:
        raise ValueError("a bug of a caller")

    given_up: Future[Any] = Future()
    given_up.cancel()
    wrong = Submission([Ask(parse({"do": "sell", "sku": "PEN", "qty": "2"}))], then=broken)
    good: Future[Any] = Future()
    shop.ledger._commit([(wrong, given_up), (ask(do="sell", sku="PEN", qty="1"), good)])
    assert good.result().answers[0].on_hand == "8"
    preview = Submission(wrong.asks, dry_run=True, then=broken)
    shop.ledger._commit([(preview, given_up)])
    assert done(shop, do="sell", sku="PEN", qty="1").on_hand == "7"
    assert verify(shop.database).ok


def test_an_alert_survives_a_group_that_was_rolled_back(shop: App) -> None:
    """The state read in a transaction that did not end well is not believed afterwards."""

    def broken(tx: Any, answers: Any, now: int) -> None:
        raise ValueError("a bug of a caller")

    futures: list[Future[Any]] = [Future() for _ in range(3)]
    group = [
        ask(do="sell", sku="MUG", qty="5"),
        ask(do="sell", sku="MUG", qty="1"),
        Submission([Ask(parse({"do": "sell", "sku": "PEN", "qty": "1"}))], then=broken),
    ]
    shop.ledger._commit(list(zip(group, futures, strict=True)))
    assert [future.exception() is None for future in futures] == [True, True, False]
    assert raised(shop) == [("MUG", "raised")]
    with shop.database.snapshot() as tx:
        assert tx.one("SELECT COUNT(*) FROM outbox WHERE kind = 'alert'")[0] == 1


def raised(app: App) -> list[Any]:
    """Return the alerts as they stand."""
    with app.database.snapshot() as tx:
        return tx.all("SELECT sku, state FROM alerts")


def test_alerts_with_a_bug_stop_visibly_until_they_work_again(
    shop: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recording goes on; doctor says it; the sweep after the fix marks what is due meanwhile."""
    watcher = type(shop.ledger.watcher)

    def bug(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("a bug")

    with monkeypatch.context() as broken:
        broken.setattr(watcher, "_look", bug)
        assert done(shop, do="sell", sku="MUG", qty="6").on_hand == "3"
        shop.sweep()
        assert health(shop.database, shop.driver)["stopped"] == ["alerts"]
    shop.sweep()
    assert health(shop.database, shop.driver)["ok"]
    assert raised(shop) == [("MUG", "raised")]


def test_a_shop_that_moves_to_another_zone(shop: App) -> None:
    """A sale after the move is on the new zone's day, also for a process that knew the item."""
    done(shop, do="sell", sku="PEN", qty="1", now="2026-03-02T18:00:00Z")
    done(shop, do="settings", timezone="Pacific/Auckland", now="2026-03-02T18:30:00Z")
    done(shop, do="sell", sku="PEN", qty="1", now="2026-03-02T19:00:00Z")
    inline = rows(shop)
    assert len([row for row in inline["demand_day"] if row[0] == "PEN"]) == 2
    shop.driver.rebuild()
    assert rows(shop) == inline
