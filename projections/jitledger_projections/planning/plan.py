"""The plan: every item's rates and reorder point as of a day, before asking which are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from jitledger.domain.moments import day_number
from jitledger.domain.replenishment.backtesting.policies import allocate, weights_of
from jitledger.domain.replenishment.lot_sizes import lots_by_cost
from jitledger.domain.replenishment.ordering.order_days import longest_gap
from jitledger.domain.replenishment.reorder_point import Rates, rates, reorder_points
from jitledger.domain.state.shop import Shop
from jitledger.domain.state.supplier import DEFAULT_LEAD_TIME_DAYS, DEFAULT_REVIEW_DAYS
from jitledger.store.database import Database
from jitledger_projections.planning.exposure import Floats
from jitledger_projections.planning.forecast import Forecast, day_factors, forecast
from jitledger_projections.planning.lead_times import Lead, leads
from jitledger_projections.planning.methods import (
    TEXTBOOK,
    VELOCITY,
    Windows,
    guesses,
    levels,
    methods,
)
from jitledger_projections.planning.products import Product, policy_of
from jitledger_projections.views.on_order import rates as rates_in_force
from jitledger_projections.views.supply import (
    NO_TERMS,
    Agreed,
    SupplierRow,
    Terms,
    suppliers,
    terms,
)


@dataclass(slots=True)
class Plan:
    """Every item's rates and reorder points, before asking which are due."""

    forecast: Forecast
    products: list[Product]
    rates: Rates
    demand_per_day: Floats
    mean: Floats
    variance: Floats
    reorder_point: Floats
    safety_stock: Floats
    lead_days: Floats
    lead_deviation: Floats
    review_days: Floats
    level: Floats
    lots: Floats
    """What an order usually holds, in units: days of cover, or by rate and cost."""
    method: list[str]
    suppliers: dict[str, SupplierRow]
    leads: dict[str, Lead]
    terms: Terms
    exchange: dict[str, Decimal]
    """{currency: the shop's for one of it}, the newest known; its own is 1."""

    def currency_of(self, agreed: Agreed, supplier: str | None) -> str | None:
        """Return the currency of what a supplier asks; None is the shop's own."""
        source = self.suppliers.get(supplier or "")
        return agreed.currency or (None if source is None else source.currency)

    def in_own(self, amount: Decimal | None, currency: str | None) -> Decimal | None:
        """Return an amount in the shop's currency; None without a rate: 6 USD at 0.9 are 5.40."""
        rate = Decimal(1) if currency is None else self.exchange.get(currency)
        return None if amount is None or rate is None else amount * rate

    def converted(
        self, amount: Decimal | None, currency: str | None, to: str | None
    ) -> Decimal | None:
        """Return an amount in another currency, by the rates of both; None without them."""
        if currency == to:
            return amount
        own, rate = self.in_own(amount, currency), self.in_own(Decimal(1), to)
        return None if own is None or not rate else (own / rate).quantize(Decimal("0.0001"))

    def alternative(self, sku: str, supplier: str | None) -> str | None:
        """Return another supplier that has terms for a product, the quickest first."""
        others = [
            (self.leads[code].learned.days, code)
            for code in self.suppliers
            if code != supplier and self.terms.of(code, sku) is not NO_TERMS and code in self.leads
        ]
        return min(others)[1] if others else None


