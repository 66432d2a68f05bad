"""Every command: what may be asked, field by field, as one JSON object each.

``parse`` turns a dictionary into a command or raises ``unknown-command``, ``unknown-field``,
``missing-field``, ``bad-value``, ``not-positive``. The field names are the command line's contract.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from jitledger.domain.errors import Malformed, bad_value
from jitledger.domain.events import (
    AdjustReason,
    Condition,
    Costing,
    Method,
    Mode,
    Role,
    Status,
    WriteOffReason,
)
from jitledger.domain.moments import FIRST_DATE, LAST_DATE
from jitledger.domain.names import check_code, clean_text
from jitledger.domain.quantity import parse_decimal, parse_money, parse_quantity


def _text(value: Any, info: Any) -> Any:
    if value is None or isinstance(value, str):
        return clean_text(info.field_name, value)
    raise bad_value(info.field_name, value, "text is expected")


def _code(value: Any, info: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, str):
        raise bad_value(info.field_name, value, "a code is expected, as text")
    return check_code(info.field_name, clean_text(info.field_name, value) or "")


def _long_code(value: Any, info: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, str):
        raise bad_value(info.field_name, value, "text is expected")
    return check_code(info.field_name, clean_text(info.field_name, value) or "", longest=200)


def _quantity(value: Any, info: Any) -> Any:
    return None if value is None else parse_quantity(info.field_name, value)


def _level(value: Any, info: Any) -> Any:
    return None if value is None else parse_quantity(info.field_name, value, zero=True)


def _delta(value: Any, info: Any) -> Any:
    return parse_quantity(info.field_name, value, signed=True)


def _money(value: Any, info: Any) -> Any:
    return None if value is None else parse_money(info.field_name, value)


def _rate(value: Any, info: Any) -> Any:
    if value is None:
        return None
    number = parse_decimal(info.field_name, value)
    if number <= 0:
        raise bad_value(info.field_name, value, "it must be more than zero")
    return number


def _share(value: Any, info: Any) -> Any:
    if value is None:
        return None
    number = parse_decimal(info.field_name, value)
    if not 0 <= number <= 1:
        raise bad_value(info.field_name, value, "a share between 0 and 1 is expected, like 0.97")
    return number


MOST_MARGIN = Decimal("0.95")


def _floor(value: Any, info: Any) -> Any:
    number = _share(value, info)
    if number is not None and number > MOST_MARGIN:
        why = f"a share of at most {MOST_MARGIN} is expected, like 0.3"
        raise bad_value(info.field_name, value, why)
    return number


def _day(value: Any, info: Any) -> Any:
    if value is None:
        return None
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        day = None
    if day is None or not FIRST_DATE <= day <= LAST_DATE:
        raise bad_value(info.field_name, value, "a date is expected, like 2026-03-31")
    return day


def _locale(value: Any, info: Any) -> Any:
    if value is None or value == "en":
        return value  # The usual one needs no babel, which is slow to import.
    from babel import Locale as Known
    from babel import UnknownLocaleError

    code = str(value).replace("-", "_")
    try:
        Known.parse(code)
    except (UnknownLocaleError, ValueError) as error:
        why = "a locale is expected, like en or de_DE"
        raise bad_value(info.field_name, value, why) from error
    return code


def _currency(value: Any, info: Any) -> Any:
    if value is None:
        return None
    code = str(value).strip().upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise bad_value(info.field_name, value, "a currency has three letters, like EUR")
    return code


def _days(value: Any, info: Any) -> Any:
    number = _level(value, info)
    if number is not None and number > MOST_DAYS:
        raise bad_value(info.field_name, value, f"at most {MOST_DAYS} days are expected")
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


class Command(BaseModel):
    """What every command may carry beside its own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, strict=True)
    do: ClassVar[str] = ""
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "staff"

    key: LongCode | None = None
    now: str | None = None
    actor: Code | None = None
    note: Text | None = None
    force: bool = False

    def given(self, names: frozenset[str]) -> dict[str, Any]:
        """Return those of the named fields that were given."""
        values = self.__dict__
        return {name: values[name] for name in names & self.__pydantic_fields_set__}


