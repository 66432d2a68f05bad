"""The projection driver: one function for each projection, three ways to drive it.

*Inline* in the append's transaction, in a savepoint; *catching up* in batches with the position in
the same transaction; *rebuild* into shadow tables that catch up first, so that only the last delta
and the rename happen under the lock; one process at a time rebuilds. A projection that raises stops
at its position, visibly, and the ledger goes on.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from time import perf_counter, sleep
from typing import Any, Protocol

from jitledger.domain.errors import Conflict, LedgerError, StoreError
from jitledger.domain.purchase_order import PurchaseOrder
from jitledger.domain.shop import Shop
from jitledger.domain.stock_item import StockItem
from jitledger.domain.supplier import Supplier
from jitledger.service.streams import (
    STREAMS_AT_ONCE,
    Change,
    Progress,
    fold_log,
    load_changes,
    load_shop,
)
from jitledger.store.database import Database, Tx, marked, savepoint

SHADOW = "__new"
HOLD_SECONDS, REBUILD_HOLD_SECONDS = 0.007, 0.010
YIELD_SECONDS = 0.003
"""How long bulk work holds the lock, and leaves it to others, at a time."""
TIDY_EVERY, TIDY_REBUILD_EVERY = 4, 16
"""After how many such pieces the log is copied: before a commit has to, which would take long."""
STREAM_WEIGHT, FIRST_WEIGHT, MOST_WEIGHT = 10, 500, 50_000
"""In rows: what a stream costs beside its days, and what is written under one lock, at first and
at most."""
SWAP_TRIES, SWAP_PAUSE_SECONDS = 200, 0.05
AT_ONCE_UNDER_LOCK = 20
"""How many streams may be written while nobody else can append."""


class Batch:
    """The changes a projection is given; remembers which one it is at.

    ``fresh`` says that the tables hold no rows of these streams yet, so that none need be deleted.
    """

    def __init__(self, changes: Sequence[Change], shop: Shop, *, fresh: bool = False) -> None:
        self._changes = changes
        self.shop = shop
        self.fresh = fresh
        self.at: Change | None = None

    def __len__(self) -> int:
        """Return how many streams changed."""
        return len(self._changes)

    def items(self) -> Iterator[tuple[Change, StockItem]]:
        """Yield the changed items."""
        for change in self._changes:
            if change.item is not None:
                self.at = change
                yield change, change.item

    def suppliers(self) -> Iterator[tuple[Change, Supplier]]:
        """Yield the changed suppliers."""
        for change in self._changes:
            if change.supplier is not None:
                self.at = change
                yield change, change.supplier

    def orders(self) -> Iterator[tuple[Change, PurchaseOrder]]:
        """Yield the changed purchase orders."""
        for change in self._changes:
            if change.order is not None:
                self.at = change
                yield change, change.order


class Projection(Protocol):
    """One question's view: a name, a version, tables, and one function over a batch.

    ``ignores`` names the events that change none of its rows when they are the newest of their
    stream: an append of nothing else is not shown to it.
    """

    name: str
    version: int
    ignores: frozenset[str]

    def apply(self, tx: Tx, batch: Batch, suffix: str) -> None:
        """Write the rows of a batch into the tables named with this suffix."""

    def definitions(self, dialect: str) -> dict[str, str]:
        """Return {table name: its definition with ``{name}``}, see ``Database.ddl``."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one projection stands; without a position it follows the newest event."""

    name: str
    version: int
    position: int | None
    status: str
    error: str | None

    def stands_at(self, head: int) -> int:
        """Return the position up to which its rows are complete."""
        return head if self.position is None else self.position


class ProjectionFailed(Exception):
    """A projection raised during an append that was not prepared for it."""


