"""The replenishment method on the real sales: trade-off and blind, beside the velocity peer.

Protocol: items with at least 5 sale days before 2011-04-01; dials tuned on April to July 2011,
scored from 1 August to 9 December; real order lines, lost sales, a line shipped in part counts as
unfilled; daily review, orders leave at the close and arrive on the morning of day t + L; 40
synthetic suppliers whose mean lead time is a gamma of mean 7 and deviation 2 within 2 to 14 days,
each order's a gamma with a coefficient of variation of 2/7, in whole days; the same random numbers
for every policy; a unit costs half its median price before the tuning window. Every policy knows
of the lead times what 30 earlier orders of each supplier taught (``lead_time.learn``). Shelves
begin filled to each policy's own order-up-to level. Data: Chen, Sain and Guo (2012), Online Retail.
"""

from __future__ import annotations

import sys
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from common import DATA, Cpu, Result, in_loops, loop, machine, show
from jitledger.domain.moments import day_number, local_date
from jitledger.domain.replenishment.backtesting import backtest as engine
from jitledger.domain.replenishment.backtesting.backtest import (
    Floats,
    Policy,
    Sales,
    Supply,
    simulate,
)
from jitledger.domain.replenishment.backtesting.choices import Chosen, Trial, choose
from jitledger.domain.replenishment.backtesting.frontier import at_fill
from jitledger.domain.replenishment.backtesting.policies import (
    COVER_DAYS,
    Fixed,
    Method,
    Perfect,
    Textbook,
    Velocity,
)
from jitledger.domain.replenishment.demand_state import (
    USUAL_MEMORY,
    DemandState,
    weekday_index,
)
from jitledger.domain.replenishment.lead_time import Delivery, learn
from jitledger.domain.replenishment.quantiles import quantile
from jitledger.domain.replenishment.reorder_point import MODEL_RISK, SHOWN_RISK, rates
from jitledger.service.importers.online_retail import order_lines
from jitledger_projections.planning.tuning import (
    LEARNING_DAYS,
    MARGIN,
    MEMORY_DAYS,
    dial_for,
)
from jitledger_projections.reports.backtest.methods import cumulated

SEEDS = (1, 2, 3, 4)

BLIND: tuple[Literal["mix", "lines"], ...] = ("mix", "lines")

SHARES = (0.90, 0.95, 0.97)

TUNED, SCORED, END = date(2011, 4, 1), date(2011, 8, 1), date(2011, 12, 10)

ALLOCATED = np.array([0.3, 0.2, 0.13, 0.08, 0.05, 0.03, 0.018, 0.01, 0.005, 0.002])

LEVELS = np.array([0.8, 0.9, 0.94, 0.96, 0.975, 0.985, 0.99, 0.995, 0.999, 0.99999, 0.9999999])

COVERS = np.array([2.0, 4.0, 6.0, 10.0, 14.0, 20.0, 25.0, 30.0, 36.0, 44.0, 60.0, 90.0])

SCORES = (0.5, 0.8, 0.9, 0.95, 0.99)


