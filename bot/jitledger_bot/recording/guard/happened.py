"""What may not have happened: taken back, denied, on a condition, on another day, added up."""

from __future__ import annotations

from jitledger_bot.reading.amounts.quantities import leading_number
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.recording.guard.looked import Looked, first_verb
from jitledger_bot.texts.say import read as say


def none_at_all(one: Looked) -> str | None:
    """A denial before the goods: "also doch keine 3 tassen verkauft"."""
    if one.fact.do == "count" and not one.fact.quantity:
        return None
    for place, word in enumerate(one.norm[:-1]):
        number = leading_number(one.words[place + 1 : place + 2])
        if word in phrases().sets["denials"] and number is not None:
            return say.WHAT_REALLY_HAPPENED_WRITE_ONLY
    return None


def on_condition(one: Looked) -> str | None:
    """What hangs on something else may not have happened: "sold 3 when he pays"."""
    if one.fact.do not in ("sell", "receive", "count", "transfer"):
        return None
    begins = next((n for n, w in enumerate(one.norm) if w in phrases().sets["conditional"]), None)
    return say.WHAT_REALLY_HAPPENED_WRITE_ONLY if begins else None


def both_ways(one: Looked) -> str | None:
    """Two things that undo each other, of the same goods: "sold 2 since returned"."""
    if not one.alone:
        return None
    undone = {"sell": "return", "receive": "return-to-supplier"}.get(one.fact.do or "")
    if undone is not None and undone in _told_after(one):
        return say.WHAT_REALLY_HAPPENED_WRITE_ONLY
    lost = one.has("lost") and one.has("found_again")
    return say.WHAT_REALLY_HAPPENED_WRITE_ONLY if lost else None


def _told_after(one: Looked) -> set[str]:
    """Return what verbs behind the first say, but for the product's own words and talk."""
    known, norm, found = phrases(), one.norm, set()
    named = {plain(word) for word in one.fact.product.split()}
    place = first_verb(one) + 1
    while place < len(norm):
        length = known.is_("small_talk", norm, place) or (1 if norm[place] in named else 0)
        hit = None if length else (known.spoken.at(norm, place) or known.verbs.at(norm, place))
        if hit is not None:
            found.add(hit[1])
        place += length or (hit[0] if hit else 1)
    return found


def now_as_before(one: Looked) -> str | None:
    """What is said of goods sold before: "the 2 hammers I sold yesterday were rusty"."""
    if one.fact.do not in ("sell", "receive") or not one.alone:
        return None
    known, verb = phrases(), first_verb(one)
    number = next((n for n in range(len(one.norm)) if leading_number(one.words[n : n + 1])), None)
    before = one.norm[verb - 1] if verb else ""
    again = any(word in known.sets["to_be"] for word in one.norm[verb + 1 :])
    led = before in known.sets["us"] or before in known.sets["relative"]
    first = one.has("the_first") and number is not None and number < verb
    told = again and (first or (led and number is not None and number < verb))
    if told or (before in known.sets["relative"] and one.has("the_first")):
        return say.WHAT_REALLY_HAPPENED_WRITE_ONLY
    return None


def of_a_day(one: Looked) -> str | None:
    """A day may belong to the goods, or be announced: "the 2 from yesterday are sold"."""
    known, norm = phrases(), one.norm
    for place in range(1, len(norm) - 1):
        dated = known.days.at(norm, place + 1) or known.months.at(norm, place + 2)
        if one.fact.do == "sell" and known.is_("from", norm, place) and dated is not None:
            return say.WHICH_DAY_WRITE_IT_LIKE
    if one.fact.do != "receive" or one.fact.occurred is None:
        return None
    lines = [norm] if one.fact.under is None else [norm, one.fact.under.raw.casefold().split()]
    words = [plain(word) for line in lines for word in line]
    weekday = any(
        (day := known.days.meaning(w)) and day.endswith("day") and w not in known.sets["past_days"]
        for w in words
    )
    noun = any(word in known.sets["deliveries"] for word in words)
    came = any(word in known.sets["came"] for word in words)
    return say.WHICH_DAY_WRITE_IT_LIKE if weekday and noun and not came else None


def taken_back(one: Looked) -> str | None:
    """What takes the goods back, where nothing else is said instead: "…, scratch that"."""
    known, norm = phrases(), one.norm
    number = next((n for n in range(len(norm)) if leading_number(one.words[n : n + 1])), 0)
    for place in range(number + 1, len(norm)):
        length = known.is_("taken_back", norm, place)
        if not length or norm[place] in known.sets["apologies"]:
            continue
        after = norm[place + length :]
        product = [plain(word) for word in one.fact.product.split()]
        anew = leading_number(after[:1]) or any(leading_number([word]) for word in after)
        if not anew and not (product and all(word in after for word in product)):
            return say.WHAT_REALLY_HAPPENED_WRITE_ONLY
    return None


def asks_back(one: Looked) -> str | None:
    """A line that ends with a doubt: "3 verkauft, oder"."""
    last = one.norm[-1] if one.norm else ""
    return say.WHAT_REALLY_HAPPENED_WRITE_ONLY if last in phrases().sets["unsure"] else None


def a_sum(one: Looked) -> str | None:
    """A line below others that adds them up, or says what is needed: "= 8 claw hammers"."""
    first = one.norm[0] if one.norm else ""
    summed = first in ("=", "sum", "summe") or bool(phrases().is_("sums", one.norm, 0))
    needed = first in phrases().sets["needs"]
    told = one.fact.under is not None and (summed or needed)
    return say.WHICH_NUMBER_COUNTS_WRITE_ONLY if told else None


def there_is_a_delivery(one: Looked) -> str | None:
    """What is said to be there has not come in by that: "there are 5 in the delivery"."""
    if not phrases().is_("there_is", one.norm, 0):
        return None
    came = one.fact.do == "receive" and one.has("deliveries")
    lacks = one.fact.do == "write-off" and one.has("lost")
    return say.RECEIVED_SOLD_OR_COUNTED_WRITE if came or lacks else None
