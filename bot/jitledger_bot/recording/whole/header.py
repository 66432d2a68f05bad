"""A line without goods that says what holds for those below it: "hi, delivery from Nordlicht"."""

from __future__ import annotations

from datetime import datetime

from jitledger_bot.desk import Desk
from jitledger_bot.reading import Places, Reading
from jitledger_bot.reading.doubts import is_plan
from jitledger_bot.reading.headers import is_no_header
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.tidy import without_documents
from jitledger_bot.reading.times import take_times
from jitledger_bot.recording.whole.scan import tokens_of
from jitledger_bot.recording.whole.token import Token

LONGEST = 12


def header(line: str, below: str, *, now: datetime, desk: Desk, places: Places) -> Reading | None:
    """Return what a line says of those below it; None when it is none.

    ``below`` is the next line: goods and a number, no verb.
    """
    words = line.split()
    if len(words) > LONGEST or "?" in line or is_plan(line):
        return None
    paper = any(phrases().is_("documents", [plain(word)], 0) for word in words)
    words, occurred = take_times(without_documents(words), now)
    if isinstance(occurred, Reading) or not _is_goods(below, now, desk, places):
        return None
    tokens = tokens_of(words, desk, places)
    kinds = {token.kind for token in tokens}
    if kinds & {"amount", "name", "money", "doubt", "instead", "use", "buying", "condition"}:
        return None
    verbs = {token.meaning for token in tokens if token.kind == "verb"}
    suppliers = {token.meaning for token in tokens if token.kind == "supplier"}
    named = [token for token in tokens if token.kind == "place"]
    if len(suppliers) > 1 or (suppliers and any(t.lead == "to" for t in tokens)):
        return None
    if suppliers and not verbs - {"transfer"}:
        verbs = {"receive"} if paper or verbs else set()  # "Nordlicht note", "Acme brought"
    way = {token.lead: token.meaning for token in named}
    if not verbs and _is_a_way(way):  # "Main to shop"
        verbs = {"transfer"}
    if len(verbs) != 1:
        return None
    do = verbs.pop()
    return _holds(line, do, occurred, suppliers, named, tokens)


def _holds(
    line: str,
    do: str,
    occurred: str | None,
    suppliers: set[str],
    named: list[Token],
    tokens: list[Token],
) -> Reading | None:
    """Return a header's reading, where each of its words has a role."""
    if any(token.kind in ("talk", "people") for token in tokens) or is_no_header(do, line):
        return None
    if suppliers and do != "receive":
        return None
    way = {token.lead: token.meaning for token in named}
    if do == "transfer":
        if not _is_a_way(way):
            return None
        source = way.get("from") or way.get("")
        return Reading(line, do=do, location=source, to=way["to"], occurred=occurred)
    if len(named) > 1 or "from" in way or ("to" in way and do != "receive"):
        return None
    here = named[0].meaning if named else None
    return Reading(
        line, do=do, location=here, occurred=occurred, supplier=next(iter(suppliers), None)
    )


def _is_a_way(way: dict[str, str]) -> bool:
    """Return whether places say from where to where."""
    return "to" in way and len(way) == 2 and ("from" in way or "" in way)


def _is_goods(line: str, now: datetime, desk: Desk, places: Places) -> bool:
    """Return whether a line holds a product and a number, and no verb."""
    words = take_times(line.lstrip("-•* ").split(), now)[0]
    kinds = [token.kind for token in tokens_of(words, desk, places)]
    return {"amount", "name"} <= set(kinds) and not set(kinds) & {"verb", "buying", "doubt"}
