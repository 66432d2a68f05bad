"""Sentences of the sandbox and its hints."""

from __future__ import annotations

from jitledger_bot.texts.language import mark

THE_BLUE_MUG_EUR_EUROPE = mark("The Blue Mug, EUR, Europe/Berlin, with tax")
NEW_BLUE_MUG_9_50 = mark("/new Blue mug, 9.50, Acme")
COUNT_BLUE_MUG_17 = mark("count blue mug 17")
SOLD_3_BLUE_MUG = mark("sold 3 blue mug")
A_CHAT_ON_THIS_MACHINE = mark("a chat on this machine alone, without Telegram")
SEND = mark("Send")
EDITED = mark("edited")
OWN_CHAT = mark("Own chat")
