"""SQLite: one file, write-ahead log, ``synchronous=FULL``."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from eventsourcing.sqlite import (
    SQLITE3_DEFAULT_LOCK_TIMEOUT,
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
)

from jitledger.domain.errors import StoreError
from jitledger.store.database import Database, Tx, version_of
from jitledger.store.schema import ADDED, FIRST_CLOCK, SCHEMA_VERSION, TABLES
from jitledger.store.sqlite_connection import (
    LOG_PAGES,
    Connection,
    Reading,
    Snapshot,
    Transaction,
    closed,
    connect,
    errors,
    is_let_go,
    make_durable,
    write_anew,
)
from jitledger.store.sqlite_file import FileWatch, is_unwritable, locks_hold, locks_lie, make_file

TIDY_SECONDS, TIDY_COMMITS = 1.0, 200

PAGE_BYTES = 4096


def _itself(value: object) -> Any:
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
        connection = connect(self.db_name, self.lock_timeout or SQLITE3_DEFAULT_LOCK_TIMEOUT)
        make_durable(connection)
        connection.row_factory = sqlite3.Row
        return SQLiteConnection(sqlite_conn=connection, max_age=self.max_age)


STANDINGS_OF_THE_FIRST = (
    "SELECT 1 FROM pragma_table_info('projections') WHERE name = 'position' AND \"notnull\" = 1"
)
"""Finds the table of the very first programs, in which each view had a position."""


class _Grown(Exception):
    """Rolls back what only made the log longer."""


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
        if is_unwritable(self.path):
            uri += "?immutable=1"  # Without a log beside it nobody can be writing.
        self._watch = FileWatch(self.path)
        self._datastore = SQLiteDatastore(db_name=uri, originator_id_type="text")
        self._datastore.pool = _Pool(db_name=uri, lock_timeout=max(1, round(lock_timeout)))
        self.recorder = SQLiteApplicationRecorder(self._datastore)
        self._local, self._reading = threading.local(), Reading()
        self._tidier: _Tidier | None = None
        self._connections: list[Connection] = []
        self._closed = False
        self._guard = threading.Lock()
        self._uri = uri

    def exists(self) -> bool:
        if not self.path.exists() or "clock" not in self._tables():
            return False
        with self.snapshot() as tx:
            version_of(tx)
        return True

    def create(self) -> None:
        make_file(self.path)
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
            version = version_of(tx)
        return version >= SCHEMA_VERSION

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
        with errors():
            with self._datastore.get_connection(commit=True) as connection:
                connection._sqlite_conn.execute(f"PRAGMA busy_timeout={round(self.timeout * 1000)}")
            self.recorder.create_table()
            with self._datastore.transaction(commit=True) as c:
                _complete(c, self.ddl)

    def ddl(self, statement: str) -> str:
        return statement.replace("/*clustered*/", "WITHOUT ROWID").replace(
            "/*serial*/", "INTEGER PRIMARY KEY AUTOINCREMENT"
        )

    def transaction(self) -> Transaction:
        return Transaction(self._writer(), self, self._watch)

    def tidy(self) -> None:
        """Copy the write-ahead log into the file; writers are not held up (a passive checkpoint).

        Done between transactions it does not happen at the end of one, with 3,000 pages at once.
        """
        self._writer().execute("PRAGMA wal_checkpoint(PASSIVE)")

    def wipe(self) -> None:
        with closing(self.connect()) as connection, errors():
            write_anew(connection)

    def stay(self) -> None:
        self._make_room()
        self._try_locks()
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
        log = Path(f"{self.path.resolve()}-wal")
        if log.exists() and log.stat().st_size >= LOG_PAGES * PAGE_BYTES:
            return
        with suppress(sqlite3.Error, UnicodeDecodeError), closing(self.connect()) as connection:
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

    def _try_locks(self) -> None:
        """Refuse a medium whose locks do not hold between processes."""
        with closing(self.connect()) as connection, errors():
            connection.execute("BEGIN IMMEDIATE")
            hold = locks_hold(self._uri)
            connection.execute("ROLLBACK")
        if not hold:
            raise locks_lie(self.path)

    def take_lock(self, tx: Tx) -> None:
        """Hold it already: the transaction began with the lock."""

    @contextmanager
    def alone(self, task: str) -> Iterator[None]:
        from filelock import FileLock  # Seldom needed, and slow to import.

        with FileLock(f"{self.path.absolute()}-{task}", mode=0o600):
            yield

    def snapshot(self) -> Snapshot:
        return Snapshot(self._reader(), self._reading, self.recorder, self._watch)

    def connect(self) -> Connection:
        """Open one more connection to the file."""
        connection = connect(self._uri, self.timeout)
        self._watch.opened()
        return connection

    def _writer(self) -> Connection:
        """Return this thread's connection for writing, set up as the library's pool does."""
        connection: Connection | None = getattr(self._local, "writer", None)
        if connection is None:
            connection = self.connect()
            make_durable(connection)
            self._use(connection)
            self._local.writer = connection
        return connection

    def _reader(self) -> Connection:
        connection = self._reading.connection
        if connection is None:
            connection = self.connect()
            with errors():
                # No memory map: a file that is cut off under it ends the process.
                connection.execute("PRAGMA query_only=1")
            self._use(connection)
            self._reading.connection = connection
        return connection

    def _use(self, connection: Connection) -> None:
        """Note a connection to be closed with the others; refused once they are."""
        with self._guard:
            if not self._closed:
                self._connections.append(connection)
                return
        connection.close()
        raise closed()

    def damage(self) -> str | None:
        with self.snapshot() as tx:
            found = str(tx.one("PRAGMA integrity_check(1)")[0])
        return None if found == "ok" else found.splitlines()[0]

    def close(self) -> None:
        if self._tidier is not None:
            self._tidier.end()
            self._tidier = None
        with self._guard:
            self._closed = True
            used, self._connections = self._connections, []
        for connection in used:
            if is_let_go(connection):
                connection.close()
        self._local, self._reading = threading.local(), Reading()
        self._watch.forget()
        self._datastore.close()


def _complete(c: SQLiteCursor, ddl: Callable[[str], str]) -> None:
    """Make what is missing of the tables, of whatever version they are."""
    c.execute(STANDINGS_OF_THE_FIRST)
    first = c.fetchone() is not None
    if first:
        c.execute("ALTER TABLE projections RENAME TO projections_then")
    for statement in TABLES:
        c.execute(ddl(statement))
    if first:
        c.execute(
            "INSERT INTO projections (name, version, position, status, error) "
            "SELECT name, version, position, status, error FROM projections_then"
        )
        c.execute("DROP TABLE projections_then")
    for table, column, kind in ADDED:
        c.execute(f"SELECT 1 FROM pragma_table_info('{table}') WHERE name = '{column}'")
        if c.fetchone() is None:
            c.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    c.execute(FIRST_CLOCK)
