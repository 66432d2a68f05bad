"""Numbers as people type them: strict, never guessed.

A space is never a thousands separator. A separator before exactly three digits can be read in two
ways and is asked about. Numbers in words are read by ``text2num`` (Allo-Media); what people
say beside them, like *dozen*, stands in ``phrases``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from text_to_num import text2num

from jitledger_bot.reading.phrases import phrases

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})*", re.ASCII)

_AMBIGUOUS = re.compile(r"[+-]?\d{1,3}[.,]\d{3}", re.ASCII)

_GROUPED = re.compile(r"[+-]?\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*(?:[.,]\d+)?", re.ASCII)

_PLAIN = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,3})?", re.ASCII)


_MIXED = re.compile(r"\d.*[^\d.,]|[^\d.,+-].*\d")
"""A word of digits and others: a code, which spells no number."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number read from a word; ``ambiguous`` holds the two ways it can be read."""

    value: Decimal
    ambiguous: tuple[str, str] | None = None


def looks_numeric(word: str) -> bool:
    """Return whether a word is nothing but a number."""
    return _NUMBER.fullmatch(word) is not None


def read_number(word: str) -> Number | None:
    """Read a word as a number; None when it is none.

    >>> read_number("12.5").value, read_number("4,20").value
    (Decimal('12.5'), Decimal('4.20'))
    >>> read_number("0.125").value
    Decimal('0.125')
    >>> read_number("1,200").ambiguous
    ('1200', '1.2')
    """
    if not looks_numeric(word):
        return None
    if _AMBIGUOUS.fullmatch(word) and not word.lstrip("+-").startswith("0"):
        sign = "-" if word.startswith("-") else ""
        digits = word.lstrip("+-")
        whole = sign + re.sub(r"[.,]", "", digits)
        part = format((Decimal(sign + digits.replace(",", "."))).normalize(), "f")
        return Number(Decimal(whole), (whole, part))
    if _GROUPED.fullmatch(word) and not re.match(r"[+-]?0[.,]", word):
        match = _GROUPED.fullmatch(word)
        assert match is not None
        text = word.replace(match.group(1), "").replace(",", ".")
        return Number(Decimal(text))
    if _PLAIN.fullmatch(word):
        return Number(Decimal(word.replace(",", ".")))
    return None


MOST_WORDS = 8

KNOWN = ("en", "de", "fr", "es", "it", "nl", "pt")
"""Languages of the library."""


@lru_cache(maxsize=4096)
def value_of(words: tuple[str, ...]) -> int | None:
    """Return what some words spell; None when they spell no number.

    >>> value_of(("three", "hundred", "and", "fifty")), value_of(("hundertzwanzig",))
    (350, 120)
    >>> value_of(("blue",)) is None
    True
    """
    text = " ".join(words)
    for language in phrases().languages:
        if language in KNOWN:
            try:
                return int(text2num(text, language))
            except ValueError:
                continue
    return None


def spelt(norm: Sequence[str], place: int) -> tuple[Decimal, int] | None:
    """Return (number, how many words) of the longest number that is spelt at a place."""
    known = phrases()
    if place >= len(norm) or _MIXED.search(norm[place]) or known.is_("joiners", norm, place):
        return None
    listed = known.numbers.at(norm, place)
    best = None if listed is None else (Decimal(listed[1]), listed[0])
    head = list(norm[place : place + MOST_WORDS])
    if listed is not None and listed[1] == "1" and len(head) > 1:  # "a hundred and twenty"
        head[0] = known.one_of(head[0])
    length = 1
    while length <= len(head):
        found = value_of(tuple(head[:length]))
        if found is not None and (best is None or length >= best[1]):
            best = (Decimal(found), length)
        elif found is None and length > 1 and not known.is_("joiners", head, length - 1):
            break
        length += 1
    return best


GLUED = re.compile(r"(\d+(?:[.,]\d+)?)([^\W\d_]+\.?|×)")
