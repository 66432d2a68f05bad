"""What every command shares: the app, JSON or a table, exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click
import orjson

from jitledger.config import read_settings
from jitledger.domain.errors import LedgerError

if TYPE_CHECKING:
    from jitledger.bootstrap import App
    from jitledger.service.recording.submission import Answer

F = TypeVar("F", bound=Callable[..., object])

as_json = click.option("--json", "json_", is_flag=True, help="Answer as JSON.")

as_of = click.option("--as-of", metavar="TIME", help="What was true then.")

as_at = click.option("--as-at", metavar="TIME", help="What was believed then.")


@contextmanager
def opened(ctx: click.Context, *, create: bool = False) -> Iterator[App]:
    """Open the shop's app for one command; only some make a database where there is none."""
    from jitledger.bootstrap import open_app

    app = open_app(read_settings(ctx.obj), create=create)
    try:
        yield app
    finally:
        app.close()


def write_json(data: object) -> None:
    """Write one JSON document to stdout."""
    text = orjson.dumps(data, option=orjson.OPT_INDENT_2, default=str)
    click.echo(text.decode())


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a table for people; numbers stand to the right."""
    from rich.console import Console
    from rich.table import Table

    drawn = Table(title=title or None, title_justify="left", header_style="bold")
    for place, column in enumerate(columns):
        numeric = bool(rows) and all(_is_number(row[place]) for row in rows)
        drawn.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*("" if cell is None else _plain(str(cell)) for cell in row))
    width = None if sys.stdout.isatty() else 160
    Console(width=width).print(drawn)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def _is_number(cell: object) -> bool:
    text = str(cell if cell is not None else "").lstrip("+-")
    return not text or text.replace(".", "", 1).isdigit()


def refuse(error: LedgerError, json_: bool) -> NoReturn:
    """Write a refusal and leave with its exit code."""
    if json_:
        write_json({"ok": False, "error": error.as_dict()})
    else:
        click.echo(f"{error.code}: {error.message}", err=True)
    raise SystemExit(error.exit_code)


def record(ctx: click.Context, fields: dict[str, object], json_: bool, dry_run: bool) -> Answer:
    """Record one command, say what became of it and return the answer; leaves when refused."""
    from jitledger.domain.commands import parse

    given = {k: v for k, v in fields.items() if v is not None and v != () and v is not False}
    with opened(ctx, create=True) as app:
        try:
            answer = app.ledger.record(parse(given), dry_run=dry_run)
        except LedgerError as error:
            refuse(error, json_)
        if answer.error is not None:
            refuse(answer.error, json_)
        if json_:
            write_json(answer.as_dict() | ({"dry_run": True} if dry_run else {}))
            return answer
        said = "Would record" if dry_run else "Recorded"
        if answer.repeat:
            said = "Already recorded:"
        line = f"{said} {', '.join(answer.entries) or 'nothing new'}."
        if answer.on_hand is not None:
            line += f" On hand {answer.on_hand}."
        click.echo(line)
        for note in answer.notes:
            click.echo(f"Note: {note}.", err=True)
        return answer


def recording(command: F) -> F:
    """Add the options of every command that records."""
    for option in (
        click.option("--json", "json_", is_flag=True, help="Answer as JSON."),
        click.option("--dry-run", is_flag=True, help="Show what would be recorded."),
        click.option("--force", is_flag=True, help="Allow more than 400 days back."),
        click.option("--actor", help="Who did it (a member or a name)."),
        click.option("--note", help="A remark kept with the entry."),
        click.option("--key", help="The same key is recorded once only."),
    ):
        command = option(command)
    return command


def fact(command: F) -> F:
    """Add the options of every fact."""
    for option in (
        click.option("--occurred", "occurred_at", metavar="TIME", help="When it happened."),
        click.option("--at", metavar="LOCATION", help="Where; else the first location."),
    ):
        command = option(command)
    return recording(command)


def parse_moments(app: App, as_of: str | None, as_at: str | None) -> tuple[int | None, int | None]:
    """Read the two time axes in the shop's zone; a bare date is the end of that day."""
    from jitledger.domain.moments import parse_horizon

    tz = app.queries.shop().tz
    return (
        None if as_of is None else parse_horizon("as-of", as_of, tz),
        None if as_at is None else parse_horizon("as-at", as_at, tz),
    )


def with_currency(amount: str | None, currency: str | None) -> str | None:
    """Return an amount with its currency where that is not the shop's own."""
    return amount if amount is None or currency is None else f"{amount} {currency}"
