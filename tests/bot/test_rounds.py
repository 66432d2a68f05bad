"""Counting rounds, replies, the catalog by message, exports, charts, attachments."""

from __future__ import annotations

import hashlib
import io

from PIL import Image

from jitledger.domain.events import StockReceived
from tests.bot.conftest import OWNER, STAFF, Chat
from tests.conftest import done


async def test_a_counting_round(chat: Chat) -> None:
    """One product after another; each count is recorded at once; variances and Undo at the end."""
    done(chat.app, do="receive", sku="RED-MUG", qty="5")
    (first,) = await chat.say("/count")
    assert first["text"] == "1/2 Blue mug (MUG): how many are there?"
    (second,) = await chat.say("17")
    assert chat.on_hand() == "17"
    assert second["text"].startswith("2/2 Red mug")
    _toast, (summary,) = await chat.press(second, "5, as listed")
    assert summary["text"] == "2 counted, 1 differs.\nBlue mug (MUG): -3 (20 → 17)"
    await chat.press(summary, "↩ Undo")
    assert (chat.on_hand(), chat.on_hand("RED-MUG")) == ("20", "5")


async def test_a_blind_round_shows_no_numbers_and_goes_on_after_a_restart(chat: Chat) -> None:
    """Blind: nothing is given away; a sale meanwhile is a sale; the round survives a restart."""
    (first,) = await chat.say("/count blind")
    labels = [b["text"] for row in first["reply_markup"]["inline_keyboard"] for b in row]
    assert labels == ["Skip", "End"]
    await chat.say("sold 1 mug")
    await chat.restart()
    (second,) = await chat.say("19")
    assert second["text"].startswith("2/2")
    (summary,) = await chat.say("done")
    assert summary["text"] == "1 counted, all as listed."
    stale, _new = await chat.press(second, "Skip")
    assert stale == "This button is too old."


async def test_a_round_of_some_products_and_what_cannot_be_counted(chat: Chat) -> None:
    """Words choose products; ambiguous numbers are asked; too many or none get a sentence."""
    (only,) = await chat.say("/count red")
    assert only["text"].startswith("Red mug (RED-MUG): how many")
    (asked,) = await chat.say("1,200")
    assert "1200 or 1.2" in asked["text"]
    (summary,) = await chat.say("4")
    assert "first count" in summary["text"]
    (none,) = await chat.say("/count unicorns")
    assert none["text"] == "I know no product like “unicorns”."
    (plain,) = await chat.say("12")
    assert "did not understand" in plain["text"]


async def test_a_reply_takes_back_or_corrects(chat: Chat) -> None:
    """Answering "undo" and "was 12" below a message, one's own or the bot's, act on its entry."""
    (answer,) = await chat.say("sold 3 mug")
    count = len(chat.sandbox.messages[OWNER])
    chat.sandbox.say(OWNER, "was 2", reply_to=answer["message_id"])
    (corrected,) = await chat.settle(OWNER, count + 1)
    assert corrected["text"] == "Corrected to 2. On hand 18."
    await chat.say("sold 5 mug")
    own = chat.last_of()
    count = len(chat.sandbox.messages[OWNER])
    chat.sandbox.say(OWNER, "undo", reply_to=own["message_id"])
    (undone,) = await chat.settle(OWNER, count + 1)
    assert undone["text"] == "Undone. On hand 18."
    chat.sandbox.say(OWNER, "undo", reply_to=undone["message_id"] - 1)
    (again,) = await chat.settle(OWNER, count + 3)
    assert again["text"] == "Undone. On hand 13."  # What took it back was taken back.


async def test_products_bundles_and_suppliers_by_message(chat: Chat) -> None:
    """A shop's catalog needs no table: /new, /new with parts, /new_supplier."""
    (supplier,) = await chat.say("/new_supplier Acme, 7 days, orders@acme.example")
    assert supplier["text"] == "Supplier Acme: 7 days to deliver."
    (new,) = await chat.say("/new Green bowl, 9.50, Acme")
    assert new["text"] == "New product: Green bowl (GREEN-BOWL), price 9.50, from Acme."
    (bundle,) = await chat.say("/new Gift box = 2 blue mug + 1 green bowl")
    assert "Gift box (GIFT-BOX)" in bundle["text"]
    await chat.say("received 4 green bowl")
    await chat.say("sold 1 gift box")
    assert (chat.on_hand(), chat.on_hand("GREEN-BOWL")) == ("18", "3")
    (variant,) = await chat.say("/new Large green bowl, 12, variant of GREEN-BOWL")
    assert variant["text"].endswith("price 12, variant of GREEN-BOWL.")
    (bad,) = await chat.say("/new Odd box = 2 unicorns")
    assert bad["text"].startswith("✗ No product")
    (card,) = await chat.say("/supplier acme")
    assert "7 days to deliver" in card["text"]
    assert "Green bowl (GREEN-BOWL)" in card["text"]
    (staff,) = await chat.say("/new_supplier Bad", STAFF)
    assert staff["text"].startswith("✗")


