"""A shop copied from one database into another, event for event: SQLite and PostgreSQL, both ways.

Events, command keys and seals are copied as they are, in their order; seals do not depend on where
they lie, so both have the same ones. What the conversation holds goes along. Views are not copied:
they are built anew from the log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from jitledger.domain.errors import StoreError
from jitledger.store.database import Database, Tx
from jitledger.store.schema import TABLES
from jitledger.store.seals import Verdict, verify

DERIVED = ("clock", "projections", "reorder_points", "demand_state")
"""Tables that follow from the log, or are made by the sweep; the clock is copied by itself."""

AT_ONCE = 5000
"""Events in one step."""

ROWS_AT_ONCE = 200

Progress = Callable[[int, int], None]


def copied_tables() -> dict[str, list[str]]:
    """Return {table: its columns} of all that is copied beside the events.

    >>> copied_tables()["aliases"]
    ['alias', 'sku']
    """
    found = {}
    for statement in TABLES:
        match = re.match(r"CREATE TABLE IF NOT EXISTS (\w+) \((.*)\)[^)]*$", statement)
        if match is not None and match.group(1) not in DERIVED:
            listed = re.sub(r"PRIMARY KEY \(.*?\)", "", match.group(2))
            columns = [part.split()[0] for part in listed.split(",") if part.strip()]
            found[match.group(1)] = columns
    return found


def copy_events(source: Database, there: Tx, here: Tx, progress: Progress | None = None) -> None:
    """Copy the log alone, in its order: enough to build views from."""
    total = int(there.one("SELECT COUNT(*) FROM stored_events")[0])
    done = 0
    for rows in source.scan(there, batch=AT_ONCE):
        events = [(stream, number, name, bytes(body)) for _, stream, number, name, body in rows]
        here.insert_many(events)
        done += len(events)
        if progress is not None:
            progress(done, total)


def copy_shop(source: Database, target: Database, progress: Progress | None = None) -> Verdict:
    """Copy a shop into a database that holds none; raises ``not-empty`` and ``altered-copy``.

    The copy is one moment of the source; it is verified against the source's own seals before this
    returns, and taken away again when it does not agree with them.
    """
    target.create()
    with source.snapshot() as there:
        seal = there.one("SELECT seal FROM seals ORDER BY ordinal DESC LIMIT 1")
        witness = None if seal is None else bytes(seal[0]).hex()
        with target.transaction() as here:
            target.lock(here)
            if here.one("SELECT 1 FROM seals LIMIT 1") or here.one("SELECT 1 FROM claims LIMIT 1"):
                raise StoreError(
                    "not-empty", "The place that is copied to holds a shop already; take another."
                )
            copy_events(source, there, here, progress)
            _copy_rest(there, here)
    verdict = verify(target, witness)
    if not verdict.ok:
        with target.transaction() as here:
            target.lock(here)
            for table in ("stored_events", *copied_tables()):
                here.execute(f"DELETE FROM {table}")
        raise StoreError(
            "altered-copy",
            f"The shop does not agree with its own seals: {verdict.first_difference}. Nothing was "
            "left in the other place.",
            why=str(verdict.first_difference),
        )
    return verdict


def _copy_rest(there: Tx, here: Tx) -> None:
    """Copy all tables beside the log, some rows at a time: photos are large."""
    for table, columns in copied_tables().items():
        listed = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        there.execute(f"SELECT {listed} FROM {table}")
        for part in _parts(there):
            here.executemany(f"INSERT INTO {table} ({listed}) VALUES ({marks})", part)
        if columns[0] == "id" and here.dialect == "postgresql" and table != "proposals":
            here.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                f"(SELECT COALESCE(MAX(id), 0) + 1 FROM {table}), false)"
            )
    clock = there.one("SELECT last, present, highest FROM clock WHERE id = 1")
    here.execute("UPDATE clock SET last = ?, present = ?, highest = ? WHERE id = 1", clock)


def _parts(there: Tx) -> Iterator[list[tuple[object, ...]]]:
    """Yield the rows of the statement that was executed last."""
    part: list[tuple[object, ...]] = []
    while (row := there.fetchone()) is not None:
        assert isinstance(row, tuple)
        part.append(tuple(_plain(value) for value in row))
        if len(part) == ROWS_AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview | bytearray) else value
