"""What the bot calls in the sandbox, validated by aiogram, with Telegram's own errors."""

from __future__ import annotations

import asyncio
import contextlib
import io
from typing import Any

from aiogram import methods
from aiohttp import ClientError, ClientSession
from PIL import Image
from pydantic import ValidationError

from jitledger.domain.json import Json
from jitledger_bot.sandbox.rules import BotError, check_markup, content_of
from jitledger_bot.sandbox.world import World

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


class Methods(World):
    """Answers the calls of the bot."""

    async def call(self, name: str, params: Json) -> object:
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

    async def _get_updates(self, method: methods.GetUpdates) -> list[dict[str, object]]:
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

    def _sent(self, chat_id: int, thread_id: int | None, **content: object) -> dict[str, object]:
        message: dict[str, object] = {
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

    def _send(self, method: methods.SendMessage, params: dict[str, object]) -> dict[str, object]:
        chat_id = int(method.chat_id)
        self._chat(chat_id)
        return self._sent(chat_id, method.message_thread_id, **content_of(method.text, params))

    def _send_file(
        self,
        method: methods.SendDocument | methods.SendPhoto,
        number: str,
        params: Json,
    ) -> dict[str, object]:
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

    def _get_file(self, method: methods.GetFile) -> dict[str, object]:
        if method.file_id not in self.files:
            raise BotError(400, "Bad Request: invalid file_id")
        found = self._file(method.file_id)
        if found["file_size"] > LARGEST_FETCHED:
            raise BotError(400, "Bad Request: file is too big")
        return {**found, "file_path": f"documents/{method.file_id}"}

    def _edit_text(
        self, method: methods.EditMessageText, params: dict[str, object]
    ) -> dict[str, object]:
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

    def _edit_markup(self, method: methods.EditMessageReplyMarkup, params: Json) -> Json:
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


def pixels(data: bytes) -> tuple[int, int]:
    """Return the size of a picture; what cannot be decoded is refused as Telegram does."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.size
    except (OSError, ValueError) as error:
        raise BotError(400, "Bad Request: IMAGE_PROCESS_FAILED") from error
