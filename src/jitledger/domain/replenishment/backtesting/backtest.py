"""Backtest: what would have happened under a policy, on the shop's own order lines.

Lost sales; what is there is shipped, and a line that is not shipped whole counts as unfilled.
Orders leave at the close of a review day and their goods are usable on the morning of day t + L.
Every policy meets the same order lines and the same lead times (common random numbers), and
learns from its own censored sales only. Rows are (dial, item) pairs: a sweep over dials is one run.

Shapes: D dials × N items = R rows; lines are sorted by day, then item, then time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from jitledger.domain.replenishment.closed_days import LEAST_ITEMS, closed_days
from jitledger.domain.replenishment.demand_state import (
    USUAL_MEMORY,
    DemandState,
    Memory,
    step,
    weekday_index,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Sales:
    """A shop's order lines: for each line its item, day, quantity, share of the day gone, price.

    ``first`` is the day number of day 0; ``begins[d]:begins[d+1]`` are the lines of day d.
    ``known`` is each item's first day with any movement (before it nothing is learnt);
    ``exposure`` (optional) maps a day to (items, share of the day with stock) in real history.
    """

    first: int
    days: int
    item: Ints
    day: Ints
    quantity: Floats
    moment: Floats
    value: Floats
    unit_cost: Floats
    supplier: Ints
    known: Ints
    begins: Ints
    exposure: dict[int, tuple[Ints, Floats]]

    @property
    def items(self) -> int:
        """Return the number of items."""
        return int(self.unit_cost.size)

    def lines_by_day(self) -> Floats:
        """Return the shop's order lines of each day."""
        return np.diff(self.begins).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Supply:
    """Lead times: ``drawn[item, day]`` of an order at the close of that day, in whole days.

    ``mean`` and ``variance`` are what the policies know of them, for each item.
    """

    drawn: npt.NDArray[np.int16]
    mean: Floats
    variance: Floats


@dataclass(slots=True)
class Day:
    """What a policy may look at when it reviews: its own sales, up to today's close."""

    today: int
    state: DemandState
    window: Window
    index: Floats
    """Weekday factors of the days from tomorrow on."""
    on_hand: Floats
    position: Floats
    review_days: int = 1


class Policy(Protocol):
    """A way to order: for each row a reorder point and the level that an order lifts to."""

    name: str

    @property
    def rows(self) -> int:
        """Return the rows for each item: how many dials are tried at once."""

    def levels(self, day: Day) -> tuple[Floats, Floats]:
        """Return (reorder point, order-up-to level) of every row at the close of a day."""


class Window:
    """The last days' units and exposure of every row, for methods that average over days."""

    def __init__(self, rows: int, length: int) -> None:
        self.length = length
        self.units = np.zeros((length, rows))
        self.exposed = np.zeros((length, rows))
        self._at = 0

    @property
    def at(self) -> int:
        """Return the row of the oldest day."""
        return self._at

    def put(self, units: Floats, exposed: Floats) -> None:
        """Put one day in the place of the oldest."""
        self.units[self._at] = units
        self.exposed[self._at] = exposed
        self._at = (self._at + 1) % self.length

    def last(self, days: int) -> tuple[Floats, Floats]:
        """Return units and exposure, shape (days, rows), of the last days."""
        if days >= self.length:
            return self.units, self.exposed
        places = (self._at - 1 - np.arange(days)) % self.length
        return self.units[places], self.exposed[places]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy achieved, one value for each dial."""

    line_fill: Floats
    unit_fill: Floats
    value_fill: Floats
    stock_value: Floats
    """Average stock at cost at the close."""
    stock_units: Floats
    orders_per_day: Floats
    stockout_days: Floats
    """Item-days that closed without stock, after the item's first demand."""
    lost_units: Floats
    lost_value: Floats
    lost_days: Floats
    """Item-days on which something asked for was not there."""


def simulate(
    sales: Sales,
    supply: Supply,
    policy: Policy,
    start: int,
    end: int,
    *,
    review_days: int = 1,
    initial: Floats | None = None,
    memory: Memory = USUAL_MEMORY,
    progress: Progress | None = None,
) -> Outcome:
    """Run a policy over days start..end-1 (offsets into ``sales``) and return what it achieved.

    What sold before ``start`` is known to it as it was; it begins with ``initial`` stock, else with
    shelves filled to its own order-up-to level, and nothing on its way.
    """
    return _Run(sales, supply, policy, start, end, memory).go(review_days, initial, progress)


