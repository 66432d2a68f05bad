"""Questions: stock, reorder, history, why, as of a day, help; and joining by link."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiogram import Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import Message

from jitledger.domain.errors import LedgerError
from jitledger.domain.moments import parse_horizon
from jitledger.service import people
from jitledger.service.ledger import Answer
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.reading import asks_reorder, asks_stock, may_ask_stock
from jitledger_bot.turn import Outgoing, Turn, store_proposal

PLAIN_LIMIT = 120


def make_router() -> Router:
    """Return the router of questions."""
    router = Router(name="questions")
    router.message.register(start, CommandStart())
    router.message.register(help_, Command("help"))
    router.message.register(stock, Command("stock"))
    router.message.register(reorder, Command("reorder"))
    router.message.register(run_out, Command("runout"))
    router.message.register(history, Command("history"))
    router.message.register(why, Command("why"))
    router.message.register(as_of, Command("asof"))
    router.message.register(later, Command("later", "kept"))
    return router


async def start(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Join by an invitation link, or say hello."""
    user = message.from_user
    if user is None or message.chat.type != "private":
        return
    code = (command.args or "").strip()
    known = desk.admit(turn, user.id, private=not code)
    if known is not None:
        turn.say(f"Hello {texts.safe(known[1].name)}, you are {known[1].role}.\n\n{texts.HELP}")
        return
    if not code:
        return
    try:
        answer, member = await asyncio.to_thread(
            people.join, desk.app.ledger, code, user.id, message.chat.id, user.full_name
        )
    except LedgerError:
        turn.say(texts.STRANGER)
        return
    if answer.error is not None:
        turn.say(texts.STRANGER)
        return
    shop = desk.app.queries.shop()
    role = shop.members[member]
    turn.say(f"Welcome to {texts.safe(shop.title)}! You are {role}.\n\n{texts.HELP}")


async def help_(message: Message, turn: Turn, desk: Desk) -> None:
    """Say what can be said."""
    if _admit(message, turn, desk):
        turn.say(texts.HELP)


def _admit(message: Message, turn: Turn, desk: Desk) -> bool:
    user = message.from_user
    return desk.admit(turn, user.id if user else None, message.chat.type == "private") is not None


