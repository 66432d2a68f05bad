"""The number of a line and the words that name its product."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from jitledger_bot.reading.numbers import Number, read_number
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.words import GLUED


def leading_number(words: list[str]) -> tuple[Number, int] | None:
    """Return the number a line begins with and how many words it takes."""
    if not words:
        return None
    norm = [plain(word) for word in words]
    first = words[0].rstrip(",;:")
    number = read_number(first)
    if number is not None:
        return number, 1
    spelt = phrases().numbers.at(norm, 0)
    if spelt is not None:
        return Number(Decimal(spelt[1])), spelt[0]
    glued = GLUED.fullmatch(first)
    if glued is not None and _is_unit(glued.group(2)):
        number = read_number(glued.group(1))
        return None if number is None else (number, 1)
    if norm[0].startswith("x") and (number := read_number(norm[0][1:])) is not None:
        return number, 1
    return None


def _trailing_number(words: list[str]) -> tuple[Number, int] | None:
    """Return the number a line ends with and how many words it takes."""
    if len(words) < 2:
        return None
    last = words[-1].rstrip(",;.!")
    taken = 1
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
    other = None
    if last is not None and last[1] < len(words) and last[0].ambiguous is None:
        other = (last[0].value, product_words(words[: -last[1]]))
    return first[0], product_words(rest), other


def product_words(words: Sequence[str]) -> str:
    """Return a product's words without the marks around them."""
    kept = " ".join(words).strip(" ,;:!.-–")
    norm = [plain(word) for word in kept.split()]
    lead = phrases().is_("of", norm, 0)
    return " ".join(kept.split()[lead:]) if lead < len(norm) else kept
