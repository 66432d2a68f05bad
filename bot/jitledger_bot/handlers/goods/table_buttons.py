"""Buttons under a table: what it holds, how it is written, and taking it in."""

from __future__ import annotations

from jitledger.domain.errors import LedgerError
from jitledger.domain.json import Json
from jitledger.service.importers.files.tables import Table
from jitledger_bot import texts
from jitledger_bot.handlers.goods import documents
from jitledger_bot.handlers.goods.columns import fitting
from jitledger_bot.handlers.goods.documents import FACTS, KEPT, SENT
from jitledger_bot.jobs import start_job
from jitledger_bot.memory.conversations import remember
from jitledger_bot.memory.proposals import consume
from jitledger_bot.press import Press, action, close_message
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import goods as say
from jitledger_bot.texts.say import shared


@action("t")
async def which_table(press: Press) -> None:
    """Preview a table as what its sender says it is, and as it is written."""
    body = press.proposal.body
    offers = body.get("offers") or [{"form": form} for form in body["fits"]]
    if not press.place.isdigit() or int(press.place) >= len(offers):
        press.turn.toast(press.query.id, _(shared.THIS_BUTTON_IS_TOO_OLD))
        return
    offer = offers[int(press.place)]
    table = await _table(press)
    if table is not None:
        press.turn.effects.append(consume(press.proposal.id))
        press.turn.toast(press.query.id, documents.label(offer))
        kept: Json = {key: body[key] for key in KEPT if key in body} | offer
        if offer.get("anew"):  # What was said of an earlier file does not hold for this one.
            plain = {key: body[key] for key in SENT if key in body}
            fits = fitting(table) or list(FACTS)
            documents.ask_which(fits, plain, body["name"], len(table.rows), press.turn)
            return
        await documents.preview(offer["form"], table, kept, press.turn, press.desk)


@action("i")
def take_table(press: Press) -> None:
    """Import a table that was previewed, as a job beside the conversation."""
    body = press.proposal.body
    press.turn.effects.append(consume(press.proposal.id))
    if body.get("columns") and "shape" in body:
        kept = {"form": body["form"], "columns": body["columns"]}
        press.turn.effects.append(remember(body["shape"], None, kept))
    press.turn.toast(press.query.id, _(say.TAKING_IT_IN))
    close_message(press.turn, press.message, _(say.TAKING_IT_IN_NOW))
    start_job(press.turn, "import", {key: body[key] for key in KEPT if key in body})


async def _table(press: Press) -> Table | None:
    assert press.query.bot is not None
    body = press.proposal.body
    try:
        return await documents.table_of(press.query.bot, body)
    except LedgerError as error:
        press.turn.toast(press.query.id, texts.problem(error), alert=True)
        return None
