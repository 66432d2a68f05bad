"""Undo and correction: any event can be voided, whatever came later."""

from __future__ import annotations

from jitledger.domain import commands as c
from jitledger.domain import events as e
from jitledger.domain.decisions.catalog import claim_barcodes
from jitledger.domain.decisions.ground import Draft, Ground, decides
from jitledger.domain.decisions.together import (
    as_if_voided,
    current_entry,
    heir_of,
    other_half,
    parts_of,
)
from jitledger.domain.errors import unknown_entry
from jitledger.domain.events import Event
from jitledger.domain.names import entry_name, split_entry, stream_of
from jitledger.domain.state.order import Entry, voids


def target_of(ground: Ground, entry: str) -> tuple[str, int, list[Entry]]:
    """Return (SKU, version, all entries of its stream) of an entry; raises ``unknown-entry``."""
    spelled, version = split_entry(entry)
    sku = ground.known.find_sku(spelled)
    if sku is None:
        raise unknown_entry(entry)
    entries = ground.known.entries(sku)
    if not any(found == version for found, _ in entries):
        raise unknown_entry(entry)
    return sku, version, entries


@decides(c.VoidEntry)
def void_entry(ground: Ground, command: c.VoidEntry) -> list[Draft]:
    """Void one entry; what is not effective cannot be voided again.

    What was recorded as one goes as one: both halves of a one-step transfer, a bundle's sale with
    its components' sales, and with the void of a correction what it was corrected to.
    """
    sku, version, entries = target_of(ground, command.entry)
    version, event = current_entry(sku, version, entries)
    drafts = [void_draft(ground, sku, version)]
    if isinstance(event, e.EntryVoided):
        drafts += _with_redo(ground, sku, version, event, entries)
    else:
        drafts += _with_entry(ground, sku, version, event, entries)
    mine = [d.fields["target"] for d in drafts if d.stream == stream_of(sku)]
    _check_barcodes(ground, sku, entries, mine)
    return drafts


def void_draft(ground: Ground, sku: str, version: int) -> Draft:
    """Return the void of one entry."""
    return ground.plain(stream_of(sku), e.EntryVoided, {"target": version})


def _with_entry(
    ground: Ground, sku: str, version: int, event: Event, entries: list[Entry]
) -> list[Draft]:
    """Return the voids of what was recorded together with an entry."""
    if isinstance(event, e.StockSold):
        return void_parts(ground, entry_name(sku, version), event)
    other = other_half(event, entries)
    together = parts_of(version, event, entries) if other is None else [other]
    return [void_draft(ground, sku, part) for part in together]


def void_parts(ground: Ground, bundle: str, event: e.StockSold) -> list[Draft]:
    """Return the voids of what a bundle's sale took from its components."""
    drafts = []
    for part, _ in event.components:
        entries = ground.known.entries(part)
        in_force = voids(entries)
        for version, sold in entries:
            if isinstance(sold, e.StockSold) and sold.bundle == bundle and version not in in_force:
                drafts.append(void_draft(ground, part, version))
    return drafts


def _with_redo(
    ground: Ground, sku: str, version: int, void: e.EntryVoided, entries: list[Entry]
) -> list[Draft]:
    """Return what a void's void takes along: the voids and the correction of the same append."""
    in_force = voids(entries)
    together = void.recorded_at
    drafts = []
    for found, event in entries:
        if found == version or found in in_force or event.recorded_at != together:
            continue
        corrected = event.corrects == entry_name(sku, void.target)
        if isinstance(event, e.EntryVoided | e.StockReceived) or corrected:
            drafts.append(void_draft(ground, sku, found))
    drafts += _later_corrections(ground, sku, void.target, together, entries)
    target = next((event for found, event in entries if found == void.target), None)
    for part, _ in target.components if isinstance(target, e.StockSold) else ():
        stored_part = ground.known.entries(part)
        gone = voids(stored_part)
        drafts += [
            void_draft(ground, part, found)
            for found, event in stored_part
            if isinstance(event, e.EntryVoided)
            and event.recorded_at == together
            and found not in gone
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
    if heir is None or heir[1].recorded_at == together:
        return []  # Nothing stands for it, or what does goes with its own append.
    version, event = heir
    return [void_draft(ground, sku, version), *_with_entry(ground, sku, version, event, entries)]


def _check_barcodes(ground: Ground, sku: str, entries: list[Entry], targets: list[int]) -> None:
    """Refuse a void that would give back a barcode which is another product's by now."""
    events = dict(entries)
    touched = [events.get(target) for target in targets]
    touched += [events.get(event.target) for event in touched if isinstance(event, e.EntryVoided)]
    if not any(isinstance(event, e.ItemRegistered | e.ItemRenamed) for event in touched):
        return
    catalog = as_if_voided(ground, sku, entries, targets).catalog
    if catalog.registered:
        claim_barcodes(ground, sku, catalog.barcodes)
