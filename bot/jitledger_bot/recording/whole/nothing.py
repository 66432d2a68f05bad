"""Lines that say that nothing is left: "no U-locks left", "ran out of brass bells"."""

from __future__ import annotations

from jitledger_bot.desk import Desk
from jitledger_bot.reading import Places
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.recording.whole.names import name_at
from jitledger_bot.recording.whole.scan import tokens_of
from jitledger_bot.recording.whole.token import Line, Token


def nothing_left(words: list[str], desk: Desk, places: Places) -> list[Token] | None:
    """Return the tokens of a count of nought; None where a line says something else."""
    line = Line(words, [plain(word) for word in words], desk, places)
    known, place = phrases(), 0
    while length := (
        known.is_("there_is", line.norm, place)
        or known.is_("the", line.norm, place)
        or known.is_("polite", line.norm, place)
    ):
        place += length
    if place >= len(words):
        return None
    gone = known.is_("all_gone", line.norm, place)
    none = 0 if gone else known.is_("no_more", line.norm, place)
    begin = place + (gone or none)
    begin += known.is_("the", line.norm, begin)
    named = name_at(line, begin) if begin < len(words) else None
    if named is None:
        return None
    end = begin + named[1]
    if none:
        ended = known.is_("no_more_end", line.norm, end)
    elif gone:
        return _counted(named[0], words[end:], desk, places)
    else:
        ended = known.is_("all_gone", line.norm, end)
    return _counted(named[0], words[end + ended :], desk, places) if ended else None


def _counted(name: Token, rest: list[str], desk: Desk, places: Places) -> list[Token] | None:
    """Return the tokens of a count of nought, where what follows changes nothing."""
    behind = tokens_of(rest, desk, places) if rest else []
    if any(phrases().pack_codes(plain(word)) for word in rest):
        return None  # "no U-locks left in the box"
    if behind and behind[0].kind == "verb":
        return None  # "keine Schlösser mehr gezählt"
    for token in behind:
        counts = token.kind == "verb" and token.meaning == "count"
        if token.kind not in ("small", "sep", "place", "there", "left") and not counts:
            return None
    verb, nought = Token("verb", "", "count"), Token("amount", "0")
    kept = [token for token in behind if token.kind == "place"]
    return [verb, nought, name, *kept]
