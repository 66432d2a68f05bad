"""Rows that are not taken: no fact and no fault, counted and named; and bad ones, to be mended."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jitledger.domain.errors import LedgerError
from jitledger.service.importers.files.packed import TableRow
from jitledger.service.importers.files.tables import Table, mark_of
from jitledger.service.importers.formats import Format, Row, map_header
from jitledger.service.importers.headers import full_key, names

_NOT_YET = re.compile(r"pending|draft|quot|entwurf|angebot|ausstehend", re.IGNORECASE)
_CANCELLED = re.compile(r"cancel|storn|void|annul|anulad", re.IGNORECASE)


class LeftOut(Exception):
    """A row that is no fault and no fact: a sum, a page number, what was not counted."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


NO_NUMBER = "nobody counted it"
A_SUM = "a sum is no product"
NO_ROW = "it is no row of the table"
NOT_KNOWN = "its stock was never known"
NOT_COME = "none of it came"
CANCELLED = "it was cancelled"
NOT_SOLD = "it is not sold yet"
A_PARENT = "its variants are sold, not it"
A_PICTURE = "it holds no product"


def filled(row: TableRow) -> Sequence[str]:
    """Return the cells of a row that hold something."""
    return [cell for cell in row.cells if cell]


def check_footer(row: TableRow, needed: int, last: int) -> None:
    """Leave out a sum, and below the last whole row a line that is none.

    ``needed`` columns must be filled in a row; ``last`` is the last line with two cells or more.
    """
    cells = filled(row)
    words = re.findall(r"[^\W\d_]+", cells[0].casefold()) if cells else []
    sums = set(names()["sums"])
    if sums.intersection(words) and sums.union(names()["with_sums"]).issuperset(words):
        raise LeftOut(A_SUM)
    if len(cells) == 1 and needed > 1 and row.line > last > 0:
        raise LeftOut(NO_ROW)


def check_said(fields: Row, form: str, quantity: str) -> None:
    """Leave out a row that says of itself that there is nothing to record.

    ``quantity`` is the header of its quantity; empty where it has one for each place.
    """
    if fields.get("known", "").casefold() in ("false", "0", "no"):
        raise LeftOut(NOT_KNOWN)
    said = f"{fields.get('status', '')} {fields.get('event', '')}"
    if form == "sales" and _CANCELLED.search(said):
        raise LeftOut(CANCELLED)
    if form == "sales" and _NOT_YET.search(said):
        raise LeftOut(NOT_SOLD)
    if form == "counts" and quantity and fields.get("sku") and not fields["qty"]:
        raise LeftOut(NO_NUMBER)
    came = full_key(quantity) not in names()["qty"]
    if form == "receipts" and fields.get("qty") == "0" and came:
        raise LeftOut(NOT_COME)
    if form == "items" and fields.get("kind", "").casefold() in ("variable", "grouped"):
        raise LeftOut(A_PARENT)
    told = ("sku", "price", "barcodes", "cost", "name", "option1", "option2", "option3")
    if form == "items" and fields.get("handle") and not any(fields.get(n) for n in told):
        raise LeftOut(A_PICTURE)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken: where, which column, why."""

    line: int
    column: str | None
    error: LedgerError
    cells: list[str]

    @property
    def reason(self) -> str:
        """Say what is wrong with it."""
        return self.error.message


OURS = ("line", "reason")
"""Columns that a file of bad rows carries for people."""


def bad_table(
    form: Format,
    table: Table,
    bad: Sequence[BadRow],
    say: Callable[[BadRow], str],
    words: Sequence[str] = OURS,
) -> list[list[str]]:
    """Return the bad rows as a table to mend and import: header first, line and reason last.

    Each row has an id of its own, so that one mended into the likeness of a good one is recorded.
    """
    width = len(table.header)
    has_id = "key" in map_header(form, table.header).values()
    head = [*table.header, *(() if has_id else ("key",)), *words]
    of_file = mark_of(table)
    rows = []
    for row in bad:
        cells = [*row.cells, *[""] * (width - len(row.cells))]
        if len(cells) > width:  # What was too much stays where it can be seen.
            cells = [*cells[: width - 1], table.delimiter.join(cells[width - 1 :])]
        mine = () if has_id else (f"{of_file}-{row.line}",)
        rows.append([*cells, *mine, str(row.line), say(row)])
    return [head, *rows]
