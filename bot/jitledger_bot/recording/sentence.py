"""A whole line understood at once: every number with its product, every product with its verb.

This reader and the one for short lines (``reading``) know nothing of each other. A line that both
understand must be the same facts to both; else it is asked. A line is understood only when no
token is left over: a second number, a doubt, a place or supplier without a role mean nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from jitledger_bot.desk import Desk
from jitledger_bot.reading import Places, Reading, somebody_else
from jitledger_bot.reading.doubts import doubt_of, is_corrected, is_plan
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.tidy import bracketed, said_twice, unwrapped, without_documents
from jitledger_bot.reading.times import take_times
from jitledger_bot.reading.words import LIST_MARK
from jitledger_bot.recording.money import is_near
from jitledger_bot.recording.tokens import Scan, Token, halves

MOST_WORDS = 40
MOST_TALK = 14
ALIKE = 85
"""From 0 to 100: a word of talk so near to a product's is asked about."""

OF_A_PART = {("receive", "write-off")}
"""(before, later): what may befall a part of the same goods, which is not named again."""


DAMAGED = ("write-off", "return-to-supplier")


class NotUnderstood(Exception):
    """A line that is not understood as a whole."""


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


def understood(
    line: str, now: datetime, known: Reading, desk: Desk, places: Places
) -> list[Reading]:
    """Return the facts of a line; none when a word of it is left over.

    ``known`` holds what a header above the line says: verb, supplier, place, day.
    """
    try:
        return _read(line, now, known, desk, places)
    except NotUnderstood:
        return []


def _read(line: str, now: datetime, known: Reading, desk: Desk, places: Places) -> list[Reading]:
    text = unwrapped(LIST_MARK.sub("", line).strip())
    text = " ".join(without_documents(said_twice(bracketed(text)).split()))
    words, occurred = take_times(text.split(), now)
    if isinstance(occurred, Reading) or not words or len(words) > MOST_WORDS:
        raise NotUnderstood
    words = _without_number(words)
    if "?" in text or is_plan(" ".join(words)) or is_corrected(text):
        raise NotUnderstood
    tokens = Scan(words, desk, places).tokens()
    if any(token.kind == "doubt" for token in tokens):
        raise NotUnderstood
    tokens = _verbs(_without_articles(_corrected(tokens)), known)
    clauses = _clauses(tokens, known)
    facts = _facts(clauses, line, occurred or known.occurred, known, desk)
    _check_doubts(tokens, facts, known, places)
    if not facts or any(somebody_else(fact) for fact in facts if fact.do == "receive"):
        raise NotUnderstood
    _check_talk(tokens, facts, desk)
    return facts


def _without_number(words: list[str]) -> list[str]:
    """Take a paper and its number off the begin: "order #1182 packed", "Bestellung 4471 …"."""
    norm = [plain(word) for word in words[:2]]
    if len(words) > 2 and phrases().is_("documents", norm, 0) and norm[1].lstrip("#").isdigit():
        return words[2:]
    return words


def _without_articles(tokens: list[Token]) -> list[Token]:
    """Let "a" and "ein" mean one only in front of a product: "made her a deal"."""
    found = []
    for place, token in enumerate(tokens):
        alone = token.kind == "amount" and token.meaning == "article" and not token.unit
        if alone and [t.kind for t in tokens[place + 1 : place + 2]] == ["talk"]:
            token = Token("small", token.words)
        found.append(token)
    return found


def _corrected(tokens: list[Token]) -> list[Token]:
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
        return [t for t in tokens if t.kind != "instead"]
    if kinds[1] != ["amount", "name"] or kinds[0] not in (["amount"], ["amount", "name"]):
        raise NotUnderstood
    verbs = [t for t in tokens[:first] if t.kind == "verb"]
    if any(t.kind in ("verb", "buying", "talk") for t in tokens[first:]) and verbs:
        raise NotUnderstood
    kept = [t for t in tokens[:first] if t.kind not in ("amount", "name")]
    return [*kept, *tokens[last + 1 :]]


# --- verbs ----------------------------------------------------------------------------------------


def _verbs(tokens: list[Token], known: Reading) -> list[Token]:
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
            untitled = [n for n in people if not token.meaning or not _is_title(tokens[n])]
            if any(n < place for n in untitled):
                token = Token("verb", token.words, "sell")
            elif token.meaning:
                token = Token("verb", token.words, token.meaning)
            else:
                raise NotUnderstood
        elif token.kind == "left":
            counted = known.do == "count" or any(
                t.kind == "verb" and t.meaning == "count" for t in tokens
            )
            if not counted:
                raise NotUnderstood
            token = Token("small", token.words)
        found.append(token)
    return [_by_partners(token, found) for token in found]


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
    if token.meaning == "transfer" and not moved:
        if suppliers and suppliers[0].lead != "to":
            return replace(token, meaning="receive")
        raise NotUnderstood
    return token


