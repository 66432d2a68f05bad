"""The clock: a port. Time comes in as a value everywhere else."""

from __future__ import annotations

import time
from typing import Protocol

from jitledger.domain.moments import MICROSECOND


class Clock(Protocol):
    """Tells the present; where it ``leads``, a simulated shop's time goes on with it."""

    leads: bool

    def now(self) -> int:
        """Return the present as a moment (nanoseconds since 1970 UTC)."""


class SystemClock:
    """The machine's clock, to the microsecond."""

    leads = False

    def now(self) -> int:
        """Return the present."""
        return time.time_ns() // MICROSECOND * MICROSECOND


class FixedClock:
    """A clock that stands until it is set, for tests."""

    def __init__(self, at: int, *, leads: bool = False) -> None:
        self.at = at
        self.leads = leads

    def now(self) -> int:
        """Return the moment it was set to."""
        return self.at


class RunningClock:
    """A clock that runs from a moment at so many times the speed of real time."""

    leads = True

    def __init__(self, start: int, speed: float = 1.0) -> None:
        self._start = start
        self._speed = speed
        self._since = time.monotonic_ns()

    def now(self) -> int:
        """Return the moment it stands at."""
        gone = (time.monotonic_ns() - self._since) * self._speed
        return (self._start + int(gone)) // MICROSECOND * MICROSECOND
