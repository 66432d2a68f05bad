"""Lines to readings: a verb, a quantity, a product as typed, and what stands around them.

Reading is pure: which product the words mean is decided later, against the catalog. The words come
from ``phrases``. What a reading cannot decide alone it leaves open: another way to part quantity
and product (``other``), a line without a verb.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from jitledger_bot.reading.numbers import Number, read_number
from jitledger_bot.reading.phrases import WEEKDAYS, Lookup, Phrases, phrases, plain

_LIST_MARK = re.compile(r"^\s*(?:[-–*•·]\s+(?=\D|\d+\s)|[*•·](?=\S)|\d{1,3}[.)]\s+|\(\d{1,3}\)\s+)")
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.h]([0-5]\d)(?:h|uhr)?")
_HOUR = re.compile(r"([01]?\d|2[0-3])(?:h|uhr)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})?")
_SIGNED = re.compile(r"([+–-])\s*(\d[\d.,]*)\s*[x×]?\s+(.+)", re.DOTALL)
_CLAUSE = re.compile(r"[,;.]\s+(?=\S)|\s+(?:and|und|&|then|dann)\s+")
_GLUED = re.compile(r"(\d+(?:[.,]\d+)?)([^\W\d_]+\.?|×)")
_CURRENCY = "€$£"
_CURRENCIES = {"€", "$", "£", "eur", "euro", "euros", "usd", "gbp", "chf"}
_FOR_EACH = {"@", "à", "zu", "je"}
"""Prices of one; "for 28.50" may be the sum, and is not taken."""
_SOME_DAY = datetime(2026, 1, 1)
_LIKE_A_DATE = re.compile(r"\d{1,4}[/-]\d{1,2}[/-]\d{1,4}|\d{1,2}(?:am|pm|st|nd|rd|th)")
_AGO = re.compile(r"\bvor \w+ (tag|woche|monat|jahr)|\b(am|vom) \d{1,2}\.\s?\d{1,2}(?!\d|\.\d)")
_RANGE = re.compile(r"\d+\s*[x×*/–-]\s*\d+(?=\s)")
LONGEST_LINE = 400
_MARKS = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFE0F, 0xFEFF]
)
_SPACES = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "−": "-", "＋": "+", "→": "->"}
)
_PRIORITY = ("unmet", "return", "transfer", "count", "adjust", "receive", "sell", "write-off")


@dataclass(frozen=True, slots=True)
class Places:
    """What the shop calls its locations and suppliers: {words in small letters: code}."""

    locations: dict[str, str] = field(default_factory=dict)
    suppliers: dict[str, str] = field(default_factory=dict)

    def location(self, words: Sequence[str]) -> str | None:
        """Return the location some words name: its code, its name, or a usual word for it."""
        typed = " ".join(words)
        if typed in self.locations:
            return self.locations[typed]
        usual = phrases().places.meaning(typed)
        if usual is None:
            return None
        same = {
            code for name, code in self.locations.items() if phrases().places.meaning(name) == usual
        }
        return same.pop() if len(same) == 1 else None


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
    condition: str | None = None
    problem: str | None = None
    other: tuple[Decimal, str] | None = None

    @property
    def is_fact(self) -> bool:
        """Return whether the line names something to record."""
        return self.do is not None and self.problem is None


def read_message(text: str, now: datetime, places: Places | None = None) -> list[Reading]:
    """Read a message line by line; a header ("Received from Acme:") holds for those below it."""
    places = places or Places()
    text = "".join(c for c in text.translate(_MARKS) if unicodedata.category(c) != "So")
    text = text.translate(_SPACES)
    lines = [line for line in text.splitlines() if line.strip()]
    header: Reading | None = None
    found: list[Reading] = []
    for place, line in enumerate(lines):
        head = _header(line, now, places) if place + 1 < len(lines) else None
        if head is not None:
            header = _joined(header, head) if place and not found else head
            continue
        for clause in _clauses(line):
            found += read_line(clause, now, header, places)
    return found


def _joined(first: Reading | None, second: Reading) -> Reading:
    """Join two header lines: "Delivery note Acme" and "received:" say one thing."""
    if first is None:
        return second
    return replace(
        second,
        supplier=second.supplier or first.supplier,
        location=second.location or first.location,
        occurred=second.occurred or first.occurred,
    )


def _clauses(line: str) -> list[str]:
    """Part "sold 2 mug, received 5 spoon" where each part has a verb and a number of its own."""
    parts = [part for part in _CLAUSE.split(line) if part.strip()]
    facts = [part for part in parts if _has_verb_and_number(part)]
    rest = [part for part in parts if part not in facts]
    if len(facts) > 1 and not any(any(c.isdigit() for c in part) for part in rest):
        return facts
    return [line]


def _has_verb_and_number(text: str) -> bool:
    norm = [plain(word) for word in text.split()]
    verb = _verb(norm, at_start=True) or _verb(norm, at_start=False)
    if verb is None:
        return False
    numbers = phrases().numbers
    return _has_number(norm) or any(
        numbers.at(norm, n) is not None and norm[n] not in ("a", "an") for n in range(len(norm))
    )


def _header(line: str, now: datetime, places: Places) -> Reading | None:
    """Read "Received from Acme:" or "Delivery Acme 19.11."; None when it is no header."""
    words = line.strip().split()
    if not words or len(words) > 8:
        return None
    words, occurred = _take_times(words, now)
    norm = [plain(word) for word in words]
    words, norm = _without_fillers(words, norm)
    verb = _verb(norm, at_start=True) or _verb(norm, at_start=False)
    if verb is None or (not line.strip().endswith(":") and _has_number(norm)):
        return None
    begin, length, do = verb
    rest = words[:begin] + words[begin + length :]
    numbers = [word for word in rest if _has_number([plain(word)])]
    rest = [word for word in rest if word not in numbers]
    reading = Reading(line, do=do, occurred=occurred if isinstance(occurred, str) else None)
    tail = _Tail([word.rstrip(":,") for word in rest], do, places)
    tail.take()
    left = tail.words
    known = places.suppliers.get(" ".join(plain(word) for word in left))
    if left and known is None and (numbers or not line.strip().endswith(":")):
        return None
    supplier = tail.supplier or (" ".join(left) if left and do == "receive" else None)
    return replace(reading, supplier=supplier, location=tail.location, to=tail.to)


def read_line(
    line: str, now: datetime, header: Reading | None = None, places: Places | None = None
) -> list[Reading]:
    """Read one line, which may hold several facts of one verb; ``now`` is in the shop's zone."""
    places = places or Places()
    if len(line) > LONGEST_LINE:
        return [Reading(line[:LONGEST_LINE], problem="the line is longer than 400 characters")]
    text = _unwrapped(_LIST_MARK.sub("", line).strip())
    if "?" in text or _is_plan(text):
        return [Reading(line)]
    words, occurred = _take_times(text.split(), now)
    if isinstance(occurred, Reading):
        return [replace(occurred, raw=line)]
    do: str | None = None
    cause: str | None = None
    signed = _SIGNED.fullmatch(" ".join(words))
    if signed is not None:
        do = "receive" if signed.group(1) == "+" else "sell"
        words = [signed.group(2), *signed.group(3).split()]
    else:
        words, do, cause = _take_verb(words)
    if do is None and header is not None:
        do = header.do
    if not words:
        return [Reading(line, do=do)]
    found = _facts(line, do, cause, words, occurred, header, places)
    doubt = _doubt(words, do, places)
    norm = [plain(word) for word in words]
    numbered = _has_number(norm) or phrases().has("hedges", norm)  # "half a box"
    if doubt is not None and do is not None and numbered:
        return [replace(r, quantity=r.quantity or Decimal(0), problem=doubt) for r in found[:1]]
    return found


