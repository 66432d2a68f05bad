"""Headers: what a column is, by its name in the languages and programs that shops use.

Names of a field stand the surest first: beside a column "SKU" a column "Item" is the name, beside
"Received" a column "Quantity" is what was ordered.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def names() -> dict[str, tuple[str, ...]]:
    """Return {field: its names, the surest first}."""
    text = files(__package__).joinpath("headers.toml").read_text(encoding="utf-8")
    found = {name: tuple(words) for name, words in tomllib.loads(text).items()}
    found["received"] += found["qty"]
    quantity = tuple(name for name in found["qty"] if name != "amount")
    found["counted"] += (*quantity, *found["stock"], "amount")
    return found


def header_key(text: str) -> str:
    """Return a header without case, spaces, signs and what stands in brackets.

    >>> header_key("Unit Cost (EUR)"), header_key("In stock [Main]")
    ('unitcost', 'instock')
    """
    return full_key(re.sub(r"\(.*?\)|\[.*?\]", "", text))


def full_key(text: str) -> str:
    """Return a header without case, spaces and signs.

    >>> full_key("On hand (new)")
    'onhandnew'
    """
    return re.sub(r"[\W_]+", "", text.casefold())


def place_of(text: str) -> str | None:
    """Return the place that stands in square brackets behind a header.

    >>> place_of("In stock [Main]"), place_of("In stock (new)")
    ('Main', None)
    """
    found = re.search(r"\[([^\[\]]+)\]\s*$", text)
    return found.group(1).strip() if found else None


def rank(text: str, known: Sequence[str]) -> int | None:
    """Return how sure a header is among the names of a field, 0 the surest; None when it is none.

    >>> rank("On hand (current)", ("counted", "onhand")), rank("Colour", ("counted", "onhand"))
    (1, None)
    """
    found = [known.index(key) for key in (full_key(text), header_key(text)) if key in known]
    return min(found) if found else None


TAX_COUNTS = 500
"""From here on a rank is of a header without its words on tax."""

WORDS_COUNT = 1000
"""From here on a rank is of a word of a header, which is less sure than all of it."""


def by_word(text: str, field: str, known: Sequence[str]) -> int | None:
    """Return how sure one word of a longer header is; only days and what was counted or came.

    >>> by_word("Date of delivery", "when", ()), by_word("Brand name", "name", ("name",))
    (1000, None)
    """
    words = re.findall(r"[^\W_]+", text.casefold())
    if set(words) & set(names()["date_words"]):
        return WORDS_COUNT if field == "when" and len(words) <= 4 else None
    if field != "qty":
        return None
    sure = [word for word in known if word not in names()["qty"] and word not in names()["stock"]]
    found = [sure.index(word) for word in words if word in sure]
    return WORDS_COUNT + min(found) if found else None


def _sure(text: str, field: str, known: Sequence[str]) -> int | None:
    place = rank(text, known)
    noise = {"price": "with_tax", "cost": "without_tax"}.get(field)
    if place is None and noise is not None:
        words = re.findall(r"[^\W_]+", text.casefold())
        bare = rank(" ".join(w for w in words if w not in names()[noise]), known)
        return None if bare is None else TAX_COUNTS + bare
    return by_word(text, field, known) if place is None else place


def best_columns(header: Sequence[str], fields: dict[str, tuple[str, ...]]) -> dict[int, str]:
    """Return {column: field}, the surest names first; a column is one field, a field one column."""
    fits = sorted(
        (place, column, name)
        for column, cell in enumerate(header)
        for name, known in fields.items()
        if (place := _sure(cell, name, known)) is not None
    )
    found: dict[int, str] = {}
    for _rank, column, name in fits:
        if column not in found and name not in found.values():
            found[column] = name
    return dict(sorted(found.items()))


def header_score(cells: Iterable[str], fields: Sequence[dict[str, tuple[str, ...]]]) -> int:
    """Return how many columns a row would name, as a header of the format it fits best."""
    row = list(cells)
    return max(len(best_columns(row, one)) for one in fields)
