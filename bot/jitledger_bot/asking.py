"""For which product something is asked: a near name becomes buttons."""

from __future__ import annotations

from collections.abc import Sequence

from jitledger.service.recording.submission import Answer
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.memory.proposals import store_proposal
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import shared
from jitledger_bot.texts.say import talk as say
from jitledger_bot.turn import Outgoing, Turn


def exact_or_ask(words: str, turn: Turn, desk: Desk, question: str, more: str = "") -> str | None:
    """Return the product some words name; else offer the nearest as buttons.

    ``question`` says what is answered for the one that is chosen, with ``more`` beside it.
    """
    if not words.strip():
        turn.say(_(say.WHICH_PRODUCT_FOR_EXAMPLE_EXAMPLE, example=f"/{question} MUG"))
        return None
    found = desk.resolver.resolve(words)
    if found.exact is not None:
        return found.exact.sku
    if not found.nearest:
        turn.say(_(shared.I_KNOW_NO_PRODUCT_LIKE, words=texts.safe(words[:80])))
        return None

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        rows = []
        for near in found.nearest:
            body = {"question": question, "sku": near.sku, "more": more}
            stored = store_proposal(tx, turn.chat_id, turn.member, "ask", body, now)
            rows.append([(f"{near.title} ({near.sku})", f"a.{stored}")])
        return [turn.message(_(say.WHICH_ONE), rows)]

    turn.render.append(render)
    return None
