"""How much to order of what is due: lot, minimum, pack, price breaks, cap of the shelf life."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_CEILING, Decimal
from math import sqrt
from typing import TYPE_CHECKING, Literal, NamedTuple

from jitledger.domain.quantity import ZERO
from jitledger.domain.replenishment.classic import shelf_life_quantity
from jitledger.domain.replenishment.ordering.order_quantity import (
    Suggestion,
    lot_by_hand,
    suggest,
)
from jitledger.domain.replenishment.reorder_point import SHOWN_RISK
from jitledger.domain.state.dated import in_force
from jitledger.domain.state.shop import Shop
from jitledger_projections.planning.arrivals import Arrival
from jitledger_projections.planning.products import Product, policy_of
from jitledger_projections.views.on_hand import Position
from jitledger_projections.views.products import Label
from jitledger_projections.views.supply import NO_TERMS, Agreed, SupplierRow

if TYPE_CHECKING:
    from jitledger_projections.planning.plan import Plan

MADE_TO_ORDER = "made-to-order"
OWED = "owed"
"""Nobody is expected to ask for it, but customers wait for it: so much is ordered."""

USUAL_HOLDING_RATE = 0.25


class Gap(NamedTuple):
    """Why an item is short although its position, with all that is ordered, is not."""

    kind: Literal["late", "far"]
    """Orders are late; or they come only after a new one would be there."""
    coming: tuple[Arrival, ...]
    """The lines that do not help in time."""

    @property
    def units(self) -> Decimal:
        """Return what these lines hold."""
        return sum((one.units for one in self.coming), ZERO)


class Due(NamedTuple):
    """An item at or below its reorder point; ``place`` is its index in the plan."""

    place: int
    location: str | None
    shelf: Position
    position: Decimal
    point: Decimal
    quantity: Decimal
    """A quantity set by hand; 0 where it is computed."""
    multiples: bool
    """Whether several of that quantity may be ordered, and nothing between."""
    method: str
    gap: Gap | None = None
    usual: float = 0.0
    """What an order usually holds by the plan, in units; 0 where no plan says so."""
    level: Decimal | None = None
    """The most that the position may be, where that was set by hand."""
    spoiling: Decimal = ZERO
    """What ``position`` leaves out because it will expire before it sells."""
    by_share: bool = False
    """Whether the point is a place's share of the whole shop's."""
    share_only: bool = False
    """Whether stock is moved and nothing ordered for the place: the whole shop's line orders."""
    for_places: Decimal = ZERO
    """What ``position`` counts that is suggested for places of their own, and not ordered yet."""

    @property
    def lot(self) -> Decimal:
        """Return what is ordered in whole multiples only; 0 without such a lot."""
        return self.quantity if self.multiples else ZERO

    @property
    def by_hand(self) -> bool:
        """Return whether its reorder point was set by hand: a cap that conflicts with it asks."""
        return self.method in ("manual", "min-max")

    @property
    def whole_position(self) -> Decimal:
        """Return the position with all that is on order, also what does not help, and no more."""
        far = self.gap is not None and self.gap.kind == "far"
        held = self.gap.units if self.gap is not None and far else ZERO
        return self.position + held + self.spoiling - self.for_places

    @property
    def on_hand(self) -> Decimal:
        """Return what lies at its location, or in the whole shop."""
        if self.location is None:
            return self.shelf.on_hand
        return self.shelf.there.get(self.location, ZERO)

    @property
    def sellable(self) -> Decimal:
        """Return what is there for the next customer, at its location or in the whole shop."""
        if self.location is None:
            return self.shelf.sellable
        return self.shelf.free.get(self.location, ZERO)


def whole_shop(planned: Plan, place: int, shelf: Position, point: Decimal, today: date) -> Due:
    """Return an item of the whole shop with a computed point, and what is set by hand for it."""
    p, method = planned.products[place], planned.method[place]
    policy = policy_of(p, None, today.isoformat()) if p.policies else None
    lot, multiples, level = ZERO, False, None
    if policy is not None:
        if policy.reorder_point is not None:
            point, method = policy.reorder_point, policy.method or method
        (lot, multiples), level = lot_by_hand(policy, point), policy.order_up_to
    position = shelf.inventory_position
    due = Due(place, None, shelf, position, point, lot, multiples, method, level=level)
    return due._replace(usual=float(planned.lots[place]))


def suggestion(
    d: Due,
    source: Product,
    p: Label,
    supplier: SupplierRow | None,
    agreed: Agreed,
    rate: float,
    lead: float,
    shop: Shop,
    today: date,
) -> Suggestion:
    """Return the quantity: need, minimum, pack, cheapest price break, cap of the shelf life."""
    if d.method in (MADE_TO_ORDER, OWED):
        batch = ZERO
    elif d.quantity > 0:
        batch = d.quantity
    else:
        batch = _batch(source, d, supplier, agreed, rate, shop, today)
    if d.gap is not None and not d.quantity:
        batch = _until_it_comes(batch, d.gap, rate, lead, today)
    if agreed is NO_TERMS and p.shelf_life_days is None and not d.multiples:  # The many.
        return suggest(d.position, d.point, batch, precision=p.precision, level=d.level)
    most = _most(p, d, agreed, rate, lead, shop)
    found = suggest(
        d.position,
        d.point,
        batch,
        precision=p.precision,
        moq=agreed.moq,
        pack=agreed.pack,
        most=most,
        level=d.level,
        multiples=d.multiples and d.quantity > 0,
        spoils=not d.by_hand,
    )
    if not agreed.price_breaks or found.quantity <= 0:
        return found
    if d.level is not None:
        most = d.level - d.position if most is None else min(most, d.level - d.position)
    if d.quantity:
        return _not_dearer(found, agreed, most)
    if rate > 0:
        return _at_the_best_break(found, agreed, supplier, rate, most, shop, today)
    return found


