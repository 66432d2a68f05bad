"""Seals: SHA-256 over the events and keys of each append and its clock, chained by ordinal.

The input is positional, counted and length-prefixed, so no two histories share it; row ids are not
part of it, so a copy in another database has the same seals.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

from jitledger.store.database import Database, Tx

FIRST = bytes(32)
Clock = tuple[int, int | None, int]
"""How an append leaves the clock: stamp, present of a simulated clock, latest effective time."""


def seal_of(
    before: bytes,
    events: Sequence[tuple[str, int, str, bytes]],
    keys: Iterable[tuple[str, bytes, str]],
    clock: Clock,
) -> bytes:
    """Return the seal of one append: events as (stream, version, name, body), keys sorted.

    Every part stands behind its length, and how many there are before them: no two appends are
    told by the same bytes.
    """
    listed = sorted(keys)
    stamp, present, highest = clock
    shown = -1 if present is None else present
    head = b"2:%d:%d:%d:%d:%d:" % (len(events), len(listed), stamp, shown, highest)
    parts = [before, head]
    for stream, version, name, body in events:
        raw, named = stream.encode(), name.encode()
        parts += (b"%d:%d:%d:%d:" % (len(raw), version, len(named), len(body)), raw, named, body)
    for key, digest, entries in listed:
        raw, named = key.encode(), entries.encode()
        parts += (b"%d:%d:%d:" % (len(raw), len(digest), len(named)), raw, digest, named)
    return hashlib.sha256(b"".join(parts)).digest()


def first_seal_of(
    before: bytes,
    events: Iterable[tuple[str, int, str, bytes]],
    keys: Iterable[tuple[str, bytes, str]],
) -> bytes:
    """Return the seal of one append as the first builds made it.

    Two appends could be told by the same bytes; no seal is made so any more, and none is accepted
    behind one of the second formula.
    """
    parts = [before]
    for stream, version, name, body in events:
        raw = stream.encode()
        head = b"e%d:%d:%d:%b:" % (len(raw), version, len(body), name.encode())
        parts += (head, raw, body)
    for key, payload, entries in sorted(keys):
        raw, listed = key.encode(), entries.encode()
        parts += (b"k%d:%d:" % (len(raw), len(listed)), raw, payload, listed)
    return hashlib.sha256(b"".join(parts)).digest()


def sign(tx: Tx, key: bytes | None, ordinal: int, seal: bytes) -> None:
    """Sign the seal of an append with a key that lies outside the database; nothing without one.

    Whoever can write to the database can make every seal anew, but not what the key made of them
    (HMAC-SHA256, RFC 2104, over the append's number and its seal).
    """
    if key is not None:
        tx.execute(
            "INSERT INTO signatures VALUES (?, ?)", (ordinal, signature_of(key, ordinal, seal))
        )


def signature_of(key: bytes, ordinal: int, seal: bytes) -> bytes:
    """Return the signature of one append's seal.

    >>> signature_of(b"k" * 32, 1, bytes(32)).hex()[:16]
    '7e7da86c9db0a35c'
    """
    return hmac.digest(key, b"%d:" % ordinal + seal, hashlib.sha256)


def sign_newest(tx: Tx, key: bytes) -> None:
    """Sign the newest seal, and with it all before: from here on every append must be signed.

    Done when a key is first used, and when somebody looked at appends that were made without it.
    """
    row = tx.one("SELECT ordinal, seal FROM seals ORDER BY ordinal DESC LIMIT 1")
    if row is not None:
        tx.execute("DELETE FROM signatures")
        sign(tx, key, row[0], bytes(row[1]))


def unsigned(tx: Tx, key: bytes) -> str | None:
    """Return the first append whose signature is missing or of another key; None in order."""
    rows = tx.all(
        "SELECT s.ordinal, s.seal, g.mac FROM seals s LEFT JOIN signatures g "
        "ON g.ordinal = s.ordinal WHERE s.ordinal >= "
        "COALESCE((SELECT MIN(ordinal) FROM signatures), 0) ORDER BY s.ordinal"
    )
    for ordinal, seal, mac in rows:
        if mac is None:
            return f"append {ordinal} is not signed with the key"
        if not hmac.compare_digest(bytes(mac), signature_of(key, ordinal, bytes(seal))):
            return f"append {ordinal} is signed with another key, or was altered"
    return None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification found; ``first_difference`` names the first row that differs."""

    events: int
    seals: int
    seal: str
    ok: bool
    first_difference: str | None
    witnessed: bool | None = None


def verify(database: Database, witness: str | None = None) -> Verdict:
    """Recompute every seal in one consistent view and name the first difference.

    With a witness (a seal seen earlier) a ledger that was cut off or rewritten as a whole is found
    too: the witness must stand in the recomputed chain.
    """
    with database.snapshot() as tx:
        stored = tx.all(
            "SELECT ordinal, events, keys, seal, last, present, highest FROM seals ORDER BY ordinal"
        )
        keys = tx.all(
            "SELECT ordinal, key, digest, entries FROM command_keys ORDER BY ordinal, key"
        )
        rows = (row for batch in database.scan(tx) for row in batch)
        return _Walk(stored, keys, rows).verdict(witness)


class _Altered(Exception):
    """What is stored is not what was sealed; says where."""


class _Walk:
    """Goes through seals, keys and events in their order."""

    def __init__(self, stored: list[Any], keys: list[Any], rows: Iterator[Any]) -> None:
        self._stored = stored
        self._keys = keys
        self._at_key = 0
        self._log = rows
        self._versions: dict[str, int] = {}
        self._second = False
        self.events = 0
        self.newest = FIRST
        self.seen = {FIRST.hex()}

    def verdict(self, witness: str | None) -> Verdict:
        """Walk to the end or to the first difference."""
        difference: str | None = None
        try:
            for place, row in enumerate(self._stored, start=1):
                if row[0] != place:
                    raise _Altered(f"seal {place} is missing (found {row[0]})")
                self._append(row)
            extra = next(self._log, None)
            if extra is not None:
                raise _Altered(f"{extra[1]} version {extra[2]} has no seal")
            if self._at_key < len(self._keys):
                raise _Altered(f"command key {self._keys[self._at_key][1]!r} has no seal")
        except _Altered as found:
            difference = str(found)
        witnessed = None
        if witness is not None:
            witnessed = witness.strip().casefold() in self.seen
            if difference is None and not witnessed:
                difference = "the witnessed seal is not in this ledger: it was cut off or rewritten"
        shown, ok = self.newest.hex(), difference is None
        return Verdict(self.events, len(self._stored), shown, ok, difference, witnessed)

    def _append(self, row: Any) -> None:
        ordinal, count, key_count, seal, *clock = row
        where = f"append {ordinal}"
        _whole(where, count, key_count)
        events = [self._event(ordinal) for _ in range(count)]
        keys = []
        while self._at_key < len(self._keys):
            of, key, digest, entries = self._keys[self._at_key]
            _whole(where, of)
            if of > ordinal:
                break
            keys.append((_text(where, key), _bytes(where, digest), _text(where, entries)))
            self._at_key += 1
        if len(keys) != key_count:
            raise _Altered(f"{where} has {len(keys)} command keys, sealed were {key_count}")
        if not self._is_sealed(_bytes(where, seal), events, keys, clock):
            named = ", ".join(f"{stream}/{version}" for stream, version, _, _ in events[:3])
            raise _Altered(f"{where} ({named or 'keys only'})")
        self.newest = bytes(seal)
        self.seen.add(self.newest.hex())

    def _is_sealed(self, seal: bytes, events: list[Any], keys: list[Any], clock: list[Any]) -> bool:
        stamp, present, highest = clock
        plain = type(stamp) is int and type(highest) is int and type(present) in (int, NoneType)
        if plain and seal_of(self.newest, events, keys, (stamp, present, highest)) == seal:
            self._second = True
            return True
        return not self._second and first_seal_of(self.newest, events, keys) == seal

    def _event(self, ordinal: int) -> tuple[str, int, str, bytes]:
        row = next(self._log, None)
        if row is None:
            raise _Altered(f"events of append {ordinal} are missing")
        _, stream, version, name, body = row
        where = f"{stream} version {version}"
        _whole(where, version)
        before = self._versions.get(stream, 0)
        if before + 1 != version:
            raise _Altered(f"{where} does not follow {before}")
        self._versions[stream] = version
        self.events += 1
        return _text(where, stream), version, _text(where, name), _bytes(where, body)


# A database may hold another kind of value than was written, SQLite in any column.


def _whole(where: str, *values: object) -> None:
    if not all(type(value) is int for value in values):
        raise _Altered(f"{where}: a number was replaced")


def _text(where: str, value: object) -> str:
    if not isinstance(value, str):
        raise _Altered(f"{where}: a text was replaced")
    return value


def _bytes(where: str, value: object) -> bytes:
    if not isinstance(value, (bytes, memoryview)):
        raise _Altered(f"{where}: its content was replaced")
    return bytes(value)


def newest_seal(tx: Tx) -> str | None:
    """Return the seal of the newest append in hexadecimal; None before the first."""
    row = tx.one("SELECT seal FROM seals ORDER BY ordinal DESC LIMIT 1")
    return None if row is None else bytes(row[0]).hex()
