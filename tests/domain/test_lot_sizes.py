"""Lots by rate and cost: as many orders as equal days of cover, and less stock for them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jitledger.domain.replenishment.lot_sizes import MOST_COVERS, lots_by_cost, usual_lots

items = st.lists(st.tuples(st.floats(0.01, 200), st.floats(0.05, 500)), min_size=2, max_size=30)


def orders(rate: np.ndarray, lots: np.ndarray) -> float:
    """Return how many orders leave a day."""
    return float((rate / lots).sum())


@given(items)
def test_as_many_orders_and_no_more_goods(shop: list[tuple[float, float]]) -> None:
    """At scale 1 as many orders leave by the plan, for at most the same half-lots of stock."""
    rate, cost = (np.array(column) for column in zip(*shop, strict=True))
    usual, lots = usual_lots(rate, 7.0), lots_by_cost(rate, cost, 7.0, 1.0)
    assert (lots >= 1.0).all()
    assert (lots <= np.maximum(1.0, MOST_COVERS * 7 * rate) + 1e-9).all()
    assert orders(rate, lots) <= orders(rate, usual) * 1.001
    loose = (lots > 1.0) & (lots < MOST_COVERS * 7 * rate)
    if loose.all() and (usual > 1).all():
        assert orders(rate, lots) >= orders(rate, usual) * 0.999
        assert (lots * cost).sum() <= (usual * cost).sum() * 1.001


def test_what_has_no_cost_keeps_its_days() -> None:
    """An item of unknown cost, or that nobody asks for, has the usual lot."""
    rate, cost = np.array([4.0, 4.0, 0.0, 2.0]), np.array([1.0, 16.0, 3.0, 0.0])
    assert lots_by_cost(rate, cost, 7.0, 1.0)[2:].tolist() == [1.0, 14.0]
    assert lots_by_cost(rate, cost, 7.0, 0.0).tolist() == usual_lots(rate, 7.0).tolist()


def test_dials_are_sized_apart() -> None:
    """Each row of a sweep has its own scale."""
    rate = np.array([[4.0, 4.0], [8.0, 1.0]])
    cost = np.array([1.0, 16.0])
    both = lots_by_cost(rate, cost, 7.0, 1.0)
    assert np.allclose(both[0], lots_by_cost(rate[0], cost, 7.0, 1.0))
    assert np.allclose(both[1], lots_by_cost(rate[1], cost, 7.0, 1.0))
