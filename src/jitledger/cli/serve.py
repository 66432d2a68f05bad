"""The bot and the living sample shop."""

from __future__ import annotations

import asyncio
import logging
import sys

import click

from jitledger.config import Settings, read_settings
from jitledger.extras import extra


@click.command()
@click.pass_context
def bot(ctx: click.Context) -> None:
    """Run the bot: it answers, records and alerts until it is stopped.

    Example: JITLEDGER_BOT_TOKEN=123:abc jitledger bot
    """
    settings = read_settings(ctx.obj)
    _log(settings)
    from jitledger.bootstrap import open_app

    with extra("bot", "The bot"):
        from jitledger_bot.app import loop_factory, run_bot

    app = open_app(settings)
    try:
        click.echo("The bot is running. Stop with Ctrl-C.", err=True)
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(run_bot(app))
    finally:
        app.close()


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    help="A port of the loopback address; else a free one.",
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option("--new", is_flag=True, help="A new shop instead: open it yourself in the chat.")
@click.option("--language", default="en", help="The language of the people in a new shop.")
@click.pass_context
def demo(ctx: click.Context, port: int, no_browser: bool, new: bool, language: str) -> None:
    """Run a living sample shop, or a new one, with its chat in the browser.

    Example: jitledger demo --no-browser
    """
    _log(Settings(log="WARNING"))
    with extra("bot", "The sample shop"):
        from jitledger_bot.sandbox.demo import run_demo

    def say(text: str) -> None:
        click.echo(text)
        sys.stdout.flush()

    asyncio.run(run_demo(port, not no_browser, say, new, language))


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one JSON line."""
        import orjson

        row = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "name": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            row["error"] = self.formatException(record.exc_info)
        return orjson.dumps(row).decode()


class _NoSecrets(logging.Filter):
    """Takes the token out of whatever is logged."""

    def __init__(self, *secrets: str | None) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if secret]

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace secrets in the message; they never reach a log."""
        text = record.getMessage()
        for secret in self._secrets:
            if secret in text:
                record.msg, record.args = text.replace(secret, "***"), ()
                text = record.msg
        return True


def _log(settings: Settings) -> None:
    handler = logging.StreamHandler(sys.stderr)
    if settings.log_format == "json":
        handler.setFormatter(_JsonLines())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(_NoSecrets(settings.bot_token, settings.webhook_secret))
    logging.basicConfig(level=settings.log, handlers=[handler], force=True)
    logging.getLogger("aiogram").setLevel(max(logging.WARNING, logging.getLevelName(settings.log)))
