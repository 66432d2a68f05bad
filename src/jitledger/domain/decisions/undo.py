"""Undo and correction: any event can be voided, whatever came later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from jitledger.domain import commands as c
from jitledger.domain import events as e
from jitledger.domain.decisions.catalog import claim_barcodes
from jitledger.domain.decisions.facts import OF_A_SALE
from jitledger.domain.decisions.ground import Draft, Ground
from jitledger.domain.decisions.linking import NO_ORDER
from jitledger.domain.errors import Malformed, Refused, already_voided, unknown_entry
from jitledger.domain.moments import Occurred, parse_time
from jitledger.domain.names import entry_name, split_entry, stream_of
from jitledger.domain.quantity import ZERO, parse_quantity, show
from jitledger.domain.stock_item import Entry, StockItem, fold, voids

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

    What was recorded as one goes as one: both halves of a one-step transfer, a bundle's sale with
    its components' sales, and with the void of a correction what it was corrected to.
    """
    sku, version, entries = _target(ground, command.entry)
    version, name, data = current_entry(sku, version, entries)
    drafts = [_void(ground, sku, version)]
    if name == "entry-voided":
        drafts += _with_redo(ground, sku, version, data, entries)
    else:
        drafts += _with_entry(ground, sku, version, name, data, entries)
    mine = [d.fields["target"] for d in drafts if d.stream == stream_of(sku)]
    _check_barcodes(ground, sku, entries, mine)
    return drafts


def _void(ground: Ground, sku: str, version: int) -> Draft:
    return ground.plain(stream_of(sku), e.EntryVoided, {"target": version})


def _with_entry(
    ground: Ground, sku: str, version: int, name: str, data: dict[str, Any], entries: list[Entry]
) -> list[Draft]:
    """Return the voids of what was recorded together with an entry."""
    if name == "stock-sold":
        return _void_parts(ground, entry_name(sku, version), data)
    other = other_half(version, name, data, entries)
    together = parts_of(version, name, data, entries) if other is None else [other]
    return [_void(ground, sku, part) for part in together]


def parts_of(version: int, name: str, data: dict[str, Any], entries: list[Entry]) -> list[int]:
    """Return the other parts of a receipt that was divided over several order lines."""
    if name != "stock-received":
        return []
    in_force = voids(entries)
    return [
        found
        for found, other, stored in entries
        if other == name
        and found != version
        and found not in in_force
        and stored["recorded_at"] == data["recorded_at"]
    ]


def other_half(version: int, name: str, data: dict[str, Any], entries: list[Entry]) -> int | None:
    """Return the other half of a one-step transfer, if it is in force."""
    halves = ("transfer-dispatched", "transfer-received")
    if name not in halves:
        return None
    in_force = voids(entries)
    for found, other, stored in entries:
        if (
            found not in in_force
            and other in halves
            and other != name
            and stored["transfer"] == data["transfer"]
            and stored["recorded_at"] == data["recorded_at"]
        ):
            return found
    return None


def _void_parts(ground: Ground, bundle: str, data: dict[str, Any]) -> list[Draft]:
    drafts = []
    for part, _ in data.get("components", ()):
        entries = ground.known.entries(part)
        in_force = voids(entries)
        for version, _, stored in entries:
            if stored.get("bundle") == bundle and version not in in_force:
                drafts.append(_void(ground, part, version))
    return drafts


def _with_redo(
    ground: Ground, sku: str, version: int, data: dict[str, Any], entries: list[Entry]
) -> list[Draft]:
    """Return what a void's void takes along: the voids and the correction of the same append."""
    in_force = voids(entries)
    together = data["recorded_at"]
    drafts = []
    for found, name, stored in entries:
        if found == version or found in in_force or stored["recorded_at"] != together:
            continue
        corrected = stored.get("corrects") == entry_name(sku, data["target"])
        if name in ("entry-voided", "stock-received") or corrected:
            drafts.append(_void(ground, sku, found))
    drafts += _later_corrections(ground, sku, data["target"], together, entries)
    target = next((d for v, n, d in entries if v == data["target"] and n == "stock-sold"), {})
    for part, _ in target.get("components", ()):
        stored_part = ground.known.entries(part)
        gone = voids(stored_part)
        drafts += [
            _void(ground, part, found)
            for found, name, stored in stored_part
            if name == "entry-voided" and stored["recorded_at"] == together and found not in gone
        ]
    return drafts


