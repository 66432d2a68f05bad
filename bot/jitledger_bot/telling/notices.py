"""What the bot tells by itself beside reorder alerts: stock below zero, run-outs ahead, expiry.

A state is told once; its end closes the message. What a table ``notices`` holds was told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from jitledger.bootstrap import App
from jitledger.domain.moments import DAY
from jitledger.service.announce import push
from jitledger.service.recording.submission import Answer, Submission
from jitledger.store.database import Tx
from jitledger_bot.memory.told import forget_told, note_told, told_at, told_since
from jitledger_bot.telling import told_lists
from jitledger_bot.telling.kinds import DAILY
from jitledger_bot.telling.kinds.kind import Row
from jitledger_projections.views.exceptions import listed_exceptions
from jitledger_projections.views.products import Label, labels

if TYPE_CHECKING:
    from jitledger_projections.reports.morning import Morning

AGAIN_AFTER = 7 * DAY

MOST_AT_ONCE = 5

MOST_ROWS = 30
"""Of one message; the others are counted in it."""

EACH_COMMIT = 200
"""Exceptions marked in one transaction: others write between them."""

EVERY = 1 << 40
"""All of them: one that is left out would look explained."""


async def tell_exceptions(app: App) -> None:
    """Tell of stock that fell below zero since the last look, and of what was explained."""
    fresh, gone, named = await asyncio.to_thread(_exceptions, app)
    for first in range(0, max(len(fresh), len(gone)), EACH_COMMIT):
        told = fresh[first : first + EACH_COMMIT]
        ended = gone[first : first + EACH_COMMIT]
        write = _exceptions_told(told, ended, named, MOST_AT_ONCE if first == 0 else 0)
        await app.ledger.acommit(Submission([], then=write))


def _exceptions_told(
    fresh: Sequence[dict[str, str]], gone: Sequence[str], named: dict[str, Label], loud: int
) -> Callable[[Tx, Sequence[Answer], int], None]:
    """Return what marks exceptions as told, tells the first ``loud`` of them, and closes others."""

    def write(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        for number, row in enumerate(fresh):
            if _mark(tx, "exception", _subject(row), now, AGAIN_AFTER) and number < loud:
                body = {**row, "name": named[row["sku"]].title}
                push(tx, "exception", body, now, subject=_subject(row))
        for subject in gone:
            forget_told(tx, subject)
            sku, _slash, _location = subject.removeprefix("exception/").rpartition("/")
            ended = {"sku": sku, "state": "explained"}
            push(tx, "alert-edit", ended, now, subject=subject)

    return write


def _exceptions(app: App) -> tuple[list[dict[str, str]], list[str], dict[str, Label]]:
    """Return exceptions nobody was told of, subjects that were explained, and names."""
    with app.database.snapshot() as tx:
        listed = {_subject(row): row for row in listed_exceptions(tx, EVERY)}
        told = told_since(tx, "exception", 0)
        fresh = [listed[subject] for subject in listed if subject not in told]
        named = labels(tx, [row["sku"] for row in fresh], app.today())
    return fresh, [subject for subject in told if subject not in listed], named


def _subject(row: dict[str, str]) -> str:
    return f"exception/{row['sku']}/{row['location']}"


def _mark(tx: Tx, kind: str, subject: str, now: int, again_after: int) -> bool:
    """Note that something is told; False when another process did just now."""
    last = told_at(tx, subject)
    if last is not None and last > now - again_after:
        return False
    note_told(tx, subject, kind, now)
    return True


def gather_day(app: App, seen: Morning) -> dict[str, list[Row]]:
    """Return what is told of a morning: {kind: rows}, each with its ``subject``, told ones out."""
    shop = app.queries.shop()
    now = app.queries.present(shop)
    with app.database.snapshot() as tx:
        told = {name: told_since(tx, name, now - kind.again_after) for name, kind in DAILY.items()}
    found = {}
    for name, kind in DAILY.items():
        fresh = [row for row in kind.rows(seen) if row["subject"] not in told[name]]
        found[name] = fresh[: kind.most]
    return found


async def tell_day(app: App, found: dict[str, list[Row]]) -> None:
    """Put what is told once a day into the outbox: one message of each kind."""
    if not any(found.values()):
        return

    def write(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        for name, kind in DAILY.items():
            rows = [
                row for row in found[name] if _mark(tx, name, row["subject"], now, kind.again_after)
            ]
            if rows:
                body = {kind.listed: rows[:MOST_ROWS], "more": max(0, len(rows) - MOST_ROWS)}
                subject = told_lists.subject_of(name, now)
                push(tx, name, body, now, subject=subject)
                if kind.ends:
                    told_lists.watch(tx, subject, now)

    await app.ledger.acommit(Submission([], then=write))
