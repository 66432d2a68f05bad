"""Lines to readings: a verb, a quantity, a product as typed, and what stands around them.

Reading is pure: which product the words mean is decided later, against the catalog.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from jitledger_bot.reading.numbers import Number, read_number

VERBS: dict[str, str] = {
    "received": "receive",
    "receive": "receive",
    "recv": "receive",
    "got": "receive",
    "delivered": "receive",
    "delivery": "receive",
    "sold": "sell",
    "sell": "sell",
    "sale": "sell",
    "count": "count",
    "counted": "count",
    "broke": "write-off",
    "broken": "write-off",
    "damaged": "write-off",
    "lost": "write-off",
    "returned": "return",
    "return": "return",
    "found": "adjust",
    "gift": "adjust",
    "adjust": "adjust",
    "moved": "transfer",
    "move": "transfer",
    "unmet": "unmet",
}
_WORDS = {"asked for": "unmet"}
_CAUSES = {"found": "found", "gift": "gift", "adjust": "other"}
_LIST_MARK = re.compile(r"^\s*(?:[-*•]\s+(?=\D|\d+\s)|\d{1,3}[.)]\s+)")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SIGNED = re.compile(r"([+-])\s*(\d[\d.,]*)\s+(.+)", re.DOTALL)
LONGEST_LINE = 400
_MARKS = str.maketrans(
    "", "", "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line was read as; ``problem`` says why nothing can be recorded from it."""

    raw: str
    do: str | None = None
    quantity: Decimal | None = None
    product: str = ""
    price: Decimal | None = None
    supplier: str | None = None
    location: str | None = None
    to: str | None = None
    occurred: str | None = None
    cause: str | None = None
    problem: str | None = None

    @property
    def is_fact(self) -> bool:
        """Return whether the line names something to record."""
        return self.do is not None and self.problem is None


def read_message(text: str, now: datetime) -> list[Reading]:
    """Read a message line by line; a header ("Received from Acme:") holds for those below it."""
    lines = [line for line in text.translate(_MARKS).splitlines() if line.strip()]
    header: Reading | None = None
    found = []
    for line in lines:
        head = _header(line) if len(lines) > 1 else None
        if head is not None:
            header = head
            continue
        found.append(read_line(line, now, header))
    return found


def _header(line: str) -> Reading | None:
    stripped = line.strip()
    if not stripped.endswith(":"):
        return None
    words = stripped[:-1].split()
    if not words or words[0].casefold() not in VERBS or len(words) > 6:
        return None
    reading = Reading(line, do=VERBS[words[0].casefold()])
    if len(words) >= 3 and words[1].casefold() == "from":
        reading = replace(reading, supplier=" ".join(words[2:]))
    return reading


def read_line(line: str, now: datetime, header: Reading | None = None) -> Reading:
    """Read one line; ``now`` is the message's moment in the shop's zone."""
    if len(line) > LONGEST_LINE:
        return Reading(line[:LONGEST_LINE], problem="the line is longer than 400 characters")
    text = _LIST_MARK.sub("", line).strip()
    words, occurred = _take_time(text.split(), now)
    if isinstance(occurred, Reading):
        return replace(occurred, raw=line)
    signed = _SIGNED.fullmatch(" ".join(words))
    if signed is not None:
        do = "receive" if signed.group(1) == "+" else "sell"
        return _rest(line, do, [signed.group(2), *signed.group(3).split()], occurred, header)
    if not words:
        return Reading(line)
    pair = " ".join(words[:2]).casefold()
    if pair in _WORDS:
        return _rest(line, _WORDS[pair], words[2:], occurred, header)
    verb = words[0].casefold().rstrip(":")
    if verb in VERBS:
        return _rest(line, VERBS[verb], words[1:], occurred, header, _CAUSES.get(verb))
    if header is not None and header.do is not None and read_number(words[0]) is not None:
        return _rest(line, header.do, words, occurred, header)
    return Reading(line)


