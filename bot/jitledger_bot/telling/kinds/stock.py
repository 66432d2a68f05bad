"""What is told of stock: run-outs, promises at risk, what is not found, what sells otherwise."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from jitledger.domain.events import OpeningBalance, StockCounted, StockSold
from jitledger.domain.moments import DAY
from jitledger.domain.quantity import ZERO, show
from jitledger.service.cache import load_entries
from jitledger_bot import texts
from jitledger_bot.memory.told import is_raised, was_retracted
from jitledger_bot.telling.kinds.kind import (
    MOST_BUTTONS,
    Daily,
    Keys,
    Row,
    Since,
    Stored,
    column,
    count_button,
    once,
    order_or_why,
    view_of,
)
from jitledger_bot.texts import orders as order_texts
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import shared, wishes
from jitledger_projections.views.on_hand import has_lot, on_hand_of

if TYPE_CHECKING:
    from jitledger_projections.reports.morning import Morning

AHEAD_DAYS = 3
RISK_DAYS = 14
FEW = 5
FEW_OF_MANY = 4
LOOKED_AT = (StockCounted, StockSold, OpeningBalance)
"""What shows that somebody found what seemed not to be there."""


class RunOuts(Daily):
    """What likely runs out within days; a row ends when more came."""

    name = "runout"
    wish = wishes.RUN_OUTS_AHEAD
    ends = True

    def rows(self, seen: Morning) -> list[Row]:
        """Return items that likely run out within ``AHEAD_DAYS``."""
        return [
            {
                "subject": f"runout/{row.sku}",
                "sku": row.sku,
                "name": row.title,
                "on_hand": show(row.on_hand),
                "likely": row.likely.isoformat(),
            }
            for row in seen.rows("run-out")
            if row.likely is not None and row.likely <= seen.look.today + timedelta(days=AHEAD_DAYS)
        ]

    def says(self, data: Row) -> str:
        """Return how it reads."""
        return texts.run_out_ahead(data)

    def buttons(self, data: Row, stored: Stored) -> Keys:
        """Return to order each item, or to ask why."""
        return [order_or_why(row, stored) for row in once(data["items"])]

    def end(self, row: Row, since: Since) -> dict[str, str] | None:
        """Return what there is now, once it is more."""
        there = on_hand_of(since.tx, row["sku"]) or Decimal(0)
        if there <= Decimal(row["on_hand"]):
            return None
        return {"name": row["name"], "state": "came", "quantity": show(there)}


class Alerts(Daily):
    """Many reorder alerts at once, told as one list; a row ends with its alert."""

    name = "alerts"
    like = "alert"
    ends = True

    def rows(self, seen: Morning) -> list[Row]:
        """Return nothing: alerts are told when they are raised, the morning has its own list."""
        return []

    def says(self, data: Row) -> str:
        """Return how it reads."""
        return texts.alerts(data)

    def buttons(self, data: Row, stored: Stored) -> Keys:
        """Return to order the first items, or to ask why, and to see all of them."""
        found = [order_or_why(row, stored) for row in once(data["items"])[:FEW_OF_MANY]]
        return [*found, [view_of("reorder", stored)]]

    def end(self, row: Row, since: Since) -> dict[str, str] | None:
        """Return that the alert is over, or was never true."""
        which = row["sku"], row["location"] or ""
        if is_raised(since.tx, *which):
            return None
        state = "alert-retracted" if was_retracted(since.tx, *which) else "alert-over"
        return {"name": row["name"], "state": state}


class Promises(Daily):
    """Promises to customers at risk; a row ends when nothing is owed any more."""

    name = "promise"
    wish = wishes.PROMISES_AT_RISK
    listed = "promises"
    ends = True

    def rows(self, seen: Morning) -> list[Row]:
        """Return promises due within ``RISK_DAYS``, or without a day."""
        return [
            {
                "subject": f"promise/{row.sku}/{row.order}",
                "sku": row.sku,
                "name": row.title,
                "order": row.order,
                "quantity": show(row.quantity),
                "due": None if row.due is None else row.due.isoformat(),
            }
            for row in seen.rows("promises")
            if row.due is None or row.due <= seen.look.today + timedelta(days=RISK_DAYS)
        ]

    def says(self, data: Row) -> str:
        """Return how it reads."""
        return order_texts.risk_push(data)

    def buttons(self, data: Row, stored: Stored) -> Keys:
        """Return to order each item, or to ask why."""
        return [order_or_why(row, stored) for row in once(data["promises"])]

    def end(self, row: Row, since: Since) -> dict[str, str] | None:
        """Return that nothing is owed any more."""
        item, _q, _shop = since.app.queries.item(row["sku"])
        if item.backorders.get(row["order"], ZERO) > 0:
            return None
        return {"name": row["name"], "state": "kept"}


class Phantoms(Daily):
    """Stock that may not be there; a row ends when somebody found it, or counted."""

    name = "phantom"
    wish = wishes.STOCK_THAT_STOPPED_SELLING
    most: ClassVar[int | None] = FEW
    ends = True

    def rows(self, seen: Morning) -> list[Row]:
        """Return what stopped selling too suddenly."""
        return [
            {
                "subject": f"phantom/{row.sku}",
                "sku": row.sku,
                "name": row.title,
                "on_hand": show(row.on_hand),
                "days": row.days,
            }
            for row in seen.rows("phantoms")
        ]

    def says(self, data: Row) -> str:
        """Return how it reads."""
        return order_texts.phantom_push(data)

    def buttons(self, data: Row, stored: Stored) -> Keys:
        """Return to count each item."""
        return column(count_button(row, stored) for row in once(data["items"]))

    def end(self, row: Row, since: Since) -> dict[str, str] | None:
        """Return what there is, once somebody looked."""
        entries = load_entries(since.app.database, since.tx, row["sku"])
        if not any(
            isinstance(event, LOOKED_AT) and event.recorded_at > since.told_at
            for _version, event in entries
        ):
            return None
        there = on_hand_of(since.tx, row["sku"]) or Decimal(0)
        return {"name": row["name"], "state": "found", "quantity": show(there)}


class Expiry(Daily):
    """Lots that expire; a row ends when the lot left the shelf."""

    name = "expiry"
    wish = wishes.EXPIRY
    listed = "lots"
    ends = True

    def rows(self, seen: Morning) -> list[Row]:
        """Return lots that expire within a week."""
        return [
            {"subject": f"expiry/{lot['sku']}/{lot['location']}/{lot['expiry']}", **lot}
            for lot in seen.rows("expiring")
        ]

    def says(self, data: Row) -> str:
        """Return how it reads."""
        return texts.expiring(data)

    def buttons(self, data: Row, stored: Stored) -> Keys:
        """Return to count each item."""
        return column(count_button(row, stored) for row in once(data["lots"]))

    def end(self, row: Row, since: Since) -> dict[str, str] | None:
        """Return that the lot is gone."""
        if has_lot(since.tx, row["sku"], row["location"], row["expiry"]):
            return None
        return {"name": row["name"], "state": "gone"}


class Drifts(Daily):
    """What sells at another rate than before."""

    name = "drift"
    wish = wishes.DEMAND_THAT_CHANGED
    again_after = 28 * DAY
    most: ClassVar[int | None] = FEW

    def rows(self, seen: Morning) -> list[Row]:
        """Return what sells at another rate, in lines a week."""
        return [
            {
                "subject": f"drift/{row.sku}",
                "sku": row.sku,
                "name": row.title,
                "before": f"{row.before * 7:.1f}",
                "recent": f"{row.recent * 7:.1f}",
            }
            for row in seen.rows("drift")
        ]

    def says(self, data: Row) -> str:
        """Return how it reads."""
        return order_texts.drift_push(data)

    def buttons(self, data: Row, stored: Stored) -> Keys:
        """Return to ask why."""
        return column(
            (_(shared.WHY_NAME, name=row["name"][:30]), f"w.{stored.item(row)}")
            for row in data["items"][:MOST_BUTTONS]
        )
