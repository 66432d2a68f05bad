"""Tables sent as documents: preview, button, result; bad rows come back as a file."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bot.conftest import OWNER, STAFF, STRANGER, Chat
from tests.service.test_pdf_notes import HEADER, pdf

ITEMS = b"Code,Product name,Price,EAN\nCUP,Tea cup,4.50,4006381333948\nPOT,Tea pot,19.90,\n"
COUNTS = b"sku,qty\nMUG,7\nRED-MUG,3\nNO-SUCH,4\nMUG,x\n"


async def send(
    chat: Chat, name: str, data: bytes, person: int = OWNER, caption: str | None = None
) -> list[dict[str, Any]]:
    """Send a file and return the bot's answers."""
    count = len(chat.sandbox.messages[person]) + 1
    chat.sandbox.send_document(person, name, data, caption)
    return await chat.settle(person, count)


async def test_a_catalog_is_previewed_and_taken(chat: Chat) -> None:
    """Columns by their usual names; nothing is recorded before the button is pressed."""
    (shown,) = await send(chat, "catalog.csv", ITEMS)
    assert shown["text"] == "2 of 2 rows can be taken (products)"
    assert chat.app.queries.find("CUP") is None
    _, said = await chat.press(shown, "Take all 2")
    assert "2 of 2 rows recorded, 0 were recorded before, 0 not taken." in said[0]["text"]
    assert chat.app.queries.stock("POT")["name"] == "Tea pot"
    (answer,) = await chat.say("received 5 4006381333948")
    assert "Tea cup" in answer["text"]


