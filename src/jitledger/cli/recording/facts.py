"""One fact or promise each, exactly as ``apply`` takes them."""

from __future__ import annotations

from typing import Any

import click
import orjson

from jitledger.cli.output import fact, record, recording
from jitledger.domain.errors import bad_value
from jitledger.domain.json import Json

_PACK = click.option("--pack", help="The quantity is in packs of this kind.")

_LOT = click.option("--lot")


def _go(ctx: click.Context, do: str, given: Json) -> None:
    json_, dry_run = given.pop("json_"), given.pop("dry_run")
    record(ctx, {"do": do, **given}, json_, dry_run)


@click.command("open")
@click.argument("sku")
@click.argument("qty")
@click.option("--cost", "unit_cost", help="Cost of one unit.")
@click.option("--expiry", help="Last good day of this lot.")
@_LOT
@_PACK
@fact
@click.pass_context
def open_(ctx: click.Context, /, **given: Any) -> None:
    """Record what was there before the first movement.

    Example: jitledger open MUG 12 --cost 4.20
    """
    _go(ctx, "open", given)


@click.command()
@click.argument("sku")
@click.argument("qty")
@click.option("--cost", "unit_cost", help="Cost of one unit.")
@click.option("--currency")
@click.option("--rate", help="Shop's currency for one of the other.")
@click.option("--supplier")
@click.option("--po", metavar="ORDER", help="The purchase order it came for; - for none.")
@click.option("--po-line", metavar="ORDER/LINE")
@click.option("--expiry", help="Last good day of this lot.")
@click.option("--attachment")
@_LOT
@_PACK
@fact
@click.pass_context
def receive(ctx: click.Context, /, **given: object) -> None:
    """Record goods that came in.

    Example: jitledger receive MUG 24 --cost 4.20 --occurred 2026-11-03T13:55
    """
    _go(ctx, "receive", given)


@click.command()
@click.argument("sku")
@click.argument("qty")
@click.option("--price", "unit_price", help="Price of one unit.")
@click.option("--ships-from", metavar="LOCATION")
@click.option("--order")
@click.option("--customer")
@click.option("--reservation")
@click.option("--final", is_flag=True, help="What the reservation still holds is freed.")
@click.option("--currency")
@click.option("--rate")
@_LOT
@_PACK
@fact
@click.pass_context
def sell(ctx: click.Context, /, **given: object) -> None:
    """Record a sale.

    Example: jitledger sell MUG 2 --price 9.50
    """
    _go(ctx, "sell", given)


@click.command("return")
@click.argument("sku")
@click.argument("qty")
@click.option("--condition", help="resellable, damaged or quarantine.")
@click.option("--sale", metavar="ENTRY")
@click.option("--order")
@click.option("--refund")
@_LOT
@_PACK
@fact
@click.pass_context
def return_(ctx: click.Context, /, **given: object) -> None:
    """Record what a customer brought back.

    Example: jitledger return MUG 1 --condition damaged
    """
    _go(ctx, "return", given)


@click.command("return-to-supplier")
@click.argument("sku")
@click.argument("qty")
@click.option("--receipt", metavar="ENTRY")
@click.option("--supplier")
@_LOT
@_PACK
@fact
@click.pass_context
def return_to_supplier(ctx: click.Context, /, **given: object) -> None:
    """Record what went back to a supplier.

    Example: jitledger return-to-supplier MUG 2
    """
    _go(ctx, "return-to-supplier", given)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("sku")
@click.argument("delta")
@click.option("--reason", help="found, theft, gift, sample, data-entry, misplaced, other, …")
@_LOT
@fact
@click.pass_context
def adjust(ctx: click.Context, /, **given: object) -> None:
    """Record a signed difference with its cause.

    Example: jitledger adjust MUG -1 --reason gift
    """
    _go(ctx, "adjust", given)


