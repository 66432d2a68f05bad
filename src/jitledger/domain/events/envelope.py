"""The envelope of every event, and what is declared once for each kind.

A kind of event is one class: its name on disk, its fields, its place in the effective order, what a
correction of it asks for, and its word. Nothing else lists kinds; ``names.EVENTS`` is read off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import ClassVar

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

NO_RANK = -1


@dataclass(frozen=True, slots=True)
class Again:
    """How an entry is recorded anew when it is corrected.

    ``do`` is the command, ``fields`` its field for each stored one, ``fixed`` what it always says.
    """

    do: str
    fields: Mapping[str, str]
    fixed: Mapping[str, str] = field(default_factory=dict)


class Event(Struct, frozen=True, kw_only=True, gc=False):
    """Who, when it was recorded, when it held, and through which command.

    Moments are nanoseconds since 1970 UTC (see ``moments``), quantities and money exact decimals.
    Stream and version are the entry's, not the event's.
    """

    name: ClassVar[str] = ""
    """Its own word on disk, never used again and never renamed; the class may move."""
    class_version: ClassVar[int] = 1
    word: ClassVar[str] = ""
    """What people call it; kinds without one are not told of in lists."""
    ordered: ClassVar[bool] = False
    """Whether it has a place in the order of movements, or depends on one."""
    rank: ClassVar[int] = NO_RANK
    """Its place among facts of one moment (DOMAIN.md 5)."""
    direction: ClassVar[int] = -1
    """1 for what increases stock, 0 for counts, -1 for the rest: where a bare day puts it."""
    again: ClassVar[Again | None] = None
    """How it is corrected; None for what is voided and entered anew."""

    recorded_at: int
    effective_at: int
    occurred_on: date | None = None
    actor: str | None = None
    channel: str = "cli"
    command_key: str | None = None
    correlation: str | None = None
    reason: str | None = None
    note: str | None = None
    corrects: str | None = None

    def said(self) -> dict[str, object]:
        """Return the fields that are not as they are by default, in the event's order."""
        defaults = defaults_of(type(self))
        values = {name: getattr(self, name) for name in defaults}
        return {name: value for name, value in values.items() if value != defaults[name]}

    def ranked(self) -> int:
        """Return its place among facts of one moment; some kinds decide by what they say."""
        return self.rank


@cache
def defaults_of(cls: type[Event]) -> dict[str, object]:
    """Return {field: default} in the event's order; a required field's is equal to nothing."""
    found: dict[str, object] = {}
    for info in fields(cls):
        made = info.default_factory
        default = info.default if made is NODEFAULT else made()
        found[info.name] = object() if info.required else default
    return found
