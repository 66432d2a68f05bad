"""Imports: every row accounted for, bad rows named, idempotent, resumable."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitledger.bootstrap import App
from jitledger.domain.errors import LedgerError, Refused
from jitledger.domain.state.shop import Shop
from jitledger.service.bulk import TRIES, BulkAppender
from jitledger.service.importers.cells import Cells, Choices
from jitledger.service.importers.files.packed import TableRow
from jitledger.service.importers.files.tables import Table, parse_table
from jitledger.service.importers.formats import FORMATS
from jitledger.service.importers.left_out import bad_table
from jitledger.service.importers.online_retail import import_online_retail
from jitledger.service.importers.rows import RowsSummary, import_rows
from jitledger.store.codec import EventMapper
from jitledger.store.seals import verify
from tests.conftest import done

LINES = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
1,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
2,85123a,white heart,4,2010-12-01 09:00:00,2.55,17850.0,United Kingdom
3,71053,LANTERN,80995,2010-12-02 09:00:00,1.04,16446.0,United Kingdom
C4,71053,LANTERN,-80995,2010-12-02 09:27:00,1.04,16446.0,United Kingdom
C5,85123A,WHITE HEART,-4,2010-12-09 10:00:00,2.55,17850.0,United Kingdom
C6,85123A,WHITE HEART,-2,2010-12-09 10:00:00,2.55,,United Kingdom
7,71053,damaged,-30,2010-12-10 10:00:00,0.0,,United Kingdom
8,POST,POSTAGE,1,2010-12-10 10:00:00,18.0,12583.0,France
9,71053,LANTERN,3,2010-12-11 10:00:00,1.04,16446.0,United Kingdom
"""


def online_retail(app: App, path: Path, text: str = LINES):  # type: ignore[no-untyped-def]
    """Import a small file of the real shape."""
    with gzip.open(path, "wt") as file:
        file.write(text)
    return import_online_retail(app.ledger, app.database, app.clock, path)


def test_every_row_is_accounted_for(any_app: App, tmp_path: Path) -> None:
    """Sold, voided, returned, adjusted, not a product: the parts sum to the rows."""
    s = online_retail(any_app, tmp_path / "sales.csv.gz")
    assert (s.rows, s.sold, s.voided_within_24h, s.voided_units) == (10, 5, 1, 80995)
    assert (s.returned_matched, s.returned_unmatched) == (1, 1)
    assert (s.adjusted_not_recorded, s.not_a_product, s.spellings_joined) == (1, 1, 1)
    parts = s.sold + s.voided_within_24h + s.returned_matched + s.returned_unmatched
    assert parts + s.adjusted_not_recorded + s.not_a_product == s.rows
    assert (s.products, s.demand_lines, s.demand_units) == (2, 4, 19)
    any_app.driver.catch_up()
    assert any_app.queries.stock("85123A")["on_hand"] == "-10"
    assert not any_app.queries.stock("71053")["known"]
    with any_app.database.snapshot() as tx:
        units = dict(tx.all("SELECT sku, SUM(units) FROM demand_day GROUP BY sku"))
    assert units == {"85123A": 16.0, "71053": 3.0}
    moments = {row["occurred_at"][:10] for row in any_app.queries.history("71053")}
    assert {"2010-12-02", "2010-12-11"} <= moments
    assert verify(any_app.database).ok


def test_a_second_run_records_nothing_and_a_rest_is_taken_up(any_app: App, tmp_path: Path) -> None:
    """Rows already recorded are left alone, whether all of them or only the first half."""
    half = "\n".join(LINES.splitlines()[:5]) + "\n"
    online_retail(any_app, tmp_path / "half.csv.gz", half)
    rest = online_retail(any_app, tmp_path / "all.csv.gz")
    assert (rest.already_recorded, rest.recorded) == (4, 4)
    again = online_retail(any_app, tmp_path / "all.csv.gz")
    assert again.recorded == 0
    assert any_app.queries.stock("85123A")["on_hand"] == "-10"


