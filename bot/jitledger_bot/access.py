"""Who is asking and who is told: members with a role, strangers, chats with their wishes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from jitledger.domain.moments import from_datetime, to_datetime, zone
from jitledger.domain.state.shop import MAY_BUY, MAY_RECORD, Shop
from jitledger.service.people import Person
from jitledger_bot.texts.language import Voice

PUSHES: dict[str, str] = {}
"""What a chat may want to be told of, and what it is called; each kind of push enters itself."""
FOR_BUYERS = ("owner", "buyer")


class Guesses:
    """How often codes failed: a person five times an hour, all together thirty times a minute."""

    EACH, EACH_SECONDS = 5, 3600.0
    ALL, ALL_SECONDS = 30, 60.0

    def __init__(self) -> None:
        self._tried: deque[tuple[float, int]] = deque()

    def may(self, user_id: int, now: float) -> bool:
        """Return whether another try may be made; ``now`` in seconds, growing."""
        while self._tried and now - self._tried[0][0] > self.EACH_SECONDS:
            self._tried.popleft()
        lately = sum(now - at <= self.ALL_SECONDS for at, _user in self._tried)
        mine = sum(user == user_id for _at, user in self._tried)
        return lately < self.ALL and mine < self.EACH

    def failed(self, user_id: int, now: float) -> None:
        """Note a try that failed; whoever has a good code is not counted."""
        self._tried.append((now, user_id))


@dataclass(frozen=True, slots=True)
class Member:
    """A person with access."""

    id: str
    name: str
    role: str
    person: Person


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, in which shop, and whether alone with the bot: settled once, before any story."""

    shop: Shop
    member: Member
    private: bool

    @property
    def may_record(self) -> bool:
        """Return whether facts may be recorded."""
        return self.member.role in MAY_RECORD

    @property
    def may_buy(self) -> bool:
        """Return whether orders and policies are theirs to set."""
        return self.member.role in MAY_BUY

    @property
    def owns(self) -> bool:
        """Return whether people and settings are theirs to set."""
        return self.member.role == "owner"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one chat wants to be told, and in which hours of its own day it wants to be left."""

    wants: frozenset[str]
    quiet: tuple[int, int] | None = None
    thread_id: int | None = None
    language: str | None = None
    timezone: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """One chat that is told something, and how it is spoken to there."""

    chat_id: int
    voice: Voice
    wishes: Wishes
    member: str | None = None
    role: str | None = None


def quiet_until(receiver: Receiver, now: int) -> int:
    """Return the end of the receiver's quiet hours when ``now`` lies in them, else 0.

    >>> w = Wishes(frozenset(), (22, 7))
    >>> r = Receiver(1, Voice("en", "Europe/Berlin"), w)
    >>> at = from_datetime(datetime.fromisoformat("2026-03-01T23:30:00+01:00"))
    >>> to_datetime(quiet_until(r, at)).isoformat()
    '2026-03-02T06:00:00+00:00'
    """
    if receiver.wishes.quiet is None:
        return 0
    begin, end = receiver.wishes.quiet
    tz = zone(receiver.voice.zone)
    local = to_datetime(now).astimezone(tz)
    inside = begin <= local.hour < end if begin < end else local.hour >= begin or local.hour < end
    if not inside or begin == end:
        return 0
    day = local.date() + timedelta(days=1 if local.hour >= end else 0)
    return from_datetime(datetime.combine(day, time(end % 24), tz))
