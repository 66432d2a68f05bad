"""Quantiles, reorder points and quantities: published values and laws."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitledger.domain.replenishment.demand_state import (
    DailyRows,
    DemandState,
    Exposures,
    fold_days,
    weekday_index,
)
from jitledger.domain.replenishment.ordering.order_quantity import suggest
from jitledger.domain.replenishment.quantiles import cdf, quantile
from jitledger.domain.replenishment.reorder_point import (
    lead_time,
    rates,
    reorder_points,
    run_out_days,
)

# (mean, variance, level) -> k of REPLENISHMENT.md 4.
GOLDEN = [
    (0.5, 1, 0.9, 2),
    (0.5, 1, 0.99, 5),
    (2, 6, 0.95, 7),
    (8, 24, 0.95, 17),
    (8, 24, 0.99, 23),
    (30, 150, 0.95, 52),
    (100, 900, 0.98, 170),
    (0.05, 0.2, 0.99, 2),
]


@pytest.mark.parametrize(("mean", "variance", "level", "k"), GOLDEN)
def test_published_quantiles(mean: float, variance: float, level: float, k: int) -> None:
    """The golden quantiles of the negative binomial are reproduced."""
    assert quantile(np.array([mean]), np.array([variance]), level)[0] == k


def negative_binomial(mean: float, variance: float, upto: int) -> float:
    """Return F(upto) by summing the probabilities, independent of the incomplete beta."""
    r, p = mean * mean / (variance - mean), mean / variance
    total = 0.0
    for k in range(upto + 1):
        total += math.exp(
            math.lgamma(k + r)
            - math.lgamma(r)
            - math.lgamma(k + 1)
            + r * math.log(p)
            + k * math.log(1 - p)
        )
    return total


@given(st.floats(0.05, 300), st.floats(1.05, 12), st.floats(0.5, 0.995))
def test_a_quantile_is_the_smallest_that_reaches_the_level(
    mean: float, ratio: float, level: float
) -> None:
    """F(k) reaches the level and F(k − 1) does not, by direct summation."""
    k = int(quantile(np.array([mean]), np.array([mean * ratio]), level)[0])
    assert negative_binomial(mean, mean * ratio, k) >= level - 1e-9
    if k > 0:
        assert negative_binomial(mean, mean * ratio, k - 1) < level + 1e-9


def test_large_means_and_degenerate_ones() -> None:
    """A mean of 0 needs nothing; above 400 the gamma takes over without a jump."""
    assert quantile(np.array([0.0]), np.array([0.0]), 0.99)[0] == 0
    below = quantile(np.array([399.0]), np.array([4000.0]), 0.95)[0]
    above = quantile(np.array([401.0]), np.array([4000.0]), 0.95)[0]
    assert 0 <= above - below <= 6
    assert cdf(np.array([-1.0]), np.array([2.0]), np.array([3.0]))[0] == 0


def steady(lines: int, each: int, days: int) -> DemandState:
    """Fold a product that sells the same every day."""
    day = np.arange(days)
    ones = np.ones(days)
    rows = DailyRows(
        np.zeros(days, np.int64), day, ones * lines, ones * lines * each, ones * lines * each * each
    )
    none = np.zeros(0, np.int64)
    state = DemandState.empty(1)
    fold_days(
        state,
        rows,
        Exposures(none, none, np.zeros(0)),
        np.zeros(1, np.int64),
        0,
        days - 1,
        np.ones(days),
    )
    return state


def test_a_steady_product_has_its_own_rate_and_no_more_noise_than_poisson() -> None:
    """2 lines of 3 a day for 200 days: 6 a day; the dispersion falls to the line size's."""
    state = steady(2, 3, 200)
    r = rates(state, 200, np.zeros(1), np.zeros(1), np.ones(1))
    assert r.units_per_day[0] == pytest.approx(6.0)
    assert not r.learning[0]
    assert 1.0 <= r.phi[0] < 3.0


def test_a_day_without_stock_says_nothing_about_demand() -> None:
    """Scenario 17's idea: 60 sold in 30 days of which 10 were out is 3 a day."""
    sold = np.arange(20)
    ones = np.ones(20)
    rows = DailyRows(np.zeros(20, np.int64), sold, ones, ones * 3, ones * 9)
    out = np.arange(20, 30)
    exposures = Exposures(np.zeros(10, np.int64), out, np.zeros(10))
    state = DemandState.empty(1)
    fold_days(state, rows, exposures, np.zeros(1, np.int64), 0, 29, np.ones(30))
    r = rates(state, 30, np.zeros(1), np.zeros(1), np.ones(1))
    assert r.units_per_day[0] == pytest.approx(3.0)


