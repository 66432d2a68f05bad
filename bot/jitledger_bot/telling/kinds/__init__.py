"""Every kind of push there is: what happened, how it reads, what can be done, how it ends."""

from __future__ import annotations

from jitledger_bot.telling.kinds.kind import Daily, Kind
from jitledger_bot.telling.kinds.single import Alert, BelowZero, Blocked, Digest, Imported, Told
from jitledger_bot.telling.kinds.stock import Drifts, Expiry, Phantoms, Promises, RunOuts
from jitledger_bot.telling.kinds.supply import BuyAhead, LateOrders, Margins

DAILY: dict[str, Daily] = {
    kind.name: kind
    for kind in (
        RunOuts(),
        Expiry(),
        LateOrders(),
        Promises(),
        Phantoms(),
        Drifts(),
        Margins(),
        BuyAhead(),
    )
}
"""What is told once a day, one message of each."""
_SINGLE: tuple[Kind, ...] = (Alert(), BelowZero(), Digest(), Imported(), Blocked())
KINDS: dict[str, Kind] = {kind.name: kind for kind in _SINGLE} | {**DAILY}


def kind_of(name: str) -> Kind:
    """Return a kind by the name that is stored; what nobody knows says its own text."""
    return KINDS.get(name) or Told()
