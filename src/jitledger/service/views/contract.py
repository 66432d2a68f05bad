"""What a view is, and what it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from jitledger.domain.errors import LedgerError
from jitledger.domain.events import Event
from jitledger.domain.state.purchase_order import PurchaseOrder
from jitledger.domain.state.shop import Shop
from jitledger.domain.state.stock_item import StockItem
from jitledger.domain.state.supplier import Supplier
from jitledger.service.streams import Change
from jitledger.store.database import Tx


class Batch:
    """The changes a projection is given; remembers which one it is at.

    ``fresh`` says that the tables hold no rows of these streams yet, so that none need be deleted.
    """

    def __init__(self, changes: Sequence[Change], shop: Shop, *, fresh: bool = False) -> None:
        self._changes = changes
        self.shop = shop
        self.fresh = fresh
        self.at: Change | None = None

    def __len__(self) -> int:
        """Return how many streams changed."""
        return len(self._changes)

    def items(self) -> Iterator[tuple[Change, StockItem]]:
        """Yield the changed items."""
        for change in self._changes:
            if change.item is not None:
                self.at = change
                yield change, change.item

    def suppliers(self) -> Iterator[tuple[Change, Supplier]]:
        """Yield the changed suppliers."""
        for change in self._changes:
            if change.supplier is not None:
                self.at = change
                yield change, change.supplier

    def orders(self) -> Iterator[tuple[Change, PurchaseOrder]]:
        """Yield the changed purchase orders."""
        for change in self._changes:
            if change.order is not None:
                self.at = change
                yield change, change.order


class Projection(Protocol):
    """One question's view: a name, a version, tables, and one function over a batch.

    ``ignores`` are the kinds of events that change none of its rows when they are the newest of
    their stream: an append of nothing else is not shown to it.
    """

    name: str
    version: int
    ignores: frozenset[type[Event]]

    def apply(self, tx: Tx, batch: Batch, suffix: str) -> None:
        """Write the rows of a batch into the tables named with this suffix."""

    def definitions(self, dialect: str) -> dict[str, str]:
        """Return {table name: its definition with ``{name}``}, see ``Database.ddl``."""


class ProjectionFailed(Exception):
    """A projection raised during an append that was not prepared for it."""


class Stopped(Exception):
    """A projection raised, at a stream."""

    def __init__(self, stream: str, error: Exception) -> None:
        super().__init__(str(error))
        self.stream = stream
        self.error = error


def apply_view(projection: Projection, tx: Tx, batch: Batch, suffix: str) -> None:
    """Show a batch to a view; what it raises becomes ``Stopped`` with the stream it was at."""
    batch.at = None
    try:
        projection.apply(tx, batch, suffix)
    except LedgerError:
        raise
    except Exception as error:
        raise Stopped(batch.at.stream if batch.at is not None else "?", error) from error
