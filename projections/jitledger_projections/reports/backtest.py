"""Backtest: the shop's own ledger under every method, beside what really happened and the limit.

Dials are tuned on an earlier window and frozen for the scored one (*blind*); the trade-off over
all dials stands beside it. What a shop may read off: how much stock each share of complete order
lines takes, and what the way it works now costs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from jitledger.domain.errors import Refused
from jitledger.domain.events import StockReceived
from jitledger.domain.moments import day_from_number, day_number, local_date
from jitledger.domain.replenishment.backtest import (
    Floats,
    Outcome,
    Policy,
    Sales,
    Supply,
    frontier,
    simulate,
)
from jitledger.domain.replenishment.policies import (
    ByHand,
    Current,
    Method,
    Perfect,
    Textbook,
    Velocity,
)
from jitledger.domain.state.order import standing
from jitledger.domain.state.shop import Shop
from jitledger.domain.state.stock_item import StockItem
from jitledger.service.cache import load_entries
from jitledger.store.database import Database, Tx
from jitledger_projections.planning.forecast import Product, load_products, policy_of
from jitledger_projections.planning.lead_times import Lead, leads
from jitledger_projections.planning.methods import TEXTBOOK, VELOCITY, methods
from jitledger_projections.planning.replay import History, draw_supply, load_history
from jitledger_projections.planning.tuning import MARGIN, dial_for
from jitledger_projections.views.on_hand import last_costs

METHODS = ("mix", "lines", "one", "textbook", "velocity", "current")
"""default with allocated service levels (two weights) or one for all, its peers, and the shop's
own way: each item by its method, with the points that were set by hand."""
SHARES = (0.90, 0.95, 0.97)
LEAST_SALE_DAYS = 5
MOST_SCORED_DAYS = 131
ALLOCATED = np.array([0.4, 0.25, 0.16, 0.1, 0.065, 0.04, 0.025, 0.014, 0.007])
LEVELS = np.array([0.7, 0.8, 0.88, 0.93, 0.96, 0.975, 0.985, 0.993, 0.998])
COVERS = np.array([0.0, 2.0, 4.0, 7.0, 11.0, 16.0, 24.0, 36.0, 54.0])
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One method at one dial over the scored window; money in the shop's currency."""

    method: str
    dial: float | None
    line_fill: float
    unit_fill: float
    value_fill: float
    stock_value: float
    days_of_cover: float | None
    orders_per_day: float
    stockout_days: float
    lost_units: float
    lost_value: float


@dataclass(frozen=True, slots=True)
class Report:
    """A backtest: blind results, the trade-off, and what stock each share of lines takes."""

    first: date
    last: date
    tuned_from: date
    items: int
    lines: int
    seeds: int
    target: float
    review_days: int
    blind: list[Row]
    really: Row | None
    curves: dict[str, list[Row]]
    takes: dict[str, list[float | None]] = field(default_factory=dict)
    """{method: average stock at 90, 95 and 97 % complete order lines}"""

    def as_dict(self) -> dict[str, object]:
        """Return the report as ``backtest --json`` has it."""
        found = asdict(self)
        for name in ("first", "last", "tuned_from"):
            found[name] = getattr(self, name).isoformat()
        found["shares"] = list(SHARES)
        return found


@dataclass(frozen=True, slots=True)
class Own:
    """How each item of a shop is reordered now."""

    methods: tuple[str, ...]
    by_hand: ByHand
    level: float
    """The service level of items by the textbook."""


