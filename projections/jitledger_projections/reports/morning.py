"""The morning's look: all that is told once a day, from one plan of the shop."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from jitledger.domain.moments import local_date
from jitledger.service.queries import Queries
from jitledger.service.views.bunches import without_collector
from jitledger.store.database import Database
from jitledger_projections.planning.plan import Plan, plan
from jitledger_projections.reports.drift import Drift, drifts
from jitledger_projections.reports.margins import BuyAhead, Squeeze, buy_ahead, squeezed
from jitledger_projections.reports.order_book import Order, orders
from jitledger_projections.reports.phantoms import Phantom, phantoms
from jitledger_projections.reports.promises import AtRisk, at_risk
from jitledger_projections.reports.reorder import ReorderLine, reorder
from jitledger_projections.reports.run_out import RunOut, run_outs

T = TypeVar("T")
log = logging.getLogger(__name__)


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
        floor = shop.margin_floor
        return Morning(
            _each("reorder", lambda: reorder(database, shop, now, planned)),
            _each("run-outs", lambda: run_outs(database, shop, now, planned=planned)),
            _each("late orders", lambda: _late(database, planned, today)),
            _each("promises", lambda: at_risk(database, queries)),
            _each("phantoms", lambda: phantoms(database, shop, now, planned.forecast)),
            _each("drift", lambda: drifts(database, shop, today, planned.forecast)),
            _each("margins", lambda: squeezed(database, shop, now, floor, planned))
            if floor
            else [],
            _each("costs", lambda: buy_ahead(database, shop, now, planned)),
        )


def _each(name: str, look: Callable[[], Sequence[T]]) -> Sequence[T]:
    """Return what one look finds; its failure is logged and leaves the others alone."""
    try:
        return look()
    except Exception:
        log.exception("the morning's look at %s failed", name)
        return []


def _late(database: Database, planned: Plan, today: date) -> list[tuple[Order, dict[str, str]]]:
    with database.snapshot() as tx:
        late = orders(tx, today, only_late=True)
    found = []
    for order in late:
        skus = dict.fromkeys(line.sku for line in order.lines if line.is_late(today))
        others = {sku: planned.alternative(sku, order.supplier) for sku in skus}
        found.append((order, {sku: other for sku, other in others.items() if other is not None}))
    return found
