"""Verbs of a line: as they are listed, misspelt, or in two parts; and what is bought or left."""

from __future__ import annotations

from collections.abc import Sequence

from jitledger_bot.reading.amounts.numbers import spelt
from jitledger_bot.reading.phrases import phrases
from jitledger_bot.recording.whole.token import Line, Token, ends

SHORTEST_MISSPELT = 4
"""Letters: a shorter word with two neighbours swapped may be another word."""
SHORTEST_INNER_SLIP = 5
"""Letters: a shorter word with a letter more or less may be another word."""


def parted_at(line: Line) -> dict[int, tuple[Token, int]]:
    """Return the tokens of verbs whose parts stand apart: "brought 2 mug back"."""
    found: dict[int, tuple[Token, int]] = {}
    for first, last, do in phrases().parted:
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


def _is_led_by_us(line: Line, place: int) -> bool:
    """Return whether a line tells what we used so much of, and what for."""
    ours = all(word in phrases().sets["us"] | {"have", "just", "i"} for word in line.norm[:place])
    behind = place + 1 < len(line.norm) and _is_number(line.norm, place + 1)
    purpose = not phrases().sets["used_for"].isdisjoint(line.norm[place + 1 :])
    others = any(phrases().has(kind, line.norm) for kind in ("people", "customers", "documents"))
    return ours and behind and purpose and not others


def _is_number(norm: Sequence[str], place: int) -> bool:
    """Return whether a number stands at a place, in digits or in words."""
    return norm[place][:1].isdigit() or spelt(norm, place) is not None


def verb_at(line: Line, place: int) -> tuple[Token, int] | None:
    """Return a verb, a cause, a condition, or what says that something was bought or is left."""
    known = phrases()
    use = known.reasons.at(line.norm, place)
    if use is not None and use[1] == "use":
        return Token("use", " ".join(line.norm[place : place + use[0]])), use[0]
    if place == 0 and line.words[0].endswith(":") and line.norm[0] in known.sets["inside"]:
        return Token("verb", line.norm[0], "receive"), 1  # "in: 2 boxes of soap"
    if known.sets["used_up"] & {line.norm[place]} and _is_led_by_us(line, place):
        return Token("use", line.norm[place]), 1  # "used 2 m rope to tie up the sign"
    if (place and ends(line, place)) or place == len(line.norm) - 1:
        behind = line.found and line.found[-1].kind in ("name", "amount", "supplier")
        if behind and line.norm[place] in known.sets["inside"]:
            return Token("verb", line.norm[place], "receive"), 1  # "5 boxes of soap in, …"
        if behind and line.norm[place] in known.sets["outside"]:
            return Token("doubt", line.norm[place], "verb"), 1
    passive = known.is_("getting", line.norm, place)
    happened = passive and (
        known.verbs.at(line.norm, place + passive) or known.spoken.at(line.norm, place + passive)
    )
    if happened and happened[1] in ("write-off", "adjust"):
        return Token("small", line.norm[place]), passive  # "got broken"
    best = max(
        (found for look in (phrases().spoken, known.verbs) if (found := look.at(line.norm, place))),
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
    if left and known.is_("the", line.norm, place + left):
        return Token("doubt", line.norm[place], "verb"), left  # "3 mugs left the shop"
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
    """Return the verb that a word is with one slip of the thumb: "bougth", "verkaufft"."""
    word = line.norm[place]
    if len(word) < SHORTEST_MISSPELT or not word.isalpha():
        return None
    if word in phrases().sets["no_slips"]:
        return None
    meant = {do for verb, do in phrases().single_verbs if _is_a_slip(verb, word)}
    return (1, meant.pop()) if len(meant) == 1 else None


def _is_a_slip(verb: str, word: str) -> bool:
    """Return whether two neighbours changed places, or a letter within is one too many or few.

    Another letter in its place may make another word; so does another ending: "verkaufen" has not
    happened.
    """
    if abs(len(verb) - len(word)) > 1 or verb[0] != word[0]:
        return False
    from rapidfuzz.distance import OSA

    if OSA.distance(verb, word, score_cutoff=1) != 1:
        return False
    if len(verb) == len(word):
        return sorted(verb) == sorted(word)
    long = min(len(verb), len(word)) >= SHORTEST_INNER_SLIP
    return long and verb[-2:] == word[-2:] and not word.endswith("en")


def _cause(words: str) -> str | None:
    return phrases().reasons.meaning(words) or phrases().causes.meaning(words)
