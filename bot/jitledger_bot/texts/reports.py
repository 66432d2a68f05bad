"""What the bot says of a report of the table: in its own words where it has some, else a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jitledger_bot.texts import advice
from jitledger_bot.texts.language import _
from jitledger_bot.texts.words import clip, more, product, safe

if TYPE_CHECKING:
    from jitledger_projections.reports.table import Cell, Report

MOST = 15
OWN: dict[str, Callable[[Sequence[Any], str], str]] = {"overstock": advice.surpluses}
"""{report: what says its rows in the shop's currency}"""


def listed(report: Report, rows: Sequence[object], currency: str) -> str:
    """Return the rows of a report, most important first."""
    own = OWN.get(report.name)
    if own is not None:
        return own(rows, currency)
    if not rows:
        return _(report.nothing)
    lines = [f"<b>{_(report.help)}</b>"]
    for shape in report.shapes(rows[:MOST]):
        told = [_column(name, shape[name]) for name in report.told]
        name = product(str(shape["name"]), str(shape["sku"]))
        lines.append(" · ".join([name, *told]))
    if len(rows) > MOST:
        lines.append(more(len(rows) - MOST))
    return clip("\n".join(lines))


def _column(name: str, cell: Cell) -> str:
    """Return what a row says of one thing, like ``on hand 4``."""
    return f"{_(name.replace('_', ' '))} {'–' if cell is None else safe(str(cell))}"
