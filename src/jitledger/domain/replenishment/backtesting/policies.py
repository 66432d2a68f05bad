"""Policies for the backtest: the default method, its peers, and the limit.

Each is tried at several values of its dial in one run. What it may know is its own past sales and
what was learned of its suppliers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from jitledger.domain.replenishment.backtesting.backtest import Day, Policy, Sales, Supply
from jitledger.domain.replenishment.lot_sizes import lots_by_cost, usual_lots
from jitledger.domain.replenishment.quantiles import quantile
from jitledger.domain.replenishment.reorder_point import MODEL_RISK, rates

Floats = npt.NDArray[np.float64]
Weights = Literal["one", "mix", "lines"]
MOST_LEVEL = 0.9999
"""A level above which no stock is planned for; .998 hid the last per cent of a grocer's lines."""
COVER_DAYS = 7.0
"""How many days of its own mean demand an order covers beyond the reorder point."""


def up_to(point: Floats, rate: Floats, cover_days: float) -> Floats:
    """Return the order-up-to level s + max(1, cover·d)."""
    return np.asarray(point + usual_lots(rate, cover_days))


def allocate(kappa: Floats | float, batch_share: Floats, weight: Floats) -> Floats:
    """Return each item's service level: clip(1 - kappa·Q/(d·cover)·w, .5, .9999).

    Dear and slow items get less, cheap and quick ones more, for the same total of complete order
    lines. kappa .05, batch share 1 and weight 2 give .90.
    """
    return np.clip(1.0 - kappa * batch_share * weight, 0.5, MOST_LEVEL)


def weights_of(
    kind: Weights, cost: Floats, line_size: Floats, sells: npt.NDArray[np.bool_]
) -> Floats:
    """Return the weight of each item: 1, sqrt(c·z/mean) ("mix"), or c·z/mean ("lines")."""
    if kind == "one":
        return np.ones(cost.size)
    worth = cost * line_size
    mean = worth[sells].mean() if sells.any() else 1.0
    share = worth / mean if mean > 0 else np.ones(cost.size)
    return np.sqrt(share) if kind == "mix" else share


@dataclass(slots=True)
class Method:
    """The default method: order-line rate times line size with decay, negative binomial."""

    sales: Sales
    supply: Supply
    dials: Floats
    weights: Weights = "mix"
    cover_days: float = COVER_DAYS
    lot_scale: float = 0.0
    """How orders are sized: 0 is days of cover, above by rate and cost (``lots_by_cost``)."""
    name: str = field(init=False, default="default")

    @property
    def rows(self) -> int:
        """Return the number of dials."""
        return int(self.dials.size)

    def levels(self, day: Day) -> tuple[Floats, Floats]:
        """Return reorder points and order-up-to levels of every row."""
        dials, items = self.rows, self.sales.items
        none = np.zeros(dials * items)
        r = rates(day.state, day.today + 1, none, none, none + 1.0)
        # Orders leave at the close and arrive before opening: H = L + R - 1.
        lead = np.tile(self.supply.mean + day.review_days - 1, dials)
        total = np.concatenate(([0.0], np.cumsum(day.index)))
        whole = np.minimum(np.floor(lead).astype(int), total.size - 2)
        index = total[whole] + (lead - whole) * (total[whole + 1] - total[whole])
        mean = r.units_per_day * index
        rate = np.divide(mean, lead, out=np.zeros(mean.size), where=lead > 0)
        variance = (
            r.phi * mean + rate**2 * np.tile(self.supply.variance, dials) + MODEL_RISK * mean**2
        )
        dial = np.repeat(self.dials, items)
        batch = np.maximum(1.0, self.cover_days * rate) / np.maximum(self.cover_days * rate, 1e-12)
        if self.weights == "one":
            level = dial
        else:
            weight = np.concatenate(
                [
                    weights_of(
                        self.weights,
                        self.sales.unit_cost,
                        r.units_per_line[d * items : (d + 1) * items],
                        rate[d * items : (d + 1) * items] > 0,
                    )
                    for d in range(dials)
                ]
            )
            level = allocate(dial, batch, weight)
        point = quantile(mean, variance, level)
        lots = lots_by_cost(
            rate.reshape(dials, items), self.sales.unit_cost, self.cover_days, self.lot_scale
        )
        return point, point + lots.reshape(-1)


@dataclass(slots=True)
class Velocity:
    """The peer: the last days' average times (lead time + cover) (Stocky, Inventory Planner)."""

    supply: Supply
    dials: Floats
    days: int = 30
    cover_days: float = COVER_DAYS
    name: str = field(init=False, default="velocity")

    @property
    def rows(self) -> int:
        """Return the number of dials."""
        return int(self.dials.size)

    def levels(self, day: Day) -> tuple[Floats, Floats]:
        """Return reorder points and order-up-to levels of every row."""
        units, _ = day.window.last(self.days)
        rate = units.sum(axis=0) / self.days
        items = self.supply.mean.size
        lead = np.tile(self.supply.mean, self.rows)
        point = np.ceil(rate * (lead + np.repeat(self.dials, items)))
        return point, up_to(point, rate, self.cover_days)


