"""Delivery notes as PDF: the table by where words stand, over pages; what holds no text is said."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitledger.domain.errors import Refused
from jitledger.service.importers.files.tables import parse_table

Line = list[tuple[int, str]]
"""(how far from the left, what stands there)"""

HEADER: Line = [(50, "Artikelnr."), (150, "Bezeichnung"), (330, "Menge"), (420, "Einzelpreis")]


def pdf(pages: list[list[Line]]) -> bytes:
    """Return a PDF file with these lines on its pages, as an office program would write it."""
    contents = []
    for lines in pages:
        drawn = ["BT /F1 10 Tf"]
        for number, line in enumerate(lines):
            for left, text in line:
                safe = re.sub(r"([()\\])", r"\\\1", text)
                drawn.append(f"1 0 0 1 {left} {780 - 16 * number} Tm ({safe}) Tj")
        contents.append("\n".join([*drawn, "ET"]).encode("cp1252"))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects.append(f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode())
    objects.append(
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>"
    )
    for n, content in enumerate(contents):
        page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font "
        objects.append(f"{page}<< /F1 3 0 R >> >> /Contents {5 + 2 * n} 0 R >>".encode())
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content))
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, table)
    return data + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        size,
        data.rindex(b"xref"),
    )


def rows(data: bytes) -> list[list[str]]:
    """Return the rows that are read from a file."""
    return [list(row.cells) for row in parse_table("note.pdf", data).rows]


def test_a_delivery_note_of_two_pages_is_a_table() -> None:
    """Letterhead above, the header again on the second page, an empty cell, an umlaut."""
    first: list[Line] = [
        [(50, "Nordlicht Großhandel"), (400, "Lieferschein 20331")],
        [(50, "Hafenstr. 3")],
        HEADER,
        [(50, "T-10"), (150, "Becher groß, blau"), (345, "24"), (440, "4,20")],
        [(50, "T-11"), (150, "Teller"), (345, "6")],
    ]
    second: list[Line] = [HEADER, [(50, "T-12"), (150, "Schüssel"), (345, "3"), (440, "11,00")]]
    table = parse_table("note.pdf", pdf([first, second]))
    assert table.header == ["Artikelnr.", "Bezeichnung", "Menge", "Einzelpreis"]
    assert rows(pdf([first, second])) == [
        ["T-10", "Becher groß, blau", "24", "4,20"],
        ["T-11", "Teller", "6", ""],
        ["T-12", "Schüssel", "3", "11,00"],
    ]


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Z]{1,3}-[0-9]{1,4}", fullmatch=True),
            st.lists(st.sampled_from(["Blue", "mug", "small", "vase"]), min_size=1, max_size=3),
            st.integers(1, 9999),
            st.decimals(0, 999, places=2).map(str),
            st.booleans(),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_every_row_of_a_note_is_read_as_it_stands(
    goods: list[tuple[str, list[str], int, str, bool]],
) -> None:
    """Codes, names, numbers to the right or the left of their column: each in its own cell."""
    lines: list[Line] = [[(50, "Delivery note")], HEADER]
    expected = []
    for code, words, quantity, price, right in goods:
        name, count = " ".join(words), str(quantity)
        at = 360 - 6 * len(count) if right else 330
        lines.append([(50, code), (150, name), (at, count), (420, price)])
        expected.append([code, name, count, price])
    assert rows(pdf([lines])) == expected


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (pdf([[[(50, "Dear customer,")], [(50, "thank you for your order.")]]]), "names columns"),
        (pdf([[]]), "no text"),
        (b"%PDF-1.4\nnothing", "cannot be read"),
        (pdf([[HEADER]] * 61), "61 pages"),
    ],
)
def test_what_is_no_table_is_said(data: bytes, said: str) -> None:
    """A letter, a scan, a broken file, a book: each in one sentence."""
    with pytest.raises(Refused) as refused:
        parse_table("note.pdf", data)
    assert refused.value.code == "bad-file"
    assert said in refused.value.message
