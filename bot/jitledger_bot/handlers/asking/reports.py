"""Reports of the table in the chat: one command each, nothing to write for it but its words."""

from __future__ import annotations

import asyncio
import re

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from jitledger.domain.errors import LedgerError
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.texts import reports as report_texts
from jitledger_bot.turn import Turn


def make_router() -> Router:
    """Return the router of reports; its commands are looked up when one is asked for."""
    router = Router(name="reports")
    router.message.register(asked, Command(re.compile(r"[a-z_]+")), _is_report)
    return router


async def _is_report(message: Message, command: CommandObject) -> bool:
    from jitledger_projections.reports.table import in_chat

    return command.command in in_chat()


async def asked(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Answer a report; a word behind the command is its first option, like ``/expiring 14``."""
    from jitledger_projections.reports.table import in_chat

    report = in_chat()[command.command]
    words = (command.args or "").split()
    given = {report.options[0].name: words[0]} if words and report.options else {}
    try:
        rows = await asyncio.to_thread(lambda: report.ask(desk.app.look(), given))
    except LedgerError as error:
        turn.say(texts.safe(texts.problem(error)))
        return
    turn.say(report_texts.listed(report, rows, desk.app.queries.shop().currency))