def test_a_bulk_line_is_scaled_down() -> None:
    """One order of 500 among orders of 2 does not become the rate."""
    days = 60
    units = np.full(days, 2.0)
    units[50] = 500.0
    rows = DailyRows(np.zeros(days, np.int64), np.arange(days), np.ones(days), units, units**2)
    none = np.zeros(0, np.int64)
    state = DemandState.empty(1)
    fold_days(
        state,
        rows,
        Exposures(none, none, np.zeros(0)),
        np.zeros(1, np.int64),
        0,
        days - 1,
        np.ones(days),
    )
    assert state.U[0] / state.C[0] < 3.0


def test_a_reorder_point_covers_lead_time_and_review() -> None:
    """More lead time, more level or more noise never asks for less."""
    state = steady(2, 3, 200)
    r = rates(state, 200, np.zeros(1), np.zeros(1), np.ones(1))
    points = [
        reorder_points(
            r, *lead_time(np.array([days])), np.ones(1), np.array([days + 1.0]), level
        ).reorder_point[0]
        for days in (3.0, 7.0, 14.0)
        for level in (np.array([0.9]), np.array([0.98]))
    ]
    assert points[0] < points[2] < points[4]
    assert all(low < high for low, high in zip(points[::2], points[1::2], strict=True))


def test_run_out_days_follow_from_the_rate() -> None:
    """12 on hand at 3 a day: gone by the fifth day, possibly earlier, never without demand."""
    stock, rate, phi = np.array([12.0]), np.array([3.0]), np.array([1.0])
    likely, earliest = (run_out_days(stock, rate, phi, share)[0] for share in (0.5, 0.1))
    assert likely in (4, 5)
    assert 2 <= earliest < likely
    assert run_out_days(stock, np.array([0.0]), phi, 0.5)[0] == np.inf
    assert run_out_days(np.array([0.0]), rate, phi, 0.5)[0] == 0


class TestQuantity:
    """Scenario 18 and 19: minimum, pack, cap; the position after it is above the point."""

    def need(self, quantity: int, **terms: Decimal) -> str:
        """Return what is suggested for a need."""
        found = suggest(Decimal(0), Decimal(0), Decimal(quantity), **terms)  # type: ignore[arg-type]
        return format(found.quantity, "f") if found.question is None else "ask"

    def test_minimum_then_pack_then_cap(self) -> None:
        """37 with minimum 50 and pack 12 is 60; 61 is 72; 32 in sixes is 36; a low cap asks."""
        twelve = {"moq": Decimal(50), "pack": Decimal(12)}
        assert self.need(37, **twelve) == "60"
        assert self.need(61, **twelve) == "72"
        assert self.need(32, pack=Decimal(6)) == "36"
        assert self.need(37, moq=Decimal(50), most=Decimal(40)) == "ask"

    def test_boundary(self) -> None:
        """S 1, Q 1, position −2: 4, which leaves 2 above 1."""
        assert suggest(Decimal(-2), Decimal(1), Decimal(1)).quantity == 4
        assert suggest(Decimal(-2), Decimal(1), Decimal(1), multiples=True).quantity == 4
        assert suggest(Decimal(18), Decimal(20), Decimal(40), multiples=True).quantity == 40

    @given(
        st.integers(-50, 50),
        st.integers(0, 50),
        st.integers(1, 60),
        st.none() | st.integers(1, 80),
        st.none() | st.integers(1, 24),
        st.none() | st.integers(1, 100),
        st.booleans(),
    )
    def test_a_suggestion_respects_its_terms(
        self,
        position: int,
        point: int,
        quantity: int,
        moq: int | None,
        pack: int | None,
        most: int | None,
        multiples: bool,
    ) -> None:
        """P10: at least the minimum, in packs, under the cap, and above s; or a question."""
        found = suggest(
            Decimal(position),
            Decimal(point),
            Decimal(quantity),
            moq=None if moq is None else Decimal(moq),
            pack=None if pack is None else Decimal(pack),
            most=None if most is None else Decimal(most),
            multiples=multiples,
        )
        if position > point:
            return
        if found.question is not None:
            assert most is not None
            assert found.quantity == 0
            return
        assert position + found.quantity > point
        assert moq is None or found.quantity >= moq
        assert pack is None or found.quantity % pack == 0
        assert most is None or found.quantity <= most


def test_weekday_index_finds_the_strong_day() -> None:
    """A shop that sells double on Saturdays (day 2 was one) learns it after three weeks."""
    days = np.arange(70)
    lines = np.where((days + 3) % 7 == 5, 20.0, 10.0)
    index = weekday_index(lines, 0, 69)
    assert index.argmax() == 5
    assert index[5] == pytest.approx(1.75, rel=0.01)
    assert (weekday_index(lines[:20], 0, 19) == 1).all()
