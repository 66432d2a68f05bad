"""Lead times learned from receipts, and how reliable a supplier is (REPLENISHMENT.md 3).

m0 is what the merchant stated, n the receipts (in orders: a part of an order weighs by its share
of the units):

    mean      L = (3·m0 + sum of L) / (3 + n)
    spread    v = (5·(0.4·L)² + SS) / (4 + n),   sigma_L² = v·(1 + 1/(n + 3))

a normal-gamma prior worth three orders for the mean and five for the spread (Gelman et al.,
*Bayesian Data Analysis*, 3.3). What is overdue and has not come took *at least* its age: it counts
with its expected length given that, which is found by iteration.

The next delivery of such a supplier is Student's t with 4 + n degrees of freedom about the
mean (the posterior predictive of that model, the same section): with few orders seen its tail is
long, so what is very late is expected later and later, never "tomorrow" for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, exp, pi, sqrt

PRIOR_ORDERS = 3.0
PRIOR_SPREADS = 5.0
PRIOR_VARIATION = 0.4
_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Delivery:
    """So many days from order to arrival; ``weight`` in orders; open ones took at least that."""

    days: float
    weight: float = 1.0
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class LeadTime:
    """Mean and variance of a lead time in days, and how many orders taught it."""

    days: float
    variance: float
    orders: float

    def days_late(self, late: float, share: float) -> float:
        """Return by how many days after its day such a share has come, of what is late so long.

        Conditional on X > late, by the predictive distribution. A stated lead time of 5 days and
        nothing seen (sigma 2.6, four degrees of freedom): one day late, half have come after 2.1
        days; 20 days late, after 23.9, and nine of ten after 35.9.

        >>> [round(learn(5, []).days_late(late, .5), 1) for late in (0, 1, 20)]
        [1.4, 2.1, 23.9]
        >>> round(learn(5, []).days_late(20, .9), 1)
        35.9
        """
        from scipy.special import stdtr, stdtrit

        freedom = PRIOR_SPREADS - 1 + self.orders
        scale = sqrt(self.variance * (freedom - 2) / freedom)
        if scale <= 0:
            return late
        beyond = stdtr(freedom, -late / scale)
        return max(late, float(-stdtrit(freedom, (1 - share) * beyond)) * scale)


def learn(stated_days: float, deliveries: Sequence[Delivery]) -> LeadTime:
    """Return the lead time after some deliveries.

    >>> round(learn(7, []).variance, 3)
    13.067
    >>> learn(7, [Delivery(10), Delivery(12), Delivery(14)]).days
    9.5

    An order of which half is overdue at 30 days lengthens it further.
    """
    came = [(d.days, d.weight) for d in deliveries if not d.is_open]
    late = [(d.days, d.weight) for d in deliveries if d.is_open]
    found = _learn(stated_days, came)
    for _ in range(_ROUNDS if late else 0):
        deviation = sqrt(found.variance)
        guessed = [(_at_least(age, found.days, deviation), weight) for age, weight in late]
        found = _learn(stated_days, came + guessed)
    return found


def _learn(stated_days: float, seen: list[tuple[float, float]]) -> LeadTime:
    n = sum((weight for _, weight in seen), 0.0)
    total = sum(days * weight for days, weight in seen)
    mean = (PRIOR_ORDERS * stated_days + total) / (PRIOR_ORDERS + n)
    centre = total / n if n else 0.0
    squares = sum(weight * (days - centre) ** 2 for days, weight in seen)
    prior = PRIOR_SPREADS * (PRIOR_VARIATION * mean) ** 2
    spread = (prior + squares) / (PRIOR_SPREADS - 1 + n)
    return LeadTime(mean, spread * (1 + 1 / (n + PRIOR_ORDERS)), n)


def _at_least(age: float, mean: float, deviation: float) -> float:
    """Return E[L | L > age] of a normal: mean + sigma·phi(z)/(1 - Phi(z))."""
    if deviation <= 0:
        return max(age, mean)
    z = (age - mean) / deviation
    beyond = 0.5 * (1 - erf(z / sqrt(2)))
    if beyond < 1e-9:  # Far out, the mean excess of a normal is sigma/z.
        return age + deviation / max(z, 1.0)
    return mean + deviation * exp(-z * z / 2) / sqrt(2 * pi) / beyond


@dataclass(frozen=True, slots=True)
class OnTime:
    """Units that came in full by the agreed day, of all that were due or came."""

    on_time: float
    units: float

    @property
    def share(self) -> float | None:
        """Return the share; None is "no data", not 100 %."""
        return self.on_time / self.units if self.units else None


@dataclass(frozen=True, slots=True)
class DueLine:
    """One order line: units wanted, units there by the agreed day, units there at all, due yet."""

    wanted: float
    in_time: float
    received: float
    is_due: bool


def on_time(lines: Sequence[DueLine]) -> OnTime:
    """Return on time in full by units, *including* what was due and never came.

    100 on time, 50 late, 100 with 60 on time, 80 overdue: 160 of 330, 48.5 %.

    >>> on_time([DueLine(100, 100, 100, True), DueLine(50, 0, 50, True),
    ...          DueLine(100, 60, 60, True), DueLine(80, 0, 0, True)])
    OnTime(on_time=160.0, units=330.0)
    """
    punctual = units = 0.0
    for line in lines:
        if line.is_due or line.received >= line.wanted:
            punctual += min(line.in_time, line.wanted)
            units += line.wanted
    return OnTime(punctual, units)


def lateness(days: Sequence[tuple[float, float]], share: float) -> float:
    """Return the lateness in days that so large a share of the units did not exceed.

    ``days`` are (days late, units); early counts as 0. Nine units on time and one 2 days late:
    the 90th percentile is 0, the 95th 2.
    """
    total = sum(units for _, units in days)
    seen = 0.0
    for late, units in sorted(days):
        seen += units
        if seen >= share * total - 1e-9:
            return max(0.0, late)
    return 0.0
