"""Lines to readings: a verb, a quantity, a product as typed, and what stands around them.

Reading is pure: which product the words mean is decided later, against the catalog. The words come
from ``phrases``. What a reading cannot decide alone it leaves open: another way to part quantity
and product (``other``), a line without a verb.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from jitledger_bot.reading.amounts.numbers import Number
from jitledger_bot.reading.amounts.quantities import leading_number, read_quantity, starts_quantity
from jitledger_bot.reading.doubts import doubt_of, is_corrected, is_plan
from jitledger_bot.reading.headers import header_of, is_doubtful, joined
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.readings import Places, Reading
from jitledger_bot.reading.tails import Tail, amount_at, per_at
from jitledger_bot.reading.tidy import (
    bracketed,
    prices_plain,
    said_twice,
    to_supplier,
    unglued,
    unwrapped,
    wide,
    without_customer,
    without_documents,
)
from jitledger_bot.reading.times import take_times
from jitledger_bot.reading.words import (
    LIST_MARK,
    MARKS,
    find_verb,
    has_number,
    take_verb,
    without_fillers,
)
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import read as say
from jitledger_bot.texts.say import shared

_SIGNED = re.compile(r"([+–-])\s*(\d[\d.,]*)\s*[x×]?\s+(.+)", re.DOTALL)

_CLAUSE = re.compile(r"[,;.]\s+(?=\S)|\s+(?:and|und|&|then|dann)\s+")

_RANGE = re.compile(r"\d+\s*[x×*/–-]\s*\d+(?=\s)")

_MINUS = re.compile(r"^\s*minus\s+(?=\d)", re.IGNORECASE)

LONGEST_LINE = 400

_SPACES = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "−": "-", "＋": "+", "→": "->"}
)


MOST_LINES = 400
"""More is no message that somebody typed; a table is read from a file."""

_WIDE_SPACE = re.compile(r"[^\S\n]{2,}")


def read_message(text: str, now: datetime, places: Places | None = None) -> list[Reading]:
    """Read a message line by line, as ``read_lines`` does."""
    return read_lines(lines_of(text), now, places or Places())


def read_lines(
    lines: list[str],
    now: datetime,
    places: Places,
    told: Callable[[str, str], Reading | None] = lambda line, below: None,
) -> list[Reading]:
    """Read lines of a message; a header ("Received from Acme:") holds for those below it.

    ``told`` reads a header that is none to this reader, from the line and the one below it.
    """
    if len(lines) > MOST_LINES:
        problem = _(say.TOO_MANY_LINES, lines=len(lines), most=MOST_LINES)
        return [Reading(lines[0], problem=problem)]
    header: Reading | None = None
    found: list[Reading] = []
    for place, line in enumerate(lines):
        more = place + 1 < len(lines)
        head = header_of(line, now, places) if more else None
        if head is not None and head.do is None and found and not line.rstrip().endswith(":"):
            head = None  # "yesterday" between facts: of those above, or below?
        if head is None and more:
            head = told(line, lines[place + 1])
        if head is not None and is_doubtful(line):
            header = None  # "Not received:" – what stands below has no verb then, and is asked.
            found.append(Reading(line, line=place))
            continue
        if head is not None:
            header = joined(header, head) if place and (not found or head.do is None) else head
            continue
        if header is not None and _ends_header(line):
            header = None
        read = _of_the_same([r for p in _clauses(line) for r in read_line(p, now, header, places)])
        claims = [r for r in read if r.do not in (None, "unmet")]
        if claims and is_corrected(line):
            said = _(say.WHICH_NUMBER_COUNTS_WRITE_ONLY)
            number = claims[0].quantity or Decimal(0)
            read = [replace(claims[0], raw=line, quantity=number, problem=said)]
        found += [replace(r, line=place, under=header) for r in read]
    return found


def _ends_header(line: str) -> bool:
    """Return whether a line without goods parts what stands below it from the header above."""
    norm = [plain(word) for word in line.split()]
    if line.rstrip().endswith(":"):
        return True
    if any(c.isdigit() for c in line) or any(
        phrases().numbers.at(norm, n) is not None for n in range(len(norm))
    ):
        return False
    _raw, left = without_fillers(list(norm), list(norm))
    return any(c.isalnum() for word in left for c in word)


def lines_of(text: str) -> list[str]:
    """Return a message's lines, without pictures, wide spaces, and numbers glued to words."""
    text = "".join(c for c in text.translate(MARKS) if unicodedata.category(c) != "So")
    text = _WIDE_SPACE.sub(" ", wide(text.translate(_SPACES)))
    return [unglued(prices_plain(line)) for line in text.splitlines() if line.strip()]


AFTERWARDS = {("receive", "write-off"), ("sell", "return"), ("write-off", "adjust")}
"""What may befall a part of the same goods: came and broke, sold and back, lost and found."""


