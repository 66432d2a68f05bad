"""What needs reordering: how much, when, from whom, and why, most urgent first.

An item is looked at over all its locations; a policy with a location is looked at there.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from math import ceil, inf
from typing import Any, NamedTuple

import numpy as np
import orjson

from jitledger.domain.moments import local_date
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.replenishment.order_quantity import Suggestion, suggest
from jitledger.domain.replenishment.reorder_point import Rates, run_out_days
from jitledger.domain.shop import Shop
from jitledger.service.projection import without_collector
from jitledger.store.database import Database
from jitledger_projections import forecast as planning
from jitledger_projections.forecast import Floats
from jitledger_projections.on_hand import Position, positions, rough_positions
from jitledger_projections.plan import Plan, plan, policy_of
from jitledger_projections.products import Label, labels


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

    @property
    def safety_stock(self) -> float:
        """Return what the reorder point holds beyond the expected demand."""
        return float(self.reorder_point) - self.lead_time_demand

    @property
    def why(self) -> str:
        """Say in one line how the reorder point came about, term by term."""
        position, point = show(self.inventory_position), show(self.reorder_point)
        text = f"position {position} is at or below {point}"
        if self.method in ("manual", "min-max"):
            text += ", set by hand"
            if self.demand_per_day > 0:
                text += f"; sells {self.demand_per_day:.2f} a day"
        else:
            lead, review = self.lead_time_days, self.review_days
            text += (
                f" = {self.lead_time_demand:.1f} expected in {lead + review:g} days "
                f"({self.demand_per_day:.2f} a day, {lead:g} to deliver, {review:g} to review) "
                f"+ {self.safety_stock:.1f} safety for {self.service_level:.0%}"
            )
        question = self.suggestion.question
        return f"{text}; {question}" if question else text


_SHOWN = ("moq", "pack")


def reorder(database: Database, shop: Shop, now: int) -> list[ReorderLine]:
    """Return what needs reordering at a moment, most urgent first."""
    with without_collector():
        return _reorder(database, shop, now)


def _reorder(database: Database, shop: Shop, now: int) -> list[ReorderLine]:
    today = local_date(now, shop.tz)
    planned = plan(database, shop, today)
    due = _due(database, planned, now, today)
    with database.snapshot() as tx:
        details = labels(tx, [planned.products[d.place].sku for d in due])
    lines = _lines(planned, due, details, shop, today)
    far = date.max
    return sorted(
        lines, key=lambda x: (x.order_by or far, x.earliest or far, x.likely or far, x.sku)
    )


class _Due(NamedTuple):
    place: int
    location: str | None
    on_hand: Decimal
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
        shelf = shelves[sku]
        if not shelf.known:
            continue
        own = _manual(planned.products[place], place, shelf, today)
        found += [due for due in own if due.position <= due.point]
        position = shelf.inventory_position
        if not own and asked[place] and position <= computed[place]:
            point = Decimal(computed[place])
            found.append(_Due(place, None, shelf.on_hand, position, point, ZERO, False, "default"))
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
        if shelf[1] and p.orderable and (close or p.policies)
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
        method = policy.get("method", "default")
        found.append(
            _Due(place, location, shelf.on_hand, position, point, quantity, multiples, method)
        )
    return found


def _lines(
    planned: Plan, due: list[_Due], details: dict[str, Label], shop: Shop, today: date
) -> list[ReorderLine]:
    if not due:
        return []
    index = np.array([d.place for d in due], np.intp)
    per_day, phi = planned.demand_per_day[index], planned.rates.phi[index]
    stock = np.array([float(d.on_hand) for d in due])
    columns = zip(
        due,
        per_day.tolist(),
        planned.mean[index].tolist(),
        planned.lead_days[index].tolist(),
        planned.review_days[index].tolist(),
        planned.level[index].tolist(),
        days_of(run_out_days(stock, per_day, phi, 0.5), today),
        days_of(run_out_days(stock, per_day, phi, 0.1), today),
        strict=True,
    )
    usual_cover, lines = float(shop.cover_days), []
    for d, rate, mean, lead, review, level, likely, earliest in columns:
        source = planned.products[d.place]
        p = details[source.sku]
        agreed = planned.terms.of(source.supplier, p.sku)
        suggestion = suggest(
            d.position,
            d.point,
            d.quantity if d.quantity > 0 else _cover(source, d, usual_cover, rate, today),
            precision=p.precision,
            moq=_number(agreed, "moq"),
            pack=_number(agreed, "pack"),
            most=_most(p, rate),
            multiples=d.multiples and d.quantity > 0,
        )
        lines.append(
            ReorderLine(
                sku=p.sku,
                name=p.title,
                unit=p.unit,
                supplier=source.supplier,
                location=d.location,
                on_hand=d.on_hand,
                inventory_position=d.position,
                reorder_point=d.point,
                suggestion=suggestion,
                unit_cost=_number(agreed, "unit_cost"),
                demand_per_day=rate,
                lead_time_days=lead,
                review_days=review,
                lead_time_demand=mean,
                service_level=level,
                likely=likely,
                earliest=earliest,
                order_by=None if earliest is None else _order_by(earliest, lead, today),
                method=d.method,
                confidence=_confidence(planned.rates, d),
                terms={k: str(v) for k, v in agreed.items() if k in _SHOWN} if agreed else {},
            )
        )
    return lines


@lru_cache(maxsize=4096)
def _order_by(earliest: date, lead: float, today: date) -> date:
    """Return the last day on which ordering still arrives before a run-out, at least today."""
    return max(today, earliest - timedelta(days=ceil(lead)))


def _cover(p: planning.Product, d: _Due, usual: float, rate: float, today: date) -> Decimal:
    """Return the demand of the days an order is to cover, at least one unit."""
    if p.policies:
        policy = policy_of(p, d.location, today.isoformat()) or {}
        usual = float(policy.get("cover_days") or usual)
    wanted = round(usual * rate, 3)
    return Decimal(str(wanted)) if wanted > 1 else Decimal(1)


def _number(data: dict[str, Any], name: str) -> Decimal | None:
    return None if data.get(name) is None else Decimal(data[name])


def _most(p: Label, per_day: float) -> Decimal | None:
    if p.shelf_life_days is None or per_day <= 0:
        return None
    return Decimal(int(per_day * p.shelf_life_days))


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
    if d.method in ("manual", "min-max"):
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
        "method": line.method,
        "confidence": line.confidence,
        "why": line.why,
    }