def _unwrapped(text: str) -> str:
    """Return a line without the quotation marks or brackets around it."""
    for begin, end in ('""', "''", "()", "[]", "„“", "“”", "«»", "»«"):
        if len(text) > 2 and text[0] == begin and text[-1] == end:
            return text[1:-1].strip()
    return text


def _is_plan(text: str) -> bool:
    """Return whether a line tells of what is to come, or did not: a plan is no fact."""
    words = [plain(word) for word in text.split()]
    known = phrases()
    none = known.words["none"].ending(words)
    if none is not None:  # "asked for 2, not there" is a fact.
        words = words[: -none[0]]
    _, begins = _without_fillers(list(words), list(words))
    if known.is_("orders", words, 0) or known.is_("orders", begins, 0):
        return True
    place = 0
    while place < len(words):
        condition = known.conditions.at(words, place)
        if condition is not None:  # "not sellable"
            place += condition[0]
            continue
        if known.is_("plans", words, place):
            return True
        place += 1
    return False


def _doubt(words: list[str], do: str | None, places: Places) -> str | None:
    """Return why a line must be asked about although a number and a product may stand in it."""
    norm, known = [plain(word) for word in words], phrases()
    if any(known.days.at(norm, n) for n in range(len(norm)) if len(norm[n]) > 3):
        return "which day? One line for each day, please"
    if known.has("undated", norm) or any(_LIKE_A_DATE.fullmatch(w) for w in norm):
        return "which day? Write it like 2026-11-19, or yesterday"
    if _AGO.search(" ".join(words).casefold()):
        return "which day? Write it like 2026-11-19, or yesterday"
    hedged = [n for n in range(len(norm)) if known.is_("hedges", norm, n)]
    numbers = {n for n in range(len(norm)) if known.numbers.at(norm, n)}
    if any(n not in numbers for n in hedged if _number_follows(norm, n)):
        return "the number is not exact; write it exactly"
    if do == "receive" and known.has("customers", norm):
        return "received from a supplier, or sold to a customer?"
    if do == "return" and any(
        " ".join(norm[n : n + length]) in places.suppliers
        for length in (1, 2, 3)
        for n in range(len(norm))
    ):
        return "back from a customer, or back to the supplier?"
    return None


