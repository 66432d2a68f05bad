"""What is set by hand binds: the most, the lots, and the points of single places."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitledger.bootstrap import App
from jitledger.domain.replenishment.ordering.order_quantity import suggest
from jitledger_projections.reports.advice.points import tunings
from jitledger_projections.reports.ordering.buying import basket, within_budget
from jitledger_projections.reports.ordering.reorder_line import ReorderLine
from jitledger_projections.reports.ordering.what_if import what_if
from tests.conftest import done
from tests.service.two_sellers import moment, sell_two


@pytest.fixture
def shop(any_app: App) -> App:
    """MUG and TEA sell 2 a day for 40 days; 10 are left; ACME takes 5 days."""
    sell_two(any_app)
    for sku in ("MUG", "TEA"):
        done(any_app, do="link", supplier="ACME", sku=sku, now=moment(40, 8))
    return any_app


def line_of(app: App, sku: str = "MUG") -> ReorderLine:
    """Return an item's line."""
    return next(line for line in app.reorder() if line.sku == sku)


def test_packs_stay_below_the_most(shop: App) -> None:
    """10 there, at most 30, packs of 12: one pack, not two; a least order of 24 asks."""
    by_hand = {"method": "min-max", "reorder_point": "12", "order_up_to": "30"}
    done(shop, do="policy", sku="MUG", **by_hand, now=moment(40))
    terms = {"supplier": "ACME", "sku": "MUG", "unit_cost": "4", "pack": "12"}
    done(shop, do="terms", **terms, now=moment(40))
    assert line_of(shop).suggestion.quantity == 12
    done(shop, do="terms", **terms, moq="24", now=moment(40, 10))
    line = line_of(shop)
    assert line.suggestion.quantity == 0
    assert str(line.suggestion.question) == (
        "the least order is 24, but only 20 fit below the most of 30"
    )


def test_a_suppliers_minimum_is_reached_below_the_most(shop: App) -> None:
    """ACME wants 300.00 a time: MUG is filled up to its most of 30, TEA takes the rest."""
    by_hand = {"method": "min-max", "reorder_point": "12", "order_up_to": "30"}
    done(shop, do="policy", sku="MUG", **by_hand, now=moment(40))
    done(shop, do="supplier", code="ACME", minimum_order="300", now=moment(40))
    found = {line.sku: line.quantity for line in basket(shop.look(), "ACME").lines}
    assert found["MUG"] == 20
    assert found["MUG"] + found["TEA"] == 75


def test_a_budget_breaks_no_lot(shop: App) -> None:
    """Lots of 25 at 4.00: a budget of 150 buys 25, not 37; places wait apart."""
    for place in ("main", "shop"):
        if place == "shop":
            done(shop, do="location", code=place, now=moment(40))
            done(shop, do="count", sku="MUG", qty="5", at=place, now=moment(40))
        lots = {"method": "manual", "reorder_point": "40", "order_quantity": "25"}
        done(shop, do="policy", sku="MUG", **lots, at=place, now=moment(40))
    lines = [line for line in shop.reorder() if line.sku == "MUG" and line.location]
    assert [line.suggestion.quantity for line in lines] == [50, 50]
    kept, waits = within_budget(lines, Decimal(150), "EUR")
    assert sorted(line.suggestion.quantity for line in kept) == [0, 25]
    assert {(one.sku, one.location) for one in waits} == {("MUG", "main"), ("MUG", "shop")}


def test_what_if_orders_as_reorder_does(shop: App) -> None:
    """Ten days late: what to order now comes in packs of 12, and not above the most."""
    terms = {"supplier": "ACME", "sku": "MUG", "unit_cost": "4", "pack": "12"}
    done(shop, do="terms", **terms, now=moment(40))
    row = next(one for one in what_if(shop.look(), late_days=10) if one.sku == "MUG")
    assert row.order_now > 0
    assert row.order_now % 12 == 0
    by_hand = {"method": "min-max", "reorder_point": "12", "order_up_to": "30"}
    done(shop, do="policy", sku="MUG", **by_hand, now=moment(40, 10))
    row = next(one for one in what_if(shop.look(), late_days=10) if one.sku == "MUG")
    assert row.order_now == 12


def test_a_place_keeps_its_part_of_the_safety_stock(shop: App) -> None:
    """A corner that sells one in sixteen keeps about a quarter of it, not all."""
    done(shop, do="location", code="corner", now=moment(40))
    done(shop, do="receive", sku="MUG", qty="60", now=moment(40))
    for number in range(40, 100):
        if number % 15 == 0:
            done(shop, do="receive", sku="MUG", qty="60", now=moment(number))
            done(shop, do="receive", sku="MUG", qty="4", at="corner", now=moment(number))
        done(shop, do="sell", sku="MUG", qty="2", now=moment(number, 12))
        if number % 8 == 0:
            done(shop, do="sell", sku="MUG", qty="1", at="corner", now=moment(number, 13))
    lots = {"method": "manual", "reorder_point": "20", "order_quantity": "4"}
    done(shop, do="policy", sku="MUG", **lots, at="corner", now=moment(100))
    look = shop.look()
    whole = float(look.plan.safety_stock[look.plan.forecast.place["MUG"]])
    (row,) = tunings(look)
    assert row.location == "corner"
    assert whole / 6 < float(row.safety) < whole / 3


amounts = st.integers(1, 60).map(Decimal)


@given(st.integers(-20, 60), amounts, amounts, st.none() | amounts, st.none() | amounts)
def test_no_order_goes_above_the_most(
    position: int, point: Decimal, more: Decimal, pack: Decimal | None, moq: Decimal | None
) -> None:
    """It lifts the position above the point and not above the most, or it asks."""
    there, level = min(Decimal(position), point), point + more
    found = suggest(there, point, more, pack=pack, moq=moq, level=level)
    if found.quantity:
        assert point < there + found.quantity <= level
        assert pack is None or found.quantity % pack == 0
        assert moq is None or found.quantity >= moq
    else:
        assert found.question is not None
