"""What the bot says. The number first, one line of why; everything typed is escaped for HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from jitledger.domain.quantity import show

LIMIT = 4000
STRANGER = (
    "Hello! This is a shop's own bot. If you work here, ask the owner for an invitation link."
)
HELP = """<b>Tell me what happened</b>, one thing a line:
received 24 blue mug @ 4.20 from Acme
sold 3 MUG
count MUG 17
broke 1 vase
moved 8 MUG to shop
sold 2 MUG yesterday 13:55

<b>Ask me</b>
/stock MUG – what is on the shelf
/reorder – what needs reordering
/runout – what runs out this week
/history MUG – every entry
/why MUG – how the number comes about
/asof 2026-03-02 MUG – what was true then
/later – deliveries kept for later

Edit a message to correct it; press Undo to take it back."""
VERB = {
    "receive": "Received",
    "sell": "Sold",
    "count": "Counted",
    "write-off": "Written off",
    "return": "Returned",
    "adjust": "Adjusted",
    "transfer": "Moved",
    "unmet": "Asked for, none:",
}


def safe(text: object) -> str:
    """Return text escaped for Telegram's HTML."""
    return escape(str(text), quote=False)


def clip(text: str, limit: int = LIMIT) -> str:
    """Return whole lines that fit into one message (counted in UTF-16 units)."""
    if len(text.encode("utf-16-le")) // 2 <= limit:
        return text
    kept: list[str] = []
    size = 0
    for line in text.splitlines():
        size += len(line.encode("utf-16-le")) // 2 + 1
        if size > limit - 30:
            break
        kept.append(line)
    left = len(text.splitlines()) - len(kept)
    return "\n".join(kept) + f"\n… and {left} more lines"


def product(title: str, sku: str) -> str:
    """Return a product's name with its code."""
    if title.casefold() == sku.casefold():
        return f"<b>{safe(sku)}</b>"
    return f"<b>{safe(title)}</b> ({safe(sku)})"


def stock(row: dict[str, Any]) -> str:
    """Return an item's quantities."""
    if not row["known"]:
        head = f"<b>{row['on_hand']}</b> {product(row['name'], row['sku'])}: count first, "
        return head + "nothing was received or counted yet"
    parts = [f"<b>{row['on_hand']}</b> on hand – {product(row['name'], row['sku'])}"]
    if row["available"] != row["on_hand"]:
        parts.append(f"{row['available']} available")
    parts += [
        f"{row[name]} {name.replace('_', ' ')}"
        for name in ("reserved", "unsellable", "in_transit")
        if row[name] != "0"
    ]
    if len(row["by_location"]) > 1:
        parts += [f"{safe(code)}: {there['on_hand']}" for code, there in row["by_location"].items()]
    for found in row["exceptions"]:
        parts.append(
            f"⚠ {found['code'].replace('-', ' ')} at {safe(found['location'])}: "
            f"{found['quantity']}. A receipt not entered? Count?"
        )
    return "\n".join(parts)


def history(rows: Sequence[dict[str, Any]], title: str, sku: str, most: int = 20) -> str:
    """Return the newest entries of an item."""
    lines = [f"{product(title, sku)} – the last {min(most, len(rows))} of {len(rows)} entries"]
    for row in list(rows)[-most:]:
        when = str(row["occurred_at"])[:16].replace("T", " ")
        change = "" if row["delta"] is None else _signed(row["delta"])
        balance = "" if row["balance"] is None else f" → {row['balance']}"
        gone = f" (voided by {safe(row['voided_by'])})" if row["voided_by"] else ""
        who = f" · {safe(row['actor'])}" if row["actor"] else ""
        entry = safe(row["entry"])
        lines.append(f"{when} {row['event']} {change}{balance} <i>{entry}</i>{who}{gone}")
    return "\n".join(lines)


def why(answer: dict[str, Any], title: str, most: int = 40) -> str:
    """Return the entries that sum to on-hand; older ones are drawn together."""
    terms = answer["terms"]
    lines = [f"<b>{answer['on_hand']}</b> on hand – {product(title, answer['sku'])}"]
    older = terms[:-most] if len(terms) > most else []
    if older:
        from decimal import Decimal

        total = sum((Decimal(t["delta"]) for t in older), Decimal(0))
        lines.append(f"{_signed(format(total, 'f'))} in {len(older)} earlier entries")
    for term in terms[-most:]:
        when = str(term["occurred_at"])[:10]
        counted = f" (counted {term['counted']})" if term["counted"] is not None else ""
        lines.append(
            f"{_signed(term['delta'])} {term['event']}{counted} {when} <i>{safe(term['entry'])}</i>"
        )
    lines.append(f"= {answer['on_hand']}")
    return "\n".join(lines)


def _signed(text: str) -> str:
    return text if text.startswith("-") or text == "0" else f"+{text}"


