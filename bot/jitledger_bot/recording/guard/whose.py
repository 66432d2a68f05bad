"""Whose goods, and where: a supplier's own, a customer's, another shop's."""

from __future__ import annotations

from jitledger_bot.reading.amounts.quantities import leading_number
from jitledger_bot.reading.phrases import phrases
from jitledger_bot.recording.guard.looked import Looked, first_verb
from jitledger_bot.texts.say import read as say

FROM_SUPPLIERS = ("receive", "return-to-supplier")


def others_goods(one: Looked) -> str | None:
    """A supplier sells, counts, loses or gives away his own: "acme has 3 blue mugs in stock"."""
    if one.fact.under is not None or set(one.kinds) & set(FROM_SUPPLIERS):
        return None
    verb = first_verb(one)
    words = one.words[:verb] if one.fact.do == "sell" else one.words
    led = any(phrases().is_("from", one.norm, n) for n in range(verb))
    named = one.places.name_supplier(" ".join(words)) and not (led and one.fact.do == "sell")
    return say.WHOSE_GOODS if named else None


def others_sale(one: Looked) -> str | None:
    """Somebody else sold: "the italian place across the road sold 10"."""
    norm, known = one.norm, phrases()
    verb = first_verb(one)
    told = set(norm[verb : verb + 1]) & known.sets["sold"]
    if one.fact.do != "sell" or verb < 2 or not told:
        return None
    first = norm[0] in known.sets["others"]
    number = any(leading_number(one.words[n : n + 1]) for n in range(1, verb))
    people = any(
        known.is_("people", norm, n) or known.is_("customers", norm, n) for n in range(verb)
    )
    return say.WHOSE_GOODS if first and not number and not people and verb > 1 else None


def another_branch(one: Looked) -> str | None:
    """A branch or a fair that is no place of this shop: "Filiale Potsdam hat 6 verkauft"."""
    if one.fact.location or one.fact.to:
        return None
    if not phrases().sets["branches"].isdisjoint(one.norm):
        return say.WHOSE_GOODS
    at = any(
        word in phrases().sets["venues"]
        and not phrases().sets["venue_leads"].isdisjoint(one.norm[max(0, place - 2) : place])
        for place, word in enumerate(one.norm)
    )
    return say.WHICH_PLACE if at else None


def got_by(one: Looked) -> str | None:
    """A supplier or a customer who got goods: "kraus hat 3 … bekommen", "kunde hat … erhalten"."""
    if one.fact.do != "receive" or not one.has("gets"):
        return None
    known, norm = phrases(), one.norm
    verb = next(n for n, word in enumerate(norm) if word in known.sets["gets"])
    before = norm[:verb]
    if any(known.is_("customers", norm, n) or known.is_("people", norm, n) for n in range(verb)):
        return say.RECEIVED_OR_SOLD
    led = any(
        known.is_("from", before, n) or known.is_("at", before, n) for n in range(len(before))
    )
    subject = bool(before) and not led and one.places.name_supplier(" ".join(before))
    return say.RECEIVED_OR_SOLD if subject and one.fact.under is None else None


def taken_away(one: Looked) -> str | None:
    """Goods that were got out of somewhere did not come in: "got 2 hammers off the shelf"."""
    got = one.fact.do == "receive" and one.norm[:1] and "got" in one.norm
    away = any(
        word in ("out", "off", "rid") and "got" in one.norm[:place]
        for place, word in enumerate(one.norm)
    )
    return say.RECEIVED_OR_MOVED if got and away else None


def another_shop(one: Looked) -> str | None:
    """A place that is further described may be none of ours: "the shop next door"."""
    fact, known = one.fact, phrases()
    if fact.location is None and fact.to is None:
        return None
    for place in range(len(one.norm)):
        for length in (2, 1):
            words = one.norm[place : place + length]
            if len(words) < length or one.places.location(words) is None:
                continue
            end = place + length
            if end < len(one.norm) and one.norm[end] in known.sets["elsewhere"]:
                after = one.norm[end + 1 + known.is_("the", one.norm, end + 1) :]
                ours = any(one.places.location(after[:size]) for size in (1, 2) if after)
                if not ours and leading_number(one.words[end + 1 : end + 2]) is None:
                    return say.WHICH_PLACE
            led = one.norm[place - 1 : place] or [""]
            article = led[0] in ("the", "den", "der", "dem", "das")
            before = one.norm[place - 2 : place - 1] if article and place > 1 else led
            if one.alone and fact.do == "sell" and before and before[0] in ("to", "of"):
                return say.WHICH_PLACE
            break
    return None


def for_somebody(one: Looked) -> str | None:
    """Two suppliers in a line, or one behind *for*: "acme delivered 3 for quayside"."""
    known = phrases()
    for place in range(len(one.norm)):
        if known.is_("purpose", one.norm, place) and any(
            " ".join(one.norm[place + 1 : place + 1 + size]) in one.places.suppliers
            for size in (1, 2, 3)
        ):
            return say.WHOSE_GOODS
    return None


def in_passing(one: Looked) -> str | None:
    """A supplier or place that only tells how it came: "stolen while I was in the shop"."""
    known, norm = phrases(), one.norm
    begin = next((n for n, w in enumerate(norm) if n and w in known.sets["circumstances"]), None)
    if begin is None or one.fact.under is not None:
        return None
    rest = norm[begin:]
    if one.fact.supplier is not None and one.places.name_supplier(" ".join(rest)):
        return say.WHOSE_GOODS
    named = any(
        one.places.location(rest[n : n + size]) for n in range(len(rest)) for size in (1, 2)
    )
    return say.WHICH_PLACE if named and one.fact.location is not None else None


def back_to_somebody(one: Looked) -> str | None:
    """What goes back to a customer leaves the shop: "sent 3 mugs back to the customer"."""
    if one.fact.do != "return":
        return None
    known, norm = phrases(), one.norm
    for place in range(len(norm)):
        lead = known.is_("to", norm, place) or known.is_("toward", norm, place)
        behind = range(place + lead, min(len(norm), place + lead + 3)) if lead else ()  # "to a …"
        if any(known.is_(kind, norm, n) for kind in ("people", "customers") for n in behind):
            return say.BACK_FROM_OR_BACK_TO
    return None
