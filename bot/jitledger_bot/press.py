"""A press of a button: what it stands for, and which story answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiogram.types import CallbackQuery, Message

from jitledger_bot import texts
from jitledger_bot.access import Asker
from jitledger_bot.desk import Desk
from jitledger_bot.memory.proposals import Proposal
from jitledger_bot.turn import Button, Outgoing, Turn


@dataclass(frozen=True, slots=True)
class Press:
    """One press of a button: what it stands for, and where it was made."""

    proposal: Proposal
    place: str
    query: CallbackQuery
    message: Message | None
    turn: Turn
    desk: Desk
    asker: Asker


Answer = Callable[[Press], Awaitable[None] | None]
"""What a story does when one of its buttons is pressed."""


@dataclass(frozen=True, slots=True)
class Action:
    """What one kind of button does; codes stand in messages for ever and are never used again.

    One that only looks may be pressed again and again, and by viewers.
    """

    answer: Answer
    looking: bool


ACTIONS: dict[str, Action] = {}
"""{code: what it does}; every story registers its own."""


def action(code: str, *, looking: bool = False) -> Callable[[Answer], Answer]:
    """Register what a button does, beside the function that does it."""

    def register(answer: Answer) -> Answer:
        assert code not in ACTIONS, f"the code {code!r} is taken"
        ACTIONS[code] = Action(answer, looking)
        return answer

    return register


def close_message(turn: Turn, message: Message | None, note: str, pressed: str = "") -> None:
    """Say below a message what was done; only the row that was pressed loses its buttons."""
    if message is None:
        return
    shown = f"{texts.safe(message.text or '')}\n{note}"
    edit = turn.edit(message.message_id, texts.clip(shown), other_rows(message, pressed))
    turn.render.append(lambda tx, answers, now: [edit])


def other_rows(message: Message, pressed: str) -> list[list[Button]]:
    """Return a message's buttons without those of one proposal; none when it is not named."""
    if not pressed or message.reply_markup is None:
        return []
    rows = [
        [
            (b.text, b.callback_data)
            for b in row
            if b.callback_data and pressed not in b.callback_data
        ]
        for row in message.reply_markup.inline_keyboard
    ]
    return [row for row in rows if row]


def answer_press(turn: Turn, query: CallbackQuery, text: str) -> Outgoing:
    """Return what is shown to the person who pressed, once the turn is committed."""
    body = {"callback_query_id": query.id, "text": text[:200]}
    return Outgoing(turn.chat_id, "answerCallbackQuery", body, kind="toast")
