"""What is on its way, and when an item runs out with it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from math import ceil, inf, sqrt
from typing import NamedTuple

import numpy as np

from jitledger.domain.replenishment.reorder_point import run_out_day_with, run_out_days
from jitledger.domain.state.supplier import DEFAULT_LEAD_TIME_DAYS
from jitledger_projections.planning.exposure import Floats
from jitledger_projections.planning.lead_times import Lead
from jitledger_projections.views.on_order import OrderedLine

LIKELY, EARLY, MOSTLY = 0.5, 0.1, 0.9
"""Chances that an item has run out by its likely and by its earliest day."""

Arrivals = Sequence[tuple[date, Decimal]]
"""(day, units) of what is ordered and has not come"""

Z_90 = 1.2815515655446004


class Arrival(NamedTuple):
    """An open line of an order: when it is expected, how late it is, when it may really come.

    The day it is due does not move along with today; the others do once it has passed.
    """

    line: OrderedLine
    due: date
    late_days: int
    """0 on the day itself; late begins the day after."""
    likely: date
    """Half of such deliveries have come by then."""
    at_90: date
    """Nine of ten have come by then."""

    @property
    def units(self) -> Decimal:
        """Return what is still to come."""
        return self.line.outstanding


def arrival(line: OrderedLine, lead: Lead | None, today: date) -> Arrival:
    """Return when an open line comes, by what was promised and what its supplier showed.

    In time it comes as late as that supplier usually is; once late, by the distribution of what is
    still to come given that it is that late.
    """
    lead = lead or Lead.unknown(float(DEFAULT_LEAD_TIME_DAYS))
    due = lead.due(line, today)
    late = max(0, (today - due).days)
    if late:
        likely, at_90 = (ceil(lead.came.days_late(late, share)) for share in (LIKELY, MOSTLY))
    elif line.promised is None:
        likely, at_90 = 0, round(_spread(lead))
    elif lead.record.late:
        likely, at_90 = (round(lead.record.usual_lateness(share)) for share in (LIKELY, MOSTLY))
    else:
        usual = (line.placed or today) + timedelta(days=round(lead.days_of(line.sku)))
        likely, at_90 = 0, round(max(0.0, (usual - due).days + _spread(lead)))
    days = [max(today, due + timedelta(days=each)) for each in (likely, at_90)]
    return Arrival(line, due, late, days[0], max(days))


def _spread(lead: Lead) -> float:
    """Return the days that nine of ten deliveries take at most beyond the mean."""
    return Z_90 * sqrt(lead.learned.variance)


def arrivals(
    lines: Iterable[OrderedLine], known: Mapping[str, Lead], today: date, skus: Container[str]
) -> dict[str, list[Arrival]]:
    """Return {SKU: what is to come} of some SKUs, line by line."""
    found: dict[str, list[Arrival]] = {}
    for line in lines:
        if line.sku in skus and line.outstanding > 0:
            found.setdefault(line.sku, []).append(arrival(line, known.get(line.supplier), today))
    return found


def as_days(coming: Iterable[Arrival]) -> list[tuple[date, Decimal]]:
    """Return (likely day, units) of what is to come."""
    return [(one.likely, one.units) for one in coming]


def run_out_dates(
    stock: Floats,
    per_day: Floats,
    phi: Floats,
    coming: Sequence[Arrivals],
    today: date,
    chance: float,
) -> list[date | None]:
    """Return each item's first day by which it has run out with a chance, as stock comes in.

    All are in one order; stock in units, demand in units a day. None is beyond the horizon. What is
    empty now has run out today, whatever else today may bring.
    """
    offsets = run_out_days(stock, per_day, phi, chance)
    for i, ahead in enumerate(coming):
        if ahead:
            days = [((day - today).days + 1, float(units)) for day, units in ahead]
            each = (float(stock[i]), float(per_day[i]), float(phi[i]))
            offsets[i] = run_out_day_with(*each, days, chance)
    offsets[(stock <= 0) & (per_day > 0)] = 1.0
    offsets[per_day <= 0] = inf  # Nobody asks: it never runs out.
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
