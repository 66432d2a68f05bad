"""One run of words of a line, told by its kind, and a line on its way to its tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from jitledger_bot.desk import Desk
from jitledger_bot.reading import Places
from jitledger_bot.reading.phrases import phrases


class NotUnderstood(Exception):
    """A line that is not understood as a whole."""


@dataclass(frozen=True, slots=True)
class Token:
    """A run of words of one kind.

    Kinds: ``amount``, ``name``, ``money``, ``verb``, ``use``, ``place``, ``supplier``,
    ``condition``, ``people``, ``buying``, ``left``, ``each``, ``sep``, ``small``, ``talk``,
    ``doubt``, ``there`` ("there are", "noch").
    """

    kind: str
    words: str
    meaning: str = ""
    value: Decimal = Decimal(0)
    unit: str = ""
    """The word of a pack or measure that an amount is in."""
    currency: str | None = None
    lead: str = ""
    """``to``, ``at`` or ``from`` in front of a place or supplier."""
    cause: str | None = None


@dataclass(slots=True)
class Line:
    """A line's words as they are typed and plain, and the tokens found so far."""

    words: list[str]
    norm: list[str]
    desk: Desk
    places: Places
    found: list[Token] = field(default_factory=list)


def ends(line: Line, place: int) -> bool:
    """Return whether a mark ends a part of the line behind a word."""
    word = line.words[place]
    return len(word) > 1 and word[-1] in ",;:.!" and not (word[-1] == "." and len(word) < 4)


def counts(line: Line, place: int) -> bool:
    """Return whether a pack or a measure stands at a place."""
    known = phrases()
    return place < len(line.norm) and bool(
        known.units.at(line.norm, place) or known.pack_codes(line.norm[place])
    )
