"""PostgreSQL: the library's table lock first, then the same statements as on SQLite."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from eventsourcing.persistence import (
    InterfaceError,
    OperationalError,
    PersistenceError,
    StoredEvent,
)
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, tuple_row
from psycopg.sql import SQL, Identifier

from jitledger.domain.errors import Conflict, LedgerError, StoreAway, StoreError
from jitledger.store.database import Database, EventRow, Tx, to_percent, version_of
from jitledger.store.schema import ADDED, FIRST_CLOCK, SCHEMA_VERSION, TABLES

_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError)
"""What is said when the server does not answer: it may at the next try."""

CLOSE_SECONDS = 1.0
LOOK_SECONDS, GIVE_UP_SECONDS = 0.1, 1.0
"""How often a wait looks at its socket, and whether it is still of use."""

REPLACE_MS = 15
"""So long is waited for readers of a table before it is tried again."""


WATCHFUL: dict[str, object] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
}
"""Seconds, and milliseconds: a connection that is silently dead is given up within them, unless the
address says otherwise. Sources: libpq-connect, "Parameter Key Words"; RFC 5482."""


def _connections(given_up: threading.Event) -> type[psycopg.Connection[DictRow]]:
    """Return a class of connections that wait for a server until they are told not to any more."""

    class Patient(psycopg.Connection[DictRow]):
        def wait(
            self, gen: PQGen[RV], interval: float = LOOK_SECONDS, timeout: float | None = None
        ) -> RV:
            if timeout is not None:
                return super().wait(gen, interval, timeout)
            while True:
                try:
                    return super().wait(gen, interval, GIVE_UP_SECONDS)
                except psycopg.errors._WaitTimeout:
                    if given_up.is_set():
                        self.pgconn.finish()
                        raise

    return Patient


class PostgresTx(Tx):
    """One transaction or snapshot on a PostgreSQL connection."""

    dialect = "postgresql"

    def __init__(self, cursor: Any, recorder: PostgresApplicationRecorder) -> None:
        self._library = cursor
        self._cursor = cursor.connection.cursor(row_factory=tuple_row)
        self._recorder = recorder
        self.kept = {}

    def execute(self, sql: str, params: Sequence[Any] = ()) -> None:
        if self.probe is not None:
            self.probe(sql)
        self._cursor.execute(to_percent(sql), params)

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        if self.probe is not None:
            self.probe(sql)
        self._cursor.executemany(to_percent(sql), rows)

    def fetchone(self) -> object:
        return self._cursor.fetchone()

    def fetchall(self) -> list[object]:
        return list(self._cursor.fetchall())

    def insert_events(self, events: Sequence[EventRow], before: int) -> int:
        if self.probe is not None:
            self.probe("INSERT INTO stored_events")
        rows = [StoredEvent(*event) for event in events]
        self._recorder._insert_stored_events(self._library, rows)
        positions = self._recorder._fetch_ids_after_insert_events(self._library, rows)
        assert positions
        return max(positions)

    def insert_many(self, events: Sequence[EventRow]) -> None:
        self.insert_events(events, 0)


class PostgresDatabase(Database):
    """For shops that outgrow one machine; one schema for each shop."""

    dialect = "postgresql"
    patience = 6.0
    """Longer than the lock is waited for: a server that answers late is not given up."""

    def __init__(self, url: str, lock_timeout: float = 5.0) -> None:
        parts = _parts_of(url)
        self._schema, options = _schema_of(str(parts.pop("options", "") or ""))
        self._datastore = PostgresDatastore(
            dbname=str(parts.get("dbname") or "postgres"),
            host=str(parts.get("host") or ""),
            port=str(parts.get("port") or "5432"),
            user=str(parts.get("user") or ""),
            password=str(parts.get("password") or ""),
            pool_size=1,
            max_overflow=9,
            lock_timeout=max(1, round(lock_timeout)),
            schema=self._schema,
            originator_id_type="text",
        )
        # Every option of the address counts for every connection, which works in the shop's schema.
        given = {name: value for name, value in parts.items() if value is not None}
        given["options"] = f"{options} -c search_path={self._schema}".strip()
        self._given = {**WATCHFUL, **given}
        self._given_up = threading.Event()
        self._datastore.pool.connection_class = _connections(self._given_up)
        assert isinstance(self._datastore.pool.kwargs, dict)
        self._datastore.pool.kwargs.update(self._given)
        self._greet()
        self.recorder = PostgresApplicationRecorder(self._datastore)

    def _greet(self) -> None:
        """Connect once, so that what is wrong is said as the server says it.

        The pool tries again and again, and says in the end that it waited.
        """
        try:
            psycopg.connect(**self._given).close()
        except psycopg.Error as error:
            said = " ".join(str(error).split()).removeprefix("connection failed: ")[:300]
            raise StoreAway("store", f"The database cannot be reached: {said}") from error

    def exists(self) -> bool:
        with _errors(), self._datastore.get_connection() as connection:
            found = connection.execute("SELECT to_regclass('clock') AS found").fetchone()
        if found != {"found": "clock"}:
            return False
        with self.snapshot() as tx:
            version_of(tx)
        return True

    def create(self) -> None:
        with _errors(), self._datastore.get_connection() as connection:
            # One process creates; catalog changes of two at once would fail.
            connection.execute("SELECT pg_advisory_lock(7146210)")
            try:
                known = connection.execute(
                    "SELECT 1 FROM pg_namespace WHERE nspname = %s", (self._schema,)
                )
                if known.fetchone() is None:
                    connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(self._schema)))
                found = connection.execute("SELECT to_regclass('clock') AS found").fetchone()
                made = None
                if found == {"found": "clock"}:
                    made = connection.execute("SELECT schema_version FROM clock").fetchone()
                if made is None or made["schema_version"] < SCHEMA_VERSION:
                    self._create()
                self._datastore.register_type_adapters()
            finally:
                connection.execute("SELECT pg_advisory_unlock(7146210)")

    def _create(self) -> None:
        self.recorder.create_table()
        with self._datastore.transaction(commit=True) as cursor:
            for statement in TABLES:
                cursor.execute(self.ddl(statement).encode())
            for table, column, kind in ADDED:
                cursor.execute(
                    f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} {kind}".encode()
                )
            cursor.execute(FIRST_CLOCK.encode())

    def ddl(self, statement: str) -> str:
        return (
            statement.replace("/*clustered*/", "")
            .replace("/*serial*/", "BIGSERIAL PRIMARY KEY")
            .replace("BLOB", "BYTEA")
            # Looked up by their beginnings: sorted by bytes, whatever the cluster's language.
            .replace("command_keys (key TEXT", 'command_keys (key TEXT COLLATE "C"')
            .replace("value TEXT NOT NULL", 'value TEXT COLLATE "C" NOT NULL')
            .replace("REAL", "DOUBLE PRECISION")
        )

    def _check_open(self) -> None:
        if self._given_up.is_set():
            raise StoreError("closed", "The ledger is closed.")

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        self._check_open()
        with _errors(), self._datastore.transaction(commit=True) as cursor:
            yield PostgresTx(cursor, self.recorder)

    def replace_table(self, tx: Tx, table: str, successor: str) -> None:
        with _errors():  # Briefly: who appends waits for us as long.
            tx.execute(f"SET LOCAL lock_timeout = '{REPLACE_MS}ms'")
            super().replace_table(tx, table, successor)

    def take_lock(self, tx: Tx) -> None:
        assert isinstance(tx, PostgresTx)
        with _errors():
            self.recorder._lock_table(tx._library)

    @contextmanager
    def alone(self, task: str) -> Iterator[None]:
        with _errors(), self._datastore.get_connection() as connection:
            # Locks of a session are the whole database's; the schema tells shops apart.
            name = f"{self._schema} {task}"
            connection.execute("SELECT pg_advisory_lock(7146211, hashtext(%s))", (name,))
            try:
                yield
            finally:
                connection.execute("SELECT pg_advisory_unlock(7146211, hashtext(%s))", (name,))

    @contextmanager
    def snapshot(self) -> Iterator[Tx]:
        self._check_open()
        with _errors(), self._datastore.transaction(commit=False) as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            if self.views:
                # Before the first look: a table that was replaced after it would seem empty.
                cursor.execute(f"LOCK TABLE {', '.join(self.views)} IN ACCESS SHARE MODE".encode())
            yield PostgresTx(cursor, self.recorder)

    def tidy(self) -> None:
        """PostgreSQL does so by itself."""

    def stay(self) -> None:
        """PostgreSQL keeps its log's files and writes into them again."""

    def give_up(self) -> None:
        self._given_up.set()

    def close(self) -> None:
        self._given_up.set()
        self._datastore.pool.close(CLOSE_SECONDS)
        self._datastore.close()


