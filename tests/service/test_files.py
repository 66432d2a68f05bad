"""Files as shops send them: each of the cases, and numbers and dates of any hand."""

from __future__ import annotations

import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitledger.bootstrap import App
from jitledger.domain.errors import LedgerError, Refused
from jitledger.domain.state.shop import Shop
from jitledger.service.importers.cells import Cells, Choices
from jitledger.service.importers.dates import read_when, style_of
from jitledger.service.importers.files.packed import TableRow
from jitledger.service.importers.files.tables import Table, parse_table
from jitledger.service.importers.formats import FORMATS
from jitledger.service.importers.left_out import LeftOut
from jitledger.service.importers.rows import import_rows
from jitledger.service.spreadsheets import escaped, unescaped
from tests.conftest import done
from tests.service.file_cases import FOLDER, judge, names

ZONE = ZoneInfo("Europe/Berlin")


NOT_YET = {
    "b-books-isbn-hyphens-sales.csv",
    "b-coffee-count-grams.csv",
    "b-coffee-green-bags.xlsx",
    "b-fabric-polish-sales.csv",
    "b-fabric-rolls-thousand.csv",
    "b-garden-names-only.csv",
    "b-gifts-uom-packs.csv",
    "b-grocer-portuguese-items.csv",
    "b-hardware-cartons.csv",
    "b-toys-us-ampm-tax.csv",
}
"""What is not read in whole yet: it is asked, or a price that is not read is said to be left."""


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*names()} - NOT_YET))
def test_a_file_records_what_it_says(name: str, tmp_path: Path) -> None:
    """Nothing wrong is recorded, nothing is missing, and the same file again changes nothing."""
    assert judge(name, tmp_path).faults == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(NOT_YET))
def test_what_is_not_read_yet_records_nothing_wrong(name: str, tmp_path: Path) -> None:
    """Each fact is one that was wanted, but for its price; the list only shrinks."""
    came = judge(name, tmp_path)
    assert came.faults
    wanted = [re.sub(r" [(]?@[\d.]+[)]?", "", fact).strip("()") for fact in came.wanted]
    assert [fact for fact in came.recorded if not _is_among(fact, wanted)] == []


def _is_among(fact: str, wanted: list[str]) -> bool:
    return re.sub(r" @[\d.]+", "", fact) in wanted or fact.startswith("price ")


def _written(number: Decimal, sign: str, *, grouped: bool) -> str:
    text = f"{number:,f}" if grouped else f"{number:f}"
    return text if sign == "." else text.translate(str.maketrans(",.", ".,"))


@given(
    numbers=st.lists(
        st.decimals(min_value=0, max_value=10**7, places=2, allow_nan=False), min_size=1, max_size=6
    ),
    sign=st.sampled_from(".,"),
    grouped=st.booleans(),
    locale=st.sampled_from(["en", "de", "en-US", "fr"]),
    delimiter=st.sampled_from([",", ";", "xlsx"]),
)
def test_prices_of_any_hand_are_read_as_written(
    numbers: list[Decimal], sign: str, grouped: bool, locale: str, delimiter: str
) -> None:
    """Two decimals show the sign, whatever the shop's locale and what separates columns."""
    written = [_written(number, sign, grouped=grouped) for number in numbers]
    rows = [TableRow(n + 2, ["MUG", "1", text]) for n, text in enumerate(written)]
    table = Table(["sku", "qty", "cost"], rows, delimiter)
    cells = Cells(FORMATS["receipts"], table, Shop(locale=locale), Choices())
    for row, number in zip(rows, numbers, strict=True):
        assert Decimal(cells.rows(row)[0]["cost"]) == number


@given(
    number=st.decimals(min_value=0, max_value=10**7, places=3, allow_nan=False),
    sign=st.sampled_from(".,"),
    grouped=st.booleans(),
    locale=st.sampled_from(["en", "de", "fr"]),
    said=st.booleans(),
)
def test_a_number_alone_is_right_or_asked(
    number: Decimal, sign: str, grouped: bool, locale: str, said: bool
) -> None:
    """Three decimals between semicolons: right, asked, or as the locale has it; never else."""
    text = _written(number, sign, grouped=grouped)
    row = TableRow(2, ["MUG", text])
    table = Table(["sku", "qty"], [row], ";")
    choices = Choices(decimal=sign if said else None)
    cells = Cells(FORMATS["receipts"], table, Shop(locale=locale), choices)
    try:
        found = Decimal(cells.rows(row)[0]["qty"])
    except LedgerError as error:
        assert error.code == "ambiguous-number"
        assert not said
        return
    if found != number:  # One sign before three digits, and a locale that says what it is.
        assert locale != "en"
        assert found == number * 1000
        assert text.count(".") == 1


