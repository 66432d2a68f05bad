"""What a row says, in the shop's own terms: its products, packs, prices and suppliers."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

from jitledger.domain import commands as c
from jitledger.domain.commands import Command
from jitledger.domain.errors import LedgerError, Refused, bad_value
from jitledger.domain.json import Json
from jitledger.domain.moments import local_date
from jitledger.domain.names import holder_of_barcode, is_gtin, normalise, singulars
from jitledger.domain.quantity import show
from jitledger.domain.state.catalog import Catalog
from jitledger.domain.state.dated import in_force
from jitledger.domain.state.stock_item import StockItem
from jitledger.domain.state.supplier import Supplier
from jitledger.service.cache import Cache
from jitledger.service.importers.formats import BETWEEN_CODES, Format, Row
from jitledger.service.importers.headers import names
from jitledger.service.importers.numbers import each

COUNTED_TWICE = "it is counted twice here, with two numbers; write one row with what is there"
NOT_DIVIDED = "it does not divide by what the pack holds; write the price of one"
TWO_PRODUCTS = "the code is of one product and the barcode of another"
WRONG_DIGIT = "the last digit of this barcode does not fit; look at it again"


def in_the_shop(fields: Row, form: Format, known: Cache, present: int, ignored: list[str]) -> Row:
    """Return the fields of a row with the shop's own code, pack and what is new of a product."""
    if form.name == "items":
        return _catalog(fields, known, ignored)
    found = dict(fields)
    if form.name == "suppliers":
        return found
    found["sku"] = _sku(fields, known)
    unit = fields.get("unit", "").rstrip(".").casefold()
    sku = known.find_sku(found["sku"])
    if unit and sku is not None:
        _in_packs(found, unit, known.item(sku), str(local_date(present, known.shop.tz)))
    return found


def _sku(fields: Row, known: Cache) -> str:
    """Return the code of a row's product: by its code, else by a barcode of any length.

    Raises ``bad-value`` when both are known and name two products.
    """
    sku, barcode = fields.get("sku", ""), fields.get("barcode", "")
    by_code = known.find_sku(sku) or _by_barcode(sku, known) if sku else None
    by_barcode = _by_barcode(barcode, known) if barcode else None
    if by_code and by_barcode and by_code != by_barcode:
        raise bad_value("sku", f"{sku}, {barcode}", TWO_PRODUCTS)
    return by_code or by_barcode or sku or barcode


def _by_barcode(text: str, known: Cache) -> str | None:
    """Return who holds a barcode; zeros in front make no other one of it."""
    return holder_of_barcode(known.claim, re.sub(r"[\s-]", "", text)) or holder_of_barcode(
        known.claim, text
    )


def _in_packs(found: Row, unit: str, item: StockItem, today: str) -> None:
    """Say what was counted: pieces, the product's own unit, or a pack that it knows."""
    if unit in names()["pieces"] or unit == item.catalog.unit.casefold():
        return
    packs = item.catalog.packs
    code = next((one for one in singulars(unit) if one in packs), unit)
    found["pack"] = code
    factor = in_force(packs.get(code, ()), today)
    if factor is None:
        return  # The ledger says that it does not know this pack.
    for name in ("cost", "price"):
        if found.get(name):
            one = each(found[name], show(factor))
            if one is None:
                raise bad_value(name, found[name], NOT_DIVIDED)
            found[name] = one


def _catalog(fields: Row, known: Cache, ignored: list[str]) -> Row:
    """Check a product's row: its barcodes, and that its name is the one the shop knows it by."""
    for code in BETWEEN_CODES.split(fields.get("barcodes", "")):
        if code.isdigit() and len(code) in (8, 12, 13, 14) and not is_gtin(code):
            raise bad_value("barcodes", code, WRONG_DIGIT)
    sku, name = fields.get("sku", ""), fields.get("name", "")
    found = known.find_sku(sku) if sku else None
    if sku and found is None and not name and ignored:
        raise Refused(
            "missing-field",
            f"{sku} is new and has no name; which column is the name? "
            f"Not read: {', '.join(ignored)[:100]}.",
            field="name",
        )
    if found is not None and name:
        title = known.item(found).catalog.title
        if not _words(title) & _words(name):
            raise Refused(
                "duplicate-sku",
                f"{found} is {title!r} here and {name!r} in the file; is it the same product?",
                sku=found,
            )
    return dict(fields)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


