"""What a conversation stands at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import orjson

from jitledger.domain.json import Json
from jitledger.service.recording.submission import Answer
from jitledger.store.database import Tx


def keep(tx: Tx, key: str, state: str | None, data: Mapping[str, object]) -> None:
    """Keep a conversation's state."""
    tx.execute(
        "INSERT INTO conversations VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
        "state = excluded.state, data = excluded.data",
        (key, state, orjson.dumps(data).decode()),
    )


def remember(key: str, state: str | None, data: dict[str, object]) -> Callable[..., None]:
    """Return the effect that keeps a conversation's state."""

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        keep(tx, key, state, data)

    return effect


def recall(tx: Tx, key: str) -> tuple[str | None, Json]:
    """Return a conversation's state and data."""
    row = tx.one("SELECT state, data FROM conversations WHERE key = ?", (key,))
    return (None, {}) if row is None else (row[0], orjson.loads(row[1]))
