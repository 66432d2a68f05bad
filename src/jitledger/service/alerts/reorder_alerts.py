"""Reorder alerts: one for each crossing, raised in the transaction of the movement that caused it.

The inventory position is compared with the item's manual reorder point, or with the point of the
last sweep (table ``reorder_points``). ``IP <= s`` triggers; equal counts.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Any, NamedTuple

import orjson

from jitledger.domain.decisions import Draft
from jitledger.domain.events import (
    AlertEvent,
    ReorderAlertRaised,
    ReorderAlertResolved,
    ReorderAlertRetracted,
)
from jitledger.domain.moments import local_date, show_moment
from jitledger.domain.names import ALERT_STREAM
from jitledger.domain.quantity import ZERO, show
from jitledger.domain.replenishment.ordering.order_quantity import lot_by_hand, suggest
from jitledger.domain.replenishment.ordering.places import (
    SHARE_DAYS,
    Held,
    Move,
    kept,
    moves,
    share_of,
)
from jitledger.domain.state.dated import in_force
from jitledger.domain.state.quantities import Quantities, on_order, quantities
from jitledger.domain.state.stock_item import StockItem, fold
from jitledger.service.alerts.snoozing import end_snooze, runs_out_within_lead
from jitledger.service.announce import push
from jitledger.service.cache import Cache
from jitledger.service.recording.submission import Append
from jitledger.store.database import Tx, marked

WHOLE_SHOP = ""

MOST_KEPT = 20_000

Point = tuple[Decimal, Decimal, dict[str, str]]
"""(reorder point, order quantity, what they were computed from)"""

Kept = tuple[dict[str, Point], dict[str, str]]
"""(points by location, states of alerts by location) of an item"""

UNWATCHED: Kept = ({}, {})
"""Stands for every item without either, and is known by its identity."""


class _Low(NamedTuple):
    """An item at or below its point, at a location or, with "", in the whole shop."""

    item: StockItem
    location: str
    position: Decimal
    points: dict[str, Point]
    q: Quantities

    @property
    def point(self) -> Point:
        """Return the point that it is at or below."""
        return self.points[self.location]


class ReorderAlerts:
    """Watches every append; writes the alert's state, its event and the outbox row together.

    What was read of points and states is kept until the clock's row says that some changed.
    """

    def __init__(self) -> None:
        self._marks = -1
        self._kept: dict[str, Kept] = {}

    def drafts(self, tx: Tx, cache: Cache, append: Append) -> list[Draft]:
        """Return the alert events that follow from the items an append changed."""
        found: list[Draft] = []
        for sku, until in append.snoozed.items():
            tx.execute(
                "UPDATE alerts SET snoozed_until = ? WHERE sku = ? AND state = 'raised'",
                (until, sku),
            )
        if append.marks != self._marks or len(self._kept) > MOST_KEPT:
            self._kept.clear()
            self._marks = append.marks
        looked: dict[str, tuple[StockItem, bool, bool]] = {}
        for sku in append.look:
            looked[sku] = (cache.item(sku), False, False)
        for stream in append.loud:
            change = append.changes.get(stream)
            if change is None or change.item is None:
                continue
            item = change.item
            if self._kept.get(item.sku) is not UNWATCHED or item.catalog.policies:
                looked[item.sku] = (item, change.whole, True)
        for sku in append.ordered:
            if sku not in looked:
                looked[sku] = (cache.item(sku), False, True)
        if looked:
            self._read(tx, list(looked))
        for sku, (item, late, loud) in looked.items():
            points, states = self._kept[sku]
            if item.catalog.registered and (points or item.catalog.policies or states):
                found += self._look(tx, cache, append, item, late, points, states, loud=loud)
        if found or append.snoozed:
            marked(tx)
            self._marks = -1
        return found

    def forget(self) -> None:
        """Forget what was read of points and states."""
        self._marks = -1
        self._kept.clear()

    def _read(self, tx: Tx, skus: list[str]) -> None:
        """Read the points and states of items that are not kept."""
        missing = [sku for sku in skus if sku not in self._kept]
        if missing:
            points, states = stored_points(tx, missing), _states(tx, missing)
            for sku in missing:
                kept = points.get(sku, {}), states.get(sku, {})
                self._kept[sku] = kept if any(kept) else UNWATCHED

    def _look(
        self,
        tx: Tx,
        cache: Cache,
        append: Append,
        item: StockItem,
        late: bool,
        stored: dict[str, Point],
        states: dict[str, str],
        *,
        loud: bool,
    ) -> list[Draft]:
        today = local_date(append.present, cache.shop.tz)
        points = reorder_points(stored, item, today.isoformat())
        orders = cache.orders_of(item.sku)
        q = quantities(item, append.present, today, on_order(item, orders))
        drafted = any(o.state == "drafted" and o.lines_of(item.sku) for o in orders)
        drafts = []
        for location in sorted(set(points) | set(states)):
            position = _position(q, location)
            point = points.get(location)
            state = states.get(location, "")
            low = None
            if point is not None and position is not None and position <= point[0]:
                low = _Low(item, location, position, points, q) if item.catalog.bought else None
            if low and state != "raised" and not drafted:
                drafts.append(_raise(tx, append, low, loud=loud))
            elif low and state == "raised" and not drafted:
                self._break_snooze(tx, append, low, stored)
            elif not low and state == "raised":
                drafts.append(_settle(tx, cache, append, item, location, position, point, late))
        return drafts

    @staticmethod
    def _break_snooze(tx: Tx, append: Append, low: _Low, stored: dict[str, Point]) -> None:
        """Tell again of what was put off when the shelf would be empty before a delivery comes."""
        inputs = stored[WHOLE_SHOP][2] if WHOLE_SHOP in stored else low.point[2]
        if runs_out_within_lead(low.q.available, inputs) and end_snooze(
            tx, low.item.sku, low.location, append.present
        ):
            _tell(tx, append, low)


def stored_points(tx: Tx, skus: list[str]) -> dict[str, dict[str, Point]]:
    """Return the reorder points of the last sweep of some items, by location."""
    found: dict[str, dict[str, Point]] = {}
    for sku, location, point, quantity, inputs in _of(
        tx, "SELECT sku, location, reorder_point, quantity, inputs FROM reorder_points", skus
    ):
        row = (Decimal(point), Decimal(quantity), orjson.loads(inputs))
        found.setdefault(sku, {})[location] = row
    return found


def points_of_all(tx: Tx) -> dict[str, Decimal]:
    """Return the whole shop's reorder point of each item, as of the last sweep."""
    rows = tx.all("SELECT sku, reorder_point FROM reorder_points WHERE location = ''")
    return {sku: Decimal(point) for sku, point in rows}


