"""What helps before an order: moving stock, chasing what is late; what an answer says beside."""

from __future__ import annotations

import pytest

from jitledger.domain.moments import DAY
from tests.bot.conftest import Chat
from tests.conftest import done


@pytest.fixture
async def two_places(chat: Chat) -> Chat:
    """MUG is short at the counter (main 20, point 25) and lies in the store room, too."""
    app = chat.app
    done(app, do="supplier", code="ACME", name="Acme", lead_time_days="7")
    done(app, do="terms", supplier="ACME", sku="MUG", unit_cost="4")
    done(app, do="location", code="store", name="Store room")
    done(app, do="open", sku="MUG", qty="60", at="store")
    return chat


SHORT = {"method": "manual", "reorder_point": "25", "order_quantity": "30"}


async def test_an_alert_of_a_place_moves_stock_with_one_tap(two_places: Chat) -> None:
    """The alert says what the store room can spare; a tap moves it, and a tap takes it back."""
    done(two_places.app, do="policy", sku="MUG", at="main", **SHORT)
    said = await two_places.say("/help")
    alert = next(m for m in said if "🔔" in m["text"])
    assert "Move Blue mug" in alert["text"]
    assert "move 30 from store" in alert["text"]
    assert "order" not in alert["text"].split("reorder point")[1].split("\n")[0]
    _, (moved,) = await two_places.press(alert, "⇄ 30 Blue mug: store → main")
    assert "Moved 30 × Blue mug" in moved["text"]
    places = two_places.app.queries.stock("MUG")["by_location"]
    assert {name: row["on_hand"] for name, row in places.items()} == {"main": "50", "store": "30"}
    await two_places.press(moved, "↩ Undo")
    assert two_places.app.queries.stock("MUG")["by_location"]["main"]["on_hand"] == "20"


async def test_the_report_moves_before_it_orders(two_places: Chat) -> None:
    """/reorder names the place, what to move there, and a button that does it; in German, too."""
    done(two_places.app, do="policy", sku="MUG", at="main", **SHORT)
    await two_places.say("/help")
    (listed,) = await two_places.say("/reorder")
    assert "Blue mug (MUG) at main" in listed["text"]
    assert "move 30 from store" in listed["text"]
    _, (moved,) = await two_places.press(listed, "⇄ 30 Blue mug: store → main")
    assert "Moved 30" in moved["text"]
    assert two_places.app.reorder() == []


async def test_what_is_late_is_to_be_chased(two_places: Chat) -> None:
    """An empty shelf behind a late order: chase it, or order where else there are terms."""
    app = two_places.app
    done(app, do="supplier", code="BETA", name="Beta", lead_time_days="3")
    done(app, do="terms", supplier="BETA", sku="MUG", unit_cost="5")
    done(app, do="link", sku="MUG", supplier="ACME")
    done(app, do="policy", sku="MUG", **SHORT)
    for _ in range(20):
        done(app, do="sell", sku="MUG", qty="3")
        two_places.clock.at += DAY
    done(app, do="order", po="P1", supplier="ACME", lines=[{"sku": "MUG", "qty": "90"}])
    done(app, do="sell", sku="MUG", qty="18")
    two_places.clock.at += 20 * DAY
    app.sweep()
    listed = next(m for m in await two_places.say("/reorder") if "to reorder" in m["text"])
    assert "90 · P1 (ACME)" in listed["text"]
    assert "13 days late: chase it" in listed["text"]
    assert "or order at BETA" in listed["text"]
    done(app, do="settings", locale="de")
    german = next(m for m in await two_places.say("/reorder") if "P1" in m["text"])
    assert "13 Tage zu spät: nachhaken" in german["text"]
    assert "oder bei BETA bestellen" in german["text"]


async def test_more_than_ordered_and_another_price_are_said(two_places: Chat) -> None:
    """34 of 30 came, at 4.50 instead of 4: both stand in the answer, with what they mean."""
    line = {"sku": "MUG", "qty": "30", "unit_cost": "4"}
    done(two_places.app, do="order", po="P1", supplier="ACME", lines=[line])
    (answer,) = await two_places.say("received 34 mug @ 4.50")
    assert "for order P1, complete" in answer["text"]
    assert "4 more than P1 wanted came" in answer["text"]
    assert "it cost 4.50 and was ordered at 4.00 on P1: +12.5 %, +17.00 in all" in answer["text"]


async def test_goods_arrive_where_they_were_ordered_to(two_places: Chat) -> None:
    """An order for the store room fills the store room, unless another place is named."""
    line = {"sku": "MUG", "qty": "30", "at": "store"}
    done(two_places.app, do="order", po="P1", supplier="ACME", lines=[line])
    (answer,) = await two_places.say("received 30 mug")
    assert "it arrived at store, where P1 was ordered to" in answer["text"]
    places = two_places.app.queries.stock("MUG")["by_location"]
    assert {name: row["on_hand"] for name, row in places.items()} == {"main": "20", "store": "90"}


async def test_a_typed_count_tells_its_variance(two_places: Chat) -> None:
    """17 counted where 20 were expected: 3 fewer; exactly what was expected says nothing."""
    (answer,) = await two_places.say("counted 17 mug")
    assert "20 were expected there: 3 fewer" in answer["text"]
    (again,) = await two_places.say("counted 17 mug at store")
    assert "60 were expected there: 43 fewer" in again["text"]
