"""Kinds of messages as filters. They are coroutines: aiogram gives a thread to any other filter."""

from __future__ import annotations

from aiogram.types import Message


async def is_command(message: Message) -> bool:
    """Return whether a message is a command, so that the rest asks no command's filter."""
    return message.text is not None and message.text.startswith("/")


async def is_words(message: Message) -> bool:
    """Return whether a message is text and no command."""
    return message.text is not None and not message.text.startswith("/")


async def has_file(message: Message) -> bool:
    """Return whether a message carries a photo or a file."""
    return message.photo is not None or message.document is not None


async def has_photo(message: Message) -> bool:
    """Return whether a message is a photo."""
    return message.photo is not None


async def has_document(message: Message) -> bool:
    """Return whether a message is a file."""
    return message.document is not None
