"""Purchase orders in the chat: draft from suggestions, place, receive, cancel, ask what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from jitledger.domain.commands import parse
from jitledger.domain.decisions.linking import NO_ORDER
from jitledger.domain.decisions.orders import which_place
from jitledger.domain.errors import LedgerError, Refused
from jitledger.domain.quantity import show
from jitledger.service.recording.submission import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import Asker
from jitledger_bot.desk import Desk
from jitledger_bot.memory.proposals import consume, store_proposal
from jitledger_bot.pages import PER_PAGE, Page, say_page
from jitledger_bot.press import action
from jitledger_bot.texts import orders as order_texts
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import goods as say
from jitledger_bot.texts.say import shared
from jitledger_bot.turn import Button, Outgoing, Turn
from jitledger_projections.views.products import product

if TYPE_CHECKING:
    from jitledger_bot.press import Press
    from jitledger_projections.reports.ordering.buying import Basket

DELAY_DAYS = 7


def make_router() -> Router:
    """Return the router of purchase orders."""
    router = Router(name="orders")
    router.message.register(list_orders, Command("orders"))
    router.message.register(list_late, Command("late"))
    router.message.register(one_order, Command("order"))
    return router


async def list_orders(message: Message, turn: Turn, desk: Desk) -> None:
    """Answer /orders: what is open, drafts first."""
    say_page(turn, orders_page(desk, 0, only_late=False), "orders", {"late": ""})


async def list_late(message: Message, turn: Turn, desk: Desk) -> None:
    """Answer /late: what should have come."""
    say_page(turn, orders_page(desk, 0, only_late=True), "orders", {"late": "1"})


def orders_page(desk: Desk, first: int, *, only_late: bool) -> Page:
    """Return a page of open orders with a button to each."""
    from jitledger_projections.reports.ordering.order_book import orders

    today = desk.app.today()
    with desk.app.database.snapshot() as tx:
        found = orders(tx, today, only_open=not only_late, only_late=only_late)
        if not only_late:
            drafts = [o for o in orders(tx, today) if o.state == "drafted"]
            found = drafts + [o for o in found if o.state != "drafted"]
    shown = found[first : first + PER_PAGE]
    text = order_texts.orders(shown, len(found), today, only_late)

    def keys(tx: Tx, chat_id: int, member: str | None, now: int) -> list[list[Button]]:
        rows = []
        for one in shown:
            stored = store_proposal(tx, chat_id, member, "order", {"po": one.number}, now)
            rows.append([(f"{one.number} – {one.supplier_name[:30]}", f"l.{stored}.card")])
        return rows

    return Page(text, first, len(found), keys)


async def one_order(
    message: Message, command: CommandObject, turn: Turn, desk: Desk, asker: Asker
) -> None:
    """Answer /order P7; /order P7 MUG 60 changes a line of a draft (0 takes it out)."""
    words = (command.args or "").split()
    if not words:
        turn.say(_(say.WHICH_ORDER_FOR_EXAMPLE_EXAMPLE, example="/order PO-1"))
        return
    if len(words) == 1:
        turn.render.append(lambda tx, answers, now: [_card(tx, turn, desk, words[0], now)])
        return
    if not asker.may_buy:
        turn.say(_(texts.ONLY_BUYER))
        return
    key = desk.message_key(message.chat.id, message.message_id)
    try:
        _change_draft(words[0], " ".join(words[1:-1]), words[-1], key, turn, desk)
    except LedgerError as error:
        turn.say(texts.safe(texts.problem(error)))


def _change_draft(po: str, product: str, quantity: str, key: str, turn: Turn, desk: Desk) -> None:
    """Write a draft anew with another quantity of one product."""
    from jitledger.domain.quantity import parse_quantity
    from jitledger_projections.reports.ordering.order_book import find_order

    wanted = parse_quantity("qty", quantity, zero=True)
    found = desk.resolver.resolve(product).exact
    with desk.app.database.snapshot() as tx:
        order = find_order(tx, po, desk.app.today())
    if found is None:
        raise Refused("unknown-sku", f"No product {product!r} is registered.", sku=product)
    lines = [
        {"sku": line.sku, "qty": show(line.wanted), "at": line.location}
        | ({} if line.unit_cost is None else {"unit_cost": show(line.unit_cost)})
        for line in order.lines
        if line.sku != found.sku
    ]
    places = [line.location for line in order.lines if line.sku == found.sku]
    if len(places) > 1:
        raise which_place(order.number, found.sku, places)
    if wanted > 0:
        at = {"at": places[0]} if places else {}
        lines.append({"sku": found.sku, "qty": show(wanted), **at})
    command: dict[str, object]
    if not lines:
        command = {"do": "order-cancel", "po": order.number}
    else:
        command = {
            "do": "order-draft",
            "po": order.number,
            "supplier": order.supplier,
            "lines": lines,
        }
    turn.asks = [Ask(parse(command), f"{key}:draft")]
    turn.render.append(
        lambda tx, answers, now: [_after(tx, turn, desk, order.number, answers, now)]
    )


def _after(
    tx: Tx, turn: Turn, desk: Desk, po: str, answers: Sequence[Answer], now: int
) -> Outgoing:
    """Return an order's card after a change, or why it was refused."""
    refused = next((a.error for a in answers if a.error is not None), None)
    if refused is not None:
        return turn.message(texts.safe(texts.problem(refused)))
    return _card(tx, turn, desk, po, now)