def _states(tx: Tx, skus: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for sku, location, state in _of(tx, "SELECT sku, location, state FROM alerts", skus):
        found.setdefault(sku, {})[location] = state
    return found


def _of(tx: Tx, select: str, skus: list[str]) -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(skus), 500):
        part = skus[start : start + 500]
        found += tx.all(f"{select} WHERE sku IN ({','.join('?' * len(part))})", part)
    return found


def reorder_points(stored: dict[str, Point], item: StockItem, today: str) -> dict[str, Point]:
    """Return {location or '' for the shop: point}; what was set by hand comes first."""
    points = dict(stored)
    for location, dated in item.catalog.policies.items():
        policy = in_force(dated, today)
        computed = points.get(location or WHOLE_SHOP)
        if policy is None:
            continue
        if policy.reorder_point is not None:
            point = policy.reorder_point
            inputs = {"method": str(policy.method or "default")}
        elif computed is not None:
            point, inputs = computed[0], {k: v for k, v in computed[2].items() if k != "lots"}
        else:
            continue
        lot, multiples = lot_by_hand(policy, point)
        if multiples:
            inputs["lots"] = "whole"
        if not lot and WHOLE_SHOP in stored:
            lot = stored[WHOLE_SHOP][1]  # The days to cover, as the sweep counted them.
        points[location or WHOLE_SHOP] = (point, lot, inputs)
    return points


def _position(q: Quantities, location: str) -> Decimal | None:
    """Return the inventory position; None while the stock is unknown ("count first")."""
    if location == WHOLE_SHOP:
        return q.inventory_position if q.known else None
    row = q.by_location.get(location)
    if row is None or not row.known:
        return None
    return row.available + row.in_transit + row.on_order


def _fields(
    location: str,
    position: Decimal | None,
    point: Point | None,
) -> dict[str, object]:
    return {
        "location": location or None,
        "inventory_position": position,
        "reorder_point": None if point is None else point[0],
        "quantity": None if point is None else point[1],
        "inputs": {} if point is None else point[2],
    }


def _raise(tx: Tx, append: Append, low: _Low, *, loud: bool) -> Draft:
    _set(tx, low.item.sku, low.location, "raised", append.present)
    if loud:
        _tell(tx, append, low)
    fields = _fields(low.location, low.position, low.point)
    return _draft(ReorderAlertRaised, low.item, append, fields)


