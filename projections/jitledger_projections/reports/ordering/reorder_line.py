"""One line of the reorder report: its numbers, why it is due, and its shape as JSON."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from jitledger.domain.json import Json
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.replenishment.ordering.order_quantity import Suggestion
from jitledger.domain.replenishment.ordering.places import Move
from jitledger_projections.planning.methods import DEFAULT, VELOCITY
from jitledger_projections.planning.order_size import MADE_TO_ORDER, OWED, Gap


class ReorderLine(NamedTuple):
    """One item that needs reordering."""

    sku: str
    name: str
    unit: str
    supplier: str | None
    location: str | None
    on_hand: Decimal
    inventory_position: Decimal
    reorder_point: Decimal
    suggestion: Suggestion
    unit_cost: Decimal | None
    demand_per_day: float
    lead_time_days: float
    lead_time_demand: float
    review_days: float
    service_level: float
    likely: date | None
    earliest: date | None
    order_by: date | None
    method: str
    confidence: str
    terms: dict[str, str]
    on_order: Decimal = ZERO
    next_delivery: date | None = None
    leaves: date | None = None
    """The next day on which an order to its supplier can leave; None is today."""
    currency: str | None = None
    """Of the unit cost; None is the shop's own."""
    own_cost: Decimal | None = None
    """The unit cost in the shop's currency; None when it is not known, or its rate is not."""
    margin: float = 0.0
    """What a unit earns: net price less cost, in the shop's currency; 0 when not known."""
    phi: float = 1.0
    variance: float = 0.0
    prices: tuple[tuple[Decimal, Decimal], ...] = ()
    """(from how many, cost of one in the shop's currency), where a price break makes it cheaper."""
    spoils: bool = False
    gap: Gap | None = None
    """What is on order and does not help in time."""
    moves: tuple[Move, ...] = ()
    """What to move here from other places before anything is ordered."""
    substitute: str | None = None
    """Another supplier that has terms for it."""
    drafted: tuple[tuple[str, Decimal], ...] = ()
    """(order, quantity) of drafts that hold it already."""
    sellable: Decimal = ZERO
    """What is there for the next customer: not damaged, reserved, expired or owed."""
    lot: Decimal = ZERO
    """What is ordered in whole multiples only, by hand; 0 without such a lot."""
    level: Decimal | None = None
    """The most that the position may be, by hand."""
    spoiling: Decimal = ZERO
    """What of the position will expire before it sells: it is none of it by then."""
    for_places: Decimal = ZERO
    """What is suggested beside, for places of its own: the whole shop's line counts it."""

    @property
    def due(self) -> bool:
        """Return whether something is to be done: ordered, moved or chased.

        What is late is to be chased where the shelf may be empty before it is to be expected.
        """
        if self.gap is None:
            return self.inventory_position - self.spoiling <= self.reorder_point
        if self.gap.kind == "far":
            return True
        first = min(one.likely for one in self.gap.coming)
        return self.earliest is not None and self.earliest < first

    @property
    def moved(self) -> Decimal:
        """Return what other places can spare for it."""
        return sum((move.quantity for move in self.moves), ZERO)

    @property
    def is_out(self) -> bool:
        """Return whether nothing is left for the next customer."""
        return self.sellable <= 0

    @property
    def expedite(self) -> bool:
        """Return whether it runs out before anything ordered now, or on its way, could come.

        Then a second order does not help: expedite, transfer or substitute.
        """
        if self.likely is None or self.next_delivery is None:
            return False
        return self.likely < self.next_delivery

    @property
    def safety_stock(self) -> float:
        """Return what the reorder point holds beyond the expected demand."""
        return float(self.reorder_point) - self.lead_time_demand

    @property
    def why(self) -> str:
        """Say in one line how the reorder point came about, term by term."""
        position, point = show(self.inventory_position), show(self.reorder_point)
        low = self.inventory_position <= self.reorder_point
        text = f"position {position} is {'at or below' if low else 'above'} {point}"
        if self.method == MADE_TO_ORDER:
            return f"{show(-self.inventory_position)} sold and not ordered yet (made to order)"
        if self.method == OWED:
            missing = show(-self.inventory_position)
            return f"{missing} are owed or sold beyond what was there, and not ordered yet"
        if self.method in ("manual", "min-max"):
            text += ", set by hand"
            if self.demand_per_day > 0:
                text += f"; sells {self.demand_per_day:.2f} a day"
        else:
            lead, review = self.lead_time_days, self.review_days
            text += (
                f" = {self.lead_time_demand:.1f} expected in {lead + review:.3g} days "
                f"({self.demand_per_day:.2f} a day, {lead:.3g} to deliver, {review:g} to review) "
            )
            if self.spoils and self.safety_stock < 0:
                text += f"less {-self.safety_stock:.1f} that would spoil"
            elif self.method == VELOCITY:
                text += f"+ {self.safety_stock:.1f} to cover"
            else:
                text += f"+ {self.safety_stock:.1f} safety for {self.service_level:.1%}"
            if self.method != DEFAULT:
                text += f", by {self.method}"
        if self.leaves is not None:
            text += f"; the next order leaves {self.leaves:%A} {self.leaves.isoformat()}: wait"
        if self.expedite and self.next_delivery is not None:
            text += (
                f"; {'it is out' if self.is_out else 'it may run out'} before "
                f"{self.next_delivery.isoformat()}, when the next delivery comes: expedite, "
                "transfer or substitute"
            )
        more = [
            *self._of_the_gap(),
            *(f"move {show(m.quantity)} from {m.source}" for m in self.moves),
        ]
        if self.spoiling:
            more.append(f"{show(self.spoiling)} will expire before they sell")
        if self.for_places:
            more.append(f"{show(self.for_places)} more are suggested for places of their own")
        more += [f"{show(q)} drafted in {po}, not placed yet" for po, q in self.drafted]
        more += [str(self.suggestion.question)] if self.suggestion.question else []
        return "; ".join([text, *more])

    def _of_the_gap(self) -> list[str]:
        """Say which orders do not help in time, and what does."""
        if self.gap is None or not self.due:
            return []
        said = []
        for one in self.gap.coming:
            line, units = one.line, show(one.units)
            if one.late_days:
                said.append(
                    f"{units} on {line.number} from {line.supplier} were expected "
                    f"{one.due.isoformat()} and are {one.late_days} days late: chase it"
                )
            else:
                said.append(
                    f"{units} on {line.number} come only {one.likely.isoformat()}, too late to help"
                )
        if self.gap.kind == "late":
            other = f", or order at {self.substitute}" if self.substitute else ""
            said.append(f"move stock or substitute{other}")
        return said


