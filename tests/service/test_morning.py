"""What a morning has to tell: demand that changed, costs that will rise, from one plan."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from jitledger.bootstrap import App
from jitledger.domain.errors import LedgerError
from jitledger_projections.reports.morning import Morning
from tests.conftest import all_done, done

START = date(2026, 1, 1)


def moment(day: int, hour: str = "12:00:00") -> str:
    """Return a moment of day n of the story."""
    return f"{START + timedelta(days=day)}T{hour}"


def sells(app: App, days: range, **lines: int) -> None:
    """Let products sell so many lines of one unit on each day."""
    sold = [sku for sku, number in lines.items() for _ in range(number)]
    all_done(
        app,
        [
            {"do": "sell", "sku": sku, "qty": "1", "now": moment(day, f"12:{minute:02}:00")}
            for day in days
            for minute, sku in enumerate(sold)
        ],
    )


@pytest.fixture
def three(any_app: App) -> App:
    """MUG, CUP and POT with plenty of stock, one sale a day of each for twelve weeks."""
    now = moment(0, "06:00:00")
    for sku in ("MUG", "CUP", "POT"):
        done(any_app, do="register", sku=sku, name=sku.title(), now=now)
        done(any_app, do="open", sku=sku, qty="900", unit_cost="4", now=now)
    sells(any_app, range(84), MUG=1, CUP=1, POT=1)
    return any_app


def test_a_demand_that_tripled_is_told(three: App) -> None:
    """28 days at 3 a day after 84 at 1: the others, which sell as ever, are left alone."""
    sells(three, range(84, 112), MUG=3, CUP=1, POT=1)
    done(three, do="register", sku="NEW", name="New", now=moment(112, "06:00:00"))
    (found,) = Morning(three.look()).rows("drift")
    assert found.sku == "MUG"
    assert (round(found.before, 2), round(found.recent, 2)) == (1.0, 3.0)
    assert found.chance < 1e-9


def test_what_the_whole_shop_does_is_no_drift(three: App) -> None:
    """A shop that sells twice as much of everything is no news about one product."""
    sells(three, range(84, 112), MUG=2, CUP=2, POT=2)
    done(three, do="register", sku="NEW", name="New", now=moment(112, "06:00:00"))
    assert Morning(three.look()).rows("drift") == []


def test_days_without_stock_are_no_drift(three: App) -> None:
    """Sold out for half of the last four weeks, an item sold as ever on the others."""
    sells(three, range(84, 98), MUG=1, CUP=1, POT=1)
    done(three, do="count", sku="MUG", qty="0", now=moment(97, "18:00:00"))
    sells(three, range(98, 112), CUP=1, POT=1)
    done(three, do="register", sku="NEW", name="New", now=moment(112, "06:00:00"))
    assert Morning(three.look()).rows("drift") == []


def test_buying_before_a_cost_rises(three: App) -> None:
    """From 4.00 to 4.60 at a quarter a year, 219 days are worth buying: half a year is the most."""
    now = moment(84, "06:00:00")
    done(three, do="supplier", code="ACME", lead_time_days="7", now=now)
    done(three, do="terms", supplier="ACME", sku="MUG", unit_cost="4", pack="12", now=now)
    rise = {"unit_cost": "4.60", "pack": "12", "effective_from": "2026-04-05"}
    done(three, do="terms", supplier="ACME", sku="MUG", **rise, now=now)
    assert (
        Morning(three.look()).rows("buy-ahead") == []
    )  # 816 are there: they last longer than that.
    done(three, do="count", sku="MUG", qty="40", now=moment(84, "07:00:00"))
    (found,) = Morning(three.look()).rows("buy-ahead")
    assert (found.starts, found.cost, found.new_cost) == (
        date(2026, 4, 5),
        Decimal(4),
        Decimal("4.60"),
    )
    expected_lead_and_review, half_a_year = 8, 180
    wanted = expected_lead_and_review + half_a_year - 40
    assert found.quantity == wanted // 12 * 12 == 144
    held = 0.25 * 4 * 144 * (144 / 1.0) / 2 / 365
    assert float(found.saves) == pytest.approx(144 * 0.6 - held, abs=0.6)
    done(
        three,
        do="terms",
        supplier="ACME",
        sku="MUG",
        unit_cost="3",
        pack="12",
        effective_from="2026-04-01",
        now=moment(84, "08:00:00"),
    )
    assert Morning(three.look()).rows("buy-ahead") == []  # It falls first.


def test_a_margin_is_told_once_there_is_a_floor(three: App) -> None:
    """Without a floor nothing is told; with one of a half, what costs 4 and sells at 7.50."""
    now = moment(84, "06:00:00")
    done(three, do="settings", prices="net", now=now)
    done(three, do="price", sku="MUG", price="7.50", now=now)
    assert Morning(three.look()).rows("margins") == []
    done(three, do="settings", margin_floor="0.5", now=now)
    (found,) = Morning(three.look()).rows("margins")
    assert (found.sku, found.restoring_price) == ("MUG", Decimal(8))
    done(three, do="settings", margin_floor="0", now=now)
    assert Morning(three.look()).rows("margins") == []


@pytest.mark.parametrize(
    ("starts", "terms", "told"),
    [
        ("2027-03-01", {}, False),  # Too far: what is bought now is sold long before.
        ("2026-04-05", {}, True),
        ("2026-04-05", {"currency": "USD"}, False),  # Another currency is not compared.
        (
            "2026-04-05",
            {"price_breaks": [{"qty": "100", "unit_cost": "3"}]},
            False,
        ),  # 100 cost 3 as they do now.
    ],
)
def test_what_is_no_rise_to_buy_ahead_of(
    three: App, starts: str, terms: dict[str, object], told: bool
) -> None:
    """Told of is what rises soon, in the same currency, for the quantity that would be bought."""
    now = moment(84, "06:00:00")
    done(three, do="supplier", code="ACME", lead_time_days="7", now=now)
    breaks = {k: v for k, v in terms.items() if k == "price_breaks"}
    done(three, do="terms", supplier="ACME", sku="MUG", unit_cost="4", **breaks, now=now)
    rise = {"unit_cost": "4.60", "effective_from": starts, **terms}
    done(three, do="terms", supplier="ACME", sku="MUG", **rise, now=now)
    done(three, do="count", sku="MUG", qty="40", now=moment(84, "07:00:00"))
    assert bool(Morning(three.look()).rows("buy-ahead")) is told


def test_buying_ahead_ends_where_it_spoils(three: App) -> None:
    """Thirty days of shelf life at one a day: no more than sells within them."""
    now = moment(84, "06:00:00")
    done(three, do="register", sku="MILK", name="Milk", shelf_life_days=30, now=now)
    done(three, do="open", sku="MILK", qty="60", now=now)
    done(three, do="supplier", code="ACME", lead_time_days="7", now=now)
    done(three, do="terms", supplier="ACME", sku="MILK", unit_cost="4", now=now)
    sells(three, range(84, 105), MILK=1)
    done(three, do="count", sku="MILK", qty="0", now=moment(105, "06:00:00"))
    rise = {"unit_cost": "6", "effective_from": "2026-04-20"}
    done(three, do="terms", supplier="ACME", sku="MILK", **rise, now=moment(105, "06:01:00"))
    (found,) = Morning(three.look()).rows("buy-ahead")
    assert 20 <= found.quantity <= 31


def test_a_shop_that_was_closed_has_no_news_of_each_product(three: App) -> None:
    """Four weeks without any sale, then five times as many of everything: no drift."""
    done(three, do="register", sku="NEW", name="New", now=moment(112, "06:00:00"))
    assert Morning(three.look()).rows("drift") == []
    sells(three, range(112, 116), MUG=1)
    assert [d.sku for d in Morning(three.look()).rows("drift")] == []


def test_gross_prices_are_restored_with_their_tax(three: App) -> None:
    """Cost 4 at a floor of a half is 8 net, 9.52 with 19 %, also for what is given away."""
    now = moment(84, "06:00:00")
    done(three, do="settings", margin_floor="0.5", tax_rate="0.19", now=now)
    done(three, do="price", sku="MUG", price="0", now=now)
    (found,) = Morning(three.look()).rows("margins")
    assert found.restoring_price == Decimal("9.52")
    done(three, do="retire", sku="MUG", now=now)
    assert Morning(three.look()).rows("margins") == []


@pytest.mark.parametrize("floor", ["1", "-0.1", "50", "half"])
def test_a_floor_is_a_share_below_one(app: App, floor: str) -> None:
    """No product could ever keep a floor of 100 %."""
    with pytest.raises(LedgerError) as refused:
        done(app, do="settings", margin_floor=floor)
    assert floor in refused.value.message


def test_a_cost_in_another_currency_is_not_compared(three: App) -> None:
    """A supplier's 90 yen are no 90 euros: the last receipt's cost counts."""
    now = moment(84, "06:00:00")
    done(three, do="settings", margin_floor="0.2", prices="net", now=now)
    done(three, do="price", sku="MUG", price="9", now=now)
    done(three, do="supplier", code="TOKYO", currency="JPY", now=now)
    done(three, do="terms", supplier="TOKYO", sku="MUG", unit_cost="90", now=now)
    assert Morning(three.look()).rows("margins") == []
