"""Corrections: an entry voided and recorded anew, in one append."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from jitledger.domain import commands as c
from jitledger.domain.decisions.facts import OF_A_SALE
from jitledger.domain.decisions.ground import Draft, Ground
from jitledger.domain.decisions.linking import NO_ORDER
from jitledger.domain.decisions.together import as_if_voided, current_entry, other_half, parts_of
from jitledger.domain.decisions.undo import target_of, void_draft, void_parts
from jitledger.domain.errors import Malformed, Refused
from jitledger.domain.moments import Occurred, parse_time
from jitledger.domain.names import entry_name
from jitledger.domain.quantity import ZERO, parse_quantity, show

# Stored name -> (command, {stored field: command field}) for every fact that can be corrected.
_COMMON = {"location": "at", "quantity": "qty", "lot": "lot"}
_TRANSFER = {
    "from_location": "from",
    "to_location": "to",
    "quantity": "qty",
    "transfer": "transfer",
}
CORRECTABLE: dict[str, tuple[type[c.Fact], dict[str, str], dict[str, str]]] = {
    "opening-balance": (
        c.OpenBalance,
        _COMMON | {n: n for n in ("unit_cost", "currency", "rate", "expiry")},
        {},
    ),
    "stock-received": (
        c.ReceiveStock,
        _COMMON
        | {
            n: n
            for n in (
                "unit_cost",
                "currency",
                "rate",
                "supplier",
                "po_line",
                "expiry",
                "attachment",
            )
        },
        {},
    ),
    "stock-sold": (
        c.SellStock,
        {"location": "ships_from", "sold_at": "at", "quantity": "qty"}
        | {name: name for name in OF_A_SALE},
        {},
    ),
    "sale-returned": (
        c.ReturnSale,
        _COMMON | {n: n for n in ("condition", "sale", "order", "expiry", "refund")},
        {},
    ),
    "returned-to-supplier": (
        c.ReturnToSupplier,
        _COMMON | {"receipt": "receipt", "supplier": "supplier"},
        {},
    ),
    "stock-adjusted": (
        c.AdjustStock,
        {"location": "at", "delta": "delta", "cause": "reason", "lot": "lot"},
        {},
    ),
    "stock-counted": (
        c.CountStock,
        _COMMON | {"blind": "blind", "expected_shown": "expected", "pending": "pending"},
        {},
    ),
    "stock-written-off": (
        c.WriteOffStock,
        _COMMON | {"cause": "reason", "from_status": "status"},
        {},
    ),
    "status-moved": (
        c.MoveStatus,
        {"location": "at", "quantity": "qty", "from_status": "from", "to_status": "to"},
        {},
    ),
    "transfer-dispatched": (c.TransferStock, _TRANSFER, {"step": "dispatch"}),
    "transfer-received": (c.TransferStock, _TRANSFER, {"step": "receive"}),
    "transfer-lost": (c.TransferStock, _TRANSFER, {"step": "lost"}),
    "demand-unmet": (c.RecordUnmet, {"location": "at", "quantity": "qty"}, {}),
}


def correct_entry(ground: Ground, command: c.CorrectEntry, decide_fact: Any) -> list[Draft]:
    """Void an entry and record it anew; the correction follows the chain to the entry in force."""
    sku, version, entries = target_of(ground, command.entry)
    version, name, data = current_entry(sku, version, entries)
    if name not in CORRECTABLE:
        raise Refused(
            "not-correctable",
            f"{entry_name(sku, version)} is {name}; void it and enter it anew.",
            entry=entry_name(sku, version),
        )
    if "sku" in command.with_:
        raise Malformed(
            "bad-value",
            "The product of an entry cannot be corrected; void it and enter it for the other one.",
            field="with.sku",
        )
    half = other_half(version, name, data, entries)
    parts = parts_of(version, name, data, entries)
    if parts:  # It stands for all that was received: it divides itself anew.
        whole = sum((Decimal(d["quantity"]) for v, _, d in entries if v in (version, *parts)), ZERO)
        data = {k: v for k, v in data.items() if k != "po_line"} | {"quantity": show(whole)}
    again, typed = _rebuild(name, sku, data, command, one_step=half is not None)
    stated = _stated(ground, again, data)
    targets = sorted((version, *parts, *(() if half is None else (half,))))
    drafts = [void_draft(ground, sku, target) for target in targets]
    ground.overrides[sku] = as_if_voided(ground, sku, entries, targets)
    ground.replaced = {(sku, target) for target in targets}
    if not ground.overrides[sku].catalog.registered:
        ground.overrides[sku].catalog = ground.known.item(sku).catalog
    if name == "stock-sold":
        drafts += void_parts(ground, entry_name(sku, version), data)
    new: list[Draft] = decide_fact(ground, again, stated)
    kept: dict[str, Any] = {"corrects": entry_name(sku, version)}
    if again.note or data.get("note"):
        kept["note"] = again.note or data["note"]
    if typed is not None:
        kept["typed"] = typed
    if name == "stock-sold" and not data.get("components"):
        kept["moves_stock"] = data.get("moves_stock", True)
        kept["to_make"] = data.get("to_make", False)
    if "occurred_at" not in command.with_:
        # The moment was computed once, when the entry was recorded, and stays.
        new = [replace(d, effective_at=data["effective_at"]) for d in new]
    heir = next(place for place, draft in enumerate(new) if draft.event.name == name)
    new[heir] = replace(new[heir], fields=new[heir].fields | kept)
    return [*drafts, *new]


def _rebuild(
    name: str, sku: str, data: dict[str, Any], command: c.CorrectEntry, *, one_step: bool
) -> tuple[c.Fact, str | None]:
    """Return the command an entry stands for, with the changes, and what is shown as typed."""
    cls, mapping, fixed = CORRECTABLE[name]
    fields: dict[str, Any] = {"sku": sku} | ({} if one_step else fixed)
    for stored, asked in mapping.items():
        if data.get(stored) is not None:
            fields[asked] = data[stored]
    if name == "stock-sold" and "at" not in fields:
        fields["at"] = data["location"]
    if data.get("cost_assumed"):
        fields.pop("unit_cost", None)
    for forbidden in ("key", "now", "actor", "force"):
        if forbidden in command.with_:
            why = f'{forbidden} belongs beside "with", not in it.'
            raise Malformed("unknown-field", why, field=forbidden)
    given = dict(command.with_)
    typed = _in_packs(data, given)
    moved = name == "stock-sold" and "at" in given and "ships_from" not in given
    if moved and fields.get("ships_from") == fields.get("at"):
        fields.pop("ships_from", None)
    if data.get("no_order"):
        fields["po"] = NO_ORDER
    if "po" in given or "po_line" in given:  # Supplier and cost were the other order's.
        for field in ("po", "po_line", "supplier", "unit_cost", "currency", "rate"):
            fields.pop(field, None)
    built = c.build(cls, fields | given)
    assert isinstance(built, c.Fact)
    return built, typed


def _in_packs(data: dict[str, Any], given: dict[str, Any]) -> str | None:
    """Read a corrected quantity in the pack that was typed, which held what it held then."""
    if data.get("typed") is None or "pack" in given:
        return None
    if "qty" not in given:
        return str(data["typed"])
    count, _, pack = str(data["typed"]).partition(" ")
    asked = parse_quantity("qty", given["qty"])
    factor = Decimal(data["quantity"]) / Decimal(count)
    given["qty"] = show(asked * factor)
    return f"{show(asked)} {pack}"


def _stated(ground: Ground, again: c.Fact, data: dict[str, Any]) -> Occurred | None:
    if again.occurred_at is not None:
        return ground.checked(parse_time("occurred_at", again.occurred_at, ground.shop.tz))
    if data.get("occurred_on") is not None:
        return Occurred(day=date.fromisoformat(data["occurred_on"]))
    return Occurred(instant=data["effective_at"])
