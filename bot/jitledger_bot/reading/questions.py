"""Questions: what needs ordering, and how much there is of something."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from jitledger_bot.reading.amounts.numbers import Number, read_number
from jitledger_bot.reading.phrases import WEEKDAYS, Words, phrases, plain
from jitledger_bot.reading.words import MARKS, has_number, without_fillers

_DAY_MONTH = re.compile(r"(\d{1,2})\.(\d{1,2})\.?", re.ASCII)


def asks_reorder(text: str) -> bool:
    """Return whether a text asks what needs ordering."""
    norm = [plain(word) for word in text.split()]
    known = phrases()
    listed = any(
        tuple(norm[place : place + len(phrase)]) == phrase
        for phrase in known.reorder
        for place in range(len(norm) - len(phrase) + 1)
    )
    if listed or has_number(norm) or not known.has("order_words", norm):
        return listed
    _, begins = without_fillers(list(norm), list(norm))
    asking = text.rstrip().endswith("?") or bool(known.is_("asking", begins, 0))
    return asking and known.has("asking", norm) and len(norm) <= 10


def may_ask_stock(text: str) -> list[str]:
    """Return runs of words of a question about stock, longest first, to look for a product in."""
    known = phrases()
    raw = text.translate(MARKS).rstrip("?!. ").split()
    norm = [plain(word) for word in raw]
    asking = text.rstrip().endswith("?") or bool(known.is_("asking", norm, 0))
    if not asking or len(raw) > 14 or not known.has("stock_words", norm):
        return []
    return [
        " ".join(raw[place : place + length]).strip(" ,;:!?-–")
        for length in range(min(5, len(raw)), 0, -1)
        for place in range(len(raw) - length + 1)
        if length > 1 or len(norm[place]) > 2
    ]


def asks_stock(text: str) -> list[str]:
    """Return the products a text may ask about, the likeliest reading first."""
    whole = text.translate(MARKS).strip().rstrip("?!. ").split()
    shorter, _ = without_fillers(whole, [plain(word) for word in whole])
    found = []
    for raw in (whole, shorter):
        norm = [plain(word) for word in raw]
        for before, after in phrases().stock:
            end = len(norm) - len(after)
            if end - len(before) < 1:
                continue
            if tuple(norm[: len(before)]) == before and tuple(norm[end:]) == after:
                inner = raw[len(before) : end]
                lead = phrases().is_("the", [plain(w) for w in inner], 0)
                found.append(" ".join(inner[lead:] or inner))
    return list(dict.fromkeys(found))


def asks_run_out(text: str) -> int | None:
    """Return for how many days a text asks what runs out; None when it does not."""
    found = _phrase_of(text, phrases().run_out)
    return None if found is None else int(found)


def _phrase_of(text: str, listed: Sequence[tuple[Words, str]]) -> str | None:
    norm = [plain(word) for word in text.translate(MARKS).rstrip("?!. ").split()]
    _raw, begins = without_fillers(list(norm), list(norm))
    for phrase, meaning in listed:
        if tuple(norm) == phrase or tuple(begins) == phrase:
            return meaning
    return None


def asks_log(text: str) -> str | None:
    """Return whose entries of today a text asks for: a name, "" for everybody's, None for none."""
    raw = text.translate(MARKS).rstrip("?!. ").split()
    norm = [plain(word) for word in raw]
    for before, after in phrases().log:
        end = len(norm) - len(after)
        if end < len(before) or tuple(norm[: len(before)]) != before or tuple(norm[end:]) != after:
            continue
        name = raw[len(before) : end]
        if len(name) <= 3:
            return " ".join(name)
    return None


def asks_promise(text: str, today: date) -> tuple[Decimal | None, str, date] | None:
    """Return (quantity, product words, day) of "can I have 12 mug by friday?"; None if it is not.

    The day is the next one of that name; what has passed is no promise.
    """
    raw = text.translate(MARKS).rstrip("?!. ").split()
    norm = [plain(word) for word in raw]
    lead = phrases().is_("promise_lead", norm, 0)
    if not lead and not text.rstrip().endswith("?"):
        return None
    while norm and phrases().is_("promise_end", norm, len(norm) - 1):
        raw, norm = raw[:-1], norm[:-1]
    for place in range(len(norm) - 2, lead, -1):
        length = phrases().is_("promise_by", norm, place)
        day = _coming_day(norm[place + length :], today) if length else None
        if day is None:
            continue
        inner = [w for w in raw[lead:place] if not phrases().is_("promise_end", [plain(w)], 0)]
        number = next((found for word in inner if (found := read_number(word))), None)
        words = [word for word in inner if number is None or read_number(word) is None]
        words = words[phrases().is_("the", [plain(w) for w in words], 0) :]
        if number is not None and (number.ambiguous is not None or number.value <= 0):
            return None
        if words:
            return None if number is None else number.value, " ".join(words), day
    return None


def _coming_day(words: Sequence[str], today: date) -> date | None:
    """Return the day that "friday", "tomorrow", "2026-03-20" or "20.3." means, today or later."""
    known = phrases()
    if len(words) == 1 and known.is_("tomorrow", words, 0):
        return today + timedelta(days=1)
    found = known.days.at(words, 0) if words else None
    if found is not None and found[0] == len(words) and found[1] in WEEKDAYS:
        return today + timedelta(days=(WEEKDAYS.index(found[1]) - today.weekday()) % 7)
    if len(words) != 1:
        return None
    try:
        day = date.fromisoformat(words[0])
    except ValueError:
        part = _DAY_MONTH.fullmatch(words[0])
        if part is None:
            return None
        try:
            day = date(today.year, int(part.group(2)), int(part.group(1)))
            day = day if day >= today else day.replace(year=today.year + 1)
        except ValueError:
            return None
    return day if day >= today else None


def wants_undo(text: str) -> bool:
    """Return whether a reply takes back what it answers."""
    norm = [plain(word) for word in text.split()]
    _raw, begins = without_fillers(list(norm), list(norm))
    return any(words and phrases().is_("undo", words, 0) == len(words) for words in (norm, begins))


def reads_was(text: str) -> Decimal | None:
    """Return the quantity that a reply ("was 12", "12") says is right; None when it is none."""
    words = text.split()
    lead = phrases().is_("was", [plain(word) for word in words], 0)
    left = words[lead:]
    if len(left) != 1:
        return None
    number = read_number(left[0].rstrip(".!"))
    if number is None or number.ambiguous is not None or number.value <= 0:
        return None
    return number.value


def reads_count(text: str) -> Number | None:
    """Return the number of "17", "17 pcs" or "there are 17"; None when more is said."""
    words = text.split()
    norm = [plain(word) for word in words]
    _raw, begins = without_fillers(list(norm), list(norm))
    left = [word for word in begins if not phrases().is_("pieces", [word], 0)]
    found = [word for word in words if plain(word) in left]
    if len(left) != 1 or len(found) != 1:
        return None
    return read_number(found[0].strip("!.") or found[0])


def round_word(text: str) -> str | None:
    """Return "skip" or "stop" when a text says that in a counting round."""
    norm = [plain(word) for word in text.split()]
    for kind in ("round_skip", "round_stop"):
        if norm and phrases().is_(kind, norm, 0) == len(norm):
            return kind.removeprefix("round_")
    return None
