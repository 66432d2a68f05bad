"""What needs reordering: how much, when, from whom, and why, most urgent first.

An item is looked at over all its locations; a policy with a location is looked at there.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from math import ceil, inf, sqrt
from typing import Any, NamedTuple

import numpy as np
import orjson

from jitledger.domain.moments import local_date, to_datetime
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.replenishment.classic import shelf_life_quantity
from jitledger.domain.replenishment.order_quantity import Suggestion, suggest
from jitledger.domain.replenishment.reorder_point import (
    SHOWN_RISK,
    Rates,
    run_out_day_with,
    run_out_days,
)
from jitledger.domain.shop import Shop
from jitledger.domain.stock_item import in_force
from jitledger.domain.supplier import unit_cost_at
from jitledger.service.projection import without_collector
from jitledger.store.database import Database
from jitledger_projections import forecast as planning
from jitledger_projections.forecast import Floats, policy_of
from jitledger_projections.lead_times import Lead, expected
from jitledger_projections.methods import DEFAULT, VELOCITY
from jitledger_projections.on_hand import Position, positions, rough_positions
from jitledger_projections.on_order import OrderedLine, open_order_lines
from jitledger_projections.plan import Plan, plan
from jitledger_projections.products import Label, labels
from jitledger_projections.supply import SupplierRow


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
    currency: str | None = None
    margin: float = 0.0
    """What a unit earns: net price less cost, in the shop's currency; 0 when not known."""
    phi: float = 1.0
    variance: float = 0.0
    whole_lot: bool = False
    """Whether a price break makes a smaller quantity dearer for each unit."""
    spoils: bool = False

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
        text = f"position {position} is at or below {point}"
        if self.method == MADE_TO_ORDER:
            return f"{show(-self.inventory_position)} sold and not ordered yet (made to order)"
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
            if self.method == VELOCITY:
                text += f"+ {self.safety_stock:.1f} to cover"
            else:
                text += f"+ {self.safety_stock:.1f} safety for {self.service_level:.1%}"
            if self.method != DEFAULT:
                text += f", by {self.method}"
        if self.expedite and self.next_delivery is not None:
            text += (
                f"; it may run out before {self.next_delivery.isoformat()}, when the next delivery "
                "comes: expedite, transfer or substitute"
            )
        question = self.suggestion.question
        return f"{text}; {question}" if question else text


_SHOWN = ("moq", "pack")
MADE_TO_ORDER = "made-to-order"
USUAL_HOLDING_RATE = 0.25


def reorder(
    database: Database, shop: Shop, now: int, planned: Plan | None = None
) -> list[ReorderLine]:
    """Return what needs reordering at a moment, most urgent first; ``planned`` is today's plan."""
    with without_collector():
        today = local_date(now, shop.tz)
        return _reorder(database, shop, now, planned or plan(database, shop, today))


def _reorder(database: Database, shop: Shop, now: int, planned: Plan) -> list[ReorderLine]:
    today = local_date(now, shop.tz)
    due = _due(database, planned, now, today)
    skus = [planned.products[d.place].sku for d in due]
    with database.snapshot() as tx:
        details = labels(tx, skus)
        coming = arrivals(open_order_lines(tx), planned.leads, today, set(skus))
    clock = to_datetime(now).astimezone(shop.tz).replace(second=0, microsecond=0)
    lines = _lines(planned, due, details, coming, shop, clock)
    far = date.max
    return sorted(
        lines, key=lambda x: (x.order_by or far, x.earliest or far, x.likely or far, x.sku)
    )


class _Due(NamedTuple):
    place: int
    location: str | None
    shelf: Position
    position: Decimal
    point: Decimal
    quantity: Decimal
    multiples: bool
    method: str


