"""Sentences of questions and advice."""

from __future__ import annotations

from jitledger_bot.texts.language import mark

ON_DAY = mark("On {day}:")
ENTERED_TODAY = mark("entered today")
WHICH_DAY_AND_WHICH_PRODUCT = mark("Which day and which product? For example: {example}")
THE_DAY = mark("the day")
DAY_HAS_NOT_COME = mark("{day} has not come yet.")
AS_BELIEVED_ON_THAT_DAY = mark("As believed on that day: {quantity}")
I_KNOW_NO_SUPPLIER_WORDS = mark("I know no supplier “{words}”.")
WHO_IS_NAME_I_KNOW = mark("Who is “{name}”? I know {known}.")
IT_NEEDS_NO_REORDERING_NOW = mark("It needs no reordering now.")
REORDER_AT_FROM_NOW_ON = mark("{product}: reorder at {point} from now on.")
PRICE_FROM_NOW_ON = mark("{product}: price {price} from now on.")
REPLAYING_YOUR_SALES = mark("Replaying your sales …")
NAME_TO_POINT = mark("{name} to {point}")
WHAT_IF_WHAT_FOR_EXAMPLE = mark("What if what? For example: {example}")
MOVED_FROM_TO = mark("Moved {quantity} × {product} from {place} to {to}.")
