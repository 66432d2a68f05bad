"""Messages that record: receipts, sales, counts, adjustments; edits that correct them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from aiogram import Router
from aiogram.types import Message

from jitledger.domain.commands import parse
from jitledger.domain.decisions.linking import NO_ORDER
from jitledger.domain.errors import LedgerError, unknown_location
from jitledger.domain.moments import HOUR, MICROSECOND, show_moment, to_datetime
from jitledger.domain.names import split_entry
from jitledger.domain.quantity import show
from jitledger.domain.shop import Shop
from jitledger.domain.stock_item import voids
from jitledger.service.submission import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import Member
from jitledger_bot.desk import Desk, title_of
from jitledger_bot.handlers import counting
from jitledger_bot.handlers.joining import open_shop
from jitledger_bot.handlers.orders import linked
from jitledger_bot.handlers.questions import admit, plain_question
from jitledger_bot.handlers.undo import replies
from jitledger_bot.language import _
from jitledger_bot.meaning import find, read, says_something
from jitledger_bot.reading import Reading
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
MOST_QUESTIONS = 8
QUESTION_LASTS = 6 * HOUR
UNREADABLE = {
    "sticker",
    "voice",
    "video",
    "audio",
    "animation",
    "video_note",
    "location",
    "contact",
}
PENDING = "pending: before or after the count?"


def make_router(name: str) -> Router:
    """Return a router of messages that record, or are told why not."""
    router = Router(name=name)
    router.message.register(on_text)
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
    at: str | None = None
    """When the message was sent, when it reached us late."""
    pack: str | None = None
    corrects: bool = False
    removed: bool = False
    number: int = 0
    replaces: str | None = None
    """The entry that an edited line stood for, to be taken back once its product is chosen."""


async def on_text(message: Message, turn: Turn, desk: Desk) -> None:
    """Record what a message says, or answer what it asks."""
    if message.chat.type == "private" and await open_shop(message, turn, desk):
        return
    with desk.app.database.snapshot(), desk.resolver.remembering():
        open_question = _take(message, turn, desk)
    if open_question is None:
        return
    shop, member, readings = open_question
    assert message.text is not None
    if await plain_question(message.text, turn, desk, desk.warning(member)):
        return
    if member.role != "viewer" and _answers_question(message, turn, desk):
        return
    _record(message, readings, turn, desk, shop, member)


def _take(
    message: Message, turn: Turn, desk: Desk
) -> tuple[Shop, Member, Sequence[Reading]] | None:
    """Take what a message says; None unless it may still be a plain question."""
    private = message.chat.type == "private"
    admitted = admit(message, turn, desk)
    if admitted is None:
        return None
    shop, member = admitted
    if message.text is None:
        if private and message.content_type in UNREADABLE:
            turn.say(_("I read text, tables and barcodes. Write, for example: received 24 MUG"))
        return None
    if message.text.startswith("/"):
        if private and "@" not in message.text.split()[0]:
            turn.say(_("I do not know this command. /help shows what I understand."))
        return None
    prefix = desk.message_key(message.chat.id, message.message_id)
    recorded = desk.recorded(prefix)
    if recorded:
        repeat(recorded, turn, desk)
        return None
    now = desk.app.queries.present(shop)
    if member.role != "viewer":
        stated = desk.stated_at(message.date, now)
        if replies(message, turn, desk):
            return None
        meant = private or _answers_us(message, desk)
        if meant and counting.take_count(message.text, prefix, turn, desk, stated, _asked_since):
            return None
    readings = read(message.text, to_datetime(now).astimezone(shop.tz), desk, shop)
    if not any(says_something(r) for r in readings):
        return shop, member, readings
    if member.role == "viewer":
        turn.say(_(texts.VIEWER))
    else:
        _record(message, readings, turn, desk, shop, member)
    return None


def _record(
    message: Message,
    readings: Sequence[Reading],
    turn: Turn,
    desk: Desk,
    shop: Shop,
    member: Member,
) -> None:
    private = message.chat.type == "private"
    prefix = desk.message_key(message.chat.id, message.message_id)
    turn.author = None if private else member.name
    record_text(
        message.text or "", message.date, prefix, turn, desk, shop, private, readings=readings
    )


def repeat(recorded: dict[str, list[str]], turn: Turn, desk: Desk) -> None:
    """Answer a redelivered message: what it recorded, and today's on-hand."""
    entries = [entry for found in recorded.values() for entry in found]
    lines = [_("Already recorded: {entries}.", entries=", ".join(map(texts.safe, entries)))]
    for sku in dict.fromkeys(entry.rpartition("/")[0] for entry in entries):
        row = desk.app.queries.stock(sku)
        lines.append(on_hand(row["on_hand"]) + f" – {texts.product(row['name'], sku)}")
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
    readings: Sequence[Reading] | None = None,
    attachment: str | None = None,
) -> None:
    """Prepare what a text records, line by line; it is read unless its readings are given."""
    now = desk.app.queries.present(shop)
    if readings is None:
        readings = read(text, to_datetime(now).astimezone(shop.tz), desk, shop)
    if not any(says_something(r) for r in readings):
        if private:
            turn.say(
                _("I did not understand this. For example: received 24 blue mug")
                + "\n"
                + _("/help shows more.")
            )
        return
    if not again and _said_just_now(text, sent_at, prefix, turn, desk):
        return
    stated = desk.stated_at(sent_at, now)
    lines = [
        read_fact(reading, number, prefix, stated, sent_at, now, desk, shop, attachment)
        for number, reading in enumerate(readings)
    ]
    turn.correlation = prefix
    turn.asks = [line.ask for line in lines if line.ask is not None]
    turn.render.append(lambda tx, answers, at: _confirm(tx, lines, answers, at, turn, prefix, desk))