def _due(database: Database, planned: Plan, now: int, today: date) -> list[_Due]:
    """Return items at or below their reorder point: manual points where set, computed ones else."""
    with database.snapshot() as tx:
        places = _candidates(planned, rough_positions(tx))
        skus = [planned.products[place].sku for place in places]
        shelves = positions(tx, now, today.isoformat(), skus)
    found: list[_Due] = []
    computed = planned.reorder_point.astype(int).tolist()
    asked = ((planned.mean > 0) & ~planned.rates.dormant).tolist()
    for place, sku in zip(places, skus, strict=True):
        shelf, p = shelves[sku], planned.products[place]
        if p.mode == MADE_TO_ORDER:
            if shelf.inventory_position < 0:
                needed = (place, None, shelf, shelf.inventory_position, ZERO, ZERO, False)
                found.append(_Due(*needed, MADE_TO_ORDER))
            continue
        if not shelf.known:
            continue
        own = _manual(p, place, shelf, today)
        found += [due for due in own if due.position <= due.point]
        position = shelf.inventory_position
        if not own and asked[place] and position <= computed[place]:
            point, method = Decimal(computed[place]), planned.method[place]
            found.append(_Due(place, None, shelf, position, point, ZERO, False, method))
    return found


def _candidates(planned: Plan, rough: dict[str, tuple[float, int]]) -> list[int]:
    """Return the places of products that may be due, so that few are looked at closely."""
    none = (inf, 0)
    shelves = [rough.get(p.sku, none) for p in planned.products]
    position = np.array([shelf[0] for shelf in shelves])
    near = (planned.mean > 0) & (position <= planned.reorder_point + 0.5)
    return [
        place
        for place, (p, shelf, close) in enumerate(
            zip(planned.products, shelves, near.tolist(), strict=True)
        )
        if (shelf[1] and p.orderable and (close or p.policies))
        or (p.mode == MADE_TO_ORDER and shelf[0] < 0)
    ]


def _manual(p: planning.Product, place: int, shelf: Position, today: date) -> list[_Due]:
    if not p.policies:
        return []
    found = []
    locations = {data.get("location") for _, data in orjson.loads(p.policies)}
    for location in sorted(locations, key=lambda x: x or ""):
        policy = policy_of(p, location, today.isoformat())
        if policy is None or policy.get("reorder_point") is None:
            continue
        position = shelf.inventory_position
        if location is not None:
            position = shelf.by_location.get(location, ZERO)
        point = Decimal(policy["reorder_point"])
        quantity, multiples = Decimal(policy.get("order_quantity") or 0), True
        if policy.get("order_up_to") is not None:
            quantity, multiples = Decimal(policy["order_up_to"]) - point, False
        method = policy.get("method", DEFAULT)
        found.append(_Due(place, location, shelf, position, point, quantity, multiples, method))
    return found


def _lines(
    planned: Plan,
    due: list[_Due],
    details: dict[str, Label],
    coming: dict[str, list[tuple[date, Decimal]]],
    shop: Shop,
    clock: datetime,
) -> list[ReorderLine]:
    today = clock.date()
    if not due:
        return []
    index = np.array([d.place for d in due], np.intp)
    per_day, phi = planned.demand_per_day[index], planned.rates.phi[index]
    stock = np.array([float(d.shelf.on_hand) for d in due])
    likely = run_out_days(stock, per_day, phi, 0.5)
    earliest = run_out_days(stock, per_day, phi, 0.1)
    for i, d in enumerate(due):
        ahead = coming.get(planned.products[d.place].sku)
        if ahead:
            offsets = [((day - today).days + 1, float(units)) for day, units in ahead]
            each = (float(stock[i]), float(per_day[i]), float(phi[i]), offsets)
            likely[i], earliest[i] = run_out_day_with(*each, 0.5), run_out_day_with(*each, 0.1)
    columns = zip(
        due,
        per_day.tolist(),
        planned.mean[index].tolist(),
        planned.variance[index].tolist(),
        phi.tolist(),
        planned.lead_days[index].tolist(),
        planned.review_days[index].tolist(),
        planned.level[index].tolist(),
        days_of(likely, today),
        days_of(earliest, today),
        strict=True,
    )
    lines = []
    for d, rate, mean, variance, spread, lead, review, level, probable, first in columns:
        source = planned.products[d.place]
        p = details[source.sku]
        supplier = planned.suppliers.get(source.supplier or "")
        agreed = planned.terms.of(source.supplier, p.sku)
        suggestion = _suggestion(d, source, p, supplier, agreed, rate, lead, shop, today)
        cost = unit_cost_at(agreed, suggestion.quantity) if agreed else None
        ahead = coming.get(p.sku, [])
        weekdays = () if supplier is None else supplier.weekdays
        leaves = next_order_day(weekdays, None if supplier is None else supplier.cutoff, clock)
        arrives = _arrives(lead, leaves)
        unit_cost = cost if cost is not None else d.shelf.last_cost
        currency = None
        if supplier is not None:
            currency = agreed.get("currency") or supplier.currency
        lines.append(
            ReorderLine(
                sku=p.sku,
                name=p.title,
                unit=p.unit,
                supplier=source.supplier,
                location=d.location,
                on_hand=d.shelf.on_hand,
                inventory_position=d.position,
                reorder_point=d.point,
                suggestion=suggestion,
                unit_cost=unit_cost,
                demand_per_day=rate,
                lead_time_days=round(lead, 2),
                review_days=review,
                lead_time_demand=mean,
                service_level=level,
                likely=probable,
                earliest=first,
                order_by=None if first is None else _order_by(first, lead, weekdays, leaves),
                method=d.method,
                confidence=_confidence(planned.rates, d),
                terms={k: str(v) for k, v in agreed.items() if k in _SHOWN} if agreed else {},
                on_order=d.shelf.on_order,
                next_delivery=min([arrives, *(day for day, _ in ahead)]) if ahead else arrives,
                currency=currency,
                margin=margin_of(p, unit_cost, shop)
                if p.price is not None and currency in (None, shop.currency)
                else 0.0,
                phi=spread,
                variance=variance,
                whole_lot=bool(agreed.get("price_breaks")),
                spoils=p.shelf_life_days is not None,
            )
        )
    return lines