def _number_follows(norm: list[str], place: int) -> bool:
    near = norm[place + 1 : place + 4]
    return any(read_number(w) is not None or phrases().numbers.at([w], 0) for w in near) or (
        place > 0 and read_number(norm[place - 1]) is not None
    )


def _take_verb(words: list[str]) -> tuple[list[str], str | None, str | None]:
    """Take the verb out of a line: at its start, else wherever one stands."""
    norm = [plain(word) for word in words]
    found = _verb(norm, at_start=True)
    if found is None:
        words, norm = _without_fillers(words, norm)
        found = _verb(norm, at_start=True) or _verb(norm, at_start=False)
    if found is None:
        return words, None, None
    begin, length, do = found
    cause = phrases().reasons.meaning(" ".join(norm[begin : begin + length]))
    before, after = words[:begin], words[begin + length :]
    if do in ("transfer", "adjust"):  # "took 1 soap as a sample"
        after, told = _take_reason(after)
        if told is not None:
            do, cause = "adjust", told
    before, _ = _without_fillers(before, [plain(w) for w in before])
    if before and before[-1].endswith((",", ";")):
        before[-1] = before[-1].rstrip(",;")
    after, _ = _without_fillers(after, [plain(w) for w in after])
    return before + after, do, cause


def _take_reason(words: list[str]) -> tuple[list[str], str | None]:
    norm = [plain(word) for word in words]
    for place in range(1, len(norm)):
        found = phrases().reasons.at(norm, place)
        if found is not None:
            return words[:place] + words[place + found[0] :], found[1]
    return words, None


def _verb(norm: list[str], *, at_start: bool) -> tuple[int, int, str] | None:
    """Return (place, how many words, what it does) of a verb."""
    verbs = phrases().verbs
    if at_start:
        found = verbs.at(norm, 0)
        return (0, *found) if found is not None else None
    best: tuple[int, int, str] | None = None
    for place in range(1, len(norm)):
        found = verbs.at(norm, place)
        if found is None:
            continue
        if best is None or _PRIORITY.index(found[1]) < _PRIORITY.index(best[2]):
            best = (place, *found)
    return best


def _without_fillers(words: list[str], norm: list[str]) -> tuple[list[str], list[str]]:
    """Take "please", "we have" and the like off both ends."""
    fillers = phrases().words["fillers"]
    while norm:
        found = fillers.at(norm, 0)
        if found is None or found[0] == len(norm):
            break
        words, norm = words[found[0] :], norm[found[0] :]
    while norm:
        found = fillers.ending(norm)
        if found is None or found[0] == len(norm):
            break
        words, norm = words[: -found[0]], norm[: -found[0]]
    return words, norm


def _has_number(norm: Sequence[str]) -> bool:
    return any(read_number(word) is not None or _GLUED.fullmatch(word) for word in norm)


# --- what follows ---------------------------------------------------------------------------------


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
    tails = [_Tail(part, do, places) for part in parts]
    for tail in tails:
        tail.take()
    last = tails[-1]
    found = []
    for tail in tails:
        number, product, other = _quantity(tail.words, do)
        reading = Reading(
            line,
            do=do,
            product=product,
            price=tail.price,
            supplier=tail.supplier or last.supplier or (header.supplier if header else None),
            location=tail.location or last.location or (header.location if header else None),
            to=tail.to or last.to or (header.to if header else None),
            occurred=occurred or (header.occurred if header else None),
            cause=cause,
            condition=tail.condition or last.condition,
            other=other,
        )
        checked = _checked(reading, number)
        if tail.weak_price and number is not None and number.value != 1:
            checked = replace(checked, problem="is that the price of one? Write it like @ 4.20")
        found.append(checked)
    return found


