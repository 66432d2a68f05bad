"""The CSV formats: which column means what, and which command a row becomes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from jitledger.domain.errors import Refused
from jitledger.domain.json import Json

Row = dict[str, str]
Commands = list[dict[str, object]]

SKU = (
    "sku",
    "code",
    "item",
    "itemcode",
    "product",
    "productcode",
    "stockcode",
    "article",
    "variantsku",
    "artikel",
    "artikelnummer",
    "artnr",
)
QTY = ("qty", "quantity", "units", "pieces", "amount", "menge", "anzahl", "stueck", "stück")
AT = ("at", "location", "warehouse", "store", "lager", "standort", "place")
WHEN = (
    "occurredat",
    "occurred",
    "date",
    "datetime",
    "time",
    "when",
    "day",
    "invoicedate",
    "orderdate",
    "datum",
    "receivedat",
    "soldat",
    "countedat",
)
COST = ("unitcost", "cost", "costprice", "purchaseprice", "buyingprice", "einkaufspreis", "ek")
PRICE = ("unitprice", "price", "saleprice", "sellingprice", "verkaufspreis", "vk", "preis")
NAME = ("name", "title", "description", "productname", "itemname", "bezeichnung", "titel")
SUPPLIER = ("supplier", "vendor", "suppliercode", "vendorcode", "lieferant")
KEY = ("key", "id", "reference", "externalid", "lineid", "transactionid")
NOTE = ("note", "notes", "remark", "comment", "bemerkung")
LEAD = ("leadtimedays", "leadtime", "leaddays", "lieferzeit")
MOQ = ("moq", "minimum", "minimumorder", "minimumorderquantity", "mindestmenge")
PACK = ("pack", "packsize", "packmultiple", "multiple", "case", "casesize", "vpe", "gebinde")


_GERMAN_DATE = re.compile(
    r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T]+(\d{1,2})(:\d{2}(?::\d{2})?))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its fields with their aliases, the required ones, and a row's commands."""

    name: str
    fields: dict[str, tuple[str, ...]]
    required: tuple[str, ...]
    commands: Callable[[Row], Commands]
    dated: bool = True


def header_key(text: str) -> str:
    """Return a header without case, spaces and signs.

    >>> header_key("Unit Cost (EUR)")
    'unitcost'
    """
    return re.sub(r"[\W_]+", "", re.sub(r"\(.*?\)", "", text).casefold())


def map_header(form: Format, header: list[str]) -> dict[int, str]:
    """Return {column: field}; raises ``bad-file`` when a required column is missing."""
    found: dict[int, str] = {}
    for place, cell in enumerate(header):
        for field, aliases in form.fields.items():
            if header_key(cell) in aliases and field not in found.values():
                found[place] = field
                break
    missing = [field for field in form.required if field not in found.values()]
    if missing:
        wanted = ", ".join(f"{m} (or {', '.join(form.fields[m][1:4])})" for m in missing)
        raise Refused(
            "bad-file",
            f"The column {wanted} is missing; the file has {', '.join(header)[:200]}.",
            missing=missing,
        )
    return found


def _pick(row: Row, **names: str) -> Json:
    return {asked: row[field] for asked, field in names.items() if row.get(field)}


def _items(row: Row) -> Commands:
    command = {
        "do": "register",
        **_pick(
            row,
            sku="sku",
            name="name",
            unit="unit",
            mode="mode",
            costing="costing",
            category="category",
        ),
    }
    if row.get("precision"):
        command["precision"] = _whole("precision", row["precision"])
    if row.get("shelf_life_days"):
        command["shelf_life_days"] = _whole("shelf_life_days", row["shelf_life_days"])
    if row.get("barcodes"):
        command["barcodes"] = re.split(r"[\s,;|]+", row["barcodes"].strip())
    commands = [command]
    if row.get("price"):
        commands.append({"do": "price", "sku": row["sku"], "price": row["price"]})
    if row.get("supplier"):
        commands.append({"do": "supplier", "code": row["supplier"]})
        terms = _pick(row, unit_cost="cost", moq="moq", pack="pack")
        commands.append({"do": "terms", "supplier": row["supplier"], "sku": row["sku"], **terms})
    return commands


