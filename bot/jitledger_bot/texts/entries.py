"""Entries as the chat tells them: histories, the log, and why a number is what it is."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from jitledger.domain.json import Json
from jitledger.service.entry_details import COSTS
from jitledger_bot.texts.language import _, mark
from jitledger_bot.texts.words import clip, event, money, more, product, safe, signed, when

DETAILS = {
    "unit_cost": mark("cost {value}"),
    "unit_price": mark("price {value}"),
    "price": mark("price {value}"),
    "supplier": mark("from {value}"),
    "order": mark("order {value}"),
    "lot": mark("lot {value}"),
    "expiry": mark("expires {value}"),
    "cause": "{value}",
    "voids": mark("takes back {value}"),
    "corrects": mark("in the place of {value}"),
}
"""The details that are told, in this order."""

CAUSE = {
    "found": mark("found"),
    "theft": mark("theft"),
    "gift": mark("gift"),
    "sample": mark("sample"),
    "data-entry": mark("typed wrongly"),
    "inbound-not-recorded": mark("a receipt was not recorded"),
    "outbound-not-recorded": mark("a sale was not recorded"),
    "misplaced": mark("misplaced"),
    "damage": mark("damage"),
    "expiry": mark("expired"),
    "donation": mark("donation"),
    "loss": mark("loss"),
}
"""Why stock was adjusted or written off; ``other`` says nothing."""

MONEY = frozenset({"unit_cost", "unit_price", "price"})


def entry_line(row: Json, *, costs: bool = False, places: bool = False) -> str:
    """Return one entry of a history in one line; what it cost is shown to whoever buys.

    With ``places`` it says where, as is needed where there are several.
    """
    change = "" if row["delta"] is None else signed(row["delta"])
    if row["delta"] is None and row["quantity"] is not None:
        change = f"({row['quantity']})"
    balance = "" if row["balance"] is None else f" → {row['balance']}"
    gone = ""
    if row["voided_by"]:
        gone = " " + _("(voided by {entry})", entry=safe(row["voided_by"]))
    who = f" · {safe(row['actor'])}" if row["actor"] else ""
    where = f" {safe(row['location'])}" if places and row["location"] else ""
    return (
        f"{when(str(row['occurred_at']))} {event(row['event'])} {change}{balance}{where} "
        f"<i>{safe(row['entry'])}</i>{beyond(row, costs=costs)}{who}{gone}"
    )


def beyond(row: Json, *, costs: bool = False) -> str:
    """Return what an entry says beyond its change: price, supplier, order, lot, what it undoes."""
    found: dict[str, str] = row["details"]
    own = found.get("currency")
    parts = []
    for key, template in DETAILS.items():
        value = found.get(key)
        if value is None or (key in COSTS and not costs):
            continue
        if key in MONEY:
            value = money(Decimal(value)) + (f" {own}" if own else "")
        if key == "cause":
            if value not in CAUSE:
                continue
            value = _(CAUSE[value])
        parts.append(_(template, value=safe(value)))
    return "".join(f" · {part}" for part in parts)


def history(
    rows: Sequence[Json], title: str, sku: str, first: int, count: int, *, costs: bool = False
) -> str:
    """Return a page of an item's entries: ``rows`` from number ``first`` of ``count``, oldest 1."""
    last = first + len(rows) - 1
    head = _("{product} – entries {first} to {last} of {count}")
    lines = [head.format(product=product(title, sku), first=first, last=last, count=count)]
    several = _several(rows)
    return "\n".join(lines + [entry_line(row, costs=costs, places=several) for row in rows])


def _several(rows: Sequence[Json]) -> bool:
    """Return whether entries are of several places."""
    return len({row["location"] for row in rows if row["location"]}) > 1


def why(answer: Json, title: str, most: int = 40) -> str:
    """Return the entries that sum to on-hand; older ones are drawn together."""
    terms = answer["terms"]
    name = product(title, answer["sku"])
    lines = [f"<b>{answer['on_hand']}</b> " + _("on hand – {product}", product=name)]
    older = terms[:-most] if len(terms) > most else []
    if older:
        total = sum((Decimal(t["delta"]) for t in older), Decimal(0))
        said = _("in {count} earlier entries", count=len(older))
        lines.append(f"{signed(format(total, 'f'))} {said}")
    for term in terms[-most:]:
        day = when(str(term["occurred_at"]), 10)
        counted = ""
        if term["counted"] is not None:
            counted = " " + _("(counted {quantity})", quantity=term["counted"])
        entry = f"<i>{safe(term['entry'])}</i>"
        what = f"{event(term['event'])}{counted} {day} {entry}{beyond(term)}"
        lines.append(f"{signed(term['delta'])} {what}")
    lines.append(f"= {answer['on_hand']}")
    return "\n".join(lines)


def log(rows: Sequence[Json], head: str, most: int = 40) -> str:
    """Return what was entered, newest last."""
    if not rows:
        return head + "\n" + _("Nothing was entered.")
    lines = [head]
    several = _several(rows)
    for row in rows[-most:]:
        quantity = f" {row['quantity']}" if row["quantity"] else ""
        quantity += f" {safe(row['location'])}" if several and row["location"] else ""
        who = f" · {safe(row['actor'])}" if row["actor"] else ""
        lines.append(
            f"{when(str(row['recorded_at']))[-5:]} {event(row['event'])}{quantity} "
            f"<i>{safe(row['entry'])}</i>{beyond(row)}{who}"
        )
    if len(rows) > most:
        lines.insert(1, more(len(rows) - most))
    return clip("\n".join(lines))
