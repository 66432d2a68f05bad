"""Buying: from suggestions to baskets, with the supplier's minimum and the shop's budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

import numpy as np

from jitledger.domain.errors import Refused, Remark
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.replenishment.ordering.buying import Gain, Need, reach_minimum, share_budget
from jitledger.domain.replenishment.ordering.order_quantity import Suggestion
from jitledger.domain.replenishment.quantiles import cdf
from jitledger_projections.planning.order_size import margin_of
from jitledger_projections.planning.products import policy_of
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.ordering.reorder import reorder
from jitledger_projections.reports.ordering.reorder_line import ReorderLine
from jitledger_projections.views.on_hand import positions
from jitledger_projections.views.products import Label, labels

MOST_EXTRA_DAYS = 60

USUAL_MARGIN = 0.5
"""What a unit is taken to earn where its price is not known, as a share of its cost."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """What a budget leaves out of a line, and the margin that waiting is expected to cost."""

    sku: str
    name: str
    location: str | None
    quantity: Decimal
    cost: Decimal
    cost_of_waiting: float
    why: str | None = None
    """Why it could not be weighed at all."""


def _why_not(line: ReorderLine, currency: str) -> str:
    """Say why a line has no cost that a budget could weigh."""
    if line.unit_cost is None:
        return "no cost is known"
    return f"{line.currency} has no rate to {currency}"


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One line of an order to a supplier; ``added`` was put in to reach the minimum."""

    sku: str
    name: str
    unit: str
    quantity: Decimal
    unit_cost: Decimal | None
    location: str | None
    added: bool = False

    @property
    def cost(self) -> Decimal:
        """Return what the line costs; 0 where the unit cost is not known."""
        return self.quantity * (self.unit_cost or ZERO)


@dataclass(frozen=True, slots=True)
class Basket:
    """What to order from one supplier now."""

    supplier: str
    title: str
    currency: str | None
    minimum: Decimal | None
    lines: tuple[BasketLine, ...]
    questions: tuple[tuple[str, Remark], ...] = ()
    """Items that are due but cannot be ordered without a decision."""

    @property
    def total(self) -> Decimal:
        """Return what the lines cost."""
        return sum((line.cost for line in self.lines), ZERO)

    @property
    def below_minimum(self) -> bool:
        """Return whether the supplier's least order is not reached."""
        return self.minimum is not None and self.total < self.minimum


def _gain(position: Decimal, mean: float, variance: float, margin: float, cost: float) -> Gain:
    """Return P(D > position + k)·margin as a function of k, looked up in a table."""
    earns = margin if margin > 0 else USUAL_MARGIN * cost
    begin = float(position)
    size = max(1, int(mean * 4 + 4 * max(variance, 0.0) ** 0.5 - min(begin, 0.0)) + 64)
    points = begin + np.arange(size)
    table = 1.0 - cdf(np.floor(points), np.full(size, mean), np.full(size, variance))

    def gain(k: Decimal) -> float:
        place = int(k)
        return float(table[place]) * earns if place < size else 0.0

    return gain


def need_of(line: ReorderLine) -> Need:
    """Return a reorder line as a need of the greedy, its costs in the shop's currency."""
    cost = line.own_cost or ZERO
    pack = Decimal(line.terms["pack"]) if "pack" in line.terms else None
    if line.lot and line.suggestion.quantity % line.lot == 0:
        pack = line.lot if pack is None or line.lot % pack == 0 else line.suggestion.quantity
    elif line.lot:
        pack = line.suggestion.quantity  # A lot that a pack does not divide: all or nothing.
    least = Decimal(line.terms["moq"]) if "moq" in line.terms else ZERO
    return Need(
        line.sku,
        line.suggestion.quantity,
        cost,
        _gain(
            line.inventory_position - line.spoiling,
            line.lead_time_demand,
            line.variance,
            line.margin,
            float(cost),
        ),
        step=pack or Decimal(1),
        least=least,
        in_packs=pack is not None,
        prices=line.prices,
    )


def within_budget(
    lines: Sequence[ReorderLine], budget: Decimal, currency: str
) -> tuple[list[ReorderLine], list[Deferred]]:
    """Return lines with what a budget allows, and what waits; raises ``bad-value`` for no budget.

    A line without a known cost, or in a currency without a rate, cannot be weighed: it waits.
    """
    if budget <= 0:
        raise Refused(
            "bad-value",
            f"A budget of {show(budget)} buys nothing; leave it out to see all that is due.",
            field="budget",
            value=show(budget),
        )
    needs = [need_of(line) for line in lines]
    weighed = [need for need in needs if need.unit_cost > 0]
    share_budget(weighed, budget)
    kept, deferred = [], []
    for line, need in zip(lines, needs, strict=True):
        if line.suggestion.question:
            kept.append(line)
        else:
            kept.append(line._replace(suggestion=Suggestion(need.taken)))
        if need.deferred > 0:
            deferred.append(
                Deferred(
                    line.sku,
                    line.name,
                    line.location,
                    need.deferred,
                    need.deferred * need.unit_cost,
                    need.cost_of_waiting,
                    _why_not(line, currency) if need.unit_cost <= 0 else None,
                )
            )
    return kept, sorted(deferred, key=lambda d: -d.cost_of_waiting)


