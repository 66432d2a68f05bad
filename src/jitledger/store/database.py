"""One database behind one address: transactions that lock first, snapshots to read, a raw scan.

SQL is written once with ``?``; the dialect translates. The store of record is the library's
``stored_events`` through its recorders.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from itertools import chain
from typing import Any

from jitledger.domain.errors import StoreError
from jitledger.store.schema import SCHEMA_VERSION

Row = tuple[object, ...]
RawEvent = tuple[int, str, int, str, bytes]
"""(position, stream, version, name, body)"""
EventRow = tuple[str, int, str, bytes]
"""(stream, version, name, body): a row of the library's ``stored_events``"""
ROWS_AT_ONCE = 50
ClockRow = tuple[int, int | None, int, int, int, bytes | None]
"""(last stamp, present of a simulated clock, latest effective time, marks, ordinal and seal of the
newest append; 0 and None before the first)"""

KnownKeys = dict[str, tuple[bytes, str]]
"""{command key: (digest of what was asked, entries as JSON)}"""
KEYS_AT_ONCE = 500


class Tx(ABC):
    """One transaction. ``probe`` is called before each statement; the crash tests stop there."""

    probe: Callable[[str], None] | None = None
    dialect: str = "sqlite"
    kept: dict[str, Any]
    """What was found in this view and holds while it is open; empty in a new one."""

    @abstractmethod
    def execute(self, sql: str, params: Sequence[Any] = ()) -> None:
        """Run one statement."""

    @abstractmethod
    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for many rows."""

    def insert_rows(self, insert: str, values: str, rows: Sequence[Sequence[object]]) -> None:
        """Insert many rows, many with each statement: ``insert`` is what stands before VALUES.

        A statement for fifty rows takes two thirds of the time of fifty statements.
        """
        whole = len(rows) - len(rows) % ROWS_AT_ONCE
        if whole:
            parts = [rows[at : at + ROWS_AT_ONCE] for at in range(0, whole, ROWS_AT_ONCE)]
            self.executemany(
                f"{insert} VALUES {','.join([values] * ROWS_AT_ONCE)}",
                [tuple(chain.from_iterable(part)) for part in parts],
            )
        if whole < len(rows):
            self.executemany(f"{insert} VALUES {values}", rows[whole:])

    @abstractmethod
    def fetchone(self) -> object:
        """Return the next row or None."""

    @abstractmethod
    def fetchall(self) -> list[object]:
        """Return all rows that are left."""

    @abstractmethod
    def insert_events(self, events: Sequence[EventRow], before: int) -> int:
        """Insert events through the library's recorder; return the last one's position.

        ``before`` is the position of the newest event, which whoever holds the lock knows.
        """

    @abstractmethod
    def insert_many(self, events: Sequence[EventRow]) -> None:
        """Insert many events at once through the library's recorder."""

    def one(self, sql: str, params: Sequence[object] = ()) -> Any:
        """Run a query and return its first row or None."""
        self.execute(sql, params)
        return self.fetchone()

    def all(self, sql: str, params: Sequence[object] = ()) -> list[Any]:
        """Run a query and return its rows."""
        self.execute(sql, params)
        return self.fetchall()


