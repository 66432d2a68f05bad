"""What the sandbox knows: people, chats, messages, files and the updates that wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from aiogram import methods

from jitledger.domain.json import Json
from jitledger_bot.sandbox.rules import BotError

FIRST_UPDATE = 100


@dataclass(slots=True)
class Person:
    """Somebody who chats with the bot."""

    id: int
    name: str
    language: str | None = None

    def as_user(self) -> dict[str, object]:
        """Return the person as Telegram tells of them."""
        user: dict[str, object] = {"id": self.id, "is_bot": False, "first_name": self.name}
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


@dataclass
class World:
    """The state of the server: people, chats, updates and what the bot said."""

    token: str
    clock: Callable[[], float]
    people: dict[int, Person] = field(default_factory=dict)
    groups: dict[int, str] = field(default_factory=dict)
    reads_groups: bool = True
    """Whether privacy mode is off, so that the bot sees every message of its groups."""
    faults: Faults = field(default_factory=Faults)
    messages: dict[int, list[Json]] = field(default_factory=dict)
    toasts: list[Json] = field(default_factory=list)
    calls: deque[tuple[str, Json]] = field(default_factory=lambda: deque(maxlen=10_000))
    fail_next: deque[BotError] = field(default_factory=deque)
    updates: deque[Json] = field(default_factory=deque)
    next_update: int = FIRST_UPDATE
    next_message: int = 1
    next_query: int = 1
    revision: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    open_queries: set[str] = field(default_factory=set)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    webhook: methods.SetWebhook | None = None
    _delivering: asyncio.Task[None] | None = None
    _held: Json | None = None

    @property
    def bot_user(self) -> dict[str, object]:
        """Return the bot as a user."""
        return {
            "id": int(self.token.partition(":")[0]),
            "is_bot": True,
            "first_name": "jitledger",
            "username": "jitledger_bot",
            "can_read_all_group_messages": self.reads_groups,
        }

    def _chat(self, chat_id: int) -> dict[str, object]:
        if chat_id in self.groups:
            return {"id": chat_id, "type": "supergroup", "title": self.groups[chat_id]}
        person = self.people.get(chat_id)
        if person is None:
            raise BotError(400, "Bad Request: chat not found")
        return {"id": chat_id, "type": "private", "first_name": person.name}

    def _file(self, number: str) -> Json:
        size = len(self.files[number][1])
        return {"file_id": number, "file_unique_id": number, "file_size": size}

    def keep(self, name: str, data: bytes) -> str:
        """Keep a file; returns its id."""
        number = f"file-{len(self.files) + 1}"
        self.files[number] = (name, data)
        return number

    def _post(self, update: Json) -> None:
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

    def _find(self, chat_id: int, message_id: int) -> Json:
        for message in self.messages.get(chat_id, ()):
            if message["message_id"] == message_id:
                return message
        raise BotError(400, "Bad Request: message to edit not found")

    def _replace(self, chat_id: int, message: Json) -> None:
        kept = self.messages[chat_id]
        place = next(i for i, m in enumerate(kept) if m["message_id"] == message["message_id"])
        kept[place] = message
        self._touch()


def without_html(result: object) -> object:
    """Return a message without what only the chat page needs."""
    if isinstance(result, dict) and "html" in result:
        return {k: v for k, v in result.items() if k != "html"}
    return result