def _said_just_now(text: str, sent_at: datetime, prefix: str, turn: Turn, desk: Desk) -> bool:
    """Ask "again?" when the same text came as another message within a minute."""
    key = f"last:{turn.chat_id}:{turn.member}"
    digest = hashlib.sha256(text.strip().casefold().encode("utf-8", "replace")).hexdigest()[:24]
    with desk.app.database.snapshot() as tx:
        _state, kept = recall(tx, key)
    sent = int(sent_at.timestamp())
    recent = [r for r in kept.get("recent", []) if 0 <= sent - r["sent"] <= AGAIN_SECONDS][-20:]
    mine = next((r for r in recent if r["prefix"] == prefix), None)
    asked = any(
        r["digest"] == digest and r["prefix"] != prefix and not _was_undone(r["prefix"], desk)
        for r in recent
    )
    if mine is not None:  # Delivered again: what was asked then is asked again.
        asked = bool(mine["asked"])
    else:
        recent.append({"digest": digest, "sent": sent, "prefix": prefix, "asked": asked})
    turn.effects.append(remember(key, None, {"recent": recent}))
    if not asked:
        return False

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        body = {"text": text, "sent": sent, "prefix": prefix}
        stored = store_proposal(tx, turn.chat_id, turn.member, "again", body, now)
        shown = texts.safe(text[:200])
        return [
            turn.message(
                _("You wrote the same a moment ago: “{text}”. Again?", text=shown),
                [[(_("Yes, again"), f"y.{stored}"), (_("No"), f"n.{stored}")]],
            )
        ]

    turn.render.append(render)
    return True


def _was_undone(prefix: str, desk: Desk) -> bool:
    """Return whether a message recorded something and all of it was taken back."""
    with desk.app.database.snapshot() as tx:
        rows = tx.all(
            "SELECT entries FROM command_keys WHERE key >= ? AND key < ?",
            (f"{prefix}:", f"{prefix};"),
        )
    recorded = [split_entry(entry) for (entries,) in rows for entry in orjson.loads(entries)]
    gone = {sku: voids(desk.app.queries.entries(sku)[1]) for sku, _version in recorded}
    return bool(recorded) and all(version in gone[sku] for sku, version in recorded)


