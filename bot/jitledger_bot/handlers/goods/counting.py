"""A counting round: one product after another, blind if wanted, variances at the end.

Each count is recorded the moment it is written, so that a sale during the round is not mistaken
for a variance; Undo at the end takes the whole round back. Whatever is no number is read as ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError
from jitledger.domain.moments import HOUR
from jitledger.domain.quantity import show
from jitledger.service.recording.submission import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import Asker
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.admission import RECORDER
from jitledger_bot.handlers.goods import counting
from jitledger_bot.memory.conversations import recall, remember
from jitledger_bot.memory.proposals import store_proposal
from jitledger_bot.press import Press, action
from jitledger_bot.reading import reads_count, round_word
from jitledger_bot.reading.amounts.numbers import Number
from jitledger_bot.texts.language import _, plural
from jitledger_bot.texts.say import goods as say
from jitledger_bot.texts.say import shared
from jitledger_bot.turn import Button, Outgoing, Turn
from jitledger_projections.views.products import Product, products, search

MOST_ITEMS = 500

ROUND_LASTS = 12 * HOUR

MOST_SHOWN = 40

BLIND = ("blind",)


@dataclass(slots=True)
class Round:
    """A counting round under way, as the conversation keeps it."""

    skus: list[str]
    at: str
    blind: bool
    place: int
    counted: list[list[str]]
    """[SKU, what the ledger said, what was counted, entry] of each count."""
    since: int = 0
    """When the last question was asked; a round that nobody goes on with ends by itself."""
    asked: int = 0
    """The update that asked last: buttons of other questions are too old."""

    def as_dict(self) -> dict[str, object]:
        """Return what is stored."""
        names = ("skus", "at", "blind", "place", "counted", "since", "asked")
        return {name: getattr(self, name) for name in names}


def make_router() -> Router:
    """Return the router of counting."""
    router = Router(name="counting")
    router.message.register(begin, Command("count"), flags={"needs": RECORDER})
    return router


def _key(turn: Turn) -> str:
    return f"count:{turn.chat_id}:{turn.member}"


async def begin(
    message: Message, command: CommandObject, turn: Turn, desk: Desk, asker: Asker
) -> None:
    """Answer /count [blind] [category, location or words of names]."""
    shop = asker.shop
    words = (command.args or "").split()
    blind = bool(words) and words[0].casefold() in BLIND
    asked = " ".join(words[1:] if blind else words)
    at, wanted = shop.first_location, asked
    for code in shop.locations:
        if asked.casefold() == code.casefold():
            at, wanted = code, ""
    found = await asyncio.to_thread(_wanted, desk, wanted)
    if not found and not wanted:
        turn.say(_(say.THERE_ARE_NO_PRODUCTS_YET))
        return
    if not found:
        turn.say(_(shared.I_KNOW_NO_PRODUCT_LIKE, words=texts.safe(wanted[:80])))
        return
    if len(found) > MOST_ITEMS:
        turn.say(
            _(
                say.TOO_MANY_FOR_ONE_ROUND,
                n=len(found),
            )
        )
        return
    _ask(Round(found, at, blind, 0, []), turn, desk, fresh=True)


def _wanted(desk: Desk, words: str) -> list[str]:
    """Return the products of a round: all, one category's, or those whose names have some words."""
    with desk.app.database.snapshot() as tx:
        known = products(tx, desk.app.today())
        listed = [p for p in known if not p.retired and not p.bundle and p.mode == "stocked"]
        if words:
            category = [p for p in listed if (p.category or "").casefold() == words.casefold()]
            hits = {sku for sku, _title in search(tx, desk.app.database.dialect, words, MOST_ITEMS)}
            listed = category or [p for p in listed if p.sku in hits]

    def order(p: Product) -> tuple[str, str, str]:
        return ((p.category or "").casefold(), p.title.casefold(), p.sku)

    return [p.sku for p in sorted(listed, key=order)]