def _breaks(found: Suggestion, agreed: Agreed, most: Decimal | None) -> list[Decimal]:
    """Return larger quantities at which a better price begins, in packs, as far as they may be."""
    choices = []
    for begins, _ in agreed.price_breaks:
        quantity = begins
        if agreed.pack:
            quantity = (begins / agreed.pack).to_integral_value(ROUND_CEILING) * agreed.pack
        if quantity > found.quantity and (most is None or quantity <= most):
            choices.append(quantity)
    return choices


def _not_dearer(found: Suggestion, agreed: Agreed, most: Decimal | None) -> Suggestion:
    """Return a lot by hand, or a price break's quantity that costs less in all.

    50 at 2.00 are 100, 60 at 1.00 are 60: 60.
    """

    def total(quantity: Decimal) -> Decimal:
        return quantity * (agreed.cost_at(quantity) or ZERO)

    choices = [found.quantity, *_breaks(found, agreed, most)]
    return Suggestion(min(choices, key=lambda q: (total(q), q)))


def _until_it_comes(batch: Decimal, gap: Gap, rate: float, lead: float, today: date) -> Decimal:
    """Return a smaller Q: what sells between the horizon of an order and what comes later."""
    days = (min(one.likely for one in gap.coming) - today).days - lead
    return max(Decimal(1), min(batch, Decimal(str(round(rate * max(0.0, days), 3)))))


def _at_the_best_break(
    found: Suggestion,
    agreed: Agreed,
    supplier: SupplierRow | None,
    rate: float,
    most: Decimal | None,
    shop: Shop,
    today: date,
) -> Suggestion:
    """Return the quantity cheapest in a year: goods, orders and holding (FoSCT 3.4.1)."""
    choices = [found.quantity, *_breaks(found, agreed, most)]
    yearly, order_cost = rate * 365, float(supplier.order_cost or 0) if supplier else 0.0
    holding = holding_rate(shop, today)

    def cost(quantity: Decimal) -> float:
        price = float(agreed.cost_at(quantity) or 0)
        each = float(quantity)
        return price * yearly + order_cost * yearly / each + holding * price * each / 2

    return Suggestion(min(choices, key=lambda q: (cost(q), q)))


def holding_rate(shop: Shop, today: date) -> float:
    """Return what holding stock costs in a year, as a share of its value; 25 % if not stated."""
    stated = in_force(shop.holding_rates, today.isoformat())
    return USUAL_HOLDING_RATE if stated is None else float(stated)


def _batch(
    p: Product,
    d: Due,
    supplier: SupplierRow | None,
    agreed: Agreed,
    rate: float,
    shop: Shop,
    today: date,
) -> Decimal:
    """Return Q: what an order usually holds, the lot of an order cost, at least one unit."""
    wanted = d.usual or float(shop.cover_days) * rate
    if p.policies:
        policy = policy_of(p, d.location, today.isoformat())
        if policy is not None and policy.cover_days is not None:
            wanted = float(policy.cover_days) * rate
    cost = agreed.unit_cost
    if supplier is not None and supplier.order_cost and cost and rate > 0:
        holding = holding_rate(shop, today) * float(cost)
        if holding > 0:
            order_cost = float(supplier.order_cost)
            wanted = max(wanted, sqrt(2 * order_cost * rate * 365 / holding))
    wanted = round(wanted, 3)
    return Decimal(str(wanted)) if wanted > 1 else Decimal(1)


def margin_of(p: Label, cost: Decimal | None, shop: Shop) -> float:
    """Return what a unit earns: the net price less its cost; 0 when one is not known."""
    if p.price is None or cost is None:
        return 0.0
    return max(0.0, float(net_price(p, shop)) - float(cost))


def net_price(p: Label, shop: Shop) -> Decimal:
    """Return the price without tax."""
    assert p.price is not None
    tax = tax_within(p, shop)
    return p.price / (1 + tax) if tax else p.price


def tax_within(p: Label, shop: Shop) -> Decimal:
    """Return the tax that a price includes, as a share of the net price.

    A price that was set with or without tax is so; else it is as the shop's prices are.
    """
    tax = p.tax_rate if p.tax_rate is not None else shop.tax_rate
    taxed = shop.prices == "gross" if p.taxed is None else p.taxed
    return tax if taxed and tax else ZERO


def _most(p: Label, d: Due, agreed: Agreed, rate: float, lead: float, shop: Shop) -> Decimal | None:
    """Return how much still sells before it spoils; what is there when the goods come sells first.

    None of what does not spoil, or of which no demand is known.
    """
    if p.shelf_life_days is None or rate <= 0:
        return None
    sells = sells_in_its_life(p, d.shelf.last_cost, agreed, rate, shop)
    before = max(0.0, float(d.position) - rate * lead)
    return Decimal(max(0, int(sells - before)))


def sells_in_its_life(
    p: Label, last_cost: Decimal | None, agreed: Agreed, rate: float, shop: Shop
) -> float:
    """Return what sells before it spoils: the newsvendor over the shelf life.

    Without price or cost it is the mean.
    """
    assert p.shelf_life_days is not None
    mean = rate * p.shelf_life_days
    cost = last_cost  # In the shop's currency, as the price.
    if cost is None and agreed.currency is None:
        cost = agreed.unit_cost
    sells = mean
    margin = margin_of(p, cost, shop)
    if cost is not None and margin > 0:
        sells = shelf_life_quantity(mean, sqrt(mean + SHOWN_RISK * mean**2), margin, float(cost))
    return sells
