"""Buttons: each stands for a stored proposal and is used once, weeks later and after a restart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from jitledger.domain.commands import parse
from jitledger.domain.names import split_entry
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.shop import Shop
from jitledger.service.ledger import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.handlers import messages, new_product, questions
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
    handler(proposal, place, query, message, turn, desk, admitted[0])


Action = Callable[[Proposal, str, CallbackQuery, Message | None, Turn, Desk, Shop], None]


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


def undo(
    p: Proposal,
    place: str,
    query: CallbackQuery,
    message: Message | None,
    turn: Turn,
    desk: Desk,
    shop: Shop,
) -> None:
    """Take back the whole append of a message, or what took it back; offer the reverse."""
    redo = bool(p.body.get("redo"))
    text = str(p.body.get("text") or (message.text if message is not None else "") or "")
    entries = _undoable(p.body["entries"], desk)
    turn.asks = [
        Ask(
            parse({"do": "void", "entry": entry, "reason": "redo" if redo else "undo"}),
            f"pr:{p.id}:{number}",
        )
        for number, entry in enumerate(entries)
    ]
    turn.correlation = f"pr:{p.id}"
    turn.effects.append(consume(p.id))

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        # What one void took along another one finds voided already: that is as it should be.
        refused = [
            a.error for a in answers if a.error is not None and a.error.code != "already-voided"
        ]
        undone = [entry for a in answers for entry in a.entries]
        if refused or not undone:
            said = refused[0].message if refused else "This was taken back already."
            return [_toast(turn, query, said), turn.message(texts.safe(said))]
        body = {"entries": undone, "text": text, "redo": not redo}
        stored = store_proposal(tx, turn.chat_id, turn.member, "undo", body, now)
        said = f"{'Recorded again' if redo else 'Undone'}. {_left(tx, undone, desk)}"
        shown, button = texts.safe(text), ("↩ Undo", f"u.{stored}")
        if not redo:
            shown, button = f"<s>{shown}</s>", ("↪ Redo", f"u.{stored}")
        shown += f"\n{'↪' if redo else '↩'} {texts.safe(said)}"
        toast = _toast(turn, query, said)
        if message is None:
            return [toast, turn.message(texts.safe(said), [[button]])]
        return [toast, turn.edit(message.message_id, texts.clip(shown), [[button]])]

    turn.render.append(render)


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


def choose(
    p: Proposal,
    place: str,
    query: CallbackQuery,
    message: Message | None,
    turn: Turn,
    desk: Desk,
    shop: Shop,
) -> None:
    """Record a kept line for the product that was chosen, and learn the alias."""
    nearest = p.body["nearest"]
    if not place.isdigit() or int(place) >= len(nearest):
        turn.toast(query.id, "This button is too old.")
        return
    sku, title = nearest[int(place)]
    problem = messages.record_kept(p.id, p.body, sku, turn, desk, learn=True)
    if problem is not None:
        turn.toast(query.id, problem, alert=True)
        return
    turn.effects.append(consume(p.id))
    turn.toast(query.id, title)

    def close(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        if message is None or not all(a.ok for a in answers):
            return []
        shown = f"{texts.safe(message.text or '')}\n→ {texts.product(title, sku)}"
        return [turn.edit(message.message_id, texts.clip(shown))]

    turn.render.append(close)


def new(
    p: Proposal,
    place: str,
    query: CallbackQuery,
    message: Message | None,
    turn: Turn,
    desk: Desk,
    shop: Shop,
) -> None:
    """Ask for the new product's line."""
    turn.toast(query.id, "New product")
    new_product.ask_for_line(p, turn)


def how_many(
    p: Proposal,
    place: str,
    query: CallbackQuery,
    message: Message | None,
    turn: Turn,
    desk: Desk,
    shop: Shop,
) -> None:
    """Ask how many pieces a pack holds."""
    turn.toast(query.id, "How many?")
    new_product.ask_for_pack(p, turn)


def keep(
    p: Proposal,
    place: str,
    query: CallbackQuery,
    message: Message | None,
    turn: Turn,
    desk: Desk,
    shop: Shop,
) -> None:
    """Keep a line for later; it stays open and is listed by /later."""
    turn.toast(query.id, "Kept for later")
    _close(turn, message, "Kept for later. /later shows it.")


