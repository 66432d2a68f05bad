"""Lots that expire soon and still lie on a shelf."""

from __future__ import annotations

from datetime import timedelta

from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import Option, report
from jitledger_projections.views.on_hand import lots
from jitledger_projections.views.products import labels


def _shape(row: dict[str, str]) -> dict[str, object]:
    return {key: row[key] for key in ("sku", "name", "location", "expiry", "quantity")}


@report(
    "expiring",
    _shape,
    help="Lots that expire soon, or did, and still lie on a shelf.",
    nothing="Nothing expires in that time.",
    options=(Option("days", "days", "Within so many days; else 7.", 7),),
    chat="expiring",
    told=("location", "expiry", "quantity"),
)
def expiring(look: Look, days: int = 7) -> list[dict[str, str]]:
    """Return lots that expire within so many days or did, soonest first."""
    last = (look.today + timedelta(days=days)).isoformat()
    with look.snapshot() as tx:
        found = [
            {"sku": sku, "location": location, "expiry": expiry, "quantity": quantity}
            for sku, location, expiry, quantity in lots(tx)
            if expiry <= last
        ]
        named = labels(tx, sorted({row["sku"] for row in found}), look.today)
    for row in found:
        row["name"] = named[row["sku"]].title
    return sorted(found, key=lambda row: (row["expiry"], row["sku"], row["location"]))
