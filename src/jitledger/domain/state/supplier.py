"""A supplier: particulars and the terms of each product. Stream ``supplier/<code>``."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from jitledger.domain.quantity import ZERO
from jitledger.domain.state.dated import in_force

DEFAULT_LEAD_TIME_DAYS = Decimal(7)
DEFAULT_REVIEW_DAYS = Decimal(1)


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
    terms: dict[str, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict)

    def evolve(self, version: int, name: str, data: dict[str, Any]) -> None:
        """Apply one entry of the supplier's stream."""
        self.version = version
        match name:
            case "supplier-registered":
                self.title = data.get("title") or self.title or self.code
                for attribute in ("currency", "contact", "notes", "agreement_ends"):
                    if data.get(attribute) is not None:
                        setattr(self, attribute, data[attribute])
                for attribute in ("lead_time_days", "review_days", "minimum_order", "order_cost"):
                    if data.get(attribute) is not None:
                        setattr(self, attribute, Decimal(data[attribute]))
            case "terms-agreed":
                dated = self.terms.setdefault(data["sku"], [])
                dated.append((data.get("effective_from") or "", data))
            case "order-days-set":
                self.weekdays = tuple(data["weekdays"])
                self.cutoff = data.get("cutoff")
            case _:
                pass

    def terms_of(self, sku: str, today: str) -> dict[str, Any] | None:
        """Return the terms in force for a SKU on a day."""
        return in_force(self.terms.get(sku, ()), today)


def unit_cost_at(terms: dict[str, Any], quantity: Decimal) -> Decimal | None:
    """Return the cost of one unit when so many are ordered: the last break reached, else the cost.

    Breaks 400 at 3.60 and 800 at 3.40 under a cost of 3.75: 500 cost 3.60 each.
    """
    cost = None if terms.get("unit_cost") is None else Decimal(terms["unit_cost"])
    best = ZERO
    for begins, price in terms.get("price_breaks") or ():
        if best <= Decimal(begins) <= quantity:
            best, cost = Decimal(begins), Decimal(price)
    return cost
