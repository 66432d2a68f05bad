"""What buttons stand for: stored, used once, weeks later and after a restart."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from jitledger.domain.json import Json
from jitledger.service.recording.submission import Answer
from jitledger.store.database import Tx


def new_proposal_id() -> str:
    """Return a short id for a button; unguessable, without a colon."""
    return secrets.token_urlsafe(9)


def store_proposal(
    tx: Tx, chat_id: int, member: str | None, kind: str, body: Json, now: int
) -> str:
    """Store what a button stands for and return its id."""
    found = new_proposal_id()
    tx.execute(
        "INSERT INTO proposals VALUES (?, ?, ?, ?, ?, ?, NULL)",
        (found, chat_id, member, kind, orjson.dumps(body).decode(), now),
    )
    return found


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a button stands for."""

    id: str
    chat_id: int
    member: str | None
    kind: str
    body: Json
    consumed: bool


def load_proposal(tx: Tx, found: str) -> Proposal | None:
    """Return a stored proposal."""
    row = tx.one(
        "SELECT id, chat_id, member, kind, body, consumed_at FROM proposals WHERE id = ?", (found,)
    )
    if row is None:
        return None
    return Proposal(row[0], row[1], row[2], row[3], orjson.loads(row[4]), row[5] is not None)


def consume(found: str) -> Callable[[Tx, Sequence[Answer], int], None]:
    """Return the effect that uses a proposal up, once."""

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        if all(a.ok for a in answers):
            tx.execute(
                "UPDATE proposals SET consumed_at = ? WHERE id = ? AND consumed_at IS NULL",
                (now, found),
            )

    return effect


def drop_questions(tx: Tx, chat_id: int, prefix: str, now: int) -> None:
    """Use up the questions that a message's lines left open: its words were edited."""
    tx.execute(
        "UPDATE proposals SET consumed_at = ? WHERE chat_id = ? AND consumed_at IS NULL "
        "AND ((kind = 'choose' AND body LIKE ?) OR (kind = 'again' AND body LIKE ?))",
        (now, chat_id, f'%"key":"{prefix}:%', f'%"prefix":"{prefix}"%'),
    )


def kept_lines(tx: Tx, chat_id: int) -> list[str]:
    """Return the proposals of lines that a chat keeps for later, the newest first."""
    rows = tx.all(
        "SELECT id FROM proposals WHERE kind = 'choose' AND chat_id = ? "
        "AND consumed_at IS NULL ORDER BY created_at DESC LIMIT 5",
        (chat_id,),
    )
    return [row[0] for row in rows]


def rewrite(tx: Tx, found: str, body: dict[str, object]) -> None:
    """Put another body into a proposal."""
    tx.execute("UPDATE proposals SET body = ? WHERE id = ?", (orjson.dumps(body).decode(), found))
