"""What is late by all we know, what comes too late to help, and what one place has for another."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitledger.bootstrap import App
from jitledger.domain.replenishment.lead_time import Delivery, learn
from jitledger_projections.reports.ordering.order_book import late_orders, orders
from jitledger_projections.reports.ordering.promises import at_risk, promise_of
from jitledger_projections.reports.ordering.reorder_line import as_shape
from jitledger_projections.reports.ordering.run_out import run_outs
from jitledger_projections.reports.ordering.what_if import what_if
from tests.conftest import done

START = date(2026, 1, 1)


def day(number: int) -> str:
    """Return a day of the story."""
    return (START + timedelta(days=number)).isoformat()


@pytest.fixture
def selling(any_app: App) -> App:
    """Sell MUG 3 a day for 40 days; ACME takes 5 days, BETA has terms for it, too."""
    now = f"{START}T08:00:00"
    for code, days in (("ACME", "5"), ("BETA", "4")):
        done(any_app, do="supplier", code=code, name=code.title(), lead_time_days=days, now=now)
    done(any_app, do="register", sku="MUG", name="Blue mug", now=now)
    for code in ("BETA", "ACME"):
        done(any_app, do="terms", supplier=code, sku="MUG", unit_cost="4", now=now)
    done(any_app, do="link", sku="MUG", supplier="ACME", now=now)
    done(any_app, do="open", sku="MUG", qty="132", now=now)
    for number in range(40):
        done(any_app, do="sell", sku="MUG", qty="3", now=f"{day(number)}T12:00:00")
    return any_app


def tick(app: App, number: int) -> None:
    """Let a day begin: somebody asks for something that is of no weight."""
    done(app, do="location", code=f"D{number}", now=f"{day(number)}T09:00:00")


def test_an_order_without_a_promise_is_late_by_its_lead_time(selling: App) -> None:
    """Lead time 5, placed without a promise, 25 days later: expected day 45, 20 days late."""
    line = {"sku": "MUG", "qty": "150"}
    done(selling, do="order", po="P1", supplier="ACME", lines=[line], now=f"{day(40)}T08:00:00")
    seen = []
    for number in (41, 45, 46, 65):
        tick(selling, number)
        with selling.database.snapshot() as tx:
            (found,) = orders(tx, selling.today(), number="P1")
        coming = found.coming[1]
        seen.append((coming.due.isoformat(), found.late_days))
        assert coming.likely <= coming.at_90
        assert coming.likely > selling.today() or not found.late_days
    assert seen == [(day(45), 0), (day(45), 0), (day(45), 1), (day(45), 20)]
    (late,) = late_orders(selling.look())
    assert (late.order.number, late.others) == ("P1", {"MUG": "BETA"})


def test_an_empty_shelf_behind_a_late_order_is_said(selling: App) -> None:
    """The position counts what is late; the report says chase, move or substitute, not "order"."""
    line = {"sku": "MUG", "qty": "150"}
    done(selling, do="order", po="P1", supplier="ACME", lines=[line], now=f"{day(40)}T08:00:00")
    tick(selling, 42)
    assert selling.reorder() == []
    done(selling, do="sell", sku="MUG", qty="12", now=f"{day(44)}T12:00:00")
    tick(selling, 65)
    (said,) = [as_shape(found) for found in selling.reorder()]
    assert (said["on_hand"], said["inventory_position"]) == ("0", "150")
    assert (said["suggested_qty"], said["expedite"], said["substitute"]) == ("0", True, "BETA")
    (late,) = said["late"]
    assert (late["po"], late["expected"], late["late_days"]) == ("P1", day(45), 20)
    assert "chase it" in said["why"]
    assert "BETA" in said["why"]
    done(selling, do="receive", sku="MUG", qty="150", po="P1", now=f"{day(65)}T10:00:00")
    assert selling.reorder() == []


def test_what_comes_in_ninety_days_hides_no_stockout_of_next_week(selling: App) -> None:
    """12 left, 3 a day, 5 days to deliver: 400 that come in 90 days are no reason to wait."""
    line = {"sku": "MUG", "qty": "400", "promised": day(130)}
    done(selling, do="order", po="P1", supplier="ACME", lines=[line], now=f"{day(40)}T08:00:00")
    (said,) = selling.reorder()
    assert said.inventory_position == 412
    assert 0 < said.suggestion.quantity < 60
    assert "come only" in said.why
    wanted = {"sku": "MUG", "qty": str(said.suggestion.quantity)}
    done(selling, do="order", po="P2", supplier="ACME", lines=[wanted], now=f"{day(40)}T09:00:00")
    assert selling.reorder() == []


def test_a_promise_knows_that_a_delivery_is_late(selling: App) -> None:
    """It says no day that has passed, nor "today" of what is twenty days late."""
    line = {"sku": "MUG", "qty": "150", "promised": day(45)}
    done(selling, do="order", po="P1", supplier="ACME", lines=[line], now=f"{day(40)}T08:00:00")
    tick(selling, 65)
    _, promise = promise_of(selling.look(), "MUG")
    (step,) = promise.steps
    assert step.if_on_time > START + timedelta(days=66)
    assert step.at_90 > step.if_on_time


@settings(max_examples=200)
@given(
    st.floats(1, 60),
    st.lists(st.floats(0, 90), max_size=12),
    st.integers(1, 400),
    st.floats(0.05, 0.95),
)
def test_what_is_late_comes_later_than_now(
    stated: float, came: list[float], late: int, share: float
) -> None:
    """Whatever was seen: never before now, later for a larger share, and no sooner when later."""
    lead = learn(stated, [Delivery(days) for days in came])
    days = lead.days_late(late, share)
    assert days >= late
    assert lead.days_late(late, min(0.99, share + 0.04)) >= days
    assert lead.days_late(late + 1, share) >= days - 1e-6


@pytest.fixture
def two_places(any_app: App) -> App:
    """Sell CUP 1 a day at the counter; the store room has most of it."""
    now = f"{START}T08:00:00"
    done(any_app, do="supplier", code="ACME", name="Acme", lead_time_days="5", now=now)
    done(any_app, do="location", code="store", name="Store room", now=now)
    done(any_app, do="register", sku="CUP", name="Cup", now=now)
    done(any_app, do="terms", supplier="ACME", sku="CUP", unit_cost="4", now=now)
    done(any_app, do="open", sku="CUP", qty="44", now=now)
    done(any_app, do="open", sku="CUP", qty="50", at="store", now=now)
    for number in range(40):
        done(any_app, do="sell", sku="CUP", qty="1", now=f"{day(number)}T12:00:00")
    now = f"{day(40)}T08:00:00"
    point = {"method": "manual", "reorder_point": "6", "order_quantity": "10"}
    done(any_app, do="policy", sku="CUP", at="main", **point, now=now)
    return any_app


def test_a_place_is_filled_from_another_before_anything_is_ordered(two_places: App) -> None:
    """4 at the counter with a point of 6, 50 in the store room: move, do not order."""
    (line,) = two_places.reorder()
    assert (line.location, line.on_hand, line.inventory_position) == ("main", 4, 4)
    assert [(move.source, move.quantity) for move in line.moves] == [("store", Decimal(10))]
    assert line.suggestion.quantity == 0
    assert line.demand_per_day == pytest.approx(1, rel=0.1)
    assert "move 10 from store" in line.why
    assert as_shape(line)["transfers"] == [{"from": "store", "qty": "10"}]
    move = {"sku": "CUP", "qty": "10", "from": "store", "to": "main"}
    done(two_places, do="transfer", **move, now=f"{day(40)}T09:00:00")
    assert two_places.reorder() == []


def test_what_cannot_be_moved_is_ordered(two_places: App) -> None:
    """The store room has 1 to give: it is moved, and the rest is ordered for the counter."""
    done(two_places, do="count", sku="CUP", qty="1", at="store", now=f"{day(40)}T09:00:00")
    place = next(line for line in two_places.reorder() if line.location == "main")
    assert [(move.source, move.quantity) for move in place.moves] == [("store", Decimal(1))]
    assert place.suggestion.quantity > 0
    assert 4 + 1 + place.suggestion.quantity > 6


def test_spare_units_are_promised_to_one_place(two_places: App) -> None:
    """The store room has 7 to give: the counter gets them, the kiosk's are ordered."""
    now = f"{day(40)}T09:00:00"
    done(two_places, do="count", sku="CUP", qty="7", at="store", now=now)
    done(two_places, do="location", code="kiosk", now=now)
    done(two_places, do="open", sku="CUP", qty="1", at="kiosk", now=now)
    point = {"method": "manual", "reorder_point": "6", "order_quantity": "10"}
    done(two_places, do="policy", sku="CUP", at="kiosk", **point, now=now)
    lines = [line for line in two_places.reorder() if line.location is not None]
    moved = [move.quantity for line in lines for move in line.moves if move.source == "store"]
    assert 0 < sum(moved) <= 7
    assert any(line.suggestion.quantity > 0 for line in lines)


