"""The ledger: commands in, entries out. Lock, look, decide, group commit, one sync.

One writer for each process. Under the write lock it stamps the time, reads what others appended,
decides every command that waits, and inserts events, command keys, claims, seal and view rows in
one transaction. One refused command in a group does not touch the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from time import perf_counter
from typing import Any

import orjson

from jitledger.domain.commands import Command
from jitledger.domain.errors import Conflict
from jitledger.domain.moments import MICROSECOND
from jitledger.domain.state.shop import Shop
from jitledger.domain.state.stock_item import StockItem
from jitledger.service.cache import Cache
from jitledger.service.clock import Clock
from jitledger.service.recording.deciding import SIMULATED_START, Deciding
from jitledger.service.recording.jumps import jump_of
from jitledger.service.recording.submission import Answer, Append, Ask, Outcome, Submission
from jitledger.service.recording.watching import Watcher, WatcherFailed, watch
from jitledger.service.views.contract import ProjectionFailed
from jitledger.service.views.driver import Driver
from jitledger.store.database import Database, Tx, read_clock, write_seal
from jitledger.store.seals import FIRST, seal_of, sign
from jitledger.store.writer import GroupWriter, Promise, fail, settle

HOLD_SECONDS = 0.030


class Ledger:
    """One shop's ledger over one database."""

    def __init__(self, database: Database, driver: Driver, clock: Clock) -> None:
        self.database = database
        self.driver = driver
        self.clock = clock
        self.watcher: Watcher | None = None
        self._cache = Cache(database)
        self._deciding = Deciding(self._cache, clock)
        self._newest = -1
        """The ordinal of the newest append that is in the cache."""
        self._writer: GroupWriter[Submission, Outcome] = GroupWriter(self._commit, "ledger-writer")

    # --- asking -----------------------------------------------------------------------------------

    def submit(self, submission: Submission) -> Future[Outcome]:
        """Queue commands; the future is done when they are durable or refused."""
        return self._writer.submit(submission)

    def commit(self, submission: Submission) -> Outcome:
        """Record commands and wait for them, leading the commit when nobody else does."""
        return self._writer.call(submission)

    async def acommit(self, submission: Submission) -> Outcome:
        """Record commands from an event loop and await them."""
        return await self._writer.acall(submission)

    def record(self, command: Command, **options: Any) -> Answer:
        """Record one command and wait; refusals come back in the answer, never as exceptions."""
        ask = Ask(command, command.key)
        return self.commit(Submission([ask], **options)).answers[0]

    def repeat_of(self, key: str) -> tuple[str, ...] | None:
        """Return the entries a key stands for, without the lock; None when it is new."""
        with self.database.snapshot() as tx:
            row = tx.one("SELECT entries FROM command_keys WHERE key = ?", (key,))
        return None if row is None else tuple(orjson.loads(row[0]))

    def item_now(self, sku: str) -> StockItem:
        """Return an item as the transaction at hand leaves it (for ``Submission.then`` only)."""
        return self._cache.item(sku)

    def close(self) -> None:
        """Finish what waits and stop the writer; a server that says nothing is given up."""
        if not self._writer.close(self.database.patience):
            self.database.give_up()
            self._writer.close(self.database.patience)

    # --- the append -------------------------------------------------------------------------------

    def _commit(self, group: Sequence[tuple[Submission, Promise]]) -> int:
        """Commit a group; on an unexpected error each submission is tried alone."""
        if group[0][0].dry_run:
            self._preview(*group[0])
            return 1
        part = group
        if len(group) > 1:
            until = next((i for i, (s, _) in enumerate(group) if s.dry_run), len(group))
            part = group[:until]
        try:
            outcomes = self._transact([submission for submission, _ in part])
        except Exception as error:
            if len(part) > 1 and not isinstance(error, Conflict):
                return self._one_by_one(part)
            for _, future in part:
                fail(future, error)
            return len(part)
        for (_, future), outcome in zip(part, outcomes):  # noqa: B905 - the rest comes later.
            settle(future, outcome)
        return len(outcomes)

    def _one_by_one(self, part: Sequence[tuple[Submission, Promise]]) -> int:
        for submission, future in part:
            try:
                settle(future, self._transact([submission])[0])
            except Exception as error:
                fail(future, error)
        return len(part)

    def _preview(self, submission: Submission, future: Promise) -> None:
        """Decide and fold as if, then roll everything back."""

        class _Undone(Exception):
            pass

        outcomes: list[Outcome] = []
        try:
            with self.database.transaction() as tx:
                outcomes = self._in_transaction(tx, [submission], careful=True)
                raise _Undone
        except _Undone:
            settle(future, outcomes[0])
        except Exception as error:
            fail(future, error)
        finally:
            self._forget()

    def _transact(
        self, submissions: Sequence[Submission], *, careful: bool = False
    ) -> list[Outcome]:
        """Record submissions in one transaction; a view or an alert with a bug costs a second.

        Whatever ends it early, an interruption from outside too, what was remembered of it goes.
        """
        try:
            with self.database.transaction() as tx:
                outcomes = self._in_transaction(tx, submissions, careful=careful)
                if tx.probe is not None:
                    tx.probe("COMMIT")
            return outcomes
        except (ProjectionFailed, WatcherFailed):
            self._forget()
            if careful:
                raise
        except BaseException:
            self._forget()
            raise
        return self._transact(submissions, careful=True)

    def _in_transaction(
        self, tx: Tx, submissions: Sequence[Submission], *, careful: bool
    ) -> list[Outcome]:
        started = perf_counter()
        keys = [ask.key for s in submissions for ask in s.asks if ask.key is not None]
        append = self._begin(tx, keys)
        append.careful = careful
        head = self._cache.position
        answered: list[list[Answer]] = []
        for submission in submissions:
            answered.append(
                [self._deciding.answer(tx, append, submission, ask) for ask in submission.asks]
            )
            if submission.look:
                append.look.update(submission.look)
            if self.watcher is not None and (append.loud or append.look or append.ordered):
                # After each: two commands of a group may cross a reorder point and back.
                watch(self.watcher, tx, self._cache, append)
                append.watched()
            if perf_counter() - started > HOLD_SECONDS:
                break
        if append.events:
            self._cache.position = tx.insert_events(append.events, head)
        if append.events or append.stamped:
            self._newest = seal_append(tx, append, self.database.seal_key)
        if append.events:
            changes = [*append.changes.values()]
            shop, marks = self._cache.shop, append.marks
            self.driver.inline(tx, shop, changes, head, marks, careful=append.careful)
        outcomes = []
        for submission, answers in zip(submissions, answered, strict=False):
            then = submission.then
            value = None if then is None else then(tx, answers, append.present)
            outcomes.append(Outcome(answers, value))
        return outcomes

    def _begin(self, tx: Tx, keys: Sequence[str]) -> Append:
        """Take the lock, look at the clock, at these keys and at what others appended."""
        clock, known = self.database.lock_and_look(tx, keys)
        last, present, highest, marks, ordinal, seal = clock
        if ordinal != self._newest:  # Somebody else appended since our last look.
            self._cache.catch_up(tx)
            self._newest = ordinal
        self._cache.tx = tx
        newest = (ordinal, seal or FIRST)
        if self._cache.shop.clock != "simulated":
            now = self.clock.now()
            stamp = max(last + MICROSECOND, now)
            append = Append(newest, known, stamp, stamp, highest, marks, simulated=False, told=True)
            append.jump = jump_of(tx, last, now)
            return append
        if self.clock.leads:
            present = max(present or 0, self.clock.now())
        told, stamp = present is not None, max(last, SIMULATED_START)
        return Append(newest, known, stamp, present or 0, highest, marks, simulated=True, told=told)

    def _forget(self) -> None:
        """Forget what was remembered of a transaction that did not end well."""
        self._cache.clear()
        self.driver.forget()
        if self.watcher is not None:
            self.watcher.forget()
        self._newest = -1


