"""The sample shop, whatever day it is: something is due, and an alert is one sale away."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger.service.clock import RunningClock
from jitledger_bot.sandbox.demo import close_to_reordering, morning_of, tell_year

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "today",
    # A clock change, a leap day, quiet weeks of spring and summer, New Year.
    [date(2027, 3, 28), date(2028, 2, 29), date(2029, 4, 22), date(2029, 7, 8), date(2030, 1, 1)],
)
def test_some_of_it_is_due_at_more_than_one_supplier(tmp_path: Path, today: date) -> None:
    """The question what needs reordering has an answer, and an item stands close to its point."""
    database = f"sqlite:///{tmp_path / 'sample.db'}"
    tell_year(database, today, lambda done, total: None)
    app = open_app(Settings(database=database), RunningClock(morning_of(today), 0))
    app.sweep()
    due = app.reorder()
    assert len({line.supplier for line in due}) > 1
    assert close_to_reordering(app) is not None
    app.close()
