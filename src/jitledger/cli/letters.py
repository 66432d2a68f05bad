"""What was set aside because it kept failing: listed, tried again, let go."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from jitledger.cli.output import as_json, opened, table, write_json

if TYPE_CHECKING:
    from jitledger.store.database import Tx


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def letters(ctx: click.Context, json_: bool) -> None:
    """List messages and work that kept failing, with the cause of each.

    Example: jitledger letters
    """
    if ctx.invoked_subcommand is not None:
        return
    from jitledger.service.upkeep.letters import set_aside

    with opened(ctx) as app, app.database.snapshot() as tx:
        found = set_aside(tx)
    if json_:
        write_json([letter.as_dict() for letter in found])
    elif not found:
        click.echo("Nothing is set aside.")
    else:
        rows = [(one.ref, one.as_dict()["at"], one.said, one.cause) for one in found]
        table("set aside", ("id", "at", "said", "cause"), rows)


def _act(ctx: click.Context, ref: str, json_: bool, act: Callable[[Tx, str], None]) -> None:
    from jitledger.service.recording.submission import Submission

    with opened(ctx) as app:
        app.ledger.commit(Submission([], then=lambda tx, answers, now: act(tx, ref)))
    if json_:
        write_json({"ok": True, "id": ref})


@letters.command()
@click.argument("ref", metavar="ID")
@as_json
@click.pass_context
def retry(ctx: click.Context, ref: str, json_: bool) -> None:
    """Have one worked on again: by the bot that runs, or at its next start.

    Example: jitledger letters retry m12
    """
    from jitledger.service.upkeep.letters import try_again

    _act(ctx, ref, json_, try_again)
    if not json_:
        click.echo(f"{ref} is tried again by the bot that runs, or at its next start.")


@letters.command()
@click.argument("ref", metavar="ID")
@as_json
@click.pass_context
def discard(ctx: click.Context, ref: str, json_: bool) -> None:
    """Let one go: its cause stays, its content does not.

    Example: jitledger letters discard m12
    """
    from jitledger.service.upkeep.letters import discard as let_go

    _act(ctx, ref, json_, let_go)
    if not json_:
        click.echo(f"{ref} is let go.")
