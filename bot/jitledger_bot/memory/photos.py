"""Photos of delivery notes, kept under the hash of their content; an album is one note.

Photos of an album come one by one, in any order; those without words belong to the one with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jitledger.service.recording.submission import Answer
from jitledger.store.database import Tx
from jitledger_bot.memory.conversations import keep, recall

MOST_IN_AN_ALBUM = 10
"""As many as Telegram lets an album have."""


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


def kept_photos(tx: Tx, name: str | None) -> list[bytes]:
    """Return the photos of a delivery note: its own, and those of its album."""
    _state, kept = recall(tx, f"photos:{name}")
    names = [name, *kept.get("more", ())]
    return [photo for one in names if (photo := kept_photo(tx, one)) is not None]


def is_begun(tx: Tx, album: str) -> bool:
    """Return whether the photo with an album's words was recorded."""
    return "note" in recall(tx, album)[1]


def begin_album(album: str, note: str) -> Callable[..., None]:
    """Return the effect that puts an album's photos to the one that was recorded."""

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        if any(answer.ok for answer in answers):
            _state, kept = recall(tx, album)
            keep(tx, album, None, {**kept, "note": note})
            keep(tx, f"photos:{note}", None, {"more": kept.get("more", [])})

    return effect


def add_to_album(album: str, name: str, media_type: str, data: bytes) -> Callable[..., None]:
    """Return the effect that keeps one more photo of an album."""

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        _state, kept = recall(tx, album)
        more = [*kept.get("more", ())]
        if name in more or len(more) >= MOST_IN_AN_ALBUM:
            return
        keep_photo(tx, name, media_type, data, now)
        keep(tx, album, None, {**kept, "more": [*more, name]})
        if "note" in kept:
            keep(tx, f"photos:{kept['note']}", None, {"more": [*more, name]})

    return effect
