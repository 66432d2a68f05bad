"""Questions: on hand, reorder, run-out, history, why, as of a day, the log, and help."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from jitledger.bootstrap import App
from jitledger.domain.errors import LedgerError, Remark
from jitledger.domain.events import EVENTS
from jitledger.domain.moments import from_datetime, local_date, parse_horizon, to_datetime
from jitledger.domain.quantity import show
from jitledger.domain.state.shop import MAY_BUY
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import Asker
from jitledger_bot.asking import exact_or_ask
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.asking import advice, questions
from jitledger_bot.handlers.kept import later
from jitledger_bot.handlers.shop import catalog
from jitledger_bot.memory.proposals import store_proposal
from jitledger_bot.pages import PER_PAGE, Page, say_page
from jitledger_bot.picture import show_picture
from jitledger_bot.press import Press, action
from jitledger_bot.reading.readings import Reading
from jitledger_bot.reading.times import take_times
from jitledger_bot.texts import charts
from jitledger_bot.texts import orders as order_texts
from jitledger_bot.texts.language import _, local
from jitledger_bot.texts.reordering import moving
from jitledger_bot.texts.say import asking as say
from jitledger_bot.texts.say import shared
from jitledger_bot.turn import Button, Turn

if TYPE_CHECKING:
    from jitledger_projections.reports.ordering.reorder_line import ReorderLine

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


async def help_(message: Message, turn: Turn, desk: Desk, asker: Asker) -> None:
    """Say what can be said."""
    turn.say(texts.help_for(asker.member.role))


async def stock(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /stock."""
    with desk.app.database.snapshot():  # One look for all that is asked.
        answer_stock(command.args or "", turn, desk)


def answer_stock(words: str, turn: Turn, desk: Desk) -> None:
    """Answer what is on the shelf of one product."""
    sku = exact_or_ask(words, turn, desk, "stock")
    if sku is not None:
        turn.say(texts.stock(desk.app.queries.stock(sku)))


