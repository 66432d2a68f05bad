"""Messages that record: receipts, sales, counts, adjustments; edits that correct them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from aiogram import Router
from aiogram.types import Message

from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError
from jitledger.domain.moments import MICROSECOND, show_moment, to_datetime
from jitledger.domain.quantity import show
from jitledger.domain.shop import Shop
from jitledger.service.ledger import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk, title_of
from jitledger_bot.handlers.questions import plain_question
from jitledger_bot.reading import Reading, read_message
from jitledger_bot.turn import (
    Button,
    Outgoing,
    Turn,
    load_proposal,
    recall,
    remember,
    store_proposal,
)

AGAIN_SECONDS = 60
PENDING = "pending: before or after the count?"


def make_router() -> Router:
    """Return the router of messages that record."""
    router = Router(name="messages")
    router.message.register(on_text)
    router.edited_message.register(on_edit)
    return router


@dataclass(slots=True)
class Line:
    """One line of a message on its way into the ledger."""

    reading: Reading
    sku: str | None = None
    title: str = ""
    ask: Ask | None = None
    nearest: Sequence[tuple[str, str]] = ()
    problem: str | None = None
    pending_count: int | None = None


async def on_text(message: Message, turn: Turn, desk: Desk) -> None:
    """Record what a message says, or answer what it asks."""
    user = message.from_user
    private = message.chat.type == "private"
    admitted = desk.admit(turn, user.id if user else None, private)
    if admitted is None or message.text is None:
        if admitted is not None and private:
            turn.say("I can read text only for now. Write, for example: received 24 MUG")
        return
    shop, member = admitted
    if message.text.startswith("/"):
        turn.say("I do not know this command. /help shows what I understand.")
        return
    prefix = desk.message_key(message.chat.id, message.message_id)
    recorded = desk.recorded(prefix)
    if recorded:
        _repeat(recorded, turn, desk)
        return
    if _answers_new_product(message, turn, desk):
        return
    if plain_question(message.text, turn, desk, desk.warning(member)):
        return
    record_text(message.text, message.date, prefix, turn, desk, shop, private)


def _repeat(recorded: dict[str, list[str]], turn: Turn, desk: Desk) -> None:
    """Answer a redelivered message: what it recorded, and today's on-hand."""
    entries = [entry for found in recorded.values() for entry in found]
    lines = [f"Already recorded: {', '.join(map(texts.safe, entries))}."]
    for sku in dict.fromkeys(entry.rpartition("/")[0] for entry in entries):
        row = desk.app.queries.stock(sku)
        lines.append(f"On hand {row['on_hand']} – {texts.product(row['name'], sku)}")
    turn.say("\n".join(lines))


def record_text(
    text: str,
    sent_at: datetime,
    prefix: str,
    turn: Turn,
    desk: Desk,
    shop: Shop,
    private: bool,
    again: bool = False,
) -> None:
    """Read a text line by line and prepare what it records."""
    now = desk.app.queries.present(shop)
    local = to_datetime(now).astimezone(shop.tz)
    readings = read_message(text, local)
    if not any(r.do for r in readings):
        if private:
            turn.say(
                "I did not understand this. For example: received 24 blue mug\n/help shows more."
            )
        return
    if not again and _said_just_now(text, sent_at, prefix, turn, desk):
        return
    stated = desk.stated_at(sent_at, now)
    lines = [
        _line(reading, number, prefix, stated, sent_at, now, desk, shop)
        for number, reading in enumerate(readings)
    ]
    turn.correlation = prefix
    turn.asks = [line.ask for line in lines if line.ask is not None]
    turn.render.append(lambda tx, answers, at: _confirm(tx, lines, answers, at, turn, prefix))


