"""Slow work beside the conversation: a row that is leased, told of by a message that is edited.

What a job does is repeatable (imports know their rows), so one that a crash interrupted is done
again from the start, and ends the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import orjson
from aiogram import Bot
from aiogram.exceptions import AiogramError

from jitledger.domain.errors import LedgerError, Refused
from jitledger.domain.json import Json
from jitledger.domain.moments import SECOND
from jitledger.service.recording.submission import Answer, Submission
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.memory.job_rows import (
    JobRow,
    add_job,
    end_job,
    free_jobs,
    is_ours,
    lease_job,
    next_job,
    renew_job,
    show_job_in,
)
from jitledger_bot.memory.letters import tell_letter
from jitledger_bot.memory.outgoing import put
from jitledger_bot.texts.language import Voice, choose, speak
from jitledger_bot.turn import Turn
from jitledger_bot.wire.failures import ENDED, MOST_TRIES, Failure, cause_of, failure_of
from jitledger_bot.wire.outbox import Outbox

RENEW_SECONDS = 20.0

EDIT_SECONDS = 2.0

log = logging.getLogger(__name__)


def start_job(turn: Turn, kind: str, body: dict[str, object]) -> None:
    """Store a job with the turn that asked for it."""

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        add_job(tx, turn, kind, {**body, "language": turn.voice.language}, now)

    turn.effects.append(effect)


@dataclass(slots=True)
class Job:
    """One job under way."""

    id: int
    chat_id: int
    member: str | None
    thread_id: int | None
    kind: str
    body: Json
    tries: int
    message_id: int | None
    bot: Bot
    done: int = 0
    total: int = 0
    turn: Turn = field(init=False)

    def __post_init__(self) -> None:
        self.turn = Turn(self.chat_id, thread_id=self.thread_id, member=self.member)

    def advance(self, done: int, total: int) -> None:
        """Note how far the work is; called from any thread."""
        self.done, self.total = done, total


Work = Callable[[Job, Desk], Coroutine[object, object, None]]


class Jobs:
    """Does the jobs of one bot, one after the other."""

    def __init__(self, bot: Bot, desk: Desk, outbox: Outbox, works: Mapping[str, Work]) -> None:
        self._bot = bot
        self._desk = desk
        self._outbox = outbox
        self._works = works
        self._owner = secrets.token_hex(8)
        self._freed = False

    async def run(self) -> None:
        """Look for jobs and do them; those of an earlier run, which must have ended, at once."""
        if not self._freed:
            await self._submit(lambda tx, answers, now: free_jobs(tx))
            self._freed = True
        while True:
            job = await self._take()
            if job is None:
                await asyncio.sleep(0.25)
            else:
                await self._do(job)

    async def _submit(self, then: Callable[[Tx, Sequence[Answer], int], object]) -> Any:
        return (await self._desk.app.ledger.acommit(Submission([], then=then))).value

    async def _is_any(self, now: int) -> bool:
        with self._desk.app.database.snapshot() as tx:
            return next_job(tx, now) is not None

    async def _take(self) -> Job | None:
        now = self._desk.app.clock.now()
        if not await self._desk.apart(self._is_any(now)):
            return None

        def lease(tx: Tx, answers: Sequence[Answer], at: int) -> JobRow | None:
            row = next_job(tx, now)
            if row is not None:
                lease_job(tx, row.id, self._owner, now)
            return row

        row = await self._submit(lease)
        if row is None:
            return None
        number, chat_id, member, thread_id, kind, body, tries, message_id = row
        fields = orjson.loads(body)
        job = Job(
            number, chat_id, member, thread_id, kind, fields, tries + 1, message_id, self._bot
        )
        if tries >= MOST_TRIES:  # Each time it was begun the process ended.
            job.tries = tries
            await self._end(job, "dead", ENDED)
            return None
        return job

    async def _do(self, job: Job) -> None:
        shop = self._desk.app.queries.shop()
        voice = Voice(choose(job.body.get("language"), shop.locale), shop.timezone)
        speak(voice)
        job.turn.voice = voice
        telling = asyncio.create_task(self._tell(job))
        state, error = "done", None
        try:
            await self._desk.apart(self._works[job.kind](job, self._desk))
        except Refused as refused:
            job.turn.say(f"✗ {texts.safe(texts.problem(refused))}")
        except Exception as failed:
            log.exception("job %s failed", job.id)
            passes = failure_of(failed) is Failure.PASSES
            state = "new" if passes or job.tries < MOST_TRIES else "dead"
            error, job.tries = cause_of(failed), job.tries - passes
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        await self._end(job, state, error)

    async def _end(self, job: Job, state: str, error: str | None) -> None:
        turn = job.turn

        def end(tx: Tx, answers: Sequence[Answer], now: int) -> Any:
            if not is_ours(tx, job.id, self._owner):
                return []  # Another process took it over and tells its end.
            until = self._desk.app.clock.now() + SECOND * max(1, job.tries)
            end_job(tx, job.id, state, error, until, job.tries)
            if state == "new":
                return []
            if state == "dead":
                return put(tx, [tell_letter(tx, f"j{job.id}", job.chat_id, now)], now)
            outgoing = [out for render in turn.render for out in render(tx, answers, now)]
            return put(tx, outgoing, now)

        self._outbox.send(await self._submit(end))

    async def _tell(self, job: Job) -> None:
        """Keep the lease, and show how far the work is in one message that is edited."""
        renewed = monotonic()
        shown = ""
        while True:
            await asyncio.sleep(EDIT_SECONDS)
            if monotonic() - renewed > RENEW_SECONDS:
                renewed = monotonic()
                with contextlib.suppress(LedgerError):  # Tried again with the next.
                    await self._submit(lambda tx, answers, now: self._renew(tx, job))
            text = _progress(job)
            if job.total == 0 or text == shown:
                continue
            shown = text
            try:
                await self._show(job, text)
            except (AiogramError, OSError) as error:
                log.warning("the progress of job %s is not told: %s", job.id, type(error).__name__)

    def _renew(self, tx: Tx, job: Job) -> None:
        renew_job(tx, job.id, self._owner, self._desk.app.clock.now())

    async def _show(self, job: Job, text: str) -> None:
        if job.message_id is not None:
            await self._bot.edit_message_text(text, chat_id=job.chat_id, message_id=job.message_id)
            return
        sent = await self._bot.send_message(job.chat_id, text, message_thread_id=job.thread_id)
        job.message_id = sent.message_id
        await self._submit(lambda tx, answers, now: show_job_in(tx, job.id, sent.message_id))


def _progress(job: Job) -> str:
    share = job.done / job.total if job.total else 0.0
    bar = "▓" * round(10 * share) + "░" * (10 - round(10 * share))
    return f"{bar} {job.done} / {job.total}"
