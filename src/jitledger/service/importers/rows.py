"""Importing a table: check every row first, then record; a bad row never stops the others.

Without ``skip_bad`` a file with a bad row is refused as a whole and nothing is recorded. Rows are
idempotent: their key is the row's own id, else its content with an ordinal among equal rows (and,
for facts without a date, the shop's day).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from jitledger.domain.commands import Command, parse
from jitledger.domain.decisions import Ground, decide
from jitledger.domain.errors import LedgerError, Refused
from jitledger.domain.state.stock_item import StockItem
from jitledger.service.cache import Cache
from jitledger.service.importers.cells import Cells, Choices
from jitledger.service.importers.files.tables import Table, TableRow
from jitledger.service.importers.formats import Format, map_header
from jitledger.service.importers.keys import Keys, key_of, recorded_lines
from jitledger.service.importers.known import Twice, in_the_shop, is_there
from jitledger.service.importers.left_out import LeftOut
from jitledger.service.importers.shops import as_ours
from jitledger.service.ledger import Ledger, present_of
from jitledger.service.recording.submission import Ask, Submission

AT_ONCE = 40

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


@dataclass(frozen=True, slots=True)
class LeftRow:
    """A row that says nothing to record, and is no fault: where, why."""

    line: int
    why: str


@dataclass(slots=True)
class RowsSummary:
    """What became of a table's rows; recorded + repeated + bad + left = rows."""

    rows: int = 0
    recorded: int = 0
    repeated: int = 0
    bad: list[BadRow] = field(default_factory=list)
    left: list[LeftRow] = field(default_factory=list)
    """Rows that say nothing to record: sums, page numbers, what nobody counted."""
    ignored: list[str] = field(default_factory=list)
    """Headers of columns that nothing was read from."""
    known: int = 0
    """Rows that were recorded before, as far as it showed before anything was recorded."""
    begun: bool = False
    """Whether rows were recorded; what was found bad before that kept all of them out."""

    def as_dict(self) -> dict[str, object]:
        """Return the summary as JSON has it."""
        return {
            "rows": self.rows,
            "recorded": self.recorded,
            "repeated": self.repeated,
            "bad": [{"line": b.line, "column": b.column, "reason": b.reason} for b in self.bad],
            "left": [{"line": left.line, "reason": left.why} for left in self.left],
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
    choices: Choices = Choices(),  # noqa: B008 - frozen
) -> RowsSummary:
    """Import a table's rows; returns the summary, with the bad rows and why.

    ``at_once`` rows are one commit: fewer let others in sooner.
    """
    summary = RowsSummary(rows=len(table.rows))
    theirs, (table, left) = table, as_ours(table, form)
    summary.left += [LeftRow(line, why) for line, why in sorted(left.items())]
    if theirs is not table:  # What was recorded while the system was not known stays as it is.
        taken = recorded_lines(ledger, form, theirs, choices)
        table = replace(table, rows=[row for row in table.rows if row.line not in taken])
        summary.repeated = len(taken)
    cells, ready = _check(ledger, form, table, summary, choices)
    if theirs is not table:  # People mend their own file.
        own = {row.line: row.cells for row in theirs.rows}
        summary.bad = [replace(bad, cells=own[bad.line]) for bad in summary.bad]
    if dry_run or (summary.bad and not skip_bad):
        return summary
    summary.begun = True
    named = cells.named()
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


def _opened(ledger: Ledger) -> _Overlay:
    """Return what is known before the file's first row; raises ``no-shop`` where none is open."""
    with ledger.database.snapshot() as tx:
        overlay = _Overlay(ledger)
        overlay.catch_up(tx)
    if not overlay.shop.opened:
        raise Refused("no-shop", "No shop is open in this database; run jitledger init first.")
    return overlay


def _check(
    ledger: Ledger,
    form: Format,
    table: Table,
    summary: RowsSummary,
    choices: Choices,
) -> tuple[Cells, list[_Ready]]:
    """Decide every row against the present without recording anything."""
    ready: list[_Ready] = []
    ordinals: dict[str, int] = {}
    keys = Keys()
    twice = Twice(form)
    overlay = _opened(ledger)
    shop = overlay.shop
    cells = Cells(form, table, shop, choices)
    named = cells.named()
    summary.ignored = _ignored(cells, table)
    present = present_of(ledger.database, ledger.clock, shop)
    with ledger.database.snapshot() as tx:
        overlay.tx = tx
        for row in table.rows:
            twice.begin(row.line)
            try:
                asks = []
                new = False
                for fields in cells.rows(row):
                    key = key_of(form, fields, ordinals, shop, present)
                    if choices.again and not fields.get("key"):
                        key += f":{present}"
                    known = in_the_shop(fields, form, overlay, present, summary.ignored)
                    twice.check(known)
                    for number, data in enumerate(form.commands(known)):
                        command = parse(data)
                        before = (
                            None if choices.again else keys.of_before(tx, form, fields, command)
                        )
                        ask = Ask(command, before or f"{key}:{number}")
                        if keys.is_new(tx, ask):
                            new = True
                            if is_there(command, overlay, present):
                                continue
                            _decide(overlay, ask.command, present, ledger)
                        asks.append(ask)
                summary.known += not new
                ready.append(_Ready(row, asks))
            except LeftOut as left:
                summary.left.append(LeftRow(row.line, left.why))
            except LedgerError as error:
                summary.bad.append(_bad(row, error, named))
    return cells, _but_for(twice, ready, summary, named)


def _but_for(
    twice: Twice, ready: list[_Ready], summary: RowsSummary, named: dict[str, str]
) -> list[_Ready]:
    """Return the rows but for those that count one thing twice, which are bad."""
    refused = [one.row for one in ready if one.row.line in twice.lines]
    summary.bad += [_bad(row, twice.refusal(), named) for row in refused]
    summary.bad.sort(key=lambda bad: bad.line)
    return [one for one in ready if one.row.line not in twice.lines]


def _ignored(cells: Cells, table: Table) -> list[str]:
    """Return the headers of columns that nothing was read from."""
    unused = ("cost", "moq", "pack") if cells.form.name == "items" else ()
    nobodys = "supplier" not in cells.columns.values()  # What nobody is named for is not kept.
    read = {place for place, name in cells.columns.items() if not (nobodys and name in unused)}
    return [
        cell.strip()
        for place, cell in enumerate(table.header)
        if place not in read and cell.strip() and cell.strip() not in OURS
    ]


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
    head = [*table.header, *(() if has_id else ("key",)), *words]
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
