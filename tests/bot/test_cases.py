"""The cases: what people type, in a fresh shop each, and what the first tap then records."""

from __future__ import annotations

import pytest

from tests.bot.cases import run

LEAST_AT_ONCE = 91
"""So many of the cases that hold a fact are recorded as best read; it only rises."""


@pytest.mark.slow
def test_every_case_is_read_rightly() -> None:
    """None is recorded wrongly, what must be recorded is, and silence is no question."""
    results = run()
    assert len(results) == 240
    assert [came.case.text for came in results if came.wrong] == []
    assert [came.case.text for came in results if came.tap_wrong] == []
    at_once = sum(came.best for came in results if came.case.best)
    assert at_once >= LEAST_AT_ONCE
