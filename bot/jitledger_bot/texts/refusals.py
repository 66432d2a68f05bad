"""Why something was refused, in the person's language."""

from __future__ import annotations

from jitledger.domain.errors import LedgerError, Remark
from jitledger.domain.moments import Adjusted
from jitledger_bot.texts.language import SOURCE, _, mark, spoken
from jitledger_bot.texts.words import ROLE, safe

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
    "ambiguous-number": mark("{field} is “{value}”: write it without a thousands sign."),
    "ambiguous-date": mark("“{value}”: day or month first? Write the date as 2026-03-03."),
    "bad-database": mark("The address of the database is not right."),
    "altered-copy": mark("{file} does not agree with its own seals: {why}."),
    "cannot-copy": mark("The copy could not be made."),
    "damaged-copy": mark("{file} is no whole copy of a shop."),
    "file-exists": mark("{file} is there already; take another name."),
    "not-empty": mark("{file} holds a database already; restore into a new place."),
    "bad-invitation": mark("This invitation is not valid (any more); ask for a new one."),
    "bad-json": mark("The line is not one JSON object."),
    "bad-row": mark("The row has {cells} cells, the header {columns}."),
    "bad-setting": mark("A setting is missing or wrong."),
    "cannot-write": mark("The good rows are recorded; the file of bad ones could not be written."),
    "clock-backwards": mark("now is {now}, but {present} was recorded."),
    "closed": mark("The ledger is closed."),
    "duplicate-order": mark("There is an order {po} already; take another number."),
    "duplicate-reservation": mark("Reservation “{reservation}” exists already."),
    "foreign-database": mark("That is the database of another program; nothing was changed."),
    "lock-timeout": mark(
        "Another process held the lock too long; nothing was recorded. Try again."
    ),
    "altered-ledger": mark("The history is not what was sealed; nothing was erased from it."),
    "missing-driver": mark("PostgreSQL needs an extra that is not installed."),
    "busy": mark("Others recorded all the time; try again when it is quieter."),
    "clock-jump": mark(
        "The clock of the machine stands {days} days after the newest entry: nothing is "
        "recorded before whoever runs it looks at it."
    ),
    "newer-ledger": mark("The shop was opened by a newer program; use that one."),
    "newer-projection": mark("A view was built by a newer program; use that one."),
    "no-rate": mark("It is in {currency}: give the rate to the shop's currency."),
    "no-shop": mark("There is no shop here yet."),
    "not-built": mark("{do} is not built yet."),
    "not-first": mark("{sku} moved at {location} before ({entry}); enter a count instead."),
    "not-installed": mark("That needs an extra that is not installed: {extra}."),
    "not-on-order": mark("{po} holds no {sku}."),
    "not-outstanding": mark(
        "{asked} of {sku} asked to be cancelled on {po}, {outstanding} to come."
    ),
    "draft-waits": mark("{po} from {supplier} is drafted already; place it or change it."),
    "nothing-due": mark("Nothing needs reordering from {supplier} now."),
    "retired": mark("{sku} is retired; void that entry of its history to order it again."),
    "shop-is-open": mark("The shop is open already."),
    "file-moved": mark(
        "The file of the shop was moved or replaced, so nothing more is recorded; "
        "whoever runs it must put it back."
    ),
    "locks-lie": mark("The drive of the shop gives one lock to two programs at once."),
    "disk-full": mark("The disk is full; nothing was recorded. Make room on it."),
    "read-only": mark("The database can be read here, but not written; nothing was recorded."),
    "unknown-letter": mark("Nothing is set aside as “{letter}”."),
    "store": mark("The database cannot be used now; whoever runs it finds why in the log."),
    "unknown-command": mark("There is no command “{do}”."),
    "unknown-event": mark("An entry is newer than this program."),
    "unknown-field": mark("There is no field “{field}”."),
    "unknown-projection": mark("There is no such view."),
    "unknown-reservation": mark("There is no reservation “{reservation}”."),
    "unreadable-event": mark(
        "An entry cannot be read; whoever runs the ledger finds which in the log."
    ),
    "witness-unwritable": mark("{file} cannot be written: {why}."),
    "which-place": mark("{sku} on {po} is to come to several places: {places}. Name the place."),
    "wrong-state": mark("That cannot be done with order {po} as it stands now."),
}
"""A refusal's sentence by its code; English says the ledger's own, which is more exact."""

