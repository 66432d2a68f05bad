"""People: who may do what."""

from __future__ import annotations

import click

from jitledger.cli.output import as_json, opened, table, write_json

dry = click.option("--dry-run", is_flag=True, help="Show what would be done.")


def _would(what: str, json_: bool = False) -> None:
    """Say what a dry run would do."""
    if json_:
        write_json({"ok": True, "dry_run": True, "would": what})
    else:
        click.echo(f"Would {what}.")


@click.command()
@click.option("--role", type=click.Choice(["owner", "buyer", "staff", "viewer"]), required=True)
@click.option(
    "--minutes", type=click.IntRange(1, 43_200), help="How long the invitation is good for."
)
@dry
@as_json
@click.pass_context
def invite(ctx: click.Context, role: str, minutes: int | None, dry_run: bool, json_: bool) -> None:
    """Invite somebody with a role; the code works once.

    Example: jitledger invite --role staff
    """
    from jitledger.service import people

    good_for = minutes or (people.FIRST_MINUTES if role == "owner" else people.INVITE_MINUTES)
    with opened(ctx) as app:
        code = people.invite(app.ledger, role, good_for, dry_run=dry_run)
    if dry_run:
        _would(f"invite somebody as {role} for {good_for} minutes", json_)
        return
    if json_:
        write_json({"ok": True, "role": role, "code": code, "start": f"/start {code}"})
        return
    click.echo(f"Send this to the bot, once, within {good_for} minutes: /start {code}")


@click.command()
@as_json
@click.pass_context
def members(ctx: click.Context, json_: bool) -> None:
    """List who has access.

    Example: jitledger members
    """
    with opened(ctx) as app:
        names = app.queries.people()
        rows = [
            {"member": member, "name": names.get(member), "role": role}
            for member, role in app.queries.shop().members.items()
        ]
    if json_:
        write_json(rows)
        return
    table("", ("member", "name", "role"), [list(row.values()) for row in rows])


@click.command()
@click.argument("member")
@dry
@click.pass_context
def remove(ctx: click.Context, member: str, dry_run: bool) -> None:
    """Take a member's access away; the last owner stays.

    Example: jitledger remove ana
    """
    from jitledger.service import people

    with opened(ctx) as app:
        person = people.resolve(app.database, app.queries.shop(), member)
        people.leave(app.ledger, person.member, dry_run=dry_run)
    if dry_run:
        _would(f"take the access of {member} ({person.member})")
        return
    click.echo(f"{member} has no access any more.")


@click.command()
@click.argument("member")
@click.option("--yes", is_flag=True, help="Without asking.")
@dry
@click.pass_context
def forget(ctx: click.Context, member: str, yes: bool, dry_run: bool) -> None:
    """Erase a person's name and chat; entries keep an id that says nothing. It asks first.

    Where an older program wrote chat numbers into entries, those of everybody are replaced, and
    every seal is made anew.

    Example: jitledger forget ana --yes
    """
    from jitledger.service import people
    from jitledger.service.upkeep.rekeying import plain_keys

    with opened(ctx) as app:
        shop = app.queries.shop()
        person = people.resolve(app.database, shop, member)
        old = plain_keys(app.database)
        if not yes and not dry_run:
            click.confirm(_what_is_forgotten(member, person.member, old), abort=True, err=True)
        done = app.forget(person, dry_run=dry_run)
    if dry_run:
        _would(f"forget {member} ({person.member})")
        return
    click.echo(f"{member} is forgotten; their entries remain as {person.member}.")
    if done is not None:
        click.echo(
            f"Chat numbers were replaced in {done.entries} entries and {done.keys} keys, and all "
            f"was sealed anew. Newest seal before: {done.before}. Now: {done.after}."
        )
    click.echo("Copies that were made before still hold what was erased here.")


def _what_is_forgotten(name: str, member: str, old: int) -> str:
    """Say what cannot be taken back."""
    said = (
        f"{name}'s access ends; name, chat and messages are erased for good. Entries stay, under "
        f"{member}."
    )
    if old:
        said += (
            f" {old} keys of an older program hold numbers of chats: they are replaced, and every "
            "seal is made anew, so seals that were told until now can no longer be compared."
        )
    return f"{said} Go on?"


@click.command("export-person")
@click.argument("member")
@click.pass_context
def export_person(ctx: click.Context, member: str) -> None:
    """Print what is kept about a person, as JSON.

    Example: jitledger export-person ana
    """
    from jitledger.service import people

    with opened(ctx) as app:
        shop = app.queries.shop()
        write_json(people.export(app.database, people.resolve(app.database, shop, member), shop))
