"""What needs reordering: the demand state of every item, its reorder point, quantity and dates.

The state is folded from the daily rows and kept with its day and log position (``demand_state``),
so that a report folds only what was touched since and the days that passed. Days count when they
are complete: today's sales act through the inventory position.

An item is looked at over all its locations; a policy with a location is looked at there.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from jitledger.domain.moments import day_from_number, day_number, local_date, start_of_day
from jitledger.domain.names import SKU_STREAM
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.replenishment.demand_state import (
    DailyRows,
    DemandState,
    Exposures,
    fold_days,
    season_index,
    weekday_index,
)
from jitledger.domain.replenishment.order_quantity import Suggestion, suggest
from jitledger.domain.replenishment.reorder_point import (
    Rates,
    lead_time,
    rates,
    reorder_points,
    run_out_days,
)
from jitledger.domain.shop import Shop
from jitledger.domain.stock_item import in_force
from jitledger.domain.supplier import DEFAULT_LEAD_TIME_DAYS
from jitledger.store.database import Database, Tx, marked
from jitledger_projections.on_hand import Position, positions
from jitledger_projections.supply import SupplierRow, suppliers, terms

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Forecast:
    """The folded state of the whole shop through a day."""

    skus: list[str]
    place: dict[str, int]
    state: DemandState
    start: Ints
    category: list[str | None]
    day: int
    weekday: Floats
    season: dict[str | None, tuple[Floats, int]]
    products: list[_Product]


@dataclass(frozen=True, slots=True)
class ReorderLine:
    """One item that needs reordering."""

    sku: str
    name: str
    unit: str
    supplier: str | None
    location: str | None
    on_hand: Decimal
    inventory_position: Decimal
    reorder_point: Decimal
    suggestion: Suggestion
    unit_cost: Decimal | None
    demand_per_day: float
    lead_time_days: float
    lead_time_demand: float
    safety_stock: float
    service_level: float
    likely: date | None
    earliest: date | None
    order_by: date | None
    method: str
    confidence: str
    why: str
    terms: dict[str, str]


# --- the state ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Product:
    sku: str
    title: str
    unit: str
    precision: int
    mode: str
    category: str | None
    retired: bool
    supplier: str | None
    policies: str | None
    bundle: bool
    shelf_life_days: int | None


def _products(tx: Tx) -> list[_Product]:
    rows = tx.all(
        "SELECT sku, title, unit, precision_, mode, category, retired, supplier, policies, bundle, "
        "shelf_life_days FROM products ORDER BY sku"
    )
    return [_Product(*row) for row in rows]


def _first_days(tx: Tx) -> dict[str, int]:
    rows = tx.all("SELECT sku, MIN(since) FROM on_hand WHERE since IS NOT NULL GROUP BY sku")
    return dict(rows)


def _load_rows(tx: Tx, place: dict[str, int], where: str, params: list[Any]) -> DailyRows:
    """Read daily rows over all locations; unmet demand counts on days with something to sell."""
    found = tx.all(
        "SELECT sku, day, lines, units, squares, unmet_lines, unmet_units, unmet_squares "
        f"FROM demand_day {where}",
        params,
    )
    rows = [
        (place[sku], day, n + un, x + ux, q + uq)
        for sku, day, n, x, q, un, ux, uq in found
        if sku in place
    ]
    table = np.array(rows, dtype=float).reshape(-1, 5)
    key = table[:, 1] * (len(place) + 1) + table[:, 0]
    unique, inverse = np.unique(key, return_inverse=True)
    sums = [
        np.bincount(inverse, table[:, c], minlength=unique.size).astype(np.float64)
        for c in (2, 3, 4)
    ]
    day, item = np.divmod(unique.astype(np.int64), len(place) + 1)
    return DailyRows(item, day, *sums)


def _load_exposures(
    tx: Tx, place: dict[str, int], shop: Shop, first: int, last: int, only: set[str] | None
) -> Exposures:
    """Return days with less than full exposure, from the times without stock.

    With several locations an item is out only while every location that ever held stock is out.
    """
    spans: dict[str, dict[str, list[tuple[int, int]]]] = {}
    tz = shop.tz
    starts = [start_of_day(day_from_number(day), tz) for day in range(first, last + 2)]
    begin, end = starts[0], starts[-1]
    for sku, location, since, until in tx.all("SELECT sku, location, since, until FROM stockout"):
        if sku in place and (only is None or sku in only):
            since, until = max(since, begin), min(until if until is not None else end, end)
            if until > since:
                spans.setdefault(sku, {}).setdefault(location, []).append((since, until))
    if not spans:
        none = np.zeros(0, np.int64)
        return Exposures(none, none, np.zeros(0))
    shelves: dict[str, int] = dict(
        tx.all("SELECT sku, COUNT(*) FROM on_hand WHERE known = 1 GROUP BY sku")
    )
    found: list[tuple[int, int, float]] = []
    for sku, by_location in spans.items():
        if len(by_location) < shelves.get(sku, 1):
            continue
        out = _intersection(list(by_location.values()))
        found += [(place[sku], first + day, share) for day, share in _shares(out, starts)]
    found.sort(key=lambda row: row[1])
    table = np.array(found, dtype=float).reshape(-1, 3)
    return Exposures(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2])


def _intersection(spans: list[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    current = spans[0]
    for other in spans[1:]:
        current = [
            (max(a, c), min(b, d)) for a, b in current for c, d in other if max(a, c) < min(b, d)
        ]
    return current


def _shares(spans: list[tuple[int, int]], starts: list[int]) -> list[tuple[int, float]]:
    """Return (place, share of the day with stock) for the days some spans touch.

    ``starts`` are the first moments of the days, with the end of the last one behind them.
    """
    out: dict[int, int] = {}
    for since, until in spans:
        place = max(0, bisect_right(starts, since) - 1)
        while place < len(starts) - 1 and starts[place] < until:
            gone = min(until, starts[place + 1]) - max(since, starts[place])
            out[place] = out.get(place, 0) + gone
            place += 1
    return [
        (place, max(0.0, 1.0 - gone / (starts[place + 1] - starts[place])))
        for place, gone in out.items()
    ]


def forecast(database: Database, shop: Shop, today: date) -> Forecast:
    """Return the state of every item through yesterday, from the kept one where it serves."""
    with database.snapshot() as tx:
        products = _products(tx)
        kept = _load_kept(tx)
        head = database.head(tx)
        last = day_number(today) - 1
        skus = [p.sku for p in products]
        place = {sku: i for i, sku in enumerate(skus)}
        starts = _first_days(tx)
        bounds = tx.one("SELECT MIN(day) FROM demand_day")
        first = int(bounds[0]) if bounds[0] is not None else last + 1
        start = np.array([starts.get(sku, first) for sku in skus], np.int64)
        category = [p.category for p in products]
        base = Forecast(
            skus,
            place,
            DemandState.empty(len(skus)),
            start,
            category,
            first - 1,
            np.ones(7),
            {},
            products,
        )
        if last < first:
            return base
        touched: set[str] | None = None
        if kept is not None and kept[0] <= last and kept[1] <= head:
            touched = _use_kept(database, tx, base, kept, head)
        if touched is None:
            base.state = DemandState.empty(len(skus))
            base.day = first - 1
            _measure(tx, base, first, last)
            _advance(tx, base, shop, first, last, None)
        else:
            if touched:
                _refold(tx, base, shop, first, base.day, touched)
            if base.day < last:
                _advance(tx, base, shop, base.day + 1, last, None)
        base.day = last
    return base


def _measure(tx: Tx, base: Forecast, first: int, last: int) -> None:
    """Fix the weekday and season indices of this sweep."""
    rows = tx.all("SELECT day, SUM(lines) FROM demand_day WHERE day <= ? GROUP BY day", (last,))
    lines = np.zeros(last - first + 1)
    for day, count in rows:
        lines[day - first] = float(count)
    base.weekday = weekday_index(lines, first, last)
    base.season = {None: (lines, first)}
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


def _day_factors(base: Forecast, first: int, last: int) -> Floats:
    """Return weekday × season factors, shape (days,) or (days, items) when seasons differ."""
    days = np.arange(first, last + 1)
    weekday = base.weekday[(days + 3) % 7]
    seasons = {c: season_index(lines, begin, days) for c, (lines, begin) in base.season.items()}
    if all((factor == 1.0).all() for factor in seasons.values()):
        return weekday
    whole = seasons.get(None, np.ones(days.size))
    columns = np.stack([seasons.get(c, whole) for c in base.category], axis=1)
    return np.asarray(weekday[:, None] * columns)


def _advance(
    tx: Tx, base: Forecast, shop: Shop, first: int, last: int, only: set[str] | None
) -> None:
    rows = _load_rows(tx, base.place, "WHERE day >= ? AND day <= ?", [first, last])
    exposures = _load_exposures(tx, base.place, shop, first, last, only)
    rows = _without_unsellable(rows, exposures, len(base.skus))
    for begin in range(first, last + 1, 60):  # Bounds the memory of (days, items) factors.
        end = min(last, begin + 59)
        fold_days(
            base.state, rows, exposures, base.start, begin, end, _day_factors(base, begin, end)
        )


def _without_unsellable(rows: DailyRows, exposures: Exposures, size: int) -> DailyRows:
    """Drop demand of days without any exposure: only unmet demand can be there, and it is lost."""
    gone = exposures.share <= 0.0
    if not gone.any():
        return rows
    keys = exposures.day[gone] * (size + 1) + exposures.item[gone]
    keep = ~np.isin(rows.day * (size + 1) + rows.item, keys)
    return DailyRows(
        rows.item[keep], rows.day[keep], rows.lines[keep], rows.units[keep], rows.squares[keep]
    )


def _refold(tx: Tx, base: Forecast, shop: Shop, first: int, last: int, touched: set[str]) -> None:
    """Fold some items again from their first day."""
    skus = sorted(touched & base.place.keys())
    if not skus:
        return
    index = np.array([base.place[s] for s in skus], np.intp)
    part = Forecast(
        skus,
        {s: i for i, s in enumerate(skus)},
        DemandState.empty(len(skus)),
        base.start[index],
        [base.category[i] for i in index],
        last,
        base.weekday,
        base.season,
        [base.products[i] for i in index],
    )
    marks = ",".join("?" * len(skus))
    rows = _load_rows(tx, part.place, f"WHERE sku IN ({marks}) AND day <= ?", [*skus, last])
    exposures = _load_exposures(tx, part.place, shop, first, last, touched)
    rows = _without_unsellable(rows, exposures, len(skus))
    for begin in range(first, last + 1, 60):
        end = min(last, begin + 59)
        fold_days(
            part.state, rows, exposures, part.start, begin, end, _day_factors(part, begin, end)
        )
    base.state.put(index, part.state)


# --- keeping the state ----------------------------------------------------------------------------


def _load_kept(tx: Tx) -> tuple[int, int, bytes] | None:
    row = tx.one("SELECT day, position, body FROM demand_state WHERE id = 1")
    return None if row is None else (int(row[0]), int(row[1]), bytes(row[2]))


def _use_kept(
    database: Database, tx: Tx, base: Forecast, kept: tuple[int, int, bytes], head: int
) -> set[str] | None:
    """Load the kept state; return the items that were touched since, None when it cannot serve."""
    with np.load(io.BytesIO(kept[2]), allow_pickle=False) as stored:
        old_skus = stored["skus"].tobytes().decode().split("\n")
        arrays = {f.name: stored[f.name] for f in fields(DemandState)}
        weekday = stored["weekday"]
        season = orjson.loads(stored["season"].tobytes())
    column = database.position_column
    rows = tx.all(
        f"SELECT DISTINCT originator_id FROM stored_events WHERE {column} > ?", (kept[1],)
    )
    touched = {r[0][len(SKU_STREAM) :] for r in rows if r[0].startswith(SKU_STREAM)}
    if len(touched) > 900:
        return None
    if old_skus == base.skus:
        base.state = DemandState(**arrays)
    else:
        known = [(i, base.place[s]) for i, s in enumerate(old_skus) if s in base.place]
        source = np.array([k[0] for k in known], np.intp)
        target = np.array([k[1] for k in known], np.intp)
        base.state.put(target, DemandState(**arrays).select(source))
    base.day = kept[0]
    base.weekday = weekday
    base.season = {
        (None if c == "" else c): (np.array(lines, float), begin)
        for c, (lines, begin) in season.items()
    }
    return touched


def keep(database: Database, found: Forecast, position: int) -> None:
    """Store a state with its day and log position."""
    body = io.BytesIO()
    season = {c or "": (lines.tolist(), begin) for c, (lines, begin) in found.season.items()}
    np.savez(
        body,
        skus=np.frombuffer("\n".join(found.skus).encode(), np.uint8),
        weekday=found.weekday,
        season=np.frombuffer(orjson.dumps(season), np.uint8),
        **{f.name: getattr(found.state, f.name) for f in fields(DemandState)},
    )
    with database.transaction() as tx:
        database.lock(tx)
        tx.execute("DELETE FROM demand_state")
        tx.execute(
            "INSERT INTO demand_state VALUES (1, ?, ?, ?)", (found.day, position, body.getvalue())
        )


# --- the report -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """Every item's rates and reorder points, before asking which are due."""

    forecast: Forecast
    products: list[_Product]
    rates: Rates
    demand_per_day: Floats
    mean: Floats
    reorder_point: Floats
    safety_stock: Floats
    lead_days: Floats
    review_days: Floats
    level: Floats
    suppliers: dict[str, SupplierRow]
    terms: dict[tuple[str, str], dict[str, Any]]


