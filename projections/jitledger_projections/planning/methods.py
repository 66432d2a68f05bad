"""Items that are reordered by another method than the default: their levels from the daily rows."""

from __future__ import annotations

from datetime import date

import numpy as np

from jitledger.domain.moments import day_number
from jitledger.domain.replenishment.textbook import (
    LEAST_SEASON_UNITS,
    SEASON_AHEAD_DAYS,
    SEASON_BACK_DAYS,
    WINDOW_DAYS,
    Levels,
    demand_rate,
    learning_rate,
    season_ratio,
    textbook,
    velocity,
)
from jitledger.domain.state.shop import Shop
from jitledger.store.database import Database, Tx
from jitledger_projections.planning.exposure import (
    Floats,
    Ints,
    first_days,
    load_exposures,
    load_rows,
)
from jitledger_projections.planning.forecast import Forecast
from jitledger_projections.planning.products import Product, policy_of
from jitledger_projections.planning.trading_hours import TradingHours

DEFAULT, TEXTBOOK, VELOCITY = "default", "textbook", "velocity"

LEARNING_DAYS = 14

YEAR = 365


def method_of(p: Product, shop: Shop, today: str) -> str:
    """Return how an item is reordered: its policy's method, its category's, the shop's."""
    policy = policy_of(p, None, today) if p.policies else None
    if policy is not None and policy.method is not None:
        return policy.method
    return shop.method_of(p.category)


def methods(products: list[Product], shop: Shop, today: str) -> list[str]:
    """Return the method of every item."""
    if not shop.methods and not any(p.policies for p in products):
        return [DEFAULT] * len(products)
    return [method_of(p, shop, today) for p in products]


def guesses(products: list[Product], today: str) -> dict[int, float]:
    """Return {place: demand a day} where the merchant gave a guess."""
    found = {}
    for place, p in enumerate(products):
        if p.policies and "demand_per_day" in p.policies:
            policy = policy_of(p, None, today)
            if policy is not None and policy.demand_per_day is not None:
                found[place] = float(policy.demand_per_day)
    return found


class Windows:
    """Units and exposure of some items over the last days and the same days a year ago."""

    def __init__(
        self, database: Database, shop: Shop, found: Forecast, places: list[int], today: date
    ) -> None:
        self.skus = [found.skus[place] for place in places]
        self.today = day_number(today)
        place = {sku: i for i, sku in enumerate(self.skus)}
        last = self.today - 1
        hours = found.hours
        with database.snapshot() as tx:
            start = first_days(tx, self.skus)
            self.units, self.exposed = _matrix(
                tx, shop, hours, place, start, last - WINDOW_DAYS + 1, last
            )
            year = self.today - YEAR
            before, _ = _matrix(tx, shop, hours, place, start, year - SEASON_BACK_DAYS, year - 1)
            ahead, _ = _matrix(tx, shop, hours, place, start, year, year + SEASON_AHEAD_DAYS - 1)
        self.season = season_ratio(before.sum(axis=0), ahead.sum(axis=0))
        self.season[before.sum(axis=0) < LEAST_SEASON_UNITS] = 1.0


def _matrix(
    tx: Tx,
    shop: Shop,
    hours: TradingHours,
    place: dict[str, int],
    start: Ints,
    first: int,
    last: int,
) -> tuple[Floats, Floats]:
    """Return units and exposure of days first..last, shape (days, items); nothing before start.

    An item that takes backorders loses no demand while it is out: its exposure is full.
    """
    shape = (last - first + 1, len(place))
    exposures = load_exposures(tx, place, shop, hours, first, last, set(place))
    rows = load_rows(tx, place, exposures, first, last)
    units, exposed = np.zeros(shape), np.ones(shape)
    units[rows.day - first, rows.item] = rows.units
    exposed[exposures.day - first, exposures.item] = exposures.share
    exposed[np.arange(first, last + 1)[:, None] < start[None, :]] = 0.0
    return units, exposed


def levels(
    windows: Windows,
    kinds: list[str],
    lead_days: Floats,
    lead_deviation: Floats,
    review_days: Floats,
    level: Floats,
    cover_days: Floats,
    guess: dict[int, float],
) -> Levels:
    """Return the levels of items by their method; ``guess`` is by their place in these arrays."""
    rate = demand_rate(windows.units, windows.exposed)
    days = windows.exposed.sum(axis=0)
    for place, each in guess.items():
        if days[place] < LEARNING_DAYS:
            units = windows.units[:, place].sum()
            rate[place] = learning_rate(
                np.array([units]), days[place : place + 1], np.array([each])
            )[0]
    selling = np.maximum(days, 1.0)
    square = (windows.units**2 * (windows.exposed > 0)).sum(axis=0) / selling
    mean = windows.units.sum(axis=0) / selling
    deviation = np.sqrt(np.maximum(square - mean**2, 0.0))
    by_book = textbook(
        rate * windows.season, deviation, lead_days, lead_deviation, review_days, level
    )
    plain = windows.units.sum(axis=0) / np.clip(windows.exposed.shape[0], 1, None)
    lived = (windows.exposed > 0).sum(axis=0)
    young = lived < WINDOW_DAYS
    plain = np.where(young & (lived > 0), windows.units.sum(axis=0) / np.maximum(lived, 1), plain)
    by_speed = velocity(plain, lead_days, cover_days)
    is_book = np.array([kind == TEXTBOOK for kind in kinds])
    pairs = (
        (by_book.demand_per_day, by_speed.demand_per_day),
        (by_book.mean, by_speed.mean),
        (by_book.reorder_point, by_speed.reorder_point),
        (by_book.safety_stock, by_speed.safety_stock),
    )
    return Levels(*(np.where(is_book, book, speed) for book, speed in pairs))