def _card(tx: Tx, turn: Turn, desk: Desk, po: str, now: int, note: str = "") -> Outgoing:
    try:
        text, rows = card(tx, turn, desk, po, now)
    except LedgerError as error:
        return turn.message(texts.safe(texts.problem(error)))
    return turn.message(f"{text}\n{note}" if note else text, rows)


def card(tx: Tx, turn: Turn, desk: Desk, po: str, now: int) -> tuple[str, list[list[Button]]]:
    """Return an order as text with what can be done about it; raises ``unknown-order``."""
    from jitledger_projections.reports.ordering.order_book import find_order

    today, shop = desk.app.today(), desk.app.queries.shop()
    found = find_order(tx, po, today)
    text = order_texts.order(found, today, shop.currency)
    stored = store_proposal(tx, turn.chat_id, turn.member, "order", {"po": found.number}, now)
    rows: list[list[Button]] = []
    if found.state == "drafted":
        text += "\n" + _(say.CHANGE_A_LINE_EXAMPLE, example=f"/order {found.number} MUG 60")
        rows.append([(_(say.PLACE), f"l.{stored}.place"), (_(say.DISCARD), f"l.{stored}.cancel")])
    elif found.is_open:
        rows.append(
            [
                (_(say.EVERYTHING_CAME), f"l.{stored}.came"),
                (_(say.REST_IS_NOT_COMING), f"l.{stored}.cancel"),
            ]
        )
        rows.append(
            [
                (_(say.A_WEEK_LATER), f"l.{stored}.delay"),
                (_(say.TEXT_FOR_THE_SUPPLIER), f"l.{stored}.text"),
            ]
        )
    return text, rows


def _wanted(desk: Desk, supplier: str) -> Basket:
    """Return what to order from a supplier now; raises ``nothing-due``."""
    from jitledger_projections.reports.ordering.buying import basket

    return basket(desk.app.look(), supplier)


@action("j", looking=True)
async def draft(press: Press) -> None:
    """Make an order of what is due from a supplier; a draft that waits is shown instead."""
    from jitledger_projections.reports.ordering.order_book import orders

    turn, desk, body = press.turn, press.desk, press.proposal.body
    if not press.asker.may_buy:
        turn.toast(press.query.id, _(texts.ONLY_BUYER), alert=True)
        return
    supplier = body.get("supplier") or _supplier_of(desk, body["sku"])
    if supplier is None:
        said = _(say.THIS_PRODUCT_HAS_NO_SUPPLIER, example=_(_EXAMPLE))
        turn.toast(press.query.id, said, alert=True)
        return
    today = desk.app.today()
    with desk.app.database.snapshot() as tx:
        waiting = [o for o in orders(tx, today, supplier=supplier) if o.state == "drafted"]
    if waiting:
        turn.toast(press.query.id, _(say.A_DRAFT_WAITS_ALREADY))
        number = waiting[0].number
        turn.render.append(lambda tx, answers, now: [_card(tx, turn, desk, number, now)])
        return
    note = ""
    if body.get("lines"):  # Proposed with their quantities: what to buy before a cost rises.
        lines = [{"sku": sku, "qty": quantity} for sku, quantity in body["lines"]]
    else:
        try:
            found = await asyncio.to_thread(_wanted, desk, supplier)
        except LedgerError as error:
            turn.toast(press.query.id, texts.problem(error), alert=True)
            return
        if not found.lines:
            turn.toast(press.query.id, _nothing(found), alert=True)
            return
        lines = [
            {"sku": line.sku, "qty": show(line.quantity)}
            | ({"at": line.location} if line.location else {})
            for line in found.lines
        ]
        note = "\n".join(order_texts.basket_notes(found, desk.app.queries.shop().currency))
    command = {"do": "order-draft", "supplier": supplier, "lines": lines}
    turn.asks = [Ask(parse(command), f"pr:{press.proposal.id}:order:{desk.keyed(press.query.id)}")]

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        refused = answers[0].error
        if refused is not None:
            return [turn.message(texts.safe(texts.problem(refused)))]
        number = answers[0].entries[0].split("/")[1]
        return [_card(tx, turn, desk, number, now, note)]

    turn.toast(press.query.id, _(say.DRAFTED))
    turn.render.append(render)


_EXAMPLE = say.NEW_SUPPLIER_EXAMPLE


def _nothing(found: Basket) -> str:
    """Say why nothing can be ordered: what has to be decided first, or what else helps."""
    asked = "; ".join(f"{name}: {texts.plain(why)}" for name, why in found.questions)
    return (asked or _(say.NOTHING_TO_ORDER_NOW))[:190]


def _supplier_of(desk: Desk, sku: str) -> str | None:
    with desk.app.database.snapshot() as tx:
        known = product(tx, sku, desk.app.today())
    return None if known is None else known.supplier


