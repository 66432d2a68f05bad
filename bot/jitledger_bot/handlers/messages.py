"""Messages that record: receipts, sales, counts, adjustments; edits that correct them."""

from __future__ import annotations

from collections.abc import Sequence

from aiogram import Router
from aiogram.types import Message

from jitledger.domain.moments import to_datetime
from jitledger.domain.state.shop import Shop
from jitledger_bot import texts
from jitledger_bot.access import Member
from jitledger_bot.asking import admit
from jitledger_bot.desk import Desk
from jitledger_bot.handlers import counting
from jitledger_bot.handlers.joining import open_shop
from jitledger_bot.handlers.kept import answers_question, answers_us, asked_since
from jitledger_bot.handlers.plain import plain_question
from jitledger_bot.handlers.undo import replies
from jitledger_bot.reading import Reading
from jitledger_bot.recording.meaning import read, says_something
from jitledger_bot.recording.record import record_text
from jitledger_bot.recording.said import repeat
from jitledger_bot.texts.language import _
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


def make_router(name: str) -> Router:
    """Return a router of messages that record, or are told why not."""
    router = Router(name=name)
    router.message.register(on_text)
    return router


async def on_text(message: Message, turn: Turn, desk: Desk) -> None:
    """Record what a message says, or answer what it asks."""
    if message.chat.type == "private" and await open_shop(message, turn, desk):
        return
    with desk.app.database.snapshot(), desk.resolver.remembering():
        open_question = _take(message, turn, desk)
    if open_question is None:
        return
    shop, member, readings = open_question
    assert message.text is not None
    if await plain_question(message.text, turn, desk, desk.warning(member)):
        return
    if member.role != "viewer" and answers_question(message, turn, desk):
        return
    _record(message, readings, turn, desk, shop, member)


def _take(
    message: Message, turn: Turn, desk: Desk
) -> tuple[Shop, Member, Sequence[Reading]] | None:
    """Take what a message says; None unless it may still be a plain question."""
    private = message.chat.type == "private"
    admitted = admit(message, turn, desk)
    if admitted is None:
        return None
    shop, member = admitted
    if message.text is None:
        if private and message.content_type in UNREADABLE:
            turn.say(_("I read text, tables and barcodes. Write, for example: received 24 MUG"))
        return None
    if message.text.startswith("/"):
        if private and "@" not in message.text.split()[0]:
            turn.say(_("I do not know this command. /help shows what I understand."))
        return None
    prefix = desk.message_key(message.chat.id, message.message_id)
    recorded = desk.recorded(prefix)
    if recorded:
        repeat(recorded, turn, desk)
        return None
    now = desk.app.queries.present(shop)
    if member.role != "viewer":
        stated = desk.stated_at(message.date, now)
        if replies(message, turn, desk):
            return None
        meant = private or answers_us(message, desk)
        if meant and counting.take_count(message.text, prefix, turn, desk, stated, asked_since):
            return None
    readings = read(message.text, to_datetime(now).astimezone(shop.tz), desk, shop)
    if not any(says_something(r) for r in readings):
        return shop, member, readings
    if member.role == "viewer":
        turn.say(_(texts.VIEWER))
    else:
        _record(message, readings, turn, desk, shop, member)
    return None


def _record(
    message: Message,
    readings: Sequence[Reading],
    turn: Turn,
    desk: Desk,
    shop: Shop,
    member: Member,
) -> None:
    private = message.chat.type == "private"
    prefix = desk.message_key(message.chat.id, message.message_id)
    turn.author = None if private else member.name
    record_text(
        message.text or "", message.date, prefix, turn, desk, shop, private, readings=readings
    )
