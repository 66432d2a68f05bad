"""What a price in a message is the price of: one piece, one pack, or all of it.

It is settled by what the product usually costs or brings; where that does not settle it, it is
asked. Another currency than the shop's is asked for its rate.
"""

from __future__ import annotations

from decimal import Decimal

from jitledger.domain.quantity import show
from jitledger.domain.state.stock_item import StockItem
from jitledger_bot.desk import Desk
from jitledger_bot.reading import Reading
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import money as say

PLACES = Decimal("0.0001")
NEAR = (Decimal("0.6"), Decimal("1.6"))
"""A price so many times the usual one is that price."""


class Unsettled(Exception):
    """Nobody knows what the price is of; the sentence asks."""


def price_of_one(reading: Reading, sku: str, pack: str | None, desk: Desk) -> Decimal | None:
    """Return the price of one of a reading's product; raises ``Unsettled``.

    "1 box mug @ 50.40" of twelve that cost 4.20 each is 4.20; "12 mug 50.40 together" as well.
    """
    if reading.price is None and reading.total is None:
        return None
    item, q, shop = desk.app.queries.item(sku)
    if reading.currency not in (None, shop.currency):
        raise Unsettled(_(say.ANOTHER_CURRENCY, currency=reading.currency, own=shop.currency))
    factor = Decimal(1) if pack is None else desk.factor_of(sku, pack) or Decimal(1)
    count = (reading.quantity or Decimal(1)) * factor
    if reading.total is not None:
        return _settled_total(reading, item, q.on_hand, count, desk)
    assert reading.price is not None
    if reading.per is not None:
        per = desk.pack_of(sku, reading.per)
        held = None if per is None else desk.factor_of(sku, per)
        if held is None or (
            reading.currency is None and _may_be_contents(reading, held, item, desk)
        ):
            raise Unsettled(_(say.OF_ONE_OR_OF_A_PACK, pack=reading.per, price=show(reading.price)))
        return _shared(reading.price, held)
    usual = item.last_cost if reading.do == "receive" else desk.price_of(sku)
    each, whole = reading.price, f"{show(count)} = {show(reading.price)}"
    if usual is None or usual <= 0:
        if factor != 1:
            raise Unsettled(_(say.OF_ONE_OR_OF_A_PACK, pack=pack, price=show(each)))
        return each
    if is_near(each, usual):
        return each
    if factor != 1:
        if is_near(each / factor, usual):
            return _shared(each, factor)
        raise Unsettled(_(say.OF_ONE_OR_OF_A_PACK, pack=pack, price=show(each)))
    if count > 1 and is_near(each / count, usual):
        raise Unsettled(_(say.OF_ONE_OR_OF_ALL, whole=whole))
    return each


def _may_be_contents(reading: Reading, held: Decimal, item: StockItem, desk: Desk) -> bool:
    """Return whether "20 a box" may be what a box holds, or is no price that was ever near."""
    assert reading.price is not None
    usual = item.last_cost if reading.do == "receive" else desk.price_of(item.sku)
    unlike = usual is not None and usual > 0 and not is_near(reading.price / held, usual)
    bare = reading.currency is None and reading.price % 1 == 0
    return bare and (reading.price == held or unlike)


def _settled_total(
    reading: Reading, item: StockItem, on_hand: Decimal, count: Decimal, desk: Desk
) -> Decimal:
    """Return the price of one out of a sum; a bare number may be pieces, or what is there now."""
    assert reading.total is not None
    each = _shared(reading.total, count)
    if reading.currency is not None:
        return each
    usual = item.last_cost if reading.do == "receive" else desk.price_of(item.sku)
    there = on_hand + (count if reading.do == "receive" else -count)
    far = usual is not None and usual > 0 and not is_near(each, usual)
    if far or reading.total in (count, there):
        raise Unsettled(_(say.OF_ONE_OR_OF_ALL, whole=f"{show(count)} = {show(reading.total)}"))
    return each


def is_near(price: Decimal, usual: Decimal) -> bool:
    """Return whether a price is about the usual one."""
    return NEAR[0] <= price / usual <= NEAR[1]


def _shared(total: Decimal, count: Decimal) -> Decimal:
    """Return what one of so many costs, exactly; raises ``Unsettled`` where it does not divide."""
    each = total / count
    if each != each.quantize(PLACES):
        raise Unsettled(_(say.DOES_NOT_DIVIDE, total=show(total), count=show(count)))
    return each.normalize() if each else each
