"""The ways of our own method in a backtest: chosen before the scored window, or stated."""

from __future__ import annotations

from typing import TypedDict

from jitledger.domain.errors import Refused
from jitledger.domain.replenishment.backtesting.backtest import Floats, Policy, Sales
from jitledger.domain.replenishment.backtesting.choices import USUAL, Chosen, Trial, choose
from jitledger.domain.replenishment.demand_state import memory_of
from jitledger.domain.state.shop import Shop
from jitledger_projections.planning.forecast import LOTS_BY_COST
from jitledger_projections.planning.replay import draw_supply
from jitledger_projections.planning.tuning import LEARNING_DAYS, MARGIN, MEMORY_DAYS
from jitledger_projections.reports.backtest.methods import dials_of, policy_of_name

LOTS = ("days", "cost", "auto")


class Shown(TypedDict):
    """The ways as the report has them."""

    memory_days: float
    memory_takes: dict[str, float]
    lot_scale: float
    lot_takes: dict[str, float]


def shown_ways(ways: Chosen) -> Shown:
    """Return what was chosen, with its evidence."""
    return {
        "memory_days": ways.memory.rate_days,
        "memory_takes": {f"{days:g}": stock for days, stock in ways.takes.items()},
        "lot_scale": ways.lot_scale,
        "lot_takes": {f"{scale:g}": stock for scale, stock in ways.lot_takes.items()},
    }


def ways_of(
    sales: Sales,
    lead: tuple[Floats, Floats],
    windows: tuple[int, int, int],
    target: float,
    shop: Shop,
    review_days: int,
    given: tuple[float | None, str],
) -> Chosen:
    """Return how much to remember and how to size orders, by replaying what lies before."""
    days, lots = given
    if days is not None and days <= 0:
        raise Refused("bad-value", f"A memory of {days:g} days cannot be; try 14 or 60.")
    if lots not in LOTS:
        raise Refused("bad-value", f"Orders cannot be sized by {lots}; try {', '.join(LOTS)}.")
    stated = USUAL if days is None else USUAL._replace(memory=memory_of(days))
    if lots == "cost":
        stated = stated._replace(lot_scale=LOTS_BY_COST)
    if days is not None and lots != "auto":
        return stated
    tuned, start, _ = windows
    begin = max(min(tuned, LEARNING_DAYS), start - MEMORY_DAYS)
    supply = draw_supply(sales, *lead, 1)

    def policy(dials: Floats, lot_scale: float) -> Policy:
        made = sales, supply, dials, float(shop.cover_days)
        return policy_of_name("mix", *made, lot_scale=lot_scale)

    wanted = min(0.999, target + MARGIN)
    trial = Trial(sales, supply, policy, dials_of("mix"), (begin, start), wanted, review_days)
    found = choose(trial, stated, lots=lots == "auto")
    return found if days is None else found._replace(memory=stated.memory, takes={})