class Driver:
    """Drives a set of projections over one database."""

    def __init__(self, database: Database, projections: Sequence[Projection]) -> None:
        self.database = database
        self.projections = list(projections)
        self._marks = -1
        self._live: list[tuple[Projection, Standing]] = []
        self._listeners: dict[frozenset[str], list[tuple[Projection, Standing]]] = {}
        """Which of them an append of nothing but such events is shown to."""
        self._left: list[str] = []

    def create(self) -> None:
        """Create the tables and rows of projections that are new."""
        with self.database.snapshot() as tx:
            missing = self._missing(tx)
        if missing:
            self._create()
        self.database.views = tuple(
            table for p in self.projections for table in p.definitions(self.database.dialect)
        )

    def _create(self) -> None:
        with self.database.transaction() as tx:
            self.database.lock(tx)
            missing = self._missing(tx)  # Another process may have created them since.
            if not missing:
                return
            position = 0 if self.database.head(tx) else None
            marked(tx)
            for projection in missing:
                for name, definition in projection.definitions(self.database.dialect).items():
                    tx.execute(self.database.ddl(definition.format(name=name)))
                tx.execute(
                    "INSERT INTO projections VALUES (?, ?, ?, 'live', NULL) ON CONFLICT DO NOTHING",
                    (projection.name, projection.version, position),
                )

    def _missing(self, tx: Tx) -> list[Projection]:
        known = {row[0] for row in tx.all("SELECT name FROM projections")}
        return [p for p in self.projections if p.name not in known]

    def standings(self, tx: Tx) -> dict[str, Standing]:
        """Return where every projection stands."""
        rows = tx.all("SELECT name, version, position, status, error FROM projections")
        return {row[0]: Standing(*row) for row in rows}

    # --- inline -----------------------------------------------------------------------------------

    def inline(
        self,
        tx: Tx,
        shop: Shop,
        changes: list[Change],
        before: int,
        marks: int,
        *,
        careful: bool,
    ) -> None:
        """Apply an append's changes in its own transaction.

        Raises ``ProjectionFailed`` for a projection's bug; asked again with ``careful``, each one
        has a savepoint of its own and the one with the bug is stopped at its position.
        ``marks`` is the number in the clock's row, see ``marked``.
        """
        if marks != self._marks:
            self._look(tx)
            self._marks = marks
        for name in self._left:
            # We do not write these rows: they stay complete up to here and catch up later.
            tx.execute("UPDATE projections SET position = ? WHERE name = ?", (before, name))
        batch = Batch(changes, shop)
        for projection, standing in self._listening(changes):
            mine = batch
            if standing.position is not None:
                mine = Batch([_whole(change) for change in changes], shop)
            if careful:
                self._apply_or_stop(tx, projection, mine, standing.stands_at(before))
                continue
            try:
                projection.apply(tx, mine, "")
            except LedgerError:
                raise
            except Exception as error:
                raise ProjectionFailed from error
        if self._left:
            self._changed(tx)

    def _listening(self, changes: Sequence[Change]) -> list[tuple[Projection, Standing]]:
        """Return the live projections that changes are shown to."""
        names: set[str] = set()
        for change in changes:
            if change.whole:
                return self._live
            for entry in change.entries:
                names.add(entry[1])
        known = frozenset(names)
        found = self._listeners.get(known)
        if found is None:
            found = self._listeners[known] = [
                (projection, standing)
                for projection, standing in self._live
                if standing.position is not None or not names <= projection.ignores
            ]
        return found

    def _look(self, tx: Tx) -> None:
        """Read which projections an append writes, and which follow that it does not write."""
        known = self.standings(tx)
        self._live = [
            (p, known[p.name]) for p in self.projections if _is_live(p, known.get(p.name))
        ]
        self._listeners.clear()
        ours = {p.name for p, _ in self._live}
        self._left = [s.name for s in known.values() if s.position is None and s.name not in ours]

    def _apply_or_stop(self, tx: Tx, projection: Projection, batch: Batch, position: int) -> None:
        try:
            with savepoint(tx, "projection"):
                _apply(projection, tx, batch, "")
        except _Stopped as stopped:
            self._stop(tx, projection, position, stopped)

    def _changed(self, tx: Tx) -> None:
        """Tell every process, ours too, to read the standings anew."""
        marked(tx)
        self.forget()

    def forget(self) -> None:
        """Read the standings anew at the next append."""
        self._marks = -1

    def _stop(self, tx: Tx, projection: Projection, position: int, stopped: _Stopped) -> None:
        error = stopped.error
        text = f"after position {position} at {stopped.stream}: {type(error).__name__}: {error}"
        tx.execute(
            "UPDATE projections SET status = 'stopped', position = ?, error = ? WHERE name = ?",
            (position, text[:500], projection.name),
        )
        self._changed(tx)

    # --- catching up ------------------------------------------------------------------------------

    def behind(self) -> list[str]:
        """Return the projections that do not stand at the newest event, or are stopped."""
        with self.database.snapshot() as tx:
            head = self.database.head(tx)
            standings = self.standings(tx)
        return [
            p.name
            for p in self.projections
            if standings[p.name].stands_at(head) != head
            or standings[p.name].status != "live"
            or standings[p.name].version != p.version
        ]

    def catch_up(self, progress: Progress | None = None) -> list[Standing]:
        """Bring every projection to the newest event; return those that are stopped.

        A stopped projection is tried again from its position; one of an older version is rebuilt,
        one of a newer version is left to the program that made it.
        """
        tried: set[str] = set()
        if self._outdated():
            with self.database.alone("rebuild"), without_collector():
                outdated = self._outdated()  # Another process may have rebuilt them since.
                if outdated:
                    self._rebuild(outdated, progress)
        while True:
            with self.database.snapshot() as tx:
                head = self.database.head(tx)
                shop = load_shop(self.database, tx)
                standings = self.standings(tx)
                late = [
                    p
                    for p in self.projections
                    if p.name not in tried
                    and standings[p.name].version == p.version
                    and (
                        standings[p.name].position is not None or standings[p.name].status != "live"
                    )
                ]
                if not late:
                    return [s for s in standings.values() if s.status != "live"]
                position = min(standings[p.name].stands_at(head) for p in late)
                together = [p for p in late if standings[p.name].stands_at(head) == position]
                touched = self._touched(tx, position, head)
            tried |= self._catch_up(together, shop, touched, position, head, progress)

    def _outdated(self) -> list[Projection]:
        """Return the projections whose rows were written by an older version."""
        with self.database.snapshot() as tx:
            standings = self.standings(tx)
        return [p for p in self.projections if standings[p.name].version < p.version]

    def _catch_up(
        self,
        together: list[Projection],
        shop: Shop,
        touched: list[str],
        position: int,
        head: int,
        progress: Progress | None,
    ) -> set[str]:
        """Bring projections of one position to ``head``; return the names of those that stopped."""
        stopped: dict[str, _Stopped] = {}
        with without_collector():
            self._write(together, "", shop, touched, progress, stopped)
        with self.database.transaction() as tx:
            self.database.lock(tx)
            newest = self.database.head(tx)
            since = self._touched(tx, head, newest)
            reached: int | None = head
            if len(since) <= AT_ONCE_UNDER_LOCK:
                # Nobody can append now: what came meanwhile is written, and from here they follow.
                changes = load_changes(self.database, tx, since, shop)
                self._apply_apart(together, tx, Batch(changes, shop), stopped)
                reached = None
            for projection in together:
                found = stopped.get(projection.name)
                if found is not None:
                    self._stop(tx, projection, position, found)
                    continue
                tx.execute(
                    "UPDATE projections SET position = ?, status = 'live', error = NULL "
                    "WHERE name = ?",
                    (reached, projection.name),
                )
            self._changed(tx)
        return set(stopped)

    def _apply_apart(
        self,
        projections: Sequence[Projection],
        tx: Tx,
        batch: Batch,
        stopped: dict[str, _Stopped],
        suffix: str = "",
    ) -> None:
        """Apply a batch to each projection, in a savepoint of its own; note which ones raised."""
        for projection in projections:
            if projection.name in stopped:
                continue
            try:
                with savepoint(tx, "projection"):
                    _apply(projection, tx, batch, suffix)
            except _Stopped as found:
                stopped[projection.name] = found

    def _touched(self, tx: Tx, after: int, upto: int) -> list[str]:
        column = self.database.position_column
        rows = tx.all(
            f"SELECT DISTINCT originator_id FROM stored_events WHERE {column} > ? "
            f"AND {column} <= ? ORDER BY originator_id",
            (after, upto),
        )
        return [row[0] for row in rows]

    def _write(
        self,
        projections: Sequence[Projection],
        suffix: str,
        shop: Shop,
        streams: list[str],
        progress: Progress | None,
        stopped: dict[str, _Stopped],
    ) -> None:
        """Write the rows of some streams as they stand, in transactions of bounded length."""
        for start in range(0, len(streams), STREAMS_AT_ONCE):
            part = streams[start : start + STREAMS_AT_ONCE]
            with self.database.snapshot() as tx:
                changes = load_changes(self.database, tx, part, shop)
                seen = self.database.head(tx)

            def write(tx: Tx, bunch: list[Change], seen: int = seen) -> None:
                # Whoever appended since then has written these rows itself, or we do it now.
                newer = set(self._touched(tx, seen, 1 << 62)) & {c.stream for c in bunch}
                now = [change for change in bunch if change.stream not in newer]
                now += load_changes(self.database, tx, sorted(newer), shop)
                self._apply_apart(projections, tx, Batch(now, shop), stopped, suffix)

            for done in self._in_bunches(changes, write, HOLD_SECONDS, TIDY_EVERY):
                if progress is not None:
                    progress(start + done, len(streams))

    def _in_bunches(
        self,
        changes: Sequence[Change],
        write: Callable[[Tx, list[Change]], None],
        hold: float,
        tidy_every: int,
    ) -> Iterator[int]:
        """Write streams in short transactions; yield after each how many are done."""
        done, groups, most = 0, 0, FIRST_WEIGHT
        while done < len(changes):
            bunch, weight = _bunch(changes, done, most)
            with self.database.transaction() as tx:
                self.database.lock(tx)
                started = perf_counter()
                write(tx, bunch)
            spent = perf_counter() - started
            done, groups = done + len(bunch), groups + 1
            if groups % tidy_every == 0:
                self.database.tidy()
            sleep(YIELD_SECONDS)
            most = next_size(weight, spent, MOST_WEIGHT, hold)
            yield done

    # --- rebuild ----------------------------------------------------------------------------------

    def rebuild(self, name: str | None = None, progress: Progress | None = None) -> int:
        """Build projections anew from the raw log; return the number of events read.

        Readers see the old rows until the new ones have caught up. A projection that raises keeps
        its rows and is marked stopped. Raises ``unknown-projection``, and ``newer-projection`` for
        rows that a newer program wrote.
        """
        chosen = [p for p in self.projections if name is None or p.name == name]
        if not chosen:
            known = ", ".join(p.name for p in self.projections)
            raise StoreError("unknown-projection", f"No projection {name!r}; known are {known}.")
        with self.database.alone("rebuild"), without_collector():
            with self.database.snapshot() as tx:
                standings = self.standings(tx)
            for projection in chosen:
                if standings[projection.name].version > projection.version:
                    raise StoreError(
                        "newer-projection",
                        f"The view {projection.name} was built by a newer jitledger; use that one.",
                    )
            return self._rebuild(chosen, progress)

    def _rebuild(self, chosen: list[Projection], progress: Progress | None) -> int:
        for projection in chosen:
            self._make_shadow(projection)
        with self.database.snapshot() as tx:
            shop = load_shop(self.database, tx)
            head = self.database.head(tx)
            read = int(tx.one("SELECT COUNT(*) FROM stored_events")[0])
            changes = fold_log(self.database, tx, shop, progress)
        filled = []
        for projection in chosen:
            try:
                self._fill_shadow(projection, changes, shop, progress)
                filled.append(projection)
            except _Stopped as stopped:
                self._give_up(projection, stopped)
        changes.clear()
        for projection in filled:
            try:
                self._swap(projection, head)
            except _Stopped as stopped:
                self._give_up(projection, stopped)
        return read

    def _give_up(self, projection: Projection, stopped: _Stopped) -> None:
        """Mark a projection stopped; its rows stay, complete up to where they were."""
        with self.database.transaction() as tx:
            self.database.lock(tx)
            standing = self.standings(tx)[projection.name]
            for table in projection.definitions(self.database.dialect):
                tx.execute(f"DROP TABLE IF EXISTS {table}{SHADOW}")
            self._stop(tx, projection, standing.stands_at(self.database.head(tx)), stopped)

    def _make_shadow(self, projection: Projection) -> None:
        with self.database.transaction() as tx:
            self.database.lock(tx)
            for table, definition in projection.definitions(self.database.dialect).items():
                tx.execute(f"DROP TABLE IF EXISTS {table}{SHADOW}")
                tx.execute(self.database.ddl(definition.format(name=table + SHADOW)))

    def _fill_shadow(
        self,
        projection: Projection,
        changes: list[Change],
        shop: Shop,
        progress: Progress | None,
    ) -> None:
        def write(tx: Tx, bunch: list[Change]) -> None:
            _apply(projection, tx, Batch(bunch, shop, fresh=True), SHADOW)

        for done in self._in_bunches(changes, write, REBUILD_HOLD_SECONDS, TIDY_REBUILD_EVERY):
            if progress is not None:
                progress(done, len(changes))

    def _swap(self, projection: Projection, head: int) -> None:
        """Write what came since under the lock, then put the new tables in the old one's place.

        Tried again while somebody reads the old ones and does not let go of them.
        """
        for left in reversed(range(SWAP_TRIES)):
            head = self._follow(projection, head)
            try:
                with self.database.transaction() as tx:
                    self.database.lock(tx)
                    self._replace(projection, tx, head)
                return
            except Conflict:
                if not left:
                    raise
                sleep(SWAP_PAUSE_SECONDS)

    def _follow(self, projection: Projection, head: int) -> int:
        """Write into the shadow what came since a position, until little is left."""
        while True:
            with self.database.snapshot() as tx:
                newest = self.database.head(tx)
                touched = self._touched(tx, head, newest)
                shop = load_shop(self.database, tx)
            if len(touched) <= AT_ONCE_UNDER_LOCK:
                return head
            stopped: dict[str, _Stopped] = {}
            self._write([projection], SHADOW, shop, touched, None, stopped)
            if stopped:
                raise stopped[projection.name]
            head = newest

    def _replace(self, projection: Projection, tx: Tx, head: int) -> None:
        touched = self._touched(tx, head, self.database.head(tx))
        if touched:
            shop = load_shop(self.database, tx)
            changes = load_changes(self.database, tx, touched, shop)
            _apply(projection, tx, Batch(changes, shop), SHADOW)
        for table in projection.definitions(self.database.dialect):
            self.database.replace_table(tx, table, table + SHADOW)
        tx.execute(
            "UPDATE projections SET version = ?, position = NULL, status = 'live', "
            "error = NULL WHERE name = ?",
            (projection.version, projection.name),
        )
        self._changed(tx)


