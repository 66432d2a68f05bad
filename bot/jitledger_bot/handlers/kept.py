"""Lines whose product was asked for: chosen, new, kept for later, said again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiogram.types import Message

from jitledger.domain.commands import parse
from jitledger.domain.moments import HOUR
from jitledger.service.recording.submission import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.shop import new_product
from jitledger_bot.handlers.undo import correct_to
from jitledger_bot.memory.conversations import recall
from jitledger_bot.memory.proposals import (
    Proposal,
    consume,
    kept_lines,
    load_proposal,
)
from jitledger_bot.press import Press, action, answer_press, close_message, other_rows
from jitledger_bot.recording.asked.completed import learn_names
from jitledger_bot.recording.record import record_kept, record_text
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import recorded, shared
from jitledger_bot.texts.say import talk as say
from jitledger_bot.turn import Button, Outgoing, Turn

QUESTION_LASTS = 6 * HOUR


def asked_since(turn: Turn, desk: Desk) -> int:
    """Return the update in which a line was asked for last, 0 when none is waited for."""
    with desk.app.database.snapshot() as tx:
        state, data = recall(tx, f"new:{turn.chat_id}:{turn.member}")
    return int(data.get("asked", 0)) if state is not None else 0


def answers_us(message: Message, desk: Desk) -> bool:
    """Return whether a message is a reply to one of the bot's."""
    answered = message.reply_to_message
    author = answered.from_user if answered is not None else None
    return author is not None and author.id == desk.bot_id


@dataclass(frozen=True, slots=True)
class AnswerToQuestion:
    """The line that was asked for: a new product, or what a pack holds."""

    state: str
    key: str
    proposal: Proposal


def open_question(turn: Turn, desk: Desk) -> AnswerToQuestion | None:
    """Return the question that waits for somebody's next line; it lapses after some hours."""
    key = f"new:{turn.chat_id}:{turn.member}"
    with desk.app.database.snapshot() as tx:
        state, data = recall(tx, key)
        proposal = load_proposal(tx, data.get("proposal", "")) if state is not None else None
    if state is None or proposal is None or proposal.consumed:
        return None
    if desk.app.clock.now() - data.get("at", 0) > QUESTION_LASTS:
        return None
    return AnswerToQuestion(state, key, proposal)


def take_answer(meant: AnswerToQuestion, text: str, turn: Turn, desk: Desk) -> bool:
    """Take the line that was asked for; False when it is none."""
    take = new_product.define_pack if meant.state == "pack" else new_product.register_from_line
    return take(text, meant.proposal, meant.key, turn, desk)


async def later(message: Message, turn: Turn, desk: Desk) -> None:
    """List what was kept for later, each with its buttons."""
    from jitledger_bot.recording.record import offer_choices

    with desk.app.database.snapshot() as tx:
        kept = kept_lines(tx, turn.chat_id)
    if not kept:
        turn.say(_(say.NOTHING_IS_KEPT_FOR_LATER))
    for stored in kept:
        offer_choices(stored, turn, desk)


