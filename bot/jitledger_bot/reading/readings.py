"""What a line was read as, and what the shop calls its places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from jitledger_bot.reading.phrases import phrases, plain


@dataclass(frozen=True, slots=True)
class Places:
    """What the shop calls its locations and suppliers: {words in small letters: code}."""

    locations: dict[str, str] = field(default_factory=dict)
    suppliers: dict[str, str] = field(default_factory=dict)
    short: frozenset[str] = frozenset()
    """Words for suppliers that are a part of their names: enough for whom goods came from."""

    def location(self, words: Sequence[str]) -> str | None:
        """Return the location some words name: its code, its name, or a usual word for it."""
        typed = " ".join(words)
        if typed in self.locations:
            return self.locations[typed]
        usual = phrases().places.meaning(typed)
        if usual is None:
            return None
        same = {
            code for name, code in self.locations.items() if phrases().places.meaning(name) == usual
        }
        if not same and len(set(self.locations.values())) == 2:
            # Of two places one is the shop: the storeroom is the other.
            named = {
                code for name, code in self.locations.items() if phrases().places.meaning(name)
            }
            same = set(self.locations.values()) - named
        return same.pop() if len(same) == 1 else None

    def name_supplier(self, line: str) -> bool:
        """Return whether a supplier's whole name stands in a line."""
        norm = [plain(word) for word in line.split()]
        return any(
            " ".join(norm[place : place + size]) in self.suppliers
            for size in (1, 2, 3)
            for place in range(len(norm) - size + 1)
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line was read as; ``problem`` says why nothing can be recorded from it."""

    raw: str
    do: str | None = None
    quantity: Decimal | None = None
    product: str = ""
    price: Decimal | None = None
    total: Decimal | None = None
    """What all of it cost or brought, where that was said."""
    currency: str | None = None
    per: str | None = None
    """The pack that the price is of, where that was said: "11.40 a box"."""
    """The currency that stood with the price."""
    supplier: str | None = None
    location: str | None = None
    to: str | None = None
    occurred: str | None = None
    cause: str | None = None
    condition: str | None = None
    problem: str | None = None
    other: tuple[Decimal, str] | None = None
    under: Reading | None = None
    """What a header above the line says: what happened, with whom, where, when."""
    unsure: bool = False
    """Whether all of it is understood, but by something taken back: it is asked as it was read."""
    line: int = 0
    """Which line of its message it stands in."""

    @property
    def is_fact(self) -> bool:
        """Return whether the line names something to record."""
        return self.do is not None and self.problem is None
