"""What a person says of a column goes before what its name says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitledger.bootstrap import App
from jitledger.domain.errors import Refused
from jitledger.service.importers.cells import Choices
from jitledger.service.importers.files.tables import parse_table
from jitledger.service.importers.formats import FORMATS, map_header
from jitledger.service.importers.rows import import_rows
from tests.conftest import done

COUNTS = "Plant,Ordered,Number seen,SKU\nMug,40,12,MUG\n"


def test_a_column_is_what_was_said(app: App) -> None:
    """A header that nobody knows becomes the quantity; one that is known becomes nothing."""
    done(app, do="register", sku="MUG", name="Mug")
    table = parse_table("t.csv", COUNTS.encode())
    with pytest.raises(Refused, match="qty"):
        import_rows(app.ledger, FORMATS["counts"], table)
    said = Choices(columns=(("qty", "number seen"),))
    assert import_rows(app.ledger, FORMATS["counts"], table, choices=said).recorded == 1
    assert app.queries.stock("MUG")["on_hand"] == "12"


def test_two_columns_of_one_name_are_settled_by_a_word(app: App) -> None:
    """Where two could be the quantity, the person's is; nobody asks again."""
    done(app, do="register", sku="MUG", name="Mug")
    table = parse_table("t.csv", b"SKU,Counted,counted,Amount\nMUG,12,13,4\n")
    with pytest.raises(Refused, match="two columns have this name"):
        import_rows(app.ledger, FORMATS["counts"], table)
    said = Choices(columns=(("qty", "counted"),))
    assert import_rows(app.ledger, FORMATS["counts"], table, choices=said).recorded == 1
    assert app.queries.stock("MUG")["on_hand"] == "13"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ((("qty", "Nowhere"),), "is not there"),
        ((("size", "Ordered"),), "has no field 'size'"),
    ],
)
def test_what_cannot_be_is_refused(
    app: App, columns: tuple[tuple[str, str], ...], said: str
) -> None:
    """A column that is not there, a field that is none: a sentence with what there is."""
    table = parse_table("t.csv", COUNTS.encode())
    with pytest.raises(Refused, match=said):
        import_rows(app.ledger, FORMATS["counts"], table, choices=Choices(columns=columns))


@given(st.permutations(["SKU", "Counted", "Name", "Place", "Note"]), st.integers(0, 4))
def test_a_word_moves_one_column_only(header: list[str], place: int) -> None:
    """Whatever column is said to be the quantity is it, and no other; each field stands once."""
    found = map_header(FORMATS["counts"], ["Code", *header], [("qty", header[place])])
    assert found[place + 1] == "qty"
    assert list(found.values()).count("qty") == 1
    assert len(set(found.values())) == len(found)
