"""Stories: long histories as text tables that could stand in a README.

A line is ``moment | command | quantity | expected on hand``; the command is ``receive``, ``sell``,
``count`` and so on, optionally with ``key=value`` words. An empty expectation checks nothing.
"""

from __future__ import annotations

from typing import Any

from jitledger.domain.quantity import show
from jitledger.testing.paper import PaperLedger


def tell(ledger: PaperLedger, sku: str, table: str) -> list[str]:
    """Record a table's lines and check the on-hand after each; returns the entries."""
    entries: list[str] = []
    for line in table.strip().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        when, what, quantity, expected = (cells + [""] * 4)[:4]
        do, *words = what.split()
        fields: dict[str, Any] = dict(word.split("=", 1) for word in words)
        if do in ("void", "correct"):
            fields["entry"] = f"{sku}/{quantity}"
        elif do == "adjust":
            fields |= {"sku": sku, "delta": quantity}
        else:
            fields |= {"sku": sku, "qty": quantity}
        entries += ledger.record(when, do=do, **fields)
        if expected:
            found = show(ledger.quantities(sku).on_hand)
            assert found == expected, f"{line.strip()}: on hand is {found}, not {expected}"
    return entries
