"""Edited messages: what a message recorded is corrected, line by line.

A new line is matched to an entry of the same product and kind, first at its own place, then
anywhere in the message. Matched ones are corrected, others recorded, and what no line stands for
any more is voided. An entry that was undone cannot be corrected by editing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aiogram.types import Message

from jitledger.domain.commands import parse
from jitledger.domain.events import EntryVoided, Event, Transfer, TransferReceived
from jitledger.domain.json import Json
from jitledger.domain.moments import to_datetime
from jitledger.domain.names import split_entry
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.state.order import voids
from jitledger.domain.state.shop import Shop
from jitledger.service.recording.submission import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import Asker
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.undo import current
from jitledger_bot.memory.chats import title_of
from jitledger_bot.memory.proposals import drop_questions, store_proposal
from jitledger_bot.reading import Reading, reads_count
from jitledger_bot.recording.asked.far import most_moved
from jitledger_bot.recording.lines import Line, never_half, read_fact
from jitledger_bot.recording.meaning import names_its_product, read
from jitledger_bot.recording.record import far_more, record_text
from jitledger_bot.recording.said import offer, on_hand, repeat, say_line
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import shared
from jitledger_bot.texts.say import talk as say
from jitledger_bot.turn import Button, Outgoing, Turn

_CHANGES = ("qty", "delta", "unit_cost", "unit_price", "at", "supplier", "reason", "pack")


@dataclass(frozen=True, slots=True)
class Old:
    """One entry in force that the message recorded, with the number of its line."""

    number: int
    entry: str
    sku: str
    event: Event


async def on_edit(message: Message, turn: Turn, desk: Desk, asker: Asker) -> None:
    """Correct what a message recorded: the entry is voided and written anew."""
    private, shop, member = asker.private, asker.shop, asker.member
    text = message.text or message.caption
    if text is None:
        return
    if text.startswith("/"):
        if private:
            turn.say(_(say.AN_EDITED_COMMAND_IS_NOT))
        return
    if member.role == "viewer":
        if private:
            turn.say(_(texts.VIEWER))
        return
    prefix = desk.message_key(message.chat.id, message.message_id)
    recorded = desk.recorded(prefix)
    turn.effects.append(_forget_questions(turn.chat_id, prefix))
    if message.photo and not names_its_product(text, desk, shop):
        # The barcode said which product; only what stands beside it was edited.
        text = _beside_the_code(text, recorded)
    if not recorded:
        if message.text is not None:
            record_text(text, message.date, prefix, turn, desk, shop, private, again=True)
        return
    mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:6]
    suffix = f":e{int(message.edit_date or 0)}-{mark}"
    done = {k: v for k, v in recorded.items() if k.endswith(suffix)}
    if done:
        repeat(done, turn, desk)
        return
    olds, gone = _in_force(recorded, prefix, desk)
    if not olds and gone:
        turn.say(f"✗ {texts.safe(gone)} " + _(say.THE_EDIT_WAS_NOT_RECORDED))
        return
    number = reads_count(text)
    if len(olds) == 1 and number is not None and number.ambiguous is None:
        # A number in a counting round: the product is the one that was asked for.
        how = olds[0].event.again
        verb = "count" if how is None else how.do
        text = f"{verb} {olds[0].sku} {show(number.value)}"
    _correct(message, text, olds, prefix, suffix, turn, desk, shop)


def _forget_questions(chat_id: int, prefix: str) -> Any:
    """Return the effect that closes the questions the message's earlier text left open."""

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        drop_questions(tx, chat_id, prefix, now)

    return effect


