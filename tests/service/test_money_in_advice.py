"""Every amount has its currency, the newest cost is the newest, a price keeps what it claims."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitledger.bootstrap import App
from jitledger.domain.quantity import show
from jitledger.domain.replenishment.ordering.buying import Need, share_budget
from jitledger_projections.reports.advice.just_in_time import verdict
from jitledger_projections.reports.advice.margins import buy_ahead, squeezed
from jitledger_projections.reports.advice.overstock import surpluses
from jitledger_projections.reports.ordering.buying import basket, within_budget
from tests.conftest import do, done
from tests.service.two_sellers import START, moment, sell_two

HALF = Decimal("0.5")


@pytest.fixture
def shop(any_app: App) -> App:
    """MUG and TEA sell 2 a day for 40 days; 10 are left; ACME takes 5 days."""
    return sell_two(any_app)


def cost_of(app: App, sku: str = "MUG") -> str | None:
    """Return the cost that the thin margins go by; None while there is none."""
    found = {row.sku: show(row.cost) for row in squeezed(app.look(), HALF)}
    return found.get(sku)


def test_the_newest_cost_is_the_newest(shop: App) -> None:
    """Of receipt, order and terms the latest in effective order counts, at once."""
    assert cost_of(shop) is None
    done(shop, do="receive", sku="MUG", qty="10", unit_cost="6.50", now=moment(41))
    assert cost_of(shop) == "6.5"
    lines = [{"sku": "MUG", "qty": "10", "unit_cost": "7"}]
    done(shop, do="order", po="P1", supplier="ACME", lines=lines, now=moment(42))
    assert cost_of(shop) == "7"
    done(shop, do="terms", supplier="ACME", sku="MUG", unit_cost="5.20", now=moment(43))
    assert cost_of(shop) == "5.2"
    late = {"unit_cost": "9", "occurred_at": moment(20)}
    done(shop, do="receive", sku="MUG", qty="10", **late, now=moment(44))
    assert cost_of(shop) == "5.2"


def test_goods_of_an_old_order_do_not_hide_newer_terms(shop: App) -> None:
    """Ordered at 4, then 7 agreed, then the goods come in at 4: the next ones cost 7."""
    lines = [{"sku": "MUG", "qty": "10", "unit_cost": "4"}]
    done(shop, do="order", po="P1", supplier="ACME", lines=lines, now=moment(40))
    done(shop, do="terms", supplier="ACME", sku="MUG", unit_cost="7", now=moment(41))
    came = {"sku": "MUG", "po": "P1"}
    done(shop, do="receive", **came, qty="4", now=moment(43))
    assert cost_of(shop) == "7"
    done(shop, do="receive", **came, qty="4", unit_cost="8", now=moment(44))
    assert cost_of(shop) == "8"  # Another price than agreed is news.


def test_a_rounded_price_restores_the_margin_it_claims(shop: App) -> None:
    """A cost of 5.10, prices with 7 % tax and a floor of a half: 10.92, not 10.91."""
    done(shop, do="settings", prices="gross", tax_rate="0.07", now=moment(41))
    done(shop, do="receive", sku="MUG", qty="10", unit_cost="5.10", now=moment(41))
    (row,) = squeezed(shop.look(), HALF)
    assert row.restoring_price == Decimal("10.92")


@given(st.integers(1, 99999), st.integers(0, 30), st.integers(1, 95))
def test_no_rounded_price_falls_short(cents: int, tax: int, floor: int) -> None:
    """Whatever cost, tax and floor: the price keeps the margin, and a cent less does not."""
    from jitledger.domain.state.shop import Shop
    from jitledger_projections.reports.advice.margins import _least_price
    from jitledger_projections.views.products import Label

    owner = Shop()
    rate = Decimal(tax) / 100
    owner.prices, owner.tax_rate = "gross", rate
    cost, share = Decimal(cents) / 100, Decimal(floor) / 100
    price = _least_price(cost, share, Label("A", "A", "piece", 0, None), owner)

    def left(gross: Decimal) -> Fraction:
        net = Fraction(gross) / (1 + Fraction(rate))
        return (net - Fraction(cost)) / net

    assert left(price) >= Fraction(share)
    assert price <= Decimal("0.01") or left(price - Decimal("0.01")) < Fraction(share)


def test_a_rise_is_told_in_time(shop: App) -> None:
    """A cost that rises in 18 days is told with what to buy, and in which currency."""
    starts = (START + timedelta(days=58)).isoformat()
    dearer = {"unit_cost": "6", "effective_from": starts}
    done(shop, do="terms", supplier="ACME", sku="MUG", **dearer, now=moment(40))
    (row,) = buy_ahead(shop.look())
    assert (row.sku, row.starts.isoformat(), row.currency) == ("MUG", starts, "EUR")
    assert row.quantity > 0


def test_a_cost_in_dollars_is_what_it_is_in_euros(shop: App) -> None:
    """6 USD at 0.9 are 5.40; without a rate the cost is refused by name, and nothing recorded."""
    refused = do(shop, do="receive", sku="MUG", qty="1", unit_cost="6", currency="USD")
    assert refused.error is not None
    assert (refused.error.code, "USD" in refused.error.message) == ("no-rate", True)
    usd = {"unit_cost": "6", "currency": "USD", "rate": "0.9"}
    done(shop, do="receive", sku="MUG", qty="1", **usd, now=moment(41))
    assert cost_of(shop) == "5.4"
    terms = {"unit_cost": "7", "currency": "USD"}
    done(shop, do="terms", supplier="ACME", sku="MUG", **terms, now=moment(42))
    assert cost_of(shop) == "6.3"


def test_prices_are_kept_in_the_shops_currency(shop: App) -> None:
    """A price in pounds is refused by name: nobody knows next week what it was."""
    refused = do(shop, do="price", sku="MUG", price="9", currency="GBP", now=moment(41))
    assert refused.error is not None
    assert (refused.error.code, "GBP" in refused.error.message) == ("bad-value", True)


def test_a_budget_over_several_currencies(shop: App) -> None:
    """What costs dollars is weighed at their rate; what has no rate waits and says why."""
    for sku in ("MUG", "TEA"):
        done(shop, do="count", sku=sku, qty="2", now=moment(41))
    usd = {"unit_cost": "5", "currency": "USD"}
    done(shop, do="terms", supplier="ACME", sku="TEA", **usd, now=moment(41))
    kept, waits = within_budget(shop.reorder(), Decimal(30), "EUR")
    assert {line.sku: line.suggestion.quantity > 0 for line in kept} == {"MUG": True, "TEA": False}
    assert [row.why for row in waits if row.sku == "TEA"] == ["USD has no rate to EUR"]
    line = {"sku": "MUG", "qty": "1", "unit_cost": "5"}
    money = {"currency": "USD", "rate": "0.5"}
    done(shop, do="order", po="P9", supplier="ACME", lines=[line], **money, now=moment(41, 10))
    done(shop, do="order-cancel", po="P9", now=moment(41, 11))
    kept, _ = within_budget(shop.reorder(), Decimal(30), "EUR")
    spent = sum(line.suggestion.quantity * (line.own_cost or 0) for line in kept)
    assert spent <= 30
    assert {line.sku for line in kept if line.suggestion.quantity > 0} == {"MUG", "TEA"}
    (tea,) = [row for row in basket(shop.look(), "ACME").lines if row.sku == "TEA"]
    assert tea.unit_cost == Decimal("2.5000")


def test_a_lot_by_hand_meets_the_price_break(shop: App) -> None:
    """50 at 2.00 are 100, 60 at 1.00 are 60: 60."""
    breaks = [{"qty": "60", "unit_cost": "1"}]
    terms = {"unit_cost": "2", "price_breaks": breaks}
    done(shop, do="terms", supplier="ACME", sku="MUG", **terms, now=moment(41))
    by_hand = {"method": "manual", "reorder_point": "20", "order_quantity": "50"}
    done(shop, do="policy", sku="MUG", **by_hand, now=moment(41))
    line = next(line for line in shop.reorder() if line.sku == "MUG")
    assert (line.suggestion.quantity, line.unit_cost) == (60, 1)


def test_a_budget_buys_at_the_price_of_the_quantity() -> None:
    """With 60 to spend, 60 at 1.00 from 60 on are bought, not 30 at 2.00."""
    prices = ((Decimal(0), Decimal(2)), (Decimal(60), Decimal(1)))
    need = Need("A", Decimal(60), Decimal(1), lambda k: 1.0, prices=prices)
    assert share_budget([need], Decimal(60)) == 60
    assert need.taken == 60
    poor = Need("A", Decimal(60), Decimal(1), lambda k: 1.0, prices=prices)
    assert share_budget([poor], Decimal(50)) == 50
    assert poor.taken == 25


def test_nothing_is_known_of_what_never_sold(shop: App) -> None:
    """No verdict on demand that nobody has seen."""
    done(shop, do="register", sku="NEW", name="New", now=moment(40))
    done(
        shop, do="receive", sku="NEW", qty="9", unit_cost="3", occurred_at=moment(2), now=moment(40)
    )
    assert verdict(shop.look(), "NEW").fits == "unknown"


def test_what_was_advised_yesterday_is_not_too_much_today(shop: App) -> None:
    """A least order of 60 comes in the day after; and goods of last week are not written off."""
    done(shop, do="terms", supplier="ACME", sku="MUG", unit_cost="4", moq="60", now=moment(40))
    done(shop, do="count", sku="MUG", qty="6", now=moment(40))
    line = next(line for line in shop.reorder() if line.sku == "MUG")
    wanted = str(line.suggestion.quantity)
    done(
        shop,
        do="order",
        supplier="ACME",
        po="P1",
        lines=[{"sku": "MUG", "qty": wanted}],
        now=moment(40, 10),
    )
    done(shop, do="receive", sku="MUG", qty=wanted, now=moment(41))
    done(shop, do="register", sku="NEW", name="New", now=moment(41))
    done(
        shop,
        do="receive",
        sku="NEW",
        qty="30",
        unit_cost="3",
        occurred_at=moment(22),
        now=moment(41),
    )
    found = {row.sku: row for row in surpluses(shop.look())}
    assert "MUG" not in found
    assert "NEW" not in found or found["NEW"].advice.action == "stop-ordering"


def test_what_was_bought_before_a_rise_is_not_too_much(shop: App) -> None:
    """Told to buy ahead and done: no overstock the day after, nor once the rise is in force."""
    starts = (START + timedelta(days=58)).isoformat()
    dearer = {"unit_cost": "6", "effective_from": starts}
    done(shop, do="terms", supplier="ACME", sku="MUG", **dearer, now=moment(40))
    (row,) = buy_ahead(shop.look())
    lines = [{"sku": "MUG", "qty": str(row.quantity)}]
    done(shop, do="order", supplier="ACME", po="P1", lines=lines, now=moment(40, 10))
    assert not {one.sku for one in surpluses(shop.look())} & {"MUG"}
    done(shop, do="receive", sku="MUG", qty=str(row.quantity), now=moment(45))
    for number in range(45, 95):
        done(shop, do="sell", sku="MUG", qty="2", now=moment(number, 12))
        if number in (46, 60, 94):
            assert not {one.sku for one in surpluses(shop.look())} & {"MUG"}, number


def test_where_no_order_leaves_before_the_rise_there_is_nothing_to_buy(shop: App) -> None:
    """The cost rises on a Wednesday, orders leave on Mondays: told on Sunday, not on Tuesday."""
    monday = START + timedelta(days=40 + (7 - (START + timedelta(days=40)).weekday()) % 7)
    number, starts = (monday - START).days, (monday + timedelta(days=2)).isoformat()
    done(shop, do="order-days", supplier="ACME", weekdays=[0], now=moment(number - 1))
    dearer = {"unit_cost": "6", "effective_from": starts}
    done(shop, do="terms", supplier="ACME", sku="MUG", **dearer, now=moment(number - 1))
    assert [row.sku for row in buy_ahead(shop.look())] == ["MUG"]
    done(shop, do="location", code="D", now=moment(number + 1))
    assert buy_ahead(shop.look()) == []


def test_a_price_of_next_month_is_not_todays(shop: App) -> None:
    """Prices and suppliers hold from their day; until then the one before does."""
    later = {"effective_from": (START + timedelta(days=60)).isoformat()}
    done(shop, do="price", sku="MUG", price="5", **later, now=moment(40))
    done(shop, do="supplier", code="BETA", name="Beta", now=moment(40))
    done(shop, do="link", sku="MUG", supplier="ACME", now=moment(40))
    done(shop, do="link", sku="MUG", supplier="BETA", **later, now=moment(40))
    assert squeezed(shop.look(), HALF) == []
    place = shop.look().plan.forecast.place["MUG"]
    assert shop.look().plan.products[place].supplier == "ACME"
    done(shop, do="location", code="D", now=moment(60))
    (row,) = squeezed(shop.look(), HALF)
    assert (row.sku, row.price) == ("MUG", 5)
    assert shop.look().plan.products[place].supplier == "BETA"


def test_a_price_says_whether_tax_is_in_it(shop: App) -> None:
    """The shop's prices include 20 %; this one of 10.00 does not: it leaves 10, not 8.33."""
    done(shop, do="settings", tax_rate="0.20", prices="gross", now=moment(40))
    done(shop, do="receive", sku="MUG", qty="1", unit_cost="4.50", now=moment(40))
    assert [row.sku for row in squeezed(shop.look(), HALF)] == ["MUG"]
    done(shop, do="price", sku="MUG", price="10", tax_included=False, now=moment(41))
    assert squeezed(shop.look(), HALF) == []
