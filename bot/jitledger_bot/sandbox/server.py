"""A local Bot API server: the methods the bot uses, with Telegram's own limits and errors.

Every call is validated by ``aiogram.methods`` and every answer by ``aiogram.types``; an unknown
parameter is refused, any other method is answered "not simulated". It listens on loopback only.
The same server is the test double for all bot tests; ``fail_next`` makes it fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiogram import methods, types
from aiohttp import ClientError, ClientSession, web
from PIL import Image
from pydantic import ValidationError

from jitledger_bot.sandbox.rules import BotError, check_markup, content_of

FIRST_UPDATE = 100
LARGEST_FETCHED = 20 * 1024 * 1024
SIMULATED: dict[str, type[Any]] = {
    "getMe": methods.GetMe,
    "getUpdates": methods.GetUpdates,
    "sendMessage": methods.SendMessage,
    "editMessageText": methods.EditMessageText,
    "editMessageReplyMarkup": methods.EditMessageReplyMarkup,
    "answerCallbackQuery": methods.AnswerCallbackQuery,
    "sendDocument": methods.SendDocument,
    "sendPhoto": methods.SendPhoto,
    "getFile": methods.GetFile,
    "setWebhook": methods.SetWebhook,
    "deleteWebhook": methods.DeleteWebhook,
    "getWebhookInfo": methods.GetWebhookInfo,
    "setMyCommands": methods.SetMyCommands,
    "sendChatAction": methods.SendChatAction,
}


@dataclass(slots=True)
class Person:
    """Somebody who chats with the bot."""

    id: int
    name: str
    language: str | None = None

    def as_user(self) -> dict[str, Any]:
        """Return the person as Telegram tells of them."""
        user: dict[str, Any] = {"id": self.id, "is_bot": False, "first_name": self.name}
        return user if self.language is None else {**user, "language_code": self.language}


@dataclass(slots=True)
class Faults:
    """What is to go wrong, on request."""

    slow: float = 0.0
    """Seconds that every call but ``getUpdates`` takes longer."""
    duplicate: int = 0
    """How many of the next updates are delivered twice."""
    reorder: int = 0
    """How many of the next updates are overtaken by the one behind them."""
    lose_offset: int = 0
    """How many of the next confirmations of updates are forgotten."""


@dataclass(slots=True)
class Sandbox:
    """The state of the server: people, chats, updates and what the bot said."""

    token: str
    clock: Callable[[], float]
    people: dict[int, Person] = field(default_factory=dict)
    groups: dict[int, str] = field(default_factory=dict)
    reads_groups: bool = True
    """Whether privacy mode is off, so that the bot sees every message of its groups."""
    faults: Faults = field(default_factory=Faults)
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
    _held: dict[str, Any] | None = None

    @property
    def bot_user(self) -> dict[str, Any]:
        """Return the bot as a user."""
        return {
            "id": int(self.token.partition(":")[0]),
            "is_bot": True,
            "first_name": "jitledger",
            "username": "jitledger_bot",
            "can_read_all_group_messages": self.reads_groups,
        }

    # --- what people do ---------------------------------------------------------------------------

    def add_person(self, person_id: int, name: str, language: str | None = None) -> Person:
        """Let somebody in."""
        person = self.people[person_id] = Person(person_id, name, language)
        self.messages.setdefault(person_id, [])
        return person

    def add_group(self, chat_id: int, title: str, by: int) -> None:
        """Let a person make a group and bring the bot into it; its id is negative."""
        self.groups[chat_id] = title
        self.messages.setdefault(chat_id, [])
        self._post({"my_chat_member": self._moved(chat_id, by, "left", "member")})

    def remove_from_group(self, chat_id: int, by: int) -> None:
        """Let a person remove the bot from a group."""
        self._post({"my_chat_member": self._moved(chat_id, by, "member", "kicked")})

    def _moved(self, chat_id: int, by: int, before: str, after: str) -> dict[str, Any]:
        def standing(status: str) -> dict[str, Any]:
            more = {"until_date": 0} if status == "kicked" else {}
            return {"user": self.bot_user, "status": status, **more}

        return {
            "chat": self._chat(chat_id),
            "from": self.people[by].as_user(),
            "date": int(self.clock()),
            "old_chat_member": standing(before),
            "new_chat_member": standing(after),
        }

    def _chat(self, chat_id: int) -> dict[str, Any]:
        if chat_id in self.groups:
            return {"id": chat_id, "type": "supergroup", "title": self.groups[chat_id]}
        person = self.people.get(chat_id)
        if person is None:
            raise BotError(400, "Bad Request: chat not found")
        return {"id": chat_id, "type": "private", "first_name": person.name}

    def say(
        self,
        person_id: int,
        text: str,
        message_id: int | None = None,
        chat_id: int | None = None,
        reply_to: int | None = None,
        thread_id: int | None = None,
    ) -> dict[str, Any]:
        """Let a person write a message, in their own chat or in a group; returns it."""
        message = self._written(person_id, chat_id, text=text)
        if reply_to is not None:
            answered = self._find(chat_id or person_id, reply_to)
            message["reply_to_message"] = _without_html(answered)
        if thread_id is not None:
            message |= {"message_thread_id": thread_id, "is_topic_message": True}
        if message_id is not None:
            message["message_id"] = message_id
        if text.startswith("/"):
            length = len(text.split()[0].encode("utf-16-le")) // 2
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return self._arrive(message)

    def _written(
        self, person_id: int, chat_id: int | None = None, **content: Any
    ) -> dict[str, Any]:
        """Return a message of a person."""
        return {
            "message_id": self._new_message(),
            "date": int(self.clock()),
            "chat": self._chat(person_id if chat_id is None else chat_id),
            "from": self.people[person_id].as_user(),
            **{key: value for key, value in content.items() if value is not None},
        }

    def _arrive(self, message: dict[str, Any]) -> dict[str, Any]:
        types.Message.model_validate(message)
        self.messages[message["chat"]["id"]].append(message)
        if self._is_seen(message):
            self._post({"message": message})
        else:
            self._touch()
        return message

    def _is_seen(self, message: dict[str, Any]) -> bool:
        """Return whether privacy mode lets the bot see a message."""
        if self.reads_groups or message["chat"]["type"] == "private":
            return True
        replied = message.get("reply_to_message", {}).get("from", {}).get("id")
        text = str(message.get("text", ""))
        return text.startswith("/") or replied == self.bot_user["id"]

    def send_document(
        self,
        person_id: int,
        name: str,
        data: bytes,
        caption: str | None = None,
        chat_id: int | None = None,
    ) -> dict[str, Any]:
        """Let a person send a file; returns the message."""
        document = {**self._file(self.keep(name, data)), "file_name": name}
        return self._arrive(self._written(person_id, chat_id, document=document, caption=caption))

    def send_photo(
        self,
        person_id: int,
        data: bytes,
        size: tuple[int, int],
        caption: str | None = None,
        chat_id: int | None = None,
    ) -> dict[str, Any]:
        """Let a person send a photo of so many pixels; returns the message."""
        number = self.keep("photo.jpg", data)
        photo = [{**self._file(number), "width": size[0], "height": size[1]}]
        return self._arrive(self._written(person_id, chat_id, photo=photo, caption=caption))

    def _file(self, number: str) -> dict[str, Any]:
        size = len(self.files[number][1])
        return {"file_id": number, "file_unique_id": number, "file_size": size}

    def keep(self, name: str, data: bytes) -> str:
        """Keep a file; returns its id."""
        number = f"file-{len(self.files) + 1}"
        self.files[number] = (name, data)
        return number

    def edit(
        self, person_id: int, message_id: int, text: str, chat_id: int | None = None
    ) -> dict[str, Any]:
        """Let a person edit a message, or the caption of a photo or a file."""
        chat = person_id if chat_id is None else chat_id
        message = self._find(chat, message_id)
        what = "text" if "text" in message else "caption"
        edited = {**message, what: text, "edit_date": int(self.clock())}
        self._replace(chat, edited)
        self._post({"edited_message": edited})
        return edited

    def press(self, person_id: int, message_id: int, data: str, chat_id: int | None = None) -> str:
        """Let a person press a button; returns the query's id."""
        person = self.people[person_id]
        chat = person_id if chat_id is None else chat_id
        query = str(self.next_query)
        self.next_query += 1
        self.open_queries.add(query)
        self._post(
            {
                "callback_query": {
                    "id": query,
                    "from": person.as_user(),
                    "chat_instance": str(chat),
                    "message": _without_html(self._find(chat, message_id)),
                    "data": data,
                }
            }
        )
        return query

    def deliver_again(self, update: dict[str, Any]) -> None:
        """Deliver an update once more, under a new number."""
        self._post({k: v for k, v in update.items() if k != "update_id"})

    def _post(self, update: dict[str, Any]) -> None:
        if self.faults.reorder and self._held is None:
            self.faults.reorder -= 1
            self._held = update
            asyncio.get_running_loop().call_later(0.5, self._release)
            return
        times = 2 if self.faults.duplicate else 1
        self.faults.duplicate = max(0, self.faults.duplicate - 1)
        for _ in range(times):  # Delivered again under the same number, as Telegram does.
            self.updates.append({"update_id": self.next_update, **update})
        self.next_update += 1
        self._touch()

    def _release(self) -> None:
        """Let the update go that was held back to be overtaken."""
        held, self._held = self._held, None
        if held is not None:
            self._post(held)

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
        if self.faults.slow and name != "getUpdates":
            await asyncio.sleep(self.faults.slow)
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
                return self._send_file(method, str(method.document), params)
            case methods.SendPhoto():
                return self._send_file(method, str(method.photo), params)
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
        if method.offset is not None and self.updates and self.faults.lose_offset:
            self.faults.lose_offset -= 1
            return list(self.updates)[: method.limit or 100]
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

    def _sent(self, chat_id: int, thread_id: int | None, **content: Any) -> dict[str, Any]:
        message: dict[str, Any] = {
            "message_id": self._new_message(),
            "date": int(self.clock()),
            "chat": self._chat(chat_id),
            "from": self.bot_user,
            **content,
        }
        if thread_id is not None:
            message |= {"message_thread_id": thread_id, "is_topic_message": True}
        self.messages[chat_id].append(message)
        self._touch()
        return message

    def _send(self, method: methods.SendMessage, params: dict[str, Any]) -> dict[str, Any]:
        chat_id = int(method.chat_id)
        self._chat(chat_id)
        return self._sent(chat_id, method.message_thread_id, **content_of(method.text, params))

    def _send_file(
        self,
        method: methods.SendDocument | methods.SendPhoto,
        number: str,
        params: dict[str, Any],
    ) -> dict[str, Any]:
        chat_id = int(method.chat_id)
        self._chat(chat_id)
        if number not in self.files:
            raise BotError(400, "Bad Request: wrong file identifier/HTTP URL specified")
        content = content_of(method.caption, params, caption=True) if method.caption else {}
        if params.get("reply_markup"):
            check_markup(params["reply_markup"])
            content["reply_markup"] = params["reply_markup"]
        if isinstance(method, methods.SendDocument):
            document = {**self._file(number), "file_name": self.files[number][0]}
            return self._sent(chat_id, method.message_thread_id, document=document, **content)
        width, height = pixels(self.files[number][1])
        photo = [{**self._file(number), "width": width, "height": height}]
        return self._sent(chat_id, method.message_thread_id, photo=photo, **content)

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
        fresh = content_of(method.text, params)
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
            check_markup(params["reply_markup"])
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

    async def control(request: web.Request) -> web.Response:
        if request.match_info["token"] != sandbox.token:
            return _failed(BotError(401, "Unauthorized"))
        try:
            _break(sandbox, await request.json())
        except (ValueError, TypeError, KeyError) as error:
            return _failed(BotError(400, f"Bad Request: {error}"))
        return web.json_response({"ok": True, "result": True})

    app = web.Application(client_max_size=50 * 1024 * 1024)
    app.router.add_post("/control/bot{token}/faults", control)
    app.router.add_get("/file/bot{token}/documents/{number}", fetch)
    app.router.add_route("*", "/bot{token}/{method}", handle)
    return app


