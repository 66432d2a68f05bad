"""The help, by role."""

from __future__ import annotations

from jitledger_bot.texts.language import _, mark

RECORDING = mark(
    """<b>Tell me what happened</b>, one thing a line:
received 24 blue mug @ 4.20 from Acme
sold 3 MUG
count MUG 17
broke 1 vase
moved 8 MUG to shop
sold 2 MUG yesterday 13:55
A photo of a barcode with “+24” works too, and so do tables (.csv, .xlsx).
Edit a message to correct it; press Undo to take it back."""
)


def help_for(role: str) -> str:
    """Return what a member of this role can say."""
    asks = [
        ("/stock MUG", _("what is on the shelf")),
        ("/chart MUG", _("its stock and demand as a picture")),
        ("/reorder", _("what needs reordering")),
        ("/orders", _("purchase orders, and what is late")),
        ("/runout", _("what runs out this week")),
        ("/dead", _("what lies and does not sell")),
        ("/overstock", _("what lies beyond the need, and what to do")),
        ("/whatif Acme 14", _("what if Acme is 14 days late")),
        ("/tune", _("reorder points that could move")),
        ("/jit MUG", _("is just-in-time right for it")),
        ("/backtest", _("your sales under other ways to order")),
        ("/supplier Acme", _("a supplier's terms and products")),
        ("/history MUG", _("every entry")),
        ("/why MUG", _("how the number comes about")),
        ("/asof 2026-03-02 MUG", _("what was true then")),
        ("/log ana", _("who entered what today")),
    ]
    if role != "viewer":
        asks += [
            ("/count", _("a counting round, one product after another")),
            ("/later", _("deliveries kept for later")),
        ]
    if role in ("owner", "buyer"):
        asks += [
            (_("/new Blue mug, 9.50, Acme"), _("a new product")),
            (_("/new_supplier Acme, 7 days"), _("a new supplier")),
            ("/policy MUG 20 24", _("order 24 when 20 are left")),
            ("/export", _("stock, history or products as a table")),
        ]
    asks.append(("/settings", _("language, time zone, quiet hours, what I tell you")))
    if role == "owner":
        asks += [
            (_("/invite staff"), _("a link that lets somebody in, once")),
            ("/people", _("who may do what")),
            ("/shop", _("name, time zone, service level")),
        ]
    listed = "\n".join(f"{command} – {text}" for command, text in asks)
    head = _(RECORDING) + "\n\n" if role != "viewer" else ""
    return head + "<b>" + _("Ask me") + f"</b>\n{listed}"
