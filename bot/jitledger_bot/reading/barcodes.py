"""Barcodes in photos: EAN, UPC, Code 128 and QR, read by ``zxing-cpp`` from a Pillow image.

The picture is made smaller first, and tried again turned by 22 and 45 degrees. It runs in a thread
of the caller; what is no picture, or one of too many pixels, is refused in one sentence.
"""

from __future__ import annotations

import io
import warnings

from jitledger.domain.errors import Refused

LONGEST_SIDE = 1280
MOST_PIXELS = 50_000_000
MOST_WHOLE = 12_000_000
"""Of a picture that is unpacked as a whole; a plain JPEG is made smaller while it is read."""

FORMATS = ("JPEG", "PNG", "WEBP")
"""What telephones send. Others are never opened: some unpack a few kilobytes to gigabytes."""

TURNS = (0, 22, 45)
KINDS = "EAN13|EAN8|UPCA|UPCE|Code128|QRCode"


def read_barcodes(data: bytes) -> list[str]:
    """Return the texts of the barcodes in a picture, each once; raises ``bad-file``."""
    import zxingcpp
    from PIL import Image

    kinds = zxingcpp.barcode_formats_from_str(KINDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
            drafted = picture.format == "JPEG" and not picture.info.get("progressive")
            most = MOST_PIXELS if drafted else MOST_WHOLE
            if picture.width * picture.height > most:
                raise Refused("bad-file", "This picture is too large; send a smaller one.")
            picture.draft("L", (LONGEST_SIDE, LONGEST_SIDE))
            grey = picture.convert("L")
    except Refused:
        raise
    except Exception as error:  # Pillow's plugins raise whatever broken bytes make of them.
        raise Refused("bad-file", "This picture cannot be read; send it again.") from error
    grey.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    for degrees in TURNS:
        turned = grey.rotate(degrees, expand=True, fillcolor=255) if degrees else grey
        found = zxingcpp.read_barcodes(turned, formats=kinds)
        texts = [code.text.strip() for code in found if code.valid and code.text.strip()]
        if texts:
            return list(dict.fromkeys(texts))
    return []
