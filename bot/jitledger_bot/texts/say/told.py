"""Sentences of what the bot tells by itself, and of its buttons."""

from __future__ import annotations

from jitledger_bot.texts.language import mark

NO_ALERT_ANY_MORE = mark("{name}: no reorder alert any more")
NEVER_WAS_LOW = mark(
    "{name}: retracted, a fact recorded later shows that stock was above the reorder point"
)
LEFT_AND_TO_ORDER = mark("{position} left in position, order {quantity}")
LEDGER_IS_OLDER = mark(
    "This ledger does not hold the seal that I told on {day}: it was put back from an older copy, "
    "or its end was cut off. What was recorded since is missing in it. `jitledger doctor` says "
    "more; whoever looks after the machine must look for the newer file."
)

ON_HAND_NOW = mark("{name}: {quantity} on hand now")
OFF_THE_SHELF = mark("{name}: off the shelf")
PROMISE_IS_SETTLED = mark("{name}: the promise is settled")
CAME = mark("{name}: came")
CANCELLED = mark("{name}: cancelled")
NOT_LATE_ANY_MORE = mark("{name}: not late any more")
COUNT_NAME = mark("Count {name}")
ORDER_NAME = mark("Order {name}")
WHAT_NEEDS_REORDERING = mark("What needs reordering")
WHAT_RUNS_OUT = mark("What runs out")
BLOCKED_THE_BOT = mark("{name} blocked the bot and gets no messages any more.")
ORDER = mark("Order")
AT_PRICE = mark("{name} at {price}")