def _of_the_same(read: list[Reading]) -> list[Reading]:
    """Let a later part of a line that names no product mean the one before: "…, 2 were broken"."""
    for place in range(1, len(read)):
        first, later = read[place - 1], read[place]
        named = bool(first.product) and first.problem is None
        nameless = not later.product and later.quantity is not None and later.quantity > 0
        if not (named and nameless and (first.do, later.do) in AFTERWARDS):
            continue
        if later.do == "adjust" and later.cause != "found":
            continue
        if first.quantity is not None and later.quantity <= first.quantity:  # type: ignore[operator]
            read[place] = replace(later, product=first.product, problem=None, other=None)
    return read


def _clauses(line: str) -> list[str]:
    """Part "sold 2 mug, received 5 spoon" where each part has a verb and a number of its own."""
    parts = [part for part in _CLAUSE.split(line) if part.strip()]
    if len(parts) < 2:
        return [line]
    facts = [part for part in parts if _has_verb_and_number(part)]
    rest = [part for part in parts if part not in facts]
    if len(facts) > 1 and not any(any(c.isdigit() for c in part) for part in rest):
        return facts
    return [line]


def _has_verb_and_number(text: str) -> bool:
    norm = [plain(word) for word in text.split()]
    verb = find_verb(norm, at_start=True) or find_verb(norm, at_start=False)
    if verb is None:
        return False
    numbers = phrases().numbers
    return has_number(norm) or any(
        numbers.at(norm, n) is not None and norm[n] not in ("a", "an") for n in range(len(norm))
    )


def read_line(
    line: str, now: datetime, header: Reading | None = None, places: Places | None = None
) -> list[Reading]:
    """Read one line, which may hold several facts of one verb; ``now`` is in the shop's zone."""
    places = places or Places()
    if len(line) > LONGEST_LINE:
        return [Reading(line[:LONGEST_LINE], problem=_(say.THE_LINE_IS_LONGER_THAN))]
    text = unwrapped(_MINUS.sub("-", LIST_MARK.sub("", line)).strip())
    text = " ".join(without_documents(said_twice(bracketed(text)).split()))
    if "?" in text or is_plan(text):
        return [Reading(line)]
    words, occurred = take_times(text.split(), now)
    if isinstance(occurred, Reading):
        return [replace(occurred, raw=line)]
    if occurred is None and header is not None and len(words) < len(text.split()):
        header = replace(header, occurred=None)  # "today 3 duct tape" below "sold yesterday:"
    do: str | None = None
    cause: str | None = None
    signed = _SIGNED.fullmatch(" ".join(words))
    if signed is not None:
        do = "receive" if signed.group(1) == "+" else "sell"
        rest, told, why = take_verb(signed.group(3).split())
        if do == "sell" and told in ("write-off", "adjust"):  # "-2 mug broken"
            words, do, cause = [signed.group(2), *rest], told, why
        else:
            words = [signed.group(2), *signed.group(3).split()]
    else:
        words, do, cause = take_verb(words)
    if do is None and header is not None:
        do, cause = header.do, header.cause
    if not words:
        return [Reading(line, do=do, problem=_no_quantity(do))]
    if do == "return":
        words = without_customer(words)
    if do in ("return", "return-to-supplier"):
        away = to_supplier(words, text, places)
        if away is not None or do == "return-to-supplier":
            return _sent_back(line, cause, words, away, occurred, header, places)
    found = _facts(line, do, cause, words, occurred, header, places)
    doubt = doubt_of(words, do, places)
    if header is not None and header.do == "receive" and do == "write-off":
        doubt = _(say.RECEIVED_AND_THEN_LOST_OR)
    norm = [plain(word) for word in words]
    numbered = has_number(norm) or phrases().has("hedges", norm)  # "half a box"
    if doubt is not None and do is not None and numbered:
        return [replace(r, quantity=r.quantity or Decimal(0), problem=doubt) for r in found[:1]]
    return found


def _sent_back(
    line: str,
    cause: str | None,
    words: list[str],
    away: tuple[list[str], str] | None,
    occurred: str | None,
    header: Reading | None,
    places: Places,
) -> list[Reading]:
    """Read what went back: to a supplier that is named, else it is asked where it went."""
    if away is None:
        found = _facts(line, "return", cause, words, occurred, header, places)
        asked = _(say.BACK_FROM_OR_BACK_TO)
        return [replace(r, quantity=r.quantity or Decimal(0), problem=asked) for r in found[:1]]
    words, supplier = away
    words = [word for word in words if not phrases().conditions.at([plain(word)], 0)]
    found = _facts(line, "return", cause, words, occurred, header, places)
    return [replace(r, do="return-to-supplier", supplier=supplier, condition=None) for r in found]


