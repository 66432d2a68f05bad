"""Why something was refused, in the person's language."""

from __future__ import annotations

import re

from jitledger.domain.errors import LedgerError
from jitledger_bot.texts.language import SOURCE, _, mark, spoken
from jitledger_bot.texts.words import ROLE

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
