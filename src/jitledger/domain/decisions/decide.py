"""The one door: a command, what is known, and the events that follow."""

from __future__ import annotations

from typing import cast

from jitledger.domain import commands as c
from jitledger.domain import events as e
from jitledger.domain.decisions import (
    catalog,
    corrections,
    facts,
    orders,
    promises,
    sales,
    shop,
    undo,
)
from jitledger.domain.decisions.ground import DECISIONS, FACTS, Draft, Ground, decides
from jitledger.domain.errors import Refused
from jitledger.domain.moments import DAY
from jitledger.domain.names import ALERT_STREAM
from jitledger.domain.state.shop import ROLES

ROOMS = (catalog, corrections, facts, orders, promises, sales, shop, undo)
"""Their decisions enter the table by themselves."""


def decide(ground: Ground, command: c.Command) -> list[Draft]:
    """Return the drafts a command makes; raises ``Refused`` and then nothing is recorded."""
    fact = FACTS.get(type(command))
    if fact is not None:
        return fact(ground, command, ground.occurred(cast(c.Fact, command).occurred_at))
    return DECISIONS[type(command)](ground, command)


@decides(c.SnoozeAlert)
def _snooze(ground: Ground, command: c.SnoozeAlert) -> list[Draft]:
    item = ground.item(command.sku)
    fields = {"until": ground.present + command.days * DAY}
    return [ground.plain(ALERT_STREAM + item.sku, e.ReorderAlertSnoozed, fields)]


def check_permitted(shop_role: str | None, command: c.Command, member: str) -> None:
    """Raise ``not-permitted`` when a role does not reach for a command."""
    needs = cast(str, type(command).needs)
    if shop_role is not None and ROLES.index(shop_role) <= ROLES.index(needs):
        return
    raise Refused(
        "not-permitted",
        f"Your role is {shop_role or 'none'}; {command.do} needs {needs}.",
        member=member,
        role=shop_role,
        needs=needs,
    )
