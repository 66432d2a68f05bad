"""A loop of its own, in its own thread, for what asks a database that is reached over a network.

A question to a file takes microseconds and is asked where the answer is needed. Over a network it
may take as long as the network likes: then only this loop waits, and the one that speaks to
Telegram, and hears signals, goes on.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import TypeVar

Result = TypeVar("Result")


class Aside:
    """Runs coroutines on the loop of its own thread."""

    def __init__(self, make_loop: Callable[[], asyncio.AbstractEventLoop] | None = None) -> None:
        self._loop = (make_loop or asyncio.new_event_loop)()
        self._thread = threading.Thread(target=self._run, name="aside", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def run(self, work: Coroutine[object, object, Result]) -> Result:
        """Run work there and await it here; what this task is told of an end, it is told, too."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def stop(self) -> None:
        """Stop the loop; one that waits for a dead server is left behind, and ends with us."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(1.0)
        if not self._thread.is_alive():
            self._loop.close()
