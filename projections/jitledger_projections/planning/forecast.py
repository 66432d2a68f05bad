"""The demand state of every item, folded from the daily rows and kept with day and log position.

A report folds only what was touched since and the days that passed. Days count when they are
complete: today's sales act through the inventory position.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
from msgspec.json import Decoder

from jitledger.domain.events import PolicySet
from jitledger.domain.moments import day_from_number, day_number, from_datetime, start_of_day
from jitledger.domain.names import SKU_STREAM
from jitledger.domain.replenishment.demand_state import (
    DailyRows,
    DemandState,
    Exposures,
    fold_days,
    season_index,
    weekday_index,
)
from jitledger.domain.state.dated import in_force
from jitledger.domain.state.shop import Shop
from jitledger.store.database import Database, Tx

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MOST_IN_A_LIST = 500
FAR = 1 << 40
YOUNG_DAYS, YOUNG_SAMPLE = 21, 200


@dataclass(slots=True)
class Forecast:
    """The folded state of the whole shop through a day."""

    skus: list[str]
    place: dict[str, int]
    state: DemandState
    day: int
    weekday: Floats
    season: dict[str | None, tuple[Floats, int]]
    products: list[Product]
    tuned: Tuned | None = None
    cost: Floats | None = None
    """The unit cost of each item at the last sweep; 0 where it is not known."""
    first: int | None = None
    """The first day of any demand."""
    young: dict[str | None, tuple[float, float]] | None = None
    """{category: (order lines a day, units a line) of the median product when it was new}."""


class Tuned(NamedTuple):
    """The dial of the service levels, set by replaying the shop's own ledger."""

    kappa: float
    day: int
    target: float
    achieved: float


class Product(NamedTuple):
    """What a forecast needs of one product; ``orderable`` means stocked, single and in sale."""

    sku: str
    category: str | None
    supplier: str | None
    policies: str | None
    orderable: int
    mode: str = "stocked"
    analog_of: str | None = None


_POLICIES = Decoder(list[tuple[str, PolicySet]])


def policies_of(p: Product) -> list[tuple[str, PolicySet]]:
    """Return every policy of a product with the day from which it holds."""
    return _POLICIES.decode(p.policies) if p.policies else []


def policy_of(p: Product, location: str | None, today: str) -> PolicySet | None:
    """Return a product's policy in force at a location, or for the whole shop."""
    return in_force([dated for dated in policies_of(p) if dated[1].location == location], today)


def load_products(tx: Tx) -> list[Product]:
    """Return every product in the order of its code."""
    rows = tx.all(
        "SELECT sku, category, supplier, policies, CASE WHEN mode = 'stocked' AND retired = 0 "
        "AND bundle = 0 THEN 1 ELSE 0 END, mode, analog_of FROM products ORDER BY sku"
    )
    return [tuple.__new__(Product, row) for row in rows]  # Its own constructor takes twice that.


def first_days(tx: Tx, skus: list[str]) -> Ints:
    """Return the first day of each item's stock or demand, else a far day.

    What sold before its stock was known counts: then its exposure is full.
    """
    moved = _first(tx, "MIN(since) FROM on_hand WHERE since IS NOT NULL", skus)
    sold = _first(tx, "MIN(day) FROM demand_day WHERE 1 = 1", skus)
    return np.array([min(moved.get(sku, FAR), sold.get(sku, FAR)) for sku in skus], np.int64)


def _first(tx: Tx, sql: str, skus: list[str]) -> dict[str, int]:
    """Return a first day by SKU; for many the whole list is read."""
    if not skus:
        return {}
    if len(skus) > MOST_IN_A_LIST:
        return dict(tx.all(f"SELECT sku, {sql} GROUP BY sku"))
    marks = ",".join("?" * len(skus))
    return dict(tx.all(f"SELECT sku, {sql} AND sku IN ({marks}) GROUP BY sku", skus))


