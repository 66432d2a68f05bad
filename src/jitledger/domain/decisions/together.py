"""Which entries belong together, what stands for one that was corrected, what a count found."""

from __future__ import annotations

from decimal import Decimal

from jitledger.domain import events as e
from jitledger.domain.decisions.ground import Draft, Ground
from jitledger.domain.errors import Remark, already_voided
from jitledger.domain.events import Event
from jitledger.domain.names import entry_name
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.state.order import Entry, voids
from jitledger.domain.state.stock_item import StockItem, fold


def parts_of(version: int, event: Event, entries: list[Entry]) -> list[int]:
    """Return the other parts of a receipt that was divided over several order lines."""
    if not isinstance(event, e.StockReceived):
        return []
    in_force = voids(entries)
    return [
        found
        for found, other in entries
        if isinstance(other, e.StockReceived)
        and found != version
        and found not in in_force
        and other.recorded_at == event.recorded_at
    ]


def other_half(event: Event, entries: list[Entry]) -> int | None:
    """Return the other half of a one-step transfer, if it is in force."""
    if not isinstance(event, e.TransferDispatched | e.TransferReceived):
        return None
    in_force = voids(entries)
    for found, other in entries:
        if (
            found not in in_force
            and isinstance(other, e.TransferDispatched | e.TransferReceived)
            and type(other) is not type(event)
            and other.transfer == event.transfer
            and other.recorded_at == event.recorded_at
        ):
            return found
    return None


def as_if_voided(ground: Ground, sku: str, entries: list[Entry], targets: list[int]) -> StockItem:
    """Return an item as it would be with some entries voided."""
    first = max(found for found, _ in entries) + 1
    future: list[Entry] = [
        (
            first + place,
            e.EntryVoided(recorded_at=ground.now, effective_at=ground.present, target=target),
        )
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
    heirs = [x for x in entries if (x[1].corrects or "").rpartition("/")[2] == str(version)]
    if not heirs:
        kind = next(type(event) for found, event in entries if found == version)
        together = {
            event.recorded_at
            for _, event in entries
            if isinstance(event, e.EntryVoided) and event.target == version
        }
        if kind is not e.EntryVoided:  # A void has none; what voided it is one, too.
            heirs = [x for x in entries if type(x[1]) is kind and x[1].recorded_at in together]
    standing = [x for x in heirs if x[0] not in in_force]
    heirs = standing or heirs
    return heirs[-1] if heirs else None


def own_delta(event: Event) -> Decimal | None:
    """Return an entry's own signed quantity; None when it has none."""
    match event:
        case e.StockReceived() | e.OpeningBalance() | e.SaleReturned() | e.TransferReceived():
            return event.quantity
        case e.StockSold():
            return -event.quantity if event.moves_stock else ZERO
        case e.StockWrittenOff() | e.ReturnedToSupplier() | e.TransferDispatched():
            return -event.quantity
        case e.StockAdjusted():
            return event.delta
        case _:
            return None


FEWER = "{expected} were expected there: {difference} fewer"
MORE = "{expected} were expected there: {difference} more"


def variance(
    ground: Ground, item: StockItem, location: str, counted: Decimal, draft: Draft
) -> list[Remark]:
    """Return by how much a count differs from what was expected at its moment, if at all."""
    if draft.effective_at < ground.present:
        gone = {v for sku, v in ground.replaced if sku == item.sku}
        entries = [row for row in ground.known.entries(item.sku) if row[0] not in gone]
        item = fold(item.sku, entries, ground.shop.days, as_of=draft.effective_at)
    shelf = item.shelves.get(location)
    if shelf is None or not shelf.known or shelf.on_hand == counted:
        return []
    difference = show(abs(counted - shelf.on_hand))
    details = {"expected": show(shelf.on_hand), "difference": difference}
    return [Remark("variance", FEWER if counted < shelf.on_hand else MORE, details)]
