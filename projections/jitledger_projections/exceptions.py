"""Exceptions: what cannot be true now (stock below zero), open until later facts explain it."""

from __future__ import annotations

from typing import Any

from jitledger.domain.quantity import show
from jitledger.domain.stock_item import StockItem
from jitledger.service.projection import Batch
from jitledger.store.database import Tx


class Exceptions:
    """The projection ``exceptions``."""

    name = "exceptions"
    version = 1

    def definitions(self, dialect: str) -> dict[str, str]:
        """Return the table's definition."""
        return {
            "exceptions": "CREATE TABLE {name} (sku TEXT NOT NULL, location TEXT NOT NULL, "
            "code TEXT NOT NULL, quantity TEXT NOT NULL, PRIMARY KEY (sku, location, code)) "
            "/*clustered*/"
        }

    def apply(self, tx: Tx, batch: Batch, suffix: str) -> None:
        """Write the open exceptions of every changed item; closed ones disappear."""
        items = [item for _, item in batch.items()]
        if not items:
            return
        table = "exceptions" + suffix
        if not suffix:
            listed = {row[0] for row in _listed(tx, [item.sku for item in items])}
            if listed:
                tx.executemany(f"DELETE FROM {table} WHERE sku = ?", [(sku,) for sku in listed])
        rows = [row for item in items for row in _open(item)]
        if rows:
            tx.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", rows)


def _listed(tx: Tx, skus: list[str]) -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(skus), 500):
        part = skus[start : start + 500]
        marks = ",".join("?" * len(part))
        found += tx.all(f"SELECT DISTINCT sku FROM exceptions WHERE sku IN ({marks})", part)
    return found


def _open(item: StockItem) -> list[tuple[str, str, str, str]]:
    rows = [
        (item.sku, location, "negative-stock", show(shelf.on_hand))
        for location, shelf in item.shelves.items()
        if shelf.known and shelf.on_hand < 0
    ]
    for leg in item.transfers.values():
        if leg["open"] < 0:
            row = (item.sku, leg["to"], "negative-in-transit", show(leg["open"]))
            if row not in rows:
                rows.append(row)
    return list({row[:3]: row for row in rows}.values())


def open_exceptions(tx: Tx, limit: int = 1000) -> list[dict[str, str]]:
    """Return the exceptions that are open now."""
    rows = tx.all(
        "SELECT sku, location, code, quantity FROM exceptions ORDER BY sku, location LIMIT ?",
        (limit,),
    )
    return [dict(zip(("sku", "location", "code", "quantity"), row, strict=True)) for row in rows]
