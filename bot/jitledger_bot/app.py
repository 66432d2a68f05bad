"""The bot: polling or a webhook into the inbox, the sender beside it, the daily sweep.

SIGTERM ends it within seconds: the turn under way is finished, what waits is found again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import sys
from collections.abc import Callable
from time import monotonic
from typing import Any

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramConflictError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import BotCommand, Update
from aiogram.utils.token import TokenValidationError, validate_token

from jitledger.bootstrap import App
from jitledger.domain.errors import LedgerError, StoreError
from jitledger.domain.moments import local_date
from jitledger.service.people import hash_code, invite
from jitledger.service.reorder_alerts import is_snooze_over, wake_snoozed
from jitledger.service.submission import Answer, Submission
from jitledger.store.database import Tx
from jitledger_bot.desk import Desk
from jitledger_bot.handlers import make_dispatcher
from jitledger_bot.handlers.asking import advice
from jitledger_bot.handlers.goods import documents
from jitledger_bot.jobs import Jobs
from jitledger_bot.telling import digest, notices, told_lists
from jitledger_bot.texts.language import SOURCE, Voice, _, languages, mark, speaking
from jitledger_bot.wire.inbox import Inbox
from jitledger_bot.wire.outbox import Outbox
from jitledger_bot.wire.session import LeanSession
from jitledger_bot.wire.webhook import Webhook

POLL_SECONDS = 25

HASTY_SECONDS, BETWEEN_HASTY = 1.0, 0.25
"""A server that answers sooner that there is nothing does not wait for updates; it gets a pause."""

SWITCH_SECONDS = 0.0005
"""How long a busy thread (an import) keeps the interpreter before the conversation gets it."""

COMMANDS = {
    "stock": mark("what is on the shelf: /stock MUG"),
    "chart": mark("stock and demand as a picture"),
    "reorder": mark("what needs reordering"),
    "orders": mark("purchase orders that are open"),
    "late": mark("orders that should have come"),
    "runout": mark("what runs out this week"),
    "dead": mark("what lies and does not sell"),
    "history": mark("every entry of a product"),
    "why": mark("how its number comes about"),
    "asof": mark("what was true on a day"),
    "log": mark("who entered what today"),
    "count": mark("a counting round"),
    "later": mark("deliveries kept for later"),
    "supplier": mark("a supplier's terms and products"),
    "tune": mark("reorder points that could move"),
    "overstock": mark("what lies beyond the need"),
    "whatif": mark("what if Acme is two weeks late"),
    "backtest": mark("your sales under other ways to order"),
    "export": mark("lists as tables"),
    "settings": mark("language, quiet hours, what I tell you"),
    "help": mark("what I understand"),
}

ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]

log = logging.getLogger(__name__)


def make_bot(token: str | None, base: str) -> Bot:
    """Return a bot that talks to a Bot API server; raises ``bad-setting`` without a token."""
    if not token:
        raise StoreError("bad-setting", "JITLEDGER_BOT_TOKEN is not set; BotFather gives one.")
    try:
        validate_token(token)
    except TokenValidationError as error:
        raise StoreError(
            "bad-setting", "JITLEDGER_BOT_TOKEN does not look like a token."
        ) from error
    api = TelegramAPIServer.from_base(base)
    session = LeanSession(api=api)
    return Bot(token, session=session, default=DefaultBotProperties(parse_mode="HTML"))


class BotRunner:
    """One bot over one shop, started and stopped as a whole."""

    def __init__(self, app: App, bot: Bot) -> None:
        self.app = app
        self.bot = bot
        self.desk = Desk(app, bot.id)
        self.outbox = Outbox(bot, self.desk)
        self.inbox = Inbox(bot, make_dispatcher(), self.desk, self.outbox)
        works = {"import": documents.take, "backtest": advice.replay}
        self.jobs = Jobs(bot, self.desk, self.outbox, works)
        self.swept = asyncio.Event()
        self.look_every = 5.0
        self.looks = 0
        """How often was looked for what is to be told unasked."""
        """Seconds between two looks at what has to be told by itself."""
        self._digested: str | None = None
        self._explained: int | None = None
        """The log's head when exceptions were last looked for."""
        self.webhook: Webhook | None = None
        if app.settings.webhook_url is not None:
            self.webhook = Webhook(bot, self.inbox, app.settings, ALLOWED)
        self._tasks: list[asyncio.Future[Any]] = []

    async def start(self) -> None:
        """Start polling, sending and sweeping."""
        sys.setswitchinterval(SWITCH_SECONDS)
        with contextlib.suppress(AiogramError, OSError):
            await self.bot.me()  # Needed to read "/stock@this_bot"; asked again when it is missing.
            await self._offer_commands()
        await asyncio.to_thread(self.app.driver.catch_up)
        self.inbox.take_over()
        self.outbox.take_over()
        await self.inbox.recover()
        self.app.stay()
        if self.webhook is not None:
            await self.webhook.start()
        arriving = self._poll() if self.webhook is None else asyncio.Event().wait()
        self._tasks = [
            asyncio.ensure_future(arriving),
            asyncio.create_task(self._guarded(self.outbox.run), name="outbox"),
            asyncio.create_task(self._guarded(self._recover), name="recover"),
            asyncio.create_task(self._guarded(self.jobs.run), name="jobs"),
            asyncio.create_task(self._guarded(self._sweep), name="sweep"),
        ]

    async def _offer_commands(self) -> None:
        """Tell Telegram the menu of commands, in every language there is."""
        for language in languages():
            with speaking(Voice(language)):
                menu = [BotCommand(command=n, description=_(said)) for n, said in COMMANDS.items()]
            code = None if language == SOURCE else language
            await self.bot.set_my_commands(menu, language_code=code)

    async def stop(self) -> None:
        """End within seconds."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.webhook is not None:
            await self.webhook.stop()
        await self.inbox.drain(3.0)
        await self.outbox.drain(2.0)
        await self.bot.session.close()

    async def wait(self) -> None:
        """Wait until updates stop arriving, which they do only for a reason to be told."""
        await self._tasks[0]

    async def _poll(self) -> None:
        """Ask for updates; each batch is committed before the next call acknowledges it."""
        offset: int | None = None
        pause = 0.5
        while True:
            asked = monotonic()
            try:
                updates = await self.bot.get_updates(
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
                update = await self.inbox.read(raw)
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
                await self.bot.delete_webhook(drop_pending_updates=False)
            return
        log.warning("another process asks for the updates of this bot; it is tried again")
        await asyncio.sleep(5.0)

    async def _store(self, updates: list[Update]) -> bool:
        """Commit updates; False when the store would not take them now (they come again)."""
        try:
            await self.inbox.store([u for u in updates if u.model_fields_set != {"update_id"}])
        except LedgerError as error:
            log.error("updates could not be stored: %s", error.message)
            await asyncio.sleep(1.0)
            return False
        return True

    async def _guarded(self, work: Callable[[], object]) -> None:
        """Keep a side task alive: its failure is logged and it starts again."""
        while True:
            try:
                await work()  # type: ignore[misc]
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("a task of the bot failed and starts again")
                await asyncio.sleep(1.0)

    async def _recover(self) -> None:
        while True:
            await asyncio.sleep(15)
            await self.inbox.recover()

    async def _sweep(self) -> None:
        """Fold the demand state once a local day; the first time at the start."""
        swept: object = None
        while True:
            shop = self.app.queries.shop()
            if not shop.opened:
                await asyncio.sleep(1)
                continue
            today = local_date(self.app.queries.present(shop), shop.tz)
            if today != swept:
                await asyncio.to_thread(self.app.sweep)
                swept = today
                self.swept.set()
            await self._wake_snoozed()
            await self._exceptions()
            if local_date(self.app.queries.present(shop), shop.tz) == swept:
                await self._digest()  # Told is what today's sweep says, as the report does.
            self.looks += 1
            await asyncio.sleep(self.look_every)

    async def _exceptions(self) -> None:
        """Look for exceptions when something was recorded since the last look."""
        with self.app.database.snapshot() as tx:
            head = self.app.database.head(tx)
        if head != self._explained:
            await notices.tell_exceptions(self.app)
            await told_lists.settle(self.app, self._explained)
            self._explained = head

    async def _digest(self) -> None:
        """Send the digest of the day once its hour has come."""
        from jitledger_projections.reports.morning import morning

        subject = digest.subject_of(self.app)
        if subject is None or subject == self._digested:
            return
        self._digested = subject  # Should it fail, the next try is tomorrow's.
        if not digest.is_made(self.app, subject):
            seen = await asyncio.to_thread(lambda: morning(self.app.look()))
            await digest.make(self.app, subject, digest.gather(self.app, seen))
            await notices.tell_day(self.app, notices.gather_day(self.app, seen))

    async def _wake_snoozed(self) -> None:
        """Tell again of alerts whose snooze is over."""
        now = self.app.queries.present()
        with self.app.database.snapshot() as tx:
            if not is_snooze_over(tx, now):
                return
        from jitledger_projections.reports.ordering.reorder_line import as_shape

        due = await asyncio.to_thread(self.app.reorder)
        lines = {(x.sku, x.location): as_shape(x) for x in due}

        def wake(tx: Tx, answers: list[Answer], present: int) -> int:
            return wake_snoozed(tx, now, lines)

        await self.app.ledger.acommit(Submission([], then=wake))


async def _invite_first_owner(runner: BotRunner) -> None:
    """Print the link of the first owner; it is good once, as long as this process runs."""
    if runner.app.queries.shop().opened:
        code = await asyncio.to_thread(invite, runner.app.ledger, "owner")
        what = "There is no owner yet. For the next 15 minutes"
    else:
        code = secrets.token_urlsafe(12)
        runner.desk.opening = hash_code(code)
        what = "No shop is open yet. Whoever opens it owns it:"
    print(f"{what} send this to the bot, once: /start {code}", file=sys.stderr, flush=True)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the fast event loop where there is one; None stands for Python's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def run_bot(app: App) -> None:
    """Run the bot until SIGTERM or SIGINT."""
    bot = make_bot(app.settings.bot_token, app.settings.bot_api)
    runner = BotRunner(app, bot)
    if not app.queries.shop().owners():
        await _invite_first_owner(runner)
    await runner.start()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, stopped.set)
    ended = asyncio.create_task(runner.wait())
    waiting = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({ended, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            ended.result()
    finally:
        waiting.cancel()
        await runner.stop()
