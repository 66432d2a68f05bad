"""The catalog by message: new products, bundles, suppliers with their lead time; lists as files."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Sequence

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError
from jitledger.domain.quantity import show
from jitledger.service.recording.submission import Answer, Ask
from jitledger.service.spreadsheets import write_rows
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import Asker
from jitledger_bot.asking import exact_or_ask
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.admission import BUYER
from jitledger_bot.handlers.shop.new_product import code_of_line, product_commands
from jitledger_bot.reading.amounts.numbers import read_number
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import shop as say
from jitledger_bot.turn import Outgoing, Turn

_PART = re.compile(r"(?:(\d+(?:[.,]\d+)?)\s*[x×]?\s+)?(.+)", re.DOTALL)

_POLICY = re.compile(r"(.+?)\s+(-?\d{1,7})(?:\s+(-?\d{1,7}))?", re.ASCII | re.DOTALL)

_LEAD = re.compile(r"(\d{1,3})\s*(d|days?|tage?n?|w|weeks?|wochen?)?", re.ASCII)

EXPORTS = ("stock", "items", "history", "reorder", "log")


def make_router() -> Router:
    """Return the router of the catalog."""
    router = Router(name="catalog")
    router.message.register(new, Command("new"))
    router.message.register(new_supplier, Command("new_supplier"))
    router.message.register(policy, Command("policy"))
    router.message.register(export, Command("export"), flags={"needs": BUYER})
    return router


async def new(
    message: Message, command: CommandObject, turn: Turn, desk: Desk, asker: Asker
) -> None:
    """Answer /new NAME, PRICE, SUPPLIER, and /new NAME = 2 MUG + 1 SPOON for a bundle."""
    line = (command.args or "").strip().split("\n", 1)[0]
    if not line:
        example = "<code>/new Blue mug, 9.50, Acme</code>"
        turn.say(_(say.WRITE_THE_PRODUCT_BEHIND_IT, example=example))
        return
    name, equals, parts = line.partition("=")
    known = desk.resolver.resolve(name.split(",")[0].strip()).exact
    if known is not None:
        shown = texts.product(known.title, known.sku)
        turn.say(_(say.THERE_IS_ALREADY_PRODUCT_USE, product=shown))
        return
    head = [part.strip() for part in re.split(r",(?!\d)|(?<!\d),", name)]
    try:
        sku = code_of_line(head[0], head[0], desk)
        may_buy = asker.may_buy
        commands, told = product_commands(sku, head[0], head[1:], may_buy=may_buy)
        if equals:
            commands[0]["components"] = _components(parts, desk)
        asks = [Ask(parse(fields)) for fields in commands]
    except LedgerError as error:
        turn.say(f"✗ {texts.safe(texts.problem(error))}")
        return
    said = _(say.NEW_PRODUCT_PRODUCT, product=texts.product(head[0], sku)) + told + "."
    _do(asks, said, message, turn, desk)


def _components(text: str, desk: Desk) -> list[dict[str, str]]:
    """Read "2 mug + 1 spoon" as a bundle's lines; raises ``unknown-sku``."""
    from jitledger.domain.errors import unknown_sku

    found: list[dict[str, str]] = []
    for part in text.split("+"):
        whole = desk.resolver.resolve(part.strip()).exact
        if whole is not None:  # "250 ml bottle" is one of them.
            found.append({"sku": whole.sku, "qty": "1"})
            continue
        matched = _PART.fullmatch(part.strip())
        words = matched.group(2).strip() if matched is not None else ""
        exact = desk.resolver.resolve(words).exact if words else None
        if matched is None or exact is None:
            raise unknown_sku(part.strip()[:60])
        number = read_number(matched.group(1) or "1")
        quantity = show(number.value) if number is not None else "1"
        found.append({"sku": exact.sku, "qty": quantity})
    return found


