"""Advice from the shop's own history: reorder points to move, overstock, what-if, just in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import sqrt

import numpy as np
import orjson

from jitledger.domain.errors import Refused, bad_value, unknown_sku
from jitledger.domain.moments import DAY, local_date
from jitledger.domain.names import stream_of
from jitledger.domain.quantity import ZERO
from jitledger.domain.replenishment.advice import (
    Clearance,
    Verdict,
    clear,
    is_just_in_time_right,
    margin,
    price_for_margin,
    tune_point,
)
from jitledger.domain.replenishment.quantiles import quantile
from jitledger.domain.replenishment.reorder_point import MODEL_RISK
from jitledger.domain.shop import Shop
from jitledger.domain.stock_item import blank, order_key, voids
from jitledger.store.codec import decode
from jitledger.store.database import Database, Tx
from jitledger_projections.arrivals import arrivals, run_out_date
from jitledger_projections.forecast import policy_of
from jitledger_projections.on_hand import positions
from jitledger_projections.on_order import open_order_lines
from jitledger_projections.order_size import holding_rate, net_price
from jitledger_projections.plan import Plan, plan
from jitledger_projections.products import labels
from jitledger_projections.supply import SupplierRow

YEAR = 365
HORIZON = 90


# --- the tuner ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tuning:
    """A reorder point set by hand that the item's own history says to move."""

    sku: str
    title: str
    location: str | None
    point: Decimal
    proposed: Decimal
    lowest: tuple[Decimal, ...]
    safety: Decimal
    unit_cost: Decimal | None
    holding_rate: float

    @property
    def frees(self) -> Decimal | None:
        """Return what it frees in stock at cost; negative is what it ties up."""
        return None if self.unit_cost is None else (self.point - self.proposed) * self.unit_cost

    @property
    def saves_a_year(self) -> float | None:
        """Return what it saves in holding in a year; negative is what it costs."""
        return None if self.frees is None else float(self.frees) * self.holding_rate


def tunings(database: Database, shop: Shop, now: int) -> list[Tuning]:
    """Return reorder points set by hand that could be lower, or must be higher.

    Looked at is what the stock fell to before each receipt of the last year.
    """
    today = local_date(now, shop.tz)
    planned = plan(database, shop, today)
    text = today.isoformat()
    chosen = []
    for place, p in enumerate(planned.products):
        if not p.policies:
            continue
        for location in {data.get("location") for _, data in orjson.loads(p.policies)}:
            policy = policy_of(p, location, text)
            if policy is not None and policy.get("reorder_point") is not None:
                chosen.append((place, location, Decimal(policy["reorder_point"])))
    skus = [planned.products[place].sku for place, _, _ in chosen]
    found = []
    with database.snapshot() as tx:
        named = labels(tx, skus)
        shelves = positions(tx, now, text, skus)
        for place, location, point in chosen:
            sku = planned.products[place].sku
            lowest = lows_before_receipts(database, tx, sku, shop, now - YEAR * DAY, location)
            safety = Decimal(max(0, round(float(planned.safety_stock[place]))))
            proposed = tune_point(point, lowest, safety)
            if proposed is None or proposed == point:
                continue
            shelf = shelves.get(sku)
            found.append(
                Tuning(
                    sku,
                    named[sku].title,
                    location,
                    point,
                    proposed,
                    tuple(lowest),
                    safety,
                    None if shelf is None else shelf.last_cost,
                    holding_rate(shop, today),
                )
            )
    return sorted(found, key=lambda t: -abs(t.frees or ZERO))


def lows_before_receipts(
    database: Database, tx: Tx, sku: str, shop: Shop, since: int, location: str | None
) -> list[Decimal]:
    """Return what an item's stock fell to before each receipt since a moment."""
    rows = database.stream(tx, stream_of(sku))
    entries = [(version, name, decode(name, body)) for version, name, body in rows]
    gone = voids(entries)
    item = blank(sku, entries, shop.days)
    lows = []
    kept = [e for e in entries if e[0] not in gone and e[1] != "entry-voided"]
    for entry in sorted(kept, key=order_key):
        here = location is None or entry[2].get("location") == location
        if entry[1] == "stock-received" and here and entry[2]["effective_at"] >= since:
            shelves = item.shelves if location is None else {location: item.shelf(location)}
            known = any(shelf.known for shelf in shelves.values())
            if known:
                lows.append(sum((shelf.on_hand for shelf in shelves.values()), ZERO))
        item.evolve(*entry)
    return lows


# --- overstock ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Surplus:
    """Stock beyond the reorder point and the cover wanted, and what to do with it."""

    sku: str
    title: str
    surplus: Decimal
    value: Decimal
    advice: Clearance


