"""Facts out of a line's parts: of which goods, how many, at which price, where, from whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from jitledger_bot.desk import Desk
from jitledger_bot.reading import Reading
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.recording.found import UNITS, is_single
from jitledger_bot.recording.money import is_near
from jitledger_bot.recording.whole.clauses import Clause, Item
from jitledger_bot.recording.whole.token import NotUnderstood, Token

OF_A_PART = {
    ("receive", "write-off"),
    ("receive", "transfer"),
    ("sell", "transfer"),
    ("sell", "write-off"),
}
"""(before, later): what may befall a part of the same goods, which is not named again."""

TAKES = ("sell", "write-off", "adjust")
"""What leaves fewer: a number that is left behind it is a count."""

DAMAGED = ("write-off", "return-to-supplier")


def facts_of(
    parts: list[Clause], line: str, occurred: str | None, known: Reading, desk: Desk
) -> list[Reading]:
    """Return the facts; what is told of a part of the goods before is of the same product."""
    pairs = _joined([(part, item) for part in parts for item in part.items], desk)
    found: list[Reading] = []
    goods: list[tuple[str, str]] = []
    """(what happened, SKU)"""
    titles: list[str] = []
    for part, item in pairs:
        assert part.verb is not None
        if item.amount is None and len(pairs) == 1 and _is_one(part, item, desk):
            item.amount = Token("amount", "1", value=Decimal(1))
        if item.amount is None:
            raise NotUnderstood
        if item.amount.words.startswith("+") and part.verb.meaning not in ("receive", "return"):
            raise NotUnderstood  # "+5 vase stolen"
        last = {t.words for t in part.tokens if t.kind == "small"} & phrases().sets["past"]
        if last and part.verb.meaning in TAKES and not _is_all(item, desk):
            raise NotUnderstood
        fact = Reading(
            line,
            do=part.verb.meaning,
            quantity=item.amount.value,
            occurred=occurred,
            cause=part.verb.cause,
        )
        if item.name is None:
            if (
                len(pairs) > 2
                or not found
                or not _is_a_part(fact, found[-1], goods[-1][1], part, desk)
            ):
                raise NotUnderstood
            sku, product = goods[-1][1], titles[-1]
        else:
            sku, product = item.name.meaning, f"{item.amount.unit} {item.name.words}".strip()
            titles.append(item.name.words)
        goods.append((part.verb.meaning, sku))
        found.append(_priced(replace(fact, product=product), item, sku, desk))
    if {"receive", "return"} <= {do for do, _sku in goods}:
        raise NotUnderstood  # "12 received, 2 of them back"
    if len(set(goods)) < len(goods):
        raise NotUnderstood  # The same goods twice: in all, or one instead of the other?
    priced = [fact.price is not None or fact.total is not None for fact in found]
    sums = [place for place, fact in enumerate(found) if fact.total is not None]
    if len(found) > 1 and sums and (not all(priced) or sums[-1] == len(found) - 1):
        raise NotUnderstood  # "2 mug, 3 vase, 40 in all": of the last one, or of both?
    if len(found) > 1 and priced[-1] and not any(priced[:-1]):
        raise NotUnderstood  # "1 vase 1 plate 12.50 each": of the last one, or of both?
    return _there([_placed(fact, _own(fact, found, parts), known, desk) for fact in found], parts)


def _is_all(item: Item, desk: Desk) -> bool:
    """Return whether "the last 2" are all there is; else the number or the stock is wrong."""
    if item.name is None or item.amount is None or item.amount.unit:
        return False
    return desk.app.queries.item(item.name.meaning)[1].on_hand == item.amount.value


def _is_one(part: Clause, item: Item, desk: Desk) -> bool:
    """Return whether a product in the singular was sold at about its price: one of it."""
    name, money = item.name, item.money
    if name is None or money is None or part.verb is None or part.verb.meaning != "sell":
        return False
    if money.meaning == "total" or money.meaning.startswith("per"):
        return False
    found = desk.resolver.exactly(name.words)
    usual = desk.price_of(name.meaning)
    exact = found is not None and plain(found.title) == name.words and name.words[-1] != "s"
    exact = exact and is_single(name.meaning, desk)
    return exact and usual is not None and usual > 0 and usual / 2 < money.value < usual * 3 / 2


def _is_a_part(fact: Reading, before: Reading, sku: str, part: Clause, desk: Desk) -> bool:
    """Return whether a number without a product is of the goods just before: "2 of them broke"."""
    amount = part.items[0].amount
    if amount is None or amount.unit or before.quantity is None:
        return False
    if fact.do == "count":  # "sold 4 plates, 20 left"
        return before.do in TAKES and fact.occurred is None
    thereof = any(token.kind == "thereof" for token in part.tokens)
    befalls = thereof or (before.do, fact.do) in OF_A_PART
    factor = _factor(sku, (before.product.split() or [""])[0], desk) or Decimal(1)
    few = amount.value <= before.quantity * factor or before.do == "sell"
    return befalls and few and fact.cause != "loss"


def _own(fact: Reading, found: Sequence[Reading], parts: Sequence[Clause]) -> list[Token]:
    """Return the tokens that tell where and from whom: all, or those beside the fact's verb."""
    alone = len({other.do for other in found}) == 1
    mine = [p for p in parts if alone or (p.verb is not None and p.verb.meaning == fact.do)]
    return [token for part in mine for token in part.tokens]


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
            elif same and facts.index(fact) > facts.index(moved[0]):
                raise NotUnderstood
        found.append(fact)
    return found


