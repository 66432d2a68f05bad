"""Nothing is left over: a word that has a meaning and no role keeps a line from being recorded.

A word is told by what it is, not by a list of seen sentences: a number, a pack or unit, money, a
verb, a doubt or a plan, another product of the shop. Words of no such kind say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from jitledger_bot.desk import Desk
from jitledger_bot.memory.resolve import Candidate
from jitledger_bot.reading import Reading
from jitledger_bot.reading.amounts.numbers import spelt
from jitledger_bot.reading.amounts.quantities import leading_number
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.tails import CURRENCIES, CURRENCY
from jitledger_bot.reading.times import take_times
from jitledger_bot.reading.words import LIST_MARK

MOST_WORDS = 24

LONGEST_NAME = 5

SMALL = ("fillers", "stops", "the", "at", "from", "to", "of", "pieces", "joiners", "toward", "on")
"""Words between others: they change nothing by themselves."""

DOUBTS = ("hedges", "undone", "plans", "tomorrow", "undated", "instead")

JOINING = ("joiners", "pieces", "from", "to", "at", "each", "price")

SHORTEST_NAME = 3
"""Letters."""

ALIKE = 70
"""From 0 to 100: words so near to each other may be one misspelt."""

FRACTIONS = "½¼¾⅓⅔"

MOST_KINDS = 8
"""Words of a line that are tried as another kind of its product."""

GIVEN = ("free", "gratis", "umsonst")
"""Of what was given away."""


def kind_of(norm: Sequence[str], place: int) -> str | None:
    """Return what kind of meaning a word has; None for one that says nothing by itself."""
    word, known = norm[place], phrases()
    if any(c.isdigit() or c in FRACTIONS for c in word):
        return "number"
    if any(c in CURRENCY for c in word) or word in CURRENCIES | known.sets["money_words"]:
        return "money"
    if word == "%":
        return "money"
    if known.is_("of", norm, place) or known.is_("the", norm, place):
        return None
    found = spelt(norm, place)
    if found is not None and (found[0] != 1 or known.numbers.meaning(word) is None):
        return "number"
    if known.pack_codes(word) or known.is_("measures", norm, place):
        return "pack"
    if known.is_("factors", norm, place) or known.multipliers.at(norm, place) is not None:
        return "number"
    if any(known.is_(kind, norm, place) for kind in DOUBTS):
        return "doubt"
    if known.verbs.at(norm, place) is not None or known.reasons.at(norm, place) is not None:
        return "verb"
    if known.conditions.at(norm, place) is not None:
        return "verb"
    return None


def may_be_a_name(words: str) -> bool:
    """Return whether some words may be learned as a name: words, and nothing but words.

    No number, pack, price, verb or doubt, nothing that joins two things.
    """
    norm = [plain(word) for word in words.split()]
    known = phrases()
    if not norm or len(norm) > LONGEST_NAME or len(words) < SHORTEST_NAME:
        return False
    joined = any(known.is_(kind, norm, n) for n in range(len(norm)) for kind in JOINING)
    meant = any(kind_of(norm, n) is not None for n in range(len(norm)))
    return not joined and not meant and not any(c.isdigit() for c in words)


def offered(reading: Reading, nearest: Sequence[Candidate], desk: Desk) -> list[Candidate]:
    """Return those of the nearest products that a tap may record for a line.

    What the phrase says beside a product's own name must be words that say nothing: never a number,
    a pack, a verb, or another product that it names exactly.
    """
    typed = [plain(word) for word in reading.product.split()]
    if len(typed) > MOST_WORDS:
        return []
    inner = all_named(typed, desk)
    if len(inner) > 1:
        return []
    return [near for near in nearest if _only_spelt(typed, near, whole=bool(inner))]


def _only_spelt(typed: Sequence[str], near: Candidate, *, whole: bool) -> bool:
    """Return whether a phrase may be one product misspelt.

    ``whole``: a product's name stands within it, so that what is left must be near to a name, too.
    """
    from rapidfuzz import fuzz

    mine = {plain(word) for word in f"{near.title} {near.sku}".split()}
    joins = phrases().words["joiners"]
    for place, word in enumerate(typed):
        if word in mine:
            continue
        if kind_of(typed, place) is not None or joins.at(typed, place) is not None:
            return False
        if whole and max(fuzz.ratio(word, other) for other in mine) < ALIKE:
            return False
    return any(word in mine or max(fuzz.ratio(word, m) for m in mine) >= ALIKE for word in typed)


def named_within(typed: Sequence[str], desk: Desk) -> str | None:
    """Return a product's name that stands exactly within more words; None without any."""
    return next(iter(all_named(typed, desk).values()), None)


def all_named(typed: Sequence[str], desk: Desk) -> dict[str, str]:
    """Return {SKU: name} of the products that some of more words name exactly."""
    named: dict[str, str] = {}
    taken: set[int] = set()
    for length in range(min(LONGEST_NAME, len(typed) - 1), 0, -1):
        for first in range(len(typed) - length + 1):
            words = typed[first : first + length]
            if length == 1 and (len(words[0]) < 3 or kind_of(words, 0) is not None):
                continue
            here = set(range(first, first + length))
            found = None if here & taken else desk.resolver.exactly(" ".join(words))
            if found is not None:
                named[found.sku] = found.title
                taken |= here
    return named


