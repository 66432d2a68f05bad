"""Questions: on hand, reorder, run-out, history, why, as of a day, the log, and help."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from jitledger.domain.errors import LedgerError
from jitledger.domain.moments import from_datetime, local_date, parse_horizon, to_datetime
from jitledger.domain.shop import Shop
from jitledger.service.submission import Answer
from jitledger.store.database import Tx
from jitledger_bot import charts, texts
from jitledger_bot.access import Member
from jitledger_bot.desk import Desk
from jitledger_bot.language import _, local
from jitledger_bot.pages import PER_PAGE, Page, say_page
from jitledger_bot.reading import (
    asks_log,
    asks_promise,
    asks_reorder,
    asks_run_out,
    asks_stock,
    may_ask_stock,
)
from jitledger_bot.reading.readings import Reading
from jitledger_bot.reading.times import take_times
from jitledger_bot.turn import Button, Outgoing, Turn, store_proposal

PLAIN_LIMIT = 120
DEAD_DAYS = 90
WEEK = 7


def make_router() -> Router:
    """Return the router of questions."""
    router = Router(name="questions")
    for names, handler in (
        (("help",), help_),
        (("stock",), stock),
        (("chart",), chart),
        (("reorder",), reorder),
        (("runout",), run_out),
        (("dead",), dead),
        (("supplier",), supplier),
        (("history",), history),
        (("why",), why),
        (("asof",), as_of),
        (("log",), log),
        (("later", "kept"), later),
    ):
        router.message.register(handler, Command(*names))
    return router


def admit(message: Message, turn: Turn, desk: Desk) -> tuple[Shop, Member] | None:
    """Return the shop and who asks; a stranger gets one polite line in private.

    An anonymous administrator of a group is told why nothing is answered.
    """
    admitted = desk.admit(turn, message.from_user, message.chat.type == "private")
    anonymous = message.sender_chat is not None and message.sender_chat.id == message.chat.id
    if admitted is None and anonymous and (message.text or "").startswith("/"):
        turn.say(_("I cannot see who you are: switch anonymity off to ask or record here."))
    return admitted


async def help_(message: Message, turn: Turn, desk: Desk) -> None:
    """Say what can be said."""
    admitted = admit(message, turn, desk)
    if admitted is not None:
        turn.say(texts.help_for(admitted[1].role))


async def stock(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /stock."""
    with desk.app.database.snapshot():  # One look for all that is asked.
        if admit(message, turn, desk):
            answer_stock(command.args or "", turn, desk)


def answer_stock(words: str, turn: Turn, desk: Desk) -> None:
    """Answer what is on the shelf of one product."""
    sku = exact_or_ask(words, turn, desk, "stock")
    if sku is not None:
        turn.say(texts.stock(desk.app.queries.stock(sku)))


def exact_or_ask(words: str, turn: Turn, desk: Desk, question: str, more: str = "") -> str | None:
    """Return the product some words name; else offer the nearest as buttons.

    ``question`` says what is answered for the one that is chosen, with ``more`` beside it.
    """
    if not words.strip():
        turn.say(_("Which product? For example: {example}", example=f"/{question} MUG"))
        return None
    found = desk.resolver.resolve(words)
    if found.exact is not None:
        return found.exact.sku
    if not found.nearest:
        turn.say(_("I know no product like “{words}”.", words=texts.safe(words[:80])))
        return None

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        rows = []
        for near in found.nearest:
            body = {"question": question, "sku": near.sku, "more": more}
            stored = store_proposal(tx, turn.chat_id, turn.member, "ask", body, now)
            rows.append([(f"{near.title} ({near.sku})", f"a.{stored}")])
        return [turn.message(_("Which one?"), rows)]

    turn.render.append(render)
    return None