@given(
    days=st.lists(st.dates(date(2015, 1, 1), date(2030, 12, 31)), min_size=1, max_size=5),
    first=st.sampled_from(["day", "month"]),
    sign=st.sampled_from("/-"),
    locale=st.sampled_from(["en", "en-US", "en-GB", "de"]),
)
def test_dates_of_any_hand_are_right_or_asked(
    days: list[date], first: str, sign: str, locale: str
) -> None:
    """A day above 12 settles the column; else the locale does, and plain English asks."""
    form = f"%d{sign}%m{sign}%Y" if first == "day" else f"%m{sign}%d{sign}%Y"
    written = [day.strftime(form) for day in days]
    settled = any(day.day > 12 for day in days)
    own = {"en-US": "month", "en": None}.get(locale, "day")
    style = style_of(written, locale)
    for day, text in zip(days, written, strict=True):
        try:
            found = read_when(text, "", "", style, ZONE)
        except Refused as refused:
            assert refused.code == "ambiguous-date"
            assert own is None
            assert not settled
            continue
        if settled or own == first:
            assert found == day.isoformat()
    assert style_of(written, locale, first).order == first


@given(
    above=st.lists(st.text("abc, ;", max_size=20), max_size=4),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]),
    ends=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_a_table_is_found_below_anything(
    above: list[str], delimiter: str, encoding: str, ends: str
) -> None:
    """Whatever stands above, separates, ends lines and encodes: header and rows are the same."""
    lines = [*above, delimiter.join(["SKU", "Größe", "Counted"])]
    lines += [delimiter.join(["CUP", "weiß", str(n)]) for n in (3, 5)]
    table = parse_table("count.csv", (ends.join(lines) + ends).encode(encoding))
    assert table.header == ["SKU", "Größe", "Counted"]
    assert [row.cells for row in table.rows] == [["CUP", "weiß", "3"], ["CUP", "weiß", "5"]]


def test_rows_that_say_nothing_are_left_out_by_name() -> None:
    """A sum, a page number and an empty count are neither recorded nor faults."""
    text = b"SKU;Counted\nCUP;3\nMUG;\nTotal;3\nPage 1;\n"
    table = parse_table("count.csv", text)
    cells = Cells(FORMATS["counts"], table, Shop(), Choices())
    left = []
    for row in table.rows[1:]:
        with pytest.raises(LeftOut) as found:
            cells.rows(row)
        left.append(found.value.why)
    assert left == ["nobody counted it", "a sum is no product", "it is no row of the table"]


@given(st.text("=+-@'\t\rab1.", max_size=8))
def test_no_cell_becomes_a_formula_and_comes_back(text: str) -> None:
    """What is written begins with no sign of a formula, and is read back as it was."""
    written = str(escaped(text))
    assert unescaped(written) == text
    assert not written.startswith(("=", "@", "\t", "\r"))
    assert not written.startswith(("+", "-")) or written[1:2].isdigit()


def test_a_new_file_of_equal_rows_is_taken_when_it_is_said(app: App) -> None:
    """A second delivery like the first: a repeat, unless somebody says that it is new."""
    done(app, do="register", sku="MUG", name="Mug")
    table = parse_table("d.csv", b"sku,qty\nMUG,12\nMUG,12\n")
    form = FORMATS["receipts"]
    assert import_rows(app.ledger, form, table).recorded == 2
    assert import_rows(app.ledger, form, table).repeated == 2
    assert import_rows(app.ledger, form, table, choices=Choices(again=True)).recorded == 2
    assert app.queries.stock("MUG")["on_hand"] == "48"


