"""Daily demand and exposure: the share of each day on which there was something to sell."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from jitledger.domain.moments import day_from_number, start_of_day
from jitledger.domain.replenishment.demand_state import DailyRows, Exposures
from jitledger.domain.state.shop import Shop
from jitledger.store.database import Tx
from jitledger_projections.planning.trading_hours import TradingHours
from jitledger_projections.views.demand import (
    daily_rows,
    first_demand,
    first_stock,
    shelves_of_several,
    times_without_stock,
)

Floats = npt.NDArray[np.float64]

Ints = npt.NDArray[np.int64]

FAR = 1 << 40

A_MOMENT = 1e-9
"""A share of a day's trade that is none: what is left of sums."""


def first_days(tx: Tx, skus: list[str]) -> Ints:
    """Return the first day of each item's stock or demand, else a far day.

    What sold before its stock was known counts: then its exposure is full.
    """
    moved, sold = first_stock(tx, skus), first_demand(tx, skus)
    return np.array([min(moved.get(sku, FAR), sold.get(sku, FAR)) for sku in skus], np.int64)


def load_rows(
    tx: Tx,
    place: dict[str, int],
    exposures: Exposures,
    first: int | None,
    last: int,
    only: list[str] | None = None,
) -> DailyRows:
    """Read daily rows over all locations; unmet demand counts on days with something to sell.

    What was sold counts on any day: to somebody it had been promised to, if there was no more.
    """
    found = daily_rows(tx, first, last, only)
    if not found:
        none = np.zeros(0, np.int64)
        return DailyRows(none, none, np.zeros(0), np.zeros(0), np.zeros(0))
    skus, day_column, *numbers, unmet = zip(*found, strict=True)
    item = np.fromiter((place.get(sku, -1) for sku in skus), np.int64, len(skus))
    day, size = np.array(day_column, np.int64), len(place) + 1
    key = day * size + item
    gone = exposures.share <= 0.0
    hidden = exposures.day[gone] * size + exposures.item[gone]
    counts = (item >= 0) & ~(np.array(unmet, bool) & np.isin(key, hidden))
    order = np.argsort(key, kind="stable")
    order = order[counts[order]]
    key = key[order]
    begins = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if key.size else order
    columns = [np.array(column, np.float64)[order] for column in numbers]
    if begins.size < key.size:  # Several locations on one day, or sold and asked for.
        columns = [np.add.reduceat(column, begins) for column in columns]
    return DailyRows(item[order][begins], day[order][begins], *columns)


def load_exposures(
    tx: Tx,
    place: dict[str, int],
    shop: Shop,
    hours: TradingHours,
    first: int,
    last: int,
    only: set[str] | None,
) -> Exposures:
    """Return days with less than full exposure, from the times without stock; by day, then item.

    A day's exposure is the share of its trade at which something was there: sold out by the end of
    the morning, with two fifths of a day's sales before noon, it is 0.4.
    With several locations an item is out only while every location that ever held stock is out.
    """
    tz = shop.tz
    starts = np.array(
        [start_of_day(day_from_number(day), tz) for day in range(first, last + 2)], np.int64
    )
    begin, end = int(starts[0]), int(starts[-1])
    rows = [
        (sku, location, max(since, begin), end if until is None else min(until, end))
        for sku, location, since, until in times_without_stock(tx, begin, end)
        if sku in place and (only is None or sku in only)
    ]
    if not rows:
        none = np.zeros(0, np.int64)
        return Exposures(none, none, np.zeros(0))
    shelves = shelves_of_several(tx)
    spans = [(place[sku], since, until) for sku, _, since, until in rows if sku not in shelves]
    spans += _out_everywhere([row for row in rows if row[0] in shelves], shelves, place)
    table = np.array(spans, np.int64).reshape(-1, 3)
    return _shares(table, starts, hours, first, len(place))


def _out_everywhere(
    rows: list[tuple[str, str, int, int]], shelves: dict[str, int], place: dict[str, int]
) -> list[tuple[int, int, int]]:
    """Return (item, since, until) of the times in which every location of an item is out."""
    by: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for sku, location, since, until in rows:
        if until > since:
            by.setdefault(sku, {}).setdefault(location, []).append((since, until))
    return [
        (place[sku], since, until)
        for sku, by_location in by.items()
        if len(by_location) >= shelves[sku]
        for since, until in _intersection(list(by_location.values()))
    ]


def _intersection(spans: list[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    current = spans[0]
    for other in spans[1:]:
        current = [
            (max(a, c), min(b, d)) for a, b in current for c, d in other if max(a, c) < min(b, d)
        ]
    return current


def _shares(spans: Ints, starts: Ints, hours: TradingHours, first: int, size: int) -> Exposures:
    """Return the share of each day's trade with stock, where spans without stock touch it.

    ``starts`` are the first moments of the days, with the end of the last one behind them.
    """
    spans = spans[spans[:, 2] > spans[:, 1]]
    item, since, until = spans[:, 0], spans[:, 1], spans[:, 2]
    begin = np.searchsorted(starts, since, side="right") - 1
    count = np.searchsorted(starts, until, side="left") - begin
    total = int(count.sum())
    which = np.repeat(np.arange(item.size), count)
    offset = np.arange(total) - np.repeat(np.cumsum(count) - count, count)
    day = begin[which] + offset
    begins, ends = starts[day], starts[day + 1]
    gone = hours.over(until[which], begins, ends) - hours.over(since[which], begins, ends)
    touched = gone > A_MOMENT
    day, which, gone = day[touched], which[touched], gone[touched]
    total = int(day.size)
    key = day * (size + 1) + item[which]
    order = np.argsort(key, kind="stable")
    key = key[order]
    first_of = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    away = np.add.reduceat(gone[order], first_of) if total else gone[:0]
    first_of = first_of if total else first_of[:0]
    day = day[order][first_of]
    share = np.where(away > 1.0 - A_MOMENT, 0.0, 1.0 - away)
    return Exposures(item[which][order][first_of], day + first, share)
