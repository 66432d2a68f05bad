"""What the bot says. The number first, one line of why; everything typed is escaped for HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any

from jitledger.domain.errors import LedgerError
from jitledger.domain.quantity import show
from jitledger_bot.language import SOURCE, _, local, mark, plural, spoken

if TYPE_CHECKING:
    from jitledger_projections.reorder import ReorderLine
    from jitledger_projections.supply import SupplierCard, SupplierRow

LIMIT = 4000
MOST_NAMED = 8
STRANGER = mark(
    "Hello! This is a shop's own bot. If you work here, ask the owner for an invitation link."
)
VIEWER = mark("Your role is viewer: you can look, and ask the owner for the right to record.")
RECORDING = mark(
    """<b>Tell me what happened</b>, one thing a line:
received 24 blue mug @ 4.20 from Acme
sold 3 MUG
count MUG 17
broke 1 vase
moved 8 MUG to shop
sold 2 MUG yesterday 13:55
A photo of a barcode with “+24” works too, and so do tables (.csv, .xlsx).
Edit a message to correct it; press Undo to take it back."""
)
VERB = {
    "receive": mark("Received"),
    "sell": mark("Sold"),
    "count": mark("Counted"),
    "write-off": mark("Written off"),
    "return": mark("Returned"),
    "adjust": mark("Adjusted"),
    "transfer": mark("Moved"),
    "unmet": mark("Asked for, none:"),
}
EVENT = {
    "item-registered": mark("new product"),
    "item-renamed": mark("renamed"),
    "item-retired": mark("retired"),
    "price-set": mark("price"),
    "pack-defined": mark("pack"),
    "supplier-linked": mark("supplier"),
    "policy-set": mark("reorder policy"),
    "opening-balance": mark("opening balance"),
    "stock-received": mark("received"),
    "stock-sold": mark("sold"),
    "sale-returned": mark("returned"),
    "returned-to-supplier": mark("back to the supplier"),
    "stock-counted": mark("counted"),
    "stock-adjusted": mark("adjusted"),
    "stock-written-off": mark("written off"),
    "status-moved": mark("set aside"),
    "transfer-dispatched": mark("sent away"),
    "transfer-received": mark("arrived"),
    "transfer-lost": mark("lost on the way"),
    "stock-reserved": mark("reserved"),
    "reservation-released": mark("released"),
    "backorder-taken": mark("backordered"),
    "backorder-cancelled": mark("backorder cancelled"),
    "demand-unmet": mark("asked for, none"),
    "entry-voided": mark("taken back"),
    "landed-cost-added": mark("freight"),
    "supplier-registered": mark("new supplier"),
    "terms-agreed": mark("terms"),
    "member-joined": mark("joined"),
    "member-left": mark("left"),
    "role-changed": mark("role changed"),
    "location-opened": mark("new location"),
    "settings-changed": mark("settings changed"),
}
ROLE = {
    "owner": mark("owner"),
    "buyer": mark("buyer"),
    "staff": mark("staff"),
    "viewer": mark("viewer"),
}
QUANTITY = {
    "reserved": mark("reserved"),
    "unsellable": mark("unsellable"),
    "in_transit": mark("in transit"),
}
EXCEPTION = {
    "negative-stock": mark("below zero"),
    "oversold": mark("promised more than there is"),
    "negative-in-transit": mark("more arrived than was sent"),
}
REFUSAL = {
    "unknown-sku": mark("No product “{sku}” is registered. Register it first."),
    "unknown-location": mark("There is no location “{location}”."),
    "unknown-entry": mark("There is no entry “{entry}”; entries are written like MUG/17."),
    "unknown-supplier": mark("There is no supplier “{supplier}”; register it first."),
    "unknown-unit": mark("{sku} has no pack “{pack}”; say first what it holds."),
    "unknown-member": mark("There is no member “{member}”."),
    "already-voided": mark("{entry} is already voided by {by}; void {by} to bring it back."),
    "not-available": mark(
        "{asked} of {sku} asked at {location}, {available} available "
        "({on_hand} on hand, {reserved} reserved)."
    ),
    "not-permitted": mark("Your role is {role}; that is not for you to do."),
    "duplicate-sku": mark("“{sku}” is registered already; use it, or choose another code."),
    "duplicate-barcode": mark("Barcode {barcode} belongs to {sku} already."),
    "is-a-bundle": mark("{sku} is a bundle without stock of its own; enter it for its parts."),
    "not-positive": mark("{field} is {value}; it must be more than 0."),
    "too-precise": mark("{value} of {sku} asked; {sku} is not kept that exactly."),
    "in-the-future": mark("{occurred_at} has not come yet; a plan is not a fact."),
    "long-ago": mark("{occurred_at} is very long ago; the command line takes it with force."),
    "last-owner": mark("The last owner stays owner; make somebody else owner first."),
    "already-retired": mark("{sku} is retired already."),
    "not-correctable": mark("{entry} cannot be corrected; void it and enter it anew."),
    "key-conflict": mark("This was recorded before with another content."),
    "bad-value": mark("{field} is “{value}”: {why}"),
    "unknown-order": mark("There is no purchase order “{po}”."),
    "too-new": mark("{sku} was on the shelf for less than {days} days; ask again later."),
    "too-little-history": mark("A backtest needs nine weeks of sales; so far there are {days}."),
    "bad-file": mark("{file}: {why}."),
    "missing-field": mark("The column or field “{field}” is missing."),
}
"""A refusal's sentence by its code; English says the ledger's own, which is more exact."""


WHYS = (
    mark("no such time zone; try Europe/Berlin"),
    mark("a plain decimal number is expected"),
    mark("it is empty"),
    mark("it is longer than 64 characters"),
    mark("nothing to change was given"),
    mark("a bundle cannot hold a bundle"),
    mark("it is where the stock already is"),
    mark('a decimal number as text is expected, like "12" or "4.20"'),
    mark("a plain decimal number is expected, like 12 or 4.20"),
    mark("more than 1,000,000,000,000 is not a quantity of a shop"),
    mark("an amount of money cannot be negative here"),
    mark("a time is expected, like 2026-03-03T13:55 or 2026-03-03"),
    mark("no such time; write 2026-03-03T13:55 or 2026-03-03"),
    mark("a share between 0 and 1 is expected, like 0.97"),
    mark("a date is expected, like 2026-03-31"),
    mark("a whole number is expected"),
    mark("it cannot be read, perhaps it is damaged"),
    mark("it is too large when unpacked"),
    mark("it is empty; a header line and rows are expected"),
    mark("it is no text; a CSV or XLSX file is expected"),
    mark("it is no text in UTF-8; save it as CSV (UTF-8)"),
    mark("it has no sheet"),
)
"""Reasons of the ledger that people meet in the chat."""


FIELD = {
    "qty": mark("the quantity"),
    "price": mark("the price"),
    "unit_cost": mark("the cost"),
    "unit_price": mark("the price"),
    "occurred_at": mark("the date"),
    "timezone": mark("the time zone"),
    "service_level": mark("the service level"),
    "sku": mark("the code"),
}
"""What people call the fields of a command."""


def safe(text: object) -> str:
    """Return text escaped for Telegram's HTML."""
    return escape(str(text), quote=False)


