"""Products, locations, suppliers, terms and policies."""

from __future__ import annotations

from typing import Any

import click

from jitledger.cli.output import as_json, opened, record, recording, table, write_json
from jitledger.domain.json import Json


def _go(ctx: click.Context, do: str, given: Json) -> None:
    json_, dry_run = given.pop("json_"), given.pop("dry_run")
    record(ctx, {"do": do, **given}, json_, dry_run)


@click.command()
@click.argument("sku")
@click.option("--name", required=True)
@click.option("--unit")
@click.option("--precision", type=int, help="Decimals of its quantities, 0 to 3.")
@click.option("--mode", help="stocked, dropship or made-to-order.")
@click.option("--costing", help="average, fifo or fefo.")
@click.option("--barcode", "barcodes", multiple=True)
@click.option("--category")
@click.option("--variant-of", metavar="SKU")
@click.option("--component", "parts", multiple=True, metavar="SKU=QTY", help="Makes a bundle.")
@click.option("--shelf-life-days", type=int)
@click.option("--analog-of", metavar="SKU", help="Expect it to sell like this one.")
@recording
@click.pass_context
def register(
    ctx: click.Context, /, barcodes: tuple[str, ...], parts: tuple[str, ...], **given: Any
) -> None:
    """Register a product.

    Example: jitledger register CUP --name "Red cup" --category kitchen
    """
    components = [dict(zip(("sku", "qty"), part.split("=", 1), strict=False)) for part in parts]
    _go(
        ctx,
        "register",
        {"barcodes": list(barcodes) or None, "components": components or None} | given,
    )


@click.command()
@click.argument("sku")
@recording
@click.pass_context
def retire(ctx: click.Context, /, **given: object) -> None:
    """Stop ordering a product; facts are still recorded.

    Example: jitledger retire MUG
    """
    _go(ctx, "retire", given)


@click.command()
@click.argument("sku")
@click.option("--name")
@click.option("--category")
@click.option("--mode")
@click.option("--costing")
@click.option("--barcode", "barcodes", multiple=True)
@click.option("--shelf-life-days", type=int)
@recording
@click.pass_context
def rename(ctx: click.Context, /, barcodes: tuple[str, ...], **given: object) -> None:
    """Change a product's name or properties.

    Example: jitledger rename MUG --name "Dark blue mug"
    """
    _go(ctx, "rename", {"barcodes": list(barcodes) or None} | given)


@click.command()
@click.argument("sku")
@click.argument("code")
@click.argument("factor")
@click.option("--from", "effective_from", metavar="DATE")
@recording
@click.pass_context
def pack(ctx: click.Context, /, **given: object) -> None:
    """Say what a pack holds.

    Example: jitledger pack MUG box 12
    """
    _go(ctx, "pack", given)


@click.command()
@click.argument("sku")
@click.argument("price")
@click.option("--currency")
@click.option("--from", "effective_from", metavar="DATE")
@recording
@click.pass_context
def price(ctx: click.Context, /, **given: object) -> None:
    """Set the selling price.

    Example: jitledger price MUG 9.50
    """
    _go(ctx, "price", given)


@click.command()
@as_json
@click.pass_context
def items(ctx: click.Context, json_: bool) -> None:
    """List the products.

    Example: jitledger items
    """
    from jitledger_projections.views.products import products

    with opened(ctx) as app:
        app.driver.catch_up()
        with app.database.snapshot() as tx:
            found = products(tx, app.today())
    if json_:
        write_json(
            [
                {
                    "sku": p.sku,
                    "name": p.title,
                    "unit": p.unit,
                    "precision": p.precision,
                    "mode": p.mode,
                    "category": p.category,
                    "barcodes": list(p.barcodes),
                    "price": p.price,
                    "supplier": p.supplier,
                    "retired": p.retired,
                }
                for p in found
            ]
        )
        return
    rows = [(p.sku, p.title, p.unit, p.category, p.price, p.supplier) for p in found]
    table("", ("sku", "name", "unit", "category", "price", "supplier"), rows)


@click.command()
@click.argument("code", required=False)
@click.option("--name")
@recording
@click.pass_context
def locations(ctx: click.Context, /, code: str | None, **given: object) -> None:
    """List locations, or open one.

    Example: jitledger locations shop --name "Front shop"
    """
    if code is not None:
        _go(ctx, "location", {"code": code, **given})
        return
    with opened(ctx) as app:
        found = app.queries.shop().locations
    if given["json_"]:
        write_json([{"code": code, "name": name} for code, name in found.items()])
        return
    table("", ("code", "name"), list(found.items()))


@click.command()
@click.argument("code", required=False)
@click.option("--name")
@click.option("--lead-time-days")
@click.option("--review-days")
@click.option("--currency")
@click.option("--minimum-order")
@click.option("--contact")
@click.option("--notes")
@click.option("--agreement-ends", metavar="DATE")
@click.option("--order-cost", help="What one order costs, beside its goods.")
@recording
@click.pass_context
def suppliers(ctx: click.Context, /, code: str | None, **given: object) -> None:
    """List suppliers, or register one.

    Example: jitledger suppliers ACME --name Acme --lead-time-days 7
    """
    if code is not None:
        _go(ctx, "supplier", {"code": code, **given})
        return
    from jitledger_projections.views.supply import suppliers as rows_of

    with opened(ctx) as app:
        app.driver.catch_up()
        with app.database.snapshot() as tx:
            found = rows_of(tx)
    if given["json_"]:
        write_json(
            [
                {
                    "code": s.code,
                    "name": s.title,
                    "lead_time_days": s.lead_time_days,
                    "contact": s.contact,
                }
                for s in found.values()
            ]
        )
        return
    rows = [(s.code, s.title, s.lead_time_days, s.contact) for s in found.values()]
    table("", ("code", "name", "lead time (days)", "contact"), rows)


@click.command()
@click.argument("supplier")
@click.argument("sku")
@click.option("--cost", "unit_cost")
@click.option("--currency")
@click.option("--moq", help="Least quantity of an order line.")
@click.option("--pack", help="Quantities are multiples of this.")
@click.option("--lead-time-days")
@click.option("--supplier-sku")
@click.option("--from", "effective_from", metavar="DATE")
@recording
@click.pass_context
def terms(ctx: click.Context, /, **given: object) -> None:
    """Agree on terms with a supplier.

    Example: jitledger terms ACME MUG --cost 4 --moq 24 --pack 12
    """
    _go(ctx, "terms", given)


@click.command()
@click.argument("sku")
@click.option("--method", help="default, textbook, velocity, min-max or manual.")
@click.option("--reorder-point")
@click.option("--order-quantity")
@click.option("--order-up-to")
@click.option("--service-level")
@click.option("--cover-days")
@click.option("--demand-per-day", help="A guess, while the item is new.")
@click.option("--at", metavar="LOCATION")
@click.option("--from", "effective_from", metavar="DATE")
@recording
@click.pass_context
def policy(ctx: click.Context, /, **given: object) -> None:
    """Say how an item is reordered.

    Example: jitledger policy MUG --method manual --reorder-point 20 --order-quantity 40
    """
    _go(ctx, "policy", given)
