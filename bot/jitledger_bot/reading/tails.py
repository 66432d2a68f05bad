"""What stands around quantity and product: price, supplier, locations, condition."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from jitledger_bot.reading.amounts.numbers import read_number
from jitledger_bot.reading.phrases import Lookup, Phrases, phrases, plain
from jitledger_bot.reading.readings import Places
from jitledger_bot.reading.words import has_number, without_fillers

CURRENCY = "€$£"

CODES = {"€": "EUR", "$": "USD", "£": "GBP", "eur": "EUR", "euro": "EUR", "euros": "EUR"}

CURRENCIES = {"€", "$", "£", "eur", "euro", "euros", "usd", "gbp", "chf"}

PER = ("a", "an", "per", "pro", "je", "the", "das", "die", "der", "/")
"""Words between a price and what it is of."""

_FOR_EACH = {"@", "à", "zu", "je"}
"""Prices of one; "for 28.50" may be the sum, and is not taken."""

_NEGATIVE = re.compile(r"[@à]?[€$£]?[-−]\d")


class Tail:
    """Takes price, supplier, locations and condition off a part of a line."""

    def __init__(self, words: list[str], do: str | None, places: Places) -> None:
        self.words = words
        self._do = do
        self._places = places
        self.price: Decimal | None = None
        self.total: Decimal | None = None
        self.currency: str | None = None
        self.per: str | None = None
        self.supplier: str | None = None
        self.location: str | None = None
        self.to: str | None = None
        self.condition: str | None = None
        self.weak_price = False
        self.negative_price = False
        self.unread_price = False
        """Whether a price is announced that cannot be read."""
        self.perhaps_time = False
        """Whether the price may as well be an hour: "at 10"."""

    def take(self) -> None:
        """Take until nothing more is found."""
        known = phrases()
        while True:
            before = len(self.words)
            if self._do == "unmet":
                self._drop(known.words["none"])
            if self._do == "return" and self.condition is None:
                self.condition = self._phrase(known.conditions)
            if self.price is None and self.total is None:
                self._take_total(known)
            if self.price is None and self.total is None:
                self._take_price(known)
            if self._do == "transfer":
                self._take_way(known)
            elif self.location is None:
                self._take_location(known)
            if self._do == "receive" and self.supplier is None:
                self._take_supplier(known)
            self.words, _ = without_fillers(self.words, self._norm())
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

    def _take_total(self, known: Phrases) -> None:
        """Take "28.50 together", "total 28.50", "@ 50.40 for all"."""
        norm = self._norm()
        for place in range(1, len(norm)):
            found = amount_at(self.words, place, "@à")
            if found is None:
                continue
            value, length, _currency = found
            if _is_only_number(norm, place, length):
                continue  # "in total 30 blue mugs sold" has no sum, only its quantity.
            behind = known.is_("totals", norm, place + length)
            before = next(
                (n for n in (1, 2) if place >= n and known.is_("totals", norm, place - n) == n), 0
            )
            if not behind and not before:
                continue
            begin = place - before
            while begin and known.is_("price", norm, begin - 1) == 1:
                begin -= 1
            self.total, self.currency = value, currency_at(self.words, place, length)
            self.words = self.words[:begin] + self.words[place + length + behind :]
            return

    def _take_price(self, known: Phrases) -> None:
        norm = self._norm()
        for place in range(len(self.words)):
            lead = known.is_("price", norm, place)
            strong = lead > 0 and bool(set(norm[place : place + lead]) & _FOR_EACH)
            at = lead > 0 and norm[place] == "at"
            glued = not lead and self.words[place][:1] in "@à" and len(self.words[place]) > 1
            begin = place + lead
            if (lead or glued) and _NEGATIVE.match("".join(self.words[begin : begin + 2])):
                self.negative_price = True
            found = amount_at(self.words, begin, "@à" if glued else "")
            if found is None:
                said = self.words[begin : begin + 1] if not glued else [self.words[place][1:]]
                sign = glued or norm[place] in ("@", "à")
                self.unread_price |= sign and bool(said) and self._places.location(said) is None
                continue
            value, length, currency = found
            each = known.is_("each", norm, begin + length)
            per = per_at(norm, begin + length) if not each else None
            if per is not None:
                each = per[1]
            taken = strong or glued or each > 0 or (at and lead > 0)
            if currency and not lead and place > 0:
                taken = True
            if not taken or (place == 0 and not glued):
                continue
            self.per = None if per is None else per[0]
            self.price, self.currency = value, currency_at(self.words, begin, length)
            whole = value == value.to_integral_value() and value <= 24
            self.perhaps_time = at and not currency and not each and whole
            sums = phrases().has("sums", norm)
            packed = not currency and any(word in known.packs for word in norm)
            self.weak_price = sums or packed or not (strong or glued or each or at)
            self.weak_price = self.weak_price and per is None
            self.words = self.words[:place] + self.words[begin + length + each :]
            return

    def _take_location(self, known: Phrases) -> None:
        norm = self._norm()
        if self._do == "count" and len(norm) > 2:  # "count shop 5 mug"
            code = self._places.location(norm[:1])
            if code is not None and any(c.isdigit() for c in norm[1]):
                self.location, self.words = code, self.words[1:]
                return
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
            for length in (3, 2, 1) if lead else ():
                named = " ".join(norm[place + lead : place + lead + length])
                if place + lead + length <= len(norm) and named in self._places.suppliers:
                    self.supplier = self._places.suppliers[named]
                    self.words = self.words[:place] + self.words[place + lead + length :]
                    return
            rest = self.words[place + lead :]
            # A name ends at a comma; what a person says to the bot behind it says nothing else.
            ends = (
                n for n, word in enumerate(rest, start=1) if word.endswith((",", ";", ".", ":"))
            )
            name = rest[: next(ends, len(rest))]
            short = 0 < len(name) <= 3 and len(rest) - len(name) <= 3
            if lead and short and not has_number([plain(w) for w in rest]):
                self.supplier = " ".join(word.rstrip(",;.:") for word in name)
                self.words = self.words[:place]
                return
        for length in (3, 2, 1):  # "Metro 24 COLA geliefert"
            code = self._places.suppliers.get(" ".join(norm[:length]))
            if code is not None and length < len(norm):
                self.supplier, self.words = code, self.words[length:]
                return


def _is_only_number(norm: list[str], place: int, length: int) -> bool:
    """Return whether no other number stands in the words: it is the quantity then."""
    numbers = phrases().numbers
    return not any(
        has_number([norm[n]]) or numbers.at(norm, n) is not None
        for n in range(len(norm))
        if not place <= n < place + length
    )


def amount_at(words: list[str], place: int, strip: str = "") -> tuple[Decimal, int, bool] | None:
    """Return (amount, how many words, whether a currency stands with it)."""
    if place >= len(words):
        return None
    length, currency = 1, False
    text = words[place].lstrip(strip).rstrip(",;")
    if text.casefold() in CURRENCIES and place + 1 < len(words):
        text, length, currency = words[place + 1].rstrip(",;"), 2, True
    bare = text.strip(CURRENCY)
    currency = currency or bare != text
    match = re.fullmatch(r"(\d[\d.,]*?)(eur|euro|€)?[.,;]?", bare.casefold())
    if match is None:
        return None
    currency = currency or match.group(2) is not None
    number = read_number(match.group(1))
    if number is None or number.ambiguous is not None or number.value < 0:
        return None
    after = words[place + length] if place + length < len(words) else ""
    if plain(after) in CURRENCIES or after in CURRENCIES:
        length, currency = length + 1, True
    return number.value, length, currency


def currency_at(words: list[str], place: int, length: int) -> str | None:
    """Return the currency that stands with an amount."""
    text = " ".join(words[place : place + length]).casefold()
    for sign, code in CODES.items():
        if sign in text.split() or (sign in CURRENCY and sign in text) or text.endswith(sign):
            return code
    named = [word.upper() for word in text.split() if word in CURRENCIES]
    return named[0] if named else None


def per_at(norm: Sequence[str], place: int) -> tuple[str | None, int] | None:
    """Return (word for a pack, None for one; how many words) of "a box", "pro Karton"."""
    known = phrases()
    if place + 1 >= len(norm) or norm[place] not in PER:
        return None
    if known.pack_codes(norm[place + 1]):
        return norm[place + 1], 2
    unit = known.units.at(norm, place + 1)
    if unit is not None:
        return None, 1 + unit[0]
    pieces = known.is_("pieces", norm, place + 1)
    return (None, 1 + pieces) if pieces else None
