"""What became of messages that were sent, written in groups off the way of the next message."""

from __future__ import annotations

import asyncio
import logging

from jitledger.domain.errors import LedgerError
from jitledger.service.recording.submission import Answer, Submission
from jitledger.store.database import Tx
from jitledger_bot.desk import Desk
from jitledger_bot.memory.outgoing import Mark, write_marks

log = logging.getLogger(__name__)


class Outcomes:
    """Notes outcomes of outbox rows; only what is written is no longer under way."""

    def __init__(self, desk: Desk, under_way: set[int]) -> None:
        self._desk = desk
        self._under_way = under_way
        self._done: list[Mark] = []
        self._marker: asyncio.Task[None] | None = None

    def note(self, state: str, message_id: int | None, error: str | None, row: int) -> None:
        """Note an outcome; outcomes are written in groups, off the way of the next message."""
        self._done.append((state, message_id, error, row))
        if self._marker is None or self._marker.done():
            self._marker = asyncio.create_task(self._write_marks())

    async def _write_marks(self) -> None:
        await asyncio.sleep(0.02)
        while self._done:
            marks, self._done = self._done, []

            def write(tx: Tx, answers: list[Answer], now: int, marks: list[Mark] = marks) -> None:
                write_marks(tx, marks)

            try:
                await self._desk.app.ledger.acommit(Submission([], then=write))
            except LedgerError:
                log.exception("outcomes of sent messages wait to be written")
                self._done = marks + self._done
                await asyncio.sleep(1.0)
                continue
            # Only now does the table say so; before that a look would send it again.
            self._under_way.difference_update(row for _, _, _, row in marks)

    async def drain(self, seconds: float) -> None:
        """Let what is to be noted be written."""
        if self._marker is not None and not self._marker.done():
            await asyncio.wait([self._marker], timeout=seconds)
        if self._marker is not None:
            self._marker.cancel()