def surpluses(database: Database, shop: Shop, now: int) -> list[Surplus]:
    """Return overstock with its proposed action, the dearest first.

    Overstock is the position above the reorder point and the cover wanted (DOMAIN.md 12).
    """
    today = local_date(now, shop.tz)
    planned = plan(database, shop, today)
    skus = [p.sku for p in planned.products if p.orderable]
    found = []
    with database.snapshot() as tx:
        shelves = positions(tx, now, today.isoformat(), skus)
        rough = []
        for place, p in enumerate(planned.products):
            shelf = shelves.get(p.sku)
            if shelf is None or not shelf.known or shelf.on_hand <= 0:
                continue
            rate = 0.0 if planned.rates.dormant[place] else float(planned.demand_per_day[place])
            wanted = float(planned.reorder_point[place]) + float(shop.cover_days) * rate
            if rate <= 0:
                wanted = 0.0
            surplus = min(shelf.on_hand, shelf.inventory_position - Decimal(int(wanted + 1)))
            if surplus >= 1 and shelf.last_cost:
                rough.append((p.sku, place, surplus, rate, shelf))
        named = labels(tx, [row[0] for row in rough])
        sold = _sold_at(tx, [row[0] for row in rough])
    rate_of_holding = holding_rate(shop, today)
    for sku, _place, surplus, rate, shelf in rough:
        label, cost = named[sku], shelf.last_cost
        assert cost is not None
        price = None if label.price is None else net_price(label, shop)
        there = {location for location, held in shelf.by_location.items() if held > 0}
        advice = clear(
            surplus,
            rate,
            cost,
            price,
            rate_of_holding,
            sells_elsewhere=bool(sold.get(sku, set()) - there),
            shelf_life_days=label.shelf_life_days,
        )
        found.append(Surplus(sku, label.title, surplus, surplus * cost, advice))
    return sorted(found, key=lambda s: (-s.value, s.sku))


def _sold_at(tx: Tx, skus: list[str]) -> dict[str, set[str]]:
    """Return the locations at which each item sells."""
    found: dict[str, set[str]] = {}
    for start in range(0, len(skus), 500):
        part = skus[start : start + 500]
        marks = ",".join("?" * len(part))
        for sku, location in tx.all(
            f"SELECT DISTINCT sku, location FROM demand_day WHERE lines > 0 AND sku IN ({marks})",
            part,
        ):
            found.setdefault(sku, set()).add(location)
    return found


# --- what if --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Consequence:
    """What changes for one item: when it runs out, and what to do now."""

    sku: str
    title: str
    before: date | None
    after: date
    order_now: Decimal
    expedite: bool
    alternative: str | None


def what_if(
    database: Database,
    shop: Shop,
    now: int,
    *,
    supplier: str | None = None,
    late_days: int = 0,
    category: str | None = None,
    factor: float = 1.0,
) -> list[Consequence]:
    """Return what runs out sooner if a supplier is late, or demand of a category changes.

    Raises ``bad-value`` for a factor or a delay that changes nothing or cannot be.
    """
    if not 0 < factor <= 100:
        raise Refused("bad-value", f"Demand × {factor:g} cannot be; try 1.5.", field="factor")
    if not 0 <= late_days <= 365:
        raise Refused("bad-value", f"{late_days} days late cannot be; try 14.", field="late_days")
    if late_days == 0 and factor == 1.0:
        raise Refused("bad-value", "Say how late, or how much more sells; nothing changes so.")
    today = local_date(now, shop.tz)
    planned = plan(database, shop, today)
    asked = [
        place
        for place, p in enumerate(planned.products)
        if p.orderable
        and planned.mean[place] > 0
        and not planned.rates.dormant[place]
        and (supplier is None or p.supplier == supplier)
        and (category is None or (p.category or "").casefold() == category.casefold())
    ]
    skus = [planned.products[place].sku for place in asked]
    with database.snapshot() as tx:
        shelves = positions(tx, now, today.isoformat(), skus)
        lines = open_order_lines(tx)
        named = labels(tx, skus)
    ahead = arrivals(lines, planned.leads, today, set(skus))
    slower = {
        sku: [(day + timedelta(days=late_days), units) for day, units in rows]
        for sku, rows in ahead.items()
    }
    found = []
    for place, sku in zip(asked, skus, strict=True):
        shelf = shelves.get(sku)
        if shelf is None or not shelf.known:
            continue
        rate, phi = float(planned.demand_per_day[place]), float(planned.rates.phi[place])
        stock = float(shelf.on_hand)
        before = run_out_date(stock, rate, phi, ahead.get(sku, []), today)
        after = run_out_date(stock, rate * factor, phi, slower.get(sku, []), today)
        if after is None or (before is not None and after >= before):
            continue
        if after > today + timedelta(days=HORIZON):
            continue
        lead = max(1.0, float(planned.lead_days[place]) + late_days)
        horizon = lead + float(planned.review_days[place])
        mean = rate * factor * horizon
        spread = phi * mean + (rate * factor * float(planned.lead_deviation[place])) ** 2
        point = quantile(
            np.array([mean]),
            np.array([spread + MODEL_RISK * mean**2]),
            np.array([float(planned.level[place])]),
        )[0]
        wanted = Decimal(int(point + float(shop.cover_days) * rate * factor + 0.999))
        missing = max(ZERO, wanted - shelf.inventory_position)
        if shelf.inventory_position > Decimal(int(point)):
            missing = ZERO
        other = _alternative(planned, sku, planned.products[place].supplier)
        found.append(
            Consequence(
                sku,
                named[sku].title,
                before,
                after,
                missing,
                after < today + timedelta(days=int(lead)),
                other,
            )
        )
    return sorted(found, key=lambda c: (c.after, c.sku))


