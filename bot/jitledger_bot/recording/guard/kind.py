"""Words that may make the product another one: "3 blue mugs, dotted"."""

from __future__ import annotations

from collections.abc import Sequence

from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.recording.guard.looked import Looked
from jitledger_bot.texts.say import recorded

MOST_OF_A_KIND = 4
"""Words of a part of a line that may say which kind it is; what is longer tells a story."""


_MARKS = ("-", "–", "—", "/", "|", "(", ":")


_KNOWN = (
    "fillers",
    "small_talk",
    "stops",
    "people",
    "none",
    "polite",
    "note_down",
    "documents",
    "customers",
    "each",
)


def another_kind(one: Looked) -> str | None:
    """A short part of a line that says nothing known may name another kind: "…, dotted"."""
    told = ("sell", "receive", "count", "transfer")
    if one.fact.under is not None or one.fact.do not in told or not one.alone:
        return None
    known, norm = phrases(), one.norm
    named = {plain(word) for word in one.fact.product.split()}
    first = next((n for n, word in enumerate(norm) if word in named), None)
    if first is None:
        return None
    last = max(n for n in range(first, min(len(norm), first + len(named))) if norm[n] in named)
    tail = norm[last + 1 :]
    begin = 1 + (known.is_("the", tail, 1) if len(tail) > 1 else 0)
    kind = bool(tail) and tail[0] in known.sets["of_a_kind"]
    kind = kind and len(tail) > begin and not one.places.name_supplier(" ".join(tail))
    if kind and _is_unknown(tail, begin, one):
        return recorded.WHICH_KIND
    for part in _parts_behind(one, last):
        if 0 < len(part) <= MOST_OF_A_KIND and _may_be_a_kind(part, one):
            return recorded.WHICH_KIND
    return None


def _parts_behind(one: Looked, last: int) -> list[list[str]]:
    """Return the parts of a line behind a product: after a mark, or after *and*."""
    parts: list[list[str]] = []
    ended = one.words[last][-1:] in ",;"
    for word, plainly in zip(one.words[last + 1 :], one.norm[last + 1 :], strict=True):
        mark = word in _MARKS or plainly in phrases().sets["and_more"]
        if ended or mark or word[:1] == "(":
            parts.append([])
        if parts and not mark:
            parts[-1].append(plainly)
        ended = word[-1:] in ",;"
    return parts


def _may_be_a_kind(part: Sequence[str], one: Looked) -> bool:
    """Return whether a part's words are unknown, but for articles: "die großen", "light blue"."""
    known, found = phrases(), False
    if any(word in known.sets["telling"] for word in part):
        return False
    if one.places.name_supplier(" ".join(part)) or any(c.isdigit() for w in part for c in w):
        return False
    for place, word in enumerate(part):
        if word in known.sets["sizes"] or _is_unknown(part, place, one):
            found = True
        elif len(word) > 2 and not any(known.is_(k, part, place) for k in ("stops", "the")):
            return False
    return found


def _is_unknown(words: Sequence[str], place: int, one: Looked) -> bool:
    """Return whether a word is of no kind that is known to change nothing."""
    known = phrases()
    word = words[place]
    if len(word) < 3 or one.places.location([word]) is not None:
        return False
    if any(known.is_(kind, words, place) for kind in _KNOWN) or known.numbers.at(words, place):
        return False
    if one.desk.resolver.exactly(word, bent=True) is not None:
        return False
    if known.verbs.at(words, place) or known.spoken.at(words, place) or known.days.at(words, place):
        return False
    if known.conditions.at(words, place) or known.reasons.at(words, place):
        return False
    return not known.is_("taken_back", words, place) and not known.is_("totals", words, place)
