"""Erase the chat numbers that an older program wrote into keys and entries.

Its keys were ``tg:<bot>:<chat>:<message>:<line>``; they stand in the key table, in the entries and
under the seals. So the keys are replaced by their keyed hash wherever they stand, and every seal is
made anew, after the history was verified as it is. A seal that was told before stands in no chain
any more: when and from which seal on is kept, for whoever compares.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jitledger.domain.errors import StoreError
from jitledger.domain.moments import show_moment
from jitledger.service.message_keys import has_plain_keys, keyed, message_prefix, secret_in
from jitledger.store.database import Database, Tx
from jitledger.store.seals import FIRST, first_seal_of, seal_of, sign_newest

MESSAGE = re.compile(r"tg:(\d+):(-?\d+):(\d+)(?=[:\"]|$)")

PRESS = re.compile(r"(pr:[^:\"]+:(?:order|snooze)):(\d+)(?=[:\"]|$)")

MARKED = (b'"tg:', b'"pr:')

BATCH = 1000

Told = tuple[str, int, str, bytes]
"""(stream, version, name, body) of an entry"""

Key = tuple[str, bytes, str]
"""(key, digest of its payload, entries)"""


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """How many entries and keys were written anew, and the newest seal before and after."""

    entries: int
    keys: int
    before: str
    after: str


def plain_keys(database: Database) -> int:
    """Return how many keys of an older program hold numbers of chats."""
    with database.snapshot() as tx:
        rows = tx.all("SELECT COUNT(*) FROM command_keys WHERE key >= 'tg:' AND key < 'tg;'")
    return int(rows[0][0])


def rekey(database: Database, tx: Tx, now: int) -> Rekeyed | None:
    """Write every key of an older program anew, under the lock; None where there is none.

    Raises ``altered-ledger`` where the history is not what was sealed: nothing is changed then.
    """
    if not has_plain_keys(tx):
        return None
    database.scrub(tx)
    found = _Rekeying(database, tx, secret_in(tx)).run()
    if database.seal_key is not None:
        sign_newest(tx, database.seal_key)
    before, after = bytes.fromhex(found.before), bytes.fromhex(found.after)
    tx.execute("INSERT INTO resealed VALUES (?, ?, ?)", (now, before, after))
    return found


def resealed_note(tx: Tx) -> str | None:
    """Return when chat numbers were erased last, for a seal that was told before; None if never."""
    row = tx.one("SELECT at, before_seal FROM resealed ORDER BY at DESC LIMIT 1")
    if row is None:
        return None
    return (
        f"chat numbers were erased from old entries on {show_moment(row[0])[:10]}, and all was "
        f"sealed anew; the newest seal until then was {bytes(row[1]).hex()}"
    )


class _Rekeying:
    """One walk through seals, keys and entries, which checks what was and writes what will be."""

    def __init__(self, database: Database, tx: Tx, secret: bytes) -> None:
        self._database = database
        self._tx = tx
        self._secret = secret
        self._entries = self._keys = 0

    def run(self) -> Rekeyed:
        """Walk through everything; returns what was written."""
        rows = self._tx.all(
            "SELECT ordinal, events, seal, last, present, highest FROM seals ORDER BY ordinal"
        )
        keys: dict[int, list[Key]] = {}
        for ordinal, key, digest, entries in self._tx.all(
            "SELECT ordinal, key, digest, entries FROM command_keys ORDER BY ordinal, key"
        ):
            keys.setdefault(ordinal, []).append((key, bytes(digest), entries))
        log = (row for batch in self._database.scan(self._tx, batch=BATCH) for row in batch)
        before = after = FIRST
        for ordinal, count, seal, *clock in rows:
            told = []
            for _ in range(count):
                row = next(log, None)
                if row is None:
                    raise _altered(ordinal)
                told.append((str(row[1]), int(row[2]), str(row[3]), bytes(row[4])))
            mine = keys.get(ordinal, [])
            old = bytes(seal)
            second = clock[0] is not None and _second(before, told, mine, clock) == old
            if not second and first_seal_of(before, told, mine) != old:
                raise _altered(ordinal)
            told = [self._event(*one) for one in told]
            mine = [self._key(*one) for one in mine]
            if second:
                after = _second(after, told, mine, clock)
            else:
                after = first_seal_of(after, told, mine)
            self._tx.execute("UPDATE seals SET seal = ? WHERE ordinal = ?", (after, ordinal))
            before = old
        for table, column, name in (
            ("proposals", "body", "id"),
            ("jobs", "body", "id"),
            ("conversations", "data", "key"),
            ("outbox", "body", "id"),
        ):
            self._beside(table, column, name)
        return Rekeyed(self._entries, self._keys, before.hex(), after.hex())

    def _said(self, text: str) -> str:
        text = MESSAGE.sub(
            lambda m: message_prefix(self._secret, int(m[1]), int(m[2]), int(m[3])), text
        )
        return PRESS.sub(lambda m: f"{m[1]}:{keyed(self._secret, m[2])}", text)

    def _event(self, stream: str, version: int, name: str, body: bytes) -> Told:
        if not any(mark in body for mark in MARKED):
            return stream, version, name, body
        changed = self._said(body.decode()).encode()
        if changed != body:
            self._entries += 1
            self._tx.execute(
                "UPDATE stored_events SET state = ? "
                "WHERE originator_id = ? AND originator_version = ?",
                (changed, stream, version),
            )
        return stream, version, name, changed

    def _key(self, key: str, digest: bytes, entries: str) -> Key:
        changed = self._said(key)
        if changed != key:
            self._keys += 1
            self._tx.execute("UPDATE command_keys SET key = ? WHERE key = ?", (changed, key))
        return changed, digest, entries

    def _beside(self, table: str, column: str, name: str) -> None:
        """Replace the keys in what waits beside the log."""
        rows = self._tx.all(
            f"SELECT {name}, {column} FROM {table} WHERE {column} LIKE ? OR {column} LIKE ?",
            ("%tg:%", "%pr:%"),
        )
        for number, text in rows:
            changed = self._said(text)
            if changed != text:
                self._tx.execute(
                    f"UPDATE {table} SET {column} = ? WHERE {name} = ?", (changed, number)
                )


def _second(before: bytes, events: list[Told], keys: list[Key], clock: list[int]) -> bytes:
    stamp, present, highest = clock
    return seal_of(before, events, keys, (stamp, present, highest))


def _altered(ordinal: int) -> StoreError:
    return StoreError(
        "altered-ledger",
        f"The history is not what was sealed (append {ordinal}), so nothing was erased from it. "
        "jitledger verify says where it differs; restore a copy first.",
        append=ordinal,
    )
