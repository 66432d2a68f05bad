"""Purchase orders: draft, place, confirm, delay, cancel, close, receive, list, show, message."""

from __future__ import annotations

from typing import Any

import click

from jitledger.bootstrap import App
from jitledger.cli.output import (
    as_json,
    opened,
    record,
    recording,
    refuse,
    table,
    with_currency,
    write_json,
)
from jitledger.domain.errors import Refused, bad_value
from jitledger.domain.json import Json


@click.group()
def order() -> None:
    """Purchase orders.

    Example: jitledger order list
    """


def _line(text: str) -> dict[str, str]:
    """Read ``SKU=QTY`` or ``SKU=QTY@COST``."""
    sku, equals, rest = text.rpartition("=")
    quantity, at, cost = rest.partition("@")
    if not equals or not sku:
        raise bad_value("line", text, "write SKU=QTY or SKU=QTY@COST, like MUG=50@4.20")
    return {"sku": sku, "qty": quantity} | ({"unit_cost": cost} if at else {})


def _lines(texts: tuple[str, ...], promised: str | None, at: str | None) -> list[dict[str, str]]:
    more = {k: v for k, v in (("promised", promised), ("at", at)) if v is not None}
    return [_line(text) | more for text in texts]


def _go(ctx: click.Context, do: str, given: Json) -> None:
    json_, dry_run = given.pop("json_"), given.pop("dry_run")
    answer = record(ctx, {"do": do, **given}, json_, dry_run)
    if not dry_run and do in ("order", "order-draft", "order-place"):
        _tell_missing_costs(ctx, answer.entries[0].split("/")[1])


def _tell_missing_costs(ctx: click.Context, number: str) -> None:
    """Say which lines were ordered without a cost: nothing was agreed, and none came before."""
    from jitledger_projections.reports.ordering.order_book import find_order

    with opened(ctx) as app:
        app.driver.catch_up()
        with app.database.snapshot() as tx:
            found = find_order(tx, number, app.today())
    bare = [line.sku for line in found.lines if line.unit_cost is None]
    if bare:
        click.echo(
            f"No cost is agreed with {found.supplier_name} for {', '.join(bare)}: agree on one "
            f"(jitledger terms {found.supplier} {bare[0]} --cost 4.20) or order {bare[0]}=12@4.20.",
            err=True,
        )


_LINES = click.option("--line", "texts", multiple=True, metavar="SKU=QTY[@COST]")

_PROMISED = click.option("--promised", metavar="DATE", help="The day it is promised for.")


@order.command()
@click.argument("po", required=False)
@click.option("--supplier", required=True)
@_LINES
@click.option("--suggested", is_flag=True, help="Take what the reorder report suggests.")
@click.option("--currency")
@click.option("--rate", help="Shop's currency for one of the other.")
@click.option("--at", metavar="LOCATION")
@_PROMISED
@recording
@click.pass_context
def draft(
    ctx: click.Context,
    /,
    texts: tuple[str, ...],
    suggested: bool,
    at: str | None,
    promised: str | None,
    **given: Any,
) -> None:
    """Prepare an order; again with the same number, it is written anew.

    Example: jitledger order draft P7 --supplier ACME --line MUG=50@4.20
    """
    try:
        lines = _lines(texts, promised, at)
        if suggested:
            with opened(ctx) as app:
                lines += _suggested(app, given["supplier"], given["po"])
    except Refused as error:
        refuse(error, given["json_"])
    _go(ctx, "order-draft", given | {"lines": lines})


