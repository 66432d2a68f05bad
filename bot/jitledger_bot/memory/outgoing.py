"""Calls of the Bot API that wait to be made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from time import time_ns
from typing import NamedTuple

import orjson

from jitledger.domain.json import Json
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
    body: Json
    tries: int = 0


class Waiting(NamedTuple):
    """One row of the outbox that waits: a message, or a push still to be told to each chat."""

    id: int
    chat_id: int
    kind: str
    method: str
    body: str
    tries: int
    subject: str | None


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


def sent_since_the_last_end(tx: Tx, subject: str | None, end: int) -> list[tuple[int, int, str]]:
    """Return (chat, message, body) of what told of an alert that ends now, the newest first.

    ``end`` is the row of its end. What was told before an earlier end is of another alert.
    """
    return tx.all(
        "SELECT chat_id, message_id, body FROM outbox WHERE subject = ? AND state = 'sent' "
        "AND kind = 'push-message' AND message_id IS NOT NULL AND id > COALESCE((SELECT MAX(id) "
        "FROM outbox WHERE subject = ? AND kind = 'alert-edit' AND id < ?), 0) "
        "ORDER BY id DESC LIMIT 200",
        (subject, subject, end),
    )


def mark_sent(tx: Tx, subject: str | None) -> list[tuple[int, int, str]]:
    """Return (chat, message, body) of the messages of a subject, the newest first."""
    return tx.all(
        "SELECT chat_id, message_id, body FROM outbox WHERE subject = ? AND state = 'sent' "
        "AND kind = 'push-message' AND message_id IS NOT NULL ORDER BY id DESC LIMIT 50",
        (subject,),
    )


LONGEST_KEPT = 20_000
"""Characters of what was sent: a text is shorter, so that it can be edited; a file is let go."""

Mark = tuple[str, int | None, str | None, int]
"""(state, message id, error, row id) of a row whose outcome is known"""


def waiting(tx: Tx, now: int, under_way: Collection[int]) -> list[Waiting]:
    """Return what is due and belongs to nobody, the oldest first, at most 200 rows."""
    listed = tx.all(
        "SELECT id FROM outbox WHERE state = 'new' AND due_at <= ? AND leased_until <= ? "
        "ORDER BY id LIMIT 400",
        (now, time_ns()),
    )
    left = [row[0] for row in listed if row[0] not in under_way][:200]
    if not left:
        return []
    rows = tx.all(
        "SELECT id, chat_id, kind, method, body, tries, subject FROM outbox WHERE id IN "
        f"({','.join('?' * len(left))}) ORDER BY id",
        left,
    )
    return [Waiting(*row) for row in rows]


def count_try(tx: Tx, row: int) -> bool:
    """Note that a push is about to be sent, so that a crash leaves a trace.

    False, and it is done with, when a newer one of the same subject waits for the same chat.
    """
    newer = tx.one(
        "SELECT 1 FROM outbox o JOIN outbox n ON n.chat_id = o.chat_id AND n.subject = o.subject "
        "AND n.kind = o.kind AND n.state = 'new' AND n.id > o.id AND n.due_at <= o.due_at "
        "WHERE o.id = ?",
        (row,),
    )
    if newer is not None:
        tx.execute("UPDATE outbox SET state = 'done' WHERE id = ?", (row,))
        return False
    tx.execute("UPDATE outbox SET tries = tries + 1 WHERE id = ?", (row,))
    return True


def write_marks(tx: Tx, marks: Sequence[Mark]) -> None:
    """Note outcomes."""
    tx.executemany("UPDATE outbox SET state = ?, message_id = ?, error = ? WHERE id = ?", marks)
    tx.executemany(
        "UPDATE outbox SET body = '{}' WHERE id = ? AND state = 'sent' "
        "AND (length(body) > ? OR kind = 'secret')",
        [(row, LONGEST_KEPT) for _state, _message, _error, row in marks],
    )


def redirect(tx: Tx, row: int, chat_id: int, body: Json) -> None:
    """Address a row to another chat."""
    tx.execute(
        "UPDATE outbox SET chat_id = ?, body = ? WHERE id = ?",
        (chat_id, orjson.dumps(body).decode(), row),
    )


def give_up(tx: Tx, chat_id: int, error: str) -> None:
    """Set aside all that waits for a chat."""
    tx.execute(
        "UPDATE outbox SET state = 'failed', error = ? WHERE chat_id = ? AND state = 'new'",
        (error[:300], chat_id),
    )


def drop_pushes(tx: Tx, chat_id: int) -> None:
    """Drop the pushes that wait for a chat that is not told any more."""
    tx.execute(
        "UPDATE outbox SET state = 'done' WHERE chat_id = ? AND state = 'new' "
        "AND kind = 'push-message'",
        (chat_id,),
    )


def free_leases(tx: Tx) -> None:
    """Free the leases of an earlier run."""
    tx.execute("UPDATE outbox SET leased_until = 0 WHERE state = 'new'")


def renew_leases(tx: Tx, rows: Collection[int]) -> None:
    """Keep rows that are under way."""
    until = time_ns() + LEASE
    tx.executemany(
        "UPDATE outbox SET leased_until = ? WHERE id = ?", [(until, row) for row in rows]
    )


def is_new(tx: Tx, row: int) -> bool:
    """Return whether a row is still to be worked on."""
    found = tx.one("SELECT state FROM outbox WHERE id = ?", (row,))
    return found is not None and found[0] == "new"


def put_off(tx: Tx, row: int, until: int) -> None:
    """Let a row wait until a moment."""
    tx.execute("UPDATE outbox SET due_at = ? WHERE id = ?", (until, row))


def finish(tx: Tx, row: int) -> None:
    """Note that a row needs no more work."""
    tx.execute("UPDATE outbox SET state = 'done' WHERE id = ?", (row,))


def has_subject(tx: Tx, subject: str) -> bool:
    """Return whether something of a subject was ever to be told."""
    return tx.one("SELECT 1 FROM outbox WHERE subject = ?", (subject,)) is not None


def list_of(tx: Tx, subject: str) -> tuple[int, str, Json, int] | None:
    """Return (row, kind, body, moment) of the list that was pushed under a subject."""
    row = tx.one(
        "SELECT id, kind, body, created_at FROM outbox WHERE subject = ? "
        "AND method = 'push' AND kind <> 'list-edit'",
        (subject,),
    )
    return None if row is None else (row[0], row[1], orjson.loads(row[2]), row[3])


def rewrite(tx: Tx, row: int, body: dict[str, object]) -> None:
    """Put another body into a row."""
    tx.execute("UPDATE outbox SET body = ? WHERE id = ?", (orjson.dumps(body).decode(), row))


def sent_body(tx: Tx, chat_id: int, message_id: int) -> Json | None:
    """Return what was sent as a message of a chat; None for one that is not ours."""
    row = tx.one(
        "SELECT body FROM outbox WHERE chat_id = ? AND message_id = ? ORDER BY id LIMIT 1",
        (chat_id, message_id),
    )
    return None if row is None else orjson.loads(row[0])
