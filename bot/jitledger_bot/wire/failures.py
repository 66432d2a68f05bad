"""What kind of failure an error is: it passes, it is the message's own, or a person must act.

What passes is waited for and is no try. Everything else is tried ``MOST_TRIES`` times and then set
aside with its cause, where a person can have it tried again or let it go.
"""

from __future__ import annotations

from enum import Enum

from aiogram.exceptions import (
    ClientDecodeError,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)

from jitledger.domain.errors import LedgerError, StoreError

MOST_TRIES = 3

ENDED = "each time it was worked on the process ended"

LONGEST_WAIT = 30.0


class Failure(Enum):
    """What is to be done about a failure."""

    PASSES = "passes"
    """Neither the message's fault nor ours: it is waited for, as long as it lasts."""
    GIVE_UP = "given up"
    """It would fail again: it is set aside and said."""
    ACT = "somebody must act"
    """The store or the machine must be mended first; then it can be tried again."""


def failure_of(error: BaseException) -> Failure:
    """Return what kind of failure an error is.

    A message that is too large for Telegram is so at the next try, too, although aiogram calls it
    an error of the network.
    """
    if isinstance(error, TelegramEntityTooLarge):
        return Failure.GIVE_UP
    if isinstance(
        error, TelegramNetworkError | TelegramServerError | TelegramRetryAfter | ClientDecodeError
    ):
        return Failure.PASSES
    if isinstance(error, LedgerError) and error.passing:
        return Failure.PASSES
    return Failure.ACT if isinstance(error, StoreError) else Failure.GIVE_UP


def wait_seconds(times: int) -> float:
    """Return how long is waited after so many failures in a row that pass.

    >>> [wait_seconds(times) for times in (0, 1, 4, 9)]
    [0.5, 1.0, 8.0, 30.0]
    """
    return min(LONGEST_WAIT, 0.5 * 2.0 ** min(times, 6))


def cause_of(error: BaseException) -> str:
    """Return an error as it is kept beside what was set aside."""
    kind = failure_of(error)
    said = f"{type(error).__name__}: {error}"
    return (f"{kind.value}: {said}" if kind is Failure.ACT else said)[:300]
