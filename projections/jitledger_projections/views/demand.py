"""What planning and reports ask of the daily demand and the times without stock."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from jitledger.store.database import Tx

MOST_IN_A_LIST = 500


class Demand(NamedTuple):
    """What was asked for over some days: sold, and not there."""

    lines: float
    units: float
    unmet_lines: float
    unmet_units: float


class Lying(NamedTuple):
    """Stock of one item at one location; days are numbers."""

    sku: str
    on_hand: Decimal
    since: int
    last_asked: int | None
    filled_at: int | None = None
    """The moment at which an empty shelf was filled last: all that lies there came since."""


DailyRow = tuple[str, int, float, float, float, int]
"""(SKU, day, lines, units, squares, whether it was asked for and not there)"""


def first_stock(tx: Tx, skus: Sequence[str]) -> dict[str, int]:
    """Return the first day of each item's stock."""
    return _first(tx, "MIN(since) FROM on_hand WHERE since IS NOT NULL", skus)


def first_demand(tx: Tx, skus: Sequence[str]) -> dict[str, int]:
    """Return the first day of each item's demand."""
    return _first(tx, "MIN(day) FROM demand_day WHERE 1 = 1", skus)


def _first(tx: Tx, sql: str, skus: Sequence[str]) -> dict[str, int]:
    """Return a first day by SKU; for many the whole list is read."""
    if not skus:
        return {}
    if len(skus) > MOST_IN_A_LIST:
        return dict(tx.all(f"SELECT sku, {sql} GROUP BY sku"))
    marks = ",".join("?" * len(skus))
    return dict(tx.all(f"SELECT sku, {sql} AND sku IN ({marks}) GROUP BY sku", skus))


def demand_bounds(tx: Tx) -> tuple[int, int] | None:
    """Return the first and the last day of any demand; None without any."""
    row = tx.one("SELECT MIN(day), MAX(day) FROM demand_day")
    return None if row is None or row[0] is None else (int(row[0]), int(row[1]))


def daily_rows(
    tx: Tx, first: int | None, last: int, skus: Sequence[str] | None = None
) -> list[DailyRow]:
    """Return the demand of each day and location, of all items or of some; unmet in rows apart."""
    asked, params = ["day <= ?"], [last, *(skus or ())]
    if skus is not None:
        asked.append(f"sku IN ({','.join('?' * len(skus))})")
    if first is not None:
        asked.append("day >= ?")
        params.append(first)
    limits = " AND ".join(asked)
    return tx.all(
        f"SELECT sku, day, lines, units, squares, 0 FROM demand_day WHERE {limits} AND lines > 0 "
        "UNION ALL SELECT sku, day, unmet_lines, unmet_units, unmet_squares, 1 "
        f"FROM demand_day WHERE {limits} AND unmet_lines > 0",
        [*params, *params],
    )


def lines_by_day(tx: Tx, last: int, first: int = -(1 << 40)) -> list[tuple[int, float]]:
    """Return the order lines of the whole shop on each day."""
    return tx.all(
        "SELECT day, SUM(lines) FROM demand_day WHERE day >= ? AND day <= ? GROUP BY day",
        (first, last),
    )


def lines_by_category(tx: Tx, last: int) -> list[tuple[str, int, float]]:
    """Return (category, day, order lines)."""
    return tx.all(
        "SELECT p.category, d.day, SUM(d.lines) FROM demand_day d JOIN products p "
        "ON p.sku = d.sku WHERE d.day <= ? AND p.category IS NOT NULL GROUP BY p.category, d.day",
        (last,),
    )


def when_new(tx: Tx, skus: Sequence[str], days: int) -> list[tuple[float, float]]:
    """Return (lines, units) of the first days of items, since stock or demand first was there."""
    marks = ",".join("?" * len(skus))
    rows = tx.all(
        "SELECT d.sku, SUM(d.lines), SUM(d.units) FROM demand_day d JOIN ("
        "SELECT sku, MIN(day) AS first FROM ("
        f"SELECT sku, MIN(day) AS day FROM demand_day WHERE sku IN ({marks}) GROUP BY sku "
        "UNION ALL SELECT sku, since AS day FROM on_hand "
        f"WHERE since IS NOT NULL AND sku IN ({marks})) AS seen GROUP BY sku"
        ") AS begun ON begun.sku = d.sku WHERE d.day < begun.first + ? GROUP BY d.sku",
        [*skus, *skus, days],
    )
    return [(float(lines), float(units)) for _, lines, units in rows if lines > 0]


