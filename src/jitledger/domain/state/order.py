"""The effective order of an item's entries, and which of them stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jitledger.domain.events import EntryVoided, Event

Entry = tuple[int, Event]
"""(version in its stream, what is recorded)"""
OrderKey = tuple[int, int, int, int]


def order_key(entry: Entry) -> OrderKey:
    """Return an entry's place: effective time, rank, time of recording, version."""
    version, event = entry
    return (event.effective_at, event.ranked(), event.recorded_at, version)


def voids(entries: Iterable[Entry]) -> dict[int, int]:
    """Return {voided version: the void that is in force}; a voided void does not count."""
    found = [(v, event.target) for v, event in entries if isinstance(event, EntryVoided)]
    in_force: dict[int, int] = {}
    for version, target in sorted(found, reverse=True):
        if version not in in_force:
            in_force[target] = version
    return in_force


def standing(entries: Sequence[Entry]) -> list[Entry]:
    """Return entries that are not voided, in effective order; voids themselves are left out."""
    gone = voids(entries)
    found = [e for e in entries if type(e[1]) is not EntryVoided and e[0] not in gone]
    found.sort(key=order_key)
    return found