def test_what_customers_wait_for_is_ordered(any_app: App) -> None:
    """Five are owed of what never sold: five are suggested, also with another pack."""
    now = f"{START}T08:00:00"
    done(any_app, do="supplier", code="ACME", name="Acme", lead_time_days="5", now=now)
    done(any_app, do="register", sku="BK", name="Book", now=now)
    done(any_app, do="terms", supplier="ACME", sku="BK", unit_cost="4", now=now)
    done(any_app, do="open", sku="BK", qty="1", now=now)
    done(any_app, do="backorder", sku="BK", qty="6", order="77", now=now)
    (line,) = any_app.reorder()
    assert (line.inventory_position, line.suggestion.quantity, line.method) == (-5, 5, "owed")
    assert line.why == "5 are owed or sold beyond what was there, and not ordered yet"
    lines = [{"sku": "BK", "qty": "5"}]
    done(any_app, do="order", po="P1", supplier="ACME", lines=lines, now=now)
    assert any_app.reorder() == []


def test_drafts_are_named(selling: App) -> None:
    """An order that waits as a draft is said beside the suggestion."""
    done(selling, do="sell", sku="MUG", qty="10", now=f"{day(40)}T08:00:00")
    line = {"sku": "MUG", "qty": "50"}
    done(
        selling, do="order-draft", po="P3", supplier="ACME", lines=[line], now=f"{day(40)}T09:00:00"
    )
    (said,) = [as_shape(found) for found in selling.reorder()]
    assert said["drafted"] == ["P3"]
    assert "50 drafted in P3" in said["why"]


