"""Questions: JSON as the contract has it, tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from jitledger.cli.output import (
    as_at,
    as_json,
    as_of,
    opened,
    parse_moments,
    table,
    with_currency,
    write_json,
)
from jitledger.domain.json import Json
from jitledger.domain.quantity import parse_money
from jitledger.domain.quantity import show as plain
from jitledger.service.entry_details import in_words

if TYPE_CHECKING:
    from jitledger.domain.state.shop import Shop
    from jitledger_projections.reports.ordering.buying import Deferred
    from jitledger_projections.reports.ordering.reorder_line import ReorderLine

MOST_NAMED = 10
"""So many products are named in a sentence."""


MOST_PLACES = 6
"""More places than these have no columns of their own: a line would not fit."""


@click.command()
@click.argument("sku", required=False)
@as_of
@as_at
@as_json
@click.pass_context
def stock(
    ctx: click.Context, sku: str | None, as_of: str | None, as_at: str | None, json_: bool
) -> None:
    """Show quantities, now or on a day.

    Example: jitledger stock MUG --as-of 2026-11-03
    """
    from jitledger_projections.views.products import products

    with opened(ctx) as app:
        moments = parse_moments(app, as_of, as_at)
        if sku is not None:
            rows = [app.queries.stock(sku, *moments)]
        else:
            app.driver.catch_up()
            with app.database.snapshot() as tx:
                skus = [p.sku for p in products(tx, app.today())]
            rows = app.queries.stocks(skus, *moments)
    if json_:
        write_json(rows[0] if sku is not None else rows)
        return
    places = sorted({place for r in rows for place in r["by_location"]}, key=str.casefold)
    shown = places if 1 < len(places) <= MOST_PLACES else []
    columns = ("on_hand", "available", "reserved", "unsellable", "backorders", "on_order")
    table(
        "",
        ("sku", "name", *(c.replace("_", " ") for c in columns), "in transit", *shown, ""),
        [
            (
                r["sku"],
                r["name"],
                *(r[c] for c in columns),
                r["in_transit"],
                *(r["by_location"].get(place, {}).get("on_hand", "") for place in shown),
                _remark(r),
            )
            for r in rows
        ],
    )
    if sku is not None:
        _details(rows[0])


def _details(row: Json) -> None:
    """Show one item's places, and what is on order."""
    if len(row["by_location"]) > 1:
        table(
            "by location",
            ("location", "on hand", "available", "on order", "in transit"),
            [
                (place, v["on_hand"], v["available"], v["on_order"], v["in_transit"])
                for place, v in row["by_location"].items()
            ],
        )
    if row["orders"]:
        names = ("po", "supplier", "location", "quantity", "promised")
        table("on order", names, [[line[name] for name in names] for line in row["orders"]])


def _remark(row: Json) -> str:
    if not row["known"]:
        return "count first"
    if "can_make" in row:
        return f"{row['can_make']} can be made of its parts"
    return ", ".join(f"{e['code']} at {e['location']}" for e in row["exceptions"])


@click.command()
@click.argument("sku")
@as_of
@as_at
@as_json
@click.pass_context
def history(
    ctx: click.Context, sku: str, as_of: str | None, as_at: str | None, json_: bool
) -> None:
    """Show every entry of an item in effective order.

    Example: jitledger history MUG
    """
    with opened(ctx) as app:
        shop = app.queries.shop()
        rows = app.queries.history(sku, *parse_moments(app, as_of, as_at))
    if json_:
        write_json(rows)
        return
    table(
        "",
        ("entry", "event", "when", "place", "change", "balance", "who", "details"),
        [
            (
                r["entry"],
                r["event"],
                _when(r["occurred_at"], shop),
                r["location"],
                r["delta"] if r["delta"] is not None else _named(r["quantity"]),
                r["balance"],
                r["actor"],
                in_words(r, shop.currency),
            )
            for r in rows
        ],
    )


def _named(quantity: str | None) -> str | None:
    """Return a quantity that changed no stock, marked as such."""
    return None if quantity is None else f"({quantity})"


def _when(moment: str, shop: Shop) -> str:
    """Return a moment of the log in the shop's time; a day stays one."""
    if len(moment) <= len("2026-03-02"):
        return moment
    return datetime.fromisoformat(moment).astimezone(shop.tz).strftime("%Y-%m-%d %H:%M")


@click.command()
@click.argument("sku")
@as_of
@as_at
@as_json
@click.pass_context
def why(ctx: click.Context, sku: str, as_of: str | None, as_at: str | None, json_: bool) -> None:
    """Show the signed entries that sum exactly to on-hand.

    Example: jitledger why MUG
    """
    with opened(ctx) as app:
        shop = app.queries.shop()
        answer = app.queries.why(sku, *parse_moments(app, as_of, as_at))
    if json_:
        write_json(answer)
        return
    rows = [
        (
            t["entry"],
            t["event"],
            _when(t["occurred_at"], shop),
            t["delta"],
            t["counted"],
            in_words(t, shop.currency),
        )
        for t in answer["terms"]
    ]
    table("", ("entry", "event", "when", "change", "counted", "details"), rows)
    click.echo(f"= {answer['on_hand']} on hand")


