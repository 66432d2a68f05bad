"""The ledger: commands in, entries out. Lock, look, decide, group commit, one sync.

One writer for each process. Under the write lock it stamps the time, reads what others appended,
decides every command that waits, and inserts events, command keys, claims, seal and view rows in
one transaction. One refused command in a group does not touch the others.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import Future
from time import perf_counter
from typing import Any, Protocol

import orjson

from jitledger.domain.commands import Command, OpenShop, payload_of
from jitledger.domain.decisions import Draft, Ground, decide
from jitledger.domain.decisions.decide import check_permitted
from jitledger.domain.errors import Conflict, LedgerError, Refused, StoreError, bad_value
from jitledger.domain.events import ReorderAlertSnoozed
from jitledger.domain.moments import MICROSECOND, parse_time, show_moment, start_of_day
from jitledger.domain.names import (
    ALERT_STREAM,
    ORDER_STREAM,
    SHOP_STREAM,
    SKU_STREAM,
    entry_name,
    split_entry,
)
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.state.order import Entry
from jitledger.domain.state.quantities import open_exceptions
from jitledger.domain.state.shop import Shop
from jitledger.domain.state.stock_item import StockItem
from jitledger.service.cache import Cache
from jitledger.service.clock import Clock
from jitledger.service.streams import Change
from jitledger.service.submission import Answer, Append, Ask, Outcome, Submission
from jitledger.service.views.contract import ProjectionFailed
from jitledger.service.views.driver import Driver
from jitledger.store.codec import check_given, encode_given
from jitledger.store.database import Database, Tx, read_clock, savepoint, write_seal
from jitledger.store.seals import FIRST, seal_of
from jitledger.store.writer import GroupWriter, Promise, fail, settle

HOLD_SECONDS = 0.030
ALERTS = "alerts"
"""Under this name alerts that failed stand among the projections, until the next sweep."""
_PREFIX = len(SKU_STREAM)
SIMULATED_START = 946_684_800_000_000_000  # 2000-01-01, where a simulated log begins.


class Watcher(Protocol):
    """Looks at the items an append changed, under the lock (reorder alerts)."""

    def drafts(self, tx: Tx, cache: Cache, append: Append) -> list[Draft]:
        """Return the drafts of alerts that follow from an append; may write rows."""

    def forget(self) -> None:
        """Forget what was read in a transaction that did not end well."""


class WatcherFailed(Exception):
    """The watcher raised during an append that was not prepared for it."""


class Ledger:
    """One shop's ledger over one database."""

    def __init__(self, database: Database, driver: Driver, clock: Clock) -> None:
        self.database = database
        self.driver = driver
        self.clock = clock
        self.watcher: Watcher | None = None
        self._cache = Cache(database)
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
        """Finish what waits and stop the writer."""
        self._writer.close()

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
            answered.append([self._answer(tx, append, submission, ask) for ask in submission.asks])
            if submission.look:
                append.look.update(submission.look)
            if self.watcher is not None and (append.loud or append.look or append.ordered):
                # After each: two commands of a group may cross a reorder point and back.
                self._watch(tx, append)
                append.watched()
            if perf_counter() - started > HOLD_SECONDS:
                break
        self._write(tx, append, head)
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
            stamp = max(last + MICROSECOND, self.clock.now())
            return Append(newest, known, stamp, stamp, highest, marks, simulated=False, told=True)
        if self.clock.leads:
            present = max(present or 0, self.clock.now())
        told, stamp = present is not None, max(last, SIMULATED_START)
        return Append(newest, known, stamp, present or 0, highest, marks, simulated=True, told=told)

    def _write(self, tx: Tx, append: Append, before: int) -> None:
        """Insert events, keys, seal, clock and view rows."""
        if append.events:
            self._cache.position = tx.insert_events(append.events, before)
        if append.events or append.stamped:
            self._seal(tx, append)
        if append.events:
            self.driver.inline(
                tx,
                self._cache.shop,
                [*append.changes.values()],
                before,
                append.marks,
                careful=append.careful,
            )

    def _seal(self, tx: Tx, append: Append) -> None:
        """Write the command keys, the seal over all of it, and the clock as it leaves it."""
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
        write_seal(tx, counts, seal_of(seal, append.events, keys, clock), clock)
        self._newest = ordinal

    def _forget(self) -> None:
        """Forget what was remembered of a transaction that did not end well."""
        self._cache.clear()
        self.driver.forget()
        if self.watcher is not None:
            self.watcher.forget()
        self._newest = -1

    # --- one command ------------------------------------------------------------------------------

    def _answer(self, tx: Tx, append: Append, submission: Submission, ask: Ask) -> Answer:
        try:
            return self._decide(tx, append, submission, ask)
        except LedgerError as error:
            if isinstance(error, StoreError):
                raise
            return Answer(False, error=error)

    def _decide(self, tx: Tx, append: Append, submission: Submission, ask: Ask) -> Answer:
        command, key, digest = ask.command, ask.key, b""
        if key is not None:
            digest = payload_of(command) if ask.payload is None else ask.payload
            if key in append.known_keys:
                return self._repeat(append, key, digest)
        shop, do = self._cache.shop, command.do
        if not shop.opened and do != "init":
            raise Refused("no-shop", "No shop is open in this database; run jitledger init first.")
        stamp, present = self._stamp(append, command)
        said = command.__dict__  # What every command may carry, without asking the model for each.
        actor = submission.member
        if actor is not None or said["actor"] is not None:
            actor = _permitted(tx, shop, actor, command)
        ceiling = present
        if append.simulated:
            told = append.told or said["now"] is not None
            ceiling = present if told else self.clock.now()
        ground = Ground(self._cache, stamp, present, ceiling, said["force"], submission.importing)
        drafts = decide(ground, command)
        append.stamp, append.stamped = stamp, True
        if append.simulated and told:
            append.present, append.told = present, True
        envelope: dict[str, Any] = {"channel": submission.channel}
        if actor is not None:
            envelope["actor"] = actor
        if key is not None:
            envelope["command_key"] = key
        if submission.correlation is not None:
            envelope["correlation"] = submission.correlation
        if said["note"] is not None:
            envelope["note"] = said["note"]
        if do in ("void", "correct"):
            envelope["reason"] = said["reason"]
        entries = []
        for draft in drafts:
            entries.append(self._record(append, draft, stamp, envelope))
            if not submission.importing:
                append.loud.add(draft.stream)
        for kind, value, owner in ground.claims:
            tx.execute(
                "INSERT INTO claims VALUES (?, ?, ?) ON CONFLICT (kind, value) "
                "DO UPDATE SET owner = excluded.owner",
                (kind, value, owner),
            )
        if key is not None:
            listed = orjson.dumps(entries).decode()
            append.keys.append((key, digest, listed))
            append.known_keys[key] = (digest, listed)
        left, item = self._on_hand_of(append, drafts)
        answer = Answer(True, tuple(entries), False, left, notes=tuple(ground.notes))
        if item is not None and left is not None and left[0] == "-":
            answer.uncounted = not any(s.known for s in item.shelves.values() if s.on_hand < 0)
        return answer

    def _repeat(self, append: Append, key: str, digest: bytes) -> Answer:
        """Answer a command whose key is known: what it recorded, or that it is another."""
        known = append.known_keys[key]
        entries = tuple(orjson.loads(known[1]))
        if known[0] != digest:
            raise Refused(
                "key-conflict",
                f"The key {key!r} stands for another command ({', '.join(entries) or 'no entry'}); "
                "use a new key for a new command.",
                key=key,
                entries=list(entries),
            )
        return Answer(True, entries, True, self._on_hand(entries))

    def _on_hand_of(
        self, append: Append, drafts: Sequence[Draft]
    ) -> tuple[str | None, StockItem | None]:
        """Return the first item that drafts changed and its total on-hand."""
        for draft in drafts:
            change = append.changes.get(draft.stream)
            if change is not None and change.item is not None:
                return _total(change.item), change.item
        return None, None

    def _on_hand(self, entries: Sequence[str]) -> str | None:
        """Return the total on-hand of the first entry's item as it stands now."""
        for entry in entries:
            sku, _ = split_entry(entry)
            if self._cache.find_sku(sku) == sku:
                return _total(self._cache.item(sku))
        return None

    def _stamp(self, append: Append, command: Command) -> tuple[int, int]:
        """Return the stamp of this command and the present it is decided at."""
        if type(command) is OpenShop and command.clock == "simulated":
            append.stamp, append.present = SIMULATED_START, 0
            append.simulated, append.told = True, False
        if not append.simulated:
            if command.now is not None:
                raise bad_value("now", command.now, "a live shop's clock cannot be told the time")
            stamp = append.stamp + MICROSECOND if append.stamped else append.stamp
            return stamp, stamp
        if command.now is None:
            if append.told:
                stamp = max(append.stamp + 1, append.present)
                return stamp, stamp
            return append.stamp + 1, max(append.highest, append.stamp + 1)
        stated = parse_time("now", command.now, self._cache.shop.tz)
        now = stated.instant
        if now is None:
            assert stated.day is not None
            now = start_of_day(stated.day, self._cache.shop.tz)
        if now < append.present // MICROSECOND * MICROSECOND:
            raise Refused(
                "clock-backwards",
                f"now is {show_moment(now)}, but {show_moment(append.present)} was recorded.",
                now=show_moment(now),
                present=show_moment(append.present),
            )
        stamp = max(append.stamp + 1, now)
        return stamp, stamp

    def _record(self, append: Append, draft: Draft, stamp: int, envelope: dict[str, Any]) -> str:
        """Make a draft an event, fold it into the cache and remember what changed."""
        stream = draft.stream
        if stream.startswith(SKU_STREAM):
            item = self._cache.item(stream[_PREFIX:])
            entry = self._enter(append, draft, item.version + 1, stamp, envelope)
            self._fold_item(append, stream, item, entry)
            return entry_name(item.sku, entry[0])
        entry = self._enter(append, draft, self._cache.version_of(stream) + 1, stamp, envelope)
        self._fold(append, stream, entry)
        return entry_name(stream, entry[0])

    def _enter(
        self, append: Append, draft: Draft, version: int, stamp: int, envelope: dict[str, Any]
    ) -> Entry:
        given = _given(draft, stamp, envelope)
        event = check_given(draft.event, given)
        append.events.append((draft.stream, version, event.name, encode_given(draft.event, given)))
        if draft.effective_at > append.highest:
            append.highest = draft.effective_at
        return version, event

    def _fold_item(self, append: Append, stream: str, item: StockItem, entry: Entry) -> None:
        changes = append.changes
        change = changes.get(stream)
        if change is None:
            excepted = bool(open_exceptions(item))
            change = changes[stream] = Change(stream, False, was_excepted=excepted)
        change.item, in_order = self._cache.apply_to_item(item.sku, entry)
        change.entries.append(entry)
        if not in_order:
            change.whole = True

    def _fold(self, append: Append, stream: str, entry: Entry) -> None:
        if stream.startswith(ALERT_STREAM):
            if isinstance(entry[1], ReorderAlertSnoozed):
                append.snoozed[stream[len(ALERT_STREAM) :]] = entry[1].until
            return
        before: list[str] = []
        if stream.startswith(ORDER_STREAM):
            known = self._cache.order(stream[len(ORDER_STREAM) :])
            before = [] if known is None else [line.sku for line in known.lines]
        self._cache.apply(stream, entry)
        change = append.changes.get(stream)
        if change is None:
            change = append.changes[stream] = Change(stream, False)
        change.entries.append(entry)
        if stream.startswith(ORDER_STREAM):
            change.order = self._cache.order(stream[len(ORDER_STREAM) :])
            assert change.order is not None
            append.ordered.update(before)  # A draft written anew may have lost some.
            append.ordered.update(line.sku for line in change.order.lines)
        elif stream != SHOP_STREAM:
            change.supplier = self._cache.supplier(stream.partition("/")[2])

    def _watch(self, tx: Tx, append: Append) -> None:
        """Let the watcher add its alerts; its failure costs the alert, never the entry."""
        assert self.watcher is not None
        drafts: list[Draft] = []
        try:
            if append.careful:
                with savepoint(tx, "watcher"):
                    drafts = self.watcher.drafts(tx, self._cache, append)
            else:
                drafts = self.watcher.drafts(tx, self._cache, append)
        except LedgerError:
            raise
        except Exception as error:
            if not append.careful:
                raise WatcherFailed from error
            text = f"{type(error).__name__}: {error}"[:500]
            tx.execute(
                "INSERT INTO projections VALUES (?, 0, 0, 'stopped', ?) "
                "ON CONFLICT (name) DO UPDATE SET status = 'stopped', error = excluded.error",
                (ALERTS, text),
            )
            return
        versions = append.alert_versions
        for draft in drafts:
            version = 1 + (versions.get(draft.stream) or self._cache.version_of(draft.stream))
            versions[draft.stream] = version
            body = encode_given(draft.event, _given(draft, append.stamp, {"channel": "system"}))
            append.events.append((draft.stream, version, draft.event.name, body))


