"""What each push says to its receiver, and the buttons that act on it in place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jitledger.store.database import Tx
from jitledger_bot import order_texts, texts
from jitledger_bot.access import Receiver
from jitledger_bot.language import _
from jitledger_bot.turn import Button, keyboard, store_proposal

MOST_BUTTONS = 8


@dataclass(frozen=True, slots=True)
class _Stored:
    """Stores what buttons in one chat stand for."""

    tx: Tx
    receiver: Receiver
    now: int

    def __call__(self, kind: str, body: dict[str, Any]) -> str:
        """Store a proposal and return its id."""
        to = self.receiver
        return store_proposal(self.tx, to.chat_id, to.member, kind, body, self.now)

    def item(self, row: dict[str, Any]) -> str:
        """Return the id of what asks about a row's product."""
        return self("why", {"sku": row["sku"]})


def pushed(tx: Tx, kind: str, data: dict[str, Any], receiver: Receiver, now: int) -> dict[str, Any]:
    """Return the message of a push; runs in the transaction that stores its buttons."""
    body: dict[str, Any] = {"chat_id": receiver.chat_id, "parse_mode": "HTML"}
    if receiver.wishes.thread_id is not None:
        body["message_thread_id"] = receiver.wishes.thread_id
    body["text"] = _text(kind, data)
    buttons = _buttons(kind, data, _Stored(tx, receiver, now))
    if buttons:
        body["reply_markup"] = keyboard(buttons)
    return body


def _text(kind: str, data: dict[str, Any]) -> str:
    match kind:
        case "blocked":
            name = texts.safe(data["name"])
            return _("{name} blocked the bot and gets no messages any more.", name=name)
        case _ if kind in _TEXTS:
            return _TEXTS[kind](data)
        case _:
            return texts.safe(data.get("text", ""))


_TEXTS = {
    "alert": texts.alert,
    "late": order_texts.late_push,
    "phantom": order_texts.phantom_push,
    "drift": order_texts.drift_push,
    "margin": order_texts.margin_push,
    "buy-ahead": order_texts.buy_ahead_push,
    "promise": order_texts.risk_push,
    "exception": texts.exception,
    "runout": texts.run_out_ahead,
    "expiry": texts.expiring,
    "digest": texts.digest,
    "import-summary": texts.import_summary,
}


def _buttons(kind: str, data: dict[str, Any], stored: _Stored) -> list[list[Button]]:
    match kind:
        case "alert":
            one = stored.item(data)
            return [
                [(_("Order"), f"j.{one}")],
                [(_("Why?"), f"w.{one}"), (_("Snooze 1 day"), f"z.{one}")],
            ]
        case "exception":
            one = stored.item(data)
            return [[(_("How it came about"), f"e.{one}"), (_("Count it"), f"q.{one}")]]
        case "late":
            return _column(
                (row["po"], f"l.{stored('order', {'po': row['po']})}.card")
                for row in data["orders"][:MOST_BUTTONS]
            )
        case "phantom":
            return _column(
                (_("Count {name}", name=row["name"][:30]), f"q.{stored.item(row)}")
                for row in data["items"][:MOST_BUTTONS]
            )
        case "drift":
            return _column(
                (_("Why {name}?", name=row["name"][:30]), f"w.{stored.item(row)}")
                for row in data["items"][:MOST_BUTTONS]
            )
        case "margin":
            return _column(
                (
                    _("{name} at {price}", name=row["name"][:30], price=row["restoring"]),
                    f"x.{stored('price', {'sku': row['sku'], 'price': row['restoring']})}",
                )
                for row in data["items"][:MOST_BUTTONS]
            )
        case "buy-ahead":
            by: dict[str, list[list[str]]] = {}
            for row in data["items"]:
                by.setdefault(row["supplier"], []).append([row["sku"], row["quantity"]])
            return _column(
                (
                    _("Order from {supplier}", supplier=supplier[:30]),
                    f"j.{stored('order', {'supplier': supplier, 'lines': lines})}",
                )
                for supplier, lines in list(by.items())[:MOST_BUTTONS]
            )
        case _:
            return []


def _column(buttons: Iterable[Button]) -> list[list[Button]]:
    """Return buttons one below the other."""
    return [[button] for button in buttons]
