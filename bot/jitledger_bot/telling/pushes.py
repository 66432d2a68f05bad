"""A push as its receiver gets it: what its kind says, and the buttons that act on it in place."""

from __future__ import annotations

from jitledger.store.database import Tx
from jitledger_bot.access import Receiver
from jitledger_bot.telling.kinds import kind_of
from jitledger_bot.telling.kinds.kind import Stored
from jitledger_bot.turn import keyboard


def pushed(
    tx: Tx, name: str, data: dict[str, object], receiver: Receiver, now: int
) -> dict[str, object]:
    """Return the message of a push; runs in the transaction that stores its buttons."""
    kind = kind_of(name)
    body: dict[str, object] = {"chat_id": receiver.chat_id, "parse_mode": "HTML"}
    if receiver.wishes.thread_id is not None:
        body["message_thread_id"] = receiver.wishes.thread_id
    body["text"] = kind.says(data)
    buttons = kind.buttons(data, Stored(tx, receiver, now))
    if buttons:
        body["reply_markup"] = keyboard(buttons)
    return body