@pytest.mark.parametrize(
    ("form", "text", "said"),
    [
        ("receipts", "sku,qty\nMUG,12 BOX\n", "BOX"),
        ("receipts", "sku,qty\nMUG,2 5\n", "plain decimal"),
        ("receipts", "sku,qty,date\nMUG,2,bis 12.05.2026\n", "no such time"),
        ("counts", "sku,counted,unit\nMUG,2,box\nmug,3,piece\n", "counted twice"),
        ("sales", "sku,barcode,qty\nMUG,4006381333931,1\n", "of another"),
        ("receipts", "sku,qty,cost\nMUG,2,8.00 USD\n", "EUR is expected"),
    ],
)
def test_what_may_mean_two_things_is_refused(app: App, form: str, text: str, said: str) -> None:
    """Capital letters that are a pack, a gap that is no thousand, a word before a date."""
    done(app, do="register", sku="MUG", name="Mug")
    done(app, do="register", sku="CUP", name="Cup", barcodes=["4006381333931"])
    done(app, do="pack", sku="MUG", code="box", factor="6")
    summary = import_rows(
        app.ledger, FORMATS[form], parse_table("t.csv", text.encode()), skip_bad=True
    )
    if said == "BOX":  # A pack that the product has.
        assert app.queries.stock("MUG")["on_hand"] == "72"
        return
    assert summary.recorded == 0
    assert all(said in bad.reason for bad in summary.bad)
    assert len(summary.bad) == summary.rows


def test_results_of_formulas_are_those_of_their_own_sheet() -> None:
    """An empty sheet in front moves nothing."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "Empty"
    sheet = book.create_sheet("Count")
    for row in (["SKU", "Counted"], ["MUG", "=2+3"], ["CUP", 4]):
        sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    table = parse_table("count.xlsx", data.getvalue())
    assert [row.cells for row in table.rows] == [["MUG", "=2+3"], ["CUP", "4"]]


def test_keys_of_earlier_imports_still_hold(app: App) -> None:
    """A row that a paper's number named, with the time as it was written then, is a repeat."""
    done(app, do="register", sku="MUG", name="Mug")
    for key, when in (("A1", "2026-02-04T09:30"), ("A2", "2026-02-04T10:00:00Z")):
        fields = {"sku": "MUG", "qty": "1", "occurred_at": when, "key": f"sales:id:{key}:0"}
        done(app, do="sell", **fields)
    text = b"id,date,sku,qty\nA1,4.2.2026 9:30,MUG,1\nA2,2026-02-04T10:00:00Z,MUG,1\n"
    summary = import_rows(app.ledger, FORMATS["sales"], parse_table("s.csv", text))
    assert (summary.recorded, summary.repeated, summary.bad) == (0, 2, [])


HANDS = [
    ("cp1250", "Kod;Nazwa;Ilość\nA;Świeca żółta łódź;3\n"),
    ("cp1251", "Код;Название;Количество\nA;Кружка синяя большая;3\n"),
    ("cp1252", "Code;Désignation;Quantité\nA;Crème brûlée à l’œuf;3\n"),
    ("mac_roman", "Code;Bezeichnung;Menge\nA;Größe für Öl;3\n"),
    ("cp850", "Artikel;Menge\nGröße für Öl;3\n"),
    ("cp1252", "Artikel;Menge;Preis €\nGröße „für“ Öl;3;2\n"),
    ("utf-16", "Artikel;Menge\nGröße;3\n"),
]


@pytest.mark.parametrize(("encoding", "text"), HANDS)
def test_letters_of_any_hand_are_read(encoding: str, text: str) -> None:
    """What is no UTF-8 is read as the alphabet it is in, not as signs of another."""
    table = parse_table("t.csv", text.encode(encoding))
    header, row = (line.split(";") for line in text.splitlines())
    assert table.header == header
    assert table.rows[0].cells == row


def test_old_and_open_workbooks_are_read() -> None:
    """A sheet of an .ods is a table; damaged ones get a sentence."""
    table = parse_table("counts.ods", (FOLDER.parent / "counts.ods").read_bytes())
    assert table.header == ["SKU", "Counted"]
    assert [(row.line, row.cells) for row in table.rows] == [
        (4, ["MUG", "12"]),
        (5, ["VASE", "3.5"]),
    ]
    for name in ("t.xls", "t.ods"):
        with pytest.raises(Refused, match="perhaps it is damaged"):
            parse_table(name, b"PK\x03\x04 no workbook at all")
