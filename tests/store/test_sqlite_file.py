"""The file under our feet: deleted, replaced, cut off, read-only, full; nothing is told in vain."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain.errors import LedgerError, StoreError
from jitledger.store import sqlite as stores
from tests.conftest import done, open_shop

DAMAGE: dict[str, Callable[[Path], object]] = {
    "deleted": lambda shop: shop.unlink(),
    "renamed": lambda shop: shop.rename(shop.with_name("elsewhere.db")),
    "swapped": lambda shop: (
        shutil.copy(shop, shop.with_name("other.db")) and shop.with_name("other.db").replace(shop)
    ),
    "log deleted": lambda shop: Path(f"{shop}-wal").unlink(),
}


def filled(path: Path) -> App:
    """Return a shop with one product that was received once."""
    app = open_shop(f"sqlite:///{path}")
    done(app, do="register", sku="MUG", name="Mug")
    done(app, do="receive", sku="MUG", qty="5")
    return app


@pytest.mark.parametrize("kind", list(DAMAGE))
def test_nothing_is_acknowledged_into_a_file_that_is_gone(tmp_path: Path, kind: str) -> None:
    """After that no append is told done, and a look says so, too, when the file is another."""
    shop = tmp_path / "shop.db"
    app = filled(shop)
    DAMAGE[kind](shop)
    for _ in range(3):
        with pytest.raises(StoreError) as refused:
            done(app, do="receive", sku="MUG", qty="1")
        assert refused.value.code == "file-moved"
    if kind != "log deleted":
        with pytest.raises(StoreError) as unseen:
            app.queries.stock("MUG")
        assert unseen.value.code == "file-moved"
    app.close()


def test_a_file_that_is_put_back_is_written_again(tmp_path: Path) -> None:
    """Renamed and put back, the very same file goes on."""
    shop = tmp_path / "shop.db"
    app = filled(shop)
    away = shop.rename(tmp_path / "away.db")
    with pytest.raises(StoreError):
        done(app, do="receive", sku="MUG", qty="1")
    away.rename(shop)
    done(app, do="receive", sku="MUG", qty="2")
    app.close()
    app = open_app(Settings(database=f"sqlite:///{shop}"), create=False)
    assert app.queries.stock("MUG")["on_hand"] == "7"
    app.close()


def test_a_file_that_is_cut_off_is_a_sentence(tmp_path: Path) -> None:
    """Cut off while it is read, the process lives and says that the database is damaged."""
    code = """
import os, sys
from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger.domain.errors import LedgerError
path = sys.argv[1]
app = open_app(Settings(database="sqlite:///" + path), create=False)
app.queries.stock("MUG")
app.database.tidy()
os.truncate(path, 8192)
for _ in range(3):
    try:
        with app.database.snapshot() as tx:
            for table in ("stored_events", "claims", "products", "on_hand"):
                tx.all(f"SELECT * FROM {table}")
    except LedgerError as error:
        print(error.code)
"""
    filled(tmp_path / "shop.db").close()
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "shop.db")], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert "store" in ran.stdout.split()


def test_a_link_is_as_good_as_a_file(tmp_path: Path) -> None:
    """A shop that is named by a link starts, stays and is written to."""
    (tmp_path / "disk").mkdir()
    filled(tmp_path / "disk" / "shop.db").close()
    link = tmp_path / "shop.db"
    link.symlink_to(tmp_path / "disk" / "shop.db")
    app = open_app(Settings(database=f"sqlite:///{link}"), create=False)
    app.stay()
    done(app, do="receive", sku="MUG", qty="2")
    assert app.queries.stock("MUG")["on_hand"] == "7"
    app.close()


def test_what_belongs_to_a_shop_is_its_owners_alone(tmp_path: Path) -> None:
    """The file, the log beside it and the files that are locked: 0600, whatever the umask."""
    before = os.umask(0)
    try:
        app = filled(tmp_path / "shop.db")
        app.stay()
        modes = {f.name: stat.S_IMODE(f.stat().st_mode) for f in tmp_path.iterdir()}
        app.close()
    finally:
        os.umask(before)
    assert {"shop.db", "shop.db-wal", "shop.db-shm"} <= set(modes)
    assert set(modes.values()) == {0o600}, modes


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_read_only_medium_is_asked_and_verified(tmp_path: Path) -> None:
    """Somebody who may write nowhere asks, verifies and exports; a record is refused in a line."""
    folder = Path(shutil.copytree(_shop_of(tmp_path), f"/tmp/jitledger-{os.getpid()}"))
    try:
        (folder / "shop.db").chmod(0o444)
        folder.chmod(0o555)

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-m", "jitledger.cli.run", *words],
                env={**os.environ, "JITLEDGER_DATABASE": f"sqlite:///{folder}/shop.db"},
                capture_output=True,
                text=True,
                user=65534,
                cwd="/",
            )

        try:
            allowed = run("--version").returncode == 0
        except PermissionError:
            allowed = False
        if not allowed:
            pytest.skip("others may not run what is installed here")
        asked = run("stock", "MUG", "--json")
        assert asked.returncode == 0, asked.stderr
        assert '"on_hand": "5"' in asked.stdout
        assert run("verify").returncode == 0
        refused = run("receive", "MUG", "1")
        assert refused.returncode == 4
        assert "read-only" in refused.stderr
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def _shop_of(tmp_path: Path) -> Path:
    folder = tmp_path / "made"
    folder.mkdir()
    filled(folder / "shop.db").close()
    return folder


def test_a_full_disk_is_a_sentence_and_ends_when_there_is_room(tmp_path: Path) -> None:
    """Nothing of a command is there when the disk was full; with room the next one is recorded."""
    app = filled(tmp_path / "shop.db")
    assert isinstance(app.database, stores.SQLiteDatabase)
    writer = app.database._writer()
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(LedgerError) as refused:
        _fill(app)
    assert refused.value.code == "disk-full"
    assert refused.value.exit_code == 4
    assert refused.value.passing
    writer.execute("PRAGMA max_page_count=1000000")
    done(app, do="receive", sku="MUG", qty="2")
    assert app.queries.stock("MUG")["on_hand"] == "7"
    app.close()
    with sqlite3.connect(tmp_path / "shop.db") as stored:
        assert stored.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def _fill(app: App) -> None:
    for number in range(200):
        done(app, do="register", sku=f"ITEM-{number}", name="x" * 200)


def test_locks_that_lie_are_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On this disk another process is refused the lock; where it is not, nothing begins."""
    app = filled(tmp_path / "shop.db")
    app.stay()
    monkeypatch.setattr(stores, "locks_hold", lambda uri: False)
    with pytest.raises(StoreError) as refused:
        app.stay()
    assert refused.value.code == "locks-lie"
    app.close()
