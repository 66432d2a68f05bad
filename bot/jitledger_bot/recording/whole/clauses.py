"""Parts of a line: each with its verb, its numbers beside their products, its prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from jitledger_bot.reading import Reading
from jitledger_bot.reading.phrases import phrases
from jitledger_bot.recording.whole.token import NotUnderstood, Token

SPOILS = ("write-off", "adjust")
"""What may be said to have come while doing something: "broke 2 plates washing up"."""


@dataclass(slots=True)
class Item:
    """A number with its product, and what it cost."""

    amount: Token | None = None
    name: Token | None = None
    money: Token | None = None


@dataclass(slots=True)
class Clause:
    """A part of a line: its verb, and what it says of which goods."""

    verb: Token | None = None
    items: list[Item] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    led: bool = False
    """Whether the verb stands before the first number."""


def clauses_of(tokens: list[Token], known: Reading) -> list[Clause]:
    """Part a line where a mark or a joining word stands, and give each part its verb."""
    parts: list[Clause] = [Clause()]
    for token in tokens:
        if token.kind == "sep":
            parts.append(Clause())
        else:
            parts[-1].tokens.append(token)
    parts = [p for p in parts if any(t.kind not in ("small", "there") for t in p.tokens)]
    for place, part in enumerate(parts):
        _pair(part)
        _check_own_verb(part, first=place == 0)
    kinds = {part.verb.meaning for part in parts if part.verb is not None}
    if "unmet" in kinds and len(kinds) > 1:
        raise NotUnderstood
    told = {part.verb.meaning for part in parts if part.verb is not None and part.items}
    if "return" in told:
        kinds -= {"write-off"} - told  # "all rotten"
    if told and kinds - told:  # "asked for 3 mug, got them": the second verb says what really was.
        raise NotUnderstood
    if not kinds:
        if known.do is None and _is_there(tokens):
            known = replace(known, do="count")
        if known.do is None and _leads_to(tokens):
            known = replace(known, do="transfer")
        if known.do is None:
            raise NotUnderstood
        for part in parts:
            part.verb = Token("verb", "", known.do, cause=known.cause)
        return parts
    if len(kinds) == 1:
        verb = next(p.verb for p in parts if p.verb is not None and p.verb.meaning in kinds)
        cause = next((p.verb.cause for p in parts if p.verb and p.verb.cause), None)
        for part in parts:
            part.verb = replace(verb, cause=cause) if verb is not None else None
        return parts
    return _with_verbs(parts)


def _is_there(tokens: Sequence[Token]) -> bool:
    """Return whether a line says what there is: "there are 43 now", "noch 17 im Lager".

    *noch* alone may ask for more; it needs a place or a product in front of the number.
    """
    first = next((n for n, t in enumerate(tokens) if t.kind == "amount"), len(tokens))
    told = [token for token in tokens[:first] if token.kind == "there"]
    said = {word for token in tokens for word in token.words.split()}
    if any(token.kind in ("talk", "people") for token in tokens):
        return False
    if said & phrases().sets["more"]:
        return False  # "there are 3 more blue mugs", "noch 2 bitte"
    if not told:
        return any(token.kind == "left" for token in tokens)
    still = all(token.words in phrases().sets["still"] for token in told)
    named = any(token.kind == "name" for token in tokens[:first])
    now = any(phrases().words["by_now"].meaning(t.words) for t in tokens if t not in told)
    return not still or named or now or any(t.kind in ("place", "left") for t in tokens)


def _leads_to(tokens: Sequence[Token]) -> bool:
    """Return whether a line begins with where goods went: "to shop: 10 mug, 2 vase"."""
    kinds = [token.kind for token in tokens[:2]]
    return kinds == ["place", "sep"] and tokens[0].lead == "to" and tokens[1].words == ":"


def _check_own_verb(part: Clause, *, first: bool) -> None:
    """Refuse talk before the goods of a later part without a verb: "and buys 1 blue mug"."""
    if first or part.verb is not None:
        return
    for token in part.tokens:
        if token.kind in ("amount", "name"):
            return
        if token.kind == "talk" and part.items:
            raise NotUnderstood


def _with_verbs(parts: list[Clause]) -> list[Clause]:
    """Give parts without a verb their neighbour's: the one before where verbs come first."""
    said = [part for part in parts if part.verb is not None and part.items]
    leading = {part.led for part in said}
    for place, part in enumerate(parts):
        if part.verb is not None or not part.items:
            continue
        if len(leading) != 1:
            raise NotUnderstood
        others = parts[place + 1 :] if not leading.copy().pop() else parts[:place][::-1]
        part.verb = next((other.verb for other in others if other.verb is not None), None)
        if part.verb is None:
            raise NotUnderstood
    return [part for part in parts if part.items or part.verb is not None]


