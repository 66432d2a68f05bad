"""Buttons: each stands for a stored proposal and is used once, weeks later and after a restart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError
from jitledger.domain.names import split_entry
from jitledger.domain.quantity import ZERO, show
from jitledger.service.importers.tables import Table
from jitledger.service.ledger import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.handlers import documents, messages, new_product, questions
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
    admitted = desk.admit(turn, query.from_user.id, private=False)
    if admitted is None:
        turn.toast(query.id, "This button is not for you.")
        return
    action, _, rest = (query.data or "").partition(".")
    stored, _, place = rest.partition(".")
    with desk.app.database.snapshot() as tx:
        proposal = load_proposal(tx, stored)
    handler = ACTIONS.get(action)
    if proposal is None or handler is None or proposal.chat_id != turn.chat_id:
        turn.toast(query.id, "This button is too old.")
        return
    if proposal.consumed and action not in ("w", "a", "z"):
        turn.toast(query.id, "Done already.")
        return
    message = query.message if isinstance(query.message, Message) else None
    done = handler(Press(proposal, place, query, message, turn, desk))
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
    redo = bool(press.proposal.body.get("redo"))
    text = str(
        press.proposal.body.get("text")
        or (press.message.text if press.message is not None else "")
        or ""
    )
    entries = _undoable(press.proposal.body["entries"], press.desk)
    press.turn.asks = [
        Ask(
            parse({"do": "void", "entry": entry, "reason": "redo" if redo else "undo"}),
            f"pr:{press.proposal.id}:{number}",
        )
        for number, entry in enumerate(entries)
    ]
    press.turn.correlation = f"pr:{press.proposal.id}"
    press.turn.effects.append(consume(press.proposal.id))

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        # What one void took along another one finds voided already: that is as it should be.
        refused = [
            a.error for a in answers if a.error is not None and a.error.code != "already-voided"
        ]
        undone = [entry for a in answers for entry in a.entries]
        if refused or not undone:
            said = refused[0].message if refused else "This was taken back already."
            return [_toast(press.turn, press.query, said), press.turn.message(texts.safe(said))]
        body = {"entries": undone, "text": text, "redo": not redo}
        stored = store_proposal(tx, press.turn.chat_id, press.turn.member, "undo", body, now)
        said = f"{'Recorded again' if redo else 'Undone'}. {_left(tx, undone, press.desk)}"
        shown, button = texts.safe(text), ("↩ Undo", f"u.{stored}")
        if not redo:
            shown, button = f"<s>{shown}</s>", ("↪ Redo", f"u.{stored}")
        shown += f"\n{'↪' if redo else '↩'} {texts.safe(said)}"
        toast = _toast(press.turn, press.query, said)
        if press.message is None:
            return [toast, press.turn.message(texts.safe(said), [[button]])]
        return [toast, press.turn.edit(press.message.message_id, texts.clip(shown), [[button]])]

    press.turn.render.append(render)


def _left(tx: Tx, entries: list[str], desk: Desk) -> str:
    """Say what is on hand of each product that was touched, as the transaction leaves it."""
    skus = list(dict.fromkeys(split_entry(entry)[0] for entry in entries))
    found = []
    for sku in skus[:12]:
        item = desk.app.ledger.item_now(sku)
        total = show(sum((s.on_hand for s in item.shelves.values()), ZERO))
        found.append((item.catalog.title, total))
    if len(found) == 1:
        return f"On hand {found[0][1]}."
    return "On hand " + ", ".join(f"{total} {title}" for title, total in found) + "."


def _undoable(entries: list[str], desk: Desk) -> list[str]:
    """Return what to void for an append: of a correction only the new entry's void and its own."""
    found = []
    for entry in entries:
        sku, version = split_entry(entry)
        if sku == "shop" or sku.startswith("supplier"):
            continue
        try:
            _, stored = desk.app.queries.entries(sku)
        except Exception:  # Only entries of items can be taken back.
            continue
        name = next((n for v, n, _ in stored if v == version), None)
        if name in ("item-registered", "price-set", "supplier-linked", None):
            continue
        found.append(entry)
    return list(reversed(found))


def _toast(turn: Turn, query: CallbackQuery, text: str) -> Outgoing:
    body = {"callback_query_id": query.id, "text": text[:200]}
    return Outgoing(turn.chat_id, "answerCallbackQuery", body, kind="toast")


def choose(press: Press) -> None:
    """Record a kept line for the product that was chosen, and learn the alias."""
    nearest = press.proposal.body["nearest"]
    if not press.place.isdigit() or int(press.place) >= len(nearest):
        press.turn.toast(press.query.id, "This button is too old.")
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
    press.turn.toast(press.query.id, "New product")
    new_product.ask_for_line(press.proposal, press.turn)