@dataclass(slots=True)
class Textbook:
    """Normal safety stock over a window of days: d·L + z·sqrt(L·sigma_d² + d²·sigma_L²)."""

    supply: Supply
    dials: Floats
    days: int = 30
    cover_days: float = COVER_DAYS
    name: str = field(init=False, default="textbook")

    @property
    def rows(self) -> int:
        """Return the number of dials."""
        return int(self.dials.size)

    def levels(self, day: Day) -> tuple[Floats, Floats]:
        """Return reorder points and order-up-to levels of every row."""
        units, exposed = day.window.last(self.days)
        days = np.maximum(exposed.sum(axis=0), 1e-9)
        rate = units.sum(axis=0) / np.maximum(days, 1.0)
        spread = np.maximum((units**2).sum(axis=0) / np.maximum(days, 1.0) - rate**2, 0.0)
        items = self.supply.mean.size
        lead = np.tile(self.supply.mean + day.review_days - 1, self.rows)
        variance = np.tile(self.supply.variance, self.rows)
        z = special.ndtri(np.repeat(self.dials, items))
        safety = z * np.sqrt(lead * spread + rate**2 * variance)
        point = np.ceil(rate * lead + safety)
        return point, up_to(point, rate, self.cover_days)


@dataclass(slots=True)
class Fixed:
    """A threshold that is set once: so many days of the first month's demand, never changed."""

    supply: Supply
    dials: Floats
    first_month: Floats
    cover_days: float = COVER_DAYS
    name: str = field(init=False, default="fixed")

    @property
    def rows(self) -> int:
        """Return the number of dials."""
        return int(self.dials.size)

    def levels(self, day: Day) -> tuple[Floats, Floats]:
        """Return reorder points and order-up-to levels of every row."""
        items = self.supply.mean.size
        rate = np.tile(self.first_month, self.rows)
        lead = np.tile(self.supply.mean, self.rows)
        point = np.ceil(rate * (lead + np.repeat(self.dials, items)))
        return point, up_to(point, rate, self.cover_days)


@dataclass(slots=True)
class Perfect:
    """The limit: the demand to come is known, the lead time only as it is learned."""

    supply: Supply
    dials: Floats
    ahead: Floats
    """Cumulated demand, shape (days + 1, items): what sells before each day."""
    unit_cost: Floats | None = None
    lot_scale: float = 0.0
    """As in ``Method``: a limit with larger orders would be none for smaller ones."""
    name: str = field(init=False, default="perfect")

    @property
    def rows(self) -> int:
        """Return the number of dials."""
        return int(self.dials.size)

    def levels(self, day: Day) -> tuple[Floats, Floats]:
        """Return reorder points: what sells over the lead time and the dial's deviations."""
        items, last = self.supply.mean.size, self.ahead.shape[0] - 1
        place = np.tile(np.arange(items), self.rows)
        lead = np.tile(self.supply.mean + day.review_days - 1, self.rows)
        lead += np.repeat(self.dials, items) * np.sqrt(np.tile(self.supply.variance, self.rows))
        until = np.clip(day.today + 1 + np.ceil(np.maximum(lead, 1.0)).astype(int), 0, last)
        begun = min(day.today + 1, last)
        wanted = self.ahead[until, place] - self.ahead[begun, place]
        week = np.minimum(until + 7, last)
        rate = (self.ahead[week, place] - self.ahead[until, place]) / 7.0
        if self.unit_cost is None:
            return wanted - 1.0, up_to(wanted - 1.0, rate, COVER_DAYS)
        rates = rate.reshape(self.rows, items)
        lots = lots_by_cost(rates, self.unit_cost, COVER_DAYS, self.lot_scale)
        return wanted - 1.0, wanted - 1.0 + lots.reshape(-1)


@dataclass(slots=True)
class Manual:
    """A fixed reorder point with a fixed order quantity, in multiples that lift above it."""

    dials: Floats
    quantity: float
    name: str = field(init=False, default="manual")

    @property
    def rows(self) -> int:
        """Return the number of dials."""
        return int(self.dials.size)

    def levels(self, day: Day) -> tuple[Floats, Floats]:
        """Return the fixed points, and what an order lifts the position to."""
        items = day.on_hand.size // self.rows
        point = np.repeat(self.dials, items)
        times = np.maximum(1.0, np.floor((point - day.position) / self.quantity) + 1.0)
        return point, day.position + times * self.quantity


@dataclass(frozen=True, slots=True)
class ByHand:
    """What was set by hand for each item; nan where nothing was."""

    point: Floats
    lot: Floats
    up_to: Floats


@dataclass(slots=True)
class Current:
    """The way a shop works now: each item by its own method, points set by hand where they are.

    Days of cover and service levels of single items are left at the shop's.
    """

    base: Policy
    others: tuple[tuple[npt.NDArray[np.bool_], Policy], ...]
    """(items, the method they are reordered by)"""
    by_hand: ByHand
    name: str = field(init=False, default="current")

    @property
    def rows(self) -> int:
        """Return the number of dials: there is one way a shop works."""
        return 1

    def levels(self, day: Day) -> tuple[Floats, Floats]:
        """Return reorder points and order-up-to levels of every item."""
        point, level = (np.array(found, float) for found in self.base.levels(day))
        for items, policy in self.others:
            other = policy.levels(day)
            point[items], level[items] = other[0][items], other[1][items]
        cover = level - point
        hand = self.by_hand
        point = np.where(np.isnan(hand.point), point, hand.point)
        level = np.where(np.isnan(hand.point), level, point + cover)
        lots = ~np.isnan(hand.lot)
        times = np.maximum(1.0, np.floor((point - day.position)[lots] / hand.lot[lots]) + 1.0)
        level[lots] = day.position[lots] + times * hand.lot[lots]
        level = np.where(np.isnan(hand.up_to), level, np.maximum(hand.up_to, point + 1.0))
        return point, level
