"""Which product the words mean. Only exact tiers are recorded at once; the rest becomes buttons.

Exact tiers: SKU, normalised SKU, barcode, alias learnt from earlier choices, a whole name that one
product has. Then full-text search, ranked by ``rapidfuzz`` over at most 200 candidates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import permutations

from jitledger.domain.names import folded, holder_of_barcode, holder_of_sku, normalise
from jitledger.service.queries import claimed
from jitledger.store.database import Database, Tx
from jitledger_projections.views.products import search

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
        self._known: dict[str, Resolved] | None = None
        self._exact: dict[str, Candidate | None] | None = None

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Look every wording up once within a block, which is one turn without a pause."""
        self._known, self._exact = {}, {}
        try:
            yield
        finally:
            self._known = self._exact = None

    def resolve(self, words: str) -> Resolved:
        """Return the product that some words name exactly, else the nearest ones."""
        typed = words.strip()
        if self._known is None:
            return self._resolve(typed)
        found = self._known.get(typed)
        if found is None:
            found = self._known[typed] = self._resolve(typed)
        return found

    def exactly(self, words: str, *, bent: bool = False) -> Candidate | None:
        """Return the product that some words name exactly; plurals and endings when ``bent``."""
        key = f"{bent} {words}"
        if self._exact is not None and key in self._exact:
            return self._exact[key]
        with self._database.snapshot() as tx:
            found = _exact(tx, words)
            if found is None:
                found = self._titled(tx, words)
            if found is None and bent:
                found = self._bent(tx, words)
        if self._exact is not None:
            self._exact[key] = found
        return found

    def partly(self, words: str) -> Candidate | None:
        """Return the one product whose name has all these words, or words a letter away from them.

        A guess: whoever uses it asks. None when two products have them, or one has them all.
        """
        if self._exact is not None and f"part {words}" in self._exact:
            return self._exact[f"part {words}"]
        with self._database.snapshot() as tx:
            dialect = self._database.dialect
            near = {s: t for s, t in search(tx, dialect, words, CANDIDATES) if _holds(t, words)}
            if not near:
                found = _by_beginnings(tx, dialect, words)
                near = {sku: title for sku, title in found if _holds(title, words, misspelt=True)}
        only = Candidate(*next(iter(near.items()))) if len(near) == 1 else None
        if self._exact is not None:
            self._exact[f"part {words}"] = only
        return only

    def _titled(self, tx: Tx, words: str) -> Candidate | None:
        """Return the product of a whole name, which may be parted otherwise: "honey 250g"."""
        found = _named(words, search(tx, self._database.dialect, words, CANDIDATES))
        spaced = _spaced(words)
        if found is None and spaced != words.casefold():
            found = _named(spaced, search(tx, self._database.dialect, spaced, CANDIDATES))
        return found

    def _bent(self, tx: Tx, words: str) -> Candidate | None:
        dialect = self._database.dialect
        for singular in _singulars(words):
            named = _named(singular, search(tx, dialect, singular, CANDIDATES))
            if named is not None:
                return named
        return _bent(tx, dialect, words)

    def _resolve(self, typed: str) -> Resolved:
        with self._database.snapshot() as tx:
            exact = _exact(tx, typed)
            if exact is not None:
                return Resolved(exact, [])
            found = search(tx, self._database.dialect, typed, CANDIDATES)
            named = _named(typed, found) or self._titled(tx, typed)
            for singular in _singulars(typed) if named is None else ():
                named = _named(singular, search(tx, self._database.dialect, singular, CANDIDATES))
                if named is not None:
                    break
            if named is None:
                named = _bent(tx, self._database.dialect, typed)
            if named is None and not found:
                found = _by_beginnings(tx, self._database.dialect, typed)
        return Resolved(named, [] if named is not None else _rank(typed, found))


SURE = 80
"""From 0 to 100: a word of five letters or more so near to another is that one, misspelt."""