def _suggestion(
    d: _Due,
    source: planning.Product,
    p: Label,
    supplier: SupplierRow | None,
    agreed: dict[str, Any],
    rate: float,
    lead: float,
    shop: Shop,
    today: date,
) -> Suggestion:
    """Return the quantity: need, minimum, pack, cheapest price break, cap of the shelf life."""
    if d.method == MADE_TO_ORDER:
        batch = ZERO
    elif d.quantity > 0:
        batch = d.quantity
    else:
        batch = _batch(source, d, supplier, agreed, rate, shop, today)
    most = _most(p, d, agreed, rate, lead, shop)
    found = suggest(
        d.position,
        d.point,
        batch,
        precision=p.precision,
        moq=_number(agreed, "moq"),
        pack=_number(agreed, "pack"),
        most=most,
        multiples=d.multiples and d.quantity > 0,
    )
    breaks = agreed.get("price_breaks")
    if breaks and found.quantity > 0 and rate > 0:
        return _at_the_best_break(found, agreed, supplier, rate, most, shop, today)
    return found


def _at_the_best_break(
    found: Suggestion,
    agreed: dict[str, Any],
    supplier: SupplierRow | None,
    rate: float,
    most: Decimal | None,
    shop: Shop,
    today: date,
) -> Suggestion:
    """Return the quantity cheapest in a year: goods, orders and holding (FoSCT 3.4.1)."""
    pack = _number(agreed, "pack")
    choices = [found.quantity]
    for begins, _ in agreed["price_breaks"]:
        quantity = Decimal(begins)
        if pack:
            quantity = (quantity / pack).to_integral_value(ROUND_CEILING) * pack
        if quantity > found.quantity and (most is None or quantity <= most):
            choices.append(quantity)
    yearly, order_cost = rate * 365, float(supplier.order_cost or 0) if supplier else 0.0
    holding = holding_rate(shop, today)

    def cost(quantity: Decimal) -> float:
        price = float(unit_cost_at(agreed, quantity) or 0)
        each = float(quantity)
        return price * yearly + order_cost * yearly / each + holding * price * each / 2

    return Suggestion(min(choices, key=lambda q: (cost(q), q)))


def holding_rate(shop: Shop, today: date) -> float:
    """Return what holding stock costs in a year, as a share of its value; 25 % if not stated."""
    stated = in_force(shop.holding_rates, today.isoformat())
    return USUAL_HOLDING_RATE if stated is None else float(stated)


@lru_cache(maxsize=1024)
def next_order_day(weekdays: tuple[int, ...], cutoff: str | None, clock: datetime) -> date:
    """Return the next day on which an order can leave: an order day, before its cut-off time.

    >>> next_order_day((2,), "12:00", datetime(2026, 3, 4, 13)).isoformat()  # A Wednesday at one.
    '2026-03-11'
    """
    day = clock.date()
    if cutoff is not None and clock.strftime("%H:%M") > cutoff:
        day += timedelta(days=1)
    while weekdays and day.weekday() not in weekdays:
        day += timedelta(days=1)
    return day


