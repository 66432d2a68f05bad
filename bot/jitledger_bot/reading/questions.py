"""Questions: what needs ordering, and how much there is of something."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from jitledger_bot.reading.numbers import Number, read_number
from jitledger_bot.reading.phrases import Words, phrases, plain
from jitledger_bot.reading.words import MARKS, has_number, without_fillers


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