# --- clauses --------------------------------------------------------------------------------------


def _clauses(tokens: list[Token], known: Reading) -> list[Clause]:
    """Part a line where a mark or a joining word stands, and give each part its verb."""
    parts: list[Clause] = [Clause()]
    for token in tokens:
        if token.kind == "sep":
            parts.append(Clause())
        else:
            parts[-1].tokens.append(token)
    parts = [part for part in parts if any(t.kind not in ("small",) for t in part.tokens)]
    for part in parts:
        _pair(part)
    kinds = {part.verb.meaning for part in parts if part.verb is not None}
    told = {part.verb.meaning for part in parts if part.verb is not None and part.items}
    if "return" in told:
        kinds -= {"write-off"} - told  # "all rotten"
    if told and kinds - told:  # "asked for 3 mug, got them": the second verb says what really was.
        raise NotUnderstood
    if not kinds:
        if known.do is None:
            raise NotUnderstood
        for part in parts:
            part.verb = Token("verb", "", known.do, cause=known.cause)
        return parts
    if len(kinds) == 1:
        verb = next(part.verb for part in parts if part.verb is not None)
        cause = next((p.verb.cause for p in parts if p.verb and p.verb.cause), None)
        for part in parts:
            part.verb = replace(verb, cause=cause) if verb is not None else None
        return parts
    return _with_verbs(parts)


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
    returns = any(t.kind == "verb" and t.meaning == "return" for t in part.tokens)
    for place, token in enumerate(part.tokens):
        if returns and token.kind == "verb" and token.meaning == "write-off":
            continue  # "sent 3 cracked plates back"
        if token.kind == "each":
            raise NotUnderstood
        if token.kind == "amount" and _talk_follows(part.tokens, place):
            raise NotUnderstood  # "14 days"
        if token.kind == "verb":
            if part.verb is not None and part.verb.meaning != token.meaning:
                part.verb = _one_verb(part.verb, token)
            elif part.verb is None:
                part.verb, part.led = token, not part.items and here == Item()
            elif token.cause is not None:
                part.verb = replace(part.verb, cause=token.cause)
            gap = True
        elif token.kind == "amount":
            if here.amount is not None and here.name is None:
                raise NotUnderstood
            if here.amount is not None:
                part.items.append(here)
                here = Item()
            elif here.name is not None and gap:
                raise NotUnderstood
            here.amount, gap = token, False
        elif token.kind == "name":
            if here.name is not None:
                part.items.append(here)
                here = Item()
            elif here.amount is not None and gap:
                raise NotUnderstood
            here.name, gap = token, False
            _check_behind(part.tokens, place)
        elif token.kind == "money":
            target = here if here != Item() else (part.items[-1] if part.items else None)
            if target is None:
                target = here
            if target.money is not None:
                raise NotUnderstood
            target.money = token
        elif token.kind not in ("small", "each", "condition"):
            gap = True
    if here != Item():
        part.items.append(here)


def _talk_follows(tokens: Sequence[Token], place: int) -> bool:
    return [token.kind for token in tokens[place + 1 : place + 2]] == ["talk"]


def _check_behind(tokens: Sequence[Token], place: int) -> None:
    """Refuse a word right behind or before a product: it may make it another one, "mug red"."""
    if _talk_follows(tokens, place):
        raise NotUnderstood
    if place and tokens[place - 1].kind == "talk":
        raise NotUnderstood


def _one_verb(first: Token, second: Token) -> Token:
    """Return the one verb that two of a part make; raises when they contradict each other."""
    both = {first.meaning, second.meaning}
    if both in ({"return", "write-off"}, {"return", "receive"}):
        return first if first.meaning == "return" else second
    if both == {"receive", "transfer"}:
        return first if first.meaning == "receive" else second
    raise NotUnderstood


# --- facts ----------------------------------------------------------------------------------------


