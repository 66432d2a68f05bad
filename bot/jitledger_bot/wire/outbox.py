"""The outbox: what is to be sent, written with the events that caused it.

Replies go at once, in order within a chat; pushes keep to Telegram's pace (30 a second overall,
one a second in a chat, 20 a minute in a group). 429 is obeyed, connection errors are retried, a
chat that blocked the bot is dropped and the owner told. A push whose outcome is unknown after a
crash is repeated once, marked as such.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from time import monotonic, time_ns
from typing import Any, cast

import orjson
from aiogram import Bot, methods
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods.base import TelegramMethod
from aiogram.types import BufferedInputFile, Message

from jitledger.domain.errors import LedgerError
from jitledger.service.submission import Answer, Submission
from jitledger.store.database import Tx
from jitledger_bot.access import PUSHES, Receiver, quiet_until
from jitledger_bot.desk import Desk
from jitledger_bot.memory.chats import forget_chat, move_chat
from jitledger_bot.memory.outgoing import (
    LEASE,
    Sending,
    claim_next,
    drop_waiting,
    mark_sent,
    put,
    waits_until,
)
from jitledger_bot.memory.receivers import receivers
from jitledger_bot.telling import told_lists
from jitledger_bot.telling.fan_out import alert_edits
from jitledger_bot.telling.pushes import pushed
from jitledger_bot.texts.language import _, mark, speaking
from jitledger_bot.turn import Outgoing
from jitledger_bot.wire.session import filled

OVERALL_PER_SECOND = 30
GROUP_PER_MINUTE = 20
MOST_TRIES = 8

RENEW_SECONDS = 10.0
REPEATED = mark("(sent again: the first try may not have arrived)")
METHODS: dict[str, type[TelegramMethod[Any]]] = {
    "sendMessage": methods.SendMessage,
    "editMessageText": methods.EditMessageText,
    "answerCallbackQuery": methods.AnswerCallbackQuery,
}
log = logging.getLogger(__name__)


class Pace:
    """Telegram's pace for pushes."""

    def __init__(self) -> None:
        self._overall: deque[float] = deque(maxlen=OVERALL_PER_SECOND)
        self._chats: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=GROUP_PER_MINUTE))

    def wait_for(self, chat_id: int, now: float) -> float:
        """Return how many seconds a push to a chat has to wait."""
        waits = [0.0]
        if len(self._overall) == OVERALL_PER_SECOND:
            waits.append(self._overall[0] + 1.0 - now)
        sent = self._chats[chat_id]
        if sent:
            waits.append(sent[-1] + 1.0 - now)
        if chat_id < 0 and len(sent) == GROUP_PER_MINUTE:
            waits.append(sent[0] + 60.0 - now)
        return max(waits)

    def sent(self, chat_id: int, now: float) -> None:
        """Note that a push went out."""
        self._overall.append(now)
        self._chats[chat_id].append(now)