def money(amount: Decimal) -> str:
    """Return an amount as people write one: two decimals when it has any.

    >>> money(Decimal("9.5")), money(Decimal(24)), money(Decimal("0.125"))
    ('9.50', '24', '0.125')
    """
    said = show(amount)
    return said + "0" if said[-2:-1] == "." else said


def problem(error: LedgerError) -> str:
    """Return a refusal in the language of the turn (not escaped)."""
    template = REFUSAL.get(error.code)
    if spoken().language == SOURCE or template is None:
        return error.message
    fields = dict(error.fields)
    role, reason = fields.get("role"), fields.get("why")
    if role in ROLE:
        named = ROLE[role]
        fields["role"] = _(named)
    if reason is not None:
        fields["why"] = _(reason)
    if fields.get("field") in FIELD:
        field = FIELD[fields["field"]]
        fields["field"] = _(field)
    try:
        return _(template, **fields)
    except (KeyError, IndexError):
        return error.message


def units(text: str) -> int:
    """Return the length of a text as Telegram counts it, in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clip(text: str, limit: int = LIMIT) -> str:
    """Return whole lines that fit into one message."""
    if units(text) <= limit:
        return text
    kept: list[str] = []
    size = 0
    lines = text.splitlines()
    for line in lines:
        size += units(line) + 1
        if size > limit - 40:
            break
        kept.append(line)
    return "\n".join([*kept, more(len(lines) - len(kept))])


def more(count: int) -> str:
    """Say how many lines are left out."""
    return plural("… and {n} more", "… and {n} more", count)


def product(title: str, sku: str) -> str:
    """Return a product's name with its code."""
    if title.casefold() == sku.casefold():
        return f"<b>{safe(title)}</b>"
    return f"<b>{safe(title)}</b> ({safe(sku)})"