def reorder(lines: Sequence[dict[str, Any]], most: int = 25) -> str:
    """Return what needs reordering, by supplier, most urgent first."""
    if not lines:
        return "Nothing needs reordering."
    by: dict[str, list[dict[str, Any]]] = {}
    for line in lines[:most]:
        by.setdefault(line["supplier"] or "No supplier yet", []).append(line)
    text = [f"<b>{len(lines)}</b> to reorder"]
    for supplier, mine in by.items():
        text.append(f"\n<b>{safe(supplier)}</b>")
        for line in mine:
            cost = f", {line['line_cost']}" if line["line_cost"] else ""
            out = line["runs_out"]["likely"]
            runs = f" – runs out {out}" if out else ""
            text.append(
                f"{line['suggested_qty']} × {safe(line['name'])} ({safe(line['sku'])}){cost}{runs}"
            )
    if len(lines) > most:
        text.append(f"\n… and {len(lines) - most} more")
    return "\n".join(text)


def why_reorder(line: dict[str, Any]) -> str:
    """Return a reorder point term by term."""
    shown = [
        f"<b>{line['suggested_qty']}</b> × {product(line['name'], line['sku'])}",
        f"on hand {line['on_hand']}, position {line['inventory_position']}, "
        f"reorder point {line['reorder_point']}",
        f"demand {line['demand_per_day']:.2f} a day, lead time {line['lead_time_days']:g} days, "
        f"safety stock {line['safety_stock']:g}",
        safe(line["why"]),
    ]
    if line["order_by"]:
        shown.append(f"order by {line['order_by']}")
    return "\n".join(shown)


def alert(body: dict[str, Any]) -> str:
    """Return a reorder alert."""
    where = f" at {safe(body['location'])}" if body["location"] else ""
    name = product(body["name"], body["sku"])
    return (
        f"🔔 Reorder {name}{where}\n"
        f"<b>{body['inventory_position']}</b> left in position, reorder point "
        f"{body['reorder_point']} – order {body['quantity']}"
    )


def alert_state(body: dict[str, Any]) -> str:
    """Return the line that closes an alert."""
    if body["state"] == "retracted":
        return f"↩ Retracted: {safe(body['reason'])}"
    return f"✓ Resolved: position {body['inventory_position']}"


def digest(body: dict[str, Any]) -> str:
    """Return the morning digest."""
    lines = [f"☀ <b>{body['day']}</b>"]
    if body["reorder_count"]:
        lines.append(f"\n<b>{body['reorder_count']}</b> to order:")
        lines += [
            f"{row['suggested_qty']} × {safe(row['name'])} ({safe(row['sku'])})"
            + (f" – {safe(row['supplier'])}" if row["supplier"] else "")
            for row in body["reorder"]
        ]
        if body["reorder_count"] > len(body["reorder"]):
            lines.append("… /reorder shows all")
    else:
        lines.append("Nothing needs reordering.")
    if body["run_out_count"]:
        lines.append(f"\n<b>{body['run_out_count']}</b> may run out this week:")
        lines += [
            f"{safe(row['name'])} ({safe(row['sku'])}) from {row['earliest']}"
            for row in body["run_out"]
        ]
        if body["run_out_count"] > len(body["run_out"]):
            lines.append("… /runout shows all")
    if body["exceptions_count"]:
        lines.append("\n⚠ Cannot be true (count?):")
        lines += [
            f"{safe(row['sku'])} at {safe(row['location'])}: {row['quantity']}"
            for row in body["exceptions"]
        ]
    if body["seal"]:
        lines.append(f"\nSeal <code>{body['seal']}</code>")
    return clip("\n".join(lines))


def run_out(rows: Sequence[Any], days: int, most: int = 30) -> str:
    """Return what may run out, soonest first."""
    if not rows:
        return f"Nothing runs out within {days} days, as far as sales tell."
    lines = [f"<b>{len(rows)}</b> may run out within {days} days"]
    for row in rows[:most]:
        likely = f", likely {row.likely.isoformat()}" if row.likely else ""
        lines.append(
            f"{show(row.on_hand)} × {safe(row.title)} ({safe(row.sku)}): "
            f"from {row.earliest.isoformat()}{likely}"
        )
    if len(rows) > most:
        lines.append(f"… and {len(rows) - most} more")
    return clip("\n".join(lines))


def import_summary(body: dict[str, Any]) -> str:
    """Return the one message after an import."""
    skus = ", ".join(safe(sku) for sku in body["skus"])
    more = "" if body["count"] <= len(body["skus"]) else " …"
    return f"Import done: <b>{body['count']}</b> to reorder ({skus}{more}). /reorder shows them."


def warning(stopped: Sequence[str]) -> str:
    """Return the owner's warning that a view stands still."""
    return f"⚠ Some lists are not up to date ({', '.join(map(safe, stopped))}): jitledger doctor"