def _in_force(
    recorded: dict[str, list[str]], prefix: str, desk: Desk
) -> tuple[list[Old], str | None]:
    """Return the message's entries in force, and a sentence on one that is voided."""
    found: list[Old] = []
    gone: str | None = None
    for key, entries in recorded.items():
        number = int(key.removeprefix(prefix + ":").partition(":")[0] or 0)
        for recorded_entry in entries:
            entry = current(recorded_entry, desk)
            sku, version = split_entry(entry)
            if desk.app.queries.find(sku) != sku or any(old.entry == entry for old in found):
                continue
            _sku, stored = desk.app.queries.entries(sku)
            in_force = voids(stored)
            event = dict(stored)[version]
            if isinstance(event, EntryVoided | TransferReceived):  # It goes with its dispatch.
                continue
            if version in in_force:
                by = f"{sku}/{in_force[version]}"
                gone = _(say.VOIDED_ALREADY, entry=entry, by=by)
                continue
            found.append(Old(number, entry, sku, event))
    return sorted(found, key=lambda old: old.number), gone


def _beside_the_code(text: str, recorded: dict[str, list[str]]) -> str:
    """Return an edited caption with the product that its photo's barcode had named."""
    entries = [entry for found in recorded.values() for entry in found]
    sku = split_entry(entries[0])[0] if entries else ""
    first, *rest = text.split("\n")
    return "\n".join([f"{first} {sku}".strip(), *rest])


def _correct(
    message: Message,
    text: str,
    olds: list[Old],
    prefix: str,
    suffix: str,
    turn: Turn,
    desk: Desk,
    shop: Shop,
) -> None:
    now = desk.app.queries.present(shop)
    local = to_datetime(now).astimezone(shop.tz)
    readings = read(text, local, desk, shop)
    left = list(olds)
    lines: list[Line] = []
    unread = False
    stated = desk.stated_at(message.date, now)
    told = [
        read_fact(reading, number, prefix, stated, message.date, now, desk, shop)
        for number, reading in enumerate(readings)
    ]
    never_half(told)
    _hold_back_far(told, desk)
    for number, line in enumerate(told):
        old = None if line.ask is None else _match(line, number, left)
        if old is not None and line.reading.do == "transfer":
            if not _same_way(line, old):
                assert line.ask is not None
                line.ask = Ask(line.ask.command, f"{prefix}:{number}{suffix}", line.ask.payload)
            else:
                left.remove(old)
                line = Line(Reading(line.reading.raw, problem="unchanged"))
        elif old is not None:
            left.remove(old)
            line = _correction(line, old, f"{prefix}:{number}{suffix}")
        elif line.ask is not None:
            line.ask = Ask(line.ask.command, f"{prefix}:{number}{suffix}", line.ask.payload)
        else:
            unread = True
        if line.reading.problem != "unchanged":
            lines.append(line)
    if unread:
        left = _surely_gone(left, lines, len(readings))
    lines += [_removal(old, f"{prefix}:{old.number}:v{suffix}") for old in left]
    turn.correlation = prefix
    turn.asks = [line.ask for line in lines if line.ask is not None]
    if not lines:
        turn.say(_(say.NOTHING_CHANGED))
        return
    turn.render.append(lambda tx, answers, at: _said(tx, lines, answers, at, turn, prefix, suffix))


def _hold_back_far(lines: Sequence[Line], desk: Desk) -> None:
    """Ask about far more than ever moved: a slip of the thumb in an edit is one as well."""
    for line in lines:
        most = most_moved(line, desk)
        if most is not None:
            line.ask, line.problem = None, far_more(line, most)


def _surely_gone(left: list[Old], lines: list[Line], count: int) -> list[Old]:
    """Return old entries whose place another line has taken.

    One whose place holds a line that is still asked about is taken back with the answer; one
    whose line is missing may be what could not be read, and stays.
    """
    asked = {line.number: line for line in lines if line.ask is None}
    for old in left:
        if old.number in asked:
            asked[old.number].replaces = old.entry
    return [old for old in left if old.number < count and old.number not in asked]


def _same_way(line: Line, old: Old) -> bool:
    """Return whether a transfer says what was recorded."""
    if line.ask is None:
        return False
    fields = line.ask.command.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert isinstance(old.event, Transfer)
    return (
        Decimal(fields["qty"]) == old.event.quantity
        and fields["from"] == old.event.from_location
        and fields["to"] == old.event.to_location
    )