class Database(ABC):
    """What the ledger needs of a store; SQLite and PostgreSQL pass the same contract suite."""

    dialect: str = ""
    patience: float | None = None
    """Seconds for which the last answers are waited for at the end; a file always answers."""
    seal_key: bytes | None = None
    """A key kept outside of it, with which each append's seal is signed."""
    views: tuple[str, ...] = ()
    """The tables that a rebuild may replace while others read."""

    def replace_table(self, tx: Tx, table: str, successor: str) -> None:
        """Put another table in the place of one; ``Conflict`` when a reader does not let go of it.

        Whoever reads sees the old rows or the new ones, in one view all of one kind.
        """
        tx.execute(f"DROP TABLE IF EXISTS {table}")
        tx.execute(f"ALTER TABLE {successor} RENAME TO {table}")

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Tx]:
        """Open a transaction; the first thing done in it must be ``lock``.

        Raises ``Conflict`` when the write lock is not to be had in time, here or in ``lock``.
        """

    @abstractmethod
    def take_lock(self, tx: Tx) -> None:
        """Take the write lock; raises ``Conflict`` when it is not to be had in time."""

    def lock(self, tx: Tx) -> ClockRow:
        """Take the write lock and return the clock; raises as ``take_lock`` does."""
        self.take_lock(tx)
        return _as_writer(tx.one(_CLOCK_ALONE))

    def lock_and_look(self, tx: Tx, keys: Sequence[str]) -> tuple[ClockRow, KnownKeys]:
        """Take the write lock; return the clock and what is known of these command keys."""
        self.take_lock(tx)
        if not keys:
            return _as_writer(tx.one(_CLOCK_ALONE)), {}
        rows: list[Any] = []
        for start in range(0, len(keys), KEYS_AT_ONCE):
            part = keys[start : start + KEYS_AT_ONCE]
            rows += tx.all(_clock_and_keys(len(part)), part)
        known = {row[7]: (row[8], row[9]) for row in rows if row[7] is not None}
        return _as_writer(rows[0]), known

    @abstractmethod
    def alone(self, task: str) -> AbstractContextManager[None]:
        """Wait until no other process or thread is at a task, and be alone at it.

        Appends go on; a process that dies leaves the task to the next.
        """

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Tx]:
        """Open a consistent view for reading."""

    @abstractmethod
    def tidy(self) -> None:
        """Move what bulk work wrote to its place, outside the write lock, where that is a task."""

    @abstractmethod
    def stay(self) -> None:
        """Prepare for many commits, where that is a task; whoever stays for long calls it once."""

    def scrub(self, tx: Tx) -> None:
        """Have what is replaced from now on leave no bytes behind in a file.

        PostgreSQL's own vacuum takes old versions of rows away.
        """
        if tx.dialect == "sqlite":
            tx.one("PRAGMA secure_delete=ON")

    def wipe(self) -> None:
        """Write a file anew, without the bytes of what stands nowhere any more.

        Deleted rows are overwritten (``scrub``), but cells that a page's reordering moved leave
        copies in its unused space. PostgreSQL needs none of it. Raises ``StoreAway``, ``Conflict``.
        """
        return

    def damage(self) -> str | None:
        """Return what is broken of the database's own structures; None when nothing is."""
        return None

    def give_up(self) -> None:
        """Wait no longer for answers that are outstanding; those of a file come by themselves."""
        return

    @abstractmethod
    def close(self) -> None:
        """Close every connection."""

    @abstractmethod
    def exists(self) -> bool:
        """Return whether a ledger was made here; makes nothing."""

    @abstractmethod
    def create(self) -> None:
        """Create the tables that are missing; raises ``foreign-database`` for another program's."""

    @abstractmethod
    def ddl(self, statement: str) -> str:
        """Return a table's definition in this database's words."""

    @property
    def position_column(self) -> str:
        """Return the column that orders the log."""
        return "rowid" if self.dialect == "sqlite" else "notification_id"

    def head(self, tx: Tx) -> int:
        """Return the position of the newest event, 0 when there is none."""
        return int(tx.one(f"SELECT MAX({self.position_column}) FROM stored_events")[0] or 0)

    def scan(
        self, tx: Tx, after: int = 0, upto: int | None = None, batch: int = 10_000
    ) -> Iterator[list[RawEvent]]:
        """Yield the raw log in its order, keyset by position, in batches."""
        column = self.position_column
        limit = "" if upto is None else f"AND {column} <= {int(upto)} "
        sql = (
            f"SELECT {column}, originator_id, originator_version, topic, state "
            f"FROM stored_events WHERE {column} > ? {limit}ORDER BY {column} LIMIT {int(batch)}"
        )
        while True:
            rows = tx.all(sql, (after,))
            if not rows:
                return
            yield rows
            after = rows[-1][0]

    def touched(self, tx: Tx, after: int, upto: int = 1 << 62) -> list[str]:
        """Return the streams with an event behind one position and up to another."""
        rows = tx.all(
            f"SELECT DISTINCT originator_id FROM stored_events WHERE {self.position_column} > ? "
            f"AND {self.position_column} <= ? ORDER BY originator_id",
            (after, upto),
        )
        return [row[0] for row in rows]

    def stream(self, tx: Tx, stream: str, after: int = 0) -> list[tuple[int, str, bytes]]:
        """Return (version, name, body) of one stream in its order."""
        return tx.all(
            "SELECT originator_version, topic, state FROM stored_events "
            "WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version",
            (stream, after),
        )


