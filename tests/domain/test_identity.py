"""What makes two codes one: a SKU's spellings, a barcode's lengths."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from jitledger.domain.errors import Refused
from jitledger.domain.names import (
    barcode_forms,
    holder_of_sku,
    is_gtin,
    misread,
    normalise,
    without_signs,
)
from jitledger.testing.paper import PaperLedger

NOW = "2026-03-05T10:00:00Z"

SIGNS = st.sampled_from(["-", "_", ".", " ", " - "])


@given(st.lists(st.from_regex(r"[a-z]{1,3}|[0-9]{1,3}", fullmatch=True), min_size=1), st.data())
def test_signs_count_between_digits_only(parts: list[str], data: st.DataObject) -> None:
    """Signs beside a letter change nothing; between digits they part what no sign parts not."""
    joined, spelled, parted = parts[0], parts[0].upper(), False
    for part in parts[1:]:
        digits = joined[-1].isdigit() and part[0].isdigit()
        sign = data.draw(SIGNS) if digits else data.draw(st.one_of(st.just(""), SIGNS))
        joined, spelled = joined + ("-" if digits else "") + part, spelled + sign + part
        parted = parted or digits
    if not parted:
        assert normalise(spelled) == normalise(joined) == joined
    else:
        assert normalise(spelled) != normalise(without_signs(spelled))
    assert normalise(normalise(spelled)) == normalise(spelled)
    assert without_signs(spelled) == "".join(parts)


@given(
    st.lists(st.from_regex(r"[A-Za-z]{0,2}[0-9]{1,2}([-. _][0-9]{1,2}){0,2}", fullmatch=True)),
    st.sets(st.integers(0, 9)),
)
def test_every_product_is_found_by_its_own_code(codes: list[str], older: set[int]) -> None:
    """Also where a version before claimed some codes without their signs."""
    paper = PaperLedger()
    held: dict[str, str] = {}
    for place, code in enumerate(codes):
        try:
            paper.record(NOW, do="register", sku=code)
            assert normalise(code) not in held
            held[normalise(code)] = code
        except Refused as error:
            assert error.code == "duplicate-sku"
            assert normalise(code) in held
            continue
        if place in older and all(without_signs(c) != without_signs(code) for c in codes[:place]):
            del paper.claims["sku", normalise(code)]
            paper.claims["sku", without_signs(code)] = code
    for code in codes:
        assert holder_of_sku(paper.claim, code) == held[normalise(code)]


def test_two_codes_of_the_same_digits_are_two_products() -> None:
    """1-12 and 11-2, M2.5 and M25; the code of another is never taken for its own."""
    paper = PaperLedger()
    for code in ("1-12", "11-2", "M2.5", "M25", "112"):
        paper.record(NOW, do="register", sku=code)
    assert [paper.find_sku(code) for code in ("1 - 12", "m25", "M 2.5", "112", "1.12")] == [
        "1-12",
        "M25",
        "M2.5",
        "112",
        None,
    ]


@given(st.integers(0, 10**13 - 1))
def test_a_barcode_is_known_by_its_last_digit(number: int) -> None:
    """One of ten last digits fits, and zeros in front make no other barcode of it."""
    body = f"{number:013d}"
    fits = [code for last in range(10) if is_gtin(code := f"{body}{last}")]
    assert len(fits) == 1
    assert misread(fits[0]) is None
    assert {misread(f"{body}{last}") for last in range(10)} == {None, fits[0][-1]}
    for form in barcode_forms(fits[0]):
        assert re.fullmatch(r"\d{8}|\d{12,14}", form)
        assert barcode_forms(form)[0] == fits[0]


def test_a_barcode_is_one_in_all_its_lengths() -> None:
    """A product known by 12 digits has the barcode of 13 with a zero in front."""
    paper = PaperLedger()
    paper.record(NOW, do="register", sku="A", barcodes=["012345678905"])
    try:
        paper.record(NOW, do="register", sku="B", barcodes=["0012345678905"])
    except Refused as error:
        assert error.code == "duplicate-barcode"
    else:
        raise AssertionError("one barcode was given to two products")
    paper.record(NOW, do="rename", sku="A", barcodes=["00012345678905"])