async def stock(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /stock."""
    if _admit(message, turn, desk):
        answer_stock(command.args or "", turn, desk)


def answer_stock(words: str, turn: Turn, desk: Desk) -> None:
    """Answer what is on the shelf of one product."""
    sku = exact_or_ask(words, turn, desk, "stock")
    if sku is not None:
        turn.say(texts.stock(desk.app.queries.stock(sku)))


def exact_or_ask(words: str, turn: Turn, desk: Desk, question: str) -> str | None:
    """Return the product some words name; else offer the nearest as buttons."""
    if not words.strip():
        turn.say(f"Which product? For example: /{question} MUG")
        return None
    found = desk.resolver.resolve(words)
    if found.exact is not None:
        return found.exact.sku
    if not found.nearest:
        turn.say(f"I know no product like “{texts.safe(words[:80])}”.")
        return None

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        rows = []
        for near in found.nearest:
            body = {"question": question, "sku": near.sku}
            stored = store_proposal(tx, turn.chat_id, turn.member, "ask", body, now)
            rows.append([(f"{near.title} ({near.sku})", f"a.{stored}")])
        return [turn.message("Which one?", rows)]

    turn.render.append(render)
    return None


async def reorder(message: Message, turn: Turn, desk: Desk) -> None:
    """Answer /reorder."""
    user = message.from_user
    admitted = desk.admit(turn, user.id if user else None, message.chat.type == "private")
    if admitted is not None:
        answer_reorder(turn, desk, desk.warning(admitted[1]))


def answer_reorder(turn: Turn, desk: Desk, warning: str) -> None:
    """Answer what needs reordering, by supplier, with a Why? for each of the first lines."""
    from jitledger_projections.reorder import as_shape

    lines = [as_shape(line) for line in desk.app.reorder()]
    text = texts.clip(texts.reorder(lines) + warning)

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        rows = []
        for line in lines[:5]:
            body = {"line": line, "sku": line["sku"]}
            stored = store_proposal(tx, turn.chat_id, turn.member, "why", body, now)
            rows.append(
                [(f"Why {line['name'][:24]}?", f"w.{stored}"), ("Snooze 1 day", f"z.{stored}")]
            )
        return [turn.message(text, rows)]

    turn.render.append(render)


async def run_out(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /runout: what may run out within a week, or within the days that were given."""
    if not _admit(message, turn, desk):
        return
    word = (command.args or "").strip()
    days = int(word) if word.isascii() and word.isdigit() and len(word) < 4 else 7
    rows = await asyncio.to_thread(desk.app.run_outs, max(1, min(365, days)))
    turn.say(texts.run_out(rows, max(1, min(365, days))))


async def history(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /history."""
    if _admit(message, turn, desk):
        answer_history(command.args or "", turn, desk)


def answer_history(words: str, turn: Turn, desk: Desk) -> None:
    """Answer with the newest entries of one product."""
    sku = exact_or_ask(words, turn, desk, "history")
    if sku is not None:
        item, _, _ = desk.app.queries.item(sku)
        rows = desk.app.queries.history(sku)
        turn.say(texts.clip(texts.history(rows, item.catalog.title, sku)))


async def why(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /why."""
    if _admit(message, turn, desk):
        answer_why(command.args or "", turn, desk)


def answer_why(words: str, turn: Turn, desk: Desk) -> None:
    """Answer with the entries that sum to on-hand."""
    sku = exact_or_ask(words, turn, desk, "why")
    if sku is not None:
        item, _, _ = desk.app.queries.item(sku)
        turn.say(texts.clip(texts.why(desk.app.queries.why(sku), item.catalog.title)))


async def as_of(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /asof DATE PRODUCT."""
    if not _admit(message, turn, desk):
        return
    day, _, words = (command.args or "").strip().partition(" ")
    if not day or not words.strip():
        turn.say("Which day and which product? For example: /asof 2026-03-02 MUG")
        return
    try:
        at = parse_horizon("the day", day, desk.app.queries.shop().tz)
    except LedgerError as error:
        turn.say(texts.safe(error.message))
        return
    sku = exact_or_ask(words, turn, desk, "stock")
    if sku is None:
        return
    then = desk.app.queries.stock(sku, as_of=at)
    believed = desk.app.queries.stock(sku, as_of=at, as_at=at)
    text = f"On {texts.safe(day)}:\n{texts.stock(then)}"
    if believed["on_hand"] != then["on_hand"]:
        text += f"\nAs believed on that day: {believed['on_hand']}"
    turn.say(text)


async def later(message: Message, turn: Turn, desk: Desk) -> None:
    """List what was kept for later, each with its buttons."""
    if not _admit(message, turn, desk):
        return
    from jitledger_bot.handlers.messages import offer_choices

    with desk.app.database.snapshot() as tx:
        rows = tx.all(
            "SELECT id FROM proposals WHERE kind = 'choose' AND chat_id = ? "
            "AND consumed_at IS NULL ORDER BY created_at DESC LIMIT 5",
            (turn.chat_id,),
        )
    if not rows:
        turn.say("Nothing is kept for later.")
    for (stored,) in rows:
        offer_choices(stored, turn, desk)


def plain_question(text: str, turn: Turn, desk: Desk, warning: str) -> bool:
    """Answer a plain question; False when the text is none."""
    if len(text) > PLAIN_LIMIT or "\n" in text:
        return False
    if asks_reorder(text):
        answer_reorder(turn, desk, warning)
        return True
    asked = asks_stock(text)
    named = stock_asked(text, desk)
    if named is None and asked and not text.rstrip().endswith("?"):
        return False  # "MUG left on the table" is no question unless it names a product.
    if named is not None or asked:
        answer_stock(named or asked[0], turn, desk)
    return bool(asked) or named is not None


def stock_asked(text: str, desk: Desk) -> str | None:
    """Return the words of a question that name one product exactly."""
    for words in [*asks_stock(text), *may_ask_stock(text)]:
        if desk.resolver.resolve(words).exact is not None:
            return words
    return None
