"""Which entries belong together, and what stands for one that was corrected."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from jitledger.domain.decisions.ground import Ground
from jitledger.domain.errors import already_voided
from jitledger.domain.names import entry_name
from jitledger.domain.quantity import show
from jitledger.domain.state.order import Entry, voids
from jitledger.domain.state.stock_item import StockItem, fold


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


def as_if_voided(ground: Ground, sku: str, entries: list[Entry], targets: list[int]) -> StockItem:
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