def _pair(part: Clause) -> None:
    """Pair each number of a part with the product beside it, and each price with what it is of."""
    here = Item()
    gap = False
    alone = [sum(t.kind == kind for t in part.tokens) for kind in ("amount", "name")] == [1, 1]
    """Nothing else can be meant: "potting soil is down to 15 sacks"."""
    returns = any(t.kind == "verb" and t.meaning == "return" for t in part.tokens)
    for place, token in enumerate(part.tokens):
        if returns and token.kind == "verb" and token.meaning == "write-off":
            continue  # "sent 3 cracked plates back"
        if token.kind == "each":
            raise NotUnderstood
        if token.kind == "amount" and talk_follows(part.tokens, place):
            raise NotUnderstood  # "14 days"
        if token.kind == "verb":
            if part.verb is not None and part.verb.meaning != token.meaning:
                part.verb = _one_verb(part.verb, token)
            elif part.verb is None:
                part.verb, part.led = token, not part.items and here == Item()
            elif token.cause is not None:
                part.verb = replace(part.verb, cause=token.cause)
            gap = gap or not alone
        elif token.kind == "amount":
            if here.amount is not None and here.name is None:
                raise NotUnderstood
            here = _begun(part, here, here.amount, here.name if gap else None)
            here.amount, gap = token, False
        elif token.kind == "name":
            here = _begun(part, here, here.name, here.amount if gap else None)
            here.name, gap = token, False
            _check_behind(part.tokens, place)
        elif token.kind == "money":
            target = here if here != Item() else (part.items[-1] if part.items else None)
            if target is None:
                target = here
            if target.money is not None:
                raise NotUnderstood
            target.money = token
        elif token.kind == "left":
            gap = gap or not alone
        elif token.kind not in ("small", "there", "each", "condition"):
            gap = True
    if here != Item():
        part.items.append(here)


def _begun(part: Clause, here: Item, same: Token | None, far: Token | None) -> Item:
    """Return the item that a number or a product is of: the one at hand, or a new one.

    ``same`` is what the one at hand has of its kind already; ``far`` what stands too far from it.
    """
    if same is not None:
        part.items.append(here)
        return Item()
    if far is not None:
        raise NotUnderstood
    return here


def talk_follows(tokens: Sequence[Token], place: int) -> bool:
    """Return whether the next token is talk."""
    return [token.kind for token in tokens[place + 1 : place + 2]] == ["talk"]


def _check_behind(tokens: Sequence[Token], place: int) -> None:
    """Refuse a word right behind or before a product: it may make it another one, "mug red"."""
    if talk_follows(tokens, place) and not _tells_how(tokens, place):
        raise NotUnderstood
    if place and tokens[place - 1].kind == "talk":
        raise NotUnderstood


def _tells_how(tokens: Sequence[Token], place: int) -> bool:
    """Return whether a word behind a product tells how it came: "broke 2 plates washing up"."""
    verb = any(t.kind == "verb" and t.meaning in SPOILS for t in tokens[:place])
    word = tokens[place + 1].words
    return verb and word.endswith("ing") and len(word) > 5


def _one_verb(first: Token, second: Token) -> Token:
    """Return the one verb that two of a part make; raises when they contradict each other."""
    both = {first.meaning, second.meaning}
    if both in ({"return", "write-off"}, {"return", "receive"}):
        return first if first.meaning == "return" else second
    if both == {"receive", "transfer"}:
        return first if first.meaning == "receive" else second
    raise NotUnderstood
