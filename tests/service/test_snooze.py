"""An alert that was put off stays away, unless the shelf would be empty before a delivery comes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import orjson
import pytest

from jitledger.bootstrap import App
from jitledger.domain.json import Json
from jitledger.service.alerts.snoozing import runs_out_within_lead, wake_snoozed
from jitledger.service.recording.submission import Answer, Submission
from jitledger.store.database import Tx
from jitledger_projections.reports.ordering.reorder_line import as_shape
from tests.conftest import done

START = date(2026, 1, 1)


def moment(number: int, hour: int = 8) -> str:
    """Return a moment of the story."""
    return f"{START + timedelta(days=number)}T{hour:02d}:00:00"


def told(app: App) -> list[Json]:
    """Return every alert that was pushed, oldest first."""
    with app.database.snapshot() as tx:
        rows = tx.all("SELECT body FROM outbox WHERE kind = 'alert' ORDER BY id")
    return [orjson.loads(row[0]) for row in rows]


@pytest.fixture
def mug(any_app: App) -> App:
    """Sell 2 a day; ACME takes 5 days; 30 are left when the alert comes, at a point of 30."""
    now = moment(0, 6)
    done(any_app, do="supplier", code="ACME", name="Acme", lead_time_days="5", now=now)
    done(any_app, do="register", sku="MUG", name="Mug", now=now)
    done(any_app, do="terms", supplier="ACME", sku="MUG", unit_cost="4", now=now)
    done(any_app, do="open", sku="MUG", qty="91", now=now)
    for number in range(30):
        done(any_app, do="sell", sku="MUG", qty="2", now=moment(number, 12))
    any_app.sweep()
    policy = {"method": "manual", "reorder_point": "30", "order_quantity": "40"}
    done(any_app, do="policy", sku="MUG", **policy, now=moment(30, 8))
    done(any_app, do="sell", sku="MUG", qty="1", now=moment(30, 9))
    assert [body["quantity"] for body in told(any_app)] == ["40"]
    done(any_app, do="snooze", sku="MUG", days=30, now=moment(30, 10))
    return any_app


def test_a_snooze_holds_while_the_shelf_lasts_a_delivery(mug: App) -> None:
    """From 30 to 12 with 2 a day and 5 days to deliver: it stays away."""
    done(mug, do="sell", sku="MUG", qty="18", now=moment(30, 11))
    assert len(told(mug)) == 1


def test_a_snooze_breaks_when_the_shelf_would_be_empty(mug: App) -> None:
    """8 left at 2 a day do not last the 5 days of a delivery: told once, with what is true now."""
    done(mug, do="sell", sku="MUG", qty="22", now=moment(30, 11))
    again = told(mug)
    assert len(again) == 2
    assert (again[1]["inventory_position"], again[1]["quantity"]) == ("8", "40")
    done(mug, do="sell", sku="MUG", qty="1", now=moment(30, 12))
    assert len(told(mug)) == 2


def test_an_order_on_its_way_keeps_a_snooze(mug: App) -> None:
    """What was ordered resolves the alert; nothing is told again."""
    lines = [{"sku": "MUG", "qty": "40"}]
    done(mug, do="order", po="P1", supplier="ACME", lines=lines, now=moment(30, 11))
    done(mug, do="sell", sku="MUG", qty="22", now=moment(30, 12))
    assert len(told(mug)) == 1


def test_the_morning_wakes_what_time_alone_brought_near(mug: App) -> None:
    """Without a sale nothing is appended; the morning looks at the calendar."""
    done(mug, do="sell", sku="MUG", qty="18", now=moment(30, 11))

    def morning() -> int:
        now, today = mug.queries.present(), mug.today()
        lines = {(line.sku, line.location): as_shape(line) for line in mug.reorder()}

        def wake(tx: Tx, answers: list[Answer], present: int) -> int:
            return wake_snoozed(tx, now, lines, today)

        before = len(told(mug))
        mug.ledger.commit(Submission([], then=wake))
        return len(told(mug)) - before

    assert morning() == 0
    done(mug, do="supplier", code="ACME", name="Acme", lead_time_days="10", now=moment(30, 12))
    assert len(told(mug)) == 1
    assert morning() == 1
    assert morning() == 0


def test_the_rule_by_its_own_numbers() -> None:
    """A rate of nothing, or no figures at all, never breaks a snooze."""
    figures = {"demand_per_day": "2", "lead_time_days": "5"}
    assert not runs_out_within_lead(Decimal(10), figures)
    assert runs_out_within_lead(Decimal("9.999"), figures)
    assert not runs_out_within_lead(Decimal(0), {"demand_per_day": "0", "lead_time_days": "5"})
    assert not runs_out_within_lead(Decimal(0), {})
