"""Connections to a SQLite file: transactions and views on them, and who may close them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Protocol

from eventsourcing.persistence import PersistenceError
from eventsourcing.sqlite import SQLiteApplicationRecorder

from jitledger.domain.errors import Conflict, LedgerError, StoreAway, StoreError
from jitledger.store.database import EventRow, Tx
from jitledger.store.sqlite_file import FileWatch

_AWAY = (
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_PROTOCOL,
)
"""What SQLite says when the machine is at fault: it may be gone at the next try."""

BROKEN = (sqlite3.Error, PersistenceError, UnicodeDecodeError)
"""What a store that is not well raises; SQLite's own words may be broken with it."""

ASK_AGAIN_MS = 1

CLOSING_SECONDS = 5.0

LONGEST_LOG = 32 * 1024 * 1024
"""Bytes of the write-ahead log that stay when it grew because of a reader that took long."""

LOG_PAGES = 3000
"""The write-ahead log is copied into the file when it has so many pages."""


def make_durable(connection: sqlite3.Connection) -> None:
    """Let what is committed be on the disk when the commit returns."""
    with errors():
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit={LONGEST_LOG}")
        # SQLite's own waiting sleeps up to 100 ms between tries; a transaction asks again sooner.
        connection.execute(f"PRAGMA busy_timeout={ASK_AGAIN_MS}")


def closed() -> StoreError:
    """Return what is told to whoever comes after the end."""
    return StoreError("store", "The database is closed.")


class Connection(sqlite3.Connection):
    """A connection that says whether somebody works on it, and whether it is about to be closed.

    Who works says so before looking at ``closing``, who closes the other way round: one of them
    sees the other. SQLite's own word does not serve: a commit is no transaction any more before
    it has ended.
    """

    used = False
    closing = False

    def begin_use(self) -> None:
        """Say that it is worked on; refused once it is being closed."""
        self.used = True
        if self.closing:
            self.used = False
            raise closed()


def connect(uri: str, timeout: float) -> Connection:
    """Open a connection to a file."""
    with errors():
        connection = sqlite3.connect(
            uri,
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=timeout,
            cached_statements=512,
            factory=Connection,
        )
        assert isinstance(connection, Connection)
        connection.execute("PRAGMA cache_size=-65536")
    return connection


class SQLiteTx(Tx):
    """One transaction or snapshot on a SQLite connection."""

    def __init__(
        self,
        cursor: sqlite3.Cursor,
        recorder: SQLiteApplicationRecorder,
        kept: dict[str, object] | None = None,
    ) -> None:
        self._cursor = cursor
        self._cursor.row_factory = None  # Plain tuples; the library's own reads use named rows.
        self._recorder = recorder
        self.kept = {} if kept is None else kept

    def execute(self, sql: str, params: Sequence[object] = ()) -> None:
        if self.probe is not None:
            self.probe(sql)
        self._cursor.execute(sql, params)

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        if self.probe is not None:
            self.probe(sql)
        self._cursor.executemany(sql, rows)

    def one(self, sql: str, params: Sequence[object] = ()) -> object:
        if self.probe is not None:
            self.probe(sql)
        return self._cursor.execute(sql, params).fetchone()

    def all(self, sql: str, params: Sequence[object] = ()) -> list[object]:
        if self.probe is not None:
            self.probe(sql)
        return self._cursor.execute(sql, params).fetchall()

    def fetchone(self) -> object:
        return self._cursor.fetchone()

    def fetchall(self) -> list[object]:
        return self._cursor.fetchall()

    def insert_events(self, events: Sequence[EventRow], before: int) -> int:
        self.insert_many(events)
        # The lock is ours and nothing is ever deleted: rows are numbered without a gap.
        return before + len(events)

    def insert_many(self, events: Sequence[EventRow]) -> None:
        self.executemany(self._recorder.insert_events_statement, events)


class Writing(Protocol):
    """What a transaction needs of its database."""

    timeout: float
    commits: int
    recorder: SQLiteApplicationRecorder


