"""The table of reports: what each is called, takes and answers, for every front end alike.

A report is a function of a ``Look`` and its options that returns rows. It enters the table where it
stands, by ``@report``; command line, chat, page and API read the table and call none by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Literal, TypeVar

from jitledger.domain.errors import bad_value, unknown_sku
from jitledger.domain.quantity import show
from jitledger_projections import reports
from jitledger_projections.reports.look import Look
from jitledger_projections.views.supply import find_supplier

Kind = Literal["days", "share", "factor", "supplier", "category", "sku"]
Cell = str | float | bool | Sequence[str] | Mapping[str, str | None] | None
"""What a row says of one thing, as JSON has it: quantities, money and days are strings."""
Value = str | int | float | Decimal | None
R = TypeVar("R", bound=Callable[..., Sequence[object]])
Shape = dict[str, Cell]
SHARE = "a share between 0 and 1 is expected, like 0.5"
NUMBER = "a number is expected, like 1.5"
NEED_EXTRAS = ("chart",)
"""Modules that are there for an extra only and hold no report."""


@dataclass(frozen=True, slots=True)
class Option:
    """What a report can be asked with: its name, what it is, and what it means."""

    name: str
    kind: Kind
    help: str
    usual: Value = None
    """Taken when nothing is given."""


@dataclass(frozen=True, slots=True)
class Report:
    """One report of the table."""

    name: str
    """As the command line and the API call it, like ``dead-stock``."""
    rows: Callable[..., Sequence[object]]
    """Returns the rows of a look, with the options by their names."""
    shape: Callable[..., Mapping[str, object]]
    """Returns a row by its columns."""
    help: str
    nothing: str
    """What is said when there is no row."""
    options: tuple[Option, ...] = ()
    chat: str | None = None
    """The command of the chat; None when the chat says it otherwise."""
    example: str = ""
    """Options that answer something, for an example."""
    told: tuple[str, ...] = ()
    """The columns that the chat tells beside the name."""
    told_if: Callable[[Look], bool] = lambda look: True
    """Whether a shop wants it told by itself."""

    def ask(self, look: Look, given: Mapping[str, str | None] | None = None) -> Sequence[object]:
        """Return the rows, asked with options as people write them; raises ``bad-value``."""
        given = given or {}
        return self.rows(look, **{o.name: read(look, o, given.get(o.name)) for o in self.options})

    def shapes(self, rows: Sequence[object]) -> list[Shape]:
        """Return rows as JSON has them."""
        return [{key: _plain(cell) for key, cell in self.shape(row).items()} for row in rows]


@dataclass(slots=True)
class _Table:
    reports: dict[str, Report] = field(default_factory=dict)


_table = _Table()


def report(
    name: str,
    shape: Callable[..., Mapping[str, object]],
    *,
    help: str,
    nothing: str,
    options: tuple[Option, ...] = (),
    chat: str | None = None,
    example: str = "",
    told: tuple[str, ...] = (),
    told_if: Callable[[Look], bool] = lambda look: True,
) -> Callable[[R], R]:
    """Enter a function into the table of reports."""

    def enter(rows: R) -> R:
        assert name not in _table.reports, name
        _table.reports[name] = Report(
            name, rows, shape, help, nothing, options, chat, example, told, told_if
        )
        return rows

    return enter


@cache
def all_reports() -> dict[str, Report]:
    """Return {name: report} of every module of the room (imports numpy on first use)."""
    for module in walk_packages(reports.__path__, reports.__name__ + "."):
        if module.name.rpartition(".")[2] not in NEED_EXTRAS:
            import_module(module.name)
    return dict(sorted(_table.reports.items()))


def in_chat() -> dict[str, Report]:
    """Return {command: report} of those that the chat answers as lists."""
    return {found.chat: found for found in all_reports().values() if found.chat is not None}


def read(look: Look, option: Option, given: str | None) -> Value:
    """Return an option as its report takes it; raises ``bad-value``, ``unknown-…``."""
    if given is None:
        return option.usual
    match option.kind:
        case "days":
            return int(_number(option.name, given, "a number of days is expected, like 14"))
        case "factor":
            return float(_number(option.name, given, NUMBER))
        case "share":
            return _number(option.name, given, SHARE)
        case "supplier":
            with look.snapshot() as tx:
                return find_supplier(tx, given)
        case "category":
            return given
        case "sku":
            found = look.queries.find(given)
            if found is None:
                raise unknown_sku(given)
            return found


def rounded(value: float | None) -> float | None:
    """Return a computed figure as reports say it."""
    return None if value is None else round(value, 4)


def _number(name: str, given: str, template: str) -> Decimal:
    try:
        found = Decimal(given)
        finite = found.is_finite()
    except ArithmeticError:
        finite = False
    if not finite:
        raise bad_value(name, given, template)
    return found


def _plain(cell: object) -> Cell:
    match cell:
        case Decimal():
            return show(cell)
        case bool() | int() | float() | str() | dict() | None:
            return cell
        case date():
            return cell.isoformat()
        case list() | tuple():
            return [str(_plain(one)) for one in cell]
        case _:
            raise TypeError(type(cell).__name__)
