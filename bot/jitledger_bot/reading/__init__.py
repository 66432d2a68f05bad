"""From what people type to what they mean."""

from jitledger_bot.reading.lines import lines_of, read_line, read_lines, read_message
from jitledger_bot.reading.questions import (
    asks_log,
    asks_promise,
    asks_reorder,
    asks_run_out,
    asks_stock,
    may_ask_stock,
    reads_count,
    reads_was,
    round_word,
    wants_undo,
)
from jitledger_bot.reading.readings import Places, Reading
from jitledger_bot.reading.spots import somebody_else, spots

__all__ = [
    "Places",
    "Reading",
    "asks_log",
    "asks_promise",
    "asks_reorder",
    "asks_run_out",
    "asks_stock",
    "lines_of",
    "may_ask_stock",
    "read_line",
    "read_lines",
    "read_message",
    "reads_count",
    "reads_was",
    "round_word",
    "somebody_else",
    "spots",
    "wants_undo",
]