@action("c")
def choose(press: Press) -> None:
    """Record a kept line for the product that was chosen, and learn the alias."""
    nearest = press.proposal.body["nearest"]
    if not press.place.isdigit() or int(press.place) >= len(nearest):
        press.turn.toast(press.query.id, _(shared.THIS_BUTTON_IS_TOO_OLD))
        return
    sku, title = nearest[int(press.place)]
    problem = record_kept(
        press.proposal.id, press.proposal.body, sku, press.turn, press.desk, learn=True
    )
    if problem is not None:
        press.turn.toast(press.query.id, problem, alert=True)
        return
    press.turn.effects.append(consume(press.proposal.id))
    press.turn.toast(press.query.id, title)

    def close(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        if press.message is None or not all(a.ok for a in answers):
            return []
        shown = f"{texts.safe(press.message.text or '')}\n→ {texts.product(title, sku)}"
        return [press.turn.edit(press.message.message_id, texts.clip(shown))]

    press.turn.render.append(close)


@action("p")
def new(press: Press) -> None:
    """Ask for the new product's line."""
    press.turn.toast(press.query.id, _(shared.NEW_PRODUCT))
    new_product.ask_for_line(press.proposal, press.turn, press.desk.app.clock.now())


@action("m")
def register(press: Press) -> None:
    """Register a product by its name alone, as the person said yes, and record the kept line."""
    with press.desk.app.database.snapshot() as tx:
        kept = load_proposal(tx, press.proposal.body["kept"])
    if kept is None or kept.consumed:
        press.turn.toast(press.query.id, _(shared.DONE_ALREADY))
        return
    press.turn.effects.append(consume(press.proposal.id))
    press.turn.toast(press.query.id, _(shared.NEW_PRODUCT))
    close_message(press.turn, press.message, "✓")
    key = f"new:{press.turn.chat_id}:{press.turn.member}"
    name = press.proposal.body["name"]
    new_product.register_from_line(name, kept, key, press.turn, press.desk, sure=True)


@action("h")
def how_many(press: Press) -> None:
    """Ask how many pieces a pack holds."""
    press.turn.toast(press.query.id, _(say.HOW_MANY))
    new_product.ask_for_pack(press.proposal, press.turn, press.desk.app.clock.now())


@action("k")
def keep(press: Press) -> None:
    """Keep a line for later; it stays open and is listed by /later."""
    press.turn.toast(press.query.id, _(say.KEPT_FOR_LATER))
    close_message(press.turn, press.message, _(shared.KEPT_FOR_LATER_LATER_SHOWS))


ANSWERED = {
    "far": recorded.YES_SO_MANY,
    "meant": recorded.YES_RECORD_IT,
    "new": shared.IT_IS_A_NEW_ONE,
}
"""{what was asked: what its yes says}"""


@action("y")
def again(press: Press) -> None:
    """Record the same text again, as the person said yes."""
    press.turn.effects.append(consume(press.proposal.id))
    said = ANSWERED.get(press.proposal.body.get("said", ""), say.YES_AGAIN)
    press.turn.toast(press.query.id, _(said))
    close_message(press.turn, press.message, _(said))
    sent = datetime.fromtimestamp(press.proposal.body["sent"], UTC)
    record_text(
        press.proposal.body["text"],
        sent,
        press.proposal.body["prefix"],
        press.turn,
        press.desk,
        press.desk.app.queries.shop(),
        True,
        again=True,
    )
    learn_names(press.proposal.body.get("names", {}), press.turn)


@action("cq")
def correct_quantity(press: Press) -> None:
    """Correct the number of the entry that a message meant."""
    body, turn, message = press.proposal.body, press.turn, press.message
    turn.effects.append(consume(press.proposal.id))

    def shown(said: str, button: Button | None) -> list[Outgoing]:
        toast = answer_press(turn, press.query, said)
        if message is None or button is None:
            return [toast]
        return [toast, turn.edit(message.message_id, texts.safe(said), [[button]])]

    key = f"pr:{press.proposal.id}:correct"
    correct_to(body["entry"], body["qty"], key, "said so", turn, press.desk, shown)


@action("n")
def not_again(press: Press) -> None:
    """Record nothing."""
    press.turn.effects.append(consume(press.proposal.id))
    press.turn.toast(press.query.id, _(say.NOTHING_RECORDED))
    close_message(press.turn, press.message, _(say.NOTHING_RECORDED))


@action("b")
def before(press: Press) -> None:
    """Move a sale before the count by a correction; one that was held there stays."""
    moment = press.proposal.body.get("before")
    if moment is not None:
        _beside_the_count(press, str(moment), _(say.BEFORE_THE_COUNT_THE_COUNT))
        return
    press.turn.effects.append(consume(press.proposal.id))
    said = _(say.BEFORE_THE_COUNT_THE_COUNT)
    press.turn.toast(press.query.id, said)
    close_message(press.turn, press.message, said, press.proposal.id)


@action("f")
def after(press: Press) -> None:
    """Move a sale that was held before the count behind it."""
    _beside_the_count(press, press.proposal.body["now"], _(say.AFTER_THE_COUNT))


def _beside_the_count(press: Press, moment: str, side: str) -> None:
    """Correct when a sale was; the message's own Undo takes that back, too."""
    command = {
        "do": "correct",
        "entry": press.proposal.body["entry"],
        "with": {"occurred_at": moment},
        "reason": "which side of the count it was on",
    }
    press.turn.asks = [Ask(parse(command), f"pr:{press.proposal.id}:after")]
    press.turn.effects.append(consume(press.proposal.id))

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        if answers[0].error is not None:
            return [answer_press(press.turn, press.query, texts.problem(answers[0].error))]
        said = side + " "
        said += _(shared.ON_HAND_QUANTITY, quantity=answers[0].on_hand) + "."
        shown = [answer_press(press.turn, press.query, said)]
        text = f"{texts.safe((press.message.text or '') if press.message else '')}\n{said}"
        if press.message is not None:
            rows = other_rows(press.message, press.proposal.id)
            shown.append(press.turn.edit(press.message.message_id, texts.clip(text), rows))
        return shown

    press.turn.render.append(render)
