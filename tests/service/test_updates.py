"""A list of products brings what the shop knows up to date, shown as before and after."""

from __future__ import annotations

import pytest

from jitledger.bootstrap import App
from jitledger.domain.names import SKU_STREAM
from jitledger.service.importers.files.tables import parse_table
from jitledger.service.importers.formats import FORMATS
from jitledger.service.importers.rows import RowsSummary, import_rows
from tests.conftest import done


def take(app: App, text: str, *, dry_run: bool = False) -> RowsSummary:
    """Import a list of products."""
    table = parse_table("items.csv", text.encode())
    return import_rows(app.ledger, FORMATS["items"], table, dry_run=dry_run)


@pytest.fixture
def stocked(app: App) -> App:
    """Return a shop with a mug and a vase."""
    done(
        app, do="register", sku="MUG", name="Blue mug", category="Cups", barcodes=["4006381333931"]
    )
    done(app, do="price", sku="MUG", price="9")
    done(app, do="register", sku="VASE", name="Glass vase")
    return app


def told(summary: RowsSummary) -> list[tuple[str, str, str, str]]:
    """Return what is shown of the changes."""
    return [(one.sku, one.field, one.before, one.after) for one in summary.changes]


LIST = """sku,name,category,barcode,price
MUG,Blue mug large,Mugs,5901234123457,9.50
VASE,Glass vase,,,24.90
NEW,Brass bell,Bells,,3
"""


def test_what_is_known_is_brought_up_to_date(stocked: App) -> None:
    """Names, categories, barcodes and prices; an empty cell takes nothing away."""
    shown = take(stocked, LIST, dry_run=True)
    expected = [
        ("MUG", "name", "Blue mug", "Blue mug large"),
        ("MUG", "category", "Cups", "Mugs"),
        ("MUG", "barcodes", "4006381333931", "4006381333931, 5901234123457"),
        ("MUG", "price", "9", "9.5"),
        ("VASE", "price", "", "24.9"),
    ]
    assert told(shown) == expected
    assert stocked.queries.item("MUG")[0].catalog.title == "Blue mug"
    taken = take(stocked, LIST)
    assert (taken.recorded, taken.bad) == (3, [])
    catalog = stocked.queries.item("MUG")[0].catalog
    assert (catalog.title, catalog.category) == ("Blue mug large", "Mugs")
    assert catalog.barcodes == ("4006381333931", "5901234123457")
    assert stocked.queries.find("VASE") == "VASE"
    assert stocked.queries.item("VASE")[0].catalog.category is None


def test_the_same_list_again_changes_nothing(stocked: App) -> None:
    """Neither the same file nor another one that says the same."""
    take(stocked, LIST)
    with stocked.database.snapshot() as tx:
        before = tx.one("SELECT COUNT(*) FROM stored_events")[0]
    again = take(stocked, LIST)
    other = take(stocked, "\n".join([LIST.splitlines()[0], *LIST.splitlines()[:0:-1]]) + "\n")
    assert told(again) == told(other) == []
    with stocked.database.snapshot() as tx:
        assert tx.one("SELECT COUNT(*) FROM stored_events")[0] == before


def test_a_product_that_stands_twice_in_a_list_is_registered_once(app: App) -> None:
    """The second row says what the first did: no change is made of it."""
    text = "sku,name,category\nMUG,Blue mug,Cups\nMUG,Blue mug,Cups\n"
    summary = take(app, text)
    assert summary.bad == []
    with app.database.snapshot() as tx:
        rows = tx.all(
            "SELECT topic FROM stored_events WHERE originator_id = ?", (f"{SKU_STREAM}MUG",)
        )
    assert [row[0] for row in rows] == ["item-registered"]


def test_a_barcode_of_another_product_is_refused_and_the_rest_stays(stocked: App) -> None:
    """The row is bad, with its reason; nothing of the file is recorded."""
    summary = take(stocked, "sku,name,barcode\nVASE,Glass vase,4006381333931\n")
    assert [bad.error.code for bad in summary.bad] == ["duplicate-barcode"]
    assert stocked.queries.item("VASE")[0].catalog.barcodes == ()
