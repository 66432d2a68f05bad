"""Photos of barcodes: a caption records, none asks; what is no barcode gets a sentence."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from jitledger.domain.errors import Refused
from jitledger_bot.reading.barcodes import read_barcodes
from tests.bot.conftest import OWNER, STRANGER, Chat

EAN = "4006381333931"


def picture(
    *codes: str, degrees: float = 0, size: tuple[int, int] = (1200, 900), kind: str = "JPEG"
) -> bytes:
    """Return a photo of barcodes on grey paper."""
    import numpy as np
    import zxingcpp

    paper = Image.new("L", size, 225)
    for place, code in enumerate(codes):
        barcode = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.EAN13)
        bars = Image.fromarray(np.array(zxingcpp.write_barcode_to_image(barcode, scale=3)))
        paper.paste(bars, (80, 60 + place * (bars.height + 60)))
    out = io.BytesIO()
    paper.rotate(degrees, expand=True, fillcolor=225).save(out, kind)
    return out.getvalue()


async def send(
    chat: Chat, data: bytes, caption: str | None = None, person: int = OWNER
) -> list[dict[str, Any]]:
    """Send a photo and return the bot's answers."""
    count = len(chat.sandbox.messages[person]) + 1
    chat.sandbox.send_photo(person, data, (1200, 900), caption)
    return await chat.settle(person, count)


async def test_a_caption_records_what_the_barcode_names(chat: Chat) -> None:
    """A caption of +24 below a photo of a barcode records 24, and can be undone."""
    (answer,) = await send(chat, picture(EAN), "+24")
    assert answer["text"] == "Received 24 × Blue mug (MUG). On hand 44."
    await chat.press(answer, "↩ Undo")
    assert chat.on_hand() == "20"
    (answer,) = await send(chat, picture(EAN), "sold 2")
    assert "On hand 18." in answer["text"]


async def test_a_photo_sent_as_a_file_is_a_photo(chat: Chat) -> None:
    """Whoever sends it as a file wants it sharp: a barcode records, a delivery note is kept."""
    count = len(chat.sandbox.messages[OWNER]) + 1
    chat.sandbox.send_document(OWNER, "note.png", picture(EAN, kind="PNG"), "+24")
    (answer,) = await chat.settle(OWNER, count)
    assert answer["text"] == "Received 24 × Blue mug (MUG). On hand 44."
    count = len(chat.sandbox.messages[OWNER]) + 1
    chat.sandbox.send_document(OWNER, "IMG_1.jpg", picture(), "received 5 mug")
    (answer,) = await chat.settle(OWNER, count)
    assert "Received 5" in answer["text"]
    _sku, entries = chat.app.queries.entries("MUG")
    (shown,) = await chat.say(f"/photo MUG/{max(version for version, _event in entries)}")
    assert "photo" in shown


async def test_without_a_caption_the_stock_is_told(chat: Chat) -> None:
    """A photo alone asks what is there."""
    (answer,) = await send(chat, picture(EAN))
    assert answer["text"].startswith("20 on hand – Blue mug")


async def test_what_cannot_be_used_gets_a_sentence(chat: Chat) -> None:
    """No barcode, two of them, a broken picture, an unknown code: nothing is recorded."""
    (answer,) = await send(chat, picture(), "+24")
    assert answer["text"].startswith("I see no barcode in this photo.")
    (answer,) = await send(chat, picture(EAN, "4012345678901"), "+24")
    assert "2 barcodes" in answer["text"]
    (answer,) = await send(chat, b"\xff\xd8\xff\xe0 broken", "+24")
    assert answer["text"] == "✗ This picture cannot be read; send it again."
    (answer,) = await send(chat, picture("4012345678901"), "+24")
    assert "I do not know “4012345678901”" in answer["text"]
    assert chat.on_hand() == "20"


async def test_a_strangers_photo_is_not_looked_at(chat: Chat) -> None:
    """One polite line, no fetch, nothing recorded."""
    before = len(chat.sandbox.calls)
    (answer,) = await send(chat, picture(EAN), "+24", STRANGER)
    assert "invitation link" in answer["text"]
    assert not [1 for name, _ in list(chat.sandbox.calls)[before:] if name == "getFile"]
    assert chat.on_hand() == "20"


@pytest.mark.parametrize("degrees", [0, 8, 23, 44, 90, 135, 180])
def test_turned_photos_are_read(degrees: float) -> None:
    """However the box lies."""
    assert read_barcodes(picture(EAN, degrees=degrees)) == [EAN]


def test_large_photos_are_made_smaller() -> None:
    """A photo of 12 megapixels is read; one of too many pixels is refused before it is opened."""
    big = Image.open(io.BytesIO(picture(EAN, kind="PNG"))).resize((4000, 3000))
    out = io.BytesIO()
    big.save(out, "JPEG")
    assert read_barcodes(out.getvalue()) == [EAN]
    huge = io.BytesIO()
    Image.new("1", (9000, 9000)).save(huge, "PNG")
    with pytest.raises(Refused, match="too large"):
        read_barcodes(huge.getvalue())


@settings(max_examples=60)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a"]),
)
def test_any_bytes_are_a_picture_or_a_refusal(data: bytes, magic: bytes) -> None:
    """No bytes make it fail otherwise."""
    try:
        assert isinstance(read_barcodes(magic + data), list)
    except Refused as refused:
        assert refused.code == "bad-file"