def _said_just_now(text: str, sent_at: datetime, prefix: str, turn: Turn, desk: Desk) -> bool:
    """Ask "again?" when the same text came as another message within a minute."""
    key = f"last:{turn.chat_id}:{turn.member}"
    digest = hashlib.sha256(text.strip().casefold().encode("utf-8", "replace")).hexdigest()[:24]
    with desk.app.database.snapshot() as tx:
        _, last = recall(tx, key)
    sent = int(sent_at.timestamp())
    turn.effects.append(remember(key, None, {"digest": digest, "sent": sent, "prefix": prefix}))
    same = last.get("digest") == digest and last.get("prefix") != prefix
    if not same or not 0 <= sent - int(last.get("sent", 0)) <= AGAIN_SECONDS:
        return False

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        body = {"text": text, "sent": sent, "prefix": prefix}
        stored = store_proposal(tx, turn.chat_id, turn.member, "again", body, now)
        shown = texts.safe(text[:200])
        return [
            turn.message(
                f"You wrote the same a moment ago: “{shown}”. Again?",
                [[("Yes, again", f"y.{stored}"), ("No", f"n.{stored}")]],
            )
        ]

    turn.render.append(render)
    return True


def _line(
    reading: Reading,
    number: int,
    prefix: str,
    stated: str | None,
    sent_at: datetime,
    now: int,
    desk: Desk,
    shop: Shop,
) -> Line:
    line = Line(reading)
    if reading.problem is not None or not reading.is_fact:
        line.problem = reading.problem or "I did not understand this line"
        return line
    found = desk.resolver.resolve(reading.product)
    if found.exact is None:
        line.nearest = [(near.sku, near.title) for near in found.nearest]
        return line
    line.sku, line.title = found.exact.sku, found.exact.title
    try:
        fields = command_fields(reading, line.sku, stated, desk)
        if reading.do == "sell" and reading.occurred is None:
            count = desk.recent_count(line.sku, fields.get("at") or shop.first_location, now)
            if count is not None:
                line.pending_count = count
                fields["occurred_at"] = to_datetime(count - MICROSECOND).isoformat()
                fields["note"] = PENDING
        command = parse(fields)
    except LedgerError as error:
        line.problem = error.message
        return line
    line.ask = Ask(command, f"{prefix}:{number}", raw_payload(reading.raw, sent_at))
    return line


def raw_payload(raw: str, sent_at: datetime) -> bytes:
    """Return what a message line's key stands for: the raw line with the message's own date."""
    text = f"{int(sent_at.timestamp())}\n{raw}"
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def command_fields(reading: Reading, sku: str, stated: str | None, desk: Desk) -> dict[str, Any]:
    """Return a reading as a command's fields."""
    assert reading.do is not None
    assert reading.quantity is not None
    fields: dict[str, Any] = {"do": reading.do, "sku": sku}
    occurred = reading.occurred or stated
    if occurred is not None:
        fields["occurred_at"] = occurred
    if reading.do == "adjust":
        fields["delta"] = show(reading.quantity if reading.cause != "gift" else -reading.quantity)
        fields["reason"] = reading.cause or "other"
    else:
        fields["qty"] = show(reading.quantity)
    if reading.location is not None and reading.do != "transfer":
        fields["at"] = reading.location
    if reading.do == "transfer":
        fields["from"] = reading.location or desk.app.queries.shop().first_location
        fields["to"] = reading.to
        if reading.to is None:
            raise_missing("to")
    if reading.price is not None and reading.do in ("receive", "sell"):
        fields["unit_cost" if reading.do == "receive" else "unit_price"] = show(reading.price)
    if reading.supplier is not None and reading.do == "receive":
        code = desk.supplier(reading.supplier)
        fields["supplier" if code is not None else "note"] = code or f"from {reading.supplier}"
    if reading.do == "write-off" and reading.raw.casefold().lstrip().startswith("lost"):
        fields["reason"] = "loss"
    return fields


def raise_missing(field: str) -> None:
    """Say that a move needs a place to go to."""
    from jitledger.domain.errors import Malformed

    raise Malformed("missing-field", "where to? For example: moved 8 MUG to shop", field=field)


