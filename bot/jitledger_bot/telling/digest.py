"""The morning digest: what to order, what runs out, what cannot be true, and the ledger's seal.

One for each local day, after the hour of ``MORNING``; the outbox row of the day is what says that
it was made. The seal is a witness outside the machine (``jitledger verify --witness``).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from jitledger.bootstrap import App
from jitledger.domain.errors import StoreError
from jitledger.domain.moments import local_date, to_datetime
from jitledger.service.announce import push
from jitledger.service.recording.submission import Answer, Submission
from jitledger.service.upkeep.witness import note, older_than_told, seen, witness_file
from jitledger.store.database import Tx
from jitledger.store.seals import newest_seal
from jitledger_bot.memory.outgoing import has_subject

if TYPE_CHECKING:
    from jitledger_projections.reports.morning import Morning

log = logging.getLogger(__name__)

MORNING = 7

MOST_LINES = 10


def subject_of(app: App) -> str | None:
    """Return the subject of today's digest when it is time for it, else None.

    A shop that was opened today gets its first one tomorrow.
    """
    shop = app.queries.shop()
    now = app.queries.present(shop)
    if to_datetime(now).astimezone(shop.tz).hour < MORNING:
        return None
    today = local_date(now, shop.tz)
    if shop.opened_at is not None and local_date(shop.opened_at, shop.tz) == today:
        return None
    return f"digest/{today.isoformat()}"


def is_made(app: App, subject: str) -> bool:
    """Return whether a day's digest was put into the outbox."""
    with app.database.snapshot() as tx:
        return has_subject(tx, subject)


TOLD = (
    "sku",
    "name",
    "location",
    "suggested_qty",
    "supplier",
    "late",
    "transfers",
    "substitute",
    "drafted",
)
"""What of a line of the reorder report stands in the digest."""


def gather(app: App, seen: Morning) -> dict[str, object]:
    """Return what the digest says of a morning."""
    from jitledger_projections.reports.ordering.reorder_line import as_shape
    from jitledger_projections.views.exceptions import listed_exceptions

    lines, outs = seen.rows("reorder"), seen.rows("run-out")
    with app.database.snapshot() as tx:
        wrong = listed_exceptions(tx, MOST_LINES + 1)
        seal = newest_seal(tx)
    shop = app.queries.shop()
    return {
        "day": local_date(app.queries.present(shop), shop.tz).isoformat(),
        "reorder": [{key: line[key] for key in TOLD} for line in map(as_shape, lines[:MOST_LINES])],
        "reorder_count": len(lines),
        "run_out": [
            {"sku": r.sku, "name": r.title, "earliest": r.earliest.isoformat()}
            for r in outs[:MOST_LINES]
        ],
        "run_out_count": len(outs),
        "exceptions": wrong[:MOST_LINES],
        "exceptions_count": len(wrong),
        "seal": seal,
    }


async def make(app: App, subject: str, body: dict[str, object]) -> None:
    """Put the digest into the outbox, once for its day."""

    def write(tx: Tx, answers: list[Answer], now: int) -> None:
        if not has_subject(tx, subject):
            push(tx, "digest", body, now, subject=subject)

    await app.ledger.acommit(Submission([], then=write))
    await asyncio.to_thread(_witness, app, str(body["day"]))


def _witness(app: App, day: str) -> None:
    """Keep the seal that is told outside the database, unless it lacks one that was told before."""
    file = witness_file(app.settings.database, app.settings.witness)
    if file is None or older_than_told(app.database, seen(file)) is not None:
        return
    try:
        note(file, app.database, day)
    except StoreError as error:
        log.warning("%s", error)


async def tell_older(app: App) -> bool:
    """Tell the owners, once for each seal, when this ledger lacks a seal that was told."""
    witness = seen(witness_file(app.settings.database, app.settings.witness))
    wrong = await asyncio.to_thread(older_than_told, app.database, witness)
    if wrong is None or witness is None:
        return False
    log.error("%s", wrong)
    subject = f"older/{witness.seal[:16]}"

    def write(tx: Tx, answers: list[Answer], now: int) -> None:
        if not has_subject(tx, subject):
            push(tx, "older", {"told": witness.told}, now, subject=subject)

    await app.ledger.acommit(Submission([], then=write))
    return True
