"""What really happened over the window that a backtest scores."""

from __future__ import annotations

import numpy as np

from jitledger.domain.events import StockReceived
from jitledger.domain.replenishment.backtesting.backtest import Floats
from jitledger.domain.state.order import standing
from jitledger.domain.state.shop import Shop
from jitledger.domain.state.stock_item import StockItem
from jitledger.service.cache import load_entries
from jitledger.store.database import Database, Tx
from jitledger_projections.planning.replay import History
from jitledger_projections.reports.backtest.rows import Row
from jitledger_projections.views.demand import demand_between
from jitledger_projections.views.on_hand import known_at


def really(database: Database, shop: Shop, history: History, start: int, last: int) -> Row | None:
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
            asked = demand_between(tx, sku, start, last)
            lines, units = lines + asked.lines, units + asked.units
            lost_lines += asked.unmet_lines
            lost_units += asked.unmet_units
            lost_value += asked.unmet_units * float(history.priced[place])
            if not known_at(tx, sku):
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
        value_fill=earned / (earned + lost_value) if earned + lost_value > 0 else None,
        stock_value=value,
        days_of_cover=value / daily if daily > 0 else None,
        orders_per_day=received / span,
        stockout_days=float(out_days),
        lost_units=lost_units,
        lost_value=lost_value if earned + lost_value > 0 else None,
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