def _whole(field: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII):
        raise Refused("bad-value", f"{field} is {text!r}: a whole number is expected", field=field)
    return int(text)


def _iso(text: str) -> str:
    """Return a German date as ISO 8601, which is the only one with points; others as they are.

    >>> _iso("21.11.2026"), _iso("1.2.2026 9:30"), _iso("2026-11-21")
    ('2026-11-21', '2026-02-01T09:30', '2026-11-21')
    """
    found = _GERMAN_DATE.fullmatch(text.strip())
    if found is None:
        return text
    day, month, year, hour, rest = found.groups()
    iso = f"{year}-{int(month):02}-{int(day):02}"
    return iso if hour is None else f"{iso}T{int(hour):02}{rest}"


def _fact(do: str, **names: str) -> Callable[[Row], Commands]:
    def build(row: Row) -> Commands:
        common = _pick(row, sku="sku", qty="qty", at="at", occurred_at="when", note="note")
        if "occurred_at" in common:
            common["occurred_at"] = _iso(common["occurred_at"])
        return [{"do": do, **common, **_pick(row, **names)}]

    return build


def _suppliers(row: Row) -> Commands:
    code = row["supplier"]
    commands: Commands = [
        {
            "do": "supplier",
            "code": code,
            **_pick(
                row, name="name", lead_time_days="lead", contact="contact", currency="currency"
            ),
        }
    ]
    if row.get("sku"):
        terms = _pick(row, unit_cost="cost", moq="moq", pack="pack", supplier_sku="supplier_sku")
        commands.append({"do": "terms", "supplier": code, "sku": row["sku"], **terms})
    return commands


_FACT = {"sku": SKU, "qty": QTY, "at": AT, "when": WHEN, "note": NOTE, "key": KEY}
FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        Format(
            "items",
            {
                "sku": SKU,
                "name": NAME,
                "unit": ("unit", "uom", "einheit"),
                "mode": ("mode",),
                "costing": ("costing", "costmethod"),
                "category": ("category", "type", "group", "kategorie", "warengruppe"),
                "precision": ("precision", "decimals"),
                "barcodes": ("barcodes", "barcode", "ean", "gtin", "upc"),
                "shelf_life_days": ("shelflifedays", "shelflife"),
                "price": PRICE,
                "supplier": SUPPLIER,
                "cost": COST,
                "moq": MOQ,
                "pack": PACK,
                "key": KEY,
            },
            ("sku",),
            _items,
            dated=False,
        ),
        Format(
            "counts",
            {**_FACT, "qty": (*QTY, "count", "counted", "onhand", "stock", "bestand", "gezaehlt")},
            ("sku", "qty"),
            _fact("count"),
        ),
        Format(
            "sales",
            {
                **_FACT,
                "price": PRICE,
                "order": ("order", "orderid", "invoice", "invoiceno", "ordername", "bestellung"),
            },
            ("sku", "qty"),
            _fact("sell", unit_price="price", order="order"),
        ),
        Format(
            "receipts",
            {
                **_FACT,
                "cost": COST,
                "supplier": SUPPLIER,
                "lot": ("lot", "batch", "charge"),
                "expiry": ("expiry", "expires", "bestbefore", "mhd"),
            },
            ("sku", "qty"),
            _fact("receive", unit_cost="cost", supplier="supplier", lot="lot", expiry="expiry"),
        ),
        Format(
            "suppliers",
            {
                "supplier": (*SUPPLIER, "code"),
                "name": NAME,
                "lead": LEAD,
                "contact": ("contact", "email", "phone", "kontakt"),
                "currency": ("currency", "waehrung"),
                "sku": tuple(a for a in SKU if a != "code"),
                "cost": COST,
                "moq": MOQ,
                "pack": PACK,
                "supplier_sku": ("suppliersku", "vendorsku"),
                "key": KEY,
            },
            ("supplier",),
            _suppliers,
            dated=False,
        ),
    )
}
