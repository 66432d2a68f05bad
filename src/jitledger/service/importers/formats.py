"""The CSV formats: which column means what, and which command a row becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jitledger.domain.errors import Refused
from jitledger.domain.json import Json
from jitledger.service.importers.headers import best_columns, full_key, names

Row = dict[str, str]
Commands = list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its fields with their aliases, the required ones, and a row's commands."""

    name: str
    fields: dict[str, tuple[str, ...]]
    required: tuple[str, ...]
    commands: Callable[[Row], Commands]


BETWEEN_CODES = re.compile(r"[\s,;|]+")

HINTS = {
    "sku": "code, article, barcode",
    "qty": "quantity, pieces, counted",
    "supplier": "vendor, code",
}
"""What a missing column is called elsewhere."""


def _said(form: Format, header: list[str], chosen: Sequence[tuple[str, str]]) -> dict[int, str]:
    """Return {column: field} of what a person said; raises ``bad-file`` for what is not there."""
    found: dict[int, str] = {}
    for name, wanted in chosen:
        if name not in form.fields:
            known = ", ".join(sorted(form.fields))
            raise Refused(
                "bad-file",
                f"{form.name} has no field {name!r}; its fields are {known}.",
                field=name,
            )
        same = [n for n, cell in enumerate(header) if cell.strip() == wanted.strip()]
        alike = [n for n, cell in enumerate(header) if full_key(cell) == full_key(wanted)]
        places = same or alike
        if len(places) != 1:
            why = "stands there twice" if places else "is not there"
            raise Refused(
                "bad-file",
                f"The column {wanted!r} {why}; the file has {', '.join(header)[:200]}.",
                field=name,
            )
        found[places[0]] = name
    return found


def map_header(
    form: Format, header: list[str], chosen: Sequence[tuple[str, str]] = ()
) -> dict[int, str]:
    """Return {column: field}; raises ``bad-file`` when a required column is missing.

    A barcode is enough to know a product. ``chosen`` are (field, header) that a person said: they
    go before every name.
    """
    said = _said(form, header, chosen)
    free = [cell if column not in said else "" for column, cell in enumerate(header)]
    left = {name: known for name, known in form.fields.items() if name not in said.values()}
    found = best_columns(free, left) | said
    needed = {name: form.fields[name] for name in form.required if name not in found.values()}
    kept = {column for column, name in found.items() if name in form.required}
    kept |= said.keys()
    free = [cell if column not in kept else "" for column, cell in enumerate(header)]
    found |= best_columns(free, needed)  # "Artikel" alone is the code, beside one it is the name.
    fields = {field: column for column, field in found.items()}
    if "sku" in form.required and "sku" not in fields and "barcode" in fields:
        found[fields["barcode"]] = "sku"
    if "time" in fields and "when" not in fields:
        found[fields["time"]] = "when"
    missing = [field for field in form.required if field not in found.values()]
    if missing:
        wanted = ", ".join(f"{name} (or {HINTS[name]})" for name in missing)
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
    commands: Commands = [command]
    if row.get("precision"):
        command["precision"] = _whole("precision", row["precision"])
    if row.get("shelf_life_days"):
        command["shelf_life_days"] = _whole("shelf_life_days", row["shelf_life_days"])
    if row.get("barcodes"):
        command["barcodes"] = BETWEEN_CODES.split(row["barcodes"].strip())
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


def _fact(do: str, **names: str) -> Callable[[Row], Commands]:
    def build(row: Row) -> Commands:
        common = _pick(
            row, sku="sku", qty="qty", at="at", occurred_at="when", note="note", pack="pack"
        )
        return [{"do": do, **common, **_pick(row, **names)}]

    return build


def _sales(row: Row) -> Commands:
    if _REFUND.search(row.get("event", "")) or row.get("qty", "").startswith("-"):
        back = {**row, "qty": row["qty"].lstrip("-")}
        return _fact("return", order="order")(back)
    return _fact("sell", unit_price="price", order="order")(row)


_REFUND = re.compile(
    "refund|return|retour|rückgabe|erstattung|devoluci|reembolso|rimborso|^reso|rembours|teruggave",
    re.IGNORECASE,
)


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


_N = names()
_FACT = {
    "sku": _N["sku"],
    "qty": _N["qty"],
    "at": _N["at"],
    "when": _N["when"],
    "time": _N["time"],
    "zone": _N["zone"],
    "note": _N["note"],
    "key": _N["key"],
    "ref": _N["ref"],
    "barcode": _N["barcode"],
    "name": _N["name"],
    "unit": _N["unit"],
    "status": _N["status"],
    "currency": _N["currency"],
}
FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        Format(
            "items",
            {
                "sku": _N["sku"],
                "name": _N["name"],
                "unit": _N["unit"],
                "mode": ("mode",),
                "costing": ("costing", "costmethod"),
                "category": _N["category"],
                "precision": ("precision", "decimals"),
                "barcodes": _N["barcode"],
                "shelf_life_days": ("shelflifedays", "shelflife"),
                "price": _N["price"],
                "supplier": _N["supplier"],
                "cost": _N["cost"],
                "moq": _N["moq"],
                "pack": _N["pack"],
                "key": _N["key"],
                "currency": _N["currency"],
                "handle": ("handle", "urlhandle"),
                "option1": ("option1value",),
                "option2": ("option2value",),
                "option3": ("option3value",),
                "kind": ("type",),
            },
            ("sku",),
            _items,
        ),
        Format(
            "counts",
            {**_FACT, "qty": _N["counted"], "known": ("known",)},
            ("sku", "qty"),
            _fact("count"),
        ),
        Format(
            "sales",
            {
                **_FACT,
                "price": _N["price"],
                "total": _N["total"],
                "less": ("discountofline",),
                "event": _N["event"],
                "order": ("order", "orderid", "invoice", "invoiceno", "ordername", "bestellung"),
            },
            ("sku", "qty"),
            _sales,
        ),
        Format(
            "receipts",
            {
                **_FACT,
                "qty": _N["received"],
                "cost": (*_N["cost"], *_N["any_price"]),
                "supplier": _N["supplier"],
                "lot": ("lot", "batch", "charge"),
                "expiry": ("expiry", "expires", "bestbefore", "mhd"),
            },
            ("sku", "qty"),
            _fact(
                "receive",
                unit_cost="cost",
                supplier="supplier",
                lot="lot",
                expiry="expiry",
            ),
        ),
        Format(
            "suppliers",
            {
                "supplier": (*_N["supplier"], "code"),
                "name": _N["name"],
                "lead": _N["lead"],
                "contact": ("contact", "email", "phone", "kontakt"),
                "currency": ("currency", "waehrung"),
                "sku": tuple(a for a in _N["sku"] if a != "code"),
                "cost": _N["cost"],
                "moq": _N["moq"],
                "pack": _N["pack"],
                "supplier_sku": ("suppliersku", "vendorsku"),
                "key": _N["key"],
            },
            ("supplier",),
            _suppliers,
        ),
    )
}