def when(moment: str, length: int = 16) -> str:
    """Return a moment or a day of the ledger's JSON in the zone of the turn."""
    if len(moment) <= 10:
        return moment
    return local(datetime.fromisoformat(moment)).isoformat(sep=" ")[:length]


def help_for(role: str) -> str:
    """Return what a member of this role can say."""
    asks = [
        ("/stock MUG", _("what is on the shelf")),
        ("/chart MUG", _("its stock and demand as a picture")),
        ("/reorder", _("what needs reordering")),
        ("/orders", _("purchase orders, and what is late")),
        ("/runout", _("what runs out this week")),
        ("/dead", _("what lies and does not sell")),
        ("/overstock", _("what lies beyond the need, and what to do")),
        ("/whatif Acme 14", _("what if Acme is 14 days late")),
        ("/tune", _("reorder points that could move")),
        ("/jit MUG", _("is just-in-time right for it")),
        ("/backtest", _("your sales under other ways to order")),
        ("/supplier Acme", _("a supplier's terms and products")),
        ("/history MUG", _("every entry")),
        ("/why MUG", _("how the number comes about")),
        ("/asof 2026-03-02 MUG", _("what was true then")),
        ("/log ana", _("who entered what today")),
    ]
    if role != "viewer":
        asks += [
            ("/count", _("a counting round, one product after another")),
            ("/later", _("deliveries kept for later")),
        ]
    if role in ("owner", "buyer"):
        asks += [
            (_("/new Blue mug, 9.50, Acme"), _("a new product")),
            (_("/new_supplier Acme, 7 days"), _("a new supplier")),
            ("/policy MUG 20 24", _("order 24 when 20 are left")),
            ("/export", _("stock, history or products as a table")),
        ]
    asks.append(("/settings", _("language, time zone, quiet hours, what I tell you")))
    if role == "owner":
        asks += [
            (_("/invite staff"), _("a link that lets somebody in, once")),
            ("/people", _("who may do what")),
            ("/shop", _("name, time zone, service level")),
        ]
    listed = "\n".join(f"{command} – {text}" for command, text in asks)
    head = _(RECORDING) + "\n\n" if role != "viewer" else ""
    return head + "<b>" + _("Ask me") + f"</b>\n{listed}"


def stock(row: dict[str, Any]) -> str:
    """Return an item's quantities."""
    name = product(row["name"], row["sku"])
    if not row["known"]:
        return f"<b>{row['on_hand']}</b> {name}: " + _(
            "count first, nothing was received or counted yet"
        )
    parts = [f"<b>{row['on_hand']}</b> " + _("on hand – {product}", product=name)]
    if row["available"] != row["on_hand"]:
        parts.append(_("{quantity} available", quantity=row["available"]))
    parts += [f"{row[key]} {_(said)}" for key, said in QUANTITY.items() if row[key] != "0"]
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


