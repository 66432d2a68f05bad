"""Suppliers, their terms and order days."""

from __future__ import annotations

from jitledger.domain import commands as c
from jitledger.domain import events as e
from jitledger.domain.decisions.catalog import item_draft
from jitledger.domain.decisions.ground import Draft, Ground, decides
from jitledger.domain.names import SUPPLIER_STREAM


@decides(c.RegisterSupplier)
def register_supplier(ground: Ground, command: c.RegisterSupplier) -> list[Draft]:
    """Register a supplier, or change its particulars."""
    code = ground.known.claim("supplier", command.code.casefold())
    if code is None:
        code = command.code
        ground.claims.append(("supplier", code.casefold(), code))
    fields = {
        "title": command.name,
        "lead_time_days": command.lead_time_days,
        "review_days": command.review_days,
        "currency": command.currency,
        "minimum_order": command.minimum_order,
        "contact": command.contact,
        "notes": command.notes,
        "agreement_ends": command.agreement_ends,
        "order_cost": command.order_cost,
    }
    return [ground.plain(SUPPLIER_STREAM + code, e.SupplierRegistered, fields)]


@decides(c.AgreeTerms)
def agree_terms(ground: Ground, command: c.AgreeTerms) -> list[Draft]:
    """Agree on terms; the item is linked to its first supplier by them."""
    code = ground.supplier(command.supplier)
    assert code is not None
    item = ground.item(command.sku)
    for quantity in (command.moq, command.pack):
        if quantity is not None:
            ground.quantity(item, quantity)
    fields: dict[str, object] = {
        "sku": item.sku,
        "supplier_sku": command.supplier_sku,
        "unit_cost": command.unit_cost,
        "currency": command.currency,
        "moq": command.moq,
        "pack": command.pack,
        "price_breaks": tuple((b.qty, b.unit_cost) for b in command.price_breaks),
        "lead_time_days": command.lead_time_days,
        "effective_from": command.effective_from,
    }
    drafts = [ground.plain(SUPPLIER_STREAM + code, e.TermsAgreed, fields)]
    if not item.catalog.suppliers:
        linked = {"supplier": code, "preferred": True}
        drafts.append(item_draft(ground, item, e.SupplierLinked, linked))
    return drafts


@decides(c.SetOrderDays)
def set_order_days(ground: Ground, command: c.SetOrderDays) -> list[Draft]:
    """Say on which weekdays orders leave."""
    code = ground.supplier(command.supplier)
    assert code is not None
    fields = {"weekdays": tuple(sorted(set(command.weekdays))), "cutoff": command.cutoff}
    return [ground.plain(SUPPLIER_STREAM + code, e.OrderDaysSet, fields)]