class Fact(Command):
    """Something that happened, at a stated time or now."""

    sku: Code
    occurred_at: str | None = None


class Register(Command):
    """Register a product."""

    do: ClassVar[str] = "register"
    sku: Code
    name: Text | None = None
    unit: Text = "piece"
    precision: int = Field(0, ge=0, le=3)
    mode: Mode = "stocked"
    costing: Costing = "average"
    barcodes: list[Code] = []
    category: Text | None = None
    variant_of: Code | None = None
    components: list[Component] = []
    shelf_life_days: int | None = Field(None, ge=1, le=36500)
    tax_rate: Share | None = None
    analog_of: Code | None = None


class Component(BaseModel):
    """One line of a bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    sku: Code
    qty: Quantity


class Rename(Command):
    """Change a product's name or other properties; absent fields stay."""

    do: ClassVar[str] = "rename"
    sku: Code
    name: Text | None = None
    category: Text | None = None
    mode: Mode | None = None
    costing: Costing | None = None
    barcodes: list[Code] | None = None
    shelf_life_days: int | None = Field(None, ge=1, le=36500)
    tax_rate: Share | None = None
    analog_of: Code | None = None


class Retire(Command):
    """Stop ordering a product."""

    do: ClassVar[str] = "retire"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    sku: Code


class DefinePack(Command):
    """Say what a pack holds."""

    do: ClassVar[str] = "pack"
    sku: Code
    code: Code
    factor: Quantity
    effective_from: Day | None = None


class SetPrice(Command):
    """Set the selling price."""

    do: ClassVar[str] = "price"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    sku: Code
    price: Money
    currency: Currency | None = None
    tax_included: bool | None = None
    effective_from: Day | None = None


class SetPolicy(Command):
    """Say how an item is reordered."""

    do: ClassVar[str] = "policy"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    sku: Code
    at: Code | None = None
    method: Method | None = None
    reorder_point: Level | None = None
    order_quantity: Quantity | None = None
    order_up_to: Level | None = None
    service_level: Share | None = None
    cover_days: Cover | None = None
    demand_per_day: Quantity | None = None
    effective_from: Day | None = None


class LinkSupplier(Command):
    """Say from whom an item is ordered."""

    do: ClassVar[str] = "link"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    sku: Code
    supplier: Code
    preferred: bool = True
    effective_from: Day | None = None


class OpenBalance(Fact):
    """Record what was there before the first movement."""

    do: ClassVar[str] = "open"
    qty: Level
    at: Code | None = None
    unit_cost: Money | None = None
    currency: Currency | None = None
    rate: Rate | None = None
    lot: Code | None = None
    expiry: Day | None = None
    pack: Code | None = None


class ReceiveStock(Fact):
    """Record goods that came in."""

    do: ClassVar[str] = "receive"
    qty: Quantity
    at: Code | None = None
    unit_cost: Money | None = None
    currency: Currency | None = None
    rate: Rate | None = None
    supplier: Code | None = None
    po: Code | None = None
    po_line: LongCode | None = None
    lot: Code | None = None
    expiry: Day | None = None
    attachment: Code | None = None
    pack: Code | None = None


class SellStock(Fact):
    """Record a sale."""

    do: ClassVar[str] = "sell"
    qty: Quantity
    at: Code | None = None
    ships_from: Code | None = None
    unit_price: Money | None = None
    currency: Currency | None = None
    rate: Rate | None = None
    tax_included: bool | None = None
    tax_rate: Share | None = None
    order: Code | None = None
    customer: Code | None = None
    reservation: Code | None = None
    final: bool = False
    lot: Code | None = None
    pack: Code | None = None


class ReturnSale(Fact):
    """Record what a customer brought back."""

    do: ClassVar[str] = "return"
    qty: Quantity
    at: Code | None = None
    condition: Condition = "resellable"
    sale: LongCode | None = None
    order: Code | None = None
    lot: Code | None = None
    expiry: Day | None = None
    refund: Money | None = None
    pack: Code | None = None


