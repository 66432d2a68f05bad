"""The shop, its places and its people."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

from jitledger.domain.events.catalog import Method
from jitledger.domain.events.envelope import Event

Role = Literal["owner", "buyer", "staff", "viewer"]


class ShopOpened(Event, frozen=True, kw_only=True):
    """The shop exists, with one currency and one time zone."""

    name: ClassVar[str] = "shop-opened"

    title: str
    currency: str
    timezone: str
    locale: str = "en"
    prices: Literal["gross", "net"] = "gross"
    clock: Literal["live", "simulated"] = "live"


class SettingsChanged(Event, frozen=True, kw_only=True):
    """A setting of the shop changed; absent means unchanged.

    ``method`` is for a category when one is named.
    """

    name: ClassVar[str] = "settings-changed"
    word: ClassVar[str] = "settings changed"

    title: str | None = None
    timezone: str | None = None
    locale: str | None = None
    prices: Literal["gross", "net"] | None = None
    service_level: Decimal | None = None
    cover_days: Decimal | None = None
    tax_rate: Decimal | None = None
    method: Method | None = None
    category: str | None = None
    opens: str | None = None
    closes: str | None = None
    margin_floor: Decimal | None = None
    memory_days: Decimal | None = None
    """How long the forecast remembers, set by hand; 0 leaves it to the replay."""
    lots: Literal["days", "cost", "auto"] | None = None
    """What orders are sized by, set by hand; auto leaves it to the replay."""
    allocation: Literal["mix", "lines"] | None = None
    """What a service level is weighed by, see ``weights_of``."""


class MemoryChosen(Event, frozen=True, kw_only=True):
    """A replay of the shop's own sales chose how long the forecast remembers.

    ``takes`` is its evidence: the average stock that each half-life took at the same share of
    complete order lines.
    """

    name: ClassVar[str] = "memory-chosen"
    word: ClassVar[str] = "memory chosen"

    days: Decimal
    takes: dict[str, str] = {}


class LotsChosen(Event, frozen=True, kw_only=True):
    """A replay of the shop's own sales chose how orders are sized.

    ``scale`` 0 is by days of demand, above it by rate and cost. ``takes`` is its evidence: the
    average stock that each took at the same share of complete order lines.
    """

    name: ClassVar[str] = "lots-chosen"
    word: ClassVar[str] = "order size chosen"

    scale: Decimal
    takes: dict[str, str] = {}


class LocationOpened(Event, frozen=True, kw_only=True):
    """Stock can lie at this place."""

    name: ClassVar[str] = "location-opened"
    word: ClassVar[str] = "new location"

    code: str
    title: str | None = None


class MemberInvited(Event, frozen=True, kw_only=True):
    """An invitation: works once, until it expires. Only the code's hash is stored."""

    name: ClassVar[str] = "member-invited"

    code_hash: str
    role: Role
    expires_at: int


class MemberJoined(Event, frozen=True, kw_only=True):
    """Somebody used an invitation."""

    name: ClassVar[str] = "member-joined"
    word: ClassVar[str] = "joined"

    member: str
    role: Role
    code_hash: str | None = None


class MemberLeft(Event, frozen=True, kw_only=True):
    """A member lost access."""

    name: ClassVar[str] = "member-left"
    word: ClassVar[str] = "left"

    member: str


class RoleChanged(Event, frozen=True, kw_only=True):
    """A member may do other things from now on."""

    name: ClassVar[str] = "role-changed"
    word: ClassVar[str] = "role changed"

    member: str
    role: Role


class BudgetSet(Event, frozen=True, kw_only=True):
    """What may be spent on orders in a period."""

    name: ClassVar[str] = "budget-set"

    amount: Decimal
    effective_from: date | None = None


class HoldingRateSet(Event, frozen=True, kw_only=True):
    """What holding stock costs, as a share of its value in a year."""

    name: ClassVar[str] = "holding-rate-set"

    rate: Decimal
    effective_from: date | None = None


class PeriodLocked(Event, frozen=True, kw_only=True):
    """What was reported through this day stays reported."""

    name: ClassVar[str] = "period-locked"

    through: date