def _rest(
    line: str,
    do: str,
    words: list[str],
    occurred: str | None,
    header: Reading | None,
    cause: str | None = None,
) -> Reading:
    """Read what follows the verb: quantity first, or last for a count."""
    words = [word.rstrip(",;") for word in words if word.rstrip(",;")]
    if do == "unmet" and words and words[-1].casefold() in ("none", "no"):
        words = words[:-1]
    words, price = _take_price(words)
    words, supplier = _take_after(words, "from") if do == "receive" else (words, None)
    words, to = _take_after(words, "to") if do == "transfer" else (words, None)
    words, location = _take_after(words, "at", most=1)
    if do == "transfer":
        words, location = _take_after(words, "from", most=1)
    number, product = _quantity(words, do)
    reading = Reading(
        line,
        do=do,
        product=" ".join(product),
        price=price,
        supplier=supplier or (header.supplier if header is not None else None),
        location=location,
        to=to,
        occurred=occurred,
        cause=cause,
    )
    if number is None:
        return replace(reading, problem=_no_quantity(do))
    if number.ambiguous is not None:
        one, other = number.ambiguous
        shown = next((w for w in words if read_number(w) == number), "")
        return replace(reading, problem=f"{shown} can be {one} or {other}; write one of them")
    if number.value < 0 and do != "adjust":
        return replace(reading, problem="a quantity cannot be negative")
    if not product:
        return replace(reading, quantity=number.value, problem="which product is it?")
    return replace(reading, quantity=number.value)


def _no_quantity(do: str) -> str:
    example = {"count": "count mug 17", "sell": "sold 3 mug"}.get(do, f"{do} 3 mug")
    return f"how many? For example: {example}"


def _quantity(words: list[str], do: str) -> tuple[Number | None, list[str]]:
    if not words:
        return None, []
    first = read_number(words[0])
    last = read_number(words[-1]) if len(words) > 1 else None
    if do == "count" and last is not None and (first is None or len(words) > 2):
        if first is not None:
            return first, words[1:]
        return last, words[:-1]
    if first is not None:
        rest = words[2:] if len(words) > 2 and words[1].casefold() in ("x", "×") else words[1:]
        return first, rest
    glued = re.fullmatch(r"(\d+)[x×]", words[0], re.ASCII)
    if glued is not None:
        return read_number(glued.group(1)), words[1:]
    if last is not None and do in ("receive", "sell", "count"):
        return last, words[:-1]
    return None, words


def _take_price(words: list[str]) -> tuple[list[str], Decimal | None]:
    for place, word in enumerate(words):
        if word == "@" and place + 1 < len(words):
            number = read_number(words[place + 1].lstrip("€$£"))
            if number is not None and number.ambiguous is None and number.value >= 0:
                return words[:place] + words[place + 2 :], number.value
        if len(word) > 1 and word.startswith("@"):
            number = read_number(word[1:].lstrip("€$£"))
            if number is not None and number.ambiguous is None and number.value >= 0:
                return words[:place] + words[place + 1 :], number.value
    return words, None


def _take_after(words: list[str], preposition: str, most: int = 3) -> tuple[list[str], str | None]:
    """Take "from Acme" or "at shop" off the end of a line."""
    for place in range(len(words) - 1, 0, -1):
        if words[place].casefold() == preposition:
            taken = words[place + 1 :]
            if 0 < len(taken) <= most:
                return words[:place], " ".join(taken)
            return words, None
    return words, None


def _take_time(words: list[str], now: datetime) -> tuple[list[str], str | Reading | None]:
    """Take "yesterday 13:55", "2026-03-02" or "13:55" off the end; return it in ISO 8601."""
    if not words:
        return words, None
    at: time | None = None
    clock = _CLOCK.fullmatch(words[-1])
    if clock is not None and len(words) > 1:
        at = time(int(clock.group(1)), int(clock.group(2)))
        words = words[:-1]
        if words[-1].casefold() == "at":
            words = words[:-1]
    day: date | None = None
    last = words[-1].casefold().rstrip(",") if words else ""
    if last in ("yesterday", "today"):
        day = now.date() - timedelta(days=last == "yesterday")
        words = words[:-1]
    elif _DAY.fullmatch(last) and len(words) > 1:
        try:
            day = date.fromisoformat(last)
        except ValueError:
            return words, Reading("", problem=f"{last} is no date")
        words = words[:-1]
    if at is not None:
        return words, datetime.combine(day or now.date(), at).isoformat()
    if day is not None and last != "today":
        return words, day.isoformat()
    return words, None
