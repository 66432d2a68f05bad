"""Advice in the chat: reorder points to move, overstock, what-if, just in time, the backtest."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError
from jitledger.domain.quantity import show
from jitledger.service.recording.submission import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import Asker
from jitledger_bot.asking import exact_or_ask
from jitledger_bot.desk import Desk
from jitledger_bot.jobs import Job, start_job
from jitledger_bot.memory.proposals import consume, store_proposal
from jitledger_bot.picture import show_picture
from jitledger_bot.press import action
from jitledger_bot.texts import advice as advice_texts
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import asking as say
from jitledger_bot.texts.say import shared
from jitledger_bot.turn import Button, Outgoing, Turn

if TYPE_CHECKING:
    from jitledger_bot.press import Press

MOST_BUTTONS = 8

WEEKLY = ("weekly", "wöchentlich")

_FACTOR = re.compile(r"[x×*]\s?(\d{1,2}(?:[.,]\d{1,2})?)", re.IGNORECASE)

_LATE = re.compile(r"\+?(\d{1,3})\s?(d|days?|tage?|w|weeks?|wochen?)?", re.IGNORECASE)


def make_router() -> Router:
    """Return the router of advice."""
    router = Router(name="advice")
    for name, handler in (
        ("tune", tune),
        ("whatif", what_if),
        ("jit", jit),
        ("backtest", backtest),
    ):
        router.message.register(handler, Command(name))
    return router


async def tune(message: Message, turn: Turn, desk: Desk, asker: Asker) -> None:
    """Answer /tune: reorder points to move, each accepted with one tap."""
    from jitledger_projections.reports.advice.points import tunings

    found = await asyncio.to_thread(lambda: tunings(desk.app.look()))
    text = advice_texts.tunings(found, desk.app.queries.shop().currency)
    may = asker.may_buy

    def render(tx: Tx, answers: Sequence[Answer], at: int) -> list[Outgoing]:
        rows: list[list[Button]] = []
        for one in found[:MOST_BUTTONS] if may else ():
            body = {"sku": one.sku, "at": one.location, "point": show(one.proposed)}
            stored = store_proposal(tx, turn.chat_id, turn.member, "tune", body, at)
            label = _(say.NAME_TO_POINT, name=one.title[:30], point=show(one.proposed))
            rows.append([(label, f"d.{stored}")])
        return [turn.message(text, rows)]

    turn.render.append(render)


@action("d")
def accept(press: Press) -> None:
    """Set a reorder point as proposed; its other terms stay. Undo voids the entry."""
    body, desk = press.proposal.body, press.desk
    item, _q, _shop = desk.app.queries.item(body["sku"])
    dated = item.catalog.policies.get(body["at"], [])
    kept = dated[-1][1] if dated else None
    command = {"do": "policy", "sku": body["sku"], "reorder_point": body["point"]}
    if body["at"]:
        command["at"] = body["at"]
    for field in ("method", "order_quantity", "order_up_to", "service_level", "cover_days"):
        value = getattr(kept, field, None)
        if value is not None:
            command[field] = value if isinstance(value, str) else show(value)
    name = texts.product(item.catalog.title, item.sku)
    said = _(say.REORDER_AT_FROM_NOW_ON, product=name, point=body["point"])
    _do(press, command, said)


@action("x")
def reprice(press: Press) -> None:
    """Set the price that restores the least margin. Undo voids the entry."""
    body = press.proposal.body
    item, _q, _shop = press.desk.app.queries.item(body["sku"])
    name = texts.product(item.catalog.title, item.sku)
    said = _(say.PRICE_FROM_NOW_ON, product=name, price=body["price"])
    _do(press, {"do": "price", "sku": body["sku"], "price": body["price"]}, said)


@action("mv")
def move(press: Press) -> None:
    """Record that stock was moved to a place that is short of it. Undo takes it back."""
    body = press.proposal.body
    item, _q, _shop = press.desk.app.queries.item(body["sku"])
    said = _(
        say.MOVED_FROM_TO,
        quantity=body["qty"],
        product=texts.product(item.catalog.title, item.sku),
        place=texts.safe(body["from"]),
        to=texts.safe(body["to"]),
    )
    if press.asker.may_record:
        _record(press, {"do": "transfer", **body}, said)
    else:
        press.turn.toast(press.query.id, _(texts.VIEWER), alert=True)


def _do(press: Press, command: dict[str, object], said: str) -> None:
    """Record what a button proposes, once, say so, and offer to undo it; buyers only."""
    if press.asker.may_buy:
        _record(press, command, said)
    else:
        press.turn.toast(press.query.id, _(texts.ONLY_BUYER), alert=True)


def _record(press: Press, command: dict[str, object], said: str) -> None:
    turn = press.turn
    turn.asks = [Ask(parse(command), f"pr:{press.proposal.id}:{command['do']}")]
    turn.effects.append(consume(press.proposal.id))
    turn.toast(press.query.id, "✓")

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        if answers[0].error is not None:
            return [turn.message(texts.safe(texts.problem(answers[0].error)))]
        undo = {"entries": list(answers[0].entries)}
        stored = store_proposal(tx, turn.chat_id, turn.member, "undo", undo, now)
        return [turn.message(said, [[(_(shared.UNDO), f"u.{stored}")]])]

    turn.render.append(render)


async def what_if(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /whatif Acme 14, /whatif kitchen x1.5: what runs out, and what to do now."""
    from jitledger_projections.reports.ordering.what_if import what_if as ask

    text = (command.args or "").strip()
    factor = _FACTOR.search(text)
    days = None if factor else _LATE.search(text)
    if factor is None and days is None:
        examples = "/whatif Acme 14, /whatif kitchen x1.5"
        turn.say(_(say.WHAT_IF_WHAT_FOR_EXAMPLE, example=examples))
        return
    found_at = factor or days
    assert found_at is not None
    name = (text[: found_at.start()] + text[found_at.end() :]).strip()
    late, times = 0, 1.0
    if factor is not None:
        times = float(factor.group(1).replace(",", "."))
    else:
        assert days is not None
        late = int(days.group(1)) * (7 if (days.group(2) or "d")[0] in "wW" else 1)
    supplier = desk.supplier(name) if name else None
    if late and name and supplier is None:
        turn.say(_(say.I_KNOW_NO_SUPPLIER_WORDS, words=texts.safe(name[:80])))
        return
    category = name if name and supplier is None else None
    try:
        found = await asyncio.to_thread(
            lambda: ask(
                desk.app.look(),
                supplier=supplier,
                late_days=late,
                category=category,
                factor=times,
            )
        )
    except LedgerError as error:
        turn.say(texts.safe(texts.problem(error)))
        return
    turn.say(advice_texts.consequences(found))


