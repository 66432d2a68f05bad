"""Rows of CSV, gzipped CSV and XLSX files, with the line each stands on."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from jitledger.domain.errors import Refused

MOST_BYTES = 512 * 1024 * 1024
LONGEST_FIELD = 100_000


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row below the header."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A header and its rows."""

    header: list[str]
    rows: list[TableRow]
    delimiter: str


def read_table(path: Path) -> Table:
    """Read a file; raises ``bad-file`` in one sentence when it is no table."""
    if not path.is_file():
        raise Refused("bad-file", f"There is no file {str(path)!r}.", file=str(path))
    if path.stat().st_size > MOST_BYTES:
        raise Refused("bad-file", f"{path.name} is larger than 512 MiB.", file=path.name)
    return parse_table(path.name, path.read_bytes())


def parse_table(name: str, data: bytes, most: int = MOST_BYTES) -> Table:
    """Read a table from bytes; the name's ending tells the kind.

    ``most`` is how many bytes it may have when it is unpacked; a larger one is refused.
    """
    lowered = name.casefold()
    try:
        if lowered.endswith((".xlsx", ".xlsm")):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                _check_size(name, sum(entry.file_size for entry in archive.infolist()), most)
            return _from_xlsx(name, data)
        if lowered.endswith(".gz"):
            with gzip.open(io.BytesIO(data)) as file:
                data = file.read(most + 1)
            _check_size(name, len(data), most)
    except Refused:
        raise
    except Exception as error:  # Whatever a damaged file makes the libraries that read it raise.
        raise _bad(name, "it cannot be read, perhaps it is damaged", f" ({error})") from error
    return _from_csv(name, data)


def _bad(name: str, why: str, more: str = "") -> Refused:
    """Return the refusal of a file: why, and what more the program that read it says."""
    return Refused("bad-file", f"{name}: {why}{more}.", file=name, why=why)


def _check_size(name: str, size: int, most: int) -> None:
    if size > most:
        raise _bad(name, "it is too large when unpacked", f" ({most // (1024 * 1024)} MiB)")


def _from_csv(name: str, data: bytes) -> Table:
    text = _text(name, data)
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t|", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    csv.field_size_limit(LONGEST_FIELD)
    header: list[str] = []
    rows: list[TableRow] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = [cell.strip() for cell in cells]
                continue
            rows.append(TableRow(reader.line_num, [cell.strip() for cell in cells]))
    except csv.Error as error:
        shown = f" (line {reader.line_num}: {error})"
        raise _bad(name, "it cannot be read, perhaps it is damaged", shown) from error
    if not header:
        raise _bad(name, "it is empty; a header line and rows are expected")
    return Table(header, rows, delimiter)


def _text(name: str, data: bytes) -> str:
    if b"\x00" in data[:4096] and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise _bad(name, "it is no text; a CSV or XLSX file is expected")
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252"):
        try:
            return data.decode(encoding).replace("\x00", "")
        except UnicodeDecodeError:
            continue
    raise _bad(name, "it is no text in UTF-8; save it as CSV (UTF-8)")


def _from_xlsx(name: str, data: bytes) -> Table:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    sheet = book.active
    if sheet is None or not hasattr(sheet, "iter_rows"):
        raise _bad(name, "it has no sheet")
    header: list[str] = []
    rows: list[TableRow] = []
    for line, cells in enumerate(_cells(sheet.iter_rows(values_only=True)), start=1):
        if not any(cells):
            continue
        if not header:
            header = cells
            continue
        rows.append(TableRow(line, cells))
    if not header:
        raise Refused(
            "bad-file", f"{name} is empty; a header line and rows are expected.", file=name
        )
    return Table(header, rows, "xlsx")


def _cells(rows: Iterator[tuple[object, ...]]) -> Iterator[list[str]]:
    for row in rows:
        yield [_cell(value) for value in row]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat() if value.time().isoformat() != "00:00:00" else str(value.date())
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, float):
        text = repr(value)
        # No locale shall take the three decimals of a true number for thousands.
        return text + "0" if len(text.rpartition(".")[2]) == 3 and "e" not in text else text
    return str(value).strip()