def plan(database: Database, shop: Shop, today: date) -> Plan:
    """Return reorder points of every item as of a day."""
    found = forecast(database, shop, today)
    with database.snapshot() as tx:
        agreed = terms(tx, today.isoformat())
        sources = suppliers(tx)
    products = found.products
    size = len(products)
    stated = np.array([_lead_days(p, sources, agreed) for p in products]).reshape(size)
    review = np.array([_review_days(p, sources) for p in products]).reshape(size)
    lead, variance = lead_time(stated)
    level = np.full(size, float(shop.service_level))
    for place, p in enumerate(products):
        if p.policies:
            policy = _policy(p, None, today.isoformat())
            if policy is not None and policy.get("service_level") is not None:
                level[place] = min(0.9999, max(0.01, float(policy["service_level"])))
    lines, units, weight = _priors(found, products)
    r = rates(found.state, day_number(today), lines, units, weight)
    h = reorder_points(
        r, lead, variance, review, _horizon_index(found, today, lead + review), level
    )
    return Plan(
        found,
        products,
        r,
        h.demand_per_day,
        h.mean,
        h.reorder_point,
        h.safety_stock,
        lead,
        review,
        level,
        sources,
        agreed,
    )


def _lead_days(
    p: _Product, sources: dict[str, SupplierRow], agreed: dict[tuple[str, str], dict[str, Any]]
) -> float:
    if p.supplier is not None:
        own = agreed.get((p.supplier, p.sku), {}).get("lead_time_days")
        if own is not None:
            return float(own)
        source = sources.get(p.supplier)
        if source is not None and source.lead_time_days is not None:
            return float(source.lead_time_days)
    return float(DEFAULT_LEAD_TIME_DAYS)