def _confirm(
    tx: Tx, lines: Sequence[Line], answers: Sequence[Answer], now: int, turn: Turn, prefix: str
) -> list[Outgoing]:
    """Say how every line was read and what is on hand now; offer Undo and the choices."""
    given = iter(answers)
    said: list[str] = []
    entries: list[str] = []
    extra: list[Outgoing] = []
    buttons: list[list[Button]] = []
    for number, line in enumerate(lines):
        if line.ask is not None:
            answer = next(given)
            said.append(_said(line, answer))
            entries += answer.entries if answer.ok else ()
            if answer.ok and line.pending_count is not None:
                buttons.append(_before_or_after(tx, turn, answer.entries[-1], now, line))
                said.append("It was counted a moment ago. Was this before or after the count?")
        elif line.problem is not None:
            said.append(
                f"✗ “{texts.safe(line.reading.raw.strip()[:120])}”: {texts.safe(line.problem)}"
            )
        else:
            extra.append(_choices(tx, turn, line, f"{prefix}:{number}", now))
    if entries:
        body = {"entries": entries, "key": prefix}
        stored = store_proposal(tx, turn.chat_id, turn.member, "undo", body, now)
        buttons.append([("↩ Undo", f"u.{stored}")])
    shown = [turn.message(texts.clip("\n".join(said)), buttons)] if said else []
    return shown + extra


def _before_or_after(tx: Tx, turn: Turn, entry: str, now: int, line: Line) -> list[Button]:
    body = {"entry": entry, "now": show_moment(now), "sku": line.sku}
    stored = store_proposal(tx, turn.chat_id, turn.member, "count-order", body, now)
    return [("Before the count", f"b.{stored}"), ("After the count", f"f.{stored}")]


def _said(line: Line, answer: Answer) -> str:
    name = texts.product(line.title, line.sku or "")
    if answer.error is not None:
        return (
            f"✗ “{texts.safe(line.reading.raw.strip()[:120])}”: {texts.safe(answer.error.message)}"
        )
    quantity = show(line.reading.quantity or Decimal(0))
    verb = texts.VERB[line.reading.do or "receive"]
    on_hand = f"On hand <b>{answer.on_hand}</b>."
    if answer.on_hand is not None and answer.on_hand.startswith("-"):
        on_hand += " ⚠ Below zero: a receipt not entered? Count?"
    when = (
        f" ({texts.safe(line.reading.occurred.replace('T', ' '))})" if line.reading.occurred else ""
    )
    if answer.repeat:
        return f"Already recorded {', '.join(answer.entries)}: {name}. {on_hand}"
    price = f" @ {show(line.reading.price)}" if line.reading.price is not None else ""
    return f"{verb} {quantity} × {name}{price}{when}. {on_hand}"


def _choices(tx: Tx, turn: Turn, line: Line, key: str, now: int) -> Outgoing:
    """Keep an unknown product's line and offer the nearest, a new one, or keeping it."""
    reading = asdict(line.reading)
    reading["quantity"] = None if line.reading.quantity is None else show(line.reading.quantity)
    reading["price"] = None if line.reading.price is None else show(line.reading.price)
    body = {
        "reading": reading,
        "nearest": list(line.nearest),
        "key": key,
        "at": to_datetime(now).isoformat(),
    }
    stored = store_proposal(tx, turn.chat_id, turn.member, "choose", body, now)
    return _offer(turn, stored, body)


def _offer(turn: Turn, stored: str, body: dict[str, Any]) -> Outgoing:
    reading = body["reading"]
    rows: list[list[Button]] = [
        [(f"{title} ({sku})", f"c.{stored}.{place}")]
        for place, (sku, title) in enumerate(body["nearest"])
    ]
    rows.append([("New product", f"p.{stored}"), ("Keep for later", f"k.{stored}")])
    typed = texts.safe(reading["product"][:80])
    text = f"I do not know “{typed}” ({reading['quantity']}). Which is it?"
    return turn.message(text, rows)


def offer_choices(stored: str, turn: Turn, desk: Desk) -> None:
    """Offer a kept line again."""
    with desk.app.database.snapshot() as tx:
        proposal = load_proposal(tx, stored)
    if proposal is None:
        return
    found = desk.resolver.resolve(proposal.body["reading"]["product"])
    body = dict(proposal.body)
    if found.exact is not None:
        body["nearest"] = [(found.exact.sku, found.exact.title)]
    message = _offer(turn, stored, body)

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        import orjson

        tx.execute(
            "UPDATE proposals SET body = ? WHERE id = ?", (orjson.dumps(body).decode(), stored)
        )
        return [message]

    turn.render.append(render)