@lru_cache(maxsize=1024)
def _arrives(lead: float, today: date) -> date:
    """Return when what is ordered today comes."""
    return today + timedelta(days=ceil(lead))


@lru_cache(maxsize=4096)
def _order_by(earliest: date, lead: float, weekdays: tuple[int, ...], today: date) -> date:
    """Return the last day on which ordering still arrives before a run-out, at least today.

    Where orders leave on certain weekdays only, it is one of them.
    """
    day = max(today, earliest - timedelta(days=ceil(lead)))
    if not weekdays:
        return day
    for back in range(7):
        earlier = day - timedelta(days=back)
        if earlier >= today and earlier.weekday() in weekdays:
            return earlier
    return next(
        later
        for ahead in range(8)
        if (later := today + timedelta(days=ahead)).weekday() in weekdays
    )


def _batch(
    p: planning.Product,
    d: _Due,
    supplier: SupplierRow | None,
    agreed: dict[str, Any],
    rate: float,
    shop: Shop,
    today: date,
) -> Decimal:
    """Return Q: the demand of the days to cover, the lot of an order cost, at least one unit."""
    usual = float(shop.cover_days)
    if p.policies:
        policy = policy_of(p, d.location, today.isoformat()) or {}
        usual = float(policy.get("cover_days") or usual)
    wanted = usual * rate
    cost = agreed.get("unit_cost")
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
    tax = p.tax_rate if p.tax_rate is not None else shop.tax_rate
    return p.price / (1 + tax) if shop.prices == "gross" and tax else p.price


def _number(data: dict[str, Any], name: str) -> Decimal | None:
    return None if data.get(name) is None else Decimal(data[name])


def _most(
    p: Label, d: _Due, agreed: dict[str, Any], rate: float, lead: float, shop: Shop
) -> Decimal | None:
    """Return how much still sells before it spoils: the newsvendor over the shelf life.

    What is there when the goods come sells first. Without price or cost it is the mean.
    """
    if p.shelf_life_days is None or rate <= 0:
        return None
    mean = rate * p.shelf_life_days
    cost = _number(agreed, "unit_cost") or d.shelf.last_cost
    sells = mean
    margin = margin_of(p, cost, shop)
    if cost is not None and margin > 0:
        sells = shelf_life_quantity(mean, sqrt(mean + SHOWN_RISK * mean**2), margin, float(cost))
    before = max(0.0, float(d.position) - rate * lead)
    return Decimal(max(0, int(sells - before)))


def arrivals(
    lines: list[OrderedLine], known: dict[str, Lead], today: date, skus: set[str]
) -> dict[str, list[tuple[date, Decimal]]]:
    """Return {SKU: (day, units) of each open line}: promised days plus the usual lateness."""
    found: dict[str, list[tuple[date, Decimal]]] = {}
    for line in lines:
        if line.sku in skus and line.outstanding > 0:
            day = expected(line, known.get(line.supplier), today)
            found.setdefault(line.sku, []).append((day, line.outstanding))
    return found


def days_of(offsets: Floats, today: date) -> list[date | None]:
    """Return the days of run-outs: the first day is today; None beyond the horizon."""
    known: dict[float, date | None] = {inf: None}
    found = []
    for offset in offsets.tolist():
        if offset not in known:
            known[offset] = today + timedelta(days=max(0, int(offset) - 1))
        found.append(known[offset])
    return found


def _confidence(r: Rates, d: _Due) -> str:
    if d.method in ("manual", "min-max", MADE_TO_ORDER):
        return "manual"
    if r.low_confidence[d.place]:
        return "low"
    return "learning" if r.learning[d.place] else "ok"


def as_shape(line: ReorderLine) -> dict[str, Any]:
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
        "demand_per_day": round(line.demand_per_day, 4),
        "lead_time_days": line.lead_time_days,
        "safety_stock": round(line.safety_stock, 2),
        "service_level": line.service_level,
        "runs_out": {
            "likely": None if line.likely is None else line.likely.isoformat(),
            "earliest": None if line.earliest is None else line.earliest.isoformat(),
        },
        "order_by": None if line.order_by is None else line.order_by.isoformat(),
        "on_order": show(line.on_order),
        "expedite": line.expedite,
        "method": line.method,
        "confidence": line.confidence,
        "why": line.why,
    }