def _review_days(p: _Product, sources: dict[str, SupplierRow]) -> float:
    source = sources.get(p.supplier or "")
    return float(source.review_days) if source is not None else 1.0


def _priors(found: Forecast, products: list[_Product]) -> tuple[Floats, Floats, Floats]:
    """Return prior lines a day, units a line and their weight for items that are still learning.

    The category's median over items with a history, weight one day; an analog item's own rate,
    weight 14 days.
    """
    s, size = found.state, len(products)
    lines, units, weight = np.zeros(size), np.zeros(size), np.ones(size)
    settled = (s.days >= 14) & (s.lines >= 3)
    rate = np.divide(s.lines, s.days, out=np.zeros(size), where=s.days > 0)
    each = np.divide(s.units, s.lines, out=np.zeros(size), where=s.lines > 0)
    learning = np.flatnonzero(~settled & (s.lines > 0))
    if learning.size:
        groups: dict[str | None, list[int]] = {}
        for place in np.flatnonzero(settled):
            groups.setdefault(products[place].category, []).append(int(place))
        medians = {c: (np.median(rate[g]), np.median(each[g])) for c, g in groups.items()}
        for place in learning:
            prior = medians.get(products[place].category)
            if prior is not None:
                lines[place], units[place] = prior
    return lines, units, weight


