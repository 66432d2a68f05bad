"""What was set aside: messages and work that kept failing, with the cause, to be tried again.

A letter is named by where it stands and its number: ``m12`` is a message that came in, ``j3`` work
beside the conversation, ``o7`` a message that could not be sent. Nothing is ever dropped silently:
what is let go keeps its row and its cause, without its content.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from jitledger.domain.errors import Refused
from jitledger.domain.json import Json
from jitledger.domain.moments import show_moment
from jitledger.store.database import Tx

TABLES = {"m": "inbox", "j": "jobs", "o": "outbox"}

WHEN = {"m": "received_at", "j": "created_at", "o": "created_at"}

STATES = {"m": "dead", "j": "dead", "o": "refused"}
"""What a row's state is called while it is set aside."""

MOST = 100


@dataclass(frozen=True, slots=True)
class Letter:
    """One row that was set aside."""

    ref: str
    chat_id: int
    at: int
    cause: str
    said: str

    def as_dict(self) -> Json:
        """Return it as JSON has it."""
        return {
            "id": self.ref,
            "at": show_moment(self.at),
            "cause": self.cause,
            "said": self.said,
        }


def names_set_aside(tx: Tx) -> list[str]:
    """Return how what is set aside is called, without reading what it holds."""
    return [
        f"{kind}{row[0]}"
        for kind, table in TABLES.items()
        for row in tx.all(
            f"SELECT id FROM {table} WHERE state = ? ORDER BY id LIMIT ?", (STATES[kind], MOST)
        )
    ]


def set_aside(tx: Tx) -> list[Letter]:
    """Return what is set aside, the oldest first."""
    found = []
    for kind, table in TABLES.items():
        rows = tx.all(
            f"SELECT id, chat_id, {WHEN[kind]}, error, body FROM {table} WHERE state = ? "
            "ORDER BY id LIMIT ?",
            (STATES[kind], MOST),
        )
        for number, chat_id, at, error, body in rows:
            found.append(Letter(f"{kind}{number}", chat_id, at, error or "", _said(body)))
    return sorted(found, key=lambda letter: letter.at)


def try_again(tx: Tx, ref: str) -> None:
    """Let what was set aside be worked on once more; raises ``unknown-letter``."""
    kind, number = _found(tx, ref)
    tx.execute(
        f"UPDATE {TABLES[kind]} SET state = 'new', tries = 0, leased_until = 0"
        f"{'' if kind == 'o' else ', owner = NULL'} WHERE id = ?",
        (number,),
    )


def discard(tx: Tx, ref: str) -> None:
    """Let it go: its cause stays, its content does not; raises ``unknown-letter``."""
    kind, number = _found(tx, ref)
    empty: object = b"{}" if kind == "m" else "{}"
    tx.execute(
        f"UPDATE {TABLES[kind]} SET state = 'discarded', body = ? WHERE id = ?", (empty, number)
    )


def _found(tx: Tx, ref: str) -> tuple[str, int]:
    kind, digits = ref[:1], ref[1:]
    if kind in TABLES and digits.isascii() and digits.isdigit() and len(digits) < 18:
        row = tx.one(f"SELECT state FROM {TABLES[kind]} WHERE id = ?", (int(digits),))
        if row is not None and row[0] == STATES[kind]:
            return kind, int(digits)
    raise Refused(
        "unknown-letter",
        f"Nothing is set aside as {ref[:40]!r}; `jitledger letters` lists what is.",
        letter=ref[:40],
    )


def _said(body: bytes | str) -> str:
    """Return the beginning of what a person wrote, or what kind of thing it was."""
    try:
        read = orjson.loads(body)
    except ValueError:
        return ""
    if not isinstance(read, dict):
        return ""
    message = read.get("message") or read.get("edited_message") or read.get("callback_query")
    for fields in (message if isinstance(message, dict) else {}, read):
        for name in ("text", "caption", "data", "filename", "name"):
            if isinstance(fields.get(name), str):
                return str(fields[name])[:80]
    return ""