def entry_line(row: dict[str, Any]) -> str:
    """Return one entry of a history in one line."""
    change = "" if row["delta"] is None else _signed(row["delta"])
    balance = "" if row["balance"] is None else f" → {row['balance']}"
    gone = ""
    if row["voided_by"]:
        gone = " " + _("(voided by {entry})", entry=safe(row["voided_by"]))
    who = f" · {safe(row['actor'])}" if row["actor"] else ""
    return (
        f"{when(str(row['occurred_at']))} {event(row['event'])} {change}{balance} "
        f"<i>{safe(row['entry'])}</i>{who}{gone}"
    )


def event(name: str) -> str:
    """Return what an event is called."""
    return _(EVENT[name]) if name in EVENT else name


def history(rows: Sequence[dict[str, Any]], title: str, sku: str, first: int, count: int) -> str:
    """Return a page of an item's entries: ``rows`` from number ``first`` of ``count``, oldest 1."""
    last = first + len(rows) - 1
    head = _("{product} – entries {first} to {last} of {count}")
    lines = [head.format(product=product(title, sku), first=first, last=last, count=count)]
    return "\n".join(lines + [entry_line(row) for row in rows])


def why(answer: dict[str, Any], title: str, most: int = 40) -> str:
    """Return the entries that sum to on-hand; older ones are drawn together."""
    terms = answer["terms"]
    name = product(title, answer["sku"])
    lines = [f"<b>{answer['on_hand']}</b> " + _("on hand – {product}", product=name)]
    older = terms[:-most] if len(terms) > most else []
    if older:
        total = sum((Decimal(t["delta"]) for t in older), Decimal(0))
        said = _("in {count} earlier entries", count=len(older))
        lines.append(f"{_signed(format(total, 'f'))} {said}")
    for term in terms[-most:]:
        day = when(str(term["occurred_at"]), 10)
        counted = ""
        if term["counted"] is not None:
            counted = " " + _("(counted {quantity})", quantity=term["counted"])
        entry = f"<i>{safe(term['entry'])}</i>"
        lines.append(f"{_signed(term['delta'])} {event(term['event'])}{counted} {day} {entry}")
    lines.append(f"= {answer['on_hand']}")
    return "\n".join(lines)


def _signed(text: str) -> str:
    return text if text.startswith("-") or text == "0" else f"+{text}"


def log(rows: Sequence[dict[str, Any]], head: str, most: int = 40) -> str:
    """Return what was entered, newest last."""
    if not rows:
        return head + "\n" + _("Nothing was entered.")
    lines = [head]
    for row in rows[-most:]:
        quantity = f" {row['quantity']}" if row["quantity"] else ""
        who = f" · {safe(row['actor'])}" if row["actor"] else ""
        lines.append(
            f"{when(str(row['recorded_at']))[-5:]} {event(row['event'])}{quantity} "
            f"<i>{safe(row['entry'])}</i>{who}"
        )
    if len(rows) > most:
        lines.insert(1, more(len(rows) - most))
    return clip("\n".join(lines))


def reorder(
    lines: Sequence[ReorderLine],
    total: int,
    first: int = 0,
    unknown: Sequence[tuple[str, str]] = (),
) -> str:
    """Return a page of what needs reordering, by supplier, most urgent first.

    ``unknown`` is what has to be counted before anything can be said of it.
    """
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
        text.append(f"\n<b>{named}</b>")
        for line in mine:
            quantity = line.suggestion.quantity
            cost = f", {money(line.unit_cost * quantity)}" if line.unit_cost is not None else ""
            runs = " – " + _("runs out {day}", day=line.likely.isoformat()) if line.likely else ""
            text.append(f"{show(quantity)} × {safe(line.name)} ({safe(line.sku)}){cost}{runs}")
    return clip("\n".join(text) + uncounted)