def _factor(sku: str, word: str, desk: Desk) -> Decimal | None:
    """Return how many the pack holds that a word means, None where it means none."""
    pack = desk.pack_of(sku, word)
    return None if pack is None else desk.factor_of(sku, pack)


def _loose(pairs: list[tuple[Clause, Item]], desk: Desk) -> list[tuple[Clause, Item]]:
    """Add up packs and single ones of one product: "notebooks: 4 packs and 7 loose".

    Of anything but a count, and where the product stands last, both must say what they are in:
    "received 3 boxes and 2 packets of seeds".
    """
    items = [item for _part, item in pairs]
    verbs = {part.verb.meaning for part, _item in pairs if part.verb is not None}
    said = {word for part, _item in pairs[1:] for t in part.tokens for word in t.words.split()}
    single = bool(said & phrases().sets["singles"])
    named = [n for n, item in enumerate(items) if item.name is not None]
    amounts = [item.amount for item in items if item.amount is not None]
    if len(verbs) != 1 or len(named) != 1 or len(amounts) != 2 or any(i.money for i in items):
        return pairs
    first, second = amounts
    apart = items[0].amount is None  # "ribbon, 2 rolls and 8 metres"
    if len(items) != 2 + apart or (apart and named != [0]):
        return pairs
    name = items[named[0]].name
    assert name is not None
    held = _factor(name.meaning, first.unit, desk) if first.unit else None
    rest = _in_single_ones(second, name.meaning, desk)
    spoken = bool(second.unit) and (apart or named == [1])
    if held is None or rest is None or not (single or spoken or (apart and verbs == {"count"})):
        return pairs
    if rest >= held or any(t.kind == "thereof" for p, _i in pairs for t in p.tokens):
        return pairs  # "1 box, 12 pieces", "2 boxes, 3 of them open"
    total = replace(second, value=first.value * held + rest, unit="")
    return [(pairs[0][0], Item(amount=total, name=name))]