def read_fact(
    reading: Reading,
    number: int,
    prefix: str,
    stated: str | None,
    sent_at: datetime,
    now: int,
    desk: Desk,
    shop: Shop,
    attachment: str | None = None,
) -> Line:
    """Resolve a reading's product and make its command, or say what is missing."""
    line = Line(reading, number=number)
    line.at = stated
    if reading.problem is not None or not reading.is_fact:
        line.problem = reading.problem or _("I did not understand this line")
        return line
    found, line.pack, line.reading = find(reading, desk)
    reading = line.reading
    if found.exact is None:
        line.nearest = [(near.sku, near.title) for near in found.nearest]
        return line
    line.sku, line.title = found.exact.sku, found.exact.title
    if line.pack is not None and not desk.knows_pack(line.sku, line.pack):
        return line
    try:
        fields = command_fields(reading, line.sku, stated, desk, line.pack)
        if reading.do == "sell" and reading.occurred is None:
            count = desk.recent_count(line.sku, fields.get("at") or shop.first_location, now)
            if count is not None:
                line.pending_count = count
                fields["occurred_at"] = to_datetime(count - MICROSECOND).isoformat()
                fields["note"] = PENDING
        if attachment is not None and reading.do == "receive":
            fields["attachment"] = attachment
        command = parse(fields)
    except LedgerError as error:
        line.problem = texts.problem(error)
        return line
    line.ask = Ask(command, f"{prefix}:{number}", raw_payload(reading.raw, sent_at))
    return line


def _delta(reading: Reading) -> Decimal:
    """Return an adjustment's signed quantity: what was given away or stolen is always less."""
    assert reading.quantity is not None
    if reading.cause in ("gift", "theft", "sample"):
        return -abs(reading.quantity)
    return reading.quantity


def raw_payload(raw: str, sent_at: datetime) -> bytes:
    """Return what a message line's key stands for: the raw line with the message's own date."""
    text = f"{int(sent_at.timestamp())}\n{raw}"
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def command_fields(
    reading: Reading, sku: str, stated: str | None, desk: Desk, pack: str | None = None
) -> dict[str, Any]:
    """Return a reading as a command's fields."""
    assert reading.do is not None
    assert reading.quantity is not None
    fields: dict[str, Any] = {"do": reading.do, "sku": sku}
    occurred = reading.occurred or stated
    if occurred is not None:
        fields["occurred_at"] = occurred
    if reading.do == "adjust":
        fields["delta"] = show(_delta(reading))
        fields["reason"] = reading.cause or "other"
    else:
        fields["qty"] = show(reading.quantity)
        if pack is not None:
            fields["pack"] = pack
    shop = desk.app.queries.shop()
    places = shop.locations
    for named in (reading.location, reading.to):
        if named is not None and named.casefold() not in map(str.casefold, places):
            raise unknown_location(named, list(places))
    if reading.location is not None and reading.do != "transfer":
        fields["at"] = reading.location
    if reading.do == "transfer":
        fields["from"] = reading.location or shop.first_location
        fields["to"] = reading.to
        if reading.to is None:
            raise_missing("to")
    if reading.price is not None and reading.do in ("receive", "sell"):
        fields["unit_cost" if reading.do == "receive" else "unit_price"] = show(reading.price)
    if reading.supplier is not None and reading.do == "receive":
        code = desk.supplier(reading.supplier)
        fields["supplier" if code is not None else "note"] = code or f"from {reading.supplier}"
    if reading.do == "write-off" and reading.cause in ("loss", "expiry"):
        fields["reason"] = reading.cause
    if reading.do == "return" and reading.condition is not None:
        fields["condition"] = reading.condition
    return fields


def raise_missing(field: str) -> None:
    """Say that a move needs a place to go to."""
    from jitledger.domain.errors import Malformed

    said = _("where to? For example: moved 8 MUG to shop")
    raise Malformed("missing-field", said, field=field)


