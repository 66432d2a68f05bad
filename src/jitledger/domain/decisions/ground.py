"""What a decision stands on, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from jitledger.domain.commands import Command
from jitledger.domain.errors import Refused, Remark, unknown_location, unknown_sku
from jitledger.domain.events import Event, StockAdjusted
from jitledger.domain.moments import (
    Adjusted,
    Occurred,
    check_occurred,
    effective_time,
    local_date,
    parse_time,
)
from jitledger.domain.names import stream_of
from jitledger.domain.quantity import check_precision, show
from jitledger.domain.state.dated import in_force
from jitledger.domain.state.order import Entry
from jitledger.domain.state.purchase_order import PurchaseOrder
from jitledger.domain.state.shop import Shop
from jitledger.domain.state.stock_item import StockItem
from jitledger.domain.state.supplier import Supplier


@dataclass(slots=True)
class Draft:
    """An event before it is recorded: its stream, class, fields and effective time."""

    stream: str
    event: type[Event]
    fields: dict[str, Any]
    effective_at: int
    occurred_on: date | None = None


class Known(Protocol):
    """Reads of the present state, made under the write lock."""

    @property
    def shop(self) -> Shop:
        """Return the shop."""

    def find_sku(self, sku: str) -> str | None:
        """Return the SKU as registered for any spelling of it."""

    def item(self, sku: str) -> StockItem:
        """Return an item by its registered SKU."""

    def entries(self, sku: str) -> list[Entry]:
        """Return every entry of a SKU's stream."""

    def supplier(self, code: str) -> Supplier | None:
        """Return a supplier by its code."""

    def order(self, number: str) -> PurchaseOrder | None:
        """Return a purchase order by its registered number."""

    def orders_of(self, sku: str) -> list[PurchaseOrder]:
        """Return every purchase order that names a SKU, in the order of their numbers' claims."""

    def claim(self, kind: str, value: str) -> str | None:
        """Return who holds a claim."""

    def count(self, kind: str) -> int:
        """Return how many claims of a kind there are."""


