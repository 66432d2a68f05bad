"""Rows of CSV, gzipped CSV, XLSX, XLS, ODS and PDF files, with the line each stands on."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jitledger.domain.errors import Refused
from jitledger.service.importers.files.packed import Rows, TableRow
from jitledger.service.importers.files.pdf import pdf_rows
from jitledger.service.importers.formats import FORMATS
from jitledger.service.importers.headers import header_score

MOST_BYTES = 512 * 1024 * 1024
LONGEST_FIELD = 100_000
MOST_COLUMNS = 2_000
MOST_CELLS = 5_000_000
MOST_ABOVE = 30
"""So many rows are looked at for the header."""
DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Table:
    """A header and its rows."""

    header: list[str]
    rows: Sequence[TableRow]
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
        if lowered.endswith((".xls", ".ods", ".xlsb")):
            if zipfile.is_zipfile(io.BytesIO(data)):
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    _check_size(name, sum(entry.file_size for entry in archive.infolist()), most)
            return _of_sheets(name, list(_calamine(data)))
        if lowered.endswith(".pdf"):
            return _of_sheets(name, [pdf_rows(name, data)])
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


def _check_width(name: str, columns: int) -> None:
    if columns > MOST_COLUMNS:
        raise _bad(name, "it has too many columns", f" ({columns:,} of at most {MOST_COLUMNS:,})")


def _from_csv(name: str, data: bytes) -> Table:
    text = _text(name, data)
    said = re.match(r"sep=(.)\r?\n", text)
    if said is not None:  # A line for spreadsheet programs, which is no header.
        return _found(name, _records(name, text, said.group(1))[1:], said.group(1))
    tries = [_records(name, text, sign, MOST_ABOVE) for sign in DELIMITERS]
    scores = [(_best(rows)[0], max((len(row.cells) for row in rows), default=0)) for rows in tries]
    delimiter = DELIMITERS[scores.index(max(scores))]
    return _found(name, _records(name, text, delimiter), delimiter)


def _records(name: str, text: str, delimiter: str, most: int | None = None) -> Rows:
    """Return the rows that hold something, each with its line; what is quoted is one cell."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    csv.field_size_limit(LONGEST_FIELD)
    rows = Rows()
    try:
        for cells in reader:
            _check_width(name, len(cells))
            if any(cell.strip() for cell in cells):
                rows.append(reader.line_num, [cell.strip() for cell in cells])
            if most is not None and len(rows) >= most:
                break
    except csv.Error as error:
        shown = f" (line {reader.line_num}: {error})"
        raise _bad(name, "it cannot be read, perhaps it is damaged", shown) from error
    return rows


def _best(rows: Sequence[TableRow]) -> tuple[int, int]:
    """Return (columns that are known, place) of the row that is likeliest the header."""
    fields = [form.fields for form in FORMATS.values()]
    scores = [header_score(row.cells, fields) for row in rows[:MOST_ABOVE]]
    best = max(scores, default=0)
    return best, scores.index(best) if best else 0


def _found(name: str, rows: Sequence[TableRow], delimiter: str) -> Table:
    """Return a table below its header; what stands above it is a letterhead."""
    if not rows:
        raise _bad(name, "it is empty; a header line and rows are expected")
    _score, place = _best(rows)
    return Table(rows[place].cells, rows[place + 1 :], delimiter)


def _text(name: str, data: bytes) -> str:
    """Return a file's text: by its mark, as UTF-8, by its zero bytes, else as Windows wrote it."""
    encodings = ["utf-8-sig"]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\x00" in data[:4096]:
        head = data[:4096]
        odd, even = head[1::2].count(0), head[::2].count(0)
        if max(odd, even) * 2 < len(head) // 2 or min(odd, even) * 4 > max(odd, even):
            raise _bad(name, "it is no text; a CSV or XLSX file is expected")
        encodings = ["utf-16-le" if odd > even else "utf-16-be"]
    for encoding in encodings:
        try:
            text = data.decode(encoding).replace("\x00", "")
        except UnicodeDecodeError:
            continue
        return text if "\n" in text else text.replace("\r", "\n")
    if encodings == ["utf-8-sig"]:
        text = _of_any_hand(data).replace("\x00", "")
        return text if "\n" in text else text.replace("\r", "\n")
    raise _bad(name, "it is no text in UTF-8; save it as CSV (UTF-8)")


