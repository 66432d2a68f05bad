"""Crashes: kill -9 between every two statements of an append; four processes at once."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.store.seals import verify
from tests.conftest import done, open_shop
from tests.simulation import kill_import

pytestmark = pytest.mark.slow

DIE = textwrap.dedent(
    """
    import os, signal, sys
    from jitledger.bootstrap import open_app
    from jitledger.config import Settings
    from jitledger.domain.commands import parse
    from jitledger.store.database import Tx
    url, limit = sys.argv[1], int(sys.argv[2])
    app = open_app(Settings(database=url))
    seen = 0
    def probe(sql):
        global seen
        seen += 1
        if seen == limit:
            os.kill(os.getpid(), signal.SIGKILL)
    sku = f"MUG{limit}"
    todo = [
        {"do": "register", "sku": sku, "name": "Mug"},
        {"do": "policy", "sku": sku, "method": "manual", "reorder_point": "1"},
        {"do": "receive", "sku": sku, "qty": "2", "key": f"{limit}-receive"},
        {"do": "sell", "sku": sku, "qty": "1", "key": f"{limit}-sell"},
    ]
    for command in todo:
        if command["do"] == "sell":
            Tx.probe = staticmethod(probe)
        answer = app.ledger.record(parse(command))
        print(answer.entries[0], flush=True)
    print("statements", seen)
    """
)


def run(url: str, limit: int) -> subprocess.CompletedProcess[str]:
    """Run the recorder that dies before its nth statement."""
    return subprocess.run(
        [sys.executable, "-c", DIE, url, str(limit)], capture_output=True, text=True, check=False
    )


def test_killed_between_any_two_statements_of_an_append(store_url: str) -> None:
    """What was acknowledged is there, once; the rest can be sent again; seals stay clean.

    The sale that dies takes its item to the reorder point: event, key, seal, views, alert and
    push are one transaction.
    """
    open_shop(store_url, clock="live").close()
    survived = run(store_url, 10_000)
    statements = int(survived.stdout.split()[-1])
    assert statements >= 10
    for limit in range(1, statements + 1):
        died = run(store_url, limit)
        assert died.returncode == -9
        assert len(died.stdout.split()) == 3
        app = open_app(Settings(database=store_url))
        sku = f"MUG{limit}"
        assert app.queries.stock(sku)["on_hand"] == "2"
        assert _counted(app, sku) == (2, 0, 0)
        again = done(app, do="sell", sku=sku, qty="1", key=f"{limit}-sell")
        assert not again.repeat
        assert again.on_hand == "1"
        assert _counted(app, sku) == (1, 1, 1)
        assert verify(app.database).ok
        app.close()


def _counted(app: App, sku: str) -> tuple[int, int, int]:
    """Return the view's on-hand, and how many alerts and pushes an item has."""
    with app.database.snapshot() as tx:
        (shelf,) = tx.all("SELECT on_hand FROM on_hand WHERE sku = ?", (sku,))
        alerts = tx.all("SELECT 1 FROM stored_events WHERE originator_id = ?", (f"alert/{sku}",))
        pushes = tx.all("SELECT 1 FROM outbox WHERE subject = ?", (f"alert/{sku}/",))
    return int(shelf[0]), len(alerts), len(pushes)


WRITE = textwrap.dedent(
    """
    import sys
    from jitledger.bootstrap import open_app
    from jitledger.config import Settings
    from jitledger.domain.commands import parse
    app = open_app(Settings(database=sys.argv[1]))
    for n in range(int(sys.argv[3])):
        sku = "MUG" if n % 2 else "CUP"
        answer = app.ledger.record(parse({"do": "receive", "sku": sku, "qty": "1",
                                          "key": f"{sys.argv[2]}-{n}"}))
        assert answer.ok, answer.error
    """
)


@pytest.mark.parametrize("each", [50])
def test_four_processes_writing_at_once(store_url: str, each: int) -> None:
    """Every command is recorded, stamps and seals stay in order, as_at answers never change."""
    app = open_shop(store_url, clock="live")
    for sku in ("MUG", "CUP"):
        done(app, do="register", sku=sku, name=sku)
    done(app, do="receive", sku="MUG", qty="7")
    witness = app.queries.present()
    before = app.queries.stock("MUG", as_at=witness)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, store_url, str(n), str(each)])
        for n in range(4)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    assert app.queries.stock("CUP")["on_hand"] == str(2 * each)
    assert app.queries.stock("MUG")["on_hand"] == str(2 * each + 7)
    stamps = [row["recorded_at"] for row in app.queries.log()]
    assert stamps == sorted(stamps)
    assert app.queries.stock("MUG", as_at=witness) == before
    assert verify(app.database).ok
    assert app.driver.behind() == []
    app.close()


def test_an_import_killed_at_any_moment_is_taken_up(tmp_path: Path) -> None:
    """Kill -9 during an import, several times; the last run completes it exactly."""
    outcome = kill_import.run(4, 8000, seed=3, folder=tmp_path)
    assert (outcome.recorded, outcome.demand_lines) == (8000, 8000)
    assert outcome.clean
