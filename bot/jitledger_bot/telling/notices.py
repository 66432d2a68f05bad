"""What the bot tells by itself beside reorder alerts: stock below zero, run-outs ahead, expiry.

A state is told once; its end closes the message. What a table ``notices`` holds was told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any

from jitledger.bootstrap import App
from jitledger.domain.moments import DAY, local_date
from jitledger.domain.quantity import show
from jitledger.service.announce import push
from jitledger.service.submission import Answer, Submission
from jitledger.store.database import Tx
from jitledger_bot.memory.told import forget_told, note_told, told_at, told_since
from jitledger_bot.telling import told_lists
from jitledger_projections.reports.expiry import expiring
from jitledger_projections.views.exceptions import listed_exceptions
from jitledger_projections.views.products import Label, labels

if TYPE_CHECKING:
    from jitledger_projections.reports.morning import Morning

AHEAD_DAYS = 3
EXPIRY_DAYS = 7
AGAIN_AFTER = 7 * DAY
SILENCE = {"drift": 28 * DAY, "margin": 90 * DAY, "buy-ahead": 365 * DAY}
"""How long the same is not told again, where that is not ``AGAIN_AFTER``."""
CENT = Decimal("0.01")
MOST_AT_ONCE = 5
FEW = ("phantom", "drift")
"""Of these somebody has to go and look: no more than ``MOST_AT_ONCE`` a day."""
MOST_ROWS = 30
"""Of one message; the others are counted in it."""
EACH_COMMIT = 200
"""Exceptions marked in one transaction: others write between them."""
RISK_DAYS = 14
LISTS = {
    "runout": "items",
    "expiry": "lots",
    "late": "orders",
    "promise": "promises",
    "phantom": "items",
    "drift": "items",
    "margin": "items",
    "buy-ahead": "items",
}
"""What is told once a day, and under which name its rows are."""
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
            if _mark(tx, "exception", _subject(row), now) and number < loud:
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
        told = _told(tx, "exception")
        fresh = [listed[subject] for subject in listed if subject not in told]
        named = labels(tx, [row["sku"] for row in fresh])
    return fresh, [subject for subject in told if subject not in listed], named


def _subject(row: dict[str, str]) -> str:
    return f"exception/{row['sku']}/{row['location']}"


def _told(tx: Tx, kind: str, since: int = 0) -> set[str]:
    return told_since(tx, kind, since)


def _silence(kind: str) -> int:
    return SILENCE.get(kind, AGAIN_AFTER)


def _mark(tx: Tx, kind: str, subject: str, now: int) -> bool:
    """Note that something is told; False when another process did just now."""
    last = told_at(tx, subject)
    if last is not None and last > now - _silence(kind):
        return False
    note_told(tx, subject, kind, now)
    return True


def gather_day(app: App, seen: Morning) -> dict[str, list[dict[str, Any]]]:
    """Return what is told of a morning: {kind: rows}, each with its ``subject``, told ones out."""
    shop = app.queries.shop()
    now = app.queries.present(shop)
    today = local_date(now, shop.tz)
    with app.database.snapshot() as tx:
        lots = [
            {"subject": f"expiry/{lot['sku']}/{lot['location']}/{lot['expiry']}", **lot}
            for lot in expiring(tx, shop, now, EXPIRY_DAYS)
        ]
        told = {kind: _told(tx, kind, now - _silence(kind)) for kind in LISTS}
    found = {"expiry": lots, **_stock(seen, today), **_supply(seen, today, shop.currency)}
    fresh = {kind: _fresh(rows, told[kind]) for kind, rows in found.items()}
    for kind in FEW:  # The others have their turn on the next mornings.
        fresh[kind] = fresh[kind][:MOST_AT_ONCE]
    return fresh


def _stock(seen: Morning, today: date) -> dict[str, list[dict[str, Any]]]:
    """Return what runs out, what is promised, what stopped selling, what sells otherwise."""
    return {
        "runout": [
            {
                "subject": f"runout/{row.sku}",
                "sku": row.sku,
                "name": row.title,
                "on_hand": show(row.on_hand),
                "likely": row.likely.isoformat(),
            }
            for row in seen.run_outs
            if row.likely is not None and row.likely <= today + timedelta(days=AHEAD_DAYS)
        ],
        "promise": [
            {
                "subject": f"promise/{row.sku}/{row.order}",
                "sku": row.sku,
                "name": row.title,
                "order": row.order,
                "quantity": show(row.quantity),
                "due": None if row.due is None else row.due.isoformat(),
            }
            for row in seen.at_risk
            if row.due is None or row.due <= today + timedelta(days=RISK_DAYS)
        ],
        "phantom": [
            {
                "subject": f"phantom/{row.sku}",
                "sku": row.sku,
                "name": row.title,
                "on_hand": show(row.on_hand),
                "days": row.days,
            }
            for row in seen.phantoms
        ],
        "drift": [
            {
                "subject": f"drift/{row.sku}",
                "sku": row.sku,
                "name": row.title,
                "before": f"{row.before * 7:.1f}",
                "recent": f"{row.recent * 7:.1f}",
            }
            for row in seen.drifts
        ],
    }


def _supply(seen: Morning, today: date, currency: str) -> dict[str, list[dict[str, Any]]]:
    """Return late orders, margins under the shop's floor, costs that will rise."""
    return {
        "late": [
            {
                "subject": f"late/{order.number}/{order.late_days(today) // 7}",
                "po": order.number,
                "supplier": order.supplier_name,
                "days": order.late_days(today),
                "skus": [line.sku for line in order.lines if line.is_late(today)],
                "waiting": ", ".join(
                    f"{show(line.outstanding)} × {line.sku}"
                    for line in order.lines
                    if line.is_late(today)
                ),
                "others": others,
            }
            for order, others in seen.late
        ],
        "margin": [
            {
                "subject": f"margin/{row.sku}/{show(row.cost)}/{show(row.price)}",
                "sku": row.sku,
                "name": row.title,
                "cost": show(row.cost),
                "price": show(row.price),
                "margin": f"{row.margin:.1%}",
                "restoring": show(row.restoring_price.quantize(CENT, ROUND_CEILING)),
                "currency": currency,
                "orders": [[po, show(cost)] for po, cost in row.open_orders],
            }
            for row in seen.squeezed
        ],
        "buy-ahead": [
            {
                "subject": f"buy-ahead/{row.sku}/{row.starts.isoformat()}",
                "sku": row.sku,
                "name": row.title,
                "supplier": row.supplier,
                "starts": row.starts.isoformat(),
                "cost": show(row.cost),
                "new_cost": show(row.new_cost),
                "quantity": show(row.quantity),
                "saves": show(row.saves),
            }
            for row in seen.buy_ahead
        ],
    }


def _fresh(rows: Iterable[dict[str, Any]], told: set[str]) -> list[dict[str, Any]]:
    return [row for row in rows if row["subject"] not in told]


async def tell_day(app: App, found: dict[str, list[dict[str, Any]]]) -> None:
    """Put what is told once a day into the outbox: one message of each kind."""
    if not any(found.values()):
        return

    def write(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        for kind, listed in LISTS.items():
            rows = [row for row in found[kind] if _mark(tx, kind, row["subject"], now)]
            if rows:
                body = {listed: rows[:MOST_ROWS], "more": max(0, len(rows) - MOST_ROWS)}
                subject = told_lists.subject_of(kind, now)
                push(tx, kind, body, now, subject=subject)
                if kind in told_lists.ROWS:
                    told_lists.watch(tx, subject, now)

    await app.ledger.acommit(Submission([], then=write))
