"""Lost sales: what a replay of the shop's own lines cannot see, put back by its likelihood.

A day without stock recorded no lines, so a replay of what was recorded judges too kindly: the dial
that it finds falls short in life (REPLENISHMENT.md 8: .939 where .95 was wanted). How many lines
are missing follows from the lines of the days around and the share of the day without stock.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jitledger.domain.replenishment.backtesting.backtest import Floats, Ints, Sales, closed_in

AROUND_DAYS = 28
"""Lines of so many days before and behind tell what a day without stock would have sold."""

LEAST_EXPOSED = 3.0
"""With fewer days of stock around, nothing is put back: nobody knows."""


def with_lost_sales(sales: Sales, seed: int) -> Sales:
    """Return sales with the lines that were likely lost; a day on which it was closed lost none.

    Six lines in 12 exposed days around and a whole day without stock are half a line: a Poisson of
    that mean is drawn, each line of a size that the item sold. The same seed draws the same.
    """
    items, days, share = _without_stock(sales)
    if not items.size:
        return sales
    per_day = _rate_around(sales, items, days)
    rng = np.random.default_rng(seed)
    count = rng.poisson(per_day * (1.0 - share))
    item, day = np.repeat(items, count), np.repeat(days, count)
    if not item.size:
        return sales
    line = _a_line_of(sales, item, rng)
    moment = np.concatenate((sales.moment, rng.uniform(0.02, 1.0, item.size)))
    all_items, all_days = np.concatenate((sales.item, item)), np.concatenate((sales.day, day))
    order = np.lexsort((moment, all_items, all_days))
    return replace(
        sales,
        item=all_items[order],
        day=all_days[order],
        quantity=np.concatenate((sales.quantity, sales.quantity[line]))[order],
        moment=moment[order],
        value=np.concatenate((sales.value, sales.value[line]))[order],
        begins=np.searchsorted(all_days[order], np.arange(sales.days + 1)).astype(np.int64),
        exposure={},
    )


def _without_stock(sales: Sales) -> tuple[Ints, Ints, Floats]:
    """Return (item, day, share with stock) where a known item lacked stock on an open day."""
    shut = set(np.flatnonzero(closed_in(sales)).tolist())
    rows = [
        (item, day, share)
        for day, (items, shares) in sales.exposure.items()
        if day not in shut and 0 <= day < sales.days
        for item, share in zip(items.tolist(), shares.tolist(), strict=True)
        if share < 1.0 and sales.known[item] <= day
    ]
    rows.sort()
    table = np.array(rows, float).reshape(-1, 3)
    return table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2]


def _rate_around(sales: Sales, items: Ints, days: Ints) -> Floats:
    """Return the lines of an exposed day around each of these item-days; 0 where too few are."""
    needed, place = np.unique(items, return_inverse=True)
    column = np.full(sales.items, -1)
    column[needed] = np.arange(needed.size)
    lines = np.zeros((sales.days, needed.size))
    mine = column[sales.item] >= 0
    np.add.at(lines, (sales.day[mine], column[sales.item[mine]]), 1.0)
    exposed = np.ones((sales.days, needed.size))
    exposed[np.arange(sales.days)[:, None] < sales.known[needed][None, :]] = 0.0
    for day, (out, share) in sales.exposure.items():
        known = (column[out] >= 0) & (0 <= day < sales.days)
        if known.any():
            exposed[day, column[out[known]]] *= share[known]
    first = np.maximum(0, days - AROUND_DAYS)
    last = np.minimum(sales.days, days + AROUND_DAYS + 1)

    def within(daily: Floats) -> Floats:
        total = np.concatenate((np.zeros((1, needed.size)), daily.cumsum(axis=0)))
        return np.asarray(total[last, place] - total[first, place])

    seen = within(exposed)
    return np.divide(within(lines), seen, out=np.zeros(seen.size), where=seen >= LEAST_EXPOSED)


def _a_line_of(sales: Sales, item: Ints, rng: np.random.Generator) -> Ints:
    """Return for each item one of its lines, at random."""
    order = np.argsort(sales.item, kind="stable")
    begins = np.searchsorted(sales.item[order], np.arange(sales.items + 1))
    size = begins[item + 1] - begins[item]
    return np.asarray(order[begins[item] + np.floor(rng.random(item.size) * size).astype(np.int64)])
