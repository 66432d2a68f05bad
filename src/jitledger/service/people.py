"""People: invitations, joining, forgetting. Names live outside the ledger, in ``people``."""

from __future__ import annotations

import hashlib
import html
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass

import orjson

from jitledger.domain.commands import InviteMember, JoinShop, LeaveShop
from jitledger.domain.errors import Conflict, Refused, StoreAway
from jitledger.domain.state.shop import Shop
from jitledger.service.ledger import Ledger
from jitledger.service.recording.deciding import new_member_id
from jitledger.service.recording.submission import Answer, Ask, Submission
from jitledger.service.upkeep.rekeying import Rekeyed, rekey
from jitledger.store.codec import decode, stored_fields
from jitledger.store.database import Database, Tx

FIRST_MINUTES = 15

INVITE_MINUTES = 7 * 24 * 60

TO_CLEAR = "to-clear"
"""Marks, beside the secrets, a file that holds freed bytes of somebody who was erased."""


def hash_code(code: str) -> str:
    """Return what is stored of an invitation code."""
    return hashlib.sha256(code.strip().encode()).hexdigest()[:40]


def invite(
    ledger: Ledger,
    role: str,
    minutes: int = FIRST_MINUTES,
    member: str | None = None,
    *,
    dry_run: bool = False,
) -> str:
    """Invite somebody and return the code, which is shown once and never stored."""
    code = secrets.token_urlsafe(12)
    command = InviteMember.model_validate(
        {"role": role, "code_hash": hash_code(code), "minutes": minutes}
    )
    answer = ledger.record(command, member=member, dry_run=dry_run)
    if answer.error is not None:
        raise answer.error
    return code


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the erasable table."""

    member: str
    name: str | None
    handle: str | None
    user_id: int | None
    chat_id: int | None
    language: str | None
    timezone: str | None


_COLUMNS = "member, name, handle, user_id, chat_id, language, timezone"


def by_user(tx: Tx, user_id: int) -> Person | None:
    """Return the person behind a chat user."""
    row = tx.one(f"SELECT {_COLUMNS} FROM people WHERE user_id = ?", (user_id,))
    return None if row is None else Person(*row)


def everybody(tx: Tx) -> list[Person]:
    """Return every person known by name or chat."""
    return [Person(*row) for row in tx.all(f"SELECT {_COLUMNS} FROM people ORDER BY member")]


def join(
    ledger: Ledger,
    code: str,
    user_id: int,
    chat_id: int,
    name: str,
    channel: str = "telegram",
    language: str | None = None,
) -> tuple[Answer, str]:
    """Use an invitation; the person's row is written in the same transaction."""
    with ledger.database.snapshot() as tx:
        known = by_user(tx, user_id)
    member = known.member if known is not None else new_member_id()
    command = JoinShop(member=member, code_hash=hash_code(code))

    def remember(tx: Tx, answers: list[Answer], now: int) -> None:
        if answers[0].ok:
            tx.execute(
                "INSERT INTO people (member, name, user_id, chat_id, language) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT (member) DO UPDATE SET name = excluded.name, "
                "user_id = excluded.user_id, chat_id = excluded.chat_id",
                (member, name[:100], user_id, chat_id, language),
            )

    submission = Submission([Ask(command)], channel=channel, member=member, then=remember)
    return ledger.commit(submission).answers[0], member


def resolve(database: Database, shop: Shop, name: str) -> Person:
    """Return a person by member id, handle or name; raises ``unknown-member``."""
    with database.snapshot() as tx:
        people = everybody(tx)
    wanted = name.casefold()
    found = [p for p in people if wanted in (_fold(p.member), _fold(p.handle), _fold(p.name))]
    exactly = [p for p in found if name in (p.member, p.handle, p.name)]
    found = exactly if len(exactly) == 1 else found
    if not found and name in shop.members:
        return Person(name, None, None, None, None, None, None)
    if len(found) != 1:
        said = f"There is no member {name!r}."
        if found:
            ids = ", ".join(p.member for p in found)
            said = f"There is more than one member {name!r}; use the id: {ids}."
        raise Refused("unknown-member", said, member=name)
    return found[0]


def _fold(name: str | None) -> str | None:
    return None if name is None else name.casefold()


def leave(ledger: Ledger, member: str, *, dry_run: bool = False) -> None:
    """Take a member's access; raises what the ledger refuses."""
    answer = ledger.record(LeaveShop(member=member), dry_run=dry_run)
    if answer.error is not None:
        raise answer.error


