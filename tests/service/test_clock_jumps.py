"""The machine's clock against the log: a jump is asked about, and nothing is dragged along."""

from __future__ import annotations

from pathlib import Path

import pytest

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.domain.moments import DAY, HOUR, SECOND
from jitledger.service.clock import FixedClock
from jitledger.service.recording.jumps import MOST_QUIET_DAYS, trust
from jitledger.service.recording.submission import Answer, Submission
from jitledger.service.upkeep.health import health
from tests.conftest import do

START = 1_772_701_200 * SECOND  # 2026-03-05 09:00 UTC


@pytest.fixture
def dated(tmp_path: Path) -> App:
    """Open a shop that goes by the machine's clock, with one product."""
    app = open_app(Settings(database=f"sqlite:///{tmp_path}/shop.db"), FixedClock(START))
    for fields in (
        {"do": "init", "name": "Shop", "timezone": "UTC"},
        {"do": "register", "sku": "MUG", "name": "Mug"},
        {"do": "receive", "sku": "MUG", "qty": "5"},
    ):
        assert app.ledger.record(parse(fields)).ok
    return app


def receive(app: App, after: int) -> Answer:
    """Receive one, so many nanoseconds after the start."""
    assert isinstance(app.clock, FixedClock)
    app.clock.at = START + after
    return do(app, do="receive", sku="MUG", qty="1")


def code_of(answer: Answer) -> str | None:
    """Return why it was refused."""
    return None if answer.error is None else answer.error.code


def test_a_year_ahead_is_refused_and_drags_nothing_along(dated: App) -> None:
    """Nothing is stamped with the wrong year; mended, the shop goes on as if nothing had been."""
    for _ in range(2):
        assert code_of(receive(dated, 365 * DAY)) == "clock-jump"
    found = health(dated.database, dated.driver, dated.clock)
    assert not found["ok"]
    assert "365 days" in found["clock"]["wrong"]
    answer = receive(dated, HOUR)
    assert answer.ok
    newest = dated.queries.history("MUG")[-1]
    assert newest["recorded_at"].startswith("2026-03-05T10:00")
    assert health(dated.database, dated.driver, dated.clock)["ok"]


@pytest.mark.parametrize("days", [1, 7, MOST_QUIET_DAYS])
def test_a_shop_that_was_closed_is_not_asked(dated: App, days: int) -> None:
    """As long as shops are usually closed."""
    assert receive(dated, days * DAY).ok


def test_who_was_closed_for_longer_says_once_that_the_clock_is_right(dated: App) -> None:
    """Then entries are recorded, and the next long silence is asked about again."""
    assert code_of(receive(dated, 200 * DAY)) == "clock-jump"
    right = Submission([], then=lambda tx, answers, now: trust(tx, dated.clock.now()))
    dated.ledger.commit(right)
    assert receive(dated, 200 * DAY + HOUR).ok
    assert receive(dated, 201 * DAY).ok
    assert code_of(receive(dated, 500 * DAY)) == "clock-jump"


def test_a_clock_behind_the_log_is_told(dated: App) -> None:
    """Entries are recorded, for a log goes on; but not in silence."""
    assert receive(dated, 2 * DAY).ok
    assert receive(dated, DAY).ok
    found = health(dated.database, dated.driver, dated.clock)
    assert not found["ok"]
    assert "ahead of this machine's clock" in found["clock"]["wrong"]
