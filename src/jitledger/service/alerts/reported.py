"""An alert as the reorder report has it: one truth for alert, report, draft and page."""

from __future__ import annotations

from jitledger.domain.json import Json

SAME = (
    "sku",
    "name",
    "location",
    "inventory_position",
    "reorder_point",
    "transfers",
    "late",
    "substitute",
    "drafted",
)
"""What an alert and a line of the report call by the same names."""


def as_reported(line: Json, body: Json | None = None) -> Json:
    """Return an alert's body with the figures of its line of ``reorder --json``.

    An alert is raised in the transaction of the movement, by the points of the last sweep and
    without a supplier's terms; the report knows packs, prices, late orders and other places.
    """
    return {**(body or {}), **{key: line[key] for key in SAME}, "quantity": line["suggested_qty"]}
