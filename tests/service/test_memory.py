"""How much is remembered: chosen by replay, on nothing that came later, kept and folded alike."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from jitledger.bootstrap import App
from jitledger.domain.replenishment.backtesting.backtest import Floats, Sales, Supply
from jitledger.domain.replenishment.backtesting.choices import Chosen, Trial, choose
from jitledger.domain.replenishment.backtesting.policies import Method
from jitledger.domain.replenishment.demand_state import USUAL_MEMORY, DemandState
from jitledger_projections.planning.exposure import first_days
from jitledger_projections.planning.forecast import _advance, forecast
from jitledger_projections.reports.upkeep import remembered, sized
from tests.conftest import all_done, done

START = date(2026, 1, 1)
DAYS = 400
DIALS = np.array([0.8, 0.9, 0.95, 0.975, 0.99, 0.998])


def trade(rates: np.ndarray, seed: int = 3) -> tuple[Sales, Supply]:
    """Return the sales of some items whose rate a day is ``rates[day, item]``, a line a unit."""
    rng = np.random.default_rng(seed)
    units = rng.poisson(rates)
    day, item = np.nonzero(units)
    count = units[day, item]
    day, item = np.repeat(day, count), np.repeat(item, count)
    days, items = rates.shape
    sales = Sales(
        first=20_000,
        days=days,
        item=item.astype(np.int64),
        day=day.astype(np.int64),
        quantity=np.ones(day.size),
        moment=np.full(day.size, 0.5),
        value=np.ones(day.size),
        unit_cost=np.ones(items),
        supplier=np.zeros(items, np.int64),
        known=np.zeros(items, np.int64),
        begins=np.searchsorted(day, np.arange(days + 1)).astype(np.int64),
        exposure={},
    )
    drawn = np.full((items, days), 7, np.int16)
    return sales, Supply(drawn, np.full(items, 7.0), np.ones(items))


def chosen(sales: Sales, supply: Supply, end: int = DAYS) -> Chosen:
    """Return the memory for sales, judged on what lies before a day."""
    window = (60, end)

    def policy(dials: Floats, lot_scale: float) -> Method:
        return Method(sales, supply, dials, "one", lot_scale=lot_scale)

    return choose(Trial(sales, supply, policy, DIALS, window, 0.97))


def steady() -> np.ndarray:
    """Return forty items that sell on and on as they did: two to eight a day."""
    return np.tile(np.linspace(2, 8, 40), (DAYS, 1))


def drifting() -> np.ndarray:
    """Return forty items whose rate wanders off for good: by 6 % a day, up or down."""
    rng = np.random.default_rng(9)
    return np.asarray(
        np.clip(5 * np.exp(np.cumsum(rng.normal(0, 0.06, (DAYS, 40)), axis=0)), 0.2, 60)
    )


def test_a_steady_shop_remembers_long_and_a_drifting_one_does_not() -> None:
    """More evidence where nothing changes; the newest where everything does."""
    long, short = chosen(*trade(steady())), chosen(*trade(drifting()))
    assert long.memory.rate_days >= 60
    assert short.memory.rate_days <= 30
    assert long.takes[7.0] > 1.02 * long.takes[long.memory.rate_days]
    assert short.takes[240.0] > 1.1 * short.takes[short.memory.rate_days]


def test_nothing_later_has_a_say() -> None:
    """All that comes after the window is replaced by noise: the choice and its figures stay."""
    before = steady()
    after = before.copy()
    after[300:] = np.random.default_rng(1).uniform(0, 30, (100, 40))
    sales, supply = trade(before)
    noise, _ = trade(after, seed=8)
    early, late = sales.day < 300, noise.day >= 300
    mixed = Sales(
        first=sales.first,
        days=DAYS,
        item=np.concatenate((sales.item[early], noise.item[late])),
        day=np.concatenate((sales.day[early], noise.day[late])),
        quantity=np.ones(early.sum() + late.sum()),
        moment=np.full(early.sum() + late.sum(), 0.5),
        value=np.ones(early.sum() + late.sum()),
        unit_cost=sales.unit_cost,
        supplier=sales.supplier,
        known=sales.known,
        begins=np.searchsorted(
            np.concatenate((sales.day[early], noise.day[late])), np.arange(DAYS + 1)
        ).astype(np.int64),
        exposure={},
    )
    assert chosen(mixed, supply, 300) == chosen(sales, supply, 300)


def moment(day: int, hour: int = 12, minute: int = 0) -> str:
    """Return a moment of the story."""
    return f"{START + timedelta(days=day)}T{hour:02d}:{minute:02d}:00"


@pytest.fixture
def shop(app: App) -> App:
    """Eight products sell steadily for 260 days."""
    now = moment(0, 6)
    done(app, do="supplier", code="ACME", name="Acme", lead_time_days="7", now=now)
    rng = np.random.default_rng(4)
    sales: list[dict[str, object]] = []
    for n in range(8):
        done(app, do="register", sku=f"P{n}", name=f"Item {n}", now=now)
        done(app, do="terms", supplier="ACME", sku=f"P{n}", unit_cost="2", now=now)
        done(app, do="open", sku=f"P{n}", qty="5000", now=now)
    for day in range(260):
        for n in range(8):
            units = int(rng.poisson(2 + n))
            if units:
                qty = {"qty": str(units), "now": moment(day, 12, n)}
                sales.append({"do": "sell", "sku": f"P{n}", **qty})
    all_done(app, sales)
    done(app, do="location", code="D", now=moment(260, 8))
    return app


def test_a_sweep_keeps_what_it_chose(shop: App) -> None:
    """The state that is kept is one folded with the memory; a day later it still is."""
    shop.sweep()
    found = forecast(shop.database, shop.queries.shop(), shop.today())
    assert set(found.takes) == {7.0, 14.0, 30.0, 60.0, 120.0, 240.0}
    assert found.memory.rate_days >= 30
    said = str(remembered(found))
    assert said.startswith(f"remembers about {found.memory.rate_days:g} days here")
    (noted,) = [row for row in shop.queries.log() if row["event"] == "memory-chosen"]
    assert noted["details"]["days"] == f"{found.memory.rate_days:g}"
    assert "14 " in noted["details"]["takes"]
    shop.sweep()
    assert [row["event"] for row in shop.queries.log()].count("memory-chosen") == 1
    done(shop, do="sell", sku="P3", qty="4", now=moment(260, 12))
    done(shop, do="sell", sku="P3", qty="1", occurred_at=moment(200), now=moment(261, 9))
    later = forecast(shop.database, shop.queries.shop(), shop.today())
    assert later.memory == found.memory
    whole = forecast(shop.database, shop.queries.shop(), shop.today())
    whole.state = DemandState.empty(len(whole.skus))
    with shop.database.snapshot() as tx:
        first = int(first_days(tx, whole.skus).min())
        _advance(tx, whole, shop.queries.shop(), first, later.day, None)
    for name in ("A", "B", "U", "C", "E2", "M"):
        assert np.allclose(getattr(whole.state, name), getattr(later.state, name)), name


def test_a_memory_is_pinned_and_let_go_again(shop: App) -> None:
    """What is set by hand stays, whatever a replay finds; 0 leaves it to the replay again."""
    shop.sweep()
    by_replay = forecast(shop.database, shop.queries.shop(), shop.today())
    done(shop, do="settings", memory_days="14", now=moment(268, 8))
    shop.sweep()
    pinned = forecast(shop.database, shop.queries.shop(), shop.today())
    assert (pinned.memory.rate_days, set(pinned.takes)) == (14.0, set(by_replay.takes))
    done(shop, do="settings", memory_days="0", now=moment(269, 8))
    shop.sweep()
    again = forecast(shop.database, shop.queries.shop(), shop.today())
    assert again.memory.rate_days >= 30


def test_a_young_shop_keeps_the_usual_memory(app: App) -> None:
    """Under 90 days nothing is chosen, and nothing is said of it."""
    now = moment(0, 6)
    done(app, do="register", sku="MUG", name="Mug", now=now)
    done(app, do="open", sku="MUG", qty="500", now=now)
    for day in range(60):
        done(app, do="sell", sku="MUG", qty="3", now=moment(day))
    app.sweep()
    found = forecast(app.database, app.queries.shop(), app.today())
    assert (found.memory, found.takes, remembered(found)) == (USUAL_MEMORY, {}, None)


def test_orders_are_sized_by_cost_where_that_takes_less(app: App) -> None:
    """Dear goods beside cheap ones: fewer days of the dear; told, pinned by hand, let go again."""
    now = moment(0, 6)
    done(app, do="supplier", code="ACME", name="Acme", lead_time_days="3", now=now)
    rng = np.random.default_rng(5)
    acts: list[dict[str, object]] = []
    for n in range(8):
        done(app, do="register", sku=f"P{n}", name=f"Item {n}", now=now)
        done(app, do="link", sku=f"P{n}", supplier="ACME", now=now)
        cost = "0.20" if n < 5 else "40"
        done(app, do="open", sku=f"P{n}", qty="5000", unit_cost=cost, now=now)
    for day in range(230):
        for n in range(8):
            units = int(rng.poisson(6))
            if units:
                qty = {"qty": str(units), "now": moment(day, 12, n)}
                acts.append({"do": "sell", "sku": f"P{n}", **qty})
    all_done(app, acts)
    done(app, do="location", code="D", now=moment(230, 8))
    app.sweep()
    look = app.look()
    found, lots = look.plan.forecast, look.plan.lots
    assert found.lot_scale > 0
    assert found.lot_takes[found.lot_scale] < 0.98 * found.lot_takes[0.0]
    assert lots[0] > 7 * 6 > lots[7]
    (noted,) = [row for row in app.queries.log() if row["event"] == "lots-chosen"]
    assert noted["details"]["scale"] == f"{found.lot_scale:g}"
    assert "equal days would have taken" in str(sized(found))
    for sku in ("P0", "P7"):
        done(app, do="count", sku=sku, qty="1", now=moment(230, 9))
    wanted = {line.sku: line for line in app.reorder()}
    over = {s: float(x.suggestion.quantity - x.reorder_point + 1) for s, x in wanted.items()}
    assert over["P0"] == pytest.approx(lots[0], abs=2)
    assert over["P7"] == pytest.approx(lots[7], abs=2)
    done(app, do="settings", lots="days", now=moment(230, 10))
    assert app.look().plan.lots[0] == pytest.approx(7 * 6, rel=0.2)
    done(app, do="settings", lots="auto", now=moment(230, 11))
    assert app.look().plan.lots[0] == pytest.approx(lots[0], rel=0.1)


def test_levels_by_lines_keep_least_of_what_is_dear(app: App) -> None:
    """The same target by lines: dear goods get a lower level, cheap ones a higher; tuned anew."""
    now = moment(0, 6)
    rng = np.random.default_rng(6)
    acts: list[dict[str, object]] = []
    for n in range(6):
        done(app, do="register", sku=f"P{n}", name=f"Item {n}", now=now)
        cost = "1" if n < 5 else "60"
        done(app, do="open", sku=f"P{n}", qty="5000", unit_cost=cost, now=now)
    for day in range(120):
        for n in range(6):
            units = int(rng.poisson(4))
            if units:
                qty = {"qty": str(units), "now": moment(day, 12, n)}
                acts.append({"do": "sell", "sku": f"P{n}", **qty})
    all_done(app, acts)
    done(app, do="settings", lots="days", now=moment(120, 8))
    app.sweep()
    mixed = app.look().plan.level
    done(app, do="settings", allocation="lines", now=moment(120, 9))
    app.sweep()
    found = app.look().plan
    assert found.forecast.tuned is not None
    assert found.forecast.tuned.by_lines
    assert found.level[5] < mixed[5]
    assert found.level[:5].mean() >= mixed[:5].mean()
