"""What a doctor says of the advice itself: when it was last computed, and which orders are late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from jitledger.domain.errors import Remark
from jitledger.domain.json import Json
from jitledger.domain.moments import day_from_number, day_number
from jitledger.store.database import Tx
from jitledger_projections.planning.forecast import Forecast
from jitledger_projections.reports.ordering.order_book import orders
from jitledger_projections.views.demand import demand_bounds
from jitledger_projections.views.kept import kept_day

MOST_DAYS_OLD = 1
"""A sweep folds complete days: one of this morning knows yesterday, one of yesterday is still due
today."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """The last sweep: it knew the sales through ``through``; ``late`` says so when it is old."""

    through: date | None
    days_old: int | None
    late: str | None

    def as_dict(self) -> Json:
        """Return it as JSON has it."""
        through = None if self.through is None else self.through.isoformat()
        return {"through": through, "days_old": self.days_old, "late": self.late}


def last_sweep(tx: Tx, today: date) -> Sweep:
    """Return how old the reorder points, service levels and seasons are.

    A shop without any demand needs none. Swept this morning is 0 days old, yesterday 1; from 2 on
    it is said.
    """
    kept, bounds = kept_day(tx), demand_bounds(tx)
    yesterday = day_number(today) - 1
    if kept is None:
        late = None
        if bounds is not None and bounds[0] <= yesterday:
            late = (
                "Reorder points were never computed, so no alert comes by itself: jitledger sweep."
            )
        return Sweep(None, None, late)
    days = max(0, yesterday - kept)
    late = None
    if days > MOST_DAYS_OLD:
        late = (
            f"Reorder points are {days} days old: no sweep since {day_from_number(kept + 1)}. "
            "The bot makes one every night; without it: jitledger sweep."
        )
    return Sweep(day_from_number(kept), days, late)


def chosen_ways(found: Forecast) -> list[Remark]:
    """Return what was chosen by replay for a shop, and why."""
    return [one for one in (remembered(found), sized(found)) if one is not None]


REMEMBERS = (
    "remembers about {days} days here, chosen by replaying your sales: {other} days would have "
    "taken {more} % more stock"
)

COMPARED = (14.0, 60.0)
"""What the memory is compared with: the usual one, or where it is that, a long one."""


def remembered(found: Forecast) -> Remark | None:
    """Return what was chosen about the memory and why, in words; None before it was chosen."""
    return memory_remark(found.memory.rate_days, found.takes)


def memory_remark(days: float, takes: Mapping[float, float]) -> Remark | None:
    """Return the sentence of a memory and of what another one would have taken.

    >>> str(memory_remark(60.0, {14.0: 112.0, 60.0: 100.0}))[-40:]
    '14 days would have taken 12 % more stock'
    """
    other = next(one for one in COMPARED if one != days)
    if days not in takes or other not in takes or takes[days] <= 0:
        return None
    more = max(0, round(100 * (takes[other] / takes[days] - 1)))
    details = {"days": f"{days:g}", "other": f"{other:g}", "more": str(more)}
    return Remark("remembers", REMEMBERS, details)


SIZED = (
    "orders more days of what is cheap and sells quickly and fewer of what is dear, as many orders "
    "in all, chosen by replaying your sales: equal days would have taken {more} % more stock"
)


def sized(found: Forecast) -> Remark | None:
    """Return how orders are sized and why, in words; None where they are days of demand."""
    return lots_remark(found.lot_scale, found.lot_takes)


def lots_remark(scale: float, takes: Mapping[float, float]) -> Remark | None:
    """Return the sentence of lots by cost and of what equal days would have taken.

    >>> str(lots_remark(1.2, {0.0: 108.0, 1.2: 100.0}))[-42:]
    'equal days would have taken 8 % more stock'
    """
    if scale <= 0 or not takes.get(scale) or 0.0 not in takes:
        return None
    more = max(0, round(100 * (takes[0.0] / takes[scale] - 1)))
    return Remark("sized", SIZED, {"more": str(more)})


def late_in_short(tx: Tx, today: date) -> list[Json]:
    """Return each late order with its supplier and by how many days, the latest first."""
    return [
        {"po": order.number, "supplier": order.supplier, "late_days": order.late_days}
        for order in orders(tx, today, only_late=True)
    ]
