"""What a text means in this shop: readings, judged against the catalog.

Reading is pure and knows no product; here each line becomes a fact of an exact product, a question
to ask, or talk. Nothing is recorded from a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import groupby

from jitledger.domain.moments import to_datetime
from jitledger.domain.state.shop import Shop
from jitledger_bot.desk import Desk
from jitledger_bot.reading import Places, Reading, lines_of, read_lines, somebody_else, spots
from jitledger_bot.reading.headers import header_of, is_doubtful
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.times import take_times
from jitledger_bot.recording.found import find, held
from jitledger_bot.recording.guard import doubt
from jitledger_bot.recording.left_over import without_a_role
from jitledger_bot.recording.money import Unsettled, price_of_one
from jitledger_bot.recording.segments import segments
from jitledger_bot.recording.together import (
    is_clear,
    said_anew,
    whole_lines,
    whole_sums,
    with_what_holds,
)
from jitledger_bot.recording.whole import header, says_more, tokens_of, understood
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import read as asked
from jitledger_bot.texts.say import recorded as say

ALIKE = 85

SHORT = 6
"""Words of a line with one verb, one number and one product."""


def read(text: str, local: datetime, desk: Desk, shop: Shop) -> list[Reading]:
    """Read a text against the shop; what names no product and no quantity is talk.

    A greeting is left out; any other line that is no fact stays, so that it can be told of.
    """
    found: list[Reading] = []
    places = desk.places(shop)
    lines = [_told(line, desk, places) for line in lines_of(text)]
    lines = [part for line in lines for part in _unfolded(line, local, desk, places)]
    told = partial(header, now=local, desk=desk, places=places)
    for line, said in groupby(read_lines(lines, local, places, told), key=lambda one: one.line):
        readings = list(said)
        short: list[Reading] = []
        for _raw, same in groupby(readings, key=lambda reading: reading.raw):
            short += _parted(list(same), desk)
        moved = [one for one in short if one.do == "transfer"]
        if moved and places.name_supplier(lines[line]):
            short = [replace(one, problem=_(asked.RECEIVED_OR_MOVED)) for one in moved[:1]]
        if _is_short(lines[line], short, desk):
            found += short
            continue
        above = readings[0].under or Reading("")
        whole = understood(lines[line], local, above, desk, places)
        found += _agreed(short, [replace(one, line=line) for one in whole], desk, places)
    found = [_returned(r, lines[r.line], local, desk, places) for r in found]
    found = [held(r, desk) if r.is_fact else r for r in found]
    found = [r if _is_meant(r, desk) else Reading(r.raw, line=r.line) for r in found]
    found = _guarded(found, lines, desk, places)
    found = whole_lines(whole_sums(said_anew(found, lines)), desk)
    found = with_what_holds(found, lines, local, places)
    return [r for r in found if says_something(r) or _is_odd(r)]


_HEADED = re.compile(r"([^:\d]{3,60}):\s+(\d.*)")


def _unfolded(line: str, local: datetime, desk: Desk, places: Places) -> list[str]:
    """Part a line that begins with a header: "main to shop: 10 cups, 5 plates"."""
    match = _HEADED.fullmatch(line)
    if match is None:
        return [line]
    head, rest = match.group(1) + ":", match.group(2)
    found = header_of(head, local, places)
    found = found or header(head, rest, now=local, desk=desk, places=places)
    if found is None or found.do != "transfer" or is_doubtful(head):
        return [line]
    parts = re.split(r",\s+(?=\d+\s+\D)", rest)
    return [head, *parts]


def _guarded(found: list[Reading], lines: list[str], desk: Desk, places: Places) -> list[Reading]:
    """Ask about the facts that something in their line speaks against."""
    kept = []
    for one in found:
        kinds = tuple(other.do or "" for other in found if other.line == one.line)
        problem = doubt(one, lines[one.line], desk, places, kinds)
        kept.append(one if problem is None else replace(one, problem=problem))
    return kept


_THEN_ASKS = re.compile(r"(.*\w\)?)\s*[.,;!–-]+\s+((?:\S+\s+){1,7}\S+)\s*\?\s*")


def _told(line: str, desk: Desk, places: Places) -> str:
    """Return a line without a question behind its facts that the answer to them answers.

    "sold 2 soap. how many left?": what is recorded is confirmed with what is on hand then.
    """
    match = _THEN_ASKS.fullmatch(line)
    if match is None or "?" in match.group(1):
        return line
    norm = [plain(word) for word in match.group(2).split()]
    if not phrases().is_("how_many", norm, 0) or any(c.isdigit() for c in match.group(2)):
        return line
    about = {t.meaning for t in tokens_of(match.group(2).split(), desk, places) if t.kind == "name"}
    named = [t.meaning for t in tokens_of(match.group(1).split(), desk, places) if t.kind == "name"]
    return match.group(1) if named and about <= set(named) else line


def _returned(reading: Reading, line: str, local: datetime, desk: Desk, places: Places) -> Reading:
    """Ask whether it can be sold again, where words about what came back are not understood."""
    if reading.do != "return" or not reading.is_fact or reading.condition is not None:
        return reading
    words = take_times(line.split(), local)[0]
    talk = [one.words for one in tokens_of(words, desk, places) if one.kind == "talk"]
    if all(word in phrases().sets["no_damage"] or len(word) < 3 for word in talk):
        return reading
    return replace(reading, problem=_(say.CAN_IT_BE_SOLD_AGAIN, words=" ".join(talk)[:60]))


def _is_short(line: str, short: list[Reading], desk: Desk) -> bool:
    """Return whether a line is so short that one reader is enough: "sold 3 blue mug @ 9.50"."""
    numbers = sum(any(c.isdigit() for c in word) for word in line.split())
    plainly = len(short) == 1 and len(line.split()) <= SHORT and numbers <= 2
    if not plainly or any(c in line for c in ",;") or not is_clear(short[0], desk):
        return False
    return not _piece_of_a_name(short[0], desk)


def _agreed(
    short: list[Reading], whole: list[Reading], desk: Desk, places: Places
) -> list[Reading]:
    """Return what two readers make of a line: the one that understood it, a question if both do."""
    if not whole or any(find(one, desk)[0].exact is None for one in whole):
        facts = [one for one in short if one.is_fact]
        if len(facts) == 1 == len(short) and says_more(facts[0], desk, places):
            return [replace(facts[0], problem=_(say.A_PART_IS_NOT_CLEAR, words=short[0].raw[:60]))]
        if len(short) < 2 or not facts:
            return short
        said = _(say.A_PART_IS_NOT_CLEAR, words=short[-1].raw[:60])
        return [replace(facts[0], problem=said)]
    if not short or not all(is_clear(one, desk) for one in short):
        return whole
    if any(_piece_of_a_name(one, desk) for one in short):
        return [replace(short[0], problem=_(say.A_PART_IS_NOT_CLEAR, words=short[0].raw[:60]))]
    if {one.do for one in short} == {"transfer"} and {one.do for one in whole} == {"receive"}:
        return whole  # "Hill Farm brought 1 tray to the shop": only one reader knows suppliers.
    few, full = _facts_of(short, desk), _facts_of(whole, desk)
    if few == full:
        return short
    if len(few) == len(full) and all(any(_says_more(a, b) for b in full) for a in few):
        return whole
    if len(few) == len(full) and _is_parted(whole):
        return whole
    return [replace(whole[0], problem=_(say.ONE_LINE_FOR_EACH_PRODUCT))]


def _is_parted(whole: list[Reading]) -> bool:
    """Return whether a verb stands in two parts, which the reader of short lines does not know."""
    norm = [plain(word) for word in whole[0].raw.split()]
    meant = {
        do for first, last, do in phrases().parted if _stands(first, norm) < _stands(last, norm)
    }
    return bool(meant) and all((one.do or "").startswith(tuple(meant)) for one in whole)


def _stands(words: tuple[str, ...], norm: list[str]) -> int:
    """Return where a phrase begins in a line; far behind its end when it does not."""
    size = len(words)
    return next((n for n in range(len(norm)) if tuple(norm[n : n + size]) == words), len(norm))


def _piece_of_a_name(reading: Reading, desk: Desk) -> bool:
    """Return whether a word for pieces is a letter away from the product: "10 glas vases"."""
    words = [plain(word) for word in reading.raw.split()]
    pieces = [n for n in range(len(words)) if phrases().is_("pieces", words, n)]
    exact = find(reading, desk)[0].exact if pieces else None
    if exact is None:
        return False
    from rapidfuzz import fuzz

    mine = {plain(word) for word in reading.product.split()}
    names = [plain(word) for word in exact.title.split()]
    return any(
        len(words[n]) > 3
        and words[n] not in mine
        and any(
            word not in (words[n], "") and fuzz.ratio(words[n], word) >= ALIKE for word in names
        )
        for n in pieces
    )


def _says_more(less: tuple[object, ...], more: tuple[object, ...]) -> bool:
    """Return whether two facts are one, of which the second says what the first leaves out."""
    return all(a in (None, b) for a, b in zip(less, more, strict=True))


def _facts_of(readings: Sequence[Reading], desk: Desk) -> set[tuple[object, ...]]:
    """Return what readings would record, to compare what two readers made of a line."""
    facts: set[tuple[object, ...]] = set()
    for one in readings:
        found, pack, read = find(one, desk)
        sku = found.exact.sku if found.exact is not None else None
        price, total = read.price, read.total
        if sku is not None and (price, total) != (None, None):
            with suppress(Unsettled):
                price, total = price_of_one(read, sku, pack, desk), None
        what = (read.do, sku, read.quantity, pack, price, total, read.occurred)
        broken = read.condition if read.condition == "damaged" else None
        facts.add((*what, read.location, read.to, broken))
    return facts


def _parted(said: list[Reading], desk: Desk) -> list[Reading]:
    """Return the facts of one line, parted by the shop's own names where it does not read well.

    What is parted is the whole line, so its parts stand instead of all its readings, once.
    """
    unread = [reading for reading in said if not _reads_well(reading, desk)]
    for reading in unread:
        parts = segments(reading, desk)
        if parts:
            return parts
    if len(said) > 1 or not unread:
        return said  # Of a line that holds several facts each one must read well by itself.
    spotted = _spotted(said[0], desk)
    left = without_a_role(said[0], spotted, desk) if spotted else None
    if left is not None:
        return [replace(spotted[0], problem=_(say.WHAT_DOES_IT_MEAN, words=left))]
    return spotted or said


def _spotted(reading: Reading, desk: Desk) -> list[Reading]:
    """Find the facts in a chatty line: a verb, and each number beside a product's exact name.

    Nothing when a number stands there that is no quantity: then it is asked.
    """
    if reading.do is None:
        return []
    if reading.raw.lstrip()[:1] in "+-–−" and reading.raw.lstrip()[1:2].isdigit():
        return []  # "-5 grad, brauch 1 decke": the sign belongs to its own number.
    if reading.do == "receive" and somebody_else(reading):
        return []
    numbers = spots(reading)
    for kind in ("behind", "before"):
        hits = [(spot, _hit(reading, spot.quantity, getattr(spot, kind), desk)) for spot in numbers]
        found = [hit for _spot, hit in hits if hit is not None]
        left = [spot for spot, hit in hits if hit is None and not spot.article]
        apart = [spot for spot, hit in hits if hit is not None and not spot.joined]
        if found and not left and not apart:
            return [] if len(found) == 1 and _may_be_another(found[0], desk) else found
    return []


def _may_be_another(reading: Reading, desk: Desk) -> bool:
    """Return whether a word of the line makes it another product: "sold 3 mug, red"."""
    used = {plain(word) for word in reading.product.split()}
    exact = find(reading, desk)[0].exact
    for word in reading.raw.split():
        norm = plain(word)
        if norm in used or not norm.isalpha() or len(norm) < 3:
            continue
        if phrases().verbs.at([norm], 0) or phrases().is_("stops", [norm], 0):
            continue
        other = desk.resolver.resolve(f"{norm} {reading.product}").exact
        if other is not None and exact is not None and other.sku != exact.sku:
            return True
    return False


def _reads_well(reading: Reading, desk: Desk) -> bool:
    if reading.problem is not None and reading.quantity is not None:
        return True  # It has its question already: an ambiguous number, a negative one.
    return reading.problem is None and find(reading, desk)[0].exact is not None


def _hit(reading: Reading, quantity: Decimal, runs: list[str], desk: Desk) -> Reading | None:
    for run in runs:
        trial = replace(reading, quantity=quantity, product=run, other=None, problem=None)
        if find(trial, desk)[0].exact is not None:
            return trial
    return None


def _is_meant(reading: Reading, desk: Desk) -> bool:
    """Return whether a line that lacks its verb or its quantity still names a product exactly."""
    if reading.problem is None or (reading.do is not None and reading.quantity is not None):
        return True
    if reading.do is None and reading.quantity is None and not reading.product:
        return True
    return bool(reading.product) and find(reading, desk)[0].exact is not None


def _is_odd(reading: Reading) -> bool:
    """Return whether a line is more than a greeting: then it is told that it was not read."""
    fillers = phrases().words["fillers"]
    words = [plain(word) for word in reading.raw.split()]
    place = 0
    while place < len(words):
        found = fillers.at(words, place)
        if found is None:
            return True
        place += found[0]
    return False


def says_something(reading: Reading) -> bool:
    """Return whether a line is a fact, or lacks only something that can be asked."""
    return reading.do is not None or reading.problem is not None


def names_its_product(text: str, desk: Desk, shop: Shop) -> bool:
    """Return whether a text is a fact that names a product exactly, without a barcode's help."""
    local = to_datetime(desk.app.queries.present(shop)).astimezone(shop.tz)
    readings = [reading for reading in read(text, local, desk, shop) if reading.is_fact]
    return any(find(reading, desk)[0].exact is not None for reading in readings)
