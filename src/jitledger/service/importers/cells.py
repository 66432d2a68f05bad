"""The cells of a row as fields: numbers, dates and codes as the whole file writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from jitledger.domain.errors import Refused, bad_value
from jitledger.domain.quantity import show
from jitledger.domain.state.shop import Shop
from jitledger.service.importers.columns import check_alone, check_amount, check_dates, column_of
from jitledger.service.importers.dates import Style, read_when, style_of
from jitledger.service.importers.files.packed import TableRow
from jitledger.service.importers.files.tables import Table
from jitledger.service.importers.formats import Format, Row, map_header
from jitledger.service.importers.headers import full_key, header_key, names, place_of
from jitledger.service.importers.left_out import (
    NO_NUMBER,
    LeftOut,
    check_footer,
    check_said,
    filled,
)
from jitledger.service.importers.numbers import (
    DOLLARS,
    MONEY,
    NOT_STOCKED,
    NOTHING,
    SIGNS,
    Cell,
    Decided,
    ambiguous,
    cell_of,
    decimal_sign,
    each,
    plain,
)
from jitledger.service.spreadsheets import unescaped

NUMBERS = ("qty", "price", "cost", "total", "less", "moq", "pack", "lead")
_SPOILT = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
_SHOPIFY_ONLY = "default title"
_KINDS = {"simple", "variation", "variable", "grouped", "external"}


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person says of a file where the file itself does not decide."""

    dates: str | None = None
    """``day`` or ``month``: which stands first."""
    decimal: str | None = None
    """The decimal sign: ``.`` or ``,``."""
    columns: tuple[tuple[str, str], ...] = ()
    """(field, header) of columns whose meaning a person said."""
    again: bool = False
    """Whether it is a new file, though its rows are like those that were recorded."""


UNDONE = "was it sold? Name the column “event type”, or take the row out"


