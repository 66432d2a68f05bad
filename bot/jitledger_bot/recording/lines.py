"""One line of a message on its way into the ledger: its product, its command or what is missing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError, unknown_location
from jitledger.domain.json import Json
from jitledger.domain.moments import to_datetime
from jitledger.domain.quantity import show
from jitledger.domain.state.shop import Shop
from jitledger.service.recording.submission import Ask
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.memory.resolve import Resolved
from jitledger_bot.reading import Reading
from jitledger_bot.reading.phrases import plain
from jitledger_bot.recording.found import find, measure_of, split_pack
from jitledger_bot.recording.left_over import offered
from jitledger_bot.recording.money import Unsettled, price_of_one
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import recorded as say

_SIGNED = re.compile(r"(?:^|\s)[+\-–−]\s?\d")
"""A number with its sign: which way an adjustment goes."""


@dataclass(slots=True)
class Line:
    """One line of a message on its way into the ledger."""

    reading: Reading
    sku: str | None = None
    title: str = ""
    ask: Ask | None = None
    nearest: Sequence[tuple[str, str]] = ()
    problem: str | None = None
    counted_at: int | None = None
    """When the product was counted, where a sale came soon after and says no time."""
    at: str | None = None
    """When the message was sent, when it reached us late."""
    pack: str | None = None
    corrects: bool = False
    removed: bool = False
    number: int = 0
    replaces: str | None = None
    """The entry that an edited line stood for, to be taken back once its product is chosen."""


def read_fact(
    reading: Reading,
    number: int,
    prefix: str,
    stated: str | None,
    sent_at: datetime,
    now: int,
    desk: Desk,
    shop: Shop,
    attachment: str | None = None,
) -> Line:
    """Resolve a reading's product and make its command, or say what is missing."""
    line = Line(reading, number=number)
    line.at = stated
    line.problem = _unreadable(reading)
    if line.problem is not None:
        return line
    found, line.pack, line.reading = find(reading, desk)
    reading = line.reading
    if reading.do == "receive" and reading.supplier is not None:
        known = desk.places(shop).suppliers
        if known and desk.supplier(reading.supplier) is None:
            named = ", ".join(desk.supplier_names()[:4])
            line.problem = _(say.UNKNOWN_SUPPLIER, name=reading.supplier[:60], known=named)
            return line
    if found.exact is None:
        _offer(line, found, desk)
        return line
    line.sku, line.title = found.exact.sku, found.exact.title
    if line.pack is not None and not desk.knows_pack(line.sku, line.pack):
        return line
    try:
        price = price_of_one(reading, line.sku, line.pack, desk)
        reading = line.reading = replace(reading, price=price, total=None)
    except Unsettled as unsettled:
        line.problem = str(unsettled)
        return line
    try:
        fields = command_fields(reading, line.sku, stated, desk, shop, line.pack)
        if reading.do == "sell" and reading.occurred is None:
            count = desk.recent_count(line.sku, fields.get("at") or shop.first_location, now)
            if count is not None and (stated is None or stated > to_datetime(count).isoformat()):
                line.counted_at = count
        if attachment is not None and reading.do == "receive":
            fields["attachment"] = attachment
        command = parse(fields)
    except LedgerError as error:
        line.problem = texts.problem(error)
        return line
    line.ask = Ask(command, f"{prefix}:{number}", raw_payload(reading.raw, sent_at))
    return line


def lines_of(
    readings: Sequence[Reading],
    prefix: str,
    sent_at: datetime,
    now: int,
    desk: Desk,
    shop: Shop,
    attachment: str | None = None,
) -> list[Line]:
    """Return what readings record or ask, nothing of a line being recorded by half."""
    stated = desk.stated_at(sent_at, now)
    lines = [
        read_fact(reading, number, prefix, stated, sent_at, now, desk, shop, attachment)
        for number, reading in enumerate(readings)
    ]
    never_half(lines)
    return lines


def _unreadable(reading: Reading) -> str | None:
    """Return why a line is asked about before anybody looks for its product."""
    if reading.problem is not None or not reading.is_fact:
        return reading.problem or _(say.LINE_NOT_UNDERSTOOD)
    if reading.do == "adjust" and reading.cause is None and not _SIGNED.search(reading.raw):
        return _(say.FOUND_OR_GONE)
    return None


