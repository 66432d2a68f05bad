"""Advice: reorder points to move, overstock, what-if, just-in-time or not, thin margins."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jitledger.cli.output import as_json, opened, table, write_json
from jitledger.domain.errors import bad_value
from jitledger.domain.quantity import show

if TYPE_CHECKING:
    from jitledger.domain.state.shop import Shop
    from jitledger.store.database import Database

T = TypeVar("T")
USUAL_FLOOR = Decimal("0.3")


@click.group()
def advise() -> None:
    """Advice from the shop's own history.

    Example: jitledger advise overstock
    """


def _looked(ctx: click.Context, look: Callable[[Database, Shop, int], list[T]]) -> list[T]:
    """Return what a look at the whole shop finds now."""
    with opened(ctx) as app:
        app.driver.catch_up()
        shop = app.queries.shop()
        return look(app.database, shop, app.queries.present(shop))


def _text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return show(value)
    if isinstance(value, float):
        return round(value, 4)
    return value.isoformat() if hasattr(value, "isoformat") else value


@advise.command()
@as_json
@click.pass_context
def points(ctx: click.Context, json_: bool) -> None:
    """Reorder points set by hand that could be lower, or must be higher.

    Example: jitledger advise points
    """
    from jitledger_projections.reports.points import tunings

    found = _looked(ctx, tunings)
    shapes = [
        {
            "sku": t.sku,
            "location": t.location,
            "reorder_point": show(t.point),
            "proposed": show(t.proposed),
            "lowest_before_receipts": [show(low) for low in t.lowest],
            "safety_stock": show(t.safety),
            "frees": _text(t.frees),
            "saves_a_year": _text(t.saves_a_year),
        }
        for t in found
    ]
    _say(shapes, json_, "No reorder point set by hand needs moving.")


@advise.command()
@as_json
@click.pass_context
def overstock(ctx: click.Context, json_: bool) -> None:
    """What lies beyond the need, and what to do with it.

    Example: jitledger advise overstock
    """
    from jitledger_projections.reports.overstock import surpluses

    found = _looked(ctx, surpluses)
    shapes = [
        {
            "sku": s.sku,
            "name": s.title,
            "surplus": show(s.surplus),
            "value": show(s.value),
            "action": s.advice.action,
            "lasts_days": _text(s.advice.days),
            "holding_cost": round(s.advice.holding_cost, 2),
            "markdown": _text(s.advice.markdown),
        }
        for s in found
    ]
    _say(shapes, json_, "Nothing lies beyond the need.")


@advise.command()
@click.option("--supplier", help="This supplier …")
@click.option("--late", "late_days", type=int, default=0, help="… is so many days late.")
@click.option("--category", help="Demand of this category …")
@click.option("--demand", "factor", type=float, default=1.0, help="… times so much, like 1.5.")
@as_json
@click.pass_context
def whatif(
    ctx: click.Context,
    supplier: str | None,
    late_days: int,
    category: str | None,
    factor: float,
    json_: bool,
) -> None:
    """What runs out, when, and what to do now, if things go otherwise.

    Example: jitledger advise whatif --late 14
    """
    from jitledger_projections.reports.what_if import what_if
    from jitledger_projections.views.supply import find_supplier

    with opened(ctx) as app:
        app.driver.catch_up()
        shop = app.queries.shop()
        code = None
        if supplier is not None:
            with app.database.snapshot() as tx:
                code = find_supplier(tx, supplier)
        found = what_if(
            app.database,
            shop,
            app.queries.present(shop),
            supplier=code,
            late_days=late_days,
            category=category,
            factor=factor,
        )
    shapes = [
        {
            "sku": c.sku,
            "name": c.title,
            "runs_out_now": _text(c.before),
            "runs_out_then": _text(c.after),
            "order_now": show(c.order_now),
            "expedite": c.expedite,
            "alternative_supplier": c.alternative,
        }
        for c in found
    ]
    _say(shapes, json_, "Nothing runs out sooner within 90 days.")


@advise.command()
@click.argument("sku")
@as_json
@click.pass_context
def jit(ctx: click.Context, sku: str, json_: bool) -> None:
    """Whether just-in-time is right for a product, and why.

    Example: jitledger advise jit MUG
    """
    from jitledger.domain.errors import unknown_sku
    from jitledger_projections.reports.just_in_time import verdict

    with opened(ctx) as app:
        app.driver.catch_up()
        found = app.queries.find(sku)
        if found is None:
            raise unknown_sku(sku)
        shop = app.queries.shop()
        said = verdict(app.database, shop, app.queries.present(shop), found)
    if json_:
        figures = {k: round(v, 4) for k, v in said.figures.items()}
        write_json({"sku": found, "fits": said.fits, "reason": said.reason, "figures": figures})
        return
    shown = ", ".join(f"{k.replace('_', ' ')} {v:.3g}" for k, v in said.figures.items())
    click.echo(f"{found}: {said.fits} – {said.reason} ({shown})")


@advise.command()
@click.option("--floor", help="Least margin, as a share; the shop's own, or 0.3.")
@as_json
@click.pass_context
def margins(ctx: click.Context, floor: str | None, json_: bool) -> None:
    """Products whose newest cost leaves too thin a margin, and the price that restores it.

    Example: jitledger advise margins --floor 0.5
    """
    from jitledger_projections.reports.margins import squeezed

    share = None
    if floor is not None:
        try:
            share = Decimal(floor)
        except ArithmeticError:
            raise bad_value(
                "floor", floor, "a share between 0 and 1 is expected, like 0.5"
            ) from None
    with opened(ctx) as app:
        app.driver.catch_up()
        shop = app.queries.shop()
        share = share if share is not None else shop.margin_floor or USUAL_FLOOR
        found = squeezed(app.database, shop, app.queries.present(shop), share)
    shapes = [
        {
            "sku": s.sku,
            "name": s.title,
            "cost": show(s.cost),
            "price": show(s.price),
            "margin": f"{s.margin:.3f}",
            "price_for_floor": f"{s.restoring_price:.2f}",
            "open_orders_at_another_cost": [f"{po} at {show(cost)}" for po, cost in s.open_orders],
        }
        for s in found
    ]
    _say(shapes, json_, f"Every margin is at least {share:.0%}.")


@advise.command("buy-ahead")
@as_json
@click.pass_context
def ahead(ctx: click.Context, json_: bool) -> None:
    """What it pays to buy before a supplier's cost rises.

    Example: jitledger advise buy-ahead
    """
    from jitledger_projections.reports.margins import buy_ahead

    found = _looked(ctx, buy_ahead)
    shapes = [
        {
            "sku": row.sku,
            "name": row.title,
            "supplier": row.supplier,
            "rises": row.starts.isoformat(),
            "cost": show(row.cost),
            "new_cost": show(row.new_cost),
            "quantity": show(row.quantity),
            "lasts_days": round(row.days, 1),
            "saves": show(row.saves),
        }
        for row in found
    ]
    _say(shapes, json_, "No cost is agreed to rise, or buying ahead does not pay.")


@advise.command()
@as_json
@click.pass_context
def drift(ctx: click.Context, json_: bool) -> None:
    """Products that sell at another rate than before, beyond the whole shop and chance.

    Example: jitledger advise drift
    """
    from jitledger_projections.planning.forecast import forecast
    from jitledger_projections.reports.drift import drifts

    with opened(ctx) as app:
        app.driver.catch_up()
        today = app.today()
        shop = app.queries.shop()
        found = drifts(app.database, shop, today, forecast(app.database, shop, today))
    shapes = [
        {
            "sku": row.sku,
            "name": row.title,
            "sales_a_week_before": round(row.before * 7, 2),
            "sales_a_week": round(row.recent * 7, 2),
            "chance": float(f"{row.chance:.2g}"),
        }
        for row in found
    ]
    _say(shapes, json_, "Every product sells as the shop does.")


def _say(shapes: list[dict[str, Any]], json_: bool, nothing: str) -> None:
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