class Cells:
    """Reads rows of one table; what the file shows decides for all of its rows."""

    def __init__(self, form: Format, table: Table, shop: Shop, choices: Choices) -> None:
        self.form, self.table, self.shop = form, table, shop
        self.columns = map_header(form, table.header, choices.columns)
        self._places = self._place_columns()
        self._check_headers()
        said = {name for name, _header in choices.columns}
        guessed = {place: name for place, name in self.columns.items() if name not in said}
        check_alone(table, guessed, self._places)
        self._decided = Decided(chosen=choices.decimal)
        for place, name in self._numbers():
            self._decided.see(name, column_of(table, place))
        self._when: dict[int, Style] = {
            place: style_of(
                column_of(table, place),
                shop.locale,
                choices.dates,
                timed="time" in self.columns.values(),
            )
            for place, name in self.columns.items()
            if name == "when"
        }
        check_dates(form, table, self.columns)
        check_amount(table, guessed)
        self._above: Row = {}
        last = (row.line for row in reversed(table.rows) if len(filled(row)) > 1)
        self._last = next(last, 0)

    def named(self) -> dict[str, str]:
        """Return {field: header}."""
        return {name: self.table.header[place] for place, name in self.columns.items()}

    def rows(self, row: TableRow) -> list[Row]:
        """Return the fields of a row, once for each place it tells of.

        Raises `LeftOut` for a row that says nothing to record, `Refused` for one that is wrong.
        """
        self._check_width(row)
        self._check_unread(row)
        needed = [p for p, name in self.columns.items() if name in self.form.required]
        check_footer(row, len(needed), self._last)
        fields = {name: self._value(row, place, name) for place, name in self.columns.items()}
        quantity = "" if self._places else self.named().get("qty", "")
        check_said(fields, self.form.name, quantity)
        fields = self._whole(fields, row)
        if not self._places:
            return [fields]
        found = []
        for place, at in self._places.items():
            text = row.cells[place] if place < len(row.cells) else ""
            if not _is_nothing(text):
                found.append({**fields, **self._number("qty", text), "at": at})
        if not found:
            raise LeftOut(NO_NUMBER)
        return found

    def _place_columns(self) -> dict[int, str]:
        """Return {column: place} where a number stands once for each place of the shop."""
        mine = next((p for p, name in self.columns.items() if name == "qty"), None)
        if mine is None or self.form.name != "counts" or place_of(self.table.header[mine]) is None:
            return {}
        key = header_key(self.table.header[mine])
        return {
            place: found
            for place, cell in enumerate(self.table.header)
            if header_key(cell) == key and (found := place_of(cell)) is not None
        }

    def _check_headers(self) -> None:
        """Refuse a column of money whose header names another currency: "Cost (USD)"."""
        for place, name in self.columns.items():
            if name in MONEY:
                header = self.table.header[place]
                marks = [sign for sign in SIGNS if sign in header]
                marks += re.findall(r"\b(?:EUR|USD|GBP|CHF|JPY|SEK|PLN|CAD|AUD)\b", header)
                for mark in marks:
                    self._check_currency(header, mark)

    def _numbers(self) -> Iterator[tuple[int, str]]:
        for place, name in self.columns.items():
            if name in NUMBERS:
                yield place, name
        for place in self._places:
            yield place, "qty"

    def _check_width(self, row: TableRow) -> None:
        width, delimiter = len(self.table.header), self.table.delimiter
        if any(cell for cell in row.cells[width:]):
            sign = f"; what holds a {delimiter!r} must stand in quotes"
            raise Refused(
                "bad-row",
                f"The row has {len(row.cells)} cells, the header {width}"
                f"{sign if len(delimiter) == 1 else ''}.",
                cells=len(row.cells),
                columns=width,
            )

    def _check_unread(self, row: TableRow) -> None:
        """Refuse a sale that a cell of a column nobody knows says was none: "Retoure"."""
        if self.form.name != "sales":
            return
        for place, cell in enumerate(row.cells):
            if place not in self.columns and cell.casefold() in names()["undone"]:
                raise bad_value("event", cell, UNDONE)

    def _value(self, row: TableRow, place: int, name: str) -> str:
        text = row.cells[place] if place < len(row.cells) else ""
        if name in ("sku", "barcode", "barcodes"):
            return _code(name, text)
        if name not in NUMBERS or not text:
            return " ".join(unescaped(text).split())
        if name == "price" and self.form.name == "items" and text.casefold() == "variable":
            return ""
        return self._number(name, text).get(name, "")

    def _number(self, name: str, text: str) -> Row:
        """Return a number as a plain one; its currency and its word stand beside it."""
        if _is_nothing(text):
            return {name: ""}
        if text.startswith("="):
            raise bad_value(name, text, FORMULA)
        cell = cell_of(text, money=name in MONEY)
        if cell is None or (cell.word is not None and name != "qty"):
            raise bad_value(name, text, "a plain decimal number is expected, like 12 or 4.20")
        sign = self._decided.chosen or decimal_sign(cell.digits) or self._decided.sign(name)
        if sign is None and not cell.digits.lstrip("+-").isdigit():
            sign = self._by_locale(name, cell)
        return {name: plain(name, cell.digits, sign or ".")}

    def _by_locale(self, name: str, cell: Cell) -> str:
        """Return the decimal sign where nothing in the file shows it: never a guess.

        A semicolon between columns is how programs write where the comma is the decimal sign.
        """
        english = self.shop.locale.startswith("en")
        if english and self.table.delimiter != ";":
            return "."
        if not english and self.table.delimiter == ";":
            return ","
        one, other = (plain(name, cell.digits, sign) for sign in ".,")
        raise ambiguous(name, cell.digits, one, other)

    def _whole(self, fields: Row, row: TableRow) -> Row:
        """Complete fields by each other: sum and quantity, word and pack, time and zone."""
        raw = {name: row.cells[p] for p, name in self.columns.items() if p < len(row.cells)}
        if raw.get("qty") and (word := getattr(cell_of(raw["qty"], money=False), "word", None)):
            fields["unit"] = word
        for name in MONEY:
            cell = cell_of(raw.get(name, "")) if raw.get(name) else None
            if cell is not None and cell.currency and fields.get(name):
                self._check_currency(name, cell.currency)
        if self.form.name != "suppliers" and fields.get("currency"):
            self._check_currency("currency", fields["currency"].upper())
        if fields.get("less"):
            fields["total"], fields["price"] = _net(fields), ""
        if fields.get("total") and not fields.get("price"):
            price = each(fields["total"].lstrip("-"), fields["qty"].lstrip("-") or "0")
            fields["price"] = price or ""
        if fields.get("when"):
            fields["said"] = fields["when"]
            style = next(iter(self._when.values()))
            zone = fields.get("zone", "")
            time = fields.get("time", "")
            fields["when"] = read_when(fields["when"], time, zone, style, self.shop.tz)
        if self.form.name == "items":
            self._fill_down(fields)
            kind = fields.get("kind", "")
            if kind and kind.casefold() not in _KINDS and not fields.get("category"):
                fields["category"] = kind
        return fields

    def _check_currency(self, name: str, sign: str) -> None:
        own = self.shop.currency
        code = own if sign == "$" and own in DOLLARS else SIGNS.get(sign, sign)
        if code == own:
            return
        raise bad_value(name, sign, "an amount in {currency} is expected", currency=own)

    def _fill_down(self, fields: Row) -> None:
        """Name a variant by its product, whose name stands only in its first row."""
        handle = fields.get("handle")
        if not handle:
            return
        if fields.get("name") or self._above.get("handle") != handle:
            self._above = dict(fields)
        name = fields.get("name") or self._above.get("name", "")
        options = [fields.get(f"option{n}", "") for n in (1, 2, 3)]
        more = [one for one in options if one and one.casefold() != _SHOPIFY_ONLY]
        fields["name"] = " - ".join([name, *more]) if name else ""


FORMULA = (
    "a formula without its result; open the file in a spreadsheet program, save it "
    "and send it again"
)


def _net(fields: Row) -> str:
    """Return what a line brought: its sum, or its price times its quantity, less what came off."""
    total, price = fields.get("total"), fields.get("price")
    if not total and not price:
        return ""
    brought = Decimal(total) if total else Decimal(price or 0) * Decimal(fields["qty"] or 0)
    return show(brought - abs(Decimal(fields["less"])))


def _is_nothing(text: str) -> bool:
    return text.strip().casefold() in NOTHING or full_key(text) in NOT_STOCKED


def _code(name: str, text: str) -> str:
    """Return a code without the signs that keep a spreadsheet from spoiling it.

    Raises ``bad-value`` for what a spreadsheet made of a code.
    """
    kept = re.fullmatch(r'="([^"]*)"', text)
    text = kept.group(1) if kept else text.removeprefix("'")
    if _SPOILT.fullmatch(text) and not text.isdigit():
        raise bad_value(name, text, SPOILT)
    return text.strip()


SPOILT = "a spreadsheet made a number of this code; format the column as text and enter it again"