class Transaction:
    """One transaction on a thread's own connection; commits, or rolls back on an error."""

    __slots__ = ("_connection", "_cursor", "_database", "_watch")

    def __init__(self, connection: Connection, database: Writing, watch: FileWatch) -> None:
        self._connection = connection
        self._watch = watch
        self._database = database
        self._cursor: sqlite3.Cursor

    def __enter__(self) -> Tx:
        """Begin with the write lock: whoever reads first and writes later may be refused."""
        until = 0.0
        while True:
            self._connection.begin_use()
            try:
                self._cursor = self._connection.execute("BEGIN IMMEDIATE")
                self._watch.prove()
                return SQLiteTx(self._cursor, self._database.recorder)
            except (sqlite3.Error, UnicodeDecodeError) as error:
                self._connection.used = False
                now = monotonic()
                until = until or now + self._database.timeout
                if "locked" not in str(error) or now >= until:
                    raise _named(error) from error
                sleep(ASK_AGAIN_MS / 1000)
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.rollback()
                self._connection.used = False
                raise

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if error is None:
                self._cursor.execute("COMMIT")  # Kept prepared; ``commit()`` prepares it anew.
                self._watch.prove()  # Else it went where nobody finds it.
                self._database.commits += 1
        except (sqlite3.Error, StoreError) as broken:
            error = broken
            if isinstance(broken, StoreError):
                raise
        finally:
            if error is not None:
                with suppress(sqlite3.Error):
                    self._connection.rollback()
            self._connection.used = False
        if error is None:
            return
        if isinstance(error, BROKEN):
            raise _named(error) from error


class Reading(threading.local):
    """A thread's reading connection, and what was kept in the view that is open on it."""

    connection: Connection | None = None
    kept: dict[str, object] | None = None


class Snapshot:
    """A consistent view on a thread's reading connection; one within another is the same view."""

    __slots__ = ("_connection", "_cursor", "_nested", "_reading", "_recorder", "_watch")

    def __init__(
        self,
        connection: Connection,
        reading: Reading,
        recorder: SQLiteApplicationRecorder,
        watch: FileWatch,
    ) -> None:
        self._connection = connection
        self._watch = watch
        self._reading = reading
        self._recorder = recorder
        self._nested = False
        self._cursor: sqlite3.Cursor | None = None

    def __enter__(self) -> Tx:
        connection = self._connection
        self._nested = connection.used  # A thread's own: nobody else works on it.
        if not self._nested:
            self._watch.prove_file()
            connection.begin_use()
        try:
            self._cursor = cursor = connection.cursor()
            if not self._nested:
                self._reading.kept = {}
                cursor.execute("BEGIN")
        except BaseException as error:
            connection.used = self._nested
            if isinstance(error, BROKEN):
                raise _named(error) from error
            raise
        return SQLiteTx(cursor, self._recorder, self._reading.kept)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if self._cursor is not None:
                self._cursor.close()
            if not self._nested:
                self._connection.rollback()
                self._reading.kept = None
        finally:
            self._connection.used = self._nested
        if isinstance(error, BROKEN):
            raise _named(error) from error


def is_let_go(connection: Connection) -> bool:
    """Ask whoever still works on a connection to stop; False when they do not.

    Closed under another thread's feet it would end the process. It is left to that thread then.
    """
    connection.closing = True
    until = monotonic() + CLOSING_SECONDS
    while connection.used and monotonic() < until:
        connection.interrupt()
        sleep(0.002)
    return not connection.used


@contextmanager
def errors() -> Iterator[None]:
    """Tell a lock that was not to be had from a store that is broken."""
    try:
        yield
    except LedgerError:
        raise
    except BROKEN as error:
        raise _named(error) from error


def _named(error: Exception) -> LedgerError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return Conflict(
            "lock-timeout",
            "Another process held the write lock too long; nothing was recorded. Try again.",
        )
    cause = error if isinstance(error, sqlite3.Error) else error.__cause__
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StoreAway("disk-full", "The disk is full; nothing was recorded. Make room on it.")
    if code == sqlite3.SQLITE_READONLY:
        return StoreAway(
            "read-only", "The database can be read here, but not written; nothing was recorded."
        )
    kind = StoreAway if code in _AWAY else StoreError
    return kind("store", f"The database answered: {text}.")


def write_anew(connection: Connection) -> None:
    """Write a file without the bytes of what stands nowhere any more; positions stay.

    An event's position is its row's number, which is kept for certain only where none is missing.
    Raises ``altered-ledger`` where one is.
    """
    whole = "SELECT COALESCE(MAX(rowid), 0) = COUNT(*) FROM stored_events"
    if not connection.execute(whole).fetchone()[0]:
        raise StoreError(
            "altered-ledger", "Events are missing from the log; the file stays as it is."
        )
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
