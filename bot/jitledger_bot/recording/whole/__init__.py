"""A line understood as a whole, beside the reader of short lines: see ``sentence``."""

from jitledger_bot.recording.whole.sentence import understood

__all__ = ["understood"]
