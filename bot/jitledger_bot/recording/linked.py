"""Which orders a receipt was counted for, and which others it may have been for."""

from __future__ import annotations

from collections.abc import Sequence

from jitledger.domain.events import StockReceived
from jitledger.domain.quantity import show
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import recorded as say
from jitledger_projections.views.on_order import is_ordered


def linked(tx: Tx, desk: Desk, entries: Sequence[str]) -> tuple[str, list[str]]:
    """Say for which orders receipts counted; and which other orders they might be for.

    Returns the text (empty when none is linked) and line ids of other open orders.
    """
    from jitledger.domain.names import split_entry, stream_of
    from jitledger.store.codec import decode
    from jitledger_projections.views.on_order import open_order_lines, order_lines

    sku, _version = split_entry(entries[0])
    if not is_ordered(tx, sku):
        return "", []
    told, mine = [], set()
    for entry in entries:
        sku, version = split_entry(entry)
        rows = desk.app.database.stream(tx, stream_of(sku), version - 1)
        event = decode(rows[0][1], rows[0][2]) if rows else None
        if not isinstance(event, StockReceived) or event.po_line is None:
            continue
        line_id = event.po_line
        number, _slash, place = line_id.rpartition("/")
        mine.add(number)
        mine_there = order_lines(tx, number, sku=sku)
        left = next((x for x in mine_there if str(x.line) == place), None)
        if left is not None and left.outstanding > 0:
            more = _(say.TO_COME, quantity=show(left.outstanding))
            told.append(_(say.FOR_ORDER_ORDER_MORE, order=texts.safe(number), more=more))
        else:
            told.append(_(say.FOR_ORDER_ORDER_COMPLETE, order=texts.safe(number)))
    others = [
        f"{line.number}/{line.line}"
        for line in open_order_lines(tx, sku)
        if line.number not in mine
    ]
    return "; ".join(told), others if len(entries) == 1 and mine else []
