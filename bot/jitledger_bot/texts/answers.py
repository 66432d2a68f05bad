"""What the bot says. The number first, one line of why; everything typed is escaped for HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jitledger.domain.json import Json
from jitledger.domain.quantity import show
from jitledger_bot.texts.language import _, plural
from jitledger_bot.texts.words import (
    EXCEPTION,
    QUANTITY,
    clip,
    more,
    product,
    safe,
)

if TYPE_CHECKING:
    from jitledger_projections.views.supply import SupplierCard, SupplierRow


def stock(row: Json) -> str:
    """Return an item's quantities."""
    name = product(row["name"], row["sku"])
    if row["known"] and "can_make" in row:
        held = ", ".join(f"{each} × {safe(sku)}" for sku, each in row["parts"].items())
        made = _("can be made of {parts}", parts=held)
        return f"<b>{row['can_make']}</b> {name}: {made}"
    if not row["known"]:
        return f"<b>{row['on_hand']}</b> {name}: " + _(
            "count first, nothing was received or counted yet"
        )
    parts = [f"<b>{row['on_hand']}</b> " + _("on hand – {product}", product=name)]
    if row["available"] != row["on_hand"]:
        parts.append(_("{quantity} available", quantity=row["available"]))
    parts += [f"{row[key]} {_(said)}" for key, said in QUANTITY.items() if row[key] != "0"]
    for line in row["orders"]:
        on = _("{quantity} on {order}", quantity=line["quantity"], order=safe(line["po"]))
        by = ", " + _("promised for {day}", day=line["promised"]) if line["promised"] else ""
        parts.append(f"   {on} ({safe(line['supplier'])}){by}")
    if len(row["by_location"]) > 1:
        parts += [f"{safe(code)}: {there['on_hand']}" for code, there in row["by_location"].items()]
    for found in row["exceptions"]:
        parts.append(
            "⚠ "
            + _(
                "{what} at {location}: {quantity}. A receipt not entered? Count?",
                what=_(EXCEPTION.get(found["code"], found["code"])),
                location=safe(found["location"]),
                quantity=found["quantity"],
            )
        )
    return "\n".join(parts)


def run_out(rows: Sequence[Any], days: int, most: int = 30) -> str:
    """Return what may run out, soonest first."""
    if not rows:
        return plural(
            "Nothing runs out within {n} day, as far as sales tell.",
            "Nothing runs out within {n} days, as far as sales tell.",
            days,
        )
    lines = [
        f"<b>{len(rows)}</b> "
        + plural("may run out within {n} day", "may run out within {n} days", days)
    ]
    for row in rows[:most]:
        from_day = _("from {day}", day=row.earliest.isoformat())
        likely = ", " + _("likely {day}", day=row.likely.isoformat()) if row.likely else ""
        lines.append(
            f"{show(row.on_hand)} × {safe(row.title)} ({safe(row.sku)}): {from_day}{likely}"
        )
    if len(rows) > most:
        lines.append(more(len(rows) - most))
    return clip("\n".join(lines))


def dead(rows: Sequence[Any], days: int, most: int = 30) -> str:
    """Return what lies on the shelf without selling, the longest first."""
    if not rows:
        return plural(
            "Nothing has lain for {n} day without a sale.",
            "Nothing has lain for {n} days without a sale.",
            days,
        )
    lines = [
        f"<b>{len(rows)}</b> "
        + plural("did not sell for {n} day", "did not sell for {n} days", days)
    ]
    for row in rows[:most]:
        last = (
            _("last sold {day}", day=row.last_sold.isoformat())
            if row.last_sold
            else _("never sold")
        )
        lines.append(f"{show(row.on_hand)} × {safe(row.title)} ({safe(row.sku)}): {last}")
    if len(rows) > most:
        lines.append(more(len(rows) - most))
    return clip("\n".join(lines))


def suppliers(known: Mapping[str, SupplierRow]) -> str:
    """Return every supplier with its lead time."""
    if not known:
        return _("No supplier yet.") + " " + _("A table of suppliers or /new_supplier adds them.")
    lines = [f"<b>{len(known)}</b> " + plural("supplier", "suppliers", len(known))]
    lines += [f"{safe(row.title)} ({safe(row.code)}): {_lead(row)}" for row in known.values()]
    return clip("\n".join(lines))


def days_to_deliver(days: str) -> str:
    """Say how long a supplier takes."""
    many = 1 if days == "1" else 2
    return plural("{days} day to deliver", "{days} days to deliver", many, days=days)


def _lead(row: SupplierRow) -> str:
    if row.lead_time_days is None:
        return _("lead time not known")
    return days_to_deliver(show(row.lead_time_days))


def supplier(card: SupplierCard) -> str:
    """Return a supplier's terms and products."""
    row = card.supplier
    lines = [f"{product(row.title, row.code)}: {_lead(row)}"]
    if row.minimum_order is not None:
        amount = f"{show(row.minimum_order)} {row.currency or ''}".strip()
        lines.append(_("minimum order {amount}", amount=amount))
    if row.contact:
        lines.append(safe(row.contact))
    lines.append(
        f"<b>{len(card.products)}</b> " + plural("product", "products", len(card.products))
    )
    for sku, title, agreed in card.products[:30]:
        parts = []
        if agreed.unit_cost is not None:
            parts.append(f"{agreed.unit_cost:f} {agreed.currency or ''}".strip())
        if agreed.moq is not None:
            parts.append(_("at least {quantity}", quantity=show(agreed.moq)))
        if agreed.pack is not None:
            parts.append(_("in packs of {quantity}", quantity=show(agreed.pack)))
        lines.append(f"{safe(title)} ({safe(sku)}) {', '.join(parts)}".strip())
    if len(card.products) > 30:
        lines.append(more(len(card.products) - 30))
    return clip("\n".join(lines))
