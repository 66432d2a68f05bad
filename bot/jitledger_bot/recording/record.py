"""A text's lines prepared for the ledger, and what is said of them once it answered."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial

from jitledger.domain.commands import parse
from jitledger.domain.decisions.linking import NO_ORDER
from jitledger.domain.errors import LedgerError
from jitledger.domain.json import Json
from jitledger.domain.moments import MICROSECOND, show_moment
from jitledger.domain.names import split_entry
from jitledger.domain.quantity import show
from jitledger.domain.state.order import voids
from jitledger.domain.state.shop import Shop
from jitledger.service.queries import recorded_under
from jitledger.service.recording.submission import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.memory.aliases import confirm
from jitledger_bot.memory.chats import title_of
from jitledger_bot.memory.conversations import recall, remember
from jitledger_bot.memory.proposals import load_proposal, rewrite, store_proposal
from jitledger_bot.reading import Reading
from jitledger_bot.reading.doubts import is_plan
from jitledger_bot.reading.phrases import plain
from jitledger_bot.recording.asked.completed import (
    Completed,
    ask_unsure,
    offer_completed,
    offer_meant,
)
from jitledger_bot.recording.asked.correcting import offer_correction
from jitledger_bot.recording.asked.far import most_moved
from jitledger_bot.recording.found import find, measure_of
from jitledger_bot.recording.left_over import MOST_WORDS, all_named, may_be_a_name
from jitledger_bot.recording.lines import Line, command_fields, lines_of, raw_payload
from jitledger_bot.recording.linked import linked
from jitledger_bot.recording.meaning import read, says_something
from jitledger_bot.recording.money import Unsettled, price_of_one
from jitledger_bot.recording.said import kept_reading, offer, offer_message, say_line
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import recorded as say
from jitledger_bot.texts.say import shared
from jitledger_bot.texts.say import words as say_words
from jitledger_bot.turn import Button, Outgoing, Turn

AGAIN_SECONDS = 60

MOST_QUESTIONS = 8


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
    local = desk.said_at(sent_at, now, shop)
    if readings is None:
        readings = read(text, local, desk, shop)
    facts = any(reading.is_fact for reading in readings)
    said = private and not again and attachment is None
    sent = int(sent_at.timestamp())
    if said and offer_correction(text, local, sent, prefix, turn, desk, shop, sure=not facts):
        return
    into = partial(lines_of, prefix=prefix, sent_at=sent_at, now=now, desk=desk, shop=shop)
    complete = partial(offer_completed, text, sent_at, prefix, turn, desk, shop, into)
    if not any(says_something(r) for r in readings):
        if private and not (said and complete([])):
            turn.say(_not_understood(text, desk))
        return
    if not again and _said_just_now(text, sent_at, prefix, turn, desk):
        return
    lines = into(readings, attachment=attachment)
    unsure = not again and any(line.reading.unsure for line in lines)
    whole = Completed(text, {})
    if unsure and not attachment and offer_meant(whole, lines, sent_at, prefix, turn, desk):
        return
    if unsure:
        ask_unsure(lines)
    if said and any(line.ask is None for line in lines) and complete(lines):
        return
    if not again and attachment is None and _far_beyond(lines, text, sent_at, prefix, turn, desk):
        return
    turn.correlation = prefix
    turn.asks = [line.ask for line in lines if line.ask is not None]
    turn.render.append(lambda tx, answers, at: _confirm(tx, lines, answers, at, turn, prefix, desk))


def _not_understood(text: str, desk: Desk) -> str:
    """Return a question about what was not read, as near to the message as it can be."""
    typed = [plain(word) for word in text.split()][:MOST_WORDS]
    named = list(all_named([*typed, ""], desk).values())
    example = named[0] if named else "blue mug"
    if is_plan(text):
        return texts.safe(_(say.NOT_WHAT_HAPPENED, example=example))
    if named:
        listed = ", ".join(named[:3])
        return texts.safe(_(say.WHAT_HAPPENED_TO, products=listed, example=example))
    return _(say.I_DID_NOT_UNDERSTAND_THIS) + "\n" + _(say.HELP_SHOWS_MORE)


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
                _(say.YOU_WROTE_THE_SAME_A, text=shown),
                [[(_(say.YES_AGAIN), f"y.{stored}"), (_(shared.NO), f"n.{stored}")]],
            )
        ]

    turn.render.append(render)
    return True


def _far_beyond(
    lines: Sequence[Line], text: str, sent_at: datetime, prefix: str, turn: Turn, desk: Desk
) -> bool:
    """Ask before a message is recorded that tells of far more than ever moved."""
    far = [(line, most) for line in lines if (most := most_moved(line, desk)) is not None]
    if not far:
        return False
    said = [texts.safe(far_more(line, most)) for line, most in far]

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        body = {"text": text, "sent": int(sent_at.timestamp()), "prefix": prefix, "said": "far"}
        stored = store_proposal(tx, turn.chat_id, turn.member, "again", body, now)
        keys = [(_(say.YES_SO_MANY), f"y.{stored}"), (_(shared.NO), f"n.{stored}")]
        return [turn.message(texts.clip("\n".join(said)), [keys])]

    turn.render.append(render)
    return True


def far_more(line: Line, most: Decimal) -> str:
    """Say that a line tells of far more than there ever was."""
    return _(
        say.FAR_MORE_THAN_EVER,
        quantity=show(line.reading.quantity or Decimal(0)),
        product=f"{line.title or line.sku} ({line.sku})",
        most=show(most),
    )


def _was_undone(prefix: str, desk: Desk) -> bool:
    """Return whether a message recorded something and all of it was taken back."""
    with desk.app.database.snapshot() as tx:
        found = recorded_under(tx, prefix)
    recorded = [split_entry(entry) for entries in found.values() for entry in entries]
    gone = {sku: voids(desk.app.queries.entries(sku)[1]) for sku, _version in recorded}
    return bool(recorded) and all(version in gone[sku] for sku, version in recorded)


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
            shown.append(say_line(line, answer))
            entries += answer.entries if answer.ok else ()
            if answer.ok and answer.entries and line.reading.do == "receive" and not answer.repeat:
                counted, others = linked(tx, desk, answer.entries)
                if counted:
                    shown[-1] += f" ({counted})"
                if others:
                    shown[-1] += " " + _(say.OR_WAS_IT_FOR_ANOTHER)
                    buttons.append(_other_orders(tx, turn, answer.entries[0], others, now))
            if answer.ok and answer.entries and line.counted_at is not None and not answer.repeat:
                alone = len(lines) == 1
                buttons.append(_before_the_count(tx, turn, answer.entries[-1], now, line, alone))
                shown[-1] += " " + _(say.TAKEN_OFF_WHAT_WAS_COUNTED)
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
        shown.append(_(say.MORE_LINES_WAIT, n=waiting))
    if entries:
        stored = store_proposal(tx, turn.chat_id, turn.member, "undo", {"entries": entries}, now)
        buttons.append([(_(shared.UNDO), f"u.{stored}")])
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
        (line.rpartition("/")[0] or _(say.NO_ORDER), f"r.{stored}.{place}")
        for place, line in enumerate(chosen)
    ]


def _before_the_count(
    tx: Tx, turn: Turn, entry: str, now: int, line: Line, alone: bool
) -> list[Button]:
    assert line.counted_at is not None
    before = show_moment(line.counted_at - MICROSECOND)
    body = {"entry": entry, "before": before, "sku": line.sku}
    stored = store_proposal(tx, turn.chat_id, turn.member, "count-order", body, now)
    which = "" if alone else f": {line.title}"
    return [(_(say.IT_WAS_BEFORE_THE_COUNT) + which, f"b.{stored}")]


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
    message = offer_message(turn, stored, body)

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:

        rewrite(tx, stored, body)
        return [message]

    turn.render.append(render)


def record_kept(
    proposal_id: str, body: Json, sku: str, turn: Turn, desk: Desk, *, learn: bool
) -> str | None:
    """Prepare the record of a kept line for a product, at its original time.

    Returns the problem when it cannot be recorded.
    """
    reading = kept_reading(body)
    measured = measure_of(reading.product)
    if measured is not None:
        named = f"{measured[0]} {desk.title_of(sku)}"
        found, _pack, read_as = find(replace(reading, product=named), desk)
        if found.exact is not None and found.exact.sku == sku:
            reading = read_as
    try:
        reading = replace(reading, price=price_of_one(reading, sku, body.get("pack"), desk))
        shop = desk.app.queries.shop()
        fields = command_fields(reading, sku, body["at"], desk, shop, body.get("pack"))
        command = parse(fields)
    except Unsettled as unsettled:
        return str(unsettled)
    except LedgerError as error:
        return texts.problem(error)
    tapped = Line(reading, sku, pack=body.get("pack"), ask=Ask(command, body["key"]))
    most = most_moved(tapped, desk)
    if most is not None and not body.get("sure"):
        tapped.title = desk.title_of(sku)
        return far_more(tapped, most) + " " + _(say.WRITE_ITS_WHOLE_NAME)
    payload = raw_payload(reading.raw, datetime.fromtimestamp(0))
    turn.asks.append(Ask(command, body["key"], payload))
    turn.correlation = body["key"].rpartition(":")[0]
    number = len(turn.asks) - 1
    if body.get("replaces"):
        void = {"do": "void", "entry": body["replaces"], "reason": "message edited"}
        turn.asks.append(Ask(parse(void), f"{body['key']}:v"))
    alias = " ".join(reading.product.casefold().split())
    learn = learn and may_be_a_name(alias)

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        line = Line(reading, sku, title_of(tx, sku), pack=body.get("pack"))
        answer = answers[number]
        text = say_line(line, answer)
        if not answer.ok:
            return [turn.message(text)]
        if learn and answer.entries and confirm(tx, alias, sku, answer.entries[0]):
            text += "\n" + _(say_words.LEARNED, name=texts.safe(alias))
        undo = {"entries": list(answer.entries)}
        stored = store_proposal(tx, turn.chat_id, turn.member, "undo", undo, now)
        return [turn.message(text, [[(_(shared.UNDO), f"u.{stored}")]])]

    turn.render.append(render)
    return None
