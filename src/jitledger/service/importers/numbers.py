"""Numbers of a file: its decimal sign is decided by the column, then by the file, else asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from jitledger.domain.errors import Refused, bad_value
from jitledger.domain.quantity import parse_decimal, show

MONEY = ("price", "cost", "total", "less")
SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY"}
DOLLARS = {"USD", "CAD", "AUD", "NZD", "SGD", "HKD"}
NOTHING = {"", "-", "--", "---", "–", "—", "n/a", "na", "none", "null"}
NOT_STOCKED = {"notstocked", "nottracked"}
_CODE = re.compile(r"^([A-Za-z]{3})\s*(?=[\d(+-])|(?<=[\d)])\s*([A-Za-z]{3})$")
_DIGITS = re.compile(r"[+-]?[\d.,'\u2019\u00a0\u202f ]*\d[\d.,'\u2019\u00a0\u202f ]*")
_WORD = re.compile(r"([+-]?[\d.,'\u2019\u00a0\u202f]*\d)\s*([^\W\d_][^\d]*)")


@dataclass(frozen=True, slots=True)
class Cell:
    """A number as it stands: its digits and signs, and what stood with it."""

    digits: str
    currency: str | None = None
    word: str | None = None


@dataclass(slots=True)
class Decided:
    """Which decimal sign a file's columns show; empty where nothing decides."""

    columns: dict[str, set[str]] = field(default_factory=dict)
    chosen: str | None = None
    """What a person said: ``.`` or ``,``."""

    def see(self, name: str, texts: Iterable[str]) -> None:
        """Look at a column."""
        shown = self.columns.setdefault(name, set())
        for text in texts:
            cell = cell_of(text)
            sign = None if cell is None else decimal_sign(cell.digits)
            if sign:
                shown.add(sign)

    def sign(self, name: str) -> str | None:
        """Return the decimal sign of a column: its own, else what all other columns show."""
        if self.chosen is not None:
            return self.chosen
        own = self.columns.get(name, set())
        shown = own or set().union(*self.columns.values())
        return next(iter(shown)) if len(shown) == 1 else None


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    from babel.numbers import list_currencies

    return frozenset(list_currencies())


def cell_of(text: str, *, money: bool = True) -> Cell | None:
    """Return a number with its currency or its word; None when it is no number.

    Where it is no ``money`` three capital letters are a word: "12 BOX".

    >>> cell_of("€1.299,00")
    Cell(digits='1.299,00', currency='€', word=None)
    >>> cell_of("12 pcs").word, cell_of("(4.20)").digits
    ('pcs', '-4.20')
    """
    bare, currency = text.strip(), None
    if bare.startswith("(") and bare.endswith(")"):
        bare = "-" + bare[1:-1].strip()
    for sign in SIGNS:
        if sign in bare:
            bare, currency = bare.replace(sign, "", 1).strip(), sign
    code = _CODE.search(bare) if money else None
    if code is not None and (code.group(1) or code.group(2)) in _currencies():
        currency = code.group(1) or code.group(2)
        bare = _CODE.sub("", bare).strip()
    bare = bare.replace("- ", "-") if bare.startswith("- ") else bare
    if _DIGITS.fullmatch(bare):
        return Cell(bare, currency)
    found = _WORD.fullmatch(bare)
    return None if found is None else Cell(found.group(1), currency, found.group(2).strip())


def decimal_sign(digits: str) -> str | None:
    """Return the decimal sign that a number can only have; None where it shows none or two fit.

    >>> decimal_sign("1.299,00"), decimal_sign("4.5"), decimal_sign("1.200"), decimal_sign("12")
    (',', '.', None, None)
    """
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        return max(".,", key=digits.rfind)
    if points + commas == 0:
        return None
    sign = "." if points else ","
    if points + commas > 1:
        return "." if commas else ","
    head, _sign, tail = digits.lstrip("+-").partition(sign)
    if len(tail) != 3 or head.strip("0") == "" or len(head) > 3:
        return sign
    return None


def plain(name: str, digits: str, sign: str) -> str:
    """Return a number that is written with a decimal sign as a plain one.

    >>> plain("qty", "1.299,00", ","), plain("qty", "1'200.5", ".")
    ('1299', '1200.5')
    """
    bare = re.sub(r"['\u2019\u00a0\u202f ](?=\d{3}(?!\d))", "", digits.strip())
    thousands = "." if sign == "," else ","
    whole, _sign, rest = bare.partition(sign)
    groups = whole.lstrip("+-").split(thousands)
    if thousands in rest or sign in rest or any(len(group) != 3 for group in groups[1:]):
        raise bad_value(name, digits, "a plain decimal number is expected, like 12 or 4.20")
    text = whole.replace(thousands, "") + (f".{rest}" if rest else "")
    return show(parse_decimal(name, text))


def ambiguous(name: str, text: str, one: str, other: str) -> Refused:
    """Return the refusal of a number that may be two."""
    return Refused(
        "ambiguous-number",
        f"{name} is {text!r}: {one} or {other}? Write it without a thousands sign, "
        "or say what the decimal sign of the file is.",
        field=name,
        value=text,
    )


def each(total: str, count: str) -> str | None:
    """Return the price of one from a sum; None where it does not come out even.

    >>> each("36", "2"), each("10", "3")
    ('18', None)
    """
    if Decimal(count) == 0:
        return None
    price = Decimal(total) / Decimal(count)
    return show(price) if price == round(price, 6) else None
