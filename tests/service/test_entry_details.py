"""History, log and why say all of an entry: cost, price, supplier, order, lot, what it voids."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec import convert

from jitledger.bootstrap import App
from jitledger.domain.events import EVENTS
from jitledger.service.entry_details import details, in_words
from jitledger_bot.texts.entries import CAUSE, DETAILS, entry_line
from tests.conftest import done

NOW = "2026-03-0{}T09:00:00"


@pytest.fixture
def shop(any_app: App) -> App:
    """A receipt for an order, a sale, a correction, a void, and something asked for in vain."""
    done(any_app, do="register", sku="MUG", name="Mug", now=NOW.format(1))
    done(any_app, do="supplier", code="ACME", name="Acme", now=NOW.format(1))
    lines = [{"sku": "MUG", "qty": "24", "unit_cost": "4.20"}]
    done(any_app, do="order", po="P1", supplier="ACME", lines=lines, now=NOW.format(1))
    done(
        any_app, do="receive", sku="MUG", qty="24", lot="A7", expiry="2027-01-31", now=NOW.format(2)
    )
    done(any_app, do="sell", sku="MUG", qty="3", unit_price="9.5", now=NOW.format(3))
    done(any_app, do="correct", entry="MUG/3", **{"with": {"qty": "2"}}, now=NOW.format(4))
    done(any_app, do="write-off", sku="MUG", qty="1", reason="damage", now=NOW.format(4))
    done(any_app, do="void", entry="MUG/6", reason="it was whole", now=NOW.format(5))
    done(any_app, do="unmet", sku="MUG", qty="3", now=NOW.format(6))
    return any_app


def test_history_says_it_all(shop: App) -> None:
    """Every detail of every entry, in the JSON and in words."""
    rows = {row["entry"]: row for row in shop.queries.history("MUG")}
    assert rows["MUG/2"]["details"] == {
        "unit_cost": "4.2",
        "supplier": "ACME",
        "order": "P1",
        "lot": "A7",
        "expiry": "2027-01-31",
    }
    assert rows["MUG/3"]["details"] == {"unit_price": "9.5"}
    assert rows["MUG/4"]["details"] == {"voids": "MUG/3"}
    assert rows["MUG/5"]["details"] == {"unit_price": "9.5", "corrects": "MUG/3"}
    assert rows["MUG/7"]["details"] == {"voids": "MUG/6"}
    assert (rows["MUG/8"]["quantity"], rows["MUG/8"]["delta"]) == ("3", None)
    said = in_words(rows["MUG/2"], "EUR")
    assert said == ("cost 4.20 EUR, from ACME, order P1, lot A7, expires 2027-01-31")
    assert in_words(rows["MUG/3"], "EUR") == "price 9.50 EUR, taken back by MUG/4"
    assert in_words(rows["MUG/7"], "EUR") == "takes back MUG/6, it was whole"


def test_log_and_why_say_it_too(shop: App) -> None:
    """The same details wherever an entry is shown."""
    history = {row["entry"]: row["details"] for row in shop.queries.history("MUG")}
    logged = {row["entry"]: row["details"] for row in shop.queries.log()}
    assert history.items() <= logged.items()
    assert "24 × MUG at 4.2" in logged["po/P1/1"]["lines"]
    for term in shop.queries.why("MUG")["terms"]:
        assert term["details"] == history[term["entry"]]


def test_the_chat_shows_costs_to_whoever_buys(shop: App) -> None:
    """Supplier, order and lot for everybody, the cost for buyers."""
    rows = {row["entry"]: row for row in shop.queries.history("MUG")}
    line = entry_line(rows["MUG/2"], costs=True)
    assert "cost 4.20 · from ACME · order P1 · lot A7 · expires 2027-01-31" in line
    assert "4.20" not in entry_line(rows["MUG/2"])
    assert "takes back MUG/6" in entry_line(rows["MUG/7"])
    assert "(3)" in entry_line(rows["MUG/8"])


def test_no_kind_of_event_hides_anything() -> None:
    """Whatever fields a kind has, they are told or stand in the columns; no secret is."""
    from typing import get_args, get_type_hints

    from jitledger.domain.events import StockAdjusted, StockWrittenOff

    for kind in (StockAdjusted, StockWrittenOff):
        assert set(get_args(get_type_hints(kind)["cause"])) - {"other"} <= set(CAUSE)
    assert "unit_cost" in DETAILS
    invited = EVENTS["member-invited"]
    fields = {"code_hash": "5" * 40, "role": "owner", "expires_at": 1_796_086_888 * 10**9}
    event = convert({"recorded_at": 0, "effective_at": 0, **fields}, invited)
    told = details(event, "shop/3")
    assert told == {"role": "owner", "expires_at": told["expires_at"]}
    assert datetime.fromisoformat(told["expires_at"]).tzinfo == UTC
