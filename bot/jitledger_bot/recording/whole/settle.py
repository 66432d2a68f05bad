"""What the words of a line mean by what stands with them: slips of the tongue, articles, verbs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jitledger_bot.reading import Reading
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.recording.whole.token import NotUnderstood, Token


def without_number(words: list[str]) -> list[str]:
    """Take a paper and its number off the begin: "order #1182 packed", "Bestellung 4471 …"."""
    norm = [plain(word) for word in words]
    for place in range(min(3, len(words) - 2)):
        named = phrases().is_("documents", norm, place) or norm[place].endswith("bestellung")
        number = norm[place + 1].lstrip("#")
        verb = phrases().spoken.at(norm, place + 2) or phrases().verbs.at(norm, place + 2)
        if named and number.isdigit() and verb is not None:
            return words[:place] + words[place + 2 :]
    return words


def without_politeness(words: list[str]) -> list[str]:
    """Take "hey, can you note down that" off the begin of what has happened."""
    norm, known, place = [plain(word) for word in words], phrases(), 0
    while length := known.is_("polite", norm, place):
        place += length
    noted = known.is_("note_down", norm, place)
    return words[place + noted :] if noted and place + noted < len(words) else words


def without_slips(words: list[str]) -> list[str]:
    """Return a line's words without those that take back what was just said."""
    norm, known, place = [plain(word) for word in words], phrases(), 0
    found = []
    while place < len(words):
        length = known.is_("taken_back", norm, place) or _between_numbers(norm, place)
        if not length or not place:
            found.append(words[place])
        place += max(1, length)
    return found


def _between_numbers(norm: Sequence[str], place: int) -> int:
    """Return the length of a *no* between two numbers: "3 no 4 padlocks"."""
    length = phrases().is_("says_no", norm, place)
    behind = place + length
    if not length or not place or behind >= len(norm):
        return 0
    return length if norm[place - 1].isdigit() and norm[behind].isdigit() else 0


def without_articles(tokens: list[Token]) -> list[Token]:
    """Let "a" and "ein" mean one only in front of a product: "made her a deal"."""
    found = []
    for place, token in enumerate(tokens):
        alone = token.kind == "amount" and token.meaning == "article" and not token.unit
        after = tokens[place + 1].words if place + 1 < len(tokens) else ""
        following = tokens[place + 1].kind if place + 1 < len(tokens) else ""
        told = following == "talk" or (following == "verb" and token.words in ("a", "an"))
        if alone and (told or phrases().words["the"].meaning(after)):
            token = Token("small", token.words)
        found.append(token)
    return found


def without_circumstances(tokens: list[Token]) -> list[Token]:
    """Leave out what only tells how it came: "2 plates smashed when I unpacked the shelf".

    From a word like *when* or *because* to the next mark, where no goods, money, place, supplier
    or pronoun for goods stands in it.
    """
    found: list[Token] = []
    place = 0
    if {t.meaning for t in tokens if t.kind == "verb"} - {"write-off", "adjust", "receive"}:
        return tokens
    while place < len(tokens):
        token = tokens[place]
        end = next((n for n in range(place, len(tokens)) if tokens[n].kind == "sep"), len(tokens))
        told = tokens[place + 1 : end]
        if token.words in phrases().sets["circumstances"] and found and told:
            goods = any(
                t.kind in _GOODS and not (t.kind == "amount" and t.meaning == "article")
                for t in told
            )
            named = any(word in phrases().sets["them"] for t in told for word in t.words.split())
            if not goods and not named:
                place = end
                continue
        found.append(token)
        place += 1
    return found


_GOODS = (
    "amount",
    "name",
    "money",
    "place",
    "supplier",
    "doubt",
    "instead",
    "thereof",
    "left",
    "condition",
)


def takes_back_a_number(tokens: Sequence[Token]) -> bool:
    """Return whether a number alone was said anew: "3 roses, no, 2", "four, no, five roses"."""
    places = [n for n, token in enumerate(tokens) if token.kind == "instead"]
    if not places:
        return False
    before = [t.kind for t in tokens[: places[0]] if t.kind in ("amount", "name", "money")]
    after = [t.kind for t in tokens[places[-1] + 1 :] if t.kind in ("amount", "name", "money")]
    return bool(before) and bool(after) and (before == ["amount"] or after == ["amount"])


