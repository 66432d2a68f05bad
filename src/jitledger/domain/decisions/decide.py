"""The one door: a command, what is known, and the events that follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from jitledger.domain import commands as c
from jitledger.domain import events as e
from jitledger.domain.decisions import (
    catalog,
    corrections,
    facts,
    orders,
    promises,
    suppliers,
    undo,
)
from jitledger.domain.decisions import shop as people
from jitledger.domain.decisions.ground import Draft, Ground
from jitledger.domain.errors import Refused
from jitledger.domain.moments import DAY, Occurred
from jitledger.domain.names import ALERT_STREAM
from jitledger.domain.state.shop import ROLES


def decide(ground: Ground, command: c.Command) -> list[Draft]:
    """Return the drafts a command makes; raises ``Refused`` and then nothing is recorded."""
    if type(command) in FACTS:
        fact = cast(c.Fact, command)
        return _decide_fact(ground, fact, ground.occurred(fact.occurred_at))
    match command:
        case c.VoidEntry():
            return undo.void_entry(ground, command)
        case c.CorrectEntry():
            return corrections.correct_entry(ground, command, _decide_fact)
        case c.ReserveStock():
            return promises.reserve_stock(ground, command)
        case c.ReleaseReservation():
            return promises.release_reservation(ground, command)
        case c.TakeBackorder():
            return promises.take_backorder(ground, command)
        case c.CancelBackorder():
            return promises.cancel_backorder(ground, command)
        case c.SnoozeAlert():
            return _snooze(ground, command)
        case _:
            return _decide_catalog(ground, command)


FACTS: dict[type[c.Command], Callable[[Ground, Any, Occurred | None], list[Draft]]] = {
    c.SellStock: facts.sell_stock,
    c.ReceiveStock: facts.receive_stock,
    c.CountStock: facts.count_stock,
    c.AdjustStock: facts.adjust_stock,
    c.ReturnSale: facts.return_sale,
    c.WriteOffStock: facts.write_off_stock,
    c.TransferStock: facts.transfer_stock,
    c.OpenBalance: facts.open_balance,
    c.ReturnToSupplier: facts.return_to_supplier,
    c.MoveStatus: facts.move_status,
    c.RecordUnmet: facts.record_unmet,
}
"""What is decided often, found by its class."""


def _decide_fact(ground: Ground, command: c.Fact, stated: Occurred | None) -> list[Draft]:
    return FACTS[type(command)](ground, command, stated)


def _decide_catalog(ground: Ground, command: c.Command) -> list[Draft]:
    match command:
        case c.Register():
            return catalog.register(ground, command)
        case c.Rename():
            return catalog.rename(ground, command)
        case c.Retire():
            return catalog.retire(ground, command)
        case c.DefinePack():
            return catalog.define_pack(ground, command)
        case c.SetPrice():
            return catalog.set_price(ground, command)
        case c.SetPolicy():
            return catalog.set_policy(ground, command)
        case c.LinkSupplier():
            return catalog.link_supplier(ground, command)
        case c.RegisterSupplier():
            return suppliers.register_supplier(ground, command)
        case c.AgreeTerms():
            return suppliers.agree_terms(ground, command)
        case c.SetOrderDays():
            return suppliers.set_order_days(ground, command)
        case _:
            return _decide_order(ground, command)


def _decide_order(ground: Ground, command: c.Command) -> list[Draft]:
    match command:
        case c.PlaceOrder():
            return orders.place_order(ground, command)
        case c.DraftOrder():
            return orders.draft_order(ground, command)
        case c.PlaceDraft():
            return orders.place_draft(ground, command)
        case c.ConfirmOrder():
            return orders.confirm_order(ground, command)
        case c.DelayOrder():
            return orders.delay_order(ground, command)
        case c.CancelOrder():
            return orders.cancel_order(ground, command)
        case c.CloseOrder():
            return orders.close_order(ground, command)
        case _:
            return _decide_shop(ground, command)


def _decide_shop(ground: Ground, command: c.Command) -> list[Draft]:
    match command:
        case c.OpenShop():
            return people.open_shop(ground, command)
        case c.ChangeSettings():
            return people.change_settings(ground, command)
        case c.OpenLocation():
            return people.open_location(ground, command)
        case c.InviteMember():
            return people.invite_member(ground, command)
        case c.JoinShop():
            return people.join_shop(ground, command)
        case c.LeaveShop():
            return people.leave_shop(ground, command)
        case c.ChangeRole():
            return people.change_role(ground, command)
        case c.SetBudget():
            return people.set_budget(ground, command)
        case c.SetHoldingRate():
            return people.set_holding_rate(ground, command)
        case _:
            raise AssertionError(f"no decision for {type(command).__name__}")


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
