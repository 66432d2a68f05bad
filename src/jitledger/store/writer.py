"""The group-commit writer: one thread takes all that waits and hands it over as one group.

A caller gets a future; a thread waits on it, asyncio wraps it. Order is kept.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from jitledger.domain.errors import StoreError

Request = TypeVar("Request")
Result = TypeVar("Result")
MOST_AT_ONCE = 512


class GroupWriter(Generic[Request, Result]):
    """Feeds requests in groups to ``commit``, which answers how many it took."""

    def __init__(
        self, commit: Callable[[Sequence[tuple[Request, Future[Result]]]], int], name: str
    ) -> None:
        self._commit = commit
        self._waiting: deque[tuple[Request, Future[Result]]] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._name = name

    def submit(self, request: Request) -> Future[Result]:
        """Queue a request; its future is done when it is committed or refused."""
        future: Future[Result] = Future()
        with self._wake:
            if self._closing:
                raise StoreError("closed", "The ledger is closed.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._waiting.append((request, future))
            self._wake.notify()
        return future

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._closing:
                    self._wake.wait()
                if not self._waiting:
                    return
                group = [
                    self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))
                ]
            taken = 0
            try:
                taken = self._commit(group)
            except BaseException as error:  # The thread must live; the callers are told.
                taken = len(group)
                for _, future in group:
                    if not future.done():
                        future.set_exception(error)
            if taken < len(group):
                with self._wake:
                    self._waiting.extendleft(reversed(group[taken:]))

    def close(self) -> None:
        """Finish what waits, then stop."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()


def settle(future: Future[Any], result: object) -> None:
    """Set a future's result unless its caller gave up."""
    if not future.cancelled() and not future.done():
        future.set_result(result)
