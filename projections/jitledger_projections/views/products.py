"""Products: the catalog as a list, and full-text search over codes, names and barcodes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from jitledger.domain.events import (
    MOVES,
    ItemRegistered,
    ItemRenamed,
    ItemRetired,
    PackDefined,
    PolicySet,
    PriceSet,
    SupplierLinked,
)
from jitledger.domain.names import folded, without_signs
from jitledger.domain.state.dated import in_force
from jitledger.domain.state.stock_item import StockItem
from jitledger.service.views.contract import Batch
from jitledger.store.codec import stored_fields
from jitledger.store.database import Tx

CATALOG = (
    ItemRegistered,
    ItemRenamed,
    ItemRetired,
    PackDefined,
    PriceSet,
    PolicySet,
    SupplierLinked,
)
COLUMNS = (
    "sku, title, unit, precision_, mode, category, retired, barcodes, price, supplier, policies, "
    "bundle, shelf_life_days, analog_of, tax_rate, dated"
)
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
FOREVER = "9999-12-31"


class Products:
    """The projection ``products``."""

    name = "products"
    version = 4
    """3: words are kept folded, "giesskanne" for "Gießkanne"."""
    ignores = MOVES

    def definitions(self, dialect: str) -> dict[str, str]:
        """Return the tables' definitions; the search table is the database's own."""
        search = (
            "CREATE VIRTUAL TABLE {name} USING fts5(sku UNINDEXED, words, "
            "tokenize='unicode61 remove_diacritics 2', prefix='2 3')"
            if dialect == "sqlite"
            else "CREATE TABLE {name} (rowid BIGINT PRIMARY KEY, sku TEXT NOT NULL, "
            "words TEXT NOT NULL)"
        )
        return {
            "products": "CREATE TABLE {name} (sku TEXT PRIMARY KEY, title TEXT NOT NULL, "
            "unit TEXT NOT NULL, precision_ BIGINT NOT NULL, mode TEXT NOT NULL, category TEXT, "
            "retired BIGINT NOT NULL, barcodes TEXT NOT NULL, price TEXT, supplier TEXT, "
            "policies TEXT, bundle BIGINT NOT NULL, shelf_life_days BIGINT, analog_of TEXT, "
            "tax_rate TEXT, dated TEXT) /*clustered*/",
            "product_words": search,
        }

    def apply(self, tx: Tx, batch: Batch, suffix: str) -> None:
        """Write the catalog rows of items whose catalog changed."""
        changed = []
        for change, item in batch.items():
            if change.whole or any(isinstance(event, CATALOG) for _, event in change.entries):
                changed.append(item)
        if not changed:
            return
        skus = [(item.sku,) for item in changed]
        if not batch.fresh:
            tx.executemany(f"DELETE FROM products{suffix} WHERE sku = ?", skus)
            places = [(_place(item.sku),) for item in changed]
            tx.executemany(f"DELETE FROM product_words{suffix} WHERE rowid = ?", places)
        known = [item for item in changed if item.catalog.registered]
        if not known:
            return
        marks = ",".join("?" * 16)
        tx.executemany(f"INSERT INTO products{suffix} VALUES ({marks})", [_row(i) for i in known])
        tx.executemany(
            f"INSERT INTO product_words{suffix} (rowid, sku, words) VALUES (?, ?, ?)",
            [(_place(item.sku), item.sku, words(item)) for item in known],
        )


def _place(sku: str) -> int:
    """Return a product's row in the search table, which has no index on the SKU (63 bits)."""
    return int.from_bytes(hashlib.blake2b(sku.encode(), digest_size=8).digest()) >> 1