def ask_one(sku: str, turn: Turn, desk: Desk) -> None:
    """Ask for the count of one product."""
    shop = desk.app.queries.shop()
    _ask(Round([sku], shop.first_location, False, 0, []), turn, desk, fresh=True)


def _ask(going: Round, turn: Turn, desk: Desk, *, fresh: bool = False) -> None:
    """Ask for the product whose turn it is, or end the round."""
    if going.place >= len(going.skus):
        _end(going, turn, desk)
        return
    going.asked, going.since = turn.update_id, desk.app.clock.now()
    turn.effects.append(remember(_key(turn), "counting", going.as_dict()))

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        return [turn.message(*_question(tx, going, turn, desk, now))]

    turn.render.append(render)


def _question(
    tx: Tx, going: Round, turn: Turn, desk: Desk, now: int
) -> tuple[str, list[list[Button]]]:
    item = desk.app.ledger.item_now(going.skus[going.place])
    shelf = item.shelves.get(going.at)
    listed = show(shelf.on_hand) if shelf is not None and shelf.known else None
    number = f"{going.place + 1}/{len(going.skus)} " if len(going.skus) > 1 else ""
    text = f"{number}{texts.product(item.catalog.title, item.sku)}: " + _(say.HOW_MANY_ARE_THERE)
    body = {"asked": going.asked, "sku": item.sku, "listed": listed}
    stored = store_proposal(tx, turn.chat_id, turn.member, "counting", body, now)
    keys: list[Button] = []
    if listed is not None and not going.blind and not listed.startswith("-"):
        keys.append((_(say.AS_LISTED, quantity=listed), f"o.{stored}.same"))
    if len(going.skus) > 1:
        keys.append((_(say.SKIP), f"o.{stored}.skip"))
    keys.append((_(say.END), f"o.{stored}.end"))
    return text, [keys]


def going_round(turn: Turn, desk: Desk) -> Round | None:
    """Return the round somebody is in."""
    with desk.app.database.snapshot() as tx:
        state, data = recall(tx, _key(turn))
    if state != "counting" or desk.app.clock.now() - data["since"] > ROUND_LASTS:
        return None
    return Round(**data)


@dataclass(frozen=True, slots=True)
class CountAnswer:
    """The answer to a round's question: a number, or that it goes on without one."""

    going: Round
    word: str | None
    number: Number | None


def meant_for_a_round(text: str, turn: Turn, desk: Desk, asked_since: int) -> CountAnswer | None:
    """Return what a text answers to the count that was asked for; None when it does not.

    ``asked_since`` is the update in which something else was asked last: the newest question gets
    the number.
    """
    word, number = round_word(text), reads_count(text)
    if word is None and number is None:
        return None
    going = going_round(turn, desk)
    if going is None or asked_since > going.asked:
        return None
    return CountAnswer(going, word, number)


def take_count(meant: CountAnswer, key: str, turn: Turn, desk: Desk, stated: str | None) -> None:
    """Go on with a round as was answered."""
    going, number = meant.going, meant.number
    if meant.word == "skip":
        going.place += 1
        _ask(going, turn, desk)
    elif meant.word == "stop":
        _end(going, turn, desk)
    elif number is not None and number.ambiguous is not None:
        one, other = number.ambiguous
        said = _(shared.THE_NUMBER_CAN_BE_ONE, one=one, other=other)
        turn.say(texts.safe(said))
    elif number is not None and number.value < 0:
        turn.say(_(shared.A_QUANTITY_CANNOT_BE_NEGATIVE))
    elif number is not None:
        _record(going, number.value, key, turn, desk, stated)


