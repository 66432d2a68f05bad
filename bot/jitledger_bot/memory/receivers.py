"""Who may be told something, where, and what they wish to hear."""

from __future__ import annotations

from jitledger.domain.state.shop import Shop
from jitledger.service.people import by_user
from jitledger.store.database import Tx
from jitledger_bot.access import FOR_BUYERS, PUSHES, Member, Receiver, Wishes
from jitledger_bot.texts.language import Voice, choose


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
