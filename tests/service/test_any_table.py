"""One table in any order of columns, names, locale, encoding and container: the same facts."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape

import openpyxl
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from jitledger.domain.errors import LedgerError, Refused
from jitledger.domain.state.shop import Shop
from jitledger.service.importers.cells import Cells, Choices
from jitledger.service.importers.files.tables import parse_table
from jitledger.service.importers.formats import FORMATS, map_header

NAMES = ["Blue mug", "Grüner Tee", "Café crème", "Vase, groß", "Notebook A5"]
FORM = {"sales": "price", "receipts": "cost"}


@dataclass(frozen=True)
class Fact:
    """What a row says, whatever it looks like."""

    sku: str
    name: str
    qty: int
    price: Decimal
    when: date


facts = st.lists(
    st.builds(
        Fact,
        sku=st.sampled_from(["MUG-B", "TEA-G", "00123", "VASE", "4006381333931"]),
        name=st.sampled_from(NAMES),
        qty=st.integers(1, 9000),
        price=st.decimals("0.01", "9999.99", places=2),
        when=st.dates(date(2024, 1, 1), date(2026, 2, 28)),
    ),
    min_size=2,
    max_size=5,
)


def _money(value: Decimal, sign: str, grouped: bool) -> str:
    text = f"{value:,.2f}" if grouped else f"{value:.2f}"
    return text if sign == "." else text.translate(str.maketrans(",.", ".,"))


def _contained(rows: list[list[str]], container: str, delimiter: str) -> tuple[str, bytes]:
    """Return the name and bytes of a file that holds these rows."""
    if container == "xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        out = io.BytesIO()
        book.save(out)
        return "table.xlsx", out.getvalue()
    if container == "ods":
        return "table.ods", _ods(rows)
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    name = "table.csv"
    if container == "gz":
        return f"{name}.gz", gzip.compress(text.getvalue().encode())
    try:
        return name, text.getvalue().encode(container)
    except UnicodeEncodeError:  # cp1252 has no "ilość".
        return name, text.getvalue().encode()


def _ods(rows: list[list[str]]) -> bytes:
    """Return an open-document sheet of texts."""
    table = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p>'
            "</table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    space = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        f'xmlns:office="{space}:office:1.0" xmlns:table="{space}:table:1.0" '
        f'xmlns:text="{space}:text:1.0" office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="Sheet1">{table}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="{manifest}">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            '<manifest:file-entry manifest:full-path="content.xml" '
            'manifest:media-type="text/xml"/></manifest:manifest>',
        )
    return out.getvalue()


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    facts=facts,
    form=st.sampled_from(sorted(FORM)),
    order=st.permutations(range(5)),
    sign=st.sampled_from(".,"),
    grouped=st.booleans(),
    style=st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%Y%m%d", "%Y-%m-%d 00:00:00"]),
    container=st.sampled_from(
        ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "gz", "xlsx", "ods"]
    ),
    delimiter=st.sampled_from(",;\t"),
    data=st.data(),
)
def test_any_table_says_the_same(
    facts: list[Fact],
    form: str,
    order: list[int],
    sign: str,
    grouped: bool,
    style: str,
    container: str,
    delimiter: str,
    data: st.DataObject,
) -> None:
    """Columns permuted, renamed, in another locale or container: these facts, or asked."""
    fields = ["sku", "name", "qty", FORM[form], "when"]
    known = FORMATS[form].fields
    names = [data.draw(st.sampled_from(known[name]), label=name) for name in fields]
    header = [names[place].upper() for place in order]
    rows = [
        [
            fact.sku,
            fact.name,
            str(fact.qty),
            _money(fact.price, sign, grouped),
            fact.when.strftime(style),
        ]
        for fact in facts
    ]
    shown = [header, *([row[place] for place in order] for row in rows)]
    table = parse_table(*_contained(shown, container, delimiter))
    assert table.header == header
    assert [row.cells for row in table.rows] == shown[1:]
    meant = {place: fields[column] for place, column in enumerate(order)}
    try:
        found = map_header(FORMATS[form], header)
        cells = Cells(FORMATS[form], table, Shop(locale="de", currency="EUR"), Choices())
    except Refused as refused:
        event("asked")
        assert refused.code == "bad-file"  # Two names that both may be it: it is asked.
        return
    if found != meant:
        event("other names")
        # Of two names that both may be the code or the name, the surer one is the code, and a name
        # may stay unread. How many, what it cost and when are never another column.
        for place, name in found.items():
            assert name == meant[place] or {name, meant[place]} == {"sku", "name"}
        return
    event("read")
    for row, fact in zip(table.rows, facts, strict=True):
        try:
            (said,) = cells.rows(row)
        except LedgerError as error:
            assert error.code in ("ambiguous-date", "ambiguous-number")
            continue
        assert said["sku"] == fact.sku
        assert said["name"] == fact.name
        assert Decimal(said["qty"]) == fact.qty
        assert Decimal(said[FORM[form]]) == fact.price
        assert said["when"] == fact.when.isoformat()