def policy_of_name(
    name: str,
    sales: Sales,
    supply: Supply,
    dials: Floats,
    cover_days: float,
    own: Own | None = None,
) -> Policy:
    """Return a policy by the name of its method; raises ``bad-value``."""
    match name:
        case "current" if own is not None:
            others: list[tuple[npt.NDArray[np.bool_], Policy]] = []
            for kind, policy in (
                (TEXTBOOK, Textbook(supply, np.array([own.level]), cover_days=cover_days)),
                (VELOCITY, Velocity(supply, np.array([cover_days]), cover_days=cover_days)),
            ):
                items = np.array([method == kind for method in own.methods])
                if items.any():
                    others.append((items, policy))
            base = Method(sales, supply, dials, "mix", cover_days)
            return Current(base, tuple(others), own.by_hand)
        case "mix" | "lines" | "one":
            return Method(sales, supply, dials, name, cover_days)
        case "textbook":
            return Textbook(supply, dials, cover_days=cover_days)
        case "velocity":
            return Velocity(supply, dials, cover_days=cover_days)
        case "perfect":
            return Perfect(supply, dials, cumulated(sales))
    raise Refused(
        "bad-value",
        f"There is no method {name!r} to replay; known are {', '.join(METHODS)}.",
        method=name,
    )


def dials_of(name: str) -> Floats:
    """Return the dials over which a method is swept."""
    if name == "perfect":
        return np.array([-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0])
    if name in ("mix", "lines"):
        return ALLOCATED
    return COVERS if name == "velocity" else LEVELS


def cumulated(sales: Sales) -> Floats:
    """Return what sells before each day, shape (days + 1, items)."""
    found = np.zeros((sales.days + 1, sales.items))
    np.add.at(found, (sales.day + 1, sales.item), sales.quantity)
    return np.asarray(found.cumsum(axis=0))


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
    progress: Progress | None = None,
) -> tuple[list[Row], dict[str, list[Row]], dict[str, list[float | None]]]:
    """Run methods over (tuned from, scored from, end) day offsets; means over the seeds.

    Returns the blind results, the trade-off of each method, and the stock at ``SHARES``.
    """
    tuned, start, end = windows
    blind: dict[str, list[Row]] = {}
    curves: dict[str, list[list[Row]]] = {}
    takes: dict[str, list[list[float | None]]] = {}
    done, total = 0, seeds * (2 * len(names) + 1)
    for seed in range(1, seeds + 1):
        supply = draw_supply(sales, mean, variance, seed)
        for name in (*names, "perfect"):
            if name != "current":  # There is no dial to turn: it is what it is.
                dials = dials_of(name)
                policy = policy_of_name(name, sales, supply, dials, cover_days)
                outcome = simulate(sales, supply, policy, start, end, review_days=review_days)
                curves.setdefault(name, []).append(_rows(name, dials, outcome, sales, start, end))
                takes.setdefault(name, []).append(frontier(outcome, SHARES))
            done += 1
            if name != "perfect":
                earlier = (sales, supply, "mix" if name == "current" else name, tuned, start)
                chosen = _tuned_dial(*earlier, target, cover_days, review_days)
                one = policy_of_name(name, sales, supply, chosen, cover_days, own)
                scored = simulate(sales, supply, one, start, end, review_days=review_days)
                blind.setdefault(name, []).extend(_rows(name, chosen, scored, sales, start, end))
                done += 1
            if progress is not None:
                progress(done, total)
    merged = {
        name: [_mean(rows) for rows in zip(*found, strict=True)] for name, found in curves.items()
    }
    return (
        [_mean(rows) for rows in blind.values()],
        merged,
        {
            name: [_mean_or_none(values) for values in zip(*found, strict=True)]
            for name, found in takes.items()
        },
    )


