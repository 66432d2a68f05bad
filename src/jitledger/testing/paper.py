"""A ledger on paper: the same decisions and folds, kept in memory, for stories and properties.

It has no store, no lock and no projections; what it shows is what the domain alone makes of a set
of events.
"""

from __future__ import annotations

from jitledger.domain.commands import parse
from jitledger.domain.decisions import Ground, decide
from jitledger.domain.events import LocationOpened, ShopOpened
from jitledger.domain.moments import MICROSECOND, local_date, parse_time, zone
from jitledger.domain.names import ORDER_STREAM, SKU_STREAM, SUPPLIER_STREAM, holder_of_sku
from jitledger.domain.state.order import Entry
from jitledger.domain.state.purchase_order import PurchaseOrder
from jitledger.domain.state.quantities import Quantities, on_order, quantities
from jitledger.domain.state.shop import Shop
from jitledger.domain.state.stock_item import StockItem, fold
from jitledger.domain.state.supplier import Supplier
from jitledger.store.codec import decode, encode


class PaperLedger:
    """Records commands in memory at the moments it is told."""

    def __init__(self, timezone: str = "UTC", locations: tuple[str, ...] = ("main",)) -> None:
        self.streams: dict[str, list[Entry]] = {}
        self.claims: dict[tuple[str, str], str] = {}
        self.shop = Shop()
        self.stamp = 0
        opened = ShopOpened(
            title="Paper", currency="EUR", timezone=timezone, recorded_at=0, effective_at=0
        )
        self.shop.evolve(1, opened)
        for code in locations:
            self.shop.evolve(2, LocationOpened(code=code, recorded_at=0, effective_at=0))

    # --- what decisions ask -----------------------------------------------------------------------

    def find_sku(self, sku: str) -> str | None:
        """Return the SKU as registered for any spelling of it."""
        return holder_of_sku(self.claim, sku)

    def item(self, sku: str) -> StockItem:
        """Return an item folded to the present."""
        return fold(sku, self.entries(sku), self.shop.days)

    def entries(self, sku: str) -> list[Entry]:
        """Return every entry of a SKU."""
        return self.streams.get(SKU_STREAM + sku, [])

    def supplier(self, code: str) -> Supplier | None:
        """Return a supplier."""
        stored = self.streams.get(SUPPLIER_STREAM + code)
        if stored is None:
            return None
        found = Supplier(code)
        for entry in stored:
            found.evolve(*entry)
        return found

    def order(self, number: str) -> PurchaseOrder | None:
        """Return a purchase order."""
        stored = self.streams.get(ORDER_STREAM + number)
        if stored is None:
            return None
        found = PurchaseOrder(number)
        for entry in stored:
            found.evolve(*entry)
        return found

    def orders_of(self, sku: str) -> list[PurchaseOrder]:
        """Return the purchase orders that name a SKU."""
        numbers = [s.removeprefix(ORDER_STREAM) for s in self.streams if s.startswith(ORDER_STREAM)]
        found = [order for number in numbers if (order := self.order(number)) is not None]
        return [order for order in found if order.lines_of(sku)]

    def claim(self, kind: str, value: str) -> str | None:
        """Return who holds a claim."""
        return self.claims.get((kind, value))

    def count(self, kind: str) -> int:
        """Return how many claims of a kind there are."""
        return sum(1 for held, _ in self.claims if held == kind)

    # --- recording --------------------------------------------------------------------------------

    def record(self, now: str, **fields: object) -> list[str]:
        """Record a command at a moment; returns entry names, raises what the rules refuse."""
        told = parse_time("now", now, zone(self.shop.timezone)).instant
        assert told is not None
        stamp = max(self.stamp + 1, told)
        ground = Ground(self, stamp, told, told, bool(fields.get("force")))
        drafts = decide(ground, parse(fields))
        self.stamp = stamp
        for kind, value, owner in ground.claims:
            self.claims[kind, value] = owner
        names = []
        for draft in drafts:
            stored = self.streams.setdefault(draft.stream, [])
            version = len(stored) + 1
            event = draft.event(
                recorded_at=stamp,
                effective_at=draft.effective_at,
                occurred_on=draft.occurred_on,
                **draft.fields,
            )
            stored.append((version, decode(event.name, encode(event))))
            names.append(f"{draft.stream.removeprefix(SKU_STREAM)}/{version}")
        return names

    def quantities(
        self, sku: str, *, as_of: str | None = None, as_at: str | None = None, at: str | None = None
    ) -> Quantities:
        """Return an item's quantities on either time axis."""
        tz = zone(self.shop.timezone)

        def moment(text: str | None) -> int | None:
            if text is None:
                return None
            found = parse_time("moment", text, tz).instant
            assert found is not None
            return found + MICROSECOND - 1

        item = fold(
            sku, self.entries(sku), self.shop.days, as_of=moment(as_of), as_at=moment(as_at)
        )
        now = moment(at) or moment(as_of) or moment(as_at) or self.stamp
        return quantities(item, now, local_date(now, tz), on_order(item, self.orders_of(sku)))
