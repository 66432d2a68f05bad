"""Importing a table: check every row first, then record; a bad row never stops the others.

Without ``skip_bad`` a file with a bad row is refused as a whole and nothing is recorded. Rows are
idempotent: their key is the row's own id, else its content with an ordinal among equal rows (and,
for facts without a date, the shop's day).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from jitledger.domain.commands import Command, parse, payload_of
from jitledger.domain.decisions import Ground, decide
from jitledger.domain.errors import LedgerError, Refused
from jitledger.domain.moments import local_date
from jitledger.domain.quantity import parse_decimal, show
from jitledger.domain.state.shop import Shop
from jitledger.domain.state.stock_item import StockItem
from jitledger.service.cache import Cache
from jitledger.service.importers.formats import Format, Row, map_header
from jitledger.service.importers.tables import Table, TableRow
from jitledger.service.ledger import Ledger, present_of
from jitledger.service.recording.submission import Ask, Submission
from jitledger.store.database import Tx

AT_ONCE = 40

NUMBERS = ("qty", "price", "cost", "moq", "pack", "lead")

Progress = Callable[[int, int], None]


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


@dataclass(slots=True)
class RowsSummary:
    """What became of a table's rows; recorded + repeated + bad = rows."""

    rows: int = 0
    recorded: int = 0
    repeated: int = 0
    bad: list[BadRow] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    """Headers of columns that nothing was read from."""
    begun: bool = False
    """Whether rows were recorded; what was found bad before that kept all of them out."""

    def as_dict(self) -> dict[str, object]:
        """Return the summary as JSON has it."""
        return {
            "rows": self.rows,
            "recorded": self.recorded,
            "repeated": self.repeated,
            "bad": [{"line": b.line, "column": b.column, "reason": b.reason} for b in self.bad],
            "ignored": self.ignored,
        }


@dataclass(frozen=True, slots=True)
class _Ready:
    row: TableRow
    asks: list[Ask]


