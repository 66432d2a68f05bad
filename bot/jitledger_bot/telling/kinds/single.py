"""What is told when it happens: alerts, stock below zero, the morning, an import, who left."""

from __future__ import annotations

from jitledger_bot import texts
from jitledger_bot.telling.kinds.kind import (
    COUNTS,
    Keys,
    Kind,
    Row,
    Stored,
    column,
    count_button,
    move_button,
    once,
    view_of,
)
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import shared, wishes
from jitledger_bot.texts.say import told as say

FEW_BUTTONS = 4


class Alert(Kind):
    """Something needs reordering."""

    name = "alert"
    wish = wishes.REORDER_ALERTS

    def says(self, data: Row) -> str:
        """Return how it reads."""
        return texts.alert(data)

    def buttons(self, data: Row, stored: Stored) -> Keys:
        """Return to order it, to ask why, to hear of it tomorrow."""
        one = stored.item(data)
        return [
            *column(move_button(data, move, stored) for move in data.get("transfers", ())),
            *([] if data["quantity"] == "0" else [[(_(say.ORDER), f"j.{one}")]]),
            [(_(shared.WHY), f"w.{one}"), (_(shared.SNOOZE_1_DAY), f"z.{one}")],
        ]


class BelowZero(Kind):
    """Stock that cannot be true."""

    name = "exception"
    wish = wishes.STOCK_BELOW_ZERO

    def says(self, data: Row) -> str:
        """Return how it reads."""
        return texts.exception(data)

    def buttons(self, data: Row, stored: Stored) -> Keys:
        """Return to see how it came about, or to count."""
        one = stored.item(data)
        return [[(_(shared.HOW_IT_CAME_ABOUT), f"e.{one}"), (_(shared.COUNT_IT), f"q.{one}")]]


class Digest(Kind):
    """The morning: what to order, what runs out, what cannot be true."""

    name = "digest"
    wish = wishes.MORNING_DIGEST

    def says(self, data: Row) -> str:
        """Return how it reads."""
        return texts.digest(data)

    def buttons(self, data: Row, stored: Stored) -> Keys:
        """Return what a morning asks for: orders by supplier, both lists, what is below zero."""
        suppliers = dict.fromkeys(row["supplier"] for row in data["reorder"] if row["supplier"])
        rows = column(
            (
                _(shared.ORDER_FROM_SUPPLIER, supplier=code[:30]),
                f"j.{stored('draft', {'supplier': code})}",
            )
            for code in list(suppliers)[:FEW_BUTTONS]
        )
        lists = [what for what in ("reorder", "runout") if data[COUNTS[what]]]
        if lists:
            rows.append([view_of(what, stored) for what in lists])
        wrong = [{**row, "name": row["sku"]} for row in data["exceptions"]]
        return rows + column(count_button(row, stored) for row in once(wrong)[:FEW_BUTTONS])


class Imported(Kind):
    """The one message after an import."""

    name = "import-summary"
    wish = wishes.IMPORTS

    def says(self, data: Row) -> str:
        """Return how it reads."""
        return texts.import_summary(data)

    def buttons(self, data: Row, stored: Stored) -> Keys:
        """Return to see what needs reordering."""
        return [[view_of("reorder", stored)]]


class Blocked(Kind):
    """Somebody blocked the bot."""

    name = "blocked"

    def says(self, data: Row) -> str:
        """Return how it reads."""
        name = texts.safe(data["name"])
        return _(say.BLOCKED_THE_BOT, name=name)


class Older(Kind):
    """The ledger does not hold a seal that was told: it was put back from an older copy."""

    name = "older"

    def says(self, data: Row) -> str:
        """Return how it reads."""
        return "⚠ " + texts.safe(_(say.LEDGER_IS_OLDER, day=data["told"][:10]))


class Told(Kind):
    """What says itself: a text that was put into the outbox as it is."""

    name = "text"

    def says(self, data: Row) -> str:
        """Return the text."""
        return texts.safe(data.get("text", ""))
