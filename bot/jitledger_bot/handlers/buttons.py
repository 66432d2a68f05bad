"""Buttons: each stands for a stored proposal and is used once, weeks later and after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError
from jitledger.domain.shop import MAY_BUY
from jitledger.service.importers.tables import Table
from jitledger.service.submission import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import charts, texts
from jitledger_bot.access import Member
from jitledger_bot.desk import Desk
from jitledger_bot.handlers import (
    advice,
    catalog,
    counting,
    documents,
    messages,
    new_product,
    orders,
    questions,
)
from jitledger_bot.handlers.settings import press_setting
from jitledger_bot.handlers.undo import take_back
from jitledger_bot.jobs import start_job
from jitledger_bot.language import _
from jitledger_bot.pages import page_keys
from jitledger_bot.turn import (
    Button,
    Outgoing,
    Proposal,
    Turn,
    consume,
    load_proposal,
    store_proposal,
)


def make_router() -> Router:
    """Return the router of buttons."""
    router = Router(name="buttons")
    router.callback_query.register(on_button)
    return router


async def on_button(query: CallbackQuery, turn: Turn, desk: Desk) -> None:
    """Do what a button stands for, if the member who pressed it may and it was not used yet."""
    admitted = desk.admit(turn, query.from_user, private=False)
    if admitted is None:
        turn.toast(query.id, _("This button is not for you."))
        return
    action, _dot, rest = (query.data or "").partition(".")
    stored, _dot, place = rest.partition(".")
    with desk.app.database.snapshot() as tx:
        proposal = load_proposal(tx, stored)
    handler = ACTIONS.get(action)
    if proposal is None or handler is None or proposal.chat_id != turn.chat_id:
        turn.toast(query.id, _("This button is too old."))
        return
    if proposal.consumed and action not in LOOKING:
        turn.toast(query.id, _("Done already."))
        return
    if action not in LOOKING and admitted[1].role == "viewer":
        turn.toast(query.id, _(texts.VIEWER), alert=True)
        return
    message = query.message if isinstance(query.message, Message) else None
    done = handler(Press(proposal, place, query, message, turn, desk, admitted[1]))
    if done is not None:
        await done


@dataclass(frozen=True, slots=True)
class Press:
    """One press of a button: what it stands for, and where it was made."""

    proposal: Proposal
    place: str
    query: CallbackQuery
    message: Message | None
    turn: Turn
    desk: Desk
    member: Member


Action = Callable[[Press], Awaitable[None] | None]


def _close(turn: Turn, message: Message | None, note: str, pressed: str = "") -> None:
    """Say below a message what was done; only the row that was pressed loses its buttons."""
    if message is None:
        return
    shown = f"{texts.safe(message.text or '')}\n{note}"
    edit = turn.edit(message.message_id, texts.clip(shown), _others(message, pressed))
    turn.render.append(lambda tx, answers, now: [edit])


def _others(message: Message, pressed: str) -> list[list[Button]]:
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


def undo(press: Press) -> None:
    """Take back the whole append of a message, or what took it back; offer the reverse."""
    body = press.proposal.body
    text = str(body.get("text") or (press.message.text if press.message else "") or "")
    turn, key = press.turn, f"pr:{press.proposal.id}"
    turn.effects.append(consume(press.proposal.id))

    def shown(said: str, below: str, button: Button | None) -> list[Outgoing]:
        toast = _toast(turn, press.query, said)
        if press.message is None or button is None:
            rows = [] if button is None else [[button]]
            return [toast, turn.message(texts.safe(said), rows)]
        return [toast, turn.edit(press.message.message_id, below, [[button]])]

    redo = bool(body.get("redo"))
    take_back(body["entries"], text, key, turn, press.desk, shown, redo=redo)


def _toast(turn: Turn, query: CallbackQuery, text: str) -> Outgoing:
    body = {"callback_query_id": query.id, "text": text[:200]}
    return Outgoing(turn.chat_id, "answerCallbackQuery", body, kind="toast")


def choose(press: Press) -> None:
    """Record a kept line for the product that was chosen, and learn the alias."""
    nearest = press.proposal.body["nearest"]
    if not press.place.isdigit() or int(press.place) >= len(nearest):
        press.turn.toast(press.query.id, _("This button is too old."))
        return
    sku, title = nearest[int(press.place)]
    problem = messages.record_kept(
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


def new(press: Press) -> None:
    """Ask for the new product's line."""
    press.turn.toast(press.query.id, _("New product"))
    new_product.ask_for_line(press.proposal, press.turn, press.desk.app.clock.now())


