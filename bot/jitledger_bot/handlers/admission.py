"""Admission: who asks is settled once, before any story; a stranger reaches none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.dispatcher.flags import get_flag
from aiogram.types import CallbackQuery, Message, TelegramObject

from jitledger.domain.json import Json
from jitledger_bot import texts
from jitledger_bot.access import Asker
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.joining import open_shop
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import shared
from jitledger_bot.texts.say import talk as say
from jitledger_bot.turn import Turn

Handler = Callable[[TelegramObject, dict[str, object]], Awaitable[object]]

RECORDER, BUYER, OWNER = "recorder", "buyer", "owner"
"""What a handler may need (its flag ``needs``); without one, whoever is a member may ask."""


class Admission(BaseMiddleware):
    """Hands ``asker`` on to handlers, and stops whoever may not."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: Json) -> Any:
        """Let a member through whose role reaches for what the handler needs."""
        turn, desk = data["turn"], data["desk"]
        if isinstance(event, CallbackQuery):
            asker = desk.admit(turn, event.from_user, private=False)
            if asker is None:
                turn.toast(event.id, _(shared.THIS_BUTTON_IS_NOT_FOR))
                return None
        else:
            assert isinstance(event, Message)
            described = event.chat.type == "private" and event.edit_date is None
            if described and await open_shop(event, turn, desk):
                return None
            asker = _admitted(event, turn, desk)
            if asker is None or not _may(asker, get_flag(data, "needs"), turn):
                return None
        data["asker"] = asker
        return await handler(event, data)


def _admitted(message: Message, turn: Turn, desk: Desk) -> Asker | None:
    """Return who asks; a stranger gets one polite line in private.

    An anonymous administrator of a group is told why nothing is answered.
    """
    asker = desk.admit(turn, message.from_user, message.chat.type == "private")
    anonymous = message.sender_chat is not None and message.sender_chat.id == message.chat.id
    if asker is None and anonymous and (message.text or "").startswith("/"):
        turn.say(_(say.I_CANNOT_SEE_WHO_YOU))
    return asker


def _may(asker: Asker, needs: str | None, turn: Turn) -> bool:
    match needs:
        case "owner" if not asker.owns:
            turn.say(_(texts.ONLY_OWNER))
        case "buyer" if not asker.may_buy:
            turn.say(_(texts.ONLY_BUYER))
        case "recorder" if not asker.may_record:
            turn.say(_(texts.VIEWER))
        case _:
            return True
    return False
