"""The projection driver: one function for each projection, three ways to drive it.

*Inline* in the append's transaction, in a savepoint; *catching up* in batches with the position in
the same transaction; *rebuild* into shadow tables that catch up first, so that only the last delta
and the rename happen under the lock; one process at a time rebuilds. A projection that raises stops
at its position, visibly, and the ledger goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

from jitledger.domain.errors import LedgerError, StoreError
from jitledger.domain.events import Event
from jitledger.domain.state.shop import Shop
from jitledger.service.streams import Change, Progress, load_shop
from jitledger.service.views.bunches import ViewWriter, without_collector
from jitledger.service.views.catch_up import CatchUp
from jitledger.service.views.contract import (
    Batch,
    Projection,
    ProjectionFailed,
    Stopped,
    apply_view,
)
from jitledger.service.views.rebuild import Rebuild
from jitledger.service.views.standing import Standing, all_standings, is_live, stop
from jitledger.store.database import Database, Tx, marked, savepoint


class Driver:
    """Drives a set of projections over one database."""

    def __init__(self, database: Database, projections: Sequence[Projection]) -> None:
        self.database = database
        self.projections = list(projections)
        self._marks = -1
        self._live: list[tuple[Projection, Standing]] = []
        self._listeners: dict[frozenset[type[Event]], list[tuple[Projection, Standing]]] = {}
        """Which of them an append of nothing but such events is shown to."""
        self._left: list[str] = []
        self._writer = ViewWriter(database)
        self._catching_up = CatchUp(database, self._writer)
        self._rebuilding = Rebuild(database, self._writer)

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
            marked(tx)
            self.forget()

    def _listening(self, changes: Sequence[Change]) -> list[tuple[Projection, Standing]]:
        """Return the live projections that changes are shown to."""
        kinds: set[type[Event]] = set()
        for change in changes:
            if change.whole:
                return self._live
            for entry in change.entries:
                kinds.add(type(entry[1]))
        known = frozenset(kinds)
        found = self._listeners.get(known)
        if found is None:
            found = self._listeners[known] = [
                (projection, standing)
                for projection, standing in self._live
                if standing.position is not None or not kinds <= projection.ignores
            ]
        return found

    def _look(self, tx: Tx) -> None:
        """Read which projections an append writes, and which follow that it does not write."""
        known = all_standings(tx)
        self._live = [(p, known[p.name]) for p in self.projections if is_live(p, known.get(p.name))]
        self._listeners.clear()
        ours = {p.name for p, _ in self._live}
        self._left = [s.name for s in known.values() if s.position is None and s.name not in ours]

    def _apply_or_stop(self, tx: Tx, projection: Projection, batch: Batch, position: int) -> None:
        try:
            with savepoint(tx, "projection"):
                apply_view(projection, tx, batch, "")
        except Stopped as stopped:
            stop(tx, projection, position, stopped)

    def forget(self) -> None:
        """Read the standings anew at the next append."""
        self._marks = -1

    # --- catching up ------------------------------------------------------------------------------

    def behind(self) -> list[str]:
        """Return the projections that do not stand at the newest event, or are stopped."""
        with self.database.snapshot() as tx:
            head = self.database.head(tx)
            standings = all_standings(tx)
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
                    self._rebuilding.run(outdated, progress)
        while True:
            with self.database.snapshot() as tx:
                head = self.database.head(tx)
                shop = load_shop(self.database, tx)
                standings = all_standings(tx)
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
                touched = self._writer.touched(tx, position, head)
            tried |= self._catching_up.run(together, shop, touched, position, head, progress)

    def _outdated(self) -> list[Projection]:
        """Return the projections whose rows were written by an older version."""
        with self.database.snapshot() as tx:
            standings = all_standings(tx)
        return [p for p in self.projections if standings[p.name].version < p.version]

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
                standings = all_standings(tx)
            for projection in chosen:
                if standings[projection.name].version > projection.version:
                    raise StoreError(
                        "newer-projection",
                        f"The view {projection.name} was built by a newer jitledger; use that one.",
                    )
            return self._rebuilding.run(chosen, progress)


def _whole(change: Change) -> Change:
    return Change(change.stream, True, change.entries, change.item, change.supplier, change.order)
