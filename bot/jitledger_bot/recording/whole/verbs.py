"""Verbs of a line: as they are listed, misspelt, or in two parts; and what is bought or left."""

from __future__ import annotations

from functools import lru_cache

from jitledger_bot.reading.phrases import phrases
from jitledger_bot.recording.whole.token import Line, Token, spoken

SHORTEST_MISSPELT = 4
"""Letters: a shorter word with one slip may be another word."""


def parted_at(line: Line) -> dict[int, tuple[Token, int]]:
    """Return the tokens of verbs whose parts stand apart: "brought 2 mug back"."""
    found: dict[int, tuple[Token, int]] = {}
    for first, last, do in parted_verbs():
        for place in range(len(line.norm)):
            if tuple(line.norm[place : place + len(first)]) != first or place in found:
                continue
            behind = place + len(first)
            for end in range(behind + 1, len(line.norm) - len(last) + 1):
                if tuple(line.norm[end : end + len(last)]) == last and end not in found:
                    words = " ".join((*first, *last))
                    found[place] = (Token("verb", words, do, cause=_cause(words)), len(first))
                    found[end] = (Token("small", " ".join(last)), len(last))
                    break
    return found


def verb_at(line: Line, place: int) -> tuple[Token, int] | None:
    """Return a verb, a cause, a condition, or what says that something was bought or is left."""
    known = phrases()
    use = known.reasons.at(line.norm, place)
    if use is not None and use[1] == "use":
        return Token("use", " ".join(line.norm[place : place + use[0]])), use[0]
    best = max(
        (found for look in (spoken(), known.verbs) if (found := look.at(line.norm, place))),
        key=lambda hit: hit[0],
        default=None,
    )
    condition = known.conditions.at(line.norm, place)
    if condition is not None and (best is None or condition[0] > best[0]):
        words = " ".join(line.norm[place : place + condition[0]])
        return Token("condition", words, condition[1]), condition[0]
    bought = known.is_("buying", line.norm, place)
    if bought and place and line.norm[place - 1] in ("to", "zu"):
        return Token("doubt", line.norm[place], "plan"), bought
    if bought and (best is None or bought >= best[0]):
        return Token("buying", line.norm[place], "" if best is None else best[1]), bought
    left = known.is_("remaining", line.norm, place)
    if left and (best is None or left >= best[0]):
        return Token("left", line.norm[place]), left
    if best is None:
        best = _misspelt(line, place)
    if best is None:
        return None
    if place and line.norm[place - 1] in ("to", "zu"):
        return Token("doubt", line.norm[place], "plan"), best[0]  # "remind me to move 6"
    if best[1] == "buying":
        return Token("buying", line.norm[place]), best[0]
    words = " ".join(line.norm[place : place + best[0]])
    return Token("verb", words, best[1], cause=_cause(words)), best[0]


def _misspelt(line: Line, place: int) -> tuple[int, str] | None:
    """Return the verb that a word is with two neighbours swapped: "bougth"."""
    word = line.norm[place]
    if len(word) < SHORTEST_MISSPELT or not word.isalpha():
        return None
    meant = {do for verb, do in long_verbs() if _swapped(verb, word) or _one_letter(verb, word)}
    return (1, meant.pop()) if len(meant) == 1 else None


def _one_letter(verb: str, word: str) -> bool:
    """Return whether a letter within is one too many or one too few: "verkaufft", "retuned"."""
    if word.endswith("en"):  # "verkaufen" has not happened.
        return False
    long, short = (verb, word) if len(verb) > len(word) else (word, verb)
    if len(short) < 5 or len(long) != len(short) + 1 or long[-2:] != short[-2:]:
        return False
    same = next((n for n in range(len(short)) if long[n] != short[n]), len(short))
    return same > 0 and long[same + 1 :] == short[same:]


def _cause(words: str) -> str | None:
    return phrases().reasons.meaning(words) or phrases().causes.meaning(words)


def _swapped(verb: str, word: str) -> bool:
    """Return whether two words differ in two neighbouring letters that changed places."""
    if len(verb) != len(word):
        return False
    amiss = [n for n in range(len(word)) if verb[n] != word[n]]
    if len(amiss) != 2 or amiss[1] != amiss[0] + 1:
        return False
    first, second = amiss
    return verb[first] == word[second] and verb[second] == word[first]


@lru_cache
def long_verbs() -> tuple[tuple[str, str], ...]:
    """Return (verb, meaning) of the verbs of one word that are long enough to be misspelt."""
    known = phrases()
    bought = [(words, "buying") for words, _kind in known.words["buying"].all()]
    listed = [*known.verbs.all(), *known.spoken.all(), *bought]
    return tuple(
        (words[0], do)
        for words, do in listed
        if len(words) == 1 and len(words[0]) >= SHORTEST_MISSPELT
    )


@lru_cache
def parted_verbs() -> tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...]:
    """Return (first words, last words, meaning) of verbs whose parts stand apart."""
    return tuple(phrases().parted)
