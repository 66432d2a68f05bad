"""The number of a line and the words that name its product."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from jitledger_bot.reading.amounts.numbers import GLUED, Number, read_number, spelt
from jitledger_bot.reading.phrases import phrases, plain

QUOTES = ('""', "''", "„“", "“”", "«»", "»«", "()")

FRACTIONS = {"½": Decimal("0.5"), "¼": Decimal("0.25"), "¾": Decimal("0.75")}

_SLASHED = re.compile(r"([1-9])/([2458])", re.ASCII)


def leading_number(words: list[str]) -> tuple[Number, int] | None:
    """Return the number a line begins with and how many words it takes."""
    if not words:
        return None
    norm = [plain(word) for word in words]
    first = words[0].rstrip(",;:")
    number = read_number(first)
    if number is not None:
        part = _fraction(words[1].rstrip(",;:")) if len(words) > 1 else None
        if part is not None and number.ambiguous is None and first.isdigit():
            return _multiplied(Number(number.value + part), 2, norm)  # "1 1/2"
        return _multiplied(number, 1, norm)
    part = _fraction(first)
    if part is not None and (first[-1] in FRACTIONS or _counts_in(norm, 1)):
        return _multiplied(Number(part), 1, norm)
    found = spelt(norm, 0)
    if found is not None:
        return _multiplied(Number(found[0]), found[1], norm)
    alone = phrases().multipliers.at(norm, 0)
    if alone is not None:  # "dozen eggs"
        return Number(Decimal(alone[1])), alone[0]
    glued = GLUED.fullmatch(first)
    if glued is not None and _is_unit(glued.group(2)):
        number = read_number(glued.group(1))
        return None if number is None else (number, 1)
    if norm[0].startswith("x") and (number := read_number(norm[0][1:])) is not None:
        return number, 1
    return None


def _multiplied(number: Number, length: int, norm: list[str]) -> tuple[Number, int]:
    """Return a number with the *dozen* behind it."""
    times = phrases().multipliers.at(norm, length)
    if times is None or number.ambiguous is not None:
        return number, length
    return Number(number.value * Decimal(times[1])), length + times[0]


def _counts_in(norm: list[str], place: int) -> bool:
    """Return whether a pack, a unit or a *dozen* stands at a place: 1/2 of something that holds."""
    known = phrases()
    return place < len(norm) and bool(
        known.pack_codes(norm[place])
        or known.units.at(norm, place)
        or known.multipliers.at(norm, place)
    )


def _fraction(word: str) -> Decimal | None:
    """Return what ½, 1½ or 1/2 is; None when it is none, or none that ends.

    >>> _fraction("1½"), _fraction("3/4"), _fraction("5/3")
    (Decimal('1.5'), Decimal('0.75'), None)
    """
    whole, sign = word[:-1], word[-1:]
    if sign in FRACTIONS and sign and (not whole or (whole.isascii() and whole.isdigit())):
        return Decimal(whole or 0) + FRACTIONS[sign]
    match = _SLASHED.fullmatch(word)
    if match is None:
        return None
    return Decimal(match[1]) / Decimal(match[2]) if int(match[1]) < int(match[2]) else None


def _trailing_number(words: list[str]) -> tuple[Number, int] | None:
    """Return the number a line ends with and how many words it takes."""
    if len(words) < 2:
        return None
    last = words[-1].rstrip(",;.!")
    taken = 1
    times = phrases().multipliers.ending([plain(word) for word in words])
    if times is not None and len(words) > times[0] + 1:  # "eggs 2 dozen"
        before = read_number(words[-times[0] - 1])
        if before is not None and before.ambiguous is None:
            return Number(before.value * Decimal(times[1])), times[0] + 1
    if phrases().words["pieces"].meaning(last) is not None and len(words) > 2:
        last, taken = words[-2], 2
    glued = GLUED.fullmatch(last)
    if glued is not None and phrases().words["pieces"].meaning(glued.group(2)) is not None:
        last = glued.group(1)
    number = read_number(last.lstrip("x×=:"))
    if number is None:
        return None
    while len(words) > taken + 1 and words[-taken - 1] in ("x", "×", "=", ":", "-", "–"):
        taken += 1
    return number, taken


def _is_unit(word: str) -> bool:
    return phrases().words["pieces"].meaning(word) is not None


def is_article(words: list[str]) -> bool:
    """Return whether a number is a word for one: "a", "ein"."""
    number = leading_number(words)
    return number is not None and number[0].value == 1 and not words[0][:1].isdigit()


def starts_quantity(words: list[str], place: int) -> bool:
    """Return whether a number stands here and something comes after it."""
    if place + 1 >= len(words):
        return False
    word = words[place].rstrip(",;")
    glued = GLUED.fullmatch(word)
    return read_number(word) is not None or (
        glued is not None and phrases().words["pieces"].meaning(glued.group(2)) is not None
    )


def read_quantity(
    words: list[str], do: str | None
) -> tuple[Number | None, str, tuple[Decimal, str] | None]:
    """Return the number, the product as typed, and the other way to read them, if there is one."""
    first, last = leading_number(words), _trailing_number(words)
    if first is None:
        if last is None:
            return None, product_words(words), None
        return last[0], product_words(words[: -last[1]]), None
    rest = words[first[1] :]
    if rest and first[1] < len(words):
        taken = phrases().is_("pieces", [plain(w) for w in rest], 0)
        rest = rest[taken:] if taken < len(rest) else rest
    times = phrases().is_("times", [plain(w) for w in rest], 0)
    again = leading_number(rest[times:]) if times < len(rest) else None
    if times and again is not None and again[1] + times < len(rest):  # "3 x 6 eggs"
        product = product_words(rest[times:])
        named = product_words(rest[times + again[1] :])
        return first[0], product, (first[0].value * again[0].value, named)
    other = None
    if last is not None and last[1] < len(words) and last[0].ambiguous is None:
        other = (last[0].value, product_words(words[: -last[1]]))
    return first[0], product_words(rest), other


def product_words(words: Sequence[str]) -> str:
    """Return a product's words without the marks around them."""
    kept = " ".join(words).strip(" ,;:!.-–")
    for marks in QUOTES:
        begin, end = marks[0], marks[1]
        if len(kept) > 2 and kept[0] == begin and kept[-1] == end:
            kept = kept[1:-1].strip()
    norm = [plain(word) for word in kept.split()]
    lead = phrases().is_("of", norm, 0)
    return " ".join(kept.split()[lead:]) if lead < len(norm) else kept
