"""Properties P1, P3, P4, P5, P6 and P8 of the domain, over generated histories."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jitledger.domain.errors import Refused
from jitledger.domain.events import (
    EntryVoided,
    SaleReturned,
    StockAdjusted,
    StockCounted,
    StockReceived,
    StockSold,
    StockWrittenOff,
    TransferLost,
)
from jitledger.domain.moments import LocalDays, to_datetime
from jitledger.domain.state.order import Entry, order_key, voids
from jitledger.domain.state.quantities import quantities
from jitledger.domain.state.stock_item import StockItem, fold
from jitledger.testing.paper import PaperLedger

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PLACES = ("main", "shop", "back")


@dataclass(frozen=True)
class Step:
    """One command of a generated history, ``hours`` after the one before."""

    hours: int
    fields: dict[str, Any]
    back_hours: int | None
    by_day: bool


quantity = st.integers(1, 40).map(str)
place = st.sampled_from(PLACES)


def facts() -> st.SearchStrategy[dict[str, Any]]:
    """Return any fact or promise."""
    return st.one_of(
        st.fixed_dictionaries({"do": st.just("receive"), "qty": quantity, "at": place}),
        st.fixed_dictionaries({"do": st.just("sell"), "qty": quantity, "at": place}),
        st.fixed_dictionaries(
            {"do": st.just("sell"), "qty": quantity, "at": place, "ships_from": place}
        ),
        st.fixed_dictionaries(
            {"do": st.just("count"), "qty": st.integers(0, 60).map(str), "at": place}
        ),
        st.fixed_dictionaries(
            {
                "do": st.just("adjust"),
                "at": place,
                "delta": st.integers(-9, 9).filter(bool).map(str),
            }
        ),
        st.fixed_dictionaries(
            {
                "do": st.just("return"),
                "qty": quantity,
                "at": place,
                "condition": st.sampled_from(["resellable", "damaged"]),
            }
        ),
        st.fixed_dictionaries({"do": st.just("write-off"), "qty": quantity, "at": place}),
        st.fixed_dictionaries({"do": st.just("unmet"), "qty": quantity, "at": place}),
        st.fixed_dictionaries(
            {
                "do": st.just("move-status"),
                "qty": quantity,
                "at": place,
                "to": st.sampled_from(["damaged", "quarantine", "hold"]),
            }
        ),
        st.fixed_dictionaries(
            {
                "do": st.just("transfer"),
                "qty": quantity,
                "from": st.just("main"),
                "to": st.sampled_from(["shop", "back"]),
            }
        ),
        st.fixed_dictionaries(
            {
                "do": st.just("transfer"),
                "qty": quantity,
                "transfer": st.just("T"),
                "from": st.just("main"),
                "to": st.just("shop"),
                "step": st.sampled_from(["dispatch", "receive", "lost"]),
            }
        ),
        st.fixed_dictionaries(
            {
                "do": st.just("reserve"),
                "qty": quantity,
                "at": place,
                "ttl_seconds": st.sampled_from([3600, 360000]),
            }
        ),
        st.fixed_dictionaries({"do": st.just("void"), "nth": st.integers(0, 30)}),
    )


steps = st.builds(
    Step,
    hours=st.integers(0, 30),
    fields=facts(),
    back_hours=st.one_of(st.none(), st.integers(1, 200)),
    by_day=st.booleans(),
)
histories = st.lists(steps, min_size=1, max_size=25)


def commands(history: list[Step]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (moment, command) of a history; a void aims at one of the entries before it."""
    now = START
    for number, step in enumerate(history):
        now += timedelta(hours=step.hours, minutes=1)
        fields = dict(step.fields)
        if fields["do"] == "void":
            fields = {"do": "void", "entry": f"MUG/{2 + fields['nth'] % (number + 1)}"}
        elif fields["do"] == "reserve":
            line = {"sku": "MUG", "qty": fields.pop("qty"), "at": fields.pop("at")}
            fields |= {"reservation": f"R{number}", "lines": [line]}
        else:
            fields["sku"] = "MUG"
            if step.back_hours is not None:
                then = now - timedelta(hours=step.back_hours)
                fields["occurred_at"] = then.date().isoformat() if step.by_day else then.isoformat()
        yield now.isoformat(), fields


def play(history: list[Step]) -> PaperLedger:
    """Record a history; what the rules refuse is left out."""
    ledger = PaperLedger("Europe/Berlin", PLACES)
    ledger.record(START.isoformat(), do="register", sku="MUG", name="Mug")
    for now, fields in commands(history):
        with suppress(Refused):
            ledger.record(now, **fields)
    return ledger


def state(item: StockItem) -> dict[str, Any]:
    """Return everything a state shows, in a form that can be compared."""
    shelves = {
        code: (
            s.on_hand,
            s.known,
            s.damaged,
            s.quarantine,
            s.hold,
            s.transit_in,
            s.stockouts,
            s.out_since,
        )
        for code, s in item.shelves.items()
    }
    demand = [
        sorted((location, day, d) for location, by_day in kind.items() for day, d in by_day.items())
        for kind in (item.demand, item.unmet)
    ]
    return {
        "shelves": shelves,
        "demand": demand,
        "reserved": dict(item.fulfilled),
        "transfers": {k: v.open for k, v in item.transfers.items()},
    }


