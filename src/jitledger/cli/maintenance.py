"""Maintenance: rebuild, verify, doctor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from jitledger.cli.output import as_json, opened, table, write_json
from jitledger.domain.json import Json
from jitledger.domain.moments import show_moment
from jitledger.service.streams import Progress

if TYPE_CHECKING:
    from jitledger.bootstrap import App
    from jitledger.service.upkeep.views_check import Difference


MOST_NAMED = 10
"""So many orders are named in a sentence."""


@contextmanager
def progress_bars(*labels: str) -> Iterator[tuple[Progress, ...]]:
    """Show progress bars on stderr for long work; silent when stderr is no terminal."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:

        def told(label: str) -> Progress:
            task = bar.add_task(label, total=None, visible=False)

            def advance(done: int, total: int) -> None:
                bar.update(task, completed=done, total=max(total, 1), visible=True)

            return advance

        yield tuple(told(label) for label in labels)


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """Show one progress bar."""
    with progress_bars(label) as (advance,):
        yield advance


@click.command()
@click.argument("projection", required=False)
@as_json
@click.pass_context
def rebuild(ctx: click.Context, projection: str | None, json_: bool) -> None:
    """Build the views anew from the log; readers see old or new, never a mixture.

    Example: jitledger rebuild
    """
    with opened(ctx) as app, progress_bar("reading the log") as advance:
        events = app.driver.rebuild(projection, advance)
        stopped = [s.name for s in app.driver.catch_up()]
        names = [p.name for p in app.driver.projections if projection in (None, p.name)]
    if json_:
        write_json({"events": events, "projections": names, "stopped": stopped})
    else:
        built = [name for name in names if name not in stopped]
        if built:
            click.echo(f"{', '.join(built)}: built anew from {events} events.")
    if stopped:
        click.echo(f"Stopped: {', '.join(stopped)}; see jitledger doctor.", err=True)
        raise SystemExit(4)


@click.command()
@as_json
@click.pass_context
def sweep(ctx: click.Context, json_: bool) -> None:
    """Compute every reorder point and service level anew, from the sales through yesterday.

    The bot does so every night; without a bot let cron do it. Alerts for what is due follow from
    it, and `jitledger doctor` says when it is old.

    Example: jitledger sweep
    """
    from jitledger_projections.reports.upkeep import chosen_ways, last_sweep, remembered, sized

    with opened(ctx) as app, progress_bar("folding the demand"):
        points = app.sweep()
        look = app.look()
        with app.database.snapshot() as tx:
            through = last_sweep(tx, look.today).through
        due, found = len(app.reorder()), look.plan.forecast
    if json_:
        day = None if through is None else through.isoformat()
        memory, lots = remembered(found), sized(found)
        said = {
            "memory": {"days": found.memory.rate_days, "why": memory and str(memory)},
            "lots": {"scale": found.lot_scale, "why": lots and str(lots)},
        }
        write_json({"reorder_points": points, "through": day, "due": due, **said})
        return
    known = f" from sales through {through}" if through is not None else ""
    click.echo(f"{points} reorder points computed{known}; {due} due (jitledger reorder).")
    for remark in chosen_ways(found):
        click.echo(f"The method {remark}.")


@click.command()
@click.option("--witness", metavar="HASH", help="A seal seen earlier, from a digest.")
@click.option("--views", is_flag=True, help="Build every view anew beside the shop, and compare.")
@click.option("--accept", is_flag=True, help="Go on with this ledger, though it is an older one.")
@click.option("--sign", is_flag=True, help="Sign all that is there with JITLEDGER_SEAL_KEY.")
@as_json
@click.pass_context
def verify(
    ctx: click.Context, witness: str | None, views: bool, accept: bool, sign: bool, json_: bool
) -> None:
    """Check that nothing stored was altered.

    The seal that was told last is the witness where none is given.

    Example: jitledger verify --views
    """
    from jitledger.bootstrap import all_views
    from jitledger.service.upkeep.proof import prove
    from jitledger.service.upkeep.views_check import check_views
    from jitledger.service.upkeep.witness import note, older_than_told, seen, witness_file

    with opened(ctx) as app:
        file = witness_file(app.settings.database, app.settings.witness)
        told = None if witness is not None or accept else seen(file)
        if sign:
            _sign(app)
        verdict = prove(app.database, witness)
        older = older_than_told(app.database, told) if verdict.ok else None
        if older is not None:
            verdict = replace(verdict, ok=False, first_difference=older.rstrip("."))
        if accept and verdict.ok and file is not None:
            note(file, app.database, show_moment(app.clock.now())[:10])
        different = check_views(app.database, all_views()) if views and verdict.ok else []
    answer = {
        "events": verdict.events,
        "seals": verdict.seals,
        "seal": verdict.seal,
        "ok": verdict.ok,
        "first_difference": verdict.first_difference,
    }
    if views:
        answer["views"] = [one.as_dict() for one in different]
    if json_:
        write_json(answer)
    elif verdict.ok:
        click.echo(f"{verdict.events} events under {verdict.seals} seals: nothing was altered.")
        click.echo(f"Newest seal: {verdict.seal}")
    else:
        click.echo(f"This ledger was altered. First difference: {verdict.first_difference}.")
    if not json_ and views and verdict.ok:
        _say_views(different)
    if not verdict.ok or different:
        raise SystemExit(1)


