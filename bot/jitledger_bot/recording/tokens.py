"""The words of a line told by what they are: numbers, products, verbs, money, places, talk.

A word is told by the shop's own names first, then by its kind in the phrase files. What is of no
kind is *talk*; what makes a line uncertain is a *doubt*, and no line with one is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from jitledger_bot.desk import Desk
from jitledger_bot.reading import Places
from jitledger_bot.reading.amounts.numbers import GLUED, read_number, spelt
from jitledger_bot.reading.amounts.quantities import FRACTIONS, leading_number
from jitledger_bot.reading.phrases import Lookup, phrases, plain
from jitledger_bot.reading.tails import CURRENCIES, CURRENCY, amount_at, currency_at, per_at

LONGEST_NAME = 5
LONGEST_SUPPLIER = 3
SHORTEST_MISSPELT = 6
"""Letters: a shorter word with one slip may be another word."""

_PRICE = re.compile(r"\d+[.,]\d\d")
_CENTS = ("cent", "cents", "ct", "p")


@dataclass(frozen=True, slots=True)
class Token:
    """A run of words of one kind.

    Kinds: ``amount``, ``name``, ``money``, ``verb``, ``use``, ``place``, ``supplier``,
    ``condition``, ``people``, ``buying``, ``left``, ``each``, ``sep``, ``small``, ``talk``,
    ``doubt``.
    """

    kind: str
    words: str
    meaning: str = ""
    value: Decimal = Decimal(0)
    unit: str = ""
    """The word of a pack or measure that an amount is in."""
    currency: str | None = None
    lead: str = ""
    """``to``, ``at`` or ``from`` in front of a place or supplier."""
    cause: str | None = None


class Scan:
    """Reads the tokens of one line."""

    def __init__(self, words: Sequence[str], desk: Desk, places: Places) -> None:
        self.words = list(words)
        self.norm = [plain(word) for word in words]
        self.desk = desk
        self.places = places
        self.found: list[Token] = []

    def tokens(self) -> list[Token]:
        """Return the tokens; a mark behind a word parts what stands on both sides."""
        parted = self._parted_verbs()
        place = 0
        while place < len(self.words):
            token, length = parted.get(place) or self._at(place)
            self.found.append(token)
            place += length
            if self._ends(place - 1) and token.kind != "sep":
                self.found.append(Token("sep", self.words[place - 1][-1]))
        return self.found

    def _ends(self, place: int) -> bool:
        word = self.words[place]
        return len(word) > 1 and word[-1] in ",;:.!" and not (word[-1] == "." and len(word) < 4)

    def _parted_verbs(self) -> dict[int, tuple[Token, int]]:
        """Return the tokens of verbs whose parts stand apart: "brought 2 mug back"."""
        found: dict[int, tuple[Token, int]] = {}
        for first, last, do in parted_verbs():
            for place in range(len(self.norm)):
                if tuple(self.norm[place : place + len(first)]) != first or place in found:
                    continue
                behind = place + len(first)
                for end in range(behind + 1, len(self.norm) - len(last) + 1):
                    if tuple(self.norm[end : end + len(last)]) == last and end not in found:
                        words = " ".join((*first, *last))
                        found[place] = (Token("verb", words, do, cause=_cause(words)), len(first))
                        found[end] = (Token("small", " ".join(last)), len(last))
                        break
        return found

    def _at(self, place: int) -> tuple[Token, int]:
        for look in (
            self._sign,
            self._said,
            self._name,
            self._supplier,
            self._money,
            self._amount,
            self._place,
            self._verb,
            self._kind,
        ):
            found = look(place)
            if found is not None:
                return found
        return Token("talk", self.norm[place]), 1

    def _sign(self, place: int) -> tuple[Token, int] | None:
        word = self.norm[place]
        if word in ("->", "=>"):
            return Token("verb", word, "transfer"), 1
        if phrases().is_("joiners", self.norm, place) or word in ("+", "plus", "but", "aber", "n"):
            return Token("sep", word), 1
        if word in ("@", "à", "=", "#", "*", "~", "^", "?", "_"):
            return (Token("doubt", word, "sign"), 1) if self._money(place) is None else None
        if not any(c.isalnum() for c in word):
            return (Token("sep", word) if word in "-–—/|:" else Token("small", word)), 1
        return None

    def _said(self, place: int) -> tuple[Token, int] | None:
        """Return what changes nothing, or takes back what was just said: "sorry", "no wait"."""
        talk = phrases().is_("small_talk", self.norm, place)
        if talk:
            return Token("small", self.norm[place]), talk
        back = phrases().is_("taken_back", self.norm, place)
        return (Token("instead", self.norm[place]), back) if back else None

    def _name(self, place: int) -> tuple[Token, int] | None:
        for length in range(min(LONGEST_NAME, len(self.norm) - place), 0, -1):
            words = self.norm[place : place + length]
            if any(self._ends(n) for n in range(place, place + length - 1)):
                continue
            if length == 1 and (len(words[0]) < 3 or self._is_word(place)):
                continue
            if leading_number(self.words[place : place + length]) is not None and length == 1:
                continue
            found = self.desk.resolver.exactly(" ".join(words), bent=True)
            if found is not None:
                return Token("name", " ".join(words), found.sku), length
        return None

    def _is_word(self, place: int) -> bool:
        """Return whether one word is a verb, a pack or a number before it is a product's name."""
        known = phrases()
        alone = self.norm[place : place + 1]
        return bool(
            known.verbs.at(alone, 0)
            or spoken().at(alone, 0)
            or known.pack_codes(alone[0])
            or spelt(alone, 0) is not None
        )

    def _supplier(self, place: int) -> tuple[Token, int] | None:
        known = phrases()
        for kind in ("from", "toward", "to", ""):
            lead = known.is_(kind, self.norm, place) if kind else 0
            if kind and not lead:
                continue
            begin = place + lead
            begin += known.is_("the", self.norm, begin) if lead else 0
            for length in range(LONGEST_SUPPLIER, 0, -1):
                words = self.norm[begin : begin + length]
                code = self.places.suppliers.get(" ".join(words))
                if code is not None and len(words) == length:
                    way = {"toward": "to"}.get(kind, kind)
                    return Token("supplier", " ".join(words), code, lead=way), (
                        begin + length - place
                    )
        return None

    def _money(self, place: int) -> tuple[Token, int] | None:
        """Return a sum of money: with a sign or its name, or led by a word for a price."""
        known = phrases()
        before = known.is_("totals", self.norm, place)
        lead = known.is_("price", self.norm, place + before)
        begin = place + before + lead
        glued = not lead and self.words[begin : begin + 1] and self.words[begin][0] in "@à"
        found = amount_at(self.words, begin, "@à" if glued else "") or self._spelt_money(begin)
        if found is None:
            return None
        value, length, currency = found
        end = begin + length
        code = currency_at(self.words, begin, length)
        if not currency and end < len(self.norm) and self.norm[end] in _CENTS and lead:
            value, currency, end = value / 100, True, end + 1
        each = known.is_("each", self.norm, end)
        per = None if each else per_at(self.norm, end)
        if not each and per is None and end < len(self.norm) and self.norm[end] in ("per", "pro"):
            named = self._name(end + 1)  # "10 euros per plate"
            each = 1 + named[1] if named is not None else 0
        totals = 0 if each or per else known.is_("totals", self.norm, end)
        said = self.norm[place + before : begin]
        strong = bool(glued) or bool({"@", "à", "je", "zu"} & set(said))
        priced = _PRICE.fullmatch(self.words[begin].strip("@à,;.")) is not None
        is_money = currency or strong or priced or (lead and (each or per)) or each > 1
        if not is_money and not (lead and self._closes(end)):
            return None
        if before and not is_money:
            return None
        if priced and not (currency or lead or glued or each or per) and self._counts(end):
            return None  # "2.50 kg" is an amount.
        meaning = "each" if each or strong else "total" if totals or before else ""
        if not meaning and not currency:
            meaning = "bare"
        if per is not None:
            meaning, end = f"per {per[0] or ''}".strip(), end + per[1]
        words = " ".join(self.norm[place : end + each + totals])
        token = Token("money", words, meaning, value, currency=code)
        return token, end + each + totals - place

    def _spelt_money(self, place: int) -> tuple[Decimal, int, bool] | None:
        """Return "eight euros fifty" as a sum."""
        found = spelt(self.norm, place)
        if found is None:
            return None
        end = place + found[1]
        if end >= len(self.norm) or self.norm[end] not in CURRENCIES:
            return None
        part = spelt(self.norm, end + 1)
        if part is not None and 10 <= part[0] < 100:
            return found[0] + part[0] / 100, found[1] + 1 + part[1], True
        return found[0], found[1] + 1, True

    def _closes(self, place: int) -> bool:
        """Return whether a line ends here, or a part of it does."""
        return place >= len(self.norm) or self._ends(place - 1) or self._verb(place) is not None

    def _counts(self, place: int) -> bool:
        known = phrases()
        return place < len(self.norm) and bool(
            known.units.at(self.norm, place) or known.pack_codes(self.norm[place])
        )

    def _amount(self, place: int) -> tuple[Token, int] | None:
        known = phrases()
        half = self._half(place)
        if half is not None:
            value, end = half
        else:
            glued = GLUED.fullmatch(self.norm[place])
            unit = "" if glued is None else glued.group(2)
            number = None if glued is None else read_number(glued.group(1))
            if number is not None and number.ambiguous is None and known.units.at([unit], 0):
                end = place + 1 + known.is_("of", self.norm, place + 1)
                return Token("amount", self.norm[place], "", number.value, unit), end - place
            found = leading_number(self.words[place:])
            if found is None:
                return None
            if found[0].ambiguous is not None or found[0].value < 0:
                return Token("doubt", self.norm[place], "number"), found[1]
            value, end = found[0].value, place + found[1]
            if self._ends(end - 1):
                return Token("amount", " ".join(self.norm[place:end]), "", value), end - place
        times = known.is_("times", self.norm, end)
        if times and leading_number(self.words[end + times : end + times + 1]) is not None:
            return Token("doubt", self.norm[place], "number"), 1  # "3 x 6" is read elsewhere.
        end += times
        while end < len(self.norm) and self.norm[end] in wholes():
            end += 1
        unit = ""
        if self._counts(end):
            measure = known.units.at(self.norm, end)
            length = 1 if measure is None else measure[0]
            unit = self.norm[end]
            end += length
        else:
            pieces = known.is_("pieces", self.norm, end)
            end += pieces if end + pieces < len(self.norm) else 0
        if not self._ends(end - 1):
            end += known.is_("of", self.norm, end)
        words = " ".join(self.norm[place:end])
        if value == 1 and not unit and known.is_("people", self.norm, end):
            return Token("small", words), end - place  # "a tourist"
        article = not any(c.isdigit() for c in words) and known.numbers.meaning(words) == "1"
        meaning = "article" if article else ""
        return Token("amount", words, meaning, value, unit), end - place

    def _half(self, place: int) -> tuple[Decimal, int] | None:
        """Return 0.5 of "half a kilo", "ein halbes Kilo": of a measure alone."""
        article = 1 if spelt(self.norm, place) == (Decimal(1), 1) else 0
        at = place + article
        if at >= len(self.norm) or self.norm[at] not in halves():
            return None
        end = at + 1
        if not article and spelt(self.norm, end) == (Decimal(1), 1):
            end += 1
        return (Decimal("0.5"), end) if phrases().units.at(self.norm, end) else None

    def _place(self, place: int) -> tuple[Token, int] | None:
        known = phrases()
        for kind in ("to", "from", "at", ""):
            lead = known.is_(kind, self.norm, place) if kind else 0
            if kind and not lead:
                continue
            begin = place + lead
            begin += known.is_("the", self.norm, begin)
            for length in (2, 1):
                words = self.norm[begin : begin + length]
                code = self.places.location(words) if len(words) == length else None
                if code is not None:
                    return Token("place", " ".join(words), code, lead=kind), begin + length - place
        return None

    def _verb(self, place: int) -> tuple[Token, int] | None:
        known = phrases()
        use = known.reasons.at(self.norm, place)
        if use is not None and use[1] == "use":
            return Token("use", " ".join(self.norm[place : place + use[0]])), use[0]
        best = max(
            (found for look in (spoken(), known.verbs) if (found := look.at(self.norm, place))),
            key=lambda hit: hit[0],
            default=None,
        )
        condition = known.conditions.at(self.norm, place)
        if condition is not None and (best is None or condition[0] > best[0]):
            words = " ".join(self.norm[place : place + condition[0]])
            return Token("condition", words, condition[1]), condition[0]
        bought = known.is_("buying", self.norm, place)
        if bought and place and self.norm[place - 1] in ("to", "zu"):
            return Token("doubt", self.norm[place], "plan"), bought
        if bought and (best is None or bought >= best[0]):
            return Token("buying", self.norm[place], "" if best is None else best[1]), bought
        left = known.is_("remaining", self.norm, place)
        if left and (best is None or left >= best[0]):
            return Token("left", self.norm[place]), left
        if best is None:
            best = self._misspelt(place)
        if best is None:
            return None
        if place and self.norm[place - 1] in ("to", "zu"):
            return Token("doubt", self.norm[place], "plan"), best[0]  # "remind me to move 6"
        if best[1] == "buying":
            return Token("buying", self.norm[place]), best[0]
        words = " ".join(self.norm[place : place + best[0]])
        return Token("verb", words, best[1], cause=_cause(words)), best[0]

    def _misspelt(self, place: int) -> tuple[int, str] | None:
        """Return the verb that a word is with two neighbours swapped: "bougth"."""
        word = self.norm[place]
        if len(word) < SHORTEST_MISSPELT or not word.isalpha():
            return None
        meant = {
            do
            for verb, do in long_verbs()
            if len(verb) == len(word) and sorted(verb) == sorted(word) and _swapped(verb, word)
        }
        return (1, meant.pop()) if len(meant) == 1 else None

    def _kind(self, place: int) -> tuple[Token, int] | None:
        known, norm = phrases(), self.norm
        word = norm[place]
        each = known.is_("each", norm, place)
        if each:
            return Token("each", word), each
        if known.is_("thereof", norm, place):
            return Token("thereof", word), known.is_("thereof", norm, place)
        if known.days.at(norm, place) is not None and len(word) > 3:
            return Token("doubt", word, "day"), 1
        if known.is_("people", norm, place) or known.is_("customers", norm, place):
            return Token("people", word), 1
        if any(c.isdigit() or c in FRACTIONS for c in word):
            return Token("doubt", word, "number"), 1
        if any(c in CURRENCY for c in word) or word in CURRENCIES or word == "%":
            return Token("doubt", word, "money"), 1
        pieces = known.is_("pieces", norm, place)
        if pieces and place and self.found and self.found[-1].kind == "name":
            return Token("doubt", word, "pieces"), pieces  # "water bottles" may be no water.
        if known.pack_codes(word):
            how = place and known.is_("at", norm, place - 1 - (norm[place - 1] in ("the", "a")))
            return Token("small" if how else "doubt", word, "pack"), 1
        small = max(known.is_(kind, norm, place) for kind in _SMALL)
        for kind in ("undone", "tomorrow", "undated", "instead", "factors"):
            length = known.is_(kind, norm, place)
            if length and (length >= small or kind == "undone"):
                return Token("doubt", word, kind), length
        hedge = known.is_("hedges", norm, place)
        if hedge and self._near_number(place, hedge):
            return Token("doubt", word, "hedges"), hedge
        if small:
            return Token("small", word), small
        return None

    def _near_number(self, place: int, length: int) -> bool:
        around = (
            self.words[max(0, place - 1) : place] + self.words[place + length : place + length + 2]
        )
        return any(leading_number([word]) is not None for word in around)


