"""Copies of a shop's file: taken while it is written to, put back only when they are whole.

A copy is made with SQLite's own backup (``Connection.backup``), which sees one moment of a file
that others write to; ``cp`` does not, because the newest entries stand in the log beside the file.
A shop on PostgreSQL is copied event for event into such a file, and put back in the same way.
Each copy is verified against its own seals before it gets its name, so that no name ever stands for
half a copy; it is one file, readable by its owner alone.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from jitledger.domain.errors import LedgerError, StoreError
from jitledger.store.database import Database
from jitledger.store.moving import copy_shop
from jitledger.store.schema import SCHEMA_VERSION
from jitledger.store.seals import Verdict, verify
from jitledger.store.sqlite import SQLiteDatabase

BESIDE = ("", "-wal", "-shm", "-journal", "-create")
"""What SQLite, and we, may put beside a file of a name."""


UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What is raised of a damaged file; what SQLite says of it may hold bytes that are no letters."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that was verified."""

    file: Path
    events: int
    seal: str
    bytes: int

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "file": str(self.file),
            "events": self.events,
            "seal": self.seal,
            "bytes": self.bytes,
        }


def back_up(database: Database, target: Path, *, force: bool = False) -> Copied:
    """Copy a shop into one file; raises ``file-exists``, ``altered-copy``, ``cannot-copy``."""
    if target.exists() and not force:
        raise StoreError(
            "file-exists",
            f"{target} is there already; take another name, or --force to replace it.",
            file=str(target),
        )
    own = database.path if isinstance(database, SQLiteDatabase) else None
    if own is not None and target.exists() and target.samefile(own):
        raise StoreError(
            "file-exists", f"{target} is the shop itself; take another name.", file=str(target)
        )
    with _made(target) as part:
        if isinstance(database, SQLiteDatabase):
            with closing(database.connect()) as live:
                _copy(live, part)
            verdict = _verified(part, database.path)
        else:
            with closing(SQLiteDatabase(str(part))) as copy:
                copy_shop(database, copy)
            verdict = _verified(part, target)
        _place(part, target)
    return Copied(target, verdict.events, verdict.seal, target.stat().st_size)


def restore(copy: Path, database: Database) -> Copied:
    """Put a copy into a place where no shop is; raises ``not-empty``, ``damaged-copy`` and others.

    Nothing is left behind when it is refused.
    """
    if not isinstance(database, SQLiteDatabase):
        return _restore_elsewhere(copy, database)
    place = database.path
    database.close()
    if place.exists() and place.stat().st_size:
        raise StoreError(
            "not-empty",
            f"{place} holds a database already; restore into a new place, or move it away first.",
            file=str(place),
        )
    if not copy.is_file():
        raise StoreError("damaged-copy", f"There is no file {copy}.", file=str(copy))
    with _made(place) as part:
        uri = f"{copy.absolute().as_uri()}?mode=ro"
        with _damages(copy), closing(sqlite3.connect(uri, uri=True)) as stored:
            _copy(stored, part)
        verdict = _verified(part, copy)
        _place(part, place)
    return Copied(place, verdict.events, verdict.seal, place.stat().st_size)


def _restore_elsewhere(copy: Path, database: Database) -> Copied:
    """Put a copy into a database that is no file; the copy is verified before and after."""
    if not copy.is_file():
        raise StoreError("damaged-copy", f"There is no file {copy}.", file=str(copy))
    with tempfile.TemporaryDirectory(prefix="jitledger-restore-") as folder:
        part = Path(folder) / "copy.db"
        shutil.copyfile(copy, part)
        part.chmod(0o600)
        verdict = _verified(part, copy)
        with closing(SQLiteDatabase(str(part))) as stored:
            stored.create()  # A copy of an older version gets what is missing; the file itself not.
            copy_shop(stored, database)
    return Copied(copy, verdict.events, verdict.seal, copy.stat().st_size)


@contextmanager
def _made(target: Path) -> Iterator[Path]:
    """Yield a new file beside a target, for its owner alone; it is gone afterwards."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        yield part
    except OSError as error:
        raise StoreError(
            "cannot-copy", f"{target} cannot be written: {error.strerror}.", file=str(target)
        ) from error
    finally:
        for ending in BESIDE:
            with suppress(OSError):
                part.with_name(part.name + ending).unlink()


@contextmanager
def _damages(file: Path) -> Iterator[None]:
    """Turn what SQLite says of a file that is none into one sentence."""
    try:
        yield
    except UNREADABLE as error:
        raise _damaged(file, str(error)) from error


def _damaged(file: Path, why: str) -> StoreError:
    return StoreError(
        "damaged-copy", f"{file} is no whole copy of a shop ({why}).", file=str(file), why=why
    )


def _copy(source: sqlite3.Connection, part: Path) -> None:
    """Copy one moment of a database, in one step: writers go on meanwhile."""
    with closing(sqlite3.connect(part)) as copy:
        source.backup(copy, pages=-1)


def _verified(part: Path, file: Path) -> Verdict:
    """Verify a copy by itself and leave it as one file; raises ``damaged-copy`` and others."""
    with _damages(file), closing(sqlite3.connect(part)) as copy:
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise _damaged(file, str(found).splitlines()[0])
        tables = {row[0] for row in copy.execute("SELECT name FROM sqlite_master")}
        if not {"clock", "stored_events", "seals"} <= tables:
            raise _damaged(file, "it holds no ledger")
        version = copy.execute("SELECT schema_version FROM clock").fetchone()
        if version is None or version[0] > SCHEMA_VERSION:
            raise _damaged(file, "it is of a newer program")
    try:
        database = SQLiteDatabase(str(part))
        try:
            verdict = verify(database)
        finally:
            database.close()
    except StoreError:
        raise
    except (LedgerError, *UNREADABLE) as error:
        raise _damaged(file, str(error)) from error
    if not verdict.ok:
        raise StoreError(
            "altered-copy",
            f"{file} does not agree with its own seals: {verdict.first_difference}.",
            file=str(file),
            why=str(verdict.first_difference),
        )
    with closing(sqlite3.connect(part)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE").fetchone()
    return verdict


def _place(part: Path, target: Path) -> None:
    """Give a verified copy its name; it is on the disk when this returns."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(target)
    folder = os.open(target.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