def how_many(press: Press) -> None:
    """Ask how many pieces a pack holds."""
    press.turn.toast(press.query.id, "How many?")
    new_product.ask_for_pack(press.proposal, press.turn)


def keep(press: Press) -> None:
    """Keep a line for later; it stays open and is listed by /later."""
    press.turn.toast(press.query.id, "Kept for later")
    _close(press.turn, press.message, "Kept for later. /later shows it.")


def again(press: Press) -> None:
    """Record the same text again, as the person said yes."""
    press.turn.effects.append(consume(press.proposal.id))
    press.turn.toast(press.query.id, "Again")
    _close(press.turn, press.message, "Yes, again.")
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
    press.turn.toast(press.query.id, "Nothing recorded")
    _close(press.turn, press.message, "Nothing recorded.")


def before(press: Press) -> None:
    """Confirm that a sale was before the count: nothing changes."""
    press.turn.effects.append(consume(press.proposal.id))
    press.turn.toast(press.query.id, "Before the count: the count stands.")
    _close(press.turn, press.message, "Before the count: the count stands.", press.proposal.id)


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
            return [_toast(press.turn, press.query, answers[0].error.message)]
        said = f"After the count. On hand {answers[0].on_hand}."
        shown = [_toast(press.turn, press.query, said)]
        body = {"entries": list(answers[0].entries)}
        stored = store_proposal(tx, press.turn.chat_id, press.turn.member, "undo", body, now)
        text = f"{texts.safe((press.message.text or '') if press.message else '')}\n{said}"
        if press.message is not None:
            rows = [*_others(press.message, press.proposal.id), [("↩ Undo this", f"u.{stored}")]]
            shown.append(press.turn.edit(press.message.message_id, texts.clip(text), rows))
        return shown

    press.turn.render.append(render)


def why(press: Press) -> None:
    """Explain a reorder line term by term, as it stands now."""
    from jitledger_projections.reorder import as_shape

    press.turn.toast(press.query.id, "Why?")
    lines = [as_shape(line) for line in press.desk.app.reorder()]
    line = next(
        (x for x in lines if x["sku"] == press.proposal.body["sku"]),
        press.proposal.body.get("line"),
    )
    if line is None:
        questions.answer_stock(press.proposal.body["sku"], press.turn, press.desk)
        return
    press.turn.say(texts.why_reorder(line))


def snooze(press: Press) -> None:
    """Hear of an alert again tomorrow."""
    number = f"pr:{press.proposal.id}:snooze:{press.query.id}"
    press.turn.asks = [
        Ask(parse({"do": "snooze", "sku": press.proposal.body["sku"], "days": 1}), number)
    ]

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        refused = answers[0].error
        return [
            _toast(press.turn, press.query, refused.message if refused else "Snoozed for a day.")
        ]

    press.turn.render.append(render)


def ask(press: Press) -> None:
    """Answer a question for the product that was chosen."""
    press.turn.toast(press.query.id, press.proposal.body["sku"])
    answer = {
        "stock": questions.answer_stock,
        "history": questions.answer_history,
        "why": questions.answer_why,
    }[press.proposal.body["question"]]
    answer(press.proposal.body["sku"], press.turn, press.desk)


async def which_table(press: Press) -> None:
    """Preview a table as what its sender says it is."""
    fits = press.proposal.body["fits"]
    if not press.place.isdigit() or int(press.place) >= len(fits):
        press.turn.toast(press.query.id, "This button is too old.")
        return
    form = fits[int(press.place)]
    table = await _table(press)
    if table is not None:
        press.turn.effects.append(consume(press.proposal.id))
        press.turn.toast(press.query.id, form.capitalize())
        body = {key: press.proposal.body[key] for key in ("file_id", "name")}
        await documents.preview(form, table, body, press.turn, press.desk)


async def take_table(press: Press) -> None:
    """Import a table that was previewed."""
    table = await _table(press)
    if table is not None:
        press.turn.effects.append(consume(press.proposal.id))
        press.turn.toast(press.query.id, "Taking it in")
        _close(press.turn, press.message, "Taken in.")
        await documents.take(press.proposal.body["form"], table, press.turn, press.desk)


async def _table(press: Press) -> Table | None:
    assert press.query.bot is not None
    body = press.proposal.body
    try:
        return await documents.fetch_table(press.query.bot, body["file_id"], body["name"])
    except LedgerError as error:
        press.turn.toast(press.query.id, error.message, alert=True)
        return None


ACTIONS: dict[str, Action] = {
    "t": which_table,
    "i": take_table,
    "u": undo,
    "c": choose,
    "p": new,
    "k": keep,
    "h": how_many,
    "y": again,
    "n": not_again,
    "b": before,
    "f": after,
    "w": why,
    "z": snooze,
    "a": ask,
}