def times_without_stock(tx: Tx, begin: int, end: int) -> list[tuple[str, str, int, int | None]]:
    """Return (SKU, location, since, until) of what touches a stretch of moments."""
    return tx.all(
        "SELECT sku, location, since, until FROM stockout WHERE since < ? "
        "AND (until IS NULL OR until > ?)",
        (end, begin),
    )


def shelves_of_several(tx: Tx) -> dict[str, int]:
    """Return the number of locations of each item that lies at more than one."""
    return dict(
        tx.all("SELECT sku, COUNT(*) FROM on_hand WHERE known = 1 GROUP BY sku HAVING COUNT(*) > 1")
    )


def lying(tx: Tx, until: int) -> list[Lying]:
    """Return stock that was there by a day and that nobody asked for since."""
    rows = tx.all(
        "SELECT h.sku, h.on_hand, h.since, d.last, h.filled_at FROM on_hand h "
        "LEFT JOIN (SELECT sku, MAX(day) AS last FROM demand_day GROUP BY sku) d "
        "ON d.sku = h.sku "
        "WHERE h.known = 1 AND h.since <= ? AND (d.last IS NULL OR d.last < ?)",
        (until, until),
    )
    return [Lying(sku, Decimal(on_hand), *rest) for sku, on_hand, *rest in rows]


def sold_at(tx: Tx, skus: Sequence[str]) -> dict[str, set[str]]:
    """Return the locations at which each item sells."""
    found: dict[str, set[str]] = {}
    for start in range(0, len(skus), MOST_IN_A_LIST):
        part = skus[start : start + MOST_IN_A_LIST]
        marks = ",".join("?" * len(part))
        for sku, location in tx.all(
            f"SELECT DISTINCT sku, location FROM demand_day WHERE lines > 0 AND sku IN ({marks})",
            part,
        ):
            found.setdefault(sku, set()).add(location)
    return found


def units_by_place(tx: Tx, skus: Sequence[str], first: int) -> dict[str, dict[str, float]]:
    """Return {SKU: {location: units asked for}} since a day, unmet demand included."""
    found: dict[str, dict[str, float]] = {}
    for start in range(0, len(skus), MOST_IN_A_LIST):
        part = skus[start : start + MOST_IN_A_LIST]
        marks = ",".join("?" * len(part))
        for sku, location, units in tx.all(
            "SELECT sku, location, SUM(units + unmet_units) FROM demand_day "
            f"WHERE day >= ? AND sku IN ({marks}) GROUP BY sku, location",
            [first, *part],
        ):
            found.setdefault(sku, {})[location] = float(units)
    return found


def sold_on_days(tx: Tx, before: int, least: int) -> set[str]:
    """Return items that sold on at least so many days before a day."""
    rows = tx.all(
        "SELECT sku FROM demand_day WHERE day < ? AND lines > 0 GROUP BY sku "
        "HAVING COUNT(DISTINCT day) >= ?",
        (before, least),
    )
    return {row[0] for row in rows}


def demand_between(tx: Tx, sku: str, first: int, last: int) -> Demand:
    """Return an item's demand over some days, the last included."""
    row = tx.one(
        "SELECT SUM(lines), SUM(units), SUM(unmet_lines), SUM(unmet_units) "
        "FROM demand_day WHERE sku = ? AND day >= ? AND day <= ?",
        (sku, first, last),
    )
    return Demand(*(float(x or 0) for x in row))


def unmet_between(tx: Tx, first: int, last: int) -> dict[str, float]:
    """Return {SKU: units that were asked for in vain} over some days, the last included."""
    rows = tx.all(
        "SELECT sku, SUM(unmet_units) FROM demand_day WHERE day >= ? AND day <= ? "
        "AND unmet_units > 0 GROUP BY sku",
        (first, last),
    )
    return {sku: float(units) for sku, units in rows}
