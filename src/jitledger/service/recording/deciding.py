"""One command: who asks and may they, what time is it, what follows, what is answered."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import orjson

from jitledger.domain.commands import Command, OpenShop, payload_of
from jitledger.domain.decisions import Draft, Ground, decide
from jitledger.domain.decisions.decide import check_permitted
from jitledger.domain.errors import LedgerError, Refused, StoreError, bad_value
from jitledger.domain.moments import MICROSECOND, parse_time, show_moment, start_of_day
from jitledger.domain.names import split_entry
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.state.shop import Shop
from jitledger.domain.state.stock_item import StockItem
from jitledger.service.cache import Cache
from jitledger.service.clock import Clock
from jitledger.service.recording.recorder import Recorder
from jitledger.service.recording.submission import Answer, Append, Ask, Submission
from jitledger.store.database import Tx

SIMULATED_START = 946_684_800_000_000_000  # 2000-01-01, where a simulated log begins.


class Deciding:
    """Decides the commands of an append, under the lock, and records what follows."""

    def __init__(self, cache: Cache, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock
        self._recorder = Recorder(cache)

    def answer(self, tx: Tx, append: Append, submission: Submission, ask: Ask) -> Answer:
        """Answer one command: its entries, or why it is refused."""
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
        if append.jump is not None:
            raise append.jump
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
            ceiling = present if told else self._clock.now()
        ground = Ground(self._cache, stamp, present, ceiling, said["force"], submission.importing)
        drafts = decide(ground, command)
        append.stamp, append.stamped = stamp, True
        if append.simulated and told:
            append.present, append.told = present, True
        envelope = _envelope(submission, ask, actor)
        entries = []
        for draft in drafts:
            entries.append(self._recorder.record(append, draft, stamp, envelope))
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


def _total(item: StockItem) -> str:
    """Return an item's on-hand over all its locations."""
    total = ZERO
    for shelf in item.shelves.values():
        total += shelf.on_hand
    return show(total)


def _envelope(submission: Submission, ask: Ask, actor: str | None) -> dict[str, object]:
    """Return what each entry of a command says of where it comes from."""
    said = ask.command.__dict__
    found: dict[str, object] = {"channel": submission.channel}
    if actor is not None:
        found["actor"] = actor
    if ask.key is not None:
        found["command_key"] = ask.key
    if submission.correlation is not None:
        found["correlation"] = submission.correlation
    if said["note"] is not None:
        found["note"] = said["note"]
    if ask.command.do in ("void", "correct"):
        found["reason"] = said["reason"]
    return found


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
