"""Demand: daily rows of order lines, units and squares, and the times without stock.

Both are exact from the events (REPLENISHMENT.md 1 and 2). A day's exposure follows from
``stockout``: the share of the day in which there was something to sell. It is not stored with the
day, because a stockout that still lasts grows with the clock.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jitledger.domain.events import BackorderTaken, DemandUnmet, Event, StockCounted, StockSold
from jitledger.domain.quantity import ZERO
from jitledger.domain.state.item_state import Demand
from jitledger.domain.state.order import Entry
from jitledger.domain.state.stock_item import StockItem
from jitledger.domain.state.withheld import times_without_stock
from jitledger.service.views.contract import Batch
from jitledger.store.database import Tx

DAY_UPSERT = (
    "INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (sku, location, day) DO UPDATE SET lines = excluded.lines, "
    "units = excluded.units, squares = excluded.squares, unmet_lines = excluded.unmet_lines, "
    "unmet_units = excluded.unmet_units, unmet_squares = excluded.unmet_squares"
)
PLAIN_VALUES = "(?, ?, ?, ?, ?, ?, 0, 0.0, 0.0)"
NOTHING = Demand(0, ZERO, ZERO)
OUT_UPSERT = (
    "INSERT INTO {table} VALUES (?, ?, ?, ?) ON CONFLICT (sku, location, since) DO UPDATE SET "
    "until = excluded.until"
)


class DemandRate:
    """The projection ``demand_rate``."""

    name = "demand_rate"
    version = 4
    ignores = frozenset[type[Event]]()

    def definitions(self, dialect: str) -> dict[str, str]:
        """Return the tables' definitions."""
        return {
            "demand_day": "CREATE TABLE {name} (sku TEXT NOT NULL, location TEXT NOT NULL, "
            "day BIGINT NOT NULL, lines BIGINT NOT NULL, units REAL NOT NULL, "
            "squares REAL NOT NULL, unmet_lines BIGINT NOT NULL, unmet_units REAL NOT NULL, "
            "unmet_squares REAL NOT NULL, PRIMARY KEY (sku, location, day)) /*clustered*/",
            "stockout": "CREATE TABLE {name} (sku TEXT NOT NULL, location TEXT NOT NULL, "
            "since BIGINT NOT NULL, until BIGINT, PRIMARY KEY (sku, location, since)) "
            "/*clustered*/",
        }

    def apply(self, tx: Tx, batch: Batch, suffix: str) -> None:
        """Write what the changes touched: whole items anew, otherwise a day and a stockout."""
        anew: list[tuple[str]] = []
        plain: list[tuple[object, ...]] = []
        days: list[tuple[object, ...]] = []
        outs: list[tuple[object, ...]] = []
        moved: list[tuple[object, ...]] = []
        spent: list[tuple[str]] = []
        for change, item in batch.items():
            if change.whole:
                anew.append((item.sku,))
                _all_days(item, plain, days)
                outs.extend(_outs(item, all_spans=True))
            else:
                days += _touched_days(item, change.entries)
                several = item.clocked or _may_change_several(change.entries)
                if several:
                    spent.append((item.sku,))
                now = _outs(item, all_spans=several)
                if now:
                    outs += now
                    moved += [(sku, where, since) for sku, where, since, until in now if not until]
        if anew and not batch.fresh:
            tx.executemany(f"DELETE FROM demand_day{suffix} WHERE sku = ?", anew)
            spent += anew
        if spent:
            tx.executemany(f"DELETE FROM stockout{suffix} WHERE sku = ?", spent)
        if moved:  # A sale below zero moves the begin of a time without stock.
            tx.executemany(
                f"DELETE FROM stockout{suffix} WHERE sku = ? AND location = ? AND until IS NULL "
                "AND since < ?",
                moved,
            )
        if plain:
            plain.sort()
            tx.insert_rows(f"INSERT INTO demand_day{suffix}", PLAIN_VALUES, plain)
        if days:
            days.sort()
            tx.executemany(_day_upsert(suffix), days)
        if outs:
            tx.executemany(OUT_UPSERT.format(table="stockout" + suffix), outs)


@cache
def _day_upsert(suffix: str) -> str:
    return DAY_UPSERT.format(table="demand_day" + suffix)


def _all_days(item: StockItem, plain: list[Any], days: list[Any]) -> None:
    """Add an item's days; the many without unmet demand go the short way."""
    sku, unmet = item.sku, item.unmet
    for location, by_day in item.demand.items():
        lost = unmet.get(location, ())
        plain += [
            (sku, location, day, lines, float(units), float(squares))
            for day, (lines, units, squares) in by_day.items()
            if day not in lost
        ]
    for location, by_day in unmet.items():
        days += [_day(item, location, day) for day in by_day]


def _day(item: StockItem, location: str, day: int) -> tuple[object, ...]:
    here = item.demand.get(location)
    lines, units, squares = NOTHING if here is None else here.get(day, NOTHING)
    sold = (item.sku, location, day, lines, float(units), float(squares))
    missed = item.unmet.get(location)
    if missed is None:
        return (*sold, 0, 0.0, 0.0)
    lines, units, squares = missed.get(day, NOTHING)
    return (*sold, lines, float(units), float(squares))


def _touched_days(item: StockItem, entries: list[Entry]) -> list[tuple[object, ...]]:
    touched: dict[tuple[str, int], None] = {}
    for _, event in entries:
        if isinstance(event, StockSold):
            place = event.sold_at or event.location
        elif isinstance(event, DemandUnmet):
            place = event.location
        else:
            continue
        touched[place, item.days.day(event.effective_at, event.recorded_at)] = None
    return [_day(item, location, day) for location, day in touched]


def _may_change_several(entries: list[Entry]) -> bool:
    """Return whether more than the newest time without stock may have changed.

    Several entries may end one and begin others; a count may undo one at its very moment; an item
    that takes backorders has none.
    """
    return len(entries) > 1 or isinstance(entries[0][1], StockCounted | BackorderTaken)


def _outs(item: StockItem, *, all_spans: bool) -> list[tuple[object, ...]]:
    """Return the times without stock; an item that takes backorders loses no demand in them."""
    if item.backorders:
        return []
    found = times_without_stock(item, newest=not all_spans)
    return [(item.sku, *times) for times in found]
