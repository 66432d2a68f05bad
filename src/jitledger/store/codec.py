"""Events to bytes and back: own names, own versions, upcasters.

The stored topic is the event's own word. The body is compact JSON without what the row already
says (stream, version) and without defaults; ``v`` is there when an event's version is above 1.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, NotRequired

import orjson
from eventsourcing.persistence import Mapper, StoredEvent
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from jitledger.domain.errors import StoreError
from jitledger.domain.events import EVENTS, Event

_ROW = frozenset({"originator_id", "originator_version"})
VERSIONS = {name: cls.class_version for name, cls in EVENTS.items()}
"""The newest version of every stored name."""
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTERS: dict[tuple[str, int], Upcaster] = {}
"""(stored name, from version) -> a function that returns the body of the next version."""


def encode(event: Event) -> bytes:
    """Return an event's body."""
    values = event.__dict__
    fields = event.__pydantic_fields_set__ - _ROW
    return encode_given(type(event), {f: values[f] for f in fields if values[f] is not None})


def encode_given(cls: type[Event], given: dict[str, Any]) -> bytes:
    """Return the body of an event of which these fields are given, none of them None.

    They are checked as the event checks them, and stand in its order; what is left out takes its
    default when it is read. Raises pydantic's ``ValidationError``.
    """
    check, defaults = _given(cls)
    body = check(given)
    for field in defaults.keys() & body.keys():
        if body[field] == defaults[field]:
            del body[field]
    if cls.class_version > 1:
        body["v"] = cls.class_version
    return dump(body)


@cache
def _given(cls: type[Event]) -> tuple[Callable[[Any], dict[str, Any]], dict[str, Any]]:
    """Return what checks some fields of an event without filling in the rest, and the defaults."""
    known = {name: info for name, info in cls.model_fields.items() if name not in _ROW}
    make: Any = TypedDict
    body = make(
        cls.__name__,
        {
            name: annotation if info.is_required() else NotRequired[annotation]
            for name, info in known.items()
            if (annotation := info.rebuild_annotation())
        },
    )
    check = TypeAdapter(with_config(ConfigDict(extra="forbid"))(body)).validator.validate_python
    defaults = {
        name: info.default
        for name, info in known.items()
        if not info.is_required() and info.default is not None
    }
    return check, defaults


def dump(body: dict[str, Any]) -> bytes:
    """Return stored fields as bytes: decimals as plain text, dates as ISO days."""
    return orjson.dumps(body, default=_plain)


def _plain(value: object) -> str | dict[str, Any]:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_none=True)
    raise TypeError(f"{type(value).__name__} cannot be stored")


def decode(topic: str, state: bytes) -> dict[str, Any]:
    """Return a body as stored fields, brought to the event's present version."""
    data: dict[str, Any] = orjson.loads(state)
    newest = VERSIONS.get(topic)
    if newest == 1 and "v" not in data:
        return data
    newest = check_known(topic, data)
    version = data.pop("v", 1)
    while version < newest:
        data = UPCASTERS[topic, version](data)
        version += 1
    return data


def check_known(topic: str, data: dict[str, Any]) -> int:
    """Return the newest version of a stored name; raises ``unknown-event`` for a newer one."""
    newest = VERSIONS.get(topic)
    version = data.get("v", 1)
    if newest is None or not isinstance(version, int) or not 1 <= version <= newest:
        raise StoreError("unknown-event", f"The stored event {topic!r} is newer than this program.")
    return newest


class EventMapper(Mapper[str]):
    """The library's mapper with orjson in and pydantic out; upcasts on the way."""

    def __init__(self, transcoder: object = None, **_: object) -> None:
        """Take what the library hands a mapper, and need none of it: the body is JSON."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Return the row of an event."""
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.name,
            state=encode(domain_event),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Return the typed event of a row; raises ``StoreError`` when it cannot be read."""
        data = decode(stored_event.topic, stored_event.state)
        data["originator_id"] = str(stored_event.originator_id)
        data["originator_version"] = stored_event.originator_version
        try:
            return EVENTS[stored_event.topic].__pydantic_validator__.validate_python(data)
        except ValidationError as error:
            raise StoreError(
                "unreadable-event",
                f"{stored_event.originator_id} version {stored_event.originator_version} "
                f"({stored_event.topic}) cannot be read: {error.errors()[0]['msg']}.",
            ) from error
