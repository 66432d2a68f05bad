"""Files in and out."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jitledger.cli.maintenance import progress_bar, progress_bars
from jitledger.cli.output import as_json, opened, write_json
from jitledger.domain.errors import StoreError
from jitledger.domain.json import Json

if TYPE_CHECKING:
    from jitledger.bootstrap import App
    from jitledger.service.importers.cells import Choices
    from jitledger.service.importers.files.tables import Table
    from jitledger.service.importers.formats import Format
    from jitledger.service.importers.left_out import BadRow

SYSTEMS = (
    "shopify-orders",
    "shopify-products",
    "shopify-inventory",
    "square-items",
    "loyverse-receipts",
    "woo-products",
    "etsy-orders",
    "ebay-orders",
    "amazon-orders",
)
"""What shop systems export: the names in ``shops.toml``, which is read when it is needed."""

SUPPORTED = ("items", "counts", "sales", "receipts", "suppliers", *SYSTEMS, "online-retail")


@click.command("import")
@click.argument("format_", metavar="FORMAT", type=click.Choice(SUPPORTED))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--skip-bad", is_flag=True, help="Take the good rows; write the bad ones to a file.")
@click.option("--dry-run", is_flag=True, help="Check every row and record nothing.")
@click.option("--again", is_flag=True, help="Record rows that were recorded: it is a new file.")
@click.option("--dates", type=click.Choice(["day-first", "month-first"]), help="03/02/2026 is …")
@click.option("--decimal", type=click.Choice(["point", "comma"]), help="1.250 or 1,250 is …")
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="FIELD=HEADER",
    help='What a column is: --map qty="On hand (new)".',
)
@as_json
@click.pass_context
def import_(
    ctx: click.Context,
    format_: str,
    file: Path,
    skip_bad: bool,
    dry_run: bool,
    dates: str | None,
    decimal: str | None,
    columns: tuple[str, ...],
    again: bool,
    json_: bool,
) -> None:
    """Take in a file: items, counts, sales, receipts, suppliers, or a shop system's export.

    Exports of Shopify, Square, Loyverse, WooCommerce, Etsy, eBay and Amazon are known by their
    headers. Files are .csv, .csv.gz, .tsv, .xlsx, .xls or .ods. It can be run again: what is
    recorded is left alone.
    How dates and numbers are written is seen from the file; where it does not show, say it.

    Example: jitledger import counts counts.csv
    """
    from jitledger.service.importers.cells import Choices

    with opened(ctx) as app:
        if format_ == "online-retail":
            _online_retail(app, file, dry_run, json_)
        else:
            said = Choices(
                dates=dates and dates.removesuffix("-first"),
                decimal={"point": ".", "comma": ","}.get(decimal or ""),
                columns=tuple(_column(told) for told in columns),
                again=again,
            )
            _rows(app, format_, file, skip_bad, dry_run, json_, said)


def _column(told: str) -> tuple[str, str]:
    field, sign, header = told.partition("=")
    if not sign or not field.strip() or not header.strip():
        raise click.UsageError(f"--map {told}: write it like --map qty=Counted.")
    return field.strip(), header.strip()


def _online_retail(app: App, file: Path, dry_run: bool, json_: bool) -> None:
    from jitledger.domain.errors import Refused
    from jitledger.service.importers.online_retail import CREDIT, import_online_retail

    if dry_run:
        raise click.UsageError("online-retail has no --dry-run; use a new database instead.")
    if not file.is_file():
        raise Refused("bad-file", f"There is no file {str(file)!r}.", file=str(file))
    with progress_bar("importing") as advance:
        summary = import_online_retail(app.ledger, app.database, app.clock, file, advance)
    _after(app)
    if json_:
        write_json({"ok": True, **summary.as_dict(), "credit": CREDIT})
        return
    for name, value in summary.as_dict().items():
        click.echo(f"{name.replace('_', ' '):>24}  {value:,}")
    click.echo(f"Data: {CREDIT}")


def _after(app: App) -> None:
    """Bring the views up to date, then one sweep and one summary."""
    from jitledger.service.alerts.summary import after_import

    with progress_bar("views") as advance:
        stopped = app.driver.catch_up(advance)
    if stopped:
        names = ", ".join(s.name for s in stopped)
        click.echo(f"Stopped: {names}; see jitledger doctor.", err=True)
    app.sweep()
    after_import(app.ledger, app.reorder(), app.queries.present())


def _rows(
    app: App,
    format_: str,
    file: Path,
    skip_bad: bool,
    dry_run: bool,
    json_: bool,
    choices: Choices,
) -> None:
    from jitledger.service.importers.files.apart import read_apart
    from jitledger.service.importers.rows import import_rows
    from jitledger.service.importers.shops import check_named, format_named

    table = read_apart(file)
    check_named(format_, table)
    form = format_named(format_)
    with progress_bars("checking", "importing") as (look, advance):
        summary = import_rows(
            app.ledger,
            form,
            table,
            skip_bad=skip_bad,
            dry_run=dry_run,
            progress=advance,
            checked=look,
            choices=choices,
        )
    refused = bool(summary.bad) and not skip_bad
    answer: dict[str, object] = {"ok": not refused, **summary.as_dict()}
    if summary.bad and skip_bad and not dry_run:
        answer["bad_file"] = str(_write_bad(file, form, table, summary.bad))
    if summary.begun:
        _after(app)
    if json_:
        write_json(answer)
    else:
        _say(answer, dry_run, refused)
    if refused:
        raise SystemExit(1)


def _say(answer: Json, dry_run: bool, refused: bool) -> None:
    for bad in answer["bad"][:20]:
        column = f", column {bad['column']}" if bad["column"] else ""
        click.echo(f"line {bad['line']}{column}: {bad['reason']}", err=True)
    if len(answer["bad"]) > 20:
        click.echo(f"… and {len(answer['bad']) - 20} more", err=True)
    for left in answer["left"][:20]:
        click.echo(f"line {left['line']} left out: {left['reason']}", err=True)
    changes = answer.get("changes", [])
    for one in changes[:20]:
        was = one["before"] or "nothing"
        click.echo(f"{one['sku']}: {one['field']} {was} → {one['after']}", err=True)
    if len(changes) > 20:
        click.echo(f"… and {len(changes) - 20} more changes", err=True)
    if answer["ignored"]:
        click.echo(f"Columns not read: {', '.join(answer['ignored'])[:300]}.", err=True)
    if refused:
        said = "Nothing was recorded"
        if answer["recorded"] or answer["repeated"]:  # Somebody recorded something meanwhile.
            said = f"{answer['recorded']} rows were recorded, {answer['repeated']} before"
        click.echo(
            f"{said}: {len(answer['bad'])} of {answer['rows']} rows are bad. "
            "Mend them, or use --skip-bad.",
            err=True,
        )
        return
    if dry_run:
        good = answer["rows"] - len(answer["bad"]) - len(answer["left"])
        click.echo(f"{good} of {answer['rows']} rows are good.")
        return
    click.echo(
        f"{answer['rows']} rows: {answer['recorded']} recorded, "
        f"{answer['repeated']} recorded before, {len(answer['bad'])} bad"
        + (f", {len(answer['left'])} left out." if answer["left"] else ".")
    )
    if "bad_file" in answer:
        click.echo(f"The bad rows are in {answer['bad_file']}.")


def _write_bad(file: Path, form: Format, table: Table, bad: Sequence[BadRow]) -> Path:
    from jitledger.service.importers.left_out import bad_table
    from jitledger.service.spreadsheets import write_rows

    stem = re.sub(r"(\.csv)?(\.gz|\.csv|\.xlsx|\.xlsm)$", "", file.name, flags=re.IGNORECASE)
    target = file.with_name(f"{stem}.bad.csv")
    try:
        with target.open("w", encoding="utf-8", newline="") as out:
            write_rows(out, bad_table(form, table, bad, lambda row: row.reason))
    except OSError as error:
        raise StoreError(
            "cannot-write",
            f"The good rows are recorded; the bad ones could not be written to {target}: "
            f"{error.strerror}.",
        ) from error
    return target


@click.command()
@click.argument("name", type=click.Choice(["stock", "items", "history", "reorder", "log"]))
@click.argument("sku", required=False)
@click.pass_context
def export(ctx: click.Context, name: str, sku: str | None) -> None:
    """Write a list as CSV to standard output: stock, items, history SKU, reorder, log.

    Example: jitledger export stock
    """
    from jitledger.service.spreadsheets import write_rows

    with opened(ctx) as app:
        app.driver.catch_up()
        if name == "history" and sku is None:
            raise click.UsageError("history needs a SKU, like: jitledger export history MUG")
        rows = app.exported(name, sku)
    if rows:
        write_rows(sys.stdout, [rows[0], *(row.values() for row in rows)])