def _checked(reading: Reading, number: Number | None) -> Reading:
    """Say what a reading lacks."""
    if number is None and reading.do is None:
        return Reading(reading.raw)
    if number is None and _RANGE.match(reading.product):
        shown = reading.product.split()[0]
        return replace(reading, quantity=Decimal(0), problem=f"{shown}: which number is it?")
    if number is None:
        return replace(reading, problem=_no_quantity(reading.do))
    reading = replace(reading, quantity=number.value)
    if number.ambiguous is not None:
        one, other = number.ambiguous
        shown = f"{one} or {other}"
        return replace(reading, problem=f"the number can be {shown}; write one of them")
    if number.value < 0 and reading.do != "adjust":
        return replace(reading, problem="a quantity cannot be negative")
    if not reading.product:
        return replace(reading, problem="which product is it?")
    if reading.do is None:
        return replace(reading, problem="received, sold or counted? Write that word before it")
    return reading


def _no_quantity(do: str | None) -> str:
    example = {"count": "count mug 17", "sell": "sold 3 mug", None: "sold 3 mug"}
    return f"how many? For example: {example.get(do, f'{do} 3 mug')}"


def _parts(words: list[str]) -> list[list[str]]:
    """Part "3 mug, 2 vase and 4 plate" where a new quantity begins."""
    joiners = phrases().words["joiners"]
    parts: list[list[str]] = [[]]
    place = 0
    while place < len(words):
        here = parts[-1]
        joined = bool(here) and joiners.at([plain(words[place])], 0) is not None
        follows = words[place + 1] if joined and place + 1 < len(words) else words[place]
        begins = _starts_quantity(words, place + 1 if joined else place)
        if begins and here and (joined or here[-1].endswith((",", ";"))) and _whole(here):
            here[-1] = here[-1].rstrip(",;")
            parts.append([])
            if joined:
                place += 1
            parts[-1].append(follows)
        else:
            here.append(words[place])
        place += 1
    return parts


def _starts_quantity(words: list[str], place: int) -> bool:
    """Return whether a number stands here and something comes after it."""
    if place + 1 >= len(words):
        return False
    word = words[place].rstrip(",;")
    glued = _GLUED.fullmatch(word)
    return read_number(word) is not None or (
        glued is not None and phrases().words["pieces"].meaning(glued.group(2)) is not None
    )


def _whole(part: list[str]) -> bool:
    """Return whether a part has a number and a product of its own."""
    return len(part) >= 2 and _leading_number(part) is not None


