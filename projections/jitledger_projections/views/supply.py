"""Supply: suppliers and what each product costs there, for lists over many items."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import orjson
from msgspec import Struct
from msgspec.json import Decoder
from msgspec.structs import replace

from jitledger.domain.errors import Refused
from jitledger.domain.events import MOVES, TermsAgreed
from jitledger.domain.quantity import ZERO
from jitledger.domain.state.dated import in_force
from jitledger.domain.state.supplier import Supplier, unit_cost_at
from jitledger.service.views.contract import Batch
from jitledger.store.codec import stored_fields
from jitledger.store.database import Tx
from jitledger_projections.views.products import supplier_on


class Supply:
    """The projection ``supply``."""

    name = "supply"
    version = 3
    ignores = MOVES

    def definitions(self, dialect: str) -> dict[str, str]:
        """Return the tables' definitions."""
        return {
            "suppliers": "CREATE TABLE {name} (code TEXT PRIMARY KEY, title TEXT NOT NULL, "
            "lead_time_days TEXT, review_days TEXT, currency TEXT, minimum_order TEXT, "
            "contact TEXT, notes TEXT, agreement_ends TEXT, order_cost TEXT, weekdays TEXT, "
            "cutoff TEXT) /*clustered*/",
            "terms": "CREATE TABLE {name} (supplier TEXT NOT NULL, sku TEXT NOT NULL, "
            "dated TEXT NOT NULL, PRIMARY KEY (supplier, sku)) /*clustered*/",
        }

    def apply(self, tx: Tx, batch: Batch, suffix: str) -> None:
        """Write the suppliers that changed and the terms that are new."""
        for change, supplier in batch.suppliers():
            if not batch.fresh:
                tx.execute(f"DELETE FROM suppliers{suffix} WHERE code = ?", (supplier.code,))
            tx.execute(
                f"INSERT INTO suppliers{suffix} VALUES ({', '.join('?' * 12)})", _row(supplier)
            )
            touched = {event.sku for _, event in change.entries if isinstance(event, TermsAgreed)}
            chosen = supplier.terms if change.whole else touched
            rows = [(supplier.code, sku, _dated(supplier, sku)) for sku in chosen]
            if change.whole and not batch.fresh:
                tx.execute(f"DELETE FROM terms{suffix} WHERE supplier = ?", (supplier.code,))
            if rows:
                tx.executemany(
                    f"INSERT INTO terms{suffix} VALUES (?, ?, ?) "
                    "ON CONFLICT (supplier, sku) DO UPDATE SET dated = excluded.dated",
                    rows,
                )


def _row(s: Supplier) -> tuple[object, ...]:
    def text(value: Decimal | None) -> str | None:
        return None if value is None else format(value, "f")

    return (
        s.code,
        s.title or s.code,
        text(s.lead_time_days),
        text(s.review_days),
        s.currency,
        text(s.minimum_order),
        s.contact,
        s.notes,
        s.agreement_ends,
        text(s.order_cost),
        "".join(map(str, s.weekdays)) or None,
        s.cutoff,
    )


def _dated(supplier: Supplier, sku: str) -> str:
    dated = []
    for starts, agreed in supplier.terms[sku]:
        body = stored_fields(agreed)
        kept: dict[str, object] = {name: body[name] for name in _KEPT if name in body}
        kept["agreed_at"] = agreed.effective_at
        dated.append([starts, kept])
    return orjson.dumps(dated).decode()


class Agreed(Struct, frozen=True, kw_only=True):
    """What a supplier asks for a product; all of it absent when nothing is agreed."""

    supplier_sku: str | None = None
    unit_cost: Decimal | None = None
    currency: str | None = None
    moq: Decimal | None = None
    pack: Decimal | None = None
    lead_time_days: Decimal | None = None
    price_breaks: tuple[tuple[Decimal, Decimal], ...] = ()
    agreed_at: int = 0
    """When it was agreed, a moment; what holds from a later day holds from then."""
    starts: str = ""
    """The day from which it holds; empty without one."""

    def cost_at(self, quantity: Decimal) -> Decimal | None:
        """Return the cost of one unit when so many are ordered."""
        return unit_cost_at(self.unit_cost, self.price_breaks, quantity)


NO_TERMS = Agreed()
_KEPT = Agreed.__struct_fields__
_DATED = Decoder(list[tuple[str, Agreed]])


@dataclass(frozen=True, slots=True)
class SupplierRow:
    """One supplier."""

    code: str
    title: str
    lead_time_days: Decimal | None
    review_days: Decimal | None
    currency: str | None
    minimum_order: Decimal | None
    contact: str | None
    notes: str | None = None
    agreement_ends: date | None = None
    order_cost: Decimal | None = None
    weekdays: tuple[int, ...] = ()
    cutoff: str | None = None


def suppliers(tx: Tx) -> dict[str, SupplierRow]:
    """Return every supplier by its code."""
    rows = tx.all(
        "SELECT code, title, lead_time_days, review_days, currency, minimum_order, contact, notes, "
        "agreement_ends, order_cost, weekdays, cutoff FROM suppliers ORDER BY code"
    )

    def number(text: str | None) -> Decimal | None:
        return None if text is None else Decimal(text)

    return {
        r[0]: SupplierRow(
            code=r[0],
            title=r[1],
            lead_time_days=number(r[2]),
            review_days=number(r[3]),
            currency=r[4],
            minimum_order=number(r[5]),
            contact=r[6],
            notes=r[7],
            agreement_ends=None if r[8] is None else date.fromisoformat(r[8]),
            order_cost=number(r[9]),
            weekdays=tuple(map(int, r[10] or "")),
            cutoff=r[11],
        )
        for r in rows
    }