async def new_supplier(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /new_supplier NAME, 7 days, contact."""
    parts = [part.strip() for part in (command.args or "").split(",")]
    if not parts[0]:
        example = "<code>/new_supplier Acme, 7 days, orders@acme.example</code>"
        turn.say(_(say.WRITE_THE_SUPPLIER_BEHIND_IT, example=example))
        return
    fields: dict[str, object] = {"do": "supplier", "code": parts[0]}
    days = next((d for d in map(_days, parts[1:]) if d is not None), None)
    if days is not None:
        fields["lead_time_days"] = str(days)
    contact = ", ".join(part for part in parts[1:] if part and _days(part) is None)
    if contact:
        fields["contact"] = contact
    try:
        asks = [Ask(parse(fields))]
    except LedgerError as error:
        turn.say(f"✗ {texts.safe(texts.problem(error))}")
        return
    said = _(say.SUPPLIER_NAME, name=f"<b>{texts.safe(parts[0])}</b>")
    if days is not None:
        said += ": " + texts.days_to_deliver(str(days))
    _do(asks, said + ".", message, turn, desk)


async def policy(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /policy PRODUCT POINT QUANTITY: order so many when so few are left."""
    matched = _POLICY.fullmatch((command.args or "").strip())
    if matched is None:
        example = "<code>/policy blue mug 20 24</code>"
        turn.say(_(say.PRODUCT_REORDER_POINT_QUANTITY_TO, example=example))
        return
    sku = exact_or_ask(matched.group(1), turn, desk, "stock")
    if sku is None:
        return
    point, quantity = matched.group(2), matched.group(3)
    fields = {
        "do": "policy",
        "sku": sku,
        "method": "manual",
        "reorder_point": point,
        "order_quantity": quantity or "1",
    }
    try:
        asks = [Ask(parse(fields))]
    except LedgerError as error:
        turn.say(f"✗ {texts.safe(texts.problem(error))}")
        return
    item, _q, _shop = desk.app.queries.item(sku)
    name = texts.product(item.catalog.title, sku)
    said = _(say.REORDER_AT, product=name, point=point)
    if quantity is not None:
        said += ", " + _(say.AT_A_TIME, quantity=quantity)
    _do(asks, said + ".", message, turn, desk)


def _days(text: str) -> int | None:
    """Read a lead time: "7", "7 days", "2 weeks"; None for anything else (a telephone number).

    >>> _days("2 Wochen"), _days("030 1234567")
    (14, None)
    """
    matched = _LEAD.fullmatch(text.strip().casefold())
    if matched is None:
        return None
    number = int(matched.group(1)) * (7 if (matched.group(2) or "").startswith("w") else 1)
    return number if number <= 365 else None


def _do(asks: list[Ask], said: str, message: Message, turn: Turn, desk: Desk) -> None:
    key = desk.message_key(message.chat.id, message.message_id)
    turn.asks = [Ask(ask.command, f"{key}:{number}") for number, ask in enumerate(asks)]
    turn.correlation = key

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        refused = [a.error for a in answers if a.error is not None]
        if answers[0].error is not None:
            return [turn.message(f"✗ {texts.safe(texts.problem(answers[0].error))}")]
        lines = [said, *(f"✗ {texts.safe(texts.problem(error))}" for error in refused)]
        return [turn.message("\n".join(lines))]

    turn.render.append(render)


async def export(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer /export NAME [PRODUCT] with a table as a file."""
    name, _space, words = (command.args or "").strip().partition(" ")
    name = name.casefold()
    if name not in EXPORTS:
        listed = ", ".join(f"/export {known}" for known in EXPORTS)
        turn.say(_(say.WHICH_LIST_LISTS, lists=listed))
        return
    sku = None
    if name == "history":
        sku = exact_or_ask(words, turn, desk, "export")
        if sku is None:
            return
    await send_table(name, sku, turn, desk)


async def send_table(name: str, sku: str | None, turn: Turn, desk: Desk) -> None:
    """Send a list as a file."""
    rows = await asyncio.to_thread(desk.app.exported, name, sku)
    if not rows:
        turn.say(_(say.THE_LIST_IS_EMPTY))
        return
    out = io.StringIO()
    write_rows(out, [rows[0], *(row.values() for row in rows)])
    turn.document(f"{name}{f'-{sku}' if sku else ''}.csv", out.getvalue())