def _tuned_dial(
    sales: Sales,
    supply: Supply,
    name: str,
    begin: int,
    end: int,
    target: float,
    cover_days: float,
    review_days: int,
) -> Floats:
    """Return the one dial that reaches the target, and its margin, on the earlier window."""
    dials = dials_of(name)
    policy = policy_of_name(name, sales, supply, dials, cover_days)
    outcome = simulate(sales, supply, policy, begin, end, review_days=review_days)
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
    daily = float(used.sum()) / span
    return [
        Row(
            method=name,
            dial=float(dials[i]),
            line_fill=float(outcome.line_fill[i]),
            unit_fill=float(outcome.unit_fill[i]),
            value_fill=float(outcome.value_fill[i]),
            stock_value=float(outcome.stock_value[i]),
            days_of_cover=float(outcome.stock_value[i]) / daily if daily > 0 else None,
            orders_per_day=float(outcome.orders_per_day[i]),
            stockout_days=float(outcome.stockout_days[i]),
            lost_units=float(outcome.lost_units[i]),
            lost_value=float(outcome.lost_value[i]),
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
        value_fill=mean("value_fill"),
        stock_value=mean("stock_value"),
        days_of_cover=float(np.mean(cover)) if cover else None,
        orders_per_day=mean("orders_per_day"),
        stockout_days=mean("stockout_days"),
        lost_units=mean("lost_units"),
        lost_value=mean("lost_value"),
    )


def _mean_or_none(values: tuple[float | None, ...]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def backtest(
    database: Database,
    shop: Shop,
    now: int,
    *,
    names: tuple[str, ...] = METHODS,
    since: date | None = None,
    until: date | None = None,
    target: float | None = None,
    seeds: int = 4,
    review_days: int = 1,
    progress: Progress | None = None,
) -> Report:
    """Replay the shop's ledger; raises ``too-little-history`` when there is nothing to tune on.

    The scored window ends yesterday (or ``until``) and takes the later third of the history, at
    most 131 days; dials are tuned on as long a stretch before it. Items need five days of sales
    before that. Orders leave every ``review_days``: 1 is daily, 7 weekly.
    """
    if review_days < 1:
        raise Refused("bad-value", f"A review every {review_days} days cannot be; try 1 or 7.")
    for name in names:
        if name not in METHODS:
            raise Refused(
                "bad-value",
                f"There is no method {name!r} to replay; known are {', '.join(METHODS)}.",
                method=name,
            )
    end = day_number(local_date(now, shop.tz)) - 1
    with database.snapshot() as tx:
        bounds = tx.one("SELECT MIN(day), MAX(day) FROM demand_day")
        products = load_products(tx)
        lead = leads(tx, local_date(now, shop.tz))
        costs = last_costs(tx)
    if bounds is None or bounds[0] is None:
        raise Refused("too-little-history", "Nothing was sold yet; there is nothing to replay.")
    first, last = int(bounds[0]), min(end, int(bounds[1]))
    if until is not None:
        last = min(last, day_number(until))
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
    with database.snapshot() as tx:
        rows = tx.all(
            "SELECT sku FROM demand_day WHERE day < ? AND lines > 0 GROUP BY sku "
            "HAVING COUNT(DISTINCT day) >= ?",
            (tuned, LEAST_SALE_DAYS),
        )
    wanted = {row[0] for row in rows}
    chosen = [p for p in products if p.sku in wanted and p.mode == "stocked"]
    if not chosen:
        raise Refused(
            "too-little-history",
            f"No item sold on {LEAST_SALE_DAYS} days before {day_from_number(tuned).isoformat()}.",
        )
    named = {p.sku: p.supplier or "" for p in chosen}
    history = load_history(
        database,
        shop,
        [p.sku for p in chosen],
        last,
        costs=costs,
        suppliers=named,
        cost_before=tuned,
        progress=None,
    )
    mean, variance = _lead_times(chosen, lead)
    offset = history.sales.first
    windows = (tuned - offset, start - offset, last - offset + 1)
    goal = float(shop.target) if target is None else target
    blind, curves, takes = run(
        history.sales,
        mean,
        variance,
        names,
        windows,
        target=goal,
        seeds=seeds,
        cover_days=float(shop.cover_days),
        review_days=review_days,
        own=_own(shop, chosen, local_date(now, shop.tz).isoformat()),
        progress=progress,
    )
    begins = history.sales.begins
    return Report(
        first=day_from_number(start),
        last=day_from_number(last),
        tuned_from=day_from_number(tuned),
        items=len(chosen),
        lines=int(begins[windows[2]] - begins[windows[1]]),
        seeds=seeds,
        target=goal,
        review_days=review_days,
        blind=blind,
        really=_really(database, shop, history, start, last),
        curves=curves,
        takes=takes,
    )


def _own(shop: Shop, chosen: list[Product], today: str) -> Own:
    """Return how items are reordered on a day, for the whole shop."""
    none = np.full(len(chosen), np.nan)
    hand = ByHand(none.copy(), none.copy(), none.copy())
    for place, p in enumerate(chosen):
        policy = policy_of(p, None, today) if p.policies else None
        if policy is None:
            continue
        for value, column in (
            (policy.reorder_point, hand.point),
            (policy.order_quantity, hand.lot),
            (policy.order_up_to, hand.up_to),
        ):
            if value is not None:
                column[place] = float(value)
    return Own(
        tuple(methods(chosen, shop, today)), hand, min(0.998, max(0.5, float(shop.service_level)))
    )


def _lead_times(chosen: list[Product], lead: dict[str, Lead]) -> tuple[Floats, Floats]:
    unknown = Lead.unknown(7.0)
    found = [lead.get(p.supplier or "", unknown).learned for p in chosen]
    mean = np.array([max(1.0, one.days) for one in found])
    return mean, np.array([one.variance for one in found])


def _really(database: Database, shop: Shop, history: History, start: int, last: int) -> Row | None:
    """Return what really happened in the scored window.

    None when stock was known on less than half of the days of all items: it would look like none.
    """
    sales = history.sales
    span = last - start + 1
    closing = np.zeros(span)
    known_days = out_days = received = 0
    lines = units = lost_lines = lost_units = lost_value = 0.0
    with database.snapshot() as tx:
        for place, sku in enumerate(history.skus):
            row = tx.one(
                "SELECT SUM(lines), SUM(units), SUM(unmet_lines), SUM(unmet_units) "
                "FROM demand_day WHERE sku = ? AND day >= ? AND day <= ?",
                (sku, start, last),
            )
            sold = [float(x or 0) for x in row]
            lines, units = lines + sold[0], units + sold[1]
            lost_lines, lost_units = lost_lines + sold[2], lost_units + sold[3]
            lost_value += sold[3] * float(history.priced[place])
            if tx.one("SELECT 1 FROM on_hand WHERE sku = ? AND known = 1", (sku,)) is None:
                continue
            stock, deliveries = _closing(database, tx, sku, shop, start, last)
            received += deliveries
            known_days += int(np.isfinite(stock).sum())
            closing += np.nan_to_num(np.maximum(stock, 0.0)) * sales.unit_cost[place]
            out_days += int((stock <= 0).sum())  # Unknown stock is nan, and no stockout.
    if 2 * known_days < span * len(history.skus):
        return None
    here = slice(int(sales.begins[start - sales.first]), int(sales.begins[last - sales.first + 1]))
    daily = float((sales.quantity[here] * sales.unit_cost[sales.item[here]]).sum()) / span
    earned = float(sales.value[here].sum())
    value = float(closing.mean())
    return Row(
        method="really",
        dial=None,
        line_fill=lines / max(lines + lost_lines, 1.0),
        unit_fill=units / max(units + lost_units, 1.0),
        value_fill=earned / max(earned + lost_value, 1e-9),
        stock_value=value,
        days_of_cover=value / daily if daily > 0 else None,
        orders_per_day=received / span,
        stockout_days=float(out_days),
        lost_units=lost_units,
        lost_value=lost_value,
    )


def _closing(
    database: Database, tx: Tx, sku: str, shop: Shop, start: int, last: int
) -> tuple[Floats, int]:
    """Return an item's stock at the close of each day of a window, and its receipts in it.

    Over all locations; nan before its stock is known.
    """
    entries = load_entries(database, tx, sku)
    item = StockItem(sku, shop.days)
    found = np.zeros(last - start + 1)
    level, at, deliveries = float("nan"), 0, 0
    for entry in standing(entries):
        day = shop.days.day(entry[1].effective_at, entry[1].recorded_at) - start
        if day > last - start:
            break
        if day > at:
            found[at:day] = level
            at = max(at, day)
        item.evolve(*entry)
        if any(shelf.known for shelf in item.shelves.values()):
            level = float(sum(shelf.on_hand for shelf in item.shelves.values()))
        deliveries += isinstance(entry[1], StockReceived) and day >= 0
    found[at:] = level
    return found, deliveries
