"""Who is asking: a member with a role, or a stranger."""

from __future__ import annotations

from dataclasses import dataclass

from jitledger.domain.shop import Shop
from jitledger.service.people import Person, by_user
from jitledger.store.database import Tx


@dataclass(frozen=True, slots=True)
class Member:
    """A person with access."""

    id: str
    name: str
    role: str
    person: Person


def member_of(tx: Tx, shop: Shop, user_id: int) -> Member | None:
    """Return the member behind a chat user; None for strangers and those who left."""
    person = by_user(tx, user_id)
    role = shop.members.get(person.member) if person is not None else None
    if person is None or role is None:
        return None
    return Member(person.member, person.name or person.member, role, person)


def receivers(tx: Tx, shop: Shop) -> list[tuple[str, int]]:
    """Return (member, chat) of everyone who gets alerts: owners and buyers."""
    rows = tx.all("SELECT member, chat_id FROM people WHERE chat_id IS NOT NULL ORDER BY member")
    return [(m, c) for m, c in rows if shop.members.get(m) in ("owner", "buyer")]
