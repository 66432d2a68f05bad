"""Calls of the Bot API with less work for each: what is sent often is not checked twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from copy import copy
from typing import Any
from urllib.parse import urlencode

import orjson
from aiogram import Bot
from aiogram.client.default import Default
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import GetFile, GetMe, GetUpdates, GetWebhookInfo, Response, SendMessage
from aiogram.methods.base import TelegramMethod, TelegramType
from aiogram.types import Message, Update
from aiohttp.payload import BytesPayload

FORM = "application/x-www-form-urlencoded"
ANSWERS = (Response[bool], Response[Message], Response[Message | bool], Response[list[Update]])
"""The shapes of the answers: pydantic forgets such models, and would make them for each call."""

TELLING = (GetUpdates, GetFile, GetWebhookInfo)
"""Calls whose whole answer is needed."""
NAMELESS = {"is_bot": True, "first_name": ""}
"""What a server that is not Telegram's may leave out when it is asked who we are."""


class LeanSession(AiohttpSession):
    """The library's session, with a fast reading of JSON and of what became of a call."""

    def __init__(self, **given: Any) -> None:
        super().__init__(json_loads=_parsed, json_dumps=_dumped, **given)
        self._home: asyncio.AbstractEventLoop | None = None
        """The loop whose connections these are; others have their calls made there."""

    def _is_away(self) -> bool:
        loop = asyncio.get_running_loop()
        if self._home is None:
            self._home = loop
        return loop is not self._home

    async def make_request(
        self, bot: Bot, method: TelegramMethod[TelegramType], timeout: int | None = None
    ) -> TelegramType:
        """Make a call, on the loop whose connections these are."""
        made = super().make_request(bot, method, timeout)
        if not self._is_away():
            return await made
        assert self._home is not None
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(made, self._home))

    async def stream_content(
        self,
        url: str,
        headers: dict[str, object] | None = None,
        timeout: int = 30,
        chunk_size: int = 65536,
        raise_for_status: bool = True,
    ) -> AsyncGenerator[bytes, None]:
        """Yield a file's content; away from home it is fetched whole, its size is limited."""
        content = super().stream_content(url, headers, timeout, chunk_size, raise_for_status)
        if not self._is_away():
            async for part in content:
                yield part
            return

        async def whole() -> list[bytes]:
            return [part async for part in content]

        assert self._home is not None
        fetched = asyncio.run_coroutine_threadsafe(whole(), self._home)
        for part in await asyncio.wrap_future(fetched):
            yield part

    async def close(self) -> None:
        """Close the connections; only those with TLS need the library's moment to say goodbye."""
        if self.api.base.startswith("https:"):
            await super().close()
        elif self._session is not None and not self._session.closed:
            await self._session.close()

    def build_form_data(self, bot: Bot, method: TelegramMethod[Any]) -> Any:
        """Return the form of a call; that of a plain text is put together straight away.

        The library's form prepares parts of a file first, of which there are none.
        """
        fields = method.__dict__
        if type(method) is not SendMessage or not isinstance(fields["parse_mode"], str):
            return super().build_form_data(bot, method)
        form = {}
        for name, value in fields.items():
            if value is None or isinstance(value, Default):
                continue
            if isinstance(value, (dict, list)):
                form[name] = _dumped(value)
            elif isinstance(value, (str, int)):
                form[name] = str(value).lower() if isinstance(value, bool) else str(value)
            else:
                return super().build_form_data(bot, method)
        return BytesPayload(urlencode(form).encode(), content_type=FORM)

    def check_response(
        self, bot: Bot, method: TelegramMethod[Any], status_code: int, content: str
    ) -> Response[Any]:
        """Read an answer; of what was sent or changed only the message's number is asked for.

        A server that took a call is not asked again because it tells little of what it made.
        """
        if isinstance(method, TELLING) or status_code != 200:
            return super().check_response(bot, method, status_code, content)
        try:
            answer = _parsed(content)
        except ValueError:
            answer = None  # A proxy's page: the library says what is wrong with it.
        if isinstance(answer, dict) and answer.get("ok") is True:
            result = answer.get("result")
            if not isinstance(result, dict):
                return ANSWERS[0].model_construct(ok=True, result=result is not False)
            if isinstance(method, GetMe):
                content = _dumped({**answer, "result": {**NAMELESS, **result}})
            elif isinstance(result.get("message_id"), int):
                sent = filled(Message, {"message_id": result["message_id"]})
                return ANSWERS[1].model_construct(ok=True, result=sent)
        return super().check_response(bot, method, status_code, content)


def filled(cls: type[Any], fields: dict[str, object]) -> Any:
    """Return a model with some fields and all defaults, unchecked.

    ``model_construct`` works every default out anew, a hundred of them; here that is done once.
    """
    blank = _BLANKS.get(cls)
    if blank is None:
        blank = _BLANKS[cls] = cls.model_construct()
    made = copy(blank)
    made.__dict__.update(fields)
    return made


_BLANKS: dict[type[object], object] = {}


def _dumped(value: object) -> str:
    return orjson.dumps(value).decode()


def _parsed(text: str) -> object:
    """Read JSON fast; half a surrogate pair, which ``orjson`` refuses, is read the slow way."""
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text)
