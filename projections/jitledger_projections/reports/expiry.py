"""Lots that expire soon and still lie on a shelf."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from jitledger.domain.moments import local_date
from jitledger.domain.state.shop import Shop
from jitledger.store.database import Tx
from jitledger_projections.views.products import labels


def expiring(tx: Tx, shop: Shop, now: int, days: int = 7) -> list[dict[str, Any]]:
    """Return lots that expire within so many days or did, soonest first."""
    last = (local_date(now, shop.tz) + timedelta(days=days)).isoformat()
    rows = tx.all("SELECT sku, location, extra FROM on_hand WHERE extra LIKE '%\"lots\"%'")
    found = [
        {"sku": sku, "location": location, "expiry": expiry, "quantity": quantity}
        for sku, location, extra in rows
        for expiry, quantity in orjson.loads(extra)["lots"]
        if expiry <= last
    ]
    named = labels(tx, sorted({row["sku"] for row in found}))
    for row in found:
        row["name"] = named[row["sku"]].title
    return sorted(found, key=lambda row: (row["expiry"], row["sku"], row["location"]))
