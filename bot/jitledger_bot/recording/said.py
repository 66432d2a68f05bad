"""What is said of a line that was recorded, refused, or kept until its product is known."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal

from jitledger.domain.json import Json
from jitledger.domain.moments import to_datetime
from jitledger.domain.quantity import show
from jitledger.service.recording.submission import Answer
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.memory.proposals import store_proposal
from jitledger_bot.reading import Reading
from jitledger_bot.recording.lines import Line, signed_delta
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import recorded as say
from jitledger_bot.texts.say import shared
from jitledger_bot.turn import Button, Outgoing, Turn


def repeat(recorded: dict[str, list[str]], turn: Turn, desk: Desk) -> None:
    """Answer a redelivered message: what it recorded, and today's on-hand."""
    entries = [entry for found in recorded.values() for entry in found]
    lines = [_(say.ALREADY_RECORDED_ENTRIES, entries=", ".join(map(texts.safe, entries)))]
    for sku in dict.fromkeys(entry.rpartition("/")[0] for entry in entries):
        row = desk.app.queries.stock(sku)
        lines.append(on_hand(row["on_hand"]) + f" – {texts.product(row['name'], sku)}")
    turn.say("\n".join(lines))


def say_line(line: Line, answer: Answer) -> str:
    """Say how a line was read and what is on hand now, or why it was refused."""
    reading = line.reading
    name = texts.product(line.title, line.sku or "")
    if answer.error is not None:
        raw = texts.safe(reading.raw.strip()[:120])
        return f"✗ “{raw}”: {texts.safe(texts.problem(answer.error))}"
    left = on_hand(f"<b>{answer.on_hand}</b>") + "."
    if answer.uncounted:
        left += " " + _(say.COUNT_FIRST_NOTHING_WAS_RECEIVED)
    elif answer.on_hand is not None and answer.on_hand.startswith("-"):
        left += " ⚠ " + _(say.BELOW_ZERO_A_RECEIPT_NOT)
    if answer.repeat:
        entries = ", ".join(answer.entries)
        return _(say.ALREADY_RECORDED_ENTRIES, entries=entries) + f" {name}. {left}"
    # For which order it counted, the answer says with a button for another one.
    told = (texts.note(one) for one in answer.notes if getattr(one, "code", "") != "linked")
    notes = "".join(f" ⚠ {text}." for text in told)
    return f"{say_fact(line)}. {left}{notes}"


def say_fact(line: Line) -> str:
    """Say how a line was read: what, how many, of what, at which price, where, from whom, when."""
    reading = line.reading
    quantity = show(reading.quantity or Decimal(0))
    if reading.do == "adjust" and reading.quantity is not None:
        quantity = show(signed_delta(reading))
    if line.pack is not None:
        quantity += f" {line.pack}"
    said_verb = texts.VERB[reading.do or "receive"]
    name = texts.product(line.title, line.sku or "")
    price = f" @ {texts.money(reading.price)}" if reading.price is not None else ""
    source = ""
    if reading.supplier:
        source = " " + _(shared.FROM_SUPPLIER, supplier=reading.supplier)
    if reading.do == "transfer":
        source += f", {reading.location or ''} → {reading.to or ''}".replace(",  →", " →")
    elif reading.location is not None:
        source += f", {reading.location}"
    if reading.do == "return" and reading.condition == "damaged":
        source += ", " + _(say.DAMAGED)
    when = f" ({texts.safe(reading.occurred.replace('T', ' '))})" if reading.occurred else ""
    return f"{_(said_verb)} {quantity} × {name}{price}{texts.safe(source)}{when}"


def on_hand(quantity: str) -> str:
    """Say how much there is."""
    return _(shared.ON_HAND_QUANTITY, quantity=quantity)


def offer(tx: Tx, turn: Turn, line: Line, key: str, now: int) -> Outgoing:
    """Keep a line whose product or pack is unknown, and ask for it."""
    reading = asdict(line.reading)
    reading["quantity"] = None if line.reading.quantity is None else show(line.reading.quantity)
    reading["price"] = None if line.reading.price is None else show(line.reading.price)
    reading["total"] = None if line.reading.total is None else show(line.reading.total)
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
    return offer_message(turn, stored, body)


def offer_message(turn: Turn, stored: str, body: Json) -> Outgoing:
    """Return the question for what is missing of a kept line: its product, or what a pack holds."""
    reading = body["reading"]
    if body.get("pack") and body.get("sku"):
        text = _(
            say.HOW_MANY_PRODUCT_DOES_ONE,
            product=texts.product(body["title"], body["sku"]),
            pack=texts.safe(body["pack"]),
        )
        keys = [(_(say.ANSWER), f"h.{stored}"), (_(say.KEEP_FOR_LATER), f"k.{stored}")]
        return turn.message(text, [keys])
    rows: list[list[Button]] = [
        [(f"{title} ({sku})", f"c.{stored}.{place}")]
        for place, (sku, title) in enumerate(body["nearest"])
    ]
    rows.append([(_(shared.NEW_PRODUCT), f"p.{stored}"), (_(say.KEEP_FOR_LATER), f"k.{stored}")])
    typed = texts.safe(reading["product"][:80])
    text = _(
        say.I_DO_NOT_KNOW_TYPED,
        typed=typed,
        quantity=reading["quantity"],
    )
    return turn.message(text, rows)


def kept_reading(body: Json) -> Reading:
    """Return the reading of a kept line."""
    fields = dict(body["reading"])
    for name in ("quantity", "price", "total"):
        fields[name] = None if fields.get(name) is None else Decimal(fields[name])
    return Reading(**fields)
