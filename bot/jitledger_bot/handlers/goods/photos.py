"""Photos of barcodes: with a caption they record ("+24"), without one they ask what is there."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

from aiogram import Bot, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, PhotoSize

from jitledger.domain.errors import LedgerError
from jitledger.domain.events import StockReceived
from jitledger.domain.names import split_entry
from jitledger.service.recording.submission import Answer
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import Asker
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.asking import questions
from jitledger_bot.handlers.kinds import has_photo
from jitledger_bot.memory.photos import (
    add_to_album,
    begin_album,
    is_begun,
    keep_photo,
    kept_photos,
)
from jitledger_bot.reading.barcodes import LONGEST_SIDE, read_barcodes
from jitledger_bot.recording.meaning import names_its_product
from jitledger_bot.recording.record import record_text
from jitledger_bot.recording.said import repeat
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import goods as say
from jitledger_bot.turn import Turn
from jitledger_bot.wire.files import fetch

LONGEST_CODE = 60

SHOW = say.TAKE_THE_BARCODE_CLOSER_AND


def make_router() -> Router:
    """Return the router of photos."""
    router = Router(name="photos")
    router.message.register(on_photo, has_photo)
    return router


def make_command_router() -> Router:
    """Return the router of the command that shows a kept photo again."""
    router = Router(name="photo")
    router.message.register(show_attachment, Command("photo"))
    return router


async def on_photo(message: Message, turn: Turn, desk: Desk, bot: Bot, asker: Asker) -> None:
    """Read the barcode and record what the caption says of it, or answer its stock.

    A caption that is a fact by itself ("received 24 mug from Acme") makes the photo the receipt's
    attachment: a delivery note.
    """
    if message.photo:
        await look_at(
            _fitting(message.photo).file_id, "image/jpeg", message, turn, desk, bot, asker
        )


async def look_at(
    file_id: str,
    media_type: str,
    message: Message,
    turn: Turn,
    desk: Desk,
    bot: Bot,
    asker: Asker,
) -> None:
    """Do what a picture and its caption say; it may have come as a photo or as a file."""
    private = message.chat.type == "private"
    shop, member = asker.shop, asker.member
    album = album_of(message)
    caption = (message.caption or "").strip()
    if not private and not caption:
        return  # In a group a photo without words is no question.
    prefix = desk.message_key(message.chat.id, message.message_id)
    recorded = desk.recorded(prefix)
    if recorded:
        repeat(recorded, turn, desk)
        return
    try:
        data = await fetch(bot, file_id, "The photo")
    except LedgerError as error:
        turn.say(f"✗ {texts.safe(texts.problem(error))}")
        return
    turn.author = None if private else member.name
    if caption and member.role != "viewer" and names_its_product(caption, desk, shop):
        attachment = keep_attachment(data, media_type, turn)
        if album is not None:
            turn.effects.append(begin_album(album, attachment))
        record_text(caption, message.date, prefix, turn, desk, shop, private, attachment=attachment)
        return
    if album is not None and not caption and member.role != "viewer":
        name = hashlib.sha256(data).hexdigest()
        turn.effects.append(add_to_album(album, name, media_type, data))
        with desk.app.database.snapshot() as tx:
            if is_begun(tx, album):
                return  # One more photo of a delivery note that was recorded.
    await _by_its_code(data, caption, message, turn, desk, asker)


def album_of(message: Message) -> str | None:
    """Return the key of the album that a photo is part of."""
    group = message.media_group_id
    return None if group is None else f"album:{message.chat.id}:{group}"


async def _by_its_code(
    data: bytes, caption: str, message: Message, turn: Turn, desk: Desk, asker: Asker
) -> None:
    """Record what a caption says of the product whose barcode is seen, or answer its stock."""
    private = message.chat.type == "private"
    shop, member = asker.shop, asker.member
    prefix = desk.message_key(message.chat.id, message.message_id)
    try:
        codes = await _codes(data)
    except LedgerError as error:
        turn.say(f"✗ {texts.safe(texts.problem(error))}")
        return
    if len(codes) != 1 and not private:
        return
    if len(codes) != 1:
        seen = _(say.NO_BARCODE)
        if codes:
            seen = _(say.SEVERAL_BARCODES, n=len(codes), codes=", ".join(codes[:4]))
        turn.say(_(say.I_SEE_WHAT_IN_THIS, what=texts.safe(seen)) + " " + _(SHOW))
        return
    if not caption:
        questions.answer_stock(codes[0], turn, desk)
        return
    exact = desk.resolver.resolve(codes[0]).exact
    if exact is None and not codes[0].isdigit():
        # A QR code may say anything; only a product's own code is put beside a caption.
        turn.say(_(say.I_KNOW_NO_PRODUCT_WITH, code=texts.safe(codes[0])))
        return
    if member.role == "viewer":
        turn.say(_(texts.VIEWER))
        return
    first, *rest = caption.split("\n")
    text = "\n".join([f"{first} {exact.sku if exact is not None else codes[0]}", *rest])
    record_text(text, message.date, prefix, turn, desk, shop, private)


def keep_attachment(data: bytes, media_type: str, turn: Turn) -> str:
    """Keep a photo with the turn that records it; return its name, the hash of its content."""
    name = hashlib.sha256(data).hexdigest()

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        if any(answer.ok for answer in answers):
            keep_photo(tx, name, media_type, data, now)

    turn.effects.append(effect)
    return name


async def show_attachment(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /photo ENTRY with the delivery note that was kept with a receipt."""
    entry = (command.args or "").strip()
    try:
        sku, version = split_entry(entry)
        _sku, stored = desk.app.queries.entries(sku)
    except (LedgerError, ValueError):
        turn.say(_(say.WHICH_ENTRY_FOR_EXAMPLE_EXAMPLE, example="/photo MUG/17"))
        return
    event = dict(stored).get(version)
    name = event.attachment if isinstance(event, StockReceived) else None
    with desk.app.database.snapshot() as tx:
        photos = kept_photos(tx, name)
    if not photos:
        turn.say(_(say.NO_PHOTO_IS_KEPT_WITH, entry=texts.safe(entry[:80])))
        return
    for photo in photos:
        turn.photo(photo, texts.safe(entry))


def _fitting(sizes: list[PhotoSize]) -> PhotoSize:
    """Return the largest size that is not larger than what is looked at, else the smallest."""
    fits = [size for size in sizes if max(size.width, size.height) <= LONGEST_SIDE]
    area = [(size.width * size.height, size) for size in fits or sizes]
    chosen = max if fits else min
    return chosen(area, key=lambda pair: pair[0])[1]


async def _codes(data: bytes) -> list[str]:
    """Return what the barcodes say; a text of several lines is no product's code."""
    codes = await asyncio.to_thread(read_barcodes, data)
    return [code for code in codes if code.isprintable() and len(code) <= LONGEST_CODE]
