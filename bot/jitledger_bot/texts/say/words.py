"""What is said of the names that the bot has learned."""

from __future__ import annotations

from jitledger_bot.texts.language import mark

LEARNED = mark("I will know “{name}” from now on (/words).")
NAMES_LEARNED = mark("Names I have learned:")
NO_NAMES = mark("I have learned no names yet: two taps for the same words make one.")
HOW_TO_FORGET = mark("/words forget NAME forgets one.")
FORGOTTEN = mark("I do not know “{name}” any more.")
NEVER_LEARNED = mark("“{name}” is no name that I learned.")
NAMES_I_LEARNED = mark("Names I have learned")