def _tell(tx: Tx, append: Append, low: _Low) -> None:
    """Push an alert: where it stands, what to order, what to move first."""
    item, location, position, point = low.item, low.location, low.position, low.point
    wanted = _quantity(item, position, point)
    from_places = _moves(low, wanted, append.present) if location else []
    if position + sum((move.quantity for move in from_places), ZERO) > point[0]:
        wanted = ZERO
    body = {
        "sku": item.sku,
        "name": item.catalog.title,
        "location": location or None,
        "inventory_position": show(position),
        "reorder_point": show(point[0]),
        "quantity": show(wanted),
        "transfers": [{"from": m.source, "qty": show(m.quantity)} for m in from_places],
        "unit": item.catalog.unit,
        "raised_at": show_moment(append.present),
        "inputs": point[2],
    }
    push(tx, "alert", body, append.present, subject=f"alert/{item.sku}/{location}")


def _moves(low: _Low, wanted: Decimal, at: int) -> list[Move]:
    """Return what other places can spare of what one is short of."""
    item, points = low.item, low.points
    first = item.days.day(at, at) - SHARE_DAYS
    sold = {
        place: sum((float(one.units) for day, one in days.items() if day >= first), 0.0)
        for place, days in item.demand.items()
    }
    whole = points[WHOLE_SHOP][0] if WHOLE_SHOP in points else wanted
    places = {}
    for place, row in low.q.by_location.items():
        if place != low.location and row.known:
            share = share_of(sold, place)
            own = points[place][0] if place in points else None
            places[place] = Held(row.available, kept(own, whole, share))
    return moves(wanted, places, Decimal(1).scaleb(-item.catalog.precision))


def _quantity(item: StockItem, position: Decimal, point: Point) -> Decimal:
    """Return what would leave the position above the point (before a supplier's terms)."""
    inputs, most = point[2], None
    if "sells_in_life" in inputs:
        before = Decimal(inputs["demand_per_day"]) * Decimal(inputs["lead_time_days"])
        most = max(ZERO, Decimal(inputs["sells_in_life"]) - max(ZERO, position - before))
    return suggest(
        position,
        point[0],
        point[1] or Decimal(1),
        precision=item.catalog.precision,
        multiples="lots" in inputs,
        most=None if most is None else most.to_integral_value(ROUND_FLOOR),
        spoils=inputs.get("method") not in ("manual", "min-max"),
    ).quantity


def _settle(
    tx: Tx,
    cache: Cache,
    append: Append,
    item: StockItem,
    location: str,
    position: Decimal | None,
    point: Point | None,
    late: bool,
) -> Draft:
    """Resolve an alert; retract it when a late fact shows that it was never true."""
    raised_at = tx.one(
        "SELECT raised_at FROM alerts WHERE sku = ? AND location = ?", (item.sku, location)
    )[0]
    _set(tx, item.sku, location, "resolved", append.present)
    fields = _fields(location, position, point)
    never = late and _was_above(cache, item, location, point, raised_at)
    event: type[AlertEvent] = ReorderAlertRetracted if never else ReorderAlertResolved
    if never:
        fields["reason"] = "a fact recorded later shows that stock was above the reorder point"
    body = {
        "sku": item.sku,
        "name": item.catalog.title,
        "state": "retracted" if never else "resolved",
        "inventory_position": show(position if position is not None else ZERO),
        "known": position is not None,
        "reason": fields.get("reason"),
    }
    push(tx, "alert-edit", body, append.present, subject=f"alert/{item.sku}/{location}")
    return _draft(event, item, append, fields)


def _was_above(cache: Cache, item: StockItem, location: str, point: Point | None, at: int) -> bool:
    """Return whether, as is known now, the position was above the point when an alert was raised.

    Orders count as they stand: what was placed before that moment.
    """
    if point is None:
        return False
    then = fold(item.sku, cache.entries(item.sku), cache.shop.days, as_of=at)
    then.catalog = item.catalog
    orders = [order for order in cache.orders_of(item.sku) if order.placed_at <= at]
    q = quantities(then, at, local_date(at, cache.shop.tz), on_order(then, orders))
    position = _position(q, location)
    return position is not None and position > point[0]


def _draft(
    event: type[AlertEvent], item: StockItem, append: Append, fields: dict[str, object]
) -> Draft:
    return Draft(ALERT_STREAM + item.sku, event, fields, append.present)


def _set(tx: Tx, sku: str, location: str, state: str, at: int) -> None:
    tx.execute(
        "INSERT INTO alerts VALUES (?, ?, ?, ?, 0) ON CONFLICT (sku, location) DO UPDATE SET "
        "state = excluded.state, raised_at = excluded.raised_at, snoozed_until = 0",
        (sku, location, state, at),
    )