def _horizon_index(found: Forecast, today: date, horizon: Floats) -> Floats:
    """Return the sum of day factors over each item's horizon from today; parts of a day count."""
    first = day_number(today)
    most = int(np.ceil(horizon.max())) if horizon.size else 1
    factors = _day_factors(found, first, first + max(1, most) - 1)
    if factors.ndim == 1:
        total = np.concatenate(([0.0], np.cumsum(factors)))
        whole = np.floor(horizon).astype(int)
        rest = horizon - whole
        nxt = np.append(factors, 1.0)[whole]
        return np.asarray(total[whole] + rest * nxt)
    total = np.concatenate((np.zeros((1, factors.shape[1])), np.cumsum(factors, axis=0)))
    whole, columns = np.floor(horizon).astype(int), np.arange(horizon.size)
    extended = np.concatenate((factors, np.ones((1, factors.shape[1]))))
    return np.asarray(total[whole, columns] + (horizon - whole) * extended[whole, columns])


def _policy(p: _Product, location: str | None, today: str) -> dict[str, Any] | None:
    if not p.policies:
        return None
    dated = [
        (starts, data)
        for starts, data in orjson.loads(p.policies)
        if data.get("location") == location
    ]
    return in_force(dated, today)


def reorder(database: Database, shop: Shop, now: int) -> list[ReorderLine]:
    """Return what needs reordering at a moment, most urgent first."""
    today = local_date(now, shop.tz)
    planned = plan(database, shop, today)
    with database.snapshot() as tx:
        shelves = positions(tx, now, today.isoformat())
    due = _due(planned, shelves, today)
    lines = _lines(planned, due, shop, today)
    far = date.max
    return sorted(
        lines, key=lambda x: (x.order_by or far, x.earliest or far, x.likely or far, x.sku)
    )