def kept_reading(body: dict[str, Any]) -> Reading:
    """Return the reading of a kept line."""
    fields = dict(body["reading"])
    for name in ("quantity", "price"):
        fields[name] = None if fields[name] is None else Decimal(fields[name])
    return Reading(**fields)


def record_kept(
    proposal_id: str, body: dict[str, Any], sku: str, turn: Turn, desk: Desk, *, learn: bool
) -> str | None:
    """Prepare the record of a kept line for a product, at its original time.

    Returns the problem when it cannot be recorded.
    """
    reading = kept_reading(body)
    try:
        fields = command_fields(reading, sku, body["at"], desk)
        command = parse(fields)
    except LedgerError as error:
        return error.message
    payload = raw_payload(reading.raw, datetime.fromtimestamp(0))
    turn.asks.append(Ask(command, body["key"], payload))
    turn.correlation = body["key"].rpartition(":")[0]
    number = len(turn.asks) - 1
    if learn:
        alias = reading.product.strip().casefold()

        def teach(tx: Tx, answers: Sequence[Answer], now: int) -> None:
            if answers[number].ok:
                tx.execute(
                    "INSERT INTO aliases VALUES (?, ?) ON CONFLICT (alias) DO UPDATE SET "
                    "sku = excluded.sku",
                    (alias, sku),
                )

        turn.effects.append(teach)

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        line = Line(reading, sku, title_of(tx, sku))
        answer = answers[number]
        text = _said(line, answer)
        if not answer.ok:
            return [turn.message(text)]
        undo = {"entries": list(answer.entries), "key": body["key"]}
        stored = store_proposal(tx, turn.chat_id, turn.member, "undo", undo, now)
        return [turn.message(text, [[("↩ Undo", f"u.{stored}")]])]

    turn.render.append(render)
    return None


# --- a new product in one line --------------------------------------------------------------------


def _answers_new_product(message: Message, turn: Turn, desk: Desk) -> bool:
    """Take the line "name, price, supplier" that was asked for; False when none was."""
    key = f"new:{turn.chat_id}:{turn.member}"
    with desk.app.database.snapshot() as tx:
        state, data = recall(tx, key)
        proposal = load_proposal(tx, data.get("proposal", "")) if state == "asked" else None
    if proposal is None or proposal.consumed or message.text is None:
        return False
    from jitledger_bot.handlers.new_product import register_from_line

    return register_from_line(message.text, proposal, key, turn, desk)


# --- edits ----------------------------------------------------------------------------------------


async def on_edit(message: Message, turn: Turn, desk: Desk) -> None:
    """Correct what a message recorded: the entry is voided and written anew."""
    user = message.from_user
    admitted = desk.admit(turn, user.id if user else None, message.chat.type == "private")
    if admitted is None or message.text is None:
        return
    shop, _ = admitted
    prefix = desk.message_key(message.chat.id, message.message_id)
    recorded = desk.recorded(prefix)
    stamp = int(message.edit_date or 0)
    originals = {k: v for k, v in recorded.items() if ":e" not in k.removeprefix(prefix)}
    done = [k for k in recorded if k.endswith(f":e{stamp}")]
    if done:
        _repeat({k: recorded[k] for k in done}, turn, desk)
        return
    if not originals:
        record_text(
            message.text,
            message.date,
            prefix,
            turn,
            desk,
            shop,
            message.chat.type == "private",
            again=True,
        )
        return
    _correct(message.text, message.date, originals, prefix, stamp, turn, desk, shop)


