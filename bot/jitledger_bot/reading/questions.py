"""Questions: what needs ordering, and how much there is of something."""

from __future__ import annotations

from jitledger_bot.reading.phrases import phrases, plain
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
