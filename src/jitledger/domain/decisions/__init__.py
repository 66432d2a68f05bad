"""Which events a command makes: pure functions of what is known under the write lock."""

from jitledger.domain.decisions.decide import decide
from jitledger.domain.decisions.ground import Draft, Ground

__all__ = ["Draft", "Ground", "decide"]
