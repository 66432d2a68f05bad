"""What is said unasked."""

from __future__ import annotations

from collections.abc import Sequence

from jitledger.domain.json import Json
from jitledger_bot.texts.language import _
from jitledger_bot.texts.reordering import remedies
from jitledger_bot.texts.say import told
from jitledger_bot.texts.words import clip, more, product, safe


def alert(body: Json) -> str:
    """Return a reorder alert."""
    name = product(body["name"], body["sku"])
    where = " " + _("at {location}", location=safe(body["location"])) if body["location"] else ""
    figures = {"position": body["inventory_position"], "point": body["reorder_point"]}
    if body["quantity"] == "0":
        text = _("<b>{position}</b> left in position, reorder point {point}", **figures)
    else:
        text = _(
            "<b>{position}</b> left in position, reorder point {point} – order {quantity}",
            **figures,
            quantity=body["quantity"],
        )
    if body["quantity"] == "0" and body.get("transfers"):
        head = _("Move {product}", product=name)
    else:
        head = _("Reorder {product}", product=name)
    return "\n".join([f"🔔 {head}{where}", text, *remedies(body)])


def alerts(body: Json) -> str:
    """Return many reorder alerts as one list."""
    many = len(body["items"]) + int(body.get("more", 0))
    lines = [f"🔔 <b>{many}</b> " + _("need reordering")]
    for row in body["items"]:
        where = " " + _("at {location}", location=safe(row["location"])) if row["location"] else ""
        left = _(
            told.LEFT_AND_TO_ORDER, position=row["inventory_position"], quantity=row["quantity"]
        )
        lines.append(f"• {product(row['name'], row['sku'])}{where}: {left}")
        lines += [f"   {said}" for said in remedies(row)]
    return clip("\n".join([*lines, *and_more(body)]))


def alert_state(body: dict[str, object]) -> str:
    """Return the line that closes an alert."""
    if body["state"] == "explained":
        return "✓ " + _("Explained: stock is not below zero any more")
    if body["state"] == "retracted":
        reason = _("a fact recorded later shows that stock was above the reorder point")
        return "↩ " + _("Retracted: {reason}", reason=reason)
    position = body["inventory_position"]
    if body.get("known") is False:
        return "✓ " + _("Ended: the stock is not known any more. Count first")
    return "✓ " + _("Resolved: position {position}", position=position)


def exception(body: Json) -> str:
    """Return the push about stock that cannot be true."""
    return (
        f"⚠ <b>{body['quantity']}</b> {product(body['name'], body['sku'])} "
        + _("at {location}", location=safe(body["location"]))
        + "\n"
        + _("Stock below zero cannot be. A receipt not entered? Count?")
    )


def and_more(body: Json) -> list[str]:
    """Return the line that counts what a push leaves out, if anything."""
    left = int(body.get("more", 0))
    return [more(left)] if left else []


def run_out_ahead(body: Json) -> str:
    """Return the push about items that are about to run out."""
    lines = [f"⏱ <b>{len(body['items'])}</b> " + _("about to run out")]
    for row in body["items"]:
        likely = _("likely {day}", day=row["likely"])
        lines.append(f"{row['on_hand']} × {safe(row['name'])} ({safe(row['sku'])}): {likely}")
    return clip("\n".join([*lines, *and_more(body)]))


def expiring(body: Json) -> str:
    """Return the push about stock that expires soon."""
    lines = [f"⏳ <b>{len(body['lots'])}</b> " + _("expire soon")]
    for lot in body["lots"][:20]:
        day = _("on {day}", day=lot["expiry"])
        lines.append(
            f"{lot['quantity']} × {safe(lot['name'])} ({safe(lot['sku'])}) {day}, "
            + _("at {location}", location=safe(lot["location"]))
        )
    left = max(0, len(body["lots"]) - 20) + int(body.get("more", 0))
    return clip("\n".join([*lines, *([more(left)] if left else [])]))


def digest(body: Json) -> str:
    """Return the morning digest."""
    lines = [f"☀ <b>{body['day']}</b>"]
    if body["reorder_count"]:
        lines.append(f"\n<b>{body['reorder_count']}</b> " + _("to order:"))
        lines += ["\n   ".join([_to_order(row), *remedies(row)]) for row in body["reorder"]]
        if body["reorder_count"] > len(body["reorder"]):
            lines.append("… " + _("{command} shows all", command="/reorder"))
    else:
        lines.append(_("Nothing needs reordering."))
    if body["run_out_count"]:
        lines.append(f"\n<b>{body['run_out_count']}</b> " + _("may run out this week:"))
        lines += [
            f"{safe(row['name'])} ({safe(row['sku'])}) " + _("from {day}", day=row["earliest"])
            for row in body["run_out"]
        ]
        if body["run_out_count"] > len(body["run_out"]):
            lines.append("… " + _("{command} shows all", command="/runout"))
    if body["exceptions_count"]:
        lines.append("\n⚠ " + _("Cannot be true (count?):"))
        lines += [
            f"{safe(row['sku'])} "
            + _("at {location}", location=safe(row["location"]))
            + f": {row['quantity']}"
            for row in body["exceptions"]
        ]
    if body["seal"]:
        lines.append("\n" + _("Seal {seal}", seal=f"<code>{body['seal']}</code>"))
    return clip("\n".join(lines))


def _to_order(row: Json) -> str:
    named = f"{safe(row['name'])} ({safe(row['sku'])})"
    if row.get("location"):
        named += " " + _("at {location}", location=safe(row["location"]))
    if row["suggested_qty"] == "0":
        return named
    by = f" – {safe(row['supplier'])}" if row["supplier"] else ""
    return f"{row['suggested_qty']} × {named}{by}"


def import_summary(body: Json) -> str:
    """Return the one message after an import."""
    skus = ", ".join(safe(sku) for sku in body["skus"])
    rest = "" if body["count"] <= len(body["skus"]) else " …"
    return _(
        "Import done: <b>{count}</b> to reorder ({skus}). /reorder shows them.",
        count=body["count"],
        skus=skus + rest,
    )


def warning(stopped: Sequence[str]) -> str:
    """Return the owner's warning that a view stands still."""
    names = ", ".join(map(safe, stopped))
    return "⚠ " + _("Some lists are not up to date ({names}): jitledger doctor", names=names)