def _row(item: StockItem) -> tuple[object, ...]:
    c = item.catalog
    policies = [[p[0], stored_fields(p[1])] for dated in c.policies.values() for p in dated]
    price = c.price(FOREVER)
    return (
        item.sku,
        c.title,
        c.unit,
        c.precision,
        c.mode,
        c.category,
        int(c.retired),
        " ".join(c.barcodes),
        None if price is None else format(price, "f"),
        in_force(c.suppliers, FOREVER),
        orjson.dumps(policies).decode() if policies else None,
        int(bool(c.components)),
        c.shelf_life_days,
        c.analog_of,
        None if c.tax_rate is None else format(c.tax_rate, "f"),
        _dated(item),
    )


def _dated(item: StockItem) -> str | None:
    """Return prices and suppliers with the days from which they hold; None of the many undated."""
    c = item.catalog
    taxed = any(price.tax_included is not None for _, price in c.prices)
    if not taxed and not any(starts for starts, _ in (*c.prices, *c.suppliers)):
        return None
    prices = [(starts, format(p.price, "f"), p.tax_included) for starts, p in c.prices]
    return orjson.dumps({"prices": prices, "suppliers": c.suppliers}).decode()


def _in_force(
    price: str | None, supplier: str | None, dated: str | None, today: str
) -> tuple[str | None, str | None, bool | None]:
    """Return price, supplier, and whether the price includes tax if it says so, as of a day."""
    if dated is None:
        return price, supplier, None
    known = orjson.loads(dated)
    priced = in_force([(starts, rest) for starts, *rest in known["prices"]], today)
    amount, taxed = (None, None) if priced is None else priced
    return amount, in_force(known["suppliers"], today), taxed


def supplier_on(supplier: str | None, dated: str | None, today: str) -> str | None:
    """Return the supplier of a row as of a day."""
    return _in_force(None, supplier, dated, today)[1]


def words(item: StockItem) -> str:
    """Return what a search looks at: code, its normalised form, name, barcodes."""
    c = item.catalog
    return folded(" ".join((item.sku, without_signs(item.sku), c.title, *c.barcodes)))


@dataclass(frozen=True, slots=True)
class Product:
    """One row of the catalog."""

    sku: str
    title: str
    unit: str
    precision: int
    mode: str
    category: str | None
    retired: bool
    barcodes: tuple[str, ...]
    price: str | None
    supplier: str | None
    policies: list[tuple[str, dict[str, object]]]
    bundle: bool
    shelf_life_days: int | None
    analog_of: str | None = None
    tax_rate: Decimal | None = None


def _product(row: Any, today: str) -> Product:
    price, supplier, _taxed = _in_force(row[8], row[9], row[15], today)
    return Product(
        row[0],
        row[1],
        row[2],
        row[3],
        row[4],
        row[5],
        bool(row[6]),
        tuple(row[7].split()),
        price,
        supplier,
        [(p[0], p[1]) for p in orjson.loads(row[10])] if row[10] else [],
        bool(row[11]),
        row[12],
        row[13],
        None if row[14] is None else Decimal(row[14]),
    )


def products(tx: Tx, today: date, *, limit: int = 1 << 40, after: str = "") -> list[Product]:
    """Return the catalog as of a day, in the order of its codes."""
    rows = tx.all(
        f"SELECT {COLUMNS} FROM products WHERE sku > ? ORDER BY sku LIMIT ?", (after, limit)
    )
    return [_product(row, today.isoformat()) for row in rows]


def planned_products(tx: Tx, today: date) -> list[Any]:
    """Return what planning needs of each product as of a day, in the order of their codes.

    Rows are (SKU, category, supplier, policies, whether it is ordered, mode, analog).
    """
    rows = tx.all(
        "SELECT sku, category, supplier, policies, CASE WHEN mode = 'stocked' AND retired = 0 "
        "AND bundle = 0 THEN 1 ELSE 0 END, mode, analog_of FROM products ORDER BY sku"
    )
    dated = tx.all("SELECT sku, supplier, dated FROM products WHERE dated IS NOT NULL")
    if not dated:
        return rows
    now = {sku: supplier_on(code, text, today.isoformat()) for sku, code, text in dated}
    return [(row[0], row[1], now[row[0]], *row[3:]) if row[0] in now else row for row in rows]


