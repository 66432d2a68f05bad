"""Events to bytes and back: own names, own versions, upcasters.

The stored topic is the event's own word. The body is compact JSON without what the row already
says (stream, version) and without defaults; ``v`` is there when an event's version is above 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
from eventsourcing.persistence import Mapper, StoredEvent
from msgspec import MsgspecError, Struct, convert
from msgspec.json import Decoder

from jitledger.domain.errors import StoreError
from jitledger.domain.events import EVENTS, Event, defaults_of

VERSIONS = {name: cls.class_version for name, cls in EVENTS.items()}
"""The newest version of every stored name."""
Upcaster = Callable[[dict[str, object]], dict[str, object]]
UPCASTERS: dict[tuple[str, int], Upcaster] = {}
"""(stored name, from version) -> a function that returns the body of the next version."""
_DECODERS = {name: Decoder(cls).decode for name, cls in EVENTS.items()}
_ALL_FIRST = all(version == 1 for version in VERSIONS.values())
_NOT_FIRST = b'"v":'
"""In a body of a later version; seldom elsewhere, and then it is looked at more closely."""


def encode(event: Event) -> bytes:
    """Return an event's body."""
    return _dumped(type(event), event.said())


def check_given(cls: type[Event], given: Mapping[str, object]) -> Event:
    """Return the event of which these fields are given, none of them None.

    Raises ``ValueError`` when one is not what the event says it is.
    """
    return convert(given, cls)


def encode_given(cls: type[Event], given: Mapping[str, object]) -> bytes:
    """Return the body of an event of which these fields are given.

    They stand in the event's order; what is left out takes its default when it is read. What is
    given as nothing is written so: stored bodies stay what they were.
    """
    defaults = defaults_of(cls)
    body = {name: given[name] for name in defaults if name in given}
    kept = {n: value for n, value in body.items() if value is None or value != defaults[n]}
    return _dumped(cls, kept)


def _dumped(cls: type[Event], body: dict[str, object]) -> bytes:
    if cls.class_version > 1:
        body["v"] = cls.class_version
    return dump(body)


def dump(body: dict[str, object]) -> bytes:
    """Return stored fields as bytes: decimals as plain text, dates as ISO days."""
    return orjson.dumps(body, default=_plain)


def _plain(value: object) -> str | dict[str, object]:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Struct):
        inner = {name: getattr(value, name) for name in value.__struct_fields__}
        return {name: one for name, one in inner.items() if one is not None}
    raise TypeError(f"{type(value).__name__} cannot be stored")


def stored_fields(event: Event) -> dict[str, object]:
    """Return an event's body as plain values, as it is stored: decimals as text, days as ISO."""
    body: dict[str, object] = orjson.loads(encode(event))
    return body


def decode(topic: str, state: bytes) -> Event:
    """Return a stored event, brought to its present version.

    Raises ``unknown-event`` for one of a newer program, ``unreadable-event`` for a damaged one.
    """
    try:
        if VERSIONS.get(topic) == 1 and _NOT_FIRST not in state:
            return _DECODERS[topic](state)
        return _upcast(topic, orjson.loads(state))
    except (MsgspecError, ValueError) as error:
        raise StoreError(
            "unreadable-event", f"A stored {topic} cannot be read: {error}."
        ) from error


def decode_stream(rows: Sequence[tuple[int, str, bytes]]) -> list[tuple[int, Event]]:
    """Return (version, event) of the rows of a stream, as ``decode`` reads each of them.

    Almost always all of them are of a first version, and then none is looked at twice.
    """
    if _ALL_FIRST and not any(_NOT_FIRST in row[2] for row in rows):
        try:
            return [(version, _DECODERS[topic](state)) for version, topic, state in rows]
        except (MsgspecError, ValueError, KeyError):
            pass  # One of them cannot be read: it is named below.
    return [(version, decode(topic, state)) for version, topic, state in rows]


def _upcast(topic: str, data: dict[str, object]) -> Event:
    newest = VERSIONS.get(topic)
    version = data.get("v", 1)
    if newest is None or not isinstance(version, int) or not 1 <= version <= newest:
        raise StoreError("unknown-event", f"The stored event {topic!r} is newer than this program.")
    while version < newest:
        data = UPCASTERS[topic, version](data)
        version += 1
    return convert({name: value for name, value in data.items() if name != "v"}, EVENTS[topic])


class Recorded(NamedTuple):
    """An event with its place in the store, as the library's mapper knows it."""

    originator_id: str
    originator_version: int
    event: Event


class EventMapper(Mapper[str]):
    """The library's mapper with our codec; upcasts on the way."""

    def __init__(self, transcoder: object = None, **_: object) -> None:
        """Take what the library hands a mapper, and need none of it: the body is JSON."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Return the row of an event."""
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.event.name,
            state=encode(domain_event.event),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Return the typed event of a row; raises ``StoreError`` when it cannot be read."""
        where = str(stored_event.originator_id), stored_event.originator_version
        return Recorded(*where, decode(stored_event.topic, stored_event.state))
