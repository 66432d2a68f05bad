"""Questions in plain words: what is there, what runs out, what can be promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import assert_never

from jitledger_bot.access import Asker
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.asking.questions import (
    answer_log,
    answer_promise,
    answer_reorder,
    answer_run_out,
    answer_stock,
)
from jitledger_bot.reading import (
    asks_log,
    asks_promise,
    asks_reorder,
    asks_run_out,
    asks_stock,
    may_ask_stock,
)
from jitledger_bot.turn import Turn

PLAIN_LIMIT = 120


@dataclass(frozen=True, slots=True)
class Promise:
    """Whether so many can be promised by a day."""

    sku: str
    quantity: Decimal | None
    day: date | None


@dataclass(frozen=True, slots=True)
class RunOut:
    """What may run out within so many days."""

    days: int


@dataclass(frozen=True, slots=True)
class Reorder:
    """What needs reordering."""


@dataclass(frozen=True, slots=True)
class Log:
    """What somebody entered today."""

    who: str


@dataclass(frozen=True, slots=True)
class Stock:
    """What is on the shelf of a product."""

    words: str


@dataclass(frozen=True, slots=True)
class Question:
    """Something that is asked in plain words."""

    of: Promise | RunOut | Reorder | Log | Stock


def plain_question(text: str, desk: Desk) -> Question | None:
    """Return what a text asks in plain words; None when it asks nothing."""
    if len(text) > PLAIN_LIMIT or "\n" in text:
        return None
    promise = _promise_asked(text, desk)
    if promise is not None:
        return Question(promise)
    days = asks_run_out(text)
    if days is not None:
        return Question(RunOut(days))
    if asks_reorder(text):
        return Question(Reorder())
    who = asks_log(text)
    if who is not None:
        return Question(Log(who))
    asked = asks_stock(text)
    named = stock_asked(text, desk)
    if named is None and asked and not text.rstrip().endswith("?"):
        return None  # "MUG left on the table" is no question unless it names a product.
    words = named or next(iter(asked), None)
    return None if words is None else Question(Stock(words))


async def answer_question(question: Question, turn: Turn, desk: Desk, asker: Asker) -> None:
    """Answer a plain question."""
    match question.of:
        case Promise(sku, quantity, day):
            answer_promise(sku, quantity, day, turn, desk)
        case RunOut(days):
            await answer_run_out(days, turn, desk)
        case Reorder():
            await answer_reorder(turn, desk, desk.warning(asker.member))
        case Log(who):
            await answer_log(who, turn, desk)
        case Stock(words):
            answer_stock(words, turn, desk)
        case _:
            assert_never(question.of)


def _promise_asked(text: str, desk: Desk) -> Promise | None:
    """Return what "can I have 12 mug by friday?" asks, when it names a product exactly."""
    asked = asks_promise(text, desk.app.today())
    if asked is None:
        return None
    quantity, words, day = asked
    found = desk.resolver.resolve(words).exact
    return None if found is None else Promise(found.sku, quantity, day)


def stock_asked(text: str, desk: Desk) -> str | None:
    """Return the words of a question that name one product exactly."""
    for words in [*asks_stock(text), *may_ask_stock(text)]:
        if desk.resolver.resolve(words).exact is not None:
            return words
    return None
