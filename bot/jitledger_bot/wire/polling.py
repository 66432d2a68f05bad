"""Asking for updates: each batch is committed before the next call acknowledges it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from time import monotonic

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramConflictError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import Update

from jitledger.domain.errors import LedgerError, StoreError
from jitledger_bot.wire.inbox import Inbox

POLL_SECONDS = 25

HASTY_SECONDS, BETWEEN_HASTY = 1.0, 0.25
"""A server that answers sooner that there is nothing does not wait for updates; it gets a pause."""
ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]
log = logging.getLogger(__name__)


class Polling:
    """Asks a Bot API server for updates, whatever it answers."""

    def __init__(self, bot: Bot, inbox: Inbox) -> None:
        self._bot = bot
        self._inbox = inbox

    async def run(self) -> None:
        """Ask for updates; each batch is committed before the next call acknowledges it."""
        offset: int | None = None
        pause = 0.5
        while True:
            asked = monotonic()
            try:
                updates = await self._bot.get_updates(
                    offset=offset,
                    timeout=POLL_SECONDS,
                    allowed_updates=ALLOWED,
                    request_timeout=POLL_SECONDS + 10,
                )
                pause = 0.5
            except TelegramUnauthorizedError as error:
                raise StoreError(
                    "bad-setting", "The Bot API refuses the token; check JITLEDGER_BOT_TOKEN."
                ) from error
            except TelegramConflictError as error:
                await self._conflict(error)
                continue
            except TelegramRetryAfter as error:
                await asyncio.sleep(error.retry_after)
                continue
            except ClientDecodeError as error:
                updates = await self._readable(error.data)
                if not updates:
                    await asyncio.sleep(pause)
                    pause = min(15.0, pause * 2)
                    continue
            except (AiogramError, OSError, ValueError) as error:
                log.warning("getUpdates: %s", type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(15.0, pause * 2)
                continue
            if updates:
                if not await self._store(updates):
                    continue
                offset = updates[-1].update_id + 1
            elif monotonic() - asked < HASTY_SECONDS:
                await asyncio.sleep(BETWEEN_HASTY)

    async def _readable(self, answer: object) -> list[Update]:
        """Return the updates of an answer that can be read; set each other one aside.

        An answer that is no answer of a Bot API at all (a proxy's error page) has none.
        """
        rows = answer.get("result") if isinstance(answer, dict) else None
        found: list[Update] = []
        for raw in rows if isinstance(rows, list) else ():
            try:
                update = await self._inbox.reader.read(raw)
            except LedgerError as refused:
                log.error("an update could not be stored: %s", refused.message)
                return []  # It comes again.
            if update is not None:
                found.append(update)
            elif isinstance(raw, dict) and isinstance(raw.get("update_id"), int):
                found.append(Update(update_id=raw["update_id"]))
        return found

    async def _conflict(self, error: TelegramConflictError) -> None:
        """Take over from a webhook that an earlier run left; wait while another bot polls."""
        if "webhook" in str(error):
            with contextlib.suppress(AiogramError, OSError):
                await self._bot.delete_webhook(drop_pending_updates=False)
            return
        log.warning("another process asks for the updates of this bot; it is tried again")
        await asyncio.sleep(5.0)

    async def _store(self, updates: list[Update]) -> bool:
        """Commit updates; False when the store would not take them now (they come again)."""
        try:
            await self._inbox.store([u for u in updates if u.model_fields_set != {"update_id"}])
        except LedgerError as error:
            log.error("updates could not be stored: %s", error.message)
            await asyncio.sleep(1.0)
            return False
        return True
