"""What is told of supply: late orders, thin margins, costs that will rise."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from jitledger.domain.moments import DAY, local_date
from jitledger.domain.quantity import show
from jitledger_bot.telling.kinds.kind import (
    MOST_BUTTONS,
    Daily,
    Keys,
    Row,
    Since,
    Stored,
    column,
)
from jitledger_bot.texts import orders as order_texts
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import shared, wishes
from jitledger_bot.texts.say import told as say

if TYPE_CHECKING:
    from jitledger_projections.reports.morning import Morning

CENT = Decimal("0.01")


class LateOrders(Daily):
    """Purchase orders that are late; a row ends when the order came, or waits no longer."""

    name = "late"
    wish = wishes.LATE_ORDERS
    listed = "orders"
    ends = True

    def rows(self, seen: Morning) -> list[Row]:
        """Return late orders, told again with each further week."""
        return [
            {
                "subject": f"late/{order.number}/{order.late_days // 7}",
                "po": order.number,
                "supplier": order.supplier_name,
                "days": order.late_days,
                "skus": [one.line.sku for one in order.late],
                "waiting": ", ".join(f"{show(one.units)} × {one.line.sku}" for one in order.late),
                "others": others,
            }
            for order, others in seen.rows("late-orders")
        ]

    def says(self, data: Row) -> str:
        """Return how it reads."""
        return order_texts.late_push(data)

    def buttons(self, data: Row, stored: Stored) -> Keys:
        """Return to look at each order."""
        return column(
            (row["po"], f"l.{stored('order', {'po': row['po']})}.card")
            for row in data["orders"][:MOST_BUTTONS]
        )

    def end(self, row: Row, since: Since) -> dict[str, str] | None:
        """Return what became of the order, once it is not late any more."""
        from jitledger_projections.reports.ordering.order_book import orders

        today = local_date(since.now, since.shop.tz)
        found = orders(since.tx, today, number=row["po"])
        if not found or found[0].late:
            return None
        return {"name": row["po"], "state": found[0].state}


class Margins(Daily):
    """Products whose newest cost leaves too thin a margin."""

    name = "margin"
    wish = wishes.THIN_MARGINS
    again_after = 90 * DAY

    def rows(self, seen: Morning) -> list[Row]:
        """Return margins under the shop's floor, with the price that restores it."""
        return [
            {
                "subject": f"margin/{row.sku}/{show(row.cost)}/{show(row.price)}",
                "sku": row.sku,
                "name": row.title,
                "cost": show(row.cost),
                "price": show(row.price),
                "margin": f"{row.margin:.1%}",
                "restoring": show(row.restoring_price.quantize(CENT, ROUND_CEILING)),
                "currency": seen.look.shop.currency,
                "orders": [[po, show(cost)] for po, cost in row.open_orders],
            }
            for row in seen.rows("margins")
        ]

    def says(self, data: Row) -> str:
        """Return how it reads."""
        return order_texts.margin_push(data)

    def buttons(self, data: Row, stored: Stored) -> Keys:
        """Return to set the price that restores the margin."""
        return column(
            (
                _(say.AT_PRICE, name=row["name"][:30], price=row["restoring"]),
                f"x.{stored('price', {'sku': row['sku'], 'price': row['restoring']})}",
            )
            for row in data["items"][:MOST_BUTTONS]
        )


class BuyAhead(Daily):
    """Costs that will rise, and what to buy before."""

    name = "buy-ahead"
    wish = wishes.COSTS_THAT_WILL_RISE
    again_after = 365 * DAY

    def rows(self, seen: Morning) -> list[Row]:
        """Return what it pays to buy now."""
        return [
            {
                "subject": f"buy-ahead/{row.sku}/{row.starts.isoformat()}",
                "sku": row.sku,
                "name": row.title,
                "supplier": row.supplier,
                "starts": row.starts.isoformat(),
                "cost": show(row.cost),
                "new_cost": show(row.new_cost),
                "quantity": show(row.quantity),
                "saves": show(row.saves),
            }
            for row in seen.rows("buy-ahead")
        ]

    def says(self, data: Row) -> str:
        """Return how it reads."""
        return order_texts.buy_ahead_push(data)

    def buttons(self, data: Row, stored: Stored) -> Keys:
        """Return to draft one order for each supplier."""
        by: dict[str, list[list[str]]] = {}
        for row in data["items"]:
            by.setdefault(row["supplier"], []).append([row["sku"], row["quantity"]])
        return column(
            (
                _(shared.ORDER_FROM_SUPPLIER, supplier=supplier[:30]),
                f"j.{stored('order', {'supplier': supplier, 'lines': lines})}",
            )
            for supplier, lines in list(by.items())[:MOST_BUTTONS]
        )
