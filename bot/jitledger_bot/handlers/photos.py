"""Photos of barcodes: with a caption they record ("+24"), without one they ask what is there."""

from __future__ import annotations

import asyncio

from aiogram import Bot, F, Router
from aiogram.types import Message, PhotoSize

from jitledger.domain.errors import LedgerError
from jitledger_bot import texts
from jitledger_bot.barcodes import LONGEST_SIDE, read_barcodes
from jitledger_bot.desk import Desk
from jitledger_bot.files import fetch
from jitledger_bot.handlers import messages, questions
from jitledger_bot.turn import Turn

LONGEST_CODE = 60
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
    if len(codes) != 1 and not private:
        return
    if len(codes) != 1:
        seen = "no barcode" if not codes else f"{len(codes)} barcodes ({', '.join(codes[:4])})"
        turn.say(f"I see {texts.safe(seen)} in this photo. {SHOW}")
        return
    if not caption:
        questions.answer_stock(codes[0], turn, desk)
        return
    exact = desk.resolver.resolve(codes[0]).exact
    if exact is None and not codes[0].isdigit():
        # A QR code may say anything; only a product's own code is put beside a caption.
        turn.say(f"I know no product with the code “{texts.safe(codes[0])}”.")
        return
    if member.role == "viewer":
        turn.say(messages.VIEWER)
        return
    first, *rest = caption.split("\n")
    text = "\n".join([f"{first} {exact.sku if exact is not None else codes[0]}", *rest])
    messages.record_text(text, message.date, prefix, turn, desk, shop, private)


def _fitting(sizes: list[PhotoSize]) -> PhotoSize:
    """Return the largest size that is not larger than what is looked at, else the smallest."""
    fits = [size for size in sizes if max(size.width, size.height) <= LONGEST_SIDE]
    area = [(size.width * size.height, size) for size in fits or sizes]
    chosen = max if fits else min
    return chosen(area, key=lambda pair: pair[0])[1]


async def _codes(bot: Bot, photo: PhotoSize) -> list[str]:
    """Return what the barcodes say; a text of several lines is no product's code."""
    data = await fetch(bot, photo.file_id, "The photo")
    codes = await asyncio.to_thread(read_barcodes, data)
    return [code for code in codes if code.isprintable() and len(code) <= LONGEST_CODE]