class _Overlay(Cache):
    """A cache that also knows what earlier rows of the same file will have claimed."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger.database)
        self.claimed: dict[tuple[str, str], str] = {}
        self.registered: dict[str, StockItem] = {}

    def claim(self, kind: str, value: str) -> str | None:
        """Return a claim of the ledger, else of the file."""
        return super().claim(kind, value) or self.claimed.get((kind, value))

    def item(self, sku: str) -> StockItem:
        """Return an item of the ledger, else of the file."""
        return self.registered.get(sku) or super().item(sku)


def import_rows(
    ledger: Ledger,
    form: Format,
    table: Table,
    *,
    skip_bad: bool = False,
    dry_run: bool = False,
    member: str | None = None,
    channel: str = "csv",
    progress: Progress | None = None,
    at_once: int = AT_ONCE,
) -> RowsSummary:
    """Import a table's rows; returns the summary, with the bad rows and why.

    ``at_once`` rows are one commit: fewer let others in sooner.
    """
    summary = RowsSummary(rows=len(table.rows))
    ready = _check(ledger, form, table, summary)
    if dry_run or (summary.bad and not skip_bad):
        return summary
    summary.begun = True
    named = _named(map_header(form, table.header), table)
    done = 0
    for start in range(0, len(ready), at_once):
        part = ready[start : start + at_once]
        asks = [ask for one in part for ask in one.asks]
        submission = Submission(asks, channel=channel, member=member, importing=True)
        answers = iter(ledger.commit(submission).answers)
        for one in part:
            mine = [next(answers) for _ in one.asks]
            refused = next((a.error for a in mine if a.error is not None), None)
            if refused is not None:
                summary.bad.append(_bad(one.row, refused, named))
            elif all(a.repeat for a in mine):
                summary.repeated += 1
            else:
                summary.recorded += 1
        done += len(part)
        if progress is not None:
            progress(done, len(ready))
    return summary


def _check(ledger: Ledger, form: Format, table: Table, summary: RowsSummary) -> list[_Ready]:
    """Decide every row against the present without recording anything."""
    columns = map_header(form, table.header)
    named = _named(columns, table)
    summary.ignored = [
        cell.strip()
        for place, cell in enumerate(table.header)
        if place not in columns and cell.strip() and cell.strip() not in OURS
    ]
    ready: list[_Ready] = []
    ordinals: dict[str, int] = {}
    known = _Keys()
    with ledger.database.snapshot() as tx:
        overlay = _Overlay(ledger)
        overlay.catch_up(tx)
        shop = overlay.shop
        if not shop.opened:
            raise Refused("no-shop", "No shop is open in this database; run jitledger init first.")
    present = present_of(ledger.database, ledger.clock, shop)
    with ledger.database.snapshot() as tx:
        overlay.tx = tx
        for row in table.rows:
            try:
                fields = _fields(row, columns, shop, table)
                key = _key(form, fields, ordinals, shop, present)
                asks = []
                for number, data in enumerate(form.commands(fields)):
                    ask = Ask(parse(data), f"{key}:{number}")
                    if known.is_new(tx, ask):
                        _decide(overlay, ask.command, present, ledger)
                    asks.append(ask)
                ready.append(_Ready(row, asks))
            except LedgerError as error:
                summary.bad.append(_bad(row, error, named))
    return ready


class _Keys:
    """The command keys of the ledger and of the rows before."""

    def __init__(self) -> None:
        self._mine: dict[str, bytes] = {}

    def is_new(self, tx: Tx, ask: Ask) -> bool:
        """Return whether a key is new; raises ``key-conflict`` when it stands for another row."""
        assert ask.key is not None
        digest = payload_of(ask.command)
        before = self._mine.get(ask.key)
        if before is None:
            row = tx.one("SELECT digest FROM command_keys WHERE key = ?", (ask.key,))
            before = None if row is None else bytes(row[0])
        self._mine[ask.key] = digest
        if before is not None and before != digest:
            raise Refused(
                "key-conflict",
                "A row with this id was recorded, or stands above, with other content; "
                "correct that entry, or give the row an id of its own.",
                key=ask.key,
                field="key",
            )
        return before is None


def _named(columns: dict[int, str], table: Table) -> dict[str, str]:
    return {field: table.header[place] for place, field in columns.items()}


def _decide(overlay: _Overlay, command: Command, present: int, ledger: Ledger) -> None:
    wall = ledger.clock.now()
    ceiling = present if overlay.shop.clock == "live" else max(present, wall)
    ground = Ground(overlay, present, present, ceiling, importing=True)
    drafts = decide(ground, command)
    for kind, value, owner in ground.claims:
        overlay.claimed[kind, value] = owner
        if kind == "sku":
            item = StockItem(owner, overlay.shop.days)
            item.catalog.registered = True
            item.catalog.precision = drafts[0].fields["precision"]
            item.catalog.title = drafts[0].fields["title"]
            item.catalog.barcodes = tuple(drafts[0].fields.get("barcodes") or ())
            overlay.registered[owner] = item


def _fields(row: TableRow, columns: dict[int, str], shop: Shop, table: Table) -> Row:
    width, delimiter = len(table.header), table.delimiter
    if any(cell for cell in row.cells[width:]):
        sign = f"; what holds a {delimiter!r} must stand in quotes" if len(delimiter) == 1 else ""
        raise Refused(
            "bad-row",
            f"The row has {len(row.cells)} cells, the header {width}{sign}.",
            cells=len(row.cells),
            columns=width,
        )
    found: Row = {}
    for place, name in columns.items():
        text = row.cells[place] if place < len(row.cells) else ""
        if text and name in NUMBERS:
            text = read_number(name, text, shop.locale, delimiter)
        found[name] = text
    return found


_DIGITS = re.compile(r"[+-]?[\d.,'\u2019\u00a0\u202f]+")


def read_number(name: str, text: str, locale: str, delimiter: str) -> str:
    """Read a number in the shop's locale, strictly, or as a plain one (``1234.5``).

    A semicolon between columns is how programs write where the comma is the decimal sign. What the
    two readings would take for different numbers is read by the locale where the semicolon says
    so, too, and refused elsewhere: ``1.000`` is a thousand in Germany and one in a plain table.
    """
    english, semicolons = locale.startswith("en"), delimiter == ";"
    alike = text.isdigit() or (english and not semicolons)
    try:
        plain = parse_decimal(name, text)
    except Refused:
        local = _local_number(name, text, "de" if english and semicolons else locale)
        if local is None:
            raise
        return show(local)
    local = None if alike else _local_number(name, text, "de" if english else locale)
    if local is None or local == plain:
        return show(plain)
    if semicolons and not english:
        return show(local)
    raise Refused(
        "ambiguous-number",
        f"{name} is {text!r}: {show(plain)} or {show(local)}? Write it without a thousands sign.",
        field=name,
        value=text,
    )


def _local_number(name: str, text: str, locale: str) -> Decimal | None:
    from babel import UnknownLocaleError
    from babel.numbers import NumberFormatError
    from babel.numbers import parse_decimal as parse_local

    if not _DIGITS.fullmatch(text):
        return None
    try:
        return parse_decimal(name, Decimal(parse_local(text, locale=locale, strict=True)))
    except (NumberFormatError, UnknownLocaleError, ValueError, Refused):
        return None


def _key(form: Format, fields: Row, ordinals: dict[str, int], shop: Shop, present: int) -> str:
    if fields.get("key"):
        return f"{form.name}:id:{fields['key']}"
    content = "\x1f".join(f"{name}={fields[name]}" for name in sorted(fields))
    if form.dated and not fields.get("when"):
        content += f"\x1f{local_date(present, shop.tz)}"
    digest = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:24]
    ordinals[digest] = ordinals.get(digest, 0) + 1
    return f"{form.name}:{digest}:{ordinals[digest]}"


def _bad(row: TableRow, error: LedgerError, named: dict[str, str]) -> BadRow:
    field_name = str(error.fields.get("field", "")) or _COLUMN_OF.get(error.code, "")
    column = named.get(_FIELD_OF.get(field_name, field_name))
    return BadRow(row.line, column, error, row.cells)


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
    head = [*table.header, *(() if has_id else ("id",)), *words]
    content = repr((table.header, [row.cells for row in table.rows]))
    of_file = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:12]
    rows = []
    for row in bad:
        cells = [*row.cells, *[""] * (width - len(row.cells))]
        if len(cells) > width:  # What was too much stays where it can be seen.
            cells = [*cells[: width - 1], table.delimiter.join(cells[width - 1 :])]
        mine = () if has_id else (f"{of_file}-{row.line}",)
        rows.append([*cells, *mine, str(row.line), say(row)])
    return [head, *rows]


_COLUMN_OF = {
    "unknown-sku": "sku",
    "duplicate-sku": "sku",
    "duplicate-barcode": "barcodes",
    "unknown-location": "at",
    "unknown-supplier": "supplier",
    "too-precise": "qty",
    "not-positive": "qty",
    "in-the-future": "when",
}

_FIELD_OF = {
    "occurred_at": "when",
    "unit_cost": "cost",
    "unit_price": "price",
    "lead_time_days": "lead",
    "code": "supplier",
}
