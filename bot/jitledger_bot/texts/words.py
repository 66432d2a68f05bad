"""Small things that many sentences are made of: numbers, names, days, verbs."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from html import escape

from jitledger.domain.commands import COMMANDS
from jitledger.domain.events import EVENTS
from jitledger.domain.quantity import show
from jitledger_bot.texts.language import _, local, mark, plural

LIMIT = 4000
MOST_NAMED = 8
STRANGER = mark(
    "Hello! This is a shop's own bot. If you work here, ask the owner for an invitation link."
)
ONLY_OWNER = mark("That is for the owner to do.")
ONLY_BUYER = mark("That is for the owner or a buyer to do.")
VIEWER = mark("Your role is viewer: you can look, and ask the owner for the right to record.")

VERB = {name: command.word for name, command in COMMANDS.items() if command.word}
"""How it is said that a command was recorded."""
ROLE = {
    "owner": mark("owner"),
    "buyer": mark("buyer"),
    "staff": mark("staff"),
    "viewer": mark("viewer"),
}
QUANTITY = {
    "reserved": mark("reserved"),
    "unsellable": mark("unsellable"),
    "backorders": mark("owed to customers"),
    "on_order": mark("on order"),
    "in_transit": mark("in transit"),
}
EXCEPTION = {
    "negative-stock": mark("below zero"),
    "oversold": mark("promised more than there is"),
    "negative-in-transit": mark("more arrived than was sent"),
}


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


def event(name: str) -> str:
    """Return what an event is called."""
    kind = EVENTS.get(name)
    return _(kind.word) if kind is not None and kind.word else name


def signed(text: str) -> str:
    """Return a quantity with its sign, plus signs too."""
    return text if text.startswith("-") or text == "0" else f"+{text}"
