"""Lead times: what each supplier's deliveries teach, and how punctual it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
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
from jitledger_projections.views.supply import SupplierRow, own_lead_times, suppliers


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


@dataclass(frozen=True, slots=True)
class Lead:
    """A supplier's lead time as learned, beside what was stated."""

    stated: float
    learned: LeadTime
    """From what came and from what is overdue: for reorder points."""
    came: LeadTime
    """From what came alone: when an order is to be expected does not move along with today."""
    record: Record
    own: Mapping[str, float] = field(default_factory=dict)
    """Stated days of products that have a lead time of their own, by SKU."""

    @classmethod
    def unknown(cls, stated: float) -> Lead:
        """Return the lead time of a supplier that has no record."""
        nothing = learn(stated, [])
        return cls(stated, nothing, nothing, Record())

    def days_of(self, sku: str) -> float:
        """Return how long a product takes: what is agreed for it, as late as the supplier is."""
        own = self.own.get(sku)
        if own is None or self.stated <= 0:
            return self.came.days
        return own * self.came.days / self.stated

    def due(self, line: OrderedLine, today: date) -> date:
        """Return the day for which a line is expected: as promised, else placed and the lead time.

        What is not placed yet would be placed today.
        """
        if line.promised is not None:
            return line.promised
        return (line.placed or today) + timedelta(days=round(self.days_of(line.sku)))


def stated_days(source: SupplierRow | None) -> float:
    """Return the lead time a merchant stated for a supplier, else the default."""
    if source is None or source.lead_time_days is None:
        return float(DEFAULT_LEAD_TIME_DAYS)
    return float(source.lead_time_days)


def leads(tx: Tx, today: date) -> dict[str, Lead]:
    """Return the lead time of every supplier by its code."""
    came: dict[tuple[str, int], list[Receipt]] = defaultdict(list)
    for receipt in receipts(tx):
        came[receipt.number, receipt.line].append(receipt)
    placed: dict[str, dict[str, list[OrderedLine]]] = defaultdict(lambda: defaultdict(list))
    for line in order_lines(tx):
        if line.placed is not None:
            placed[line.supplier][line.number].append(line)
    own: dict[str, dict[str, float]] = defaultdict(dict)
    for supplier, sku, days in own_lead_times(tx, today.isoformat()):
        own[supplier][sku] = days
    return {
        code: _lead(source, placed[code].values(), came, own[code], today)
        for code, source in suppliers(tx).items()
    }


def _lead(
    source: SupplierRow,
    orders: Collection[Sequence[OrderedLine]],
    came: Mapping[tuple[str, int], Sequence[Receipt]],
    own: Mapping[str, float],
    today: date,
) -> Lead:
    """Learn one supplier's lead time: first from what came, then from what is overdue besides."""
    stated, record = stated_days(source), Record()
    for lines in orders:
        for share, days in _parts(lines, came):
            record.deliveries.append(Delivery(days, min(1.0, share)))
    seen = learn(stated, record.deliveries)
    lead = Lead(stated, seen, seen, record, own)
    for lines in orders:
        _measure(lead, source.lead_time_days is not None, lines, came, today)
    if not record.overdue:
        return lead
    return replace(lead, learned=learn(stated, _bounded(record, stated)))


def _parts(
    lines: Sequence[OrderedLine], came: Mapping[tuple[str, int], Sequence[Receipt]]
) -> Iterator[tuple[float, float]]:
    """Yield (share of the order's units, days) of each part that came."""
    total = float(sum(line.wanted for line in lines))
    for line in lines:
        assert line.placed is not None
        for receipt in came.get((line.number, line.line), ()):
            if total > 0:
                days = float(max(0, (receipt.day - line.placed).days))
                yield float(receipt.quantity) / total, days


def _measure(
    lead: Lead,
    is_stated: bool,
    lines: Sequence[OrderedLine],
    came: Mapping[tuple[str, int], Sequence[Receipt]],
    today: date,
) -> None:
    """Add one order to a record: a part weighs by its share of the order's units.

    A supplier is measured by the day that was agreed, else by the lead time the merchant stated;
    what is due by all we know and has not come is late in any case.
    """
    record, total = lead.record, float(sum(line.wanted for line in lines))
    for line in lines:
        assert line.placed is not None
        agreed = line.agreed
        if agreed is None and is_stated:
            agreed = line.placed + timedelta(days=round(lead.own.get(line.sku, lead.stated)))
        in_time = 0.0
        for receipt in came.get((line.number, line.line), ()):
            units, late = float(receipt.quantity), 0
            if agreed is not None:
                late = (receipt.day - agreed).days
                record.late.append((float(late), units))
            in_time += units if late <= 0 else 0.0
        open_ = float(line.outstanding)
        due = agreed or lead.due(line, today)
        is_due = today > due
        if open_ > 0 and is_due:
            record.overdue += 1
            record.late.append((float((today - due).days), open_))
            if total > 0:
                age = float((today - line.placed).days)
                record.deliveries.append(Delivery(age, open_ / total, is_open=True))
        wanted = float(line.wanted)
        given_up = line.state not in OPEN_STATES and line.state != "cancelled"
        if wanted > 0 and line.state != "cancelled":
            was_due = (is_due and (agreed is not None or open_ > 0)) or given_up
            record.due.append(DueLine(wanted, in_time, float(line.received), was_due))


def _bounded(record: Record, stated: float) -> list[Delivery]:
    """Return deliveries with the age of open ones bounded: what is long overdue may never come.

    Beyond three times the stated days it says that a supplier is unreliable, not that it is slow.
    """
    most = max(3 * stated, stated + 14)
    return [replace(d, days=min(d.days, most)) if d.is_open else d for d in record.deliveries]
