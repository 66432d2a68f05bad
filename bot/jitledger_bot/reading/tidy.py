"""A line made plain before it is read: brackets, papers' numbers, glued words, who it came from."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from jitledger_bot.reading.amounts.quantities import leading_number
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.readings import Places
from jitledger_bot.reading.tails import CURRENCIES, CURRENCY

_MONEY = [[word] for word in sorted(CURRENCIES)]

_GLUED_WORD = re.compile(r"([^\W\d_]*)(\d+(?:[.,]\d+)?)([^\W\d_]*)")

_TWICE = re.compile(r"\b(\d+) \(([^()\s]+)\)")

_MORE = re.compile(r"\s*\((?:and|und|plus|\+|&)\s+([^()]*)\)")


def wide(text: str) -> str:
    """Return a text with the full-width digits and letters of some keyboards as usual ones."""
    return "".join(
        unicodedata.normalize("NFKC", c) if "\uff01" <= c <= "\uff5e" else c for c in text
    )


def unglued(line: str) -> str:
    """Part "sold2 mug", "2blue mug" and "250g coffee": the one number of a line, glued to a word.

    A word that holds a number beside another one is a name: "12 7-up 330ml".
    """
    numbered = [word for word in line.split() if any(c.isdigit() for c in word)]
    match = _GLUED_WORD.fullmatch(numbered[0]) if len(numbered) == 1 else None
    if match is None:
        return line
    before, number, after = match.groups()
    known = phrases()
    if before and known.verbs.meaning(before) is None:
        return line
    if after and (known.words["pieces"].meaning(after) is not None or after.casefold() in "x×"):
        return line
    parted = " ".join(filter(None, (before, number, after)))
    return line.replace(numbered[0], parted, 1)


_SLASHED = re.compile(r"(\d[.,]\d\d|\d{2,}[.,]\d\d)\s?/\s?([^\W\d_]+)\b\.?")

_CENTS = re.compile(
    r"(?:(?<=at )|(?<=for )|(?<=je )|(?<=zu )|(?<=à )|(?<=@ )|(?<=@))"
    r"(\d{1,2}) ?(?:ct|cts|cents?|p)\b"
    r"|\b(\d{1,2}) ?(?:ct|cts|cents?|p)(?= (?:each|apiece|a piece|per|pro|je|das|a)\b)",
    re.IGNORECASE,
)


def prices_plain(line: str) -> str:
    """Return "3.90/pc" as "3.90 per pc", and "70 ct each" as "0.70 each".

    >>> prices_plain("4 gloves 3.90/pc, 6 cups at 70 ct")
    '4 gloves 3.90 per pc, 6 cups at 0.70'
    """
    line = _SLASHED.sub(r"\1 per \2", line)
    return _CENTS.sub(lambda match: f"0.{int(match.group(1) or match.group(2)):02}", line)


def unwrapped(text: str) -> str:
    """Return a line without the quotation marks or brackets around it."""
    for begin, end in ('""', "''", "()", "[]", "„“", "“”", "«»", "»«"):
        if len(text) > 2 and text[0] == begin and text[-1] == end:
            return text[1:-1].strip()
    return text


def bracketed(text: str) -> str:
    """Return "5 mug (and 2 cup)" without its brackets: they hold one more fact."""
    return _MORE.sub(r", \1", text)


def said_twice(text: str) -> str:
    """Return "2 (two) mug" without the number that says the same again."""

    def same(match: re.Match[str]) -> str:
        again = leading_number([match.group(2)])
        alike = again is not None and again[0].value == Decimal(match.group(1))
        return match.group(1) if alike and not match.group(2).isdigit() else match[0]

    return _TWICE.sub(same, text)


def without_documents(words: list[str]) -> list[str]:
    """Take "invoice 2026-114", "Lieferschein Nr. 4711" out of a line: a paper's own number."""
    norm, known = [plain(word) for word in words], phrases()
    for place in range(1, len(norm)):
        named = known.is_("documents", norm, place)
        sign = known.is_("number_signs", norm, place + named) if named else 0
        end = place + named + sign
        if not named or end >= len(norm) or not any(c.isdigit() for c in norm[end]):
            continue
        if any(c in CURRENCY for c in norm[end]) or norm[end + 1 : end + 2] in _MONEY:
            continue  # "invoice 84 €" is what it cost.
        if leading_number(words[end + 1 :]) is None and end + 1 < len(words) and not sign:
            continue  # "received order 24 mug": the number may count what follows.
        begin = place - (1 if known.is_("stops", norm, place - 1) and place > 1 else 0)
        return words[:begin] + words[end + 1 :]
    return words


def without_customer(words: list[str]) -> list[str]:
    """Take "from the customer" out of what a customer brought back."""
    norm, known = [plain(word) for word in words], phrases()
    for place in range(len(norm)):
        lead = known.is_("from", norm, place)
        lead += known.is_("the", norm, place + lead) if lead else 0
        who = known.is_("customers", norm, place + lead) if lead else 0
        if who and place + lead + who < len(words):
            return words[:place] + words[place + lead + who :]
    return words


def to_supplier(words: list[str], line: str, places: Places) -> tuple[list[str], str] | None:
    """Return the words without "to Acme", and that supplier's code.

    A part of its name is enough where the line says that goods went back: "sent back to Acme".
    """
    back = not phrases().sets["goes_back"].isdisjoint(plain(word) for word in line.split())
    norm, known = [plain(word) for word in words], phrases()
    for place in range(len(norm)):
        lead = known.is_("to", norm, place) or known.is_("toward", norm, place)
        for length in (3, 2, 1) if lead else ():
            end = place + lead + length
            named = " ".join(norm[place + lead : end])
            code = places.suppliers.get(named) if back or named not in places.short else None
            if code is not None and end <= len(norm):
                return words[:place] + words[end:], code
    return None