class _Tail:
    """Takes price, supplier, locations and condition off a part of a line."""

    def __init__(self, words: list[str], do: str | None, places: Places) -> None:
        self.words = words
        self._do = do
        self._places = places
        self.price: Decimal | None = None
        self.supplier: str | None = None
        self.location: str | None = None
        self.to: str | None = None
        self.condition: str | None = None
        self.weak_price = False

    def take(self) -> None:
        """Take until nothing more is found."""
        known = phrases()
        while True:
            before = len(self.words)
            if self._do == "unmet":
                self._drop(known.words["none"])
            if self._do == "return" and self.condition is None:
                self.condition = self._phrase(known.conditions)
            if self.price is None:
                self._take_price(known)
            if self._do == "transfer":
                self._take_way(known)
            elif self.location is None:
                self._take_location(known)
            if self._do == "receive" and self.supplier is None:
                self._take_supplier(known)
            self.words, _ = _without_fillers(self.words, self._norm())
            if len(self.words) == before:
                return

    def _norm(self) -> list[str]:
        return [plain(word) for word in self.words]

    def _drop(self, lookup: Lookup) -> None:
        found = lookup.ending(self._norm())
        if found is not None and found[0] < len(self.words):
            self.words = self.words[: -found[0]]

    def _phrase(self, lookup: Lookup) -> str | None:
        """Take a phrase that stands anywhere behind the first word."""
        norm = self._norm()
        for place in range(1, len(norm)):
            found = lookup.at(norm, place)
            if found is not None:
                self.words = self.words[:place] + self.words[place + found[0] :]
                return found[1]
        return None

    def _take_price(self, known: Phrases) -> None:
        norm = self._norm()
        for place in range(len(self.words)):
            lead = known.is_("price", norm, place)
            strong = lead > 0 and bool(set(norm[place : place + lead]) & _FOR_EACH)
            at = lead > 0 and norm[place] == "at"
            glued = not lead and self.words[place][:1] in "@à" and len(self.words[place]) > 1
            begin = place + lead
            found = self._amount(begin, strip="@à" if glued else "")
            if found is None:
                continue
            value, length, currency = found
            each = known.is_("each", norm, begin + length)
            taken = strong or glued or each > 0 or (at and lead > 0)
            if currency and not lead and place > 0:
                taken = True
            if not taken or (place == 0 and not lead and not glued):
                continue
            self.price = value
            sums = phrases().has("sums", norm)
            self.weak_price = sums or not (strong or glued or each or at)
            self.words = self.words[:place] + self.words[begin + length + each :]
            return

    def _amount(self, place: int, strip: str) -> tuple[Decimal, int, bool] | None:
        """Return (amount, how many words, whether a currency stands with it)."""
        if place >= len(self.words):
            return None
        length, currency = 1, False
        text = self.words[place].lstrip(strip).rstrip(",;")
        if text.casefold() in _CURRENCIES and place + 1 < len(self.words):
            text, length, currency = self.words[place + 1].rstrip(",;"), 2, True
        bare = text.strip(_CURRENCY)
        currency = currency or bare != text
        match = re.fullmatch(r"(\d[\d.,]*?)(eur|euro|€)?[.,;]?", bare.casefold())
        if match is None:
            return None
        currency = currency or match.group(2) is not None
        number = read_number(match.group(1))
        if number is None or number.ambiguous is not None or number.value < 0:
            return None
        after = self.words[place + length] if place + length < len(self.words) else ""
        if plain(after) in _CURRENCIES or after in _CURRENCIES:
            length, currency = length + 1, True
        return number.value, length, currency

    def _take_location(self, known: Phrases) -> None:
        norm = self._norm()
        for place in range(len(norm)):
            lead = known.is_("at", norm, place)
            if not lead:
                continue
            for length in (2, 1):
                code = self._places.location(norm[place + lead : place + lead + length])
                if code is not None and place + lead + length <= len(norm):
                    self.location = code
                    self.words = self.words[:place] + self.words[place + lead + length :]
                    return
        if len(norm) > 2 and norm[-2] == "at" and read_number(norm[-1]) is None:
            self.location, self.words = self.words[-1], self.words[:-2]

    def _take_way(self, known: Phrases) -> None:
        """Take "from main to shop", "in den Laden", "von main nach shop"."""
        norm = self._norm()
        for place in range(len(norm) - 1, -1, -1):
            for kind in ("to", "from"):
                lead = known.is_(kind, norm, place)
                if not lead or (self.to if kind == "to" else self.location) is not None:
                    continue
                for length in (2, 1):
                    end = place + lead + length
                    named = norm[place + lead : end]
                    the = known.is_("the", named, 0) if length == 2 else 0
                    code = self._places.location(named[the:]) if end <= len(norm) else None
                    if code is None:
                        continue
                    begin = place
                    if kind == "to":
                        self.to = code
                        source = self._places.location(norm[place - 1 : place])
                        if place and source is not None:  # "main -> shop"
                            self.location, begin = source, place - 1
                    else:
                        self.location = code
                    self.words = self.words[:begin] + self.words[end:]
                    return
        if self.to is None and len(norm) > 2 and known.is_("to", norm, len(norm) - 2) == 1:
            self.to, self.words = self.words[-1], self.words[:-2]

    def _take_supplier(self, known: Phrases) -> None:
        norm = self._norm()
        for place in range(len(norm) - 1, -1, -1):
            lead = known.is_("from", norm, place)
            rest = self.words[place + lead :]
            if lead and 0 < len(rest) <= 3 and not _has_number([plain(w) for w in rest]):
                self.supplier = " ".join(word.rstrip(",;.:") for word in rest)
                self.words = self.words[:place]
                return
            for length in (3, 2, 1):
                named = " ".join(norm[place + lead : place + lead + length])
                if lead and place + lead + length <= len(norm) and named in self._places.suppliers:
                    self.supplier = self._places.suppliers[named]
                    self.words = self.words[:place] + self.words[place + lead + length :]
                    return
        for length in (3, 2, 1):  # "Metro 24 COLA geliefert"
            code = self._places.suppliers.get(" ".join(norm[:length]))
            if code is not None and length < len(norm):
                self.supplier, self.words = code, self.words[length:]
                return


