"""What planning keeps from one day to the next: the folded demand and each item's reorder point."""

from __future__ import annotations

from collections.abc import Sequence

from jitledger.store.database import Tx

PointRow = tuple[str, str, str, str, str]
"""(SKU, location, reorder point, quantity, inputs as JSON)"""


def kept_state(tx: Tx) -> tuple[int, int, bytes] | None:
    """Return (day, log position, body) of the demand state; None when none is kept."""
    row = tx.one("SELECT day, position, body FROM demand_state WHERE id = 1")
    return None if row is None else (int(row[0]), int(row[1]), bytes(row[2]))


def kept_day(tx: Tx) -> int | None:
    """Return through which day the kept demand state knows; None when none is kept."""
    row = tx.one("SELECT day FROM demand_state WHERE id = 1")
    return None if row is None else int(row[0])


def keep_state(tx: Tx, day: int, position: int, body: bytes) -> None:
    """Keep the demand state in the place of the one before."""
    tx.execute("DELETE FROM demand_state")
    tx.execute("INSERT INTO demand_state VALUES (1, ?, ?, ?)", (day, position, body))


def kept_points(tx: Tx) -> list[PointRow]:
    """Return every reorder point that is kept."""
    return tx.all("SELECT sku, location, reorder_point, quantity, inputs FROM reorder_points")


def drop_points(tx: Tx, keys: Sequence[tuple[str, str]]) -> None:
    """Drop the points of some (SKU, location)."""
    if keys:
        tx.executemany("DELETE FROM reorder_points WHERE sku = ? AND location = ?", keys)


def keep_points(tx: Tx, rows: Sequence[PointRow]) -> None:
    """Keep points, new ones and those that changed."""
    if rows:
        tx.executemany(
            "INSERT INTO reorder_points VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (sku, location) DO UPDATE SET "
            "reorder_point = excluded.reorder_point, quantity = excluded.quantity, "
            "inputs = excluded.inputs",
            rows,
        )