@pytest.mark.parametrize("times", [1, TRIES])
def test_rows_that_somebody_overtakes_are_made_again(
    any_app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Without the lock, so that others go on; only who is overtaken always makes them under it."""
    done(any_app, do="register", sku="BESIDE", name="Beside")
    prepare, calls = BulkAppender._prepare, []

    def overtaken(self: BulkAppender, *rest: Any) -> Any:
        append = prepare(self, *rest)
        calls.append(append)
        if len(calls) <= times:
            done(any_app, do="receive", sku="BESIDE", qty="1")
        return append

    monkeypatch.setattr(BulkAppender, "_prepare", overtaken)
    summary = online_retail(any_app, tmp_path / "sales.csv.gz")
    assert len(calls) == times + 1
    assert (summary.recorded, summary.already_recorded) == (8, 0)
    any_app.driver.catch_up()
    assert any_app.queries.stock("BESIDE")["on_hand"] == str(times)
    assert any_app.queries.stock("85123A")["on_hand"] == "-10"
    assert verify(any_app.database).ok


def test_bulk_bodies_are_what_the_mapper_writes(any_app: App, tmp_path: Path) -> None:
    """The fast way stores exactly what the typed way would store."""
    online_retail(any_app, tmp_path / "sales.csv.gz")
    mapper = EventMapper()
    recorder = any_app.database.recorder  # type: ignore[attr-defined]
    for sku in ("85123A", "71053"):
        for row in recorder.select_events(f"sku/{sku}"):
            event = mapper.to_domain_event(row)
            assert mapper.to_stored_event(event).state == row.state


def test_a_file_of_other_columns_is_refused(app: App, tmp_path: Path) -> None:
    """A file that is not Online Retail is named in a sentence."""
    with pytest.raises(Refused) as refused:
        online_retail(app, tmp_path / "x.csv.gz", "a,b\n1,2\n")
    assert refused.value.code == "bad-file"


def rows(app: App, name: str, text: str, **options: Any) -> RowsSummary:
    """Import a CSV given as text."""
    return import_rows(app.ledger, FORMATS[name], parse_table("t.csv", text.encode()), **options)


def test_items_with_suppliers_and_prices(app: App) -> None:
    """Header aliases; a row registers, prices, and agrees on terms."""
    found = rows(
        app,
        "items",
        "Item Code,Product Name,Selling Price,Vendor,Unit Cost (EUR),MOQ\n"
        "MUG,Blue mug,9.50,ACME,4,12\nCUP,Cup,,,,\n",
    )
    assert (found.recorded, found.bad) == (2, [])
    again = rows(
        app,
        "items",
        "Item Code,Product Name,Selling Price,Vendor,Unit Cost (EUR),MOQ\n"
        "MUG,Blue mug,9.50,ACME,4,12\nCUP,Cup,,,,\n",
    )
    assert (again.recorded, again.repeated) == (0, 2)


def test_a_bad_row_refuses_the_file_unless_skipped(app: App) -> None:
    """Line, column and reason are named; with skip_bad the good rows are recorded."""
    done(app, do="register", sku="MUG", name="Mug")
    text = "sku,qty,date\nMUG,5,2026-01-05\nMUG,many,2026-01-05\nNOPE,1,2026-01-05\nMUG,1,soon\n"
    first = rows(app, "receipts", text)
    assert [(b.line, b.column) for b in first.bad] == [(3, "qty"), (4, "sku"), (5, "date")]
    assert app.queries.stock("MUG")["on_hand"] == "0"
    second = rows(app, "receipts", text, skip_bad=True)
    assert (second.recorded, len(second.bad)) == (1, 3)
    assert app.queries.stock("MUG")["on_hand"] == "5"


def test_counts_without_a_date_may_be_entered_again_another_day(app: App) -> None:
    """The same count file is a repeat today and a new count tomorrow."""
    done(app, do="register", sku="MUG", name="Mug", now="2026-03-01T09:00:00")
    assert rows(app, "counts", "sku,counted\nMUG,5\n").recorded == 1
    assert rows(app, "counts", "sku,counted\nMUG,5\n").repeated == 1
    done(app, do="sell", sku="MUG", qty="1", now="2026-03-02T09:00:00")
    assert rows(app, "counts", "sku,counted\nMUG,5\n").recorded == 1


def test_numbers_with_a_decimal_comma(app: App) -> None:
    """Where columns are separated by semicolons the comma is the decimal sign."""
    done(app, do="register", sku="MUG", name="Mug")
    assert rows(app, "receipts", "sku;menge;ek\nMUG;12;4,20\n").recorded == 1
    assert rows(app, "receipts", 'sku,qty,cost\nMUG,13,"4,20"\n').recorded == 1
    assert rows(app, "receipts", 'sku,qty,cost\nMUG,12,"4,2,0"\n').bad[0].column == "cost"


@pytest.mark.parametrize(
    ("form", "text", "line", "column"),
    [
        ("items", "sku,name,ean\nZ1,z,4006381333931\nZ2,z,4006381333931\nZ3,z,\n", 3, "ean"),
        ("receipts", "key,sku,qty\nz1,MUG,11\nz1,CUP,5\nz2,CUP,100\n", 3, "key"),
        ("receipts", "key,sku,qty\nold,MUG,12\nz2,CUP,100\n", 2, "key"),
        ("receipts", "sku,qty\nMUG,3,50\nCUP,1\n", 2, None),
    ],
)
def test_what_would_be_refused_keeps_the_whole_file_out(
    app: App, form: str, text: str, line: int, column: str | None
) -> None:
    """Rows of one barcode, an id of another row, a cell too many: said before any is recorded."""
    for sku in ("MUG", "CUP"):
        done(app, do="register", sku=sku, name=sku)
    rows(app, "receipts", "key,sku,qty\nold,MUG,2\n")
    tried = rows(app, form, text, dry_run=True)
    found = rows(app, form, text)
    for summary in (tried, found):
        assert [(bad.line, bad.column) for bad in summary.bad] == [(line, column)]
    assert (found.recorded, found.begun) == (0, False)
    assert app.queries.stock("CUP")["on_hand"] == "0"
    assert app.queries.find("Z1") is None


def test_a_mended_row_that_equals_a_good_one_is_recorded(app: App) -> None:
    """Three sales of one, one mistyped: mended in the file of bad rows it is the third; once."""
    done(app, do="register", sku="MUG", name="Mug")
    text = "sku,qty,date\nMUG,1,2026-01-05\nMUG,l,2026-01-05\nMUG,1,2026-01-05\n"
    table, form = parse_table("h.csv", text.encode()), FORMATS["sales"]
    summary = import_rows(app.ledger, form, table, skip_bad=True)
    assert (summary.recorded, len(summary.bad)) == (2, 1)
    lines = bad_table(form, table, summary.bad, lambda bad: bad.reason)
    mended = "\n".join(",".join(f'"{cell}"' for cell in row) for row in lines)
    mended = mended.replace('"MUG","l"', '"MUG","1"')
    assert rows(app, "sales", mended).recorded == 1
    assert rows(app, "sales", mended).repeated == 1
    assert app.queries.stock("MUG")["on_hand"] == "-3"


@pytest.mark.parametrize(
    ("text", "locale", "delimiter", "value"),
    [
        ("1.000", "de", ";", "1000"),
        ("1.234.567", "de", ",", "1234567"),
        ("1.000", "de", ",", None),
        ("1.000", "en", ",", "1"),
        ("1.000", "en", ";", None),
        ("1.000,5", "en", ";", "1000.5"),
        ("4,20", "de", ",", "4.2"),
        ("4.20", "de", ",", "4.2"),
        ("1,000", "en", ",", "1000"),
        ("1e3", "de", ";", None),
        ("-12", "de", ";", "-12"),
        ("1.1250", "de", "xlsx", "1.125"),
    ],
)
def test_numbers_by_the_shops_locale(
    text: str, locale: str, delimiter: str, value: str | None
) -> None:
    """What two readings would take for different numbers is refused, never guessed."""
    rows = [TableRow(2, ["MUG", text])]
    table = Table(["sku", "qty"], rows, delimiter)
    cells = Cells(FORMATS["receipts"], table, Shop(locale=locale), Choices())
    if value is None:
        with pytest.raises(LedgerError):
            cells.rows(rows[0])
    else:
        assert cells.rows(rows[0])[0]["qty"] == value


def test_a_damaged_file_is_named_in_a_sentence() -> None:
    """A flipped byte in a compressed file is no crash."""
    data = gzip.compress(b"sku,qty\nMUG,1\n" * 400)
    for place in range(12, len(data) - 8):
        broken = bytearray(data)
        broken[place] ^= 0xFF
        with contextlib.suppress(Refused):
            parse_table("t.csv.gz", bytes(broken))


@given(
    st.binary(max_size=300),
    st.sampled_from(["t.csv", "t.xlsx", "t.csv.gz"]),
    st.sampled_from(sorted(FORMATS)),
)
@settings(max_examples=150)
def test_any_bytes_as_a_file(data: bytes, name: str, form: str) -> None:
    """Any bytes are a table or a refusal, never another exception."""
    try:
        table = parse_table(name, data)
    except Refused as refused:
        assert refused.code == "bad-file"
        return
    assert table.header
