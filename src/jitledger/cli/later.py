"""Commands of the contract that are not built yet: each says so in one sentence."""

from __future__ import annotations

import click

_ANY: dict[str, object] = {"ignore_unknown_options": True, "allow_extra_args": True}


def _later(name: str, what: str, example: str) -> click.Command:
    sentence = f"{name} is not there yet: {what}."

    @click.command(name, context_settings=_ANY, help=f"{sentence}\n\nExample: {example}")
    @click.argument("rest", nargs=-1, type=click.UNPROCESSED)
    def command(rest: tuple[str, ...]) -> None:
        click.echo(sentence, err=True)
        raise SystemExit(1)

    return command


report = _later("report", "reports come with the valuation of costs", "jitledger report abc")