# An append of an older version left the clock in its own row.
_CLOCK = (
    "SELECT COALESCE(s.last, c.last), CASE WHEN s.last IS NULL THEN c.present ELSE s.present END, "
    "COALESCE(s.highest, c.highest), c.marks, COALESCE(s.ordinal, 0), s.seal, "
    "c.floor{columns} "
    "FROM clock c LEFT JOIN seals s ON s.ordinal = (SELECT MAX(ordinal) FROM seals){joined} "
    "WHERE c.id = 1"
)
_CLOCK_ALONE = _CLOCK.format(columns="", joined="")


@lru_cache
def _clock_and_keys(count: int) -> str:
    marks = ",".join("?" * count)
    return _CLOCK.format(
        columns=", k.key, k.digest, k.entries",
        joined=f" LEFT JOIN command_keys k ON k.key IN ({marks})",
    )


def read_clock(tx: Tx) -> ClockRow:
    """Return the clock as the newest append left it, without taking the lock."""
    row: ClockRow = tx.one(_CLOCK_ALONE)[:6]
    return row


def _as_writer(row: Any) -> ClockRow:
    """Return the clock of a row that was read under the lock; raises ``newer-ledger``."""
    if row[6] > SCHEMA_VERSION:
        raise newer_ledger(row[6])
    clock: ClockRow = row[:6]
    return clock


def version_of(tx: Tx) -> int:
    """Return the version of a shop's tables; raises ``newer-ledger`` when it is not for us."""
    row = tx.one("SELECT schema_version FROM clock WHERE id = 1")
    version = 0 if row is None else int(row[0])
    if version > SCHEMA_VERSION:
        floor = tx.one("SELECT floor FROM clock WHERE id = 1")[0]
        if floor == 0 or floor > SCHEMA_VERSION:
            raise newer_ledger(version)
    return version


def newer_ledger(version: int) -> StoreError:
    """Return what is told to a program that is older than its shop."""
    return StoreError(
        "newer-ledger",
        f"This shop was opened by a newer jitledger (its tables are number {version}, this program "
        f"knows {SCHEMA_VERSION}); nothing was read or changed. Use that one, or restore a copy.",
        version=version,
        known=SCHEMA_VERSION,
    )


def write_seal(
    tx: Tx, counts: tuple[int, int, int], seal: bytes, clock: tuple[int, int | None, int]
) -> None:
    """Write an append's seal and how it leaves the clock.

    ``counts`` are its ordinal, events and keys; ``clock`` its stamp, the present of a simulated
    clock and the latest effective time.
    """
    tx.execute(
        "INSERT INTO seals (ordinal, events, keys, seal, last, present, highest) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*counts, seal, *clock),
    )


def marked(tx: Tx) -> None:
    """Note that projections' standings, reorder points or alerts changed in this transaction.

    Every process keeps what it read of them until the number in the clock's row is another.
    """
    tx.execute("UPDATE clock SET marks = marks + 1 WHERE id = 1")


@lru_cache(maxsize=1024)
def to_percent(sql: str) -> str:
    """Return a statement with ``%s`` in place of ``?``."""
    return sql.replace("%", "%%").replace("?", "%s")


class savepoint:  # noqa: N801 - used like a statement.
    """Run statements that may fail without losing the transaction."""

    __slots__ = ("_name", "_tx")

    def __init__(self, tx: Tx, name: str) -> None:
        self._tx = tx
        self._name = name

    def __enter__(self) -> None:
        self._tx.execute(f"SAVEPOINT {self._name}")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is not None:
            self._tx.execute(f"ROLLBACK TO SAVEPOINT {self._name}")
        self._tx.execute(f"RELEASE SAVEPOINT {self._name}")
