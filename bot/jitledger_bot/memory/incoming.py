"""Updates that came in: a row each, finished once, set aside when they keep failing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from time import time_ns

from jitledger.domain.moments import SECOND
from jitledger.store.database import Tx

LEASE = 60 * SECOND


def known(tx: Tx, bot_id: int, update_id: int, chat_id: int) -> list[tuple[str, bytes]]:
    """Return (state, body) of what came under this number before."""
    rows = tx.all(
        "SELECT state, body FROM inbox WHERE bot_id = ? AND update_id = ? AND chat_id = ?",
        (bot_id, update_id, chat_id),
    )
    return [(state, bytes(body)) for state, body in rows]


def insert(tx: Tx, this: tuple[int, int, int], body: bytes, now: int, owner: str) -> int:
    """Store an update (bot, number, chat) under its owner's lease; return its id."""
    stored = tx.one(
        "INSERT INTO inbox (bot_id, update_id, chat_id, body, received_at, leased_until, owner)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (*this, body, now, now + LEASE, owner),
    )
    return int(stored[0])


def insert_dead(tx: Tx, bot_id: int, number: int, body: bytes, reason: str) -> None:
    """Keep what cannot be read as a dead letter."""
    tx.execute(
        "INSERT INTO inbox (bot_id, update_id, chat_id, body, received_at, state, error) "
        "VALUES (?, ?, 0, ?, ?, 'dead', ?)",
        (bot_id, number, body, time_ns(), reason[:300]),
    )


def has_stale(tx: Tx, bot_id: int, now: int) -> bool:
    """Return whether something waits that nobody works on."""
    stale = tx.one(
        "SELECT 1 FROM inbox WHERE state = 'new' AND bot_id = ? AND leased_until < ?",
        (bot_id, now),
    )
    return stale is not None


def claim(
    tx: Tx, bot_id: int, owner: str, now: int, mine: Collection[int]
) -> Sequence[tuple[int, int, bytes, int, bool]]:
    """Lease what nobody works on; return (id, chat, body, tries, whether its owner was lost)."""
    found = tx.all(
        "SELECT id, chat_id, body, tries, owner FROM inbox WHERE state = 'new' AND bot_id = ? "
        "AND leased_until < ? ORDER BY id LIMIT 500",
        (bot_id, now),
    )
    rows = [
        (number, chat_id, bytes(body), tries, before is not None and before != owner)
        for number, chat_id, body, tries, before in found
        if number not in mine
    ]
    tx.executemany(
        "UPDATE inbox SET leased_until = ?, owner = ? WHERE id = ?",
        [(now + LEASE, owner, row[0]) for row in rows],
    )
    return rows


def count_try(tx: Tx, row: int) -> None:
    """Note that work on a row begins which a lost process had: it may be what ended it."""
    tx.execute("UPDATE inbox SET tries = tries + 1 WHERE id = ?", (row,))


def let_go(tx: Tx, owner: str) -> None:
    """Let what a process holds go, for it ends as it should."""
    tx.execute(
        "UPDATE inbox SET leased_until = 0, owner = NULL WHERE state = 'new' AND owner = ?",
        (owner,),
    )


def free_leases(tx: Tx, bot_id: int) -> None:
    """Free the leases of an earlier run."""
    tx.execute("UPDATE inbox SET leased_until = 0 WHERE state = 'new' AND bot_id = ?", (bot_id,))


def is_new(tx: Tx, row: int) -> bool:
    """Return whether a row is still to be worked on."""
    state = tx.one("SELECT state FROM inbox WHERE id = ?", (row,))
    return state is not None and state[0] == "new"


def finish(tx: Tx, row: int, *, forget: bool = False) -> None:
    """Note that a row was worked on; what a stranger wrote, or a secret, is not kept."""
    tx.execute(
        "UPDATE inbox SET state = 'done', owner = NULL, error = NULL"
        f"{', body = ?' if forget else ''} WHERE id = ?",
        (b"{}", row) if forget else (row,),
    )


def note_failure(tx: Tx, row: int, tries: int, error: str, *, dead: bool) -> None:
    """Count a failure; the last one makes a dead letter."""
    tx.execute(
        "UPDATE inbox SET tries = ?, error = ?, state = ? WHERE id = ? AND state = 'new'",
        (tries, error, "dead" if dead else "new", row),
    )