class ReturnToSupplier(Fact):
    """Record what went back to a supplier."""

    do: ClassVar[str] = "return-to-supplier"
    qty: Quantity
    at: Code | None = None
    receipt: LongCode | None = None
    supplier: Code | None = None
    lot: Code | None = None
    pack: Code | None = None


class AdjustStock(Fact):
    """Record a difference with its cause."""

    do: ClassVar[str] = "adjust"
    delta: Delta
    at: Code | None = None
    reason: AdjustReason = "other"
    lot: Code | None = None


class CountStock(Fact):
    """Record what was counted: on-hand at that moment."""

    do: ClassVar[str] = "count"
    qty: Level
    at: Code | None = None
    lot: Code | None = None
    blind: bool = False
    expected: Delta | None = None
    pending: bool = False
    pack: Code | None = None


class WriteOffStock(Fact):
    """Record stock that was lost."""

    do: ClassVar[str] = "write-off"
    qty: Quantity
    at: Code | None = None
    reason: WriteOffReason = "damage"
    status: Status = "sellable"
    lot: Code | None = None
    pack: Code | None = None


class MoveStatus(Fact):
    """Record stock set aside, or freed again."""

    do: ClassVar[str] = "move-status"
    qty: Quantity
    at: Code | None = None
    from_: Status = Field("sellable", alias="from")
    to: Status
    pack: Code | None = None


class TransferStock(Fact):
    """Record stock on its way between two locations."""

    do: ClassVar[str] = "transfer"
    qty: Quantity
    from_: Code | None = Field(None, alias="from")
    to: Code | None = None
    transfer: Code | None = None
    step: Literal["dispatch", "receive", "lost"] | None = None
    lot: Code | None = None
    pack: Code | None = None


class RecordUnmet(Fact):
    """Record what was asked for and not there."""

    do: ClassVar[str] = "unmet"
    qty: Quantity
    at: Code | None = None
    pack: Code | None = None


class ReservationLine(BaseModel):
    """One line of a reservation."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    sku: Code
    qty: Quantity
    at: Code | None = None


class ReserveStock(Command):
    """Promise stock to an order; all lines or none."""

    do: ClassVar[str] = "reserve"
    reservation: Code
    order: Code | None = None
    ttl_seconds: int | None = Field(None, ge=1, le=315_360_000)
    lines: list[ReservationLine] = Field(min_length=1, max_length=1000)


class ReleaseReservation(Command):
    """Take a promise back."""

    do: ClassVar[str] = "release"
    reservation: Code


class TakeBackorder(Command):
    """Accept an order for stock that is not there."""

    do: ClassVar[str] = "backorder"
    sku: Code
    qty: Quantity
    order: Code
    at: Code | None = None
    due: Day | None = None
    price: Money | None = None


class CancelBackorder(Command):
    """Take a backorder back, or a part of it."""

    do: ClassVar[str] = "backorder-cancel"
    sku: Code
    order: Code
    qty: Quantity | None = None


class VoidEntry(Command):
    """Undo one entry; undoing a void is redo."""

    do: ClassVar[str] = "void"
    entry: LongCode
    reason: Text | None = None


Scalar = str | int | float | bool | None


class CorrectEntry(Command):
    """Void an entry and record it anew with other fields."""

    do: ClassVar[str] = "correct"
    entry: LongCode
    with_: dict[str, Scalar] = Field(alias="with")
    reason: Text | None = None


class SnoozeAlert(Command):
    """Hear of a reorder alert again later."""

    do: ClassVar[str] = "snooze"
    sku: Code
    days: int = Field(1, ge=1, le=90)


class OpenLocation(Command):
    """Open a place where stock lies."""

    do: ClassVar[str] = "location"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    code: Code
    name: Text | None = None


class RegisterSupplier(Command):
    """Register a supplier, or change its particulars."""

    do: ClassVar[str] = "supplier"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    code: Code
    name: Text | None = None
    lead_time_days: Days | None = None
    review_days: Days | None = None
    currency: Currency | None = None
    minimum_order: Money | None = None
    contact: Text | None = None
    notes: Text | None = None
    agreement_ends: Day | None = None
    order_cost: Money | None = None


class AgreeTerms(Command):
    """Say what a product costs at a supplier and how it is ordered."""

    do: ClassVar[str] = "terms"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    supplier: Code
    sku: Code
    supplier_sku: Code | None = None
    unit_cost: Money | None = None
    currency: Currency | None = None
    moq: Quantity | None = None
    pack: Quantity | None = None
    price_breaks: list[PriceBreak] = []
    lead_time_days: Days | None = None
    effective_from: Day | None = None


class PriceBreak(BaseModel):
    """From this quantity on, this unit cost."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    qty: Quantity
    unit_cost: Money


