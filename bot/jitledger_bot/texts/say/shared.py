"""Labels and sentences that several rooms say."""

from __future__ import annotations

from jitledger_bot.texts.language import mark

I_KNOW_NO_PRODUCT_LIKE = mark("I know no product like “{words}”.")
THE_NUMBER_CAN_BE_ONE = mark("the number can be {one} or {other}; write one of them")
A_QUANTITY_CANNOT_BE_NEGATIVE = mark("a quantity cannot be negative")
UNDO = mark("↩ Undo")
ON_HAND_QUANTITY = mark("On hand {quantity}")
THIS_BUTTON_IS_NOT_FOR = mark("This button is not for you.")
THIS_BUTTON_IS_TOO_OLD = mark("This button is too old.")
DONE_ALREADY = mark("Done already.")
NEW_PRODUCT = mark("New product")
KEPT_FOR_LATER_LATER_SHOWS = mark("Kept for later. /later shows it.")
NO = mark("No")
COUNT_IT = mark("Count it")
WHY = mark("Why?")
HOW_IT_CAME_ABOUT = mark("How it came about")
WHY_NAME = mark("Why {name}?")
SNOOZE_1_DAY = mark("Snooze 1 day")
ORDER_FROM_SUPPLIER = mark("Order from {supplier}")
FROM_SUPPLIER = mark("from {supplier}")
IT_IS_A_NEW_ONE = mark("It is a new one: record it")
