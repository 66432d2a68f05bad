"""Exact quantities and money.

Quantities have 0 to 3 decimals (the SKU's precision), money up to 6; both are ``Decimal`` from the
first character typed to the last row stored, and never a float.
"""

from __future__ import annotations

import re
from decimal import Decimal

from jitledger.domain.errors import Refused, bad_value

ZERO = Decimal(0)
MOST = Decimal(10) ** 12
MOST_DECIMALS = 3
MONEY_DECIMALS = 6
_PLAIN = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})", re.ASCII)


def parse_decimal(field: str, value: object) -> Decimal:
    """Return an exact decimal from a string or integer; floats are taken by their shortest text.

    Raises ``bad-value`` for anything else, for exponents, and beyond 10^12.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise bad_value(field, value, 'a decimal number as text is expected, like "12" or "4.20"')
    text = format(value, "f") if isinstance(value, Decimal) else str(value).strip()
    if not _PLAIN.fullmatch(text):
        raise bad_value(field, value, "a plain decimal number is expected, like 12 or 4.20")
    number = Decimal(text)
    if abs(number) > MOST:
        raise bad_value(field, value, "more than 1,000,000,000,000 is not a quantity of a shop")
    return number.normalize() + ZERO if number else ZERO


def decimals_of(number: Decimal) -> int:
    """Return how many decimals a number really uses."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def parse_quantity(
    field: str, value: object, *, zero: bool = False, signed: bool = False
) -> Decimal:
    """Return a quantity; raises ``not-positive`` or ``bad-value``."""
    number = parse_decimal(field, value)
    if signed:
        if number == 0:
            raise Refused(
                "not-positive", f"{field} is 0: a change of nothing is no fact.", field=field
            )
        return number
    if number < 0 or (number == 0 and not zero):
        least = "zero or more" if zero else "more than zero"
        raise Refused(
            "not-positive",
            f"{field} is {show(number)}; it must be {least}.",
            field=field,
            value=show(number),
        )
    return number


def parse_money(field: str, value: object) -> Decimal:
    """Return an amount of money of zero or more with at most six decimals."""
    number = parse_decimal(field, value)
    if number < 0:
        raise bad_value(field, value, "an amount of money cannot be negative here")
    if decimals_of(number) > MONEY_DECIMALS:
        raise bad_value(field, value, "money has at most 6 decimals")
    return number


def check_precision(sku: str, number: Decimal, precision: int) -> None:
    """Raise ``too-precise`` when a quantity is finer than its SKU."""
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= precision:
        return  # As typed it has no more decimals than allowed; the usual case.
    if decimals_of(number) > precision:
        unit = "whole units" if precision == 0 else f"{precision} decimals"
        raise Refused(
            "too-precise",
            f"{show(number)} of {sku} asked; {sku} is kept in {unit}.",
            sku=sku,
            value=show(number),
            precision=precision,
        )


def show(number: Decimal | int) -> str:
    """Return a decimal without exponent, trailing zeros or a negative zero.

    >>> show(Decimal("12.500")), show(Decimal("1E+3")), show(Decimal("-0"))
    ('12.5', '1000', '0')
    """
    if not number:
        return "0"
    text = format(number, "f") if isinstance(number, Decimal) else str(number)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text