class Rise(NamedTuple):
    """Terms that are agreed to become dearer: those in force, and those from a later day."""

    supplier: str
    sku: str
    starts: date
    now: Agreed
    later: Agreed


class Terms:
    """The terms agreed with every supplier, read as they are asked for."""

    def __init__(self, rows: list[tuple[str, str, str]], today: str) -> None:
        self._rows = {(supplier, sku): dated for supplier, sku, dated in rows}
        self._today = today

    def of(self, supplier: str | None, sku: str) -> Agreed:
        """Return the terms in force for a product at a supplier; ``NO_TERMS`` without any."""
        dated = self._rows.get((supplier or "", sku))
        if dated is None:
            return NO_TERMS
        starting = [(day, replace(agreed, starts=day)) for day, agreed in _DATED.decode(dated)]
        return in_force(starting, self._today) or NO_TERMS

    def rises(self) -> list[Rise]:
        """Return terms whose cost changes next to a higher one, in the same currency."""
        found = []
        for (supplier, sku), dated in self._rows.items():
            if dated.count('"unit_cost"') < 2:
                continue
            now = self.of(supplier, sku)
            if now.unit_cost is None:
                continue
            later = sorted(
                (row for row in _DATED.decode(dated) if row[0] > self._today),
                key=lambda row: row[0],
            )
            change = next(  # Of what is agreed ahead the first other cost counts.
                (r for r in later if r[1].unit_cost not in (None, now.unit_cost)), None
            )
            if change is None:
                continue
            starts, agreed = change
            dearer = (agreed.unit_cost or ZERO) > now.unit_cost
            if dearer and agreed.currency == now.currency:
                found.append(Rise(supplier, sku, date.fromisoformat(starts), now, agreed))
        return found

    def risen(self, supplier: str | None, sku: str, since: date) -> list[Rise]:
        """Return the rises of a product's cost that start behind a day, also those still ahead."""
        dated = self._rows.get((supplier or "", sku), "")
        if dated.count('"unit_cost"') < 2:
            return []
        priced = sorted(
            (row for row in _DATED.decode(dated) if row[1].unit_cost is not None),
            key=lambda row: row[0],
        )
        return [
            Rise(supplier or "", sku, date.fromisoformat(starts), before, after)
            for (_, before), (starts, after) in pairwise(priced)
            if starts > since.isoformat()
            and (after.unit_cost or ZERO) > (before.unit_cost or ZERO)
            and after.currency == before.currency
        ]


def own_lead_times(tx: Tx, today: str) -> list[tuple[str, str, float]]:
    """Return (supplier, SKU, days) where a lead time of its own is agreed for a product."""
    rows = tx.all("SELECT supplier, sku, dated FROM terms WHERE dated LIKE '%lead_time_days%'")
    agreed = Terms(rows, today)
    found = [(supplier, sku, agreed.of(supplier, sku).lead_time_days) for supplier, sku, _ in rows]
    return [(supplier, sku, float(days)) for supplier, sku, days in found if days is not None]


def terms(tx: Tx, today: str) -> Terms:
    """Return the terms in force on a day."""
    return Terms(tx.all("SELECT supplier, sku, dated FROM terms"), today)


@dataclass(frozen=True, slots=True)
class SupplierCard:
    """One supplier with the products it supplies and the terms in force for each."""

    supplier: SupplierRow
    products: list[tuple[str, str, Agreed]]
    """(SKU, name, terms)"""


def supplier_card(tx: Tx, code: str, today: str) -> SupplierCard | None:
    """Return a supplier with its products: those linked to it, and those with terms."""
    found = suppliers(tx).get(code)
    if found is None:
        return None
    agreed = Terms(
        tx.all("SELECT supplier, sku, dated FROM terms WHERE supplier = ?", (code,)), today
    )
    rows = tx.all(
        "SELECT sku, title, supplier, dated FROM products WHERE retired = 0 AND (supplier = ? "
        "OR dated IS NOT NULL OR sku IN (SELECT sku FROM terms WHERE supplier = ?)) ORDER BY sku",
        (code, code),
    )
    mine = [
        (sku, title, agreed.of(code, sku))
        for sku, title, supplier, dated in rows
        if agreed.of(code, sku) is not NO_TERMS or supplier_on(supplier, dated, today) == code
    ]
    return SupplierCard(found, mine)


def find_supplier(tx: Tx, spelled: str) -> str:
    """Return a supplier's code as registered, of any spelling; raises ``unknown-supplier``."""
    row = tx.one(
        "SELECT owner FROM claims WHERE kind = 'supplier' AND value = ?", (spelled.casefold(),)
    )
    if row is None:
        raise Refused(
            "unknown-supplier",
            f"There is no supplier {spelled!r}; register it first.",
            supplier=spelled,
        )
    return str(row[0])


def names(tx: Tx) -> list[tuple[str, str]]:
    """Return (code, title) of every supplier."""
    return [(row[0], row[1]) for row in tx.all("SELECT code, title FROM suppliers")]
