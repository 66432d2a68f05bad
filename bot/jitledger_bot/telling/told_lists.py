"""Lists the bot told of by itself, and what became of their rows: the message changes with them.

A list stays in the outbox as it was told; ``settled`` in its body says which rows ended, and how.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import orjson

from jitledger.bootstrap import App
from jitledger.domain.json import Json
from jitledger.domain.moments import DAY
from jitledger.domain.names import ALERT_STREAM, ORDER_STREAM, SKU_STREAM
from jitledger.service.announce import push
from jitledger.service.recording.submission import Answer, Submission
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.memory.outgoing import list_of, rewrite
from jitledger_bot.memory.proposals import load_proposal
from jitledger_bot.memory.told import forget_told, told_since, watch_list
from jitledger_bot.telling.kinds import DAILY
from jitledger_bot.telling.kinds.kind import Since
from jitledger_bot.texts.language import _, speaking
from jitledger_bot.texts.say import told as say
from jitledger_bot.turn import Outgoing, keyboard

WATCHED = 7 * DAY

Settled = dict[str, dict[str, str]]
"""{subject of a row: {"about", "name", "state", perhaps "quantity"}}"""


def subject_of(kind: str, now: int) -> str:
    """Return the subject of a list that is told at a moment."""
    return f"list/{kind}/{now}"


def watch(tx: Tx, subject: str, now: int) -> None:
    """Note that a list was told, so that its rows are looked after; old ones no longer are."""
    watch_list(tx, subject, now, now - WATCHED)


async def settle(app: App, after: int | None) -> None:
    """Find rows that ended, and have their messages changed.

    Only what was touched after a position of the log is looked at; without one, everything.
    """
    found = await asyncio.to_thread(_settled, app, after)
    if not found:
        return

    def write(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        for number, subject, name, body in found:
            now_told = list_of(tx, subject)
            known = {} if now_told is None else now_told[2].get("settled", {})
            ended = body["settled"] = {**known, **body["settled"]}
            if ended == known:
                continue  # Another process saw it first.
            rewrite(tx, number, body)
            left = [_about(row) for row in body[DAILY[name].listed] if row["subject"] not in ended]
            push(tx, "list-edit", {"settled": ended, "left": left}, now, subject=subject)
            if not left:
                forget_told(tx, subject)

    await app.ledger.acommit(Submission([], then=write))


def _about(row: dict[str, object]) -> str:
    """Return what a row is about: a product, or a purchase order."""
    return str(row.get("sku") or row["po"])


def _dumped(body: dict[str, object]) -> str:
    return orjson.dumps(body).decode()


def _settled(app: App, after: int | None) -> list[tuple[int, str, str, Json]]:
    """Return (row, subject, kind, body with what ended) of lists that changed."""
    shop = app.queries.shop()
    now = app.queries.present(shop)
    changed = []
    with app.database.snapshot() as tx:
        subjects = told_since(tx, "list", now - WATCHED)
        touched = None
        if subjects and after is not None:
            touched = set(app.database.touched(tx, after))
        for subject in sorted(subjects):
            told = list_of(tx, subject)
            if told is None:
                continue
            number, name, body, at = told
            kind = DAILY[name]
            ended: Settled = body.setdefault("settled", {})
            before = len(ended)
            for one in body[kind.listed]:
                if one["subject"] not in ended and _is_touched(one, touched):
                    end = kind.end(one, Since(app, tx, shop, at, now))
                    if end is not None:
                        ended[one["subject"]] = {"about": _about(one), **end}
            if len(ended) > before:
                changed.append((number, subject, name, body))
    return changed


def _is_touched(row: Json, streams: set[str] | None) -> bool:
    """Return whether something was recorded of a row's product, order or ordered products."""
    if streams is None:
        return True
    mine = [SKU_STREAM + sku for sku in row.get("skus", ())]
    mine += [ALERT_STREAM + row["sku"]] if "sku" in row else []
    mine.append(ORDER_STREAM + row["po"] if "po" in row else SKU_STREAM + row["sku"])
    return not streams.isdisjoint(mine)


def edits(tx: Tx, data: Json, rows: Sequence[tuple[int, int, str]], desk: Desk) -> list[Outgoing]:
    """Return the edit of a list's message in every chat: what ended, without its buttons.

    ``rows`` are (chat, message, body) of what was sent.
    """
    settled: Settled = data["settled"]
    ended = {end["about"] for end in settled.values()} - set(data["left"])
    found = []
    for chat_id, message_id, body in rows:
        told = orjson.loads(body)
        with speaking(desk.voice_in(tx, chat_id)):
            lines = [_said(end) for end in settled.values()]
        buttons = [
            [(key["text"], key["callback_data"]) for key in row]
            for row in told.get("reply_markup", {}).get("inline_keyboard", ())
            if not _is_about(tx, row, ended)
        ]
        edit = {
            "chat_id": chat_id,
            "message_id": message_id,
            "text": texts.clip("\n".join([told["text"], *lines])),
            "parse_mode": "HTML",
        }
        if buttons:
            edit["reply_markup"] = keyboard(buttons)
        found.append(Outgoing(chat_id, "editMessageText", edit, "edit"))
    return found


def _is_about(tx: Tx, row: Sequence[dict[str, str]], ended: set[str]) -> bool:
    """Return whether a row of buttons is about something that ended."""
    proposal = load_proposal(tx, row[0]["callback_data"].split(".")[1])
    if proposal is None:
        return False
    return (proposal.body.get("sku") or proposal.body.get("po")) in ended


def _said(end: dict[str, str]) -> str:
    name = texts.safe(end["name"])
    match end["state"]:
        case "came" | "found":
            return "✓ " + _(say.ON_HAND_NOW, name=name, quantity=end["quantity"])
        case "gone":
            return "✓ " + _(say.OFF_THE_SHELF, name=name)
        case "alert-over":
            return "✓ " + _(say.NO_ALERT_ANY_MORE, name=name)
        case "alert-retracted":
            return "↩ " + _(say.NEVER_WAS_LOW, name=name)
        case "kept":
            return "✓ " + _(say.PROMISE_IS_SETTLED, name=name)
        case "received" | "closed":
            return "✓ " + _(say.CAME, name=name)
        case "cancelled":
            return "✓ " + _(say.CANCELLED, name=name)
        case _:
            return "✓ " + _(say.NOT_LATE_ANY_MORE, name=name)
