"""The words people use, from one file for each language (``phrases/*.toml``), all read together.

A shop's people write in whatever language they think in, so a line is read with all of them. A new
language is a new file; no code knows which languages there are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import Any

Words = tuple[str, ...]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ASKING = (
    "order_words",
    "asking",
    "stock_words",
    "undo",
    "was",
    "round_skip",
    "round_stop",
    "promise_lead",
    "promise_by",
    "promise_end",
)
_MEANT = (
    "verbs",
    "reasons",
    "spoken",
    "causes",
    "conditions",
    "numbers",
    "multipliers",
    "units",
    "days",
    "months",
    "places",
)
_STRIPPED = ",;:!?.…"


@lru_cache(maxsize=16_384)
def plain(word: str) -> str:
    """Return a word as phrases have it: small letters, without the marks around it.

    Kept, for a line is looked at many times, and a shop's words are few.
    """
    return word.casefold().strip(_STRIPPED + "()\"'“”„’") or word.casefold()


def words_of(phrase: str) -> Words:
    """Return a phrase's words."""
    return tuple(plain(word) for word in phrase.split())


class Lookup:
    """Phrases of one kind and what each of them means; the longest one at a place wins."""

    def __init__(self) -> None:
        self._by_first: dict[str, list[tuple[Words, str]]] = {}

    def add(self, phrases: Iterable[str], meaning: str) -> None:
        """Add phrases of one meaning."""
        for phrase in phrases:
            words = words_of(phrase)
            listed = self._by_first.setdefault(words[0], [])
            if all(known != words for known, _ in listed):
                listed.append((words, meaning))
                listed.sort(key=lambda entry: -len(entry[0]))

    def at(self, words: Sequence[str], place: int) -> tuple[int, str] | None:
        """Return (how many words, meaning) of the phrase that begins at a place."""
        if place >= len(words):
            return None
        listed = self._by_first.get(words[place])
        if listed is None:
            return None
        for phrase, meaning in listed:
            size = len(phrase)
            if size == 1 or tuple(words[place : place + size]) == phrase:
                return size, meaning
        return None

    def all(self) -> list[tuple[Words, str]]:
        """Return every phrase with its meaning."""
        return [entry for listed in self._by_first.values() for entry in listed]

    def ending(self, words: Sequence[str]) -> tuple[int, str] | None:
        """Return (how many words, meaning) of the longest phrase at the end."""
        for place in range(max(0, len(words) - 5), len(words)):
            found = self.at(words, place)
            if found is not None and place + found[0] == len(words):
                return found
        return None

    def meaning(self, word: str) -> str | None:
        """Return what one word or phrase means."""
        words = words_of(word)
        found = self.at(words, 0) if words else None
        return found[1] if found is not None and found[0] == len(words) else None