def days() -> LocalDays:
    """Return the calendar of the generated shop."""
    return LocalDays([(0, "Europe/Berlin")])


@given(histories, st.randoms(use_true_random=False))
def test_arrival_order_never_matters(history: list[Step], rng: random.Random) -> None:
    """P1: any order of arrival of the same facts gives the same state (ties go by recording)."""
    entries = play(history).entries("MUG")
    shuffled = list(entries)
    rng.shuffle(shuffled)
    assert state(fold("MUG", shuffled, days())) == state(fold("MUG", entries, days()))


@given(histories)
def test_the_newest_entry_applies_as_the_whole_does(history: list[Step]) -> None:
    """P7 in the domain: entry by entry with refolding gives what folding the set gives."""
    entries = play(history).entries("MUG")
    item, seen = StockItem("MUG", days()), []
    for entry in entries:
        seen.append(entry)
        if not item.evolve(*entry):
            item = fold("MUG", seen, days())
    assert state(item) == state(fold("MUG", entries, days()))


@given(histories)
def test_void_equals_never(history: list[Step]) -> None:
    """P3: with its void, an entry counts as if it had never been."""
    ledger = play(history)
    entries = ledger.entries("MUG")
    gone = voids(entries)
    for version, event in entries[1:]:
        if version in gone or isinstance(event, EntryVoided):
            continue
        voided = [*entries, _void(len(entries) + 1, version, entries)]
        never = [e for e in entries if e[0] != version]
        assert state(fold("MUG", voided, days())) == state(fold("MUG", never, days()))


@given(histories)
def test_void_of_a_void_is_redo(history: list[Step]) -> None:
    """P4: voiding the void brings back exactly what was."""
    entries = play(history).entries("MUG")
    gone = voids(entries)
    for version, _ in entries[1:]:
        if version in gone:
            continue
        once = _void(len(entries) + 1, version, entries)
        twice = _void(len(entries) + 2, len(entries) + 1, entries)
        again = fold("MUG", [*entries, once, twice], days())
        assert state(again) == state(fold("MUG", entries, days()))


def _void(version: int, target: int, entries: list[Entry]) -> Entry:
    at = entries[-1][1].recorded_at + version
    return (version, EntryVoided(target=target, recorded_at=at, effective_at=at))


@given(histories)
def test_units_are_conserved(history: list[Step]) -> None:
    """P5 in units: on hand + in transit = what came in − what went out + what counts found."""
    entries = play(history).entries("MUG")
    gone = voids(entries)
    item = StockItem("MUG", days())
    moved, found = Decimal(0), Decimal(0)
    for version, event in sorted(entries, key=order_key):
        if version in gone or isinstance(event, EntryVoided):
            continue
        before = sum((s.on_hand for s in item.shelves.values()), Decimal(0))
        item.evolve(version, event)
        after = sum((s.on_hand for s in item.shelves.values()), Decimal(0))
        match event:
            case StockReceived() | SaleReturned():
                moved += event.quantity
            case StockAdjusted():
                moved += event.delta
            case StockSold() | StockWrittenOff() | TransferLost():
                moved -= event.quantity
            case StockCounted():
                found += after - before
    on_hand = sum((s.on_hand for s in item.shelves.values()), Decimal(0))
    transit = sum((t.open for t in item.transfers.values()), Decimal(0))
    assert on_hand + transit == moved + found


@given(histories)
def test_a_count_holds_whatever_is_added_before_it(history: list[Step]) -> None:
    """P6: on hand at the moment of a count is the count, for every effective count."""
    entries = play(history).entries("MUG")
    gone = voids(entries)
    ordered = [e for e in sorted(entries, key=order_key) if e[0] not in gone]
    item = StockItem("MUG", days())
    for version, event in ordered:
        if isinstance(event, EntryVoided):
            continue
        item.evolve(version, event)
        if isinstance(event, StockCounted):
            assert item.shelves[event.location].on_hand == event.quantity


@given(histories, st.integers(0, 30))
def test_nothing_recorded_later_changes_what_was_believed(history: list[Step], cut: int) -> None:
    """P8: an as_at answer is the same before and after more is recorded."""
    whole = play(history).entries("MUG")
    early = whole[: 1 + cut % len(whole)]
    # A cut between entries of one append would be no moment anybody could have asked at.
    while len(early) < len(whole) and whole[len(early)][1].recorded_at == early[-1][1].recorded_at:
        early.append(whole[len(early)])
    at = early[-1][1].recorded_at
    then = fold("MUG", early, days())
    later = fold("MUG", whole, days(), as_at=at)
    assert state(then) == state(later)
    today = to_datetime(at).date()
    assert quantities(then, at, today) == quantities(later, at, today)


@given(histories)
def test_quantities_agree_with_each_other(history: list[Step]) -> None:
    """The quantities of DOMAIN.md 8 follow from each other for any history."""
    ledger = play(history)
    q = ledger.quantities("MUG")
    assert q.available == q.on_hand - q.unsellable - q.reserved
    assert q.on_hand == sum(row.on_hand for row in q.by_location.values())
    assert q.inventory_position == q.available - q.backorders + q.on_order + q.in_transit
    assert q.network_sellable >= q.available
