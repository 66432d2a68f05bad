"""Tables for spreadsheet programs: no cell becomes a formula in somebody's sheet.

A text that begins with ``= + - @``, a tab or a return gets an apostrophe, which such programs take
for "this is text" (OWASP, CSV injection); what is read back loses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TextIO

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*")


def escaped(value: object) -> object:
    """Return a cell as it is written; numbers, also negative ones, stay as they are.

    >>> escaped("=1+2"), escaped("-3.50"), escaped("'tis"), escaped(None)
    ("'=1+2", '-3.50', "'tis", None)
    """
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def unescaped(text: str) -> str:
    """Return a cell as it was before it was written.

    >>> unescaped("'=1+2"), unescaped("'tis")
    ('=1+2', "'tis")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def write_rows(file: TextIO, rows: Iterable[Iterable[object]]) -> None:
    """Write rows as CSV."""
    import csv

    csv.writer(file).writerows([escaped(cell) for cell in row] for row in rows)
