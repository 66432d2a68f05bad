"""From what people type to what they mean."""

from jitledger_bot.reading.lines import (
    Places,
    Reading,
    asks_reorder,
    asks_stock,
    may_ask_stock,
    read_line,
    read_message,
    spots,
)

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
