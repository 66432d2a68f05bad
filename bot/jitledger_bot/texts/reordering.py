"""What is said of what needs reordering: how much, what else helps, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jitledger.domain.json import Json
from jitledger.domain.quantity import show
from jitledger_bot.texts.language import _, plural
from jitledger_bot.texts.refusals import note
from jitledger_bot.texts.words import MOST_NAMED, clip, money, product, safe

if TYPE_CHECKING:
    from datetime import date

    from jitledger_projections.reports.ordering.reorder_line import ReorderLine


def remedies(row: Json) -> list[str]:
    """Say what helps beside an order, or instead: what to move, to chase, to place; HTML.

    ``row`` has ``transfers``, ``late``, ``spoiling``, ``substitute`` and ``drafted`` of
    ``reorder --json``.
    """
    said = []
    for move in row.get("transfers", ()):
        what = _("move {quantity} from {place}", quantity=move["qty"], place=safe(move["from"]))
        said.append(f"⇄ {what}")
    for late in row.get("late", ()):
        what = f"{late['quantity']} · {safe(late['po'])} ({safe(late['supplier'])}), "
        if late["late_days"]:
            what += _("expected {day}", day=late["expected"]) + ", "
            what += plural("{n} day late", "{n} days late", late["late_days"])
            what += ": " + _("chase it")
        else:
            what += _("comes only {day}, too late to help", day=late["likely"])
        said.append(f"⚠ {what}")
    if row.get("spoiling", "0") != "0":
        said.append("⚠ " + _("{quantity} will expire before they sell", quantity=row["spoiling"]))
    if row.get("substitute"):
        said.append(_("or order at {supplier}", supplier=safe(row["substitute"])))
    if row.get("drafted"):
        said.append(_("drafted already: {orders}", orders=safe(", ".join(row["drafted"]))))
    return said


def _asked(line: ReorderLine) -> list[str]:
    """Return what has to be decided before anything is ordered."""
    question = line.suggestion.question
    return [] if question is None else [f"⚠ {note(question)}"]


def moving(body: Json, name: str) -> str:
    """Return what the button says that moves stock between places."""
    return "⇄ " + _(
        "{quantity} {name}: {place} → {to}",
        quantity=body["qty"],
        name=name[:24],
        place=body["from"],
        to=body["to"],
    )


def _one(line: ReorderLine, *, bold: bool = False) -> str:
    """Return what to order of one product; without its quantity where nothing is to be ordered."""
    quantity = line.suggestion.quantity
    shown = f"<b>{show(quantity)}</b>" if bold else show(quantity)
    text = f"{shown} × " if quantity or line.suggestion.question else ""
    text += f"{safe(line.name)} ({safe(line.sku)})"
    if line.location is not None:
        text += " " + _("at {location}", location=safe(line.location))
    if bold:
        return text
    if line.unit_cost is not None and quantity:
        text += f", {money(line.unit_cost * quantity)}"
    return text + (" – " + _("runs out {day}", day=line.likely.isoformat()) if line.likely else "")


def reorder(
    lines: Sequence[ReorderLine],
    total: int,
    first: int = 0,
    unknown: Sequence[tuple[str, str]] = (),
) -> str:
    """Return a page of what needs reordering, by supplier, most urgent first.

    ``unknown`` is what has to be counted before anything can be said of it.
    """
    from jitledger_projections.reports.ordering.reorder_line import as_shape

    uncounted = ""
    if unknown:
        named = ", ".join(product(name, sku) for sku, name in unknown[:MOST_NAMED])
        uncounted = "\n\n" + _("Count first ({count}):", count=len(unknown)) + f" {named}"
        uncounted += " …" if len(unknown) > MOST_NAMED else ""
    if not total:
        return _("Nothing needs reordering.") + uncounted
    by: dict[str, list[ReorderLine]] = {}
    for line in lines:
        by.setdefault(line.supplier or "", []).append(line)
    text = [f"<b>{total}</b> " + _("to reorder")]
    if len(lines) < total:
        said = _("{first} to {last}", first=first + 1, last=first + len(lines))
        text = [f"{text[0]}, {said}"]
    for supplier, mine in by.items():
        named = safe(supplier) or _("No supplier yet")
        leaves = next((line.leaves for line in mine if line.leaves is not None), None)
        when = "" if leaves is None else " · " + _leaving(leaves)
        text.append(f"\n<b>{named}</b>{when}")
        for line in mine:
            text.append("\n   ".join([_one(line), *_asked(line), *remedies(as_shape(line))]))
    return clip("\n".join(text) + uncounted)


def _leaving(day: date) -> str:
    """Say when the next order to a supplier leaves, where that is not today."""
    return _("orders leave {day}, wait until then", day=day.isoformat())


def why_reorder(line: ReorderLine) -> str:
    """Return a reorder point term by term; of an item that is not due, too."""
    from jitledger_projections.reports.ordering.reorder_line import as_shape

    lead, review = line.lead_time_days, line.review_days
    point, named = show(line.reorder_point), product(line.name, line.sku)
    shown = [
        _one(line, bold=True) if line.due else f"{named}: " + _("It needs no reordering now."),
        _(
            "on hand {on_hand}, position {position}, reorder point {point}",
            on_hand=show(line.on_hand),
            position=show(line.inventory_position),
            point=point,
        ),
        _(
            "demand {rate} a day, {lead} days to deliver, {review} to review",
            rate=f"{line.demand_per_day:.2f}",
            lead=f"{lead:g}",
            review=f"{review:g}",
        ),
    ]
    if line.method in ("manual", "min-max"):
        shown.append(_("the reorder point was set by hand"))
    else:
        shown.append(
            _(
                "{point} = {expected} expected in {days} days + {safety} safety for {level}",
                point=point,
                expected=f"{line.lead_time_demand:.1f}",
                days=f"{lead + review:g}",
                safety=f"{line.safety_stock:.1f}",
                level=f"{line.service_level:.0%}",
            )
        )
    if line.due:
        shown += remedies(as_shape(line))
        shown += _asked(line)
        shown += [_leaving(line.leaves)] if line.leaves is not None else []
    if line.order_by:
        shown.append(_("order by {day}", day=line.order_by.isoformat()))
    return "\n".join(shown)