# --- quantity -------------------------------------------------------------------------------------


def _leading_number(words: list[str]) -> tuple[Number, int] | None:
    """Return the number a line begins with and how many words it takes."""
    if not words:
        return None
    norm = [plain(word) for word in words]
    first = words[0].rstrip(",;:")
    number = read_number(first)
    if number is not None:
        return number, 1
    spelt = phrases().numbers.at(norm, 0)
    if spelt is not None:
        return Number(Decimal(spelt[1])), spelt[0]
    glued = _GLUED.fullmatch(first)
    if glued is not None and _is_unit(glued.group(2)):
        number = read_number(glued.group(1))
        return None if number is None else (number, 1)
    if norm[0].startswith("x") and (number := read_number(norm[0][1:])) is not None:
        return number, 1
    return None


def _trailing_number(words: list[str]) -> tuple[Number, int] | None:
    """Return the number a line ends with and how many words it takes."""
    if len(words) < 2:
        return None
    last = words[-1].rstrip(",;.!")
    taken = 1
    if phrases().words["pieces"].meaning(last) is not None and len(words) > 2:
        last, taken = words[-2], 2
    glued = _GLUED.fullmatch(last)
    if glued is not None and phrases().words["pieces"].meaning(glued.group(2)) is not None:
        last = glued.group(1)
    number = read_number(last.lstrip("x×=:"))
    if number is None:
        return None
    while len(words) > taken + 1 and words[-taken - 1] in ("x", "×", "=", ":", "-", "–"):
        taken += 1
    return number, taken


def _is_unit(word: str) -> bool:
    return phrases().words["pieces"].meaning(word) is not None


def _quantity(
    words: list[str], do: str | None
) -> tuple[Number | None, str, tuple[Decimal, str] | None]:
    """Return the number, the product as typed, and the other way to read them, if there is one."""
    first, last = _leading_number(words), _trailing_number(words)
    if first is None:
        if last is None:
            return None, _product(words), None
        return last[0], _product(words[: -last[1]]), None
    rest = words[first[1] :]
    if rest and first[1] < len(words):
        taken = phrases().is_("pieces", [plain(w) for w in rest], 0)
        rest = rest[taken:] if taken < len(rest) else rest
    other = None
    if last is not None and last[1] < len(words) and last[0].ambiguous is None:
        other = (last[0].value, _product(words[: -last[1]]))
    return first[0], _product(rest), other


def _product(words: Sequence[str]) -> str:
    """Return a product's words without the marks around them."""
    kept = " ".join(words).strip(" ,;:!.-–")
    norm = [plain(word) for word in kept.split()]
    lead = phrases().is_("of", norm, 0)
    return " ".join(kept.split()[lead:]) if lead < len(norm) else kept


# --- a fact within a sentence ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spot:
    """A number in a chatty line and the runs of words beside it that may name the product."""

    quantity: Decimal
    behind: list[str]
    before: list[str]
    joined: bool
    """Whether it begins the line's facts, or follows the one before with a comma or "and"."""
    article: bool
    """Whether the number is a word for one, which often is none ("by a toddler")."""


def spots(reading: Reading) -> list[Spot]:
    """Return the numbers of a chatty line, each with the runs of words that stand beside it.

    "Maureen here, sold 3 lavender soaps to a lady": a run ends where a word can be no part of a
    product's name. The caller takes a run only when it names one product exactly.
    """
    words = _take_times(_LIST_MARK.sub("", reading.raw).split(), _SOME_DAY)[0]
    norm = [plain(word) for word in words]
    if reading.do is None or len(words) > 40 or _other_verb(norm, reading):
        return []
    if not _verb_leads_to_a_number(words, norm):
        return []
    found: list[Spot] = []
    place = 0
    while place < len(words):
        number = _leading_number(words[place:])
        if number is None or number[0].ambiguous is not None or number[0].value <= 0:
            place += 1
            continue
        digits = words[place][:1].isdigit()
        if place and digits and words[place - 1][-1:].isdigit():
            return []  # "1 200": nobody knows.
        begin = place + number[1]
        begin += phrases().is_("pieces", norm, begin)
        behind = [
            _product(words[begin : begin + length])
            for length in range(min(6, len(words) - begin), 0, -1)
            if _ends_here(words, norm, begin + length)
        ]
        alone = digits and _ends_here(words, norm, begin)
        before = [
            _product(words[first:place])
            for first in range(max(0, place - 5), place if alone else 0)
            if first == 0 or _ends_here(words, norm, first)
        ]
        article = not digits and number[0].value == 1
        if not _is_amount(words, norm, place, number[1]):
            behind, before = list(filter(None, behind)), list(filter(None, before))
            joined = not found or words[place - 1].endswith((",", ";", ":"))
            joined = joined or phrases().is_("joiners", norm, place - 1) > 0
            found.append(Spot(number[0].value, behind, before, joined, article))
        place += number[1]
    return found


