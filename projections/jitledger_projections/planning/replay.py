"""Replay: the shop's own order lines for a backtest, and the lead times drawn for its suppliers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from jitledger.domain.events import (
    DemandUnmet,
    OpeningBalance,
    StockCounted,
    StockReceived,
    StockSold,
)
from jitledger.domain.moments import LocalDays
from jitledger.domain.replenishment.backtesting.backtest import Floats, Ints, Sales, Supply
from jitledger.domain.replenishment.demand_state import Exposures
from jitledger.domain.state.order import Entry, standing
from jitledger.domain.state.shop import Shop
from jitledger.service.cache import load_entries
from jitledger.store.database import Database
from jitledger_projections.planning.exposure import load_exposures
from jitledger_projections.planning.trading_hours import trading_hours

_KNOWS = (OpeningBalance, StockReceived, StockCounted)

Progress = Callable[[int, int], None]

Row = tuple[int, int, int, float, float, bool]
"""(day, item, moment, quantity, price, whether it was asked for and not there)"""


@dataclass(frozen=True, slots=True)
class History:
    """A shop's order lines with the codes of its items; ``sales.first`` is day 0."""

    skus: list[str]
    sales: Sales
    priced: Floats
    """The median price of each item before the window, 0 without one."""


def load_history(
    database: Database,
    shop: Shop,
    skus: Sequence[str],
    last: int,
    *,
    costs: Mapping[str, float] | None = None,
    suppliers: Mapping[str, str] | None = None,
    cost_before: int | None = None,
    progress: Progress | None = None,
) -> History:
    """Read the order lines of some items through day ``last`` (day numbers).

    ``costs`` are unit costs; where none is known it is half the median price before
    ``cost_before``, else 1. Voided entries are left out; what was asked for and not there counts
    as a line on days with something to sell.
    """
    rows: list[Row] = []
    known = np.full(len(skus), last + 1, np.int64)
    prices: list[list[float]] = [[] for _ in skus]
    with database.snapshot() as tx:
        for place, sku in enumerate(skus):
            entries = load_entries(database, tx, sku)
            begun = _read(entries, shop.days, place, last, rows, prices[place], cost_before)
            known[place] = min(begun, last + 1)
            if progress is not None and place % 50 == 0:
                progress(place, len(skus))
        first = int(min((row[0] for row in rows), default=last))
        where = {sku: place for place, sku in enumerate(skus)}
        hours = trading_hours(database, tx, shop)
        exposures = load_exposures(tx, where, shop, hours, first, last, set(skus))
    out = exposures.share <= 0
    hidden = set(zip(exposures.day[out].tolist(), exposures.item[out].tolist(), strict=True))
    rows = [row for row in rows if not row[5] or (row[0], row[1]) not in hidden]
    rows.sort()
    table = np.array([(r[0] - first, r[1], r[3], r[4]) for r in rows], float).reshape(-1, 4)
    day = table[:, 0].astype(np.int64)
    days = last - first + 1
    moment = _shares(shop, first, days, day, np.array([r[2] for r in rows], np.int64))
    median_price = np.array([median(p) if p else 0.0 for p in prices])
    given = costs or {}
    cost = np.array([given.get(sku, 0.0) for sku in skus])
    cost = np.where(cost > 0, cost, median_price / 2)
    codes: dict[str, int] = {}
    named = suppliers or {}
    supplier = np.array([codes.setdefault(named.get(s, ""), len(codes)) for s in skus], np.int64)
    sales = Sales(
        first=first,
        days=days,
        item=table[:, 1].astype(np.int64),
        day=day,
        quantity=table[:, 2],
        moment=moment,
        value=table[:, 2] * table[:, 3],
        unit_cost=np.where(cost > 0, cost, 1.0),
        supplier=supplier,
        known=np.maximum(known - first, 0),
        begins=np.searchsorted(day, np.arange(days + 1)).astype(np.int64),
        exposure=_by_day(exposures, first),
    )
    return History(list(skus), sales, median_price)


def _read(
    entries: list[Entry],
    days: LocalDays,
    place: int,
    last: int,
    rows: list[Row],
    prices: list[float],
    cost_before: int | None,
) -> int:
    """Add an item's lines; return the first day it moved."""
    begun = last + 1
    for _, event in standing(entries):
        if not isinstance(event, StockSold | DemandUnmet):
            if isinstance(event, _KNOWS):
                begun = min(begun, days.day(event.effective_at, event.recorded_at))
            continue
        at = event.effective_at
        day = days.day(at, event.recorded_at)
        if day > last:
            continue
        begun = min(begun, day)
        asked = isinstance(event, DemandUnmet)
        price = 0.0 if isinstance(event, DemandUnmet) else float(event.unit_price or 0)
        if price and (cost_before is None or day < cost_before):
            prices.append(price)
        rows.append((day, place, at, float(event.quantity), price, asked))
    return begun


def _by_day(exposures: Exposures, first: int) -> dict[int, tuple[Ints, Floats]]:
    """Return {day offset: (items, share of the day with stock)} for days with a stockout."""
    found: dict[int, tuple[Ints, Floats]] = {}
    if exposures.day.size:
        days, begins = np.unique(exposures.day, return_index=True)
        ends = [*begins[1:].tolist(), exposures.day.size]
        for day, begin, end in zip(days.tolist(), begins.tolist(), ends, strict=True):
            found[day - first] = (exposures.item[begin:end], exposures.share[begin:end])
    return found


def _shares(shop: Shop, first: int, days: int, day: Ints, at: Ints) -> Floats:
    """Return which share of the day's trading was over at each line, between .02 and 1."""
    if not day.size:
        return np.zeros(0)
    begins = np.full(days, np.iinfo(np.int64).max)
    ends = np.zeros(days, np.int64)
    np.minimum.at(begins, day, at)
    np.maximum.at(ends, day, at)
    span = np.maximum(ends - begins, 1)[day]
    return np.asarray(np.clip((at - begins[day]) / span, 0.02, 1.0))


def draw_supply(
    sales: Sales, mean: Floats, variance: Floats, seed: int, least: float = 1.0
) -> Supply:
    """Draw a lead time for an order of each item on each day: a gamma, in whole days, at least 1.

    The same seed gives every policy the same lead times.
    """
    rng = np.random.default_rng(seed)
    spread = np.maximum(variance, 1e-6)
    shape, scale = mean**2 / spread, spread / np.maximum(mean, 1e-9)
    drawn = rng.gamma(shape[:, None], scale[:, None], (sales.items, sales.days))
    whole = np.clip(np.rint(drawn), least, 365).astype(np.int16)
    return Supply(whole, mean, variance)
