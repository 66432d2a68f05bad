"""Bringing views to the newest event, in batches, with the position in the same transaction."""

from __future__ import annotations

from jitledger.domain.state.shop import Shop
from jitledger.service.streams import Progress, load_changes
from jitledger.service.views.bunches import AT_ONCE_UNDER_LOCK, ViewWriter, without_collector
from jitledger.service.views.contract import Batch, Projection, Stopped
from jitledger.service.views.standing import follows, stop
from jitledger.store.database import Database, marked


class CatchUp:
    """One way to drive views: what they have not seen yet."""

    def __init__(self, database: Database, writer: ViewWriter) -> None:
        self.database = database
        self._writer = writer

    def run(
        self,
        together: list[Projection],
        shop: Shop,
        touched: list[str],
        position: int,
        head: int,
        progress: Progress | None,
    ) -> set[str]:
        """Bring projections of one position to ``head``; return the names of those that stopped."""
        stopped: dict[str, Stopped] = {}
        with without_collector():
            self._writer.write(together, "", shop, touched, progress, stopped)
        with self.database.transaction() as tx:
            self.database.lock(tx)
            newest = self.database.head(tx)
            since = self._writer.touched(tx, head, newest)
            reached: int | None = head
            if len(since) <= AT_ONCE_UNDER_LOCK:
                # Nobody can append now: what came meanwhile is written, and from here they follow.
                changes = load_changes(self.database, tx, since, shop)
                self._writer.apply_apart(together, tx, Batch(changes, shop), stopped)
                reached = None
            for projection in together:
                found = stopped.get(projection.name)
                if found is not None:
                    stop(tx, projection, position, found)
                    continue
                follows(tx, projection, reached)
            marked(tx)
        return set(stopped)
