"""What the bot says of purchase orders and promises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from jitledger.domain.json import Json
from jitledger.domain.quantity import show
from jitledger.domain.replenishment.ordering.promise import Promise
from jitledger_bot import texts
from jitledger_bot.texts.language import Voice, _, mark, plural, speaking

if TYPE_CHECKING:
    from jitledger.domain.state.shop import Shop
    from jitledger_projections.reports.ordering.buying import Basket
    from jitledger_projections.reports.ordering.order_book import LetterWords, Order

STATE = {
    "drafted": mark("draft, not placed yet"),
    "placed": mark("placed"),
    "confirmed": mark("confirmed"),
    "partly received": mark("partly received"),
    "received": mark("received"),
    "closed": mark("closed"),
    "cancelled": mark("cancelled"),
}


def order(found: Order, today: date, currency: str) -> str:
    """Return one purchase order, line by line."""
    money = found.lines[0].currency or currency
    head = f"<b>{texts.safe(found.number)}</b> – {texts.safe(found.supplier_name)}, "
    lines = [head + _(STATE[found.state])]
    if found.placed is not None:
        lines[0] += " " + found.placed.isoformat()
    for line in found.lines:
        label = found.names.get(line.sku)
        name = texts.product(label.title if label else line.sku, line.sku)
        text = f"{show(line.wanted)} × {name}"
        if line.unit_cost is not None:
            text += f" @ {texts.money(line.unit_cost)}"
        else:
            text += " – " + _("no cost agreed")
        if line.received > 0:
            text += " – " + _("{quantity} came", quantity=show(line.received))
        if line.outstanding > 0 and found.state != "drafted":
            text += ", " + _("{quantity} to come", quantity=show(line.outstanding))
            coming = found.coming[line.line]
            text += ", " + _("expected {day}", day=coming.due.isoformat())
            if coming.late_days:
                text += " ⚠ " + late(coming.late_days)
        lines.append(text)
    if found.cost is not None:
        lines.append(_("Total {amount} {currency}", amount=texts.money(found.cost), currency=money))
    return texts.clip("\n".join(lines))


def late(days: int) -> str:
    """Say by how many days something is late."""
    return plural("{n} day late", "{n} days late", days)


def basket_notes(found: Basket, currency: str) -> list[str]:
    """Return what is to be known of a drafted order: the minimum, what was added, questions."""
    money = found.currency or currency
    notes = []
    if any(line.added for line in found.lines):
        notes.append(
            _(
                "Filled up to the minimum of {amount} {currency} with what is needed next.",
                amount=texts.money(found.minimum or Decimal(0)),
                currency=money,
            )
        )
    if found.below_minimum:
        notes.append(
            "⚠ "
            + _(
                "Below the minimum of {amount} {currency}.",
                amount=texts.money(found.minimum or Decimal(0)),
                currency=money,
            )
        )
    notes += [f"⚠ {texts.safe(name)}: {texts.note(why)}" for name, why in found.questions]
    return notes


def orders(found: Sequence[Order], total: int, today: date, only_late: bool) -> str:
    """Return a page of purchase orders."""
    if not found:
        return _("No order is late.") if only_late else _("No purchase orders are open.")
    if only_late:
        head = plural("{n} late order", "{n} late orders", total)
    else:
        head = plural("{n} open order", "{n} open orders", total)
    lines = [f"<b>{head}</b>"]
    for one in found:
        when = min((coming.due for coming in one.coming.values()), default=None)
        text = f"{texts.safe(one.number)} – {texts.safe(one.supplier_name)}: {_(STATE[one.state])}"
        waiting = [
            coming.line for coming in one.coming.values() if coming.late_days or not only_late
        ]
        text += "\n   " + ", ".join(
            f"{show(line.outstanding)} × {texts.safe(_title(one, line.sku))}"
            for line in waiting[:4]
        )
        if len(waiting) > 4:
            text += " …"
        if one.late:
            text += "\n   ⚠ " + late(one.late_days)
        elif when is not None and one.state != "drafted":
            text += "\n   " + _("expected {day}", day=when.isoformat())
        lines.append(text)
    return texts.clip("\n".join(lines))


def _title(one: Order, sku: str) -> str:
    return one.names[sku].title if sku in one.names else sku


def promise(title: str, sku: str, found: Promise, asked: Decimal | None, day: date | None) -> str:
    """Answer "can I have 12 by Friday?": what is there now, and what comes when."""
    lines = [texts.product(title, sku)]
    if asked is not None and day is not None:
        certain, likely = found.by(day, certain=True), found.by(day)
        wanted = {"quantity": show(asked), "day": day.isoformat()}
        if certain >= asked:
            lines.append("✓ " + _("{quantity} by {day}: yes", **wanted))
        elif likely >= asked:
            lines.append("◐ " + _("{quantity} by {day}: only if the delivery is on time", **wanted))
        else:
            lines.append("✗ " + _("{quantity} by {day}: no", **wanted))
    lines.append(_("{quantity} now", quantity=f"<b>{show(found.now)}</b>"))
    lines += [
        _(
            "{quantity} from {day} if on time, from {late} at 90 %",
            quantity=f"<b>{show(step.quantity)}</b>",
            day=step.if_on_time.isoformat(),
            late=step.at_90.isoformat(),
        )
        for step in found.steps
    ]
    if not found.steps:
        lines.append(_("Nothing is on its way."))
    return "\n".join(lines)


def late_push(body: Json) -> str:
    """Return the push about late orders."""
    lines = [f"🚚 <b>{len(body['orders'])}</b> " + _("late")]
    for row in body["orders"]:
        days = plural("{n} day late", "{n} days late", row["days"])
        lines.append(
            f"{texts.safe(row['po'])} – {texts.safe(row['supplier'])}: "
            f"{texts.safe(row['waiting'])}, {days}"
        )
        lines += [
            "   " + _("{sku} can also come from {supplier}", sku=texts.safe(sku), supplier=other)
            for sku, other in row.get("others", {}).items()
        ]
    return texts.clip("\n".join([*lines, *texts.and_more(body)]))


def phantom_push(body: Json) -> str:
    """Return the push about stock that may not be there."""
    lines = ["🔎 " + _("Shown on the shelf, but it stopped selling. A ten-second count?")]
    for row in body["items"]:
        days = plural("no sale for {n} day", "no sale for {n} days", row["days"])
        lines.append(
            f"{row['on_hand']} × {texts.safe(row['name'])} ({texts.safe(row['sku'])}): {days}"
        )
    return texts.clip("\n".join([*lines, *texts.and_more(body)]))


def risk_push(body: Json) -> str:
    """Return the push about promises to customers that are at risk."""
    lines = ["🤝 " + _("Promised to customers, and not sure to be there in time:")]
    for row in body["promises"]:
        due = " – " + _("due {day}", day=row["due"]) if row["due"] else ""
        lines.append(
            f"{row['quantity']} × {texts.safe(row['name'])} ({texts.safe(row['sku'])}), "
            + _("order {order}", order=texts.safe(row["order"]))
            + due
        )
    return texts.clip("\n".join([*lines, *texts.and_more(body)]))


def drift_push(body: Json) -> str:
    """Return the push about demand that changed beyond chance."""
    lines = ["📈 " + _("Demand that changed, beyond what the whole shop does:")]
    lines += [
        f"{texts.safe(row['name'])} ({texts.safe(row['sku'])}): "
        + _("{recent} sales a week, {before} before", recent=row["recent"], before=row["before"])
        for row in body["items"]
    ]
    return texts.clip("\n".join([*lines, *texts.and_more(body)]))


def margin_push(body: Json) -> str:
    """Return the push about products whose newest cost leaves less than the least margin."""
    lines = ["✂ " + _("Margin under your floor:")]
    for row in body["items"]:
        lines.append(
            f"{texts.safe(row['name'])} ({texts.safe(row['sku'])}): "
            + _(
                "cost {cost}, price {price}, margin {margin}; {restoring} restores it",
                cost=row["cost"],
                price=row["price"],
                margin=row["margin"],
                restoring=row["restoring"],
            )
        )
        lines += [
            "   " + _("order {order} is still at {cost}", order=texts.safe(po), cost=cost)
            for po, cost in row["orders"]
        ]
    return texts.clip("\n".join([*lines, *texts.and_more(body)]))


def buy_ahead_push(body: Json) -> str:
    """Return the push about costs that will rise, and what it pays to buy before."""
    lines = ["⏫ " + _("Costs that will rise, and what it pays to buy before:")]
    lines += [
        f"{texts.safe(row['name'])} ({texts.safe(row['sku'])}): "
        + _(
            "{cost} → {new_cost} at {supplier} from {day}; {quantity} now saves about {saves}",
            cost=row["cost"],
            new_cost=row["new_cost"],
            supplier=texts.safe(row["supplier"]),
            day=row["starts"],
            quantity=row["quantity"],
            saves=row["saves"],
        )
        for row in body["items"]
    ]
    return texts.clip("\n".join([*lines, *texts.and_more(body)]))


def letter(shop: Shop) -> LetterWords:
    """Return the words of the message to a supplier, in the shop's language."""
    from jitledger_projections.reports.ordering.order_book import LetterWords

    with speaking(Voice(shop.locale, shop.timezone)):
        return LetterWords(
            _("Purchase order {number} from {shop}"),
            _("To: {supplier}"),
            _("Date: {day}"),
            _("your code {own}, ours {sku}"),
            _("at {cost}"),
            _("by {day}"),
            _("Total: {cost}"),
            _("Please confirm quantities and the day of delivery."),
        )
