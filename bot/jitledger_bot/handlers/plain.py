"""Questions in plain words: what is there, what runs out, what can be promised."""

from __future__ import annotations

from jitledger_bot.desk import Desk
from jitledger_bot.handlers.questions import (
    answer_log,
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


async def plain_question(text: str, turn: Turn, desk: Desk, warning: str) -> bool:
    """Answer a plain question; False when the text is none."""
    if len(text) > PLAIN_LIMIT or "\n" in text:
        return False
    if answer_promise_asked(text, turn, desk):
        return True
    days = asks_run_out(text)
    if days is not None:
        await answer_run_out(days, turn, desk)
        return True
    if asks_reorder(text):
        await answer_reorder(turn, desk, warning)
        return True
    who = asks_log(text)
    if who is not None:
        await answer_log(who, turn, desk)
        return True
    asked = asks_stock(text)
    named = stock_asked(text, desk)
    if named is None and asked and not text.rstrip().endswith("?"):
        return False  # "MUG left on the table" is no question unless it names a product.
    if named is not None or asked:
        answer_stock(named or asked[0], turn, desk)
    return bool(asked) or named is not None


def answer_promise_asked(text: str, turn: Turn, desk: Desk) -> bool:
    """Answer "can I have 12 mug by friday?"; False when that is not asked."""
    from jitledger_bot.handlers.orders import answer_promise

    asked = asks_promise(text, desk.app.today())
    if asked is None:
        return False
    quantity, words, day = asked
    found = desk.resolver.resolve(words).exact
    if found is None:
        return False
    answer_promise(found.sku, quantity, day, turn, desk)
    return True


def stock_asked(text: str, desk: Desk) -> str | None:
    """Return the words of a question that name one product exactly."""
    for words in [*asks_stock(text), *may_ask_stock(text)]:
        if desk.resolver.resolve(words).exact is not None:
            return words
    return None
