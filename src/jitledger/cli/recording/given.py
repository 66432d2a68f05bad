"""Commands of the command line that say just what their command asks for, made from its fields.

What is needed stands in order, the rest are options; a command with words of its own has a function
of its own beside.
"""

from __future__ import annotations

import click

from jitledger.cli.output import fact, record, recording
from jitledger.domain.commands import COMMANDS, Command, Fact

SHARED = frozenset({*Fact.model_fields, "at"}) - {"sku"}
"""Fields that every fact takes the same way (``--at``, ``--occurred``, ``--key`` …)."""

HELP = {"pack": "The quantity is in packs of this kind."}

EXAMPLES = {"sku": "MUG", "qty": "3", "reservation": "R1"}


def command_of(do: str) -> click.Command:
    """Return the command that records what a ledger command asks for."""
    model = COMMANDS[do]
    own = [name for name in model.model_fields if name not in SHARED]
    needed = [name for name in own if model.model_fields[name].is_required()]

    @click.pass_context
    def run(ctx: click.Context, /, json_: bool, dry_run: bool, **given: object) -> None:
        record(ctx, {"do": do, **given}, json_, dry_run)

    made = fact(run) if issubclass(model, Fact) else recording(run)
    for name in reversed([name for name in own if name not in needed]):
        flag = f"--{name.replace('_', '-')}"
        made = click.option(flag, name, help=HELP.get(name))(made)
    for name in reversed(needed):
        made = click.argument(name)(made)
    sample = " ".join(EXAMPLES.get(name, name.upper()) for name in needed)
    text = f"{_said(model)}\n\nExample: jitledger {do} {sample}"
    return click.command(do, help=text)(made)


def _said(model: type[Command]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]