def _holds(title: str, words: str, *, misspelt: bool = False) -> bool:
    """Return whether each word is one of a title's: the same, its plural, its first letters."""
    from rapidfuzz import fuzz

    parts = [folded(part) for part in title.replace("-", " ").split()]

    def is_of(word: str, part: str) -> bool:
        if word == part or _stem(word) == _stem(part) or word in (part + "s", part + "es"):
            return True
        if misspelt:
            return len(word) > 4 and word[0] == part[0] and fuzz.ratio(word, part) >= SURE
        return len(word) > 3 and part.startswith(word)

    typed = [folded(word) for word in words.replace("-", " ").split()]
    return all(any(is_of(word, part) for part in parts) for word in typed)


def _named(words: str, found: list[tuple[str, str]]) -> Candidate | None:
    """Return the one product whose whole name some words are."""
    typed = words.casefold()
    same = [(s, t) for s, t in found if " ".join(t.casefold().split()) == typed]
    if not same:  # "u lock" is the "U-lock"
        spaced = _spaced(words)
        same = [(s, t) for s, t in found if _spaced(t) == spaced]
    if not same:  # "comte" is the "Comté"
        same = [(s, t) for s, t in found if folded(_spaced(t)) == folded(spaced)]
    return Candidate(*same[0]) if len(same) == 1 else None


def _spaced(name: str) -> str:
    return " ".join(_GLUED.sub(r"\1 \2", name.casefold().replace("-", " ")).split())


_GLUED = re.compile(r"(\d)([^\W\d_])")


def _bent(tx: Tx, dialect: str, typed: str) -> Candidate | None:
    """Return the one product whose name differs only in endings: "rote Becher", "Roter Becher"."""
    words = typed.casefold().split()
    if len(words) == 1:
        return _code_in_plural(tx, dialect, typed) or _by_head(tx, dialect, typed)
    stems = [_stem(word) for word in words]
    if len(stems) < 2 or any(len(stem) < 3 or not stem.isalpha() for stem in stems):
        return None
    near = search(tx, dialect, " ".join(stems), CANDIDATES)
    same = [(sku, title) for sku, title in near if _bends(words, stems, title.casefold().split())]
    if not same:  # "candle beeswax"
        same = [(sku, title) for sku, title in near if _bends_anyhow(words, stems, title)]
        alone = [found for word in words if (found := _exact(tx, word)) is not None]
        if any(same[:1] != [(found.sku, found.title)] for found in alone):
            same = []  # "mug red", where MUG is a blue one.
    return Candidate(*same[0]) if len(same) == 1 else None


def _code_in_plural(tx: Tx, dialect: str, typed: str) -> Candidate | None:
    """Return the product whose code a word is the plural of: "vases", where nothing else is one."""
    for singular in _singulars(typed):
        sku = holder_of_sku(partial(claimed, tx), singular)
        if sku is None or not sku.isalpha():
            continue
        named = {found for found, _title in search(tx, dialect, singular, CANDIDATES)}
        if named == {sku}:
            return _candidate(tx, sku)
    return None


def _by_head(tx: Tx, dialect: str, typed: str) -> Candidate | None:
    """Return the product that a word names but for its size: "notebooks" of "Notebook A5".

    Only where no other product has that word in its name.
    """
    for word in (typed.casefold(), *_singulars(typed.casefold())):
        if len(word) < 5 or not word.isalpha():
            continue
        found = search(tx, dialect, word, CANDIDATES)
        if len(found) != 1:
            continue
        sku, title = found[0]
        first, *size = title.casefold().split()
        if first == word and size and len(size) <= 2 and _is_size(size):
            return Candidate(sku, title)
    return None


def _is_size(words: list[str]) -> bool:
    """Return whether words say how big it is: "A5", "500 g", "0,5 l"."""
    return any(c.isdigit() for c in words[0]) and all(len(word) <= 4 for word in words)