async def test_the_same_file_again_changes_nothing(chat: Chat) -> None:
    """Rows are known by what identifies them; a button works once."""
    (shown,) = await send(chat, "catalog.csv", ITEMS)
    await chat.press(shown, "Take all 2")
    toast, said = await chat.press_data(
        shown, shown["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    )
    assert "Done already" in toast
    assert not said
    (shown,) = await send(chat, "catalog.csv", ITEMS)
    _, said = await chat.press(shown, "Take all 2")
    assert "0 of 2 rows recorded, 2 were recorded before" in said[0]["text"]


async def test_a_second_equal_file_is_new_when_somebody_says_so(chat: Chat) -> None:
    """Next month's count sheet with the same numbers: a repeat until the button is pressed."""
    sheet = b"SKU,Counted\nMUG,12\nRED-MUG,3\n"
    (shown,) = await send(chat, "counts.csv", sheet)
    await chat.press(shown, "Take all 2")
    assert chat.on_hand() == "12"
    await chat.say("received 5 mug")
    (shown,) = await send(chat, "counts.csv", sheet)
    assert shown["text"] == "All its 2 rows were recorded before; nothing is recorded now."
    assert chat.on_hand() == "17"
    _, (shown,) = await chat.press(shown, "It is a new one")
    _, said = await chat.press(shown, "Take all 2")
    assert "2 of 2 rows recorded" in said[0]["text"]
    assert chat.on_hand() == "12"


async def test_columns_are_asked_and_remembered_for_files_of_that_shape(chat: Chat) -> None:
    """A header that nobody knows: buttons with the columns; next time nothing is asked."""
    sheet = b"Ding,Wert A,Wert B\nMUG,7,1.50\nRED-MUG,3,2.50\n"
    (asked,) = await send(chat, "sheet.csv", sheet)
    assert asked["text"] == "\u201csheet.csv\u201d has 2 rows. What are they?"
    _, (asked,) = await chat.press(asked, "counts")
    assert asked["text"] == "Which column of \u201csheet.csv\u201d is the product's code?"
    _, (asked,) = await chat.press(asked, "Ding")
    assert asked["text"] == "Which column of \u201csheet.csv\u201d is the quantity?"
    keys = [key["text"] for row in asked["reply_markup"]["inline_keyboard"] for key in row]
    assert keys == ["Wert A", "Wert B"]
    _, (shown,) = await chat.press(asked, "Wert A")
    assert shown["text"].startswith("2 of 2 rows can be taken (counts)")
    await chat.press(shown, "Take all 2")
    assert chat.on_hand() == "7"
    (shown,) = await send(chat, "next.csv", sheet.replace(b"7", b"9"))
    assert "Read as last time: \u201cDing\u201d is the product's code" in shown["text"]
    _, (asked,) = await chat.press(shown, "Ask me again")
    assert asked["text"] == "\u201cnext.csv\u201d has 2 rows. What are they?"
    _, (asked,) = await chat.press(asked, "sales")
    assert "Which column of \u201cnext.csv\u201d" in asked["text"]
    await chat.press(shown, "Take all 2")
    assert chat.on_hand() == "9"


async def test_a_pasted_table_is_a_table(chat: Chat) -> None:
    """Columns parted by tabs, copied out of a spreadsheet: a preview, a button, the rows."""
    (asked,) = await chat.say("SKU\tQty\nMUG\t7\nRED-MUG\t3")
    assert asked["text"] == "\u201cpasted.csv\u201d has 2 rows. What are they?"
    assert chat.on_hand() == "20"
    _, (shown,) = await chat.press(asked, "counts")
    assert shown["text"] == "2 of 2 rows can be taken (counts)"
    _, said = await chat.press(shown, "Take all 2")
    assert "2 of 2 rows recorded" in said[0]["text"]
    assert chat.on_hand() == "7"
    (answer,) = await chat.say("sold 2 mug, thanks\nsold 1 mug, bye")
    assert "Sold 2" in answer["text"]


async def test_bad_rows_are_named_and_come_back_as_a_file(chat: Chat) -> None:
    """A table with a quantity may be counts, receipts or sales: it is asked."""
    (asked,) = await send(chat, "list.csv", COUNTS)
    assert asked["text"] == "“list.csv” has 4 rows. What are they?"
    _, (shown,) = await chat.press(asked, "counts")
    assert shown["text"].startswith("2 of 4 rows can be taken (counts)\n✗ line 4")
    _, said = await chat.press(shown, "Take 2 rows")
    assert chat.on_hand() == "7"
    assert "2 of 4 rows recorded" in said[0]["text"]
    name, data = chat.sandbox.files[said[1]["document"]["file_id"]]
    assert name == "counts-not-taken.csv"
    lines = data.decode("utf-8-sig").splitlines()
    assert lines[0] == "sku,qty,key,line,reason"
    assert re.match(r"NO-SUCH,4,[0-9a-f]{12}-4,4,", lines[1])
    assert re.match(r"MUG,x,[0-9a-f]{12}-5,5,", lines[2])


async def test_a_caption_says_what_it_is_and_xlsx_is_read(chat: Chat) -> None:
    """A spreadsheet with the caption "receipts" needs no question."""
    from openpyxl import Workbook

    book = Workbook()
    for row in (["SKU", "Quantity", "Cost"], ["MUG", 12, 4.2]):
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    (shown,) = await send(chat, "delivery.xlsx", data.getvalue(), STAFF, "receipts")
    await chat.press(shown, "Take the row", STAFF)
    assert chat.on_hand() == "32"


async def test_what_a_file_does_not_show_is_asked_once(chat: Chat) -> None:
    """Day or month, thousands or decimals: two buttons, then the preview and the rows."""
    text = b"Date;SKU;Qty;Cost\n01/02/2026;MUG;12;1.250\n02/02/2026;MUG;3;1.350\nTotal;;15;\n"
    (asked,) = await send(chat, "list.csv", text, caption="receipts")
    assert "01/02/2026" in asked["text"] or "1.250" in asked["text"]
    buttons = [b["text"] for row in asked["reply_markup"]["inline_keyboard"] for b in row]
    first = "the point" if any("point" in label for label in buttons) else "the day"
    _, (asked,) = await chat.press(asked, next(b for b in buttons if b.startswith(first)))
    buttons = [b["text"] for row in asked["reply_markup"]["inline_keyboard"] for b in row]
    second = "the day" if first == "the point" else "the point"
    _, (shown,) = await chat.press(asked, next(b for b in buttons if b.startswith(second)))
    assert shown["text"].startswith("2 of 3 rows can be taken (receipts)")
    assert "Left out: line 4 (a sum is no product)" in shown["text"]
    _, said = await chat.press(shown, "Take all 2")
    assert "2 of 3 rows recorded" in said[0]["text"]
    assert chat.on_hand() == "35"


async def test_who_may_not_is_told_so(chat: Chat) -> None:
    """Staff cannot send a catalog; a stranger's file is not even looked at."""
    (answer,) = await send(chat, "catalog.csv", ITEMS, STAFF)
    assert answer["text"] == "This table is for the owner or a buyer to send (products)."
    before = len(chat.sandbox.calls)
    (answer,) = await send(chat, "counts.csv", COUNTS, STRANGER)
    assert "invitation link" in answer["text"]
    assert not [1 for name, _ in list(chat.sandbox.calls)[before:] if name == "getFile"]


async def test_what_is_no_table_gets_a_sentence(chat: Chat) -> None:
    """A picture, an empty file, a file without known columns, a broken spreadsheet."""
    for name, data, said in (
        ("notes.docx", b"PK", "is something else"),
        ("photo.png", b"\x89PNG", "This picture cannot be read"),
        ("empty.csv", b"", "✗"),
        ("other.csv", b"colour,shape\nred,round\n", "I do not see what"),
        ("broken.xlsx", b"PK\x03\x04no", "✗"),
    ):
        (answer,) = await send(chat, name, data)
        assert said in answer["text"], (name, answer["text"])


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "b.xlsx", "c.csv.gz", "d.txt"]))
def test_any_bytes_are_a_table_or_a_sentence(data: bytes, name: str) -> None:
    """No bytes make reading a document fail otherwise than by a refusal."""
    from jitledger.domain.errors import Refused
    from jitledger.service.importers.files.tables import parse_table
    from jitledger_bot.handlers.goods.columns import fitting

    try:
        table = parse_table(name, data)
    except Refused as refused:
        assert refused.message
        return
    fitting(table)


@pytest.mark.slow
async def test_a_delivery_note_as_pdf_is_taken_in(chat: Chat) -> None:
    """Its lines are offered as receipts, recorded with one press, and not twice."""
    lines = [HEADER, [(50, "MUG"), (150, "Blue mug"), (330, "24"), (420, "4,20")]]
    for recorded in ("44", "44"):
        count = len(chat.sandbox.messages[OWNER])
        chat.sandbox.send_document(OWNER, "note.pdf", pdf([lines]), "receipts")
        (shown,) = await chat.settle(OWNER, count + 1)
        keys = shown.get("reply_markup", {}).get("inline_keyboard", [])
        if keys:
            await chat.press_data(shown, keys[0][0]["callback_data"])
            await chat.settle(OWNER, count + 2)
        assert chat.on_hand() == recorded
