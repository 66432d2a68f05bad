"""Undo and correction: any event can be voided, whatever came later."""

from __future__ import annotations

from typing import Any

from jitledger.domain import commands as c
from jitledger.domain import events as e
from jitledger.domain.decisions.catalog import claim_barcodes
from jitledger.domain.decisions.ground import Draft, Ground
from jitledger.domain.decisions.together import (
    as_if_voided,
    current_entry,
    heir_of,
    other_half,
    parts_of,
)
from jitledger.domain.errors import unknown_entry
from jitledger.domain.names import entry_name, split_entry, stream_of
from jitledger.domain.state.order import Entry, voids


def target_of(ground: Ground, entry: str) -> tuple[str, int, list[Entry]]:
    """Return (SKU, version, all entries of its stream) of an entry; raises ``unknown-entry``."""
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
    sku, version, entries = target_of(ground, command.entry)
    version, name, data = current_entry(sku, version, entries)
    drafts = [void_draft(ground, sku, version)]
    if name == "entry-voided":
        drafts += _with_redo(ground, sku, version, data, entries)
    else:
        drafts += _with_entry(ground, sku, version, name, data, entries)
    mine = [d.fields["target"] for d in drafts if d.stream == stream_of(sku)]
    _check_barcodes(ground, sku, entries, mine)
    return drafts


def void_draft(ground: Ground, sku: str, version: int) -> Draft:
    """Return the void of one entry."""
    return ground.plain(stream_of(sku), e.EntryVoided, {"target": version})


def _with_entry(
    ground: Ground, sku: str, version: int, name: str, data: dict[str, Any], entries: list[Entry]
) -> list[Draft]:
    """Return the voids of what was recorded together with an entry."""
    if name == "stock-sold":
        return void_parts(ground, entry_name(sku, version), data)
    other = other_half(version, name, data, entries)
    together = parts_of(version, name, data, entries) if other is None else [other]
    return [void_draft(ground, sku, part) for part in together]


def void_parts(ground: Ground, bundle: str, data: dict[str, Any]) -> list[Draft]:
    """Return the voids of what a bundle's sale took from its components."""
    drafts = []
    for part, _ in data.get("components", ()):
        entries = ground.known.entries(part)
        in_force = voids(entries)
        for version, _, stored in entries:
            if stored.get("bundle") == bundle and version not in in_force:
                drafts.append(void_draft(ground, part, version))
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
            drafts.append(void_draft(ground, sku, found))
    drafts += _later_corrections(ground, sku, data["target"], together, entries)
    target = next((d for v, n, d in entries if v == data["target"] and n == "stock-sold"), {})
    for part, _ in target.get("components", ()):
        stored_part = ground.known.entries(part)
        gone = voids(stored_part)
        drafts += [
            void_draft(ground, part, found)
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
    return [void_draft(ground, sku, version), *rest]


def _check_barcodes(ground: Ground, sku: str, entries: list[Entry], targets: list[int]) -> None:
    """Refuse a void that would give back a barcode which is another product's by now."""
    names = {version: name for version, name, _ in entries}
    behind = {version: data.get("target") for version, _, data in entries}
    touched = {names.get(t) for t in targets} | {names.get(behind.get(t) or 0) for t in targets}
    if not touched & {"item-registered", "item-renamed"}:
        return
    catalog = as_if_voided(ground, sku, entries, targets).catalog
    if catalog.registered:
        claim_barcodes(ground, sku, catalog.barcodes)
