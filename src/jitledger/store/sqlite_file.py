"""The file a shop lies in: made for its owner alone, proved to be still there, and its locks tried.

SQLite goes on writing into a file that was deleted, renamed or replaced under it, and says that all
is committed. Each append therefore looks whether the file, and the log beside it, are still the
ones at their path, before it begins and before anybody is told that it ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from time import time_ns

from jitledger.domain.errors import StoreAway, StoreError

LOCK_PROBE = """
import sqlite3, sys
shop = sqlite3.connect(sys.argv[1], uri=True, timeout=0, isolation_level=None)
try:
    shop.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError:
    print("held")
else:
    print("free")
"""
"""Asks, as another process, for the lock that we hold."""

TICK_NS = 100_000_000
"""Of a folder that changed so short ago another change may bear the same time."""

Identity = tuple[int, int]
"""(device, number of the file on it)"""


def make_file(path: Path) -> None:
    """Make an empty file that its owner alone may read, where there is none."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(
            "bad-database", f"{path} cannot be made: {error.strerror}.", file=str(path)
        ) from error


def is_unwritable(path: Path) -> bool:
    """Return whether a database lies where nobody may write beside it: a read-only medium."""
    if not path.exists():
        return False
    folder = path.resolve().parent
    log = Path(f"{path.resolve()}-wal")
    return not os.access(folder, os.W_OK) and not (log.exists() and log.stat().st_size)


class FileWatch:
    """Knows which file was opened, and proves that it is still the one at its path."""

    def __init__(self, path: Path) -> None:
        self._path = str(path.absolute())
        self._log = f"{path.resolve()}-wal"
        self._folder = str(path.absolute().parent)
        self._is_link = path.is_symlink()
        self._file: Identity | None = None
        self._beside: Identity | None = None
        self._proved: tuple[int, int, int] | None = None
        """The folder as it was at the last proof: whatever is deleted, renamed or put there
        changes it, so that one look at it stands for both files."""

    def opened(self) -> None:
        """Note the file that a first connection opened; another one later is refused."""
        if self._file is None:
            self._file = _identity(self._path)
        else:
            self.prove()

    def prove(self) -> None:
        """Raise ``file-moved`` unless the file, and the log beside it, are those we opened."""
        if self._file is None:
            return  # It is being closed: whoever still works on it is told that.
        try:
            found = os.stat(self._folder)
        except OSError as error:
            raise self._moved(self._path) from error
        folder = (found.st_dev, found.st_ino, found.st_mtime_ns)
        if folder == self._proved:
            return
        self._proved = None
        self.prove_file()
        beside = _identity(self._log)
        if self._beside is None:
            self._beside = beside
        elif beside != self._beside and self._file is not None:
            raise self._moved(self._log)
        if not self._is_link and time_ns() - found.st_mtime_ns > TICK_NS:
            self._proved = folder

    def prove_file(self) -> None:
        """Raise ``file-moved`` unless the file is the one we opened: enough for a look."""
        known = self._file
        if known is not None and _identity(self._path) != known:
            raise self._moved(self._path)

    def forget(self) -> None:
        """Let go of what was opened: all connections are closed, and whoever comes is told so."""
        self._file = self._beside = self._proved = None

    @staticmethod
    def _moved(name: str) -> StoreError:
        return StoreAway(
            "file-moved",
            f"{name} is not the file any more that was opened: it was deleted, renamed or "
            "replaced, so nothing more is recorded. Put it back, or restore a copy and start anew.",
            file=name,
        )


def _identity(name: str) -> Identity | None:
    try:
        found = os.stat(name)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def locks_hold(uri: str) -> bool:
    """Return whether another process is refused the lock that this one holds.

    On some network drives it is not, and two writers would destroy the shop.
    """
    probe = [sys.executable, "-I", "-c", LOCK_PROBE, uri]
    try:
        told = subprocess.run(probe, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return True  # It could not be tried; that is no reason to refuse.
    return told.stdout.strip() != "free"


def locks_lie(path: Path) -> StoreError:
    """Return what is said of a medium whose locks do not hold between processes."""
    return StoreError(
        "locks-lie",
        f"The drive of {path} gives the same lock to two programs at once, as some network drives "
        "do; a shop would be destroyed there. Move it to a disk of this machine, or use "
        "PostgreSQL.",
        file=str(path),
    )