def forget(
    ledger: Ledger,
    shop: Shop,
    person: Person,
    *,
    dry_run: bool = False,
    rekeying: bool = True,
) -> Rekeyed | None:
    """Take access and erase what is kept of a person; entries keep the opaque id.

    Returns what was written anew where keys of an older program held chat numbers.
    """
    if person.member in shop.members:
        leave(ledger, person.member, dry_run=dry_run)
    if dry_run:
        return None
    database = ledger.database

    def then(tx: Tx, answers: list[Answer], now: int) -> Rekeyed | None:
        erase(tx, person, database)
        return rekey(database, tx, now) if rekeying else None

    done = ledger.commit(Submission([], then=then)).value
    with suppress(Conflict, StoreAway):  # The next sweep tries again.
        clear(database)
    return done if isinstance(done, Rekeyed) else None


def clear(database: Database) -> bool:
    """Write the file anew where somebody was erased since; returns whether it was done."""
    with database.snapshot() as tx:
        if tx.one("SELECT 1 FROM secrets WHERE name = ?", (TO_CLEAR,)) is None:
            return False
    database.wipe()
    with database.transaction() as tx:
        tx.execute("DELETE FROM secrets WHERE name = ?", (TO_CLEAR,))
    return True


def erase(tx: Tx, person: Person, database: Database) -> None:
    """Erase a person's row, their private chat, and what they wrote elsewhere and is worked on."""
    database.scrub(tx)
    tx.execute("INSERT INTO secrets VALUES (?, ?) ON CONFLICT DO NOTHING", (TO_CLEAR, b"1"))
    tx.execute("DELETE FROM people WHERE member = ?", (person.member,))
    tx.execute("DELETE FROM proposals WHERE member = ?", (person.member,))
    tx.execute("DELETE FROM conversations WHERE key LIKE ?", (f"%:{person.member}",))
    # In private a chat has the number of its person, also after they blocked the bot.
    chat_id = person.chat_id if person.chat_id is not None else person.user_id
    if chat_id is not None:
        for table in ("chats", "outbox", "proposals", "jobs"):
            tx.execute(f"DELETE FROM {table} WHERE chat_id = ?", (chat_id,))
        tx.execute(
            "DELETE FROM inbox WHERE chat_id = ? AND state <> 'new'",
            (chat_id,),
        )
    _erase_name(tx, person)
    if person.user_id is not None:
        written = f'"id":{person.user_id},'.encode()
        rows = tx.all("SELECT id, body FROM inbox WHERE chat_id < 0 AND state <> 'new'")
        gone = [(row[0],) for row in rows if written in bytes(row[1])]
        if gone:
            tx.executemany("DELETE FROM inbox WHERE id = ?", gone)


def _erase_name(tx: Tx, person: Person) -> None:
    """Empty what others were told, or wrote, in which a person's name or handle stands.

    Only the conversation: entries name nobody, and what is still to be sent or worked on stays.
    """
    names = {name for name in (person.name, person.handle) if name and len(name) > 1}
    spelled = {form for name in names for form in (name, html.escape(name), _in_json(name))}
    if not spelled:
        return
    pattern = re.compile(
        rb"(?<!\w)(?:" + b"|".join(re.escape(form.encode()) for form in spelled) + rb")(?!\w)"
    )
    for table in ("outbox", "inbox"):
        rows = tx.all(f"SELECT id, body FROM {table} WHERE state <> 'new'")
        held = [
            row[0]
            for row in rows
            if pattern.search(row[1].encode() if isinstance(row[1], str) else bytes(row[1]))
        ]
        empty: object = "{}" if table == "outbox" else b"{}"
        tx.executemany(
            f"UPDATE {table} SET body = ? WHERE id = ?", [(empty, number) for number in held]
        )


def _in_json(name: str) -> str:
    return orjson.dumps(name).decode()[1:-1]


def export(database: Database, person: Person, shop: Shop) -> dict[str, object]:
    """Return everything that is kept about a person."""
    entries = []
    with database.snapshot() as tx:
        for rows in database.scan(tx):
            for _, stream, version, name, body in rows:
                if person.member.encode() in body:
                    event = decode(name, body)
                    if person.member in (event.actor, getattr(event, "member", None)):
                        data = stored_fields(event)
                        entries.append(
                            {"stream": stream, "version": version, "event": name, "data": data}
                        )
    return {
        "member": person.member,
        "name": person.name,
        "handle": person.handle,
        "user_id": person.user_id,
        "chat_id": person.chat_id,
        "language": person.language,
        "timezone": person.timezone,
        "role": shop.members.get(person.member),
        "entries": entries,
    }
