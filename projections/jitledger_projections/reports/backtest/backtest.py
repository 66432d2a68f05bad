"""Backtest: the shop's own ledger under every method, beside what really happened and the limit.

Dials are tuned on an earlier window and frozen for the scored one (*blind*); the trade-off over
all dials stands beside it. What a shop may read off: how much stock each share of complete order
lines takes, and what the way it works now costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial

import numpy as np

from jitledger.domain.errors import Refused, Remark
from jitledger.domain.moments import day_from_number, day_number
from jitledger.domain.replenishment.backtesting.backtest import (
    Floats,
    Outcome,
    Policy,
    Sales,
    Supply,
    simulate,
)
from jitledger.domain.replenishment.backtesting.choices import USUAL, Chosen
from jitledger.domain.replenishment.backtesting.frontier import frontier
from jitledger.domain.replenishment.backtesting.lost_sales import with_lost_sales
from jitledger_projections.planning.lead_times import Lead, leads
from jitledger_projections.planning.products import Product, load_products
from jitledger_projections.planning.replay import draw_supply, load_history
from jitledger_projections.planning.tuning import (
    MARGIN,
    SEED,
    dial_for,
)
from jitledger_projections.reports.backtest.happened import really
from jitledger_projections.reports.backtest.methods import (
    METHODS,
    Own,
    dials_of,
    own,
    policy_of_name,
)
from jitledger_projections.reports.backtest.rows import SHARES, Report, Row
from jitledger_projections.reports.backtest.ways import shown_ways, ways_of
from jitledger_projections.reports.look import Look
from jitledger_projections.views.demand import demand_bounds, lines_by_day, sold_on_days
from jitledger_projections.views.on_hand import last_costs

LEAST_SALE_DAYS = 5

MOST_SCORED_DAYS = 131

NO_LEAD_TIME = (
    "no lead time is known of {count} of {items} products: 7 days, as uncertain as usual, are "
    "assumed"
)
NO_COST = (
    "no cost is known of {count} of {items} products: half the price before the scored days is "
    "assumed, or 1"
)
LOST_LINES = (
    "{count} order lines of {items} products were likely lost while nothing was there; they are "
    "put back by their likelihood"
)
LEFT_OUT = (
    "{share} % of the order lines are left out: of products that sold on fewer than {days} days "
    "before, or are no stock"
)
STOCK_UNKNOWN = "what really happened is left out: stock was known on too few days"

Progress = Callable[[int, int], None]


def run(
    sales: Sales,
    mean: Floats,
    variance: Floats,
    names: tuple[str, ...],
    windows: tuple[int, int, int],
    *,
    target: float,
    seeds: int = 4,
    cover_days: float = 7.0,
    review_days: int = 1,
    own: Own | None = None,
    ways: Chosen = USUAL,
    progress: Progress | None = None,
) -> tuple[list[Row], dict[str, list[Row]], dict[str, list[float | None]]]:
    """Run methods over (tuned from, scored from, end) day offsets; means over the seeds.

    ``ways`` is how our method remembers and sizes its orders. Returns the blind results, the
    trade-off of each method, and the stock at ``SHARES``.
    """
    tuned, start, end = windows
    replay = partial(simulate, review_days=review_days, memory=ways.memory)
    made = partial(policy_of_name, lot_scale=ways.lot_scale)
    blind: dict[str, list[Row]] = {}
    curves: dict[str, list[list[Row]]] = {}
    takes: dict[str, list[list[float | None]]] = {}
    done, total = 0, seeds * (2 * len(names) + 1)
    for seed in range(1, seeds + 1):
        supply = draw_supply(sales, mean, variance, seed)
        for name in (*names, "perfect"):
            if name != "current":  # There is no dial to turn: it is what it is.
                dials = dials_of(name)
                policy = made(name, sales, supply, dials, cover_days)
                outcome = replay(sales, supply, policy, start, end)
                curves.setdefault(name, []).append(_rows(name, dials, outcome, sales, start, end))
                takes.setdefault(name, []).append(frontier(outcome, SHARES))
            done += 1
            if name != "perfect":
                earlier = (sales, supply, "mix" if name == "current" else name, tuned, start)
                chosen = _tuned_dial(replay, made, *earlier, target, cover_days)
                one = made(name, sales, supply, chosen, cover_days, own)
                scored = replay(sales, supply, one, start, end)
                blind.setdefault(name, []).extend(_rows(name, chosen, scored, sales, start, end))
                done += 1
            if progress is not None:
                progress(done, total)
    return (
        [_mean(rows) for rows in blind.values()],
        {name: _means(found) for name, found in curves.items()},
        {
            name: [_mean_or_none(values) for values in zip(*found, strict=True)]
            for name, found in takes.items()
        },
    )


def _tuned_dial(
    replay: Callable[..., Outcome],
    made: Callable[..., Policy],
    sales: Sales,
    supply: Supply,
    name: str,
    begin: int,
    end: int,
    target: float,
    cover_days: float,
) -> Floats:
    """Return the one dial that reaches the target, and its margin, on the earlier window."""
    dials = dials_of(name)
    policy = made(name, sales, supply, dials, cover_days)
    outcome = replay(sales, supply, policy, begin, end)
    if name in ("mix", "lines"):
        return np.array([dial_for(outcome, dials, min(0.999, target + MARGIN))[0]])
    order = np.argsort(outcome.line_fill, kind="stable")
    found = np.interp(min(0.999, target + MARGIN), outcome.line_fill[order], dials[order])
    return np.array([float(found)])


def _rows(
    name: str, dials: Floats, outcome: Outcome, sales: Sales, start: int, end: int
) -> list[Row]:
    span = end - start
    here = slice(int(sales.begins[start]), int(sales.begins[end]))
    used = sales.quantity[here] * sales.unit_cost[sales.item[here]]
    daily, priced = float(used.sum()) / span, bool(sales.value[here].any())
    return [
        Row(
            method=name,
            dial=float(dials[i]),
            line_fill=float(outcome.line_fill[i]),
            unit_fill=float(outcome.unit_fill[i]),
            value_fill=float(outcome.value_fill[i]) if priced else None,
            stock_value=float(outcome.stock_value[i]),
            days_of_cover=float(outcome.stock_value[i]) / daily if daily > 0 else None,
            orders_per_day=float(outcome.orders_per_day[i]),
            stockout_days=float(outcome.stockout_days[i]),
            lost_units=float(outcome.lost_units[i]),
            lost_value=float(outcome.lost_value[i]) if priced else None,
        )
        for i in range(dials.size)
    ]


def _mean(rows: list[Row] | tuple[Row, ...]) -> Row:
    """Return the mean of a method's rows over the seeds."""

    def mean(name: str) -> float:
        return float(np.mean([getattr(row, name) for row in rows]))

    cover = [row.days_of_cover for row in rows if row.days_of_cover is not None]
    return Row(
        method=rows[0].method,
        dial=mean("dial"),
        line_fill=mean("line_fill"),
        unit_fill=mean("unit_fill"),
        value_fill=_mean_or_none(tuple(row.value_fill for row in rows)),
        stock_value=mean("stock_value"),
        days_of_cover=float(np.mean(cover)) if cover else None,
        orders_per_day=mean("orders_per_day"),
        stockout_days=mean("stockout_days"),
        lost_units=mean("lost_units"),
        lost_value=_mean_or_none(tuple(row.lost_value for row in rows)),
    )


