"""Names of streams, entries and products.

A SKU is kept as typed; its normalised form (case folded, without spaces, ``-``, ``_``, ``.`` but
between digits) is unique in the shop, so ``ab123`` and ``AB-123`` cannot become two products by
accident, and ``1-12`` and ``11-2`` are two. A barcode is one in all its lengths (GS1 General
Specifications, 3.2: a GTIN of 8, 12 or 13 digits is one of 14 with zeros in front).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from jitledger.domain.errors import Malformed, bad_value, unknown_entry

SKU_STREAM = "sku/"
SUPPLIER_STREAM = "supplier/"
ALERT_STREAM = "alert/"
ORDER_STREAM = "po/"
SHOP_STREAM = "shop"
LONGEST_SKU = 64
_DASHES = str.maketrans("\u2010\u2011\u2012\u2013", "----")
_DROPPED = str.maketrans("", "", " -_.")
_SIGNS = re.compile(r"(?<=\d)[ \-_.]+(?=\d)|[ \-_.]+")


def normalise(sku: str) -> str:
    """Return the form under which a SKU is unique: signs stay between digits only.

    >>> normalise("AB-123") == normalise("ab 123")
    True
    >>> normalise("M 2.5"), normalise("M25"), normalise("1 - 12"), normalise("11-2")
    ('m2.5', 'm25', '1-12', '11-2')
    """
    folded = unicodedata.normalize("NFKC", sku).casefold().translate(_DASHES)
    return _SIGNS.sub(lambda run: _between(run, folded), folded) or sku


def _between(run: re.Match[str], text: str) -> str:
    """Return what stays of a run of signs: one, and only between digits."""
    first, last = run.span()
    if first == 0 or last == len(text) or not (text[first - 1].isdigit() and text[last].isdigit()):
        return ""
    return run.group().strip()[:1] or " "


def folded(text: str) -> str:
    """Return a text in small letters without accents, to look for.

    >>> folded("Comté"), folded("Gießkanne")
    ('comte', 'giesskanne')
    """
    parted = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parted if not unicodedata.combining(letter))


def without_signs(sku: str) -> str:
    """Return a SKU without any sign: what is alike in it is near, and was one once.

    >>> without_signs("1-12") == without_signs("11-2")
    True
    """
    return normalise(sku).translate(_DROPPED) or sku


Holder = Callable[[str, str], str | None]
"""(kind, value) → who holds that claim"""


def holder_of_sku(holder: Holder, sku: str) -> str | None:
    """Return the SKU as registered for any spelling of it; claims without signs are older ones."""
    mine = normalise(sku)
    for value in dict.fromkeys((mine, without_signs(sku))):
        found = holder("sku", value)
        if found is not None and normalise(found) == mine:
            return found
    return None


def barcode_forms(barcode: str) -> tuple[str, ...]:
    """Return what one barcode may be written as, the form it is unique in first.

    >>> barcode_forms("4006381333931")
    ('04006381333931', '4006381333931')
    >>> barcode_forms("012345678905")
    ('00012345678905', '0012345678905', '012345678905')
    >>> barcode_forms("BOX-7")
    ('BOX-7',)
    """
    if len(barcode) not in (8, 12, 13, 14) or not is_gtin(barcode):
        return (barcode,)
    long = barcode.zfill(14)
    bare = long.lstrip("0")
    return tuple(long[14 - n :] for n in (14, 13, 12, 8) if len(bare) <= n)


def holder_of_barcode(holder: Holder, barcode: str) -> str | None:
    """Return the product that a barcode was given to, however it was written."""
    for form in barcode_forms(barcode):
        found = holder("barcode", form)
        if found is not None:
            return found
    return None


def misread(barcode: str) -> str | None:
    """Return the last digit that a barcode of 12 to 14 digits should have; None when it fits.

    Eight digits are as often a code of another kind (a pharmacy's, a shop's own).

    >>> misread("4012345005551"), misread("4006381333931"), misread("04356248")
    ('4', None, None)
    """
    if len(barcode) not in (12, 13, 14) or not (barcode.isascii() and barcode.isdigit()):
        return None
    from stdnum.ean import calc_check_digit

    return None if is_gtin(barcode) else str(calc_check_digit(barcode[:-1]))


def is_gtin(barcode: str) -> bool:
    """Return whether a text is a GTIN of 8, 12, 13 or 14 digits, its check digit too."""
    if not (barcode.isascii() and barcode.isdigit()):
        return False
    from stdnum.ean import is_valid  # Imported when it is needed: it takes long.

    return bool(is_valid(barcode))


def check_code(field: str, value: str, longest: int = LONGEST_SKU) -> str:
    """Return a code that can name a product, supplier or location, or raise ``bad-value``."""
    cleaned = value.strip()
    if not cleaned:
        raise bad_value(field, value, "it is empty")
    if len(cleaned) > longest:
        raise bad_value(field, value, "it is longer than {longest} characters", longest=longest)
    if any(unicodedata.category(c)[0] == "C" and c != "\u200d" for c in cleaned):
        raise bad_value(field, value, "it holds characters that cannot be printed")
    return cleaned


def clean_text(field: str, value: str | None, longest: int = 500) -> str | None:
    """Return free text that the stores can hold, or raise ``bad-value``."""
    if value is None:
        return None
    if len(value) > longest:
        raise bad_value(field, value, "it is longer than {longest} characters", longest=longest)
    if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise bad_value(field, value.encode("utf-8", "replace"), "it holds bytes that are no text")
    return value.strip()


def entry_name(sku: str, version: int) -> str:
    """Return the name people use for an event: ``AB-123/17``."""
    return f"{sku}/{version}"


def split_entry(entry: str) -> tuple[str, int]:
    """Return SKU and version of an entry name; raises ``unknown-entry`` when it is none."""
    sku, slash, version = entry.strip().rpartition("/")
    if not slash or not sku or not version.isascii() or not version.isdigit() or len(version) > 9:
        raise unknown_entry(entry)
    return sku, int(version)


def stream_of(sku: str) -> str:
    """Return the stream id of a SKU."""
    return SKU_STREAM + sku


def require(condition: bool, field: str, value: object, why: str) -> None:
    """Raise ``bad-value`` unless the condition holds."""
    if not condition:
        raise bad_value(field, value, why)


__all__ = [
    "ALERT_STREAM",
    "ORDER_STREAM",
    "SHOP_STREAM",
    "SKU_STREAM",
    "SUPPLIER_STREAM",
    "Malformed",
    "check_code",
    "clean_text",
    "entry_name",
    "normalise",
    "require",
    "split_entry",
    "stream_of",
]


_UMLAUTS = str.maketrans("äöü", "aou")


def singulars(word: str) -> tuple[str, ...]:
    """Return the words that one may be the plural of, itself first.

    >>> singulars("boxes")[:3], "sack" in singulars("säcke")
    (('boxes', 'boxe', 'box'), True)
    """
    forms = (
        form.removesuffix(ending)
        for form in (word, word.translate(_UMLAUTS))
        for ending in ("", "s", "es", "n", "en", "e", "er")
    )
    return tuple(dict.fromkeys(forms))
