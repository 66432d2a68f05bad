"""Jobs that wait or are under way."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from jitledger.domain.moments import SECOND
from jitledger.store.database import Tx
from jitledger_bot.turn import Turn

LEASE = 60 * SECOND


class JobRow(NamedTuple):
    """One job as it is stored."""

    id: int
    chat_id: int
    member: str | None
    thread_id: int | None
    kind: str
    body: str
    tries: int
    message_id: int | None


def add_job(tx: Tx, turn: Turn, kind: str, body: dict[str, object], now: int) -> None:
    """Store a job for the chat of a turn."""
    tx.execute(
        "INSERT INTO jobs (chat_id, member, thread_id, kind, body, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (turn.chat_id, turn.member, turn.thread_id, kind, orjson.dumps(body).decode(), now),
    )


def next_job(tx: Tx, now: int) -> JobRow | None:
    """Return the oldest job that nobody works on."""
    row = tx.one(
        "SELECT id, chat_id, member, thread_id, kind, body, tries, message_id FROM jobs "
        "WHERE state = 'new' AND leased_until < ? ORDER BY id LIMIT 1",
        (now,),
    )
    return None if row is None else JobRow(*row)


def lease_job(tx: Tx, job: int, owner: str, now: int) -> None:
    """Take a job and count the try."""
    tx.execute(
        "UPDATE jobs SET leased_until = ?, owner = ?, tries = tries + 1 WHERE id = ?",
        (now + LEASE, owner, job),
    )


def renew_job(tx: Tx, job: int, owner: str, now: int) -> None:
    """Keep a job that takes long."""
    tx.execute(
        "UPDATE jobs SET leased_until = ? WHERE id = ? AND owner = ?", (now + LEASE, job, owner)
    )


def free_jobs(tx: Tx) -> None:
    """Free the jobs of an earlier run."""
    tx.execute("UPDATE jobs SET leased_until = 0 WHERE state = 'new'")


def is_ours(tx: Tx, job: int, owner: str) -> bool:
    """Return whether nobody else took a job over meanwhile."""
    mine = "SELECT 1 FROM jobs WHERE id = ? AND owner = ? AND state = 'new'"
    return tx.one(mine, (job, owner)) is not None


def end_job(tx: Tx, job: int, state: str, error: str | None, until: int, tries: int) -> None:
    """Note how a job ended; one that is tried again waits until a moment."""
    tx.execute(
        "UPDATE jobs SET state = ?, error = ?, leased_until = ?, tries = ? WHERE id = ?",
        (state, error, until, tries, job),
    )


def show_job_in(tx: Tx, job: int, message_id: int) -> None:
    """Note the message that tells how far a job is."""
    tx.execute("UPDATE jobs SET message_id = ? WHERE id = ?", (message_id, job))