class _Run:
    def __init__(
        self,
        sales: Sales,
        supply: Supply,
        policy: Policy,
        start: int,
        end: int,
        memory: Memory,
    ) -> None:
        self.memory = memory
        self.closed = closed_in(sales)
        self.sales, self.supply, self.policy = sales, supply, policy
        self.start, self.end = start, end
        self.review_days = 1
        self.dials, self.items = policy.rows, sales.items
        self.rows = self.dials * self.items
        self.cost = np.tile(sales.unit_cost, self.dials)
        self.state, self.window = warm(sales, start, self.dials, memory=memory)
        self.totals = {name: np.zeros(self.dials) for name in _TOTALS}
        self.pipeline = np.zeros((int(supply.drawn.max()) + 2, self.rows))
        self.on_hand = np.zeros(self.rows)
        self.on_order = np.zeros(self.rows)
        self.seen = np.zeros(self.rows, bool)
        self.known = np.tile(sales.known, self.dials)
        self.place = np.tile(np.arange(self.items), self.dials)

    def go(self, review_days: int, initial: Floats | None, progress: Progress | None) -> Outcome:
        """Run every day."""
        self.review_days = review_days
        span = self.end - self.start
        if initial is None:
            self.on_hand = np.ceil(self._levels(self.start - 1)[1])
        else:
            self.on_hand = np.tile(initial, self.dials)
        for day in range(self.start, self.end):
            slot = day % len(self.pipeline)
            came = self.pipeline[slot]
            self.on_hand += came
            self.on_order -= came
            self.pipeline[slot] = 0.0
            self._sell(day)
            if (day - self.start) % review_days == review_days - 1:
                self._order(day)
            closing = self.on_hand.reshape(self.dials, self.items)
            self.totals["value"] += (closing * self.sales.unit_cost).sum(axis=1)
            self.totals["stock"] += closing.sum(axis=1)
            out = (self.on_hand <= 0) & self.seen
            self.totals["out"] += out.reshape(self.dials, self.items).sum(axis=1)
            if progress is not None:
                progress(day - self.start + 1, span)
        return self._outcome(span)

    def _levels(self, today: int) -> tuple[Floats, Floats]:
        horizon = int(self.supply.mean.max(initial=0.0)) + self.review_days + 2
        lines = self.sales.lines_by_day()[: today + 1]
        first = self.sales.first
        week = weekday_index(lines, first, first + today, self.closed[: today + 1])
        ahead = week[(np.arange(first + today + 1, first + today + 1 + horizon) + 3) % 7]
        position = self.on_hand + self.on_order
        return self.policy.levels(
            Day(today, self.state, self.window, ahead, self.on_hand, position, self.review_days)
        )

    def _sell(self, day: int) -> None:
        """Serve a day's lines in their order; fold what was seen into the policy's state."""
        s = self.sales
        here = slice(int(s.begins[day]), int(s.begins[day + 1]))
        item, quantity, value = s.item[here], s.quantity[here], s.value[here]
        moment = s.moment[here]
        n = np.bincount(item, minlength=self.items).astype(np.float64)
        x = np.bincount(item, quantity, minlength=self.items).astype(np.float64)
        q2 = np.bincount(item, quantity * quantity, minlength=self.items).astype(np.float64)
        v = np.bincount(item, value, minlength=self.items)
        seen_n, seen_x, seen_q2 = (np.tile(a, self.dials) for a in (n, x, q2))
        exposed = (self.on_hand > 0).astype(np.float64)
        full = np.tile(n, self.dials)
        sold_value = np.tile(v, self.dials)
        for row in np.flatnonzero(self.on_hand < seen_x):
            lines = np.flatnonzero(item == self.place[row])
            left, gone = self.on_hand[row], 1.0
            count = complete = 0.0
            units = squares = money = 0.0
            for line in lines:
                wanted = quantity[line]
                served = min(wanted, left)
                if served > 0:
                    count, units, squares = count + 1, units + served, squares + served * served
                    money += value[line] * served / wanted
                    left -= served
                    if left <= 0:
                        gone = moment[line]
                complete += served == wanted
            seen_n[row], seen_x[row], seen_q2[row] = count, units, squares
            full[row], sold_value[row] = complete, money
            if left <= 0 and exposed[row]:
                exposed[row] = gone
        self.on_hand -= seen_x
        missed = (seen_x < np.tile(x, self.dials)).reshape(self.dials, self.items)
        self.totals["lost_days"] += missed.sum(axis=1)
        totals, shape = self.totals, (self.dials, self.items)
        totals["lines"] += n.sum()
        totals["units"] += x.sum()
        totals["money"] += v.sum()
        totals["full"] += full.reshape(shape).sum(axis=1)
        totals["served"] += seen_x.reshape(shape).sum(axis=1)
        totals["earned"] += sold_value.reshape(shape).sum(axis=1)
        self.seen |= np.tile(n > 0, self.dials)
        started = np.minimum(self.known, np.where(self.seen, day, self.known)) <= day
        learnt = (seen_n, seen_x, seen_q2, exposed, self._factor(day), started, self.memory)
        fold_one(self.state, self.window, day, *learnt)

    def _factor(self, day: int) -> float:
        if self.closed[day]:
            return 0.0
        first, closed = self.sales.first, self.closed[:day]
        week = weekday_index(self.sales.lines_by_day()[:day], first, first + day - 1, closed)
        return float(week[(first + day + 3) % 7])

    def _order(self, day: int) -> None:
        point, up_to = self._levels(day)
        position = self.on_hand + self.on_order
        short = np.flatnonzero(position <= point)
        wanted = np.ceil(up_to[short] - position[short])
        lead = self.supply.drawn[self.place[short], day].astype(np.int64)
        np.add.at(self.pipeline, ((day + lead) % len(self.pipeline), short), wanted)
        self.on_order[short] += wanted
        self.totals["orders"] += np.bincount(short // self.items, minlength=self.dials)

    def _outcome(self, span: int) -> Outcome:
        t = self.totals
        return Outcome(
            line_fill=t["full"] / np.maximum(t["lines"], 1),
            unit_fill=t["served"] / np.maximum(t["units"], 1),
            value_fill=t["earned"] / np.maximum(t["money"], 1e-9),
            stock_value=t["value"] / span,
            stock_units=t["stock"] / span,
            orders_per_day=t["orders"] / span,
            stockout_days=t["out"],
            lost_units=t["units"] - t["served"],
            lost_value=t["money"] - t["earned"],
            lost_days=t["lost_days"],
        )


_TOTALS = (
    "lines",
    "units",
    "money",
    "full",
    "served",
    "earned",
    "value",
    "stock",
    "out",
    "orders",
    "lost_days",
)


def fold_one(
    state: DemandState,
    window: Window,
    day: int,
    n: Floats,
    x: Floats,
    q2: Floats,
    exposed: Floats,
    factor: float,
    started: npt.NDArray[np.bool_],
    memory: Memory = USUAL_MEMORY,
) -> None:
    """Fold one day into the decayed state and the window of days."""
    window.put(x, np.where(started, exposed, 0.0))
    sold = n > 0
    state.lines += n
    state.units += x
    state.last_sale[sold] = day
    state.first_sale[sold] = np.minimum(state.first_sale[sold], day)
    state.silent += exposed * started
    state.silent[sold] = 0.0
    step(state, n, x.copy(), q2.copy(), exposed, factor, started, memory)


def closed_in(sales: Sales) -> npt.NDArray[np.bool_]:
    """Return the days on which the shop was closed, as its sales show."""
    if sales.items < LEAST_ITEMS:
        return np.zeros(sales.days, np.bool_)
    return closed_days(sales.lines_by_day(), sales.first)


def warm(
    sales: Sales,
    start: int,
    dials: int,
    window_days: int = 90,
    *,
    memory: Memory = USUAL_MEMORY,
) -> tuple[DemandState, Window]:
    """Fold the real history before ``start`` once and repeat it for every dial."""
    state, window = DemandState.empty(sales.items), Window(sales.items, window_days)
    lines = sales.lines_by_day()
    closed = closed_in(sales)
    for day in range(start):
        here = slice(int(sales.begins[day]), int(sales.begins[day + 1]))
        item, quantity = sales.item[here], sales.quantity[here]
        n = np.bincount(item, minlength=sales.items).astype(np.float64)
        x = np.bincount(item, quantity, minlength=sales.items).astype(np.float64)
        q2 = np.bincount(item, quantity * quantity, minlength=sales.items).astype(np.float64)
        exposed = np.ones(sales.items)
        if day in sales.exposure:
            items, share = sales.exposure[day]
            exposed[items] = share
        week = weekday_index(lines[:day], sales.first, sales.first + day - 1, closed[:day])
        factor = 0.0 if closed[day] else float(week[(sales.first + day + 3) % 7])
        fold_one(state, window, day, n, x, q2, exposed, factor, sales.known <= day, memory)
    wide = Window(sales.items * dials, window_days)
    wide.units, wide.exposed = np.tile(window.units, dials), np.tile(window.exposed, dials)
    wide._at = window._at
    repeated = np.tile(np.arange(sales.items), dials)
    return state.select(repeated), wide
