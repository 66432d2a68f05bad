"""Exports of shop systems: known by their headers, whatever order their columns stand in."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitledger.bootstrap import App
from jitledger.cli.transfer import SYSTEMS
from jitledger.domain.errors import Refused
from jitledger.domain.state.shop import Shop
from jitledger.service.importers.cells import Cells, Choices
from jitledger.service.importers.files.packed import TableRow
from jitledger.service.importers.files.tables import Table, parse_table
from jitledger.service.importers.formats import FORMATS
from jitledger.service.importers.rows import import_rows
from jitledger.service.importers.shops import (
    as_ours,
    check_named,
    format_named,
    profile_of,
    profiles,
)
from tests.conftest import done
from tests.service.file_cases import FOLDER

ORDERS = """Name,Financial Status,Fulfillment Status,Currency,Created at,Lineitem quantity,\
Lineitem name,Lineitem price,Lineitem sku,Cancelled at,Id,Lineitem discount
#1,paid,fulfilled,EUR,2026-02-19 10:00:00 +0100,3,Mug,9.50,MUG,,71,1.50
#1,,,,,1,Vase,20.00,VASE,,,0.00
#2,paid,fulfilled,EUR,2026-02-20 10:00:00 +0100,2,Mug,9.50,MUG,2026-02-20 11:00:00 +0100,72,0.00
#2,,,,,5,Vase,20.00,VASE,,,0.00
#3,pending,,EUR,2026-02-21 10:00:00 +0100,4,Mug,9.50,MUG,,73,0.00
#4,pending,fulfilled,EUR,2026-02-21 10:00:00 +0100,1,Mug,9.50,MUG,,74,0.00
#5,paid,,EUR,2026-02-22 10:00:00 +0100,1,Gift card,25.00,,,75,0.00
""".replace("\\\n", "")


def shop_files() -> dict[str, Path]:
    """Return {file: path} of the exports among the file cases."""
    return {
        path.name: path
        for path in sorted(FOLDER.glob("shop-*"))
        if not path.name.endswith(".expect.json")
    }


def test_the_command_line_names_every_system() -> None:
    """And each becomes one of our own formats."""
    assert set(SYSTEMS) == set(profiles())
    for name in SYSTEMS:
        assert format_named(name) is FORMATS[profiles()[name].becomes]


@pytest.mark.parametrize("name", shop_files())
def test_each_export_is_known_by_its_headers(name: str) -> None:
    """It is that system's file and no other's; a file of another kind is refused by name."""
    table = parse_table(name, shop_files()[name].read_bytes())
    found = profile_of(table)
    assert found is not None
    assert name.startswith(f"shop-{found.name}")
    check_named(found.name, table)
    for other in set(profiles()) - {found.name}:
        with pytest.raises(Refused, match=f"This is no {other} file"):
            check_named(other, table)


@pytest.mark.slow
@given(st.sampled_from(sorted(shop_files())), st.integers(0, 2**32))
def test_columns_may_stand_in_any_order(name: str, seed: int) -> None:
    """Permuted columns are the same rows of ours, and leave out the same lines."""
    table = parse_table(name, shop_files()[name].read_bytes())
    order = list(range(len(table.header)))
    random.Random(seed).shuffle(order)

    def mixed(cells: list[str]) -> list[str]:
        return [cells[n] if n < len(cells) else "" for n in order]

    rows = [TableRow(row.line, mixed(row.cells)) for row in table.rows]
    found = profile_of(table)
    assert found is not None
    form = FORMATS[found.becomes]
    ours, left = as_ours(table, form)
    permuted = Table(mixed(table.header), rows, table.delimiter)
    assert profile_of(permuted) == found
    again, left_again = as_ours(permuted, form)
    assert left_again == left
    assert again == (ours if found.columns else permuted)


def opened(app: App) -> App:
    """Let the shop know a mug and a vase."""
    for sku in ("MUG", "VASE"):
        done(app, do="register", sku=sku, name=sku.title(), now="2026-01-05T08:00:00Z")
        done(app, do="receive", sku=sku, qty="30", now="2026-01-05T08:00:00Z")
    return app


def test_an_order_is_read_whole(app: App) -> None:
    """A line's own discount, what an order's first row says of all its lines, what is no sale."""
    opened(app)
    done(app, do="price", sku="MUG", price="9.50", now="2026-03-01T08:00:00Z")
    table = parse_table("orders.csv", ORDERS.encode())
    summary = import_rows(app.ledger, format_named("shopify-orders"), table)
    assert (summary.recorded, summary.bad) == (3, [])
    assert [(left.line, left.why) for left in summary.left] == [
        (4, "it was cancelled"),
        (5, "it was cancelled"),
        (6, "it is not paid yet"),
        (8, "it has no code: no product is behind it"),
    ]
    assert app.queries.stock("MUG")["on_hand"] == "26"
    assert app.queries.stock("VASE")["on_hand"] == "29"
    sold = [row for row in app.queries.history("MUG") if row["event"] == "stock-sold"]
    assert [row["delta"] for row in sold] == ["-3", "-1"]
    again = import_rows(app.ledger, FORMATS["sales"], table)
    assert (again.recorded, again.repeated) == (0, 3)


MONEY = st.decimals(min_value=1, max_value=9999, places=2)


@given(total=MONEY, share=st.integers(0, 90), sign=st.sampled_from(".,"), grouped=st.booleans())
def test_money_is_read_as_it_is_written(
    total: Decimal, share: int, sign: str, grouped: bool
) -> None:
    """A comma before the cents, a sign for thousands, a currency: never a hundred times as much."""

    def written(amount: Decimal) -> str:
        text = f"{amount:,.2f}" if grouped else f"{amount:.2f}"
        return text if sign == "." else text.translate(str.maketrans(",.", ".,"))

    less = (total * share / 100).quantize(Decimal("0.01"))
    header = "Sale Date;Item Name;Quantity;Discount Amount;Item Total;Transaction ID;Listing ID;SKU"
    row = f"02/24/26;Mug;1;{written(less)};€{written(total)};44;1;MUG"
    table, _left = as_ours(parse_table("e.csv", f"{header}\n{row}\n".encode()), FORMATS["sales"])
    cells = Cells(FORMATS["sales"], table, Shop(currency="EUR", locale="de"), Choices())
    (fields,) = cells.rows(table.rows[0])
    assert Decimal(fields["price"]) == total - less


def test_what_an_earlier_version_recorded_is_not_taken_again(app: App) -> None:
    """Rows that were read by their headers alone keep their keys."""
    opened(app)
    done(app, do="price", sku="MUG", price="9.50", now="2026-03-01T08:00:00Z")
    header = "Sale Date,Item Name,Quantity,Discount Amount,Item Total,Currency,Transaction ID,"
    rows = "02/24/26,Mug,2,0.00,19.00,EUR,44,1,MUG\n02/19/26,Vase,1,0.00,20.00,EUR,45,1,VASE\n"
    table = parse_table("etsy.csv", f"{header}Listing ID,SKU\n{rows}".encode())
    unknown = Table(["Day" if h == "Sale Date" else h for h in table.header], table.rows, ",")
    assert profile_of(unknown) is None
    named = Table(["date", *table.header[1:]], table.rows, ",")
    before = import_rows(app.ledger, FORMATS["sales"], named)
    assert before.recorded == 2
    after = import_rows(app.ledger, format_named("etsy-orders"), table)
    assert (after.recorded, after.repeated) == (0, 2)
    assert app.queries.stock("MUG")["on_hand"] == "28"