def _facts(
    parts: list[Clause], line: str, occurred: str | None, known: Reading, desk: Desk
) -> list[Reading]:
    """Return the facts; what is told of a part of the goods before is of the same product."""
    pairs = _joined([(part, item) for part in parts for item in part.items])
    tokens = [token for part in parts for token in part.tokens]
    found: list[Reading] = []
    for part, item in pairs:
        assert part.verb is not None
        do = part.verb.meaning
        if item.amount is None:
            raise NotUnderstood
        name = item.name
        if name is None:
            before = found[-1] if found else None
            thereof = any(token.kind == "thereof" for token in part.tokens)
            same = before is not None and (thereof or (before.do, do) in OF_A_PART)
            if not same or before is None or item.amount.unit or before.quantity is None:
                raise NotUnderstood
            if item.amount.value > before.quantity:
                raise NotUnderstood
            if len(pairs) > 2 or part.verb.cause == "loss":
                raise NotUnderstood
            product = before.product
        else:
            product = f"{item.amount.unit} {name.words}".strip()
        found.append(
            Reading(
                line,
                do=do,
                quantity=item.amount.value,
                product=product,
                occurred=occurred,
                cause=part.verb.cause,
            )
        )
        found[-1] = _priced(found[-1], item, None if name is None else name.meaning, desk)
    if len({(fact.do, fact.product.split()[-1]) for fact in found}) < len(found):
        raise NotUnderstood  # The same goods twice: in all, or one instead of the other?
    if len(found) > 1 and any(fact.total is not None for fact in found):
        raise NotUnderstood
    placed = []
    for fact in found:
        mine = [p for p in parts if p.verb is not None and p.verb.meaning == fact.do]
        own = [token for part in mine for token in part.tokens]
        if len(mine) == len(parts) or len({f.do for f in found}) == 1:
            own = tokens
        placed.append(_placed(fact, own, known, desk))
    return _there(placed, parts)


def _there(facts: list[Reading], parts: Sequence[Clause]) -> list[Reading]:
    """Put a fact where goods went just before, where it says *there*; raises where it does not."""
    moved = [fact for fact in facts if fact.do == "transfer"]
    if not moved or len(moved) == len(facts):
        return facts
    found = []
    for fact in facts:
        if fact.do != "transfer" and fact.location is None:
            mine = [p for p in parts if p.verb is not None and p.verb.meaning == fact.do]
            same = {plain(m.product.split()[-1]) for m in moved} & {plain(fact.product.split()[-1])}
            if any(t.kind == "thereof" for p in mine for t in p.tokens):
                fact = replace(fact, location=moved[-1].to)
            elif same:
                raise NotUnderstood
        found.append(fact)
    return found


def _joined(pairs: list[tuple[Clause, Item]]) -> list[tuple[Clause, Item]]:
    """Join a product and a number that stand in two parts: "counted the eggs, 52"."""
    money = [
        n for n, (_part, item) in enumerate(pairs) if item.amount is None and item.name is None
    ]
    for place in reversed(money):  # A price behind a comma is of what stands before it.
        if not place or pairs[place - 1][1].money is not None:
            raise NotUnderstood
        pairs[place - 1][1].money = pairs.pop(place)[1].money
    names = [n for n, (_part, item) in enumerate(pairs) if item.amount is None]
    amounts = [n for n, (_part, item) in enumerate(pairs) if item.name is None]
    if len(names) == len(amounts) == 1 and len(pairs) == 2 and names[0] < amounts[0]:
        (part, first), (later, second) = pairs
        verbs = {p.verb.meaning for p in (part, later) if p.verb is not None}
        if first.money is None and len(verbs) == 1:
            first.amount, first.money = second.amount, second.money
            return [(part, first)]
    return pairs


def _priced(fact: Reading, item: Item, sku: str | None, desk: Desk) -> Reading:
    """Put a price to a fact; one that may be of one or of all of it is asked elsewhere."""
    money = item.money
    if money is None:
        return fact
    if fact.do not in ("sell", "receive"):
        raise NotUnderstood
    if money.meaning == "total":
        return replace(fact, total=money.value, currency=money.currency)
    if money.meaning.startswith("per"):
        pack = money.meaning.partition(" ")[2] or None
        return replace(fact, price=money.value, per=pack, currency=money.currency)
    assert item.amount is not None
    if money.meaning == "each":
        return replace(fact, price=money.value, currency=money.currency)
    if item.amount.unit and item.amount.value < 1:
        return replace(fact, total=money.value, currency=money.currency)
    if item.amount.value != 1:
        raise NotUnderstood
    if money.meaning == "bare" and not _is_usual(money.value, fact, sku, desk):
        raise NotUnderstood  # "1 cola 0.33" may be its size.
    return replace(fact, price=money.value, currency=money.currency)


def _is_usual(price: Decimal, fact: Reading, sku: str | None, desk: Desk) -> bool:
    if sku is None:
        return False
    usual = desk.app.queries.item(sku)[0].last_cost if fact.do == "receive" else desk.price_of(sku)
    return usual is not None and usual > 0 and is_near(price, usual)