_SMALL = ("fillers", "stops", "the", "at", "from", "to", "of", "pieces", "toward", "on", "getting")


def _swapped(verb: str, word: str) -> bool:
    """Return whether two words differ in two neighbouring letters that changed places."""
    amiss = [n for n in range(len(word)) if verb[n] != word[n]]
    return len(amiss) == 2 and amiss[1] == amiss[0] + 1


def _cause(words: str) -> str | None:
    return phrases().reasons.meaning(words) or phrases().causes.meaning(words)


def spoken() -> Lookup:
    """Return what people say for a verb, understood where the whole line is."""
    return phrases().spoken


def wholes() -> frozenset[str]:
    """Return words between a number and its product that say no other number: "a whole box"."""
    return _set("wholes")


def halves() -> frozenset[str]:
    """Return the words for a half."""
    return _set("halves")


@lru_cache
def _set(kind: str) -> frozenset[str]:
    return frozenset(phrases().sets[kind])


@lru_cache
def long_verbs() -> tuple[tuple[str, str], ...]:
    """Return (verb, meaning) of the verbs of one word that are long enough to be misspelt."""
    known = phrases()
    bought = [(words, "buying") for words, _kind in known.words["buying"].all()]
    listed = [*known.verbs.all(), *known.spoken.all(), *bought]
    return tuple((words[0], do) for words, do in listed if len(words) == 1 and len(words[0]) >= 6)


@lru_cache
def parted_verbs() -> tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...]:
    """Return (first words, last words, meaning) of verbs whose parts stand apart."""
    return tuple(phrases().parted)
