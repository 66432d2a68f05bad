"""Values that hold from a day on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

T = TypeVar("T")


def starting(day: date | None) -> str:
    """Return the day from which something holds, as ``in_force`` compares it; "" for ever."""
    return "" if day is None else day.isoformat()


def in_force(dated: Sequence[tuple[str, T]], today: str) -> T | None:
    """Return the value of the latest start on or before a day; later entries win ties."""
    best: tuple[str, T] | None = None
    for starts, value in dated:
        if starts <= today and (best is None or starts >= best[0]):
            best = (starts, value)
    return None if best is None else best[1]