def _bends(words: list[str], stems: list[str], title: list[str]) -> bool:
    """Return whether each word is the title's, or both have the same stem with an ending."""
    return len(words) == len(title) and all(
        word == other or (word != stem and _stem(other) == stem and len(stem) > 3)
        for word, stem, other in zip(words, stems, title, strict=True)
    )


def _bends_anyhow(words: list[str], stems: list[str], title: str) -> bool:
    """Return whether the words are a short title's in another order."""
    parts = title.casefold().split()
    return len(parts) == len(words) < 5 and any(
        _bends(words, stems, list(order)) for order in permutations(parts)
    )


def _stem(word: str) -> str:
    """Return a word without the ending that German bends it with: blauer, blaue, blauen, blaues."""
    for ending in ("en", "er", "em", "es", "e", "n", "s"):
        if not word.endswith(ending) or len(word) - len(ending) < 3:
            continue
        if ending != "n" or word[-2] in "lr":  # "Kugeln", "Federn"; "Kerzn" is a slip.
            return word[: -len(ending)]
    return word


def _singulars(typed: str) -> list[str]:
    """Return a name without the plural that people put to its last word that is one."""
    words = typed.split()
    found = []
    for place in range(len(words) - 1, -1, -1):
        word = words[place]
        if not word.replace("-", "").isalpha() or len(word) < 4:
            continue
        for ending in ("s", "n", "e", "es", "en"):
            if word.casefold().endswith(ending):
                stem = word[: -len(ending)]
                found.append(" ".join([*words[:place], stem, *words[place + 1 :]]))
    return [*found[:8], *_without_umlaut(words)]


_UMLAUT = str.maketrans("äöü", "aou")


def _without_umlaut(words: list[str]) -> list[str]:
    """Return a name without the plural that changes a vowel: "Schlösser", "Übertöpfe groß"."""
    found = []
    for at, word in enumerate(word.casefold() for word in words):
        place = max(word.rfind(c) for c in "äöü")
        if place < 1 or not word.isalpha():
            continue
        base = word[:place] + word[place:].translate(_UMLAUT)
        for ending in ("er", "e", "n", ""):
            stem = base[: len(base) - len(ending)]
            if base.endswith(ending) and len(stem) > 3:
                found.append(" ".join([*words[:at], stem, *words[at + 1 :]]))
    return found


def _exact(tx: Tx, typed: str) -> Candidate | None:
    holder = partial(claimed, tx)
    for sku in (holder_of_sku(holder, typed), holder_of_barcode(holder, typed)):
        if sku is not None and not _may_be_plural(typed, sku):
            return _candidate(tx, sku)
    row = tx.one("SELECT sku FROM aliases WHERE alias = ?", (typed.casefold(),))
    return None if row is None else _candidate(tx, row[0])


def _may_be_plural(typed: str, sku: str) -> bool:
    """Return whether "bowls" may mean bowls as well as the code BOWL-S: then it is asked."""
    last = normalise(sku)[-1:]
    parted = len(sku) > 1 and not sku[-2].isalnum()
    return parted and typed.isalpha() and last in "sne"


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
    return [
        Candidate(sku, titles[sku])
        for _, score, sku in ranked
        if score >= 45 and _is_alike(typed, f"{titles[sku]} {sku}")
    ]


ALIKE = 65
"""From 0 to 100: a word so near to one of a product's may be it, misspelt."""


def _is_alike(typed: str, name: str) -> bool:
    """Return whether the last word may be the product's: "bike trailers" are no bike chain.

    In either order: "mug red". A word of two languages may name one thing ("Becher blau" of a
    "Blue mug"): where no word is alike, nothing is known, and the product may be offered.
    """
    from rapidfuzz import fuzz

    known = name.casefold().replace("-", " ").split()
    words = [word for word in typed.casefold().replace("-", " ").split() if len(word) > 2]
    alike = [any(fuzz.ratio(w, k) >= ALIKE or k.startswith(w) for k in known) for w in words]
    return not alike or all(alike[-1:]) or not any(alike)