def _means(found: list[list[Row]]) -> list[Row]:
    """Return the mean of each dial's row over the seeds."""
    return [_mean(rows) for rows in zip(*found, strict=True)]


def _mean_or_none(values: tuple[float | None, ...]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def backtest(
    look: Look,
    *,
    names: tuple[str, ...] = METHODS,
    since: date | None = None,
    until: date | None = None,
    target: float | None = None,
    seeds: int = 4,
    review_days: int = 1,
    memory_days: float | None = None,
    lots: str = "auto",
    progress: Progress | None = None,
) -> Report:
    """Replay the shop's ledger; raises ``too-little-history`` when there is nothing to tune on.

    The scored window ends yesterday (or ``until``) and takes the later third of the history, at
    most 131 days; dials are tuned on as long a stretch before it. Items need five days of sales
    before that. Orders leave every ``review_days``: 1 is daily, 7 weekly. How much the method
    remembers, and what its orders are sized by, is chosen on the earlier stretch, too, unless
    ``memory_days`` or ``lots`` (days, cost, auto) say it.
    """
    _check(names, review_days)
    database, shop = look.database, look.shop
    end = day_number(look.today) - 1
    with look.snapshot() as tx:
        bounds = demand_bounds(tx)
        products = load_products(tx, look.today)
        lead = leads(tx, look.today)
        costs = last_costs(tx)
    if bounds is None:
        raise Refused("too-little-history", "Nothing was sold yet; there is nothing to replay.")
    first, last = bounds[0], min(end, bounds[1])
    if until is not None:
        last = min(last, day_number(until))
    tuned, start = _windows(first, last, since)
    with database.snapshot() as tx:
        wanted = sold_on_days(tx, tuned, LEAST_SALE_DAYS)
    chosen = [p for p in products if p.sku in wanted and p.mode == "stocked"]
    if not chosen:
        raise Refused(
            "too-little-history",
            f"No item sold on {LEAST_SALE_DAYS} days before {day_from_number(tuned).isoformat()}.",
        )
    named = {p.sku: p.supplier or "" for p in chosen}
    skus = [p.sku for p in chosen]
    history = load_history(
        database, shop, skus, last, costs=costs, suppliers=named, cost_before=tuned
    )
    mean, variance = _lead_times(chosen, lead)
    sales = with_lost_sales(history.sales, SEED)
    offset = sales.first
    windows = (tuned - offset, start - offset, last - offset + 1)
    goal = float(shop.target) if target is None else target
    replayed = sales, (mean, variance), windows, goal, shop, review_days
    ways = ways_of(*replayed, (memory_days, lots))
    blind, curves, takes = run(
        sales,
        mean,
        variance,
        names,
        windows,
        target=goal,
        seeds=seeds,
        cover_days=float(shop.cover_days),
        review_days=review_days,
        own=own(shop, chosen, look.today.isoformat()),
        ways=ways,
        progress=progress,
    )
    begins = history.sales.begins
    assumed = _assumed(chosen, lead, costs, sales.item.size - history.sales.item.size)
    lines, days = int(begins[windows[2]] - begins[windows[1]]), range(start, last + 1)
    happened = really(database, shop, history, start, last)
    return Report(
        first=day_from_number(start),
        last=day_from_number(last),
        tuned_from=day_from_number(tuned),
        items=len(chosen),
        lines=lines,
        seeds=seeds,
        target=goal,
        review_days=review_days,
        blind=blind,
        really=happened,
        could_not_know=(*assumed, *_left_out(look, lines, days, happened)),
        curves=curves,
        takes=takes,
        **shown_ways(ways),
    )


def _check(names: Sequence[str], review_days: int) -> None:
    """Refuse a review that cannot be, and a method that nobody knows."""
    if review_days < 1:
        raise Refused("bad-value", f"A review every {review_days} days cannot be; try 1 or 7.")
    for name in names:
        if name not in METHODS:
            raise Refused(
                "bad-value",
                f"There is no method {name!r} to replay; known are {', '.join(METHODS)}.",
                method=name,
            )


def _assumed(
    chosen: Sequence[Product], lead: Mapping[str, Lead], costs: Mapping[str, float], missing: int
) -> list[Remark]:
    """Return what was not known of the items and had to be assumed; ``missing`` are order lines."""
    without = sum((p.supplier or "") not in lead for p in chosen)
    free = sum(not costs.get(p.sku) for p in chosen)
    return [
        Remark(code, template, {"count": str(count), "items": str(len(chosen))})
        for code, template, count in (
            ("no-lead-time", NO_LEAD_TIME, without),
            ("no-cost", NO_COST, free),
            ("lost-lines", LOST_LINES, missing),
        )
        if count
    ]


def _left_out(look: Look, lines: int, window: range, happened: Row | None) -> list[Remark]:
    """Return what part of the order lines the replay leaves out, and whether what happened."""
    with look.snapshot() as tx:
        total = sum(count for day, count in lines_by_day(tx, window[-1]) if day >= window[0])
    said = []
    if total > lines:
        details = {"share": f"{100 * (1 - lines / total):.1f}", "days": str(LEAST_SALE_DAYS)}
        said.append(Remark("left-out", LEFT_OUT, details))
    if happened is None:
        said.append(Remark("stock-unknown", STOCK_UNKNOWN, {}))
    return said


def _windows(first: int, last: int, since: date | None) -> tuple[int, int]:
    """Return the first days (numbers) of the earlier stretch and of the scored one."""
    start = last - min(MOST_SCORED_DAYS, (last - first + 1) // 3) + 1
    if since is not None:
        start = day_number(since)
    span = last - start + 1
    tuned = max(first + 21, start - span)
    if span < 14 or start - tuned < 14:
        days = max(0, last - first + 1)
        raise Refused(
            "too-little-history",
            f"A backtest needs nine weeks of sales; so far there are {days}.",
            days=days,
        )
    return tuned, start


def _lead_times(chosen: list[Product], lead: dict[str, Lead]) -> tuple[Floats, Floats]:
    unknown = Lead.unknown(7.0)
    found = [lead.get(p.supplier or "", unknown).learned for p in chosen]
    mean = np.array([max(1.0, one.days) for one in found])
    return mean, np.array([one.variance for one in found])
