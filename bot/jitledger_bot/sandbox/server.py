"""A local Bot API server: the methods the bot uses, with Telegram's own limits and errors.

Every call is validated by ``aiogram.methods`` and every answer by ``aiogram.types``; an unknown
parameter is refused, any other method is answered "not simulated". It listens on loopback only.
The same server is the test double for all bot tests; ``fail_next`` makes it fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from aiogram import methods, types
from aiohttp import ClientError, ClientSession, web
from pydantic import ValidationError

FIRST_UPDATE = 100
TEXT_LIMIT = 4096
LARGEST_FETCHED = 20 * 1024 * 1024
CALLBACK_LIMIT = 64
TAGS = {"b", "strong", "i", "em", "u", "s", "code", "pre", "a", "blockquote", "tg-spoiler"}
SIMULATED: dict[str, type[Any]] = {
    "getMe": methods.GetMe,
    "getUpdates": methods.GetUpdates,
    "sendMessage": methods.SendMessage,
    "editMessageText": methods.EditMessageText,
    "editMessageReplyMarkup": methods.EditMessageReplyMarkup,
    "answerCallbackQuery": methods.AnswerCallbackQuery,
    "sendDocument": methods.SendDocument,
    "getFile": methods.GetFile,
    "setWebhook": methods.SetWebhook,
    "deleteWebhook": methods.DeleteWebhook,
    "getWebhookInfo": methods.GetWebhookInfo,
    "setMyCommands": methods.SetMyCommands,
    "sendChatAction": methods.SendChatAction,
}


class BotError(Exception):
    """An error as Telegram answers it."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


@dataclass(slots=True)
class Person:
    """Somebody who chats with the bot."""

    id: int
    name: str


