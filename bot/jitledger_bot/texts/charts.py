"""Charts as pictures: stock with its reorder point and projected run-out, and demand below it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from jitledger.bootstrap import App
from jitledger.domain.events import StockCounted
from jitledger.domain.moments import day_number, local_date
from jitledger.domain.quantity import ZERO
from jitledger.domain.state.order import standing
from jitledger.extras import extra
from jitledger.service.alerts.reorder_alerts import Point, stored_points
from jitledger.service.queries import trace
from jitledger_bot.texts.language import _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_DAYS = 120
AHEAD_DAYS = 45
STOCK, SAFE, LATE, DEMAND = "#2481cc", "#c98a00", "#c8372d", "#7a8ea0"


@dataclass(frozen=True, slots=True)
class Course:
    """What a chart shows: stock at the end of each day, demand of each day, and what lies ahead."""

    days: list[date]
    stock: list[float]
    demand: list[float]
    reorder_point: float | None
    per_day: float
    counts: list[date]
    title: str


def course(app: App, sku: str, shown: int = SHOWN_DAYS) -> Course:
    """Return a product's last days as the chart needs them."""
    shop = app.queries.shop()
    item, _q, _shop = app.queries.item(sku)
    _sku, entries = app.queries.entries(sku)
    today = local_date(app.queries.present(shop), shop.tz)
    moved: dict[date, Decimal] = {}
    counts = []
    for line in trace(sku, entries, shop):
        day = local_date(line.event.effective_at, shop.tz)
        if line.delta and line.voided_by is None:
            moved[day] = moved.get(day, ZERO) + line.delta
    for _version, event in standing(entries):
        if isinstance(event, StockCounted):
            counts.append(local_date(event.effective_at, shop.tz))
    first = max(min(moved, default=today), today - timedelta(days=shown))
    days = [first + timedelta(days=n) for n in range((today - first).days + 1)]
    level = sum((change for day, change in moved.items() if day < first), ZERO)
    stock = []
    for day in days:
        level += moved.get(day, ZERO)
        stock.append(float(level))
    asked: dict[int, float] = {}
    for by_day in item.demand.values():
        for number, demand in by_day.items():
            asked[number] = asked.get(number, 0.0) + float(demand.units)
    with app.database.snapshot() as tx:
        point = stored_points(tx, [sku]).get(sku, {}).get("")
    window = days[-28:]
    recent = [asked.get(day_number(day), 0.0) for day in window]
    return Course(
        days,
        stock,
        [asked.get(day_number(day), 0.0) for day in days],
        None if point is None else float(point[0]),
        _rate(point) or sum(recent) / max(1, len(recent)),
        [day for day in counts if day >= first],
        f"{item.catalog.title} ({sku})",
    )


def _rate(point: Point | None) -> float:
    return 0.0 if point is None else float(point[2].get("demand_per_day", 0.0))


def stock_chart(app: App, sku: str) -> bytes:
    """Return a PNG of a product's stock and demand."""
    with extra("charts", "A chart"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    shown = course(app, sku)
    figure = Figure(figsize=(8, 5), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    _draw_stock(above, shown)
    _draw_demand(below, shown)
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _draw_stock(axes: Axes, shown: Course) -> None:
    axes.set_title(shown.title, loc="left", fontweight="bold")
    axes.step(_at(shown.days), shown.stock, where="post", color=STOCK, label=_("on hand"))
    axes.fill_between(_at(shown.days), shown.stock, step="post", color=STOCK, alpha=0.12)
    label = _("counted")
    for day in dict.fromkeys(shown.counts):
        level = shown.stock[shown.days.index(day)]
        known = axes.get_legend_handles_labels()[1]
        axes.plot(
            _at([day]), [level], "o", color=STOCK, ms=4, label=None if label in known else label
        )
    if shown.reorder_point is not None:
        said = _("reorder point") + f" {shown.reorder_point:g}"
        axes.axhline(shown.reorder_point, color=SAFE, ls="--", lw=1.2, label=said)
    today, left = shown.days[-1], shown.stock[-1]
    axes.axvline(_at([today])[0], color="#0003", lw=1)
    if shown.per_day > 0 and left > 0:
        span = min(AHEAD_DAYS, left / shown.per_day)
        end = today + timedelta(days=round(span))
        rest = 0.0 if span < AHEAD_DAYS else left - shown.per_day * span
        said = _("at {rate} a day", rate=f"{shown.per_day:.2f}")
        if span < AHEAD_DAYS:
            said += ", " + _("runs out {day}", day=end.isoformat())
        axes.plot(_at([today, end]), [left, rest], color=LATE, ls=":", lw=1.8, label=said)
    axes.set_ylim(bottom=min(0.0, *shown.stock) * 1.05)
    axes.grid(axis="y", color="#0001")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper right", fontsize=8, framealpha=0.9)


def _draw_demand(axes: Axes, shown: Course) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    axes.bar(_at(shown.days), shown.demand, width=0.9, color=DEMAND)
    axes.set_ylabel(_("demand"), fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    short = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(short)


def _at(days: Sequence[date]) -> list[float]:
    """Return days as matplotlib counts them: since 1970-01-01."""
    return [float(day_number(day)) for day in days]