def _correct(
    text: str,
    sent_at: datetime,
    originals: dict[str, list[str]],
    prefix: str,
    stamp: int,
    turn: Turn,
    desk: Desk,
    shop: Shop,
) -> None:
    """Compare the edited lines with what was recorded and prepare corrections, line by line."""
    now = desk.app.queries.present(shop)
    local = to_datetime(now).astimezone(shop.tz)
    readings = read_message(text, local)
    lines: list[Line] = []
    for number, reading in enumerate(readings):
        key = f"{prefix}:{number}"
        line = _line(
            reading, number, prefix, desk.stated_at(sent_at, now), sent_at, now, desk, shop
        )
        old = originals.pop(key, None)
        if line.ask is not None and old:
            command, same = _correction(line, old[-1], desk)
            payload = raw_payload(f"{reading.raw}\ne{stamp}", sent_at)
            line.ask = None if same else Ask(parse(command), f"{key}:e{stamp}", payload)
            if same:
                continue
        lines.append(line)
    for key, old in originals.items():  # Lines that are gone are taken back.
        gone = Line(
            Reading("(line removed)", do="receive", quantity=Decimal(0)),
            old[-1].rpartition("/")[0],
            "",
        )
        void = parse({"do": "void", "entry": old[-1], "reason": "line removed from the message"})
        gone.ask = Ask(void, f"{key}:e{stamp}", raw_payload(f"void\ne{stamp}", sent_at))
        lines.append(gone)
    turn.correlation = prefix
    turn.asks = [line.ask for line in lines if line.ask is not None]
    if not lines:
        turn.say("Nothing changed.")
        return
    turn.render.append(lambda tx, answers, at: _corrected(tx, lines, answers, at, turn, prefix))


def _correction(line: Line, entry: str, desk: Desk) -> tuple[dict[str, Any], bool]:
    """Return the command that makes an entry what the edited line says, and whether it is so."""
    assert line.ask is not None
    old_sku = entry.rpartition("/")[0]
    fields = line.ask.command.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude_defaults=True
    )
    fields.pop("note", None)
    _, entries = desk.app.queries.entries(old_sku)
    version = int(entry.rpartition("/")[2])
    name, data = next((n, d) for v, n, d in entries if v == version)
    kind = {
        "receive": "stock-received",
        "sell": "stock-sold",
        "count": "stock-counted",
        "write-off": "stock-written-off",
        "return": "sale-returned",
        "adjust": "stock-adjusted",
        "unmet": "demand-unmet",
    }.get(line.reading.do or "")
    if line.sku != old_sku or kind != name:
        return {"do": "void", "entry": entry, "reason": "message edited"}, False
    changes = {
        k: v
        for k, v in fields.items()
        if k in ("qty", "delta", "unit_cost", "unit_price", "at", "supplier")
    }
    if line.reading.occurred is not None:
        changes["occurred_at"] = line.reading.occurred
    quantity = Decimal(data.get("quantity") or data.get("delta") or 0)
    price = data.get("unit_cost") or data.get("unit_price")
    asked = Decimal(changes.get("qty") or changes.get("delta") or 0)
    new_price = changes.get("unit_cost") or changes.get("unit_price")
    same = asked == quantity and (
        new_price is None or (price is not None and Decimal(price) == Decimal(new_price))
    )
    same = same and line.reading.occurred is None and "at" not in changes
    return {"do": "correct", "entry": entry, "with": changes, "reason": "message edited"}, same


def _corrected(
    tx: Tx, lines: Sequence[Line], answers: Sequence[Answer], now: int, turn: Turn, prefix: str
) -> list[Outgoing]:
    """Say what an edit changed; a refused one says why."""
    given = iter(answers)
    said: list[str] = []
    entries: list[str] = []
    for line in lines:
        if line.ask is None:
            said.append(
                f"✗ “{texts.safe(line.reading.raw.strip()[:120])}”: "
                f"{texts.safe(line.problem or 'unknown product; send it as a new message')}"
            )
            continue
        answer = next(given)
        if answer.error is not None:
            said.append(f"✗ {texts.safe(answer.error.message)} The edit was not recorded.")
            continue
        entries += answer.entries
        name = texts.product(line.title or title_of(tx, line.sku or ""), line.sku or "")
        said.append(f"Corrected: {name}. On hand <b>{answer.on_hand}</b>.")
    buttons: list[list[Button]] = []
    if entries:
        body = {"entries": entries, "key": f"{prefix}:edit"}
        stored = store_proposal(tx, turn.chat_id, turn.member, "undo", body, now)
        buttons.append([("↩ Undo", f"u.{stored}")])
    return [turn.message(texts.clip("\n".join(said)), buttons)]
