"""Command keys of chat messages: a keyed hash, so that no entry says in which chat it was typed.

HMAC-SHA256 (RFC 2104) over bot, chat and message, with a secret that each shop makes once and that
stands in no entry. Shops of an older program have keys with the numbers themselves; those are
found as before, and are written anew when somebody is forgotten (``upkeep.rekeying``).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from jitledger.store.database import Database, Tx

NAME = "message-keys"

SECRET_BYTES = 32

HASH_DIGITS = 32


def message_secret(database: Database) -> bytes:
    """Return the shop's secret; the first one to ask makes it."""
    with database.snapshot() as tx:
        known = _stored(tx)
    if known is not None:
        return known
    with database.transaction() as tx:
        database.lock(tx)
        return secret_in(tx)


def secret_in(tx: Tx) -> bytes:
    """Return the shop's secret within a transaction that holds the lock."""
    known = _stored(tx)
    if known is None:
        known = secrets.token_bytes(SECRET_BYTES)
        tx.execute("INSERT INTO secrets VALUES (?, ?)", (NAME, known))
    return known


def _stored(tx: Tx) -> bytes | None:
    row = tx.one("SELECT value FROM secrets WHERE name = ?", (NAME,))
    return None if row is None else bytes(row[0])


def keyed(secret: bytes, *numbers: object) -> str:
    """Return what stands for some numbers of a chat, the same each time.

    >>> keyed(b"k" * 32, 1, -100, 7)
    '68f85841aa0f54c78ebbd05544b2294b'
    """
    said = ":".join(str(number) for number in numbers).encode()
    return hmac.digest(secret, said, hashlib.sha256).hex()[:HASH_DIGITS]


def message_prefix(secret: bytes, bot_id: int, chat_id: int, message_id: int) -> str:
    """Return what the command keys of a message begin with."""
    return "tk:" + keyed(secret, bot_id, chat_id, message_id)


def has_plain_keys(tx: Tx) -> bool:
    """Return whether an older program recorded messages under their numbers."""
    row = tx.one("SELECT 1 FROM command_keys WHERE key >= 'tg:' AND key < 'tg;' LIMIT 1")
    return row is not None
