"""The shop: settings, locations, members. One stream, ``shop``."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from jitledger.domain.moments import LocalDays, zone

ROLES = ("owner", "buyer", "staff", "viewer")
MAY_RECORD = frozenset({"owner", "buyer", "staff"})
MAY_MANAGE = frozenset({"owner"})
MAY_BUY = frozenset({"owner", "buyer"})
FIRST_LOCATION = "main"


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

    def evolve(self, version: int, name: str, data: dict[str, Any]) -> None:
        """Apply one entry of the shop's stream."""
        self.version = version
        match name:
            case "shop-opened":
                self.opened, self.opened_at = True, data["effective_at"]
                self.title = data["title"]
                self.currency = data["currency"]
                self.locale = data.get("locale", "en")
                self.prices = data.get("prices", "gross")
                self.clock = data.get("clock", "live")
                self._move_to(data["timezone"], 0)
            case "settings-changed":
                self._change(data)
            case "location-opened":
                self.locations[data["code"]] = data.get("title") or data["code"]
            case "member-invited":
                invitation = Invitation(data["role"], data["expires_at"])
                self.invitations[data["code_hash"]] = invitation
            case "member-joined":
                self.members[data["member"]] = data["role"]
                if data.get("code_hash") in self.invitations:
                    self.invitations[data["code_hash"]].used = True
            case "member-left":
                self.members.pop(data["member"], None)
            case "budget-set":
                self.budgets.append((data.get("effective_from") or "", Decimal(data["amount"])))
            case "holding-rate-set":
                starts = data.get("effective_from") or ""
                self.holding_rates.append((starts, Decimal(data["rate"])))
            case "role-changed":
                self.members[data["member"]] = data["role"]
            case _:
                pass

    def _change(self, data: dict[str, Any]) -> None:
        for attribute in ("title", "locale", "prices", "opens", "closes"):
            if data.get(attribute) is not None:
                setattr(self, attribute, data[attribute])
        for attribute in ("service_level", "cover_days", "tax_rate", "margin_floor"):
            if data.get(attribute) is not None:
                setattr(self, attribute, Decimal(data[attribute]))
        if data.get("service_level") is not None:
            self.target = Decimal(data["service_level"])
        if data.get("method") is not None:
            self.methods[data.get("category")] = data["method"]
        if data.get("timezone") is not None:
            self._move_to(data["timezone"], data["recorded_at"])

    def _move_to(self, timezone: str, since: int) -> None:
        self.timezone = timezone
        self.zones.append((since, timezone))
        self.days = LocalDays(tuple(self.zones))
