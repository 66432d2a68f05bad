"""What an attack is, and all there are."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Found:
    """What an attack tried, and how many of its tries did damage."""

    tried: str
    damage: int
    said: str = ""


Attack = Callable[[int, random.Random, Path], Found]
ATTACKS: dict[str, Attack] = {}


def attack(function: Attack) -> Attack:
    """Register an attack under its name."""
    ATTACKS[function.__name__] = function
    return function
