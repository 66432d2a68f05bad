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

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    AiogramError,
)
from aiogram.types import BotCommand
from aiogram.utils.token import TokenValidationError, validate_token

from jitledger.bootstrap import App
from jitledger.domain.errors import StoreError
from jitledger.service.people import hash_code, invite
from jitledger_bot.aside import Aside
from jitledger_bot.desk import Desk
from jitledger_bot.handlers import make_dispatcher
from jitledger_bot.handlers.asking import advice
from jitledger_bot.handlers.goods import documents
from jitledger_bot.jobs import Jobs
from jitledger_bot.telling.rounds import Rounds
from jitledger_bot.texts.language import SOURCE, Voice, _, languages, speaking
from jitledger_bot.texts.say import talk as say
from jitledger_bot.texts.say import words
from jitledger_bot.wire.inbox import Inbox
from jitledger_bot.wire.outbox import Outbox
from jitledger_bot.wire.polling import ALLOWED, Polling
from jitledger_bot.wire.session import LeanSession
from jitledger_bot.wire.webhook import Webhook

SWITCH_SECONDS = 0.0005
"""How long a busy thread (an import) keeps the interpreter before the conversation gets it."""

RECOVER_SECONDS = 2.0
"""How often it is looked for what nobody works on: of a process that died, or to be tried again."""

MOST_FILES = 16_384

COMMANDS = {
    "stock": say.WHAT_IS_ON_THE_SHELF,
    "chart": say.STOCK_AND_DEMAND_AS_A,
    "reorder": say.WHAT_NEEDS_REORDERING,
    "orders": say.PURCHASE_ORDERS_THAT_ARE_OPEN,
    "late": say.ORDERS_THAT_SHOULD_HAVE_COME,
    "runout": say.WHAT_RUNS_OUT_THIS_WEEK,
    "dead": say.WHAT_LIES_AND_DOES_NOT,
    "history": say.EVERY_ENTRY_OF_A_PRODUCT,
    "why": say.HOW_ITS_NUMBER_COMES_ABOUT,
    "asof": say.WHAT_WAS_TRUE_ON_A,
    "log": say.WHO_ENTERED_WHAT_TODAY,
    "count": say.A_COUNTING_ROUND,
    "later": say.DELIVERIES_KEPT_FOR_LATER,
    "supplier": say.A_SUPPLIERS_TERMS_AND_PRODUCTS,
    "tune": say.REORDER_POINTS_THAT_COULD_MOVE,
    "overstock": say.WHAT_LIES_BEYOND_THE_NEED,
    "whatif": say.WHAT_IF_ACME_IS_TWO,
    "backtest": say.YOUR_SALES_UNDER_OTHER_WAYS,
    "export": say.LISTS_AS_TABLES,
    "words": words.NAMES_I_LEARNED,
    "letters": say.WHAT_WAS_SET_ASIDE,
    "settings": say.LANGUAGE_QUIET_HOURS_WHAT_I,
    "help": say.WHAT_I_UNDERSTAND,
}

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
        if app.database.dialect != "sqlite":
            self.desk.aside = Aside(loop_factory())
        self.outbox = Outbox(bot, self.desk)
        self.inbox = Inbox(bot, make_dispatcher(), self.desk, self.outbox)
        works = {"import": documents.take, "backtest": advice.replay}
        self.jobs = Jobs(bot, self.desk, self.outbox, works)
        self.rounds = Rounds(app)
        self.polling = Polling(bot, self.inbox)
        self.webhook: Webhook | None = None
        if app.settings.webhook_url is not None:
            self.webhook = Webhook(bot, self.inbox, app.settings, ALLOWED)
        self._tasks: list[asyncio.Future[object]] = []

    async def start(self) -> None:
        """Start polling, sending and sweeping."""
        sys.setswitchinterval(SWITCH_SECONDS)
        _allow_many_files()
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
        arriving = self.polling.run() if self.webhook is None else asyncio.Event().wait()
        self._tasks = [
            asyncio.ensure_future(arriving),
            asyncio.create_task(self._guarded(self.outbox.run), name="outbox"),
            asyncio.create_task(self._guarded(self._recover), name="recover"),
            asyncio.create_task(self._guarded(self.jobs.run), name="jobs"),
            asyncio.create_task(self._guarded(self._rounds), name="sweep"),
        ]

    async def _rounds(self) -> None:
        await self.desk.apart(self.rounds.run())

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
        if self.desk.aside is not None:
            self.desk.aside.stop()
        await self.bot.session.close()

    async def wait(self) -> None:
        """Wait until updates stop arriving, which they do only for a reason to be told."""
        await self._tasks[0]

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
            await asyncio.sleep(RECOVER_SECONDS)
            await self.inbox.recover()


def _allow_many_files() -> None:
    """Let this process open as many files and connections as the machine lets it."""
    try:
        import resource
    except ImportError:  # Not on Windows.
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


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
