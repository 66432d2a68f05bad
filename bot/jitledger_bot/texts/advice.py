"""What the bot says of reorder points to move, overstock, what-if, and backtests."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from jitledger.domain.quantity import show
from jitledger.domain.replenishment.advice import Clearance, Verdict
from jitledger_bot import texts
from jitledger_bot.texts.language import _, mark, plural

if TYPE_CHECKING:
    from jitledger_projections.reports.advice.overstock import Surplus
    from jitledger_projections.reports.advice.points import Tuning
    from jitledger_projections.reports.backtest.rows import Report
    from jitledger_projections.reports.ordering.what_if import Consequence

MOST = 15

FITS = {
    "yes": mark("✓ Just in time fits"),
    "with care": mark("◐ Just in time with care"),
    "no": mark("✗ Hold stock"),
    "unknown": mark("? Not known"),
}

REASONS = {
    "nobody has asked for it yet: nothing is known of its demand": mark(
        "nobody has asked for it yet: nothing is known of its demand"
    ),
    "it spoils before a second delivery can come": mark(
        "it spoils before a second delivery can come"
    ),
    "it spoils: hold little, order often": mark("it spoils: hold little, order often"),
    "the delivery takes longer than a month": mark("the delivery takes longer than a month"),
    "the supplier is late too often": mark("the supplier is late too often"),
    "demand swings and the delivery takes weeks": mark(
        "demand swings and the delivery takes weeks"
    ),
    "a missed sale costs more than holding a few more": mark(
        "a missed sale costs more than holding a few more"
    ),
    "order early; the safety stock does the rest": mark(
        "order early; the safety stock does the rest"
    ),
    "short, reliable delivery and steady demand": mark(
        "short, reliable delivery and steady demand"
    ),
}

METHODS = {
    "mix": mark("this method"),
    "lines": mark("this method, by lines"),
    "one": mark("this method, one level"),
    "textbook": mark("textbook"),
    "velocity": mark("30-day average"),
    "perfect": mark("if one knew it all"),
    "current": mark("as you order now"),
}


def tuning(found: Tuning, currency: str) -> str:
    """Return one reorder point to move, with what it frees or ties up."""
    name = texts.product(found.title, found.sku)
    line = f"{name}: {show(found.point)} → <b>{show(found.proposed)}</b>"
    lows = ", ".join(show(low) for low in found.lowest[-6:])
    line += "\n   " + _("left before deliveries: {lows}", lows=lows)
    if found.frees is not None and found.frees > 0:
        line += "; " + _("frees {amount} {currency}", amount=show(found.frees), currency=currency)
    elif found.frees is not None:
        amount = show(-found.frees)
        line += "; " + _("ties up {amount} {currency}", amount=amount, currency=currency)
    return line


def tunings(found: Sequence[Tuning], currency: str) -> str:
    """Return reorder points that could be lower or must be higher."""
    if not found:
        return _("No reorder point set by hand needs moving.")
    lines = ["<b>" + _("Reorder points to move") + "</b>"]
    lines += [tuning(one, currency) for one in found[:MOST]]
    if len(found) > MOST:
        lines.append(texts.more(len(found) - MOST))
    return texts.clip("\n".join(lines))


def surpluses(found: Sequence[Surplus], currency: str) -> str:
    """Return what lies beyond the need, and what to do with it."""
    if not found:
        return _("Nothing lies beyond the need.")
    total = sum((one.value for one in found), Decimal(0))
    amount = f"{total:.0f}"
    head = _("{amount} {currency} lie beyond the need", amount=amount, currency=currency)
    lines = [f"<b>{head}</b>"]
    for one in found[:MOST]:
        name = texts.product(one.title, one.sku)
        lines.append(
            f"{show(one.surplus)} × {name}, {one.value:.0f} {currency}: {_todo(one.advice)}"
        )
    if len(found) > MOST:
        lines.append(texts.more(len(found) - MOST))
    return texts.clip("\n".join(lines))


def _todo(advice: Clearance) -> str:
    match advice.action:
        case "stop-ordering":
            if advice.days is None:
                return _("stop ordering")
            return plural(
                "stop ordering; it lasts {n} day",
                "stop ordering; it lasts {n} days",
                round(advice.days),
            )
        case "move":
            return _("move it to where it sells")
        case "mark-down":
            return _("mark down by up to {share}", share=f"{advice.markdown or 0:.0%}")
        case "write-off":
            return _("write it off, or give it away")


def consequences(found: Sequence[Consequence]) -> str:
    """Return what runs out sooner, and what to do now."""
    if not found:
        return _("Nothing runs out sooner within 90 days.")
    lines = [
        "<b>"
        + plural("{n} product would run out", "{n} products would run out", len(found))
        + "</b>"
    ]
    for one in found[:MOST]:
        was = "–" if one.before is None else one.before.isoformat()
        then = f"<b>{one.after.isoformat()}</b>"
        text = f"{texts.product(one.title, one.sku)}: "
        text += then if one.before == one.after else f"{was} → {then}"
        text += "\n   " + _("an order of today would come {day}", day=one.arrives.isoformat())
        if one.order_now > 0:
            text += "\n   " + _("order {quantity} now", quantity=show(one.order_now))
        if one.expedite:
            text += "\n   " + _("that comes too late: expedite, transfer or substitute")
        if one.alternative is not None:
            text += "\n   " + _("also at {supplier}", supplier=texts.safe(one.alternative))
        lines.append(text)
    if len(found) > MOST:
        lines.append(texts.more(len(found) - MOST))
    return texts.clip("\n".join(lines))


def verdict(title: str, sku: str, found: Verdict) -> str:
    """Return whether just-in-time is right for a product, and why."""
    said, why = _(FITS[found.fits]), _(REASONS[found.reason])
    return f"{texts.product(title, sku)}\n{said}: {why}"


def backtest(report: Report, currency: str) -> str:
    """Return a backtest's result in a few lines."""
    days = f"{report.first.isoformat()} – {report.last.isoformat()}"
    lines = [
        "<b>" + _("Replayed on your own sales") + "</b>",
        _(
            "{items} products, {lines} order lines, {days}",
            items=report.items,
            lines=report.lines,
            days=days,
        ),
    ]
    lines += [f"⚠ {texts.note(unknown)}" for unknown in report.could_not_know]
    for row in report.blind:
        stock = f"{row.stock_value:,.0f} {currency}"
        fill = f"{row.line_fill:.1%}"
        name = _(METHODS.get(row.method, row.method))
        said = _("{fill} of lines complete with {stock} on the shelf", fill=fill, stock=stock)
        lines.append(f"{name}: {said}")
    if report.really is not None:
        stock = f"{report.really.stock_value:,.0f} {currency}"
        lines.append(_("what happened: {stock} on the shelf", stock=stock))
    return "\n".join(lines)
