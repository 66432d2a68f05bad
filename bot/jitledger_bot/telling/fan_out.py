"""A push on its way to every chat that wants to hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from time import time_ns

import orjson

from jitledger.service.announce import push as announce
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import PUSHES, Receiver, quiet_until
from jitledger_bot.desk import Desk
from jitledger_bot.memory.outgoing import (
    Waiting,
    drop_waiting,
    finish,
    is_new,
    mark_sent,
    put,
    put_off,
    sent_since_the_last_end,
    waits_until,
)
from jitledger_bot.memory.receivers import receivers
from jitledger_bot.memory.told import raised_alerts
from jitledger_bot.telling import told_lists
from jitledger_bot.telling.kinds import kind_of
from jitledger_bot.telling.pushes import pushed
from jitledger_bot.texts.language import speaking
from jitledger_bot.turn import Outgoing

MOST_ALONE = 4
"""So many alerts that wait at once are a message each; more are one list."""
MOST_ROWS = 30


def fan_out(tx: Tx, pushes: Sequence[Waiting], desk: Desk) -> int:
    """Turn each push into one row for each receiver; return how many were turned.

    The end of an alert waits until the alert itself has been sent; one that waited for the end
    of somebody's quiet hours meanwhile is never sent to them.
    """
    to = receivers(tx, desk.app.queries.shop())
    turned = _gather(tx, pushes, desk)
    for push in pushes:
        if not is_new(tx, push.id) or not _turn(tx, push, to, desk):
            continue
        finish(tx, push.id)
        turned += 1
    return turned


def _gather(tx: Tx, pushes: Sequence[Waiting], desk: Desk) -> int:
    """Tell many alerts that wait as one list, those that are over left out; return how many."""
    waiting = [push for push in pushes if push.kind == "alert" and is_new(tx, push.id)]
    if len(waiting) <= MOST_ALONE:
        return 0
    raised = raised_alerts(tx)
    rows: dict[str, dict[str, object]] = {}
    for push in waiting:
        row = orjson.loads(push.body)
        if (row["sku"], row["location"] or "") in raised:
            rows[str(push.subject)] = {**row, "subject": push.subject}
        finish(tx, push.id)
    if rows:
        listed, now = [rows[key] for key in sorted(rows)], desk.app.queries.present()
        body = {"items": listed[:MOST_ROWS], "more": max(0, len(listed) - MOST_ROWS)}
        subject = told_lists.subject_of("alerts", now)
        announce(tx, "alerts", body, now, subject=subject)
        told_lists.watch(tx, subject, now)
    return len(waiting)


def _turn(tx: Tx, push: Waiting, to: Sequence[Receiver], desk: Desk) -> bool:
    """Write the messages of a push; False when it has to wait."""
    data, now = orjson.loads(push.body), desk.app.clock.now()
    match push.kind:
        case "alert-edit":
            drop_waiting(tx, push.subject, now)
            if waits_until(tx, push.subject) is not None:
                return False
            put(tx, alert_edits(tx, data, push, desk), time_ns(), mine=False)
        case "list-edit":
            until = waits_until(tx, push.subject)
            if until is not None and until <= now:
                return False  # On its way this moment.
            sent = mark_sent(tx, push.subject)
            put(tx, told_lists.edits(tx, data, sent, desk), time_ns(), mine=False)
            if until is not None:  # Who sleeps hears of it after the list itself.
                put_off(tx, push.id, until)
                return False
        case _:
            _tell(tx, push, data, to, now)
    return True


def _tell(tx: Tx, push: Waiting, data: dict[str, object], to: Sequence[Receiver], now: int) -> None:
    """Write a push for everyone who wants it, in their language, after their quiet hours."""
    stamp = time_ns()
    for receiver in to:
        owner = receiver.role == "owner"
        wish = kind_of(push.kind).like or push.kind
        if not (wish in receiver.wishes.wants if wish in PUSHES else owner):
            continue
        with speaking(receiver.voice):
            body = pushed(tx, push.kind, data, receiver, stamp)
        out = Outgoing(receiver.chat_id, "sendMessage", body, "push-message", push.subject)
        (sending,) = put(tx, [out], stamp, mine=False)
        due = quiet_until(receiver, now)
        if due:
            put_off(tx, sending.id, due)


def alert_edits(tx: Tx, data: dict[str, object], push: Waiting, desk: Desk) -> list[Outgoing]:
    """Return edits of every message that told of an alert, in every chat."""
    edits = []
    for chat_id, message_id, body in sent_since_the_last_end(tx, push.subject, push.id):
        with speaking(desk.voice_in(tx, chat_id)):
            text = f"{orjson.loads(body)['text']}\n{texts.alert_state(data)}"
        edit = {
            "chat_id": chat_id,
            "message_id": message_id,
            "text": text,
            "parse_mode": "HTML",
        }
        edits.append(Outgoing(chat_id, "editMessageText", edit, "edit"))
    return edits