def _parts_of(url: str) -> dict[str, Any]:
    """Return what an address says; an option that there is not is refused by its name."""
    try:
        return conninfo_to_dict(url)
    except psycopg.Error as error:
        named = re.search(
            r'invalid (?:URI query parameter|connection option)[^"]*"([^"]*)"', str(error)
        )
        said = "The PostgreSQL address cannot be read."
        if named is not None:
            said = f"The PostgreSQL address has an option that there is not: {named.group(1)}."
        raise StoreError("bad-database", said) from error


def _schema_of(options: str) -> tuple[str, str]:
    """Return (schema, the other options) of a server's options.

    >>> _schema_of("-c search_path=mugs -c statement_timeout=9s")
    ('mugs', '-c statement_timeout=9s')
    >>> _schema_of("")
    ('public', '')
    """
    found = re.search(r"(?:-c\s*|--)search_path=(\S+)\s*", options)
    if found is None:
        return "public", options
    return found.group(1), (options[: found.start()] + options[found.end() :]).strip()


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except LedgerError:
        raise
    except (psycopg.Error, PersistenceError) as error:
        cause = error.__cause__ or error
        if isinstance(cause, psycopg.errors.LockNotAvailable):
            raise Conflict(
                "lock-timeout",
                "Another process held the write lock too long; nothing was recorded. Try again.",
            ) from error
        if isinstance(cause, psycopg.errors.DiskFull):
            said = "The disk is full; nothing was recorded. Make room on it."
            raise StoreAway("disk-full", said) from error
        if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
            said = "The database can be read here, but not written; nothing was recorded."
            raise StoreAway("read-only", said) from error
        kind = StoreAway if isinstance(cause, _AWAY) else StoreError
        raise kind("store", f"The database answered: {str(error).strip()}.") from error