_WESTERN = re.compile(r"[\x00-\x7f\xa0-\xff–—‘’‚“”„†•…€™œŒ]*")
_ODD = re.compile(r"[¡-¦¨ª¬¯µ¸¹º×÷ðþýÐÞÝ]|[À-ÿ]{4}")
"""Signs of Western Europe that hardly any shop writes; they are letters of another alphabet."""
_USUAL = re.compile(r"[\x00-\x7fäöüßÄÖÜéèêàâçôîûñóáíúœ’“”„–€]*")


def _of_any_hand(data: bytes) -> str:
    """Return a text that is no UTF-8: as Windows wrote it in the west, else as is likeliest."""
    western = data.decode("cp1252", "replace")
    if _WESTERN.fullmatch(western) and not _ODD.search(western):
        return western
    for old in ("mac_roman", "cp850"):
        text = data.decode(old, "replace")
        if _USUAL.fullmatch(text):
            return text
    from charset_normalizer import from_bytes

    hands = ["cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1257", "mac_roman", "cp850"]
    best = from_bytes(data[:200_000], cp_isolation=hands).best()
    return western if best is None else data.decode(best.encoding, "replace")


def _from_xlsx(name: str, data: bytes) -> Table:
    """Return the table of the sheet whose header names most columns."""
    sheets = list(_sheets(data, values=False))
    if any(_is_formula(cell) for rows in sheets for row in rows for cell in row.cells):
        computed = _sheets(data, values=True)
        sheets = [_with_results(*pair) for pair in zip(sheets, computed, strict=True)]
    return _of_sheets(name, sheets)


def _of_sheets(name: str, sheets: list[list[TableRow]]) -> Table:
    sheets = [rows for rows in sheets if rows]
    if not sheets:
        raise _bad(name, "it is empty; a header line and rows are expected")
    scores = [_best(rows)[0] for rows in sheets]
    return _found(name, sheets[scores.index(max(scores))], "xlsx")


def _calamine(data: bytes) -> Iterator[list[TableRow]]:
    """Yield the rows of each sheet that is seen of an old or an open-document workbook."""
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    for told in book.sheets_metadata:
        if told.visible == SheetVisibleEnum.Visible:
            rows = book.get_sheet_by_name(told.name).to_python(skip_empty_area=False)
            cells = (TableRow(n, [_cell(v) for v in row]) for n, row in enumerate(rows, start=1))
            yield [row for row in cells if any(row.cells)]


def _sheets(data: bytes, *, values: bool) -> Iterator[list[TableRow]]:
    """Yield the rows of each sheet that is seen, with the results of formulas or the formulas."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=values)
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            rows = enumerate(sheet.iter_rows(), start=1)
            cells = (TableRow(line, [_shown(cell) for cell in row]) for line, row in rows)
            yield [row for row in cells if any(row.cells)]


def _with_results(formulas: list[TableRow], values: list[TableRow]) -> list[TableRow]:
    """Put the stored result of each formula in its place; one without a result stays as it is."""
    results = {
        (row.line, place): cell for row in values for place, cell in enumerate(row.cells) if cell
    }
    return [
        TableRow(
            row.line,
            [
                results.get((row.line, place), cell) if _is_formula(cell) else cell
                for place, cell in enumerate(row.cells)
            ],
        )
        for row in formulas
    ]


def _is_formula(cell: str) -> bool:
    return cell.startswith("=") and len(cell) > 1


def _shown(cell: Any) -> str:
    """Return a cell as the sheet shows it: a code of five digits keeps its zeros."""
    value = cell.value
    zeros = getattr(cell, "number_format", "") or ""
    if isinstance(value, int) and not isinstance(value, bool) and re.fullmatch("0{2,}", zeros):
        return f"{value:0{len(zeros)}d}"
    return _cell(value)


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


def mark_of(table: Table) -> str:
    """Return what tells a file from another: a digest of its header and rows as ``repr`` has."""
    digest = hashlib.sha256(f"({table.header!r}, [".encode("utf-8", "replace"))
    for number, row in enumerate(table.rows):
        digest.update(f"{', ' if number else ''}{row.cells!r}".encode("utf-8", "replace"))
    digest.update(b"])")
    return digest.hexdigest()[:12]
