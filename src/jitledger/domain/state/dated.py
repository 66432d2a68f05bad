"""Values that hold from a day on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def in_force(dated: Sequence[tuple[str, T]], today: str) -> T | None:
    """Return the value of the latest start on or before a day; later entries win ties."""
    best: tuple[str, T] | None = None
    for starts, value in dated:
        if starts <= today and (best is None or starts >= best[0]):
            best = (starts, value)
    return None if best is None else best[1]
