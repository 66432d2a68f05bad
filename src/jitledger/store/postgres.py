"""PostgreSQL: the library's table lock first, then the same statements as on SQLite."""

from __future__ import annotations

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
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier

from jitledger.domain.errors import Conflict, LedgerError, StoreAway, StoreError
from jitledger.store.database import Database, EventRow, Tx, to_percent
from jitledger.store.schema import ADDED, SCHEMA_VERSION, TABLES

_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError)
"""What is said when the server does not answer: it may at the next try."""

REPLACE_MS = 15
"""So long is waited for readers of a table before it is tried again."""


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

    def __init__(self, url: str, lock_timeout: float = 5.0) -> None:
        try:
            parts = conninfo_to_dict(url)
        except psycopg.Error as error:
            raise StoreError("bad-database", "The PostgreSQL address cannot be read.") from error
        self._schema = "public"
        options = str(parts.pop("options", "") or "")
        for option in options.split():
            if "search_path=" in option:
                self._schema = option.rpartition("search_path=")[2]
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
        # Every connection of the pool works in the shop's own schema.
        assert isinstance(self._datastore.pool.kwargs, dict)
        self._datastore.pool.kwargs["options"] = f"-c search_path={self._schema}"
        with _errors(), self._datastore.get_connection() as connection:
            connection.execute(
                SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(self._schema))
            )
        self.recorder = PostgresApplicationRecorder(self._datastore)

    def exists(self) -> bool:
        with _errors(), self._datastore.get_connection() as connection:
            found = connection.execute("SELECT to_regclass('clock') AS found").fetchone()
        return found == {"found": "clock"}

    def create(self) -> None:
        with _errors(), self._datastore.get_connection() as connection:
            # One process creates; catalog changes of two at once would fail.
            connection.execute("SELECT pg_advisory_lock(7146210)")
            try:
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
            cursor.execute(
                "INSERT INTO clock VALUES (1, 0, NULL, 0, 0, %s) ON CONFLICT (id) DO UPDATE "
                "SET schema_version = excluded.schema_version",
                (SCHEMA_VERSION,),
            )

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

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
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

    def close(self) -> None:
        self._datastore.close()


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
