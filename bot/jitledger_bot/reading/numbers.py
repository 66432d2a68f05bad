"""Numbers as people type them: strict, never guessed.

A space is never a thousands separator. A separator before exactly three digits can be read in two
ways and is asked about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})*", re.ASCII)
_AMBIGUOUS = re.compile(r"[+-]?\d{1,3}[.,]\d{3}", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*(?:[.,]\d+)?", re.ASCII)
_PLAIN = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,3})?", re.ASCII)


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
