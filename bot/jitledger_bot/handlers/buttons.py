"""Buttons: each stands for a stored proposal and is used once, weeks later and after a restart."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from jitledger_bot import texts
from jitledger_bot.access import Asker
from jitledger_bot.desk import Desk
from jitledger_bot.memory.proposals import load_proposal
from jitledger_bot.press import ACTIONS, Press
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import shared
from jitledger_bot.turn import Turn


def make_router() -> Router:
    """Return the router of buttons."""
    router = Router(name="buttons")
    router.callback_query.register(on_button)
    return router


async def on_button(query: CallbackQuery, turn: Turn, desk: Desk, asker: Asker) -> None:
    """Do what a button stands for, if the member who pressed it may and it was not used yet."""
    code, _dot, rest = (query.data or "").partition(".")
    stored, _dot, place = rest.partition(".")
    with desk.app.database.snapshot() as tx:
        proposal = load_proposal(tx, stored)
    action = ACTIONS.get(code)
    if proposal is None or action is None or proposal.chat_id != turn.chat_id:
        turn.toast(query.id, _(shared.THIS_BUTTON_IS_TOO_OLD))
        return
    if proposal.consumed and not action.looking:
        turn.toast(query.id, _(shared.DONE_ALREADY))
        return
    if not action.looking and not asker.may_record:
        turn.toast(query.id, _(texts.VIEWER), alert=True)
        return
    message = query.message if isinstance(query.message, Message) else None
    done = action.answer(Press(proposal, place, query, message, turn, desk, asker))
    if done is not None:
        await done