@dataclass(slots=True)
class Ground:
    """The state, the moment, and the claims a decision makes or gives back."""

    known: Known
    now: int
    present: int
    ceiling: int
    """The latest moment that counts as past: the present, or the machine's time before a simulated
    clock was told any."""
    force: bool = False
    importing: bool = False
    claims: list[tuple[str, str, str]] = field(default_factory=list)
    replaced: set[tuple[str, int]] = field(default_factory=set)
    """Entries that the correction at hand voids."""
    overrides: dict[str, StockItem] = field(default_factory=dict)
    notes: list[Adjusted | Remark] = field(default_factory=list)
    """What the answer says beside its entries: a time that had to be moved, a price not agreed."""

    @property
    def shop(self) -> Shop:
        """Return the shop."""
        return self.known.shop

    @property
    def today(self) -> date:
        """Return the shop's local day."""
        return local_date(self.present, self.shop.tz)

    def sku(self, spelled: str) -> str:
        """Return the registered SKU of any spelling; raises ``unknown-sku``."""
        found = self.known.find_sku(spelled)
        if found is None:
            raise unknown_sku(spelled)
        return found

    def item(self, spelled: str) -> StockItem:
        """Return a registered item; raises ``unknown-sku``."""
        sku = self.sku(spelled)
        item = self.overrides.get(sku) or self.known.item(sku)
        if not item.catalog.registered:
            raise unknown_sku(spelled)
        return item

    def shelved(self, spelled: str) -> StockItem:
        """Return an item that has stock of its own; a bundle has none."""
        item = self.item(spelled)
        if item.catalog.components:
            parts = ", ".join(sku for sku, _ in item.catalog.components)
            raise Refused(
                "is-a-bundle",
                f"{item.sku} is a bundle without stock of its own; enter it for {parts}.",
                sku=item.sku,
            )
        return item

    def location(self, code: str | None) -> str:
        """Return an open location, the shop's first when none is named."""
        if code is None:
            return self.shop.first_location
        if code in self.shop.locations:
            return code
        for known in self.shop.locations:
            if known.casefold() == code.casefold():
                return known
        raise unknown_location(code, list(self.shop.locations))

    def supplier(self, code: str | None) -> str | None:
        """Return a registered supplier's code; raises ``unknown-supplier``."""
        if code is None:
            return None
        found = self.known.claim("supplier", code.casefold())
        if found is None:
            raise Refused(
                "unknown-supplier",
                f"There is no supplier {code!r}; register it first.",
                supplier=code,
            )
        return found

    def quantity(
        self,
        item: StockItem,
        quantity: Decimal,
        pack: str | None = None,
        stated: Occurred | None = None,
    ) -> tuple[Decimal, str | None]:
        """Return the base quantity and what was typed, checked against the SKU's precision.

        A pack holds what it held on the day of the fact.
        """
        if pack is None:
            check_precision(item.sku, quantity, item.catalog.precision)
            return quantity, None
        dated = item.catalog.packs.get(pack.casefold(), ())
        factor = in_force(dated, self.day_of(stated))
        if factor is None:
            raise Refused(
                "unknown-unit",
                f"{item.sku} has no pack {pack!r}; say first what it holds.",
                sku=item.sku,
                pack=pack,
            )
        base = quantity * factor
        check_precision(item.sku, base, item.catalog.precision)
        return base, f"{show(quantity)} {pack}"

    def stock_of(
        self, spelled: str, quantity: Decimal, pack: str | None, stated: Occurred | None = None
    ) -> list[tuple[StockItem, Decimal, str | None]]:
        """Return (item, base quantity, what was typed): the item itself, or a bundle's parts."""
        item = self.item(spelled)
        base, typed = self.quantity(item, quantity, pack, stated)
        if not item.catalog.components:
            return [(item, base, typed)]
        parts = [(self.item(sku), each) for sku, each in item.catalog.components]
        return [(part, self.quantity(part, base * each)[0], None) for part, each in parts]

    def occurred(self, text: str | None) -> Occurred | None:
        """Read and check when a fact happened."""
        if text is None:
            return None
        stated = parse_time("occurred_at", text, self.shop.tz)
        return self.checked(stated)

    def checked(self, stated: Occurred | None) -> Occurred | None:
        """Refuse the future and, unless forced or importing, what is long past."""
        if stated is not None:
            check_occurred(stated, self.ceiling, self.shop.tz, force=self.force or self.importing)
            if stated.adjusted is not None:
                self.notes.append(stated.adjusted)
        return stated

    def day_of(self, stated: Occurred | None) -> str:
        """Return the local day on which a fact happened: what is dated applies as it did then."""
        if stated is None:
            return self.today.isoformat()
        if stated.day is not None:
            return stated.day.isoformat()
        assert stated.instant is not None
        return local_date(stated.instant, self.shop.tz).isoformat()

    def place(self, direction: int, stated: Occurred | None) -> int:
        """Return the effective time of a fact."""
        if stated is None:
            return self.present
        return effective_time(stated, direction, self.ceiling, self.shop.tz)

    def draft(
        self,
        item: StockItem,
        event: type[Event],
        stated: Occurred | None,
        fields: dict[str, Any],
        effective_at: int | None = None,
    ) -> Draft:
        """Return a draft in a SKU's stream at its effective time."""
        if effective_at is None:
            direction = event.direction
            if event is StockAdjusted:
                direction = 1 if fields["delta"] > 0 else -1
            effective_at = self.place(direction, stated)
        return Draft(
            stream_of(item.sku),
            event,
            fields,
            effective_at,
            None if stated is None else stated.day,
        )

    def plain(self, stream: str, event: type[Event], fields: dict[str, Any]) -> Draft:
        """Return a draft without a stated time."""
        return Draft(stream, event, fields, self.present)


Decision = Callable[[Ground, Any], list[Draft]]
FactDecision = Callable[[Ground, Any, Occurred | None], list[Draft]]
D = TypeVar("D", bound=Decision)
F = TypeVar("F", bound=FactDecision)

DECISIONS: dict[type[Command], Decision] = {}
FACTS: dict[type[Command], FactDecision] = {}
"""What happened to stock: decided with the moment that was stated, and again by a correction."""


def decides(command: type[Command]) -> Callable[[D], D]:
    """Enter what a command makes."""

    def enter(decision: D) -> D:
        DECISIONS[command] = decision
        return decision

    return enter


def decides_fact(command: type[Command]) -> Callable[[F], F]:
    """Enter what a fact makes."""

    def enter(decision: F) -> F:
        FACTS[command] = decision
        return decision

    return enter


def no_rate(ground: Ground, currency: str) -> Refused:
    """Build the refusal of an amount in another currency without a rate."""
    own = ground.shop.currency
    return Refused(
        "no-rate",
        f"It is in {currency}, the shop counts in {own}: "
        f"give the rate (how much {own} is one {currency}).",
        currency=currency,
    )


def in_currency(
    ground: Ground, item: StockItem, currency: str | None, rate: Decimal | None
) -> dict[str, object]:
    """Return currency and rate of a cost as they are stored: none for the shop's own.

    Without a rate the newest of the item's receipts in that currency counts; raises ``no-rate``.
    """
    if currency is None or currency == ground.shop.currency:
        return {"currency": None, "rate": None}
    if rate is None:
        known = item.rates.get(currency)
        if known is None:
            raise no_rate(ground, currency)
        rate = known[1]
    return {"currency": currency, "rate": rate}