def prices(tx: Tx, today: date) -> list[tuple[str, str]]:
    """Return (SKU, price) of every product that has one on a day."""
    rows = tx.all("SELECT sku, price, dated FROM products WHERE price IS NOT NULL")
    now = [(sku, _in_force(price, None, dated, today.isoformat())[0]) for sku, price, dated in rows]
    return [(sku, price) for sku, price in now if price is not None]


def retired(tx: Tx) -> set[str]:
    """Return the products that are not ordered any more."""
    return {row[0] for row in tx.all("SELECT sku FROM products WHERE retired = 1")}


def catalog_row(p: Product) -> dict[str, str | None]:
    """Return a product as a row of a table."""
    return {
        "sku": p.sku,
        "name": p.title,
        "unit": p.unit,
        "category": p.category,
        "barcodes": " ".join(p.barcodes),
        "price": p.price,
        "supplier": p.supplier,
    }


class Label(NamedTuple):
    """What a list says of a product."""

    sku: str
    title: str
    unit: str
    precision: int
    shelf_life_days: int | None
    price: Decimal | None = None
    tax_rate: Decimal | None = None
    category: str | None = None
    taxed: bool | None = None
    """Whether the price includes tax; None is as the shop's prices do."""


def labels(tx: Tx, skus: Sequence[str], today: date) -> dict[str, Label]:
    """Return the labels of some products by their registered codes, priced as of a day."""
    found = {}
    for start in range(0, len(skus), 500):
        part = skus[start : start + 500]
        for row in tx.all(
            "SELECT sku, title, unit, precision_, shelf_life_days, price, tax_rate, category, "
            f"dated FROM products WHERE sku IN ({','.join('?' * len(part))})",
            part,
        ):
            sku, price, tax, dated = row[0], row[5], row[6], row[8]
            if price is not None or tax is not None or dated is not None:
                price, _supplier, taxed = _in_force(price, None, dated, today.isoformat())
                known = [None if value is None else Decimal(value) for value in (price, tax)]
                row = (*row[:5], *known, row[7], taxed)
            found[sku] = tuple.__new__(Label, row)  # Its own constructor takes twice that.
    return found


def spoils(tx: Tx) -> list[str]:
    """Return products that have a shelf life."""
    return [row[0] for row in tx.all("SELECT sku FROM products WHERE shelf_life_days IS NOT NULL")]


def product(tx: Tx, sku: str, today: date) -> Product | None:
    """Return one product by its registered code, as of a day."""
    row = tx.one(f"SELECT {COLUMNS} FROM products WHERE sku = ?", (sku,))
    return None if row is None else _product(row, today.isoformat())


def search(tx: Tx, dialect: str, text: str, limit: int = 200) -> list[tuple[str, str]]:
    """Return (SKU, name) of products that hold every word, or else any word, by its beginning."""
    wanted = _WORD.findall(folded(text))[:8]
    if not wanted:
        return []
    for joiner in (" AND ", " OR "):
        found = _match(tx, dialect, wanted, joiner, limit)
        if found:
            return found
    return []


def _match(
    tx: Tx, dialect: str, wanted: list[str], joiner: str, limit: int
) -> list[tuple[str, str]]:
    if dialect == "sqlite":
        query = joiner.join(f'"{word}"*' for word in wanted)
        rows = tx.all(
            "SELECT w.sku, p.title FROM product_words w JOIN products p ON p.sku = w.sku "
            "WHERE product_words MATCH ? LIMIT ?",
            (query, limit),
        )
    else:
        query = (" & " if joiner == " AND " else " | ").join(f"{word}:*" for word in wanted)
        rows = tx.all(
            "SELECT w.sku, p.title FROM product_words w JOIN products p ON p.sku = w.sku "
            "WHERE to_tsvector('simple', w.words) @@ to_tsquery('simple', ?) LIMIT ?",
            (query, limit),
        )
    return [(row[0], row[1]) for row in rows]
