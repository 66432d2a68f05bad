"""A line understood as a whole, beside the reader of short lines: see ``sentence``."""

from jitledger_bot.recording.whole.header import header
from jitledger_bot.recording.whole.scan import tokens_of
from jitledger_bot.recording.whole.sentence import says_more, understood

__all__ = ["header", "says_more", "tokens_of", "understood"]
