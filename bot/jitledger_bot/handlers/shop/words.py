"""The names that the bot has learned: listed, and forgotten with a button or a word."""

from __future__ import annotations

from collections.abc import Sequence

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from jitledger.service.recording.submission import Answer
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import Asker
from jitledger_bot.desk import Desk
from jitledger_bot.memory.aliases import Alias, forget, known
from jitledger_bot.memory.chats import title_of
from jitledger_bot.memory.proposals import consume, store_proposal
from jitledger_bot.press import Press, action, answer_press
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import words as say
from jitledger_bot.turn import Button, Outgoing, Turn

MOST_BUTTONS = 6
MOST_LISTED = 60


def make_router() -> Router:
    """Return the router of /words."""
    router = Router(name="words-learned")
    router.message.register(words, Command("words"))
    return router


async def words(
    message: Message, command: CommandObject, turn: Turn, desk: Desk, asker: Asker
) -> None:
    """List the names that were learned; "/words forget minty soap" forgets one."""
    if asker.member.role == "viewer":
        turn.say(_(texts.VIEWER))
        return
    first, _space, rest = (command.args or "").strip().partition(" ")
    if first.casefold() in ("forget", "vergiss") and rest.strip():
        turn.render.append(lambda tx, answers, now: [_forgotten(tx, turn, rest.strip().casefold())])
        return
    turn.render.append(lambda tx, answers, now: [_listed(tx, turn, now)])


def _forgotten(tx: Tx, turn: Turn, name: str) -> Outgoing:
    said = say.FORGOTTEN if forget(tx, name) else say.NEVER_LEARNED
    return turn.message(_(said, name=texts.safe(name[:80])))


def _listed(tx: Tx, turn: Turn, now: int) -> Outgoing:
    learned = known(tx)
    if not learned:
        return turn.message(_(say.NO_NAMES))
    lines = [_line(tx, one) for one in learned[:MOST_LISTED]]
    text = "\n".join([_(say.NAMES_LEARNED), *lines, "", _(say.HOW_TO_FORGET)])
    buttons: list[list[Button]] = []
    for one in learned[:MOST_BUTTONS]:
        stored = store_proposal(tx, turn.chat_id, turn.member, "alias", {"words": one.words}, now)
        buttons.append([(f"✕ {one.words[:40]}", f"wf.{stored}")])
    return turn.message(texts.clip(text), buttons)


def _line(tx: Tx, one: Alias) -> str:
    return f"“{texts.safe(one.words)}” → {texts.product(title_of(tx, one.sku), one.sku)}"


@action("wf")
def forget_one(press: Press) -> None:
    """Forget the name of a button."""
    name = str(press.proposal.body["words"])
    press.turn.effects.append(consume(press.proposal.id))

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        said = say.FORGOTTEN if forget(tx, name) else say.NEVER_LEARNED
        return [answer_press(press.turn, press.query, _(said, name=name[:80]))]

    press.turn.render.append(render)
