"""Products, suppliers and terms."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from jitledger.domain import commands as c
from jitledger.domain import events as e
from jitledger.domain.decisions.ground import Draft, Ground, decides
from jitledger.domain.errors import Refused, bad_value
from jitledger.domain.names import (
    SUPPLIER_STREAM,
    barcode_forms,
    holder_of_barcode,
    normalise,
    stream_of,
)
from jitledger.domain.quantity import ZERO
from jitledger.domain.state.stock_item import StockItem


@decides(c.Register)
def register(ground: Ground, command: c.Register) -> list[Draft]:
    """Register a product under a normalised SKU and barcodes nobody else holds."""
    found = ground.known.find_sku(command.sku)
    if found is not None and ground.known.item(found).catalog.registered:
        other = "" if found == command.sku else f" as {found!r}"
        raise Refused(
            "duplicate-sku",
            f"{command.sku!r} is registered already{other}; use it, or choose another code.",
            sku=command.sku,
            existing=found,
        )
    sku = found or command.sku
    if "/" in sku and sku.rpartition("/")[2].isdigit() and not sku.rpartition("/")[0]:
        raise bad_value("sku", sku, "it reads like the name of an entry")
    if found is None:
        _claim_sku(ground, sku)
    claim_barcodes(ground, sku, command.barcodes)
    merged: dict[str, Decimal] = {}
    for line in command.components:
        component = ground.sku(line.sku)
        merged[component] = merged.get(component, ZERO) + line.qty
    components = tuple(merged.items())
    for part, _ in components:
        if ground.known.item(part).catalog.components:
            raise bad_value("components", part, "a bundle cannot hold a bundle")
    return [
        ground.plain(
            stream_of(sku),
            e.ItemRegistered,
            {
                "title": command.name or sku,
                "unit": command.unit,
                "precision": command.precision,
                "mode": command.mode,
                "costing": command.costing,
                "barcodes": tuple(command.barcodes),
                "category": command.category,
                "variant_of": None
                if command.variant_of is None
                else ground.sku(command.variant_of),
                "components": components,
                "shelf_life_days": command.shelf_life_days,
                "tax_rate": command.tax_rate,
                "analog_of": None if command.analog_of is None else ground.sku(command.analog_of),
            },
        )
    ]


def _claim_sku(ground: Ground, sku: str) -> None:
    """Claim a SKU; who held the value by an older rule of spelling gets one of its own."""
    value = normalise(sku)
    holder = ground.known.claim("sku", value)
    if holder is not None:
        ground.claims.append(("sku", normalise(holder), holder))
    ground.claims.append(("sku", value, sku))


def claim_barcodes(ground: Ground, sku: str, barcodes: Iterable[str]) -> None:
    """Claim barcodes for a product; one that another product holds now is refused."""
    for barcode in dict.fromkeys(barcodes):
        form = barcode_forms(barcode)[0]
        holder = holder_of_barcode(ground.known.claim, barcode)
        if holder is not None and holder != sku:
            other = ground.known.item(holder).catalog
            if other.registered and form in {barcode_forms(b)[0] for b in other.barcodes}:
                raise Refused(
                    "duplicate-barcode",
                    f"Barcode {barcode} belongs to {holder} already.",
                    barcode=barcode,
                    sku=holder,
                )
        if holder != sku:
            ground.claims.append(("barcode", form, sku))


@decides(c.Rename)
def rename(ground: Ground, command: c.Rename) -> list[Draft]:
    """Change a product's properties; its SKU never changes."""
    item = ground.item(command.sku)
    if command.barcodes is not None:
        claim_barcodes(ground, item.sku, command.barcodes)
    fields: dict[str, object] = {
        "title": command.name,
        "category": command.category,
        "mode": command.mode,
        "costing": command.costing,
        "barcodes": None if command.barcodes is None else tuple(command.barcodes),
        "shelf_life_days": command.shelf_life_days,
        "tax_rate": command.tax_rate,
        "analog_of": None if command.analog_of is None else ground.sku(command.analog_of),
    }
    if all(value is None for value in fields.values()):
        raise bad_value("rename", command.sku, "nothing to change was given")
    return [item_draft(ground, item, e.ItemRenamed, fields)]


def item_draft(
    ground: Ground, item: StockItem, event: type[e.Event], fields: dict[str, Any]
) -> Draft:
    """Return a draft in an item's stream, without a stated time."""
    return ground.plain(stream_of(item.sku), event, fields)


@decides(c.Retire)
def retire(ground: Ground, command: c.Retire) -> list[Draft]:
    """Stop ordering a product; facts are still recorded."""
    item = ground.item(command.sku)
    if item.catalog.retired:
        raise Refused("already-retired", f"{item.sku} is retired already.", sku=item.sku)
    return [item_draft(ground, item, e.ItemRetired, {})]


@decides(c.DefinePack)
def define_pack(ground: Ground, command: c.DefinePack) -> list[Draft]:
    """Say what a pack holds from a day on."""
    item = ground.item(command.sku)
    ground.quantity(item, command.factor)
    starts = command.effective_from
    if starts is None and command.code.casefold() in item.catalog.packs:
        starts = ground.today  # Before, it held what it held.
    fields = {"code": command.code, "factor": command.factor, "effective_from": starts}
    return [item_draft(ground, item, e.PackDefined, fields)]


@decides(c.SetPrice)
def set_price(ground: Ground, command: c.SetPrice) -> list[Draft]:
    """Set the selling price from a day on."""
    item = ground.item(command.sku)
    own = ground.shop.currency
    if command.currency not in (None, own):
        raise bad_value("currency", command.currency, "prices are kept in {own}", own=own)
    fields = {
        "price": command.price,
        "currency": None,
        "tax_included": command.tax_included,
        "effective_from": command.effective_from,
    }
    return [item_draft(ground, item, e.PriceSet, fields)]


@decides(c.SetPolicy)
def set_policy(ground: Ground, command: c.SetPolicy) -> list[Draft]:
    """Say how an item is reordered; ``manual`` needs a reorder point."""
    item = ground.item(command.sku)
    if command.method == "manual" and command.reorder_point is None:
        raise bad_value("reorder_point", None, "the manual method needs one")
    if command.method == "min-max" and None in (command.reorder_point, command.order_up_to):
        raise bad_value("order_up_to", None, "min-max needs reorder_point and order_up_to")
    if (
        command.order_up_to is not None
        and command.reorder_point is not None
        and command.order_up_to <= command.reorder_point
    ):
        raise bad_value("order_up_to", command.order_up_to, "it must be above the reorder point")
    if command.at is not None and command.reorder_point is None:
        raise bad_value(
            "reorder_point",
            None,
            "a policy for {at} alone needs one; what is computed is for the whole shop",
            at=command.at,
        )
    fields = {
        "location": None if command.at is None else ground.location(command.at),
        "method": command.method,
        "reorder_point": command.reorder_point,
        "order_quantity": command.order_quantity,
        "order_up_to": command.order_up_to,
        "service_level": command.service_level,
        "cover_days": command.cover_days,
        "demand_per_day": command.demand_per_day,
        "effective_from": command.effective_from,
    }
    return [item_draft(ground, item, e.PolicySet, fields)]


@decides(c.LinkSupplier)
def link_supplier(ground: Ground, command: c.LinkSupplier) -> list[Draft]:
    """Say from whom an item is ordered from a day on."""
    item = ground.item(command.sku)
    fields = {
        "supplier": ground.supplier(command.supplier),
        "preferred": command.preferred,
        "effective_from": command.effective_from,
    }
    return [item_draft(ground, item, e.SupplierLinked, fields)]


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
