"""What planning needs of each product, and its policies."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from msgspec.json import Decoder

from jitledger.domain.events import PolicySet
from jitledger.domain.state.dated import in_force
from jitledger.store.database import Tx
from jitledger_projections.views.products import planned_products


class Product(NamedTuple):
    """What a forecast needs of one product; ``orderable`` means stocked, single and in sale."""

    sku: str
    category: str | None
    supplier: str | None
    policies: str | None
    orderable: int
    mode: str = "stocked"
    analog_of: str | None = None


_POLICIES = Decoder(list[tuple[str, PolicySet]])


def policies_of(p: Product) -> list[tuple[str, PolicySet]]:
    """Return every policy of a product with the day from which it holds."""
    return _POLICIES.decode(p.policies) if p.policies else []


def policy_of(p: Product, location: str | None, today: str) -> PolicySet | None:
    """Return a product's policy in force at a location, or for the whole shop."""
    return in_force([dated for dated in policies_of(p) if dated[1].location == location], today)


def load_products(tx: Tx, today: date) -> list[Product]:
    """Return every product as of a day, in the order of its code."""
    rows = planned_products(tx, today)
    return [tuple.__new__(Product, row) for row in rows]  # Its own constructor takes twice that.