class SetOrderDays(Command):
    """Say on which weekdays orders leave (0 is Monday)."""

    do: ClassVar[str] = "order-days"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    supplier: Code
    weekdays: list[Annotated[int, Field(ge=0, le=6)]]
    cutoff: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None


class OrderedLine(BaseModel):
    """One line of a purchase order."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    sku: Code
    qty: Quantity
    at: Code | None = None
    pack: Code | None = None
    unit_cost: Money | None = None
    promised: Day | None = None


class _Ordering(Command):
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    po: Code | None = None
    supplier: Code
    lines: list[OrderedLine] = Field(min_length=1, max_length=1000)
    currency: Currency | None = None
    rate: Rate | None = None


class PlaceOrder(_Ordering):
    """Order from a supplier: the order counts as on its way."""

    do: ClassVar[str] = "order"
    placed: Day | None = None


class DraftOrder(_Ordering):
    """Prepare an order; again with the same number, it is written anew."""

    do: ClassVar[str] = "order-draft"


class PlaceDraft(Command):
    """Place a prepared order."""

    do: ClassVar[str] = "order-place"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    po: Code
    placed: Day | None = None
    rate: Rate | None = None


class ConfirmOrder(Command):
    """Record what the supplier promised; without a SKU, for all lines."""

    do: ClassVar[str] = "order-confirm"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    po: Code
    sku: Code | None = None
    promised: Day | None = None
    reference: Text | None = None


class DelayOrder(Command):
    """Record that it comes later; without a SKU, for all lines."""

    do: ClassVar[str] = "order-delay"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    po: Code
    sku: Code | None = None
    promised: Day


class CancelOrder(Command):
    """Cancel a quantity of a SKU, all that is open of it, or the whole order."""

    do: ClassVar[str] = "order-cancel"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    po: Code
    sku: Code | None = None
    qty: Quantity | None = None


class CloseOrder(Command):
    """Wait no longer for what has not come of an order."""

    do: ClassVar[str] = "order-close"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "buyer"
    po: Code


class ChangeSettings(Command):
    """Change the shop's settings; absent fields stay."""

    do: ClassVar[str] = "settings"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    name: Text | None = None
    timezone: Text | None = None
    locale: Locale | None = None
    prices: Literal["gross", "net"] | None = None
    service_level: Share | None = None
    cover_days: Cover | None = None
    tax_rate: Share | None = None
    method: Literal["default", "textbook", "velocity"] | None = None
    category: Text | None = None
    opens: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None
    closes: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")] | None = None
    margin_floor: Floor | None = None
    """The least margin, as a share of the net price; 0 is no floor."""


class OpenShop(Command):
    """Open the shop."""

    do: ClassVar[str] = "init"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    name: Text
    currency: Currency = "EUR"
    timezone: Text = "UTC"
    locale: Locale = "en"
    prices: Literal["gross", "net"] = "gross"
    clock: Literal["live", "simulated"] = "live"


class InviteMember(Command):
    """Invite somebody with a role; the code itself is never stored."""

    do: ClassVar[str] = "invite"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    role: Role
    code_hash: Code
    minutes: int = Field(15, ge=1, le=100_000)


class JoinShop(Command):
    """Use an invitation."""

    do: ClassVar[str] = "join"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "viewer"
    member: Code
    code_hash: Code


class LeaveShop(Command):
    """A member loses access; the last owner cannot leave."""

    do: ClassVar[str] = "leave"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    member: Code


class ChangeRole(Command):
    """Give a member another role."""

    do: ClassVar[str] = "role"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    member: Code
    role: Role


