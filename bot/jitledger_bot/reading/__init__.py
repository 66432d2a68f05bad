"""From what people type to what they mean."""

from jitledger_bot.reading.lines import read_line, read_message
from jitledger_bot.reading.questions import asks_reorder, asks_stock, may_ask_stock
from jitledger_bot.reading.readings import Places, Reading
from jitledger_bot.reading.spots import spots

__all__ = [
    "Places",
    "Reading",
    "asks_reorder",
    "asks_stock",
    "may_ask_stock",
    "read_line",
    "read_message",
    "spots",
]
