"""Updates as they arrive: read, told apart by chat, and set aside when they cannot be read."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass

from aiogram import Bot
from aiogram.types import Message, Update
from pydantic import ValidationError

from jitledger.service.recording.submission import Answer, Submission
from jitledger.store.database import Tx
from jitledger_bot.desk import Desk
from jitledger_bot.memory import incoming


@dataclass(slots=True)
class Row:
    """One update in the inbox, or on its way there: then ``stored`` tells its id, or None."""

    id: int
    chat_id: int
    body: bytes
    tries: int
    update_id: int = 0
    update: Update | None = None
    stored: asyncio.Future[int | None] | None = None
    wanted: asyncio.Event | None = None
    """Set when work on it waits for the row."""
    orphaned: bool = False
    """Whether a process that was lost had it: it may be what ended it."""
    repeated: bool = False
    """Whether the very same update was worked on before."""

    async def number(self) -> int | None:
        """Return the row's id once it is committed; None when it is not to be worked on."""
        if self.wanted is not None:
            self.wanted.set()
        if self.stored is not None:
            self.id = await self.stored or 0
            self.stored = None
        return self.id or None


def arrived(update: Update, stored: asyncio.Future[int | None]) -> Row:
    """Return the row of an update; half a surrogate pair becomes the replacement sign."""
    known: Update | None = update
    try:
        text = update.model_dump_json(exclude_none=True)
    except ValueError:
        text = json.dumps(update.model_dump(mode="python", exclude_none=True), default=_plain)
        text = re.sub(r"\\ud[89a-f][0-9a-f]{2}", "\ufffd", text)
        known = None  # To be read again as it is stored.
    return Row(0, chat_of(update), text.encode(), 0, update.update_id, known, stored)


def _plain(value: object) -> object:
    return int(value.timestamp()) if hasattr(value, "timestamp") else str(value)


def chat_of(update: Update) -> int:
    """Return the chat an update belongs to, 0 when it has none."""
    if update.callback_query is not None:
        message = update.callback_query.message
        return message.chat.id if message is not None else update.callback_query.from_user.id
    for event in (
        update.message,
        update.edited_message,
        update.channel_post,
        update.my_chat_member,
    ):
        if event is not None:
            return event.chat.id
    return 0


def thread_of(update: Update) -> int | None:
    """Return the forum topic an update was written in."""
    message = update.message or update.edited_message
    if update.callback_query is not None and isinstance(update.callback_query.message, Message):
        message = update.callback_query.message
    if message is None or not message.is_topic_message:
        return None
    return message.message_thread_id


class Reader:
    """Reads updates; one that cannot be read is kept and blocks nothing."""

    def __init__(self, bot: Bot, desk: Desk) -> None:
        self._bot = bot
        self._desk = desk

    async def read(self, raw: object) -> Update | None:
        """Return an update as it arrived; one that cannot be read is set aside, and None.

        Raises ``LedgerError`` when the store would not keep it: then it has to come again.
        """
        query = raw.get("callback_query") if isinstance(raw, dict) else None
        if isinstance(query, dict):
            query.setdefault("chat_instance", "")  # Not asked for; not every server tells it.
        try:
            return Update.model_validate(raw, context={"bot": self._bot})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            await self.set_aside(raw, f"cannot be read: {where}: {first['msg']}")
            return None

    async def set_aside(self, raw: object, reason: str) -> None:
        """Keep an update that cannot be read as a dead letter, so that it blocks nothing."""
        body = json.dumps(raw, ensure_ascii=True).encode()

        def insert(tx: Tx, answers: list[Answer], at: int) -> None:
            number = raw.get("update_id", 0) if isinstance(raw, dict) else 0
            incoming.insert_dead(tx, self._desk.bot_id, number, body, reason)

        await self._desk.app.ledger.acommit(Submission([], then=insert))
