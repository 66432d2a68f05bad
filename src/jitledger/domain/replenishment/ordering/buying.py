"""Sharing a budget and reaching a supplier's minimum: pack by pack, where it earns most.

The next unit of an item earns its margin when demand over lead time and review exceeds what is
there and on its way: P(D > IP + k)·margin. Packs are bought in the order of what they earn for each
unit of money (greedy; each item's gains fall with k, as in Silver, Pyke and Thomas 6.2).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

from jitledger.domain.quantity import ZERO

Gain = Callable[[Decimal], float]
NEGLIGIBLE = 1e-6


@dataclass(slots=True)
class Need:
    """One item to buy: at most ``quantity`` in steps; ``gain(k)`` is what unit k + 1 earns."""

    sku: str
    quantity: Decimal
    unit_cost: Decimal
    gain: Gain
    step: Decimal = Decimal(1)
    least: Decimal = ZERO
    in_packs: bool = False
    prices: tuple[tuple[Decimal, Decimal], ...] = ()
    """(from how many, cost of one): price breaks; without any ``unit_cost`` holds."""
    taken: Decimal = field(default=ZERO)

    @property
    def deferred(self) -> Decimal:
        """Return what was asked and is not bought."""
        return max(ZERO, self.quantity - self.taken)

    @property
    def cost_of_waiting(self) -> float:
        """Return what the deferred units would have earned."""
        return self._earned(self.taken, self.quantity)

    @property
    def cost(self) -> Decimal:
        """Return what the bought units cost."""
        return self.cost_of(self.taken)

    def cost_of(self, quantity: Decimal) -> Decimal:
        """Return what so many cost together, at the price for that quantity."""
        price = self.unit_cost
        for begins, each in self.prices:
            if begins <= quantity:
                price = each
        return quantity * price

    def steps(self, most: Decimal) -> list[Decimal]:
        """Return how many units may be bought next: a step, or as many as a price break wants."""
        first = self.next_step(most)
        found = [first] if first else []
        for begins, _ in self.prices:
            packs = -(-begins // self.step) * self.step
            if self.taken + first < packs <= most:
                found.append(packs - self.taken)
        return found

    def _earned(self, begin: Decimal, end: Decimal) -> float:
        total, at = 0.0, begin
        while at < end:
            wide = min(self.step, end - at)
            total += self.gain(at) * float(wide)
            at += wide
        return total

    def next_step(self, most: Decimal) -> Decimal:
        """Return how many units the next purchase of this item takes; 0 when there is none."""
        if self.taken >= most:
            return ZERO
        wide = self.step
        if self.taken == 0 and self.least > self.step:
            wide = (self.least / self.step).to_integral_value(ROUND_CEILING) * self.step
            if not self.in_packs:
                wide = self.least
        if self.taken + wide <= most:
            return wide
        # The rest of a quantity that needs no whole packs.
        divisible = not self.in_packs and (self.taken > 0 or self.least <= most)
        return most - self.taken if divisible else ZERO

    def worth(self, wide: Decimal) -> float:
        """Return what the next units earn for each unit of money."""
        cost = float(self.cost_of(self.taken + wide) - self.cost)
        earned = self._earned(self.taken, self.taken + wide)
        return earned / cost if cost > 0 else float("inf")


def share_budget(needs: Sequence[Need], budget: Decimal) -> Decimal:
    """Buy what the budget allows, best first, in place; return what it costs.

    A 40 at 5 (30 a day at stake), B 20 at 15 in packs of 4 (24), C 50 at 4 in packs of 10 (8):
    500 buys A 40 and B 20; 450 buys A 40 and B 16, C waits. Of 60 at 1.00 from 60 on, 2.00 below,
    a budget of 60 buys all, not 30.
    """
    left = budget
    heap: list[tuple[float, int, Decimal, Decimal]] = []

    def push(place: int) -> None:
        need = needs[place]
        for wide in need.steps(need.quantity):
            heapq.heappush(heap, (-need.worth(wide), place, wide, need.taken))

    for place in range(len(needs)):
        push(place)
    while heap:
        _, place, wide, taken = heapq.heappop(heap)
        need = needs[place]
        cost = need.cost_of(need.taken + wide) - need.cost
        if need.taken != taken or cost > left:
            continue  # Bought otherwise, or not to be had; what others need may still fit.
        need.taken += wide
        left -= cost
        push(place)
    return budget - left


def reach_minimum(needs: Sequence[Need], minimum: Decimal) -> Decimal:
    """Add packs until an order reaches a supplier's minimum, in place; return what it costs.

    What would earn next to nothing is not added; then the order stays below the minimum.
    """
    total = sum((need.cost for need in needs), ZERO)
    heap: list[tuple[float, int, Decimal]] = []

    def push(place: int) -> None:
        wide = needs[place].next_step(needs[place].quantity)
        worth = needs[place].worth(wide) if wide else 0.0
        if worth > NEGLIGIBLE:
            heapq.heappush(heap, (-worth, place, wide))

    for place in range(len(needs)):
        push(place)
    while heap and total < minimum:
        _, place, wide = heapq.heappop(heap)
        need = needs[place]
        total -= need.cost
        need.taken += wide
        total += need.cost
        push(place)
    return total
