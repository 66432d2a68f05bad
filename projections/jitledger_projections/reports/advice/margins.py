"""Margins: what costs leave of prices, and buying before a cost rises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal

from jitledger.domain.errors import bad_value
from jitledger.domain.moments import day_number, start_of_day, to_datetime
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.replenishment.advice import (
    buy_ahead_days,
    keeps_margin,
    margin,
    price_for_margin,
)
from jitledger.domain.replenishment.ordering.order_days import next_order_day
from jitledger.domain.state.shop import Shop
from jitledger_projections.planning.order_size import holding_rate, net_price, tax_within
from jitledger_projections.planning.plan import Plan
from jitledger_projections.planning.products import Product
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import Option, report
from jitledger_projections.views.on_hand import Position, positions
from jitledger_projections.views.on_order import (
    OrderedCosts,
    OrderedLine,
    open_order_lines,
    ordered_costs,
)
from jitledger_projections.views.products import Label, labels, retired
from jitledger_projections.views.supply import Rise

MOST_AHEAD_DAYS = 180

NOTICE_DAYS = 30
"""So long before a cost rises, and the lead time besides, it is told what to buy."""

CENT = Decimal("0.01")

USUAL_FLOOR = Decimal("0.3")


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


def _squeeze_shape(s: Squeeze) -> dict[str, object]:
    return {
        "sku": s.sku,
        "name": s.title,
        "cost": s.cost,
        "price": s.price,
        "margin": f"{s.margin:.3f}",
        "price_for_floor": f"{s.restoring_price:.2f}",
        "open_orders_at_another_cost": [f"{po} at {show(cost)}" for po, cost in s.open_orders],
    }


@report(
    "margins",
    _squeeze_shape,
    help="Products whose newest cost leaves too thin a margin, and the price that restores it.",
    nothing="Every margin is at least the floor.",
    told_if=lambda look: bool(look.shop.margin_floor),
    options=(Option("floor", "share", "Least margin, as a share; the shop's own, or 0.3."),),
)
def squeezed(look: Look, floor: Decimal | None = None) -> list[Squeeze]:
    """Return products whose newest cost leaves less margin than the floor, the thinnest first.

    The newest is that of the latest receipt, order or terms in effective order, in the shop's
    currency; of one without a rate nothing is said.
    """
    if floor is None:
        floor = look.shop.margin_floor or USUAL_FLOOR
    if not 0 < floor < 1:
        raise bad_value("floor", floor, "a share between 0 and 1 is expected, like 0.5")
    shop, planned = look.shop, look.plan
    found = []
    with look.snapshot() as tx:
        named = labels(tx, planned.forecast.skus, look.today)
        lines = open_order_lines(tx)
        shelves = positions(tx, look.now, look.today.isoformat(), planned.forecast.skus)
        gone, bought = retired(tx), ordered_costs(tx)
    ordered: dict[str, list[OrderedLine]] = {}
    for line in lines:
        ordered.setdefault(line.sku, []).append(line)
    for p in planned.products:
        label, shelf = named[p.sku], shelves.get(p.sku)
        cost = newest_cost(planned, p, shelf, bought, shop)
        if label.price is None or not cost or p.sku in gone:
            continue
        price = net_price(label, shop)
        if keeps_margin(label.price, cost, floor, tax_within(label, shop)):
            continue
        share = margin(price, cost) if price > 0 else Decimal(-1)
        orders = tuple(
            (line.number, line.unit_cost)
            for line in ordered.get(p.sku, ())
            if line.unit_cost is not None
            and planned.in_own(line.unit_cost, line.currency) not in (None, cost)
        )
        restoring = _least_price(cost, floor, label, shop)
        found.append(Squeeze(p.sku, label.title, cost, label.price, share, restoring, orders))
    return sorted(found, key=lambda s: (s.margin, s.sku))


def newest_cost(
    planned: Plan, p: Product, shelf: Position | None, bought: OrderedCosts, shop: Shop
) -> Decimal | None:
    """Return what a unit costs by the latest word: receipt, order or terms; None when unknown.

    What holds from a day on holds from its first moment. Of one moment the receipt counts before
    the order, and the order before the terms. Goods that came in at what their order says tell
    nothing newer than it: terms that were agreed meanwhile are what the next ones cost.
    """
    found: list[tuple[int, int, Decimal | None]] = []
    agreed = planned.terms.of(p.supplier, p.sku)
    if agreed.unit_cost is not None:
        at = agreed.agreed_at
        if agreed.starts:
            at = max(at, start_of_day(date.fromisoformat(agreed.starts), shop.tz))
        currency = planned.currency_of(agreed, p.supplier)
        found.append((at, 0, planned.in_own(agreed.unit_cost, currency)))
    last = bought.newest.get(p.sku)
    if last is not None:
        found.append((last.moment(shop.tz), 1, last.own_cost))
    if shelf is not None and shelf.last_cost is not None and shelf.cost_at is not None:
        came_for = bought.lines.get(shelf.cost_line or "")
        as_ordered = came_for is not None and came_for.own_cost == shelf.last_cost
        at = came_for.moment(shop.tz) if came_for is not None and as_ordered else shelf.cost_at
        found.append((at, 2, shelf.last_cost))
    costs = [(at, rank, cost) for at, rank, cost in found if cost is not None]
    return max(costs)[2] if costs else None


def _least_price(cost: Decimal, floor: Decimal, label: Label, shop: Shop) -> Decimal:
    """Return the least price in cents, tax included where prices are, that keeps the floor."""
    return price_for_margin(cost, floor, tax_within(label, shop), CENT)


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
    currency: str | None = None


def _ahead_shape(row: BuyAhead) -> dict[str, object]:
    return {
        "sku": row.sku,
        "name": row.title,
        "supplier": row.supplier,
        "rises": row.starts,
        "currency": row.currency,
        "cost": row.cost,
        "new_cost": row.new_cost,
        "quantity": row.quantity,
        "lasts_days": round(row.days, 1),
        "saves": row.saves,
    }


@report(
    "buy-ahead",
    _ahead_shape,
    help="What it pays to buy before a supplier's cost rises.",
    nothing="No cost is agreed to rise, or buying ahead does not pay.",
)
def buy_ahead(look: Look) -> list[BuyAhead]:
    """Return what to buy before a cost rises, what saves most first.

    Told of are costs that rise within ``NOTICE_DAYS`` and the lead time. The position is filled up
    to the demand of the lead time and of the days for which the rise outweighs holding, at most
    half a year and no more than sells before it spoils. Costs are those of the quantity. Where no
    order to the supplier leaves before the rise any more, there is nothing to buy.
    """
    today, planned = look.today, look.plan
    clock = to_datetime(look.now).astimezone(look.shop.tz)
    mine = []
    for rise in planned.terms.rises():
        place = planned.forecast.place.get(rise.sku)
        if place is None or (rise.starts - today).days > NOTICE_DAYS + planned.lead_days[place]:
            continue
        p = planned.products[place]
        sells = planned.mean[place] > 0 and not planned.rates.dormant[place]
        source = planned.suppliers.get(rise.supplier)
        if source is None or next_order_day(source.weekdays, source.cutoff, clock) >= rise.starts:
            continue
        if p.orderable and p.supplier == rise.supplier and sells:
            mine.append((rise, place))
    skus = [rise.sku for rise, _ in mine]
    with look.snapshot() as tx:
        named = labels(tx, skus, look.today)
        shelves = positions(tx, look.now, today.isoformat(), skus)
    found = []
    for rise, place in mine:
        shelf = shelves.get(rise.sku)
        if shelf is not None and shelf.known:
            one = _ahead(
                planned, rise, place, shelf, named[rise.sku], holding_rate(look.shop, today)
            )
            if one is not None:
                currency = planned.currency_of(rise.now, rise.supplier) or look.shop.currency
                found.append(replace(one, currency=currency))
    return sorted(found, key=lambda b: (-b.saves, b.sku))


def bought_ahead(
    planned: Plan,
    p: Product,
    rate: float,
    ordered: Sequence[tuple[int, Decimal]],
    holding: float,
    today: date,
) -> Decimal:
    """Return how much of a position is what it paid to buy before a rise, as was advised.

    Of 180 days bought ahead 60 days ago, 120 days of demand may still lie.
    """
    most = 0.0
    for rise in planned.terms.risen(p.supplier, p.sku, today - timedelta(days=MOST_AHEAD_DAYS)):
        before, after = rise.now.unit_cost or ZERO, rise.later.unit_cost or ZERO
        days = min(MOST_AHEAD_DAYS, buy_ahead_days(before, after, holding))
        starts = day_number(rise.starts)
        told = starts - NOTICE_DAYS - float(planned.lead_days[planned.forecast.place[p.sku]])
        for day, units in ordered:
            left = days - (day_number(today) - day)
            if told <= day < starts and left > 0:  # Also when the rate fell meanwhile.
                most = max(most, rate * left, float(units) * left / days)
    return Decimal(int(most))


def _ahead(
    planned: Plan, rise: Rise, place: int, shelf: Position, label: Label, holding: float
) -> BuyAhead | None:
    """Return what to buy of one product before its cost rises; None when it does not pay."""
    rate, position = float(planned.demand_per_day[place]), float(shelf.inventory_position)
    cost, new_cost = rise.now.unit_cost or ZERO, rise.later.unit_cost or ZERO
    days = min(MOST_AHEAD_DAYS, buy_ahead_days(cost, new_cost, holding))
    wanted = float(planned.mean[place]) + rate * days - position
    if label.shelf_life_days is not None:
        before = max(0.0, position - rate * float(planned.lead_days[place]))
        wanted = min(wanted, rate * label.shelf_life_days - before)
    pack = rise.now.pack or Decimal(1)
    quantity = (Decimal(max(0, int(wanted))) / pack).to_integral_value(ROUND_FLOOR) * pack
    if quantity < (rise.now.moq or 1):
        return None
    old, new = rise.now.cost_at(quantity), rise.later.cost_at(quantity)
    if old is None or new is None or new <= old:
        return None
    lasts = float(quantity) / rate
    held = holding * float(old * quantity) * lasts / 2 / 365
    saves = Decimal(float(quantity * (new - old)) - held).quantize(CENT)
    if saves <= 0:
        return None
    return BuyAhead(
        rise.sku, label.title, rise.supplier, rise.starts, old, new, lasts, quantity, saves
    )