def load_rows(tx: Tx, place: dict[str, int], where: str, params: list[Any]) -> DailyRows:
    """Read daily rows over all locations; unmet demand counts on days with something to sell."""
    found = tx.all(
        "SELECT sku, day, lines + unmet_lines, units + unmet_units, squares + unmet_squares "
        f"FROM demand_day {where}",
        params,
    )
    if not found:
        none = np.zeros(0, np.int64)
        return DailyRows(none, none, np.zeros(0), np.zeros(0), np.zeros(0))
    skus, day_column, *numbers = zip(*found, strict=True)
    item = np.fromiter((place.get(sku, -1) for sku in skus), np.int64, len(skus))
    day = np.array(day_column, np.int64)
    known = item >= 0
    key = day * (len(place) + 1) + item
    order = np.argsort(key, kind="stable")
    order = order[known[order]]
    key = key[order]
    begins = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if key.size else order
    columns = [np.array(column, np.float64)[order] for column in numbers]
    if begins.size < key.size:  # Several locations on one day.
        columns = [np.add.reduceat(column, begins) for column in columns]
    return DailyRows(item[order][begins], day[order][begins], *columns)


def load_exposures(
    tx: Tx, place: dict[str, int], shop: Shop, first: int, last: int, only: set[str] | None
) -> Exposures:
    """Return days with less than full exposure, from the times without stock; by day, then item.

    With several locations an item is out only while every location that ever held stock is out.
    """
    tz = shop.tz
    starts = np.array(
        [start_of_day(day_from_number(day), tz) for day in range(first, last + 2)], np.int64
    )
    opens, closes = _opening(shop, first, last)
    begin, end = int(starts[0]), int(starts[-1])
    rows = [
        (sku, location, max(since, begin), end if until is None else min(until, end))
        for sku, location, since, until in tx.all(
            "SELECT sku, location, since, until FROM stockout WHERE since < ? "
            "AND (until IS NULL OR until > ?)",
            (end, begin),
        )
        if sku in place and (only is None or sku in only)
    ]
    if not rows:
        none = np.zeros(0, np.int64)
        return Exposures(none, none, np.zeros(0))
    shelves: dict[str, int] = dict(
        tx.all("SELECT sku, COUNT(*) FROM on_hand WHERE known = 1 GROUP BY sku HAVING COUNT(*) > 1")
    )
    spans = [(place[sku], since, until) for sku, _, since, until in rows if sku not in shelves]
    spans += _out_everywhere([row for row in rows if row[0] in shelves], shelves, place)
    table = np.array(spans, np.int64).reshape(-1, 3)
    return _shares(table, starts, opens, closes, first, len(place))


def _opening(shop: Shop, first: int, last: int) -> tuple[Ints, Ints]:
    """Return the moments at which the shop opens and closes on each of some days."""
    tz = shop.tz

    def at(day: int, clock: str) -> int:
        hour, minute = map(int, clock.split(":"))
        if hour == 24:
            return start_of_day(day_from_number(day + 1), tz)
        found = datetime.combine(day_from_number(day), time(hour, minute), tz)
        return from_datetime(found.astimezone(UTC))

    days = range(first, last + 1)
    opens = np.array([at(day, shop.opens) for day in days], np.int64)
    return opens, np.array([at(day, shop.closes) for day in days], np.int64)


def _out_everywhere(
    rows: list[tuple[str, str, int, int]], shelves: dict[str, int], place: dict[str, int]
) -> list[tuple[int, int, int]]:
    """Return (item, since, until) of the times in which every location of an item is out."""
    by: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for sku, location, since, until in rows:
        if until > since:
            by.setdefault(sku, {}).setdefault(location, []).append((since, until))
    return [
        (place[sku], since, until)
        for sku, by_location in by.items()
        if len(by_location) >= shelves[sku]
        for since, until in _intersection(list(by_location.values()))
    ]