def load() -> Sales:
    """Return the order lines as the import cleans them, in the protocol's selection."""
    tz = ZoneInfo("Europe/London")
    first, cut = day_number(date(2010, 12, 1)), day_number(TUNED)
    days: dict[int, int] = {}
    lines = []
    sale_days: dict[str, set[int]] = {}
    prices: dict[str, list[float]] = {}
    for code, at, quantity, price in order_lines(DATA, tz):
        hour = at // 3_600_000_000_000
        if hour not in days:
            days[hour] = day_number(local_date(at, tz))
        day = days[hour]
        lines.append((day - first, code, at, quantity, price))
        if day < cut:
            sale_days.setdefault(code, set()).add(day)
            prices.setdefault(code, []).append(price)
    codes = sorted(code for code, seen in sale_days.items() if len(seen) >= 5)
    place = {code: i for i, code in enumerate(codes)}
    kept = sorted((day, place[c], at, q, q * p) for day, c, at, q, p in lines if c in place)
    table = np.array(kept, float)
    days_of, item = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
    span = day_number(END) - first
    second = np.array([row[2] // 1_000_000_000 % 86_400 for row in kept], float)
    known = np.full(len(codes), span, np.int64)
    np.minimum.at(known, item, days_of)
    return Sales(
        first=first,
        days=span,
        item=item,
        day=days_of,
        quantity=table[:, 3],
        moment=np.clip((second - 8 * 3600) / (10 * 3600), 0.02, 1.0),
        value=table[:, 4],
        unit_cost=np.array([np.median(prices[code]) / 2 for code in codes]),
        supplier=np.zeros(len(codes), np.int64),
        known=known,
        begins=np.searchsorted(days_of, np.arange(span + 1)).astype(np.int64),
        exposure={},
    )


def supply(sales: Sales, seed: int) -> Supply:
    """Draw 40 suppliers, every order's lead time, and what earlier orders taught."""
    rng = np.random.default_rng(seed)
    means = np.clip(rng.gamma(12.25, 4 / 7, 40), 2, 14)
    which = rng.integers(0, 40, sales.items)
    shape = (7 / 2) ** 2
    drawn = rng.gamma(shape, 1.0, (sales.items, sales.days)) * (means[which] / shape)[:, None]
    past = np.maximum(1, np.rint(rng.gamma(shape, 1.0, (40, 30)) * (means / shape)[:, None]))
    learned = [learn(7, [Delivery(float(days)) for days in row]) for row in past]
    return Supply(
        np.maximum(1, np.rint(drawn)).astype(np.int16),
        np.array([learned[j].days for j in which]),
        np.array([learned[j].variance for j in which]),
    )


def offsets(sales: Sales) -> tuple[int, int, int]:
    """Return the days of the two windows as offsets."""
    tuned, scored, end = (day_number(d) - sales.first for d in (TUNED, SCORED, END))
    return tuned, scored, end


def pinball(sales: Sales, draws: Supply) -> tuple[float, float]:
    """Return the scaled pinball loss of lead-time demand, and coverage at .95.

    Every 7 days of the scored window and every item: the demand of the days t+1 to t+L against
    its quantiles. The loss is the sum over items and days divided by what was sold in them (the
    weighted quantile loss without its factor 2), the mean over the five levels; coverage is the
    share of items and days whose demand was at most the .95 quantile.
    """
    _, start, end = offsets(sales)
    sums = cumulated(sales)
    state, _ = engine.warm(sales, start, 1)
    losses, sold = 0.0, 0.0
    covered: list[float] = []
    lead = np.maximum(1, np.rint(draws.mean)).astype(int)
    items = np.arange(sales.items)
    for day in range(start, end - 15):
        if (day - start) % 7 == 0:
            mean, variance = _lead_time_demand(sales, state, day, lead.astype(float))
            actual = sums[day + lead, items] - sums[day, items]
            sold += float(actual.sum())
            for share in SCORES:
                gap = actual - quantile(mean, variance, share)
                losses += float(np.where(gap >= 0, share * gap, (share - 1) * gap).sum())
            upper = quantile(mean, variance, 0.95)
            covered.append(float((actual <= upper).mean()))
        _fold(sales, state, day)
    return losses / len(SCORES) / sold, float(np.mean(covered))


def _lead_time_demand(
    sales: Sales, state: DemandState, day: int, lead: Floats
) -> tuple[Floats, Floats]:
    none = np.zeros(sales.items)
    r = rates(state, day, none, none, none + 1.0)
    week = weekday_index(sales.lines_by_day()[:day], sales.first, sales.first + day - 1)
    ahead = np.cumsum(week[(np.arange(sales.first + day, sales.first + day + 20) + 3) % 7])
    mean = r.units_per_day * ahead[lead.astype(int) - 1]
    return mean, r.phi * mean + SHOWN_RISK * mean**2


def _fold(sales: Sales, state: DemandState, day: int) -> None:
    here = slice(int(sales.begins[day]), int(sales.begins[day + 1]))
    item, quantity = sales.item[here], sales.quantity[here]
    n = np.bincount(item, minlength=sales.items).astype(float)
    x = np.bincount(item, quantity, minlength=sales.items).astype(float)
    q2 = np.bincount(item, quantity**2, minlength=sales.items).astype(float)
    week = weekday_index(sales.lines_by_day()[:day], sales.first, sales.first + day - 1)
    factor = float(week[(sales.first + day + 3) % 7])
    window = engine.Window(sales.items, 1)
    engine.fold_one(state, window, day, n, x, q2, np.ones(sales.items), factor, sales.known <= day)


def run(seeds: tuple[int, ...] = SEEDS) -> list[Result]:
    """Run the sweeps and the blind runs; print the table and return the targets."""
    if not DATA.exists():
        print("the real sales are not here; nothing to run on")
        return []
    sales = load()
    tuned, start, end = offsets(sales)
    print(f"{sales.items:,} items, {sales.item.size:,} order lines, {end - start} scored days")
    sums = cumulated(sales)
    takes: dict[str, list[list[float]]] = {}
    blind: dict[str, list[tuple[float, float, float]]] = {}
    for seed in seeds:
        draws = supply(sales, seed)
        with Cpu() as choosing:
            ways = chosen_ways(sales, draws, start)
        memory, scale = ways.memory, ways.lot_scale
        sized = "by rate and cost" if scale else "by days of demand"
        print(
            f"seed {seed}: remembers {memory.rate_days:g} days, orders {sized} ({scale:g}), "
            f"chosen in {choosing.cpu:.1f} s"
        )
        policies: dict[str, Policy] = {
            "fixed": Fixed(draws, COVERS, sums[31] / 31),
            "velocity, 30 days": Velocity(draws, COVERS),
            "velocity, 90 days": Velocity(draws, COVERS, 90),
            "textbook": Textbook(draws, LEVELS),
            "one level": Method(sales, draws, LEVELS, "one", lot_scale=scale),
            "mix": Method(sales, draws, ALLOCATED, "mix", lot_scale=scale),
            "lines": Method(sales, draws, ALLOCATED, "lines", lot_scale=scale),
            "perfect": Perfect(
                draws, np.array([-1.0, 0.0, 0.5, 1.0, 2.0]), sums, sales.unit_cost, scale
            ),
        }
        peer: tuple[Floats, Floats] | None = None
        for name, policy in policies.items():
            own = memory if isinstance(policy, Method) else USUAL_MEMORY
            found = simulate(sales, draws, policy, start, end, memory=own)
            if name == "velocity, 30 days":
                peer = (found.line_fill, found.stock_value)
            row = [at_fill(found.line_fill, found.stock_value, s) for s in SHARES]
            takes.setdefault(name, []).append([np.nan if v is None else v for v in row])
        assert peer is not None
        for name in BLIND:
            dial = Method(sales, draws, ALLOCATED, name, lot_scale=scale)
            past = simulate(sales, draws, dial, tuned, start, memory=memory)
            for target in (0.95, 0.97):
                kappa, _ = dial_for(past, ALLOCATED, min(0.999, target + MARGIN))
                frozen = Method(sales, draws, np.array([kappa]), name, lot_scale=scale)
                one = simulate(sales, draws, frozen, start, end, memory=memory)
                fill, stock = float(one.line_fill[0]), float(one.stock_value[0])
                beside = at_fill(*peer, fill)
                assert beside is not None
                blind.setdefault(f"{name} {target:.0%}", []).append((fill, stock, beside))
    print("\naverage stock at cost, thousands, means of the seeds\n")
    print("| policy | " + " | ".join(f"{s:.0%}" for s in SHARES) + " |\n|---|--:|--:|--:|")
    means = {name: np.mean(rows, axis=0) / 1000 for name, rows in takes.items()}
    for name, row in means.items():
        print(
            f"| {name} | " + " | ".join("never" if np.isnan(v) else f"{v:.0f}" for v in row) + " |"
        )
    print("\n| blind | achieved | stock | peer at that fill | less |\n|---|--:|--:|--:|--:|")
    results = []
    velocity = means["velocity, 30 days"]
    for name, limits in (("mix", (33, 35)), ("lines", (36, 38))):
        for i, limit in ((1, limits[0]), (2, limits[1])):
            less = 100 * (1 - means[name][i] / velocity[i])
            results.append(
                Result(
                    f"{name}: less stock than 30-day velocity at {SHARES[i]:.0%} of lines",
                    f"{less:.1f}%",
                    f"{limit}%",
                    less >= limit,
                )
            )
    for name, runs in blind.items():
        fill, stock, beside = np.mean(runs, axis=0)
        less = 100 * (1 - stock / beside)
        print(f"| {name} | {fill:.1%} | {stock / 1000:.0f} | {beside / 1000:.0f} | {less:.1f}% |")
        target = float(name.split()[1].rstrip("%")) / 100
        off = abs(fill - target) * 100
        results.append(Result(f"blind {name}: distance to the target", f"{off:.1f}", "2", off <= 2))
        results.append(
            Result(f"blind {name}: less stock than the peer", f"{less:.1f}%", "30%", less >= 30)
        )
    loss, coverage = pinball(sales, supply(sales, 1))
    results.append(Result("scaled pinball loss", f"{loss:.3f}", "0.300", loss <= 0.3))
    results.append(
        Result("coverage at .95", f"{coverage:.3f}", ".93 to .96", 0.93 <= coverage <= 0.96)
    )
    results.append(_speed(sales))
    spent = f"memory and lots of {sales.items:,} items, chosen by replay, CPU"
    results.append(Result(spent, f"{choosing.cpu:.0f} s", "60 s", choosing.cpu <= 60))
    return results


def chosen_ways(sales: Sales, draws: Supply, start: int) -> Chosen:
    """Return memory and lots by a replay of what lies before the scored window."""

    def policy(dials: Floats, lot_scale: float) -> Method:
        return Method(sales, draws, dials, "mix", lot_scale=lot_scale)

    window = max(LEARNING_DAYS, start - MEMORY_DAYS), start
    return choose(Trial(sales, draws, policy, ALLOCATED, window, 0.97 + MARGIN))


def _speed(sales: Sales) -> Result:
    """Measure one policy at one dial over the scored days."""
    _, start, end = offsets(sales)
    draws = supply(sales, 1)
    with Cpu() as used:
        simulate(sales, draws, Method(sales, draws, np.array([0.03]), "mix"), start, end)
    what = f"backtest of {sales.items:,} items over {end - start} days, one policy, CPU"
    return in_loops(what, used.cpu, loop(), 60)


if __name__ == "__main__":
    print(machine(), f"model risk {MODEL_RISK}, cover {COVER_DAYS:g} days")
    chosen = SEEDS[: int(sys.argv[1])] if len(sys.argv) > 1 else SEEDS
    show(run(chosen))