class Twice:
    """Finds what a file counts twice, at one place and time, with two numbers."""

    def __init__(self, form: Format) -> None:
        self._counts = form.name == "counts"
        self._line = 0
        self._seen: dict[tuple[str, ...], tuple[int, str]] = {}
        self.lines: set[int] = set()

    def begin(self, line: int) -> None:
        """Go on to the next row."""
        self._line = line

    def check(self, fields: Row) -> None:
        """Look at a count; of two that differ neither is taken."""
        if not self._counts:
            return
        sku = normalise(fields.get("sku", ""))
        what = (sku, fields.get("at", "").casefold(), fields.get("when", ""))
        counted = fields.get("qty", "") + fields.get("pack", "")
        line, before = self._seen.setdefault(what, (self._line, counted))
        if counted != before:
            self.lines |= {line, self._line}

    def refusal(self) -> LedgerError:
        """Return what is said of such a row."""
        return bad_value("qty", "", COUNTED_TWICE)


def is_there(command: Command, known: Cache, present: int) -> bool:
    """Return whether what a row of the catalog says is so already: then nothing is recorded."""
    today = str(local_date(present, known.shop.tz))
    match command:
        case c.Register():
            return known.find_sku(command.sku) is not None
        case c.SetPrice():
            sku = known.find_sku(command.sku)
            return sku is not None and known.item(sku).catalog.price(today) == command.price
        case c.RegisterSupplier():
            supplier = _supplier(command.code, known)
            if supplier is None:
                return False
            said = (
                (command.name, supplier.title),
                (command.lead_time_days, supplier.lead_time_days),
                (command.contact, supplier.contact),
                (command.currency, supplier.currency),
            )
            return all(new is None or new == old for new, old in said)
        case c.AgreeTerms():
            supplier = _supplier(command.supplier, known)
            sku = known.find_sku(command.sku)
            dated = supplier.terms.get(sku, ()) if supplier and sku else ()
            terms = in_force(dated, today)
            return terms is not None and all(
                getattr(command, name) in (None, getattr(terms, name))
                for name in ("unit_cost", "moq", "pack", "supplier_sku")
            )
        case _:
            return False


def _supplier(code: str, known: Cache) -> Supplier | None:
    found = known.claim("supplier", code.casefold())
    return None if found is None else known.supplier(found)


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one product, before and after; ``before`` is empty where nothing was known."""

    line: int
    sku: str
    field: str
    before: str
    after: str

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return asdict(self)


def as_update(command: Command, known: Cache) -> Json | None:
    """Return the command that brings a known product up to date; None when it says nothing new.

    Only what a row says counts: an empty cell takes nothing away, and barcodes are added.
    """
    assert isinstance(command, c.Register)
    sku = known.find_sku(command.sku)
    assert sku is not None
    listed = _said(command, known.item(sku).catalog)
    fields = {name: said for name, said, is_now in listed if said and said != is_now}
    return {"do": "rename", "sku": sku, **fields} if fields else None


def _said(command: c.Register, catalog: Catalog) -> list[tuple[str, object, object]]:
    """Return (field, what the row says, what is known) of what may change."""
    codes = [*catalog.barcodes, *(b for b in command.barcodes if b not in catalog.barcodes)]
    return [
        ("name", command.name, catalog.title),
        ("category", command.category, catalog.category),
        ("barcodes", codes if command.barcodes else None, list(catalog.barcodes)),
        ("shelf_life_days", command.shelf_life_days, catalog.shelf_life_days),
    ]


def changes_of(line: int, command: Command, known: Cache, present: int) -> list[Change]:
    """Return what a command changes of a product that is known, as people see it."""
    sku = known.find_sku(getattr(command, "sku", "") or "")
    if sku is None:
        return []
    catalog, today = known.item(sku).catalog, str(local_date(present, known.shop.tz))
    match command:
        case c.Rename():
            before = {
                "name": catalog.title,
                "category": catalog.category or "",
                "barcodes": ", ".join(catalog.barcodes),
                "shelf_life_days": str(catalog.shelf_life_days or ""),
            }
            said = command.model_dump(exclude_none=True, include=set(before))
            return [Change(line, sku, name, before[name], _plain(said[name])) for name in said]
        case c.SetPrice():
            price = catalog.price(today)
            old = "" if price is None else show(price)
            return [Change(line, sku, "price", old, show(command.price))]
        case c.AgreeTerms():
            return _terms(line, sku, command, known, today)
        case _:
            return []


def _terms(line: int, sku: str, command: c.AgreeTerms, known: Cache, today: str) -> list[Change]:
    code = known.claim("supplier", command.supplier.casefold())
    supplier = None if code is None else known.supplier(code)
    dated = supplier.terms.get(sku, ()) if supplier is not None else ()
    terms = in_force(dated, today)
    found = []
    for name in ("unit_cost", "moq", "pack"):
        new, old = getattr(command, name), getattr(terms, name, None)
        if new is not None and new != old:
            found.append(Change(line, sku, name, "" if old is None else show(old), show(new)))
    return found


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
