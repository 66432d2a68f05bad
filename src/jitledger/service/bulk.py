"""Bulk appends: events that were decided elsewhere, many in one short transaction.

The way of large imports: versions, stamps, keys and seal are made under the lock as in every
append; the views are left behind and catch up afterwards. The lock is held for about 15 ms each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from time import perf_counter, sleep
from typing import Any

import orjson
from eventsourcing.persistence import StoredEvent

from jitledger.domain.moments import MICROSECOND
from jitledger.domain.names import SKU_STREAM, entry_name
from jitledger.service.clock import Clock
from jitledger.service.projection import YIELD_SECONDS, load_shop, next_size
from jitledger.store.codec import dump
from jitledger.store.database import ClockRow, Database, Tx, marked
from jitledger.store.seals import FIRST, seal_of


@dataclass(frozen=True, slots=True)
class BulkFact:
    """One event of one command: its key, the digest of its row, its stored name and fields.

    Fields are as stored (decimals as text). ``effective_at`` is at most the moment of recording;
    ``target`` and the field ``sale`` name the key of an earlier entry of the same stream.
    """

    key: str
    digest: bytes
    sku: str
    name: str
    effective_at: int
    fields: dict[str, Any]
    target: str | None = None


@dataclass(frozen=True, slots=True)
class _Moments:
    """Where the clock stands: last stamp, latest effective time, step, what counts as past."""

    stamp: int
    highest: int
    step: int
    ceiling: int


class BulkAppender:
    """Appends facts in groups; knows the versions of the streams it writes."""

    def __init__(self, database: Database, clock: Clock, channel: str) -> None:
        self._database = database
        self._clock = clock
        self._channel = channel
        self._versions: dict[str, int] = {}
        self._position = -1
        self._marks = -1
        with database.snapshot() as tx:
            self._simulated = load_shop(database, tx).clock == "simulated"
        self.size = 200
        self.longest = 0.0

    def append_all(
        self,
        facts: Iterator[BulkFact],
        targets: dict[str, int],
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Append facts in their order; ``targets`` learns {key: version} of each."""
        done = 0
        while part := list(islice(facts, self.size)):
            started = perf_counter()
            self._append(part, targets)
            spent = perf_counter() - started
            self.longest = max(self.longest, spent)
            done += len(part)
            self.size = next_size(len(part), spent, 5_000)
            sleep(YIELD_SECONDS)
            if progress is not None:
                progress(done)
        return done

    def _append(self, facts: Sequence[BulkFact], targets: dict[str, int]) -> None:
        with self._database.transaction() as tx:
            clock = self._database.lock(tx)
            self._look(tx)
            moments = self._begin(clock)
            if clock[3] != self._marks:
                self._leave_views_behind(tx)
                self._marks = clock[3]
            stamp, highest, ceiling = moments.stamp, moments.highest, moments.ceiling
            events: list[StoredEvent] = []
            keys: list[tuple[str, bytes, str]] = []
            for fact in facts:
                stamp += moments.step
                stream = SKU_STREAM + fact.sku
                version = self._version(tx, stream) + 1
                fields = fact.fields
                if fact.target is not None:
                    fields = {**fields, "target": targets[fact.target]}
                elif "sale" in fields:
                    sale = entry_name(fact.sku, targets[fields["sale"]])
                    fields = {**fields, "sale": sale}
                effective_at = min(fact.effective_at, max(ceiling, stamp))
                body = dump(
                    {
                        "recorded_at": stamp,
                        "effective_at": effective_at,
                        "channel": self._channel,
                        "command_key": fact.key,
                        **fields,
                    }
                )
                events.append(StoredEvent(stream, version, fact.name, body))
                highest = max(highest, effective_at)
                self._versions[stream] = version
                targets[fact.key] = version
                listed = orjson.dumps([entry_name(fact.sku, version)]).decode()
                keys.append((fact.key, fact.digest, listed))
            tx.insert_many(events)
            ordinal = self._seal(tx, events, keys)
            tx.executemany(
                "INSERT INTO command_keys (key, digest, ordinal, entries) VALUES (?, ?, ?, ?)",
                [(key, digest, ordinal, listed) for key, digest, listed in keys],
            )
            tx.execute("UPDATE clock SET last = ?, highest = ? WHERE id = 1", (stamp, highest))
            self._position = self._database.head(tx)

    def _leave_views_behind(self, tx: Tx) -> None:
        """Write down where the views stand that follow every append: they will not follow ours."""
        following = tx.all("SELECT name FROM projections WHERE position IS NULL")
        if following:
            tx.execute(
                "UPDATE projections SET position = ? WHERE position IS NULL", (self._position,)
            )
            marked(tx)

    def _begin(self, clock: ClockRow) -> _Moments:
        last, present, highest, _ = clock
        if not self._simulated:
            stamp = max(last, self._clock.now())
            return _Moments(stamp, highest, MICROSECOND, stamp)
        # A simulated clock stands where it was told to stand; until then the past is the machine's.
        stamp = max(last, present or 0)
        return _Moments(stamp, highest, 1, stamp if present is not None else self._clock.now())

    def _look(self, tx: Tx) -> None:
        """Learn what other processes appended to the streams we write."""
        if self._position < 0:
            self._position = self._database.head(tx)
            return
        column = self._database.position_column
        for stream, version in tx.all(
            f"SELECT originator_id, originator_version FROM stored_events WHERE {column} > ?",
            (self._position,),
        ):
            if stream in self._versions:
                self._versions[stream] = max(self._versions[stream], version)

    def _version(self, tx: Tx, stream: str) -> int:
        known = self._versions.get(stream)
        if known is None:
            row = tx.one(
                "SELECT MAX(originator_version) FROM stored_events WHERE originator_id = ?",
                (stream,),
            )
            known = int(row[0] or 0)
        return known

    def _seal(self, tx: Tx, events: list[StoredEvent], keys: list[tuple[str, bytes, str]]) -> int:
        row = tx.one("SELECT ordinal, seal FROM seals ORDER BY ordinal DESC LIMIT 1")
        ordinal, before = (0, FIRST) if row is None else (int(row[0]), bytes(row[1]))
        rows = ((str(e.originator_id), e.originator_version, e.topic, e.state) for e in events)
        seal = seal_of(before, rows, keys)
        tx.execute(
            "INSERT INTO seals VALUES (?, ?, ?, ?)", (ordinal + 1, len(events), len(keys), seal)
        )
        return ordinal + 1