def register(press: Press) -> None:
    """Register a product by its name alone, as the person said yes, and record the kept line."""
    with press.desk.app.database.snapshot() as tx:
        kept = load_proposal(tx, press.proposal.body["kept"])
    if kept is None or kept.consumed:
        press.turn.toast(press.query.id, _("Done already."))
        return
    press.turn.effects.append(consume(press.proposal.id))
    press.turn.toast(press.query.id, _("New product"))
    _close(press.turn, press.message, "✓")
    key = f"new:{press.turn.chat_id}:{press.turn.member}"
    name = press.proposal.body["name"]
    new_product.register_from_line(name, kept, key, press.turn, press.desk, sure=True)


def how_many(press: Press) -> None:
    """Ask how many pieces a pack holds."""
    press.turn.toast(press.query.id, _("How many?"))
    new_product.ask_for_pack(press.proposal, press.turn, press.desk.app.clock.now())


def keep(press: Press) -> None:
    """Keep a line for later; it stays open and is listed by /later."""
    press.turn.toast(press.query.id, _("Kept for later"))
    _close(press.turn, press.message, _("Kept for later. /later shows it."))


def again(press: Press) -> None:
    """Record the same text again, as the person said yes."""
    press.turn.effects.append(consume(press.proposal.id))
    press.turn.toast(press.query.id, _("Again"))
    _close(press.turn, press.message, _("Yes, again."))
    sent = datetime.fromtimestamp(press.proposal.body["sent"], UTC)
    messages.record_text(
        press.proposal.body["text"],
        sent,
        press.proposal.body["prefix"],
        press.turn,
        press.desk,
        press.desk.app.queries.shop(),
        True,
        again=True,
    )


def not_again(press: Press) -> None:
    """Record nothing."""
    press.turn.effects.append(consume(press.proposal.id))
    press.turn.toast(press.query.id, _("Nothing recorded."))
    _close(press.turn, press.message, _("Nothing recorded."))


def before(press: Press) -> None:
    """Confirm that a sale was before the count: nothing changes."""
    press.turn.effects.append(consume(press.proposal.id))
    said = _("Before the count: the count stands.")
    press.turn.toast(press.query.id, said)
    _close(press.turn, press.message, said, press.proposal.id)


def after(press: Press) -> None:
    """Move a sale behind the count by a correction."""
    command = {
        "do": "correct",
        "entry": press.proposal.body["entry"],
        "with": {"occurred_at": press.proposal.body["now"]},
        "reason": "it was after the count",
    }
    press.turn.asks = [Ask(parse(command), f"pr:{press.proposal.id}:after")]
    press.turn.effects.append(consume(press.proposal.id))

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        if answers[0].error is not None:
            return [_toast(press.turn, press.query, texts.problem(answers[0].error))]
        said = _("After the count.") + " "
        said += _("On hand {quantity}", quantity=answers[0].on_hand) + "."
        shown = [_toast(press.turn, press.query, said)]
        body = {"entries": list(answers[0].entries)}
        stored = store_proposal(tx, press.turn.chat_id, press.turn.member, "undo", body, now)
        text = f"{texts.safe((press.message.text or '') if press.message else '')}\n{said}"
        if press.message is not None:
            rows = [*_others(press.message, press.proposal.id), [(_("↩ Undo this"), f"u.{stored}")]]
            shown.append(press.turn.edit(press.message.message_id, texts.clip(text), rows))
        return shown

    press.turn.render.append(render)


async def why(press: Press) -> None:
    """Explain an item's reorder point term by term, due or not, as it stands now; with a chart."""
    press.turn.toast(press.query.id, _("Why?"))
    app, sku = press.desk.app, press.proposal.body["sku"]
    lines = await asyncio.to_thread(app.explained, sku)
    line = next((x for x in lines if x.due), lines[0] if lines else None)
    if line is None:
        shown = texts.stock(app.queries.stock(sku))
        text = _("It needs no reordering now.") + "\n" + shown
    else:
        text = texts.why_reorder(line)
    picture = await asyncio.to_thread(charts.stock_chart, app, sku)
    press.turn.photo(picture, texts.clip(text, 1000))


async def view(press: Press) -> None:
    """Show a list that a push spoke of, as it stands now."""
    press.turn.toast(press.query.id, "")
    if press.proposal.body["what"] == "runout":
        await questions.answer_run_out(questions.WEEK, press.turn, press.desk)
    else:
        await questions.answer_reorder(press.turn, press.desk)


def why_on_hand(press: Press) -> None:
    """Explain how an on-hand number came about."""
    press.turn.toast(press.query.id, _("How it came about"))
    questions.answer_why(press.proposal.body["sku"], press.turn, press.desk)


def count_it(press: Press) -> None:
    """Ask for the count of one product."""
    press.turn.toast(press.query.id, _("Count it"))
    counting.ask_one(press.proposal.body["sku"], press.turn, press.desk)


