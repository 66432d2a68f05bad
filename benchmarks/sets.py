"""The replenishment method on several sets of sales, beside fair peers and the limit.

One table: average stock at cost for 95 and 97 % of complete order lines. What our method remembers
and how it sizes orders is chosen on the year before the scored window; the dials of all are swept
in the scored one (their frontier). ``velocity`` averages 14, 30, 60 and 90 days over days with
stock, with cover by ABC; ``textbook`` over 30, 60 or 90 days; ``TSB-NB`` is Teunter, Syntetos and
Babai with a negative binomial, alone and with our allocation by lines. Sets that are not here are
left out by name. ``--seeds N`` draws of lead times; ``--json FILE``, ``--against FILE`` as in
``run_all.py``.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from backtest import ALLOCATED, COVERS, END, SCORED, load, supply
from common import DATA, Result, as_json, compare, machine, show
from jitledger.domain.moments import day_number
from jitledger.domain.replenishment.backtesting.backtest import (
    Floats,
    Policy,
    Sales,
    Supply,
    fold_one,
    simulate,
    warm,
)
from jitledger.domain.replenishment.backtesting.choices import Chosen, Trial, choose
from jitledger.domain.replenishment.backtesting.frontier import frontier
from jitledger.domain.replenishment.backtesting.peers import (
    SellableVelocity,
    TsbNegativeBinomial,
)
from jitledger.domain.replenishment.backtesting.policies import Method, Perfect, Textbook
from jitledger.domain.replenishment.demand_state import USUAL_MEMORY, Memory
from jitledger.domain.replenishment.quantiles import quantile
from jitledger.domain.replenishment.reorder_point import SHOWN_RISK, rates
from jitledger_projections.planning.tuning import LEARNING_DAYS, MARGIN, MEMORY_DAYS
from jitledger_projections.reports.backtest.methods import cumulated
from simulated import DAYS, SHOPS, simulated

SHARES = (0.95, 0.97)

SCORED_DAYS = 131

NOWHERE_WORSE, LESS_ON_AVERAGE = 2.0, 15.0
"""Per cent above the best peer on any simulated shop, and below it on average over them."""

DIALS = np.concatenate(([0.9, 0.6], ALLOCATED, [0.0008, 0.0003]))

LEVELS = np.array(
    [0.5, 0.7, 0.8, 0.88, 0.93, 0.96, 0.975, 0.985, 0.993, 0.998, 0.9995, 0.99999, 0.9999999]
)

SCORES = (0.5, 0.8, 0.9, 0.95, 0.99)


class Set(NamedTuple):
    """Sales, and the window of days that is scored."""

    name: str
    sales: Sales
    start: int
    end: int
    targets: tuple[float, float] | None = None
    """What is to be reached by the allocation by lines at ``SHARES``; None without."""


def grocer(path: Path) -> Sales:
    """Return a grocer's daily sales of 118 products, each unit an order line."""
    units: dict[tuple[int, str], int] = {}
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            if int(float(row["units"])) > 0:
                when = day_number(date.fromisoformat(row["date"]))
                units[when, row["sku"]] = int(float(row["units"]))
    first = min(day for day, _ in units)
    span = max(day for day, _ in units) - first + 1
    place = {sku: i for i, sku in enumerate(sorted({sku for _, sku in units}))}
    rows = sorted((day - first, place[sku], count) for (day, sku), count in units.items())
    day, item, count = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    day, item = np.repeat(day, count), np.repeat(item, count)
    known = np.full(len(place), span, np.int64)
    np.minimum.at(known, item, day)
    ones = np.ones(day.size)
    return Sales(
        first=first,
        days=span,
        item=item,
        day=day,
        quantity=ones,
        moment=ones / 2,
        value=ones,
        unit_cost=np.ones(len(place)),
        supplier=np.zeros(len(place), np.int64),
        known=known,
        begins=np.searchsorted(day, np.arange(span + 1)).astype(np.int64),
        exposure={},
    )


