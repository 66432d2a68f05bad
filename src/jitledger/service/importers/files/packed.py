"""Rows kept small: a million of them within a hundred megabytes, parted when they are read."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

_BETWEEN = "\x1f"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row below the header."""

    line: int
    cells: list[str]


class Rows(Sequence[TableRow]):
    """Rows of a table; each is one text until somebody looks at it."""

    def __init__(self, rows: Iterable[TableRow] = ()) -> None:
        self._lines = array("Q")
        self._texts: list[str] = []
        for row in rows:
            self.append(row.line, row.cells)

    def append(self, line: int, cells: Sequence[str]) -> None:
        """Add a row."""
        self._lines.append(line)
        text = _BETWEEN.join(cells)
        if text.count(_BETWEEN) >= len(cells) > 0:  # Nobody types that sign.
            text = _BETWEEN.join(cell.replace(_BETWEEN, " ") for cell in cells)
        self._texts.append(text)

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[TableRow]:
        for line, text in zip(self._lines, self._texts, strict=True):
            yield TableRow(line, text.split(_BETWEEN))

    def __reversed__(self) -> Iterator[TableRow]:
        for place in range(len(self._texts) - 1, -1, -1):
            yield self[place]

    @overload
    def __getitem__(self, place: int) -> TableRow: ...
    @overload
    def __getitem__(self, place: slice) -> Rows: ...
    def __getitem__(self, place: int | slice) -> TableRow | Rows:
        if isinstance(place, slice):
            part = Rows()
            part._lines, part._texts = self._lines[place], self._texts[place]
            return part
        return TableRow(self._lines[place], self._texts[place].split(_BETWEEN))

    def column(self, place: int) -> Iterator[str]:
        """Yield the filled cells of a column."""
        for text in self._texts:
            cells = text.split(_BETWEEN, place + 1)
            if place < len(cells) and cells[place]:
                yield cells[place]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]