@dataclass(frozen=True, slots=True)
class _Due:
    place: int
    location: str | None
    on_hand: Decimal
    position: Decimal
    point: Decimal
    quantity: Decimal
    multiples: bool
    method: str


def _due(planned: Plan, shelves: dict[str, Position], today: date) -> list[_Due]:
    """Return items at or below their reorder point: manual points where set, computed ones else."""
    found: list[_Due] = []
    computed = planned.reorder_point
    demanded = planned.mean > 0
    for place, p in enumerate(planned.products):
        if p.retired or p.bundle or p.mode != "stocked":
            continue
        shelf = shelves.get(p.sku)
        if shelf is None or not shelf.known:
            continue
        if p.policies:
            own = _manual(p, place, shelf, today)
            found += [due for due in own if due.position <= due.point]
            if own:
                continue
        if not demanded[place] or planned.rates.dormant[place]:
            continue
        if float(shelf.inventory_position) <= computed[place]:
            found.append(
                _Due(
                    place,
                    None,
                    shelf.on_hand,
                    shelf.inventory_position,
                    Decimal(int(computed[place])),
                    ZERO,
                    False,
                    "default",
                )
            )
    return found


def _manual(p: _Product, place: int, shelf: Position, today: date) -> list[_Due]:
    found = []
    locations = {data.get("location") for _, data in orjson.loads(p.policies or "[]")}
    for location in sorted(locations, key=lambda x: x or ""):
        policy = _policy(p, location, today.isoformat())
        if policy is None or policy.get("reorder_point") is None:
            continue
        position = shelf.inventory_position
        if location is not None:
            position = shelf.by_location.get(location, ZERO)
        point = Decimal(policy["reorder_point"])
        quantity, multiples = Decimal(policy.get("order_quantity") or 0), True
        if policy.get("order_up_to") is not None:
            quantity, multiples = Decimal(policy["order_up_to"]) - point, False
        method = policy.get("method", "default")
        found.append(
            _Due(place, location, shelf.on_hand, position, point, quantity, multiples, method)
        )
    return found


