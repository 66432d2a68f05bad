"""A purchase order: what was ordered, promised, cancelled. Stream ``po/<number>``.

What came in lives only in the SKUs' streams; ``outstanding`` takes it as a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from jitledger.domain.quantity import ZERO

OPEN_STATES = frozenset({"placed", "confirmed"})


@dataclass(slots=True)
class Line:
    """One line; ``promised`` is the latest word, ``agreed`` the day the supplier is measured by."""

    number: int
    sku: str
    location: str
    quantity: Decimal
    pack: Decimal | None = None
    unit_cost: Decimal | None = None
    promised: date | None = None
    agreed: date | None = None
    cancelled: Decimal = ZERO

    @property
    def wanted(self) -> Decimal:
        """Return what was ordered and not cancelled."""
        return self.quantity - self.cancelled


@dataclass(slots=True)
class PurchaseOrder:
    """A purchase order's state, folded from its stream.

    ``state`` is drafted, placed, confirmed, closed (short) or cancelled; partly received and
    received follow from the receipts.
    """

    number: str
    version: int = 0
    supplier: str = ""
    state: str = ""
    lines: list[Line] = field(default_factory=list)
    currency: str | None = None
    rate: Decimal | None = None
    placed_at: int = 0
    placed_on: date | None = None
    """The local day on which it was placed, when that is not the day of ``placed_at``."""
    reference: str | None = None
    note: str | None = None

    @property
    def is_open(self) -> bool:
        """Return whether goods are waited for."""
        return self.state in OPEN_STATES

    def line(self, number: int) -> Line | None:
        """Return a line by its number."""
        return self.lines[number - 1] if 1 <= number <= len(self.lines) else None

    def lines_of(self, sku: str) -> list[Line]:
        """Return the lines of a SKU."""
        return [line for line in self.lines if line.sku == sku]

    def line_id(self, line: Line) -> str:
        """Return the name under which receipts refer to a line: ``P1/2``."""
        return f"{self.number}/{line.number}"

    def outstanding(self, line: Line, received: Decimal) -> Decimal:
        """Return what is still to come: max(0, ordered - cancelled - received), 0 when not open."""
        return max(ZERO, line.wanted - received) if self.is_open else ZERO

    def evolve(self, version: int, name: str, data: dict[str, Any]) -> None:
        """Apply one entry of the order's stream."""
        self.version = version
        match name:
            case "po-drafted":
                self._written("drafted", data)
            case "po-placed":
                self._written("placed", data)
                self.placed_at = data["effective_at"]
                self.placed_on = _day(data.get("placed_on"))
            case "po-confirmed":
                self.state = "confirmed"
                self.reference = data.get("reference") or self.reference
                for line in self._meant(data):
                    line.promised = line.agreed = _day(data.get("promised")) or line.promised
            case "po-delayed":
                for line in self._meant(data):
                    line.promised = _day(data["promised"])
            case "po-line-cancelled":
                self.lines[data["line"] - 1].cancelled += Decimal(data["quantity"])
            case "po-closed-short":
                self.state = "closed"
            case "po-cancelled":
                self.state = "cancelled"
            case _:
                pass

    def _written(self, state: str, data: dict[str, Any]) -> None:
        self.state = state
        self.supplier = data["supplier"]
        self.currency = data.get("currency")
        self.rate = None if data.get("rate") is None else Decimal(data["rate"])
        self.note = data.get("note") or self.note
        self.lines = [_line(number, row) for number, row in enumerate(data["lines"], 1)]

    def _meant(self, data: dict[str, Any]) -> Iterable[Line]:
        number = data.get("line")
        return self.lines if number is None else [self.lines[number - 1]]


def _line(number: int, row: dict[str, Any]) -> Line:
    def decimal(name: str) -> Decimal | None:
        return None if row.get(name) is None else Decimal(row[name])

    promised = _day(row.get("promised"))
    return Line(
        number,
        row["sku"],
        row["location"],
        Decimal(row["quantity"]),
        decimal("pack"),
        decimal("unit_cost"),
        promised,
        promised,
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def split_line(text: str) -> tuple[str, int | None]:
    """Return order number and line number of ``P1/2``; the line is None for a bare ``P1``."""
    number, slash, line = text.rpartition("/")
    if slash and number and line.isascii() and line.isdigit() and len(line) < 6:
        return number, int(line)
    return text, None
