"""Which column is which: asked where a file does not say it, kept for the next of its shape.

A file's shape is what its headers are, without case, spaces and signs; the order of its columns
counts, its rows do not.
"""

from __future__ import annotations

import hashlib

from jitledger.domain.errors import LedgerError
from jitledger.domain.json import Json
from jitledger.service.importers.columns import column_of
from jitledger.service.importers.dates import are_days
from jitledger.service.importers.files.tables import Table
from jitledger.service.importers.formats import FORMATS, map_header
from jitledger.service.importers.headers import full_key
from jitledger.service.importers.numbers import cell_of
from jitledger.service.importers.shops import profile_of
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.memory.conversations import recall
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import goods as say

MOST_OFFERED = 6
"""Buttons under one message."""

FIELDS = {
    "sku": say.THE_CODE,
    "qty": say.THE_QUANTITY,
    "when": say.THE_DAY,
    "supplier": say.THE_SUPPLIER,
}
"""{field: what it is called} of those that a table cannot do without."""


ORDER = ("items", "counts", "receipts", "sales", "suppliers")


def fitting(table: Table) -> list[str]:
    """Return the formats whose required columns a table has, the likeliest first.

    A name or a price makes it a list of products; a quantity makes it counts, receipts or sales.
    """
    known = profile_of(table)
    if known is not None:
        return [known.becomes]
    found = []
    for form in ORDER:
        try:
            columns = set(map_header(FORMATS[form], table.header).values())
        except LedgerError:
            continue
        if form == "items" and not columns & {"name", "price", "barcodes", "category"}:
            continue
        if form == "suppliers" and not columns & {"lead", "contact", "moq", "currency"}:
            continue
        found.append(form)
    if "items" in found and "suppliers" not in found:
        columns = set(map_header(FORMATS["items"], table.header).values())
        if "name" in columns:
            return ["items"]
    return found


def shape_of(table: Table) -> str:
    """Return the key under which the columns of files like this one are kept."""
    keys = "\x1f".join(full_key(cell) for cell in table.header)
    return "shape:" + hashlib.sha256(keys.encode("utf-8", "replace")).hexdigest()[:24]


def may_hold_facts(table: Table) -> bool:
    """Return whether a table has a column of numbers beside another one."""
    named = [cell for cell in table.header if cell.strip()]
    return len(named) > 1 and any(_may_be("qty", table, cell) for cell in named)


def as_before(tx: Tx, shape: str) -> Json:
    """Return {form, columns} of the last file of a shape whose rows were taken."""
    _state, kept = recall(tx, shape)
    return kept


def asked(error: LedgerError, table: Table, body: Json) -> tuple[str, list[Json]] | None:
    """Return what is asked about a table's columns and what may be said; None where nothing is.

    An offer is ``{"columns": [[field, header], …]}``, what was said before among them.
    """
    missing = error.fields.get("missing") or error.fields.get("asked")
    field = missing[0] if isinstance(missing, list) and missing else missing
    if field not in FIELDS:
        return None
    said = [list(one) for one in body.get("columns", ())]
    taken = {header for _field, header in said}
    named = [cell for cell in table.header if cell.strip() and cell not in taken]
    fits = [cell for cell in dict.fromkeys(named) if named.count(cell) == 1]
    offered = sorted(fits, key=lambda cell: not _may_be(str(field), table, cell))[:MOST_OFFERED]
    if not offered:
        return None
    question = _(say.WHICH_COLUMN, field=_(FIELDS[str(field)]), name=texts.safe(body["name"][:80]))
    return question, [{"columns": [*said, [field, header]]} for header in offered]


def _may_be(field: str, table: Table, header: str) -> bool:
    """Return whether the cells of a column are of the kind that a field has."""
    cells = list(column_of(table, table.header.index(header)))[:200]
    numbers = [cell_of(cell) is not None for cell in cells]
    if field == "qty":
        return bool(cells) and all(numbers)
    if field == "when":
        return are_days(cells)
    return bool(cells) and len(set(cells)) * 2 > len(cells) and not are_days(cells)


def told(columns: list[list[str]]) -> str:
    """Return "“Stk” is the quantity, “Artikelnr” the code" for people."""
    parts = [
        _(say.COLUMN_IS, column=texts.safe(header), field=_(FIELDS[field]))
        for field, header in columns
        if field in FIELDS
    ]
    return ", ".join(parts)
