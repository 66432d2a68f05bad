"""The whole proof: seals over events and keys, and what lies beside them and follows from them.

Claims and photos are under no seal of their own: a claim follows from sealed events, and a photo is
called by the hash of its content in the sealed entry that it belongs to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace

from jitledger.domain.claims import CLAIMING, Claims
from jitledger.domain.events import EVENTS, Event, StockReceived
from jitledger.service.upkeep.rekeying import resealed_note
from jitledger.store.codec import decode
from jitledger.store.database import Database, Tx
from jitledger.store.seals import Verdict, unsigned, verify

AT_ONCE = 5_000

_HASH = re.compile(r"[0-9a-f]{64}")


def prove(database: Database, witness: str | None = None) -> Verdict:
    """Return what verification of a whole shop found; the first difference is named.

    Where a key is used (``JITLEDGER_SEAL_KEY``) every append must be signed with it, from the first
    signed one on. A photo that a person gave a name by hand (``--attachment``) is kept elsewhere,
    and not asked for.
    """
    verdict = verify(database, witness)
    if verdict.witnessed is False:
        with database.snapshot() as tx:
            why = resealed_note(tx)
        if why is not None:
            verdict = replace(verdict, first_difference=f"{verdict.first_difference}; {why}")
    if not verdict.ok:
        return verdict
    with database.snapshot() as tx:
        key = database.seal_key
        first = None if key is None else unsigned(tx, key)
        first = first or next(_beside(database, tx), None)
    return verdict if first is None else replace(verdict, ok=False, first_difference=first)


def _beside(database: Database, tx: Tx) -> Iterator[str]:
    """Yield what beside the log does not agree with it."""
    claims, photos = Claims(), set[str]()
    for stream, event in _events(database, tx):
        if isinstance(event, StockReceived):
            if event.channel == "telegram" and _HASH.fullmatch(event.attachment or ""):
                photos.add(str(event.attachment))
        else:
            claims.fold(stream, event)
    stored = {(k, v): o for k, v, o in tx.all("SELECT kind, value, owner FROM claims")}
    yield from claims.differences(stored)
    for (name,) in tx.all("SELECT hash FROM attachments ORDER BY hash"):
        body = tx.one("SELECT body FROM attachments WHERE hash = ?", (name,))[0]
        if not isinstance(body, bytes | memoryview) or _hash(bytes(body)) != name:
            yield f"photo {name} is not what was kept"
        photos.discard(name)
    for name in sorted(photos):
        yield f"photo {name} is missing"


def _events(database: Database, tx: Tx) -> Iterator[tuple[str, Event]]:
    """Yield the events that claim something or name a photo, in the log's order."""
    named = [name for name, cls in EVENTS.items() if issubclass(cls, CLAIMING)]
    column, after = database.position_column, 0
    marks = ", ".join("?" * len(named))
    sql = (
        f"SELECT {column}, originator_id, topic, state FROM stored_events WHERE {column} > ? "
        f"AND (topic IN ({marks}) OR (topic = ? AND {_holds(database)})) "
        f"ORDER BY {column} LIMIT {AT_ONCE}"
    )
    while rows := tx.all(sql, (after, *named, StockReceived.name)):
        for _, stream, topic, state in rows:
            yield stream, decode(topic, bytes(state))
        after = rows[-1][0]


def _holds(database: Database) -> str:
    """Return the condition that a receipt's body names a photo."""
    if database.dialect == "sqlite":
        return "instr(state, CAST('\"attachment\":' AS BLOB)) > 0"
    return "position('\"attachment\":'::bytea IN state) > 0"


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
