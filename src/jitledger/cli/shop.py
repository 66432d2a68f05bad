"""Opening a shop."""

from __future__ import annotations

import click

from jitledger.cli.output import opened, write_json
from jitledger.domain.commands import parse


@click.command()
@click.option("--name", default="My shop", show_default=True, help="The shop's name.")
@click.option("--currency", default="EUR", show_default=True, help="Three letters.")
@click.option("--timezone", default="UTC", show_default=True, help="For example Europe/Berlin.")
@click.option("--locale", default="en", show_default=True, help="Language of numbers and texts.")
@click.option("--prices", type=click.Choice(["gross", "net"]), default="gross", show_default=True)
@click.option("--clock", type=click.Choice(["live", "simulated"]), default="live")
@click.option("--dry-run", is_flag=True, help="Check what is asked and open nothing.")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.pass_context
def init(
    ctx: click.Context,
    name: str,
    currency: str,
    timezone: str,
    locale: str,
    prices: str,
    clock: str,
    dry_run: bool,
    json_: bool,
) -> None:
    """Open a shop and print the owner's link.

    Example: jitledger init --name "Corner shop" --currency EUR --timezone Europe/Berlin
    """
    from jitledger.service.people import invite

    with opened(ctx, create=True) as app:
        shop = app.queries.shop()
        if shop.opened:
            said = f"The shop {shop.title!r} is open already; nothing was changed."
            if json_:
                write_json({"ok": True, "opened": False, "shop": shop.title, "message": said})
            else:
                click.echo(said)
            return
        command = parse(
            {
                "do": "init",
                "name": name,
                "currency": currency,
                "timezone": timezone,
                "locale": locale,
                "prices": prices,
                "clock": clock,
            }
        )
        answer = app.ledger.record(command, dry_run=dry_run)
        if answer.error is not None:
            raise answer.error
        if dry_run:
            if json_:
                write_json({"ok": True, "dry_run": True, "opened": False, "shop": name})
            else:
                click.echo(f"Would open the shop {name!r}.")
            return
        code = invite(app.ledger, "owner")
        if json_:
            write_json(
                {"ok": True, "opened": True, "shop": name, "code": code, "start": f"/start {code}"}
            )
            return
        click.echo(f"The shop {name!r} is open.")
        click.echo(f"Owner: send this to the bot within 15 minutes, once: /start {code}")