@click.command()
@click.argument("sku")
@click.argument("qty")
@click.option("--blind", is_flag=True, help="Counted without seeing the expected quantity.")
@_LOT
@_PACK
@fact
@click.pass_context
def count(ctx: click.Context, /, **given: object) -> None:
    """Record what was counted: on-hand at that moment.

    Example: jitledger count MUG 17
    """
    _go(ctx, "count", given)


@click.command("write-off")
@click.argument("sku")
@click.argument("qty")
@click.option("--reason", help="damage, expiry, donation or loss.")
@click.option("--status", help="Where it lay: sellable, damaged, quarantine or hold.")
@_LOT
@_PACK
@fact
@click.pass_context
def write_off(ctx: click.Context, /, **given: object) -> None:
    """Record stock that was lost.

    Example: jitledger write-off MUG 1 --reason damage
    """
    _go(ctx, "write-off", given)


@click.command("move-status")
@click.argument("sku")
@click.argument("qty")
@click.option("--from", "from_", default="sellable", show_default=True)
@click.option("--to", required=True, help="sellable, damaged, quarantine or hold.")
@_PACK
@fact
@click.pass_context
def move_status(ctx: click.Context, /, **given: object) -> None:
    """Set stock aside, or free it again.

    Example: jitledger move-status MUG 1 --to damaged
    """
    given["from"] = given.pop("from_")
    _go(ctx, "move-status", given)


@click.command()
@click.argument("sku")
@click.argument("qty")
@click.option("--from", "from_", metavar="LOCATION")
@click.option("--to", metavar="LOCATION")
@click.option("--transfer", help="A name that joins the steps.")
@click.option("--step", help="dispatch, receive or lost; both at once without it.")
@_LOT
@_PACK
@fact
@click.pass_context
def transfer(ctx: click.Context, /, **given: object) -> None:
    """Move stock between locations.

    Example: jitledger transfer MUG 2 --from main --to shop
    """
    given["from"] = given.pop("from_")
    given.pop("at")
    _go(ctx, "transfer", given)


@click.command()
@click.argument("sku")
@click.argument("qty")
@click.option("--reservation", required=True, help="A name for the promise.")
@click.option("--order")
@click.option("--at", metavar="LOCATION")
@click.option("--ttl-seconds", type=int, help="Lapses after this time; else open until released.")
@recording
@click.pass_context
def reserve(ctx: click.Context, /, sku: str, qty: str, at: str | None, **given: object) -> None:
    """Promise stock to an order.

    Example: jitledger reserve MUG 1 --reservation R1 --ttl-seconds 1800
    """
    line = {"sku": sku, "qty": qty} | ({"at": at} if at else {})
    _go(ctx, "reserve", {"lines": [line], **given})


@click.command()
@click.argument("sku")
@click.argument("qty")
@click.option("--order", required=True)
@click.option("--at", metavar="LOCATION")
@click.option("--due", metavar="DATE")
@click.option("--price")
@recording
@click.pass_context
def backorder(ctx: click.Context, /, **given: object) -> None:
    """Accept an order for stock that is not there.

    Example: jitledger backorder MUG 2 --order 1001
    """
    _go(ctx, "backorder", given)


@click.command()
@click.argument("entry")
@click.option("--reason")
@recording
@click.pass_context
def void(ctx: click.Context, /, **given: object) -> None:
    """Undo an entry; undoing a void is redo.

    Example: jitledger void MUG/2 --reason "typed twice"
    """
    _go(ctx, "void", given)


@click.command()
@click.argument("entry")
@click.argument("changes", nargs=-1, required=True, metavar="FIELD=VALUE...")
@click.option("--reason")
@recording
@click.pass_context
def correct(ctx: click.Context, /, changes: tuple[str, ...], **given: object) -> None:
    """Record an entry anew with other fields.

    Example: jitledger correct MUG/3 qty=2
    """
    fields: dict[str, object] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise bad_value("changes", change, "write FIELD=VALUE, like qty=2")
        fields[name] = orjson.loads(value) if value in ("true", "false") else value
    _go(ctx, "correct", {"with": fields, **given})
