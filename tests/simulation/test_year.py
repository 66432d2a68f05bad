"""Some weeks of a shop that follows its own advice: no sentence of it is wrong by other books."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation import year
from tests.simulation.year_books import Books


@pytest.mark.parametrize("seed", [1, 2])
def test_no_sentence_of_advice_is_wrong(tmp_path: Path, seed: int) -> None:
    """Late and short deliveries, two places, bread, a bundle, a rise; the shelf is seldom empty."""
    world, wrong = year.run(seed, 70, tmp_path)
    world.app.close()
    assert wrong == []
    assert world.books.read > 500
    assert world.lost < 0.05 * world.asked


@pytest.mark.slow
def test_nor_in_a_year_with_a_closed_week(tmp_path: Path) -> None:
    """The whole year of ``python -m tests.simulation.year``."""
    world, wrong = year.run(4, 365, tmp_path)
    world.app.close()
    assert wrong == []
    assert world.lost < 0.03 * world.asked


def test_the_books_find_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: books that lose a unit contradict shelf, report and promise."""
    come = Books.come

    def forgetful(self: Books, sku: str, place: str, quantity: int, *rest: object) -> None:
        come(self, sku, place, quantity - (sku == "TEA"), *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Books, "come", forgetful)
    world, wrong = year.run(1, 25, tmp_path)
    world.app.close()
    kinds = {one.partition(": ")[2].partition(":")[0] for one in wrong}
    assert {"stock", "promise", "reorder"} <= kinds