def _sign(app: App) -> None:
    """Sign the newest seal with the key that is set; what comes is signed by itself."""
    from jitledger.domain.errors import StoreError
    from jitledger.service.recording.submission import Submission
    from jitledger.store.seals import sign_newest

    key = app.database.seal_key
    if key is None:
        raise StoreError("bad-setting", "JITLEDGER_SEAL_KEY is not set; nothing was signed.")
    app.ledger.commit(Submission([], then=lambda tx, answers, at: sign_newest(tx, key)))


def _say_views(different: Sequence[Difference]) -> None:
    for one in different:
        click.echo(f"The view {one.view} is not what the log says: {one.rows} rows ({one.first}).")
    if different:
        click.echo("The log is in order: `jitledger rebuild` makes the views anew.")
    else:
        click.echo("Every view is what the log says.")


@click.command()
@click.option("--quick", is_flag=True, help="Without reading the whole file.")
@as_json
@click.pass_context
def doctor(ctx: click.Context, quick: bool, json_: bool) -> None:
    """Say how the ledger is doing: views, what waits, late orders, the last sweep, the file.

    Example: jitledger doctor
    """
    from jitledger.service.upkeep.health import health
    from jitledger.service.upkeep.witness import seen, witness_file
    from jitledger_projections.reports.upkeep import last_sweep, late_in_short

    with opened(ctx) as app:
        told = seen(witness_file(app.settings.database, app.settings.witness))
        found = health(app.database, app.driver, app.clock, whole=not quick, witness=told)
        today = app.today()
        with app.database.snapshot() as tx:
            found["sweep"] = last_sweep(tx, today).as_dict()
            found["late_orders"] = late_in_short(tx, today)
    if json_:
        write_json(found)
    else:
        _show(found)
    if not found["ok"]:
        raise SystemExit(4)


def _show(found: Json) -> None:
    rows = [(p["projection"], p["position"], p["status"], p["error"]) for p in found["projections"]]
    table("views", ("view", "position", "status", "error"), rows)
    click.echo(f"{found['events']} events; seal {found['seal']}")
    click.echo(
        f"Inbox: {found['inbox_waiting']} waiting, {len(found['set_aside'])} set aside; "
        f"outbox: {found['outbox_waiting']} waiting. Open exceptions: {found['exceptions']}."
    )
    if found["late_orders"]:
        named = ", ".join(
            f"{late['po']} from {late['supplier']} ({late['late_days']} days)"
            for late in found["late_orders"][:MOST_NAMED]
        )
        more = len(found["late_orders"]) - MOST_NAMED
        click.echo(f"Late orders: {named}{f' and {more} more' if more > 0 else ''}.")
    if found["sweep"]["late"]:
        click.echo(found["sweep"]["late"])
    if found["damage"]:
        click.echo(
            f"The database is damaged: {found['damage']}. Stop writing, and restore a copy: "
            "`jitledger restore`."
        )
    if found["newer_kinds"]:
        click.echo(
            f"Entries of kinds that this program does not know: {', '.join(found['newer_kinds'])}. "
            "A newer program recorded them; use that one, no number here counts them."
        )
    if found["older"]:
        click.echo(found["older"])
    if found["clock"]["wrong"]:
        click.echo(found["clock"]["wrong"])
    if found["set_aside"]:
        click.echo(
            f"Set aside: {', '.join(found['set_aside'])}. `jitledger letters` says why, and has "
            "them tried again."
        )
    rest = "Else all is well." if found["late_orders"] or found["sweep"]["late"] else "All is well."
    click.echo(rest if found["ok"] else "Something needs attention.")


@click.command()
@click.option("--right", is_flag=True, help="Say that the clock is right, as somebody looked.")
@as_json
@click.pass_context
def clock(ctx: click.Context, right: bool, json_: bool) -> None:
    """Say how this machine's clock stands to the newest entry.

    Example: jitledger clock --right
    """
    from jitledger.service.recording.jumps import describe_clock, trust
    from jitledger.service.recording.submission import Submission
    from jitledger.store.database import read_clock

    with opened(ctx) as app:
        now = app.clock.now()
        if right:
            app.ledger.commit(Submission([], then=lambda tx, answers, at: trust(tx, now)))
        with app.database.snapshot() as tx:
            newest = read_clock(tx)[0]
            if app.queries.shop().clock == "simulated":
                newest = 0  # Its time is told, not read.
            found = describe_clock(tx, newest, now)
    if json_:
        write_json(found)
    else:
        click.echo(f"Clock: {found['now']}; newest entry: {found['newest'] or 'none'}.")
        click.echo(found["wrong"] or "All is well.")
    if found["wrong"]:
        raise SystemExit(4)