def _record(
    going: Round, quantity: Decimal, key: str, turn: Turn, desk: Desk, stated: str | None
) -> None:
    """Record a count, and ask for the next product once it is."""
    sku = going.skus[going.place]
    item, _q, _shop = desk.app.queries.item(sku)
    shelf = item.shelves.get(going.at)
    before = show(shelf.on_hand) if shelf is not None and shelf.known else "?"
    fields = {"do": "count", "sku": sku, "qty": show(quantity), "at": going.at}
    if stated is not None:
        fields["occurred_at"] = stated
    try:
        turn.asks = [Ask(parse(fields), f"{key}:0")]
    except LedgerError as error:
        turn.say(f"✗ {texts.safe(texts.problem(error))}")
        return
    turn.correlation = key
    following = Round(
        going.skus,
        going.at,
        going.blind,
        going.place + 1,
        [*going.counted, [sku, before, show(quantity), ""]],
        desk.app.clock.now(),
        turn.update_id,
    )

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        if not answers[0].ok:
            return
        following.counted[-1][3] = " ".join(answers[0].entries)
        ended = following.place >= len(following.skus)
        state = None if ended else "counting"
        remember(_key(turn), state, following.as_dict())(tx, answers, now)

    turn.effects.append(effect)

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        if answers[0].error is not None:
            return [turn.message(f"✗ {texts.safe(texts.problem(answers[0].error))}")]
        if following.place < len(following.skus):
            return [turn.message(*_question(tx, following, turn, desk, now))]
        return [_summary(tx, following, turn, desk, now)]

    turn.render.append(render)


def _end(going: Round, turn: Turn, desk: Desk) -> None:
    """End a round and tell its variances."""
    turn.effects.append(remember(_key(turn), None, {}))
    turn.render.append(lambda tx, answers, now: [_summary(tx, going, turn, desk, now)])


def _summary(tx: Tx, going: Round, turn: Turn, desk: Desk, now: int) -> Outgoing:
    """Say how many were counted and which differ from the ledger, by how much."""
    count = len(going.counted)
    if count == 0:
        return turn.message(_(say.NOTHING_WAS_COUNTED))
    lines = []
    for sku, before, counted, _entry in going.counted:
        change = None if before == "?" else Decimal(counted) - Decimal(before)
        if change == 0:
            continue
        title = desk.app.ledger.item_now(sku).catalog.title
        first = f"{change:+f} ({before} → {counted})" if change is not None else counted
        if change is None:
            first += " · " + _(say.FIRST_COUNT)
        lines.append(f"{texts.product(title, sku)}: {first}")
    said = plural(*say.COUNTED, count)
    differ = plural(*say.DIFFER, len(lines)) if lines else _(say.ALL_AS_LISTED)
    text = "\n".join([f"{said}, {differ}.", *lines[:MOST_SHOWN]])
    if len(lines) > MOST_SHOWN:
        text += "\n" + texts.more(len(lines) - MOST_SHOWN)
    entries = [entry for row in going.counted for entry in row[3].split()]
    stored = store_proposal(tx, turn.chat_id, turn.member, "undo", {"entries": entries}, now)
    return turn.message(texts.clip(text), [[(_(shared.UNDO), f"u.{stored}")]])


async def press(pressed: Press) -> None:
    """Go on by a button: as listed, skip, end. A button of an earlier question does nothing."""
    turn, desk, body = pressed.turn, pressed.desk, pressed.proposal.body
    going = going_round(turn, desk)
    if going is None or going.asked != body["asked"] or pressed.proposal.consumed:
        turn.toast(pressed.query.id, _(shared.THIS_BUTTON_IS_TOO_OLD))
        return
    turn.toast(pressed.query.id, "")
    if pressed.place == "same" and body["listed"] is not None:
        _record(going, Decimal(body["listed"]), f"pr:{pressed.proposal.id}:same", turn, desk, None)
    elif pressed.place == "skip":
        going.place += 1
        _ask(going, turn, desk)
    else:
        _end(going, turn, desk)


@action("q")
def count_it(press: Press) -> None:
    """Ask for the count of one product."""
    press.turn.toast(press.query.id, _(shared.COUNT_IT))
    counting.ask_one(press.proposal.body["sku"], press.turn, press.desk)


@action("o")
async def counting_action(press: Press) -> None:
    """Go on with a counting round: skip a product, end the round, record its counts."""
    await counting.press(press)