def plan(database: Database, shop: Shop, today: date, found: Forecast | None = None) -> Plan:
    """Return reorder points of every item as of a day."""
    found = forecast(database, shop, today) if found is None else found
    with database.snapshot() as tx:
        agreed = terms(tx, today.isoformat())
        sources = suppliers(tx)
        known = leads(tx, today)
        known_rates = {**rates_in_force(tx), shop.currency: Decimal(1)}
    products = found.products
    lead, variance = _lead_times(found, known)
    review, own_review = _reviews(products, sources)
    lines, units, weight = _priors(found, products)
    for place, each in guesses(products, today.isoformat()).items():
        size_ = units[place] if units[place] > 0 else 1.0
        lines[place], units[place], weight[place] = each / size_, size_, 14.0
    r = rates(found.state, day_number(today), lines, units, weight)
    index = _horizon_index(found, today, lead + review)
    level = _service_levels(found, shop, r, index, lead + review, today)
    h = reorder_points(r, lead, variance, review, index, level)
    planned = Plan(
        found,
        products,
        r,
        h.demand_per_day,
        h.mean,
        h.variance,
        h.reorder_point,
        h.safety_stock,
        lead,
        np.sqrt(variance),
        review,
        level,
        np.zeros(0),
        methods(products, shop, today.isoformat()),
        sources,
        known,
        agreed,
        known_rates,
    )
    _apply_methods(database, shop, planned, own_review, today)
    planned.lots = _lots(planned, shop, today)
    return planned


def _lots(planned: Plan, shop: Shop, today: date) -> Floats:
    """Return what an order of each item usually holds; days of cover of its own come first."""
    found, rate = planned.forecast, planned.demand_per_day
    cost = np.zeros(rate.size) if found.cost is None else found.cost
    lots = lots_by_cost(rate, cost, float(shop.cover_days), found.lot_scale)
    for place, p in enumerate(planned.products):
        if p.policies and "cover_days" in p.policies:
            policy = policy_of(p, None, today.isoformat())
            if policy is not None and policy.cover_days is not None:
                lots[place] = max(1.0, float(policy.cover_days) * float(rate[place]))
    return lots


def _lead_times(found: Forecast, known: dict[str, Lead]) -> tuple[Floats, Floats]:
    """Return mean and variance of each item's lead time, as learned from its supplier.

    Where a lead time of its own is agreed for a product, the supplier's slip scales it.
    """
    default = Lead.unknown(float(DEFAULT_LEAD_TIME_DAYS))
    mean = {code: lead.learned.days for code, lead in known.items()}
    spread = {code: lead.learned.variance for code, lead in known.items()}
    codes = [p.supplier or "" for p in found.products]
    size = len(codes)
    days = np.array([mean.get(code, default.learned.days) for code in codes]).reshape(size)
    variance = np.array([spread.get(code, default.learned.variance) for code in codes]).reshape(
        size
    )
    for supplier, lead in known.items():
        for sku, own in lead.own.items():
            place = found.place.get(sku)
            if place is not None and found.products[place].supplier == supplier:
                slip = lead.learned.days / lead.stated if lead.stated > 0 else 1.0
                spread_ = lead.learned.variance / max(lead.learned.days, 1e-9) ** 2
                days[place] = own * slip
                variance[place] = spread_ * (own * slip) ** 2
    return days, variance


def _reviews(products: list[Product], sources: dict[str, SupplierRow]) -> tuple[Floats, Floats]:
    """Return each item's review period, and the same where it was stated, else 0.

    Order days make it the longest gap between two of them.
    """
    usual = {}
    stated = {}
    for code, source in sources.items():
        if source.review_days is not None:
            usual[code] = stated[code] = float(source.review_days)
        elif source.weekdays:
            usual[code] = stated[code] = float(longest_gap(source.weekdays))
    default = float(DEFAULT_REVIEW_DAYS)
    size = len(products)
    if not usual:
        return np.full(size, default), np.zeros(size)
    review = np.array([usual.get(p.supplier or "", default) for p in products]).reshape(size)
    own = np.array([stated.get(p.supplier or "", 0.0) for p in products]).reshape(size)
    return review, own


def attainable(stated: Decimal | str) -> float:
    """Return a service level that some stock can reach: 100 % of all that may ever come cannot."""
    return min(0.9999, max(0.01, float(stated)))


