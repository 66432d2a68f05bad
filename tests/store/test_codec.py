"""The codec: stored events of every version stay readable; the mapper and the raw way agree."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints

import orjson
import pytest
from eventsourcing.persistence import StoredEvent
from msgspec import structs

from jitledger.domain.errors import StoreError
from jitledger.domain.events import EVENTS, Event, OrderLine, StockReceived
from jitledger.store import codec
from jitledger.store.codec import EventMapper, Recorded, decode, encode, encode_given

HISTORY = Path(__file__).parents[1] / "history"


def sample(cls: Any) -> Any:
    """Make an event with every field filled."""
    fields: dict[str, Any] = {}
    hints = get_type_hints(cls)
    for field in structs.fields(cls):
        name, kind = field.name, str(hints[field.name])
        if name == "components":
            fields[name] = (("CUP", Decimal(2)),)
        elif name == "price_breaks":
            fields[name] = ((Decimal(10), Decimal("3.5")),)
        elif name == "lines":
            fields[name] = (sample(OrderLine),)
        elif name == "inputs":
            fields[name] = {"demand_per_day": "2.5"}
        elif name == "takes":
            fields[name] = {"14": "262.50"}
        elif name == "weekdays":
            fields[name] = (0, 3)
        elif "Literal" in kind:
            fields[name] = next(part for part in kind.split("'")[1::2])
        elif "Decimal" in kind:
            fields[name] = Decimal("12.5")
        elif "date" in kind:
            fields[name] = date(2026, 3, 2)
        elif "tuple" in kind:
            fields[name] = ("4006381333931",)
        elif "bool" in kind:
            fields[name] = not field.default
        elif "int" in kind:
            fields[name] = 1_772_701_200_000_000_000 if "at" in name else 3
        else:
            fields[name] = "MUG"
    return cls(**fields)


def row_of(event: Event) -> Recorded:
    """Return an event at its place in a stream."""
    return Recorded("sku/MUG", 3, event)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_stored_events_are_readable_for_ever(name: str) -> None:
    """Each stored name and version has files that the mapper reads to the same event.

    A field that came later has a file of its own; in the older ones it takes its default.
    """
    event = sample(EVENTS[name])
    stem = f"{name}.v{EVENTS[name].class_version}"
    if os.environ.get("JITLEDGER_NEW_EVENT") == name:
        # A new event writes its file once, when it is asked to; it is committed, never changed.
        path = HISTORY / f"{stem}.json"
        if path.exists():
            path = HISTORY / f"{stem}.{len(list(HISTORY.glob(f'{stem}*')))}.json"
        path.write_bytes(encode(event) + b"\n")
    written: set[str] = set()
    for path in sorted(HISTORY.glob(f"{stem}*.json")):
        body = path.read_bytes().strip()
        row = StoredEvent("sku/MUG", 3, name, body)
        there = set(orjson.loads(body))
        fields = {f: getattr(event, f) for f in event.__struct_fields__ if f in there}
        assert EventMapper().to_domain_event(row) == row_of(type(event)(**fields))
        written |= there
    assert set(orjson.loads(encode(event))) <= written


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_the_mapper_is_a_round_trip(name: str) -> None:
    """Out and in gives the same event, with all its fields or with none but the required."""
    mapper = EventMapper()
    event = row_of(sample(EVENTS[name]))
    assert mapper.to_domain_event(mapper.to_stored_event(event)) == event


def test_every_history_file_belongs_to_an_event() -> None:
    """A stored name is never dropped."""
    names = {path.name.partition(".")[0] for path in HISTORY.glob("*.json")}
    assert names == set(EVENTS)


def test_the_body_is_compact_and_exact() -> None:
    """Defaults and what the row says are left out; decimals are plain text."""
    event = StockReceived(
        recorded_at=5,
        effective_at=5,
        location="main",
        quantity=Decimal("1E+3"),
        unit_cost=Decimal("4.20"),
    )
    assert orjson.loads(encode(event)) == {
        "recorded_at": 5,
        "effective_at": 5,
        "location": "main",
        "quantity": "1000",
        "unit_cost": "4.20",
    }


def test_upcasters_bring_old_bodies_to_the_present(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body of version 1 passes every upcaster up to the class's version."""
    monkeypatch.setitem(codec.VERSIONS, "stock-received", 3)
    monkeypatch.setitem(codec.UPCASTERS, ("stock-received", 1), lambda b: {**b, "quantity": "1"})
    monkeypatch.setitem(codec.UPCASTERS, ("stock-received", 2), lambda b: {**b, "location": "WH"})
    old = decode("stock-received", b'{"recorded_at":1,"effective_at":1}')
    assert old == StockReceived(recorded_at=1, effective_at=1, quantity=Decimal(1), location="WH")
    body = b'{"v":3,"recorded_at":1,"effective_at":1,"quantity":"2","location":"main"}'
    assert decode("stock-received", body) == StockReceived(
        recorded_at=1, effective_at=1, quantity=Decimal(2), location="main"
    )


def test_a_note_that_looks_like_a_version_is_none() -> None:
    """What people write is looked at more closely, and read as it is."""
    event = StockReceived(
        recorded_at=1, effective_at=1, quantity=Decimal(1), location="main", note='x"v":9'
    )
    assert decode("stock-received", encode(event)) == event


def test_a_damaged_event_is_named() -> None:
    """A body that is no event is the operator's business, in one sentence."""
    for body in (b"{", b"[]", b'{"recorded_at":1}', b'{"recorded_at":"x"}', b"\xff"):
        with pytest.raises(StoreError, match="stored stock-received cannot be read"):
            decode("stock-received", body)


def test_an_unknown_event_is_the_operators_business() -> None:
    """A store written by a newer program is named, not misread."""
    with pytest.raises(StoreError):
        decode("stock-teleported", b"{}")


def test_what_is_given_as_nothing_is_written_so() -> None:
    """A void without a reason has been stored with one that is null, and stays so."""
    given = {"recorded_at": 1, "effective_at": 1, "reason": None, "target": 3}
    body = b'{"recorded_at":1,"effective_at":1,"reason":null,"target":3}'
    assert encode_given(EVENTS["entry-voided"], given) == body
