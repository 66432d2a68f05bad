"""The ways to order that a backtest knows, and the dials over which each is swept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jitledger.domain.errors import Refused
from jitledger.domain.replenishment.backtesting.backtest import Floats, Policy, Sales, Supply
from jitledger.domain.replenishment.backtesting.policies import (
    MOST_LEVEL,
    ByHand,
    Current,
    Method,
    Perfect,
    Textbook,
    Velocity,
)
from jitledger.domain.state.shop import Shop
from jitledger_projections.planning.methods import TEXTBOOK, VELOCITY, methods
from jitledger_projections.planning.products import Product, policy_of

METHODS = ("mix", "lines", "one", "textbook", "velocity", "current")
"""default with allocated service levels (two weights) or one for all, its peers, and the shop's
own way: each item by its method, with the points that were set by hand."""

ALLOCATED = np.array(
    [0.4, 0.25, 0.16, 0.1, 0.065, 0.04, 0.025, 0.014, 0.007, 0.003, 0.0012, 0.0005]
)

LEVELS = np.array([0.7, 0.8, 0.88, 0.93, 0.96, 0.975, 0.985, 0.993, 0.998, 0.9993, 0.9998])

COVERS = np.array([0.0, 2.0, 4.0, 7.0, 11.0, 16.0, 24.0, 36.0, 54.0, 80.0, 120.0])


@dataclass(frozen=True, slots=True)
class Own:
    """How each item of a shop is reordered now."""

    methods: tuple[str, ...]
    by_hand: ByHand
    level: float
    """The service level of items by the textbook."""


def policy_of_name(
    name: str,
    sales: Sales,
    supply: Supply,
    dials: Floats,
    cover_days: float,
    own: Own | None = None,
    lot_scale: float = 0.0,
) -> Policy:
    """Return a policy by the name of its method; raises ``bad-value``."""
    match name:
        case "current" if own is not None:
            others: list[tuple[npt.NDArray[np.bool_], Policy]] = []
            for kind, policy in (
                (TEXTBOOK, Textbook(supply, np.array([own.level]), cover_days=cover_days)),
                (VELOCITY, Velocity(supply, np.array([cover_days]), cover_days=cover_days)),
            ):
                items = np.array([method == kind for method in own.methods])
                if items.any():
                    others.append((items, policy))
            base = Method(sales, supply, dials, "mix", cover_days, lot_scale)
            return Current(base, tuple(others), own.by_hand)
        case "mix" | "lines" | "one":
            return Method(sales, supply, dials, name, cover_days, lot_scale)
        case "textbook":
            return Textbook(supply, dials, cover_days=cover_days)
        case "velocity":
            return Velocity(supply, dials, cover_days=cover_days)
        case "perfect":
            return Perfect(supply, dials, cumulated(sales), sales.unit_cost, lot_scale)
    raise Refused(
        "bad-value",
        f"There is no method {name!r} to replay; known are {', '.join(METHODS)}.",
        method=name,
    )


def dials_of(name: str) -> Floats:
    """Return the dials over which a method is swept."""
    if name == "perfect":
        return np.array([-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0])
    if name in ("mix", "lines"):
        return ALLOCATED
    return COVERS if name == "velocity" else LEVELS


def cumulated(sales: Sales) -> Floats:
    """Return what sells before each day, shape (days + 1, items)."""
    found = np.zeros((sales.days + 1, sales.items))
    np.add.at(found, (sales.day + 1, sales.item), sales.quantity)
    return np.asarray(found.cumsum(axis=0))


def own(shop: Shop, chosen: list[Product], today: str) -> Own:
    """Return how items are reordered on a day, for the whole shop."""
    none = np.full(len(chosen), np.nan)
    hand = ByHand(none.copy(), none.copy(), none.copy())
    for place, p in enumerate(chosen):
        policy = policy_of(p, None, today) if p.policies else None
        if policy is None:
            continue
        for value, column in (
            (policy.reorder_point, hand.point),
            (policy.order_quantity, hand.lot),
            (policy.order_up_to, hand.up_to),
        ):
            if value is not None:
                column[place] = float(value)
    return Own(
        tuple(methods(chosen, shop, today)),
        hand,
        min(MOST_LEVEL, max(0.5, float(shop.service_level))),
    )
