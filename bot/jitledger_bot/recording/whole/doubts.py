"""What a line that reads well is doubted for: talk that names a product or somebody."""

from __future__ import annotations

from collections.abc import Sequence

from jitledger_bot.desk import Desk
from jitledger_bot.reading import Places, Reading
from jitledger_bot.reading.doubts import doubt_of
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.recording.whole.token import NotUnderstood, Token

MOST_TALK = 14
ALIKE = 85
"""From 0 to 100: a word of talk so near to a product's is asked about."""


def check_doubts(
    tokens: Sequence[Token], facts: Sequence[Reading], known: Reading, places: Places
) -> None:
    """Refuse what the reader of short lines doubts, and talk between a receipt and its goods."""
    told = [t for t in tokens if t.kind not in ("verb", "supplier", "sep")]
    past = phrases().sets["past"] | phrases().sets["halves"]
    exact = [word for t in told for word in t.words.split() if word not in past]
    kinds = {fact.do for fact in facts}
    for do in kinds:
        if doubt_of(exact, do, places) is not None:
            raise NotUnderstood
    if known.do == "receive" and kinds != {"receive"}:
        raise NotUnderstood
    if "receive" in kinds or "count" in kinds:
        first = next(n for n, t in enumerate(tokens) if t.kind in ("amount", "name"))
        verb = next((n for n, t in enumerate(tokens) if t.kind == "verb"), first)
        if any(t.kind in ("talk", "buying") for t in tokens[verb:first]):
            raise NotUnderstood  # "got an order for 3 mug", "delivery short by 2"


def check_talk(tokens: Sequence[Token], facts: Sequence[Reading], desk: Desk) -> None:
    """Refuse talk that may name a product, or somebody the goods came from."""
    talk = [token for token in tokens if token.kind == "talk"]
    if len(talk) > MOST_TALK:
        raise NotUnderstood
    receives = any(fact.do == "receive" for fact in facts)
    known = phrases()
    for place, token in enumerate(tokens):
        if token.kind != "talk":
            continue
        before = tokens[place - 1] if place else None
        if receives and before is not None and known.words["from"].meaning(before.words):
            raise NotUnderstood
        if _names_product(token.words, desk):
            raise NotUnderstood
    if receives and any(token.kind == "people" for token in tokens):
        raise NotUnderstood


def _names_product(word: str, desk: Desk) -> bool:
    """Return whether a word is a product's, or a letter away from one."""
    from rapidfuzz import fuzz

    if len(word) < 3:
        return False
    found = desk.resolver.resolve(word)
    if found.exact is not None:
        return True
    return any(
        fuzz.ratio(word, plain(other)) >= ALIKE
        for near in found.nearest
        for other in f"{near.title} {near.sku}".split()
    )
