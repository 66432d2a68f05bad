"""A whole line understood at once: every number with its product, every product with its verb.

This reader and the one for short lines (``reading``) know nothing of each other. A line that both
understand must be the same facts to both; else it is asked. A line is understood only when no
token is left over: a second number, a doubt, a place or supplier without a role mean nothing here.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from jitledger_bot.desk import Desk
from jitledger_bot.reading import Places, Reading, somebody_else
from jitledger_bot.reading.doubts import is_corrected, is_plan
from jitledger_bot.reading.phrases import plain
from jitledger_bot.reading.tidy import bracketed, said_twice, unwrapped, without_documents
from jitledger_bot.reading.times import take_times
from jitledger_bot.reading.words import LIST_MARK
from jitledger_bot.recording.whole.clauses import clauses_of
from jitledger_bot.recording.whole.doubts import check_doubts, check_talk
from jitledger_bot.recording.whole.facts import facts_of
from jitledger_bot.recording.whole.nothing import nothing_left
from jitledger_bot.recording.whole.scan import tokens_of
from jitledger_bot.recording.whole.settle import (
    corrected,
    settled,
    takes_back_a_number,
    without_articles,
    without_circumstances,
    without_number,
    without_politeness,
    without_slips,
)
from jitledger_bot.recording.whole.token import NotUnderstood, Token

MOST_WORDS = 40


def understood(
    line: str, now: datetime, known: Reading, desk: Desk, places: Places
) -> list[Reading]:
    """Return the facts of a line; none when a word of it is left over.

    ``known`` holds what a header above the line says: verb, supplier, place, day.
    """
    try:
        return _read(line, now, known, desk, places)
    except NotUnderstood:
        pass
    try:
        return _read_by_days(line, now, known, desk, places)
    except NotUnderstood:
        return []


_PARTS = re.compile(r"\s*[,;]\s+|\s+(?:and|und|then|dann)\s+")


def _read_by_days(
    line: str, now: datetime, known: Reading, desk: Desk, places: Places
) -> list[Reading]:
    """Read "yesterday 8 eggs sold, today 4 eggs": each part with a day of its own."""
    parts = [part for part in _PARTS.split(line) if part.strip()]
    dated = [len(take_times(part.split(), now)[0]) < len(part.split()) for part in parts]
    if len(parts) < 2 or not all(dated):
        raise NotUnderstood
    found: list[Reading] = []
    known = replace(known, occurred=None)
    for part in parts:
        try:
            read = _read(part, now, known, desk, places)
        except NotUnderstood:
            if not found:
                raise
            read = _read(part, now, replace(known, do=found[-1].do), desk, places)
        found += [replace(one, raw=line) for one in read]
    days = [one.occurred or now.isoformat() for one in found]
    if days != sorted(days):
        raise NotUnderstood  # "today 3, friday 2": the second is yet to come.
    return found


def says_more(fact: Reading, desk: Desk, places: Places) -> bool:
    """Return whether a line says more than the one fact that was read from it.

    A second number of goods, or what happened to others: "sold 4 roses and one more snapped".
    """
    tokens = without_articles(tokens_of(fact.raw.split(), desk, places))
    amounts = [token for token in tokens if token.kind == "amount"]
    verbs = {token.meaning for token in tokens if token.kind == "verb"} - {fact.do}
    parts = [token for token in tokens if token.kind == "sep"]
    return len(amounts) > 1 and bool(parts) and (bool(verbs) or _are_goods(amounts, fact))


def _are_goods(amounts: list[Token], fact: Reading) -> bool:
    """Return whether another number is no price, nor a part of the product's name."""
    named = {plain(word) for word in fact.product.split()}
    prices = (fact.price, fact.total, fact.quantity)
    return any(one.value not in prices and one.words not in named for one in amounts)


def _read(line: str, now: datetime, known: Reading, desk: Desk, places: Places) -> list[Reading]:
    text = unwrapped(LIST_MARK.sub("", line).strip())
    text = " ".join(without_documents(said_twice(bracketed(text)).split()))
    words, occurred = take_times(text.split(), now)
    if isinstance(occurred, Reading) or not words or len(words) > MOST_WORDS:
        raise NotUnderstood
    dated_today = len(words) < len(text.split())
    words = without_number(words)
    words = without_politeness(words)
    meant = without_slips(words)
    if "?" in text or not meant:
        raise NotUnderstood
    tokens = nothing_left(words, desk, places)
    if tokens is not None and occurred is not None:
        raise NotUnderstood  # "ran out of bells yesterday": and today?
    if tokens is None:
        dated = text.split()[0] != words[0]  # "gestern sind 5 erfroren" asks nothing.
        if is_plan(" ".join([*text.split()[: int(dated)], *meant])) or is_corrected(text):
            raise NotUnderstood
        tokens = tokens_of(words, desk, places)
    if any(token.kind == "doubt" for token in tokens):
        raise NotUnderstood
    told = without_circumstances(tokens)
    unsure = takes_back_a_number(told)
    tokens = settled(without_articles(corrected(told)), known)
    clauses = clauses_of(tokens, known)
    if occurred is None and dated_today:
        known = replace(known, occurred=None)  # "today 3 duct tape" below "sold yesterday:"
    facts = facts_of(clauses, line, occurred or known.occurred, known, desk)
    check_doubts(tokens, facts, known, places)
    if not facts or (somebody_else(facts[0]) and facts[0].do == "receive"):
        raise NotUnderstood
    check_talk(tokens, facts, desk)
    return [replace(fact, unsure=True) for fact in facts] if unsure else facts
