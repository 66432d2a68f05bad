"""The fields of commands: what is read from text, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

from jitledger.domain.errors import bad_value
from jitledger.domain.moments import FIRST_DATE, LAST_DATE
from jitledger.domain.names import check_code, clean_text
from jitledger.domain.quantity import parse_decimal, parse_money, parse_quantity


def _name(info: ValidationInfo) -> str:
    return info.field_name or ""


def _text(value: object, info: ValidationInfo) -> object:
    if value is None or isinstance(value, str):
        return clean_text(_name(info), value)
    raise bad_value(_name(info), value, "text is expected")


def _code(value: object, info: ValidationInfo) -> object:
    if value is None:
        return None
    if not isinstance(value, str):
        raise bad_value(_name(info), value, "a code is expected, as text")
    return check_code(_name(info), clean_text(_name(info), value) or "")


def _long_code(value: object, info: ValidationInfo) -> object:
    if value is None:
        return None
    if not isinstance(value, str):
        raise bad_value(_name(info), value, "text is expected")
    return check_code(_name(info), clean_text(_name(info), value) or "", longest=200)


def _quantity(value: object, info: ValidationInfo) -> Any:
    return None if value is None else parse_quantity(_name(info), value)


def _level(value: object, info: ValidationInfo) -> Any:
    return None if value is None else parse_quantity(_name(info), value, zero=True)


def _delta(value: object, info: ValidationInfo) -> Any:
    return parse_quantity(_name(info), value, signed=True)


def _money(value: object, info: ValidationInfo) -> Any:
    return None if value is None else parse_money(_name(info), value)


def _rate(value: object, info: ValidationInfo) -> object:
    if value is None:
        return None
    number = parse_decimal(_name(info), value)
    if number <= 0:
        raise bad_value(_name(info), value, "it must be more than zero")
    return number


def _share(value: object, info: ValidationInfo) -> Any:
    if value is None:
        return None
    number = parse_decimal(_name(info), value)
    if not 0 <= number <= 1:
        raise bad_value(_name(info), value, "a share between 0 and 1 is expected, like 0.97")
    return number


MOST_MARGIN = Decimal("0.95")


def _floor(value: object, info: ValidationInfo) -> object:
    number = _share(value, info)
    if number is not None and number > MOST_MARGIN:
        why = "a share of at most {most} is expected, like 0.3"
        raise bad_value(_name(info), value, why, most=MOST_MARGIN)
    return number


def _day(value: object, info: ValidationInfo) -> Any:
    if value is None:
        return None
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        day = None
    if day is None or not FIRST_DATE <= day <= LAST_DATE:
        raise bad_value(_name(info), value, "a date is expected, like 2026-03-31")
    return day


def _locale(value: object, info: ValidationInfo) -> Any:
    if value is None or value == "en":
        return value  # The usual one needs no babel, which is slow to import.
    from babel import Locale as Known
    from babel import UnknownLocaleError

    code = str(value).replace("-", "_")
    try:
        Known.parse(code)
    except (UnknownLocaleError, ValueError) as error:
        why = "a locale is expected, like en or de_DE"
        raise bad_value(_name(info), value, why) from error
    return code


def _currency(value: object, info: ValidationInfo) -> Any:
    if value is None:
        return None
    code = str(value).strip().upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise bad_value(_name(info), value, "a currency has three letters, like EUR")
    return code


def _days(value: object, info: ValidationInfo) -> Any:
    number = _level(value, info)
    if number is not None and number > MOST_DAYS:
        raise bad_value(_name(info), value, "at most {most} days are expected", most=MOST_DAYS)
    return number


MOST_DAYS = 1000
Text = Annotated[str, BeforeValidator(_text)]
Code = Annotated[str, BeforeValidator(_code)]
LongCode = Annotated[str, BeforeValidator(_long_code)]
Quantity = Annotated[Decimal, BeforeValidator(_quantity)]
Level = Annotated[Decimal, BeforeValidator(_level)]
Days = Annotated[Decimal, BeforeValidator(_days)]
Cover = Annotated[Decimal, BeforeValidator(_quantity), BeforeValidator(_days)]
Delta = Annotated[Decimal, BeforeValidator(_delta)]
Money = Annotated[Decimal, BeforeValidator(_money)]
Rate = Annotated[Decimal, BeforeValidator(_rate)]
Share = Annotated[Decimal, BeforeValidator(_share)]
Floor = Annotated[Decimal, BeforeValidator(_floor)]
Day = Annotated[date, BeforeValidator(_day)]
Locale = Annotated[str, BeforeValidator(_locale)]
Currency = Annotated[str, BeforeValidator(_currency)]

Scalar = str | int | float | bool | None