BY_HAND = ("manual", "min-max", MADE_TO_ORDER, OWED)


def as_shape(line: ReorderLine) -> Json:
    """Return a line in the shape of ``reorder --json``."""
    quantity, cost = line.suggestion.quantity, line.unit_cost
    return {
        "sku": line.sku,
        "name": line.name,
        "supplier": line.supplier,
        "location": line.location,
        "on_hand": show(line.on_hand),
        "inventory_position": show(line.inventory_position),
        "reorder_point": show(line.reorder_point),
        "suggested_qty": show(quantity),
        "unit_cost": None if cost is None else show(cost),
        "line_cost": None if cost is None else show(cost * quantity),
        "currency": line.currency,
        "demand_per_day": round(line.demand_per_day, 4),
        "lead_time_days": line.lead_time_days,
        "safety_stock": round(line.safety_stock, 2),
        "service_level": line.service_level,
        "runs_out": {
            "likely": None if line.likely is None else line.likely.isoformat(),
            "earliest": None if line.earliest is None else line.earliest.isoformat(),
        },
        "order_by": None if line.order_by is None else line.order_by.isoformat(),
        "leaves": None if line.leaves is None else line.leaves.isoformat(),
        "on_order": show(line.on_order),
        "spoiling": show(line.spoiling),
        "expedite": line.expedite,
        "late": [
            {
                "po": one.line.number,
                "supplier": one.line.supplier,
                "quantity": show(one.units),
                "expected": one.due.isoformat(),
                "late_days": one.late_days,
                "likely": one.likely.isoformat(),
            }
            for one in (() if line.gap is None else line.gap.coming)
        ],
        "transfers": [{"from": m.source, "qty": show(m.quantity)} for m in line.moves],
        "substitute": line.substitute,
        "drafted": [po for po, _ in line.drafted],
        "method": line.method,
        "confidence": line.confidence,
        "why": line.why,
    }
