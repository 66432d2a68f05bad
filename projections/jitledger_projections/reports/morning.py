"""The morning's look: all that is told once a day, from one plan of the shop."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from jitledger.service.views.bunches import without_collector
from jitledger_projections.reports.advice.drift import Drift, drifts
from jitledger_projections.reports.advice.expiry import expiring
from jitledger_projections.reports.advice.margins import BuyAhead, Squeeze, buy_ahead, squeezed
from jitledger_projections.reports.advice.phantoms import Phantom, phantoms
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.ordering.order_book import Order, orders
from jitledger_projections.reports.ordering.promises import AtRisk, at_risk
from jitledger_projections.reports.ordering.reorder import reorder
from jitledger_projections.reports.ordering.reorder_line import ReorderLine
from jitledger_projections.reports.ordering.run_out import RunOut, run_outs

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
    expiring: Sequence[dict[str, str]]
    currency: str


def morning(look: Look) -> Morning:
    """Look at the whole shop."""
    floor = look.shop.margin_floor
    with without_collector():
        _ = look.plan  # Without one there is nothing to tell: its failure is the morning's.
        return Morning(
            _each("reorder", lambda: reorder(look)),
            _each("run-outs", lambda: run_outs(look)),
            _each("late orders", lambda: _late(look)),
            _each("promises", lambda: at_risk(look)),
            _each("phantoms", lambda: phantoms(look)),
            _each("drift", lambda: drifts(look)),
            _each("margins", lambda: squeezed(look, floor)) if floor else [],
            _each("costs", lambda: buy_ahead(look)),
            _each("expiry", lambda: expiring(look)),
            look.shop.currency,
        )


def _each(name: str, report: Callable[[], Sequence[T]]) -> Sequence[T]:
    """Return what one look finds; its failure is logged and leaves the others alone."""
    try:
        return report()
    except Exception:
        log.exception("the morning's look at %s failed", name)
        return []


def _late(look: Look) -> list[tuple[Order, dict[str, str]]]:
    today, planned = look.today, look.plan
    with look.snapshot() as tx:
        late = orders(tx, today, only_late=True)
    found = []
    for order in late:
        skus = dict.fromkeys(line.sku for line in order.lines if line.is_late(today))
        others = {sku: planned.alternative(sku, order.supplier) for sku in skus}
        found.append((order, {sku: other for sku, other in others.items() if other is not None}))
    return found
