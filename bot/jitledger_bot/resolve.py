"""Which product the words mean. Only exact tiers are recorded at once; the rest becomes buttons.

Exact tiers: SKU, normalised SKU, barcode, alias learnt from earlier choices, a whole name that one
product has. Then full-text search, ranked by ``rapidfuzz`` over at most 200 candidates.
"""

from __future__ import annotations

from dataclasses import dataclass

from jitledger.domain.names import normalise
from jitledger.store.database import Database, Tx
from jitledger_projections.products import search

NEAREST = 3
CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product that may be meant."""

    sku: str
    title: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """One exact product, or the nearest ones."""

    exact: Candidate | None
    nearest: list[Candidate]


class Resolver:
    """Resolves words against one shop's catalog."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def resolve(self, words: str) -> Resolved:
        """Return the product that some words name exactly, else the nearest ones."""
        typed = words.strip()
        with self._database.snapshot() as tx:
            exact = _exact(tx, typed)
            if exact is not None:
                return Resolved(exact, [])
            found = search(tx, self._database.dialect, typed, CANDIDATES)
            if not found:
                found = _by_beginnings(tx, self._database.dialect, typed)
        same = [sku for sku, title in found if title.casefold() == typed.casefold()]
        if len(same) == 1:
            title = next(t for s, t in found if s == same[0])
            return Resolved(Candidate(same[0], title), [])
        return Resolved(None, _rank(typed, found))


def _exact(tx: Tx, typed: str) -> Candidate | None:
    for kind, value in (("sku", normalise(typed)), ("barcode", typed)):
        row = tx.one("SELECT owner FROM claims WHERE kind = ? AND value = ?", (kind, value))
        if row is not None:
            return _candidate(tx, row[0])
    row = tx.one("SELECT sku FROM aliases WHERE alias = ?", (typed.casefold(),))
    return None if row is None else _candidate(tx, row[0])


def _candidate(tx: Tx, sku: str) -> Candidate:
    row = tx.one("SELECT title FROM products WHERE sku = ?", (sku,))
    return Candidate(sku, row[0] if row is not None else sku)


def _by_beginnings(tx: Tx, dialect: str, typed: str) -> list[tuple[str, str]]:
    """Look for the first letters of the words, for misspelt ends."""
    beginnings = " ".join(word[:3] for word in typed.split() if len(word) > 3)
    return search(tx, dialect, beginnings, CANDIDATES) if beginnings else []


def _rank(typed: str, found: list[tuple[str, str]]) -> list[Candidate]:
    from rapidfuzz import fuzz, process, utils

    choices = {sku: f"{title} {sku}" for sku, title in found}
    titles = dict(found)
    ranked = process.extract(
        typed, choices, scorer=fuzz.WRatio, processor=utils.default_process, limit=NEAREST
    )
    return [Candidate(sku, titles[sku]) for _, score, sku in ranked if score >= 45]
