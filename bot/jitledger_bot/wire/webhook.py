"""The webhook: Telegram posts updates here; each is committed before it is answered with 200.

The secret token is compared in constant time. Whoever does not know it gets an empty 403 and
learns nothing. When the store would not take an update, 503 makes Telegram deliver it again.

Anybody can reach the port: whoever says nothing, or too slowly, is hung up on, and only so many may
be connected at once, so that Telegram finds a free line.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiohttp import web

from jitledger.config import Settings
from jitledger.domain.errors import LedgerError

if TYPE_CHECKING:
    from jitledger_bot.wire.inbox import Inbox

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
LARGEST_UPDATE = 1024 * 1024
HEADER_SECONDS, BODY_SECONDS, IDLE_SECONDS = 5.0, 10.0, 60.0
"""How long a request may take to say what it is, to arrive, and a line may be kept between two."""

MOST_CONNECTIONS = 100
"""Telegram uses up to 100 (``max_connections`` of setWebhook); we ask it for 40, as it does."""

log = logging.getLogger(__name__)


class Webhook:
    """One address that takes updates into the inbox."""

    def __init__(self, bot: Bot, inbox: Inbox, settings: Settings, allowed: list[str]) -> None:
        assert settings.webhook_url is not None
        assert settings.webhook_secret is not None
        self._bot = bot
        self._inbox = inbox
        self._url = settings.webhook_url
        self._secret = settings.webhook_secret
        self._allowed = allowed
        host, _, port = settings.webhook_listen.rpartition(":")
        self._host, self._port = host, int(port)
        self._runner: web.AppRunner | None = None
        self._telling: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._busy: set[object] = set()
        self._known: dict[object, tuple[float, float]] = {}
        """{connection: (when it was last heard, how long it may be silent from then)}"""

    async def start(self) -> None:
        """Listen, then tell the Bot API server where; what waits there is kept."""
        app = web.Application(client_max_size=LARGEST_UPDATE)
        app.router.add_post(urlsplit(self._url).path or "/", self._take)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=3.0,
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=0.0,  # What a stranger still sends is not waited for.
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._telling = asyncio.create_task(self._tell())
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        """Hang up on whoever is silent for too long, and on the longest silent when it is full."""
        while True:
            await asyncio.sleep(0.25)
            server = self._runner.server if self._runner is not None else None
            lines = list(server.connections) if server is not None else []
            now = monotonic()
            self._known = {line: self._known.get(line, (now, HEADER_SECONDS)) for line in lines}
            silent = sorted(
                (self._known[x][0], n) for n, x in enumerate(lines) if x not in self._busy
            )
            over = len(lines) - MOST_CONNECTIONS
            for place, (since, number) in enumerate(silent):
                line = lines[number]
                if (place < over or now - since > self._known[line][1]) and line.transport:
                    line.transport.abort()

    async def _tell(self) -> None:
        """Tell the Bot API server our address; while it cannot be reached, again and again."""
        pause = 1.0
        while True:
            try:
                await self._bot.set_webhook(
                    self._url,
                    secret_token=self._secret,
                    allowed_updates=self._allowed,
                    drop_pending_updates=False,
                )
            except (AiogramError, OSError) as error:
                log.warning("setWebhook: %s", type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(60.0, pause * 2)
            else:
                return

    async def stop(self) -> None:
        """Stop listening; Telegram keeps what comes and tries again."""
        for task in (self._telling, self._watching):
            if task is not None:
                task.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        line = request.protocol
        self._busy.add(line)
        try:
            return await self._answer(request)
        finally:
            self._busy.discard(line)
            self._known[line] = (monotonic(), IDLE_SECONDS)

    async def _answer(self, request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "")
        sent = given.encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(sent, self._secret.encode()):
            return _hung_up(403)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                raw = json.loads(await request.read())
        except ValueError:
            return web.Response(status=400)
        except TimeoutError:
            return _hung_up(408)
        try:
            update = await self._inbox.reader.read(raw)
            if update is not None:
                await self._inbox.store([update])
        except LedgerError as error:
            log.error("an update could not be stored: %s", error.message)
            return web.Response(status=503)
        return web.Response()


def _hung_up(status: int) -> web.Response:
    """Return an empty answer that ends the connection."""
    answer = web.Response(status=status)
    answer.force_close()
    return answer
