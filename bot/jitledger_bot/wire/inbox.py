"""The inbox: every update is a row, committed before it is acknowledged, finished with its events.

A row is leased to one process. It is finished in the transaction of the events and replies it
caused. While the store or Telegram does not answer it waits, and that is no try; one that keeps
failing is set aside with its cause, and the person is told, with a button to have it tried again.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import time_ns
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.types import Update

from jitledger.domain.errors import LedgerError
from jitledger.service.recording.submission import Answer, Submission
from jitledger.store.database import Tx
from jitledger_bot.desk import Desk
from jitledger_bot.memory import incoming
from jitledger_bot.memory.letters import tell_letter
from jitledger_bot.memory.outgoing import put
from jitledger_bot.texts.language import Voice, speak, speaking
from jitledger_bot.turn import Turn
from jitledger_bot.wire.failures import (
    ENDED,
    MOST_TRIES,
    Failure,
    cause_of,
    failure_of,
    wait_seconds,
)
from jitledger_bot.wire.outbox import Outbox
from jitledger_bot.wire.updates import Reader, Row, arrived, thread_of

ROW_WAITS_SECONDS = 0.02
"""How long a single update's row waits for the answer to a question."""

UNKEPT = (b'"text":"/start ', b'"text":"/forget ', b'"data":"pf.')
"""Beginnings of messages with an invitation's code, or the name of who is forgotten; and the press
that forgets, which holds the question."""

