"""Finding words of a kind in a line: fillers, verbs with their reasons, numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jitledger_bot.reading.amounts.numbers import GLUED, read_number
from jitledger_bot.reading.phrases import phrases, plain

MARKS = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFE0F, 0xFEFF]
)

LIST_MARK = re.compile(r"^\s*(?:[-–*•·]\s+(?=\D|\d+\s)|[*•·](?=\S)|\d{1,3}[.)]\s+|\(\d{1,3}\)\s+)")


def without_fillers(words: list[str], norm: list[str]) -> tuple[list[str], list[str]]:
    """Take "please", "we have" and the like off both ends."""
    fillers = phrases().words["fillers"]
    while norm:
        found = fillers.at(norm, 0)
        if found is None or found[0] == len(norm):
            break
        words, norm = words[found[0] :], norm[found[0] :]
    while norm:
        found, sums = fillers.ending(norm), phrases().words["totals"].ending(norm)
        if found is None or found[0] == len(norm) or sums is not None:
            break
        words, norm = words[: -found[0]], norm[: -found[0]]
    return words, norm


def has_number(norm: Sequence[str]) -> bool:
    """Return whether a number in digits stands among some words."""
    return any(read_number(word) is not None or GLUED.fullmatch(word) for word in norm)


def find_verb(norm: list[str], *, at_start: bool) -> tuple[int, int, str] | None:
    """Return (place, how many words, what it does) of a verb."""
    verbs = phrases().verbs
    bought = _somebody_bought(norm)
    if bought is not None and not at_start:
        return bought
    if at_start:
        found = verbs.at(norm, 0)
        return (0, *found) if found is not None else None
    first = phrases().verb_order.index
    best: tuple[int, int, str] | None = None
    for place in range(1, len(norm)):
        found = verbs.at(norm, place)
        if found is None:
            continue
        if best is None or first(found[1]) < first(best[2]):
            best = (place, *found)
    return best


def _somebody_bought(norm: list[str]) -> tuple[int, int, str] | None:
    """Return where a customer bought: "a lady in a green coat bought 4 soaps" is a sale."""
    known = phrases()
    for place in range(1, len(norm)):
        length = known.is_("buying", norm, place)
        if length and any(known.is_("people", norm, n) for n in range(place)):
            return place, length, "sell"
    return None


def is_left(norm: list[str]) -> int:
    """Return how many words at the end say that so many are left: then it is a count."""
    found = phrases().words["remaining"].ending(norm)
    return 0 if found is None or found[0] >= len(norm) - 1 else found[0]


def take_verb(words: list[str]) -> tuple[list[str], str | None, str | None]:
    """Take the verb out of a line: at its start, else wherever one stands."""
    norm = [plain(word) for word in words]
    found = find_verb(norm, at_start=True)
    if found is None:
        words, norm = without_fillers(words, norm)
        found = find_verb(norm, at_start=True) or find_verb(norm, at_start=False)
    if found is None:
        left = is_left(norm)
        return (words[:-left], "count", None) if left else (words, None, None)
    begin, length, do = found
    cause = phrases().reasons.meaning(" ".join(norm[begin : begin + length]))
    before, after = words[:begin], words[begin + length :]
    if do in ("transfer", "adjust"):  # "took 1 soap as a sample"
        after, told = _take_reason(after)
        if told is not None:
            do, cause = "adjust", told
    before, _ = without_fillers(before, [plain(w) for w in before])
    if before and before[-1].endswith((",", ";")):
        before[-1] = before[-1].rstrip(",;")
    after, _ = without_fillers(after, [plain(w) for w in after])
    return before + after, do, cause


def _take_reason(words: list[str]) -> tuple[list[str], str | None]:
    norm = [plain(word) for word in words]
    for place in range(1, len(norm)):
        found = phrases().reasons.at(norm, place)
        if found is not None:
            return words[:place] + words[place + found[0] :], found[1]
    return words, None