def seal_append(tx: Tx, append: Append, sign_with: bytes | None = None) -> int:
    """Write the command keys, the seal over all of it, and the clock; return the seal's number."""
    before, seal = append.newest
    ordinal = before + 1
    keys = append.keys
    if keys:
        tx.executemany(
            "INSERT INTO command_keys (key, digest, ordinal, entries) VALUES (?, ?, ?, ?)",
            [(key, digest, ordinal, entries) for key, digest, entries in keys],
        )
    present = append.present if append.simulated and append.told else None
    clock = append.stamp, present, append.highest
    counts = ordinal, len(append.events), len(keys)
    sealed = seal_of(seal, append.events, keys, clock)
    write_seal(tx, counts, sealed, clock)
    sign(tx, sign_with, ordinal, sealed)
    return ordinal


def present_of(database: Database, clock: Clock, shop: Shop) -> int:
    """Return the ledger's present: never before what was recorded.

    On a simulated clock it is the last told moment, or the leading clock's.
    """
    with database.snapshot() as tx:
        row = tx.kept.get("clock")
        if row is None:
            row = tx.kept["clock"] = read_clock(tx)
    last, present, highest = row[:3]
    if shop.clock != "simulated":
        return max(clock.now(), int(last))
    if clock.leads:
        return max(clock.now(), int(present or 0))
    return int(present if present is not None else max(highest, SIMULATED_START))