def _intersection(spans: list[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    current = spans[0]
    for other in spans[1:]:
        current = [
            (max(a, c), min(b, d)) for a, b in current for c, d in other if max(a, c) < min(b, d)
        ]
    return current


def _shares(
    spans: Ints, starts: Ints, opens: Ints, closes: Ints, first: int, size: int
) -> Exposures:
    """Return the share of each day's opening time with stock, where spans without stock touch it.

    ``starts`` are the first moments of the days, with the end of the last one behind them.
    """
    spans = spans[spans[:, 2] > spans[:, 1]]
    item, since, until = spans[:, 0], spans[:, 1], spans[:, 2]
    begin = np.searchsorted(starts, since, side="right") - 1
    count = np.searchsorted(starts, until, side="left") - begin
    total = int(count.sum())
    which = np.repeat(np.arange(item.size), count)
    offset = np.arange(total) - np.repeat(np.cumsum(count) - count, count)
    day = begin[which] + offset
    gone = np.minimum(until[which], closes[day]) - np.maximum(since[which], opens[day])
    touched = gone > 0
    day, which, gone = day[touched], which[touched], gone[touched]
    total = int(day.size)
    key = day * (size + 1) + item[which]
    order = np.argsort(key, kind="stable")
    key = key[order]
    begins = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    away = np.add.reduceat(gone[order], begins) if begins.size and total else gone[:0]
    begins = begins if total else begins[:0]
    day = day[order][begins]
    share = np.maximum(0.0, 1.0 - away / (closes[day] - opens[day]))
    return Exposures(item[which][order][begins], day + first, share)


def forecast(database: Database, shop: Shop, today: date, *, sweeping: bool = False) -> Forecast:
    """Return the state of every item through yesterday, from the kept one where it serves.

    A sweep fixes the weekday and season indices anew; between sweeps they stay.
    """
    with database.snapshot() as tx:
        products = load_products(tx)
        kept = _load_kept(tx)
        head = database.head(tx)
        last = day_number(today) - 1
        skus = [p.sku for p in products]
        place = {sku: i for i, sku in enumerate(skus)}
        base = Forecast(skus, place, DemandState.empty(len(skus)), last, np.ones(7), {}, products)
        touched: set[str] | None = None
        if kept is not None and kept[0] <= last and kept[1] <= head:
            touched = _use_kept(database, tx, base, kept, head)
        if touched is None:
            first = int(first_days(tx, skus).min()) if skus else FAR
            if first > last:
                return base
            begun = tx.one("SELECT MIN(day) FROM demand_day")[0]
            if begun is not None and begun <= last:
                _measure(tx, base, begun, last)
            _advance(tx, base, shop, first, last, None)
        else:
            if touched:
                _refold(tx, base, shop, base.day, touched)
            if base.day < last:
                _advance(tx, base, shop, base.day + 1, last, None)
            begun = tx.one("SELECT MIN(day) FROM demand_day")[0] if sweeping else None
            if begun is not None and begun <= last:
                _measure(tx, base, begun, last)
        if sweeping or base.young is None:
            base.young = _when_young(tx, base)
        base.day = last
    return base


def _when_young(tx: Tx, base: Forecast) -> dict[str | None, tuple[float, float]]:
    """Return each category's medians over the first three weeks of products that have a history.

    Of a large category it is a sample, spread over the codes.
    """
    s = base.state
    by: dict[str | None, list[str]] = {}
    for place in np.flatnonzero((s.days >= YOUNG_DAYS) & (s.lines >= 3)).tolist():
        by.setdefault(base.products[place].category, []).append(base.skus[place])
    found: dict[str | None, tuple[float, float]] = {}
    for category, skus in by.items():
        sample = skus[:: -(-len(skus) // YOUNG_SAMPLE)]
        marks = ",".join("?" * len(sample))
        rows = tx.all(
            "SELECT d.sku, SUM(d.lines), SUM(d.units) FROM demand_day d JOIN ("
            "SELECT sku, MIN(day) AS first FROM ("
            f"SELECT sku, MIN(day) AS day FROM demand_day WHERE sku IN ({marks}) GROUP BY sku "
            "UNION ALL SELECT sku, since AS day FROM on_hand "
            f"WHERE since IS NOT NULL AND sku IN ({marks})) AS seen GROUP BY sku"
            f") AS begun ON begun.sku = d.sku WHERE d.day < begun.first + {YOUNG_DAYS} "
            "GROUP BY d.sku",
            [*sample, *sample],
        )
        sold = [(float(lines), float(units)) for _, lines, units in rows if lines > 0]
        rates = [lines / YOUNG_DAYS for lines, _ in sold] + [0.0] * (len(sample) - len(sold))
        if sold:
            each = float(np.median([units / lines for lines, units in sold]))
            found[category] = (float(np.median(rates)), each)
    return found


def _measure(tx: Tx, base: Forecast, first: int, last: int) -> None:
    """Fix the weekday and season indices of this sweep."""
    rows = tx.all("SELECT day, SUM(lines) FROM demand_day WHERE day <= ? GROUP BY day", (last,))
    lines = np.zeros(last - first + 1)
    for day, count in rows:
        lines[day - first] = float(count)
    base.weekday = weekday_index(lines, first, last)
    base.season = {None: (lines, first)}
    base.first = first
    if last - first >= 365:
        by = tx.all(
            "SELECT p.category, d.day, SUM(d.lines) FROM demand_day d JOIN products p "
            "ON p.sku = d.sku WHERE d.day <= ? AND p.category IS NOT NULL "
            "GROUP BY p.category, d.day",
            (last,),
        )
        for category, day, count in by:
            found = base.season.setdefault(category, (np.zeros(last - first + 1), first))
            found[0][day - first] = float(count)


def day_factors(base: Forecast, first: int, last: int) -> Floats:
    """Return weekday × season factors, shape (days,) or (days, items) when seasons differ."""
    days = np.arange(first, last + 1)
    weekday = base.weekday[(days + 3) % 7]
    seasons = {c: season_index(lines, begin, days) for c, (lines, begin) in base.season.items()}
    if all((factor == 1.0).all() for factor in seasons.values()):
        return weekday
    whole = seasons.get(None, np.ones(days.size))
    columns = np.stack([seasons.get(p.category, whole) for p in base.products], axis=1)
    return np.asarray(weekday[:, None] * columns)


def _advance(
    tx: Tx, base: Forecast, shop: Shop, first: int, last: int, only: set[str] | None
) -> None:
    rows = load_rows(tx, base.place, "WHERE day >= ? AND day <= ?", [first, last])
    exposures = load_exposures(tx, base.place, shop, first, last, only)
    _fold(tx, base, rows, exposures, first, last)


def _fold(
    tx: Tx, base: Forecast, rows: DailyRows, exposures: Exposures, first: int, last: int
) -> None:
    rows = without_unsellable(rows, exposures, len(base.skus))
    start = first_days(tx, base.skus)
    for begin in range(first, last + 1, 60):  # Bounds the memory of (days, items) factors.
        end = min(last, begin + 59)
        fold_days(base.state, rows, exposures, start, begin, end, day_factors(base, begin, end))


def without_unsellable(rows: DailyRows, exposures: Exposures, size: int) -> DailyRows:
    """Drop demand of days without any exposure: only unmet demand is there, and it is lost.

    A recorded sale shows that there was something to sell until then (``StockItem``).
    """
    gone = exposures.share <= 0.0
    if not gone.any() or not rows.day.size:
        return rows
    keys = exposures.day[gone] * (size + 1) + exposures.item[gone]  # In order, as they are.
    mine = rows.day * (size + 1) + rows.item
    at = np.minimum(np.searchsorted(keys, mine), keys.size - 1)
    keep = keys[at] != mine
    return DailyRows(
        rows.item[keep], rows.day[keep], rows.lines[keep], rows.units[keep], rows.squares[keep]
    )


def _refold(tx: Tx, base: Forecast, shop: Shop, last: int, touched: set[str]) -> None:
    """Fold some items again from their first day."""
    skus = sorted(touched & base.place.keys())
    if not skus:
        return
    index = np.array([base.place[s] for s in skus], np.intp)
    part = Forecast(
        skus,
        {s: i for i, s in enumerate(skus)},
        DemandState.empty(len(skus)),
        last,
        base.weekday,
        base.season,
        [base.products[i] for i in index],
    )
    marks = ",".join("?" * len(skus))
    rows = load_rows(tx, part.place, f"WHERE sku IN ({marks}) AND day <= ?", [*skus, last])
    first = int(first_days(tx, skus).min())
    if first > last:
        base.state.put(index, part.state)
        return
    exposures = load_exposures(tx, part.place, shop, first, last, touched)
    _fold(tx, part, rows, exposures, first, last)
    base.state.put(index, part.state)


def _load_kept(tx: Tx) -> tuple[int, int, bytes] | None:
    row = tx.one("SELECT day, position, body FROM demand_state WHERE id = 1")
    return None if row is None else (int(row[0]), int(row[1]), bytes(row[2]))


def _use_kept(
    database: Database, tx: Tx, base: Forecast, kept: tuple[int, int, bytes], head: int
) -> set[str] | None:
    """Load the kept state; return the items that were touched since, None when it cannot serve."""
    with np.load(io.BytesIO(kept[2]), allow_pickle=False) as stored:
        old_skus = stored["skus"].tobytes().decode().split("\n")
        if any(f.name not in stored for f in fields(DemandState)):
            return None  # It was kept by an older program.
        arrays = {f.name: stored[f.name] for f in fields(DemandState)}
        weekday = stored["weekday"]
        season = orjson.loads(stored["season"].tobytes())
        cost, tuned, young = (stored.get(name) for name in ("cost", "tuned", "young"))
    column = database.position_column
    rows = tx.all(
        f"SELECT DISTINCT originator_id FROM stored_events WHERE {column} > ?", (kept[1],)
    )
    touched = {r[0][len(SKU_STREAM) :] for r in rows if r[0].startswith(SKU_STREAM)}
    if len(touched) > 900:
        return None
    if old_skus == base.skus:
        base.state = DemandState(**arrays)
        base.cost = cost
    else:
        known = [(i, base.place[s]) for i, s in enumerate(old_skus) if s in base.place]
        source = np.array([k[0] for k in known], np.intp)
        target = np.array([k[1] for k in known], np.intp)
        base.state.put(target, DemandState(**arrays).select(source))
        if cost is not None:
            base.cost = np.zeros(len(base.skus))
            base.cost[target] = cost[source]
    if tuned is not None and tuned.size:
        base.tuned = Tuned(float(tuned[0]), int(tuned[1]), float(tuned[2]), float(tuned[3]))
    if young is not None:
        medians = orjson.loads(young.tobytes())
        base.young = {category or None: (rate, each) for category, (rate, each) in medians.items()}
    base.day = kept[0]
    base.weekday = weekday
    base.season = {
        (None if c == "" else c): (np.array(lines, float), begin)
        for c, (lines, begin) in season.items()
    }
    base.first = base.season[None][1] if None in base.season else None
    return touched


def keep(database: Database, found: Forecast, position: int) -> None:
    """Store a state with its day and log position."""
    body = io.BytesIO()
    young = {category or "": medians for category, medians in (found.young or {}).items()}
    season = {c or "": (lines.tolist(), begin) for c, (lines, begin) in found.season.items()}
    np.savez(
        body,
        skus=np.frombuffer("\n".join(found.skus).encode(), np.uint8),
        weekday=found.weekday,
        young=np.frombuffer(orjson.dumps(young), np.uint8),
        season=np.frombuffer(orjson.dumps(season), np.uint8),
        cost=np.zeros(len(found.skus)) if found.cost is None else found.cost,
        tuned=np.array(found.tuned if found.tuned is not None else (), float),
        **{f.name: getattr(found.state, f.name) for f in fields(DemandState)},
    )
    with database.transaction() as tx:
        database.lock(tx)
        tx.execute("DELETE FROM demand_state")
        tx.execute(
            "INSERT INTO demand_state VALUES (1, ?, ?, ?)", (found.day, position, body.getvalue())
        )
