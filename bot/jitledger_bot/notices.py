"""What the bot tells by itself beside reorder alerts: stock below zero, run-outs ahead, expiry.

A state is told once; its end closes the message. What a table ``notices`` holds was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from jitledger.bootstrap import App
from jitledger.domain.moments import DAY, local_date
from jitledger.domain.quantity import show
from jitledger.service.ledger import Answer, Submission
from jitledger.service.monitor import push
from jitledger.store.database import Tx
from jitledger_projections.exceptions import listed_exceptions
from jitledger_projections.expiry import expiring
from jitledger_projections.products import labels

if TYPE_CHECKING:
    from jitledger_projections.run_out import RunOut

AHEAD_DAYS = 3
EXPIRY_DAYS = 7
AGAIN_AFTER = 7 * DAY
MOST_AT_ONCE = 5
RISK_DAYS = 14
LISTS = {
    "runout": "items",
    "expiry": "lots",
    "late": "orders",
    "promise": "promises",
    "phantom": "items",
}
"""What is told once a day, and under which name its rows are."""
EVERY = 1 << 40
"""All of them: one that is left out would look explained."""


async def tell_exceptions(app: App) -> None:
    """Tell of stock that fell below zero since the last look, and of what was explained."""
    with app.database.snapshot() as tx:
        listed = {_subject(row): row for row in listed_exceptions(tx, EVERY)}
        told = _told(tx, "exception")
        fresh = [listed[subject] for subject in listed if subject not in told]
        named = labels(tx, [row["sku"] for row in fresh])
    gone = [subject for subject in told if subject not in listed]
    if not fresh and not gone:
        return

    def write(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        for number, row in enumerate(fresh):
            if _mark(tx, "exception", _subject(row), now) and number < MOST_AT_ONCE:
                body = {**row, "name": named[row["sku"]].title}
                push(tx, "exception", body, now, subject=_subject(row))
        for subject in gone:
            tx.execute("DELETE FROM notices WHERE subject = ?", (subject,))
            sku, _slash, _location = subject.removeprefix("exception/").rpartition("/")
            ended = {"sku": sku, "state": "explained"}
            push(tx, "alert-edit", ended, now, subject=subject)

    await app.ledger.acommit(Submission([], then=write))


def _subject(row: dict[str, str]) -> str:
    return f"exception/{row['sku']}/{row['location']}"


def _told(tx: Tx, kind: str, since: int = 0) -> set[str]:
    rows = tx.all("SELECT subject FROM notices WHERE kind = ? AND told_at >= ?", (kind, since))
    return {row[0] for row in rows}


def _mark(tx: Tx, kind: str, subject: str, now: int) -> bool:
    """Note that something is told; False when another process did just now."""
    row = tx.one("SELECT told_at FROM notices WHERE subject = ?", (subject,))
    if row is not None and row[0] > now - AGAIN_AFTER:
        return False
    tx.execute(
        "INSERT INTO notices VALUES (?, ?, ?) ON CONFLICT (subject) DO UPDATE SET "
        "told_at = excluded.told_at",
        (subject, kind, now),
    )
    return True


def gather_day(app: App, run_outs: Sequence[RunOut]) -> dict[str, list[dict[str, Any]]]:
    """Return what is told once a day: {kind: rows}, each with its ``subject``.

    ``run_outs`` are those of the next days, ``AHEAD_DAYS`` at least.
    """
    shop = app.queries.shop()
    now = app.queries.present(shop)
    last = local_date(now, shop.tz) + timedelta(days=AHEAD_DAYS)
    outs = [
        {
            "subject": f"runout/{row.sku}",
            "sku": row.sku,
            "name": row.title,
            "on_hand": show(row.on_hand),
            "likely": row.likely.isoformat(),
        }
        for row in run_outs
        if row.likely is not None and row.likely <= last
    ]
    with app.database.snapshot() as tx:
        lots = [
            {"subject": f"expiry/{lot['sku']}/{lot['location']}/{lot['expiry']}", **lot}
            for lot in expiring(tx, shop, now, EXPIRY_DAYS)
        ]
        told = {kind: _told(tx, kind, now - AGAIN_AFTER) for kind in LISTS}
    found = {"runout": outs, "expiry": lots, **_supply(app)}
    return {kind: _fresh(rows, told[kind]) for kind, rows in found.items()}


def _supply(app: App) -> dict[str, list[dict[str, Any]]]:
    """Return late orders, promises at risk, and stock that stopped selling."""
    from jitledger_projections.order_book import orders
    from jitledger_projections.phantoms import phantoms
    from jitledger_projections.promises import at_risk

    shop = app.queries.shop()
    now = app.queries.present(shop)
    today = local_date(now, shop.tz)
    with app.database.snapshot() as tx:
        late = orders(tx, today, only_late=True)
    return {
        "late": [
            {
                "subject": f"late/{order.number}/{order.late_days(today) // 7}",
                "po": order.number,
                "supplier": order.supplier_name,
                "days": order.late_days(today),
                "waiting": ", ".join(
                    f"{show(line.outstanding)} × {line.sku}"
                    for line in order.lines
                    if line.is_late(today)
                ),
            }
            for order in late
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
            for row in at_risk(app.database, app.queries)
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
            for row in phantoms(app.database, shop, now)[:MOST_AT_ONCE]
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
                push(tx, kind, {listed: rows[:30]}, now, subject=kind)

    await app.ledger.acommit(Submission([], then=write))