def _in_single_ones(amount: Token, sku: str, desk: Desk) -> Decimal | None:
    """Return an amount in a product's own unit; None where it is in packs or in parts."""
    if amount.unit and desk.pack_of(sku, amount.unit) is not None:
        return None
    measure = phrases().units.meaning(amount.unit) if amount.unit else None
    own = phrases().units.meaning(desk.unit_of(sku))
    if measure is None:
        return amount.value if amount.value % 1 == 0 else None
    if own is None or UNITS[own][0] != UNITS[measure][0]:
        return None
    return amount.value * UNITS[measure][1] / UNITS[own][1]


def _joined(pairs: list[tuple[Clause, Item]], desk: Desk) -> list[tuple[Clause, Item]]:
    """Join a product and a number that stand in two parts: "counted the eggs, 52"."""
    money = [
        n for n, (_part, item) in enumerate(pairs) if item.amount is None and item.name is None
    ]
    if len(money) == 1 and money[0] == len(pairs) - 1 > 1:
        part, item = pairs[-1]
        whole = any(word in phrases().sets["all"] for t in part.tokens for word in t.words.split())
        if whole and item.money is not None and item.money.meaning == "each":
            pairs.pop()  # "3 mug and 2 vase, all at 9 each"
            for _part, other in pairs:
                if other.money is not None:
                    raise NotUnderstood
                other.money = item.money
            money = []
    for place in reversed(money):  # A price behind a comma is of what stands before it.
        if not place or pairs[place - 1][1].money is not None or len(pairs) > 2:
            raise NotUnderstood  # "3 mug and 2 vase, all at 9 each"
        pairs[place - 1][1].money = pairs.pop(place)[1].money
    pairs = _loose(pairs, desk)
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
    if money.meaning == "times" and not (
        item.amount.unit == ""
        and sku
        and is_single(sku, desk)
        and _is_usual(money.value, fact, sku, desk)
    ):
        raise NotUnderstood  # "tyre 26 x 1.75" is its size.
    if money.meaning in ("each", "times"):
        return replace(fact, price=money.value, currency=money.currency)
    small = phrases().units.meaning(item.amount.unit) in ("g", "ml", "cm")
    if item.amount.unit and (item.amount.value < 1 or small):
        return replace(fact, total=money.value, currency=money.currency)
    held = _factor(sku, item.amount.unit, desk) if sku and item.amount.unit else None
    if held and item.amount.value == 1 and _is_usual(money.value / held, fact, sku, desk):
        return replace(fact, total=money.value, currency=money.currency)
    if item.amount.value != 1:
        if money.words.split()[0] in phrases().sets["sum_leads"]:
            return _whole_sum(fact, item.amount, money, sku, desk)
        if not item.amount.unit and _is_usual(money.value, fact, sku, desk):
            return replace(fact, price=money.value, currency=money.currency)
        if not item.amount.unit and _is_usual(money.value / item.amount.value, fact, sku, desk):
            return replace(fact, total=money.value, currency=money.currency)
        raise NotUnderstood
    if money.meaning == "bare" and not _is_usual(money.value, fact, sku, desk):
        raise NotUnderstood  # "1 cola 0.33" may be its size.
    return replace(fact, price=money.value, currency=money.currency)


def _whole_sum(fact: Reading, amount: Token, money: Token, sku: str | None, desk: Desk) -> Reading:
    """Take "4 gloves for 20" as the sum of all; where that is unlike any price it is asked."""
    held = _factor(sku, amount.unit, desk) if sku and amount.unit else None
    count = amount.value * (held or 1)
    if not _is_usual(money.value / count, fact, sku, desk) and money.currency is None:
        raise NotUnderstood
    said = money.meaning == "bare" or phrases().units.meaning(amount.unit) is not None
    return replace(fact, total=money.value, currency=money.currency, unsure=not said)


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
    came = fact.do in ("receive", "return", "count") and any(t.lead == "from" for t in named)
    moved = fact.do == "return" and any(t.lead == "to" for t in named)
    if moved and not any(t.kind == "people" for t in tokens):
        raise NotUnderstood  # "brought 3 mug back to the storeroom"
    if len({token.meaning for token in named}) > 1 or came:
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
