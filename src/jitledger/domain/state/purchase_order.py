"""A purchase order: what was ordered, promised, cancelled. Stream ``po/<number>``.

What came in lives only in the SKUs' streams; ``outstanding`` takes it as a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from jitledger.domain import events as e
from jitledger.domain.events import Event
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

    def evolve(self, version: int, event: Event) -> None:
        """Apply one entry of the order's stream."""
        self.version = version
        match event:
            case e.OrderDrafted():
                self._written("drafted", event)
            case e.OrderPlaced():
                self._written("placed", event)
                self.placed_at = event.effective_at
                self.placed_on = event.placed_on
            case e.OrderConfirmed():
                self.state = "confirmed"
                self.reference = event.reference or self.reference
                for line in self._meant(event.line):
                    line.promised = line.agreed = event.promised or line.promised
            case e.OrderDelayed():
                for line in self._meant(event.line):
                    line.promised = event.promised
            case e.OrderLineCancelled():
                self.lines[event.line - 1].cancelled += event.quantity
            case e.OrderClosedShort():
                self.state = "closed"
            case e.OrderCancelled():
                self.state = "cancelled"
            case _:
                pass

    def _written(self, state: str, event: e.OrderEvent) -> None:
        self.state = state
        self.supplier = event.supplier
        self.currency = event.currency
        self.rate = event.rate
        self.note = event.note or self.note
        self.lines = [_line(number, row) for number, row in enumerate(event.lines, 1)]

    def _meant(self, number: int | None) -> Iterable[Line]:
        return self.lines if number is None else [self.lines[number - 1]]


def _line(number: int, row: e.OrderLine) -> Line:
    return Line(
        number,
        row.sku,
        row.location,
        row.quantity,
        row.pack,
        row.unit_cost,
        row.promised,
        row.promised,
    )


def split_line(text: str) -> tuple[str, int | None]:
    """Return order number and line number of ``P1/2``; the line is None for a bare ``P1``."""
    number, slash, line = text.rpartition("/")
    if slash and number and line.isascii() and line.isdigit() and len(line) < 6:
        return number, int(line)
    return text, None