async def chart(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /chart: stock with its reorder point and projected run-out, and demand."""
    if admit(message, turn, desk):
        await answer_chart(command.args or "", turn, desk)


async def answer_chart(words: str, turn: Turn, desk: Desk) -> None:
    """Answer with a picture of one product."""
    sku = exact_or_ask(words, turn, desk, "chart")
    if sku is None:
        return
    picture = await asyncio.to_thread(charts.stock_chart, desk.app, sku)
    row = desk.app.queries.stock(sku)
    turn.photo(picture, texts.stock(row))


async def reorder(message: Message, turn: Turn, desk: Desk) -> None:
    """Answer /reorder."""
    admitted = admit(message, turn, desk)
    if admitted is not None:
        await answer_reorder(turn, desk, desk.warning(admitted[1]))


async def answer_reorder(turn: Turn, desk: Desk, warning: str = "") -> None:
    """Answer what needs reordering, by supplier, most urgent first."""
    page = await asyncio.to_thread(reorder_page, desk, 0)
    say_page(turn, page, "reorder", {}, warning)


def reorder_page(desk: Desk, first: int) -> Page:
    """Return a page of the reorder report with Why? and Snooze for each of its lines."""
    lines = desk.app.reorder()
    shown = lines[first : first + PER_PAGE]
    text = texts.reorder(shown, len(lines), first, desk.app.uncounted())

    def keys(tx: Tx, chat_id: int, member: str | None, now: int) -> list[list[Button]]:
        rows = []
        for line in shown:
            stored = store_proposal(tx, chat_id, member, "why", {"sku": line.sku}, now)
            asked = _("Why {name}?", name=line.name[:24])
            rows.append([(asked, f"w.{stored}"), (_("Snooze 1 day"), f"z.{stored}")])
        for code in dict.fromkeys(line.supplier for line in shown if line.supplier):
            stored = store_proposal(tx, chat_id, member, "draft", {"supplier": code}, now)
            rows.append([(_("Order from {supplier}", supplier=code[:30]), f"j.{stored}")])
        return rows

    return Page(text, first, len(lines), keys)


async def run_out(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /runout: what may run out within a week, or within the days that were given."""
    if admit(message, turn, desk):
        await answer_run_out(_days(command.args, WEEK), turn, desk)


def _days(args: str | None, usual: int) -> int:
    word = (args or "").strip()
    days = int(word) if word.isascii() and word.isdigit() and len(word) < 4 else usual
    return max(1, min(365, days))


async def answer_run_out(days: int, turn: Turn, desk: Desk) -> None:
    """Answer what may run out within so many days."""
    rows = await asyncio.to_thread(desk.app.run_outs, days)
    turn.say(texts.run_out(rows, days))


async def dead(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /dead: what lies on the shelf and did not sell for 90 days, or as many as given."""
    if admit(message, turn, desk):
        days = _days(command.args, DEAD_DAYS)
        turn.say(texts.dead(await asyncio.to_thread(desk.app.dead_stock, days), days))


async def supplier(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /supplier: terms and products of one, or the list of all."""
    if not admit(message, turn, desk):
        return
    from jitledger_projections.supply import supplier_card, suppliers

    words = (command.args or "").strip()
    code = desk.supplier(words) if words else None
    today = local(to_datetime(desk.app.queries.present())).date().isoformat()
    with desk.app.database.snapshot() as tx:
        known = suppliers(tx)
        card = supplier_card(tx, code, today) if code is not None else None
    if card is not None:
        turn.say(texts.supplier(card))
    elif words:
        turn.say(_("I know no supplier “{words}”.", words=texts.safe(words[:80])))
    else:
        turn.say(texts.suppliers(known))


async def history(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /history."""
    if admit(message, turn, desk):
        answer_history(command.args or "", turn, desk)


def answer_history(words: str, turn: Turn, desk: Desk) -> None:
    """Answer with the newest entries of one product; older ones by a button."""
    sku = exact_or_ask(words, turn, desk, "history")
    if sku is not None:
        say_page(turn, history_page(desk, sku, 0), "history", {"sku": sku})


def history_page(desk: Desk, sku: str, first: int) -> Page:
    """Return a page of an item's entries, counted from the newest."""
    item, _q, _shop = desk.app.queries.item(sku)
    rows = desk.app.queries.history(sku)
    end = len(rows) - first
    begin = max(0, end - 2 * PER_PAGE)
    text = texts.history(rows[begin:end], item.catalog.title, sku, begin + 1, len(rows))
    return Page(texts.clip(text), first, len(rows), None, 2 * PER_PAGE)


async def why(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /why."""
    if admit(message, turn, desk):
        answer_why(command.args or "", turn, desk)


def answer_why(words: str, turn: Turn, desk: Desk) -> None:
    """Answer with the entries that sum to on-hand."""
    sku = exact_or_ask(words, turn, desk, "why")
    if sku is not None:
        item, _q, _shop = desk.app.queries.item(sku)
        turn.say(texts.clip(texts.why(desk.app.queries.why(sku), item.catalog.title)))


async def as_of(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /asof DAY PRODUCT; the day as people say it: 2026-03-02, yesterday, last Tuesday."""
    admitted = admit(message, turn, desk)
    if admitted is None:
        return
    now = desk.app.queries.present(admitted[0])
    written, here = (command.args or "").split(), local(to_datetime(now))
    words, day = take_times(written, here)
    if day is None and len(words) < len(written):
        day = here.date().isoformat()  # "today" is no day of another time.
    if isinstance(day, Reading):
        turn.say(texts.safe(day.problem or ""))
        return
    if day is None or not words:
        example = "/asof 2026-03-02 MUG"
        turn.say(_("Which day and which product? For example: {example}", example=example))
        return
    answer_as_of(day, " ".join(words), turn, desk)


def answer_as_of(day: str, words: str, turn: Turn, desk: Desk) -> None:
    """Answer what was true at a moment, and what was believed then when that differs."""
    shop = desk.app.queries.shop()
    try:
        at = parse_horizon(_("the day"), day, shop.tz)
    except LedgerError as error:
        turn.say(texts.safe(texts.problem(error)))
        return
    if local_date(at, shop.tz) > local_date(desk.app.queries.present(shop), shop.tz):
        turn.say(_("{day} has not come yet.", day=texts.safe(day)))
        return
    sku = exact_or_ask(words, turn, desk, "asof", day)
    if sku is None:
        return
    then = desk.app.queries.stock(sku, as_of=at)
    believed = desk.app.queries.stock(sku, as_of=at, as_at=at)
    text = _("On {day}:", day=texts.safe(day.replace("T", " "))) + f"\n{texts.stock(then)}"
    if believed["on_hand"] != then["on_hand"]:
        text += "\n" + _("As believed on that day: {quantity}", quantity=believed["on_hand"])
    turn.say(text)


async def log(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /log: what was entered today, by everybody or by one person."""
    if admit(message, turn, desk):
        await answer_log((command.args or "").strip(), turn, desk)


async def answer_log(name: str, turn: Turn, desk: Desk) -> None:
    """Answer what was entered since the morning of the person's own day."""
    names = desk.app.queries.people()
    member = None
    if name:
        matching = [m for m, said in names.items() if _is_called(said, name)]
        if len(matching) != 1:
            known = ", ".join(sorted(texts.safe(said) for said in names.values()))
            turn.say(_("Who is “{name}”? I know {known}.", name=texts.safe(name[:60]), known=known))
            return
        member = matching[0]
    now = local(to_datetime(desk.app.queries.present()))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = await asyncio.to_thread(desk.app.queries.log, from_datetime(midnight), by=member)
    rows = [row for row in rows if row["event"] in texts.EVENT]
    head = f"<b>{len(rows)}</b> " + _("entered today")
    if member is not None:
        head += " · " + texts.safe(names[member])
    turn.say(texts.log(rows, head))


def _is_called(said: str, name: str) -> bool:
    """Return whether somebody is meant by their whole name or its first word."""
    wanted = name.casefold()
    return wanted in (said.casefold(), said.casefold().split()[0])


async def later(message: Message, turn: Turn, desk: Desk) -> None:
    """List what was kept for later, each with its buttons."""
    if not admit(message, turn, desk):
        return
    from jitledger_bot.handlers.messages import offer_choices

    with desk.app.database.snapshot() as tx:
        rows = tx.all(
            "SELECT id FROM proposals WHERE kind = 'choose' AND chat_id = ? "
            "AND consumed_at IS NULL ORDER BY created_at DESC LIMIT 5",
            (turn.chat_id,),
        )
    if not rows:
        turn.say(_("Nothing is kept for later."))
    for (stored,) in rows:
        offer_choices(stored, turn, desk)


async def plain_question(text: str, turn: Turn, desk: Desk, warning: str) -> bool:
    """Answer a plain question; False when the text is none."""
    if len(text) > PLAIN_LIMIT or "\n" in text:
        return False
    if answer_promise_asked(text, turn, desk):
        return True
    days = asks_run_out(text)
    if days is not None:
        await answer_run_out(days, turn, desk)
        return True
    if asks_reorder(text):
        await answer_reorder(turn, desk, warning)
        return True
    who = asks_log(text)
    if who is not None:
        await answer_log(who, turn, desk)
        return True
    asked = asks_stock(text)
    named = stock_asked(text, desk)
    if named is None and asked and not text.rstrip().endswith("?"):
        return False  # "MUG left on the table" is no question unless it names a product.
    if named is not None or asked:
        answer_stock(named or asked[0], turn, desk)
    return bool(asked) or named is not None


def answer_promise_asked(text: str, turn: Turn, desk: Desk) -> bool:
    """Answer "can I have 12 mug by friday?"; False when that is not asked."""
    from jitledger_bot.handlers.orders import answer_promise

    asked = asks_promise(text, desk.app.today())
    if asked is None:
        return False
    quantity, words, day = asked
    found = desk.resolver.resolve(words).exact
    if found is None:
        return False
    answer_promise(found.sku, quantity, day, turn, desk)
    return True


def stock_asked(text: str, desk: Desk) -> str | None:
    """Return the words of a question that name one product exactly."""
    for words in [*asks_stock(text), *may_ask_stock(text)]:
        if desk.resolver.resolve(words).exact is not None:
            return words
    return None


def page_of(what: str, fields: dict[str, str], first: int, desk: Desk) -> Page:
    """Return a page of a long answer again, as it stands now."""
    from jitledger_bot.handlers.orders import orders_page

    pages: dict[str, Callable[[], Page]] = {
        "orders": lambda: orders_page(desk, first, only_late=bool(fields["late"])),
        "reorder": lambda: reorder_page(desk, first),
        "history": lambda: history_page(desk, fields["sku"], first),
    }
    return pages[what]()