async def turn_page(press: Press) -> None:
    """Show another page of a long answer, in place."""
    body, turn = press.proposal.body, press.turn
    if not (press.place.isascii() and press.place.isdigit()) or press.message is None:
        turn.toast(press.query.id, _("This button is too old."))
        return
    first = int(press.place)
    page = await asyncio.to_thread(
        questions.page_of, body["what"], body["fields"], first, press.desk
    )
    turn.toast(press.query.id, "")
    message_id = press.message.message_id

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        rows = page_keys(tx, turn, page, body["what"], body["fields"], now)
        return [turn.edit(message_id, page.text, rows)]

    turn.render.append(render)


def setting(press: Press) -> None:
    """Change a setting and show them all again, in place."""
    message_id = press.message.message_id if press.message is not None else None
    if press.turn.chat_id < 0 and press.member.role != "owner":
        press.turn.toast(press.query.id, _("This button is not for you."))
        return
    if not press_setting(press.place, press.turn, press.desk, press.member, message_id):
        press.turn.toast(press.query.id, _("This button is too old."))
        return
    press.turn.toast(press.query.id, "✓")


def snooze(press: Press) -> None:
    """Hear of an alert again tomorrow."""
    number = f"pr:{press.proposal.id}:snooze:{press.query.id}"
    press.turn.asks = [
        Ask(parse({"do": "snooze", "sku": press.proposal.body["sku"], "days": 1}), number)
    ]

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        refused = answers[0].error
        return [
            _toast(
                press.turn,
                press.query,
                texts.problem(refused) if refused else _("Snoozed for a day."),
            )
        ]

    press.turn.render.append(render)


async def ask(press: Press) -> None:
    """Answer a question for the product that was chosen."""
    sku, question = press.proposal.body["sku"], press.proposal.body["question"]
    press.turn.toast(press.query.id, sku)
    match question:
        case "chart":
            await questions.answer_chart(sku, press.turn, press.desk)
        case "history":
            questions.answer_history(sku, press.turn, press.desk)
        case "jit":
            await advice.answer_jit(sku, press.turn, press.desk)
        case "why":
            questions.answer_why(sku, press.turn, press.desk)
        case "asof":
            questions.answer_as_of(press.proposal.body["more"], sku, press.turn, press.desk)
        case "export" if press.member.role not in MAY_BUY:
            press.turn.say(_("That is for the owner or a buyer to do."))
        case "export":
            await catalog.send_table("history", sku, press.turn, press.desk)
        case _:
            questions.answer_stock(sku, press.turn, press.desk)


async def which_table(press: Press) -> None:
    """Preview a table as what its sender says it is."""
    fits = press.proposal.body["fits"]
    if not press.place.isdigit() or int(press.place) >= len(fits):
        press.turn.toast(press.query.id, _("This button is too old."))
        return
    form = fits[int(press.place)]
    table = await _table(press)
    if table is not None:
        press.turn.effects.append(consume(press.proposal.id))
        press.turn.toast(press.query.id, _(documents.FORM[form]))
        body = {key: press.proposal.body[key] for key in ("file_id", "name")}
        await documents.preview(form, table, body, press.turn, press.desk)


def take_table(press: Press) -> None:
    """Import a table that was previewed, as a job beside the conversation."""
    body = press.proposal.body
    press.turn.effects.append(consume(press.proposal.id))
    press.turn.toast(press.query.id, _("Taking it in"))
    _close(press.turn, press.message, _("Taking it in …"))
    start_job(press.turn, "import", {key: body[key] for key in ("form", "file_id", "name")})


async def _table(press: Press) -> Table | None:
    assert press.query.bot is not None
    body = press.proposal.body
    try:
        return await documents.fetch_table(press.query.bot, body["file_id"], body["name"])
    except LedgerError as error:
        press.turn.toast(press.query.id, texts.problem(error), alert=True)
        return None


async def counting_action(press: Press) -> None:
    """Go on with a counting round: skip a product, end the round, record its counts."""
    await counting.press(press)


ACTIONS: dict[str, Action] = {
    "t": which_table,
    "i": take_table,
    "u": undo,
    "c": choose,
    "p": new,
    "k": keep,
    "h": how_many,
    "m": register,
    "y": again,
    "n": not_again,
    "b": before,
    "f": after,
    "w": why,
    "z": snooze,
    "a": ask,
    "e": why_on_hand,
    "q": count_it,
    "g": turn_page,
    "s": setting,
    "o": counting_action,
    "j": orders.draft,
    "l": orders.act,
    "r": orders.relink,
    "d": advice.accept,
    "x": advice.reprice,
    "v": view,
}
LOOKING = ("w", "a", "e", "g", "s", "j", "l", "v")
"""What may be pressed again and again, and by viewers."""
