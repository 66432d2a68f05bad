"""The words of a line told by what they are: numbers, products, verbs, money, places, talk.

A word is told by the shop's own names first, then by its kind in the phrase files. What is of no
kind is *talk*; what makes a line uncertain is a *doubt*, and no line with one is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence

from jitledger_bot.desk import Desk
from jitledger_bot.reading import Places
from jitledger_bot.reading.amounts.quantities import FRACTIONS, leading_number
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.tails import CURRENCIES, CURRENCY, amount_at
from jitledger_bot.recording.whole.names import name_at, place_at, supplier_at
from jitledger_bot.recording.whole.numbers import amount_at_place, money_at
from jitledger_bot.recording.whole.token import Line, Token, ends
from jitledger_bot.recording.whole.verbs import parted_at, verb_at

_JOINS = ("+", "plus", "but", "aber", "n", "u")

_SMALL = ("fillers", "stops", "the", "at", "from", "to", "of", "pieces", "toward", "on", "getting")


def tokens_of(words: Sequence[str], desk: Desk, places: Places) -> list[Token]:
    """Return a line's tokens; a mark behind a word parts what stands on both sides."""
    line = Line(list(words), [plain(word) for word in words], desk, places)
    parted = parted_at(line)
    place = 0
    while place < len(line.words):
        token, length = parted.get(place) or _at(line, place)
        line.found.append(token)
        place += length
        if ends(line, place - 1) and token.kind != "sep":
            line.found.append(Token("sep", line.words[place - 1][-1]))
    return _with_shared_noun(line.found, desk)


def _with_shared_noun(tokens: list[Token], desk: Desk) -> list[Token]:
    """Name the product of "3 blue and 2 red mugs": both are mugs."""
    found = list(tokens)
    for place in range(1, len(tokens) - 3):
        kinds = [token.kind for token in tokens[place - 1 : place + 4]]
        if kinds != ["amount", "talk", "sep", "amount", "name"]:
            continue
        noun = tokens[place + 3].words.split()[-1]
        words = f"{tokens[place].words} {noun}"
        named = desk.resolver.exactly(words, bent=True)
        if named is not None and named.sku != tokens[place + 3].meaning:
            found[place] = Token("name", words, named.sku)
    return found


def _at(line: Line, place: int) -> tuple[Token, int]:
    for look in (
        _sign,
        _said,
        name_at,
        supplier_at,
        money_at,
        amount_at_place,
        place_at,
        verb_at,
        _kind,
    ):
        found = look(line, place)
        if found is not None:
            return found
    return Token("talk", line.norm[place]), 1


def _sign(line: Line, place: int) -> tuple[Token, int] | None:
    word = line.norm[place]
    if word in ("->", "=>"):
        return Token("verb", word, "transfer"), 1
    if phrases().is_("joiners", line.norm, place) or word in _JOINS:
        return Token("sep", word), 1
    if word == "=" and (length := _is_sum(line, place + 1)):
        return Token("small", word), 1 + length
    if word in ("@", "à", "=", "#", "*", "~", "^", "?", "_"):
        return (Token("doubt", word, "sign"), 1) if money_at(line, place) is None else None
    if not any(c.isalnum() for c in word):
        return (Token("sep", word) if word in "-–—/|:" else Token("small", word)), 1
    return None


def _is_sum(line: Line, place: int) -> int:
    """Return the length of a sum that is what stands before it: "24 x MUG @ 4.20 = 100.80"."""
    amounts = [t for t in line.found if t.kind == "amount"]
    prices = [t for t in line.found if t.kind == "money"]
    told = amount_at(line.words, place, "")
    alone = len(amounts) == len(prices) == 1 and prices[0].meaning in ("each", "times", "bare")
    if told is None or not alone or prices[0].value * amounts[0].value != told[0]:
        return 0
    return told[1]


def _said(line: Line, place: int) -> tuple[Token, int] | None:
    """Return what changes nothing, or takes back what was just said: "sorry", "no wait"."""
    there = phrases().is_("there_is", line.norm, place)
    if not there and line.norm[place] in phrases().sets["still"]:
        there = 1
    if there:
        return Token("there", line.norm[place]), there
    last = place + 1 >= len(line.norm) or ends(line, place)
    last = last or line.norm[place + 1] in ("already", "cash", "bar", "schon")
    if line.norm[place] in phrases().sets["paid"] and last:
        return Token("small", line.norm[place]), 1  # "he paid already"
    talk = phrases().is_("small_talk", line.norm, place)
    if talk:
        return Token("small", line.norm[place]), talk
    back = phrases().is_("taken_back", line.norm, place) or _denies(line, place)
    return (Token("instead", line.norm[place]), back) if back else None


def _denies(line: Line, place: int) -> int:
    """Return the length of a *no* that takes a number back: "3 roses, no, 2", "four, nein, 5"."""
    length = phrases().is_("says_no", line.norm, place)
    behind = place + length
    if not length or not line.found or behind >= len(line.norm):
        return 0
    again = phrases().is_("taken_back", line.norm, behind)
    told = line.found[-1].kind in ("sep", "amount", "name", "verb")
    return length if told and (again or _is_goods(line, behind)) else 0


def _kind(line: Line, place: int) -> tuple[Token, int] | None:
    known, norm = phrases(), line.norm
    word = norm[place]
    each = known.is_("each", norm, place)
    if each:
        return Token("each", word), each
    if known.is_("thereof", norm, place):
        return Token("thereof", word), known.is_("thereof", norm, place)
    day = known.days.at(norm, place)
    if day is not None and len(word) > 3:
        if day[1] == "on" and place + 1 < len(norm) and _is_goods(line, place + 1):
            return Token("small", word), 1  # "sold the last 2"
        return Token("doubt", word, "day"), 1
    if known.is_("people", norm, place) or known.is_("customers", norm, place):
        return Token("people", word), 1
    if any(c.isdigit() or c in FRACTIONS for c in word):
        return Token("doubt", word, "number"), 1
    money = word in CURRENCIES or word in known.sets["money_words"]
    if any(c in CURRENCY for c in word) or money or word == "%":
        return Token("doubt", word, "money"), 1
    pieces = known.is_("pieces", norm, place)
    if pieces and place and line.found and line.found[-1].kind == "name":
        return Token("doubt", word, "pieces"), pieces  # "water bottles" may be no water.
    if known.pack_codes(word):
        how = place and known.is_("at", norm, place - 1 - (norm[place - 1] in ("the", "a")))
        return Token("small" if how else "doubt", word, "pack"), 1
    small = max(known.is_(kind, norm, place) for kind in _SMALL)
    greeted = place and known.is_("before_tomorrow", norm, place - 1) == 1
    if greeted and known.is_("tomorrow", norm, place) == 1:
        return Token("small", word), 1  # "guten Morgen!"
    for kind in ("undone", "tomorrow", "undated", "instead", "factors"):
        length = known.is_(kind, norm, place)
        if length and (length >= small or kind == "undone"):
            return Token("doubt", word, kind), length
    hedge = known.is_("hedges", norm, place)
    if hedge and _near_number(line, place, hedge):
        return Token("doubt", word, "hedges"), hedge
    if small:
        return Token("small", word), small
    return None


def _is_goods(line: Line, place: int) -> bool:
    """Return whether a number of goods or a product begins at a place."""
    return bool(amount_at_place(line, place) or name_at(line, place))


def _near_number(line: Line, place: int, length: int) -> bool:
    around = line.words[max(0, place - 1) : place] + line.words[place + length : place + length + 2]
    return any(leading_number([word]) is not None for word in around)
