"""Photos of delivery notes, kept under the hash of their content."""

from __future__ import annotations

from jitledger.store.database import Tx


def keep_photo(tx: Tx, name: str, media_type: str, data: bytes, now: int) -> None:
    """Keep a photo, once."""
    tx.execute(
        "INSERT INTO attachments VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
        (name, media_type, data, now),
    )


def kept_photo(tx: Tx, name: str | None) -> bytes | None:
    """Return a kept photo."""
    row = tx.one("SELECT body FROM attachments WHERE hash = ?", (name,))
    return None if row is None else bytes(row[0])
