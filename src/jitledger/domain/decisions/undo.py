"""Undo and correction: any event can be voided, whatever came later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from jitledger.domain import commands as c
from jitledger.domain import events as e
from jitledger.domain.decisions.ground import Draft, Ground
from jitledger.domain.errors import Malformed, Refused, already_voided, unknown_entry
from jitledger.domain.moments import Occurred, parse_time
from jitledger.domain.names import entry_name, split_entry, stream_of
from jitledger.domain.quantity import show
from jitledger.domain.stock_item import Entry, fold, voids

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
        {"location": "ships_from", "sold_at": "at", "quantity": "qty", "lot": "lot"}
        | {
            n: n
            for n in (
                "unit_price",
                "currency",
                "rate",
                "tax_included",
                "tax_rate",
                "order",
                "customer",
                "reservation",
                "final",
            )
        },
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


def _target(ground: Ground, entry: str) -> tuple[str, int, list[Entry]]:
    spelled, version = split_entry(entry)
    sku = ground.known.find_sku(spelled)
    if sku is None:
        raise unknown_entry(entry)
    entries = ground.known.entries(sku)
    if not any(found == version for found, _, _ in entries):
        raise unknown_entry(entry)
    return sku, version, entries


def void_entry(ground: Ground, command: c.VoidEntry) -> list[Draft]:
    """Void one entry; what is not effective cannot be voided again.

    A bundle's sale takes its components' sales along.
    """
    sku, version, entries = _target(ground, command.entry)
    version, name, data = current_entry(sku, version, entries)
    drafts = [_void(ground, sku, version)]
    if name == "stock-sold":
        drafts += _void_parts(ground, entry_name(sku, version), data)
    if name == "entry-voided":
        drafts += _redo_parts(ground, sku, data["target"], entries)
    return drafts


def _void(ground: Ground, sku: str, version: int) -> Draft:
    return ground.plain(stream_of(sku), e.EntryVoided, {"target": version})


def _void_parts(ground: Ground, bundle: str, data: dict[str, Any]) -> list[Draft]:
    drafts = []
    for part, _ in data.get("components", ()):
        entries = ground.known.entries(part)
        in_force = voids(entries)
        for version, _, stored in entries:
            if stored.get("bundle") == bundle and version not in in_force:
                drafts.append(_void(ground, part, version))
    return drafts


def _redo_parts(ground: Ground, sku: str, target: int, entries: list[Entry]) -> list[Draft]:
    """Bring back the component sales of a bundle's sale whose void is voided."""
    data = next((d for v, n, d in entries if v == target and n == "stock-sold"), None)
    drafts = []
    for part, _ in (data or {}).get("components", ()):
        stored = ground.known.entries(part)
        in_force = voids(stored)
        for version, _, fields in stored:
            if fields.get("bundle") == entry_name(sku, target) and version in in_force:
                drafts.append(_void(ground, part, in_force[version]))
    return drafts


def current_entry(sku: str, version: int, entries: list[Entry]) -> Entry:
    """Follow corrections from an entry to the one in force; raises ``already-voided``."""
    in_force = voids(entries)
    heirs = {
        data["corrects"]: entry
        for entry in entries
        if (data := entry[2]).get("corrects") and entry[0] not in in_force
    }
    chain = {data["corrects"]: entry for entry in entries if (data := entry[2]).get("corrects")}
    name = entry_name(sku, version)
    while version in in_force:
        heir = heirs.get(name) or chain.get(name)
        if heir is None:
            raise already_voided(name, entry_name(sku, in_force[version]))
        version = heir[0]
        name = entry_name(sku, version)
    return next(entry for entry in entries if entry[0] == version)


def correct_entry(ground: Ground, command: c.CorrectEntry, decide_fact: Any) -> list[Draft]:
    """Void an entry and record it anew; the correction follows the chain to the entry in force."""
    sku, version, entries = _target(ground, command.entry)
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
    again = _rebuild(name, sku, data, command)
    stated = _stated(ground, again, data, command)
    voiding = _void(ground, sku, version)
    future = max(found for found, _, _ in entries) + 1
    hypothetical = [
        *entries,
        (
            future,
            "entry-voided",
            {"target": version, "recorded_at": ground.now, "effective_at": ground.present},
        ),
    ]
    ground.overrides[sku] = fold(sku, hypothetical, ground.shop.days)
    if not ground.overrides[sku].catalog.registered:
        ground.overrides[sku].catalog = ground.known.item(sku).catalog
    drafts = [voiding]
    if name == "stock-sold":
        drafts += _void_parts(ground, entry_name(sku, version), data)
    new: list[Draft] = decide_fact(ground, again, stated)
    first = replace(new[0], fields=new[0].fields | {"corrects": entry_name(sku, version)})
    return [*drafts, first, *new[1:]]


def _rebuild(name: str, sku: str, data: dict[str, Any], command: c.CorrectEntry) -> c.Fact:
    cls, mapping, fixed = CORRECTABLE[name]
    fields: dict[str, Any] = {"sku": sku, **fixed}
    for stored, asked in mapping.items():
        if data.get(stored) is not None:
            fields[asked] = data[stored]
    if name == "stock-sold" and "at" not in fields:
        fields["at"] = data["location"]
    if data.get("cost_assumed"):
        fields.pop("unit_cost", None)
    for forbidden in ("key", "now", "actor", "force"):
        if forbidden in command.with_:
            raise Malformed(
                "unknown-field", f'{forbidden} belongs beside "with", not in it.', field=forbidden
            )
    given = dict(command.with_)
    moved = name == "stock-sold" and "at" in given and "ships_from" not in given
    if moved and fields.get("ships_from") == fields.get("at"):
        fields.pop("ships_from", None)
    built = c.build(cls, fields | given)
    assert isinstance(built, c.Fact)
    return built


def _stated(
    ground: Ground, again: c.Fact, data: dict[str, Any], command: c.CorrectEntry
) -> Occurred | None:
    if again.occurred_at is not None:
        return ground.checked(parse_time("occurred_at", again.occurred_at, ground.shop.tz))
    if data.get("occurred_on") is not None:
        return Occurred(day=date.fromisoformat(data["occurred_on"]))
    return Occurred(instant=data["effective_at"])


def describe_delta(name: str, data: dict[str, Any]) -> str | None:
    """Return an entry's own signed quantity as text; None when it has none."""
    match name:
        case "stock-received" | "opening-balance" | "sale-returned" | "transfer-received":
            return show(Decimal(data["quantity"]))
        case "stock-sold":
            return show(-Decimal(data["quantity"])) if data.get("moves_stock", True) else "0"
        case "stock-written-off" | "returned-to-supplier" | "transfer-dispatched":
            return show(-Decimal(data["quantity"]))
        case "stock-adjusted":
            return show(Decimal(data["delta"]))
        case _:
            return None
