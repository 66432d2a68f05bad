"""A shop that was closed has no phantoms, however suddenly everything stopped selling."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from jitledger.bootstrap import App
from jitledger_projections.reports.advice.phantoms import phantoms
from tests.conftest import all_done, done

START = date(2026, 1, 1)


def moment(number: int, hour: int = 12) -> str:
    """Return a moment of the story."""
    return f"{START + timedelta(days=number)}T{hour:02d}:00:00"


def sell(app: App, first: int, last: int, *skus: str) -> None:
    """Sell one of each every day, both days included; never on a seventh day."""
    all_done(
        app,
        [
            {"do": "sell", "sku": sku, "qty": "1", "now": moment(number)}
            for number in range(first, last + 1)
            if number % 7 != 6
            for sku in skus
        ],
    )


SKUS = ("MUG", "CUP", "TEA", "JAR", "POT")


@pytest.fixture
def shop(any_app: App) -> App:
    """Five products sell one a day for eight weeks."""
    for sku in SKUS:
        done(any_app, do="register", sku=sku, name=sku.title(), now=moment(0, 6))
        done(any_app, do="open", sku=sku, qty="200", now=moment(0, 6))
    sell(any_app, 0, 55, *SKUS)
    return any_app


def named(app: App, day: int) -> list[str]:
    """Return the phantoms on a day of the story."""
    done(app, do="location", code=f"D{day}", now=moment(day, 9))
    return sorted(found.sku for found in phantoms(app.look()))


def test_two_closed_weeks_make_no_phantom(shop: App) -> None:
    """Nothing sells for 14 days: the shop was closed, nothing is missing."""
    assert named(shop, 70) == []


def test_the_silence_of_one_counts_open_days_only(shop: App) -> None:
    """After a closed fortnight four sell again; the fifth is asked about once it is rare enough."""
    sell(shop, 70, 73, *SKUS[:-1])
    assert named(shop, 74) == []
    sell(shop, 74, 80, *SKUS[:-1])
    assert named(shop, 81) == ["POT"]


def test_one_that_stops_while_others_sell_is_asked_about(shop: App) -> None:
    """Ten days of others' sales without its own."""
    sell(shop, 56, 66, *SKUS[:-1])
    assert named(shop, 67) == ["POT"]