@click.command()
@click.option("--from", "since", metavar="TIME", help="Recorded from then on (inclusive).")
@click.option("--to", "until", metavar="TIME", help="Recorded until then (inclusive).")
@click.option("--by", metavar="MEMBER", help="Recorded by this person.")
@as_json
@click.pass_context
def log(
    ctx: click.Context, since: str | None, until: str | None, by: str | None, json_: bool
) -> None:
    """Show what was recorded in a stretch of time.

    Example: jitledger log --from 2026-11-01 --to 2026-11-30
    """
    from jitledger.domain.moments import parse_time, start_of_day

    with opened(ctx) as app:
        shop = app.queries.shop()
        _, end = parse_moments(app, None, until)
        begin = None
        if since is not None:
            stated = parse_time("from", since, shop.tz)
            begin = stated.instant if stated.day is None else start_of_day(stated.day, shop.tz)
        rows = app.queries.log(begin, end, by)
    if json_:
        write_json(rows)
        return
    table(
        "",
        ("recorded", "entry", "event", "quantity", "place", "who", "details"),
        [
            (
                _when(r["recorded_at"], shop),
                r["entry"],
                r["event"],
                r["quantity"],
                r["location"],
                r["actor"],
                in_words(r, shop.currency),
            )
            for r in rows
        ],
    )


def _deferred(waits: Deferred | None, budget: str | None) -> dict[str, object]:
    if budget is None:
        return {}
    quantity, cost = ("0", 0.0) if waits is None else (plain(waits.quantity), waits.cost_of_waiting)
    return {"deferred_qty": quantity, "cost_of_waiting": round(cost, 2)}


@click.command()
@click.option("--supplier", help="Only from this supplier.")
@click.option("--budget", help="Spend at most this much; what waits is listed.")
@as_json
@click.pass_context
def reorder(ctx: click.Context, supplier: str | None, budget: str | None, json_: bool) -> None:
    """Show what needs reordering, how much and why, most urgent first.

    Example: jitledger reorder
    """
    from jitledger_projections.reports.ordering.buying import within_budget
    from jitledger_projections.reports.ordering.reorder_line import as_shape
    from jitledger_projections.views.supply import find_supplier

    with opened(ctx) as app:
        app.driver.catch_up()
        currency = app.queries.shop().currency
        wanted = None if supplier is None else supplier.casefold()
        lines = [r for r in app.reorder() if wanted in (None, (r.supplier or "").casefold())]
        if wanted is not None:
            with app.database.snapshot() as tx:
                find_supplier(tx, wanted)
        unknown = app.uncounted()
    if unknown:
        named = ", ".join(sku for sku, _ in unknown[:MOST_NAMED])
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        said = "Count first, nobody knows what is there"
        click.echo(f"{said} ({len(unknown)}): {named}{more}.", err=True)
    waiting: list[Deferred] = []
    if budget is not None:
        lines, waiting = within_budget(lines, parse_money("budget", budget), currency)
    if json_:
        late = {(d.sku, d.location): d for d in waiting}
        write_json(
            [
                as_shape(line) | _deferred(late.get((line.sku, line.location)), budget)
                for line in lines
            ]
        )
        return
    if not lines:
        click.echo("Nothing needs reordering.")
        return
    _show_lines(lines)
    if waiting:
        _show_waiting(waiting, budget)


def _show_waiting(waiting: Sequence[Deferred], budget: str | None) -> None:
    """Show what a budget leaves out, and what that is expected to cost."""
    table(
        f"waits, with a budget of {budget}",
        ("sku", "name", "at", "quantity", "cost", "margin at stake"),
        [
            (
                d.sku,
                d.name,
                d.location or "all",
                plain(d.quantity),
                plain(d.cost),
                f"{d.cost_of_waiting:.2f}",
            )
            for d in waiting
        ],
    )


def _show_lines(lines: Sequence[ReorderLine]) -> None:
    """Show what is due, with its place where places have points of their own."""
    from jitledger_projections.reports.ordering.reorder_line import as_shape

    places = any(line.location is not None for line in lines)
    rows = [
        (
            r["sku"],
            r["supplier"],
            *([r["location"] or "all"] if places else []),
            r["on_hand"],
            r["inventory_position"],
            r["reorder_point"],
            r["suggested_qty"],
            with_currency(r["line_cost"], r["currency"]),
            r["runs_out"]["likely"],
            r["order_by"],
            r["why"],
        )
        for r in map(as_shape, lines)
    ]
    columns = (
        "sku",
        "supplier",
        *(["place"] if places else []),
        "on hand",
        "position",
        "reorder point",
        "order",
        "cost",
        "runs out",
        "order by",
        "why",
    )
    table("", columns, rows)
