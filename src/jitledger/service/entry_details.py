"""What an entry says beyond its kind, place and change: cost, price, supplier, order, lot and all.

Every field of an event that is not as it is by default is told; none has to be listed here, so that
a new kind of event hides nothing from whoever audits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import asdict

from jitledger.domain.events import EntryVoided, Event
from jitledger.domain.json import Json
from jitledger.domain.moments import show_moment
from jitledger.domain.names import entry_name
from jitledger.domain.quantity import show

ENVELOPE = frozenset(Event.__struct_fields__)

IN_COLUMNS = frozenset({"location", "quantity", "delta"})

UNTOLD = frozenset({"code_hash"})
"""What only a program needs; an invitation's code is nobody's business."""

A_MOMENT = 10**15
"""Whole numbers beyond that are moments, in nanoseconds since 1970."""

CENT = Decimal("0.01")

CALLED = {"po_line": "order", "target": "voids"}

WORDS = {
    "unit_cost": "cost {value}",
    "cost_assumed": "(cost assumed)",
    "unit_price": "price {value}",
    "supplier": "from {value}",
    "order": "order {value}",
    "lot": "lot {value}",
    "expiry": "expires {value}",
    "cause": "{value}",
    "reservation": "reservation {value}",
    "voids": "takes back {value}",
    "corrects": "in the place of {value}",
    "voided_by": "taken back by {value}",
    "note": "{value}",
}
"""How the details that people look for are said; others are called by their field."""

COSTS = frozenset({"unit_cost"})
"""Shown to those who buy."""


def details(event: Event, name: str) -> dict[str, str]:
    """Return {field: value} of what an event says, in its own order; ``name`` is its entry's.

    What a void voids and what a correction corrects are entries' names, as people call them.
    """
    found: dict[str, str] = {}
    for field, value in event.said().items():
        if field in ENVELOPE | IN_COLUMNS | UNTOLD or value is None:
            continue
        text = _plain(value)
        if isinstance(event, EntryVoided) and field == "target":
            text = entry_name(name.rpartition("/")[0], event.target)
        elif field == "po_line":
            text = text.rpartition("/")[0] or text
        found[CALLED.get(field, field)] = text
    if event.corrects is not None:
        found["corrects"] = event.corrects
    return found


def quantity_of(event: Event) -> str | None:
    """Return the quantity that an event names, as typed or counted: for what changes no stock, too.

    ``None`` for events without one.
    """
    for field in ("quantity", "delta"):
        value = getattr(event, field, None)
        if isinstance(value, Decimal):
            return format(value, "f")
    return None


def _plain(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return show(value)
        case int() if value > A_MOMENT:
            return show_moment(value)
        case date():
            return value.isoformat()
        case Struct():
            return _line(asdict(value))
        case tuple((str() as sku, Decimal() as each)):
            return f"{show(each)} × {sku}"
        case tuple() | list() | frozenset():
            return ", ".join(_plain(one) for one in value)
        case Mapping():
            return ", ".join(f"{key} {_plain(one)}" for key, one in value.items())
    return str(value)


def _line(fields: Mapping[str, object]) -> str:
    """Return one line of an order, a price break or the like in short."""
    rest = dict(fields)
    sku, units, cost = (rest.pop(name, None) for name in ("sku", "quantity", "unit_cost"))
    said = []
    if sku is not None and isinstance(units, Decimal):
        said.append(f"{show(units)} × {sku}")
    if isinstance(cost, Decimal):
        said.append(f"at {show(cost)}")
    said += [
        f"{name.replace('_', ' ')} {_plain(one)}" for name, one in rest.items() if one is not None
    ]
    return " ".join(said)


def _amount(value: str) -> str:
    """Return an amount with its cents."""
    amount = Decimal(value)
    return format(max(amount, amount.quantize(CENT), key=_decimals), "f")


def _decimals(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def in_words(row: Json, currency: str) -> str:
    """Return the details of an entry in one line of English; amounts have their currency.

    ``row`` is one of ``history``, ``log`` or ``why``.

    >>> row = {"details": {"unit_cost": "4.2", "supplier": "ACME"}, "voided_by": "MUG/9"}
    >>> in_words(row, "EUR")
    'cost 4.20 EUR, from ACME, taken back by MUG/9'
    """
    said = dict(row["details"])
    own = said.pop("currency", None) or currency
    for key in ("voided_by", "note"):
        if row.get(key):
            said[key] = row[key]
    parts = []
    for key, value in said.items():
        money = key in ("unit_cost", "unit_price")
        text = f"{_amount(value)} {own}" if money else value
        parts.append(WORDS.get(key, key.replace("_", " ") + " {value}").format(value=text))
    return ", ".join(parts)
