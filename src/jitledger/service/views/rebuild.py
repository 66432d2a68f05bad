"""Building views anew from the raw log, into shadow tables that take the old ones' place.

Readers see the old rows until the new ones have caught up; only the last delta and the rename
happen under the lock, and one process at a time rebuilds.
"""

from __future__ import annotations

from time import sleep

from jitledger.domain.errors import Conflict
from jitledger.domain.state.shop import Shop
from jitledger.service.streams import Change, Progress, fold_log, load_changes, load_shop
from jitledger.service.views.bunches import (
    AT_ONCE_UNDER_LOCK,
    REBUILD_HOLD_SECONDS,
    TIDY_REBUILD_EVERY,
    ViewWriter,
)
from jitledger.service.views.contract import Batch, Projection, Stopped, apply_view
from jitledger.service.views.standing import all_standings, follows, stop
from jitledger.store.database import Database, Tx, marked

SHADOW = "__new"
SWAP_TRIES, SWAP_PAUSE_SECONDS = 200, 0.05


class Rebuild:
    """One way to drive views: all rows anew, from the log."""

    def __init__(self, database: Database, writer: ViewWriter) -> None:
        self.database = database
        self._writer = writer

    def run(self, chosen: list[Projection], progress: Progress | None) -> int:
        """Rebuild views; return the number of events read. One that raises is marked stopped."""
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
                self.fill_shadow(projection, changes, shop, progress)
                filled.append(projection)
            except Stopped as stopped:
                self._give_up(projection, stopped)
        changes.clear()
        for projection in filled:
            try:
                self.swap(projection, head)
            except Stopped as stopped:
                self._give_up(projection, stopped)
        return read

    def _make_shadow(self, projection: Projection) -> None:
        with self.database.transaction() as tx:
            self.database.lock(tx)
            for table, definition in projection.definitions(self.database.dialect).items():
                tx.execute(f"DROP TABLE IF EXISTS {table}{SHADOW}")
                tx.execute(self.database.ddl(definition.format(name=table + SHADOW)))

    def fill_shadow(
        self,
        projection: Projection,
        changes: list[Change],
        shop: Shop,
        progress: Progress | None,
    ) -> None:
        """Write every stream's rows into a view's shadow; raises ``Stopped``."""

        def write(tx: Tx, bunch: list[Change]) -> None:
            apply_view(projection, tx, Batch(bunch, shop, fresh=True), SHADOW)

        for done in self._writer.in_bunches(
            changes, write, REBUILD_HOLD_SECONDS, TIDY_REBUILD_EVERY
        ):
            if progress is not None:
                progress(done, len(changes))

    def swap(self, projection: Projection, head: int) -> None:
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
                touched = self._writer.touched(tx, head, newest)
                shop = load_shop(self.database, tx)
            if len(touched) <= AT_ONCE_UNDER_LOCK:
                return head
            stopped: dict[str, Stopped] = {}
            self._writer.write([projection], SHADOW, shop, touched, None, stopped)
            if stopped:
                raise stopped[projection.name]
            head = newest

    def _replace(self, projection: Projection, tx: Tx, head: int) -> None:
        touched = self._writer.touched(tx, head, self.database.head(tx))
        if touched:
            shop = load_shop(self.database, tx)
            changes = load_changes(self.database, tx, touched, shop)
            apply_view(projection, tx, Batch(changes, shop), SHADOW)
        for table in projection.definitions(self.database.dialect):
            self.database.replace_table(tx, table, table + SHADOW)
        follows(tx, projection, None)
        marked(tx)

    def _give_up(self, projection: Projection, stopped: Stopped) -> None:
        """Mark a projection stopped; its rows stay, complete up to where they were."""
        with self.database.transaction() as tx:
            self.database.lock(tx)
            standing = all_standings(tx)[projection.name]
            for table in projection.definitions(self.database.dialect):
                tx.execute(f"DROP TABLE IF EXISTS {table}{SHADOW}")
            stop(tx, projection, standing.stands_at(self.database.head(tx)), stopped)
