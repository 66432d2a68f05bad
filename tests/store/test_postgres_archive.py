"""PostgreSQL's own archive: a base copy and what was archived since give the shop back."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger.service.upkeep.proof import prove
from jitledger.store.seals import newest_seal
from tests.conftest import done, open_shop
from tests.simulation.pg_server import Server, programs

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[Server]:
    """Start a server; only where its programs are at hand."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL's programs are not here")
    made = Server(found, Path(f"/tmp/jl-pg-{os.getpid()}"))  # Short: the path of a socket is.
    made.make()
    yield made
    made.end()


def test_an_archive_gives_the_shop_back(server: Server) -> None:
    """A base copy is made while it records; the machine is lost; all that was archived is there."""
    open_shop(server.url).close()
    app = open_app(Settings(database=server.url))
    done(app, do="register", sku="MUG")
    done(app, do="receive", sku="MUG", qty="100")
    base = server.folder / "base"
    to = ["-h", str(server.folder), "-U", "postgres", "-D", str(base), "-X", "none"]
    server.run("pg_basebackup", *to)
    for _ in range(30):
        done(app, do="sell", sku="MUG", qty="1")
    with app.database.transaction() as tx:
        app.database.lock(tx)
        seal = newest_seal(tx)
        file = tx.one("SELECT pg_walfile_name(pg_switch_wal())")[0]
    app.close()
    for _ in range(300):
        if (server.archive / str(file)).exists():
            break
        time.sleep(0.1)
    server.stop("immediate")
    shutil.rmtree(server.data)
    base.rename(server.data)
    (server.data / "recovery.signal").touch()
    with (server.data / "postgresql.conf").open("a") as conf:
        conf.write(f"restore_command = 'cp {server.archive}/%f %p'\n")
    server.start()
    with psycopg.connect(server.url) as asking:
        for _ in range(600):  # It answers questions before it has read the whole archive.
            row = asking.execute("SELECT pg_is_in_recovery()").fetchone()
            if row is not None and not row[0]:
                break
            time.sleep(0.1)
    app = open_app(Settings(database=server.url))
    assert prove(app.database, seal).ok
    assert app.queries.stock("MUG")["on_hand"] == "70"
    done(app, do="sell", sku="MUG", qty="1")
    app.close()