@dataclass(slots=True)
class Phrases:
    """All languages' phrases by kind."""

    verbs: Lookup = field(default_factory=Lookup)
    verb_order: list[str] = field(default_factory=list)
    """What verbs mean, the meaning that comes before others first."""
    reasons: Lookup = field(default_factory=Lookup)
    spoken: Lookup = field(default_factory=Lookup)
    """What people say for a verb, understood only where the whole line is."""
    causes: Lookup = field(default_factory=Lookup)
    """Why, of what is in ``spoken``."""
    sets: dict[str, set[str]] = field(default_factory=dict)
    """Single words of a kind: *wholes* stand between a number and its product ("a whole box"),
    *halves* before a measure, *brings* are verbs of whoever delivers, *us* is who we are,
    *price_names* stand before a price of one, *no_damage* is said of what came back whole,
    *goes_back* of what was sent back, *used_up* of what was taken for the shop itself."""
    single_verbs: list[tuple[str, str]] = field(default_factory=list)
    """(verb, meaning) of verbs of one word, which may be misspelt."""
    day_words: set[str] = field(default_factory=set)
    """Words for days that are long enough to be known when they are misspelt."""
    parted: list[tuple[Words, Words, str]] = field(default_factory=list)
    """(first words, last words, meaning) of verbs whose parts stand apart."""
    words: dict[str, Lookup] = field(default_factory=dict)
    conditions: Lookup = field(default_factory=Lookup)
    packs: dict[str, list[str]] = field(default_factory=dict)
    numbers: Lookup = field(default_factory=Lookup)
    multipliers: Lookup = field(default_factory=Lookup)
    """What a number in front of it is multiplied by: *dozen*, *six-pack*."""
    units: Lookup = field(default_factory=Lookup)
    languages: list[str] = field(default_factory=list)
    ones: dict[str, str] = field(default_factory=dict)
    days: Lookup = field(default_factory=Lookup)
    months: Lookup = field(default_factory=Lookup)
    places: Lookup = field(default_factory=Lookup)
    reorder: list[Words] = field(default_factory=list)
    stock: list[tuple[Words, Words]] = field(default_factory=list)
    run_out: list[tuple[Words, str]] = field(default_factory=list)
    log: list[tuple[Words, Words]] = field(default_factory=list)
    ago: list[tuple[Words, Words]] = field(default_factory=list)
    """What stands before and behind a number of days: "… days ago", "vor … tagen"."""

    def one_of(self, article: str) -> str:
        """Return the number that an article stands for: *a* hundred is *one* hundred."""
        return self.ones.get(article, article)

    def has(self, kind: str, words: Sequence[str]) -> bool:
        """Return whether some words hold a phrase of a kind anywhere."""
        at = self.words[kind].at
        return any(at(words, place) is not None for place in range(len(words)))

    def pack_codes(self, word: str) -> Sequence[str]:
        """Return the packs a word may stand for: a German "Karton" is a carton or a box."""
        return self.packs.get(word, ())

    def is_(self, kind: str, words: Sequence[str], place: int) -> int:
        """Return how many words of a kind ("from", "each" …) begin at a place, 0 when none."""
        found = self.words[kind].at(words, place)
        return found[0] if found is not None else 0


@cache
def phrases() -> Phrases:
    """Read every language's file, once."""
    found = Phrases()
    folder = resources.files("jitledger_bot.reading") / "phrases"
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            _take(found, tomllib.loads(file.read_text(encoding="utf-8")))
    bought = [(words, "buying") for words, _kind in found.words["buying"].all()]
    verbs = [*found.verbs.all(), *found.spoken.all(), *bought]
    found.single_verbs = [(words[0], do) for words, do in verbs if len(words) == 1]
    days = [words[0] for words, _day in found.days.all() if len(words) == 1]
    found.day_words = {word for word in days if len(word) > 5}
    for asked in (found.stock, found.log):
        asked.sort(key=lambda parts: -len(parts[0]) - len(parts[1]))
    return found


def _take(found: Phrases, language: Mapping[str, Any]) -> None:
    found.verb_order += [do for do in language["verbs"] if do not in found.verb_order]
    found.languages.append(language["language"])
    found.ones |= {plain(word): language["one"] for word in language["numbers"]["1"]}
    for kind in _MEANT:
        lookup: Lookup = getattr(found, kind)
        for meaning, listed in language[kind].items():
            lookup.add(listed, meaning)
    for pattern in language["ago"]:
        before, _gap, behind = pattern.partition("…")
        found.ago.append((words_of(before), words_of(behind)))
    for kind, listed in language["sets"].items():
        found.sets.setdefault(kind, set()).update(listed)
    for do, listed in language["parted"].items():
        for pattern in listed:
            before, _gap, behind = pattern.partition("…")
            found.parted.append((words_of(before), words_of(behind), do))
    for code, listed in language["packs"].items():
        for word in listed:
            codes = found.packs.setdefault(plain(word), [])
            if code not in codes:
                codes.append(code)
    for kind, listed in language["words"].items():
        found.words.setdefault(kind, Lookup()).add(listed, kind)
    for kind in ("on", "time", "oclock"):
        found.words.setdefault(kind, Lookup()).add(language["days"][kind], kind)
    questions = language["questions"]
    found.reorder += [words_of(phrase) for phrase in questions["reorder"]]
    for kind in _ASKING:
        found.words.setdefault(kind, Lookup()).add(questions[kind], kind)
    for kind, listed in (("stock", found.stock), ("log", found.log)):
        for phrase in questions[kind]:
            before, _, after = phrase.partition("…")
            listed.append((words_of(before), words_of(after)))
    for days, asked in questions["run_out"].items():
        found.run_out += [(words_of(phrase), days) for phrase in asked]
