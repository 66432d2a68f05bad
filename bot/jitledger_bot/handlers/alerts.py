"""What can be done with an alert beside ordering."""

from __future__ import annotations

from collections.abc import Sequence

from jitledger.domain.commands import parse
from jitledger.service.recording.submission import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.press import Press, action, answer_press
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import talk as say
from jitledger_bot.turn import Outgoing


@action("z")
def snooze(press: Press) -> None:
    """Hear of an alert again tomorrow."""
    number = f"pr:{press.proposal.id}:snooze:{press.desk.keyed(press.query.id)}"
    press.turn.asks = [
        Ask(parse({"do": "snooze", "sku": press.proposal.body["sku"], "days": 1}), number)
    ]

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        refused = answers[0].error
        return [
            answer_press(
                press.turn,
                press.query,
                texts.problem(refused) if refused else _(say.SNOOZED_FOR_A_DAY),
            )
        ]

    press.turn.render.append(render)
