"""Copies of the shop, putting one back, and trying that out."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jitledger.cli.output import as_json, opened, write_json
from jitledger.config import read_settings

if TYPE_CHECKING:
    from jitledger.bootstrap import App
    from jitledger.store.copies import Copied

QUANTITIES = ("on_hand", "reserved", "available", "on_order")

FILE = click.Path(dir_okay=False, path_type=Path)


def _say(copied: Copied, json_: bool, said: str) -> None:
    if json_:
        write_json(copied.as_dict())
        return
    click.echo(f"{said} {copied.file}: {copied.events} events, {copied.bytes:,} bytes, verified.")
    click.echo(f"Newest seal: {copied.seal}")


@click.command()
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Replace the file when it is there.")
@as_json
@click.pass_context
def backup(ctx: click.Context, file: Path, force: bool, json_: bool) -> None:
    """Copy the shop into one file, while it is in use.

    The copy is verified against its seals and readable by its owner alone.

    Example: jitledger backup shop-copy.db
    """
    from jitledger.store.copies import back_up

    with opened(ctx) as app:
        copied = back_up(app.database, file, force=force)
    _say(copied, json_, "Copied to")


@click.command()
@click.argument("file", type=FILE)
@as_json
@click.pass_context
def restore(ctx: click.Context, file: Path, json_: bool) -> None:
    """Put a copy into a place where no shop is; its views are built anew from the sealed log.

    Example: jitledger --database sqlite:///restored.db restore shop-copy.db
    """
    from jitledger.store.copies import restore as put_back
    from jitledger.store.open import open_database

    with closing(open_database(read_settings(ctx.obj).database)) as database:
        copied = put_back(file, database)
    with opened(ctx) as app:  # A byte that changed in a view is under no seal.
        app.driver.rebuild()
        app.driver.catch_up()
    _say(copied, json_, "Restored to")


@click.command()
@as_json
@click.pass_context
def drill(ctx: click.Context, json_: bool) -> None:
    """Try it out: copy the shop, restore it elsewhere, verify and compare; nothing stays.

    Example: jitledger drill
    """
    from jitledger.store.copies import back_up
    from jitledger.store.copies import restore as put_back
    from jitledger.store.open import open_database

    with opened(ctx) as app, tempfile.TemporaryDirectory(prefix="jitledger-drill-") as folder:
        copied = back_up(app.database, Path(folder) / "copy.db")
        place = Path(folder) / "restored.db"
        url = f"sqlite:///{place}"
        restored = put_back(copied.file, open_database(url))
        whole = app.database.dialect == "sqlite"  # Else the copy holds no views.
        before = _stock_of(f"sqlite:///{copied.file}", anew=not whole)
        after = _stock_of(url, anew=True)
        same = restored.seal == copied.seal and restored.events == copied.events
        differs = sorted(sku for sku in (before | after) if before.get(sku) != after.get(sku))
    ok = same and not differs
    answer = {
        "ok": ok,
        "events": restored.events,
        "seal": restored.seal,
        "products": len(after),
        "differs": differs,
    }
    if json_:
        write_json(answer)
    elif ok:
        click.echo(
            f"Copied, restored and verified: {restored.events} events under the same seal, "
            f"{len(after)} products with the same stock after building every view anew."
        )
    else:
        click.echo(f"The restored shop differs: {', '.join(differs[:10]) or 'other seals'}.")
    if not ok:
        raise SystemExit(4)


def _stock_of(url: str, *, anew: bool) -> dict[str, dict[str, object]]:
    """Return {SKU: its quantities} of a copy, its views as they stand or built anew."""
    from jitledger.bootstrap import open_app
    from jitledger.config import Settings

    app: App = open_app(Settings(database=url), create=False)
    try:
        if anew:
            app.driver.rebuild()
        app.driver.catch_up()
        rows = app.exported("stock")
    finally:
        app.close()
    return {row["sku"]: {name: row.get(name) for name in QUANTITIES} for row in rows}


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@as_json
def copy(source: str, target: str, json_: bool) -> None:
    """Copy a shop from one database into another that holds none: SQLite or PostgreSQL.

    Both are addresses; the copy has the same seals, and its views are built anew.

    Example: jitledger copy sqlite:///shop.db sqlite:///moved.db
    """
    from jitledger.bootstrap import open_app
    from jitledger.config import Settings
    from jitledger.domain.errors import Refused
    from jitledger.store.moving import copy_shop
    from jitledger.store.open import open_database

    there = open_database(source)
    if not there.exists():
        there.close()
        raise Refused("no-shop", "There is no shop in the database that is to be copied.")
    here = open_database(target)
    try:
        verdict = copy_shop(there, here)
    finally:
        there.close()
        here.close()
    app = open_app(Settings(database=target), create=False)
    try:
        app.driver.rebuild()
        app.driver.catch_up()
    finally:
        app.close()
    if json_:
        write_json({"events": verdict.events, "seal": verdict.seal})
        return
    click.echo(f"Copied and verified: {verdict.events} events under {verdict.seals} seals.")
    click.echo(f"Newest seal: {verdict.seal}")
