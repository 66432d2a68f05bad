"""From what people type to what they mean."""

from jitledger_bot.reading.lines import Reading, read_line, read_message

__all__ = ["Reading", "read_line", "read_message"]
