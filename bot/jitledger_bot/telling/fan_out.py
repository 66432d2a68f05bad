"""A push on its way to every chat that wants to hear of it."""

from __future__ import annotations

from typing import Any

import orjson

from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.memory.outgoing import mark_sent
from jitledger_bot.texts.language import speaking
from jitledger_bot.turn import Outgoing


def alert_edits(tx: Tx, data: dict[str, Any], subject: str | None, desk: Desk) -> list[Outgoing]:
    """Return edits of the newest message of a subject in every chat."""
    edits: dict[int, Outgoing] = {}
    for chat_id, message_id, body in mark_sent(tx, subject):
        if chat_id in edits:
            continue
        with speaking(desk.voice_in(tx, chat_id)):
            text = f"{orjson.loads(body)['text']}\n{texts.alert_state(data)}"
        edit = {
            "chat_id": chat_id,
            "message_id": message_id,
            "text": text,
            "parse_mode": "HTML",
        }
        edits[chat_id] = Outgoing(chat_id, "editMessageText", edit, "edit")
    return list(edits.values())
