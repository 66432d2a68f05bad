"""What is taken, as the log alone says it: codes, barcodes, numbers and names, and by whom.

A claim is written beside the event that makes it and found by its value; here the same claims are
made again from the events, to compare.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from jitledger.domain import events as e
from jitledger.domain.names import (
    ORDER_STREAM,
    SKU_STREAM,
    SUPPLIER_STREAM,
    barcode_forms,
    holder_of_barcode,
    holder_of_sku,
    normalise,
    without_signs,
)

Claimed = tuple[str, str]
"""(kind, value)"""

CLAIMING = (
    e.ItemRegistered,
    e.ItemRenamed,
    e.OrderEvent,
    e.StockReserved,
    e.MemberInvited,
    e.SupplierRegistered,
)
"""The kinds of events that claim something."""


class Claims:
    """The claims that follow from a log, folded event by event in its order."""

    def __init__(self) -> None:
        self._taken: dict[Claimed, str] = {}
        """Claims that can be written in one way only."""
        self._skus: set[str] = set()
        self._barcodes: dict[str, list[str]] = {}
        """{a barcode's first form: who claimed it, the newest last}"""

    def fold(self, stream: str, event: e.Event) -> None:
        """Note what one event claims."""
        match event:
            case e.ItemRegistered() | e.ItemRenamed():
                sku = stream[len(SKU_STREAM) :]
                self._skus.add(sku)
                for barcode in event.barcodes or ():
                    holders = self._barcodes.setdefault(barcode_forms(barcode)[0], [])
                    if not holders or holders[-1] != sku:
                        holders.append(sku)
            case e.SupplierRegistered():
                code = stream[len(SUPPLIER_STREAM) :]
                self._taken["supplier", code.casefold()] = code
            case e.OrderEvent():
                number = stream[len(ORDER_STREAM) :]
                self._taken["po", number.casefold()] = number
                for line in event.lines:
                    self._taken["po-sku", f"{line.sku}\x1f{number}"] = number
            case e.StockReserved():
                sku, key = stream[len(SKU_STREAM) :], ("reservation", event.reservation)
                before = self._taken.get(key)
                if before is None:
                    self._taken[key] = sku
                elif sku not in before.split("\n"):
                    self._taken[key] = f"{before}\n{sku}"
            case e.MemberInvited():
                self._taken["invitation", event.code_hash] = event.role
            case _:
                pass

    def differences(self, stored: Mapping[Claimed, str]) -> Iterator[str]:
        """Yield how stored claims differ from these, one sentence part for each."""
        yield from self._missing(stored)
        for (kind, value), owner in stored.items():
            if not self._explains(kind, value, owner):
                yield f"the claim of {kind} {shown(value)} by {shown(owner)} is not in the log"

    def _missing(self, stored: Mapping[Claimed, str]) -> Iterator[str]:
        def holder(kind: str, value: str) -> str | None:
            return stored.get((kind, value))

        wanted = [(kind, value, owner) for (kind, value), owner in self._taken.items()]
        found = [(k, v, o, holder(k, v)) for k, v, o in wanted]
        found += [("sku", sku, sku, holder_of_sku(holder, sku)) for sku in sorted(self._skus)]
        by_barcode = partial(holder_of_barcode, holder)
        found += [("barcode", b, held[-1], by_barcode(b)) for b, held in self._barcodes.items()]
        for kind, value, owner, stands in found:
            if stands != owner:
                says = "nobody" if stands is None else shown(stands)
                yield f"{kind} {shown(value)} belongs to {shown(owner)}, its claim says {says}"

    def _explains(self, kind: str, value: str, owner: str) -> bool:
        """Return whether a stored claim follows from the log, in any spelling there ever was."""
        if kind == "sku":
            return owner in self._skus and value in (normalise(owner), without_signs(owner))
        if kind == "barcode":
            return owner in self._barcodes.get(barcode_forms(value)[0], ())
        return self._taken.get((kind, value)) == owner


def shown(text: str) -> str:
    """Return a claim's text in one line."""
    return text.replace("\x1f", " of ").replace("\n", ", ")
