"""SQLite: one file, write-ahead log, ``synchronous=FULL``."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from eventsourcing.persistence import PersistenceError
from eventsourcing.sqlite import (
    SQLITE3_DEFAULT_LOCK_TIMEOUT,
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteDatastore,
)

from jitledger.domain.errors import Conflict, LedgerError, StoreError
from jitledger.store.database import Database, EventRow, Tx
from jitledger.store.schema import ADDED, SCHEMA_VERSION, TABLES

ASK_AGAIN_MS = 1
CLOSING_SECONDS = 5.0
TIDY_SECONDS, TIDY_COMMITS = 1.0, 200
PAGE_BYTES = 4096
LOG_PAGES = 3000
"""The write-ahead log is copied into the file when it has so many pages."""


def _itself(value: Any) -> Any:
    return value


for _kind in (bytes, type(None)):
    # The driver asks what is no number and no text whether it adapts itself, by attributes that are
    # not there: a microsecond for each value of each row. An adapter is found before it asks.
    sqlite3.register_adapter(_kind, _itself)


class _Pool(SQLiteConnectionPool):
    """The library's pool with durable commits; it creates the tables and serves its own reads.

    Appends use a connection of their thread (``_writer``), opened in the same way. The library asks
    for ``cached_statements=True``, which is a cache of one statement; preparing the rest anew was
    half of an append's cost.
    """

    def _create_connection(self) -> SQLiteConnection:
        connection = _connect(self.db_name, self.lock_timeout or SQLITE3_DEFAULT_LOCK_TIMEOUT)
        _make_durable(connection)
        connection.row_factory = sqlite3.Row
        return SQLiteConnection(sqlite_conn=connection, max_age=self.max_age)


def _make_durable(connection: sqlite3.Connection) -> None:
    with _errors():
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
        # SQLite's own waiting sleeps up to 100 ms between tries; a transaction asks again sooner.
        connection.execute(f"PRAGMA busy_timeout={ASK_AGAIN_MS}")


def _connect(uri: str, timeout: float) -> sqlite3.Connection:
    with _errors():
        connection = sqlite3.connect(
            uri,
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=timeout,
            cached_statements=512,
        )
        connection.execute("PRAGMA cache_size=-65536")
    return connection


class SQLiteTx(Tx):
    """One transaction or snapshot on a SQLite connection."""

    def __init__(
        self,
        cursor: sqlite3.Cursor,
        recorder: SQLiteApplicationRecorder,
        kept: dict[str, Any] | None = None,
    ) -> None:
        self._cursor = cursor
        self._cursor.row_factory = None  # Plain tuples; the library's own reads use named rows.
        self._recorder = recorder
        self.kept = {} if kept is None else kept

    def execute(self, sql: str, params: Sequence[Any] = ()) -> None:
        if self.probe is not None:
            self.probe(sql)
        self._cursor.execute(sql, params)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        if self.probe is not None:
            self.probe(sql)
        self._cursor.executemany(sql, rows)

    def one(self, sql: str, params: Sequence[Any] = ()) -> Any:
        if self.probe is not None:
            self.probe(sql)
        return self._cursor.execute(sql, params).fetchone()

    def all(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        if self.probe is not None:
            self.probe(sql)
        return self._cursor.execute(sql, params).fetchall()

    def fetchone(self) -> Any:
        return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    def insert_events(self, events: Sequence[EventRow], before: int) -> int:
        self.insert_many(events)
        # The lock is ours and nothing is ever deleted: rows are numbered without a gap.
        return before + len(events)

    def insert_many(self, events: Sequence[EventRow]) -> None:
        self.executemany(self._recorder.insert_events_statement, events)


class _Grown(Exception):
    """Rolls back what only made the log longer."""


class _Transaction:
    """One transaction on a thread's own connection; commits, or rolls back on an error."""

    __slots__ = ("_connection", "_cursor", "_database")

    def __init__(self, connection: sqlite3.Connection, database: SQLiteDatabase) -> None:
        self._connection = connection
        self._database = database
        self._cursor: sqlite3.Cursor

    def __enter__(self) -> Tx:
        """Begin with the write lock: whoever reads first and writes later may be refused."""
        until = 0.0
        while True:
            try:
                self._cursor = self._connection.execute("BEGIN IMMEDIATE")
                return SQLiteTx(self._cursor, self._database.recorder)
            except sqlite3.Error as error:
                now = monotonic()
                until = until or now + self._database.timeout
                if "locked" not in str(error) or now >= until:
                    raise _named(error) from error
                sleep(ASK_AGAIN_MS / 1000)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if error is None:
                self._cursor.execute("COMMIT")  # Kept prepared; ``commit()`` prepares it anew.
                self._database.commits += 1
        except sqlite3.Error as broken:
            error = broken
        if error is None:
            return
        with suppress(sqlite3.Error):
            self._connection.rollback()
        if isinstance(error, (sqlite3.Error, PersistenceError)):
            raise _named(error) from error


