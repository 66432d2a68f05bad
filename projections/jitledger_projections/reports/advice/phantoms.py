"""Phantom stock: items that are shown on the shelf and stopped selling too suddenly.

When order lines come at a rate of λ a day, P(no sale for k days with stock) = e^(-λ·k). Under 1 %
the stock may not be there, or nobody can find it: a ten-second count tells. What was counted since
its last sale is not asked about again; days on which the whole shop was closed say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from jitledger.domain.events import OpeningBalance, StockCounted
from jitledger.domain.replenishment.closed_days import (
    MEASURED_DAYS,
    Floats,
    closed_between,
    silent_runs,
)
from jitledger.domain.state.order import standing
from jitledger.domain.state.shop import Shop
from jitledger.service.cache import load_entries
from jitledger.store.database import Database, Tx
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import report
from jitledger_projections.views.demand import lines_by_day
from jitledger_projections.views.on_hand import positions
from jitledger_projections.views.products import labels

RARE = 0.01

LEAST_LINES = 5

LONGEST_DAYS = 90
"""Beyond that it is dead stock, which is another question."""

MOST_LOOKED_AT = 200

LOOKED_BACK = 2 * MEASURED_DAYS
"""Closed days before that are not looked for: they only lower a rate."""


@dataclass(frozen=True, slots=True)
class Phantom:
    """An item whose silence is rarer than one in a hundred."""

    sku: str
    title: str
    on_hand: Decimal
    days: int
    chance: float


def _shape(row: Phantom) -> dict[str, object]:
    return {
        "sku": row.sku,
        "name": row.title,
        "on_hand": row.on_hand,
        "silent_days": row.days,
        "chance": float(f"{row.chance:.2g}"),
    }


@report(
    "phantoms",
    _shape,
    help="What is shown on the shelf and stopped selling too suddenly: count it.",
    nothing="Nothing stopped selling too suddenly.",
    chat="phantoms",
    told=("on_hand", "silent_days"),
)
def phantoms(look: Look) -> list[Phantom]:
    """Return suspects, the rarest silence first."""
    found = look.plan.forecast
    s = found.state
    open_days, silent = _open_days(look)
    rate = np.divide(s.lines - 1, open_days, out=np.zeros(s.lines.size), where=open_days > 0)
    chance = np.exp(-rate * silent)
    odd = (s.lines >= LEAST_LINES) & (chance < RARE) & (silent <= LONGEST_DAYS)
    places = [int(i) for i in np.flatnonzero(odd) if found.products[i].orderable]
    places.sort(key=lambda i: chance[i])
    skus = [found.skus[i] for i in places[:MOST_LOOKED_AT]]
    with look.snapshot() as tx:
        shelves = positions(tx, look.now, look.today.isoformat(), skus)
        named = labels(tx, skus, look.today)
        listed = []
        for i, sku in zip(places, skus, strict=False):
            shelf = shelves.get(sku)
            if shelf is None or not shelf.known or shelf.on_hand <= 0:
                continue
            if _counted_since(look.database, tx, sku, int(s.last_sale[i]), look.shop):
                continue
            listed.append(
                Phantom(sku, named[sku].title, shelf.on_hand, int(silent[i]), float(chance[i]))
            )
    return listed


def _open_days(look: Look) -> tuple[Floats, Floats]:
    """Return the open days from each item's first to its last sale, and those since then."""
    s = look.plan.forecast.state
    span = np.where(s.lines > 0, s.last_sale - s.first_sale, 0.0)
    with look.snapshot() as tx:
        days = dict(lines_by_day(tx, look.plan.forecast.day))
    if not days:
        return span, s.silent
    last = look.plan.forecast.day
    first = max(min(days), last - LOOKED_BACK)
    lines = np.array([float(days.get(day, 0)) for day in range(first, last + 1)])
    recent = lines[-MEASURED_DAYS:]
    own = np.divide(s.lines, span, out=np.zeros(s.lines.size), where=span > 0)
    others = np.maximum(recent.mean() - own, 0.0)
    runs = silent_runs(lines, first)
    closed = closed_between(runs, others, s.first_sale, s.last_sale)
    since = closed_between(runs, others, s.last_sale, np.full(s.lines.size, float(last)))
    return np.maximum(span - closed, 0.0), np.maximum(s.silent - since, 0.0)


def _counted_since(database: Database, tx: Tx, sku: str, last_sale: int, shop: Shop) -> bool:
    return any(
        isinstance(event, StockCounted | OpeningBalance)
        and shop.days.day(event.effective_at, event.recorded_at) > last_sale
        for _, event in standing(load_entries(database, tx, sku))
    )
