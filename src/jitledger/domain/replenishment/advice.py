"""Advice in money: reorder points to move, overstock, price changes, just-in-time or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from math import inf
from typing import Literal

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


def price_for_margin(
    cost: Decimal, floor: Decimal, step: Decimal | None = Decimal("0.01")
) -> Decimal:
    """Return the least net price that keeps a margin: cost 4.60 and a floor of 50 % give 9.20.

    Without a step it is not rounded.

    >>> price_for_margin(Decimal("4.60"), Decimal("0.5"))
    Decimal('9.2')
    """
    if step is None:
        return cost / (1 - floor)
    return (cost / (1 - floor) / step).to_integral_value(ROUND_CEILING) * step


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
