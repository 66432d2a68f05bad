"""What will expire unsold: the same as selling day by day what expires first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitledger.domain.replenishment.ordering.expiring import expected_waste

lots = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 200).map(float)), max_size=6)


def day_by_day(found: list[tuple[int, float]], rate: float, within: int) -> float:
    """Sell the lot that expires first, a day's demand a day; what its last day leaves is wasted."""
    left, wasted = {place: units for place, (_, units) in enumerate(found)}, 0.0
    order = sorted(range(len(found)), key=lambda place: found[place][0])
    for day in range(1, 41):
        wanted = rate
        for place in order:
            if found[place][0] >= day:
                sold = min(wanted, left[place])
                left[place] -= sold
                wanted -= sold
        if day <= within:
            wasted += sum(left[place] for place in order if found[place][0] == day)
        for place in order:
            if found[place][0] == day:
                left[place] = 0.0
    return wasted


@given(lots, st.integers(0, 20), st.integers(1, 40))
def test_as_day_by_day(found: list[tuple[int, float]], rate: int, within: int) -> None:
    """For any lots, rate and horizon."""
    wanted = day_by_day(found, float(rate), within)
    assert expected_waste(found, float(rate), within) == pytest.approx(wanted)
