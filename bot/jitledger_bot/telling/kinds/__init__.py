"""Every kind of push there is: what happened, how it reads, what can be done, how it ends."""

from __future__ import annotations

from jitledger_bot.telling.kinds import single, stock, supply
from jitledger_bot.telling.kinds.kind import KINDS, Daily, Kind

ROOMS = (single, stock, supply)
"""Each declares its kinds, which enter the table by themselves."""
DAILY: dict[str, Daily] = {name: kind for name, kind in KINDS.items() if isinstance(kind, Daily)}
"""What is told once a day, one message of each."""


def kind_of(name: str) -> Kind:
    """Return a kind by the name that is stored; what nobody knows says its own text."""
    return KINDS.get(name) or KINDS["text"]
