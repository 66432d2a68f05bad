"""Taking back: by a button, or by a reply to a message ("undo", "was 12")."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from aiogram.types import Message

from jitledger.domain.commands import parse
from jitledger.domain.events import EntryVoided, ItemRegistered, PriceSet, SupplierLinked
from jitledger.domain.names import split_entry
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.state.order import voids
from jitledger.service.recording.submission import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.memory.aliases import take_back as unlearn
from jitledger_bot.memory.outgoing import sent_body
from jitledger_bot.memory.proposals import consume, load_proposal, store_proposal
from jitledger_bot.press import Press, action, answer_press
from jitledger_bot.reading import reads_was, wants_undo
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import shared
from jitledger_bot.texts.say import talk as say
from jitledger_bot.turn import Button, Outgoing, Turn

CATALOG = (ItemRegistered, PriceSet, SupplierLinked)
"""What stays when a message is taken back: the product it made known."""

Show = Callable[[str, str, Button | None], list[Outgoing]]
"""(what is said, the message's text with it, the button that reverses it) → what is sent"""


def take_back(
    entries: Sequence[str], text: str, key: str, turn: Turn, desk: Desk, shown: Show, *, redo: bool
) -> None:
    """Void entries, or what voided them; offer the reverse."""
    reason = "redo" if redo else "undo"
    told = list(entries)
    if not redo:  # What a button under the message changed later goes with it.
        entries = [current(entry, desk) for entry in entries]
    turn.asks = [
        Ask(parse({"do": "void", "entry": entry, "reason": reason}), f"{key}:{number}")
        for number, entry in enumerate(undoable(entries, desk))
    ]
    turn.correlation = key

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        # What one void took along another one finds voided already: that is as it should be.
        refused = [
            a.error for a in answers if a.error is not None and a.error.code != "already-voided"
        ]
        undone = [entry for a in answers for entry in a.entries]
        if refused or not undone:
            said = texts.problem(refused[0]) if refused else _(say.THIS_WAS_TAKEN_BACK_ALREADY)
            return shown(said, texts.safe(said), None)
        if not redo:
            unlearn(tx, [*told, *entries])
        body = {"entries": undone, "text": text, "redo": not redo}
        stored = store_proposal(tx, turn.chat_id, turn.member, "undo", body, now)
        said = _(say.RECORDED_AGAIN) if redo else _(say.UNDONE)
        said = f"{said} {left(undone, desk)}"
        below, button = texts.safe(text), (_(shared.UNDO), f"u.{stored}")
        if not redo:
            below, button = f"<s>{below}</s>", (_(say.REDO), f"u.{stored}")
        below = f"{below}\n{'↪' if redo else '↩'} {texts.safe(said)}"
        return shown(said, texts.clip(below), button)

    turn.render.append(render)


def left(entries: Sequence[str], desk: Desk) -> str:
    """Say what is on hand of each product that was touched, as the transaction leaves it."""
    skus = list(dict.fromkeys(split_entry(entry)[0] for entry in entries))
    found = []
    for sku in skus[:12]:
        item = desk.app.ledger.item_now(sku)
        total = show(sum((s.on_hand for s in item.shelves.values()), ZERO))
        found.append((item.catalog.title, total))
    if len(found) == 1:
        return _(shared.ON_HAND_QUANTITY, quantity=found[0][1]) + "."
    listed = ", ".join(f"{total} {title}" for title, total in found)
    return _(shared.ON_HAND_QUANTITY, quantity=listed) + "."


def undoable(entries: Sequence[str], desk: Desk) -> list[str]:
    """Return what to void for an append, the newest first; a void is voided, not what it voids.

    What a message says of a product beside a movement stays; alone, it is what is taken back. Of a
    correction that was taken back by another way nothing is left: voiding its void alone would
    bring back what it corrected.
    """
    found: list[str] = []
    beside: list[str] = []
    gone: set[tuple[str, int]] = set()
    """(SKU, moment) of corrections that do not stand any more."""
    moments: dict[str, tuple[str, int]] = {}
    for entry in entries:
        sku, version = split_entry(entry)
        if desk.app.queries.find(sku) != sku:
            continue  # Only entries of items can be taken back.
        _sku, stored = desk.app.queries.entries(sku)
        event = dict(stored).get(version)
        moments[entry] = (sku, 0 if event is None else event.recorded_at)
        if event is None:
            continue
        if event.corrects and version in voids(stored):
            gone.add(moments[entry])
        if isinstance(event, CATALOG):
            beside += [] if isinstance(event, ItemRegistered) else [entry]
        else:
            found.append(entry)
    return [entry for entry in reversed(found or beside) if moments[entry] not in gone]


@dataclass(frozen=True, slots=True)
class Undo:
    """A reply that takes back what the message it answers recorded."""

    entries: Sequence[str]
    text: str


@dataclass(frozen=True, slots=True)
class Correction:
    """A reply "was 12" to a message that recorded one entry."""

    entries: Sequence[str]
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class NoEntry:
    """A reply that takes back or corrects what is not there."""


def meant_by_reply(message: Message, turn: Turn, desk: Desk) -> Undo | Correction | NoEntry | None:
    """Return what a reply to a message that recorded something asks for."""
    answered = message.reply_to_message
    if answered is None or message.text is None:
        return None
    undo, was = wants_undo(message.text), reads_was(message.text)
    if not undo and was is None:
        return None
    entries = _entries_of(answered, turn, desk)
    if not entries:  # In a topic every message answers its first one.
        return NoEntry() if message.chat.type == "private" else None
    if undo or was is None:
        return Undo(entries, answered.text or "")
    return Correction(entries, was)


def undo_by_reply(meant: Undo, key: str, turn: Turn, desk: Desk) -> None:
    """Take back what a message recorded; offer the reverse."""

    def shown(said: str, text: str, button: Button | None) -> list[Outgoing]:
        return [turn.message(texts.safe(said), [] if button is None else [[button]])]

    take_back(meant.entries, meant.text, key, turn, desk, shown, redo=False)


def correct_by_reply(meant: Correction, key: str, turn: Turn, desk: Desk) -> None:
    """Correct the one entry that stands behind a message."""
    standing = [entry for entry in meant.entries if _stands(entry, desk)]
    if len(standing) != 1:
        turn.say(_(say.SEVERAL_ENTRIES_BEHIND_IT, n=len(standing)))
        return

    def shown(said: str, button: Button | None) -> list[Outgoing]:
        return [turn.message(texts.safe(said), [] if button is None else [[button]])]

    turn.correlation = key
    correct_to(standing[0], show(meant.quantity), f"{key}:0", "reply", turn, desk, shown)


def correct_to(
    entry: str,
    quantity: str,
    key: str,
    reason: str,
    turn: Turn,
    desk: Desk,
    shown: Callable[[str, Button | None], list[Outgoing]],
) -> None:
    """Correct the number of an entry; say what is left, and offer to take that back."""
    fields = {"do": "correct", "entry": entry, "with": {"qty": quantity}, "reason": reason}
    turn.asks = [Ask(parse(fields), key)]

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        error = answers[0].error
        if error is not None:
            return shown(f"✗ {texts.problem(error)}", None)
        body = {"entries": list(answers[0].entries)}
        stored = store_proposal(tx, turn.chat_id, turn.member, "undo", body, now)
        said = _(say.CORRECTED_TO_QUANTITY, quantity=quantity)
        said = f"{said} {left(answers[0].entries, desk)}"
        return shown(said, (_(shared.UNDO), f"u.{stored}"))

    turn.render.append(render)


def _stands(entry: str, desk: Desk) -> bool:
    sku, version = split_entry(entry)
    if desk.app.queries.find(sku) != sku:
        return False
    _sku, stored = desk.app.queries.entries(sku)
    event = dict(stored).get(version)
    if event is None or isinstance(event, (*CATALOG, EntryVoided)):
        return False
    return version not in voids(stored)


def current(entry: str, desk: Desk) -> str:
    """Return the entry that stands for another one now: the last of its corrections."""
    sku, _version = split_entry(entry)
    if desk.app.queries.find(sku) != sku:
        return entry
    _sku, stored = desk.app.queries.entries(sku)
    by = {event.corrects: version for version, event in stored if event.corrects}
    while entry in by:
        entry = f"{sku}/{by[entry]}"
    return entry


def _entries_of(answered: Message, turn: Turn, desk: Desk) -> list[str]:
    """Return the entries a message recorded: somebody's own, or the bot's confirmation of it."""
    own = desk.recorded(desk.message_key(answered.chat.id, answered.message_id))
    if own:
        return [current(entry, desk) for entries in own.values() for entry in entries]
    with desk.app.database.snapshot() as tx:
        body = sent_body(tx, turn.chat_id, answered.message_id)
        if body is None:
            return []
        markup = body.get("reply_markup", {})
        for keys in markup.get("inline_keyboard", ()):
            for key in keys:
                action, _dot, stored = key["callback_data"].partition(".")
                proposal = load_proposal(tx, stored) if action == "u" else None
                if proposal is not None:
                    return [current(entry, desk) for entry in proposal.body["entries"]]
    return []


@action("u")
def undo(press: Press) -> None:
    """Take back the whole append of a message, or what took it back; offer the reverse."""
    body = press.proposal.body
    text = str(body.get("text") or (press.message.text if press.message else "") or "")
    turn, key = press.turn, f"pr:{press.proposal.id}"
    turn.effects.append(consume(press.proposal.id))

    def shown(said: str, below: str, button: Button | None) -> list[Outgoing]:
        toast = answer_press(turn, press.query, said)
        if press.message is None or button is None:
            rows = [] if button is None else [[button]]
            return [toast, turn.message(texts.safe(said), rows)]
        return [toast, turn.edit(press.message.message_id, below, [[button]])]

    redo = bool(body.get("redo"))
    take_back(body["entries"], text, key, turn, press.desk, shown, redo=redo)