def sets() -> Iterator[Set]:
    """Yield every set that is here."""
    if DATA.exists():
        sales = load()
        start, end = (day_number(day) - sales.first for day in (SCORED, END))
        yield Set("Online Retail", sales, start, end, (205_000, 295_000))
    path = DATA.with_name("grocer.csv.gz")
    if path.exists():
        sales = grocer(path)
        start = day_number(date(2018, 1, 1)) - sales.first
        yield Set("grocer, a line a unit", sales, start, sales.days, (7_800, 9_900))
    for name in SHOPS:
        yield Set(f"simulated: {name}", simulated(name, 1), DAYS - SCORED_DAYS, DAYS)


def ways(one: Set, draws: Supply) -> Chosen:
    """Return memory and lots, chosen on the year before the scored window."""

    def policy(dials: Floats, lot_scale: float) -> Method:
        return Method(one.sales, draws, dials, "mix", lot_scale=lot_scale)

    window = max(LEARNING_DAYS, one.start - MEMORY_DAYS), one.start
    return choose(Trial(one.sales, draws, policy, DIALS, window, 0.97 + MARGIN))


def policies(one: Set, draws: Supply, chosen: Chosen) -> dict[str, Callable[[], Policy]]:
    """Return how to make each policy: ours first, then the peers, then the limit."""
    sales, scale = one.sales, chosen.lot_scale
    return {
        "ours, mix": lambda: Method(sales, draws, DIALS, "mix", lot_scale=scale),
        "ours, lines": lambda: Method(sales, draws, DIALS, "lines", lot_scale=scale),
        "velocity": lambda: SellableVelocity(sales, draws, np.append(0.0, COVERS)),
        "textbook 30": lambda: Textbook(draws, LEVELS, 30),
        "textbook 60": lambda: Textbook(draws, LEVELS, 60),
        "textbook 90": lambda: Textbook(draws, LEVELS, 90),
        "TSB-NB": lambda: TsbNegativeBinomial(sales, draws, LEVELS),
        "TSB-NB, lines": lambda: TsbNegativeBinomial(sales, draws, DIALS, weights="lines"),
        "limit": lambda: Perfect(
            draws, np.arange(-3.0, 3.5, 0.5), cumulated(sales), sales.unit_cost, scale
        ),
    }


PEERS = ("velocity", "textbook 30", "textbook 60", "textbook 90", "TSB-NB", "TSB-NB, lines")


