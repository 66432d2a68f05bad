"""Tuning: the dial of the service levels, set by replaying the shop's own ledger.

Once a week a sample of the shop's items is replayed over its last weeks at several dials; the dial
is the one that reaches the shop's share of complete order lines plus 1.5 points, because every
policy undershoots in a rising season (REPLENISHMENT.md 4). Under 90 days of history there is none.
"""

from __future__ import annotations

import numpy as np

from jitledger.domain.replenishment.backtesting.backtest import Outcome, simulate
from jitledger.domain.replenishment.backtesting.policies import Method
from jitledger.domain.state.shop import Shop
from jitledger.store.database import Database
from jitledger_projections.planning.exposure import Floats
from jitledger_projections.planning.forecast import Forecast, Tuned
from jitledger_projections.planning.replay import draw_supply, load_history

HISTORY_DAYS = 90

REPLAY_DAYS = 60

RETUNE_DAYS = 7

MOST_ITEMS = 800

MARGIN = 0.015

SEED = 20_260_831

DIALS = np.array([0.4, 0.25, 0.15, 0.1, 0.07, 0.05, 0.035, 0.02, 0.01, 0.005])


def is_due(found: Forecast) -> bool:
    """Return whether a shop has the history for a dial and none of this week."""
    if found.first is None or found.day - found.first < HISTORY_DAYS:
        return False
    return found.tuned is None or found.day - found.tuned.day >= RETUNE_DAYS


def tune(
    database: Database,
    shop: Shop,
    found: Forecast,
    lead_days: Floats,
    lead_variance: Floats,
    review_days: Floats,
) -> Tuned | None:
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
    start = max(history.sales.days - REPLAY_DAYS, 14)
    if start >= history.sales.days:
        return None
    supply = draw_supply(
        history.sales, np.maximum(lead_days[chosen], 1.0), lead_variance[chosen], SEED
    )
    policy = Method(history.sales, supply, DIALS, "mix", float(shop.cover_days))
    review = max(1, round(float(np.median(review_days[chosen]))))
    outcome = simulate(history.sales, supply, policy, start, history.sales.days, review_days=review)
    target = float(shop.target)
    kappa, achieved = dial_for(outcome, DIALS, min(0.999, target + MARGIN))
    return Tuned(kappa, found.day, target, achieved)


def dial_for(outcome: Outcome, dials: Floats, target: float) -> tuple[float, float]:
    """Return the dial at which a sweep reaches a share of complete order lines, and that share.

    Between two dials it is interpolated by the dial's logarithm; out of reach it is the nearest.
    """
    order = np.argsort(outcome.line_fill, kind="stable")
    fill, dial = outcome.line_fill[order], np.log(dials[order])
    found = float(np.interp(target, fill, dial))
    return float(np.exp(found)), float(np.clip(target, fill[0], fill[-1]))