class _Reading(threading.local):
    """A thread's reading connection, and what was kept in the view that is open on it."""

    connection: sqlite3.Connection | None = None
    kept: dict[str, Any] | None = None


class _Snapshot:
    """A consistent view on a thread's reading connection; one within another is the same view."""

    __slots__ = ("_connection", "_cursor", "_nested", "_reading", "_recorder")

    def __init__(
        self,
        connection: sqlite3.Connection,
        reading: _Reading,
        recorder: SQLiteApplicationRecorder,
    ) -> None:
        self._connection = connection
        self._reading = reading
        self._recorder = recorder
        self._nested = False
        self._cursor: sqlite3.Cursor | None = None

    def __enter__(self) -> Tx:
        try:
            self._cursor = cursor = self._connection.cursor()
            self._nested = self._connection.in_transaction
            if not self._nested:
                self._reading.kept = {}
                cursor.execute("BEGIN")
        except sqlite3.Error as error:
            raise _named(error) from error
        return SQLiteTx(cursor, self._recorder, self._reading.kept)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._cursor is not None:
            self._cursor.close()
        if not self._nested:
            self._connection.rollback()
            self._reading.kept = None
        if isinstance(error, (sqlite3.Error, PersistenceError)):
            raise _named(error) from error


class _Tidier(threading.Thread):
    """Copies the write-ahead log into the file beside the commits, which then seldom have to.

    A commit that does so keeps everybody waiting. Readers may have to wait a little, too, so it is
    not done before there is something to gain.
    """

    def __init__(self, database: SQLiteDatabase) -> None:
        super().__init__(name="ledger-tidier", daemon=True)
        self._database = database
        self._ended = threading.Event()

    def run(self) -> None:
        """Tidy until told to end; an error costs this round."""
        done = self._database.commits
        with closing(self._database.connect()) as connection:
            while not self._ended.wait(TIDY_SECONDS):
                if self._database.commits - done < TIDY_COMMITS:
                    continue
                done = self._database.commits
                with suppress(sqlite3.Error):
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def end(self) -> None:
        """End, and wait for it."""
        self._ended.set()
        self.join()


