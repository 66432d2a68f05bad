"""The peers of the backtest, by their worked numbers."""

from __future__ import annotations

import numpy as np
import pytest

from jitledger.domain.replenishment.backtesting.backtest import Day, Sales, Supply, Window
from jitledger.domain.replenishment.backtesting.peers import (
    SellableVelocity,
    TsbNegativeBinomial,
    abc_of,
)
from jitledger.domain.replenishment.demand_state import DemandState


def world(items: int = 1) -> tuple[Sales, Supply]:
    """Return nothing sold yet, and suppliers that deliver on the tenth day."""
    none, nothing, ones = np.zeros(0, np.int64), np.zeros(0), np.ones(items)
    sales = Sales(
        first=0,
        days=100,
        item=none,
        day=none,
        quantity=nothing,
        moment=nothing,
        value=nothing,
        unit_cost=ones,
        supplier=np.zeros(items, np.int64),
        known=np.zeros(items, np.int64),
        begins=np.zeros(101, np.int64),
        exposure={},
    )
    drawn = np.full((items, 100), 10, np.int16)
    return sales, Supply(drawn, ones * 10.0, ones * 0.0)


def look(window: Window, today: int) -> Day:
    """Return a day on which a peer looks."""
    none = np.zeros(1)
    return Day(today, DemandState.empty(1), window, np.ones(30), none, none)


def test_two_windows_over_days_with_stock() -> None:
    """60 units in 20 sellable days of 30 and 90 in 50 of 60: (3 + 1.8) ÷ 2 = 2.4 a day."""
    window = Window(1, 90)
    for day in range(90):
        recent, out = day >= 60, (day % 3 == 0 if day >= 60 else day % 6 == 0 and day < 78)
        units = 0.0 if out else (3.0 if recent else 1.0 if day >= 30 else 0.0)
        window.put(np.array([units]), np.array([0.0 if out else 1.0]))
    (near, seen), (far, exposed) = window.last(30), window.last(60)
    rate = (near.sum() / seen.sum() + far.sum() / exposed.sum()) / 2
    assert near.sum() / seen.sum() == 3
    sales, supply = world()
    peer = SellableVelocity(sales, supply, np.array([5.0]), (30, 60))
    point, level = peer.levels(look(window, 89))
    assert point[0] == np.ceil(rate * (10 + 5 * 0.7))  # The only item is of class A.
    assert level[0] - point[0] == pytest.approx(7 * rate)


def test_tsb_forgets_while_nothing_sells() -> None:
    """Chance .5 and size 4; ten days without a sale at alpha .1 leave .9^10 = .349 of it."""
    window = Window(1, 90)
    for day in range(90):
        window.put(np.array([4.0 * (day % 2)]), np.ones(1))
    sales, supply = world()
    peer = TsbNegativeBinomial(sales, supply, np.array([0.5]), alpha=0.1)
    _, before = peer.levels(look(window, 89))
    for day in range(90, 100):
        window.put(np.zeros(1), np.ones(1))
        peer.levels(look(window, day))
    assert peer._chance[0] == pytest.approx(0.5 * 0.9**10)
    assert peer._size[0] == pytest.approx(4)
    window.put(np.array([9.0]), np.ones(1))
    peer.levels(look(window, 100))
    assert peer._size[0] == pytest.approx(4.5)  # 4 + .1 × (9 − 4)
    out = peer._chance[0]
    window.put(np.zeros(1), np.zeros(1))
    _, after = peer.levels(look(window, 101))
    assert peer._chance[0] == out  # A day without stock says nothing.
    assert before[0] > after[0]


def test_classes_by_worth() -> None:
    """The first 80 % are A, the next 15 % B, the rest C; nothing sold is all A."""
    assert abc_of(np.array([50.0, 30.0, 10.0, 6.0, 3.0, 1.0])).tolist() == [0, 0, 1, 1, 2, 2]
    assert abc_of(np.zeros(3)).tolist() == [0, 0, 0]
