"""The shop, its places and its people."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from jitledger.domain.commands.base import Command
from jitledger.domain.commands.fields import (
    Code,
    Cover,
    Currency,
    Day,
    Days,
    Floor,
    Locale,
    Money,
    Share,
    Text,
)
from jitledger.domain.events import Role


class OpenLocation(Command):
    """Open a place where stock lies."""

    do: ClassVar[str] = "location"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    code: Code
    name: Text | None = None


class ChangeSettings(Command):
    """Change the shop's settings; absent fields stay."""

    do: ClassVar[str] = "settings"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    name: Text | None = None
    timezone: Text | None = None
    locale: Locale | None = None
    prices: Literal["gross", "net"] | None = None
    service_level: Share | None = None
    cover_days: Cover | None = None
    tax_rate: Share | None = None
    method: Literal["default", "textbook", "velocity"] | None = None
    category: Text | None = None
    opens: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None
    closes: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")] | None = None
    margin_floor: Floor | None = None
    """The least margin, as a share of the net price; 0 is no floor."""
    memory_days: Days | None = None
    """After so many days an order line counts half; 0 leaves it to the replay."""
    lots: Literal["days", "cost", "auto"] | None = None
    """What orders are sized by; auto leaves it to the replay."""
    allocation: Literal["mix", "lines"] | None = None
    """How one target becomes a level for each item."""


class ChooseMemory(Command):
    """Note what a replay chose: after so many days an order line counts half, and the evidence."""

    do: ClassVar[str] = "memory"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    days: Days
    takes: dict[str, str] = {}


class ChooseLots(Command):
    """Note what a replay chose: orders sized by days of demand (0) or by rate and cost."""

    do: ClassVar[str] = "lots"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    scale: Money
    takes: dict[str, str] = {}


class OpenShop(Command):
    """Open the shop."""

    do: ClassVar[str] = "init"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    name: Text
    currency: Currency = "EUR"
    timezone: Text = "UTC"
    locale: Locale = "en"
    prices: Literal["gross", "net"] = "gross"
    clock: Literal["live", "simulated"] = "live"


class InviteMember(Command):
    """Invite somebody with a role; the code itself is never stored."""

    do: ClassVar[str] = "invite"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    role: Role
    code_hash: Code
    minutes: int = Field(15, ge=1, le=100_000)


class JoinShop(Command):
    """Use an invitation."""

    do: ClassVar[str] = "join"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "viewer"
    member: Code
    code_hash: Code


class LeaveShop(Command):
    """A member loses access; the last owner cannot leave."""

    do: ClassVar[str] = "leave"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    member: Code


class ChangeRole(Command):
    """Give a member another role."""

    do: ClassVar[str] = "role"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    member: Code
    role: Role


class SetBudget(Command):
    """Say what may be spent on orders."""

    do: ClassVar[str] = "budget"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    amount: Money
    effective_from: Day | None = None


class SetHoldingRate(Command):
    """Say what holding stock costs in a year, as a share of its value."""

    do: ClassVar[str] = "holding-rate"
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "owner"
    rate: Share
    effective_from: Day | None = None
