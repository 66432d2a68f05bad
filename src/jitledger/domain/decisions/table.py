"""Which decision belongs to which command: each enters the table where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from jitledger.domain.commands import Command
from jitledger.domain.decisions.ground import Draft, Ground
from jitledger.domain.moments import Occurred

Decision = Callable[[Ground, Any], list[Draft]]
FactDecision = Callable[[Ground, Any, Occurred | None], list[Draft]]
D = TypeVar("D", bound=Decision)
F = TypeVar("F", bound=FactDecision)

DECISIONS: dict[type[Command], Decision] = {}
FACTS: dict[type[Command], FactDecision] = {}
"""What happened to stock: decided with the moment that was stated, and again by a correction."""


def decides(command: type[Command]) -> Callable[[D], D]:
    """Enter what a command makes."""

    def enter(decision: D) -> D:
        DECISIONS[command] = decision
        return decision

    return enter


def decides_fact(command: type[Command]) -> Callable[[F], F]:
    """Enter what a fact makes."""

    def enter(decision: F) -> F:
        FACTS[command] = decision
        return decision

    return enter