@action("l", looking=True)
async def act(press: Press) -> None:
    """Do what a button of an order's card says."""
    po, verb, turn = press.proposal.body["po"], press.place, press.turn
    if verb == "card":
        turn.toast(press.query.id, "")
        turn.render.append(lambda tx, answers, now: [_card(tx, turn, press.desk, po, now)])
        return
    if verb == "text":
        turn.toast(press.query.id, "")
        turn.render.append(lambda tx, answers, now: [_text(tx, turn, press.desk, po)])
        return
    if press.proposal.consumed:
        turn.toast(press.query.id, _(shared.DONE_ALREADY))
        return
    needs_buyer = verb != "came"
    if not press.asker.may_record or (needs_buyer and not press.asker.may_buy):
        turn.toast(press.query.id, _(texts.ONLY_BUYER), alert=True)
        return
    try:
        commands = _commands(press.desk, po, verb)
    except LedgerError as error:
        turn.toast(press.query.id, texts.problem(error), alert=True)
        return
    if not commands:
        turn.toast(press.query.id, _(shared.THIS_BUTTON_IS_TOO_OLD))
        return
    turn.asks = [
        Ask(parse(command), f"pr:{press.proposal.id}:{verb}:{number}")
        for number, command in enumerate(commands)
    ]
    turn.effects.append(consume(press.proposal.id))
    turn.toast(press.query.id, "✓")
    turn.render.append(_shown_in_place(press, po, verb))


def _commands(desk: Desk, po: str, verb: str) -> list[dict[str, object]]:
    """Return the commands of a button; raises ``unknown-order``."""
    from jitledger_projections.reports.ordering.order_book import find_order

    today = desk.app.today()
    with desk.app.database.snapshot() as tx:
        found = find_order(tx, po, today)
    match verb:
        case "place":
            return [{"do": "order-place", "po": found.number}]
        case "cancel":
            return [{"do": "order-cancel", "po": found.number}]
        case "delay":
            days = [line.promised for line in found.lines if line.promised is not None]
            days += [one.due for one in found.coming.values()]
            later = max([*days, today]) + timedelta(days=DELAY_DAYS)
            return [{"do": "order-delay", "po": found.number, "promised": later.isoformat()}]
        case "came":
            return [
                {
                    "do": "receive",
                    "sku": line.sku,
                    "qty": show(line.outstanding),
                    "at": line.location,
                    "po_line": f"{found.number}/{line.line}",
                }
                for line in found.lines
                if line.outstanding > 0
            ]
        case _:
            return []


def _shown_in_place(press: Press, po: str, verb: str) -> Any:
    """Return what shows the order again in the message whose button was pressed."""

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        turn = press.turn
        refused = next((a.error for a in answers if a.error is not None), None)
        if refused is not None:
            return [turn.message(texts.safe(texts.problem(refused)))]
        text, rows = card(tx, turn, press.desk, po, now)
        if verb == "came":
            entries = [entry for a in answers for entry in a.entries]
            stored = store_proposal(
                tx, turn.chat_id, turn.member, "undo", {"entries": entries}, now
            )
            rows.append([(_(shared.UNDO), f"u.{stored}")])
        shown = [
            turn.message(text, rows)
            if press.message is None
            else turn.edit(press.message.message_id, text, rows)
        ]
        if verb == "place":
            shown.append(_text(tx, turn, press.desk, po))
        return shown

    return render


def _text(tx: Tx, turn: Turn, desk: Desk, po: str) -> Outgoing:
    """Return the message to the supplier, to be forwarded as it is."""
    from jitledger_projections.reports.ordering.order_book import find_order, order_text

    shop = desk.app.queries.shop()
    found = find_order(tx, po, desk.app.today())
    words = order_texts.letter(shop)
    text = order_text(tx, found, shop.title, shop.currency, words)
    return turn.message(texts.clip(f"<pre>{texts.safe(text)}</pre>"))


@action("r")
def relink(press: Press) -> None:
    """Count a receipt for another order, or for none, by a correction."""
    body, turn = press.proposal.body, press.turn
    lines = body["lines"]
    if not press.place.isdigit() or int(press.place) >= len(lines):
        turn.toast(press.query.id, _(shared.THIS_BUTTON_IS_TOO_OLD))
        return
    chosen = lines[int(press.place)]
    command = {
        "do": "correct",
        "entry": body["entry"],
        "with": {"po_line": chosen},
        "reason": "it came for another order",
    }
    turn.asks = [Ask(parse(command), f"pr:{press.proposal.id}:relink")]
    turn.effects.append(consume(press.proposal.id))
    turn.toast(press.query.id, chosen.rpartition("/")[0])

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        if answers[0].error is not None:
            return [turn.message(texts.safe(texts.problem(answers[0].error)))]
        number = chosen.rpartition("/")[0]
        if chosen == NO_ORDER:
            return [turn.message(_(say.COUNTED_FOR_NO_ORDER))]
        return [turn.message(_(say.COUNTED_FOR_ORDER_ORDER, order=texts.safe(number)))]

    turn.render.append(render)