def without_a_role(reading: Reading, recorded: Sequence[Reading], desk: Desk) -> str | None:
    """Return words of a line that none of its facts accounts for; None when nothing is left."""
    from jitledger_bot.reading.spots import SOME_DAY

    words = take_times(LIST_MARK.sub("", reading.raw).split(), SOME_DAY)[0]
    if len(words) > MOST_WORDS * 2:
        return reading.raw[:60]
    norm = [plain(word) for word in words]
    left = _unused(words, norm, recorded)
    if reading.do == "unmet":  # "… and we had none" is what it means.
        left -= {
            n for n in left if phrases().is_("none", norm, n) or phrases().is_("undone", norm, n)
        }
    if reading.cause is not None:
        left -= {n for n in left if norm[n] in GIVEN}
    place = 0
    while place < len(norm):
        if place not in left:
            place += 1
            continue
        talk = phrases().is_("small_talk", norm, place)
        if talk:
            place += talk
            continue
        kind = kind_of(norm, place)
        small = max(phrases().is_(k, norm, place) for k in SMALL)
        if kind == "pack" and place and _is_how(norm, place):
            place += 1
            continue
        if kind is not None and not small:
            return words[place]
        place += max(1, small)
    runs = _runs(norm, left)
    who = _place_or_supplier(norm, left, recorded[0], desk)
    if who is not None:
        return who
    mine = {one.product.casefold() for one in recorded}
    for run in runs:
        other = named_within([*run, ""], desk)
        if other is not None and other.casefold() not in mine:
            return other
    return _taken_back(norm, left) or _another_kind(runs, recorded, desk)


def _taken_back(norm: Sequence[str], left: set[int]) -> str | None:
    """Return what is said behind words that take something back: "4 small pots, sorry, medium"."""
    known = phrases()
    for place in sorted(left):
        length = known.is_("taken_back", norm, place)
        behind = [norm[n] for n in sorted(left) if n >= place + length]
        told = [word for word in behind if not known.words["small_talk"].meaning(word)]
        if length and any(word.isalpha() and len(word) > 1 for word in told):
            return " ".join(told)
    return None


def _another_kind(
    runs: Sequence[Sequence[str]], recorded: Sequence[Reading], desk: Desk
) -> str | None:
    """Return a word that in the place of another makes a fact's product a different one."""
    for one in recorded:
        own = [plain(word) for word in one.product.split()]
        exact = desk.resolver.exactly(" ".join(own), bent=True)
        for word in [word for run in runs for word in run][:MOST_KINDS]:
            for place in range(len(own)) if len(own) > 1 and len(word) > 2 else ():
                swapped = " ".join([*own[:place], word, *own[place + 1 :]])
                other = desk.resolver.exactly(swapped, bent=True)
                if other is not None and exact is not None and other.sku != exact.sku:
                    return word
    return None


def _place_or_supplier(
    norm: Sequence[str], left: set[int], reading: Reading, desk: Desk
) -> str | None:
    """Return a place or a supplier that a line names and no fact of it has."""
    places = desk.places(desk.app.queries.shop())
    for place in sorted(left):
        for length in (3, 2, 1):
            words = norm[place : place + length]
            if not left.issuperset(range(place, place + length)) or len(words) < length:
                continue
            supplier = places.suppliers.get(" ".join(words))
            if supplier is not None and reading.supplier is None and reading.do == "receive":
                return " ".join(words)
            if places.location(words) is not None and (reading.location or reading.to) is None:
                return " ".join(words)
    return None


def _is_how(norm: Sequence[str], place: int) -> bool:
    """Return whether a pack only says how it was wrapped: "12 eggs in a tray"."""
    known, first = phrases(), place - 1
    while first > 0 and known.numbers.meaning(norm[first]) == "1":
        first -= 1
    return known.is_("at", norm, first) > 0


def _unused(words: Sequence[str], norm: Sequence[str], recorded: Sequence[Reading]) -> set[int]:
    """Return the places of words that no fact accounts for: verb, number, product, price, who."""
    left = set(range(len(norm)))
    known = phrases()
    for place in range(len(norm)):
        for lookup in (known.verbs, known.reasons, known.conditions):
            found = lookup.at(norm, place)
            if found is not None:
                left -= set(range(place, place + found[0]))
    for one in recorded:
        begin = _drop_run(norm, left, [plain(w) for w in one.product.split()])
        for place in range(len(norm)):
            number = leading_number(list(words[place:]))
            near = begin is None or abs(place - begin) <= 8
            if place in left and number is not None and number[0].value == one.quantity and near:
                left -= set(range(place, place + number[1]))
                break
        if one.price is not None or one.total is not None:
            left -= {n for n in left if any(c in CURRENCY or c.isdigit() for c in norm[n])}
            left -= {n for n in left if norm[n] in CURRENCIES or known.is_("each", norm, n)}
            left -= {n for n in left if known.is_("sums", norm, n)}
        for name in (one.supplier, one.location, one.to):
            if name:
                _drop_run(norm, left, [plain(w) for w in name.split()])
    return left


def _drop_run(norm: Sequence[str], left: set[int], run: Sequence[str]) -> int | None:
    for place in range(len(norm) - len(run) + 1):
        here = range(place, place + len(run))
        if run and list(norm[place : place + len(run)]) == list(run) and left.issuperset(here):
            left -= set(here)
            return place
    return None


def _runs(norm: Sequence[str], left: set[int]) -> list[list[str]]:
    runs: list[list[str]] = [[]]
    for place in range(len(norm)):
        if place in left and not any(phrases().is_(k, norm, place) for k in SMALL):
            runs[-1].append(norm[place])
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