def _alternative(planned: Plan, sku: str, supplier: str | None) -> str | None:
    """Return another supplier with terms for a product, the quickest first."""
    others: list[tuple[float, SupplierRow]] = [
        (planned.leads[code].learned.days, source)
        for code, source in planned.suppliers.items()
        if code != supplier and planned.terms.of(code, sku) and code in planned.leads
    ]
    return min(others, key=lambda o: (o[0], o[1].code))[1].code if others else None


# --- just in time or not, and prices --------------------------------------------------------------


def verdict(database: Database, shop: Shop, now: int, sku: str) -> Verdict:
    """Return whether just-in-time is right for an item; raises ``unknown-sku`` for a stranger."""
    today = local_date(now, shop.tz)
    planned = plan(database, shop, today)
    if sku not in planned.forecast.place:
        raise unknown_sku(sku)
    place = planned.forecast.place[sku]
    lead = planned.leads.get(planned.products[place].supplier or "")
    rate = float(planned.demand_per_day[place])
    week = 7 * rate
    variation = sqrt(max(0.0, float(planned.rates.phi[place]) * week)) / week if week > 0 else 0.0
    with database.snapshot() as tx:
        label = labels(tx, [sku])[sku]
        shelf = positions(tx, now, today.isoformat(), [sku]).get(sku)
    share = None
    if label.price and shelf is not None and shelf.last_cost is not None:
        share = float(margin(net_price(label, shop), shelf.last_cost))
    return is_just_in_time_right(
        float(planned.lead_days[place]),
        None if lead is None else lead.record.on_time.share,
        variation,
        share,
        label.shelf_life_days,
    )


@dataclass(frozen=True, slots=True)
class Squeeze:
    """A product whose margin fell below the floor with its newest cost."""

    sku: str
    title: str
    cost: Decimal
    price: Decimal
    margin: Decimal
    restoring_price: Decimal
    open_orders: tuple[tuple[str, Decimal], ...]
    """(order, unit cost) of open lines at another cost"""


def squeezed(database: Database, shop: Shop, now: int, floor: Decimal) -> list[Squeeze]:
    """Return products whose terms' cost leaves less margin than the floor, the thinnest first."""
    if not 0 < floor < 1:
        raise bad_value("floor", floor, "a share between 0 and 1 is expected, like 0.5")
    today = local_date(now, shop.tz).isoformat()
    planned = plan(database, shop, local_date(now, shop.tz))
    found = []
    with database.snapshot() as tx:
        named = labels(tx, planned.forecast.skus)
        lines = open_order_lines(tx)
        shelves = positions(tx, now, today, planned.forecast.skus)
    for p in planned.products:
        label = named[p.sku]
        agreed = planned.terms.of(p.supplier, p.sku).get("unit_cost")
        shelf = shelves.get(p.sku)
        cost = Decimal(agreed) if agreed is not None else (shelf.last_cost if shelf else None)
        if label.price is None or cost is None:
            continue
        price = net_price(label, shop)
        share = margin(price, cost) if price > 0 else Decimal(-1)
        if share >= floor:
            continue
        orders = tuple(
            (line.number, line.unit_cost)
            for line in lines
            if line.sku == p.sku and line.unit_cost is not None and line.unit_cost != cost
        )
        restoring = price_for_margin(cost, floor) * (label.price / price if price else 1)
        found.append(Squeeze(p.sku, label.title, cost, label.price, share, restoring, orders))
    return sorted(found, key=lambda s: (s.margin, s.sku))