async def test_lists_come_as_files(chat: Chat) -> None:
    """/export stock is a table; staff are told whose it is."""
    (file,) = await chat.say("/export stock")
    name, data = chat.sandbox.files[file["document"]["file_id"]]
    assert name == "stock.csv"
    assert b"MUG,Blue mug" in data
    (history,) = await chat.say("/export history blue mug")
    assert chat.sandbox.files[history["document"]["file_id"]][0] == "history-MUG.csv"
    (which,) = await chat.say("/export everything")
    assert "/export stock" in which["text"]
    (refused,) = await chat.say("/export stock", STAFF)
    assert refused["text"] == "That is for the owner or a buyer to do."


async def test_a_chart_is_a_picture(chat: Chat) -> None:
    """/chart answers with a PNG that has colours on it, and the stock as its caption."""
    await chat.say("sold 3 mug")
    (answer,) = await chat.say("/chart mug")
    assert answer["caption"].startswith("17 on hand")
    _name, data = chat.sandbox.files[answer["photo"][-1]["file_id"]]
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    assert picture.size == (960, 600)
    colours = {colour for _count, colour in picture.getcolors(1 << 20) or ()}
    assert (0x24, 0x81, 0xCC) in colours


async def test_a_delivery_note_is_kept_with_its_receipt(chat: Chat) -> None:
    """A photo whose caption is a receipt is its attachment; /photo shows it again."""
    note = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(note, "JPEG")
    count = len(chat.sandbox.messages[OWNER])
    caption = "received 12 mug from Acme"
    chat.sandbox.send_photo(OWNER, note.getvalue(), (400, 300), caption)
    (answer,) = await chat.settle(OWNER, count + 1)
    assert answer["text"] == "Received 12 × Blue mug (MUG) from Acme. On hand 32."
    _sku, entries = chat.app.queries.entries("MUG")
    version, event = entries[-1]
    assert isinstance(event, StockReceived)
    assert event.attachment == hashlib.sha256(note.getvalue()).hexdigest()
    (shown,) = await chat.say(f"/photo MUG/{version}")
    assert chat.sandbox.files[shown["photo"][-1]["file_id"]][1] == note.getvalue()
    (none,) = await chat.say("/photo MUG/1")
    assert none["text"] == "No photo is kept with MUG/1."


async def test_an_album_is_one_receipt_with_all_its_photos(chat: Chat) -> None:
    """Three pages of a delivery note: recorded once, each page is kept, none is asked about."""
    pages = []
    for colour in ("white", "gray", "black"):
        paper = io.BytesIO()
        Image.new("RGB", (400, 300), colour).save(paper, "JPEG")
        pages.append(paper.getvalue())
    count = len(chat.sandbox.messages[OWNER])
    for place, page in enumerate(pages):
        caption = "received 12 mug from Acme" if place == 0 else None
        chat.sandbox.send_photo(OWNER, page, (400, 300), caption, album="7001")
    (answer,) = await chat.settle(OWNER, count + len(pages))
    assert answer["text"] == "Received 12 × Blue mug (MUG) from Acme. On hand 32."
    assert chat.on_hand() == "32"
    _sku, entries = chat.app.queries.entries("MUG")
    shown = await chat.say(f"/photo MUG/{entries[-1][0]}")
    files = [chat.sandbox.files[one["photo"][-1]["file_id"]][1] for one in shown]
    assert files == pages


async def test_an_edited_caption_corrects_its_entry(chat: Chat) -> None:
    """The caption of a delivery note is edited like any message."""
    note = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(note, "JPEG")
    count = len(chat.sandbox.messages[OWNER])
    sent = chat.sandbox.send_photo(OWNER, note.getvalue(), (400, 300), "received 12 mug")
    await chat.settle(OWNER, count + 1)
    (answer,) = await chat.edit(sent["message_id"], "received 10 mug")
    assert answer["text"].startswith("Corrected: Received 10 × Blue mug (MUG).")
    assert chat.on_hand() == "30"


