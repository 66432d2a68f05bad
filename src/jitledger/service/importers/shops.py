"""Files of shop systems, known by their headers and turned into tables of our own formats.

What a system means by a column stands in ``shops.toml``: which headers a file is known by, which
rows are no sale, what a price is of. A file that is known is read so whatever it was called.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jitledger.domain.errors import Refused
from jitledger.service.importers.files.packed import Rows, TableRow
from jitledger.service.importers.files.tables import Table
from jitledger.service.importers.formats import FORMATS, Format
from jitledger.service.importers.headers import full_key

NO_CODE = "it has no code: no product is behind it"


@dataclass(frozen=True, slots=True)
class Leave:
    """Rows that are no fact: by what stands in a column."""

    column: str
    why: str
    values: tuple[str, ...] = ()
    begins: tuple[str, ...] = ()
    empty: bool = False
    unless: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """How a shop system writes one kind of file."""

    name: str
    becomes: str
    """The name of our format."""
    known_by: tuple[str, ...]
    columns: dict[str, str] = field(default_factory=dict)
    group: str = ""
    """The column that is the same in all rows of an order."""
    fill: tuple[str, ...] = ()
    """Columns that only the first row of an order fills."""
    key: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    leave: tuple[Leave, ...] = ()


@lru_cache(maxsize=1)
def profiles() -> dict[str, Profile]:
    """Return {name: profile} of every system in ``shops.toml``."""
    text = files(__package__).joinpath("shops.toml").read_text(encoding="utf-8")
    found = {}
    for name, told in tomllib.loads(text).items():
        leave = tuple(_leave(one) for one in told.pop("leave", ()))
        fields: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in told.items()
        }
        found[name] = Profile(name, leave=leave, **fields)
    return found


def _leave(told: dict[str, Any]) -> Leave:
    listed = {name: tuple(told.get(name, ())) for name in ("values", "begins")}
    rest = {name: value for name, value in told.items() if name not in listed}
    return Leave(**rest, values=listed["values"], begins=listed["begins"])


def format_named(name: str) -> Format:
    """Return the format of ours that a name stands for; raises ``KeyError`` for an unknown one."""
    known = profiles().get(name)
    return FORMATS[name if known is None else known.becomes]


def check_named(name: str, table: Table) -> None:
    """Refuse a file that is called a shop system's and is none; raises ``bad-file``."""
    known = profiles().get(name)
    if known is not None and not _fits(known, [full_key(cell) for cell in table.header]):
        needed = ", ".join(part.split("|")[0] for part in known.known_by)
        raise Refused(
            "bad-file",
            f"This is no {name} file; these columns are expected: {needed}. "
            f"The file has {', '.join(table.header)[:200]}.",
        )


def profile_of(table: Table) -> Profile | None:
    """Return the system whose file a table is, by its headers."""
    keys = [full_key(cell) for cell in table.header]
    return next((one for one in profiles().values() if _fits(one, keys)), None)


def _fits(profile: Profile, keys: Sequence[str]) -> bool:
    return all(_place(keys, name) is not None for name in profile.known_by)


def _place(keys: Sequence[str], name: str) -> int | None:
    return next((keys.index(one) for one in name.split("|") if one in keys), None)


def as_ours(table: Table, form: Format) -> tuple[Table, dict[int, str]]:
    """Return a table as our format has it, and {line: why} of rows that are no fact.

    A table that is of no known system, or that was asked to be something else, stays as it is.
    """
    profile = profile_of(table)
    if profile is None or not profile.columns or profile.becomes != form.name:
        return table, {}
    return _Reader(profile, table).read()


class _Reader:
    """Turns the rows of one file."""

    def __init__(self, profile: Profile, table: Table) -> None:
        self.profile, self.table = profile, table
        self.keys = [full_key(cell) for cell in table.header]
        self.header = [*profile.columns]
        if profile.key:
            self.header.append("key")
        self.left: dict[int, str] = {}
        self._seen: dict[tuple[str, ...], int] = {}
        self._above: dict[str, list[str]] = {}

    def read(self) -> tuple[Table, dict[int, str]]:
        """Return the rows as ours, and those that are no fact."""
        rows = Rows()
        for row in self.table.rows:
            cell = self._cells(row)
            why = next((one.why for one in self.profile.leave if _leaves(one, cell)), None)
            if why is None and self.profile.becomes == "sales" and not cell(self._sku()):
                why = NO_CODE
            if why is not None:
                self.left[row.line] = why
                continue
            rows.append(row.line, self._ours(cell))
        header = [_OURS.get(name, name) for name in self.header]
        return Table(header, rows, self.table.delimiter), self.left

    def _sku(self) -> str:
        return self.profile.columns["sku"]

    def _cells(self, row: TableRow) -> Callable[[str], str]:
        """Return what reads a row's cell by its header; an order's fields of its first row."""
        group = self._raw(row, self.profile.group) if self.profile.group else ""
        first = self._above.setdefault(group, row.cells) if group else row.cells

        def cell(name: str) -> str:
            here = self._raw(row, name)
            if here or name.split("|")[0] not in self.profile.fill:
                return here
            return self._raw(TableRow(row.line, list(first)), name)

        return cell

    def _raw(self, row: TableRow, name: str) -> str:
        for one in name.split("|"):
            place = self.keys.index(one) if one in self.keys else len(row.cells)
            if place < len(row.cells) and row.cells[place].strip():
                return row.cells[place].strip()
        return ""

    def _ours(self, cell: Callable[[str], str]) -> list[str]:
        found = [self._day(name, cell(source)) for name, source in self.profile.columns.items()]
        if self.profile.key:
            found.append(self._key(cell))
        return found

    def _day(self, name: str, text: str) -> str:
        """Return a day in ISO 8601 where the system writes days in a way of its own."""
        if name != "when":
            return text
        for style in self.profile.days:
            try:
                found = datetime.strptime(text, style)
            except ValueError:
                continue
            timed = "%H" in style
            return found.isoformat(" ") if timed else found.date().isoformat()
        return text

    def _key(self, cell: Callable[[str], str]) -> str:
        parts = tuple(cell(name) for name in self.profile.key)
        self._seen[parts] = self._seen.get(parts, 0) + 1
        number = self._seen[parts]
        return ":".join((self.profile.name, *parts, *((str(number),) if number > 1 else ())))


_OURS = {"qty": "quantity", "total": "net sales", "less": "discount of line", "barcodes": "barcode"}
_OURS |= {"when": "date", "kind": "type"}
_OURS |= {f"option{n}": f"option{n}value" for n in (1, 2, 3)}
"""{field: a header that stands for it}"""


def _leaves(leave: Leave, cell: Callable[[str], str]) -> bool:
    """Return whether a row is one of those that are left out."""
    said = cell(leave.column).casefold()
    if leave.unless and cell(leave.unless["column"]).casefold() in leave.unless["values"]:
        return False
    if leave.empty:
        return not said
    if leave.values or leave.begins:
        return said in leave.values or said.startswith(leave.begins or ("\0",))
    return bool(said)
