"""What a message means here and now: one value, told apart once (``messages.on_text``).

Reading knows words, recording knows products; what was asked, replied to or recorded before is
known here. The first that fits is meant, in the order of ``mean``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiogram.types import Message

from jitledger.domain.moments import to_datetime
from jitledger.service.importers.files.tables import Table
from jitledger_bot.access import Asker
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.asking.plain import Question, plain_question
from jitledger_bot.handlers.goods.counting import CountAnswer, meant_for_a_round
from jitledger_bot.handlers.goods.documents import pasted
from jitledger_bot.handlers.kept import AnswerToQuestion, answers_us, asked_since, open_question
from jitledger_bot.handlers.undo import Correction, NoEntry, Undo, meant_by_reply
from jitledger_bot.reading import Reading
from jitledger_bot.recording.meaning import read, says_something
from jitledger_bot.turn import Turn

UNREADABLE = {
    "sticker",
    "voice",
    "video",
    "audio",
    "animation",
    "video_note",
    "location",
    "contact",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """Lines to record, or to ask about; without any that says something, it was not understood."""

    readings: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class Pasted:
    """A table that was pasted as text."""

    table: Table


@dataclass(frozen=True, slots=True)
class Repeated:
    """A message that came before: {command key: entries} of what it recorded."""

    recorded: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A command nobody knows."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that holds no text."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Not for us: what others say to each other."""


Meaning = (
    Facts
    | Question
    | Undo
    | Correction
    | NoEntry
    | CountAnswer
    | AnswerToQuestion
    | Pasted
    | Repeated
    | Unknown
    | Unreadable
    | Nothing
)


def mean(message: Message, turn: Turn, desk: Desk, asker: Asker) -> Meaning:
    """Return what a message means."""
    text = message.text
    if text is None:
        known = asker.private and message.content_type in UNREADABLE
        return Unreadable() if known else Nothing()
    if text.startswith("/"):
        ours = asker.private and "@" not in text.split()[0]
        return Unknown() if ours else Nothing()
    recorded = desk.recorded(desk.message_key(message.chat.id, message.message_id))
    if recorded:
        return Repeated(recorded)
    to_us = asker.private or answers_us(message, desk)
    if asker.may_record:
        meant: Meaning | None = meant_by_reply(message, turn, desk)
        if meant is None and to_us:
            meant = meant_for_a_round(text, turn, desk, asked_since(turn, desk))
        if meant is not None:
            return meant
    table = pasted(text) if asker.private and asker.may_record else None
    if table is not None:
        return Pasted(table)
    now = desk.app.queries.present(asker.shop)
    readings = read(text, to_datetime(now).astimezone(asker.shop.tz), desk, asker.shop)
    if any(says_something(reading) for reading in readings):
        return Facts(readings)
    asked: Meaning | None = plain_question(text, desk)
    if asked is None and asker.may_record and to_us:
        asked = open_question(turn, desk)
    return Facts(readings) if asked is None else asked
