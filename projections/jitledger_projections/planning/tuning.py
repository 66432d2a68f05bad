"""Tuning: the dial of the service levels, set by replaying the shop's own ledger.

Once a week a sample of the shop's items is replayed over its last weeks at several dials; the dial
is the one that reaches the shop's share of complete order lines plus 1.5 points, because every
policy undershoots in a rising season (REPLENISHMENT.md 4). What was likely lost while nothing was
there is put back first. Under 90 days of history there is none.
How much the forecast remembers, and what orders are sized by, is chosen by the same replay, over a
year of it.
"""

from __future__ import annotations

import numpy as np

from jitledger.domain.replenishment.backtesting.backtest import (
    Outcome,
    Sales,
    Supply,
    simulate,
)
from jitledger.domain.replenishment.backtesting.choices import Chosen, Trial, choose
from jitledger.domain.replenishment.backtesting.lost_sales import with_lost_sales
from jitledger.domain.replenishment.backtesting.policies import Method
from jitledger.domain.state.shop import Shop
from jitledger.store.database import Database
from jitledger_projections.planning.exposure import Floats
from jitledger_projections.planning.forecast import Forecast, Tuned
from jitledger_projections.planning.replay import draw_supply, load_history

HISTORY_DAYS = 90

REPLAY_DAYS = 60

MEMORY_DAYS = 365
"""A year, where there is one: shorter stretches judge long memories by chance."""

LEARNING_DAYS = 42
"""So much of the history is learnt from before memories are compared."""

RETUNE_DAYS = 7

MOST_ITEMS = 800

MARGIN = 0.015

SEED = 20_260_831

DIALS = np.array([0.4, 0.25, 0.15, 0.1, 0.07, 0.05, 0.035, 0.02, 0.01, 0.005, 0.002, 0.0008])


def is_due(found: Forecast, shop: Shop) -> bool:
    """Return whether a shop has the history for a dial, and none of this week or as it wishes."""
    if found.first is None or found.day - found.first < HISTORY_DAYS:
        return False
    tuned = found.tuned
    if tuned is None or found.day - tuned.day >= RETUNE_DAYS:
        return True
    return (tuned.target, tuned.by_lines) != (float(shop.target), shop.allocation == "lines")


def tune(
    database: Database,
    shop: Shop,
    found: Forecast,
    lead_days: Floats,
    lead_variance: Floats,
    review_days: Floats,
) -> tuple[Tuned, Chosen] | None:
    """Replay a sample of the items that sell, reviewed as most are; None when nothing sells.

    The sample takes every n-th item in the order of the codes, so that it is the same each time.
    """
    selling = [
        place
        for place in np.flatnonzero(found.state.lines >= 5).tolist()
        if found.products[place].orderable
    ]
    if not selling:
        return None
    step = -(-len(selling) // MOST_ITEMS)
    chosen = np.array(selling[::step], np.intp)
    skus = [found.skus[place] for place in chosen]
    assert found.first is not None
    costs = {} if found.cost is None else dict(zip(skus, found.cost[chosen].tolist(), strict=True))
    history = load_history(database, shop, skus, found.day, costs=costs)
    if max(REPLAY_DAYS // 4, LEARNING_DAYS) >= history.sales.days:
        return None
    sales = with_lost_sales(history.sales, SEED)
    supply = draw_supply(sales, np.maximum(lead_days[chosen], 1.0), lead_variance[chosen], SEED)
    review = max(1, round(float(np.median(review_days[chosen]))))
    return _replayed(sales, supply, shop, found, review)


def _replayed(
    sales: Sales, supply: Supply, shop: Shop, found: Forecast, review: int
) -> tuple[Tuned, Chosen]:
    """Return the dial, and the memory and lots, that replays of a sample give."""
    target = float(shop.target)
    wanted = min(0.999, target + MARGIN)

    def policy(dials: Floats, lot_scale: float) -> Method:
        return Method(sales, supply, dials, shop.allocation, float(shop.cover_days), lot_scale)

    window = max(sales.days - MEMORY_DAYS, LEARNING_DAYS), sales.days
    trial = Trial(sales, supply, policy, DIALS, window, wanted, review)
    chosen = choose(trial, Chosen(found.memory, {}, found.lot_scale))
    if shop.memory_days:
        chosen = chosen._replace(memory=found.memory)  # Set by hand; the evidence is kept.
    if shop.lots != "auto":
        chosen = chosen._replace(lot_scale=found.lot_scale)
    outcome = simulate(
        sales,
        supply,
        policy(DIALS, chosen.lot_scale),
        max(sales.days - REPLAY_DAYS, 14),
        sales.days,
        review_days=review,
        memory=chosen.memory,
    )
    kappa, achieved = dial_for(outcome, DIALS, wanted)
    by_lines = shop.allocation == "lines"
    return Tuned(kappa, found.day, target, achieved, by_lines), chosen


def dial_for(outcome: Outcome, dials: Floats, target: float) -> tuple[float, float]:
    """Return the dial at which a sweep reaches a share of complete order lines, and that share.

    Between two dials it is interpolated by the dial's logarithm; out of reach it is the nearest.
    """
    order = np.argsort(outcome.line_fill, kind="stable")
    fill, dial = outcome.line_fill[order], np.log(dials[order])
    found = float(np.interp(target, fill, dial))
    return float(np.exp(found)), float(np.clip(target, fill[0], fill[-1]))
