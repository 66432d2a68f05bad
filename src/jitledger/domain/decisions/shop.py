"""The shop itself: opening, settings, locations, members and roles."""

from __future__ import annotations

from jitledger.domain import commands as c
from jitledger.domain import events as e
from jitledger.domain.decisions.ground import Draft, Ground, decides
from jitledger.domain.errors import Refused, bad_value
from jitledger.domain.moments import MINUTE, zone
from jitledger.domain.names import SHOP_STREAM
from jitledger.domain.state.shop import FIRST_LOCATION


@decides(c.OpenShop)
def open_shop(ground: Ground, command: c.OpenShop) -> list[Draft]:
    """Open the shop with its first location, ``main``."""
    if ground.shop.opened:
        raise Refused("shop-is-open", f"The shop {ground.shop.title!r} is open already.")
    zone(command.timezone)
    fields = {
        "title": command.name,
        "currency": command.currency,
        "timezone": command.timezone,
        "locale": command.locale,
        "prices": command.prices,
        "clock": command.clock,
    }
    return [
        ground.plain(SHOP_STREAM, e.ShopOpened, fields),
        ground.plain(SHOP_STREAM, e.LocationOpened, {"code": FIRST_LOCATION}),
    ]


@decides(c.ChangeSettings)
def change_settings(ground: Ground, command: c.ChangeSettings) -> list[Draft]:
    """Change settings; a new time zone moves nothing that is recorded."""
    if command.timezone is not None:
        zone(command.timezone)
    fields: dict[str, object] = {
        "title": command.name,
        "timezone": command.timezone,
        "locale": command.locale,
        "prices": command.prices,
        "service_level": command.service_level,
        "cover_days": command.cover_days,
        "tax_rate": command.tax_rate,
        "method": command.method,
        "category": command.category,
        "opens": command.opens,
        "closes": command.closes,
        "margin_floor": command.margin_floor,
        "memory_days": command.memory_days,
        "lots": command.lots,
        "allocation": command.allocation,
    }
    opens, closes = command.opens or ground.shop.opens, command.closes or ground.shop.closes
    if opens >= closes:
        raise bad_value(
            "closes", closes, "the shop opens at {opens}; it closes later that day", opens=opens
        )
    if command.category is not None and command.method is None:
        raise bad_value("category", command.category, "a category is named with its method")
    if all(value is None for value in fields.values()):
        raise bad_value("settings", "", "nothing to change was given")
    return [ground.plain(SHOP_STREAM, e.SettingsChanged, fields)]


@decides(c.ChooseMemory)
def choose_memory(ground: Ground, command: c.ChooseMemory) -> list[Draft]:
    """Note which memory a replay chose, with its evidence."""
    if command.days <= 0:
        raise bad_value("days", command.days, "a number of days is expected, like 14")
    fields = {"days": command.days, "takes": command.takes}
    return [ground.plain(SHOP_STREAM, e.MemoryChosen, fields)]


@decides(c.ChooseLots)
def choose_lots(ground: Ground, command: c.ChooseLots) -> list[Draft]:
    """Note which order size a replay chose, with its evidence."""
    if command.scale < 0:
        raise bad_value("scale", command.scale, "0 is by days of demand, 1 by rate and cost")
    fields = {"scale": command.scale, "takes": command.takes}
    return [ground.plain(SHOP_STREAM, e.LotsChosen, fields)]


@decides(c.OpenLocation)
def open_location(ground: Ground, command: c.OpenLocation) -> list[Draft]:
    """Open a location; opening it again changes its name only."""
    taken = [code for code in ground.shop.locations if code.casefold() == command.code.casefold()]
    code = taken[0] if taken else command.code
    if taken and command.name in (None, ground.shop.locations[code]):
        return []
    fields = {"code": code, "title": command.name}
    return [ground.plain(SHOP_STREAM, e.LocationOpened, fields)]


@decides(c.InviteMember)
def invite_member(ground: Ground, command: c.InviteMember) -> list[Draft]:
    """Invite with a role; the code works once, until it expires."""
    ground.claims.append(("invitation", command.code_hash, command.role))
    fields = {
        "code_hash": command.code_hash,
        "role": command.role,
        "expires_at": ground.present + command.minutes * MINUTE,
    }
    return [ground.plain(SHOP_STREAM, e.MemberInvited, fields)]


@decides(c.JoinShop)
def join_shop(ground: Ground, command: c.JoinShop) -> list[Draft]:
    """Use an invitation; a used, expired or unknown one is refused in the same words."""
    invitation = ground.shop.invitations.get(command.code_hash)
    if invitation is None or invitation.used or invitation.expires_at < ground.present:
        raise Refused(
            "bad-invitation", "This invitation is not valid (any more); ask for a new one."
        )
    fields = {
        "member": command.member,
        "role": invitation.role,
        "code_hash": command.code_hash,
    }
    return [ground.plain(SHOP_STREAM, e.MemberJoined, fields)]


@decides(c.LeaveShop)
def leave_shop(ground: Ground, command: c.LeaveShop) -> list[Draft]:
    """Take a member's access; the last owner cannot leave."""
    _check_member(ground, command.member)
    if ground.shop.owners() == [command.member]:
        raise Refused("last-owner", "The last owner cannot leave; make somebody else owner first.")
    return [ground.plain(SHOP_STREAM, e.MemberLeft, {"member": command.member})]


@decides(c.ChangeRole)
def change_role(ground: Ground, command: c.ChangeRole) -> list[Draft]:
    """Give a member another role; one owner must remain."""
    _check_member(ground, command.member)
    if command.role != "owner" and ground.shop.owners() == [command.member]:
        raise Refused("last-owner", "The last owner stays owner; make somebody else owner first.")
    fields = {"member": command.member, "role": command.role}
    return [ground.plain(SHOP_STREAM, e.RoleChanged, fields)]


def _check_member(ground: Ground, member: str) -> None:
    if member not in ground.shop.members:
        raise Refused("unknown-member", f"There is no member {member!r}.", member=member)


@decides(c.SetBudget)
def set_budget(ground: Ground, command: c.SetBudget) -> list[Draft]:
    """Say what may be spent on orders."""
    fields = {"amount": command.amount, "effective_from": command.effective_from}
    return [ground.plain(SHOP_STREAM, e.BudgetSet, fields)]


@decides(c.SetHoldingRate)
def set_holding_rate(ground: Ground, command: c.SetHoldingRate) -> list[Draft]:
    """Say what holding stock costs in a year."""
    fields = {"rate": command.rate, "effective_from": command.effective_from}
    return [ground.plain(SHOP_STREAM, e.HoldingRateSet, fields)]