def corrected(tokens: list[Token]) -> list[Token]:
    """Let what is said behind "no, wait" stand for what it takes back: one number or product."""
    places = [n for n, token in enumerate(tokens) if token.kind == "instead"]
    if not places:
        return tokens
    first, last = places[0], places[-1]
    before = [t for t in tokens[:first] if t.kind in ("amount", "name", "money")]
    after = [t for t in tokens[last + 1 :] if t.kind in ("amount", "name", "money")]
    kinds = [t.kind for t in before], [t.kind for t in after]
    if not before and not after:
        raise NotUnderstood
    if not after or not before:  # "sorry, sold 3 mug": nothing was said yet.
        if any(t.kind in ("verb", "buying") for t in (tokens[last + 1 :] if before else ())):
            raise NotUnderstood
        sorry = all(tokens[n].words in phrases().sets["apologies"] for n in places)
        if before and not sorry:
            raise NotUnderstood  # "sold 5 hammers, scratch that"
        return [t for t in tokens if t.kind != "instead"]
    if kinds[0] == ["amount"] and kinds[1][:2] == ["amount", "name"]:
        return _without_first(tokens, first, last)
    if "money" in kinds[0] or "money" in kinds[1] or kinds[0][-2:] != ["amount", "name"]:
        raise NotUnderstood
    if kinds[1] == ["amount"]:
        return _counted_anew(tokens[:first], tokens[last + 1 :])
    if kinds[0] != ["amount", "name"]:
        raise NotUnderstood
    if kinds[1] == ["name"] and len(before) == 2:
        return _put(tokens[:first], tokens[last + 1 :])
    if kinds[1] != ["amount", "name"]:
        raise NotUnderstood
    verbs = [t for t in tokens[:first] if t.kind == "verb"]
    if any(t.kind in ("verb", "buying", "talk") for t in tokens[first:]) and verbs:
        raise NotUnderstood
    kept = [t for t in tokens[:first] if t.kind not in ("amount", "name")]
    return [*kept, *tokens[last + 1 :]]


def _without_first(tokens: list[Token], first: int, last: int) -> list[Token]:
    """Leave out the number of "sold four, no, five roses", which was taken back at once."""
    between = [t for t in tokens[first : last + 1] if t.kind not in ("instead", "sep", "small")]
    if tokens[last + 1].kind not in ("amount", "sep") or between:
        raise NotUnderstood
    kept = [t for t in tokens[:first] if t.kind != "amount"]
    while kept and kept[-1].kind == "sep":
        kept.pop()
    return [*kept, *tokens[last + 1 + (tokens[last + 1].kind == "sep") :]]


def _counted_anew(said: list[Token], anew: list[Token]) -> list[Token]:
    """Put a number said anew in the place of the last one: "sold 3 roses, no, 2".

    Nothing else may be said with it, and nothing behind the goods that it corrects.
    """
    place = max(n for n, token in enumerate(said) if token.kind == "amount")
    behind = {token.kind for token in said[place + 1 :]}
    new = next(token for token in anew if token.kind == "amount")
    unit = new.unit or said[place].unit
    if any(token.kind not in ("small", "sep", "amount") for token in anew) or unit != (
        said[place].unit or unit
    ):
        raise NotUnderstood
    if not behind <= {"name", "sep", "small", "verb", "supplier"}:
        raise NotUnderstood
    said[place] = replace(new, unit=unit)
    while said[-1].kind == "sep":
        said.pop()
    return said


def _put(said: list[Token], anew: list[Token]) -> list[Token]:
    """Put a product said anew in the place of the one said first."""
    new = next(token for token in anew if token.kind in ("amount", "name"))
    if any(token.kind not in ("small", "sep", "name") for token in anew):
        raise NotUnderstood
    return [new if token.kind == "name" else token for token in said]


def settled(tokens: list[Token], known: Reading) -> list[Token]:
    """Settle what each verb means by what stands with it."""
    used = any(token.kind == "use" for token in tokens)
    people = [n for n, token in enumerate(tokens) if token.kind == "people"]
    found: list[Token] = []
    for place, token in enumerate(tokens):
        if token.kind == "use":
            token = Token("verb", token.words, "adjust", cause="use")
        elif used and token.kind in ("buying", "verb") and token.meaning != "sell":
            token = Token("small", token.words)
        elif token.kind == "buying":
            if token.words in phrases().sets["takes"] and _is_for_us(tokens):
                found.append(Token("verb", token.words, "adjust", cause="use"))
                continue
            paid = any(
                t.words.split()[:1] and t.words.split()[0] in phrases().sets["paid"] for t in tokens
            )
            known_buyer = paid or not token.meaning
            untitled = [n for n in people if known_buyer or not _is_title(tokens[n])]
            if any(t.kind == "supplier" and t.lead in ("from", "at") for t in tokens):
                token = Token("verb", token.words, "receive")
            elif any(n < place for n in untitled) or _somebody(tokens, place):
                token = Token("verb", token.words, "sell")
            elif token.meaning:
                token = Token("verb", token.words, token.meaning)
            else:
                raise NotUnderstood
        elif token.kind == "left":
            token = _left(tokens, place, known)
        found.append(token)
    return [_by_partners(token, found) for token in found]