@dataclass(slots=True)
class Sandbox:
    """The state of the server: people, chats, updates and what the bot said."""

    token: str
    clock: Callable[[], float]
    people: dict[int, Person] = field(default_factory=dict)
    messages: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    toasts: list[dict[str, Any]] = field(default_factory=list)
    calls: deque[tuple[str, dict[str, Any]]] = field(default_factory=lambda: deque(maxlen=10_000))
    fail_next: deque[BotError] = field(default_factory=deque)
    updates: deque[dict[str, Any]] = field(default_factory=deque)
    next_update: int = FIRST_UPDATE
    next_message: int = 1
    next_query: int = 1
    revision: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    open_queries: set[str] = field(default_factory=set)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    webhook: methods.SetWebhook | None = None
    _delivering: asyncio.Task[None] | None = None

    @property
    def bot_user(self) -> dict[str, Any]:
        """Return the bot as a user."""
        return {
            "id": int(self.token.partition(":")[0]),
            "is_bot": True,
            "first_name": "jitledger",
            "username": "jitledger_bot",
        }

    # --- what people do ---------------------------------------------------------------------------

    def add_person(self, person_id: int, name: str) -> Person:
        """Let somebody in."""
        person = self.people[person_id] = Person(person_id, name)
        self.messages.setdefault(person_id, [])
        return person

    def say(self, person_id: int, text: str, message_id: int | None = None) -> dict[str, Any]:
        """Let a person write a message; returns it."""
        message = self._written(person_id, text=text)
        if message_id is not None:
            message["message_id"] = message_id
        if text.startswith("/"):
            length = len(text.split()[0].encode("utf-16-le")) // 2
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return self._arrive(person_id, message)

    def _written(self, person_id: int, **content: Any) -> dict[str, Any]:
        """Return a message of a person in their own chat."""
        name = self.people[person_id].name
        return {
            "message_id": self._new_message(),
            "date": int(self.clock()),
            "chat": {"id": person_id, "type": "private", "first_name": name},
            "from": {"id": person_id, "is_bot": False, "first_name": name},
            **{key: value for key, value in content.items() if value is not None},
        }

    def _arrive(self, person_id: int, message: dict[str, Any]) -> dict[str, Any]:
        types.Message.model_validate(message)
        self.messages[person_id].append(message)
        self._post({"message": message})
        return message

    def send_document(
        self, person_id: int, name: str, data: bytes, caption: str | None = None
    ) -> dict[str, Any]:
        """Let a person send a file; returns the message."""
        document = {**self._file(self.keep(name, data)), "file_name": name}
        return self._arrive(person_id, self._written(person_id, document=document, caption=caption))

    def send_photo(
        self, person_id: int, data: bytes, size: tuple[int, int], caption: str | None = None
    ) -> dict[str, Any]:
        """Let a person send a photo of so many pixels; returns the message."""
        number = self.keep("photo.jpg", data)
        photo = [{**self._file(number), "width": size[0], "height": size[1]}]
        return self._arrive(person_id, self._written(person_id, photo=photo, caption=caption))

    def _file(self, number: str) -> dict[str, Any]:
        size = len(self.files[number][1])
        return {"file_id": number, "file_unique_id": number, "file_size": size}

    def keep(self, name: str, data: bytes) -> str:
        """Keep a file; returns its id."""
        number = f"file-{len(self.files) + 1}"
        self.files[number] = (name, data)
        return number

    def edit(self, person_id: int, message_id: int, text: str) -> dict[str, Any]:
        """Let a person edit a message."""
        message = self._find(person_id, message_id)
        edited = {**message, "text": text, "edit_date": int(self.clock())}
        self._replace(person_id, edited)
        self._post({"edited_message": edited})
        return edited

    def press(self, person_id: int, message_id: int, data: str) -> str:
        """Let a person press a button; returns the query's id."""
        person = self.people[person_id]
        query = str(self.next_query)
        self.next_query += 1
        self.open_queries.add(query)
        self._post(
            {
                "callback_query": {
                    "id": query,
                    "from": {"id": person_id, "is_bot": False, "first_name": person.name},
                    "chat_instance": str(person_id),
                    "message": self._find(person_id, message_id),
                    "data": data,
                }
            }
        )
        return query

    def deliver_again(self, update: dict[str, Any]) -> None:
        """Deliver an update once more, under a new number."""
        self._post({k: v for k, v in update.items() if k != "update_id"})

    def _post(self, update: dict[str, Any]) -> None:
        self.updates.append({"update_id": self.next_update, **update})
        self.next_update += 1
        self._touch()

    def _touch(self) -> None:
        self.revision += 1
        self.changed.set()
        self.changed = asyncio.Event()

    def _new_message(self) -> int:
        found = self.next_message
        self.next_message += 1
        return found

    def _find(self, chat_id: int, message_id: int) -> dict[str, Any]:
        for message in self.messages.get(chat_id, ()):
            if message["message_id"] == message_id:
                return message
        raise BotError(400, "Bad Request: message to edit not found")

    def _replace(self, chat_id: int, message: dict[str, Any]) -> None:
        kept = self.messages[chat_id]
        place = next(i for i, m in enumerate(kept) if m["message_id"] == message["message_id"])
        kept[place] = message
        self._touch()

    # --- what the bot calls -----------------------------------------------------------------------

    async def call(self, name: str, params: dict[str, Any]) -> Any:
        """Answer one call of the bot; raises ``BotError`` as Telegram would."""
        cls = SIMULATED.get(name)
        if cls is None:
            raise BotError(404, f"Not Found: {name} is not simulated")
        unknown = set(params) - set(cls.model_fields)
        if unknown:
            raise BotError(400, f"Bad Request: unknown parameter {sorted(unknown)[0]}")
        try:
            method = cls.model_validate(params)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise BotError(400, f"Bad Request: {where}: {first['msg']}") from error
        if self.fail_next and name != "getUpdates":
            raise self.fail_next.popleft()
        self.calls.append((name, params))
        match method:
            case methods.GetMe():
                return self.bot_user
            case methods.GetUpdates():
                return await self._get_updates(method)
            case methods.SetWebhook():
                return self._set_webhook(method)
            case methods.DeleteWebhook():
                self.webhook = None
                return True
            case methods.GetWebhookInfo():
                return {
                    "url": self.webhook.url if self.webhook else "",
                    "has_custom_certificate": False,
                    "pending_update_count": len(self.updates),
                }
            case methods.SendMessage():
                return self._send(method, params)
            case methods.SendDocument():
                return self._send_document(method)
            case methods.GetFile():
                return self._get_file(method)
            case methods.EditMessageText():
                return self._edit_text(method, params)
            case methods.EditMessageReplyMarkup():
                return self._edit_markup(method, params)
            case methods.AnswerCallbackQuery():
                return self._answer_query(method)
            case _:
                return True

    def _set_webhook(self, method: methods.SetWebhook) -> bool:
        """Post updates to an address from now on; plain HTTP is taken on loopback only."""
        local = method.url.startswith("http://127.0.0.1:")
        if method.url and not (local or method.url.startswith("https://")):
            raise BotError(400, "Bad Request: bad webhook: An HTTPS URL must be provided")
        self.webhook = method if method.url else None
        if self.webhook is not None and (self._delivering is None or self._delivering.done()):
            self._delivering = asyncio.create_task(self._deliver())
        return True

    async def _deliver(self) -> None:
        """Post updates one after the other; whatever is not answered with 200 is posted again."""
        async with ClientSession() as client:
            while self.webhook is not None:
                if not self.updates:
                    event = self.changed
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(event.wait(), 0.5)
                    continue
                update, hook = self.updates[0], self.webhook
                headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret_token or ""}
                try:
                    async with client.post(hook.url, json=update, headers=headers) as answer:
                        taken = answer.status == 200
                except (ClientError, OSError):
                    taken = False
                if not taken:
                    await asyncio.sleep(0.1)
                elif self.updates and self.updates[0] is update:
                    self.updates.popleft()

    async def _get_updates(self, method: methods.GetUpdates) -> list[dict[str, Any]]:
        if self.webhook is not None:
            raise BotError(
                409, "Conflict: can't use getUpdates method while webhook is active; delete it"
            )
        if method.offset is not None:
            while self.updates and self.updates[0]["update_id"] < method.offset:
                self.updates.popleft()
        if not self.updates and method.timeout:
            loop = asyncio.get_running_loop()
            until = loop.time() + method.timeout
            while not self.updates and loop.time() < until:
                event = self.changed
                try:
                    await asyncio.wait_for(event.wait(), until - loop.time())
                except TimeoutError:
                    break
        return list(self.updates)[: method.limit or 100]

    def _send(self, method: methods.SendMessage, params: dict[str, Any]) -> dict[str, Any]:
        chat_id = int(method.chat_id)
        person = self.people.get(chat_id)
        if person is None:
            raise BotError(400, "Bad Request: chat not found")
        message = {
            "message_id": self._new_message(),
            "date": int(self.clock()),
            "chat": {"id": chat_id, "type": "private", "first_name": person.name},
            "from": self.bot_user,
            **_content(method.text, params),
        }
        self.messages[chat_id].append(message)
        self._touch()
        return message

    def _send_document(self, method: methods.SendDocument) -> dict[str, Any]:
        chat_id, number = int(method.chat_id), str(method.document)
        person = self.people.get(chat_id)
        if person is None:
            raise BotError(400, "Bad Request: chat not found")
        if number not in self.files:
            raise BotError(400, "Bad Request: wrong file identifier/HTTP URL specified")
        message: dict[str, Any] = {
            "message_id": self._new_message(),
            "date": int(self.clock()),
            "chat": {"id": chat_id, "type": "private", "first_name": person.name},
            "from": self.bot_user,
            "document": {**self._file(number), "file_name": self.files[number][0]},
        }
        self.messages[chat_id].append(message)
        self._touch()
        return message

    def _get_file(self, method: methods.GetFile) -> dict[str, Any]:
        if method.file_id not in self.files:
            raise BotError(400, "Bad Request: invalid file_id")
        found = self._file(method.file_id)
        if found["file_size"] > LARGEST_FETCHED:
            raise BotError(400, "Bad Request: file is too big")
        return {**found, "file_path": f"documents/{method.file_id}"}

    def _edit_text(self, method: methods.EditMessageText, params: dict[str, Any]) -> dict[str, Any]:
        chat_id = int(method.chat_id or 0)
        message = self._find(chat_id, method.message_id or 0)
        fresh = _content(method.text, params)
        unchanged = {k: message.get(k) for k in ("html", "reply_markup")}
        if unchanged == {k: fresh.get(k) for k in ("html", "reply_markup")}:
            raise BotError(400, "Bad Request: message is not modified")
        kept = {k: v for k, v in message.items() if k not in ("reply_markup", "html", "text")}
        edited = {**kept, **fresh, "edit_date": int(self.clock())}
        self._replace(chat_id, edited)
        return edited

    def _edit_markup(
        self, method: methods.EditMessageReplyMarkup, params: dict[str, Any]
    ) -> dict[str, Any]:
        chat_id = int(method.chat_id or 0)
        message = dict(self._find(chat_id, method.message_id or 0))
        if message.get("reply_markup") == params.get("reply_markup"):
            raise BotError(400, "Bad Request: message is not modified")
        message.pop("reply_markup", None)
        if params.get("reply_markup"):
            _check_markup(params["reply_markup"])
            message["reply_markup"] = params["reply_markup"]
        self._replace(chat_id, message)
        return message

    def _answer_query(self, method: methods.AnswerCallbackQuery) -> bool:
        if method.callback_query_id not in self.open_queries:
            raise BotError(400, "Bad Request: query is too old and response timeout expired")
        self.open_queries.discard(method.callback_query_id)
        if method.text:
            self.toasts.append({"id": method.callback_query_id, "text": method.text})
            self._touch()
        return True