def _lines(planned: Plan, due: list[_Due], shop: Shop, today: date) -> list[ReorderLine]:
    if not due:
        return []
    index = np.array([d.place for d in due], np.intp)
    per_day = planned.demand_per_day[index]
    phi = planned.rates.phi[index]
    stock = np.array([float(d.on_hand) for d in due])
    likely = run_out_days(stock, per_day, phi, 0.5)
    earliest = run_out_days(stock, per_day, phi, 0.1)
    lines = []
    for row, d in enumerate(due):
        p = planned.products[d.place]
        policy = _policy(p, d.location, today.isoformat()) or {}
        cover = float(policy.get("cover_days") or shop.cover_days)
        quantity = d.quantity
        if quantity <= 0:
            quantity = max(Decimal(1), Decimal(str(round(cover * per_day[row], 3))))
        agreed = planned.terms.get((p.supplier or "", p.sku), {})
        suggestion = suggest(
            d.position,
            d.point,
            quantity,
            precision=p.precision,
            moq=_number(agreed, "moq"),
            pack=_number(agreed, "pack"),
            most=_most(p, float(per_day[row])),
            multiples=d.multiples and d.quantity > 0,
        )
        lead = float(planned.lead_days[d.place])
        out = _day(today, earliest[row])
        by = None if out is None else max(today, out - timedelta(days=int(np.ceil(lead))))
        lines.append(
            ReorderLine(
                sku=p.sku,
                name=p.title,
                unit=p.unit,
                supplier=p.supplier,
                location=d.location,
                on_hand=d.on_hand,
                inventory_position=d.position,
                reorder_point=d.point,
                suggestion=suggestion,
                unit_cost=_number(agreed, "unit_cost"),
                demand_per_day=float(per_day[row]),
                lead_time_days=lead,
                lead_time_demand=float(planned.mean[d.place]),
                safety_stock=float(d.point) - float(planned.mean[d.place]),
                service_level=float(planned.level[d.place]),
                likely=_day(today, likely[row]),
                earliest=out,
                order_by=by,
                method=d.method,
                confidence=_confidence(planned.rates, d),
                why=_why(planned, d, suggestion, float(per_day[row])),
                terms={k: str(v) for k, v in agreed.items() if k in ("moq", "pack")},
            )
        )
    return lines


def _number(data: dict[str, Any], name: str) -> Decimal | None:
    return None if data.get(name) is None else Decimal(data[name])


def _most(p: _Product, per_day: float) -> Decimal | None:
    if p.shelf_life_days is None or per_day <= 0:
        return None
    return Decimal(int(per_day * p.shelf_life_days))


def _day(today: date, offset: float) -> date | None:
    """Return the day of a run-out: the first day is today."""
    return None if not np.isfinite(offset) else today + timedelta(days=max(0, int(offset) - 1))


def _confidence(r: Rates, d: _Due) -> str:
    if d.method in ("manual", "min-max"):
        return "manual"
    if r.low_confidence[d.place]:
        return "low"
    return "learning" if r.learning[d.place] else "ok"


def _why(planned: Plan, d: _Due, suggestion: Suggestion, per_day: float) -> str:
    """Say in one line how the reorder point came about, term by term."""
    position = f"position {show(d.position)} is at or below {show(d.point)}"
    lead, review = planned.lead_days[d.place], planned.review_days[d.place]
    if d.method in ("manual", "min-max"):
        text = f"{position}, set by hand"
        if per_day > 0:
            text += f"; sells {per_day:.2f} a day"
    else:
        safety = float(d.point) - planned.mean[d.place]
        text = (
            f"{position} = {planned.mean[d.place]:.1f} expected in {lead + review:g} days "
            f"({per_day:.2f} a day, {lead:g} to deliver, {review:g} to review) "
            f"+ {safety:.1f} safety for {planned.level[d.place]:.0%}"
        )
    return f"{text}; {suggestion.question}" if suggestion.question else text


