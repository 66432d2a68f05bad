"""The demand state of every item, folded from the daily rows and kept with day and log position.

A report folds only what was touched since and the days that passed. Days count when they are
complete: today's sales act through the inventory position.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, fields
from datetime import date
from typing import NamedTuple

import numpy as np
import orjson

from jitledger.domain.moments import day_number
from jitledger.domain.names import SKU_STREAM
from jitledger.domain.replenishment.closed_days import LEAST_ITEMS, ClosedDays
from jitledger.domain.replenishment.demand_state import (
    USUAL_MEMORY,
    DailyRows,
    DemandState,
    Exposures,
    Memory,
    fold_days,
    memory_of,
    season_index,
    weekday_index,
)
from jitledger.domain.state.shop import Shop
from jitledger.store.database import Database, Tx
from jitledger_projections.planning.exposure import (
    FAR,
    Floats,
    first_days,
    load_exposures,
    load_rows,
)
from jitledger_projections.planning.products import Product, load_products
from jitledger_projections.planning.trading_hours import TradingHours, trading_hours
from jitledger_projections.views.demand import (
    demand_bounds,
    lines_by_category,
    lines_by_day,
    when_new,
)
from jitledger_projections.views.kept import keep_state, kept_state

YOUNG_DAYS, YOUNG_SAMPLE = 21, 200

KEPT = ("closed", "hours", "memory", "takes", "lot_takes")
"""What is kept besides the state; without one of them an older program kept it."""

LOTS_BY_COST = 1.2
"""The scale of lots by cost where no replay chose one."""


@dataclass(slots=True)
class Forecast:
    """The folded state of the whole shop through a day."""

    skus: list[str]
    place: dict[str, int]
    state: DemandState
    day: int
    weekday: Floats
    season: dict[str | None, tuple[Floats, int]]
    products: list[Product]
    tuned: Tuned | None = None
    cost: Floats | None = None
    """The unit cost of each item at the last sweep; 0 where it is not known."""
    first: int | None = None
    """The first day of any demand."""
    memory: Memory = USUAL_MEMORY
    """How fast the state forgets; chosen by replay."""
    hours: TradingHours = field(default_factory=TradingHours)
    """When customers come; fixed at the sweep, as the indices are."""
    closed: ClosedDays = field(default_factory=ClosedDays)
    """On which days the shop was closed: they are no evidence."""
    takes: Mapping[float, float] = field(default_factory=dict)
    """What stock each half-life took in that replay: the evidence for the memory."""
    lot_scale: float = 0.0
    """How orders are sized: 0 by days of demand, above by rate and cost."""
    lot_takes: Mapping[float, float] = field(default_factory=dict)
    """What stock each scale took: the evidence."""
    young: dict[str | None, tuple[float, float]] | None = None
    """{category: (order lines a day, units a line) of the median product when it was new}."""


class Tuned(NamedTuple):
    """The dial of the service levels, set by replaying the shop's own ledger."""

    kappa: float
    day: int
    target: float
    achieved: float
    by_lines: bool = False
    """Whether it is a dial of the allocation by lines."""


def forecast(database: Database, shop: Shop, today: date, *, sweeping: bool = False) -> Forecast:
    """Return the state of every item through yesterday, from the kept one where it serves.

    A sweep fixes the weekday and season indices anew; between sweeps they stay.
    """
    with database.snapshot() as tx:
        products = load_products(tx, today)
        kept = kept_state(tx)
        head = database.head(tx)
        last = day_number(today) - 1
        skus = [p.sku for p in products]
        place = {sku: i for i, sku in enumerate(skus)}
        base = Forecast(skus, place, DemandState.empty(len(skus)), last, np.ones(7), {}, products)
        base.memory, base.lot_scale = memory_in(shop), lots_in(shop)
        touched: set[str] | None = None
        if kept is not None and kept[0] <= last and kept[1] <= head:
            touched = _use_kept(database, tx, base, kept, head)
        if touched is None:
            first = int(first_days(tx, skus).min()) if skus else FAR
            if first > last:
                return base
            bounds = demand_bounds(tx)
            base.hours = trading_hours(database, tx, shop)
            if bounds is not None and bounds[0] <= last:
                _look_for_closed_days(tx, base, bounds[0], last)
                _measure(tx, base, bounds[0], last)
            _advance(tx, base, shop, first, last, None)
        else:
            if touched:
                _refold(tx, base, shop, base.day, touched)
            if base.day < last:
                _look_for_closed_days(tx, base, base.day + 1, last)
                _advance(tx, base, shop, base.day + 1, last, None)
            base.hours = trading_hours(database, tx, shop) if sweeping else base.hours
            bounds = demand_bounds(tx) if sweeping else None
            if bounds is not None and bounds[0] <= last:
                _measure(tx, base, bounds[0], last)
        if sweeping or base.young is None:
            base.young = _when_young(tx, base)
        base.day = last
    return base