def _placed(fact: Reading, tokens: Sequence[Token], known: Reading, desk: Desk) -> Reading:
    """Put places, supplier and condition to a fact; raises when one of them has no role."""
    supplier = _supplier(fact, tokens, known)
    conditions = {token.meaning for token in tokens if token.kind == "condition"}
    condition = None
    if fact.do == "return":
        if len(conditions) > 1:
            raise NotUnderstood
        broken = any(t.kind == "verb" and t.meaning == "write-off" for t in tokens)
        condition = next(iter(conditions), "damaged" if broken else None)
    elif conditions - {"damaged"} or (conditions and fact.do not in DAMAGED):
        raise NotUnderstood
    named = [token for token in tokens if token.kind == "place"]
    if fact.do == "transfer":
        source, target = _way(named)
        return replace(fact, location=source, to=target)
    if len({token.meaning for token in named}) > 1 or any(t.lead == "from" for t in named):
        raise NotUnderstood
    here = named[0].meaning if named else known.location
    if named and not named[0].lead and fact.do != "count":
        if here != desk.app.queries.shop().first_location:
            raise NotUnderstood
        here = None
    return replace(fact, supplier=supplier, location=here, condition=condition)


def _supplier(fact: Reading, tokens: Sequence[Token], known: Reading) -> str | None:
    named = [token for token in tokens if token.kind == "supplier"]
    if not named:
        if fact.do == "return-to-supplier" and known.supplier is None:
            raise NotUnderstood
        return known.supplier if fact.do in ("receive", "return-to-supplier") else None
    away = any(token.lead == "to" for token in named)
    if len({token.meaning for token in named}) > 1 or (away and fact.do == "receive"):
        raise NotUnderstood
    if fact.do not in ("receive", "return-to-supplier"):
        raise NotUnderstood
    return named[0].meaning


def _way(named: Sequence[Token]) -> tuple[str | None, str]:
    """Return (from where or None for the first place, to where) of what was moved."""
    said = {token.lead: token.meaning for token in named if token.lead in ("from", "to")}
    bare = [token.meaning for token in named if token.lead not in ("from", "to")]
    if len(said) + len(bare) != len(named):
        raise NotUnderstood
    if len(bare) == 2 and not said:
        return bare[0], bare[1]
    if len(bare) == 1 and len(said) == 1:
        if "from" in said:
            return said["from"], bare[0]
        return bare[0], said["to"]
    if bare or "to" not in said:
        raise NotUnderstood
    return said.get("from"), said["to"]


# --- doubts -------------------------------------------------------------------------------------


def _check_doubts(
    tokens: Sequence[Token], facts: Sequence[Reading], known: Reading, places: Places
) -> None:
    """Refuse what the reader of short lines doubts, and talk between a receipt and its goods."""
    told = [t for t in tokens if t.kind not in ("verb", "supplier", "sep")]
    exact = [word for t in told for word in t.words.split() if word not in halves()]
    kinds = {fact.do for fact in facts}
    for do in kinds:
        if doubt_of(exact, do, places) is not None:
            raise NotUnderstood
    if known.under == "receive" and kinds != {"receive"}:
        raise NotUnderstood
    if "receive" in kinds or "count" in kinds:
        first = next(n for n, t in enumerate(tokens) if t.kind in ("amount", "name"))
        verb = next((n for n, t in enumerate(tokens) if t.kind == "verb"), first)
        if any(t.kind in ("talk", "buying") for t in tokens[verb:first]):
            raise NotUnderstood  # "got an order for 3 mug", "delivery short by 2"


# --- talk -----------------------------------------------------------------------------------------


def _check_talk(tokens: Sequence[Token], facts: Sequence[Reading], desk: Desk) -> None:
    """Refuse talk that may name a product, or somebody the goods came from."""
    talk = [token for token in tokens if token.kind == "talk"]
    if len(talk) > MOST_TALK:
        raise NotUnderstood
    receives = any(fact.do == "receive" for fact in facts)
    known = phrases()
    for place, token in enumerate(tokens):
        if token.kind != "talk":
            continue
        before = tokens[place - 1] if place else None
        if receives and before is not None and known.words["from"].meaning(before.words):
            raise NotUnderstood
        if _names_product(token.words, desk):
            raise NotUnderstood
    if receives and any(token.kind == "people" for token in tokens):
        raise NotUnderstood


def _names_product(word: str, desk: Desk) -> bool:
    """Return whether a word is a product's, or a letter away from one."""
    from rapidfuzz import fuzz

    if len(word) < 3:
        return False
    found = desk.resolver.resolve(word)
    if found.exact is not None:
        return True
    return any(
        fuzz.ratio(word, plain(other)) >= ALIKE
        for near in found.nearest
        for other in f"{near.title} {near.sku}".split()
    )
