"""Several products in one line: each with its number, told apart by the shop's own names.

"24 blue mug 3 red mug", "blue mug 3, vase 2", "1 each: mug, candle". A line is parted like this
only when every word of it is a product, its number and pack, or a word that says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from jitledger_bot.desk import Desk
from jitledger_bot.reading import Reading
from jitledger_bot.reading.amounts.quantities import leading_number
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.spots import SOME_DAY
from jitledger_bot.reading.times import take_times
from jitledger_bot.reading.words import LIST_MARK

MOST_WORDS = 30
LONGEST_NAME = 5
SMALL = ("fillers", "the", "of", "joiners", "pieces", "on")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of a line, with the pack that stands behind it."""

    value: Decimal
    pack: str


@dataclass(frozen=True, slots=True)
class Named:
    """A product of the shop, as it is named."""

    words: str
    sku: str


Token = Amount | Named | str


def segments(reading: Reading, desk: Desk) -> list[Reading]:
    """Return a fact for each product of a line; nothing when it cannot be parted without a rest."""
    if reading.do is None or reading.price is not None or reading.total is not None:
        return []
    words = take_times(LIST_MARK.sub("", reading.raw).split(), SOME_DAY)[0]
    if len(words) > MOST_WORDS:
        return []
    tokens = _tokens(words, reading, desk)
    named = [token for token in tokens if isinstance(token, Named)]
    amounts = [token for token in tokens if isinstance(token, Amount)]
    if len(named) < 2 or len({one.sku for one in named}) < len(named) or "?" in tokens:
        return []
    if "each" in tokens:
        return [_fact(reading, amounts[0], one) for one in named] if len(amounts) == 1 else []
    kinds = [token for token in tokens if not isinstance(token, str)]
    if len(amounts) != len(named) or len(kinds) != 2 * len(named):
        return []
    pairs = list(zip(kinds[::2], kinds[1::2], strict=True))
    if all(isinstance(a, Amount) and isinstance(b, Named) for a, b in pairs):
        return [_fact(reading, a, b) for a, b in pairs]  # type: ignore[arg-type]
    if all(isinstance(a, Named) and isinstance(b, Amount) for a, b in pairs):
        return [_fact(reading, b, a) for a, b in pairs]  # type: ignore[arg-type]
    return []


def _fact(reading: Reading, amount: Amount, one: Named) -> Reading:
    words = f"{amount.pack} {one.words}".strip()
    return replace(reading, quantity=amount.value, product=words, other=None, problem=None)


def _tokens(words: Sequence[str], reading: Reading, desk: Desk) -> list[Token]:
    """Return what stands in a line; ``"?"`` for a word that has no role, ``"each"`` for that."""
    norm, known = [plain(word) for word in words], phrases()
    mine = {plain(w) for name in (reading.supplier, reading.location) if name for w in name.split()}
    mine |= {plain(w) for w in _names(reading.supplier, desk)}
    found: list[Token] = []
    place = 0
    while place < len(words):
        name = _name_at(norm, place, desk)
        if name is not None:
            found.append(Named(" ".join(norm[place : place + name[1]]), name[0]))
            place += name[1]
            continue
        number = leading_number(list(words[place:]))
        sign = norm[place] in ("+", "&") or not any(c.isalnum() for c in norm[place])
        if number is not None and number[0].ambiguous is None and not sign:
            place += number[1]
            place += known.is_("pieces", norm, place) or known.is_("times", norm, place)
            pack = ""
            if place < len(norm) and known.pack_codes(norm[place]):
                pack, place = norm[place], place + 1
            found.append(Amount(number[0].value, pack))
            continue
        verb = known.verbs.at(norm, place)
        if verb is not None and verb[1] == reading.do:
            place += verb[0]
            continue
        if known.is_("each", norm, place) or norm[place] == "je":
            found.append("each")
            place += known.is_("each", norm, place) or 1
            continue
        small = max(known.is_(kind, norm, place) for kind in SMALL)
        if not small and (sign or norm[place] in mine or _joins(norm[place])):
            small = 1
        if not small and known.is_("from", norm, place) and reading.supplier:
            small = known.is_("from", norm, place)
        if not small:
            found.append("?")
        place += max(1, small)
    return found


def _joins(word: str) -> bool:
    return word in ("with", "mit", "samt", "plus", "&", "got", "wurden", "wurde", "were", "was")


def _names(code: str | None, desk: Desk) -> list[str]:
    """Return the words of a supplier's name."""
    if code is None:
        return []
    shop = desk.app.queries.shop()
    known = desk.places(shop).suppliers
    return [word for name, one in known.items() if one == code for word in name.split()]


def _name_at(norm: Sequence[str], place: int, desk: Desk) -> tuple[str, int] | None:
    for length in range(min(LONGEST_NAME, len(norm) - place), 0, -1):
        words = norm[place : place + length]
        if length == 1 and (len(words[0]) < 3 or phrases().verbs.at(words, 0) is not None):
            continue
        if leading_number(list(words)) is not None and length == 1:
            continue
        found = desk.resolver.exactly(" ".join(words), bent=True)
        if found is not None:
            return found.sku, length
    return None
