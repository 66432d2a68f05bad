"""Margins: what costs leave of prices, and buying before a cost rises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from jitledger.domain.errors import bad_value
from jitledger.domain.moments import local_date
from jitledger.domain.replenishment.advice import (
    buy_ahead_days,
    margin,
    price_for_margin,
)
from jitledger.domain.shop import Shop
from jitledger.store.database import Database
from jitledger_projections.forecast import Product
from jitledger_projections.on_hand import positions
from jitledger_projections.on_order import OrderedLine, open_order_lines
from jitledger_projections.order_size import holding_rate, net_price
from jitledger_projections.plan import Plan, plan
from jitledger_projections.products import labels

MOST_AHEAD_DAYS = 180


@dataclass(frozen=True, slots=True)
class Squeeze:
    """A product whose margin fell below the floor with its newest cost."""

    sku: str
    title: str
    cost: Decimal
    price: Decimal
    margin: Decimal
    restoring_price: Decimal
    open_orders: tuple[tuple[str, Decimal], ...]
    """(order, unit cost) of open lines at another cost"""


def squeezed(
    database: Database, shop: Shop, now: int, floor: Decimal, planned: Plan | None = None
) -> list[Squeeze]:
    """Return products whose newest cost leaves less margin than the floor, the thinnest first.

    A cost in another currency is left to what the last receipt cost. ``planned`` is today's plan.
    """
    if not 0 < floor < 1:
        raise bad_value("floor", floor, "a share between 0 and 1 is expected, like 0.5")
    today = local_date(now, shop.tz)
    planned = planned or plan(database, shop, today)
    found = []
    with database.snapshot() as tx:
        named = labels(tx, planned.forecast.skus)
        lines = open_order_lines(tx)
        shelves = positions(tx, now, today.isoformat(), planned.forecast.skus)
    ordered: dict[str, list[OrderedLine]] = {}
    for line in lines:
        ordered.setdefault(line.sku, []).append(line)
    for p in planned.products:
        label, shelf = named[p.sku], shelves.get(p.sku)
        cost = _own_cost(planned, p, shop)
        if cost is None and shelf is not None:
            cost = shelf.last_cost
        if label.price is None or cost is None or not (p.orderable or p.mode != "stocked"):
            continue
        price = net_price(label, shop)
        share = margin(price, cost) if price > 0 else Decimal(-1)
        if share >= floor:
            continue
        orders = tuple(
            (line.number, line.unit_cost)
            for line in ordered.get(p.sku, ())
            if line.unit_cost is not None and line.unit_cost != cost
        )
        restoring = price_for_margin(cost, floor) * (label.price / price if price else 1)
        found.append(Squeeze(p.sku, label.title, cost, label.price, share, restoring, orders))
    return sorted(found, key=lambda s: (s.margin, s.sku))


def _own_cost(planned: Plan, p: Product, shop: Shop) -> Decimal | None:
    """Return what a product's supplier asks for it now, in the shop's currency."""
    agreed = planned.terms.of(p.supplier, p.sku)
    source = planned.suppliers.get(p.supplier or "")
    currency = agreed.get("currency") or (None if source is None else source.currency)
    if agreed.get("unit_cost") is None or currency not in (None, shop.currency):
        return None
    return Decimal(agreed["unit_cost"])


@dataclass(frozen=True, slots=True)
class BuyAhead:
    """What it pays to buy before a supplier's cost rises."""

    sku: str
    title: str
    supplier: str
    starts: date
    cost: Decimal
    new_cost: Decimal
    days: float
    """For how many days of demand it lasts."""
    quantity: Decimal
    saves: Decimal
    """What it saves after the cost of holding it, in the supplier's currency."""


def buy_ahead(
    database: Database, shop: Shop, now: int, planned: Plan | None = None
) -> list[BuyAhead]:
    """Return what to buy before a cost rises, what saves most first; ``planned`` is today's plan.

    The position is filled up to the demand of the lead time and of the days for which the rise
    outweighs holding, at most half a year or what sells before it spoils.
    """
    today = local_date(now, shop.tz)
    planned = planned or plan(database, shop, today)
    rises = [
        (rise, planned.forecast.place[rise.sku])
        for rise in planned.terms.rises()
        if rise.sku in planned.forecast.place
    ]
    mine = [
        (rise, place)
        for rise, place in rises
        if planned.products[place].orderable
        and planned.products[place].supplier == rise.supplier
        and planned.mean[place] > 0
        and not planned.rates.dormant[place]
    ]
    skus = [rise.sku for rise, _ in mine]
    with database.snapshot() as tx:
        named = labels(tx, skus)
        shelves = positions(tx, now, today.isoformat(), skus)
    rate_of_holding = holding_rate(shop, today)
    found = []
    for rise, place in mine:
        shelf, label = shelves.get(rise.sku), named[rise.sku]
        if shelf is None or not shelf.known:
            continue
        days = min(MOST_AHEAD_DAYS, buy_ahead_days(rise.cost, rise.new_cost, rate_of_holding))
        if label.shelf_life_days is not None:
            days = min(days, label.shelf_life_days)
        rate = float(planned.demand_per_day[place])
        wanted = float(planned.mean[place]) + rate * days - float(shelf.inventory_position)
        pack = Decimal(planned.terms.of(rise.supplier, rise.sku).get("pack") or 1)
        quantity = (Decimal(max(0, int(wanted))) / pack).to_integral_value(ROUND_FLOOR) * pack
        least = Decimal(planned.terms.of(rise.supplier, rise.sku).get("moq") or 1)
        if quantity < least:
            continue
        lasts = float(quantity) / rate
        held = rate_of_holding * float(rise.cost) * float(quantity) * lasts / 2 / 365
        saves = Decimal(round(float(quantity * (rise.new_cost - rise.cost)) - held, 2)).quantize(
            Decimal("0.01")
        )
        if saves > 0:
            found.append(
                BuyAhead(
                    rise.sku,
                    label.title,
                    rise.supplier,
                    rise.starts,
                    rise.cost,
                    rise.new_cost,
                    lasts,
                    quantity,
                    saves,
                )
            )
    return sorted(found, key=lambda b: (-b.saves, b.sku))
