"""Who is asking and who is told: members with a role, strangers, chats with their wishes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from jitledger.domain.moments import from_datetime, to_datetime, zone
from jitledger.domain.shop import Shop
from jitledger.service.people import Person, by_user
from jitledger.store.database import Tx
from jitledger_bot.language import Voice, choose

PUSHES = (
    "alert",
    "runout",
    "late",
    "promise",
    "phantom",
    "drift",
    "margin",
    "buy-ahead",
    "exception",
    "expiry",
    "digest",
    "import-summary",
)
"""What a chat may want to be told of."""
FOR_BUYERS = ("owner", "buyer")


@dataclass(frozen=True, slots=True)
class Member:
    """A person with access."""

    id: str
    name: str
    role: str
    person: Person


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


def member_of(tx: Tx, shop: Shop, user_id: int) -> Member | None:
    """Return the member behind a chat user; None for strangers and those who left."""
    person = by_user(tx, user_id)
    role = shop.members.get(person.member) if person is not None else None
    if person is None or role is None:
        return None
    return Member(person.member, person.name or person.member, role, person)


def wishes_of(tx: Tx, chat_id: int, role: str | None) -> Wishes:
    """Return what a chat wants; owners and buyers are told everything until they say otherwise."""
    row = tx.one(
        "SELECT wants, quiet_from, quiet_until, thread_id, language, timezone, title FROM chats "
        "WHERE chat_id = ?",
        (chat_id,),
    )
    usual = frozenset(PUSHES if role in FOR_BUYERS else ())
    if row is None:
        return Wishes(usual)
    wants = usual if row[0] is None else frozenset(row[0].split())
    quiet = None if row[1] is None else (row[1], row[2])
    return Wishes(wants, quiet, *row[3:])


def receivers(tx: Tx, shop: Shop) -> list[Receiver]:
    """Return every chat that may be told of pushes: members who look after orders, and groups."""
    found = []
    private: set[int] = set()
    rows = tx.all(
        "SELECT member, chat_id, language, timezone FROM people WHERE chat_id IS NOT NULL "
        "ORDER BY member"
    )
    for member, chat_id, language, timezone in rows:
        private.add(chat_id)
        role = shop.members.get(member)
        if role is None:
            continue
        voice = Voice(choose(language, shop.locale), timezone or shop.timezone)
        found.append(Receiver(chat_id, voice, wishes_of(tx, chat_id, role), member, role))
    for (chat_id,) in tx.all("SELECT chat_id FROM chats WHERE chat_id < 0 ORDER BY chat_id"):
        wishes = wishes_of(tx, chat_id, None)
        if chat_id not in private and wishes.wants:
            voice = Voice(choose(wishes.language, shop.locale), wishes.timezone or shop.timezone)
            found.append(Receiver(chat_id, voice, wishes))
    return found


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
