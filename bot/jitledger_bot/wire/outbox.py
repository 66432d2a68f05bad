"""The outbox: what is to be sent, written with the events that caused it.

Replies go at once, in order within a chat; pushes keep to Telegram's pace (30 a second overall,
one a second in a chat, 20 a minute in a group). 429 is obeyed, connection errors are retried, a
chat that blocked the bot is dropped and the owner told. A push whose outcome is unknown after a
crash is repeated once, marked as such.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from functools import partial
from time import monotonic, time_ns
from typing import Any

import orjson
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.types import Message

from jitledger.service.recording.submission import Answer, Submission
from jitledger.store.database import Tx
from jitledger_bot.desk import Desk
from jitledger_bot.memory.chats import forget_chat, move_chat
from jitledger_bot.memory.letters import tell_letter
from jitledger_bot.memory.outgoing import (
    Sending,
    Waiting,
    claim_next,
    count_try,
    free_leases,
    give_up,
    put,
    redirect,
    renew_leases,
    waiting,
    write_marks,
)
from jitledger_bot.telling.as_reported import with_the_reports_figures
from jitledger_bot.telling.fan_out import fan_out
from jitledger_bot.texts.language import Voice, _, speaking
from jitledger_bot.texts.say import talk as say
from jitledger_bot.turn import Outgoing
from jitledger_bot.wire.calls import METHODS, method_of
from jitledger_bot.wire.outcomes import Outcomes
from jitledger_bot.wire.pace import Pace
from jitledger_bot.wire.session import filled

MOST_TRIES = 8

RENEW_SECONDS = 10.0

PUSH = "push-message"

Lane = tuple[int, bool]
"""(chat, whether it is of pushes): answers never wait behind what is told by itself"""

REPEATED = say.SENT_AGAIN_THE_FIRST_TRY

log = logging.getLogger(__name__)


class Outbox:
    """Sends what the outbox holds; a chat has two lanes: answers, and what is told by itself."""

    def __init__(self, bot: Bot, desk: Desk) -> None:
        self._bot = bot
        self._desk = desk
        self.pace = Pace()
        self.every = 0.2
        """Seconds between two looks at the table."""
        self._queues: dict[Lane, asyncio.Queue[Sending]] = {}
        self._tasks: dict[Lane, asyncio.Task[None]] = {}
        self._under_way: set[int] = set()
        self._outcomes = Outcomes(desk, self._under_way)

    def send(self, rows: Iterable[Sending]) -> None:
        """Send rows that are committed, in order within each chat."""
        for row in rows:
            if row.id in self._under_way:
                continue
            self._under_way.add(row.id)
            lane = (row.chat_id, row.kind == PUSH)
            self._queues.setdefault(lane, asyncio.Queue()).put_nowait(row)
            task = self._tasks.get(lane)
            if task is None or task.done():
                self._tasks[lane] = asyncio.create_task(self._chat(lane))

    async def send_at_once(self, messages: Sequence[Outgoing]) -> bool:
        """Send answers without a row, while nothing else waits for their chat.

        True when the first one arrived; otherwise nothing was sent and the rows must carry them.
        Should we die before the inbox row is finished, the question is answered again.
        """
        task = self._tasks.get((messages[0].chat_id, False))
        if len(messages) != 1 or (task is not None and not task.done()):
            return False
        method = filled(METHODS[messages[0].method], messages[0].body)
        try:
            await self._bot(method, request_timeout=10)
        except AiogramError:
            return False
        return True

    async def _chat(self, lane: Lane) -> None:
        queue = self._queues[lane]
        while not queue.empty():
            row = queue.get_nowait()
            try:
                await self._deliver(row)
            except Exception:  # The store did not answer: the row waits, and is found again.
                log.exception("outbox row %s waits", row.id)
                self._under_way.discard(row.id)
                await asyncio.sleep(1.0)
        self._tasks.pop(lane, None)

    async def _deliver(self, row: Sending) -> None:
        """Send one row until it is sent, given up, or its chat is gone."""
        if row.kind == PUSH and not await self._before_push(row):
            return
        attempt = refusals = 0
        while refusals < MOST_TRIES:
            try:
                message_id = await self._call(row)
                self._outcomes.note("sent", message_id, None, row.id)
                return
            except TelegramRetryAfter as error:
                await asyncio.sleep(max(0.1, error.retry_after))
            except TelegramEntityTooLarge as error:  # aiogram calls it an error of the network.
                await self._refused(row, str(error))
                return
            except (TelegramNetworkError, TelegramServerError, ClientDecodeError):
                # The server cannot be reached: the message waits as long as that lasts.
                await asyncio.sleep(min(30.0, 0.5 * 2 ** min(attempt, 6)))
                attempt += 1
            except TelegramMigrateToChat as error:
                if row.kind == "edit":  # Numbers begin anew there: it would be another message.
                    self._outcomes.note("failed", None, "it stayed in the old group", row.id)
                    return
                row = await self._migrated(row, error.migrate_to_chat_id)
            except TelegramForbiddenError as error:
                await self._blocked(row, str(error))
                return
            except TelegramBadRequest as error:
                if "thread not found" in str(error) and "message_thread_id" in row.body:
                    row = _without_topic(row)  # The topic was deleted: the group is there.
                    continue
                fine = "message is not modified" in str(error) or "query is too old" in str(error)
                self._outcomes.note("sent" if fine else "failed", None, str(error)[:300], row.id)
                if not fine:
                    log.warning("outbox row %s was refused: %s", row.id, error)
                return
            except TelegramAPIError:
                refusals += 1
                await asyncio.sleep(min(30.0, 0.5 * 2**refusals))
        await self._refused(row, f"refused {MOST_TRIES} times")

    async def _refused(self, row: Sending, cause: str) -> None:
        """Set a message aside that Telegram will not take, and say so in its chat."""
        if row.kind != "reply":  # A push, an edit: nobody waits for it.
            self._outcomes.note("failed", None, cause[:300], row.id)
            return
        tell = partial(_told, row=row, cause=cause, desk=self._desk)
        said = await self._submit(tell)
        self._under_way.discard(row.id)
        self.send(said)

    async def _call(self, row: Sending) -> int | None:
        result = await self._bot(method_of(row), request_timeout=30)
        return result.message_id if isinstance(result, Message) else None

    async def _before_push(self, row: Sending) -> bool:
        """Keep the pace, and note the try, so that a crash leaves a trace.

        False when something newer is to be told of the same: after an outage the newest state goes.
        """
        while (wait := self.pace.wait_for(row.chat_id, monotonic())) > 0:
            await asyncio.sleep(wait)
        self.pace.sent(row.chat_id, monotonic())
        if await self._submit(lambda tx, answers, now: count_try(tx, row.id)):
            return True
        self._under_way.discard(row.id)
        return False

    async def _submit(self, then: Any) -> Any:
        return (await self._desk.app.ledger.acommit(Submission([], then=then))).value

    async def _migrated(self, row: Sending, chat_id: int) -> Sending:
        """Follow a group that became a supergroup."""
        body = {**row.body, "chat_id": chat_id}

        def move(tx: Tx, answers: list[Answer], now: int) -> None:
            move_chat(tx, row.chat_id, chat_id)
            redirect(tx, row.id, chat_id, body)

        await self._submit(move)
        return Sending(row.id, chat_id, row.kind, row.method, body, row.tries)

    async def _blocked(self, row: Sending, error: str) -> None:
        """Drop a chat that blocked the bot and tell the owners."""
        await self._submit(lambda tx, answers, now: _drop(tx, row.chat_id, error, now))
        self._outcomes.note("failed", None, error[:300], row.id)

    async def drain(self, seconds: float) -> None:
        """Let what is being sent be sent and noted; the rest is found again at the next start."""
        left = [task for task in self._tasks.values() if not task.done()]
        if left:
            await asyncio.wait(left, timeout=seconds)
        await self._outcomes.drain(seconds)
        for task in left:
            task.cancel()

    # --- what waits in the table ------------------------------------------------------------------

    def take_over(self) -> None:
        """Free the leases of an earlier run of the bot, which must have ended."""
        free = Submission([], then=lambda tx, answers, now: free_leases(tx))
        self._desk.app.ledger.commit(free)

    async def run(self) -> None:
        """Send what the table holds: pushes of this and other processes, rests of a crash."""
        renewed = monotonic()
        while True:
            if monotonic() - renewed > RENEW_SECONDS:
                renewed = monotonic()
                await self._renew()
            await self.look()
            await asyncio.sleep(self.every)

    async def _renew(self) -> None:
        """Keep the rows that are under way, however long the server cannot be reached."""
        mine = list(self._under_way)
        if mine:
            await self._submit(lambda tx, answers, now: renew_leases(tx, mine))

    async def look(self) -> None:
        """Fan pushes out to their receivers and send what waits and is due."""
        found, voices = await self._desk.apart(_found(self._desk, {*self._under_way}))
        found = [row for row in found if row.id not in self._under_way]
        rows = [row for row in found if row.method != "push"]
        pushes = [row for row in found if row.method == "push"]
        if pushes:
            told = await with_the_reports_figures(self._desk.app, pushes)
            if await self._submit(lambda tx, answers, now: fan_out(tx, told, self._desk)):
                await self.look()
                return
        if not rows:
            return  # The end of an alert that waits for the alert itself.
        numbers = [row.id for row in rows]
        claimed = await self._submit(lambda tx, answers, now: claim_next(tx, numbers))
        sendings = []
        for row in rows:
            if row.id not in claimed:
                continue  # Another process was first.
            fields = orjson.loads(row.body)
            if row.tries and row.kind == "push-message":
                if row.tries >= 2:
                    self._outcomes.note("failed", None, "outcome unknown twice", row.id)
                    continue
                with speaking(voices[row.chat_id]):
                    fields["text"] = f"{_(REPEATED)}\n{fields['text']}"
            sendings.append(Sending(row.id, row.chat_id, row.kind, row.method, fields, row.tries))
        self.send(sendings)


async def _found(desk: Desk, mine: set[int]) -> tuple[list[Waiting], dict[int, Voice]]:
    """Return what waits, and how chats are spoken to that are told something again."""
    with desk.app.database.snapshot() as tx:
        found = waiting(tx, desk.app.clock.now(), mine)
        again = {r.chat_id for r in found if r.tries and r.kind == "push-message"}
        return found, {chat_id: desk.voice_in(tx, chat_id) for chat_id in again}


def _without_topic(row: Sending) -> Sending:
    body = {k: v for k, v in row.body.items() if k != "message_thread_id"}
    return Sending(row.id, row.chat_id, row.kind, row.method, body, row.tries)


def _drop(tx: Tx, chat_id: int, error: str, now: int) -> None:
    """Forget a chat and give up all that waits for it."""
    forget_chat(chat_id)(tx, [], now)
    give_up(tx, chat_id, error)


def _told(
    tx: Tx, answers: object, now: int, *, row: Sending, cause: str, desk: Desk
) -> list[Sending]:
    """Set a row aside and write what its chat is told of it."""
    write_marks(tx, [("refused", None, cause[:300], row.id)])
    with speaking(desk.voice_in(tx, row.chat_id)):
        return put(tx, [tell_letter(tx, f"o{row.id}", row.chat_id, now)], time_ns())