async def jit(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /jit MUG: whether just-in-time is right for it."""
    await answer_jit(command.args or "", turn, desk)


async def answer_jit(words: str, turn: Turn, desk: Desk) -> None:
    """Answer whether just-in-time is right for a product."""
    from jitledger_projections.reports.advice.just_in_time import verdict

    sku = exact_or_ask(words, turn, desk, "jit")
    if sku is not None:
        try:
            said = await asyncio.to_thread(lambda: verdict(desk.app.look(), sku))
        except LedgerError as error:
            turn.say(texts.safe(texts.problem(error)))
            return
        item, _q, _shop = desk.app.queries.item(sku)
        turn.say(advice_texts.verdict(item.catalog.title, sku, said))


async def backtest(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /backtest, /backtest weekly: a job that ends with a chart."""
    weekly = (command.args or "").strip().casefold() in WEEKLY
    turn.say(_(say.REPLAYING_YOUR_SALES))
    start_job(turn, "backtest", {"review_days": 7 if weekly else 1})


async def replay(job: Job, desk: Desk) -> None:
    """Do a backtest job: replay in a thread, answer with a chart and the figures."""
    from jitledger_projections.reports.backtest.backtest import backtest as run
    from jitledger_projections.reports.backtest.chart import trade_off

    report = await asyncio.to_thread(
        lambda: run(
            desk.app.look(),
            names=("mix", "velocity", "current"),
            seeds=2,
            review_days=job.body.get("review_days", 1),
            progress=job.advance,
        )
    )
    currency = desk.app.queries.shop().currency
    said = advice_texts.backtest(report, currency)
    await show_picture(job.turn, said, partial(trade_off, report, currency))