def test_what_is_reserved_damaged_or_owed_lasts_for_nobody_else(selling: App) -> None:
    """12 on the shelf at 3 a day are four days; 6 reserved and 3 damaged leave one."""
    tick(selling, 41)
    before = selling.explained("MUG")[0].likely
    now = f"{day(41)}T10:00:00"
    lines = [{"sku": "MUG", "qty": "6"}]
    done(selling, do="reserve", reservation="R1", lines=lines, now=now)
    aside = {"from": "sellable", "to": "damaged"}
    done(selling, do="move-status", sku="MUG", qty="3", **aside, now=now)
    (line,) = [one for one in selling.reorder() if one.sku == "MUG"]
    assert (line.on_hand, line.sellable) == (12, 3)
    assert before is not None
    assert line.likely is not None
    assert line.likely < before
    assert (line.likely - date.fromisoformat(day(41))).days <= 1
    outs = {row.sku: row for row in run_outs(selling.look())}
    assert (outs["MUG"].likely, outs["MUG"].earliest) == (line.likely, line.earliest)
    done(selling, do="backorder", sku="MUG", qty="3", order="W1", now=now)
    (line,) = [one for one in selling.reorder() if one.sku == "MUG"]
    assert (line.sellable, line.likely) == (0, date.fromisoformat(day(41)))
    assert "it is out before" in line.why