WHYS = (
    mark("no such time zone; try Europe/Berlin"),
    mark("a plain decimal number is expected"),
    mark("two columns have this name and differ; rename the one that does not count"),
    mark("it does not divide by what the pack holds; write the price of one"),
    mark("the last digit of this barcode does not fit; look at it again"),
    mark(
        "a formula without its result; open the file in a spreadsheet program, save it "
        "and send it again"
    ),
    mark("a spreadsheet made a number of this code; format the column as text and enter it again"),
    mark("an amount in {currency} is expected"),
    mark("was it sold? Name the column “event type”, or take the row out"),
    mark("it holds days and is not read; name the column “date” if it says when"),
    mark("it is counted twice here, with two numbers; write one row with what is there"),
    mark("how many, or money? Name the column “quantity” or “total”"),
    mark("nobody counted it"),
    mark("a sum is no product"),
    mark("it is no row of the table"),
    mark("its stock was never known"),
    mark("none of it came"),
    mark("it was cancelled"),
    mark("it is not paid yet"),
    mark("it is too large to be read here; leave out what is no row, or save it as CSV"),
    mark("it has too many columns"),
    mark("it has no code: no product is behind it"),
    mark("it is the sum of an order, or the end of the report"),
    mark("Amazon sent it out of its own store"),
    mark("it is not sold yet"),
    mark("the code is of one product and the barcode of another"),
    mark("its variants are sold, not it"),
    mark("it holds no product"),
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
    mark("a live shop's clock cannot be told the time"),
    mark("a category is named with its method"),
    mark("a code is expected, as text"),
    mark("a currency has three letters, like EUR"),
    mark("a share between 0 and 1 is expected, like 0.5"),
    mark("a number of days is expected, like 14"),
    mark("0 is by days of demand, 1 by rate and cost"),
    mark("a share between 0.5 and 0.999 is expected, like 0.97"),
    mark("a share of at most {most} is expected, like 0.3"),
    mark("a locale is expected, like en or de_DE"),
    mark("an order number holds no slash, and is no dash alone"),
    mark("it holds bytes that are no text"),
    mark("it holds characters that cannot be printed"),
    mark("it is longer than {longest} characters"),
    mark("it must be above the reorder point"),
    mark("it must be more than zero"),
    mark("it reads like the name of an entry"),
    mark("min-max needs reorder_point and order_up_to"),
    mark("money has at most 6 decimals"),
    mark("name the SKU that this quantity is of"),
    mark("text is expected"),
    mark("the manual method needs one"),
    mark("a policy for {at} alone needs one; what is computed is for the whole shop"),
    mark("at most {most} days are expected"),
    mark("dates run from {first} to {last}"),
    mark("it is no entry of {sku}"),
    mark("it is no line of {po}"),
    mark("no product is in it; there are {known}"),
    mark("prices are kept in {own}"),
    mark("it is {event}, not {what}"),
    mark("that is before {day}, its order"),
    mark("the shop opens at {opens}; it closes later that day"),
    mark("{po} has {lines} lines"),
    mark("{po} was placed with {by}"),
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
    if error.reason is not None:
        template_of_why, details = error.reason
        fields["why"] = _(template_of_why, **details)
    elif reason is not None:
        fields["why"] = _(reason)
    if fields.get("field") in FIELD:
        field = FIELD[fields["field"]]
        fields["field"] = _(field)
    try:
        return _(template, **fields)
    except (KeyError, IndexError):
        return error.message


REMARKS = (
    mark("{more} more than {po} wanted came: keep them or return them; they are on the shelf"),
    mark("it cost {cost} and was ordered at {agreed} on {po}: {share} %, {sum} in all"),
    mark("counted for {po}: {left} still to come"),
    mark("counted for {po}, which is complete now"),
    mark("it arrived at {place}, where {po} was ordered to"),
    mark(
        "no lead time is known of {count} of {items} products: 7 days, as uncertain as usual, are "
        "assumed"
    ),
    mark(
        "{count} order lines of {items} products were likely lost while nothing was there; they "
        "are put back by their likelihood"
    ),
    mark(
        "no cost is known of {count} of {items} products: half the price before the scored days is "
        "assumed, or 1"
    ),
    mark(
        "{share} % of the order lines are left out: of products that sold on fewer than {days} "
        "days before, or are no stock"
    ),
    mark("what really happened is left out: stock was known on too few days"),
    mark(
        "orders more days of what is cheap and sells quickly and fewer of what is dear, as many "
        "orders in all, chosen by replaying your sales: equal days would have taken {more} % more "
        "stock"
    ),
    mark(
        "remembers about {days} days here, chosen by replaying your sales: {other} days would have "
        "taken {more} % more stock"
    ),
    mark("the least order is {least}, but only {most} sell before they expire"),
    mark("the least order is {least}, but only {most} fit below the most of {level}"),
    mark("{quantity} would not lift the position above {point}"),
    mark("{expected} were expected there: {difference} fewer"),
    mark("{expected} were expected there: {difference} more"),
)
"""What stands beside an answer, by its template in the ledger's own words."""


def note(said: Adjusted | Remark) -> str:
    """Return what stands beside an answer, in the person's language; HTML."""
    return safe(plain(said)) if isinstance(said, Remark) else time_note(said)


def plain(said: Remark) -> str:
    """Return a remark in the person's language, as plain text."""
    return _(said.template, **said.details)


def time_note(note: Adjusted) -> str:
    """Return what was taken for a local time at a clock change, in the person's language."""
    if note.taken is None:
        return _("{stated} happens twice on that day; the earlier was taken", stated=note.stated)
    return _(
        "{stated} does not exist on that day; {taken} was taken",
        stated=note.stated,
        taken=note.taken,
    )
