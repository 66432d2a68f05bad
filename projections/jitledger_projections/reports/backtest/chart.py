"""The trade-off of a backtest as a picture: complete order lines against average stock."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from jitledger.extras import extra
from jitledger_projections.reports.backtest.rows import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {
    "mix": "#1b7f5c",
    "lines": "#3a9ad9",
    "one": "#8f6bb3",
    "textbook": "#b0793a",
    "velocity": "#c0392b",
    "perfect": "#7f8c8d",
    "current": "#111111",
}

NAMES = {
    "mix": "jitledger",
    "lines": "jitledger, by lines",
    "one": "jitledger, one level",
    "textbook": "textbook",
    "velocity": "30-day velocity",
    "perfect": "perfect knowledge",
    "current": "as you order now",
}


def _figure() -> Figure:
    """Return an empty picture; raises ``not-installed`` where none can be drawn."""
    with extra("charts", "A chart"):
        from matplotlib.figure import Figure
    return Figure(figsize=(8, 5), dpi=110, layout="constrained")


def trade_off(report: Report, currency: str) -> bytes:
    """Return a PNG of every method's trade-off, of what was reached blind, and of what happened."""
    figure = _figure()
    axes = figure.subplots()
    for name, rows in report.curves.items():
        points = sorted((row.line_fill * 100, row.stock_value) for row in rows)
        style = "--" if name == "perfect" else "-"
        axes.plot(
            [p[0] for p in points],
            [p[1] for p in points],
            style,
            color=COLOURS.get(name, "#333333"),
            label=NAMES.get(name, name),
            linewidth=2,
            marker="." if name != "perfect" else None,
        )
    for row in report.blind:
        axes.plot(
            row.line_fill * 100,
            row.stock_value,
            "o",
            color=COLOURS.get(row.method, "#333333"),
            markersize=9,
            markeredgecolor="white",
            label=None if row.method in report.curves else NAMES.get(row.method, row.method),
        )
    if report.really is not None:
        axes.plot(
            report.really.line_fill * 100,
            report.really.stock_value,
            "k*",
            markersize=14,
            label="what happened",
        )
    axes.axvline(report.target * 100, color="#cccccc", linewidth=1)
    axes.set_xlim(80, 100)
    inside = [
        row.stock_value
        for rows in report.curves.values()
        for row in rows
        if 0.8 <= row.line_fill <= 0.985
    ]
    if report.really is not None:
        inside.append(report.really.stock_value)
    if inside:
        axes.set_ylim(0, max(inside) * 1.15)
    axes.yaxis.set_major_formatter(lambda value, place: f"{value:,.0f}")
    axes.set_xlabel("complete order lines, %")
    axes.set_ylabel(f"average stock at cost, {currency}")
    axes.set_title(
        f"{report.items:,} items, {report.lines:,} order lines, "
        f"{report.first.isoformat()} to {report.last.isoformat()}",
        fontsize=10,
    )
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, frameon=False)
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()