def _left(tokens: Sequence[Token], place: int, known: Reading) -> Token:
    """Return what *left* says: nothing new beside a count, a count of its own behind a sale."""
    word = tokens[place].words
    if not any(t.kind in ("verb", "buying", "use") for t in tokens):
        return tokens[place]
    if known.do == "count" or any(t.kind == "verb" and t.meaning == "count" for t in tokens):
        return Token("small", word)
    if _is_behind_a_sale(tokens, place):
        return Token("verb", word, "count")  # "sold 4 plates, 20 left"
    raise NotUnderstood


def _is_behind_a_sale(tokens: Sequence[Token], place: int) -> bool:
    """Return whether a part of a line holds a number alone, and the parts before what was done."""
    parts = [n for n, token in enumerate(tokens) if token.kind == "sep"]
    begin = max((n for n in parts if n < place), default=-1) + 1
    end = min((n for n in parts if n > place), default=len(tokens))
    kinds = {token.kind for token in tokens[begin:end]}
    done = any(token.kind in ("verb", "buying") for token in tokens[:begin])
    return done and "amount" in kinds and kinds <= {"amount", "left", "small"}


def _is_for_us(tokens: Sequence[Token]) -> bool:
    """Return whether it was taken "for our lunch"."""
    return not any(token.kind == "people" for token in tokens) and any(
        phrases().words["purpose"].meaning(token.words)
        and tokens[place + 1].words in phrases().sets["ours"]
        and tokens[place + 2].kind == "talk"
        for place, token in enumerate(tokens[:-2])
    )


def _somebody(tokens: Sequence[Token], place: int) -> bool:
    """Return whether somebody else bought: "a cyclist bought", not "we bought", "took"."""
    if tokens[place].meaning or phrases().words["fillers"].meaning(tokens[place].words):
        return False
    before = [token for token in tokens[:place] if token.kind != "sep"]
    ours = any(word in phrases().sets["us"] for token in before for word in token.words.split())
    articles = ("a", "an", "the", "ein", "eine", "einer", "ne", "n", "der", "die")
    led = any(token.words.split()[0] in articles for token in before if token.words)
    behind = tokens[place:]
    to_us = any(word in phrases().sets["us"] for token in behind for word in token.words.split())
    return any(token.kind == "talk" for token in before) and led and not ours and not to_us


def _is_title(token: Token) -> bool:
    """Return whether it stands before a name: "Frau Meier" may be one of ours."""
    return token.words in ("frau", "herr", "mrs", "mr", "ms", "miss")


def _by_partners(token: Token, tokens: Sequence[Token]) -> Token:
    """Tell what goes to a supplier or comes from one: "brought", "returned to Acme"."""
    if token.kind != "verb":
        return token
    suppliers = [t for t in tokens if t.kind == "supplier"]
    moved = [t for t in tokens if t.kind == "place" and t.lead != "at"]
    if token.meaning == "return" and suppliers:
        if len(suppliers) == 1 and suppliers[0].lead == "to":
            return replace(token, meaning="return-to-supplier")
        raise NotUnderstood
    people = any(t.kind == "people" for t in tokens)
    if token.meaning == "return-to-supplier" and not suppliers and people:
        return replace(token, meaning="return")  # "a web customer sent back 1"
    if token.meaning == "receive" and {"from"} <= {t.lead for t in moved} and len(moved) > 1:
        return replace(token, meaning="transfer")  # "restocked the shop from the storeroom"
    if token.meaning == "transfer" and _delivers(token, tokens):
        return replace(token, meaning="receive")  # "Hill Farm brought 1 tray to the shop"
    if token.meaning == "transfer" and not moved:
        raise NotUnderstood
    return token


def _delivers(token: Token, tokens: Sequence[Token]) -> bool:
    """Return whether a supplier brought the goods, to us or to a place of ours."""
    suppliers = [t for t in tokens if t.kind == "supplier"]
    came = any(t.kind == "place" and t.lead == "from" for t in tokens)
    led = bool(suppliers) and suppliers[0].lead in ("", "from")
    return led and not came and token.words in phrases().sets["brings"]
