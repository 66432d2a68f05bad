"""An answer with a picture; where no pictures can be drawn, the words alone and why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from jitledger.domain.errors import StoreError
from jitledger_bot import texts
from jitledger_bot.turn import Turn


async def show_picture(turn: Turn, caption: str, draw: Callable[[], bytes]) -> None:
    """Answer with what ``draw`` draws, in a thread, and its caption."""
    try:
        picture = await asyncio.to_thread(draw)
    except StoreError as error:
        turn.say(f"{caption}\n\n{texts.safe(texts.problem(error))}")
    else:
        turn.photo(picture, texts.clip(caption, 1000))
