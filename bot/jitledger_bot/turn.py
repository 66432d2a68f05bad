"""One turn of the conversation: what came in, what is recorded, what goes out, in one transaction.

Handlers leave behind commands and a function that makes the replies from the answers. The worker
submits them together: the entries, the replies (outbox) and the finished inbox row are one commit.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from jitledger.domain.json import Json
from jitledger.service.recording.submission import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot.texts.language import Voice

Button = tuple[str, str]
"""(what it says, callback data of at most 64 bytes)"""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One call of the Bot API that is to be made."""

    chat_id: int
    method: str
    body: Json
    kind: str = "reply"
    subject: str | None = None


@dataclass(slots=True)
class Turn:
    """What a handler decided; ``effects`` run in the transaction before the replies are made."""

    chat_id: int
    update_id: int = 0
    thread_id: int | None = None
    voice: Voice = field(default_factory=Voice)
    asks: list[Ask] = field(default_factory=list)
    member: str | None = None
    author: str | None = None
    """Who writes, where others read along."""
    correlation: str | None = None
    effects: list[Callable[[Tx, Sequence[Answer], int], None]] = field(default_factory=list)
    render: list[Callable[[Tx, Sequence[Answer], int], list[Outgoing]]] = field(
        default_factory=list
    )
    plain: list[Outgoing] = field(default_factory=list)
    """What ``say`` said: answers that need nothing of the transaction."""

    @property
    def only_says(self) -> bool:
        """Return whether this turn records nothing and keeps nothing: its answer can go at once."""
        return not self.asks and not self.effects and len(self.plain) == len(self.render)

    def say(self, text: str, buttons: Sequence[Sequence[Button]] = ()) -> None:
        """Answer with a text that does not depend on what is recorded."""
        message = self.message(text, buttons)
        self.plain.append(message)
        self.render.append(lambda tx, answers, now: [message])

    def say_secret(self, text: str) -> None:
        """Answer with what only this chat may know: it is not kept once it is sent."""
        message = replace(self.message(text), kind="secret")
        self.plain.append(message)
        self.render.append(lambda tx, answers, now: [message])

    def document(self, name: str, text: str) -> None:
        """Send a text file; in parts where it is larger than servers take."""
        parts = in_parts(text)
        stem, _dot, ending = name.rpartition(".")
        sent = []
        for number, part in enumerate(parts, start=1):
            called = name if len(parts) == 1 else f"{stem}-{number}-of-{len(parts)}.{ending}"
            body = {"chat_id": self.chat_id, "filename": called, "text": part}
            if self.thread_id is not None:
                body["message_thread_id"] = self.thread_id
            sent.append(Outgoing(self.chat_id, "sendDocument", body))
        self.render.append(lambda tx, answers, now: sent)

    def photo(self, png: bytes, caption: str, buttons: Sequence[Sequence[Button]] = ()) -> None:
        """Send a picture with what it shows."""
        body: dict[str, object] = {
            "chat_id": self.chat_id,
            "photo": base64.b64encode(png).decode(),
            "caption": caption,
            "parse_mode": "HTML",
        }
        if self.thread_id is not None:
            body["message_thread_id"] = self.thread_id
        if buttons:
            body["reply_markup"] = keyboard(buttons)
        out = Outgoing(self.chat_id, "sendPhoto", body)
        self.render.append(lambda tx, answers, now: [out])

    def toast(self, query_id: str, text: str, alert: bool = False) -> None:
        """Answer a button's press."""
        body: dict[str, object] = {"callback_query_id": query_id, "text": text[:200]}
        if alert:
            body["show_alert"] = True
        out = Outgoing(self.chat_id, "answerCallbackQuery", body, kind="toast")
        self.render.append(lambda tx, answers, now: [out])

    def message(self, text: str, buttons: Sequence[Sequence[Button]] = ()) -> Outgoing:
        """Return a message to this chat."""
        body: dict[str, object] = {"chat_id": self.chat_id, "text": text, "parse_mode": "HTML"}
        if self.thread_id is not None:
            body["message_thread_id"] = self.thread_id
        if buttons:
            body["reply_markup"] = keyboard(buttons)
        return Outgoing(self.chat_id, "sendMessage", body)

    def edit(
        self, message_id: int, text: str, buttons: Sequence[Sequence[Button]] = ()
    ) -> Outgoing:
        """Return an edit of a message of this chat."""
        body: dict[str, object] = {
            "chat_id": self.chat_id,
            "message_id": message_id,
            "text": text,
            "parse_mode": "HTML",
        }
        if buttons:
            body["reply_markup"] = keyboard(buttons)
        return Outgoing(self.chat_id, "editMessageText", body, kind="edit")

    def end(self) -> None:
        """Let go of what was prepared: it holds the turn itself, and would wait to be searched."""
        self.asks, self.effects, self.render, self.plain = [], [], [], []


PART_CHARACTERS = 10_000_000
"""Of one file: at most 40 MB as bytes; Telegram takes 50, and smaller ones arrive on a phone."""


def in_parts(text: str, most: int = PART_CHARACTERS) -> list[str]:
    r"""Part a table between its rows; each part begins with the header.

    >>> in_parts("a,b\n1,2\n3,4\n", most=8)
    ['a,b\n1,2\n', 'a,b\n3,4\n']
    >>> in_parts('a\n"x\ny"\n', most=3)  # A cell may hold the end of a line.
    ['a\n"x\ny"\n']
    """
    if len(text) <= most:
        return [text]
    rows: list[str] = []
    within = False
    for line in text.splitlines(keepends=True):
        if within:
            rows[-1] += line
        else:
            rows.append(line)
        within ^= line.count('"') % 2 == 1
    head, parts = rows[0], [rows[:1]]
    size = len(head)
    for row in rows[1:]:
        if size + len(row) > most and len(parts[-1]) > 1:
            parts.append([head])
            size = len(head)
        parts[-1].append(row)
        size += len(row)
    return ["".join(part) for part in parts]


MOST_BUTTONS = 100
"""Telegram takes no more under one message."""


def keyboard(buttons: Sequence[Sequence[Button]]) -> Json:
    """Return an inline keyboard; of too many rows the first and the last one stay."""
    rows, left = [], MOST_BUTTONS - (len(buttons[-1]) if buttons else 0)
    for row in buttons[:-1]:
        left -= len(row)
        if left < 0:
            break
        rows.append(row)
    return {
        "inline_keyboard": [
            [{"text": text[:60], "callback_data": data} for text, data in row]
            for row in [*rows, *buttons[-1:]]
        ]
    }