def again(
    p: Proposal,
    place: str,
    query: CallbackQuery,
    message: Message | None,
    turn: Turn,
    desk: Desk,
    shop: Shop,
) -> None:
    """Record the same text again, as the person said yes."""
    turn.effects.append(consume(p.id))
    turn.toast(query.id, "Again")
    _close(turn, message, "Yes, again.")
    sent = datetime.fromtimestamp(p.body["sent"], UTC)
    messages.record_text(p.body["text"], sent, p.body["prefix"], turn, desk, shop, True, again=True)


def not_again(
    p: Proposal,
    place: str,
    query: CallbackQuery,
    message: Message | None,
    turn: Turn,
    desk: Desk,
    shop: Shop,
) -> None:
    """Record nothing."""
    turn.effects.append(consume(p.id))
    turn.toast(query.id, "Nothing recorded")
    _close(turn, message, "Nothing recorded.")


def before(
    p: Proposal,
    place: str,
    query: CallbackQuery,
    message: Message | None,
    turn: Turn,
    desk: Desk,
    shop: Shop,
) -> None:
    """Confirm that a sale was before the count: nothing changes."""
    turn.effects.append(consume(p.id))
    turn.toast(query.id, "Before the count: the count stands.")
    _close(turn, message, "Before the count: the count stands.", p.id)


def after(
    p: Proposal,
    place: str,
    query: CallbackQuery,
    message: Message | None,
    turn: Turn,
    desk: Desk,
    shop: Shop,
) -> None:
    """Move a sale behind the count by a correction."""
    command = {
        "do": "correct",
        "entry": p.body["entry"],
        "with": {"occurred_at": p.body["now"]},
        "reason": "it was after the count",
    }
    turn.asks = [Ask(parse(command), f"pr:{p.id}:after")]
    turn.effects.append(consume(p.id))

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        if answers[0].error is not None:
            return [_toast(turn, query, answers[0].error.message)]
        said = f"After the count. On hand {answers[0].on_hand}."
        shown = [_toast(turn, query, said)]
        body = {"entries": list(answers[0].entries)}
        stored = store_proposal(tx, turn.chat_id, turn.member, "undo", body, now)
        text = f"{texts.safe((message.text or '') if message else '')}\n{said}"
        if message is not None:
            shown.append(
                turn.edit(message.message_id, texts.clip(text), [[("↩ Undo", f"u.{stored}")]])
            )
        return shown

    turn.render.append(render)


def why(
    p: Proposal,
    place: str,
    query: CallbackQuery,
    message: Message | None,
    turn: Turn,
    desk: Desk,
    shop: Shop,
) -> None:
    """Explain a reorder line term by term, as it stands now."""
    from jitledger_projections.reorder import as_shape

    turn.toast(query.id, "Why?")
    lines = [as_shape(line) for line in desk.app.reorder()]
    line = next((x for x in lines if x["sku"] == p.body["sku"]), p.body.get("line"))
    if line is None:
        questions.answer_stock(p.body["sku"], turn, desk)
        return
    turn.say(texts.why_reorder(line))


def snooze(
    p: Proposal,
    place: str,
    query: CallbackQuery,
    message: Message | None,
    turn: Turn,
    desk: Desk,
    shop: Shop,
) -> None:
    """Hear of an alert again tomorrow."""
    number = f"pr:{p.id}:snooze:{query.id}"
    turn.asks = [Ask(parse({"do": "snooze", "sku": p.body["sku"], "days": 1}), number)]

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        refused = answers[0].error
        return [_toast(turn, query, refused.message if refused else "Snoozed for a day.")]

    turn.render.append(render)


def ask(
    p: Proposal,
    place: str,
    query: CallbackQuery,
    message: Message | None,
    turn: Turn,
    desk: Desk,
    shop: Shop,
) -> None:
    """Answer a question for the product that was chosen."""
    turn.toast(query.id, p.body["sku"])
    answer = {
        "stock": questions.answer_stock,
        "history": questions.answer_history,
        "why": questions.answer_why,
    }[p.body["question"]]
    answer(p.body["sku"], turn, desk)


ACTIONS: dict[str, Action] = {
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
