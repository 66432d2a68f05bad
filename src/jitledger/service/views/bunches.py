"""Rows of many streams, written in transactions so short that nobody waits for them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from time import perf_counter, sleep

from jitledger.domain.state.shop import Shop
from jitledger.service.streams import STREAMS_AT_ONCE, Change, Progress, load_changes
from jitledger.service.views.contract import Batch, Projection, Stopped, apply_view
from jitledger.store.database import Database, Tx, savepoint

HOLD_SECONDS, REBUILD_HOLD_SECONDS = 0.007, 0.010
YIELD_SECONDS = 0.003
"""How long bulk work holds the lock, and leaves it to others, at a time."""
TIDY_EVERY, TIDY_REBUILD_EVERY = 4, 16
"""After how many such pieces the log is copied: before a commit has to, which would take long."""
STREAM_WEIGHT, FIRST_WEIGHT, MOST_WEIGHT = 10, 500, 50_000
"""In rows: what a stream costs beside its days, and what is written under one lock, at first and
at most."""

AT_ONCE_UNDER_LOCK = 20
"""How many streams may be written while nobody else can append."""


def next_size(done: int, spent: float, most: int, hold: float = HOLD_SECONDS) -> int:
    """Return how much to do under the next lock; it grows slowly and shrinks at once."""
    wanted = int(done * hold / max(spent, 1e-4))
    return max(5, min(most, wanted, done * 2))


def _weight(change: Change) -> int:
    """Return about how much there is to write of a stream anew, in rows."""
    days = change.item.demand.values() if change.item is not None else ()
    return STREAM_WEIGHT + sum(map(len, days))


def bunch_of(changes: Sequence[Change], at: int, most: int) -> tuple[list[Change], int]:
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


class ViewWriter:
    """Writes the rows of streams as they stand, a bunch at a time."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def touched(self, tx: Tx, after: int, upto: int) -> list[str]:
        """Return the streams with an event behind one position and up to another."""
        return self.database.touched(tx, after, upto)

    def apply_apart(
        self,
        projections: Sequence[Projection],
        tx: Tx,
        batch: Batch,
        stopped: dict[str, Stopped],
        suffix: str = "",
    ) -> None:
        """Apply a batch to each projection, in a savepoint of its own; note which ones raised."""
        for projection in projections:
            if projection.name in stopped:
                continue
            try:
                with savepoint(tx, "projection"):
                    apply_view(projection, tx, batch, suffix)
            except Stopped as found:
                stopped[projection.name] = found

    def write(
        self,
        projections: Sequence[Projection],
        suffix: str,
        shop: Shop,
        streams: list[str],
        progress: Progress | None,
        stopped: dict[str, Stopped],
    ) -> None:
        """Write the rows of some streams as they stand, in transactions of bounded length."""
        for start in range(0, len(streams), STREAMS_AT_ONCE):
            part = streams[start : start + STREAMS_AT_ONCE]
            with self.database.snapshot() as tx:
                changes = load_changes(self.database, tx, part, shop)
                seen = self.database.head(tx)

            def write(tx: Tx, bunch: list[Change], seen: int = seen) -> None:
                # Whoever appended since then has written these rows itself, or we do it now.
                newer = set(self.touched(tx, seen, 1 << 62)) & {c.stream for c in bunch}
                now = [change for change in bunch if change.stream not in newer]
                now += load_changes(self.database, tx, sorted(newer), shop)
                self.apply_apart(projections, tx, Batch(now, shop), stopped, suffix)

            for done in self.in_bunches(changes, write, HOLD_SECONDS, TIDY_EVERY):
                if progress is not None:
                    progress(start + done, len(streams))

    def in_bunches(
        self,
        changes: Sequence[Change],
        write: Callable[[Tx, list[Change]], None],
        hold: float,
        tidy_every: int,
    ) -> Iterator[int]:
        """Write streams in short transactions; yield after each how many are done."""
        done, groups, most = 0, 0, FIRST_WEIGHT
        while done < len(changes):
            bunch, weight = bunch_of(changes, done, most)
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
