"""The effective order of an item's entries, and which of them stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from jitledger.domain.events import GAIN_RANK, LOSS_RANK, RANKS

Entry = tuple[int, str, dict[str, Any]]
OrderKey = tuple[int, int, int, int]

_NO_RANK = -1


def order_key(entry: Entry) -> OrderKey:
    """Return an entry's place: effective time, rank, time of recording, version."""
    version, name, data = entry
    rank = RANKS.get(name, _NO_RANK)
    if name == "stock-adjusted":
        rank = LOSS_RANK if data["delta"][0] == "-" else GAIN_RANK
    elif "one_step" in data:
        rank = RANKS["transfer-received"]
    return (data["effective_at"], rank, data["recorded_at"], version)


def voids(entries: Iterable[Entry]) -> dict[int, int]:
    """Return {voided version: the void that is in force}; a voided void does not count."""
    found = [(version, data["target"]) for version, name, data in entries if name == "entry-voided"]
    in_force: dict[int, int] = {}
    for version, target in sorted(found, reverse=True):
        if version not in in_force:
            in_force[target] = version
    return in_force


def standing(entries: Sequence[Entry]) -> list[Entry]:
    """Return entries that are not voided, in effective order; voids themselves are left out."""
    gone = voids(entries)
    found = [e for e in entries if e[1] != "entry-voided" and e[0] not in gone]
    found.sort(key=order_key)
    return found
