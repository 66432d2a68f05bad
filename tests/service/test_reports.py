"""The table of reports: one entry for each, asked with one value by every front end."""

from __future__ import annotations

import pytest

from jitledger.bootstrap import App
from jitledger.domain.errors import LedgerError
from jitledger_projections.reports.table import all_reports, in_chat
from tests.conftest import done


def stocked(app: App) -> None:
    """One item that sold and is nearly gone, one with an old lot, and a late order."""
    done(app, do="supplier", code="ACME", name="Acme", now="2026-01-01")
    done(app, do="register", sku="MUG", name="Mug", category="kitchen", now="2026-01-02")
    done(app, do="register", sku="MILK", name="Milk", now="2026-01-02")
    done(app, do="open", sku="MUG", qty="40", now="2026-01-02")
    done(app, do="receive", sku="MILK", qty="6", expiry="2026-02-01", now="2026-01-03")
    for day in range(10, 29):
        done(app, do="sell", sku="MUG", qty="2", now=f"2026-01-{day}T10:00:00Z")


def test_every_report_answers_a_shop(any_app: App) -> None:
    """Each returns rows, and each row its columns with plain values; an empty shop has none."""
    stocked(any_app)
    look = any_app.look()
    for name, report in all_reports().items():
        given = {"late_days": "14"} if name == "whatif" else {}
        rows = report.ask(look, given)
        for shape in report.shapes(rows):
            assert set(report.told) <= shape.keys(), name
            for cell in shape.values():
                assert cell is None or isinstance(cell, (str, int, float, bool, list, dict)), name
    (out,) = all_reports()["run-out"].ask(look, {"days": "30"})
    assert all_reports()["run-out"].shapes([out])[0]["sku"] == "MUG"
    (lot,) = all_reports()["expiring"].shapes(all_reports()["expiring"].ask(look, {}))
    assert lot == {
        "sku": "MILK",
        "name": "Milk",
        "location": "main",
        "expiry": "2026-02-01",
        "quantity": "6",
    }


def test_one_look_is_one_plan(any_app: App) -> None:
    """All reports of a look see the same moment: what comes later is not in it."""
    stocked(any_app)
    look = any_app.look()
    first = look.plan
    done(any_app, do="count", sku="MUG", qty="0", now="2026-02-10T10:00:00Z")
    assert look.plan is first
    assert look.now < any_app.look().now


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("dead-stock", {"days": "soon"}),
        ("margins", {"floor": "half"}),
        ("margins", {"floor": "1.5"}),
        ("whatif", {"late_days": "NaN"}),
        ("whatif", {"factor": "Infinity"}),
        ("whatif", {"supplier": "nobody", "late_days": "3"}),
    ],
)
def test_options_that_cannot_be_are_refused(app: App, name: str, given: dict[str, str]) -> None:
    """A clear refusal, never a crash."""
    with pytest.raises(LedgerError):
        all_reports()[name].ask(app.look(), given)


def test_a_command_of_the_chat_is_one_report() -> None:
    """No two reports answer the same command, and each told column has room in a line."""
    chats = [report.chat for report in all_reports().values() if report.chat is not None]
    assert len(chats) == len(set(chats)) == len(in_chat())
    assert all(len(report.told) <= 3 for report in all_reports().values())
