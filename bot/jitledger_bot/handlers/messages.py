"""Messages that are words: each means one thing, and goes to the room that does it."""

from __future__ import annotations

from typing import assert_never

from aiogram import Router
from aiogram.types import Message

from jitledger.domain.json import Json
from jitledger_bot import texts
from jitledger_bot.access import Asker
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.asking.plain import Question, answer_question
from jitledger_bot.handlers.goods.counting import CountAnswer, take_count
from jitledger_bot.handlers.goods.documents import PASTED, offer_table
from jitledger_bot.handlers.kept import AnswerToQuestion, take_answer
from jitledger_bot.handlers.meant import Facts, Nothing, Pasted, Repeated, Unknown, Unreadable, mean
from jitledger_bot.handlers.undo import Correction, NoEntry, Undo, correct_by_reply, undo_by_reply
from jitledger_bot.recording.meaning import says_something
from jitledger_bot.recording.record import record_text
from jitledger_bot.recording.said import repeat
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import talk as say
from jitledger_bot.turn import Turn


def make_router(name: str) -> Router:
    """Return a router of messages that record, or are told why not."""
    router = Router(name=name)
    router.message.register(on_text)
    return router


async def on_text(message: Message, turn: Turn, desk: Desk, asker: Asker) -> None:
    """Do what a message means."""
    with desk.app.database.snapshot(), desk.resolver.remembering():
        meaning = mean(message, turn, desk, asker)
        key = desk.message_key(message.chat.id, message.message_id)
        match meaning:
            case Facts():
                _record(meaning, message, key, turn, desk, asker)
            case Repeated():
                repeat(meaning.recorded, turn, desk)
            case Undo():
                undo_by_reply(meaning, key, turn, desk)
            case Correction():
                correct_by_reply(meaning, key, turn, desk)
            case NoEntry():
                turn.say(_(say.I_FIND_NO_ENTRY_BEHIND))
            case CountAnswer():
                stated = desk.stated_at(message.date, desk.app.queries.present(asker.shop))
                take_count(meaning, key, turn, desk, stated)
            case AnswerToQuestion():
                if not take_answer(meaning, message.text or "", turn, desk):
                    _record(Facts(()), message, key, turn, desk, asker)
            case Unknown():
                turn.say(_(say.I_DO_NOT_KNOW_THIS))
            case Unreadable():
                turn.say(_(say.I_READ_TEXT_TABLES_AND))
            case Question() | Pasted() | Nothing():
                pass
            case _:
                assert_never(meaning)
    if isinstance(meaning, Question):  # It may take its time: no look at the store is held open.
        await answer_question(meaning, turn, desk, asker)
    if isinstance(meaning, Pasted):
        body: Json = {"text": message.text or "", "name": PASTED}
        await offer_table(meaning.table, body, "", turn, desk)


def _record(facts: Facts, message: Message, key: str, turn: Turn, desk: Desk, asker: Asker) -> None:
    if not asker.may_record and any(says_something(reading) for reading in facts.readings):
        turn.say(_(texts.VIEWER))
        return
    turn.author = None if asker.private else asker.member.name
    record_text(
        message.text or "",
        message.date,
        key,
        turn,
        desk,
        asker.shop,
        asker.private,
        readings=facts.readings,
    )
