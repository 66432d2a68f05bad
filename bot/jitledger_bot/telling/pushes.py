"""What each push says to its receiver, and the buttons that act on it in place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import Receiver
from jitledger_bot.memory.proposals import store_proposal
from jitledger_bot.texts import orders as order_texts
from jitledger_bot.texts.language import _, mark
from jitledger_bot.turn import Button, keyboard

MOST_BUTTONS = 8
FEW_BUTTONS = 4


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
        case "phantom" | "expiry":
            rows = data["items" if kind == "phantom" else "lots"]
            return _column(_count(row, stored) for row in _once(rows))
        case "runout" | "promise":
            rows = data["items" if kind == "runout" else "promises"]
            return [_order_or_why(row, stored) for row in _once(rows)]
        case "digest":
            return _of_digest(data, stored)
        case "import-summary":
            return [[_view("reorder", stored)]]
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


def _of_digest(data: dict[str, Any], stored: _Stored) -> list[list[Button]]:
    """Return what a morning asks for: orders by supplier, both lists, what is below zero."""
    suppliers = dict.fromkeys(row["supplier"] for row in data["reorder"] if row["supplier"])
    rows = _column(
        (
            _("Order from {supplier}", supplier=code[:30]),
            f"j.{stored('draft', {'supplier': code})}",
        )
        for code in list(suppliers)[:FEW_BUTTONS]
    )
    lists = [what for what in ("reorder", "runout") if data[_COUNTS[what]]]
    if lists:
        rows.append([_view(what, stored) for what in lists])
    wrong = [{**row, "name": row["sku"]} for row in data["exceptions"]]
    return rows + _column(_count(row, stored) for row in _once(wrong)[:FEW_BUTTONS])


_COUNTS = {"reorder": "reorder_count", "runout": "run_out_count"}
_LISTS = {"reorder": mark("What needs reordering"), "runout": mark("What runs out")}


def _view(what: str, stored: _Stored) -> Button:
    return _(_LISTS[what]), f"v.{stored('view', {'what': what})}"


def _count(row: dict[str, Any], stored: _Stored) -> Button:
    return _("Count {name}", name=row["name"][:30]), f"q.{stored.item(row)}"


def _order_or_why(row: dict[str, Any], stored: _Stored) -> list[Button]:
    one, name = stored.item(row), row["name"][:24]
    return [(_("Order {name}", name=name), f"j.{one}"), (_("Why {name}?", name=name), f"w.{one}")]


def _once(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first row of each product, as many as have room for buttons."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        found.setdefault(row["sku"], row)
    return list(found.values())[:MOST_BUTTONS]


def _column(buttons: Iterable[Button]) -> list[list[Button]]:
    """Return buttons one below the other."""
    return [[button] for button in buttons]
