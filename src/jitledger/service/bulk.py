"""Bulk appends: events that were decided elsewhere, many in one short transaction.

The way of large imports: versions, stamps, keys and seal are those of every append; the views are
left behind and catch up afterwards. The lock is held for a few milliseconds each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from time import perf_counter, sleep
from typing import NamedTuple

import orjson

from jitledger.domain.events import Event
from jitledger.domain.json import Json
from jitledger.domain.moments import MICROSECOND
from jitledger.domain.names import SKU_STREAM, entry_name
from jitledger.service.clock import Clock
from jitledger.service.recording.jumps import jump_of
from jitledger.service.streams import load_shop
from jitledger.service.views.bunches import TIDY_EVERY, YIELD_SECONDS, next_size
from jitledger.store.codec import dump
from jitledger.store.database import (
    ClockRow,
    Database,
    EventRow,
    Tx,
    marked,
    read_clock,
    write_seal,
)
from jitledger.store.seals import FIRST, seal_of, sign

TRIES = 4


class BulkFact(NamedTuple):
    """One event of one command: its key, the digest of its row, its kind and fields.

    Fields are as stored (decimals as text). ``effective_at`` is at most the moment of recording;
    ``target`` and the field ``sale`` name the key of an earlier entry of the same stream.
    """

    key: str
    digest: bytes
    sku: str
    kind: type[Event]
    effective_at: int
    fields: Json
    target: str | None = None


@dataclass(slots=True)
class _Append:
    """What one transaction will write, made on what a snapshot showed."""

    newest: int
    events: list[EventRow]
    keys: list[tuple[str, bytes, int, str]]
    counts: tuple[int, int, int]
    seal: bytes
    clock: tuple[int, int | None, int]
    versions: dict[str, int]


class BulkAppender:
    """Appends facts in groups; knows the versions of the streams it writes."""

    def __init__(self, database: Database, clock: Clock, channel: str) -> None:
        self._database = database
        self._clock = clock
        self._channel = channel
        self._versions: dict[str, int] = {}
        self._entries: dict[str, str] = {}
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
        done, groups = 0, 0
        while part := list(islice(facts, self.size)):
            spent = self._append(part, targets)
            self.longest = max(self.longest, spent)
            done, groups = done + len(part), groups + 1
            self.size = next_size(len(part), spent, 5_000)
            if groups % TIDY_EVERY == 0:
                self._database.tidy()
            sleep(YIELD_SECONDS)
            if progress is not None:
                progress(done)
        return done

    def _append(self, facts: Sequence[BulkFact], targets: dict[str, int]) -> float:
        """Append one group; return for how long the lock was held.

        Bodies, keys and seal are made before the lock is taken, on a snapshot; they hold when
        nobody appended since. Otherwise the lock is given back and they are made again, and under
        the lock when others are always faster.
        """
        for again in range(TRIES):
            with self._database.snapshot() as tx:
                clock = read_clock(tx)
                jump = None if self._simulated else jump_of(tx, clock[0], self._clock.now())
                if jump is not None:
                    raise jump
                self._look(tx)
                append = self._prepare(tx, clock, facts, targets)
            with self._database.transaction() as tx:
                clock = self._database.lock(tx)
                started = perf_counter()
                if clock[4] != append.newest:
                    if again < TRIES - 1:
                        continue
                    self._look(tx)
                    append = self._prepare(tx, clock, facts, targets)
                if clock[3] != self._marks:
                    self._leave_views_behind(tx)
                    self._marks = clock[3]
                self._insert(tx, append)
                self._position = self._database.head(tx)
            break
        self._versions.update(append.versions)
        return perf_counter() - started

    def _prepare(
        self, tx: Tx, clock: ClockRow, facts: Sequence[BulkFact], targets: dict[str, int]
    ) -> _Append:
        last, present, highest, _, newest, before = clock
        stamp, step, ceiling = self._moments(last, present)
        events: list[EventRow] = []
        listed: list[tuple[str, bytes, str]] = []
        versions: dict[str, int] = {}
        for fact in facts:
            stamp += step
            stream = SKU_STREAM + fact.sku
            version = versions.get(stream)
            version = 1 + (self._version(tx, stream) if version is None else version)
            effective_at = min(fact.effective_at, max(ceiling, stamp))
            body = {
                "recorded_at": stamp,
                "effective_at": effective_at,
                "channel": self._channel,
                "command_key": fact.key,
                **fact.fields,
            }
            if fact.target is not None:
                body["target"] = targets[fact.target]
            elif "sale" in body:
                body["sale"] = entry_name(fact.sku, targets[body["sale"]])
            events.append((stream, version, fact.kind.name, dump(body)))
            highest = max(highest, effective_at)
            versions[stream] = targets[fact.key] = version
            listed.append((fact.key, fact.digest, self._listed(fact.sku, version)))
        counts = (newest + 1, len(events), len(listed))
        left = stamp, present, highest
        seal = seal_of(before or FIRST, events, listed, left)
        keys = [(key, digest, newest + 1, entries) for key, digest, entries in listed]
        return _Append(newest, events, keys, counts, seal, left, versions)

    def _listed(self, sku: str, version: int) -> str:
        """Return the entries of one command as its key keeps them: ``["MUG/17"]``."""
        begin = self._entries.get(sku)
        if begin is None:
            begin = self._entries[sku] = "[" + orjson.dumps(f"{sku}/").decode()[:-1]
        return f'{begin}{version}"]'

    def _insert(self, tx: Tx, append: _Append) -> None:
        tx.insert_many(append.events)
        write_seal(tx, append.counts, append.seal, append.clock)
        sign(tx, self._database.seal_key, append.counts[0], append.seal)
        tx.insert_rows(
            "INSERT INTO command_keys (key, digest, ordinal, entries)", "(?, ?, ?, ?)", append.keys
        )

    def _leave_views_behind(self, tx: Tx) -> None:
        """Write down where the views stand that follow every append: they will not follow ours."""
        following = tx.all("SELECT name FROM projections WHERE position IS NULL")
        if following:
            head = self._database.head(tx)
            tx.execute("UPDATE projections SET position = ? WHERE position IS NULL", (head,))
            marked(tx)

    def _moments(self, last: int, present: int | None) -> tuple[int, int, int]:
        """Return last stamp, step to the next, and the latest moment that counts as past."""
        if not self._simulated:
            stamp = max(last, self._clock.now())
            return stamp, MICROSECOND, stamp
        # A simulated clock stands where it was told to stand; until then the past is the machine's.
        ceiling = present if present is not None else self._clock.now()
        return max(last, present or 0), 1, ceiling

    def _look(self, tx: Tx) -> None:
        """Learn what others appended to the streams we write since we last looked."""
        head = self._database.head(tx)
        if self._position >= 0:
            column = self._database.position_column
            for stream, version in tx.all(
                "SELECT originator_id, originator_version FROM stored_events "
                f"WHERE {column} > ? AND {column} <= ?",
                (self._position, head),
            ):
                if stream in self._versions:
                    self._versions[stream] = max(self._versions[stream], version)
        self._position = head

    def _version(self, tx: Tx, stream: str) -> int:
        known = self._versions.get(stream)
        if known is None:
            row = tx.one(
                "SELECT MAX(originator_version) FROM stored_events WHERE originator_id = ?",
                (stream,),
            )
            known = self._versions[stream] = int(row[0] or 0)
        return known
