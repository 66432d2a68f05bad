"""Advice: every report of the table, and whether just-in-time is right for a product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jitledger.cli.output import as_json, opened, table, write_json

if TYPE_CHECKING:
    from jitledger_projections.reports.table import Report, Shape

FLAGS = {"late_days": "late", "factor": "demand"}
"""Options that the command line calls otherwise than the report."""

TYPES: dict[str, type] = {"days": int, "factor": float}


class Advice(click.Group):
    """A command for each report of the table, made when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all reports and of the commands beside them."""
        from jitledger_projections.reports.table import all_reports

        own = set(super().list_commands(ctx))
        return sorted(own | (all_reports().keys() - ELSEWHERE))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a report's command; None when there is none of that name."""
        from jitledger_projections.reports.table import all_reports

        own = super().get_command(ctx, name)
        if own is not None or name in ELSEWHERE:
            return own
        found = all_reports().get(name)
        return None if found is None else _command(found)


ELSEWHERE = frozenset({"reorder"})
"""Reports that have a command of their own."""


@click.group(cls=Advice)
def advise() -> None:
    """Advice from the shop's own history.

    Example: jitledger advise overstock
    """


def _command(report: Report) -> click.Command:
    """Return the command of one report."""

    @as_json
    @click.pass_context
    def run(ctx: click.Context, /, json_: bool, **given: object) -> None:
        with opened(ctx) as app:
            app.driver.catch_up()
            asked = {name: None if value is None else str(value) for name, value in given.items()}
            rows = report.ask(app.look(), asked)
        _say(report.shapes(rows), json_, report.nothing)

    for option in reversed(report.options):
        flag = f"--{FLAGS.get(option.name, option.name).replace('_', '-')}"
        kind = TYPES.get(option.kind)
        run = click.option(flag, option.name, type=kind, help=option.help)(run)
    example = f"jitledger advise {report.name} {report.example}".rstrip()
    text = f"{report.help}\n\nExample: {example}"
    return click.command(report.name, help=text)(run)


@advise.command()
@click.argument("sku")
@as_json
@click.pass_context
def jit(ctx: click.Context, sku: str, json_: bool) -> None:
    """Whether just-in-time is right for a product, and why.

    Example: jitledger advise jit MUG
    """
    from jitledger.domain.errors import unknown_sku
    from jitledger_projections.reports.advice.just_in_time import verdict

    with opened(ctx) as app:
        app.driver.catch_up()
        found = app.queries.find(sku)
        if found is None:
            raise unknown_sku(sku)
        said = verdict(app.look(), found)
    if json_:
        figures = {k: round(v, 4) for k, v in said.figures.items()}
        write_json({"sku": found, "fits": said.fits, "reason": said.reason, "figures": figures})
        return
    shown = ", ".join(f"{k.replace('_', ' ')} {v:.3g}" for k, v in said.figures.items())
    click.echo(f"{found}: {said.fits} – {said.reason} ({shown})")


def _say(shapes: list[Shape], json_: bool, nothing: str) -> None:
    if json_:
        write_json(shapes)
    elif not shapes:
        click.echo(nothing)
    else:
        columns = list(shapes[0])
        rows = [
            [", ".join(cell) if isinstance(cell, list) else cell for cell in shape.values()]
            for shape in shapes
        ]
        table("", [column.replace("_", " ") for column in columns], rows)
