"""What sounds like a correction is offered as one: "the sale of mugs yesterday was 2, not 3".

The entry that is meant is the newest one of that product which stands, of the kind, day and old
number that the message tells. Nothing is recorded until the button is pressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from jitledger.domain.events import Event
from jitledger.domain.moments import local_date, show_moment
from jitledger.domain.names import entry_name
from jitledger.domain.quantity import show
from jitledger.domain.state.order import voids
from jitledger.domain.state.shop import Shop
from jitledger.service.recording.submission import Answer
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.memory.proposals import store_proposal
from jitledger_bot.reading.amounts.quantities import leading_number
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.times import take_times
from jitledger_bot.reading.words import find_verb
from jitledger_bot.recording.left_over import MOST_WORDS, all_named
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import recorded as say
from jitledger_bot.texts.say import shared
from jitledger_bot.turn import Outgoing, Turn

WAS = ("was", "were", "war", "waren")
"""Before a number: "the sale of mugs yesterday was 2"; before a verb it is a fact."""


@dataclass(frozen=True, slots=True)
class Meant:
    """An entry, and the number it should have had."""

    entry: str
    event: Event
    title: str
    sku: str
    was: Decimal
    quantity: Decimal


def offer_correction(
    text: str,
    local: datetime,
    sent: int,
    prefix: str,
    turn: Turn,
    desk: Desk,
    shop: Shop,
    *,
    sure: bool,
) -> bool:
    """Offer to correct the entry that a message means; False when it means none.

    ``sure`` when the message is no fact: then "was" is enough, else it must say "instead of".
    """
    meant = _meant(text, local, desk, shop, sure=sure)
    if meant is None:
        return False

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        body = {"entry": meant.entry, "qty": show(meant.quantity)}
        stored = store_proposal(tx, turn.chat_id, turn.member, "correct", body, now)
        day = meant.event.occurred_on
        when = day.isoformat() if day is not None else show_moment(meant.event.effective_at)
        said = _(
            say.CORRECT_THAT_ENTRY,
            product=texts.product(meant.title, meant.sku),
            was=show(meant.was),
            now=show(meant.quantity),
            day=when[:10],
        )
        keys = [[(_(say.CORRECT_IT), f"cq.{stored}")]]
        if not sure:  # It reads as a fact, too.
            told = {"text": text, "sent": sent, "prefix": prefix, "said": "new"}
            new = store_proposal(tx, turn.chat_id, turn.member, "again", told, now)
            keys.append([(_(shared.IT_IS_A_NEW_ONE), f"y.{new}")])
        keys.append([(_(shared.NO), f"n.{stored}")])
        return [turn.message(said, keys)]

    turn.render.append(render)
    return True


def _meant(text: str, local: datetime, desk: Desk, shop: Shop, *, sure: bool) -> Meant | None:
    typed = [plain(word) for word in text.split()]
    if len(typed) > MOST_WORDS or not _may_correct(typed):
        return None
    words, occurred = take_times(text.split(), local)
    norm = [plain(word) for word in words]
    numbers = _numbers(words, norm)
    if len(numbers) < 2 and not _corrects(norm, sure=sure):
        return None
    if not phrases().sets["goes_back"].isdisjoint(norm):
        return None  # "sent 3 back, wrong colour" is why they went.
    named = all_named([*norm, ""], desk)
    if len(named) != 1 or not 1 <= len(numbers) <= 2:
        return None
    (sku, title), (*old, new) = next(iter(named.items())), numbers
    verb = find_verb(norm, at_start=True) or find_verb(norm, at_start=False)
    day = date.fromisoformat(occurred[:10]) if isinstance(occurred, str) else None
    if day is None and len(norm) < len(typed):
        day = local.date()  # "today's delivery was 12"
    _sku, entries = desk.app.queries.entries(sku)
    gone = voids(entries)
    for version, event in reversed(entries):
        again = event.again
        quantity = getattr(event, "quantity", None)
        if version in gone or again is None or not isinstance(quantity, Decimal):
            continue
        if verb is not None and again.do != verb[2]:
            continue
        held = event.occurred_on or local_date(event.effective_at, shop.tz)
        if (day is not None and held != day) or (old and old[0] != quantity):
            continue
        if quantity == new:
            return None
        return Meant(entry_name(sku, version), event, title, sku, quantity, new)
    return None


def _may_correct(norm: Sequence[str]) -> bool:
    """Return whether any word of a message takes something back: most messages have none."""
    known = phrases()
    kinds = ("corrects", "was_another", "denies")
    return any(known.is_(kind, norm, n) for n in range(len(norm)) for kind in kinds)


def _corrects(norm: Sequence[str], *, sure: bool) -> bool:
    """Return whether words say that a number was another one."""
    kinds = ("corrects", "was_another") if sure else ("corrects",)
    if any(phrases().is_(kind, norm, n) for kind in kinds for n in range(len(norm))):
        return True
    was = [n for n in range(1, len(norm)) if norm[n] in WAS]
    return any(leading_number(list(norm[n + 1 : n + 3])) is not None for n in was)


def _numbers(words: list[str], norm: Sequence[str]) -> list[Decimal]:
    """Return the old number where one is told, and the new one behind it: "not 3 but 2"."""
    known = phrases()
    found: list[tuple[Decimal, bool]] = []
    place = 0
    while place < len(words):
        number = leading_number(words[place:])
        if number is None or number[0].ambiguous is not None or norm[place] in ("a", "an"):
            place += 1
            continue
        before = [n for n in (1, 2, 3) if place >= n]
        denied = any(known.is_("denies", norm, place - n) == n for n in before)
        found.append((number[0].value, denied))
        place += number[1]
    old = [value for value, denied in found if denied]
    new = [value for value, denied in found if not denied]
    if len(new) != 1 or len(old) > 1:
        return []
    return [*old, *new]