def _break(sandbox: Sandbox, wanted: dict[str, Any]) -> None:
    """Let things go wrong: fail (code, times, retry_after), slow, duplicate and the others."""
    unknown = set(wanted) - {"fail", "slow", "duplicate", "reorder", "lose_offset"}
    if unknown:
        raise ValueError(f"unknown fault {sorted(unknown)[0]}")
    if "fail" in wanted:
        code = int(wanted["fail"]["code"])
        more = {k: int(v) for k, v in wanted["fail"].items() if k == "retry_after"}
        said = "Too Many Requests: retry later" if code == 429 else "Internal Server Error"
        for _ in range(int(wanted["fail"].get("times", 1))):
            sandbox.fail_next.append(BotError(code, said, **more))
    sandbox.faults.slow = float(wanted.get("slow", sandbox.faults.slow))
    sandbox.faults.duplicate += int(wanted.get("duplicate", 0))
    sandbox.faults.reorder += int(wanted.get("reorder", 0))
    sandbox.faults.lose_offset += int(wanted.get("lose_offset", 0))


def pixels(data: bytes) -> tuple[int, int]:
    """Return the size of a picture; what cannot be decoded is refused as Telegram does."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.size
    except (OSError, ValueError) as error:
        raise BotError(400, "Bad Request: IMAGE_PROCESS_FAILED") from error


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
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    sockets = site._server.sockets  # type: ignore[union-attr]
    return Running(runner, sockets[0].getsockname()[1])