def _later_corrections(
    ground: Ground, sku: str, target: int, together: int, entries: list[Entry]
) -> list[Draft]:
    """Return the voids of what stands for an entry by a later correction, when it comes back."""
    in_force = voids(entries)
    heir = heir_of(target, entries, in_force)
    while heir is not None and heir[0] in in_force:
        heir = heir_of(heir[0], entries, in_force)
    if heir is None or heir[2]["recorded_at"] == together:
        return []  # Nothing stands for it, or what does goes with its own append.
    version, name, data = heir
    rest = _with_entry(ground, sku, version, name, data, entries)
    return [_void(ground, sku, version), *rest]


def _check_barcodes(ground: Ground, sku: str, entries: list[Entry], targets: list[int]) -> None:
    """Refuse a void that would give back a barcode which is another product's by now."""
    names = {version: name for version, name, _ in entries}
    behind = {version: data.get("target") for version, _, data in entries}
    touched = {names.get(t) for t in targets} | {names.get(behind.get(t) or 0) for t in targets}
    if not touched & {"item-registered", "item-renamed"}:
        return
    catalog = _hypothetical(ground, sku, entries, targets).catalog
    if catalog.registered:
        claim_barcodes(ground, sku, catalog.barcodes)


def _hypothetical(ground: Ground, sku: str, entries: list[Entry], targets: list[int]) -> StockItem:
    """Return an item as it would be with some entries voided."""
    first = max(found for found, _, _ in entries) + 1
    moment = {"recorded_at": ground.now, "effective_at": ground.present}
    future = [
        (first + place, "entry-voided", {"target": target, **moment})
        for place, target in enumerate(targets)
    ]
    return fold(sku, [*entries, *future], ground.shop.days)


def current_entry(sku: str, version: int, entries: list[Entry]) -> Entry:
    """Follow corrections from an entry to the one in force; raises ``already-voided``."""
    in_force = voids(entries)
    while version in in_force:
        heir = heir_of(version, entries, in_force)
        if heir is None:
            raise already_voided(entry_name(sku, version), entry_name(sku, in_force[version]))
        version = heir[0]
    return next(entry for entry in entries if entry[0] == version)


def heir_of(version: int, entries: list[Entry], in_force: dict[int, int]) -> Entry | None:
    """Return the entry that a correction recorded in place of one; None when there is none.

    One that is in force comes first. What was corrected together, like the halves of a transfer,
    has its heir in the append that voided it.
    """
    heirs = [e for e in entries if e[2].get("corrects", "").rpartition("/")[2] == str(version)]
    if not heirs:
        name = next(name for found, name, _ in entries if found == version)
        together = {
            data["recorded_at"]
            for _, other, data in entries
            if other == "entry-voided" and data["target"] == version
        }
        if name != "entry-voided":  # A void has none; what voided it is one, too.
            heirs = [e for e in entries if e[1] == name and e[2]["recorded_at"] in together]
    standing = [e for e in heirs if e[0] not in in_force]
    heirs = standing or heirs
    return heirs[-1] if heirs else None


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
    half = other_half(version, name, data, entries)
    parts = parts_of(version, name, data, entries)
    if parts:  # It stands for all that was received: it divides itself anew.
        whole = sum((Decimal(d["quantity"]) for v, _, d in entries if v in (version, *parts)), ZERO)
        data = {k: v for k, v in data.items() if k != "po_line"} | {"quantity": show(whole)}
    again, typed = _rebuild(name, sku, data, command, one_step=half is not None)
    stated = _stated(ground, again, data)
    targets = sorted((version, *parts, *(() if half is None else (half,))))
    drafts = [_void(ground, sku, target) for target in targets]
    ground.overrides[sku] = _hypothetical(ground, sku, entries, targets)
    ground.replaced = {(sku, target) for target in targets}
    if not ground.overrides[sku].catalog.registered:
        ground.overrides[sku].catalog = ground.known.item(sku).catalog
    if name == "stock-sold":
        drafts += _void_parts(ground, entry_name(sku, version), data)
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
