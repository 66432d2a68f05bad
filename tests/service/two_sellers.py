"""A shop of two products that sell evenly, for tests of what is advised."""

from __future__ import annotations

from datetime import date, timedelta

from jitledger.bootstrap import App
from tests.conftest import done

START = date(2026, 1, 1)


def moment(number: int, hour: int = 9) -> str:
    """Return a moment of the story."""
    return f"{START + timedelta(days=number)}T{hour:02d}:00:00"


def sell_two(app: App) -> App:
    """Sell MUG and TEA 2 a day for 40 days at 10.00, bought from ACME at 4.00; 10 are left."""
    now = moment(0)
    done(app, do="supplier", code="ACME", name="Acme", lead_time_days="5", now=now)
    for sku in ("MUG", "TEA"):
        done(app, do="register", sku=sku, name=sku.title(), now=now)
        done(app, do="price", sku=sku, price="10", now=now)
        done(app, do="terms", supplier="ACME", sku=sku, unit_cost="4", now=now)
        done(app, do="receive", sku=sku, qty="90", now=now)
    for number in range(40):
        for sku in ("MUG", "TEA"):
            done(app, do="sell", sku=sku, qty="2", now=moment(number, 12))
    return app
