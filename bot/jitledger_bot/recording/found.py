"""Which product a reading names, in which pack, in which unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from jitledger.domain.names import singulars
from jitledger_bot.desk import Desk
from jitledger_bot.memory.resolve import Resolved
from jitledger_bot.reading import Reading
from jitledger_bot.reading.amounts.quantities import leading_number
from jitledger_bot.reading.phrases import phrases, plain

UNITS: dict[str, tuple[str, Decimal]] = {
    "kg": ("mass", Decimal(1000)),
    "g": ("mass", Decimal(1)),
    "pfund": ("mass", Decimal(500)),
    "l": ("volume", Decimal(1000)),
    "ml": ("volume", Decimal(1)),
    "m": ("length", Decimal(100)),
    "cm": ("length", Decimal(1)),
    "pair": ("pair", Decimal(1)),
}
"""{unit: what it measures, and how much of its smallest unit it is}"""


def find(reading: Reading, desk: Desk) -> tuple[Resolved, str | None, Reading]:
    """Return the product of a reading, the pack it is counted in, and how it was parted.

    "boxes napkins" is a pack of a product when the rest names one exactly; so is "kg coffee" a
    measure. "250 ml bottle 40" is forty bottles when that names a product and the rest does not.
    """
    found = desk.resolver.resolve(reading.product)
    if found.exact is not None:
        return found, None, reading
    words = reading.product.split()
    the = phrases().is_("the", [plain(word) for word in words], 0)
    if the and the < len(words):  # "broke the mug"
        named = desk.resolver.resolve(" ".join(words[the:]))
        if named.exact is not None:
            return named, None, reading
    coded = desk.resolver.resolve(words[0]) if len(words) > 1 else found
    if coded.exact is not None and _is_named(words[1:], coded.exact.title):
        return coded, None, reading
    inner, pack = _in_packs(reading.product, desk)
    if inner is not None:
        return inner, pack, reading
    measured = _in_units(reading, desk)
    if measured is not None:
        return measured
    if reading.other is not None:
        quantity, product = reading.other
        other = desk.resolver.resolve(product)
        pack = None
        if other.exact is None:
            inner, pack = _in_packs(product, desk)
            other = inner or other
        if other.exact is not None:
            return other, pack, replace(reading, quantity=quantity, product=product)
    return found, None, reading


def _in_units(reading: Reading, desk: Desk) -> tuple[Resolved, str | None, Reading] | None:
    """Return a reading in a product's own unit: "250 g coffee" of what is kept in kilograms."""
    words = reading.product.split()
    unit = phrases().units.at([plain(word) for word in words], 0)
    if unit is None or reading.quantity is None or unit[0] >= len(words):
        return None
    rest = words[unit[0] :]
    rest = rest[phrases().is_("of", [plain(word) for word in rest], 0) :]
    found = desk.resolver.resolve(" ".join(rest))
    if found.exact is None:
        return None
    own = phrases().units.meaning(desk.unit_of(found.exact.sku))
    if own is None or UNITS[own][0] != UNITS[unit[1]][0]:
        return None
    quantity = reading.quantity * UNITS[unit[1]][1] / UNITS[own][1]
    return found, None, replace(reading, quantity=quantity, product=" ".join(rest))


def is_own_unit(word: str, sku: str, desk: Desk) -> bool:
    """Return whether a word for a pack is what a product is kept in: "2 boxes of screws"."""
    own = plain(desk.unit_of(sku))
    return own in (word, *singulars(word), *phrases().pack_codes(word))


def is_single(sku: str, desk: Desk) -> bool:
    """Return whether a product is kept in pieces, not in kilograms, litres or metres."""
    own = phrases().units.meaning(desk.unit_of(sku))
    return own is None or UNITS[own][0] == "pair"


def held(reading: Reading, desk: Desk) -> Reading:
    """Return a fact counted in what holds it, where that is no single piece: "2 rolls of rope".

    A roll of rope that is kept in metres is a pack, whose size is known or asked.
    """
    holders = phrases().sets["holders"]
    norm = [plain(word) for word in reading.raw.split()]
    if holders.isdisjoint(norm):
        return reading
    found, pack, read = find(reading, desk)
    if found.exact is None or pack is not None:
        return reading
    sku = found.exact.sku
    name = [plain(word) for word in read.product.split()]
    for place, word in enumerate(norm):
        if word not in holders or word in name:
            continue
        behind = place + 1 + phrases().is_("of", norm, place + 1)
        number = leading_number(norm[place - 1 : place]) if place else None
        beside = norm[behind : behind + len(name)] == name or (
            number is not None and number[0].value == reading.quantity
        )
        if beside and (not is_single(sku, desk) or desk.pack_of(sku, word) is not None):
            return replace(reading, product=f"{word} {reading.product}")
    return reading


def _is_named(words: Sequence[str], title: str) -> bool:
    """Return whether words behind a code are its product's own name."""
    return [plain(word) for word in words] == [plain(word) for word in title.split()]


def measure_of(words: str) -> tuple[str, str] | None:
    """Return (measure, what it is of) of "g cheese"; None when no measure stands there.

    >>> measure_of("g cheese")
    ('g', 'cheese')
    """
    norm = [plain(word) for word in words.split()]
    unit = phrases().units.at(norm, 0)
    if unit is None or unit[0] >= len(norm):
        return None
    behind = unit[0] + phrases().is_("of", norm, unit[0])
    rest = " ".join(words.split()[behind:])
    return (" ".join(words.split()[: unit[0]]), rest) if rest else None


def split_pack(words: str) -> tuple[str, str] | None:
    """Return (pack, what it holds) of "boxes napkin"; None when no pack stands there."""
    first, _space, rest = words.partition(" ")
    codes = phrases().pack_codes(plain(first))
    norm = [plain(word) for word in rest.split()]
    rest = " ".join(rest.split()[phrases().is_("of", norm, 0) :])
    return (codes[0], rest) if codes and rest else None


def _in_packs(words: str, desk: Desk) -> tuple[Resolved | None, str | None]:
    first, _space, rest = words.partition(" ")
    known, first = phrases(), plain(first)
    norm = [plain(word) for word in rest.split()]
    lead = known.is_("of", norm, 0)
    rest = " ".join(rest.split()[lead:])
    if not rest:
        return None, None
    codes = known.pack_codes(first)
    inner = desk.resolver.resolve(rest)
    if inner.exact is None:
        return None, None
    sku = inner.exact.sku
    pack = desk.pack_of(sku, first)
    if pack is not None:
        return inner, pack
    if is_own_unit(first, sku, desk):
        return inner, None  # "2 boxes of screws" of what is kept in boxes
    if first in known.sets["holders"]:  # "2 rolls of duct tape", "3 bottles of oil"
        return inner, None if is_single(sku, desk) else first
    return (inner, codes[0]) if codes else (None, None)
