"""Corrections: an entry voided and recorded anew, in one append."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeGuard

from msgspec import structs

from jitledger.domain import commands as c
from jitledger.domain import events as e
from jitledger.domain.decisions.ground import FACTS, Draft, Ground, decides
from jitledger.domain.decisions.linking import NO_ORDER
from jitledger.domain.decisions.together import as_if_voided, current_entry, other_half, parts_of
from jitledger.domain.decisions.undo import target_of, void_draft, void_parts
from jitledger.domain.errors import Malformed, Refused
from jitledger.domain.events import Event
from jitledger.domain.moments import Occurred, parse_time
from jitledger.domain.names import entry_name
from jitledger.domain.quantity import parse_quantity, show
from jitledger.domain.state.order import Entry


@decides(c.CorrectEntry)
def correct_entry(ground: Ground, command: c.CorrectEntry) -> list[Draft]:
    """Void an entry and record it anew; the correction follows the chain to the entry in force."""
    sku, version, entries = target_of(ground, command.entry)
    version, event = current_entry(sku, version, entries)
    how = event.again
    if how is None:
        raise Refused(
            "not-correctable",
            f"{entry_name(sku, version)} is {event.name}; void it and enter it anew.",
            entry=entry_name(sku, version),
        )
    if "sku" in command.with_:
        raise Malformed(
            "bad-value",
            "The product of an entry cannot be corrected; void it and enter it for the other one.",
            field="with.sku",
        )
    half = other_half(event, entries)
    parts = parts_of(version, event, entries)
    if parts and isinstance(event, e.StockReceived):
        event = _whole(event, parts, entries)
    again, typed = _rebuild(event, how, sku, command, one_step=half is not None)
    stated = _stated(ground, again, event)
    targets = sorted((version, *parts, *(() if half is None else (half,))))
    drafts = [void_draft(ground, sku, target) for target in targets]
    ground.overrides[sku] = as_if_voided(ground, sku, entries, targets)
    ground.replaced = {(sku, target) for target in targets}
    if not ground.overrides[sku].catalog.registered:
        ground.overrides[sku].catalog = ground.known.item(sku).catalog
    if isinstance(event, e.StockSold):
        drafts += void_parts(ground, entry_name(sku, version), event)
    new = FACTS[type(again)](ground, again, stated)
    if "occurred_at" not in command.with_:
        # The moment was computed once, when the entry was recorded, and stays.
        new = [replace(d, effective_at=event.effective_at) for d in new]
    heir = next(place for place, draft in enumerate(new) if draft.event is type(event))
    kept = _kept(event, entry_name(sku, version), again.note, typed)
    new[heir] = replace(new[heir], fields=new[heir].fields | kept)
    return [*drafts, *new]


def _whole(event: e.StockReceived, parts: list[int], entries: list[Entry]) -> e.StockReceived:
    """Return a receipt that was divided over lines as it came: it divides itself anew."""
    others = [other.quantity for found, other in entries if found in parts and _came(other)]
    return structs.replace(event, po_line=None, quantity=sum(others, event.quantity))


def _came(event: Event) -> TypeGuard[e.StockReceived]:
    return isinstance(event, e.StockReceived)


def _kept(
    event: Event, corrects: str, note: str | None, typed: str | None
) -> dict[str, str | bool]:
    """Return what a correction keeps of the entry that it stands for."""
    kept: dict[str, str | bool] = {"corrects": corrects}
    if note or event.note:
        kept["note"] = note or event.note or ""
    if typed is not None:
        kept["typed"] = typed
    if isinstance(event, e.StockSold) and not event.components:
        kept["moves_stock"] = event.moves_stock
        kept["to_make"] = event.to_make
    return kept


def _rebuild(
    event: Event, how: e.Again, sku: str, command: c.CorrectEntry, *, one_step: bool
) -> tuple[c.Fact, str | None]:
    """Return the command an entry stands for, with the changes, and what is shown as typed."""
    fields: dict[str, object] = {"sku": sku}
    if not one_step:
        fields |= how.fixed
    said = event.said()
    for stored, asked in how.fields.items():
        if stored in said:
            fields[asked] = _as_said(said[stored])
    if isinstance(event, e.StockSold) and "at" not in fields:
        fields["at"] = event.location
    for forbidden in ("key", "now", "actor", "force"):
        if forbidden in command.with_:
            why = f'{forbidden} belongs beside "with", not in it.'
            raise Malformed("unknown-field", why, field=forbidden)
    given = dict(command.with_)
    typed = _in_packs(event, given)
    if isinstance(event, e.StockReceived):
        _receive_again(event, fields, given)
    moved = isinstance(event, e.StockSold) and "at" in given and "ships_from" not in given
    if moved and fields.get("ships_from") == fields.get("at"):
        fields.pop("ships_from", None)
    built = c.build(c.COMMANDS[how.do], fields | given)
    assert isinstance(built, c.Fact)
    return built, typed


def _receive_again(
    event: e.StockReceived, fields: dict[str, object], given: Mapping[str, object]
) -> None:
    """Leave out of a receipt what is to be worked out anew."""
    if event.cost_assumed:
        fields.pop("unit_cost", None)
    if event.no_order:
        fields["po"] = NO_ORDER
    if "po" in given or "po_line" in given:  # Supplier and cost were the other order's.
        for field in ("po", "po_line", "supplier", "unit_cost", "currency", "rate"):
            fields.pop(field, None)


def _as_said(value: object) -> object:
    """Return a stored value as a command is asked with it."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def _in_packs(event: Event, given: dict[str, Any]) -> str | None:
    """Read a corrected quantity in the pack that was typed, which held what it held then."""
    typed: str | None = getattr(event, "typed", None)
    if typed is None or "pack" in given:
        return None
    if "qty" not in given:
        return typed
    assert isinstance(event, e.Movement | e.Transfer)
    count, _, pack = typed.partition(" ")
    asked = parse_quantity("qty", given["qty"])
    given["qty"] = show(asked * (event.quantity / Decimal(count)))
    return f"{show(asked)} {pack}"


def _stated(ground: Ground, again: c.Fact, event: Event) -> Occurred | None:
    if again.occurred_at is not None:
        return ground.checked(parse_time("occurred_at", again.occurred_at, ground.shop.tz))
    if event.occurred_on is not None:
        return Occurred(day=event.occurred_on)
    return Occurred(instant=event.effective_at)
