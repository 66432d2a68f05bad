"""Supply: suppliers and what each product costs there, for lists over many items."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from jitledger.domain.supplier import Supplier
from jitledger.service.projection import Batch
from jitledger.store.database import Tx


class Supply:
    """The projection ``supply``."""

    name = "supply"
    version = 1

    def definitions(self, dialect: str) -> dict[str, str]:
        """Return the tables' definitions."""
        return {
            "suppliers": "CREATE TABLE {name} (code TEXT PRIMARY KEY, title TEXT NOT NULL, "
            "lead_time_days TEXT, review_days TEXT NOT NULL, currency TEXT, minimum_order TEXT, "
            "contact TEXT) /*clustered*/",
            "terms": "CREATE TABLE {name} (supplier TEXT NOT NULL, sku TEXT NOT NULL, "
            "dated TEXT NOT NULL, PRIMARY KEY (supplier, sku)) /*clustered*/",
        }

    def apply(self, tx: Tx, batch: Batch, suffix: str) -> None:
        """Write the suppliers that changed and the terms that are new."""
        for change, supplier in batch.suppliers():
            if not suffix:
                tx.execute("DELETE FROM suppliers WHERE code = ?", (supplier.code,))
            tx.execute(
                f"INSERT INTO suppliers{suffix} VALUES (?, ?, ?, ?, ?, ?, ?)", _row(supplier)
            )
            touched = {d["sku"] for _, name, d in change.entries if name == "terms-agreed"}
            chosen = supplier.terms if change.whole else touched
            rows = [(supplier.code, sku, _dated(supplier, sku)) for sku in chosen]
            if change.whole and not suffix:
                tx.execute("DELETE FROM terms WHERE supplier = ?", (supplier.code,))
            if rows:
                tx.executemany(
                    f"INSERT INTO terms{suffix} VALUES (?, ?, ?) "
                    "ON CONFLICT (supplier, sku) DO UPDATE SET dated = excluded.dated",
                    rows,
                )


def _row(s: Supplier) -> tuple[Any, ...]:
    def text(value: Decimal | None) -> str | None:
        return None if value is None else format(value, "f")

    return (
        s.code,
        s.title or s.code,
        text(s.lead_time_days),
        format(s.review_days, "f"),
        s.currency,
        text(s.minimum_order),
        s.contact,
    )


def _dated(supplier: Supplier, sku: str) -> str:
    kept = (
        "supplier_sku",
        "unit_cost",
        "currency",
        "moq",
        "pack",
        "lead_time_days",
        "price_breaks",
    )
    return orjson.dumps(
        [
            [starts, {k: data[k] for k in kept if data.get(k) is not None}]
            for starts, data in supplier.terms[sku]
        ]
    ).decode()


@dataclass(frozen=True, slots=True)
class SupplierRow:
    """One supplier."""

    code: str
    title: str
    lead_time_days: Decimal | None
    review_days: Decimal
    currency: str | None
    minimum_order: Decimal | None
    contact: str | None


def suppliers(tx: Tx) -> dict[str, SupplierRow]:
    """Return every supplier by its code."""
    rows = tx.all(
        "SELECT code, title, lead_time_days, review_days, currency, minimum_order, contact "
        "FROM suppliers ORDER BY code"
    )

    def number(text: str | None) -> Decimal | None:
        return None if text is None else Decimal(text)

    return {
        r[0]: SupplierRow(r[0], r[1], number(r[2]), Decimal(r[3]), r[4], number(r[5]), r[6])
        for r in rows
    }


def terms(tx: Tx, today: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the terms in force on a day by (supplier, SKU)."""
    found = {}
    for supplier, sku, dated in tx.all("SELECT supplier, sku, dated FROM terms"):
        best: tuple[str, dict[str, Any]] | None = None
        for starts, data in orjson.loads(dated):
            if starts <= today and (best is None or starts >= best[0]):
                best = (starts, data)
        if best is not None:
            found[supplier, sku] = best[1]
    return found