def test_a_reservation_that_a_count_left_short_is_at_risk(any_app: App) -> None:
    """Two hold 3 each and 5 are there: the later one is at risk; an earlier lapse gives it back."""
    done(any_app, do="register", sku="JAR", name="Jar", now=f"{day(0)}T08:00:00")
    done(any_app, do="receive", sku="JAR", qty="8", now=f"{day(0)}T08:00:00")
    for number, ttl in ((1, {"ttl_seconds": 86_400}), (2, {})):
        lines = [{"sku": "JAR", "qty": "3"}]
        at = f"{day(0)}T{8 + number:02d}:00:00"
        done(
            any_app,
            do="reserve",
            reservation=f"R{number}",
            order=f"W{number}",
            lines=lines,
            **ttl,
            now=at,
        )
    assert at_risk(any_app.look()) == []
    done(any_app, do="count", sku="JAR", qty="5", now=f"{day(0)}T12:00:00")
    (row,) = at_risk(any_app.look())
    assert (row.order, row.quantity, row.due) == ("W2", 3, date.fromisoformat(day(0)))
    done(any_app, do="backorder", sku="JAR", qty="1", order="W3", now=f"{day(0)}T13:00:00")
    assert {row.order for row in at_risk(any_app.look())} == {"W2", "W3"}
    done(any_app, do="location", code="D", now=f"{day(1)}T10:00:00")
    assert at_risk(any_app.look()) == []


def test_an_order_waits_for_its_day(selling: App) -> None:
    """Orders leave on Thursdays before noon: until then the report says wait, and what runs out."""
    thursday = START + timedelta(days=(3 - START.weekday()) % 7 + 42)
    number = (thursday - START).days
    now = f"{day(number - 2)}T09:00:00"
    done(selling, do="order-days", supplier="ACME", weekdays=[3], cutoff="12:00", now=now)
    done(selling, do="count", sku="MUG", qty="2", now=now)
    (line,) = [one for one in selling.reorder() if one.sku == "MUG"]
    assert line.leaves == thursday
    assert f"the next order leaves Thursday {thursday.isoformat()}: wait" in line.why
    assert "it may run out before" in line.why
    assert as_shape(line)["leaves"] == thursday.isoformat()
    assert line.order_by == thursday
    for clock, leaves in (("11:00", None), ("13:00", thursday + timedelta(days=7))):
        done(selling, do="location", code=f"D{clock[:2]}", now=f"{day(number)}T{clock}:00")
        (line,) = [one for one in selling.reorder() if one.sku == "MUG"]
        assert line.leaves == leaves


def test_what_if_says_what_reorder_says(selling: App) -> None:
    """More demand needs no less; an order leaves on its day; who is out longer is named, too."""
    now = f"{day(41)}T09:00:00"
    done(selling, do="count", sku="MUG", qty="12", now=now)
    far = [{"sku": "MUG", "qty": "100", "promised": day(131)}]
    done(selling, do="order", po="FAR", supplier="ACME", lines=far, now=now)
    (line,) = [one for one in selling.reorder() if one.sku == "MUG"]
    (row,) = what_if(selling.look(), factor=1.1)
    assert row.order_now >= line.suggestion.quantity > 0
    wednesday = START + timedelta(days=41 + (2 - (START + timedelta(days=41)).weekday()) % 7 or 7)
    done(selling, do="order-days", supplier="ACME", weekdays=[wednesday.weekday()], now=now)
    (line,) = [one for one in selling.reorder() if one.sku == "MUG"]
    (row,) = what_if(selling.look(), factor=1.1)
    assert row.arrives == line.next_delivery
    done(selling, do="count", sku="MUG", qty="1", now=now)
    (row,) = what_if(selling.look(), supplier="ACME", late_days=7)
    assert row.arrives == line.next_delivery + timedelta(days=7)