def _facts(
    line: str,
    do: str | None,
    cause: str | None,
    words: list[str],
    occurred: str | None,
    header: Reading | None,
    places: Places,
) -> list[Reading]:
    parts = _parts(words)
    tails = [Tail(part, do, places) for part in parts]
    for tail in tails:
        tail.take()
    last = tails[-1]
    found = []
    for tail in tails:
        number, product, other = read_quantity(tail.words, do)
        reading = Reading(
            line,
            do=do,
            product=product,
            price=tail.price,
            total=tail.total,
            currency=tail.currency,
            per=tail.per,
            supplier=tail.supplier or last.supplier or (header.supplier if header else None),
            location=tail.location or last.location or (header.location if header else None),
            to=tail.to or last.to or (header.to if header else None),
            occurred=occurred or (header.occurred if header else None),
            cause=cause,
            condition=tail.condition or last.condition,
            other=other,
        )
        checked = _checked(reading, number)
        if tail.total is not None and len(parts) > 1 and checked.do is not None:
            checked = replace(checked, problem=_(say.WHICH_PRICE_WRITE_IT_LIKE))
        if tail.weak_price and number is not None and number.value != 1:
            checked = replace(checked, problem=_(say.IS_THAT_THE_PRICE_OF))
        elif tail.perhaps_time and checked.do is not None and _names_day(line):
            asked = _(say.A_PRICE_OR_A_TIME, number=tail.price)
            checked = replace(checked, problem=asked)
        elif tail.negative_price and checked.do is not None:
            checked = replace(checked, problem=_(say.A_PRICE_BELOW_ZERO_WRITE))
        elif tail.unread_price and tail.price is None and checked.do is not None:
            checked = replace(checked, problem=_(say.WHICH_PRICE_WRITE_IT_LIKE))
        found.append(checked)
    return found


def _names_day(line: str) -> bool:
    norm = [plain(word) for word in line.split()]
    return any(phrases().days.at(norm, place) for place in range(len(norm)))


def _checked(reading: Reading, number: Number | None) -> Reading:
    """Say what a reading lacks."""
    if number is None and reading.do is None:
        return Reading(reading.raw)
    if number is None and _RANGE.match(reading.product):
        shown = reading.product.split()[0]
        asked = _(say.WHICH_NUMBER_IS_IT, shown=shown)
        return replace(reading, quantity=Decimal(0), problem=asked)
    if number is None:
        return replace(reading, problem=_no_quantity(reading.do))
    if reading.do == "count" and _is_an_article(number, reading.raw):
        return replace(reading, problem=_no_quantity("count"))  # "counting a mug" says no number.
    reading = replace(reading, quantity=number.value)
    if number.ambiguous is not None:
        one, other = number.ambiguous
        said = _(shared.THE_NUMBER_CAN_BE_ONE, one=one, other=other)
        return replace(reading, problem=said)
    if number.value < 0 and reading.do != "adjust":
        return replace(reading, problem=_(shared.A_QUANTITY_CANNOT_BE_NEGATIVE))
    if not reading.product:
        return replace(reading, problem=_(say.WHICH_PRODUCT_IS_IT))
    if reading.do is None:
        said = _(say.RECEIVED_SOLD_OR_COUNTED_WRITE)
        return replace(reading, problem=said)
    return reading


def _is_an_article(number: Number, raw: str) -> bool:
    """Return whether a 1 stands for nothing but "a" or "ein"."""
    words = {plain(word) for word in raw.split()}
    written = any(ch.isdigit() for ch in raw) or words & {"one", "eins"}
    return number.value == 1 and not written


def _no_quantity(do: str | None) -> str:
    example = {"count": "count mug 17", "sell": "sold 3 mug", None: "sold 3 mug"}
    return _(say.HOW_MANY_FOR_EXAMPLE_EXAMPLE, example=example.get(do, f"{do} 3 mug"))


def _parts(words: list[str]) -> list[list[str]]:
    """Part "3 mug, 2 vase and 4 plate" where a new quantity begins."""
    joiners = phrases().words["joiners"]
    parts: list[list[str]] = [[]]
    place = 0
    while place < len(words):
        here = parts[-1]
        joined = bool(here) and joiners.at([plain(words[place])], 0) is not None
        follows = words[place + 1] if joined and place + 1 < len(words) else words[place]
        at = place + 1 if joined else place
        parted = joined or bool(here and here[-1].endswith((",", ";")))
        begins = parted and starts_quantity(words, at) and not _is_price(words, at)
        if begins and _whole(here):
            here[-1] = here[-1].rstrip(",;")
            parts.append([])
            if joined:
                place += 1
            parts[-1].append(follows)
        else:
            here.append(words[place])
        place += 1
    return parts


def _is_price(words: list[str], place: int) -> bool:
    """Return whether a number is what something costs: "7.50 each", "38 euros", "11.40 a box"."""
    found = amount_at(words, place)
    if found is None:
        return False
    norm, after = [plain(word) for word in words], place + found[1]
    each = phrases().is_("each", norm, after) or phrases().is_("totals", norm, after)
    return found[2] or each > 0 or per_at(norm, after) is not None


def _whole(part: list[str]) -> bool:
    """Return whether a part has a number and a product of its own."""
    return len(part) >= 2 and leading_number(part) is not None