def next_size(done: int, spent: float, most: int, hold: float = HOLD_SECONDS) -> int:
    """Return how much to do under the next lock; it grows slowly and shrinks at once."""
    wanted = int(done * hold / max(spent, 1e-4))
    return max(5, min(most, wanted, done * 2))


def _weight(change: Change) -> int:
    """Return about how much there is to write of a stream anew, in rows."""
    days = change.item.demand.values() if change.item is not None else ()
    return STREAM_WEIGHT + sum(map(len, days))


def _bunch(changes: Sequence[Change], at: int, most: int) -> tuple[list[Change], int]:
    """Return what to write under one lock and its weight: the next streams, at least one."""
    taken: list[Change] = []
    total = 0
    for change in islice(changes, at, None):
        weight = _weight(change)
        if taken and total + weight > most:
            break
        taken.append(change)
        total += weight
    return taken, total


class _Stopped(Exception):
    """A projection raised, at a stream."""

    def __init__(self, stream: str, error: Exception) -> None:
        super().__init__(str(error))
        self.stream = stream
        self.error = error


@contextmanager
def without_collector() -> Iterator[None]:
    """Do without the search for garbage while much is made that stays."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _apply(projection: Projection, tx: Tx, batch: Batch, suffix: str) -> None:
    batch.at = None
    try:
        projection.apply(tx, batch, suffix)
    except LedgerError:
        raise
    except Exception as error:
        raise _Stopped(batch.at.stream if batch.at is not None else "?", error) from error


def _is_live(projection: Projection, standing: Standing | None) -> bool:
    """An old process must not write rows of a newer shape, nor a new one rows of an older."""
    return (
        standing is not None
        and standing.status == "live"
        and standing.version == projection.version
    )


def _whole(change: Change) -> Change:
    return Change(change.stream, True, change.entries, change.item, change.supplier, change.order)


def describe(standing: Standing, head: int) -> dict[str, Any]:
    """Return a standing as ``doctor`` shows it."""
    return {
        "projection": standing.name,
        "version": standing.version,
        "position": standing.stands_at(head),
        "status": standing.status,
        "error": standing.error,
    }
