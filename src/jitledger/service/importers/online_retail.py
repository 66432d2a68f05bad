"""The UCI "Online Retail" order lines (Chen, Sain and Guo, 2012) as a shop's history.

Every row is accounted for: sold, voided within 24 hours, returned, adjusted (counted only), not a
product. A cancellation is matched to the latest earlier sale of the same customer, code and
quantity; each sale is matched once. Codes are compared without regard to case, and two spellings
are joined into one product.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from sys import intern
from typing import TextIO
from zoneinfo import ZoneInfo

from jitledger.domain.commands import Register
from jitledger.domain.errors import Refused
from jitledger.domain.events import EntryVoided, SaleReturned, StockSold
from jitledger.domain.moments import DAY, from_datetime
from jitledger.domain.names import normalise
from jitledger.domain.state.shop import Shop
from jitledger.service.bulk import BulkAppender, BulkFact
from jitledger.service.clock import Clock
from jitledger.service.ledger import Ledger
from jitledger.service.recording.submission import Ask, Submission
from jitledger.service.streams import load_shop
from jitledger.service.views.bunches import without_collector
from jitledger.store.database import Database

COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
)

CREDIT = "Chen, Sain and Guo (2012), Online Retail, UCI Machine Learning Repository, CC BY 4.0"

_PRODUCT = re.compile(r"\d{5}[A-Za-z]{0,2}", re.ASCII)

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Summary:
    """What became of every row; the parts sum to ``rows``."""

    rows: int = 0
    sold: int = 0
    voided_within_24h: int = 0
    voided_units: int = 0
    returned_matched: int = 0
    returned_unmatched: int = 0
    adjusted_not_recorded: int = 0
    not_a_product: int = 0
    products: int = 0
    spellings_joined: int = 0
    demand_lines: int = 0
    demand_units: int = 0
    already_recorded: int = 0
    recorded: int = 0
    longest_lock_ms: float = 0.0

    def as_dict(self) -> dict[str, float]:
        """Return the summary as JSON has it."""
        return asdict(self)


@dataclass(slots=True)
class _Row:
    invoice: str
    code: str
    quantity: int
    at: int
    price: str
    customer: str
    typed: tuple[str, str]
    """Quantity and price as they stand in the file."""
    ordinal: int
    cancels: bool
    sale: str | None = None
    voids: bool = False

    @property
    def key(self) -> str:
        """Return the key of the row: what it says, and the how manieth of its like it is."""
        quantity, price = self.typed
        return f"or:{self.code}:{self.invoice}:{quantity}:{price}:{self.ordinal}"


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="")
    return path.open(encoding="utf-8", errors="replace", newline="")


def read_rows(path: Path) -> Iterator[list[str]]:
    """Yield the rows below the header; raises ``bad-file`` when the columns are others."""
    with _open(path) as file:
        try:
            reader = csv.reader(file)
            header = next(reader, [])
            if [c.strip() for c in header[:7]] != list(COLUMNS):
                raise Refused(
                    "bad-file",
                    f"{path.name} has the columns {', '.join(header)[:200]}; online-retail needs "
                    f"{', '.join(COLUMNS)}.",
                )
            yield from reader
        except (OSError, EOFError, csv.Error) as error:
            raise Refused("bad-file", f"{path.name} cannot be read: {error}.") from error


class _Cleaning:
    """Reads all rows and decides what each one is."""

    def __init__(self, moment: Callable[[str], int]) -> None:
        self.summary = Summary()
        self.names: dict[str, dict[str, int]] = {}
        self.rows: list[_Row] = []
        self.bad: list[tuple[int, str]] = []
        self._moment = moment
        self._codes: dict[str, str | None] = {}
        self._prices: dict[str, tuple[bool, str]] = {}

    def take(self, table: Iterable[list[str]]) -> None:
        """Sort the rows below the header, one after the other."""
        summary, names = self.summary, self.names
        ordinals: dict[tuple[str, str, tuple[str, str]], int] = {}
        typings: dict[tuple[str, str], tuple[str, str]] = {}
        for line, row in enumerate(table, start=2):
            summary.rows += 1
            try:
                invoice, spelled, title, quantity, when, price, customer = row[:7]
                code = self._codes.get(spelled, "")
                if code == "":
                    code = self._code(spelled)
                if code is None:
                    summary.not_a_product += 1
                    continue
                units, at = int(quantity), self._moment(when)
                positive, each = self._prices.get(price) or self._price(price)
            except (ValueError, ArithmeticError) as error:
                self.bad.append((line, f"line {line}: {error}"))
                continue
            cancels = invoice[:1] in "Cc"
            if not cancels and (units <= 0 or not positive):
                summary.adjusted_not_recorded += 1
                continue
            if title:
                titles = names.setdefault(code, {})
                titles[title] = titles.get(title, 0) + 1
            typed = typings.setdefault((quantity, price), (quantity, price))
            invoice = intern(invoice)
            identity = (code, invoice, typed)
            ordinals[identity] = ordinal = ordinals.get(identity, 0) + 1
            buyer = intern(customer)
            self.rows.append(
                _Row(invoice, code, abs(units), at, each, buyer, typed, ordinal, cancels)
            )
        ordinals.clear()

    def _price(self, text: str) -> tuple[bool, str]:
        """Return whether a price is above zero, and how it is stored."""
        each = Decimal(text)
        found = self._prices[text] = (each > 0, format(abs(each).normalize(), "f"))
        return found

    def _code(self, spelled: str) -> str | None:
        """Return the product a spelling stands for, None when it is no product."""
        found = spelled.strip()
        code = intern(found.upper()) if _PRODUCT.fullmatch(found) else None
        self._codes[spelled] = code
        return code

    def spellings(self) -> dict[str, set[str]]:
        """Return the spellings of every product that was taken."""
        found: dict[str, set[str]] = {}
        for spelled, code in self._codes.items():
            if code is not None:
                found.setdefault(code, set()).add(spelled.strip())
        return found


def _match(rows: list[_Row], summary: Summary) -> None:
    """Match cancellations to sales; rows must be sorted by moment within each product."""
    open_sales: dict[tuple[str, str, int], list[_Row]] = {}
    for row in rows:
        who = (row.customer, row.code, row.quantity)
        if not row.cancels:
            summary.sold += 1
            summary.demand_lines += 1
            summary.demand_units += row.quantity
            if row.customer:
                open_sales.setdefault(who, []).append(row)
            continue
        sales = open_sales.get(who) if row.customer else None
        if not sales:
            summary.returned_unmatched += 1
            continue
        sale = sales.pop()
        row.sale = sale.key
        if row.at - sale.at <= DAY:
            row.voids = True
            summary.voided_within_24h += 1
            summary.voided_units += row.quantity
            summary.demand_lines -= 1
            summary.demand_units -= row.quantity
        else:
            summary.returned_matched += 1


def _fact(row: _Row, sku: str, location: str) -> BulkFact:
    """Return the one event that a row becomes."""
    digest = hashlib.sha256(f"{row.key}|{row.at}|{row.customer}".encode()).digest()
    if row.voids:
        reason = {"reason": f"cancelled by {row.invoice}"}
        return BulkFact(row.key, digest, sku, EntryVoided, row.at, reason, row.sale)
    fields: dict[str, object] = {"location": location, "quantity": str(row.quantity)}
    if row.cancels:
        if row.sale is not None:
            fields["sale"] = row.sale
        fields["order"] = row.invoice
        return BulkFact(row.key, digest, sku, SaleReturned, row.at, fields)
    fields["unit_price"] = row.price
    fields["order"] = row.invoice
    if row.customer:
        fields["customer"] = row.customer.removesuffix(".0")
    return BulkFact(row.key, digest, sku, StockSold, row.at, fields)


def import_online_retail(
    ledger: Ledger,
    database: Database,
    clock: Clock,
    path: Path,
    progress: Progress | None = None,
) -> Summary:
    """Import the file; rows that are recorded already are left alone, so it can be run again."""
    shop = _shop(database)
    with without_collector():
        cleaning = _read(path, shop.tz)
        summary, rows = cleaning.summary, cleaning.rows
        codes = {row.code for row in rows}
        summary.spellings_joined = sum(
            len(found) - 1 for code, found in cleaning.spellings().items() if code in codes
        )
        summary.products = len(codes)
        # By product, then by time: the stored index grows at its end instead of everywhere.
        rows.sort(key=attrgetter("code", "at", "cancels"))
        _match(rows, summary)
        skus = _register(ledger, cleaning, codes)
        versions = _recorded(database)
        total = len(rows)
        fresh = [row for row in rows if row.key not in versions]
        summary.already_recorded = total - len(fresh)
        appender = BulkAppender(database, clock, "csv")
        location = shop.first_location
        facts = (_fact(row, skus[row.code], location) for row in fresh)
        shown = None if progress is None else (lambda done: progress(done, len(fresh)))
        summary.recorded = appender.append_all(facts, versions, shown)
        summary.longest_lock_ms = round(appender.longest * 1000, 1)
    return summary


def _read(path: Path, tz: ZoneInfo) -> _Cleaning:
    cache: dict[str, int] = {}

    def moment(text: str) -> int:
        found = cache.get(text)
        if found is None:
            local = datetime.fromisoformat(text).replace(tzinfo=tz)
            found = cache[text] = from_datetime(local.astimezone(UTC))
        return found

    cleaning = _Cleaning(moment)
    cleaning.take(read_rows(path))
    if cleaning.bad:
        found = f"{cleaning.bad[0][1]} ({len(cleaning.bad)} bad rows)"
        raise Refused("bad-file", f"{path.name}: {found}.")
    return cleaning


def _shop(database: Database) -> Shop:
    with database.snapshot() as tx:
        shop = load_shop(database, tx)
    if not shop.opened:
        raise Refused("no-shop", "No shop is open in this database; run jitledger init first.")
    return shop


def _register(ledger: Ledger, cleaning: _Cleaning, codes: set[str]) -> dict[str, str]:
    """Register what is missing; return {code: registered SKU}."""
    with ledger.database.snapshot() as tx:
        owners = tx.all("SELECT owner FROM claims WHERE kind = 'sku'")
    known = {normalise(owner): owner for (owner,) in owners}
    skus = {code: known[normalise(code)] for code in codes if normalise(code) in known}
    missing = sorted(codes - skus.keys())
    for start in range(0, len(missing), 100):
        asks = []
        for code in missing[start : start + 100]:
            titles = cleaning.names.get(code)
            title = max(titles, key=lambda t: titles[t]) if titles else code
            asks.append(Ask(Register(sku=code, name=title.strip() or code)))
        outcome = ledger.commit(Submission(asks, channel="csv", importing=True))
        for answer in outcome.answers:
            if answer.error is not None:
                raise answer.error
    return skus | {code: code for code in missing}


def _recorded(database: Database) -> dict[str, int]:
    """Return {key: version} of rows that an earlier run recorded."""
    with database.snapshot() as tx:
        rows = tx.all("SELECT key, entries FROM command_keys WHERE key >= 'or:' AND key < 'or;'")
    return {key: int(entries.rpartition("/")[2].rstrip('"]')) for key, entries in rows}


def order_lines(path: Path, tz: ZoneInfo) -> Iterator[tuple[str, int, int, float]]:
    """Yield (code, moment, quantity, price) of every demand line, as the import cleans them."""
    cleaning = _read(path, tz)
    cleaning.rows.sort(key=attrgetter("code", "at", "cancels"))
    _match(cleaning.rows, cleaning.summary)
    voided = {row.sale for row in cleaning.rows if row.voids}
    for row in cleaning.rows:
        if not row.cancels and row.key not in voided:
            yield row.code, row.at, row.quantity, float(row.price)