class Outbox:
    """Sends what the outbox holds."""

    def __init__(self, bot: Bot, desk: Desk) -> None:
        self._bot = bot
        self._desk = desk
        self._pace = Pace()
        self._queues: dict[int, asyncio.Queue[Sending]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._under_way: set[int] = set()
        self._done: list[tuple[str, int | None, str | None, int]] = []
        self._wake = asyncio.Event()
        self._marker: asyncio.Task[None] | None = None

    def send(self, rows: Iterable[Sending]) -> None:
        """Send rows that are committed, in order within each chat."""
        for row in rows:
            if row.id in self._under_way:
                continue
            self._under_way.add(row.id)
            queue = self._queues.setdefault(row.chat_id, asyncio.Queue())
            queue.put_nowait(row)
            task = self._tasks.get(row.chat_id)
            if task is None or task.done():
                self._tasks[row.chat_id] = asyncio.create_task(self._chat(row.chat_id))

    async def send_at_once(self, messages: Sequence[Outgoing]) -> bool:
        """Send answers without a row, while nothing else waits for their chat.

        True when the first one arrived; otherwise nothing was sent and the rows must carry them.
        Should we die before the inbox row is finished, the question is answered again.
        """
        chat_id = messages[0].chat_id
        task = self._tasks.get(chat_id)
        if len(messages) != 1 or (task is not None and not task.done()):
            return False
        method = filled(METHODS[messages[0].method], messages[0].body)
        try:
            await self._bot(method, request_timeout=10)
        except AiogramError:
            return False
        return True

    async def _chat(self, chat_id: int) -> None:
        queue = self._queues[chat_id]
        while not queue.empty():
            row = queue.get_nowait()
            try:
                await self._deliver(row)
            except Exception:  # The store did not answer: the row waits, and is found again.
                log.exception("outbox row %s waits", row.id)
                self._under_way.discard(row.id)
                await asyncio.sleep(1.0)
        self._tasks.pop(chat_id, None)

    async def _deliver(self, row: Sending) -> None:
        """Send one row until it is sent, given up, or its chat is gone."""
        push = row.kind == "push-message"
        if push:
            await self._before_push(row)
        attempt = refusals = 0
        while refusals < MOST_TRIES:
            try:
                message_id = await self._call(row)
                self._mark("sent", message_id, None, row.id)
                return
            except TelegramRetryAfter as error:
                await asyncio.sleep(max(0.1, error.retry_after))
            except (TelegramNetworkError, TelegramServerError, ClientDecodeError):
                # The server cannot be reached: the message waits as long as that lasts.
                await asyncio.sleep(min(30.0, 0.5 * 2 ** min(attempt, 6)))
                attempt += 1
            except TelegramMigrateToChat as error:
                if row.kind == "edit":  # Numbers begin anew there: it would be another message.
                    self._mark("failed", None, "the message stayed in the old group", row.id)
                    return
                row = await self._migrated(row, error.migrate_to_chat_id)
            except TelegramForbiddenError as error:
                await self._blocked(row, str(error))
                return
            except TelegramBadRequest as error:
                if "thread not found" in str(error) and "message_thread_id" in row.body:
                    row = self._without_topic(row)  # The topic was deleted: the group is there.
                    continue
                fine = "message is not modified" in str(error) or "query is too old" in str(error)
                self._mark("sent" if fine else "failed", None, str(error)[:300], row.id)
                if not fine:
                    log.warning("outbox row %s was refused: %s", row.id, error)
                return
            except TelegramAPIError:
                refusals += 1
                await asyncio.sleep(min(30.0, 0.5 * 2**refusals))
        self._mark("failed", None, f"refused {MOST_TRIES} times", row.id)

    async def _call(self, row: Sending) -> int | None:
        result = await self._bot(_method_of(row), request_timeout=30)
        return result.message_id if isinstance(result, Message) else None

    async def _before_push(self, row: Sending) -> None:
        """Keep the pace, and note the try, so that a crash leaves a trace."""
        while (wait := self._pace.wait_for(row.chat_id, monotonic())) > 0:
            await asyncio.sleep(wait)
        self._pace.sent(row.chat_id, monotonic())

        def note(tx: Tx, answers: list[Answer], now: int) -> None:
            tx.execute("UPDATE outbox SET tries = tries + 1 WHERE id = ?", (row.id,))

        await self._submit(note)

    async def _submit(self, then: Any) -> Any:
        return (await self._desk.app.ledger.acommit(Submission([], then=then))).value

    def _mark(self, state: str, message_id: int | None, error: str | None, row: int) -> None:
        """Note an outcome; outcomes are written in groups, off the way of the next message."""
        self._done.append((state, message_id, error, row))
        if self._marker is None or self._marker.done():
            self._marker = asyncio.create_task(self._write_marks())

    async def _write_marks(self) -> None:
        await asyncio.sleep(0.02)
        while self._done:
            marks, self._done = self._done, []

            def write(
                tx: Tx,
                answers: list[Answer],
                now: int,
                marks: list[tuple[str, int | None, str | None, int]] = marks,
            ) -> None:
                tx.executemany(
                    "UPDATE outbox SET state = ?, message_id = ?, error = ? WHERE id = ?", marks
                )

            try:
                await self._submit(write)
            except LedgerError:
                log.exception("outcomes of sent messages wait to be written")
                self._done = marks + self._done
                await asyncio.sleep(1.0)
                continue
            # Only now does the table say so; before that a look would send it again.
            self._under_way.difference_update(row for _, _, _, row in marks)

    async def _migrated(self, row: Sending, chat_id: int) -> Sending:
        """Follow a group that became a supergroup."""
        body = {**row.body, "chat_id": chat_id}

        def move(tx: Tx, answers: list[Answer], now: int) -> None:
            move_chat(tx, row.chat_id, chat_id)
            tx.execute(
                "UPDATE outbox SET chat_id = ?, body = ? WHERE id = ?",
                (chat_id, orjson.dumps(body).decode(), row.id),
            )

        await self._submit(move)
        return Sending(row.id, chat_id, row.kind, row.method, body, row.tries)

    def _without_topic(self, row: Sending) -> Sending:
        body = {k: v for k, v in row.body.items() if k != "message_thread_id"}
        return Sending(row.id, row.chat_id, row.kind, row.method, body, row.tries)

    async def _blocked(self, row: Sending, error: str) -> None:
        """Drop a chat that blocked the bot and tell the owners."""

        def drop(tx: Tx, answers: list[Answer], now: int) -> None:
            forget_chat(row.chat_id)(tx, answers, now)
            tx.execute(
                "UPDATE outbox SET state = 'failed', error = ? WHERE chat_id = ? AND state = 'new'",
                (error[:300], row.chat_id),
            )

        await self._submit(drop)
        self._mark("failed", None, error[:300], row.id)

    async def drain(self, seconds: float) -> None:
        """Let what is being sent be sent and noted; the rest is found again at the next start."""
        tasks = [*self._tasks.values(), *([self._marker] if self._marker is not None else [])]
        left = [task for task in tasks if not task.done()]
        if left:
            await asyncio.wait(left, timeout=seconds)
        if self._marker is not None and not self._marker.done():
            await asyncio.wait([self._marker], timeout=seconds)
        for task in [*left, self._marker]:
            if task is not None:
                task.cancel()

    # --- what waits in the table ------------------------------------------------------------------

    def take_over(self) -> None:
        """Free the leases of an earlier run of the bot, which must have ended."""

        def free(tx: Tx, answers: list[Answer], now: int) -> None:
            tx.execute("UPDATE outbox SET leased_until = 0 WHERE state = 'new'")

        self._desk.app.ledger.commit(Submission([], then=free))

    async def run(self) -> None:
        """Send what the table holds: pushes of this and other processes, rests of a crash."""
        renewed = monotonic()
        while True:
            if monotonic() - renewed > RENEW_SECONDS:
                renewed = monotonic()
                await self._renew()
            await self.look()
            await asyncio.sleep(0.2)

    async def _renew(self) -> None:
        """Keep the rows that are under way, however long the server cannot be reached."""
        mine = [(time_ns() + LEASE, row) for row in self._under_way]
        if mine:
            renew = "UPDATE outbox SET leased_until = ? WHERE id = ?"
            await self._submit(lambda tx, answers, now: tx.executemany(renew, mine))

    async def look(self) -> None:
        """Fan pushes out to their receivers and send what waits and is due."""
        with self._desk.app.database.snapshot() as tx:
            listed = tx.all(
                "SELECT id FROM outbox WHERE state = 'new' AND due_at <= ? AND leased_until <= ? "
                "ORDER BY id LIMIT 400",
                (self._desk.app.clock.now(), time_ns()),
            )
            left = [row[0] for row in listed if row[0] not in self._under_way][:200]
            if not left:
                return
            waiting = tx.all(
                "SELECT id, chat_id, kind, method, body, tries FROM outbox WHERE id IN "
                f"({','.join('?' * len(left))}) ORDER BY id",
                left,
            )
            rows = [row for row in waiting if row[3] != "push"]
            again = {row[1] for row in rows if row[5] and row[2] == "push-message"}
            voices = {chat_id: self._desk.voice_in(tx, chat_id) for chat_id in again}
        pushes = [row for row in waiting if row[3] == "push"]
        if pushes and await self._submit(lambda tx, answers, now: self._fan_out(tx, pushes)):
            await self.look()
            return
        if not rows:
            return  # The end of an alert that waits for the alert itself.
        claimed = await self._submit(
            lambda tx, answers, now: claim_next(tx, [row[0] for row in rows])
        )
        sendings = []
        for number, chat_id, kind, method, body, tries in rows:
            if number not in claimed:
                continue  # Another process was first.
            fields = orjson.loads(body)
            if tries and kind == "push-message":
                if tries >= 2:
                    self._mark("failed", None, "outcome unknown twice", number)
                    continue
                with speaking(voices[chat_id]):
                    fields["text"] = f"{_(REPEATED)}\n{fields['text']}"
            sendings.append(Sending(number, chat_id, kind, method, fields, tries))
        self.send(sendings)

    def _fan_out(self, tx: Tx, pushes: Sequence[Any]) -> int:
        """Turn each push into one row for each receiver; return how many were turned.

        The end of an alert waits until the alert itself has been sent; one that waited for the end
        of somebody's quiet hours meanwhile is never sent to them.
        """
        shop = self._desk.app.queries.shop()
        to = receivers(tx, shop)
        now = time_ns()
        turned = 0
        for row_id, _chat, kind, _method, body, _tries in pushes:
            data = orjson.loads(body)
            state = tx.one("SELECT state, subject FROM outbox WHERE id = ?", (row_id,))
            if state is None or state[0] != "new":
                continue
            if kind == "alert-edit":
                drop_waiting(tx, state[1], self._desk.app.clock.now())
                if waits_until(tx, state[1]) is not None:
                    continue
                outgoing = alert_edits(tx, data, state[1], self._desk)
                put(tx, outgoing, now, mine=False)
            elif kind == "list-edit":
                until = waits_until(tx, state[1])
                if until is not None and until <= self._desk.app.clock.now():
                    continue  # On its way this moment.
                sent = mark_sent(tx, state[1])
                put(tx, told_lists.edits(tx, data, sent, self._desk), now, mine=False)
                if until is not None:  # Who sleeps hears of it after the list itself.
                    tx.execute("UPDATE outbox SET due_at = ? WHERE id = ?", (until, row_id))
                    continue
            else:
                self._tell(tx, kind, data, state[1], to, now)
            tx.execute("UPDATE outbox SET state = 'done' WHERE id = ?", (row_id,))
            turned += 1
        return turned

    def _tell(
        self,
        tx: Tx,
        kind: str,
        data: dict[str, Any],
        subject: str | None,
        to: Sequence[Receiver],
        now: int,
    ) -> None:
        """Write a push for everyone who wants it, in their language, after their quiet hours."""
        for receiver in to:
            owner = receiver.role == "owner"
            if not (kind in receiver.wishes.wants if kind in PUSHES else owner):
                continue
            with speaking(receiver.voice):
                body = pushed(tx, kind, data, receiver, now)
            out = Outgoing(receiver.chat_id, "sendMessage", body, "push-message", subject)
            (sending,) = put(tx, [out], now, mine=False)
            due = quiet_until(receiver, self._desk.app.clock.now())
            if due:
                tx.execute("UPDATE outbox SET due_at = ? WHERE id = ?", (due, sending.id))


def _method_of(row: Sending) -> TelegramMethod[Any]:
    """Return the call a row stands for; a file's text is kept in the row."""
    body = dict(row.body)
    match row.method:
        case "sendDocument":
            data = str(body.pop("text")).encode("utf-8-sig", "replace")
            file = BufferedInputFile(data, body.pop("filename"))
            return methods.SendDocument(document=file, **body)
        case "sendPhoto":
            picture = BufferedInputFile(base64.b64decode(body.pop("photo")), "chart.png")
            return methods.SendPhoto(photo=picture, **body)
        case _:
            # What we wrote ourselves needs no second check; the server checks it anyway.
            return cast(TelegramMethod[Any], filled(METHODS[row.method], body))
