"""Each attack, small: what did damage once does none now."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.simulation.attack import ATTACKS

pytestmark = pytest.mark.slow


ELSEWHERE = {"killed", "poison", "outages", "starved_answers"}
"""What other tests of the suite try as well."""


@pytest.mark.parametrize("name", [name for name in ATTACKS if name not in ELSEWHERE])
def test_an_attack_does_no_damage(name: str, tmp_path: Path) -> None:
    """It says what it tried, and none of its tries did damage."""
    found = ATTACKS[name](1, random.Random(17), tmp_path)
    assert found.tried
    assert found.damage == 0, found
