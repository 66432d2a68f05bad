"""Daily rows and the demand state do not depend on the order in which facts arrive."""

from __future__ import annotations

import random
import tempfile
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitledger.bootstrap import App
from jitledger_projections.planning.forecast import forecast
from tests.conftest import done, open_shop

START = datetime(2026, 1, 1, 6, tzinfo=UTC)
Fact = tuple[int, str, int]
"""(minutes since the start, what happened, how many)"""

facts = st.lists(
    st.tuples(
        st.integers(1, 20 * 24 * 60),
        st.sampled_from(["receive", "sell", "sell", "sell", "count", "unmet", "adjust"]),
        st.integers(1, 9),
    ),
    min_size=3,
    max_size=25,
    unique_by=lambda fact: fact[0],
)


def fact_of(fact: Fact) -> dict[str, Any]:
    """Return a fact as a command without its moment."""
    _, do, number = fact
    command: dict[str, Any] = {"do": do, "sku": "MUG", "qty": str(number)}
    if do == "adjust":
        command = {"do": do, "sku": "MUG", "delta": f"-{number}", "reason": "other"}
    return command


def at(minutes: int) -> str:
    """Return a moment."""
    return (START + timedelta(minutes=minutes)).isoformat()


def shop_with(folder: Path, name: str, recorded: list[Fact], *, late: bool) -> App:
    """Record facts as they happen, or all of them weeks later in the order given."""
    app = open_shop(f"sqlite:///{folder / name}")
    done(app, do="register", sku="MUG", name="Mug", now=at(0))
    end = 25 * 24 * 60
    for place, fact in enumerate(recorded):
        if late:
            stamps = {"now": at(end + place), "occurred_at": at(fact[0])}
        else:
            stamps = {"now": at(fact[0])}
        done(app, **fact_of(fact), **stamps)
    done(app, do="register", sku="LAST", name="Last", now=at(end + 24 * 60))
    return app


def views(app: App) -> tuple[list[Any], dict[str, list[float]]]:
    """Return the daily rows and the times without stock, and the folded state."""
    with app.database.snapshot() as tx:
        rows = [
            tx.all("SELECT * FROM demand_day ORDER BY sku, location, day"),
            tx.all("SELECT * FROM stockout ORDER BY sku, location, since"),
        ]
    state = forecast(app.database, app.queries.shop(), app.today()).state
    return rows, {f.name: np.asarray(getattr(state, f.name)).tolist() for f in fields(state)}


@pytest.mark.slow
@settings(max_examples=25)
@given(facts, st.randoms(use_true_random=False))
def test_daily_rows_and_state_whatever_the_order_of_arrival(
    recorded: list[Fact], rng: random.Random
) -> None:
    """Entered as it happened, or weeks later in any order: the same rows, the very same state."""
    with tempfile.TemporaryDirectory() as folder:
        in_time = shop_with(Path(folder), "a.db", sorted(recorded), late=False)
        shuffled = list(recorded)
        rng.shuffle(shuffled)
        afterwards = shop_with(Path(folder), "b.db", shuffled, late=True)
        assert views(in_time) == views(afterwards)
        in_time.close()
        afterwards.close()
