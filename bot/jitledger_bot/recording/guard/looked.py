"""A fact with its line's words, as the last looks at it are given it."""

from __future__ import annotations

from dataclasses import dataclass

from jitledger_bot.desk import Desk
from jitledger_bot.reading import Places, Reading
from jitledger_bot.reading.phrases import phrases


@dataclass(frozen=True, slots=True)
class Looked:
    """A fact with its line's words, and what the shop knows."""

    fact: Reading
    sku: str
    norm: list[str]
    words: list[str]
    kinds: tuple[str, ...]
    """What its line's facts say that happened, its own among them."""
    desk: Desk
    places: Places

    @property
    def alone(self) -> bool:
        """Return whether it is its line's only fact."""
        return len(self.kinds) == 1

    def has(self, kind: str) -> bool:
        """Return whether a word of a set stands in the line."""
        return any(word in phrases().sets[kind] for word in self.norm)


def first_verb(one: Looked) -> int:
    """Return where the first verb stands, or the line's end."""
    known, norm = phrases(), one.norm
    found = (n for n in range(len(norm)) if known.verbs.at(norm, n) or known.spoken.at(norm, n))
    return next(found, len(norm))