log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another process finished this row."""


class Inbox:
    """Stores updates and works on them, in order within each chat."""

    def __init__(self, bot: Bot, dispatcher: Dispatcher, desk: Desk, outbox: Outbox) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._desk = desk
        self._outbox = outbox
        self._owner = secrets.token_hex(8)
        self.reader = Reader(bot, desk)
        self._waiting: dict[int, deque[Row]] = defaultdict(deque)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._mine: set[int] = set()
        """Rows that wait or are worked on here, also when their lease runs out meanwhile."""

    async def store(self, updates: Sequence[Update]) -> None:
        """Commit updates; only after this may they be acknowledged.

        Work on them begins before: a question that comes alone is answered before its row is
        written, for both at once are slower. Whatever records something waits for the row.
        """
        now, loop = time_ns(), asyncio.get_running_loop()
        rows = [arrived(u, loop.create_future()) for u in updates]
        for row in rows:
            self._enqueue(row)

        def insert(tx: Tx, answers: list[Answer], at: int) -> list[int | None]:
            return [self._insert(tx, row, now) for row in rows]

        stored: list[int | None] = [None] * len(rows)
        try:
            if len(rows) == 1:
                await _wanted(rows[0])
            stored = await self._submit(Submission([], then=insert))
        finally:
            for row, number in zip(rows, stored, strict=True):
                if row.stored is not None and not row.stored.done():
                    row.stored.set_result(number)
                if number is not None and row.id == 0:
                    row.id = number
                    self._mine.add(number)

    def _insert(self, tx: Tx, row: Row, now: int) -> int | None:
        this = (self._desk.bot_id, row.update_id, row.chat_id)
        for state, body in incoming.known(tx, *this):
            if state == "new":  # Delivered again before we worked on it.
                return None
            # Numbers begin anew after a week; the same number with the same words does not.
            row.repeated = row.repeated or body == row.body
        return incoming.insert(tx, this, row.body, now, self._owner)

    async def recover(self) -> int:
        """Lease rows that nobody works on: after a crash, or of a process that died."""
        now = time_ns()
        mine = set(self._mine)

        def claim(tx: Tx, answers: list[Answer], at: int) -> list[Row]:
            found = incoming.claim(tx, self._desk.bot_id, self._owner, now, mine)
            return [Row(*one[:4], orphaned=one[4]) for one in found]

        if not await self._desk.apart(_is_stale(self._desk, now)):
            return 0
        rows = await self._submit(Submission([], then=claim))
        self._mine.update(row.id for row in rows)
        for row in rows:
            self._enqueue(row)
        return len(rows)

    def take_over(self) -> None:
        """Free the leases of an earlier run of the bot, which must have ended."""
        bot_id = self._desk.bot_id
        free = Submission([], then=lambda tx, answers, at: incoming.free_leases(tx, bot_id))
        self._desk.app.ledger.commit(free)

    async def _submit(self, submission: Submission) -> Any:
        return (await self._desk.app.ledger.acommit(submission)).value

    def _enqueue(self, row: Row) -> None:
        self._waiting[row.chat_id].append(row)
        task = self._tasks.get(row.chat_id)
        if task is None or task.done():
            self._tasks[row.chat_id] = asyncio.create_task(self._work(row.chat_id))

    async def _work(self, chat_id: int) -> None:
        waiting = self._waiting[chat_id]
        while waiting:
            row = waiting.popleft()
            try:
                await self._handle(row)
            finally:
                self._mine.discard(row.id)
        self._tasks.pop(chat_id, None)
        if not waiting:
            self._waiting.pop(chat_id, None)

    async def _handle(self, row: Row) -> None:
        if row.orphaned and not await self._begin_again(row):
            return
        tries, outages = row.tries, 0
        while tries < MOST_TRIES:
            try:
                await self._turn(row)
                return
            except LeaseLost:
                return
            except Exception as error:
                if await row.number() is None:
                    return
                if failure_of(error) is Failure.PASSES:
                    log.warning("update %s waits: %s", row.id, error)
                    await asyncio.sleep(wait_seconds(outages))
                    outages += 1
                    continue
                tries += 1
                log.exception("update %s failed", row.id)
                await self._failed(row, tries, cause_of(error))

    async def _begin_again(self, row: Row) -> bool:
        """Count the try before the work, where the process that had it before was lost.

        What ends its process is so begun three times and then set aside; a process that ends before
        it comes so far counts nothing.
        """
        if row.tries >= MOST_TRIES - 1:
            await self._failed(row, MOST_TRIES, ENDED)
            return False
        count = Submission([], then=lambda tx, answers, at: incoming.count_try(tx, row.id))
        await self._submit(count)
        row.orphaned, row.tries = False, row.tries + 1
        return True

    async def _turn(self, row: Row) -> None:
        update = row.update
        if update is None:
            update = Update.model_validate_json(row.body, context={"bot": self._bot})
        speak(Voice())  # Until it is known who asks.
        turn = Turn(row.chat_id, update.update_id, thread_of(update))
        told = self._dispatcher.feed_update(self._bot, update, turn=turn, desk=self._desk)
        await self._desk.apart(told)
        if turn.only_says and turn.plain and await self._outbox.send_at_once(turn.plain):
            turn.render.clear()
        if await row.number() is None:
            raise LeaseLost
        if row.repeated:
            _only_say(turn)
        submission = Submission(
            turn.asks,
            channel="telegram",
            member=turn.member,
            correlation=turn.correlation,
            then=self._finish(row, turn),
        )
        sent = await self._submit(submission)
        turn.end()
        self._outbox.send(sent)

    def _finish(self, row: Row, turn: Turn) -> Callable[[Tx, list[Answer], int], Any]:
        """Return what ends a turn in the transaction of its entries."""

        def finish(tx: Tx, answers: list[Answer], now: int) -> object:
            if not incoming.is_new(tx, row.id):
                raise LeaseLost
            for effect in turn.effects:
                effect(tx, answers, now)
            with speaking(turn.voice):
                outgoing = [out for render in turn.render for out in render(tx, answers, now)]
            stored = put(tx, outgoing, time_ns())
            strange = turn.member is None and b'"message":' in row.body
            incoming.finish(tx, row.id, forget=strange or any(x in row.body for x in UNKEPT))
            return stored

        return finish

    async def _failed(self, row: Row, tries: int, error: str) -> None:
        """Count a failure; the last one sets the row aside and tells the person its id."""
        dead = tries >= MOST_TRIES

        def note(tx: Tx, answers: list[Answer], now: int) -> object:
            incoming.note_failure(tx, row.id, tries, error, dead=dead)
            if not dead or row.chat_id == 0:
                return []
            with speaking(self._desk.voice_in(tx, row.chat_id)):
                told = tell_letter(tx, f"m{row.id}", row.chat_id, now)
            return put(tx, [told], time_ns())

        try:
            self._outbox.send(await self._submit(Submission([], then=note)))
        except LedgerError:
            log.exception("update %s could not be set aside", row.id)

    async def drain(self, seconds: float) -> None:
        """Let the turns under way end; what waits is found again at the next start."""
        for waiting in self._waiting.values():
            waiting.clear()
        tasks = [task for task in self._tasks.values() if not task.done()]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        free = Submission([], then=lambda tx, answers, at: incoming.let_go(tx, self._owner))
        with suppress(LedgerError, TimeoutError):  # Then the next start counts them as tries.
            async with asyncio.timeout(1.0):
                await self._submit(free)


async def _is_stale(desk: Desk, now: int) -> bool:
    """Return whether a row waits that nobody works on."""
    with desk.app.database.snapshot() as tx:
        return incoming.has_stale(tx, desk.bot_id, now)


async def _wanted(row: Row) -> None:
    """Wait until work on a row waits for it, for a moment at most."""
    row.wanted = asyncio.Event()
    with suppress(TimeoutError):
        async with asyncio.timeout(ROW_WAITS_SECONDS):
            await row.wanted.wait()


def _only_say(turn: Turn) -> None:
    """Do nothing a second time; what was said of it ("already recorded") is said again."""
    turn.asks, turn.effects = [], []
    plain = list(turn.plain)
    turn.render = [lambda tx, answers, now: plain] if turn.render else []