def basket(look: Look, supplier: str) -> Basket:
    """Return what to order from one supplier now; raises ``nothing-due``."""
    lines = [r for r in reorder(look) if r.supplier == supplier]
    if not lines:
        raise Refused(
            "nothing-due",
            f"Nothing needs reordering from {supplier} now.",
            supplier=supplier,
        )
    return _basket(look, supplier, lines)


def _basket(look: Look, supplier: str, lines: list[ReorderLine]) -> Basket:
    source = look.plan.suppliers.get(supplier)
    currency = source.currency if source is not None else None
    due = [line for line in lines if line.suggestion.quantity > 0]
    asked = tuple((r.name, r.suggestion.question) for r in lines if r.suggestion.question)
    found = [
        BasketLine(
            line.sku,
            line.name,
            line.unit,
            line.suggestion.quantity,
            look.plan.converted(line.unit_cost, line.currency, currency),
            line.location,
        )
        for line in due
    ]
    minimum = source.minimum_order if source is not None else None
    total = sum((line.cost for line in found), ZERO)
    if minimum is not None and found and total < minimum:
        found = _topped_up(look, supplier, due, found, minimum)
    return Basket(
        supplier,
        source.title if source is not None else supplier,
        currency,
        minimum,
        tuple(found),
        asked,
    )


def _topped_up(
    look: Look,
    supplier: str,
    due: list[ReorderLine],
    found: list[BasketLine],
    minimum: Decimal,
) -> list[BasketLine]:
    """Add what earns most until the supplier's minimum is reached, two months of demand at most.

    It is weighed in the shop's currency; without a rate nothing is added.
    """
    planned = look.plan
    source = planned.suppliers.get(supplier)
    currency = None if source is None else source.currency
    least = planned.in_own(minimum, currency)
    if least is None:
        return found
    needs = []
    for line in due:
        need = need_of(line)
        need.taken = line.suggestion.quantity
        if not line.spoils:
            room = None if line.level is None else line.level - line.inventory_position - need.taken
            need.quantity = need.taken + _extra(line.demand_per_day, need.step, room)
        needs.append(need)
    others, named = _others(look, supplier, {line.sku for line in due})
    needs += others
    reach_minimum(needs, least)
    mine = needs[: len(due)]  # In the order of what is due: a product may be due at two places.
    taken = {need.sku: need for need in needs[len(due) :] if need.taken > 0}
    kept = [
        BasketLine(
            line.sku,
            line.name,
            line.unit,
            need.taken,
            line.unit_cost,
            line.location,
            need.taken > line.quantity,
        )
        for line, need in zip(found, mine, strict=True)
    ]
    more = []
    for sku, need in taken.items():
        cost = planned.converted(need.unit_cost, None, currency)
        label = named[sku]
        more.append(BasketLine(sku, label.title, label.unit, need.taken, cost, None, True))
    return kept + more


def _others(look: Look, supplier: str, there: set[str]) -> tuple[list[Need], dict[str, Label]]:
    """Return what else of a supplier's could be ordered now, and its labels."""
    planned, needs = look.plan, list[Need]()
    places = [
        i
        for i, p in enumerate(planned.products)
        if p.supplier == supplier
        and p.orderable
        and p.sku not in there
        and planned.mean[i] > 0
        and not planned.rates.dormant[i]
    ]
    skus = [planned.products[i].sku for i in places]
    with look.snapshot() as tx:
        shelves = positions(tx, look.now, look.today.isoformat(), skus)
        named = labels(tx, skus, look.today)
    for i, sku in zip(places, skus, strict=True):
        shelf = shelves.get(sku)
        agreed = planned.terms.of(supplier, sku)
        cost = planned.in_own(agreed.cost_at(Decimal(1)), planned.currency_of(agreed, supplier))
        if shelf is None or not shelf.known or cost is None or named[sku].shelf_life_days:
            continue
        step, room = agreed.pack or Decimal(1), None
        product = planned.products[i]
        policy = policy_of(product, None, look.today.isoformat()) if product.policies else None
        if policy is not None:
            step = policy.order_quantity or step
            if policy.order_up_to is not None:
                room = policy.order_up_to - shelf.inventory_position
        margin = margin_of(named[sku], cost, look.shop)
        mean, variance = float(planned.mean[i]), float(planned.variance[i])
        needs.append(
            Need(
                sku,
                _extra(float(planned.demand_per_day[i]), step, room),
                cost,
                _gain(shelf.inventory_position, mean, variance, margin, float(cost)),
                step=step,
                least=agreed.moq or ZERO,
            )
        )
    return needs, named


def _extra(per_day: float, step: Decimal, room: Decimal | None) -> Decimal:
    wanted = Decimal(int(per_day * MOST_EXTRA_DAYS))
    if room is not None:
        wanted = max(ZERO, min(wanted, room))
    return (wanted / step).to_integral_value(ROUND_FLOOR) * step
