"""Whether just-in-time is right for an item."""

from __future__ import annotations

from math import sqrt

from jitledger.domain.errors import Refused, unknown_sku
from jitledger.domain.replenishment.advice import Verdict, is_just_in_time_right, margin
from jitledger_projections.planning.order_size import net_price
from jitledger_projections.reports.advice.overstock import KNOWN_DAYS
from jitledger_projections.reports.look import Look
from jitledger_projections.views.on_hand import positions
from jitledger_projections.views.products import labels

NEVER_SOLD = "nobody has asked for it yet: nothing is known of its demand"


def verdict(look: Look, sku: str) -> Verdict:
    """Return whether just-in-time is right for an item; raises ``unknown-sku`` for a stranger.

    Raises ``too-new`` in an item's first two weeks.
    """
    planned = look.plan
    if sku not in planned.forecast.place:
        raise unknown_sku(sku)
    place = planned.forecast.place[sku]
    if planned.forecast.state.days[place] < KNOWN_DAYS:
        raise Refused(
            "too-new",
            f"{sku} was on the shelf for less than {KNOWN_DAYS} days; ask again later.",
            sku=sku,
            days=KNOWN_DAYS,
        )
    if planned.forecast.state.lines[place] <= 0:
        return Verdict("unknown", NEVER_SOLD, {})
    lead = planned.leads.get(planned.products[place].supplier or "")
    rate = float(planned.demand_per_day[place])
    week = 7 * rate
    variation = sqrt(max(0.0, float(planned.rates.phi[place]) * week)) / week if week > 0 else 0.0
    with look.snapshot() as tx:
        label = labels(tx, [sku], look.today)[sku]
        shelf = positions(tx, look.now, look.today.isoformat(), [sku]).get(sku)
    share = None
    if label.price and shelf is not None and shelf.last_cost is not None:
        share = float(margin(net_price(label, look.shop), shelf.last_cost))
    return is_just_in_time_right(
        float(planned.lead_days[place]),
        None if lead is None else lead.record.on_time.share,
        variation,
        share,
        label.shelf_life_days,
    )
