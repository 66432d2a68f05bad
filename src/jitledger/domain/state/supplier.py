"""A supplier: particulars and the terms of each product. Stream ``supplier/<code>``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from jitledger.domain import events as e
from jitledger.domain.events import Event
from jitledger.domain.quantity import ZERO
from jitledger.domain.state.dated import in_force, starting

DEFAULT_LEAD_TIME_DAYS = Decimal(7)
DEFAULT_REVIEW_DAYS = Decimal(1)
_PARTICULARS = (
    "currency",
    "contact",
    "notes",
    "lead_time_days",
    "review_days",
    "minimum_order",
    "order_cost",
)
"""What a supplier and its registration call by the same names."""


@dataclass(slots=True)
class Supplier:
    """A supplier's state, folded from its stream; terms by SKU are effective-dated."""

    code: str
    version: int = 0
    title: str = ""
    lead_time_days: Decimal | None = None
    review_days: Decimal | None = None
    currency: str | None = None
    minimum_order: Decimal | None = None
    contact: str | None = None
    notes: str | None = None
    agreement_ends: str | None = None
    order_cost: Decimal | None = None
    weekdays: tuple[int, ...] = ()
    cutoff: str | None = None
    terms: dict[str, list[tuple[str, e.TermsAgreed]]] = field(default_factory=dict)

    def evolve(self, version: int, event: Event) -> None:
        """Apply one entry of the supplier's stream."""
        self.version = version
        match event:
            case e.SupplierRegistered():
                self.title = event.title or self.title or self.code
                for attribute in _PARTICULARS:
                    value = getattr(event, attribute)
                    if value is not None:
                        setattr(self, attribute, value)
                if event.agreement_ends is not None:
                    self.agreement_ends = event.agreement_ends.isoformat()
            case e.TermsAgreed():
                dated = self.terms.setdefault(event.sku, [])
                dated.append((starting(event.effective_from), event))
            case e.OrderDaysSet():
                self.weekdays = event.weekdays
                self.cutoff = event.cutoff
            case _:
                pass

    def terms_of(self, sku: str, today: str) -> e.TermsAgreed | None:
        """Return the terms in force for a SKU on a day."""
        return in_force(self.terms.get(sku, ()), today)


def unit_cost_at(
    cost: Decimal | None, breaks: Iterable[tuple[Decimal, Decimal]], quantity: Decimal
) -> Decimal | None:
    """Return the cost of one unit when so many are ordered: the last break reached, else the cost.

    Breaks 400 at 3.60 and 800 at 3.40 under a cost of 3.75: 500 cost 3.60 each.
    """
    best = ZERO
    for begins, price in breaks:
        if best <= begins <= quantity:
            best, cost = begins, price
    return cost