def test_a_place_below_its_share_gets_stock_from_another(any_app: App) -> None:
    """The dock is empty while the main shop has plenty: move, no order; and the other way round."""
    done(any_app, do="location", code="dock", now=f"{day(0)}T07:00:00")
    done(any_app, do="supplier", code="NORD", lead_time_days="5", now=f"{day(0)}T07:00:00")
    for sku in ("A", "B"):
        done(any_app, do="register", sku=sku, name=sku, now=f"{day(0)}T07:00:00")
        done(any_app, do="link", sku=sku, supplier="NORD", now=f"{day(0)}T07:00:00")
        for place, qty in (("main", "300"), ("dock", "90")):
            done(any_app, do="open", sku=sku, qty=qty, at=place, now=f"{day(0)}T07:00:00")
    for number in range(40):
        for sku in ("A", "B"):
            for place, qty in (("main", "2"), ("dock", "1")):
                done(any_app, do="sell", sku=sku, qty=qty, at=place, now=f"{day(number)}T12:00:00")
    now = f"{day(40)}T09:00:00"
    for sku, place, qty in (("A", "main", "200"), ("A", "dock", "0"), ("B", "main", "2")):
        done(any_app, do="count", sku=sku, at=place, qty=qty, now=now)
    lines = {line.sku: line for line in any_app.reorder()}
    assert {(s, line.location) for s, line in lines.items()} == {("A", "dock"), ("B", "main")}
    assert [move.source for move in lines["A"].moves] == ["main"]
    assert [move.source for move in lines["B"].moves] == ["dock"]
    assert {line.suggestion.quantity for line in lines.values()} == {0}
    for line in lines.values():
        moved = line.moves[0]
        assert line.inventory_position + moved.quantity > line.reorder_point
        assert f"move {moved.quantity} from {moved.source}" in line.why
        act = {"from": moved.source, "to": line.location, "qty": str(moved.quantity)}
        done(any_app, do="transfer", sku=line.sku, **act, now=now)
    assert any_app.reorder() == []


def test_what_is_all_promised_is_out_today(selling: App) -> None:
    """Ten lie there, fifteen are owed: the table of run-outs says today, as the report does."""
    now = f"{day(41)}T10:00:00"
    done(selling, do="count", sku="MUG", qty="10", now=now)
    done(selling, do="backorder", sku="MUG", qty="15", order="W1", now=now)
    (line,) = [one for one in selling.reorder() if one.sku == "MUG"]
    (row,) = [one for one in run_outs(selling.look()) if one.sku == "MUG"]
    assert row.likely == line.likely == date.fromisoformat(day(41))


def test_a_place_whose_neighbour_keeps_its_stock_is_ordered_for(any_app: App) -> None:
    """Main has 6 at 2 a day; the dock's 45 are its own, with a point of 40: order for main."""
    done(any_app, do="location", code="dock", now=f"{day(0)}T07:00:00")
    done(any_app, do="supplier", code="NORD", lead_time_days="5", now=f"{day(0)}T07:00:00")
    done(any_app, do="register", sku="C", name="C", now=f"{day(0)}T07:00:00")
    done(any_app, do="link", sku="C", supplier="NORD", now=f"{day(0)}T07:00:00")
    for place, qty in (("main", "300"), ("dock", "90")):
        done(any_app, do="open", sku="C", qty=qty, at=place, now=f"{day(0)}T07:00:00")
    for number in range(40):
        for place, qty in (("main", "2"), ("dock", "1")):
            done(any_app, do="sell", sku="C", qty=qty, at=place, now=f"{day(number)}T12:00:00")
    now = f"{day(40)}T09:00:00"
    lots = {"method": "manual", "reorder_point": "40", "order_quantity": "30"}
    done(any_app, do="policy", sku="C", at="dock", **lots, now=now)
    for place, qty in (("main", "6"), ("dock", "45")):
        done(any_app, do="count", sku="C", at=place, qty=qty, now=now)
    (line,) = any_app.reorder()
    assert (line.location, [move.quantity for move in line.moves]) == ("main", [Decimal(4)])
    assert line.suggestion.quantity > 0
    assert line.inventory_position + 4 + line.suggestion.quantity > line.reorder_point
