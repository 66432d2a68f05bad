"""What holds on a day: packs and terms by the day of the fact; chains of corrections; lots."""

from __future__ import annotations

from typing import Any

import pytest

from jitledger.bootstrap import App
from jitledger.domain.events import StockReceived
from tests.conftest import do, done


@pytest.fixture
def shop(app: App) -> App:
    """Open a shop in Berlin with a mug."""
    done(app, do="settings", timezone="Europe/Berlin", now="2026-03-01T06:00:00Z")
    done(app, do="location", code="B")
    done(app, do="register", sku="M", name="Mug")
    return app


def stock(app: App, **when: Any) -> dict[str, Any]:
    """Return the item's quantities."""
    return app.queries.stock("M", **when)


def test_a_correction_made_twice_counts_once_whichever_void_is_voided(shop: App) -> None:
    """10, then 11, then 12: the void of the first void brings back 10 alone, of the second 11."""
    done(shop, do="receive", sku="M", qty="10")
    done(shop, do="correct", entry="M/2", **{"with": {"qty": "11"}})
    done(shop, do="correct", entry="M/2", **{"with": {"qty": "12"}})
    first = done(shop, do="void", entry="M/3")
    assert first.on_hand == "10"
    assert done(shop, do="void", entry=first.entries[0]).on_hand == "12"
    assert done(shop, do="void", entry="M/5").on_hand == "11"
    assert done(shop, do="correct", entry="M/2", **{"with": {"qty": "7"}}).on_hand == "7"


def test_a_void_that_was_voided_is_voided_no_second_time(shop: App) -> None:
    """It is not effective any more: refused with the name of what voided it."""
    done(shop, do="receive", sku="M", qty="10")
    (void,) = done(shop, do="void", entry="M/2").entries
    (redo,) = done(shop, do="void", entry=void).entries
    answer = do(shop, do="void", entry=void)
    assert answer.error is not None
    assert (answer.error.code, redo in answer.error.message) == ("already-voided", True)
    assert stock(shop)["on_hand"] == "10"


def test_both_halves_of_a_corrected_transfer_are_followed(shop: App) -> None:
    """A command on either half reaches the halves in force."""
    done(shop, do="receive", sku="M", qty="10")
    out, into = done(shop, do="transfer", sku="M", qty="4", **{"from": "main", "to": "B"}).entries
    done(shop, do="correct", entry=out, **{"with": {"qty": "5"}})
    assert stock(shop)["by_location"]["B"]["on_hand"] == "5"
    done(shop, do="correct", entry=into, **{"with": {"qty": "6"}})
    assert stock(shop)["by_location"]["B"]["on_hand"] == "6"
    done(shop, do="void", entry=into)
    assert stock(shop)["by_location"]["main"]["on_hand"] == "10"
    assert "B" not in stock(shop)["by_location"]


def test_a_corrected_bundle_is_followed_from_its_component(shop: App) -> None:
    """The component's sale has an heir, too."""
    done(shop, do="receive", sku="M", qty="10")
    done(shop, do="register", sku="KIT", name="Kit", components=[{"sku": "M", "qty": "2"}])
    kit, part = done(shop, do="sell", sku="KIT", qty="1").entries
    done(shop, do="correct", entry=kit, **{"with": {"qty": "2"}})
    assert stock(shop)["on_hand"] == "6"
    assert done(shop, do="correct", entry=part, **{"with": {"qty": "3"}}).on_hand == "7"


def test_a_pack_holds_what_it_held_on_the_day_of_the_fact(shop: App) -> None:
    """Twelve until the tenth, ten from then on; a box received on the fifth holds twelve."""
    pack = {"do": "pack", "sku": "M", "code": "box"}
    done(shop, **pack, factor="12")
    done(shop, **pack, factor="10", now="2026-03-10T06:00:00Z")
    received = {"do": "receive", "sku": "M", "qty": "1", "pack": "box"}
    assert done(shop, **received, occurred_at="2026-03-05").on_hand == "12"
    assert done(shop, **received).on_hand == "22"
    done(shop, **pack, factor="6", effective_from="2026-03-20")
    sold = {"do": "sell", "sku": "M", "qty": "1", "pack": "box", "now": "2026-03-21T06:00:00Z"}
    assert done(shop, **sold).on_hand == "16"
    assert done(shop, **sold, occurred_at="2026-03-19T12:00").on_hand == "6"