async def test_long_answers_have_pages(chat: Chat) -> None:
    """/history shows the newest entries; ◀ and ▶ turn pages in place."""
    for number in range(20):
        done(chat.app, do="receive", sku="MUG", qty=str(number + 1))
    (answer,) = await chat.say("/history mug")
    assert "entries 7 to 22 of 22" in answer["text"]
    await chat.press(answer, "▶")
    older = chat.sandbox._find(OWNER, answer["message_id"])
    assert "entries 1 to 6 of 22" in older["text"]
    await chat.press(older, "◀")
    assert "entries 7 to 22" in chat.sandbox._find(OWNER, answer["message_id"])["text"]


async def test_what_does_not_sell_and_what_runs_out(chat: Chat) -> None:
    """/dead names what lies; the plain question about the week is answered."""
    chat.clock.at += 100 * 86_400 * 10**9
    (dead,) = await chat.say("/dead")
    assert "20 × Blue mug (MUG): never sold" in dead["text"]
    (week,) = await chat.say("what runs out this week?")
    assert "Nothing runs out within 7 days" in week["text"]


async def test_a_round_left_open_takes_no_number_the_next_day(chat: Chat) -> None:
    """A bare number weeks later is no count of what was asked once."""
    await chat.say("/count red")
    chat.clock.at += 13 * 3600 * 10**9
    (answer,) = await chat.say("12")
    assert "did not understand" in answer["text"]


async def test_an_old_question_of_a_round_counts_nothing_else(chat: Chat) -> None:
    """A button left behind is too old; the newest question gets the number."""
    await chat.say("count mug 17")
    (first,) = await chat.say("/count blue")
    await chat.say("/count red")
    stale, _new = await chat.press(first, "17, as listed")
    assert stale == "This button is too old."
    chat.clock.at += 60 * 10**9
    await chat.say("got 2 boxes mug")
    (ask,) = [m for m in chat.heard(OWNER) if m["text"].startswith("How many")]
    await chat.press(ask, "Answer")
    (packed,) = await chat.say("6")
    assert packed["text"].startswith("Received 2 box × Blue mug")
    assert chat.on_hand() == "29"


async def test_chatter_is_no_new_product(chat: Chat) -> None:
    """After "New product" a question is answered, and a bare line is asked about."""
    (asked,) = await chat.say("received 12 garden gnomes")
    await chat.press(asked, "New product")
    (stock,) = await chat.say("how many blue mug do we have?")
    assert stock["text"].startswith("20 on hand")
    (sure,) = await chat.say("nice weather today")
    assert sure["text"] == "A new product “nice weather today”?"
    await chat.press(sure, "No")
    (made, received) = await chat.say("Garden gnome, 4.50")
    assert made["text"].startswith("New product: Garden gnome")
    assert received["text"].startswith("Received 12 × Garden gnome")


async def test_an_edit_to_an_unknown_name_replaces_when_it_is_chosen(chat: Chat) -> None:
    """Line 1 becomes unknown: asked, and the old entry goes when the product is chosen."""
    await chat.say("received 4 mug\nsold 2 mug")
    sent = chat.last_of()
    (question,) = await chat.edit(sent["message_id"], "received 4 mug\nsold 2 red mgu")
    assert chat.on_hand() == "22"
    await chat.press(question, "Red mug")
    assert (chat.on_hand(), chat.on_hand("RED-MUG")) == ("24", "-2")


async def test_an_edited_message_with_a_transfer_moves_once(chat: Chat) -> None:
    """An unchanged transfer beside a changed line is not recorded again."""
    done(chat.app, do="location", code="shop")
    await chat.say("moved 8 mug to shop\nsold 2 mug")
    sent = chat.last_of()
    await chat.edit(sent["message_id"], "moved 8 mug to shop\nsold 3 mug")
    row = chat.app.queries.stock("MUG")
    assert {code: there["on_hand"] for code, there in row["by_location"].items()} == {
        "main": "9",
        "shop": "8",
    }
    await chat.edit(sent["message_id"], "moved 5 mug to shop\nsold 3 mug")
    row = chat.app.queries.stock("MUG")
    assert row["by_location"]["shop"]["on_hand"] == "5"