async def chart(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /chart: stock with its reorder point and projected run-out, and demand."""
    await answer_chart(command.args or "", turn, desk)


async def answer_chart(words: str, turn: Turn, desk: Desk) -> None:
    """Answer with a picture of one product."""
    sku = exact_or_ask(words, turn, desk, "chart")
    if sku is None:
        return
    shown = texts.stock(desk.app.queries.stock(sku))
    await show_picture(turn, shown, partial(charts.stock_chart, desk.app, sku))


async def reorder(message: Message, turn: Turn, desk: Desk, asker: Asker) -> None:
    """Answer /reorder."""
    await answer_reorder(turn, desk, desk.warning(asker.member))


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
            asked = _(shared.WHY_NAME, name=line.name[:24])
            rows.append([(asked, f"w.{stored}"), (_(shared.SNOOZE_1_DAY), f"z.{stored}")])
            for one in line.moves:
                body = {"sku": line.sku, "qty": show(one.quantity), "from": one.source}
                body["to"] = line.location or ""
                stored = store_proposal(tx, chat_id, member, "move", body, now)
                rows.append([(moving(body, line.name), f"mv.{stored}")])
        for code in dict.fromkeys(line.supplier for line in shown if line.supplier):
            stored = store_proposal(tx, chat_id, member, "draft", {"supplier": code}, now)
            rows.append([(_(shared.ORDER_FROM_SUPPLIER, supplier=code[:30]), f"j.{stored}")])
        return rows

    return Page(text, first, len(lines), keys)


async def run_out(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /runout: what may run out within a week, or within the days that were given."""
    await answer_run_out(_days(command.args, WEEK), turn, desk)


def _days(args: str | None, usual: int) -> int:
    word = (args or "").strip()
    days = int(word) if word.isascii() and word.isdigit() and len(word) < 4 else usual
    return max(1, min(365, days))


async def answer_run_out(days: int, turn: Turn, desk: Desk) -> None:
    """Answer what may run out within so many days."""
    from jitledger_projections.reports.ordering.run_out import run_outs

    rows = await asyncio.to_thread(lambda: run_outs(desk.app.look(), days))
    turn.say(texts.run_out(rows, days))


async def dead(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /dead: what lies on the shelf and did not sell for 90 days, or as many as given."""
    from jitledger_projections.reports.advice.dead_stock import dead_stock

    days = _days(command.args, DEAD_DAYS)
    found = await asyncio.to_thread(lambda: dead_stock(desk.app.look(), days))
    turn.say(texts.dead(found, days))


async def supplier(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /supplier: terms and products of one, or the list of all."""
    from jitledger_projections.views.supply import supplier_card, suppliers

    words = (command.args or "").strip()
    code = desk.supplier(words) if words else None
    today = local(to_datetime(desk.app.queries.present())).date().isoformat()
    with desk.app.database.snapshot() as tx:
        known = suppliers(tx)
        card = supplier_card(tx, code, today) if code is not None else None
    if card is not None:
        turn.say(texts.supplier(card))
    elif words:
        turn.say(_(say.I_KNOW_NO_SUPPLIER_WORDS, words=texts.safe(words[:80])))
    else:
        turn.say(texts.suppliers(known))


async def history(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /history."""
    answer_history(command.args or "", turn, desk)


def answer_history(words: str, turn: Turn, desk: Desk) -> None:
    """Answer with the newest entries of one product; older ones by a button."""
    sku = exact_or_ask(words, turn, desk, "history")
    if sku is not None:
        fields: dict[str, object] = {"sku": sku, "costs": "yes" if _sees_costs(turn, desk) else ""}
        say_page(turn, history_page(desk, fields, 0), "history", fields)


def _sees_costs(turn: Turn, desk: Desk) -> bool:
    """Return whether costs may be told: to whoever buys, where nobody reads along."""
    role = desk.app.queries.shop().members.get(turn.member or "")
    return role in MAY_BUY and turn.chat_id > 0


def history_page(desk: Desk, fields: Mapping[str, object], first: int) -> Page:
    """Return a page of an item's entries, counted from the newest."""
    sku = str(fields["sku"])
    item, _q, _shop = desk.app.queries.item(sku)
    rows = desk.app.queries.history(sku)
    end = len(rows) - first
    begin = max(0, end - 2 * PER_PAGE)
    shown, costs = rows[begin:end], bool(fields.get("costs"))
    text = texts.history(shown, item.catalog.title, sku, begin + 1, len(rows), costs=costs)
    return Page(texts.clip(text), first, len(rows), None, 2 * PER_PAGE)


async def why(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /why."""
    answer_why(command.args or "", turn, desk)


def answer_why(words: str, turn: Turn, desk: Desk) -> None:
    """Answer with the entries that sum to on-hand."""
    sku = exact_or_ask(words, turn, desk, "why")
    if sku is not None:
        item, _q, _shop = desk.app.queries.item(sku)
        turn.say(texts.clip(texts.why(desk.app.queries.why(sku), item.catalog.title)))


async def as_of(
    message: Message, command: CommandObject, turn: Turn, desk: Desk, asker: Asker
) -> None:
    """Answer /asof DAY PRODUCT; the day as people say it: 2026-03-02, yesterday, last Tuesday."""
    now = desk.app.queries.present(asker.shop)
    written, here = (command.args or "").split(), local(to_datetime(now))
    words, day = take_times(written, here)
    if day is None and len(words) < len(written):
        day = here.date().isoformat()  # "today" is no day of another time.
    if isinstance(day, Reading):
        turn.say(texts.safe(day.problem or ""))
        return
    if day is None or not words:
        example = "/asof 2026-03-02 MUG"
        turn.say(_(say.WHICH_DAY_AND_WHICH_PRODUCT, example=example))
        return
    answer_as_of(day, " ".join(words), turn, desk)


def answer_as_of(day: str, words: str, turn: Turn, desk: Desk) -> None:
    """Answer what was true at a moment, and what was believed then when that differs."""
    shop = desk.app.queries.shop()
    try:
        at = parse_horizon(_(say.THE_DAY), day, shop.tz)
    except LedgerError as error:
        turn.say(texts.safe(texts.problem(error)))
        return
    if local_date(at, shop.tz) > local_date(desk.app.queries.present(shop), shop.tz):
        turn.say(_(say.DAY_HAS_NOT_COME, day=texts.safe(day)))
        return
    sku = exact_or_ask(words, turn, desk, "asof", day)
    if sku is None:
        return
    then = desk.app.queries.stock(sku, as_of=at)
    believed = desk.app.queries.stock(sku, as_of=at, as_at=at)
    text = _(say.ON_DAY, day=texts.safe(day.replace("T", " "))) + f"\n{texts.stock(then)}"
    if believed["on_hand"] != then["on_hand"]:
        text += "\n" + _(say.AS_BELIEVED_ON_THAT_DAY, quantity=believed["on_hand"])
    turn.say(text)


async def log(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /log: what was entered today, by everybody or by one person."""
    await answer_log((command.args or "").strip(), turn, desk)


async def answer_log(name: str, turn: Turn, desk: Desk) -> None:
    """Answer what was entered since the morning of the person's own day."""
    names = desk.app.queries.people()
    member = None
    if name:
        matching = [m for m, said in names.items() if _is_called(said, name)]
        if len(matching) != 1:
            known = ", ".join(sorted(texts.safe(said) for said in names.values()))
            turn.say(_(say.WHO_IS_NAME_I_KNOW, name=texts.safe(name[:60]), known=known))
            return
        member = matching[0]
    now = local(to_datetime(desk.app.queries.present()))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = await asyncio.to_thread(desk.app.queries.log, from_datetime(midnight), by=member)
    rows = [row for row in rows if EVENTS[row["event"]].word]
    head = f"<b>{len(rows)}</b> " + _(say.ENTERED_TODAY)
    if member is not None:
        head += " · " + texts.safe(names[member])
    turn.say(texts.log(rows, head))


def _is_called(said: str, name: str) -> bool:
    """Return whether somebody is meant by their whole name or its first word."""
    wanted = name.casefold()
    return wanted in (said.casefold(), said.casefold().split()[0])


def _explained(app: App, sku: str) -> tuple[list[ReorderLine], list[Remark]]:
    """Return an item's reorder points, and what a replay chose for the shop."""
    from jitledger_projections.reports.ordering.reorder import explained
    from jitledger_projections.reports.upkeep import chosen_ways

    look = app.look()
    return explained(look, sku), chosen_ways(look.plan.forecast)


@action("w", looking=True)
async def explain_point(press: Press) -> None:
    """Explain an item's reorder point term by term, due or not, as it stands now; with a chart."""
    press.turn.toast(press.query.id, _(shared.WHY))
    app, sku = press.desk.app, press.proposal.body["sku"]
    lines, ways = await asyncio.to_thread(_explained, app, sku)
    line = next((x for x in lines if x.due), lines[0] if lines else None)
    if line is None:
        shown = texts.stock(app.queries.stock(sku))
        text = _(say.IT_NEEDS_NO_REORDERING_NOW) + "\n" + shown
    else:
        text = "\n".join([texts.why_reorder(line), *map(texts.note, ways)])
    await show_picture(press.turn, text, partial(charts.stock_chart, app, sku))


@action("v", looking=True)
async def view(press: Press) -> None:
    """Show a list that a push spoke of, as it stands now."""
    press.turn.toast(press.query.id, "")
    if press.proposal.body["what"] == "runout":
        await questions.answer_run_out(questions.WEEK, press.turn, press.desk)
    else:
        await questions.answer_reorder(press.turn, press.desk)


@action("e", looking=True)
def why_on_hand(press: Press) -> None:
    """Explain how an on-hand number came about."""
    press.turn.toast(press.query.id, _(shared.HOW_IT_CAME_ABOUT))
    questions.answer_why(press.proposal.body["sku"], press.turn, press.desk)


@action("a", looking=True)
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
        case "export" if not press.asker.may_buy:
            press.turn.say(_(texts.ONLY_BUYER))
        case "export":
            await catalog.send_table("history", sku, press.turn, press.desk)
        case _:
            questions.answer_stock(sku, press.turn, press.desk)


def answer_promise(sku: str, quantity: Any, day: date | None, turn: Turn, desk: Desk) -> None:
    """Answer what can be promised of a product, from stock, orders and usual lateness."""
    from jitledger_projections.reports.ordering.promises import promise_of

    item, found = promise_of(desk.app.look(), sku)
    turn.say(order_texts.promise(item.catalog.title, item.sku, found, quantity, day))
