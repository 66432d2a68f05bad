"""What is to be told, noted with the events that caused it."""

from __future__ import annotations

import orjson

from jitledger.domain.json import Json
from jitledger.store.database import Tx


def push(tx: Tx, kind: str, body: Json, at: int, subject: str | None = None) -> None:
    """Put a push for everyone who wants it (chat 0) into the outbox, in this transaction."""
    tx.execute(
        "INSERT INTO outbox (chat_id, kind, method, body, created_at, subject) "
        "VALUES (0, ?, 'push', ?, ?, ?)",
        (kind, orjson.dumps(body).decode(), at, subject),
    )
