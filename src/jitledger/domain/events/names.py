"""Every event that is ever stored, with all its fields.

The name on disk (``stock-received``) is the event's own word and is never reused or renamed; the
class may move. Moments are integers (nanoseconds since 1970 UTC, see ``moments``), quantities and
money exact decimals, dates ISO days. Fields that only later features use are here from the start,
because what is stored is stored for ever.
"""

from __future__ import annotations

from collections.abc import Iterable

from jitledger.domain.events import catalog, movements, orders, promises, shop
from jitledger.domain.events.envelope import Event

ROOMS = (catalog, movements, orders, promises, shop)
"""Where kinds of events are declared; what stands there is known, and nothing else need name it."""


def _leaves(base: type[Event]) -> Iterable[type[Event]]:
    for cls in base.__subclasses__():
        if cls.name:
            yield cls
        yield from _leaves(cls)


EVENTS: dict[str, type[Event]] = {cls.name: cls for cls in _leaves(Event)}
"""Every stored name and its class."""
MOVES: frozenset[type[Event]] = frozenset(cls for cls in EVENTS.values() if cls.ordered)
"""What has a place in the order of movements, or depends on one."""
