"""What the morning pushes beside the digest, and the buttons that act on it at once."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from jitledger.domain.moments import DAY
from jitledger_projections.reports.morning import Morning
from jitledger_projections.reports.ordering.order_book import find_order
from tests.bot.conftest import OWNER, Chat
from tests.conftest import done


async def heard(chat: Chat, begin: str) -> dict[str, Any]:
    """Wait for the next look of the bot; return the message that begins like this."""
    for _wait in range(90):
        found = [m for m in chat.heard(OWNER) if m.get("text", "").startswith(begin)]
        if found:
            (message,) = found
            return message
        await asyncio.sleep(0.1)
    raise AssertionError([m.get("text") for m in chat.heard(OWNER)])


def of_acme(chat: Chat, **terms: Any) -> None:
    """Let MUG be bought from Acme, and sell once on each of the last forty days."""
    done(chat.app, do="supplier", code="ACME", name="Acme", lead_time_days="7")
    done(chat.app, do="terms", supplier="ACME", sku="MUG", unit_cost="4", **terms)
    for back in range(40, 0, -1):
        day = date(2026, 3, 5) - timedelta(days=back)
        done(chat.app, do="sell", sku="MUG", qty="1", occurred_at=day.isoformat())
    done(chat.app, do="count", sku="MUG", qty="20")


@pytest.mark.slow
async def test_a_thin_margin_is_told_and_mended_with_one_tap(chat: Chat) -> None:
    """Scenario 28 in the chat: cost 4.60, price 9.00, floor 50 %; 9.20 restores it."""
    of_acme(chat)
    done(chat.app, do="settings", prices="net", margin_floor="0.5")
    done(chat.app, do="price", sku="MUG", price="9")
    lines = [{"sku": "MUG", "qty": "20"}]
    done(chat.app, do="order", po="P1", supplier="ACME", lines=lines)
    done(chat.app, do="terms", supplier="ACME", sku="MUG", unit_cost="4.60")
    chat.clock.at += DAY
    told = await heard(chat, "✂")
    assert "cost 4.6, price 9, margin 48.9%; 9.2 restores it" in told["text"]
    assert "order P1 is still at 4" in told["text"]
    _, (said,) = await chat.press(told, "Blue mug at 9.2")
    assert "price 9.2 from now on" in said["text"]
    assert Morning(chat.app.look()).rows("margins") == []
    await chat.press(said, "↩ Undo")
    assert len(Morning(chat.app.look()).rows("margins")) == 1
    again, _ = await chat.press(told, "Blue mug at 9.2")
    assert again == "Done already."


@pytest.mark.slow
async def test_buying_ahead_becomes_a_draft(chat: Chat) -> None:
    """A cost that rises next week is told with what to buy before; one tap drafts the order."""
    of_acme(chat)
    rise = {"unit_cost": "5", "effective_from": "2026-03-15"}
    done(chat.app, do="terms", supplier="ACME", sku="MUG", **rise)
    chat.clock.at += DAY
    told = await heard(chat, "⏫")
    (seen,) = Morning(chat.app.look()).rows("buy-ahead")
    assert f"4 → 5 at ACME from 2026-03-15; {seen.quantity} now" in told["text"]
    toast, (draft,) = await chat.press(told, "Order from ACME")
    assert toast == "Drafted"
    assert f"{seen.quantity} × Blue mug" in draft["text"]
    with chat.app.database.snapshot() as tx:
        order = find_order(tx, "PO-1", chat.app.today())
    assert [(line.sku, line.wanted) for line in order.lines] == [("MUG", seen.quantity)]


@pytest.mark.slow
async def test_a_late_order_names_another_supplier(chat: Chat) -> None:
    """Bolt has terms for MUG too, so the push about Acme's late order says so."""
    of_acme(chat)
    done(chat.app, do="supplier", code="BOLT", name="Bolt", lead_time_days="3")
    done(chat.app, do="terms", supplier="BOLT", sku="MUG", unit_cost="6")
    line = {"sku": "MUG", "qty": "20", "promised": "2026-03-05"}
    done(chat.app, do="order", po="P1", supplier="ACME", lines=[line])
    chat.clock.at += 2 * DAY
    told = await heard(chat, "🚚")
    assert "20 × MUG, 2 days late" in told["text"]
    assert "MUG can also come from BOLT" in told["text"]


@pytest.mark.slow
async def test_a_demand_that_changed_is_told_once(chat: Chat) -> None:
    """Three a day after one a day for months: told, with the reason a tap away; not again."""
    done(chat.app, do="receive", sku="MUG", qty="900", occurred_at="2025-11-01")
    for day in range(1, 29):
        for month in ("2025-11", "2025-12", "2026-01"):
            done(chat.app, do="sell", sku="MUG", qty="1", occurred_at=f"{month}-{day:02d}")
        for _ in range(3):
            done(chat.app, do="sell", sku="MUG", qty="1", occurred_at=f"2026-02-{day:02d}")
    chat.clock.at += DAY
    told = await heard(chat, "📈")
    assert "Blue mug (MUG): " in told["text"]
    _, (why,) = await chat.press(told, "Why Blue mug")
    assert "Blue mug (MUG): It needs no reordering now." in why["caption"]
    for term in ("position 752, reorder point ", "demand ", " safety for "):
        assert term in why["caption"]
    chat.clock.at += DAY
    await heard(chat, "☀ 2026-03-07")
    assert await heard(chat, "📈")  # One message, as ``heard`` insists.


@pytest.mark.slow
async def test_what_runs_out_soon_is_told_ahead(chat: Chat) -> None:
    """Three left at one a day: told the next morning, with the day, and not again."""
    of_acme(chat)
    done(chat.app, do="count", sku="MUG", qty="3")
    chat.clock.at += DAY
    told = await heard(chat, "⏱")
    assert "Blue mug" in told["text"]
    (seen,) = Morning(chat.app.look()).rows("run-out")
    assert seen.likely is not None
    assert seen.likely.isoformat() in told["text"]


async def test_scenario_27_in_the_chat(chat: Chat) -> None:
    """/tune proposes 24 for 30 after six receipts; one tap sets it, undo brings 30 back."""
    app, day = chat.app, date(2025, 10, 1)
    done(app, do="count", sku="MUG", qty="14", occurred_at="2025-09-30")
    for low in (14, 11, 12, 15, 10, 13):
        done(app, do="count", sku="MUG", qty=str(low), occurred_at=f"{day}T08:00:00")
        done(app, do="receive", sku="MUG", qty="20", unit_cost="8", occurred_at=f"{day}T09:00:00")
        day += timedelta(days=20)
    policy = {"method": "manual", "reorder_point": "30", "order_quantity": "20"}
    done(app, do="policy", sku="MUG", **policy)
    (listed,) = await chat.say("/tune")
    point = next(iter(listed["reply_markup"]["inline_keyboard"]))[0]["text"]
    _, (said,) = await chat.press(listed, "Blue mug to")
    assert said["text"].endswith(f"reorder at {point.rpartition(' ')[2]} from now on.")

    def stands() -> str:
        item, _q, _shop = app.queries.item("MUG")
        return str(item.catalog.policies[None][-1][1].reorder_point)

    assert stands() == point.rpartition(" ")[2] != "30"
    await chat.press(said, "↩ Undo")
    assert stands() == "30"