def _is_amount(words: list[str], norm: list[str], place: int, length: int) -> bool:
    """Return whether a number is money: a currency or "each" stands with it."""
    after = place + length
    if any(c in _CURRENCY for c in words[place]) or phrases().is_("each", norm, after):
        return True
    return after < len(words) and (words[after] in _CURRENCIES or norm[after] in _CURRENCIES)


def _other_verb(norm: list[str], reading: Reading) -> bool:
    """Return whether another kind of verb stands in a line: then nobody knows which one holds."""
    verbs, known = phrases().verbs, phrases()
    kinds = {found[1] for n in range(len(norm)) if (found := verbs.at(norm, n)) is not None}
    kinds.discard(reading.do or "")
    if reading.do == "return":
        kinds -= {"write-off", "adjust"}
    if reading.do in ("adjust", "write-off"):
        kinds -= {"transfer", "adjust", "write-off"}
    if reading.do == "unmet" and known.has("none", norm):
        kinds.discard("sell")
    return bool(kinds)


def _is_article(words: list[str]) -> bool:
    """Return whether a number is a word for one: "a", "ein"."""
    number = _leading_number(words)
    return number is not None and number[0].value == 1 and not words[0][:1].isdigit()


def _verb_leads_to_a_number(words: list[str], norm: list[str]) -> bool:
    """Return whether only small words stand between a leading verb and the first number.

    "received payment for 3 mug" is another story.
    """
    known = phrases()
    for place in range(len(words)):
        if _leading_number(words[place:]) is not None:
            return True  # The number comes first.
        found = known.verbs.at(norm, place)
        if found is None:
            continue
        at = place + found[0]
        while at < len(words) and (_leading_number(words[at:]) is None or _is_article(words[at:])):
            small = _is_article(words[at:]) or any(
                known.is_(k, norm, at) for k in ("stops", "fillers", "the", "at", "from")
            )
            again = known.verbs.at(norm, at) is not None
            if not small and not again:
                later = range(at, len(words))
                return not any(
                    _leading_number(words[n:]) and not _is_article(words[n:]) for n in later
                )
            at += 1
        return True
    return True


def _ends_here(words: list[str], norm: list[str], place: int) -> bool:
    """Return whether no name goes on at a place: an end, a mark, or a word that is in no name."""
    if place >= len(words) or words[place - 1][-1:] in ",;:.!)":
        return True
    if not any(c.isalnum() for c in words[place]) or words[place][:1] in '("':
        return True
    known = phrases()
    kinds = ("stops", "fillers", "price", "from", "to", "at", "none")
    return (
        any(known.is_(kind, norm, place) for kind in kinds)
        or known.verbs.at(norm, place) is not None
        or known.conditions.at(norm, place) is not None
        or known.reasons.at(norm, place) is not None
    )


# --- times ----------------------------------------------------------------------------------------


def _take_times(words: list[str], now: datetime) -> tuple[list[str], str | Reading | None]:
    """Take "yesterday 13:55", "am Donnerstag" or "19.11." out of a line; return it in ISO 8601."""
    known = phrases()
    at: time | None = None
    day: date | None = None
    place, today = 0, False
    words = list(words)
    while place < len(words):
        norm = [plain(word) for word in words]
        lead = known.is_("on", norm, place)
        found = _day_at(words, norm, place + lead, lead > 0, now)
        if isinstance(found, Reading):
            return words, found
        if found is not None and day is None and not today:
            day, length, today = found
            _cut(words, place, lead + length)
            continue
        lead = known.is_("time", norm, place)
        clock = _clock_at(norm, place + lead, lead > 0)
        if clock is not None and at is None:
            at, length = clock
            _cut(words, place, lead + length)
            continue
        place += 1
    if at is not None:
        return words, datetime.combine(day or now.date(), at).isoformat()
    return words, day.isoformat() if day is not None else None


