"""Exceptions: what cannot be true now (stock below zero), open until later facts explain it."""

from __future__ import annotations

from typing import Any

from jitledger.domain.events import Event
from jitledger.domain.quantity import show
from jitledger.domain.state.quantities import open_exceptions
from jitledger.service.views.contract import Batch
from jitledger.store.database import Tx


class Exceptions:
    """The projection ``exceptions``."""

    name = "exceptions"
    version = 1
    ignores = frozenset[type[Event]]()

    def definitions(self, dialect: str) -> dict[str, str]:
        """Return the table's definition."""
        return {
            "exceptions": "CREATE TABLE {name} (sku TEXT NOT NULL, location TEXT NOT NULL, "
            "code TEXT NOT NULL, quantity TEXT NOT NULL, PRIMARY KEY (sku, location, code)) "
            "/*clustered*/"
        }

    def apply(self, tx: Tx, batch: Batch, suffix: str) -> None:
        """Write the open exceptions of every changed item; closed ones disappear."""
        listed: list[str] = []
        rows: list[tuple[str, str, str, str]] = []
        for change, item in batch.items():
            if change.whole or change.was_excepted:
                listed.append(item.sku)
            for location, code, quantity in open_exceptions(item):
                rows.append((item.sku, location, code, show(quantity)))
        table = "exceptions" + suffix
        if listed and not batch.fresh:
            open_now = _listed(tx, table, listed)
            if open_now:
                tx.executemany(f"DELETE FROM {table} WHERE sku = ?", open_now)
        if rows:
            tx.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", rows)


def _listed(tx: Tx, table: str, skus: list[str]) -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(skus), 500):
        part = skus[start : start + 500]
        marks = ",".join("?" * len(part))
        found += tx.all(f"SELECT DISTINCT sku FROM {table} WHERE sku IN ({marks})", part)
    return found


def listed_exceptions(tx: Tx, limit: int = 1000) -> list[dict[str, str]]:
    """Return the exceptions that are open now."""
    rows = tx.all(
        "SELECT sku, location, code, quantity FROM exceptions ORDER BY sku, location LIMIT ?",
        (limit,),
    )
    return [dict(zip(("sku", "location", "code", "quantity"), row, strict=True)) for row in rows]
