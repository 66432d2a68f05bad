"""After an import: alert states are brought up to date in silence, and one summary is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from jitledger.service.announce import push
from jitledger.service.ledger import Ledger
from jitledger.service.recording.submission import Answer, Submission
from jitledger.service.recording.watching import ALERTS
from jitledger.store.database import Database, Tx

AT_ONCE = 40


class Due(Protocol):
    """A line of the reorder report."""

    @property
    def sku(self) -> str:
        """Return the item."""


def after_import(ledger: Ledger, due: Sequence[Due], now: int) -> None:
    """Mark items that are due as alerted and send one summary instead of many alerts."""
    quiet_alerts(ledger, [line.sku for line in due])
    if not due:
        return
    body: dict[str, object] = {"count": len(due), "skus": [line.sku for line in due[:10]]}

    def tell(tx: Tx, answers: list[Answer], present: int) -> None:
        push(tx, "import-summary", body, now, subject="import")

    ledger.commit(Submission([], then=tell))


def quiet_alerts(ledger: Ledger, skus: Sequence[str]) -> None:
    """Bring the alert state of items up to date without a message each."""
    for start in range(0, len(skus), AT_ONCE):
        part = list(dict.fromkeys(skus[start : start + AT_ONCE]))
        ledger.commit(Submission([], importing=True, look=part))


def resume_alerts(database: Database, ledger: Ledger, due: Callable[[], Sequence[Due]]) -> bool:
    """Try alerts again that were stopped by a bug; what is due meanwhile is marked in silence.

    Returns whether they were stopped. Should they fail again, they are stopped again.
    """
    with database.snapshot() as tx:
        if tx.one("SELECT 1 FROM projections WHERE name = ?", (ALERTS,)) is None:
            return False
    with database.transaction() as tx:
        database.lock(tx)
        tx.execute("DELETE FROM projections WHERE name = ?", (ALERTS,))
    quiet_alerts(ledger, [line.sku for line in due()])
    return True
