"""The group-commit writer: all requests that wait become one commit.

A single caller commits by itself and pays for no hand-over between threads. When several come at
once, and from event loops always, a thread of the writer takes what waits as one group; after a
group of many it lets those it answered come back before it takes the next. Order is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from typing import Any, Generic, Protocol, TypeVar

from jitledger.domain.errors import StoreError

Request = TypeVar("Request")
Result = TypeVar("Result")
MOST_AT_ONCE = 512
GATHER_SECONDS = 0.004
GATHER_TIMES = 3
MANY = 8
"""A group of so many, or of as many as the last, is not waited for any longer."""


class Promise(Protocol):
    """Where a request's outcome goes."""

    def done(self) -> bool:
        """Return whether the outcome is there."""

    def set_result(self, result: Any, /) -> None:
        """Set the result."""

    def set_exception(self, error: BaseException | None, /) -> None:
        """Set the error."""


class Pending:
    """The outcome of a request whose caller commits it: no lock of its own."""

    __slots__ = ("_done", "error", "result")

    def __init__(self) -> None:
        self._done = False
        self.result: Any = None
        self.error: BaseException | None = None

    def done(self) -> bool:
        """Return whether the outcome is there."""
        return self._done

    def set_result(self, result: object) -> None:
        """Set the result."""
        self.result = result
        self._done = True

    def set_exception(self, error: BaseException | None) -> None:
        """Set the error."""
        self.error = error
        self._done = True


class LoopPending(Pending):
    """The outcome of a request that an event loop awaits.

    All outcomes of a group reach their loop in one wake-up instead of one each.
    """

    __slots__ = ("future", "loop")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()

    def hand_over(self) -> None:
        """Give the outcome to the awaiting task; runs on its loop."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


def _hand_over(outcomes: list[LoopPending]) -> None:
    for pending in outcomes:
        pending.hand_over()


class GroupWriter(Generic[Request, Result]):
    """Feeds requests in groups to ``commit``, which answers how many it took."""

    def __init__(
        self, commit: Callable[[Sequence[tuple[Request, Promise]]], int], name: str
    ) -> None:
        self._commit = commit
        self._waiting: deque[tuple[Request, Promise]] = deque()
        self._leader = threading.Lock()
        self._wake = threading.Condition()
        self._closing = False
        self._crowded = False
        self._enough = 1
        """How many must wait before the thread is woken."""
        self._thread: threading.Thread | None = None
        self._name = name

    def call(self, request: Request) -> Result:
        """Commit a request and return its result, or raise its error."""
        if self._crowded or self._waiting or not self._leader.acquire(blocking=False):
            return self.submit(request).result()
        pending = Pending()
        try:
            if self._closing:
                raise StoreError("closed", "The ledger is closed.")
            self._commit(((request, pending),))
        finally:
            self._leader.release()
        if pending.error is not None:
            raise pending.error
        result: Result = pending.result
        return result

    def submit(self, request: Request) -> Future[Result]:
        """Queue a request; its future is done when it is committed or refused."""
        future: Future[Result] = Future()
        self._enqueue(request, future)
        return future

    async def acall(self, request: Request) -> Result:
        """Commit a request from an event loop, which goes on meanwhile."""
        pending = LoopPending()
        self._enqueue(request, pending)
        result: Result = await pending.future
        return result

    def _enqueue(self, request: Request, promise: Promise) -> None:
        with self._wake:
            if self._closing:
                raise StoreError("closed", "The ledger is closed.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._waiting.append((request, promise))
            if len(self._waiting) >= self._enough:
                self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._closing:
                    self._wake.wait()
                if not self._waiting:
                    return
            with self._leader:
                size = self._lead()
            self._crowded = size > 1
            if size > 1:
                self._gather(size)

    def _gather(self, size: int) -> None:
        """Let those come back whom a group of many answered, while more and more of them do."""
        with self._wake:
            self._enough = max(size, MANY)
            for _ in range(GATHER_TIMES):
                before = len(self._waiting)
                if before >= self._enough or self._closing:
                    break
                self._wake.wait(GATHER_SECONDS)
                if len(self._waiting) == before:
                    break
            self._enough = 1

    def _lead(self) -> int:
        """Commit one group of what waits; return how many it took."""
        group: list[tuple[Request, Promise]] = []
        while self._waiting and len(group) < MOST_AT_ONCE:
            group.append(self._waiting.popleft())
        if not group:
            return 0
        taken = 0
        try:
            taken = self._commit(group)
        except BaseException as error:  # Whoever leads must live; the callers are told.
            taken = len(group)
            for _, promise in group:
                fail(promise, error)
        self._waiting.extendleft(reversed(group[taken:]))
        _wake_loops([promise for _, promise in group[:taken]])
        return taken

    def close(self, seconds: float | None = None) -> bool:
        """Finish what waits, then stop; False when that takes longer than so many seconds."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is None or self._thread is threading.current_thread():
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()


def _wake_loops(promises: Sequence[Promise]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[LoopPending]] = {}
    for promise in promises:
        if isinstance(promise, LoopPending):
            by_loop.setdefault(promise.loop, []).append(promise)
    for loop, outcomes in by_loop.items():
        with contextlib.suppress(RuntimeError):  # The loop was closed; nobody waits any more.
            loop.call_soon_threadsafe(_hand_over, outcomes)


def settle(promise: Promise, result: object) -> None:
    """Set a result unless its caller gave up."""
    if not promise.done():
        with contextlib.suppress(InvalidStateError):  # Given up between the look and now.
            promise.set_result(result)


def fail(promise: Promise, error: BaseException) -> None:
    """Set an error unless its caller gave up."""
    if not promise.done():
        with contextlib.suppress(InvalidStateError):
            promise.set_exception(error)