def memory_in(shop: Shop) -> Memory:
    """Return a shop's memory: what was set by hand, else what a replay chose, else the usual."""
    days = shop.memory_days or shop.memory_chosen
    return memory_of(float(days)) if days else USUAL_MEMORY


def lots_in(shop: Shop) -> float:
    """Return how a shop sizes its orders: as was set by hand, else as a replay chose."""
    chosen = float(shop.lots_chosen or 0)
    return {"days": 0.0, "cost": chosen or LOTS_BY_COST}.get(shop.lots, chosen)


def remember(database: Database, shop: Shop, found: Forecast, memory: Memory) -> None:
    """Fold everything anew with another memory, in place."""
    if memory == found.memory:
        return
    found.memory, found.state = memory, DemandState.empty(len(found.skus))
    with database.snapshot() as tx:
        first = int(first_days(tx, found.skus).min()) if found.skus else FAR
        if first <= found.day:
            _advance(tx, found, shop, first, found.day, None)


def _when_young(tx: Tx, base: Forecast) -> dict[str | None, tuple[float, float]]:
    """Return each category's medians over the first three weeks of products that have a history.

    Of a large category it is a sample, spread over the codes.
    """
    s = base.state
    by: dict[str | None, list[str]] = {}
    for place in np.flatnonzero((s.days >= YOUNG_DAYS) & (s.lines >= 3)).tolist():
        by.setdefault(base.products[place].category, []).append(base.skus[place])
    found: dict[str | None, tuple[float, float]] = {}
    for category, skus in by.items():
        sample = skus[:: -(-len(skus) // YOUNG_SAMPLE)]
        sold = when_new(tx, sample, YOUNG_DAYS)
        rates = [lines / YOUNG_DAYS for lines, _ in sold] + [0.0] * (len(sample) - len(sold))
        if sold:
            each = float(np.median([units / lines for lines, units in sold]))
            found[category] = (float(np.median(rates)), each)
    return found


def _look_for_closed_days(tx: Tx, base: Forecast, first: int, last: int) -> None:
    """Tell of each day how many lines the whole shop had; what was told stays as it was told."""
    if len(base.skus) < LEAST_ITEMS:
        return
    lines = dict(lines_by_day(tx, last, first))
    for day in range(first, last + 1):
        base.closed.tell(day, float(lines.get(day, 0)))


def _measure(tx: Tx, base: Forecast, first: int, last: int) -> None:
    """Fix the weekday and season indices of this sweep."""
    lines = np.zeros(last - first + 1)
    for day, count in lines_by_day(tx, last):
        lines[day - first] = float(count)
    closed = np.isin(np.arange(first, last + 1), base.closed.days)
    base.weekday = weekday_index(lines, first, last, closed)
    base.season = {None: (lines, first)}
    base.first = first
    if last - first >= 365:
        for category, day, count in lines_by_category(tx, last):
            found = base.season.setdefault(category, (np.zeros(last - first + 1), first))
            found[0][day - first] = float(count)


def day_factors(base: Forecast, first: int, last: int) -> Floats:
    """Return weekday × season factors, shape (days,) or (days, items) when seasons differ."""
    days = np.arange(first, last + 1)
    weekday = np.where(np.isin(days, base.closed.days), 0.0, base.weekday[(days + 3) % 7])
    seasons = {c: season_index(lines, begin, days) for c, (lines, begin) in base.season.items()}
    if all((factor == 1.0).all() for factor in seasons.values()):
        return weekday
    whole = seasons.get(None, np.ones(days.size))
    columns = np.stack([seasons.get(p.category, whole) for p in base.products], axis=1)
    return np.asarray(weekday[:, None] * columns)


def _advance(
    tx: Tx, base: Forecast, shop: Shop, first: int, last: int, only: set[str] | None
) -> None:
    exposures = load_exposures(tx, base.place, shop, base.hours, first, last, only)
    rows = load_rows(tx, base.place, exposures, first, last)
    _fold(tx, base, rows, exposures, first, last)


def _fold(
    tx: Tx, base: Forecast, rows: DailyRows, exposures: Exposures, first: int, last: int
) -> None:
    start = first_days(tx, base.skus)
    for begin in range(first, last + 1, 60):  # Bounds the memory of (days, items) factors.
        end = min(last, begin + 59)
        factors = day_factors(base, begin, end)
        fold_days(base.state, rows, exposures, start, begin, end, factors, base.memory)


def _refold(tx: Tx, base: Forecast, shop: Shop, last: int, touched: set[str]) -> None:
    """Fold some items again from their first day."""
    skus = sorted(touched & base.place.keys())
    if not skus:
        return
    index = np.array([base.place[s] for s in skus], np.intp)
    part = Forecast(
        skus,
        {s: i for i, s in enumerate(skus)},
        DemandState.empty(len(skus)),
        last,
        base.weekday,
        base.season,
        [base.products[i] for i in index],
        memory=base.memory,
        hours=base.hours,
        closed=base.closed,
    )
    first = int(first_days(tx, skus).min())
    if first > last:
        base.state.put(index, part.state)
        return
    exposures = load_exposures(tx, part.place, shop, part.hours, first, last, touched)
    rows = load_rows(tx, part.place, exposures, None, last, skus)
    _fold(tx, part, rows, exposures, first, last)
    base.state.put(index, part.state)


def _use_kept(
    database: Database, tx: Tx, base: Forecast, kept: tuple[int, int, bytes], head: int
) -> set[str] | None:
    """Load the kept state; return the items that were touched since, None when it cannot serve."""
    with np.load(io.BytesIO(kept[2]), allow_pickle=False) as stored:
        if any(name not in stored for name in (*KEPT, *(f.name for f in fields(DemandState)))):
            return None  # It was kept by an older program.
        old_skus = stored["skus"].tobytes().decode().split("\n")
        arrays = {f.name: stored[f.name] for f in fields(DemandState)}
        weekday = stored["weekday"]
        season = orjson.loads(stored["season"].tobytes())
        cost, tuned, young = (stored.get(name) for name in ("cost", "tuned", "young"))
        closed, hours = (orjson.loads(stored[name].tobytes()) for name in ("closed", "hours"))
        memory = stored["memory"]
        base.takes, base.lot_takes = (dict(stored[n].tolist()) for n in ("takes", "lot_takes"))
        if Memory(*memory.tolist()) != base.memory:
            return None  # It was folded with another one.
    streams = database.touched(tx, kept[1])
    touched = {name[len(SKU_STREAM) :] for name in streams if name.startswith(SKU_STREAM)}
    if len(touched) > 900:
        return None
    if old_skus == base.skus:
        base.state = DemandState(**arrays)
        base.cost = cost
    else:
        known = [(i, base.place[s]) for i, s in enumerate(old_skus) if s in base.place]
        source = np.array([k[0] for k in known], np.intp)
        target = np.array([k[1] for k in known], np.intp)
        base.state.put(target, DemandState(**arrays).select(source))
        if cost is not None:
            base.cost = np.zeros(len(base.skus))
            base.cost[target] = cost[source]
    if tuned is not None and tuned.size:
        kappa, day, target, achieved, by_lines = (*tuned.tolist(), 0.0)[:5]
        base.tuned = Tuned(kappa, int(day), target, achieved, bool(by_lines))
    base.closed = ClosedDays(*closed)
    base.hours = TradingHours(hours[0], hours[1], hours[2], tuple(hours[3]))
    if young is not None:
        medians = orjson.loads(young.tobytes())
        base.young = {category or None: (rate, each) for category, (rate, each) in medians.items()}
    base.day = kept[0]
    base.weekday = weekday
    base.season = {
        (None if c == "" else c): (np.array(lines, float), begin)
        for c, (lines, begin) in season.items()
    }
    base.first = base.season[None][1] if None in base.season else None
    return touched


def keep(database: Database, found: Forecast, position: int) -> None:
    """Store a state with its day and log position."""
    body = io.BytesIO()
    young = {category or "": medians for category, medians in (found.young or {}).items()}
    season = {c or "": (lines.tolist(), begin) for c, (lines, begin) in found.season.items()}
    np.savez(
        body,
        skus=np.frombuffer("\n".join(found.skus).encode(), np.uint8),
        weekday=found.weekday,
        young=np.frombuffer(orjson.dumps(young), np.uint8),
        season=np.frombuffer(orjson.dumps(season), np.uint8),
        cost=np.zeros(len(found.skus)) if found.cost is None else found.cost,
        memory=np.array(found.memory, float),
        hours=np.frombuffer(orjson.dumps(list(found.hours)), np.uint8),
        closed=np.frombuffer(orjson.dumps(list(astuple(found.closed))), np.uint8),
        takes=np.array(sorted(found.takes.items()), float).reshape(-1, 2),
        lot_takes=np.array(sorted(found.lot_takes.items()), float).reshape(-1, 2),
        tuned=np.array(found.tuned if found.tuned is not None else (), float),
        **{f.name: getattr(found.state, f.name) for f in fields(DemandState)},
    )
    with database.transaction() as tx:
        database.lock(tx)
        keep_state(tx, found.day, position, body.getvalue())