def never_half(lines: Sequence[Line]) -> None:
    """Record nothing of a line of a message while one of the things it says is asked."""
    for line in lines:
        same = [one for one in lines if one.reading.line == line.reading.line]
        unclear = next((one for one in same if one.ask is None and one is not line), None)
        if line.ask is not None and unclear is not None:
            line.ask = None
            words = unclear.reading.product or unclear.reading.raw
            line.problem = _(say.A_PART_IS_NOT_CLEAR, words=words[:60])


def _offer(line: Line, found: Resolved, desk: Desk) -> None:
    """Offer the products that a line may mean; where a tap could go wrong it is asked instead."""
    reading = line.reading
    packed = split_pack(reading.product)
    if packed is not None:  # "2 boxes napkin": the pack stays with whatever is chosen.
        line.pack, rest = packed
        reading = line.reading = replace(reading, product=rest)
        found = desk.resolver.resolve(rest)
    measured = measure_of(reading.product)
    if measured is not None:  # "200 g cheese": the grams stay with whatever is chosen.
        found = desk.resolver.resolve(measured[1])
        meant = replace(reading, product=measured[1])
        near = [
            one
            for one in offered(meant, found.nearest, desk)
            if find(replace(reading, product=f"{measured[0]} {one.title}"), desk)[0].exact
        ]
    else:
        near = [
            one
            for one in offered(reading, found.nearest, desk)
            if not _is_sized(one.title, reading)
        ]
    if found.nearest and not near:
        line.problem = _(say.WRITE_ONE_THING, words=reading.product[:60])
    line.nearest = [(one.sku, one.title) for one in near]


def _is_sized(title: str, reading: Reading) -> bool:
    """Return whether the number may be a part of the name: "compost 40" of "Compost 40 l"."""
    return show(reading.quantity or Decimal(0)) in [plain(word) for word in title.split()]


def signed_delta(reading: Reading) -> Decimal:
    """Return an adjustment's signed quantity: what was given away or stolen is always less."""
    assert reading.quantity is not None
    if reading.cause in ("gift", "theft", "sample", "use"):
        return -abs(reading.quantity)
    return reading.quantity


def raw_payload(raw: str, sent_at: datetime) -> bytes:
    """Return what a message line's key stands for: the raw line with the message's own date."""
    text = f"{int(sent_at.timestamp())}\n{raw}"
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def command_fields(
    reading: Reading,
    sku: str,
    stated: str | None,
    desk: Desk,
    shop: Shop,
    pack: str | None = None,
) -> Json:
    """Return a reading as a command's fields."""
    assert reading.do is not None
    assert reading.quantity is not None
    fields: Json = {"do": reading.do, "sku": sku}
    occurred = reading.occurred or stated
    if occurred is not None:
        fields["occurred_at"] = occurred
    if reading.do == "adjust":
        delta = signed_delta(reading)
        if pack is not None:
            delta *= desk.factor_of(sku, pack) or Decimal(1)
        fields["delta"] = show(delta)
        fields["reason"] = "other" if reading.cause == "use" else reading.cause or "other"
    else:
        fields["qty"] = show(reading.quantity)
        if pack is not None:
            fields["pack"] = pack
    places = shop.locations
    for named in (reading.location, reading.to):
        if named is not None and named.casefold() not in map(str.casefold, places):
            raise unknown_location(named, list(places))
    if reading.location is not None and reading.do != "transfer":
        fields["at"] = reading.location
    if reading.do == "transfer":
        fields["from"] = reading.location or shop.first_location
        fields["to"] = reading.to
        if reading.to is None:
            raise_missing("to")
    if reading.price is not None and reading.do in ("receive", "sell"):
        fields["unit_cost" if reading.do == "receive" else "unit_price"] = show(reading.price)
    if reading.do == "return-to-supplier" and reading.supplier is not None:
        fields["supplier"] = reading.supplier
    if reading.supplier is not None and reading.do == "receive":
        code = desk.supplier(reading.supplier)
        fields["supplier" if code is not None else "note"] = code or f"from {reading.supplier}"
    if reading.do == "write-off" and reading.cause in ("loss", "expiry"):
        fields["reason"] = reading.cause
    if reading.do == "return" and reading.condition is not None:
        fields["condition"] = reading.condition
    return fields


def raise_missing(field: str) -> None:
    """Say that a move needs a place to go to."""
    from jitledger.domain.errors import Malformed

    said = _(say.WHERE_TO_FOR_EXAMPLE_MOVED)
    raise Malformed("missing-field", said, field=field)
