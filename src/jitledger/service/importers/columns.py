"""What is settled of a table's columns before any of its rows is read."""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import zip_longest

from jitledger.domain.errors import Refused
from jitledger.service.importers.dates import are_days
from jitledger.service.importers.files.packed import Rows
from jitledger.service.importers.files.tables import Table
from jitledger.service.importers.formats import Format
from jitledger.service.importers.headers import full_key, header_key
from jitledger.service.importers.numbers import cell_of

TWO_COLUMNS = "two columns have this name and differ; rename the one that does not count"
WHICH_DATE = "it holds days and is not read; name the column “date” if it says when"
HOW_MANY = "how many, or money? Name the column “quantity” or “total”"


def column_of(table: Table, place: int) -> Iterator[str]:
    """Yield the filled cells of a column."""
    if isinstance(table.rows, Rows):
        yield from table.rows.column(place)
        return
    for row in table.rows:
        if place < len(row.cells) and row.cells[place]:
            yield row.cells[place]


def check_alone(table: Table, columns: dict[int, str], places: Container[int]) -> None:
    """Refuse two columns of one name that differ: nobody knows which of them is meant."""
    for place in columns:
        key = full_key(table.header[place])
        for other, cell in enumerate(table.header):
            if other == place or full_key(cell) != key or other in places:
                continue
            pairs = zip_longest(column_of(table, place), column_of(table, other))
            if any(one != another for one, another in pairs):
                raise Refused(
                    "bad-file",
                    f"{cell}: {TWO_COLUMNS}.",
                    file=cell,
                    why=TWO_COLUMNS,
                    asked=columns[place],
                )


def check_dates(form: Format, table: Table, columns: dict[int, str]) -> None:
    """Refuse a file of facts whose days stand in a column that nobody knows."""
    if "when" not in form.fields or "when" in columns.values():
        return
    for place, cell in enumerate(table.header):
        if place not in columns and are_days(column_of(table, place)):
            raise Refused(
                "bad-file", f"{cell}: {WHICH_DATE}.", file=cell, why=WHICH_DATE, asked="when"
            )


def check_amount(table: Table, columns: dict[int, str]) -> None:
    """Refuse an "Amount" beside other numbers: it may be how many, or money."""
    place = next((p for p, name in columns.items() if name == "qty"), None)
    if place is None or header_key(table.header[place]) != "amount":
        return
    priced = {"price", "cost", "total"} & set(columns.values())
    unread = [p for p in range(len(table.header)) if p not in columns]
    if priced or any(_are_numbers(column_of(table, other)) for other in unread):
        cell = table.header[place]
        raise Refused("bad-file", f"{cell}: {HOW_MANY}.", file=cell, why=HOW_MANY, asked="qty")


def _are_numbers(texts: Iterator[str]) -> bool:
    found = [cell_of(text) is not None for text in texts]
    return bool(found) and all(found)