def test_a_late_receipt_costs_what_was_agreed_on_its_day(shop: App) -> None:
    """Four until the tenth of May, five from then on; a receipt of the fifth cost four."""
    done(shop, do="supplier", code="S", name="S")
    terms = {"do": "terms", "supplier": "S", "sku": "M"}
    done(shop, **terms, unit_cost="4")
    done(shop, **terms, unit_cost="5", effective_from="2026-05-10", now="2026-05-12T06:00:00Z")
    receipt = {"do": "receive", "sku": "M", "qty": "1", "supplier": "S"}
    done(shop, **receipt, occurred_at="2026-05-05")
    done(shop, **receipt)
    _, entries = shop.queries.entries("M")
    costs = [event.unit_cost for _, event in entries if isinstance(event, StockReceived)]
    assert costs == [4, 5]


def test_what_was_sold_before_a_backorder_is_no_part_of_it(shop: App) -> None:
    """Four of seven go out at once, three wait; the sale that names the order later ends them."""
    done(shop, do="receive", sku="M", qty="7")
    done(shop, do="sell", sku="M", qty="4", order="77")
    done(shop, do="backorder", sku="M", qty="3", order="77", now="2026-03-02T06:00:00Z")
    assert stock(shop)["inventory_position"] == "0"
    done(shop, do="sell", sku="M", qty="3", order="77", now="2026-03-03T06:00:00Z")
    assert (stock(shop)["on_hand"], stock(shop)["inventory_position"]) == ("0", "0")
    done(shop, do="void", entry="M/4", reason="not asked for")
    assert stock(shop)["inventory_position"] == "0"


@pytest.mark.parametrize("steps", [1, 2])
def test_a_lot_keeps_its_last_day_on_its_way(shop: App, steps: int) -> None:
    """Goods that moved to another place expire there as they would have here."""
    lot = {"lot": "A", "expiry": "2026-03-10"}
    done(shop, do="receive", sku="M", qty="8", **lot)
    done(shop, do="receive", sku="M", qty="5", lot="B", expiry="2026-06-01")
    way = {"do": "transfer", "sku": "M", "from": "main", "to": "B"}
    if steps == 1:
        done(shop, **way, qty="6")
    else:
        done(shop, **way, qty="8", transfer="T", step="dispatch")
        done(shop, **way, qty="6", transfer="T", step="receive")
        done(shop, **way, qty="2", transfer="T", step="lost")
    done(shop, do="unmet", sku="M", qty="1", now="2026-03-11T06:00:00Z")
    there = stock(shop)["by_location"]["B"]
    assert (there["on_hand"], there["unsellable"], there["available"]) == ("6", "6", "0")
    here = stock(shop)["by_location"]["main"]
    assert here["available"] == "5"


def test_damaged_goods_are_written_off_from_where_they_lie(shop: App) -> None:
    """Four set aside as damaged and written off for it: six are there, and six can be sold."""
    done(shop, do="receive", sku="M", qty="10")
    done(shop, do="move-status", sku="M", qty="4", **{"from": "sellable", "to": "damaged"})
    done(shop, do="write-off", sku="M", qty="4", reason="damage")
    assert (stock(shop)["on_hand"], stock(shop)["available"]) == ("6", "6")
    done(shop, do="write-off", sku="M", qty="1", reason="damage")
    assert (stock(shop)["on_hand"], stock(shop)["available"]) == ("5", "5")


def test_a_promise_lapses_to_the_second(shop: App) -> None:
    """Made at eight with half an hour to live, it is gone at half past."""
    done(shop, do="receive", sku="M", qty="4", now="2026-03-01T08:00:00Z")
    line = [{"sku": "M", "qty": "4"}]
    done(shop, do="reserve", reservation="R1", ttl_seconds=1800, lines=line)
    kept = do(shop, do="reserve", reservation="R2", lines=line, now="2026-03-01T08:29:59Z")
    assert not kept.ok
    done(shop, do="reserve", reservation="R3", lines=line, now="2026-03-01T08:30:00Z")


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("2026-03-29T02:30", "02:30 does not exist on that day; 03:30 was taken"),
        ("2026-10-25T02:30", "02:30 happens twice on that day; the earlier was taken"),
        ("2026-10-25T04:30", None),
    ],
)
def test_a_time_at_a_clock_change_is_said(shop: App, stated: str, said: str | None) -> None:
    """The answer says what was taken for a local time that does not exist or happens twice."""
    now = "2026-11-01T06:00:00Z"
    answer = done(shop, do="receive", sku="M", qty="1", occurred_at=stated, now=now)
    assert answer.as_dict().get("notes") == (None if said is None else [said])
