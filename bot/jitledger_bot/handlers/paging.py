"""Long answers, a page at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from jitledger.service.recording.submission import Answer
from jitledger.store.database import Tx
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.asking.questions import history_page, reorder_page
from jitledger_bot.pages import Page, page_keys
from jitledger_bot.press import Press, action
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import shared
from jitledger_bot.turn import Outgoing


def page_of(what: str, fields: dict[str, str], first: int, desk: Desk) -> Page:
    """Return a page of a long answer again, as it stands now."""
    from jitledger_bot.handlers.goods.orders import orders_page

    pages: dict[str, Callable[[], Page]] = {
        "orders": lambda: orders_page(desk, first, only_late=bool(fields["late"])),
        "reorder": lambda: reorder_page(desk, first),
        "history": lambda: history_page(desk, fields, first),
    }
    return pages[what]()


@action("g", looking=True)
async def turn_page(press: Press) -> None:
    """Show another page of a long answer, in place."""
    body, turn = press.proposal.body, press.turn
    if not (press.place.isascii() and press.place.isdigit()) or press.message is None:
        turn.toast(press.query.id, _(shared.THIS_BUTTON_IS_TOO_OLD))
        return
    first = int(press.place)
    page = await asyncio.to_thread(page_of, body["what"], body["fields"], first, press.desk)
    turn.toast(press.query.id, "")
    message_id = press.message.message_id

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        rows = page_keys(tx, turn, page, body["what"], body["fields"], now)
        return [turn.edit(message_id, page.text, rows)]

    turn.render.append(render)
