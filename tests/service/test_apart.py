"""Files that would take all memory or time get a sentence, and soon."""

from __future__ import annotations

import csv
import gzip
import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from jitledger.domain.errors import Refused
from jitledger.service.importers.files.apart import IN_THE_CHAT, parse_apart, read_apart
from jitledger.service.importers.files.tables import parse_table, read_table

MOST = 100 * 1024 * 1024


def far_cell() -> bytes:
    """Return a sheet of a few kilobytes whose second cell is a million rows away."""
    book: Any = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"], sheet["XFD1048576"] = "SKU", "x"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def many_entities() -> bytes:
    """Return a sheet whose texts refer to texts that refer to texts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook>" + "a" * 60_000_000 + "</workbook>")
    return file.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "far.xlsx": far_cell,
    "rows.csv.gz": lambda: gzip.compress(b"SKU,Qty\n" + b"A,1\n" * 24_000_000),
    "one.csv.gz": lambda: gzip.compress(b"x" * 99_000_000),
    "wide.csv": lambda: b"SKU" + b"," * 976_000,
    "entities.xlsx": many_entities,
    "no.xls": lambda: b"\xd0\xcf\x11\xe0" + bytes(4000),
    "no.ods": lambda: b"PK\x03\x04",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_what_would_take_too_much_is_refused_soon(name: str) -> None:
    """Within five seconds, in one sentence; this process lives on."""
    data = BOMBS[name]()
    began = time.monotonic()
    with pytest.raises(Refused, match=name) as refused:
        parse_apart(name, data, MOST)
    assert refused.value.code == "bad-file"
    assert time.monotonic() - began < IN_THE_CHAT.seconds + 1


def test_a_table_read_apart_is_the_same() -> None:
    """What comes back from the other process is what this one would have read."""
    book: Any = openpyxl.Workbook()
    sheet = book.active
    for row in (["Count of March"], [], ["SKU", "Qty"], ["MUG", 3], ["TEA-G", "1,5"]):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    packed = gzip.compress(b"SKU;Qty\nM\xc3\x9cG;3\n")
    for name, data in (("t.xlsx", file.getvalue()), ("t.csv.gz", packed)):
        assert parse_apart(name, data, MOST) == parse_table(name, data, MOST)


def test_a_file_that_is_read_at_the_terminal_is_the_same(tmp_path: Path) -> None:
    """Of each kind: as it is read in the open, whatever process reads it."""
    text = ("SKU,Qty\n" + "".join(f"A-{n},{n}\n" for n in range(50))).encode()
    book: Any = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(text.decode())):
        book.active.append(row)
    sheet = io.BytesIO()
    book.save(sheet)
    kinds = {"a.csv": text, "a.csv.gz": gzip.compress(text), "a.xlsx": sheet.getvalue()}
    for name, data in kinds.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert read_apart(path) == read_table(path), name
    with pytest.raises(Refused, match="There is no file"):
        read_apart(tmp_path / "none.xlsx")
