"""The shop: settings, locations, members. One stream, ``shop``."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from jitledger.domain import events as e
from jitledger.domain.events import Event
from jitledger.domain.moments import LocalDays, zone
from jitledger.domain.state.dated import starting

ROLES = ("owner", "buyer", "staff", "viewer")
MAY_RECORD = frozenset({"owner", "buyer", "staff"})
MAY_MANAGE = frozenset({"owner"})
MAY_BUY = frozenset({"owner", "buyer"})
FIRST_LOCATION = "main"
_SETTINGS = (
    "title",
    "locale",
    "prices",
    "opens",
    "closes",
    "service_level",
    "cover_days",
    "tax_rate",
    "margin_floor",
    "memory_days",
    "lots",
    "allocation",
)
"""What a shop and a change of its settings call by the same names."""


@dataclass(slots=True)
class Invitation:
    """One invitation: its role, its end, and whether somebody used it."""

    role: str
    expires_at: int
    used: bool = False


@dataclass(slots=True)
class Shop:
    """The shop's state, folded from its stream."""

    version: int = 0
    opened: bool = False
    opened_at: int | None = None
    title: str = ""
    currency: str = "EUR"
    timezone: str = "UTC"
    locale: str = "en"
    prices: str = "gross"
    clock: str = "live"
    service_level: Decimal = Decimal("0.98")
    cover_days: Decimal = Decimal(7)
    target: Decimal = Decimal("0.97")
    """The share of complete order lines that service levels are tuned to."""
    tax_rate: Decimal | None = None
    margin_floor: Decimal = Decimal(0)
    """The least margin; a product whose newest cost leaves less is told of. 0 is no floor."""
    memory_days: Decimal = Decimal(0)
    """How long the forecast remembers, set by hand; 0 leaves it to the replay."""
    memory_chosen: Decimal | None = None
    """What the newest replay chose."""
    lots: str = "auto"
    """What orders are sized by, ``days`` or ``cost``; ``auto`` leaves it to the replay."""
    allocation: Literal["mix", "lines"] = "mix"
    """How one target becomes a level for each item: ``lines`` spares dear goods most."""
    lots_chosen: Decimal | None = None
    """The scale of lots that the newest replay chose; 0 is by days of demand."""
    opens: str = "00:00"
    closes: str = "24:00"
    """Opening hours: a time without stock outside of them is no time without sales."""
    methods: dict[str | None, str] = field(default_factory=dict)
    """How items are reordered: by category, under None for the shop."""
    budgets: list[tuple[str, Decimal]] = field(default_factory=list)
    holding_rates: list[tuple[str, Decimal]] = field(default_factory=list)
    locations: dict[str, str] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    zones: list[tuple[int, str]] = field(default_factory=list)
    days: LocalDays = field(default_factory=lambda: LocalDays([(0, "UTC")]))

    @property
    def tz(self) -> ZoneInfo:
        """Return the shop's present time zone."""
        return zone(self.timezone)

    @property
    def first_location(self) -> str:
        """Return the location a fact without one belongs to."""
        return next(iter(self.locations), FIRST_LOCATION)

    def method_of(self, category: str | None) -> str:
        """Return how items of a category are reordered when they have no policy of their own."""
        return self.methods.get(category) or self.methods.get(None) or "default"

    def owners(self) -> list[str]:
        """Return the members who own the shop."""
        return [member for member, role in self.members.items() if role == "owner"]

    def evolve(self, version: int, event: Event) -> None:
        """Apply one entry of the shop's stream."""
        self.version = version
        match event:
            case e.ShopOpened():
                self._open(event)
            case e.SettingsChanged():
                self._change(event)
            case e.LocationOpened():
                self.locations[event.code] = event.title or event.code
            case e.MemberInvited():
                self.invitations[event.code_hash] = Invitation(event.role, event.expires_at)
            case e.MemberJoined():
                self.members[event.member] = event.role
                if event.code_hash in self.invitations:
                    self.invitations[event.code_hash].used = True
            case e.MemberLeft():
                self.members.pop(event.member, None)
            case e.MemoryChosen():
                self.memory_chosen = event.days
            case e.LotsChosen():
                self.lots_chosen = event.scale
            case e.BudgetSet():
                self.budgets.append((starting(event.effective_from), event.amount))
            case e.HoldingRateSet():
                self.holding_rates.append((starting(event.effective_from), event.rate))
            case e.RoleChanged():
                self.members[event.member] = event.role
            case _:
                pass

    def _open(self, event: e.ShopOpened) -> None:
        self.opened, self.opened_at = True, event.effective_at
        self.title = event.title
        self.currency = event.currency
        self.locale = event.locale
        self.prices = event.prices
        self.clock = event.clock
        self._move_to(event.timezone, 0)

    def _change(self, event: e.SettingsChanged) -> None:
        """Apply what changed; what is absent stays."""
        for attribute in _SETTINGS:
            value = getattr(event, attribute)
            if value is not None:
                setattr(self, attribute, value)
        if event.service_level is not None:
            self.target = event.service_level
        if event.method is not None:
            self.methods[event.category] = event.method
        if event.timezone is not None:
            self._move_to(event.timezone, event.recorded_at)

    def _move_to(self, timezone: str, since: int) -> None:
        self.timezone = timezone
        self.zones.append((since, timezone))
        self.days = LocalDays(tuple(self.zones))
