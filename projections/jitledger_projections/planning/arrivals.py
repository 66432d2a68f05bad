"""What is on its way, and when an item runs out with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from math import inf

import numpy as np

from jitledger.domain.replenishment.reorder_point import run_out_day_with, run_out_days
from jitledger_projections.planning.exposure import Floats
from jitledger_projections.planning.lead_times import Lead, expected
from jitledger_projections.views.on_order import OrderedLine

LIKELY, EARLY = 0.5, 0.1
"""Chances that an item has run out by its likely and by its earliest day."""

Arrivals = Sequence[tuple[date, Decimal]]
"""(day, units) of what is ordered and has not come"""


def arrivals(
    lines: Iterable[OrderedLine], known: dict[str, Lead], today: date, skus: set[str]
) -> dict[str, list[tuple[date, Decimal]]]:
    """Return {SKU: (day, units) of each open line}: promised days plus the usual lateness."""
    found: dict[str, list[tuple[date, Decimal]]] = {}
    for line in lines:
        if line.sku in skus and line.outstanding > 0:
            day = expected(line, known.get(line.supplier), today)
            found.setdefault(line.sku, []).append((day, line.outstanding))
    return found


def run_out_dates(
    stock: Floats,
    per_day: Floats,
    phi: Floats,
    coming: Sequence[Arrivals],
    today: date,
    chance: float,
) -> list[date | None]:
    """Return each item's first day by which it has run out with a chance, as stock comes in.

    All are in one order; stock in units, demand in units a day. None is beyond the horizon.
    """
    offsets = run_out_days(stock, per_day, phi, chance)
    for i, ahead in enumerate(coming):
        if ahead:
            days = [((day - today).days + 1, float(units)) for day, units in ahead]
            each = (float(stock[i]), float(per_day[i]), float(phi[i]))
            offsets[i] = run_out_day_with(*each, days, chance)
    return _days_of(offsets, today)


def _days_of(offsets: Floats, today: date) -> list[date | None]:
    """Return the days of offsets: the first day is today."""
    known: dict[float, date | None] = {inf: None}
    found = []
    for offset in offsets.tolist():
        if offset not in known:
            known[offset] = today + timedelta(days=max(0, int(offset) - 1))
        found.append(known[offset])
    return found


def run_out_date(
    stock: float, per_day: float, phi: float, coming: Arrivals, today: date
) -> date | None:
    """Return one item's likely day of running out."""
    one = [np.array([number]) for number in (stock, per_day, phi)]
    return run_out_dates(one[0], one[1], one[2], [coming], today, LIKELY)[0]
