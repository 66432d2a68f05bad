"""A backtest as one reads it: its rows and the whole report."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date

from jitledger.domain.errors import Remark
from jitledger.domain.replenishment.demand_state import USUAL_MEMORY

SHARES = (0.90, 0.95, 0.97)


@dataclass(frozen=True, slots=True)
class Row:
    """One method at one dial over the scored window; money in the shop's currency."""

    method: str
    dial: float | None
    line_fill: float
    unit_fill: float
    value_fill: float | None
    """None where no price is known; so is what was lost."""
    stock_value: float
    days_of_cover: float | None
    orders_per_day: float
    stockout_days: float
    lost_units: float
    lost_value: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """A backtest: blind results, the trade-off, and what stock each share of lines takes."""

    first: date
    last: date
    tuned_from: date
    items: int
    lines: int
    seeds: int
    target: float
    review_days: int
    blind: list[Row]
    really: Row | None
    curves: dict[str, list[Row]]
    takes: dict[str, list[float | None]] = field(default_factory=dict)
    """{method: average stock at 90, 95 and 97 % complete order lines}"""
    could_not_know: tuple[Remark, ...] = ()
    """What the replay had to assume, and what it left out: to be read before any figure."""
    memory_days: float = USUAL_MEMORY.rate_days
    """After so many days an order line counts half; chosen before the scored window."""
    memory_takes: dict[str, float] = field(default_factory=dict)
    """{half-life: average stock it took there, at the same share of complete lines}"""
    lot_scale: float = 0.0
    """How orders were sized: 0 by days of demand, above by rate and cost."""
    lot_takes: dict[str, float] = field(default_factory=dict)
    """{scale: average stock it took there}"""

    def as_dict(self) -> dict[str, object]:
        """Return the report as ``backtest --json`` has it."""
        found = asdict(self)
        for name in ("first", "last", "tuned_from"):
            found[name] = getattr(self, name).isoformat()
        found["shares"] = list(SHARES)
        found["could_not_know"] = [str(one) for one in self.could_not_know]
        return found
