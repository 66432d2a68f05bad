"""What was set aside: listed for the owner, tried again or let go with a button."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from jitledger.domain.errors import Refused
from jitledger.domain.moments import to_datetime
from jitledger.service.recording.submission import Answer
from jitledger.service.upkeep.letters import discard, set_aside, try_again
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.handlers.admission import OWNER
from jitledger_bot.memory.letters import letter_keys
from jitledger_bot.memory.proposals import consume
from jitledger_bot.press import Press, action, answer_press, other_rows
from jitledger_bot.texts.language import _, local
from jitledger_bot.texts.say import talk as say
from jitledger_bot.turn import Outgoing, Turn

MOST_LISTED = 8


def make_router() -> Router:
    """Return the router of /letters."""
    router = Router(name="letters")
    router.message.register(letters, Command("letters"), flags={"needs": OWNER})
    return router


async def letters(message: Message, turn: Turn) -> None:
    """List what was set aside, each with its cause and its buttons."""

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        found = set_aside(tx)[:MOST_LISTED]
        if not found:
            return [turn.message(_(say.NOTHING_SET_ASIDE))]
        shown = [turn.message(_(say.SET_ASIDE))]
        for one in found:
            at = f"{local(to_datetime(one.at)):%Y-%m-%d %H:%M}"
            text = f"<b>{one.ref}</b> · {at}\n“{texts.safe(one.said)}”\n{texts.safe(one.cause)}"
            shown.append(turn.message(text, [letter_keys(tx, turn, one.ref, now)]))
        return shown

    turn.render.append(render)


@action("lr")
def again(press: Press) -> None:
    """Have it worked on again."""
    _press(press, try_again, say.TRIED_AGAIN)


@action("ld")
def let_go(press: Press) -> None:
    """Let it go."""
    _press(press, discard, say.LET_GO)


def _press(press: Press, act: Callable[[Tx, str], None], done: str) -> None:
    turn, message, ref = press.turn, press.message, press.proposal.body["letter"]
    turn.effects.append(consume(press.proposal.id))

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        try:
            act(tx, ref)
            said = _(done, number=ref)
        except Refused:
            said = _(say.NOT_SET_ASIDE, number=ref)
        toast = answer_press(turn, press.query, said)
        if message is None:
            return [toast]
        shown = f"{texts.safe(message.text or '')}\n{said}"
        rows = other_rows(message, press.proposal.id)
        return [toast, turn.edit(message.message_id, texts.clip(shown), rows)]

    turn.render.append(render)