def why_reorder(line: ReorderLine) -> str:
    """Return a reorder point term by term; of an item that is not due, too."""
    lead, review = line.lead_time_days, line.review_days
    point, named = show(line.reorder_point), product(line.name, line.sku)
    shown = [
        f"<b>{show(line.suggestion.quantity)}</b> × {named}"
        if line.due
        else f"{named}: " + _("It needs no reordering now."),
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
    if line.due and line.suggestion.question:
        shown.append(safe(line.suggestion.question))
    if line.order_by:
        shown.append(_("order by {day}", day=line.order_by.isoformat()))
    return "\n".join(shown)


def time_note(note: str) -> str:
    """Return what was said of a local time at a clock change, in the person's language."""
    missing = re.fullmatch(r"(\S+) does not exist on that day; (\S+) was taken", note)
    if missing is not None:
        stated, taken = missing.groups()
        return _(
            "{stated} does not exist on that day; {taken} was taken", stated=stated, taken=taken
        )
    stated = note.partition(" ")[0]
    return _("{stated} happens twice on that day; the earlier was taken", stated=stated)


def alert(body: dict[str, Any]) -> str:
    """Return a reorder alert."""
    name = product(body["name"], body["sku"])
    where = " " + _("at {location}", location=safe(body["location"])) if body["location"] else ""
    return (
        "🔔 "
        + _("Reorder {product}", product=name)
        + f"{where}\n"
        + _(
            "<b>{position}</b> left in position, reorder point {point} – order {quantity}",
            position=body["inventory_position"],
            point=body["reorder_point"],
            quantity=body["quantity"],
        )
    )


def alert_state(body: dict[str, Any]) -> str:
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


def exception(body: dict[str, Any]) -> str:
    """Return the push about stock that cannot be true."""
    return (
        f"⚠ <b>{body['quantity']}</b> {product(body['name'], body['sku'])} "
        + _("at {location}", location=safe(body["location"]))
        + "\n"
        + _("Stock below zero cannot be. A receipt not entered? Count?")
    )


def and_more(body: dict[str, Any]) -> list[str]:
    """Return the line that counts what a push leaves out, if anything."""
    left = int(body.get("more", 0))
    return [more(left)] if left else []


def run_out_ahead(body: dict[str, Any]) -> str:
    """Return the push about items that are about to run out."""
    lines = [f"⏱ <b>{len(body['items'])}</b> " + _("about to run out")]
    for row in body["items"]:
        likely = _("likely {day}", day=row["likely"])
        lines.append(f"{row['on_hand']} × {safe(row['name'])} ({safe(row['sku'])}): {likely}")
    return clip("\n".join([*lines, *and_more(body)]))


def expiring(body: dict[str, Any]) -> str:
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


def digest(body: dict[str, Any]) -> str:
    """Return the morning digest."""
    lines = [f"☀ <b>{body['day']}</b>"]
    if body["reorder_count"]:
        lines.append(f"\n<b>{body['reorder_count']}</b> " + _("to order:"))
        lines += [
            f"{row['suggested_qty']} × {safe(row['name'])} ({safe(row['sku'])})"
            + (f" – {safe(row['supplier'])}" if row["supplier"] else "")
            for row in body["reorder"]
        ]
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
        if agreed.get("unit_cost") is not None:
            parts.append(f"{agreed['unit_cost']} {agreed.get('currency') or ''}".strip())
        if agreed.get("moq") is not None:
            parts.append(_("at least {quantity}", quantity=agreed["moq"]))
        if agreed.get("pack") is not None:
            parts.append(_("in packs of {quantity}", quantity=agreed["pack"]))
        lines.append(f"{safe(title)} ({safe(sku)}) {', '.join(parts)}".strip())
    if len(card.products) > 30:
        lines.append(more(len(card.products) - 30))
    return clip("\n".join(lines))


def import_summary(body: dict[str, Any]) -> str:
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
