"""Purchase orders through the chat: from a suggestion to goods on the shelf, in two languages."""

from __future__ import annotations

from typing import Any

import pytest

from jitledger.domain.moments import DAY
from jitledger_projections.reports.ordering.order_book import find_order, order_shape
from tests.bot.conftest import OWNER, STAFF, Chat
from tests.conftest import done


@pytest.fixture
async def buying(chat: Chat) -> Chat:
    """MUG is bought from Acme at 4 in packs of 6, and reordered at 25."""
    app = chat.app
    done(app, do="supplier", code="ACME", name="Acme", lead_time_days="7", minimum_order="50")
    terms = {"unit_cost": "4", "pack": "6", "supplier_sku": "B-7"}
    done(app, do="terms", supplier="ACME", sku="MUG", **terms)
    done(app, do="price", sku="MUG", price="9")
    policy = {"method": "manual", "reorder_point": "25", "order_quantity": "30"}
    done(app, do="policy", sku="MUG", **policy)
    await chat.say("/help")  # The alert of the policy arrives with it.
    return chat


def shape(chat: Chat, po: str = "PO-1") -> dict[str, Any]:
    """Return an order as the command line shows it."""
    today = chat.app.today()
    with chat.app.database.snapshot() as tx:
        return order_shape(find_order(tx, po, today))


async def test_a_suggestion_becomes_an_order_with_one_tap(buying: Chat) -> None:
    """/reorder, Order, Place: the order is on its way, and the text for Acme is there."""
    (listed,) = await buying.say("/reorder")
    toast, (draft,) = await buying.press(listed, "Order from ACME")
    assert toast == "Drafted"
    assert "30 × " in draft["text"]
    assert "Total 120 EUR" in draft["text"]
    assert buying.app.queries.stock("MUG")["on_order"] == "0"
    _, (text,) = await buying.press(draft, "✓ Place")
    assert "30 × Blue mug (your code B-7, ours MUG) at 4 EUR" in text["text"]
    placed = buying.sandbox._find(OWNER, draft["message_id"])
    assert "placed" in placed["text"]
    assert buying.app.queries.stock("MUG")["on_order"] == "30"
    button = draft["reply_markup"]["inline_keyboard"][0][0]
    again, _ = await buying.press_data(draft, button["callback_data"])
    assert again == "Done already."
    (empty,) = await buying.say("/reorder")
    assert "Nothing needs reordering" in empty["text"]


async def test_a_german_shop_writes_to_its_supplier_in_german(buying: Chat) -> None:
    """Whoever places the order: the letter speaks the shop's language."""
    done(buying.app, do="settings", locale="de")
    (listed,) = await buying.say("/reorder")
    _, (draft,) = await buying.press(listed, "Bestellen bei ACME")
    _, (text,) = await buying.press(draft, "✓ Jetzt bestellen")
    assert "Bestellung PO-1 von" in text["text"]
    assert "30 × Blue mug (Ihre Nummer B-7, unsere MUG) zu 4 EUR" in text["text"]
    assert "Bitte bestätigen Sie die Mengen" in text["text"]


@pytest.mark.slow
async def test_received_in_two_parts_one_late(buying: Chat) -> None:
    """Every number in the chat agrees with the command line's."""
    (listed,) = await buying.say("/reorder")
    _, (draft,) = await buying.press(listed, "Order from ACME")
    await buying.press(draft, "✓ Place")
    (answer,) = await buying.say("received 18 mug")
    assert "for order PO-1, 12 to come" in answer["text"]
    assert shape(buying)["lines"][0]["outstanding"] == "12"
    done(buying.app, do="order-delay", po="PO-1", promised="2026-03-06")
    buying.clock.at += 4 * DAY
    # The push about it comes some time beside this answer.
    late = next(m for m in await buying.say("/late") if "1 late order" in m["text"])
    assert "3 days late" in late["text"]
    assert "12 × Blue mug" in late["text"]
    assert shape(buying)["late_days"] == 3
    _, said = await buying.press(late, "PO-1")
    card = next(m for m in said if m["text"].startswith("PO-1 –"))
    assert "18 came" in card["text"]
    await buying.press(card, "Everything came")
    shown = buying.sandbox._find(OWNER, card["message_id"])
    assert "received" in shown["text"]
    assert (buying.on_hand(), shape(buying)["state"]) == ("50", "received")
    await buying.press(shown, "↩ Undo")
    assert (buying.on_hand(), shape(buying)["state"]) == ("38", "partly received")


@pytest.mark.slow
async def test_only_the_late_line_is_listed_as_late(buying: Chat) -> None:
    """Of two lines the one whose day is over stands in /late; a missing cost is said."""
    done(buying.app, do="register", sku="CUP", name="Cup")
    lines = [{"sku": "MUG", "qty": "6", "promised": "2026-03-06"}, {"sku": "CUP", "qty": "5"}]
    done(buying.app, do="order", po="P1", supplier="ACME", lines=lines)
    buying.clock.at += 3 * DAY
    # The push about it comes some time beside these answers.
    late = next(m["text"] for m in await buying.say("/late") if "1 late order" in m["text"])
    assert "6 × Blue mug" in late
    assert "Cup" not in late
    card = next(m["text"] for m in await buying.say("/order P1") if m["text"].startswith("P1 –"))
    assert "5 × Cup – no cost agreed" in card


