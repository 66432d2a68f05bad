"""Importing a table: check every row first, then record; a bad row never stops the others.

Without ``skip_bad`` a file with a bad row is refused as a whole and nothing is recorded. Rows are
idempotent: their key is the row's own id, else its content with an ordinal among equal rows (and,
for facts without a date, the shop's day).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from jitledger.domain.commands import Command, Register, parse
from jitledger.domain.decisions import Ground, decide
from jitledger.domain.errors import LedgerError, Refused
from jitledger.domain.state.stock_item import StockItem
from jitledger.service.cache import Cache
from jitledger.service.importers.cells import Cells, Choices
from jitledger.service.importers.files.packed import Rows, TableRow
from jitledger.service.importers.files.seen import Seen, Spool
from jitledger.service.importers.files.tables import Table
from jitledger.service.importers.formats import Format, Row
from jitledger.service.importers.keys import Keys, key_of, recorded_lines
from jitledger.service.importers.known import (
    Change,
    Twice,
    as_update,
    changes_of,
    in_the_shop,
    is_there,
)
from jitledger.service.importers.left_out import OURS, BadRow, LeftOut
from jitledger.service.importers.shops import as_ours
from jitledger.service.ledger import Ledger, present_of
from jitledger.service.recording.submission import Ask, Submission
from jitledger.store.database import Tx

AT_ONCE = 40

TOLD = 1000
"""After so many rows looked at it is said how far it is."""

Progress = Callable[[int, int], None]


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
    changes: list[Change] = field(default_factory=list)
    """What a list of products changes of what the shop knows, before anything was recorded."""
    begun: bool = False
    """Whether rows were recorded; what was found bad before that kept all of them out."""

    def as_dict(self) -> dict[str, object]:
        """Return the summary as JSON has it."""
        told = {"changes": [one.as_dict() for one in self.changes]} if self.changes else {}
        return {
            "rows": self.rows,
            "recorded": self.recorded,
            "repeated": self.repeated,
            "bad": [{"line": b.line, "column": b.column, "reason": b.reason} for b in self.bad],
            "left": [{"line": left.line, "reason": left.why} for left in self.left],
            "ignored": self.ignored,
            **told,
        }


@dataclass(slots=True)
class _Ready:
    """The rows that can be recorded: what each asks of the ledger, kept on the disk."""

    spool: Spool = field(default_factory=Spool)
    without: set[int] = field(default_factory=set)
    """Lines that are not recorded after all."""

    def __len__(self) -> int:
        return self.spool.count - len(self.without)

    def parts(self, size: int) -> Iterator[list[tuple[int, list[Ask]]]]:
        """Yield (line, what it asks) of so many rows at a time."""
        part: list[tuple[int, list[Ask]]] = []
        for line, asked in self.spool:
            if line not in self.without:
                part.append((line, [Ask(parse(data), key) for data, key in asked]))
            if len(part) >= size:
                yield part
                part = []
        if part:
            yield part


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
    checked: Progress | None = None,
    at_once: int = AT_ONCE,
    choices: Choices = Choices(),  # noqa: B008 - frozen
) -> RowsSummary:
    """Import a table's rows; returns the summary, with the bad rows and why.

    ``at_once`` rows are one commit: fewer let others in sooner. ``checked`` and ``progress`` are
    told (rows, of how many) while the rows are looked at, and while they are recorded.
    """
    summary = RowsSummary(rows=len(table.rows))
    theirs, (table, left) = table, as_ours(table, form)
    summary.left += [LeftRow(line, why) for line, why in sorted(left.items())]
    if theirs is not table:  # What was recorded while the system was not known stays as it is.
        taken = recorded_lines(ledger, form, theirs, choices)
        table = replace(table, rows=Rows(row for row in table.rows if row.line not in taken))
        summary.repeated = len(taken)
    cells, ready = _check(ledger, form, table, summary, choices, checked)
    if theirs is not table:  # People mend their own file.
        lines = {bad.line for bad in summary.bad}
        own = {row.line: row.cells for row in theirs.rows if row.line in lines}
        summary.bad = [replace(bad, cells=own[bad.line]) for bad in summary.bad]
    if dry_run or (summary.bad and not skip_bad):
        return summary
    summary.begun = True
    named = cells.named()
    refused = _record(ledger, ready, summary, channel, member, progress, at_once)
    ready.spool.close()
    for row in table.rows if refused else ():
        if row.line in refused:
            summary.bad.append(_bad(row, refused[row.line], named))
    return summary


def _record(
    ledger: Ledger,
    ready: _Ready,
    summary: RowsSummary,
    channel: str,
    member: str | None,
    progress: Progress | None,
    at_once: int,
) -> dict[int, LedgerError]:
    """Record the rows that are ready; return {line: why} of those that were refused then."""
    done = 0
    refused: dict[int, LedgerError] = {}
    for part in ready.parts(at_once):
        asks = [ask for _line, mine in part for ask in mine]
        submission = Submission(asks, channel=channel, member=member, importing=True)
        answers = iter(ledger.commit(submission).answers)
        for line, asked in part:
            mine = [next(answers) for _ in asked]
            error = next((a.error for a in mine if a.error is not None), None)
            if error is not None:
                refused[line] = error
            elif all(a.repeat for a in mine):
                summary.repeated += 1
            else:
                summary.recorded += 1
        done += len(part)
        if progress is not None:
            progress(done, len(ready))
    return refused


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
    checked: Progress | None,
) -> tuple[Cells, _Ready]:
    """Decide every row against the present without recording anything."""
    ready = _Ready()
    overlay = _opened(ledger)
    cells = Cells(form, table, overlay.shop, choices)
    named = cells.named()
    summary.ignored = _ignored(cells, table)
    present = present_of(ledger.database, ledger.clock, overlay.shop)
    with ledger.database.snapshot() as tx:
        overlay.tx = tx
        judge = _Judge(ledger, form, overlay, present, choices, summary.ignored)
        for number, row in enumerate(table.rows):
            if checked is not None and number % TOLD == 0:
                checked(number, summary.rows)
            judge.twice.begin(row.line)
            try:
                asks, new = judge.asks_of(cells.rows(row), row.line, tx)
                summary.known += not new
                ready.spool.append((row.line, asks))
            except LeftOut as left:
                summary.left.append(LeftRow(row.line, left.why))
            except LedgerError as error:
                summary.bad.append(_bad(row, error, named))
    judge.close()
    summary.changes = judge.changes
    if judge.twice.lines:
        _but_for(judge.twice, ready, table, summary, named)
    return cells, ready


Asked = list[tuple[dict[str, object], str]]
"""(a command's fields, its key) of each thing that a row says"""


class _Judge:
    """Decides rows one after the other, each with what those above it said."""

    def __init__(
        self,
        ledger: Ledger,
        form: Format,
        overlay: _Overlay,
        present: int,
        choices: Choices,
        ignored: list[str],
    ) -> None:
        self._ledger, self._form, self._overlay = ledger, form, overlay
        self._present, self._again, self._ignored = present, choices.again, ignored
        self._ordinals, self._keys = Seen(), Keys()
        self.twice = Twice(form)
        self.changes: list[Change] = []

    def close(self) -> None:
        """Let go what was kept of the rows before."""
        self._ordinals.close()
        self._keys.close()

    def asks_of(self, rows: Sequence[Row], line: int, tx: Tx) -> tuple[Asked, bool]:
        """Return what a row asks of the ledger, and whether any of it is new."""
        asks: Asked = []
        new = False
        for fields in rows:
            key = key_of(self._form, fields, self._ordinals, self._overlay.shop, self._present)
            if self._again and not fields.get("key"):
                key += f":{self._present}"
            known = in_the_shop(fields, self._form, self._overlay, self._present, self._ignored)
            self.twice.check(known)
            for place, data in enumerate(self._form.commands(known)):
                command = parse(data)
                before = (
                    None if self._again else self._keys.of_before(tx, self._form, fields, command)
                )
                ask = Ask(command, before or f"{key}:{place}")
                if self._keys.is_new(tx, ask):
                    new = True
                    if is_there(command, self._overlay, self._present):
                        update = self._update(command)
                        if update is None:
                            continue
                        data, ask = update, Ask(parse(update), ask.key)
                    _decide(self._overlay, ask.command, self._present, self._ledger)
                    if self._form.name in LISTS:
                        found = changes_of(line, ask.command, self._overlay, self._present)
                        new_here = self._overlay.registered
                        self.changes += [one for one in found if one.sku not in new_here]
                asks.append((data, ask.key or ""))
        return asks, new

    def _update(self, command: Command) -> dict[str, object] | None:
        """Return what brings a product up to date that is there already, if the row says more."""
        if self._form.name != "items" or not isinstance(command, Register):
            return None
        return as_update(command, self._overlay)


def _but_for(
    twice: Twice, ready: _Ready, table: Table, summary: RowsSummary, named: dict[str, str]
) -> None:
    """Leave out the rows that count one thing twice, which are bad."""
    ready.without = {line for line, _asks in ready.spool if line in twice.lines}
    refused = [row for row in table.rows if row.line in ready.without]
    summary.bad += [_bad(row, twice.refusal(), named) for row in refused]
    summary.bad.sort(key=lambda bad: bad.line)


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
            item.catalog.category = drafts[0].fields.get("category")
            item.catalog.shelf_life_days = drafts[0].fields.get("shelf_life_days")
            overlay.registered[owner] = item


def _bad(row: TableRow, error: LedgerError, named: dict[str, str]) -> BadRow:
    field_name = str(error.fields.get("field", "")) or _COLUMN_OF.get(error.code, "")
    column = named.get(_FIELD_OF.get(field_name, field_name))
    return BadRow(row.line, column, error, row.cells)


LISTS = ("items", "suppliers")
"""Formats that say how things are, not what happened."""

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