def _confirm(
    tx: Tx,
    lines: Sequence[Line],
    answers: Sequence[Answer],
    now: int,
    turn: Turn,
    prefix: str,
    desk: Desk,
) -> list[Outgoing]:
    """Say how every line was read and what is on hand now; offer Undo and the choices."""
    given = iter(answers)
    shown: list[str] = []
    entries: list[str] = []
    extra: list[Outgoing] = []
    waiting = 0
    buttons: list[list[Button]] = []
    for number, line in enumerate(lines):
        if line.ask is not None:
            answer = next(given)
            shown.append(said(line, answer))
            entries += answer.entries if answer.ok else ()
            if answer.ok and answer.entries and line.reading.do == "receive" and not answer.repeat:
                counted, others = linked(tx, desk, answer.entries)
                if counted:
                    shown[-1] += f" ({counted})"
                if others:
                    shown[-1] += " " + _("Or was it for another order?")
                    buttons.append(_other_orders(tx, turn, answer.entries[0], others, now))
            if answer.ok and line.pending_count is not None:
                alone = len(lines) == 1
                buttons.append(_before_or_after(tx, turn, answer.entries[-1], now, line, alone))
                shown.append(_("It was counted a moment ago. Was this before or after the count?"))
        elif line.problem is not None:
            raw = texts.safe(line.reading.raw.strip()[:120])
            shown.append(f"✗ “{raw}”: {texts.safe(line.problem)}")
        else:
            question = offer(tx, turn, line, f"{prefix}:{number}", now)
            if len(extra) < MOST_QUESTIONS:
                extra.append(question)
            else:
                waiting += 1
    if waiting:
        shown.append(_("{n} more lines wait for their product: /later", n=waiting))
    if entries:
        stored = store_proposal(tx, turn.chat_id, turn.member, "undo", {"entries": entries}, now)
        buttons.append([(_("↩ Undo"), f"u.{stored}")])
    if turn.author is not None and shown:
        shown[-1] += f" · {texts.safe(turn.author)}"
    first = [turn.message(texts.clip("\n".join(shown)), buttons)] if shown else []
    return first + extra


def _other_orders(tx: Tx, turn: Turn, entry: str, lines: Sequence[str], now: int) -> list[Button]:
    """Return a button for each other order that a receipt may be for, and one for none."""
    chosen = [*lines[:4], NO_ORDER]
    body = {"entry": entry, "lines": chosen}
    stored = store_proposal(tx, turn.chat_id, turn.member, "relink", body, now)
    return [
        (line.rpartition("/")[0] or _("No order"), f"r.{stored}.{place}")
        for place, line in enumerate(chosen)
    ]


def _before_or_after(
    tx: Tx, turn: Turn, entry: str, now: int, line: Line, alone: bool
) -> list[Button]:
    body = {"entry": entry, "now": show_moment(now), "sku": line.sku}
    stored = store_proposal(tx, turn.chat_id, turn.member, "count-order", body, now)
    which = "" if alone else f": {line.title}"
    return [
        (_("Before the count") + which, f"b.{stored}"),
        (_("After the count") + which, f"f.{stored}"),
    ]


def said(line: Line, answer: Answer) -> str:
    """Say how a line was read and what is on hand now, or why it was refused."""
    reading = line.reading
    name = texts.product(line.title, line.sku or "")
    if answer.error is not None:
        raw = texts.safe(reading.raw.strip()[:120])
        return f"✗ “{raw}”: {texts.safe(texts.problem(answer.error))}"
    quantity = show(reading.quantity or Decimal(0))
    if reading.do == "adjust" and reading.quantity is not None:
        quantity = show(_delta(reading))
    if line.pack is not None:
        quantity += f" {line.pack}"
    said_verb = texts.VERB[reading.do or "receive"]
    left = on_hand(f"<b>{answer.on_hand}</b>") + "."
    if answer.uncounted:
        left += " " + _("count first, nothing was received or counted yet")
    elif answer.on_hand is not None and answer.on_hand.startswith("-"):
        left += " ⚠ " + _("Below zero: a receipt not entered? Count?")
    if answer.repeat:
        entries = ", ".join(answer.entries)
        return _("Already recorded: {entries}.", entries=entries) + f" {name}. {left}"
    price = f" @ {texts.money(reading.price)}" if reading.price is not None else ""
    source = ""
    if reading.supplier:
        source = " " + _("from {supplier}", supplier=texts.safe(reading.supplier))
    when = f" ({texts.safe(reading.occurred.replace('T', ' '))})" if reading.occurred else ""
    notes = "".join(f" ⚠ {texts.time_note(note)}." for note in answer.notes)
    return f"{_(said_verb)} {quantity} × {name}{price}{source}{when}. {left}{notes}"


def on_hand(quantity: str) -> str:
    """Say how much there is."""
    return _("On hand {quantity}", quantity=quantity)


