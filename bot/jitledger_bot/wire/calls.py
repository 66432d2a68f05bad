"""A row of the outbox as a call of the Bot API."""

from __future__ import annotations

import base64
from typing import Any, cast

from aiogram import methods
from aiogram.methods.base import TelegramMethod
from aiogram.types import BufferedInputFile

from jitledger_bot.memory.outgoing import Sending
from jitledger_bot.wire.session import filled

METHODS: dict[str, type[TelegramMethod[Any]]] = {
    "sendMessage": methods.SendMessage,
    "editMessageText": methods.EditMessageText,
    "answerCallbackQuery": methods.AnswerCallbackQuery,
}


def method_of(row: Sending) -> TelegramMethod[Any]:
    """Return the call a row stands for; a file's text is kept in the row."""
    body = dict(row.body)
    match row.method:
        case "sendDocument":
            data = str(body.pop("text")).encode("utf-8-sig", "replace")
            file = BufferedInputFile(data, body.pop("filename"))
            return methods.SendDocument(document=file, **body)
        case "sendPhoto":
            picture = BufferedInputFile(base64.b64decode(body.pop("photo")), "chart.png")
            return methods.SendPhoto(photo=picture, **body)
        case _:
            # What we wrote ourselves needs no second check; the server checks it anyway.
            return cast(TelegramMethod[Any], filled(METHODS[row.method], body))
