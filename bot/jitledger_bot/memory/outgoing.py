"""Calls of the Bot API that wait to be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import time_ns
from typing import Any

import orjson

from jitledger.store.database import Tx
from jitledger_bot.turn import Outgoing

LEASE = 30 * 10**9
"""Nanoseconds for which a row belongs to the process that sends it; renewed while it does."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One row of the outbox on its way."""

    id: int
    chat_id: int
    kind: str
    method: str
    body: dict[str, Any]
    tries: int = 0


def put(tx: Tx, outgoing: Sequence[Outgoing], now: int, *, mine: bool = True) -> list[Sending]:
    """Write rows in the caller's transaction; returns them with their ids.

    What is ``mine`` is sent by this process, who must hand it to ``Outbox.send``; other processes
    leave it alone while its lease lasts. The rest is found by whoever looks first.
    """
    rows, until = [], time_ns() + LEASE if mine else 0
    for out in outgoing:
        body = orjson.dumps(out.body).decode()
        row = tx.one(
            "INSERT INTO outbox (chat_id, kind, method, body, created_at, subject, leased_until) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (out.chat_id, out.kind, out.method, body, now, out.subject, until),
        )
        rows.append(Sending(row[0], out.chat_id, out.kind, out.method, out.body))
    return rows


def claim_next(tx: Tx, rows: Sequence[int]) -> set[int]:
    """Lease rows that wait; return those that nobody else has."""
    now = time_ns()
    found = tx.all(
        f"UPDATE outbox SET leased_until = ? WHERE id IN ({','.join('?' * len(rows))}) "
        "AND state = 'new' AND leased_until <= ? RETURNING id",
        (now + LEASE, *rows, now),
    )
    return {int(row[0]) for row in found}


def waits_until(tx: Tx, subject: str | None) -> int | None:
    """Return when the next message of a subject is due that is still to be sent, if any is."""
    row = tx.one(
        "SELECT MIN(due_at) FROM outbox WHERE subject = ? AND state = 'new' "
        "AND kind = 'push-message'",
        (subject,),
    )
    return None if row[0] is None else int(row[0])


def drop_waiting(tx: Tx, subject: str | None, now: int) -> None:
    """Drop what waits for the end of quiet hours and is not true any more."""
    tx.execute(
        "UPDATE outbox SET state = 'done' WHERE subject = ? AND state = 'new' "
        "AND kind = 'push-message' AND due_at > ?",
        (subject, now),
    )


def mark_sent(tx: Tx, subject: str | None) -> list[tuple[int, int, str]]:
    """Return (chat, message, body) of the messages of a subject, the newest first."""
    return tx.all(
        "SELECT chat_id, message_id, body FROM outbox WHERE subject = ? AND state = 'sent' "
        "AND kind = 'push-message' AND message_id IS NOT NULL ORDER BY id DESC LIMIT 50",
        (subject,),
    )
