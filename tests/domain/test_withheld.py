"""Times with nothing to sell: what is promised or expired is not there for the next customer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jitledger.domain.errors import Refused
from jitledger.domain.events import StockSold
from jitledger.domain.moments import HOUR, from_datetime, local_date, zone
from jitledger.domain.state.order import standing
from jitledger.domain.state.quantities import quantities
from jitledger.domain.state.stock_item import StockItem, fold
from jitledger.domain.state.withheld import times_without_stock
from jitledger.testing.paper import PaperLedger

START = datetime(2026, 3, 27, 8, 0, tzinfo=UTC)
BERLIN = zone("Europe/Berlin")
PLACES = ("main", "shop")
AHEAD_HOURS = 24 * 8

place = st.sampled_from(PLACES)
few = st.integers(1, 6).map(str)
name = st.sampled_from(["R1", "R2", "R3"])
late = st.one_of(st.none(), st.integers(1, 60))


def fixed(do: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a command of one kind."""
    return st.fixed_dictionaries({"do": st.just(do), **fields})


acts = st.one_of(
    fixed("receive", qty=few, at=place, late=late),
    fixed("receive", qty=few, at=place, lasts=st.integers(0, 4), late=late),
    fixed("sell", qty=few, at=place, late=late),
    fixed("sell", qty=few, at=place, reservation=name, final=st.booleans(), late=late),
    fixed("reserve", qty=few, at=place, reservation=name, hours=st.sampled_from([0, 3, 30])),
    fixed("release", reservation=name),
    fixed("count", qty=st.integers(0, 8).map(str), at=place, late=late),
    fixed("move-status", qty=few, at=place, to=st.just("hold"), late=late),
    fixed("transfer", qty=few, **{"from": st.just("main"), "to": st.just("shop")}, late=late),
    fixed("void", nth=st.integers(0, 20)),
)
stories = st.lists(st.tuples(st.integers(0, 20), acts), min_size=1, max_size=18)


def told(story: list[tuple[int, dict[str, Any]]]) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Yield (moment, command) of a story."""
    now = START
    for number, (hours, act) in enumerate(story):
        now += timedelta(hours=hours, minutes=1)
        fields = dict(act)
        back, do = fields.pop("late", None), fields["do"]
        if do == "void":
            fields = {"do": "void", "entry": f"MUG/{2 + fields['nth'] % (number + 1)}"}
        elif do == "reserve":
            lines = [{"sku": "MUG", "qty": fields.pop("qty"), "at": fields.pop("at")}]
            hours_ = fields.pop("hours")
            fields |= {"lines": lines} | ({"ttl_seconds": hours_ * 3600} if hours_ else {})
        elif do != "release":
            fields["sku"] = "MUG"
        if "lasts" in fields:
            fields["expiry"] = (now + timedelta(days=fields.pop("lasts"))).date().isoformat()
        if back is not None:
            fields["occurred_at"] = (now - timedelta(hours=back)).isoformat()
        yield now, fields


def play(story: list[tuple[int, dict[str, Any]]]) -> tuple[PaperLedger, StockItem, int]:
    """Record a story, absorbing entry by entry where that is possible; return its last moment."""
    ledger = PaperLedger("Europe/Berlin", PLACES)
    ledger.record(START.isoformat(), do="register", sku="MUG", name="Mug")
    now = START
    step_by_step = ledger.item("MUG")
    for now, fields in told(story):
        with suppress(Refused):
            ledger.record(now.isoformat(), **fields)
        new = [entry for entry in ledger.entries("MUG") if entry[0] > step_by_step.version]
        if not step_by_step.absorb(new):
            step_by_step = ledger.item("MUG")
    return ledger, step_by_step, from_datetime(now)


@given(stories)
def test_a_time_without_stock_is_one_with_nothing_available(
    story: list[tuple[int, dict[str, Any]]],
) -> None:
    """At any moment, also ahead: within such a time nothing is available, outside something is.

    But for a plain sale of what was not there: it shows that it was. And folding entry by entry
    gives the same times as folding all at once.
    """
    ledger, step_by_step, end = play(story)
    item = ledger.item("MUG")
    times = times_without_stock(item)
    assert times_without_stock(step_by_step) == times
    entries = ledger.entries("MUG")
    sold = [
        event.effective_at
        for _, event in standing(entries)
        if isinstance(event, StockSold) and event.reservation is None
    ]
    first = from_datetime(START) - 61 * HOUR
    for at in range(first, end + AHEAD_HOURS * HOUR, 5 * HOUR):
        then = fold("MUG", entries, item.days, as_of=at)
        shelves = quantities(then, at, local_date(at, BERLIN)).by_location
        for location, shelf in shelves.items():
            out = any(
                where == location and since <= at and (until is None or at < until)
                for where, since, until in times
            )
            if out:
                assert shelf.known
                assert shelf.available <= 0
            elif shelf.known and at > max(sold, default=0):
                assert shelf.available > 0


def test_a_promise_that_lapses_gives_back_without_an_event() -> None:
    """Two on the shelf, both promised for an hour: out for that hour."""
    ledger = PaperLedger("Europe/Berlin", PLACES)
    ledger.record("2026-03-01T08:00:00", do="register", sku="MUG", name="Mug")
    ledger.record("2026-03-01T09:00:00", do="receive", sku="MUG", qty="2", at="main")
    line = {"sku": "MUG", "qty": "2", "at": "main"}
    ledger.record(
        "2026-03-01T10:00:00", do="reserve", reservation="R", lines=[line], ttl_seconds=3600
    )
    ((location, since, until),) = times_without_stock(ledger.item("MUG"))
    assert until is not None
    assert (location, until - since) == ("main", HOUR)


def test_what_was_kept_for_a_customer_was_not_there_for_another() -> None:
    """The promised unit is sold to whom it was promised: the shelf was out all the while."""
    ledger = PaperLedger("Europe/Berlin", PLACES)
    ledger.record("2026-03-01T08:00:00", do="register", sku="MUG", name="Mug")
    ledger.record("2026-03-01T09:00:00", do="receive", sku="MUG", qty="1", at="main")
    line = {"sku": "MUG", "qty": "1", "at": "main"}
    ledger.record("2026-03-01T10:00:00", do="reserve", reservation="R", lines=[line])
    ledger.record("2026-03-05T10:00:00", do="sell", sku="MUG", qty="1", at="main", reservation="R")
    ((_, since, until),) = times_without_stock(ledger.item("MUG"))
    assert since == from_datetime(datetime(2026, 3, 1, 9, 0, tzinfo=UTC))
    assert until is None