class _Checker(HTMLParser):
    """Refuses what Telegram's HTML parse mode refuses, and collects the plain text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            why = f"can't parse entities: Unsupported start tag {tag!r}"
            raise BotError(400, f"Bad Request: {why}")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise BotError(400, "Bad Request: can't parse entities: unexpected end tag")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _content(text: str | None, params: dict[str, Any]) -> dict[str, Any]:
    """Check a text with its markup as Telegram does; return what is stored of it."""
    text = text or ""
    plain = text
    if str(params.get("parse_mode", "")).upper() == "HTML":
        checker = _Checker()
        checker.feed(text)
        checker.close()
        if checker.open:
            raise BotError(400, "Bad Request: can't parse entities: can't find end tag")
        plain = "".join(checker.text)
    units = len(plain.encode("utf-16-le", "surrogatepass")) // 2
    if not plain.strip():
        raise BotError(400, "Bad Request: message text is empty")
    if units > TEXT_LIMIT:
        raise BotError(400, "Bad Request: message is too long")
    found: dict[str, Any] = {"text": plain, "html": text}
    if params.get("reply_markup"):
        _check_markup(params["reply_markup"])
        found["reply_markup"] = params["reply_markup"]
    return found


def _check_markup(markup: dict[str, Any]) -> None:
    for row in markup.get("inline_keyboard", ()):
        for button in row:
            data = button.get("callback_data")
            if data is not None and not 1 <= len(data.encode()) <= CALLBACK_LIMIT:
                raise BotError(400, "Bad Request: BUTTON_DATA_INVALID")


def make_api(sandbox: Sandbox) -> web.Application:
    """Return the Bot API as a web application."""

    async def handle(request: web.Request) -> web.Response:
        if request.match_info["token"] != sandbox.token:
            return _failed(BotError(401, "Unauthorized"))
        params = await _params(request, sandbox)
        try:
            result = await sandbox.call(request.match_info["method"], params)
        except BotError as error:
            return _failed(error)
        clean = _without_html(result)
        return web.json_response({"ok": True, "result": clean})

    async def fetch(request: web.Request) -> web.Response:
        found = sandbox.files.get(request.match_info["number"])
        if request.match_info["token"] != sandbox.token or found is None:
            return web.Response(status=404)
        return web.Response(body=found[1])

    app = web.Application(client_max_size=50 * 1024 * 1024)
    app.router.add_get("/file/bot{token}/documents/{number}", fetch)
    app.router.add_route("*", "/bot{token}/{method}", handle)
    return app


def _without_html(result: Any) -> Any:
    if isinstance(result, dict) and "html" in result:
        return {k: v for k, v in result.items() if k != "html"}
    return result


def _failed(error: BotError) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return web.json_response(body, status=error.code)


async def _params(request: web.Request, sandbox: Sandbox) -> dict[str, Any]:
    if request.content_type == "application/json":
        found = await request.json()
        return found if isinstance(found, dict) else {}
    params: dict[str, Any] = dict(request.query)
    if request.can_read_body:
        params.update(await request.post())
    files = {k: v for k, v in params.items() if isinstance(v, web.FileField)}
    for name, value in params.items():
        if isinstance(value, str) and value.startswith("attach://"):
            sent = files.get(value.removeprefix("attach://"))
            if sent is not None:
                params[name] = sandbox.keep(sent.filename, sent.file.read())
    return {name: _decoded(value) for name, value in params.items() if name not in files}


def _decoded(value: Any) -> Any:
    """Return a form field as its JSON value when it is a list, an object or a truth value."""
    if isinstance(value, str) and (value[:1] in "[{" or value in ("true", "false")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


@dataclass(slots=True)
class Running:
    """A server that runs on a port of the loopback address."""

    runner: web.AppRunner
    port: int

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    async def close(self) -> None:
        """Stop it."""
        await self.runner.cleanup()


async def serve(app: web.Application, port: int = 0) -> Running:
    """Serve an application on loopback; port 0 takes a free one."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    sockets = site._server.sockets  # type: ignore[union-attr]
    return Running(runner, sockets[0].getsockname()[1])
