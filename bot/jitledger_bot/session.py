"""Calls of the Bot API with less work for each: what is sent often is not checked twice."""

from __future__ import annotations

import json
from typing import Any

import orjson
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import Response, SendMessage
from aiogram.methods.base import TelegramMethod
from aiogram.types import Message, Update

ANSWERS = (Response[bool], Response[Message], Response[Message | bool], Response[list[Update]])
"""The shapes of the answers: pydantic forgets such models, and would make them for each call."""


class LeanSession(AiohttpSession):
    """The library's session, with a fast reading of JSON and of the answers to ``sendMessage``."""

    def __init__(self, **given: Any) -> None:
        super().__init__(json_loads=_parsed, json_dumps=_dumped, **given)

    def check_response(
        self, bot: Bot, method: TelegramMethod[Any], status_code: int, content: str
    ) -> Response[Any]:
        """Read an answer; of a message that was sent only its number is asked for."""
        if isinstance(method, SendMessage) and status_code == 200:
            answer = _parsed(content)
            result = answer.get("result") if isinstance(answer, dict) else None
            number = result.get("message_id") if isinstance(result, dict) else None
            if isinstance(number, int):
                sent = Message.model_construct(message_id=number)  # type: ignore[call-arg]
                return Response[Message].model_construct(ok=True, result=sent)
        return super().check_response(bot, method, status_code, content)


def _dumped(value: object) -> str:
    return orjson.dumps(value).decode()


def _parsed(text: str) -> Any:
    """Read JSON fast; half a surrogate pair, which ``orjson`` refuses, is read the slow way."""
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text)