class SetBudget(Command):
    """Say what may be spent on orders."""

    do: ClassVar[str] = "budget"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    amount: Money
    effective_from: Day | None = None


class SetHoldingRate(Command):
    """Say what holding stock costs in a year, as a share of its value."""

    do: ClassVar[str] = "holding-rate"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    rate: Share
    effective_from: Day | None = None


def _leaves(base: type[Command]) -> Iterable[type[Command]]:
    for cls in base.__subclasses__():
        if cls.do:
            yield cls
        yield from _leaves(cls)


COMMANDS: dict[str, type[Command]] = {cls.do: cls for cls in _leaves(Command)}
NOT_YET: dict[str, str] = {
    "lock-period": "period locks come with the valuation of costs, which is not built yet",
    "landed-cost": "landed cost comes with the valuation of costs, which is not built yet",
}
_NOT_IN_THE_PAYLOAD = {"key", "now", "force"}


def parse(data: Any) -> Command:
    """Return the command of a JSON object; raises ``Malformed`` or ``Refused`` with a code."""
    if not isinstance(data, dict):
        raise Malformed("bad-json", 'A line holds one JSON object, like {"do": "receive", …}.')
    name = data.get("do")
    if name is None:
        raise Malformed(
            "missing-field", 'The field "do" is missing; it names the command.', field="do"
        )
    if isinstance(name, str) and name in NOT_YET:
        raise Malformed("not-built", f"{name}: {NOT_YET[name]}.", do=name)
    cls = COMMANDS.get(name) if isinstance(name, str) else None
    if cls is None:
        raise Malformed(
            "unknown-command",
            f"There is no command {str(name)[:60]!r}; known are {', '.join(sorted(COMMANDS))}.",
            do=str(name)[:60],
        )
    return build(cls, {k: v for k, v in data.items() if k != "do"})


def build(cls: type[Command], fields: dict[str, Any]) -> Command:
    """Validate a command's fields; pydantic's findings become one clear refusal."""
    for field in fields:
        if not isinstance(field, str) or (
            field not in cls.model_fields and field not in _aliases(cls)
        ):
            raise Malformed(
                "unknown-field",
                f"{cls.do} has no field {str(field)[:60]!r}; it has {', '.join(_names(cls))}.",
                field=str(field)[:60],
            )
    try:
        return cls.model_validate(fields)
    except ValidationError as error:
        raise _malformed(cls, error) from None
    except RecursionError:
        raise Malformed("bad-json", "The line is nested too deeply.") from None


def _names(cls: type[Command]) -> list[str]:
    return [field.alias or name for name, field in cls.model_fields.items()]


def _aliases(cls: type[Command]) -> set[str]:
    return {field.alias for field in cls.model_fields.values() if field.alias}


def _malformed(cls: type[Command], error: ValidationError) -> Malformed:
    first = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"][:4] if part != "Decimal")
    if first["type"] == "missing":
        return Malformed("missing-field", f"{cls.do} needs the field {field!r}.", field=field)
    if first["type"] == "extra_forbidden":
        return Malformed("unknown-field", f"{cls.do} has no field {field!r}.", field=field)
    return bad_value(field, first.get("input"), first["msg"][:1].lower() + first["msg"][1:])


def payload_of(command: Command) -> bytes:
    """Return the digest of what was asked: the command without key, ``now`` and ``force``.

    A field that was left out and one that was given its default are the same.
    """
    values, defaults = command.__dict__, _payload_fields(type(command))
    fields: dict[str, Any] = {"do": command.do}
    for name in command.__pydantic_fields_set__ & defaults.keys():
        value, default = values[name], defaults[name]
        if value is not default and (default is None or value != default):
            fields[name] = value
    text = orjson.dumps(fields, default=_plain, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).digest()


@cache
def _payload_fields(cls: type[Command]) -> dict[str, Any]:
    return {
        name: None if field.is_required() else field.get_default()
        for name, field in cls.model_fields.items()
        if name not in _NOT_IN_THE_PAYLOAD
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError(f"{type(value).__name__} is no part of a command")


Register.model_rebuild()
AgreeTerms.model_rebuild()
