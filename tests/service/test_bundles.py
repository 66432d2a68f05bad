"""A bundle has no stock of its own: what is done to it is done to its parts."""

from __future__ import annotations

import pytest

from jitledger.bootstrap import App
from tests.conftest import do, done

NOW = "2026-03-01T08:00:00"


@pytest.fixture
def tea(any_app: App) -> App:
    """A tea set is 2 cups and a pot; there are 7 cups and 4 pots, one of them at the stall."""
    done(any_app, do="location", code="stall", name="Stall", now=NOW)
    for sku, quantity in (("CUP", "7"), ("POT", "3")):
        done(any_app, do="register", sku=sku, name=sku.title(), now=NOW)
        done(any_app, do="open", sku=sku, qty=quantity, now=NOW)
    done(any_app, do="open", sku="POT", qty="1", at="stall", now=NOW)
    parts = [{"sku": "CUP", "qty": "2"}, {"sku": "POT", "qty": "1"}]
    done(any_app, do="register", sku="TEA", name="Tea set", components=parts, now=NOW)
    return any_app


def on_hand(app: App) -> tuple[str, str]:
    """Return cups and pots."""
    return app.queries.stock("CUP")["on_hand"], app.queries.stock("POT")["on_hand"]


def test_it_says_how_many_can_be_made(tea: App) -> None:
    """7 cups make 3 sets; the pot at the stall has no cups beside it."""
    assert tea.queries.stock("TEA")["can_make"] == "3"
    done(tea, do="sell", sku="TEA", qty="2", now=NOW)
    assert (on_hand(tea), tea.queries.stock("TEA")["can_make"]) == (("3", "2"), "1")


def test_a_return_brings_its_parts_back_for_their_sales(tea: App) -> None:
    """Each part names the entry by which it left."""
    sold = done(tea, do="sell", sku="TEA", qty="2", now=NOW)
    back = done(tea, do="return", sku="TEA", qty="1", sale=sold.entries[0], now=NOW)
    assert on_hand(tea) == ("5", "3")
    assert [entry.split("/")[0] for entry in back.entries] == ["CUP", "POT"]
    _, entries = tea.queries.entries("CUP")
    assert getattr(entries[-1][1], "sale", None) == next(e for e in sold.entries if "CUP" in e)


def test_counting_and_reserving_act_on_its_parts(tea: App) -> None:
    """Two sets counted are four cups and two pots; a set reserved is kept from its parts."""
    done(tea, do="count", sku="TEA", qty="2", now=NOW)
    assert on_hand(tea) == ("4", "3")
    lines = [{"sku": "TEA", "qty": "1"}]
    done(tea, do="reserve", reservation="R1", lines=lines, now=NOW)
    assert tea.queries.stock("CUP")["available"] == "2"
    assert tea.queries.stock("TEA")["can_make"] == "1"
    more = do(tea, do="reserve", reservation="R2", lines=[{"sku": "TEA", "qty": "2"}], now=NOW)
    assert more.error is not None
    assert more.error.code == "not-available"
    done(tea, do="sell", sku="TEA", qty="1", reservation="R1", now=NOW)
    assert tea.queries.stock("CUP")["available"] == "2"