def run(seeds: int = 1) -> list[Result]:
    """Run every set; print the table as it grows and return what is to be reached."""
    results: list[Result] = []
    gains: list[float] = []
    print("\n| set | remembers, orders by | ours: mix | ours: lines | best simple peer | limit |")
    print("|---|---|--:|--:|--:|--:|", flush=True)
    for one in sets():
        begun = time.monotonic()
        found, chosen = _one(one, seeds)
        name, best = min(((n, found[n]) for n in PEERS), key=lambda pair: _worth(pair[1]))
        cells = [_pair(found[n]) for n in ("ours, mix", "ours, lines")]
        sized = "cost" if chosen.lot_scale else "days"
        print(
            f"| {one.name} | {chosen.memory.rate_days:g} d, {sized} | {cells[0]} | {cells[1]} "
            f"| {name} {_pair(best)} | {_pair(found['limit'])} |",
            flush=True,
        )
        print(f"  {one.name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
        ours = found["ours, lines"]
        for share, mine, other in zip(SHARES, ours, best, strict=True):
            if mine is None or other is None:
                continue  # Not reached by one of them: the table says so.
            more = 100 * (mine / other - 1)
            if one.targets is None:
                gains.append(more)
            what = f"{one.name}: lines beside {name} at {share:.0%}"
            results.append(
                Result(what, f"{more:+.1f}%", f"+{NOWHERE_WORSE:g}%", more <= NOWHERE_WORSE)
            )
        for share, mine, wanted in zip(SHARES, ours, one.targets or (), strict=False):
            shown = "never" if mine is None else f"{mine:,.0f}"
            met = mine is not None and mine <= wanted
            results.append(
                Result(f"{one.name}: stock at {share:.0%}", shown, f"{wanted:,.0f}", met)
            )
    mean = float(np.nanmean(gains))
    what = "simulated shops: lines beside the best peer, mean"
    results.append(
        Result(what, f"{mean:+.1f}%", f"-{LESS_ON_AVERAGE:g}%", mean <= -LESS_ON_AVERAGE)
    )
    results += spares(DATA.with_name("spares.csv.gz"))
    return results


def _one(one: Set, seeds: int) -> tuple[dict[str, list[float | None]], Chosen]:
    """Return what each policy takes at ``SHARES``, means of the draws of lead times."""
    rows: dict[str, list[list[float | None]]] = {}
    chosen = Chosen()
    for seed in range(1, seeds + 1):
        draws = supply(one.sales, seed)
        chosen = ways(one, draws)
        for name, make in policies(one, draws, chosen).items():
            memory = chosen.memory if name.startswith("ours") else USUAL_MEMORY
            outcome = simulate(one.sales, draws, make(), one.start, one.end, memory=memory)
            rows.setdefault(name, []).append(frontier(outcome, SHARES))
    means: dict[str, list[float | None]] = {}
    for name, many in rows.items():
        means[name] = [_mean(column) for column in zip(*many, strict=True)]
    return means, chosen


def _mean(values: tuple[float | None, ...]) -> float | None:
    """Return the mean; None where one of them never got there."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def _worth(found: list[float | None]) -> float:
    """Return what ranks a peer: its stock at the shares together; never is worst."""
    return sum(1e18 if value is None else value for value in found)


def _pair(found: list[float | None]) -> str:
    return " / ".join("never" if value is None else f"{value:,.0f}" for value in found)


MONTHS = ((3.0, 6.0), (6.0, 12.0), (12.0, 24.0), (24.0, 48.0), (240.0, 240.0))
"""Half-lives of rate and size in months, compared on the months before the scored ones."""

ALPHAS = (0.05, 0.1, 0.2, 0.3)
"""TSB's smoothing, compared on the same months."""


class Ours:
    """The default method's mean and variance of the next months, a month a step."""

    def __init__(self, units: Floats, begin: int, memory: Memory) -> None:
        items = units.shape[1]
        day, item = np.nonzero(units)
        self.memory, self.none, self.month = memory, np.zeros(items), begin
        sales = Sales(
            first=0,
            days=units.shape[0],
            item=item.astype(np.int64),
            day=day.astype(np.int64),
            quantity=units[day, item],
            moment=np.full(day.size, 0.5),
            value=units[day, item],
            unit_cost=np.ones(items),
            supplier=np.zeros(items, np.int64),
            known=np.zeros(items, np.int64),
            begins=np.searchsorted(day, np.arange(units.shape[0] + 1)).astype(np.int64),
            exposure={},
        )
        self.state, self.window = warm(sales, begin, 1, memory=memory)

    def moments(self, ahead: int) -> tuple[Floats, Floats]:
        """Return mean and variance of what the next months together sell."""
        r = rates(self.state, self.month, self.none, self.none, self.none + 1.0)
        mean = r.units_per_day * ahead
        return mean, r.phi * mean + SHOWN_RISK * mean**2

    def see(self, x: Floats) -> None:
        """Take in a month."""
        n, ones = (x > 0).astype(float), self.none + 1.0
        seen = n, x, x**2, ones, 1.0, ones > 0, self.memory
        fold_one(self.state, self.window, self.month, *seen)
        self.month += 1


class Tsb:
    """Teunter, Syntetos and Babai (2011) with the variance of its two parts."""

    def __init__(self, units: Floats, begin: int, alpha: float) -> None:
        self.alpha, first = alpha, units[: min(12, begin)]
        sold = np.maximum((first > 0).sum(axis=0), 1)
        self.chance = (first > 0).mean(axis=0)
        self.size, self.square = first.sum(axis=0) / sold, (first**2).sum(axis=0) / sold
        for month in range(first.shape[0], begin):
            self.see(units[month])

    def moments(self, ahead: int) -> tuple[Floats, Floats]:
        """Return mean and variance of what the next months together sell."""
        rate = self.chance * self.size
        spread = np.maximum(self.chance * self.square - rate**2, rate)
        return rate * ahead, spread * ahead + SHOWN_RISK * (rate * ahead) ** 2

    def see(self, x: Floats) -> None:
        """Take in a month."""
        sold = x > 0
        self.chance = self.chance + self.alpha * (sold - self.chance)
        self.size = np.where(sold, self.size + self.alpha * (x - self.size), self.size)
        self.square = np.where(sold, self.square + self.alpha * (x**2 - self.square), self.square)


def spares(path: Path) -> list[Result]:
    """Return the quantile loss of the next one to three months of spare parts, beside TSB's.

    Memory and smoothing are those that did best on the twelve months before the last twelve. The
    loss is that of the five quantiles of each horizon's sum over what sold, their mean.
    """
    if not path.exists():
        return []
    with gzip.open(path, "rt") as file:
        rows = [
            (r["sku"], int(r["month"]) - 1, float(r["units"] or 0)) for r in csv.DictReader(file)
        ]
    place = {sku: i for i, sku in enumerate(sorted({sku for sku, _, _ in rows}))}
    months = max(month for _, month, _ in rows) + 1
    units = np.zeros((months, len(place)))
    for sku, month, count in rows:
        units[month, place[sku]] = max(0.0, count)
    begin, end = months - 24, months - 12

    def ours(half_lives: tuple[float, float], start: int, stop: int) -> float:
        return _loss(units, Ours(units, start, Memory(*half_lives)), start, stop)

    def tsb(alpha: float, start: int, stop: int) -> float:
        return _loss(units, Tsb(units, start, alpha), start, stop)

    best = min(MONTHS, key=lambda m: ours(m, begin, end))
    alpha = min(ALPHAS, key=lambda a: tsb(a, begin, end))
    loss, peer = ours(best, end, months), tsb(alpha, end, months)
    what = f"spares: quantile loss, half-lives {best[0]:g} and {best[1]:g} months"
    beside = f"spares: quantile loss beside TSB with smoothing {alpha:g} ({peer:.3f})"
    less = 100 * (loss / peer - 1)
    return [
        Result(what, f"{loss:.3f}", "0.310", loss <= 0.310),
        Result(beside, f"{less:+.1f}%", f"+{NOWHERE_WORSE:g}%", less <= NOWHERE_WORSE),
    ]


def _loss(units: Floats, method: Ours | Tsb, begin: int, end: int) -> float:
    """Return the pinball loss over what sold, mean over the levels; horizons of 1 to 3 months."""
    lost = sold = 0.0
    for month in range(begin, end):
        for ahead in (1, 2, 3):
            if month + ahead > end:
                continue
            actual = units[month : month + ahead].sum(axis=0)
            mean, variance = method.moments(ahead)
            sold += float(actual.sum())
            for share in SCORES:
                gap = actual - quantile(mean, variance, share)
                lost += float(np.where(gap >= 0, share * gap, (share - 1) * gap).sum())
        method.see(units[month])
    return lost / len(SCORES) / sold


def main() -> None:
    """Run all sets; nothing else should run beside them."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=1)
    asked.add_argument("--json", type=Path, metavar="FILE")
    asked.add_argument("--against", type=Path, metavar="FILE")
    given = asked.parse_args()
    print(machine())
    results = run(given.seeds)
    show(results)
    if given.json is not None:
        given.json.write_text(as_json(results))
    if given.against is not None:
        compare(results, given.against)


if __name__ == "__main__":
    main()
