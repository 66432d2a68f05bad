"""Seals: SHA-256 over the events and keys of each append, chained by ordinal.

The input is positional and length-prefixed, so no two histories share it; row ids are not part of
it, so a copy in another database has the same seals.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from jitledger.store.database import Database

FIRST = bytes(32)


def seal_of(
    before: bytes,
    events: Iterable[tuple[str, int, str, bytes]],
    keys: Iterable[tuple[str, bytes, str]],
) -> bytes:
    """Return the seal of one append: events as (stream, version, name, body), keys sorted."""
    parts = [before]
    for stream, version, name, body in events:
        raw = stream.encode()
        head = b"e%d:%d:%d:%b:" % (len(raw), version, len(body), name.encode())
        parts += (head, raw, body)
    for key, payload, entries in sorted(keys):
        raw, listed = key.encode(), entries.encode()
        parts += (b"k%d:%d:" % (len(raw), len(listed)), raw, payload, listed)
    return hashlib.sha256(b"".join(parts)).digest()


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
        stored = tx.all("SELECT ordinal, events, keys, seal FROM seals ORDER BY ordinal")
        keys = tx.all(
            "SELECT ordinal, key, digest, entries FROM command_keys ORDER BY ordinal, key"
        )
        rows = (row for batch in database.scan(tx) for row in batch)
        return _walk(stored, keys, rows, witness)


def _walk(stored: list, keys: list, rows: Iterable, witness: str | None) -> Verdict:  # type: ignore[type-arg]
    before, total, difference, seen, at_key = FIRST, 0, None, set[str](), 0
    versions: dict[str, int] = {}
    log = iter(rows)
    for place, (ordinal, count, key_count, seal) in enumerate(stored, start=1):
        if ordinal != place:
            difference = difference or f"seal {place} is missing (found {ordinal})"
            break
        events = []
        for _ in range(count):
            row = next(log, None)
            if row is None:
                difference = difference or f"events of append {ordinal} are missing"
                break
            _, stream, version, name, body = row
            if versions.get(stream, 0) + 1 != version and difference is None:
                difference = f"{stream} version {version} does not follow {versions.get(stream, 0)}"
            versions[stream] = version
            events.append((stream, version, name, bytes(body)))
        total += len(events)
        mine = []
        while at_key < len(keys) and keys[at_key][0] <= ordinal:
            mine.append((keys[at_key][1], bytes(keys[at_key][2]), keys[at_key][3]))
            at_key += 1
        if len(mine) != key_count and difference is None:
            difference = f"append {ordinal} has {len(mine)} command keys, sealed were {key_count}"
        before = seal_of(before, events, mine)
        if before != bytes(seal) and difference is None:
            named = ", ".join(f"{stream}/{version}" for stream, version, _, _ in events[:3])
            difference = f"append {ordinal} ({named or 'keys only'})"
        if difference is not None:
            break
        seen.add(before.hex())
    if difference is None:
        extra = next(log, None)
        if extra is not None:
            difference = f"{extra[1]} version {extra[2]} has no seal"
        elif at_key < len(keys):
            difference = f"command key {keys[at_key][1]!r} has no seal"
    witnessed = None
    if witness is not None:
        witnessed = witness.strip().casefold() in (seen | {FIRST.hex()})
        if difference is None and not witnessed:
            difference = "the witnessed seal is not in this ledger: it was cut off or rewritten"
    return Verdict(total, len(stored), before.hex(), difference is None, difference, witnessed)