def _cut(words: list[str], place: int, length: int) -> None:
    """Take words out of a line; a comma behind them stays."""
    comma = words[place + length - 1].endswith(",")
    words[place : place + length] = []
    if comma and place and not words[place - 1].endswith((",", ";")):
        words[place - 1] += ","


def _day_at(
    words: list[str], norm: list[str], place: int, led: bool, now: datetime
) -> tuple[date | None, int, bool] | Reading | None:
    """Return (day or None for today, how many words, whether it is today) of a day named here."""
    if place >= len(words):
        return None
    found = phrases().days.at(norm, place)
    if found is not None:
        length, meaning = found
        if meaning == "today":
            return None, length, True
        if meaning in ("yesterday", "before_yesterday"):
            return now.date() - timedelta(days=1 + (meaning != "yesterday")), length, False
        if meaning in WEEKDAYS and (led or len(norm[place]) > 3):
            back = (now.weekday() - WEEKDAYS.index(meaning) - 1) % 7 + 1
            return now.date() - timedelta(days=back), length, False
    text = words[place].strip("(),;:")
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text), 1, False
        except ValueError:
            return Reading("", problem=f"{text} is no date")
    dotted = _DOTTED.fullmatch(text)
    if dotted is None:
        return None
    year = int(dotted.group(3) or now.year)
    try:
        day = date(year + 2000 if year < 100 else year, int(dotted.group(2)), int(dotted.group(1)))
    except ValueError:
        return None
    if dotted.group(3) is None and day > now.date():
        if (day - now.date()).days < 180:
            return Reading(
                "", problem=f"{text} has not come yet; write the year if you mean the last"
            )
        day = day.replace(year=day.year - 1)
    return day, 1, False


def _clock_at(norm: list[str], place: int, led: bool) -> tuple[time, int] | None:
    if place >= len(norm):
        return None
    oclock = phrases().is_("oclock", norm, place + 1)
    found = _CLOCK.fullmatch(norm[place])
    if found is not None and (":" in norm[place] or oclock or "uhr" in norm[place]):
        return time(int(found.group(1)), int(found.group(2))), 1 + oclock
    hour = _HOUR.fullmatch(norm[place])
    if hour is not None and led and (oclock or norm[place] != hour.group(1)):
        return time(int(hour.group(1))), 1 + oclock
    return None


# --- questions ------------------------------------------------------------------------------------


def asks_reorder(text: str) -> bool:
    """Return whether a text asks what needs ordering."""
    norm = [plain(word) for word in text.split()]
    known = phrases()
    listed = any(
        tuple(norm[place : place + len(phrase)]) == phrase
        for phrase in known.reorder
        for place in range(len(norm) - len(phrase) + 1)
    )
    if listed or _has_number(norm) or not known.has("order_words", norm):
        return listed
    _, begins = _without_fillers(list(norm), list(norm))
    asking = text.rstrip().endswith("?") or bool(known.is_("asking", begins, 0))
    return asking and known.has("asking", norm) and len(norm) <= 10


def may_ask_stock(text: str) -> list[str]:
    """Return runs of words of a question about stock, longest first, to look for a product in."""
    known = phrases()
    raw = text.translate(_MARKS).rstrip("?!. ").split()
    norm = [plain(word) for word in raw]
    asking = text.rstrip().endswith("?") or bool(known.is_("asking", norm, 0))
    if not asking or len(raw) > 14 or not known.has("stock_words", norm):
        return []
    return [
        " ".join(raw[place : place + length]).strip(" ,;:!?-–")
        for length in range(min(5, len(raw)), 0, -1)
        for place in range(len(raw) - length + 1)
        if length > 1 or len(norm[place]) > 2
    ]


def asks_stock(text: str) -> list[str]:
    """Return the products a text may ask about, the likeliest reading first."""
    whole = text.translate(_MARKS).strip().rstrip("?!. ").split()
    shorter, _ = _without_fillers(whole, [plain(word) for word in whole])
    found = []
    for raw in (whole, shorter):
        norm = [plain(word) for word in raw]
        for before, after in phrases().stock:
            end = len(norm) - len(after)
            if end - len(before) < 1:
                continue
            if tuple(norm[: len(before)]) == before and tuple(norm[end:]) == after:
                inner = raw[len(before) : end]
                lead = phrases().is_("the", [plain(w) for w in inner], 0)
                found.append(" ".join(inner[lead:] or inner))
    return list(dict.fromkeys(found))