def _suggested(app: App, supplier: str, po: str | None) -> list[dict[str, str]]:
    """Return the lines of what is due from a supplier, with its minimum reached.

    Raises ``nothing-due``, and ``draft-waits`` where the suggestion is drafted in another order.
    """
    from jitledger.domain.quantity import show
    from jitledger_projections.reports.ordering.buying import basket
    from jitledger_projections.reports.ordering.order_book import orders
    from jitledger_projections.views.supply import find_supplier

    app.driver.catch_up()
    with app.database.snapshot() as tx:
        code = find_supplier(tx, supplier)
        waiting = [o.number for o in orders(tx, app.today(), supplier=code) if o.state == "drafted"]
    if waiting and (po or "").casefold() not in {number.casefold() for number in waiting}:
        raise Refused(
            "draft-waits",
            f"{waiting[0]} from {code} is drafted and not placed yet. Place it: jitledger order "
            f"place {waiting[0]}; or have it written anew: jitledger order draft {waiting[0]} "
            f"--supplier {code} --suggested.",
            po=waiting[0],
            supplier=code,
        )
    found = basket(app.look(), code)
    if not found.lines:
        asked = "; ".join(f"{name}: {question}" for name, question in found.questions)
        asked = asked or f"What is due from {supplier} is late or can be moved; order nothing now."
        raise Refused("nothing-due", asked, supplier=supplier)
    if found.below_minimum:
        click.echo(
            f"The order comes to {show(found.total)}, below the minimum of "
            f"{show(found.minimum or found.total)} at {found.title}.",
            err=True,
        )
    return [
        {"sku": line.sku, "qty": show(line.quantity)}
        | ({"at": line.location} if line.location else {})
        for line in found.lines
    ]


@order.command()
@click.argument("po", required=False)
@click.option("--supplier", help="With lines: order at once, without a draft.")
@_LINES
@click.option("--placed", metavar="DATE", help="When it was placed, if not today.")
@click.option("--currency")
@click.option("--rate", help="Shop's currency for one of the other.")
@click.option("--at", metavar="LOCATION")
@_PROMISED
@recording
@click.pass_context
def place(
    ctx: click.Context,
    /,
    texts: tuple[str, ...],
    at: str | None,
    promised: str | None,
    **given: Any,
) -> None:
    """Place a prepared order, or one with the lines given here.

    Example: jitledger order place P7
    """
    if not texts:
        kept = {k: v for k, v in given.items() if k not in ("supplier", "currency", "rate")}
        _go(ctx, "order-place", kept)
        return
    try:
        lines = _lines(texts, promised, at)
    except Refused as error:
        refuse(error, given["json_"])
    _go(ctx, "order", given | {"lines": lines})


@order.command()
@click.argument("po")
@_PROMISED
@click.option("--sku", help="Only the lines of this product.")
@click.option("--reference", help="The supplier's own number.")
@recording
@click.pass_context
def confirm(ctx: click.Context, /, **given: Any) -> None:
    """Record what the supplier promised.

    Example: jitledger order confirm P7 --promised 2099-12-31
    """
    _go(ctx, "order-confirm", given)


@order.command()
@click.argument("po")
@click.option("--promised", metavar="DATE", required=True)
@click.option("--sku", help="Only the lines of this product.")
@recording
@click.pass_context
def delay(ctx: click.Context, /, **given: object) -> None:
    """Record that it comes later.

    Example: jitledger order delay P7 --promised 2099-12-31
    """
    _go(ctx, "order-delay", given)


@order.command()
@click.argument("po")
@click.option("--sku", help="Only this product.")
@click.option("--qty", help="Only so many of it.")
@click.option("--at", metavar="LOCATION", help="Only what is to come there.")
@recording
@click.pass_context
def cancel(ctx: click.Context, /, **given: object) -> None:
    """Cancel a quantity, a product's lines, or the whole order.

    Example: jitledger order cancel P7 --sku MUG --qty 10
    """
    _go(ctx, "order-cancel", given)


@order.command()
@click.argument("po")
@recording
@click.pass_context
def close(ctx: click.Context, /, **given: object) -> None:
    """Wait no longer for what has not come.

    Example: jitledger order close P7
    """
    _go(ctx, "order-close", given)


