"""Handlers: messages, questions and buttons, joined into one dispatcher."""

from __future__ import annotations

from aiogram import Dispatcher

from jitledger_bot.handlers import (
    buttons,
    catalog,
    counting,
    documents,
    edits,
    joining,
    messages,
    people,
    photos,
    questions,
    settings,
)


def make_dispatcher() -> Dispatcher:
    """Return a dispatcher with every handler; questions come before what is to be recorded."""
    dispatcher = Dispatcher(disable_fsm=True)
    for room in (joining, questions, people, settings, counting, catalog):
        dispatcher.include_router(room.make_router())
    dispatcher.include_router(documents.make_router())
    dispatcher.include_router(photos.make_router())
    dispatcher.include_router(messages.make_router())
    dispatcher.edited_message.register(edits.on_edit)
    dispatcher.include_router(buttons.make_router())
    return dispatcher
