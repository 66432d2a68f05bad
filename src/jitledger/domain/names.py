"""Names of streams, entries and products.

A SKU is kept as typed; its normalised form (case folded, without spaces, ``-``, ``_``, ``.``) is
unique in the shop, so ``ab123`` and ``AB-123`` cannot become two products by accident.
"""

from __future__ import annotations

import unicodedata

from jitledger.domain.errors import Malformed, bad_value, unknown_entry

SKU_STREAM = "sku/"
SUPPLIER_STREAM = "supplier/"
ALERT_STREAM = "alert/"
ORDER_STREAM = "po/"
SHOP_STREAM = "shop"
LONGEST_SKU = 64
_DROPPED = str.maketrans("", "", " -_.\u00a0\u2010\u2011\u2012\u2013")


def normalise(sku: str) -> str:
    """Return the form under which a SKU is unique.

    >>> normalise("AB-123") == normalise("ab 123")
    True
    """
    folded = unicodedata.normalize("NFKC", sku).casefold().translate(_DROPPED)
    return folded or sku


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
