"""The morning's look: all that is told once a day, from one plan of the shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jitledger.domain.moments import local_date
from jitledger.service.projection import without_collector
from jitledger.service.queries import Queries
from jitledger.store.database import Database
from jitledger_projections.drift import Drift, drifts
from jitledger_projections.margins import BuyAhead, Squeeze, buy_ahead, squeezed
from jitledger_projections.order_book import Order, orders
from jitledger_projections.phantoms import Phantom, phantoms
from jitledger_projections.plan import plan
from jitledger_projections.promises import AtRisk, at_risk
from jitledger_projections.reorder import ReorderLine, reorder
from jitledger_projections.run_out import RunOut, run_outs


@dataclass(frozen=True, slots=True)
class Morning:
    """What a morning has to tell."""

    reorder: Sequence[ReorderLine]
    run_outs: Sequence[RunOut]
    late: Sequence[tuple[Order, dict[str, str]]]
    """Late orders with {SKU: another supplier that has terms for it}."""
    at_risk: Sequence[AtRisk]
    phantoms: Sequence[Phantom]
    drifts: Sequence[Drift]
    squeezed: Sequence[Squeeze]
    """Empty while the shop has set no least margin."""
    buy_ahead: Sequence[BuyAhead]


def morning(database: Database, queries: Queries) -> Morning:
    """Look at the whole shop as of now."""
    shop = queries.shop()
    now = queries.present(shop)
    today = local_date(now, shop.tz)
    with without_collector():
        planned = plan(database, shop, today)
        with database.snapshot() as tx:
            late = orders(tx, today, only_late=True)
        return Morning(
            reorder(database, shop, now, planned),
            run_outs(database, shop, now, planned=planned),
            [
                (
                    order,
                    {
                        line.sku: other
                        for line in order.lines
                        if line.is_late(today)
                        and (other := planned.alternative(line.sku, order.supplier)) is not None
                    },
                )
                for order in late
            ],
            at_risk(database, queries),
            phantoms(database, shop, now, planned.forecast),
            drifts(database, shop, today, planned.forecast),
            squeezed(database, shop, now, shop.margin_floor, planned) if shop.margin_floor else (),
            buy_ahead(database, shop, now, planned),
        )
