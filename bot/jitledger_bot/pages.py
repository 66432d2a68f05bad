"""Long answers in pages: a message that is edited in place, with buttons back and on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jitledger.service.recording.submission import Answer
from jitledger.store.database import Tx
from jitledger_bot.memory.proposals import store_proposal
from jitledger_bot.turn import Button, Outgoing, Turn

PER_PAGE = 8

Keys = Callable[[Tx, int, str | None, int], list[list[Button]]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its text, the number of its first row, how many rows there are, its buttons."""

    text: str
    first: int
    total: int
    keys: Keys | None = None
    size: int = PER_PAGE


def say_page(
    turn: Turn, page: Page, what: str, fields: dict[str, object], ending: str = ""
) -> None:
    """Answer with a page; ``what`` and ``fields`` say how its neighbours are made."""

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        rows = page_keys(tx, turn, page, what, fields, now)
        return [turn.message(page.text + ending, rows)]

    turn.render.append(render)


def page_keys(
    tx: Tx, turn: Turn, page: Page, what: str, fields: dict[str, object], now: int
) -> list[list[Button]]:
    """Return a page's own buttons and those to its neighbours."""
    rows = [] if page.keys is None else page.keys(tx, turn.chat_id, turn.member, now)
    last = page.first + page.size >= page.total
    if page.first == 0 and last:
        return rows
    body = {"what": what, "fields": fields}
    stored = store_proposal(tx, turn.chat_id, turn.member, "page", body, now)
    turns: list[Button] = []
    if page.first > 0:
        turns.append(("◀", f"g.{stored}.{max(0, page.first - page.size)}"))
    if not last:
        turns.append(("▶", f"g.{stored}.{page.first + page.size}"))
    return [*rows, turns]