def _given(draft: Draft, stamp: int, envelope: dict[str, Any]) -> dict[str, Any]:
    """Return a draft's fields as they are recorded; what is absent takes its default."""
    given = {"recorded_at": stamp, "effective_at": draft.effective_at, **envelope}
    given |= {name: value for name, value in draft.fields.items() if value is not None}
    if draft.occurred_on is not None:
        given["occurred_on"] = draft.occurred_on
    return given


def _total(item: StockItem) -> str:
    """Return an item's on-hand over all its locations."""
    total = ZERO
    for shelf in item.shelves.values():
        total += shelf.on_hand
    return show(total)


def _permitted(tx: Tx, shop: Shop, member: str | None, command: Command) -> str | None:
    """Return who acts; raises ``not-permitted`` when the role does not reach for the command."""
    if member is not None:
        if command.do != "join":
            check_permitted(shop.members.get(member), command, member)
        return member
    if command.actor is None:
        return None
    actor = person_of(tx, command.actor)
    if actor in shop.members:
        check_permitted(shop.members[actor], command, command.actor)
    return actor


def person_of(tx: Tx, name: str) -> str:
    """Return the opaque member id behind a name used on the command line; makes one at need."""
    row = tx.one("SELECT member FROM people WHERE member = ? OR handle = ?", (name, name))
    if row is not None:
        return str(row[0])
    member = new_member_id()
    tx.execute("INSERT INTO people (member, name, handle) VALUES (?, ?, ?)", (member, name, name))
    return member


def new_member_id() -> str:
    """Return an opaque member id that says nothing about the person."""
    return "m-" + secrets.token_hex(6)


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
