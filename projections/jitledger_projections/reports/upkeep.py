"""What a doctor says of the advice itself: when it was last computed, and which orders are late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jitledger.domain.json import Json
from jitledger.domain.moments import day_from_number, day_number
from jitledger.store.database import Tx
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


def late_in_short(tx: Tx, today: date) -> list[Json]:
    """Return each late order with its supplier and by how many days, the latest first."""
    return [
        {"po": order.number, "supplier": order.supplier, "late_days": order.late_days}
        for order in orders(tx, today, only_late=True)
    ]