def _match(line: Line, number: int, left: list[Old]) -> Old | None:
    """Return the entry a line stands for: same product and kind, its own place first."""
    same = [
        old
        for old in left
        if old.sku == line.sku
        and old.event.again is not None
        and old.event.again.do == line.reading.do
    ]
    return next((old for old in same if old.number == number), same[0] if same else None)


def _correction(line: Line, old: Old, key: str) -> Line:
    """Turn a line into the correction of an entry; an unchanged one asks for nothing."""
    assert line.ask is not None
    fields = line.ask.command.model_dump(mode="json", by_alias=True, exclude_none=True)
    changes = {name: fields[name] for name in _CHANGES if name in fields}
    if line.reading.occurred is not None:
        changes["occurred_at"] = line.reading.occurred
    if _is_same(line, old, changes):
        return Line(Reading(line.reading.raw, problem="unchanged"))
    command = {"do": "correct", "entry": old.entry, "with": changes, "reason": "message edited"}
    line.ask = Ask(parse(command), key, line.ask.payload)
    line.corrects = True
    return line


def _is_same(line: Line, old: Old, changes: Json) -> bool:
    event = old.event
    quantity = getattr(event, "quantity", None) or getattr(event, "delta", ZERO)
    asked = Decimal(changes.get("qty") or changes.get("delta") or 0)
    price: Decimal | None = getattr(event, "unit_price", None) or getattr(event, "unit_cost", None)
    if getattr(event, "cost_assumed", False):
        price = None
    wanted = changes.get("unit_price") or changes.get("unit_cost")
    place = getattr(event, "location", None)
    return (
        asked == quantity
        and price == (None if wanted is None else Decimal(wanted))
        and line.reading.occurred is None
        and changes.get("at", place) == place
        and "pack" not in changes
    )


def _removal(old: Old, key: str) -> Line:
    line = Line(Reading("", do="receive", quantity=Decimal(0)), old.sku, "")
    void = {"do": "void", "entry": old.entry, "reason": "line removed from the message"}
    line.ask = Ask(parse(void), key, hashlib.sha256(key.encode()).digest())
    line.removed = True
    return line


def _said(
    tx: Tx,
    lines: Sequence[Line],
    answers: Sequence[Answer],
    now: int,
    turn: Turn,
    prefix: str,
    suffix: str,
) -> list[Outgoing]:
    """Say what an edit changed, line by line; a refused one says why."""
    given = iter(answers)
    said: list[str] = []
    entries: list[str] = []
    extra: list[Outgoing] = []
    for line in lines:
        if line.ask is None:
            if line.problem is None:
                key = f"{prefix}:{line.number}{suffix}"
                extra.append(offer(tx, turn, line, key, now))
            else:
                raw = texts.safe(line.reading.raw.strip()[:120])
                said.append(f"✗ “{raw}”: {texts.safe(line.problem)}")
            continue
        answer = next(given)
        if answer.error is not None:
            refused = texts.safe(texts.problem(answer.error))
            said.append(f"✗ {refused} " + _(say.THE_EDIT_WAS_NOT_RECORDED))
            continue
        entries += answer.entries
        name = texts.product(line.title or title_of(tx, line.sku or ""), line.sku or "")
        if line.removed:
            left = on_hand(f"<b>{answer.on_hand}</b>")
            said.append(_(say.TAKEN_BACK_PRODUCT, product=name) + f" {left}.")
        elif line.corrects:
            said.append(_(say.CORRECTED_LINE).replace("{line}", say_line(line, answer)))
        else:
            said.append(say_line(line, answer))
    buttons: list[list[Button]] = []
    if entries:
        body = {"entries": entries}
        stored = store_proposal(tx, turn.chat_id, turn.member, "undo", body, now)
        buttons.append([(_(shared.UNDO), f"u.{stored}")])
    shown = [turn.message(texts.clip("\n".join(said)), buttons)] if said else []
    return shown + extra
