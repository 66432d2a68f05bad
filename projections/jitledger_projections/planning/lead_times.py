"""Lead times: what each supplier's deliveries teach, and how punctual it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from statistics import stdev

from jitledger.domain.replenishment.lead_time import (
    Delivery,
    DueLine,
    LeadTime,
    OnTime,
    lateness,
    learn,
    on_time,
)
from jitledger.domain.state.purchase_order import OPEN_STATES
from jitledger.domain.state.supplier import DEFAULT_LEAD_TIME_DAYS
from jitledger.store.database import Tx
from jitledger_projections.views.on_order import OrderedLine, Receipt, order_lines, receipts
from jitledger_projections.views.supply import SupplierRow, suppliers


@dataclass(slots=True)
class Record:
    """What one supplier's orders show by a day."""

    deliveries: list[Delivery] = field(default_factory=list)
    due: list[DueLine] = field(default_factory=list)
    late: list[tuple[float, float]] = field(default_factory=list)
    """(days late, units)"""
    overdue: int = 0

    @property
    def on_time(self) -> OnTime:
        """Return on time in full by units."""
        return on_time(self.due)

    @property
    def deviation(self) -> float:
        """Return the standard deviation of the deliveries' days; 0 with fewer than two."""
        days = [d.days for d in self.deliveries if not d.is_open]
        return stdev(days) if len(days) > 1 else 0.0

    def usual_lateness(self, share: float) -> float:
        """Return the days late that so large a share of the units did not exceed."""
        return lateness(self.late, share)


def records(tx: Tx, today: date) -> dict[str, Record]:
    """Return every supplier's record by its code; one that never delivered is not there."""
    found: dict[str, Record] = defaultdict(Record)
    came: dict[tuple[str, int], list[Receipt]] = defaultdict(list)
    for receipt in receipts(tx):
        came[receipt.number, receipt.line].append(receipt)
    by_order: dict[str, list[OrderedLine]] = defaultdict(list)
    for line in order_lines(tx):
        if line.placed is not None:
            by_order[line.number].append(line)
    for lines in by_order.values():
        _measure(found[lines[0].supplier], lines, came, today)
    return dict(found)


def _measure(
    record: Record,
    lines: Sequence[OrderedLine],
    came: dict[tuple[str, int], list[Receipt]],
    today: date,
) -> None:
    """Add one order: a part weighs by its share of the order's units."""
    total = float(sum(line.wanted for line in lines))
    for line in lines:
        assert line.placed is not None
        arrived = came.get((line.number, line.line), ())
        in_time = 0.0
        for receipt in arrived:
            units = float(receipt.quantity)
            days = float(max(0, (receipt.day - line.placed).days))
            if total > 0:
                record.deliveries.append(Delivery(days, min(1.0, units / total)))
            if line.agreed is not None:
                late = (receipt.day - line.agreed).days
                record.late.append((float(late), units))
                in_time += units if late <= 0 else 0.0
            else:
                in_time += units
        open_ = float(line.outstanding)
        is_due = line.agreed is not None and today > line.agreed
        if open_ > 0 and is_due:
            assert line.agreed is not None
            record.overdue += 1
            record.late.append((float((today - line.agreed).days), open_))
            if total > 0:
                age = float((today - line.placed).days)
                record.deliveries.append(Delivery(age, open_ / total, is_open=True))
        wanted = float(line.wanted)
        given_up = line.state not in OPEN_STATES and line.state != "cancelled"
        if wanted > 0 and line.state != "cancelled":
            record.due.append(DueLine(wanted, in_time, float(line.received), is_due or given_up))


@dataclass(frozen=True, slots=True)
class Lead:
    """A supplier's lead time as learned, beside what was stated."""

    stated: float
    learned: LeadTime
    record: Record

    @classmethod
    def unknown(cls, stated: float) -> Lead:
        """Return the lead time of a supplier that has no record."""
        return cls(stated, learn(stated, []), Record())


def stated_days(source: SupplierRow | None) -> float:
    """Return the lead time a merchant stated for a supplier, else the default."""
    if source is None or source.lead_time_days is None:
        return float(DEFAULT_LEAD_TIME_DAYS)
    return float(source.lead_time_days)


def leads(tx: Tx, today: date) -> dict[str, Lead]:
    """Return the lead time of every supplier by its code."""
    known = records(tx, today)
    found = {}
    for code, source in suppliers(tx).items():
        record = known.get(code) or Record()
        stated = stated_days(source)
        found[code] = Lead(stated, learn(stated, _bounded(record, stated)), record)
    return found


def _bounded(record: Record, stated: float) -> list[Delivery]:
    """Return deliveries with the age of open ones bounded: what is long overdue may never come.

    Beyond three times the stated days it says that a supplier is unreliable, not that it is slow.
    """
    most = max(3 * stated, stated + 14)
    return [replace(d, days=min(d.days, most)) if d.is_open else d for d in record.deliveries]


def expected(line: OrderedLine, lead: Lead | None, today: date) -> date:
    """Return when a line is expected: promised plus the supplier's usual lateness, not yesterday.

    Without a promise it is the order's day plus the learned lead time.
    """
    if line.promised is not None:
        late = 0.0 if lead is None else lead.record.usual_lateness(0.5)
        day = line.promised + timedelta(days=round(late))
    else:
        days = float(DEFAULT_LEAD_TIME_DAYS) if lead is None else lead.learned.days
        day = (line.placed or today) + timedelta(days=round(days))
    return max(day, today)
