"""P9 and P10: one alert for each crossing; what a suggestion and a budget must respect."""

from __future__ import annotations

import tempfile
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitledger.bootstrap import App
from jitledger.domain.commands import parse
from jitledger.domain.replenishment.ordering.order_quantity import Suggestion, suggest
from jitledger_projections.reports.ordering.buying import within_budget
from jitledger_projections.reports.ordering.reorder_line import ReorderLine
from tests.conftest import done, open_shop

pytestmark = pytest.mark.slow


def amounts(least: str, most: str, places: int = 0) -> st.SearchStrategy[Decimal]:
    """Return quantities between two bounds."""
    return st.decimals(
        Decimal(least), Decimal(most), places=places, allow_nan=False, allow_infinity=False
    )


@st.composite
def due_lines(draw: st.DrawFn) -> tuple[ReorderLine, Decimal | None]:
    """Return a line that is due, with its suggestion, and its cap."""
    precision = draw(st.sampled_from([0, 0, 3]))
    point = draw(amounts("0", "200"))
    position = point - draw(amounts("0", "250", precision))
    moq = draw(st.none() | amounts("1", "100"))
    pack = draw(st.none() | amounts("1", "24"))
    most = draw(st.none() | amounts("0", "400"))
    batch = draw(amounts("1", "120", precision))
    multiples = draw(st.booleans())
    suggestion = suggest(
        position,
        point,
        batch,
        precision=precision,
        moq=moq,
        pack=pack,
        most=most,
        multiples=multiples,
    )
    terms = {"moq": moq, "pack": pack}
    cost = draw(amounts("0.01", "50", 2))
    line = ReorderLine(
        sku=f"S{draw(st.integers(0, 99))}",
        name="",
        unit="piece",
        supplier="ACME",
        location=None,
        on_hand=position,
        inventory_position=position,
        reorder_point=point,
        suggestion=suggestion,
        unit_cost=cost,
        own_cost=cost,
        demand_per_day=1.0,
        lead_time_days=5.0,
        lead_time_demand=draw(st.floats(0, 200)),
        review_days=1.0,
        service_level=0.97,
        likely=None,
        earliest=None,
        order_by=None,
        method="default",
        confidence="ok",
        terms={name: str(value) for name, value in terms.items() if value is not None},
        margin=draw(st.floats(0, 20)),
        variance=draw(st.floats(0, 900)),
    )
    return line, most


def respects(line: ReorderLine, quantity: Decimal, most: Decimal | None) -> bool:
    """Return whether a quantity keeps to the line's minimum, pack and cap."""
    moq, pack = line.terms.get("moq"), line.terms.get("pack")
    return (
        (moq is None or quantity >= Decimal(moq))
        and (pack is None or quantity % Decimal(pack) == 0)
        and (most is None or quantity <= most)
    )


@given(due_lines())
def test_p10_a_suggestion_keeps_its_bounds_and_lifts_above_the_point(
    due: tuple[ReorderLine, Decimal | None],
) -> None:
    """Either it keeps to all bounds and leaves IP > s, or it orders nothing and says why."""
    line, most = due
    found = line.suggestion
    if found.question is not None:
        assert found.quantity == 0
        return
    assert respects(line, found.quantity, most)
    assert line.inventory_position + found.quantity > line.reorder_point


@given(st.lists(due_lines(), max_size=6), amounts("1", "5000", 2))
def test_p10_a_budget_keeps_the_bounds_and_lists_what_waits(
    due: list[tuple[ReorderLine, Decimal | None]], budget: Decimal
) -> None:
    """What is bought costs at most the budget, keeps its bounds, and the rest is listed."""
    lines = [line._replace(sku=f"S{n}") for n, (line, _) in enumerate(due)]
    caps = {f"S{n}": most for n, (_, most) in enumerate(due)}
    kept, deferred = within_budget(lines, budget, "EUR")
    bought: dict[str, Suggestion] = {line.sku: line.suggestion for line in kept}
    assert (
        sum(((r.unit_cost or Decimal(0)) * r.suggestion.quantity for r in kept), Decimal(0))
        <= budget
    )
    waits = {row.sku: row.quantity for row in deferred}
    for line in lines:
        taken = bought[line.sku].quantity if line.sku in bought else Decimal(0)
        assert taken + waits.get(line.sku, Decimal(0)) == line.suggestion.quantity
        if taken > 0:
            assert respects(line, taken, caps[line.sku])
            lifts = line.inventory_position + taken > line.reorder_point
            assert lifts or waits.get(line.sku, Decimal(0)) > 0
        if line.suggestion.question is not None:
            assert bought[line.sku].question == line.suggestion.question


@given(st.lists(due_lines(), max_size=6))
def test_p10_a_budget_that_covers_all_defers_nothing(
    due: list[tuple[ReorderLine, Decimal | None]],
) -> None:
    """With enough money every suggestion is bought as it stands."""
    lines = [line._replace(sku=f"S{n}") for n, (line, _) in enumerate(due)]
    kept, deferred = within_budget(lines, Decimal(10_000_000), "EUR")
    assert deferred == []
    assert {r.sku: r.suggestion for r in kept} == {r.sku: r.suggestion for r in lines}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["receive", "sell", "count", "order", "cancel", "void", "late"]),
            st.integers(1, 15),
        ),
        max_size=25,
    )
)
@settings(max_examples=40)
def test_p9_one_alert_for_each_crossing(steps: list[tuple[str, int]]) -> None:
    """Raised and ended take turns, and an alert stands exactly while the position is low."""
    with tempfile.TemporaryDirectory() as folder:
        app = open_shop(f"sqlite:///{folder}/shop.db")
        try:
            _live(app, steps)
        finally:
            app.close()


def _live(app: App, steps: list[tuple[str, int]]) -> None:
    now = "2026-03-01T08:00:00"
    done(app, do="supplier", code="ACME", now=now)
    done(app, do="register", sku="MUG", name="Mug", now=now)
    policy = {"method": "manual", "reorder_point": "20", "order_quantity": "40"}
    done(app, do="policy", sku="MUG", **policy, now=now)
    done(app, do="open", sku="MUG", qty="25", now=now)
    placed = 0
    for number, (step, quantity) in enumerate(steps):
        at = f"2026-03-{2 + number:02d}T09:00:00"
        match step:
            case "order":
                placed += 1
                lines = [{"sku": "MUG", "qty": str(quantity)}]
                done(app, do="order", po=f"P{placed}", supplier="ACME", lines=lines, now=at)
            case "cancel":
                app.ledger.record(parse({"do": "order-cancel", "po": f"P{quantity}", "now": at}))
            case "void":
                entry = f"MUG/{quantity + 3}"
                app.ledger.record(parse({"do": "void", "entry": entry, "now": at}))
            case "late":
                receipt = {"qty": str(quantity), "occurred_at": "2026-03-01"}
                done(app, do="receive", sku="MUG", **receipt, now=at)
            case _:
                done(app, do=step, sku="MUG", qty=str(quantity), now=at)
        with app.database.snapshot() as tx:
            names = [name for _, name, _ in app.database.stream(tx, "alert/MUG")]
        raised = [name == "reorder-alert-raised" for name in names]
        assert raised == [n % 2 == 0 for n in range(len(raised))], names
        low = Decimal(app.queries.stock("MUG")["inventory_position"]) <= 20
        assert bool(raised and raised[-1]) == low
