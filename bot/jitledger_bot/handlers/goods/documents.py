"""Tables sent as documents: a preview of what would change, then a button, then the result.

The file stays with Telegram; its id is kept with the button and it is fetched again when the button
is pressed. Rows are idempotent (their key is what identifies them), so a press that is worked on
twice records nothing twice. Bad rows come back as a file with the row and the reason.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence

from aiogram import Bot, Router
from aiogram.types import Message

from jitledger.domain.errors import LedgerError
from jitledger.domain.json import Json
from jitledger.domain.state.shop import MAY_BUY
from jitledger.service.alerts.summary import after_import
from jitledger.service.importers.cells import Choices
from jitledger.service.importers.files.apart import parse_apart
from jitledger.service.importers.files.tables import Table, parse_table
from jitledger.service.importers.formats import FORMATS, map_header
from jitledger.service.importers.left_out import bad_table
from jitledger.service.importers.rows import RowsSummary, import_rows
from jitledger.service.recording.submission import Answer
from jitledger.service.spreadsheets import write_rows
from jitledger.service.views.bunches import without_collector
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import Asker
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.goods.columns import (
    as_before,
    asked,
    fitting,
    may_hold_facts,
    shape_of,
    told,
)
from jitledger_bot.handlers.goods.photos import look_at
from jitledger_bot.handlers.kinds import has_document
from jitledger_bot.jobs import Job
from jitledger_bot.memory.proposals import store_proposal
from jitledger_bot.texts.language import _, plural
from jitledger_bot.texts.say import goods as say
from jitledger_bot.texts.say import shared
from jitledger_bot.turn import Outgoing, Turn
from jitledger_bot.wire.files import fetch

MOST_UNPACKED = 100 * 1024 * 1024

MOST_BYTES = 20 * 1024 * 1024
"""What a bot may fetch from Telegram."""

PASTED = "pasted.csv"

PICTURES = ("image/jpeg", "image/png", "image/webp")
"""Pictures that came as files: people send them so to keep them sharp."""

ENDINGS = (".csv", ".csv.gz", ".xlsx", ".xlsm", ".xls", ".ods", ".tsv", ".txt", ".pdf")

ONLY_BUYERS = ("items", "suppliers")

MOST_SHOWN = 8

ROWS_AT_ONCE = 6
"""Rows in one commit of an import in the chat, beside which others are answered."""

FORM = {
    "items": say.PRODUCTS,
    "counts": say.COUNTS,
    "receipts": say.RECEIPTS,
    "sales": say.SALES,
    "suppliers": say.SUPPLIERS,
}


KEPT = ("form", "file_id", "text", "name", "dates", "decimal", "again", "columns", "shape")
"""What a job keeps of a previewed table."""

SENT = ("file_id", "text", "name", "shape")
"""What of it is the file itself, whatever was said of it."""

FACTS = ("counts", "sales", "receipts")
"""Formats of which a second file may say the same and mean something new."""

STYLES = {
    "ambiguous-date": ("dates", ("day", "month")),
    "ambiguous-number": ("decimal", (".", ",")),
}
"""{refusal: what is asked, its answers}"""

LABELS = {
    **FORM,
    "day": say.THE_DAY_IS_FIRST,
    "month": say.THE_MONTH_IS_FIRST,
    ".": say.THE_POINT_IS_DECIMAL,
    ",": say.THE_COMMA_IS_DECIMAL,
}


def make_router() -> Router:
    """Return the router of documents."""
    router = Router(name="documents")
    router.message.register(on_document, has_document)
    return router


async def on_document(message: Message, turn: Turn, desk: Desk, bot: Bot, asker: Asker) -> None:
    """Preview a table, or ask what it holds."""
    document = message.document
    if document is None:
        return
    if (document.mime_type or "").startswith(PICTURES):
        if (document.file_size or 0) > MOST_BYTES:
            turn.say(_(say.THIS_FILE_IS_OVER_20))
        else:
            kind = document.mime_type or ""
            await look_at(document.file_id, kind, message, turn, desk, bot, asker)
        return
    table_like = (document.file_name or "").casefold().endswith(ENDINGS)
    if message.chat.type != "private" and not table_like:
        return  # In a group files are also sent to others.
    if asker.member.role == "viewer":
        turn.say(_(texts.VIEWER))
        return
    name = document.file_name or "file.csv"
    if not name.casefold().endswith(ENDINGS):
        said = _(say.I_READ_TABLES_AS_CSV)
        turn.say(said.format(name=texts.safe(name[:80])))
        return
    if (document.file_size or 0) > MOST_BYTES:
        turn.say(_(say.THIS_FILE_IS_OVER_20))
        return
    try:
        table = await fetch_table(bot, document.file_id, name)
    except LedgerError as error:
        turn.say(f"✗ {texts.safe(texts.problem(error))}")
        return
    body: Json = {"file_id": document.file_id, "name": name}
    await offer_table(table, body, (message.caption or "").strip().casefold(), turn, desk)


def pasted(text: str) -> Table | None:
    """Return the table that somebody pasted into the chat: headers that are known, parted columns.

    What is parted by commas alone is a sentence until both a code and a quantity are headers.
    """
    first, _newline, rest = text.strip().partition("\n")
    if not rest or not any(sign in first for sign in "\t;|,"):
        return None
    try:
        table = parse_table(PASTED, text.strip().encode())
        named = set(map_header(FORMATS["counts"], table.header).values())
    except LedgerError:
        return None
    width = len(table.header)
    even = all(1 < len(row.cells) <= width for row in table.rows)
    return table if even and table.rows and {"sku", "qty"} <= named else None


async def offer_table(table: Table, body: Json, wanted: str, turn: Turn, desk: Desk) -> None:
    """Preview a table, or ask what it holds; ``wanted`` is what its sender says it is."""
    name = body["name"]
    body["shape"] = shape_of(table)
    fits = [wanted] if wanted in FORMATS else fitting(table)
    with desk.app.database.snapshot() as tx:
        before = as_before(tx, body["shape"])
    if before and wanted not in FORMATS:
        body |= {"columns": before["columns"], "as_before": True}
        fits = [before["form"]]
    if len(fits) == 1:
        await preview(fits[0], table, body, turn, desk)
        return
    if not fits and may_hold_facts(table):
        ask_which(list(FACTS), body, name, len(table.rows), turn)
        return
    if not fits:
        columns = texts.safe(", ".join(table.header)[:300])
        turn.say(_(say.I_DO_NOT_SEE_WHAT, name=texts.safe(name[:80]), columns=columns))
        return
    ask_which(fits, body, name, len(table.rows), turn)


def ask_which(fits: list[str], body: Json, name: str, rows: int, turn: Turn) -> None:
    """Ask what the rows of a table are."""
    text = plural(
        *say.WHAT_ARE_ITS_ROWS,
        rows,
        name=texts.safe(name[:80]),
    )
    _offer(text, [{"form": form} for form in fits], body, turn)


def _ask_how(error: LedgerError, form: str, body: Json, turn: Turn) -> None:
    """Ask once for the file what no row of it shows: which sign is decimal, what stands first."""
    what, said = STYLES[error.code]
    value = texts.safe(str(error.fields.get("value", ""))[:40])
    text = _(say.HOW_IS_IT_WRITTEN, value=value)
    _offer(text, [{"form": form, what: one} for one in said], body, turn)


def _offer(text: str, offers: list[Json], body: Json, turn: Turn) -> None:
    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        kept = {**body, "offers": offers}
        stored = store_proposal(tx, turn.chat_id, turn.member, "table", kept, now)
        buttons = [[(label(one), f"t.{stored}.{place}")] for place, one in enumerate(offers)]
        return [turn.message(text, buttons)]

    turn.render.append(render)


def label(offer: Json) -> str:
    """Return what stands on the button of an offer."""
    if offer.get("again"):
        return _(shared.IT_IS_A_NEW_ONE)
    if offer.get("anew"):
        return _(say.READ_IT_ANEW)
    if "columns" in offer:
        return str(offer["columns"][-1][1])[:40]
    said = offer.get("dates") or offer.get("decimal") or offer["form"]
    return _(LABELS[said])


def _choices(body: Json) -> Choices:
    return Choices(
        dates=body.get("dates"),
        decimal=body.get("decimal"),
        columns=tuple((field, header) for field, header in body.get("columns", ())),
        again=bool(body.get("again")),
    )


async def table_of(bot: Bot, body: Json) -> Table:
    """Return the table that a button stands for, fetched again or as it was pasted."""
    if "text" in body:
        return parse_table(PASTED, body["text"].encode())
    return await fetch_table(bot, body["file_id"], body["name"])


async def fetch_table(bot: Bot, file_id: str, name: str) -> Table:
    """Fetch a document and read it as a table; raises ``bad-file`` in one sentence."""
    data = await fetch(bot, file_id, name)
    return await asyncio.to_thread(parse_apart, name, data, MOST_UNPACKED)


async def preview(form: str, table: Table, body: Json, turn: Turn, desk: Desk) -> None:
    """Say what a table would change, and offer to do it."""
    role = desk.app.queries.shop().members.get(turn.member or "")
    if form in ONLY_BUYERS and role not in MAY_BUY:
        turn.say(_(say.THIS_TABLE_IS_FOR_THE, form=_(FORM[form])))
        return
    try:
        summary = await asyncio.to_thread(
            import_rows,
            desk.app.ledger,
            FORMATS[form],
            table,
            dry_run=True,
            member=turn.member,
            choices=_choices(body),
        )
    except LedgerError as error:
        asking = asked(error, table, body)
        if asking is None:
            turn.say(f"✗ {texts.safe(texts.problem(error))}")
        else:
            _offer(asking[0], [{"form": form, **one} for one in asking[1]], body, turn)
        return
    unclear = [bad.error for bad in summary.bad if bad.error.code in STYLES]
    if unclear and STYLES[unclear[0].code][0] not in body:
        _ask_how(unclear[0], form, body, turn)
        return
    good = summary.rows - len(summary.bad) - len(summary.left)
    if good and summary.known == good and form in FACTS and not body.get("again"):
        text = plural(*say.ALL_WERE_RECORDED, good)
        _offer(text, [{"form": form, "again": True}], body, turn)
        return
    _offer_to_take(summary, good, {**body, "form": form}, turn)


def _offer_to_take(summary: RowsSummary, good: int, body: Json, turn: Turn) -> None:
    """Say what the rows would do, and offer to take the good ones."""
    form = body["form"]
    head = plural(
        *say.ROWS_CAN_BE_TAKEN,
        summary.rows,
        good=good,
        form=_(FORM[form]),
    )
    if summary.ignored:
        columns = texts.safe(", ".join(summary.ignored)[:300])
        head += "\n" + _(say.COLUMNS_I_DO_NOT_READ, columns=columns)
    if body.get("as_before"):
        head += "\n" + _(say.AS_LAST_TIME, columns=told(body["columns"]))
    text = "\n".join([head, *_changed(summary), *_bad_lines(summary)])

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        stored = store_proposal(tx, turn.chat_id, turn.member, "import", body, now)
        label = plural(*say.TAKE_ROWS, good)
        if not summary.bad:
            label = plural(*say.TAKE_THE_ROW, good)
        keys = [(label, f"i.{stored}"), (_(shared.NO), f"n.{stored}")]
        buttons = [keys] if good else []
        if body.get("as_before"):
            anew = {**body, "offers": [{"form": form, "anew": True}]}
            other = store_proposal(tx, turn.chat_id, turn.member, "table", anew, now)
            buttons.append([(_(say.READ_IT_ANEW), f"t.{other}.0")])
        return [turn.message(texts.clip(text), buttons)]

    turn.render.append(render)


def _changed(summary: RowsSummary) -> list[str]:
    """Return what a list changes of what is known, before and after."""
    lines = [
        f"{texts.safe(one.sku)}: {one.field} {texts.safe(one.before) or '–'} → "
        + texts.safe(one.after)
        for one in summary.changes[:MOST_SHOWN]
    ]
    if len(summary.changes) > MOST_SHOWN:
        lines.append(texts.more(len(summary.changes) - MOST_SHOWN))
    return [_(say.WHAT_IT_CHANGES), *lines] if lines else []


def _bad_lines(summary: RowsSummary) -> list[str]:
    left = [
        _(say.LINE_NUMBER, n=row.line) + f" ({_(row.why)})" for row in summary.left[:MOST_SHOWN]
    ]
    if len(summary.left) > MOST_SHOWN:
        left.append(texts.more(len(summary.left) - MOST_SHOWN))
    lines = [_(say.LEFT_OUT, rows=", ".join(left))] if left else []
    lines += [
        "✗ "
        + _(say.LINE_NUMBER, n=bad.line)
        + (f", {texts.safe(bad.column)}" if bad.column else "")
        + f": {texts.safe(texts.problem(bad.error)[:200])}"
        for bad in summary.bad[:MOST_SHOWN]
    ]
    if len(summary.bad) > MOST_SHOWN:
        lines.append(texts.more(len(summary.bad) - MOST_SHOWN))
    return lines


async def take(job: Job, desk: Desk) -> None:
    """Import the good rows, bring lists up to date, and say what became of every row."""
    app = desk.app
    form, turn = job.body["form"], job.turn
    table = await table_of(job.bot, job.body)
    with without_collector():  # A search through all its rows would stop the conversation.
        summary = await asyncio.to_thread(
            import_rows,
            app.ledger,
            FORMATS[form],
            table,
            skip_bad=True,
            member=turn.member,
            channel="telegram",
            progress=job.advance,
            at_once=ROWS_AT_ONCE,
            choices=_choices(job.body),
        )
        await asyncio.to_thread(_afterwards, desk)
    text = plural(
        *say.ROWS_RECORDED,
        summary.rows,
        recorded=summary.recorded,
        repeated=summary.repeated,
        bad=len(summary.bad),
    )
    turn.say("\n".join([text, *_bad_lines(summary)]))
    if summary.bad:
        turn.document(f"{form}-not-taken.csv", _as_csv(form, table, summary))


def _afterwards(desk: Desk) -> None:
    app = desk.app
    app.driver.catch_up()
    app.sweep()
    after_import(app.ledger, app.reorder(), app.queries.present())


def _as_csv(form: str, table: Table, summary: RowsSummary) -> str:
    """Return the bad rows, to be mended and sent again, with their line and the reason."""
    out = io.StringIO()
    rows = bad_table(
        FORMATS[form],
        table,
        summary.bad,
        lambda bad: texts.problem(bad.error),
        (_(say.LINE), _(say.REASON)),
    )
    write_rows(out, rows)
    return out.getvalue()
