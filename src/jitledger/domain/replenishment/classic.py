"""Classic lot sizes and single-period models, for order costs, price breaks and shelf lives.

Sources: Snyder and Shen, *Fundamentals of Supply Chain Theory*, 2nd ed. (FoSCT), whose numbers the
examples give; D demand a year, K cost of an order, h cost of holding a unit for a year, p penalty
for a unit short. ``newsvendor`` has h for a unit left over and p for a unit short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, floor, sqrt

from scipy import special


@dataclass(frozen=True, slots=True)
class Lot:
    """A quantity and what it costs in the model's unit of time."""

    quantity: float
    cost: float


def economic_order_quantity(order_cost: float, holding_cost: float, demand: float) -> Lot:
    """Return EOQ: Q = sqrt(2·K·D/h), cost sqrt(2·K·D·h) (FoSCT eq. 3.4, 3.5).

    >>> economic_order_quantity(8, .225, 1300)
    Lot(quantity=304.0467..., cost=68.4105...)
    >>> round(economic_order_quantity(12000, .3, 8000).quantity)
    25298
    """
    quantity = sqrt(2 * order_cost * demand / holding_cost)
    return Lot(quantity, sqrt(2 * order_cost * demand * holding_cost))


def eoq_with_backorders(
    order_cost: float, holding_cost: float, penalty: float, demand: float
) -> Lot:
    """Return EOQ when a unit short costs p a year: Q = EOQ·sqrt((h + p)/p) (FoSCT eq. 3.27).

    >>> eoq_with_backorders(8, .225, 5, 1300)
    Lot(quantity=310.8125..., cost=66.9213...)
    """
    plain = economic_order_quantity(order_cost, holding_cost, demand)
    ratio = sqrt((holding_cost + penalty) / penalty)
    return Lot(plain.quantity * ratio, plain.cost / ratio)


def economic_production_quantity(
    order_cost: float, holding_cost: float, demand: float, production: float
) -> Lot:
    """Return the lot of own production at a rate of so many a year (FoSCT eq. 3.31).

    >>> round(economic_production_quantity(8, .225, 1300, 1700).quantity, 5)
    626.80849
    """
    share = 1 - demand / production
    return economic_order_quantity(order_cost, holding_cost * share, demand)


def quantity_with_price_breaks(
    order_cost: float, holding_rate: float, demand: float, breaks: Sequence[tuple[float, float]]
) -> Lot:
    """Return the quantity cheapest in a year under all-units discounts (FoSCT 3.4.1).

    ``breaks`` are (from this quantity on, cost of a unit), sorted; the cost includes the goods.

    >>> quantity_with_price_breaks(8, .3, 1300, [(0, .75), (400, .72), (800, .68)])
    Lot(quantity=800.0, cost=978.6...)
    """
    best: Lot | None = None
    for place, (begins, price) in enumerate(breaks):
        ends = breaks[place + 1][0] if place + 1 < len(breaks) else float("inf")
        holding = holding_rate * price
        lot = sqrt(2 * order_cost * demand / holding)
        quantity = float(max(begins, min(lot, ends)))
        if quantity >= ends and lot > ends:
            continue  # Beyond the break the next price holds.
        cost = price * demand + order_cost * demand / quantity + holding * quantity / 2
        if best is None or cost < best.cost:
            best = Lot(quantity, cost)
    assert best is not None
    return best


def newsvendor_normal(
    holding_cost: float, penalty: float, mean: float, deviation: float, lead_time: float = 0
) -> Lot:
    """Return S with F(S) = p/(p + h) for normal demand, and its expected cost (FoSCT eq. 4.17).

    With a lead time, S covers lead time + 1 periods.

    >>> newsvendor_normal(.18, .70, 50, 8)
    Lot(quantity=56.6039..., cost=1.9976...)
    >>> round(newsvendor_normal(.18, .70, 50, 8, lead_time=4).quantity, 5)
    264.76689
    >>> round(newsvendor_normal(2, 18, 120, 10).quantity, 4)
    132.8155
    """
    periods = lead_time + 1
    z = float(special.ndtri(penalty / (penalty + holding_cost)))
    spread = deviation * sqrt(periods)
    density = exp(-z * z / 2) / sqrt(2 * 3.141592653589793)
    return Lot(mean * periods + z * spread, (holding_cost + penalty) * spread * density)