def offer(tx: Tx, turn: Turn, line: Line, key: str, now: int) -> Outgoing:
    """Keep a line whose product or pack is unknown, and ask for it."""
    reading = asdict(line.reading)
    reading["quantity"] = None if line.reading.quantity is None else show(line.reading.quantity)
    reading["price"] = None if line.reading.price is None else show(line.reading.price)
    reading["other"] = None
    body = {
        "reading": reading,
        "nearest": list(line.nearest),
        "key": key,
        "at": line.at or to_datetime(now).isoformat(),
        "replaces": line.replaces,
        "pack": line.pack,
        "sku": line.sku,
        "title": line.title,
    }
    stored = store_proposal(tx, turn.chat_id, turn.member, "choose", body, now)
    return _offer(turn, stored, body)


def _offer(turn: Turn, stored: str, body: dict[str, Any]) -> Outgoing:
    reading = body["reading"]
    if body.get("pack") and body.get("sku"):
        text = _(
            "How many {product} does one {pack} hold?",
            product=texts.product(body["title"], body["sku"]),
            pack=texts.safe(body["pack"]),
        )
        keys = [(_("Answer"), f"h.{stored}"), (_("Keep for later"), f"k.{stored}")]
        return turn.message(text, [keys])
    rows: list[list[Button]] = [
        [(f"{title} ({sku})", f"c.{stored}.{place}")]
        for place, (sku, title) in enumerate(body["nearest"])
    ]
    rows.append([(_("New product"), f"p.{stored}"), (_("Keep for later"), f"k.{stored}")])
    typed = texts.safe(reading["product"][:80])
    text = _(
        "I do not know “{typed}” ({quantity}). Which is it?",
        typed=typed,
        quantity=reading["quantity"],
    )
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
        # Behind the others: the buttons of the first message keep their meaning.
        exact = [found.exact.sku, found.exact.title]
        body["nearest"] = [*(n for n in body["nearest"] if list(n) != exact), exact]
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
        fields = command_fields(reading, sku, body["at"], desk, body.get("pack"))
        command = parse(fields)
    except LedgerError as error:
        return texts.problem(error)
    payload = raw_payload(reading.raw, datetime.fromtimestamp(0))
    turn.asks.append(Ask(command, body["key"], payload))
    turn.correlation = body["key"].rpartition(":")[0]
    number = len(turn.asks) - 1
    if body.get("replaces"):
        void = {"do": "void", "entry": body["replaces"], "reason": "message edited"}
        turn.asks.append(Ask(parse(void), f"{body['key']}:v"))
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
        line = Line(reading, sku, title_of(tx, sku), pack=body.get("pack"))
        answer = answers[number]
        text = said(line, answer)
        if not answer.ok:
            return [turn.message(text)]
        undo = {"entries": list(answer.entries)}
        stored = store_proposal(tx, turn.chat_id, turn.member, "undo", undo, now)
        return [turn.message(text, [[(_("↩ Undo"), f"u.{stored}")]])]

    turn.render.append(render)
    return None


# --- answers to what the bot asked ----------------------------------------------------------------


def _asked_since(turn: Turn, desk: Desk) -> int:
    """Return the update in which a line was asked for last, 0 when none is waited for."""
    with desk.app.database.snapshot() as tx:
        state, data = recall(tx, f"new:{turn.chat_id}:{turn.member}")
    return int(data.get("asked", 0)) if state is not None else 0


def _answers_us(message: Message, desk: Desk) -> bool:
    """Return whether a message is a reply to one of the bot's."""
    answered = message.reply_to_message
    author = answered.from_user if answered is not None else None
    return author is not None and author.id == desk.bot_id


def _answers_question(message: Message, turn: Turn, desk: Desk) -> bool:
    """Take the line that was asked for: a new product, or what a pack holds.

    In a group only a reply to the bot is one: others talk there too.
    """
    text = message.text or ""
    if message.chat.type != "private" and not _answers_us(message, desk):
        return False
    key = f"new:{turn.chat_id}:{turn.member}"
    with desk.app.database.snapshot() as tx:
        state, data = recall(tx, key)
        proposal = load_proposal(tx, data.get("proposal", "")) if state is not None else None
    if proposal is None or proposal.consumed:
        return False
    if desk.app.clock.now() - data.get("at", 0) > QUESTION_LASTS:
        return False
    from jitledger_bot.handlers import new_product

    if state == "pack":
        return new_product.define_pack(text, proposal, key, turn, desk)
    return new_product.register_from_line(text, proposal, key, turn, desk)
