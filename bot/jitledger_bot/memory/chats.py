"""Chats that the bot is in, and where a person can be reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jitledger.service.announce import push
from jitledger.service.recording.submission import Answer
from jitledger.store.database import Tx


def reach(member: str, chat_id: int) -> Callable[..., None]:
    """Return the effect that lets a member be reached again, who had blocked the bot."""

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        tx.execute("UPDATE people SET chat_id = ? WHERE member = ?", (chat_id, member))

    return effect


def keep_chat(chat_id: int, title: str | None) -> Callable[..., None]:
    """Return the effect that notes a group; it is told nothing until an owner says so."""

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        tx.execute(
            "INSERT INTO chats (chat_id, title) VALUES (?, ?) ON CONFLICT (chat_id) DO UPDATE SET "
            "title = excluded.title",
            (chat_id, title),
        )

    return effect


def move_chat(tx: Tx, before: int, after: int) -> None:
    """Follow a group that became a supergroup; what was set in the new one meanwhile gives way."""
    if tx.one("SELECT 1 FROM chats WHERE chat_id = ?", (before,)) is not None:
        tx.execute("DELETE FROM chats WHERE chat_id = ?", (after,))
    for table in ("people", "chats", "proposals", "jobs"):
        tx.execute(f"UPDATE {table} SET chat_id = ? WHERE chat_id = ?", (after, before))


def forget_chat(chat_id: int) -> Callable[..., None]:
    """Return the effect that tells a chat nothing any more: the bot was blocked or removed."""

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        if chat_id < 0:
            tx.execute("DELETE FROM chats WHERE chat_id = ?", (chat_id,))
        gone = tx.one("SELECT name FROM people WHERE chat_id = ?", (chat_id,))
        if gone is not None:
            push(tx, "blocked", {"name": gone[0]}, now)
        tx.execute("UPDATE people SET chat_id = NULL WHERE chat_id = ?", (chat_id,))

    return effect


def title_of(tx: Tx, sku: str) -> str:
    """Return a product's name."""
    row: Any = tx.one("SELECT title FROM products WHERE sku = ?", (sku,))
    return str(row[0]) if row is not None else sku


def voice_row(tx: Tx, chat_id: int) -> tuple[str | None, str | None]:
    """Return (language, time zone) of whoever is behind a chat, each None when not set."""
    row = tx.one("SELECT language, timezone FROM people WHERE chat_id = ?", (chat_id,))
    row = row or tx.one("SELECT language, timezone FROM chats WHERE chat_id = ?", (chat_id,))
    return (None, None) if row is None else (row[0], row[1])


def set_voice_of(tx: Tx, chat_id: int, member: str, column: str, value: str) -> None:
    """Set the language or the time zone of a person, or of a group."""
    assert column in ("language", "timezone")
    if chat_id > 0:
        tx.execute(f"UPDATE people SET {column} = ? WHERE member = ?", (value, member))
        return
    tx.execute(
        f"INSERT INTO chats (chat_id, {column}) VALUES (?, ?) "
        f"ON CONFLICT (chat_id) DO UPDATE SET {column} = excluded.{column}",
        (chat_id, value),
    )


def know_chat(tx: Tx, chat_id: int, thread_id: int | None) -> None:
    """Keep a chat, and the topic in which it is told, unless it is known."""
    tx.execute(
        "INSERT INTO chats (chat_id, thread_id) VALUES (?, ?) ON CONFLICT (chat_id) DO NOTHING",
        (chat_id, thread_id),
    )


def set_wants(tx: Tx, chat_id: int, wants: str, thread_id: int | None) -> None:
    """Set what a chat wants to hear, and in which topic."""
    tx.execute(
        "UPDATE chats SET wants = ?, thread_id = ? WHERE chat_id = ?", (wants, thread_id, chat_id)
    )


def set_quiet(tx: Tx, chat_id: int, hours: tuple[int, int] | tuple[None, None]) -> None:
    """Set the hours in which a chat wants to be left."""
    tx.execute(
        "UPDATE chats SET quiet_from = ?, quiet_until = ? WHERE chat_id = ?", (*hours, chat_id)
    )
