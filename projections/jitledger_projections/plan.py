"""The plan: every item's rates and reorder point as of a day, before asking which are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import orjson

from jitledger.domain.moments import day_number
from jitledger.domain.replenishment.reorder_point import Rates, lead_time, rates, reorder_points
from jitledger.domain.shop import Shop
from jitledger.domain.stock_item import in_force
from jitledger.domain.supplier import DEFAULT_LEAD_TIME_DAYS
from jitledger.store.database import Database
from jitledger_projections.forecast import Floats, Forecast, Product, day_factors, forecast
from jitledger_projections.supply import SupplierRow, Terms, suppliers, terms


@dataclass(frozen=True, slots=True)
class Plan:
    """Every item's rates and reorder points, before asking which are due."""

    forecast: Forecast
    products: list[Product]
    rates: Rates
    demand_per_day: Floats
    mean: Floats
    reorder_point: Floats
    safety_stock: Floats
    lead_days: Floats
    review_days: Floats
    level: Floats
    suppliers: dict[str, SupplierRow]
    terms: Terms


def plan(database: Database, shop: Shop, today: date) -> Plan:
    """Return reorder points of every item as of a day."""
    found = forecast(database, shop, today)
    with database.snapshot() as tx:
        agreed = terms(tx, today.isoformat())
        sources = suppliers(tx)
    products = found.products
    size = len(products)
    stated = _lead_days(found, sources, agreed)
    reviews = {
        code: float(source.review_days)
        for code, source in sources.items()
        if source.review_days is not None
    }
    review = np.array([reviews.get(p.supplier or "", 1.0) for p in products]).reshape(size)
    lead, variance = lead_time(stated)
    level = np.full(size, float(shop.service_level))
    for place, p in enumerate(products):
        if p.policies:
            policy = policy_of(p, None, today.isoformat())
            if policy is not None and policy.get("service_level") is not None:
                level[place] = min(0.9999, max(0.01, float(policy["service_level"])))
    lines, units, weight = _priors(found, products)
    r = rates(found.state, day_number(today), lines, units, weight)
    h = reorder_points(
        r, lead, variance, review, _horizon_index(found, today, lead + review), level
    )
    return Plan(
        found,
        products,
        r,
        h.demand_per_day,
        h.mean,
        h.reorder_point,
        h.safety_stock,
        lead,
        review,
        level,
        sources,
        agreed,
    )


def _lead_days(found: Forecast, sources: dict[str, SupplierRow], agreed: Terms) -> Floats:
    """Return the stated lead time of each product: its own terms, its supplier's, the default."""
    usual = {
        code: float(source.lead_time_days)
        for code, source in sources.items()
        if source.lead_time_days is not None
    }
    default = float(DEFAULT_LEAD_TIME_DAYS)
    days = np.array([usual.get(p.supplier or "", default) for p in found.products])
    for supplier, sku, own in agreed.with_lead_times():
        place = found.place.get(sku)
        if place is not None and found.products[place].supplier == supplier:
            days[place] = own
    return days.reshape(len(found.products))


def _priors(found: Forecast, products: list[Product]) -> tuple[Floats, Floats, Floats]:
    """Return prior lines a day, units a line and their weight for items that are still learning.

    The category's median over items with a history, weight one day; an analog item's own rate,
    weight 14 days.
    """
    s, size = found.state, len(products)
    lines, units, weight = np.zeros(size), np.zeros(size), np.ones(size)
    settled = (s.days >= 14) & (s.lines >= 3)
    rate = np.divide(s.lines, s.days, out=np.zeros(size), where=s.days > 0)
    each = np.divide(s.units, s.lines, out=np.zeros(size), where=s.lines > 0)
    learning = np.flatnonzero(~settled & (s.lines > 0))
    if learning.size:
        codes: dict[str | None, int] = {}
        group = np.array([codes.setdefault(p.category, len(codes)) for p in products])
        for code in np.unique(group[learning]):
            mine = settled & (group == code)
            if mine.any():
                young = learning[group[learning] == code]
                lines[young], units[young] = np.median(rate[mine]), np.median(each[mine])
    return lines, units, weight


def _horizon_index(found: Forecast, today: date, horizon: Floats) -> Floats:
    """Return the sum of day factors over each item's horizon from today; parts of a day count."""
    first = day_number(today)
    most = int(np.ceil(horizon.max())) if horizon.size else 1
    factors = day_factors(found, first, first + max(1, most) - 1)
    if factors.ndim == 1:
        total = np.concatenate(([0.0], np.cumsum(factors)))
        whole = np.floor(horizon).astype(int)
        rest = horizon - whole
        nxt = np.append(factors, 1.0)[whole]
        return np.asarray(total[whole] + rest * nxt)
    total = np.concatenate((np.zeros((1, factors.shape[1])), np.cumsum(factors, axis=0)))
    whole, columns = np.floor(horizon).astype(int), np.arange(horizon.size)
    extended = np.concatenate((factors, np.ones((1, factors.shape[1]))))
    return np.asarray(total[whole, columns] + (horizon - whole) * extended[whole, columns])


def policy_of(p: Product, location: str | None, today: str) -> dict[str, Any] | None:
    """Return a product's policy in force at a location, or for the whole shop."""
    if not p.policies:
        return None
    dated = [
        (starts, data)
        for starts, data in orjson.loads(p.policies)
        if data.get("location") == location
    ]
    return in_force(dated, today)
