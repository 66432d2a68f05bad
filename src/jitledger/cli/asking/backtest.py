"""The backtest: every method on the shop's own ledger, as a table, JSON, CSV and a chart."""

from __future__ import annotations

import csv
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jitledger.cli.output import as_json, opened, table, write_json
from jitledger.domain.errors import LedgerError, bad_value

if TYPE_CHECKING:
    from jitledger_projections.reports.backtest.rows import Report, Row

REVIEWS = {"daily": 1, "weekly": 7}

_REVIEWED = {days: name for name, days in REVIEWS.items()}


@click.command()
@click.option(
    "--method", "methods", multiple=True, help="mix, lines, one, textbook, velocity, current."
)
@click.option("--from", "since", metavar="DATE", help="First scored day.")
@click.option("--to", "until", metavar="DATE", help="Last scored day.")
@click.option("--target", help="Share of complete order lines, like 0.97.")
@click.option("--seeds", type=click.IntRange(1, 20), default=4, show_default=True)
@click.option(
    "--review",
    type=click.Choice(list(REVIEWS)),
    default="daily",
    show_default=True,
    help="How often orders leave.",
)
@click.option(
    "--memory", "memory_days", type=float, help="Half-life in days; else chosen by replay."
)
@click.option(
    "--lots",
    type=click.Choice(["days", "cost", "auto"]),
    default="auto",
    show_default=True,
    help="What orders are sized by.",
)
@click.option("--csv", "csv_file", type=click.Path(dir_okay=False), help="Write every row there.")
@click.option(
    "--png", "png_file", type=click.Path(dir_okay=False), help="Draw the trade-off there."
)
@as_json
@click.pass_context
def backtest(
    ctx: click.Context,
    methods: tuple[str, ...],
    since: str | None,
    until: str | None,
    target: str | None,
    seeds: int,
    review: str,
    memory_days: float | None,
    lots: str,
    csv_file: str | None,
    png_file: str | None,
    json_: bool,
) -> None:
    """Replay the shop's ledger under other ways to order, on the same order lines.

    The dials of each method are set on an earlier stretch and frozen for the scored one.

    Example: jitledger backtest --seeds 1
    """
    from jitledger_projections.reports.backtest.backtest import backtest as replay
    from jitledger_projections.reports.backtest.methods import METHODS

    with opened(ctx) as app:
        app.driver.catch_up()
        shop, look = app.queries.shop(), app.look()
        report = _with_progress(
            lambda progress: replay(
                look,
                names=methods or METHODS,
                since=_day("from", since),
                until=_day("to", until),
                target=_share(target),
                seeds=seeds,
                review_days=REVIEWS[review],
                memory_days=memory_days,
                lots=lots,
                progress=progress,
            )
        )
        currency = shop.currency
    if csv_file is not None:
        _write_csv(report, Path(csv_file))
    if png_file is not None:
        from jitledger_projections.reports.backtest.chart import trade_off

        Path(png_file).write_bytes(trade_off(report, currency))
    if json_:
        write_json(report.as_dict())
        return
    _show(report, currency)
    for written in (csv_file, png_file):
        if written is not None:
            click.echo(f"Written: {written}", err=True)


def _with_progress(work: Any) -> Report:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn("replaying"),
        BarColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("replay", total=1)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        report: Report = work(progress)
    return report


def _day(name: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise bad_value(name, text, "a date is expected, like 2026-03-31") from None


def _share(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        share = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0.5 <= share <= 0.999:
        raise bad_value("target", text, "a share between 0.5 and 0.999 is expected, like 0.97")
    return share


def _cells(row: Row, currency: str) -> tuple[Any, ...]:
    names = {
        "mix": "default",
        "lines": "default, by lines",
        "one": "default, one level",
        "current": "as you order now",
    }
    return (
        names.get(row.method, row.method),
        "" if row.dial is None else f"{row.dial:.3f}",
        f"{row.line_fill:.1%}",
        f"{row.unit_fill:.1%}",
        "" if row.value_fill is None else f"{row.value_fill:.1%}",
        f"{row.stock_value:,.0f}",
        "" if row.days_of_cover is None else f"{row.days_of_cover:.1f}",
        f"{row.orders_per_day:.1f}",
        f"{row.stockout_days:,.0f}",
        f"{row.lost_units:,.0f}",
        "" if row.lost_value is None else f"{row.lost_value:,.0f}",
    )


def _show(report: Report, currency: str) -> None:
    from jitledger_projections.reports.backtest.rows import SHARES
    from jitledger_projections.reports.upkeep import lots_remark, memory_remark

    columns = (
        "method",
        "dial",
        "lines",
        "units",
        "value",
        f"stock, {currency}",
        "days of cover",
        "orders a day",
        "stockout days",
        "lost units",
        f"lost, {currency}",
    )
    for unknown in report.could_not_know:
        click.echo(f"Mind that {unknown}.")
    rows = [_cells(row, currency) for row in report.blind]
    if report.really is not None:
        rows.append(_cells(report.really, currency))
    table(
        f"{report.items:,} items, {report.lines:,} order lines, {report.first} to {report.last}; "
        f"dials set on {report.tuned_from} to {report.first} for {report.target:.0%} "
        f"complete lines, {_REVIEWED.get(report.review_days)} review; "
        f"means of {report.seeds} draws of lead times",
        columns,
        rows,
    )
    memory = memory_remark(
        report.memory_days, {float(d): s for d, s in report.memory_takes.items()}
    )
    lots = lots_remark(report.lot_scale, {float(s): v for s, v in report.lot_takes.items()})
    for remark in (memory, lots):
        if remark is not None:
            click.echo(f"The method {remark}.")
    table(
        f"average stock at cost, {currency}, for a share of complete order lines",
        ("method", *(f"{share:.0%}" for share in SHARES)),
        [
            (name, *("never" if value is None else f"{value:,.0f}" for value in values))
            for name, values in report.takes.items()
        ],
    )


def _write_csv(report: Report, path: Path) -> None:
    rows = [("blind", row) for row in report.blind]
    rows += [("trade-off", row) for found in report.curves.values() for row in found]
    if report.really is not None:
        rows.append(("really", report.really))
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("kind", *asdict(rows[0][1])))
            for kind, row in rows:
                writer.writerow((kind, *asdict(row).values()))
    except OSError as error:
        raise LedgerError("bad-file", f"{path} cannot be written: {error.strerror}.") from error