def _service_levels(
    found: Forecast, shop: Shop, r: Rates, index: Floats, horizon: Floats, today: date
) -> Floats:
    """Return each item's service level: allocated once a dial is tuned, else one for all."""
    products = found.products
    size = len(products)
    level = np.full(size, attainable(shop.service_level))
    if found.tuned is not None and found.cost is not None:
        rate = np.divide(r.units_per_day * index, horizon, out=np.zeros(size), where=horizon > 0)
        cover = float(shop.cover_days) * rate
        batch = np.maximum(1.0, cover) / np.maximum(cover, 1e-12)
        priced = found.cost > 0
        weight = weights_of(
            shop.allocation,
            np.where(priced, found.cost, 0.0),
            r.units_per_line,
            (rate > 0) & priced,
        )
        level = allocate(found.tuned.kappa, batch, np.where(priced, weight, 1.0))
    for place, p in enumerate(products):
        if p.policies:
            policy = policy_of(p, None, today.isoformat())
            if policy is not None and policy.service_level is not None:
                level[place] = attainable(policy.service_level)
    return level


def _apply_methods(
    database: Database, shop: Shop, planned: Plan, own_review: Floats, today: date
) -> None:
    """Put the levels of items with another method in the place of the default's."""
    places = [i for i, kind in enumerate(planned.method) if kind in (TEXTBOOK, VELOCITY)]
    if not places:
        return
    index = np.array(places, np.intp)
    text = today.isoformat()
    known = guesses([planned.products[i] for i in places], text)
    cover = np.full(index.size, float(shop.cover_days))
    level = planned.level[index]
    if planned.forecast.tuned is not None:
        level = np.full(index.size, attainable(shop.service_level))
    for i, place in enumerate(places):
        policy = policy_of(planned.products[place], None, text)
        if policy is not None and policy.cover_days is not None:
            cover[i] = float(policy.cover_days)
        if policy is not None and policy.service_level is not None:
            level[i] = attainable(policy.service_level)
    windows = Windows(database, shop, planned.forecast, places, today)
    kinds = [planned.method[i] for i in places]
    sampled = _sampled_deviation(planned, places)
    found = levels(
        windows, kinds, planned.lead_days[index], sampled, own_review[index], level, cover, known
    )
    planned.demand_per_day[index] = found.demand_per_day
    planned.mean[index] = found.mean
    planned.reorder_point[index] = found.reorder_point
    planned.safety_stock[index] = found.safety_stock
    planned.review_days[index] = own_review[index]
    planned.level[index] = level


def _sampled_deviation(planned: Plan, places: list[int]) -> Floats:
    """Return the deviation of lead times as the textbook takes it: of the receipts, 0 under two."""
    found = np.zeros(len(places))
    for i, place in enumerate(places):
        lead = planned.leads.get(planned.products[place].supplier or "")
        if lead is not None:
            found[i] = lead.record.deviation
    return found


def _priors(found: Forecast, products: list[Product]) -> tuple[Floats, Floats, Floats]:
    """Return prior lines a day, units a line and their weight for items that are still learning.

    The medians of the category's products when they were new, weight one day; an analog item's own
    rate, weight 14 days.
    """
    s, size = found.state, len(products)
    lines, units, weight = np.zeros(size), np.zeros(size), np.ones(size)
    settled = (s.days >= 14) & (s.lines >= 3)
    rate = np.divide(s.lines, s.days, out=np.zeros(size), where=s.days > 0)
    each = np.divide(s.units, s.lines, out=np.zeros(size), where=s.lines > 0)
    young = found.young or {}
    for place in np.flatnonzero(~settled & (s.lines > 0)).tolist() if young else ():
        lines[place], units[place] = young.get(products[place].category, (0.0, 0.0))
    for place, p in enumerate(products):
        like = found.place.get(p.analog_of or "") if p.analog_of else None
        if like is not None and settled[like]:
            lines[place], units[place], weight[place] = rate[like], each[like], 14.0
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