def as_shape(line: ReorderLine) -> dict[str, Any]:
    """Return a line in the shape of ``reorder --json``."""
    quantity, cost = line.suggestion.quantity, line.unit_cost
    return {
        "sku": line.sku,
        "name": line.name,
        "supplier": line.supplier,
        "location": line.location,
        "on_hand": show(line.on_hand),
        "inventory_position": show(line.inventory_position),
        "reorder_point": show(line.reorder_point),
        "suggested_qty": show(quantity),
        "unit_cost": None if cost is None else show(cost),
        "line_cost": None if cost is None else show(cost * quantity),
        "demand_per_day": round(line.demand_per_day, 4),
        "lead_time_days": line.lead_time_days,
        "safety_stock": round(line.safety_stock, 2),
        "service_level": line.service_level,
        "runs_out": {
            "likely": None if line.likely is None else line.likely.isoformat(),
            "earliest": None if line.earliest is None else line.earliest.isoformat(),
        },
        "order_by": None if line.order_by is None else line.order_by.isoformat(),
        "method": line.method,
        "confidence": line.confidence,
        "why": line.why,
    }


def sweep(database: Database, shop: Shop, now: int) -> int:
    """Fold the shop through yesterday, keep the state, and store every item's reorder point.

    Returns how many reorder points stand. Alerts compare movements with these points.
    """
    today = local_date(now, shop.tz)
    with database.snapshot() as tx:
        position = database.head(tx)
    planned = plan(database, shop, today)
    if planned.forecast.day >= day_number(today) - 1:
        keep(database, planned.forecast, position)
    rows = []
    for place, p in enumerate(planned.products):
        if planned.mean[place] <= 0 or planned.rates.dormant[place] or p.retired:
            continue
        point = int(planned.reorder_point[place])
        cover = max(1.0, float(shop.cover_days) * planned.demand_per_day[place])
        inputs = {
            "method": "default",
            "demand_per_day": f"{planned.demand_per_day[place]:.4f}",
            "lead_time_days": f"{planned.lead_days[place]:g}",
            "safety_stock": f"{point - planned.mean[place]:.2f}",
            "as_of": today.isoformat(),
        }
        rows.append(
            (p.sku, "", str(point), str(int(np.ceil(cover))), orjson.dumps(inputs).decode())
        )
    _store_points(database, rows)
    return len(rows)


def _store_points(database: Database, rows: list[tuple[str, str, str, str, str]]) -> None:
    """Replace the points in transactions of bounded length."""
    with database.snapshot() as tx:
        stored = {
            (r[0], r[1]): tuple(r)
            for r in tx.all(
                "SELECT sku, location, reorder_point, quantity, inputs FROM reorder_points"
            )
        }
    fresh = {(r[0], r[1]): r for r in rows}
    gone = [key for key in stored if key not in fresh]
    changed = [row for key, row in fresh.items() if stored.get(key) != row]
    chunk = 2000
    for at in range(0, max(len(gone), len(changed)), chunk):
        with database.transaction() as tx:
            database.lock(tx)
            marked(tx)
            if gone[at : at + chunk]:
                tx.executemany(
                    "DELETE FROM reorder_points WHERE sku = ? AND location = ?",
                    gone[at : at + chunk],
                )
            if changed[at : at + chunk]:
                tx.executemany(
                    "INSERT INTO reorder_points VALUES (?, ?, ?, ?, ?) "
                    "ON CONFLICT (sku, location) DO UPDATE SET "
                    "reorder_point = excluded.reorder_point, quantity = excluded.quantity, "
                    "inputs = excluded.inputs",
                    changed[at : at + chunk],
                )