class SQLiteDatabase(Database):
    """The embedded default: one file for one shop."""

    dialect = "sqlite"

    def __init__(self, path: str, lock_timeout: float = 5.0) -> None:
        if not path:
            raise StoreError("bad-database", "The address of the database names no file.")
        self.path = Path(path)
        self.timeout = lock_timeout
        self.commits = 0
        folder = self.path.absolute().parent
        if not folder.is_dir():
            raise StoreError(
                "bad-database", f"The folder {folder} does not exist; create it first."
            )
        uri = self.path.absolute().as_uri()
        self._datastore = SQLiteDatastore(db_name=uri, originator_id_type="text")
        self._datastore.pool = _Pool(db_name=uri, lock_timeout=max(1, round(lock_timeout)))
        self.recorder = SQLiteApplicationRecorder(self._datastore)
        self._local, self._reading = threading.local(), _Reading()
        self._tidier: _Tidier | None = None
        self._connections: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._uri = uri

    def exists(self) -> bool:
        return self.path.exists() and "clock" in self._tables()

    def create(self) -> None:
        if self._is_made():
            return
        with self.alone("create"):
            if not self._is_made():  # Another process may have made it since.
                self._create()

    def _is_made(self) -> bool:
        """Return whether all tables are there as this program makes them."""
        if "clock" not in self._tables():
            return False
        with self.snapshot() as tx:
            version = tx.one("SELECT schema_version FROM clock WHERE id = 1")
        return version is not None and version[0] >= SCHEMA_VERSION

    def _tables(self) -> set[str]:
        """Return the names of the tables; raises for the database of another program."""
        with self.snapshot() as tx:
            names = {row[0] for row in tx.all("SELECT name FROM sqlite_master WHERE type='table'")}
        if names and not names & {"clock", "stored_events"}:
            raise StoreError(
                "foreign-database",
                f"{self.path} is the database of another program; nothing was changed in it.",
            )
        return names

    def _create(self) -> None:
        with _errors():
            with self._datastore.get_connection(commit=True) as connection:
                connection._sqlite_conn.execute(f"PRAGMA busy_timeout={round(self.timeout * 1000)}")
            self.recorder.create_table()
            with self._datastore.transaction(commit=True) as c:
                for statement in TABLES:
                    c.execute(self.ddl(statement))
                for table, column, kind in ADDED:
                    c.execute(f"SELECT 1 FROM pragma_table_info('{table}') WHERE name = '{column}'")
                    if c.fetchone() is None:
                        c.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
                c.execute(
                    "INSERT INTO clock VALUES (1, 0, NULL, 0, 0, ?) ON CONFLICT (id) DO UPDATE "
                    "SET schema_version = excluded.schema_version",
                    (SCHEMA_VERSION,),
                )

    def ddl(self, statement: str) -> str:
        return statement.replace("/*clustered*/", "WITHOUT ROWID").replace(
            "/*serial*/", "INTEGER PRIMARY KEY AUTOINCREMENT"
        )

    def transaction(self) -> _Transaction:
        return _Transaction(self._writer(), self)

    def tidy(self) -> None:
        """Copy the write-ahead log into the file; writers are not held up (a passive checkpoint).

        Done between transactions it does not happen at the end of one, with 3,000 pages at once.
        """
        self._writer().execute("PRAGMA wal_checkpoint(PASSIVE)")

    def stay(self) -> None:
        self._make_room()
        if self._tidier is None:
            self._tidier = _Tidier(self)
            self._tidier.start()

    def _make_room(self) -> None:
        """Grow the write-ahead log to the size it works at, once.

        While the log grows, each sync writes the file's new length as well, which costs time and
        CPU. What is written here is rolled back; only the file's length stays, until the last
        process closes the shop. Holds the write lock once, while so many pages are written.
        """
        self._reader()  # While this connection is open, closing another leaves the log there.
        log = Path(f"{self.path}-wal")
        if log.exists() and log.stat().st_size >= LOG_PAGES * PAGE_BYTES:
            return
        with suppress(sqlite3.Error), closing(self.connect()) as connection:
            connection.execute("PRAGMA cache_size=16")  # What does not fit goes to the log.
            with suppress(_Grown), connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("CREATE TABLE room (filler BLOB)")
                connection.execute(
                    "INSERT INTO room VALUES (zeroblob(?))", (LOG_PAGES * PAGE_BYTES,)
                )
                raise _Grown
            with log.open("rb+") as file:
                os.fsync(file.fileno())  # Or the next commit would wait for all of it.

    def take_lock(self, tx: Tx) -> None:
        """Hold it already: the transaction began with the lock."""

    @contextmanager
    def alone(self, task: str) -> Iterator[None]:
        from filelock import FileLock  # Seldom needed, and slow to import.

        with FileLock(f"{self.path.absolute()}-{task}"):
            yield

    def snapshot(self) -> _Snapshot:
        return _Snapshot(self._reader(), self._reading, self.recorder)

    def connect(self) -> sqlite3.Connection:
        """Open one more connection to the file."""
        return _connect(self._uri, self.timeout)

    def _writer(self) -> sqlite3.Connection:
        """Return this thread's connection for writing, set up as the library's pool does."""
        connection: sqlite3.Connection | None = getattr(self._local, "writer", None)
        if connection is None:
            connection = self.connect()
            _make_durable(connection)
            self._local.writer = connection
            with self._guard:
                self._connections.append(connection)
        return connection

    def _reader(self) -> sqlite3.Connection:
        connection = self._reading.connection
        if connection is None:
            connection = self.connect()
            with _errors():
                connection.execute("PRAGMA query_only=1")
                connection.execute("PRAGMA mmap_size=1073741824")
            self._reading.connection = connection
            with self._guard:
                self._connections.append(connection)
        return connection

    def close(self) -> None:
        if self._tidier is not None:
            self._tidier.end()
            self._tidier = None
        with self._guard:
            used, self._connections = self._connections, []
        for connection in used:
            if _is_let_go(connection):
                connection.close()
        self._local, self._reading = threading.local(), _Reading()
        self._datastore.close()


def _is_let_go(connection: sqlite3.Connection) -> bool:
    """Ask whoever still works on a connection to stop; False when they do not.

    Closed under another thread's feet it would end the process. It is left to that thread then.
    """
    until = monotonic() + CLOSING_SECONDS
    while connection.in_transaction and monotonic() < until:
        connection.interrupt()
        sleep(0.002)
    return not connection.in_transaction


@contextmanager
def _errors() -> Iterator[None]:
    """Tell a lock that was not to be had from a store that is broken."""
    try:
        yield
    except LedgerError:
        raise
    except (sqlite3.Error, PersistenceError) as error:
        raise _named(error) from error


def _named(error: Exception) -> LedgerError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return Conflict(
            "lock-timeout",
            "Another process held the write lock too long; nothing was recorded. Try again.",
        )
    return StoreError("store", f"The database answered: {text}.")
