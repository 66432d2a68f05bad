"""Photos of barcodes: with a caption they record ("+24"), without one they ask what is there."""

from __future__ import annotations

import asyncio
import io

from aiogram import Bot, F, Router
from aiogram.exceptions import AiogramError
from aiogram.types import Message, PhotoSize

from jitledger.domain.errors import LedgerError
from jitledger_bot import texts
from jitledger_bot.barcodes import LONGEST_SIDE, read_barcodes
from jitledger_bot.desk import Desk
from jitledger_bot.handlers import messages, questions
from jitledger_bot.turn import Turn

SHOW = "Take the barcode closer and straight, or write what it is: received 24 MUG"


def make_router() -> Router:
    """Return the router of photos."""
    router = Router(name="photos")
    router.message.register(on_photo, F.photo)
    return router


async def on_photo(message: Message, turn: Turn, desk: Desk, bot: Bot) -> None:
    """Read the barcode and record what the caption says of it, or answer its stock."""
    user, private = message.from_user, message.chat.type == "private"
    admitted = desk.admit(turn, user.id if user else None, private)
    if admitted is None or not message.photo:
        return
    shop, member = admitted
    caption = (message.caption or "").strip()
    if not private and not caption:
        return  # In a group a photo without words is no question.
    prefix = desk.message_key(message.chat.id, message.message_id)
    recorded = desk.recorded(prefix)
    if recorded:
        messages.repeat(recorded, turn, desk)
        return
    try:
        codes = await _codes(bot, _fitting(message.photo))
    except LedgerError as error:
        turn.say(f"✗ {texts.safe(error.message)}")
        return
    if len(codes) != 1:
        seen = "no barcode" if not codes else f"{len(codes)} barcodes ({', '.join(codes[:4])})"
        turn.say(f"I see {texts.safe(seen)} in this photo. {SHOW}")
        return
    if not caption:
        questions.answer_stock(codes[0], turn, desk)
        return
    if member.role == "viewer":
        turn.say(messages.VIEWER)
        return
    text = f"{caption} {codes[0]}"
    messages.record_text(text, message.date, prefix, turn, desk, shop, private=True)


def _fitting(sizes: list[PhotoSize]) -> PhotoSize:
    """Return the largest size that is not larger than what is looked at, else the smallest."""
    fits = [size for size in sizes if max(size.width, size.height) <= LONGEST_SIDE]
    area = [(size.width * size.height, size) for size in fits or sizes]
    chosen = max if fits else min
    return chosen(area, key=lambda pair: pair[0])[1]


async def _codes(bot: Bot, photo: PhotoSize) -> list[str]:
    from jitledger.domain.errors import Refused

    data = io.BytesIO()
    try:
        file = await bot.get_file(photo.file_id)
        if file.file_path is None:
            raise Refused("bad-file", "The photo could not be fetched; send it again.")
        await bot.download_file(file.file_path, data)
    except AiogramError as error:
        raise Refused("bad-file", "The photo could not be fetched; send it again.") from error
    return await asyncio.to_thread(read_barcodes, data.getvalue())
