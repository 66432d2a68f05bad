"""What is told of a message or of work that was set aside, with what can be done about it."""

from __future__ import annotations

from dataclasses import replace

from jitledger.store.database import Tx
from jitledger_bot.memory.proposals import store_proposal
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import talk as say
from jitledger_bot.turn import Button, Outgoing, Turn

SAID = {"m": say.COULD_NOT_WORK_ON, "j": say.COULD_NOT_FINISH, "o": say.COULD_NOT_SEND}
"""{kind of letter: what is said of it}"""


def letter_keys(tx: Tx, turn: Turn, ref: str, now: int) -> list[Button]:
    """Return the buttons of one letter: have it tried again, or let it go."""
    stored = store_proposal(tx, turn.chat_id, turn.member, "letter", {"letter": ref}, now)
    return [(_(say.TRY_AGAIN), f"lr.{stored}"), (_(say.LET_IT_GO), f"ld.{stored}")]


def tell_letter(tx: Tx, ref: str, chat_id: int, now: int) -> Outgoing:
    """Return what a chat is told when something of it was set aside."""
    turn = Turn(chat_id)
    told = turn.message(_(SAID[ref[0]], number=ref), [letter_keys(tx, turn, ref, now)])
    return replace(told, kind="letter")
