"""Delivery notes that are PDF files with text: their table, by where the words stand.

A PDF has no table, only words at places. ``pypdf`` gives each page's lines with the distances
between words kept; the line that names most columns is the header, and what stands below it belongs
to the column it overlaps most.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import NamedTuple

from jitledger.domain.errors import Refused
from jitledger.service.importers.files.packed import TableRow
from jitledger.service.importers.formats import FORMATS
from jitledger.service.importers.headers import header_score

MOST_PAGES = 60

_CHUNK = re.compile(r"\S+(?: \S+)*")
"""Words with one space between them stand together; two spaces part columns."""


class Chunk(NamedTuple):
    """Words that stand together on a line: from where, to where."""

    begin: int
    end: int
    text: str


def pdf_rows(name: str, data: bytes) -> list[TableRow]:
    """Return the header and the rows below it, over all pages; raises ``bad-file``.

    Lines above the header are a letterhead; a header that a later page repeats is no row.
    """
    lines = _lines(name, data)
    fields = [form.fields for form in FORMATS.values()]
    chunked = [_chunks(line) for line in lines]
    scores = [header_score([c.text for c in chunks], fields) for chunks in chunked]
    best = max(scores, default=0)
    if best < 2:
        raise Refused(
            "bad-file",
            f"{name}: no line of it names columns, like “article” and “quantity”; send the "
            "lines as text or as a table.",
            file=name,
            why="no line of it names columns",
        )
    place = scores.index(best)
    columns = chunked[place]
    header = [column.text for column in columns]
    rows = [TableRow(place + 1, header)]
    for number, chunks in enumerate(chunked[place + 1 :], start=place + 2):
        cells = _cells(chunks, columns)
        if any(cells) and cells != header:
            rows.append(TableRow(number, cells))
    return rows


def _lines(name: str, data: bytes) -> list[str]:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise Refused("bad-file", f"{name}: it is locked with a password.", file=name, why="locked")
    if len(reader.pages) > MOST_PAGES:
        raise Refused(
            "bad-file",
            f"{name}: it has {len(reader.pages)} pages, of at most {MOST_PAGES}.",
            file=name,
            why="too many pages",
        )
    texts = [page.extract_text(extraction_mode="layout") or "" for page in reader.pages]
    lines = [line.rstrip() for text in texts for line in text.splitlines() if line.strip()]
    if not lines:
        raise Refused(
            "bad-file",
            f"{name}: it holds pictures and no text; write the lines, or send a table.",
            file=name,
            why="it holds no text",
        )
    return lines


def _chunks(line: str) -> list[Chunk]:
    """Return what stands together on a line.

    >>> [c.text for c in _chunks("A-1   Blue mug    24")]
    ['A-1', 'Blue mug', '24']
    """
    return [Chunk(m.start(), m.end(), m.group()) for m in _CHUNK.finditer(line)]


def _cells(chunks: Sequence[Chunk], columns: Sequence[Chunk]) -> list[str]:
    """Put each chunk of a line under the column it overlaps most, else under the nearest.

    >>> head = _chunks("article   name        qty")
    >>> _cells(_chunks("A-1       Blue mug     24"), head)
    ['A-1', 'Blue mug', '24']
    >>> _cells(_chunks("          Red mug       5"), head)
    ['', 'Red mug', '5']

    What stands between two columns may be of either: it becomes a cell too many, so that the row is
    refused by name and no price is taken for a quantity.

    >>> _cells(_chunks("A-1       Mug     5"), _chunks("article   name        qty"))
    ['A-1', 'Mug', '', '5']
    """
    cells = [""] * len(columns)
    unclear = []
    for chunk in chunks:
        near, *others = sorted(
            range(len(columns)), key=lambda n: _nearness(chunk, columns[n]), reverse=True
        )
        gap = -_nearness(chunk, columns[near])
        if gap > 0 and others and gap * 2 > -_nearness(chunk, columns[others[0]]):
            unclear.append(chunk.text)
        else:
            cells[near] = f"{cells[near]} {chunk.text}".strip()
    return cells + unclear


def _nearness(chunk: Chunk, column: Chunk) -> int:
    """Return how many places two overlap; below zero how far they are apart."""
    return min(chunk.end, column.end) - max(chunk.begin, column.begin)
