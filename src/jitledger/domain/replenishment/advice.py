"""Advice in money: reorder points to move, overstock, price changes, just-in-time or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, inf
from typing import Literal

from jitledger.domain.quantity import ZERO

LEAST_RECEIPTS = 3


def tune_point(point: Decimal, lowest: Sequence[Decimal], safety: Decimal) -> Decimal | None:
    """Return where a reorder point should stand: by what the stock fell to before each receipt.

    The lowest should have come down to the safety stock: s' = s - (min(lowest) - safety). Lows of
    14, 11, 12, 15, 10, 13 with a safety stock of 4 move 30 to 24. None with under three receipts.

    >>> tune_point(Decimal(30), [Decimal(n) for n in (14, 11, 12, 15, 10, 13)], Decimal(4))
    Decimal('24')
    >>> tune_point(Decimal(5), [Decimal(n) for n in (0, 2, -1)], Decimal(4))
    Decimal('10')
    """
    if len(lowest) < LEAST_RECEIPTS:
        return None
    return max(Decimal(0), point - (min(lowest) - safety))


def margin(price: Decimal, cost: Decimal) -> Decimal:
    """Return the margin as a share of the net price: 9.00 and 4.00 give .5556."""
    return (price - cost) / price


def keeps_margin(price: Decimal, cost: Decimal, floor: Decimal, tax: Decimal = ZERO) -> bool:
    """Return whether a price, ``tax`` included, leaves at least a margin; exact.

    >>> keeps_margin(Decimal("35.35"), Decimal("15.15"), Decimal("0.46"), Decimal("0.26"))
    True
    """
    return Fraction(price) * (1 - Fraction(floor)) >= Fraction(cost) * (1 + Fraction(tax))


def price_for_margin(
    cost: Decimal, floor: Decimal, tax: Decimal = ZERO, step: Decimal = Decimal("0.01")
) -> Decimal:
    """Return the least price in steps, ``tax`` included, that keeps a net margin; exact.

    Cost 4.60 and a floor of 50 % give 9.20; 5.10 wants 10.20 net, with 7 % tax 10.914, so 10.92.

    >>> price_for_margin(Decimal("4.60"), Decimal("0.5"))
    Decimal('9.20')
    >>> price_for_margin(Decimal("5.10"), Decimal("0.5"), Decimal("0.07"))
    Decimal('10.92')
    """
    exact = Fraction(cost) / (1 - Fraction(floor)) * (1 + Fraction(tax)) / Fraction(step)
    return ceil(exact) * step


def buy_ahead_days(cost: Decimal, new_cost: Decimal, holding_rate: float) -> float:
    """Return for how many days of demand it pays to buy before a cost rises.

    The last unit bought is held for t days and saves the rise: t = 365·(c' - c)/(c·h) (Silver,
    Pyke and Thomas 4.9.5, one opportunity to buy, without the order cost). From 4.00 to 4.60 at a
    quarter a year: 219 days; what spoils or goes out of fashion sooner caps it.

    >>> buy_ahead_days(Decimal(4), Decimal("4.60"), .25)
    219.0
    """
    if new_cost <= cost or cost <= 0:
        return 0.0
    if holding_rate <= 0:
        return inf
    return round(365 * float((new_cost - cost) / cost) / holding_rate, 6)


@dataclass(frozen=True, slots=True)
class Clearance:
    """What to do with stock that will not sell in time, and what it costs or brings."""

    action: Literal["stop-ordering", "move", "mark-down", "write-off"]
    units: Decimal
    days: float | None
    """How long it lasts at today's rate; None when nothing sells."""
    holding_cost: float
    """What holding it costs until it has gone, or in a year."""
    markdown: float | None = None
    """The largest discount that still beats holding it, as a share of the price."""


def clear(
    units: Decimal,
    demand_per_day: float,
    cost: Decimal,
    net_price: Decimal | None,
    holding_rate: float,
    *,
    sells_elsewhere: bool = False,
    shelf_life_days: int | None = None,
) -> Clearance:
    """Return what to do with surplus units.

    Under a quarter of a year it is enough to stop ordering. What another location sells moves
    there. Else a discount pays as long as it costs less than holding: on average a unit lies half
    of the time, so at most h·t/(2·365)·cost/price, at least 10 %, at most to the cost. What sells
    nowhere and has no price, or spoils before it sells, is written off.
    """
    value = float(units * cost)
    days = float(units) / demand_per_day if demand_per_day > 0 else None
    if days is None:
        yearly = value * holding_rate
        if sells_elsewhere:
            return Clearance("move", units, None, yearly)
        if net_price is None or net_price <= 0:
            return Clearance("write-off", units, None, yearly)
        return Clearance("mark-down", units, None, yearly, 0.5)
    holding = value * holding_rate * days / 365 / 2
    if days <= 91 and (shelf_life_days is None or days <= shelf_life_days):
        return Clearance("stop-ordering", units, days, holding)
    if sells_elsewhere:
        return Clearance("move", units, days, holding)
    if net_price is None or net_price <= 0:
        return Clearance("stop-ordering", units, days, holding)
    most = max(0.0, float(1 - cost / net_price))
    worth = holding_rate * days / 365 / 2 * float(cost / net_price)
    return Clearance("mark-down", units, days, holding, min(max(0.1, worth), max(0.1, most)))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether just-in-time is right for an item, and the one reason that decides."""

    fits: Literal["yes", "with care", "no", "unknown"]
    reason: str
    figures: dict[str, float]


def is_just_in_time_right(
    lead_days: float,
    on_time: float | None,
    variation: float,
    margin_share: float | None,
    shelf_life_days: int | None,
) -> Verdict:
    """Return whether to hold little of an item.

    ``variation`` is the coefficient of variation of a week's demand. Long or unreliable supply of
    something that sells unevenly wants stock; what spoils wants none; the rest is just in time.

    >>> is_just_in_time_right(5, .97, .6, .5, None).fits
    'yes'
    >>> is_just_in_time_right(40, .5, 1.4, .6, None).fits
    'no'
    """
    figures = {"lead_time_days": lead_days, "weekly_variation": variation}
    if on_time is not None:
        figures["on_time"] = on_time
    if margin_share is not None:
        figures["margin"] = margin_share
    if shelf_life_days is not None:
        figures["shelf_life_days"] = float(shelf_life_days)
        if shelf_life_days < 2 * lead_days:
            return Verdict("with care", "it spoils before a second delivery can come", figures)
        if shelf_life_days <= 30:
            return Verdict("yes", "it spoils: hold little, order often", figures)
    if lead_days > 30:
        return Verdict("no", "the delivery takes longer than a month", figures)
    if on_time is not None and on_time < 0.6:
        return Verdict("no", "the supplier is late too often", figures)
    if lead_days > 14 and variation > 1.0:
        return Verdict("no", "demand swings and the delivery takes weeks", figures)
    if margin_share is not None and margin_share > 0.6 and variation > 1.0:
        return Verdict("with care", "a missed sale costs more than holding a few more", figures)
    if variation > 1.0 or lead_days > 14 or (on_time is not None and on_time < 0.85):
        return Verdict("with care", "order early; the safety stock does the rest", figures)
    return Verdict("yes", "short, reliable delivery and steady demand", figures)
