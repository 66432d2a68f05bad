"""Lines above others that say what holds for them: "Received from Acme:", "Delivery note 4711"."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from jitledger_bot.reading.doubts import is_plan
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.readings import Places, Reading
from jitledger_bot.reading.tails import Tail
from jitledger_bot.reading.tidy import without_documents
from jitledger_bot.reading.times import take_times
from jitledger_bot.reading.words import find_verb, has_number, without_fillers


def is_doubtful(line: str) -> bool:
    """Return whether a header is a plan, a question, or of no certain day."""
    norm = [plain(word) for word in line.split()]
    return is_plan(line) or "?" in line or phrases().has("undated", norm)


def joined(first: Reading | None, second: Reading) -> Reading:
    """Join two header lines: "Delivery note Acme" and "received:" say one thing."""
    if first is None:
        return second
    return replace(
        second,
        do=second.do or first.do,
        cause=second.cause if second.do else first.cause,
        supplier=second.supplier or first.supplier,
        location=second.location or first.location,
        occurred=second.occurred or first.occurred,
    )


def header_of(line: str, now: datetime, places: Places) -> Reading | None:
    """Read "Received from Acme:" or "Delivery Acme 19.11."; None when it is no header."""
    words = line.strip().split()
    if not words or len(words) > 8:
        return None
    words = _without_own_number(words)
    if len(words) > 1 and phrases().is_("sellers", [plain(words[0])], 0):
        words = words[1:]  # "Supplier: Nordlicht"
    bare = without_documents(words)
    known = places.suppliers.get(" ".join(plain(word) for word in bare))
    if known is not None:
        return Reading(line, supplier=known)  # "ACME delivery note no 20931", "Acme"
    words, occurred = take_times(words, now)
    norm = [plain(word) for word in words]
    if all(
        phrases().is_("fillers", norm, n) or phrases().is_("from", norm, n)
        for n in range(len(norm))
    ):
        words, norm = [], []
    else:
        words, norm = without_fillers(words, norm)
    if not norm and isinstance(occurred, str):
        return Reading(line, occurred=occurred)  # "all from yesterday:"
    verb = find_verb(norm, at_start=True) or find_verb(norm, at_start=False)
    if verb is None or (not line.strip().endswith(":") and has_number(norm)):
        return None
    begin, length, do = verb
    if is_no_header(do, line):
        return None
    rest = words[:begin] + words[begin + length :]
    again = find_verb([plain(word) for word in rest], at_start=True)
    if again is not None and again[2] == do:  # "inventory count"
        rest = rest[again[1] :]
    brought = _brought(line, do, rest, places)
    if brought is not None:
        return replace(brought, occurred=occurred if isinstance(occurred, str) else None)
    numbers = [word for word in rest if has_number([plain(word)])]
    rest = [word for word in rest if word not in numbers]
    cause = phrases().reasons.meaning(" ".join(norm[begin : begin + length]))
    day = occurred if isinstance(occurred, str) else None
    reading = Reading(line, do=do, cause=cause, occurred=day)
    tail = Tail([name for word in rest if (name := word.rstrip(":,"))], do, places)
    tail.take()
    if do in ("receive", "return", "write-off") and _leads_away(tail.words):
        return None  # "Delivery to Hotel Post:" went out.
    left = tail.words
    known = places.suppliers.get(" ".join(plain(word) for word in left))
    if left and known is None and (numbers or not line.strip().endswith(":")):
        return None
    supplier = tail.supplier or known or (" ".join(left) or None if do == "receive" else None)
    return replace(reading, supplier=supplier, location=tail.location, to=tail.to)


def is_no_header(do: str, line: str) -> bool:
    """Return whether a header says what did not come, is to be done, or is no sale of ours.

    "missing:", "Acme brought less:", "got no", "please count", "sold us", "sold out".
    """
    said, sets = {plain(word) for word in line.split()}, phrases().sets
    if said & (sets["missing"] | sets["less"] | sets["denials"]):
        return True
    if do == "sell" and said & ({"us", "uns"} | sets["outside"]):
        return True
    return do in ("count", "transfer") and bool(said & sets["please"])


def _without_own_number(words: list[str]) -> list[str]:
    """Take its number off a paper's name: "Delivery note 20331", "Lieferschein Nr. 8841"."""
    norm, known = [plain(word) for word in words], phrases()
    named = known.verbs.at(norm, 0)
    if named is None or len(norm) > named[0] + 2 or not norm[-1].lstrip("#").isdigit():
        return words
    sign = known.is_("number_signs", norm, named[0])
    paper = known.is_("documents", norm, 0) or named[1] == "receive"
    return words[: named[0]] if paper and named[0] + sign + 1 == len(norm) else words


def _brought(line: str, do: str, rest: list[str], places: Places) -> Reading | None:
    """Read "Quayside delivery just in, all checked:" or "Hill Farm hat gebracht" as a header."""
    norm = [plain(word) for word in rest]
    for place in range(len(norm)):
        for length in (3, 2, 1):
            code = places.suppliers.get(" ".join(norm[place : place + length]))
            if code is None or len(norm) < place + length:
                continue
            if do == "return":
                return Reading(line)  # Back from whom, to whom?
            brings = any(word in phrases().sets["brings"] for word in line.casefold().split())
            subject = do == "transfer" and place == 0 and brings
            told = do == "receive" and line.strip().endswith(":") and not _leads_away(rest)
            others = norm[:place] + norm[place + length :]
            if (subject and len(others) <= 1) or (told and not has_number(others)):
                return Reading(line, do="receive", supplier=code)
    return None


def _leads_away(words: list[str]) -> bool:
    """Return whether what is left of a header says that goods went to somebody."""
    norm = [plain(word) for word in words]
    return bool(norm) and (phrases().is_("to", norm, 0) > 0 or phrases().is_("toward", norm, 0) > 0)