async def test_of_two_orders_the_oldest_and_a_question(buying: Chat) -> None:
    """A receipt counts for the oldest order until somebody says that it was for the other."""
    for number in ("P1", "P2"):
        lines = [{"sku": "MUG", "qty": "30"}]
        done(buying.app, do="order", po=number, supplier="ACME", lines=lines)
    (answer,) = await buying.say("received 30 mug")
    assert "for order P1, complete" in answer["text"]
    assert "another order?" in answer["text"]
    _, (said,) = await buying.press(answer, "P2")
    assert said["text"] == "Counted for order P2."
    assert shape(buying, "P1")["lines"][0]["outstanding"] == "30"
    assert shape(buying, "P2")["state"] == "received"
    assert buying.on_hand() == "50"


async def test_what_came_for_no_order_is_taken_out_of_it(buying: Chat) -> None:
    """A sample that came by itself leaves both orders as they were."""
    for number in ("P1", "P2"):
        lines = [{"sku": "MUG", "qty": "30"}]
        done(buying.app, do="order", po=number, supplier="ACME", lines=lines)
    (answer,) = await buying.say("received 2 mug")
    assert "for order P1, 28 to come" in answer["text"]
    _, (said,) = await buying.press(answer, "No order")
    assert said["text"] == "Counted for no order."
    assert buying.app.queries.stock("MUG")["on_order"] == "60"
    assert buying.on_hand() == "22"


async def test_a_draft_is_changed_and_discarded(buying: Chat) -> None:
    """/order PO-1 MUG 60 writes the draft anew; Discard ends it."""
    (listed,) = await buying.say("/reorder")
    await buying.press(listed, "Order from ACME")
    (changed,) = await buying.say("/order PO-1 MUG 60")
    assert "60 × " in changed["text"]
    assert "Total 240 EUR" in changed["text"]
    (listed,) = await buying.say("/orders")
    assert "draft, not placed yet" in listed["text"]
    await buying.press(changed, "✗ Discard")
    assert shape(buying)["state"] == "cancelled"
    (refused,) = await buying.say("/order PO-9")
    assert "PO-9" in refused["text"]


async def test_staff_receives_and_does_not_order(buying: Chat) -> None:
    """Staff sees orders and records what came; ordering is for owners and buyers."""
    (listed,) = await buying.say("/reorder", STAFF)
    toast, _ = await buying.press(listed, "Order from ACME", STAFF)
    assert "owner or a buyer" in toast
    lines = [{"sku": "MUG", "qty": "30"}]
    done(buying.app, do="order", po="P1", supplier="ACME", lines=lines)
    (listed,) = await buying.say("/orders", STAFF)
    _, (card,) = await buying.press(listed, "P1", STAFF)
    toast, _ = await buying.press(card, "Rest is not coming", STAFF)
    assert "owner or a buyer" in toast
    await buying.press(card, "Everything came", STAFF)
    assert buying.on_hand() == "50"


async def test_scenario_30_in_the_chat(buying: Chat) -> None:
    """Asked "can I have 25 mug by friday?", it answers from stock, orders and usual lateness."""
    line = {"sku": "MUG", "qty": "30", "promised": "2026-03-06"}
    done(buying.app, do="order", po="P1", supplier="ACME", lines=[line])
    (answer,) = await buying.say("Can I have 25 mug by friday?")
    assert "25 by 2026-03-06: only if the delivery is on time" in answer["text"]
    assert "20 now" in answer["text"]
    assert "50 from 2026-03-06 if on time" in answer["text"]
    (answer,) = await buying.say("can we have 5 mug by tomorrow?")
    assert "5 by 2026-03-06: yes" in answer["text"]
    (answer,) = await buying.say("Kann ich 99 mug bis Montag haben?")
    assert "99 by 2026-03-09: no" in answer["text"]
    assert buying.on_hand() == "20"


async def test_an_alert_orders_with_one_tap(buying: Chat) -> None:
    """The pushed alert has an Order button that drafts what is due at its supplier."""
    done(buying.app, do="receive", sku="MUG", qty="20")
    answers = await buying.say("sold 20 mug")
    alert = next(m for m in answers if "Reorder" in m["text"])
    _, (draft,) = await buying.press(alert, "Order")
    assert "PO-1" in draft["text"]


async def test_a_changed_line_stays_where_it_was_to_come(buying: Chat) -> None:
    """A draft's line for another place keeps it; of two places one has to be named."""
    done(buying.app, do="location", code="kiosk")
    lines = [{"sku": "MUG", "qty": "12", "at": "kiosk"}]
    done(buying.app, do="order-draft", po="P1", supplier="ACME", lines=lines)
    await buying.say("/order P1 MUG 24")
    (line,) = shape(buying, "P1")["lines"]
    assert (line["ordered"], line["location"]) == ("24", "kiosk")
    lines.append({"sku": "MUG", "qty": "6", "at": "main"})
    done(buying.app, do="order-draft", po="P1", supplier="ACME", lines=lines)
    (said,) = await buying.say("/order P1 MUG 30")
    assert "kiosk, main; name the place" in said["text"]
    assert [row["ordered"] for row in shape(buying, "P1")["lines"]] == ["12", "6"]