def newsvendor_poisson(holding_cost: float, penalty: float, mean: float) -> Lot:
    """Return the smallest S with F(S) >= p/(p + h) for Poisson demand (FoSCT eq. 4.30).

    >>> newsvendor_poisson(1, 4, 50)
    Lot(quantity=56.0, cost=10.0752...)
    """
    ratio = penalty / (penalty + holding_cost)
    level = floor(float(special.pdtrik(ratio, mean)))
    while special.pdtr(level, mean) < ratio:
        level += 1
    return Lot(float(level), _poisson_cost(level, holding_cost, penalty, mean))


def poisson_loss(x: float, mean: float) -> float:
    """Return E[(D - x)+] of Poisson demand: (mean - x)(1 - F(x)) + mean·f(x) (FoSCT eq. C.41).

    >>> round(poisson_loss(18, 15), 5)
    0.51761
    """
    beyond = 1 - float(special.pdtr(x, mean)) if x >= 0 else 1.0
    density = float(special.pdtr(x, mean) - special.pdtr(x - 1, mean)) if x > 0 else exp(-mean)
    return (mean - x) * beyond + mean * (density if x >= 0 else 0.0)


def _poisson_cost(level: int, holding_cost: float, penalty: float, mean: float) -> float:
    if level < 0:
        return penalty * (mean - level)
    short = poisson_loss(level, mean)
    return holding_cost * (level - mean + short) + penalty * short


@dataclass(frozen=True, slots=True)
class ReorderPolicy:
    """A reorder point with an order quantity or an order-up-to level, and its cost."""

    reorder_point: int
    target: int
    cost: float


def exact_r_q(
    holding_cost: float, penalty: float, order_cost: float, demand: float, lead_time: float
) -> ReorderPolicy:
    """Return the best (r, Q) for Poisson demand, exactly (Federgruen and Zheng 1992; FoSCT 5.5).

    >>> exact_r_q(20, 150, 100, 1.5, 2)
    ReorderPolicy(reorder_point=3, target=5, cost=107.9235...)
    """
    mean = demand * lead_time

    def g(level: int) -> float:
        return _poisson_cost(level, holding_cost, penalty, mean)

    best = int(newsvendor_poisson(holding_cost, penalty, mean).quantity)
    low, high, quantity = best - 1, best, 1
    total = order_cost * demand + g(best)
    cost = total
    while True:
        below, above = g(low), g(high + 1)
        nearest = min(below, above)
        if nearest >= cost:
            return ReorderPolicy(low, quantity, cost)
        total += nearest
        quantity += 1
        cost = total / quantity
        if below <= above:
            low -= 1
        else:
            high += 1


def best_s_S(  # noqa: N802 - the model's own name.
    holding_cost: float, penalty: float, order_cost: float, mean: float
) -> ReorderPolicy:
    """Return the best (s, S) under periodic review, Poisson demand (Zheng and Federgruen 1991).

    >>> best_s_S(1, 4, 5, 6)
    ReorderPolicy(reorder_point=4, target=10, cost=8.0341...)
    """
    most = ceil(mean + 12 * sqrt(mean) + 20)
    density = [float(special.pdtr(0, mean))]
    density += [float(special.pdtr(k, mean) - special.pdtr(k - 1, mean)) for k in range(1, most)]
    renewal = [1 / (1 - density[0])]
    for k in range(1, most):
        renewal.append(sum(density[j] * renewal[k - j] for j in range(1, k + 1)) / (1 - density[0]))

    def g(level: int) -> float:
        return _poisson_cost(level, holding_cost, penalty, mean)

    def cost(s: int, up_to: int) -> float:
        spent = order_cost + sum(renewal[j] * g(up_to - j) for j in range(up_to - s))
        return spent / sum(renewal[: up_to - s])

    start = int(newsvendor_poisson(holding_cost, penalty, mean).quantity)
    s = start - 1
    while cost(s, start) > g(s):
        s -= 1
    best, found = cost(s, start), start
    up_to = start + 1
    while g(up_to) <= best:
        if cost(s, up_to) < best:
            found = up_to
            while cost(s, up_to) <= g(s + 1):
                s += 1
            best = cost(s, up_to)
        up_to += 1
    return ReorderPolicy(s, found, best)


def shelf_life_quantity(
    mean: float, deviation: float, margin: float, cost: float, salvage: float = 0.0
) -> float:
    """Return what to buy of goods that spoil: the newsvendor over their shelf life.

    A unit short loses its margin, a unit left over its cost less what it still brings. Mean 40,
    deviation 10, margin 3, cost 2 gives the .6 quantile, 42.5.

    >>> round(shelf_life_quantity(40, 10, 3, 2), 1)
    42.5
    """
    over = max(cost - salvage, 1e-12)
    if margin <= 0:
        return 0.0
    return max(0.0, newsvendor_normal(over, margin, mean, deviation).quantity)
