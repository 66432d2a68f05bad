"""What a chat may want to be told of, as its settings call it."""

from __future__ import annotations

from jitledger_bot.texts.language import mark

REORDER_ALERTS = mark("reorder alerts")
RUN_OUTS_AHEAD = mark("run-outs ahead")
LATE_ORDERS = mark("late orders")
PROMISES_AT_RISK = mark("promises at risk")
STOCK_THAT_STOPPED_SELLING = mark("stock that stopped selling")
DEMAND_THAT_CHANGED = mark("demand that changed")
THIN_MARGINS = mark("thin margins")
COSTS_THAT_WILL_RISE = mark("costs that will rise")
STOCK_BELOW_ZERO = mark("stock below zero")
EXPIRY = mark("expiry")
MORNING_DIGEST = mark("morning digest")
IMPORTS = mark("imports")
