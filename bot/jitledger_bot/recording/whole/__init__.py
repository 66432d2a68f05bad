"""A line understood as a whole, beside the reader of short lines: see ``sentence``."""

from jitledger_bot.recording.whole.scan import tokens_of
from jitledger_bot.recording.whole.sentence import understood

__all__ = ["tokens_of", "understood"]
