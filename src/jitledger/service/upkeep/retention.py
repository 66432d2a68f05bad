"""What is kept for how long: facts for ever, the conversation for as long as it is of use.

Nothing here is a fact. A message that came in is kept as long as the same one may come again, one
that went out as long as somebody may reply to it, a button as long as somebody may press it.
"""

from __future__ import annotations

from jitledger.domain.moments import DAY
from jitledger.store.database import Tx

INBOX_DAYS = 8
"""Telegram delivers again within a day, and its numbers begin anew after a week."""

OUTBOX_DAYS = 90
PRESSED_DAYS, OPEN_DAYS = 90, 400
JOB_DAYS = 30

AT_ONCE = 5000
"""Rows of one kind in one transaction: nobody waits for long."""

_OLD = (
    ("inbox", "id", "state IN ('done', 'discarded') AND received_at < ?", INBOX_DAYS),
    ("outbox", "id", "state NOT IN ('new', 'refused') AND created_at < ?", OUTBOX_DAYS),
    ("proposals", "id", "consumed_at IS NOT NULL AND consumed_at < ?", PRESSED_DAYS),
    ("proposals", "id", "created_at < ?", OPEN_DAYS),
    ("jobs", "id", "state IN ('done', 'discarded') AND created_at < ?", JOB_DAYS),
)


def let_go(tx: Tx, now: int) -> int:
    """Let go of what is of no use any more; return how many rows, at most ``AT_ONCE`` of a kind."""
    gone = 0
    for table, key, old, days in _OLD:
        rows = tx.all(f"SELECT {key} FROM {table} WHERE {old} LIMIT ?", (now - days * DAY, AT_ONCE))
        tx.executemany(f"DELETE FROM {table} WHERE {key} = ?", [(row[0],) for row in rows])
        gone += len(rows)
    return gone