@order.command()
@click.argument("po")
@click.argument("sku")
@click.argument("qty")
@click.option("--cost", "unit_cost", help="Cost of one unit, if not the order's.")
@click.option("--occurred", "occurred_at", metavar="TIME", help="When it came.")
@click.option("--at", metavar="LOCATION")
@recording
@click.pass_context
def receive(ctx: click.Context, /, **given: object) -> None:
    """Record goods that came in for an order.

    Example: jitledger order receive P7 MUG 10
    """
    _go(ctx, "receive", given)


@order.command("list")
@click.option("--supplier")
@click.option("--open", "only_open", is_flag=True, help="Only orders from which goods are to come.")
@click.option("--late", "only_late", is_flag=True, help="Only late ones, the latest first.")
@as_json
@click.pass_context
def list_(
    ctx: click.Context, supplier: str | None, only_open: bool, only_late: bool, json_: bool
) -> None:
    """List purchase orders, drafts first, then the newest.

    Example: jitledger order list --open
    """
    from jitledger_projections.reports.ordering.order_book import order_shape, orders
    from jitledger_projections.views.supply import find_supplier

    with opened(ctx) as app:
        app.driver.catch_up()
        today = app.today()
        with app.database.snapshot() as tx:
            if supplier is not None:
                supplier = find_supplier(tx, supplier)
            found = orders(tx, today, supplier=supplier, only_open=only_open, only_late=only_late)
    shapes = [order_shape(o) for o in found]
    if json_:
        write_json(shapes)
        return
    if not shapes:
        click.echo("No purchase orders.")
        return
    rows = [
        (
            s["po"],
            s["supplier_name"],
            s["state"],
            s["placed"],
            _to_come(s),
            min((x["expected"] for x in s["lines"] if x["expected"]), default=""),
            f"{s['late_days']} d" if s["late_days"] else "",
            with_currency(s["cost"], s["currency"]),
        )
        for s in shapes
    ]
    columns = ("order", "supplier", "state", "placed", "to come", "expected", "late", "cost")
    table("", columns, rows)


def _to_come(shape: Json) -> str:
    """Say what is still to come of an order; of a draft nothing is, until it is placed."""
    if shape["state"] == "drafted":
        return ", ".join(f"{x['ordered']} {x['sku']}" for x in shape["lines"]) + ", not placed yet"
    return ", ".join(f"{x['outstanding']} of {x['ordered']} {x['sku']}" for x in shape["lines"])


@order.command()
@click.argument("po")
@as_json
@click.pass_context
def show(ctx: click.Context, po: str, json_: bool) -> None:
    """Show one purchase order, line by line.

    Example: jitledger order show P7
    """
    from jitledger_projections.reports.ordering.order_book import find_order, order_shape

    with opened(ctx) as app:
        app.driver.catch_up()
        today = app.today()
        with app.database.snapshot() as tx:
            shape = order_shape(find_order(tx, po, today))
    if json_:
        write_json(shape)
        return
    columns = (
        "line",
        "sku",
        "name",
        "ordered",
        "cancelled",
        "received",
        "outstanding",
        "unit_cost",
        "promised",
        "expected",
    )
    title = f"{shape['po']} · {shape['supplier_name']} · {shape['state']}"
    if shape["currency"] is not None:
        title += f" · costs in {shape['currency']}"
    rows = [[line[column] for column in columns] for line in shape["lines"]]
    table(title, [column.replace("_", " ") for column in columns], rows)


@order.command()
@click.argument("po")
@click.option("--csv", "as_csv", is_flag=True, help="Lines as CSV instead of a text.")
@click.pass_context
def message(ctx: click.Context, po: str, as_csv: bool) -> None:
    """Print the message to the supplier, ready to send.

    Example: jitledger order message P7
    """
    from jitledger_projections.reports.ordering.order_book import find_order, order_csv, order_text

    with opened(ctx) as app:
        app.driver.catch_up()
        shop = app.queries.shop()
        with app.database.snapshot() as tx:
            found = find_order(tx, po, app.today())
            if as_csv:
                text = order_csv(tx, found, shop.currency)
            else:
                text = order_text(tx, found, shop.title, shop.currency)
    click.echo(text)
