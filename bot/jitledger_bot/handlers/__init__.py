"""Handlers: messages, questions and buttons, joined into one dispatcher."""

from __future__ import annotations

from aiogram import Dispatcher, Router

from jitledger_bot.handlers import alerts, buttons, edits, joining, kept, messages, paging
from jitledger_bot.handlers.admission import Admission
from jitledger_bot.handlers.asking import advice, questions, reports
from jitledger_bot.handlers.goods import counting, documents, orders, photos, table_buttons
from jitledger_bot.handlers.kinds import has_file, is_command, is_words
from jitledger_bot.handlers.shop import catalog, letters, people, settings
from jitledger_bot.handlers.shop import words as learned

STORIES = (alerts, kept, paging, table_buttons)
"""Stories told by buttons alone: imported so that their actions are known."""


def make_dispatcher() -> Dispatcher:
    """Return a dispatcher with every handler."""
    dispatcher = Dispatcher(disable_fsm=True)
    # Most messages are plain words: they come first and ask no other filter.
    words = messages.make_router("words")
    words.message.filter(is_words)
    dispatcher.include_routers(words, joining.make_router())
    # One filter for all commands and one for all files.
    commands, sent = Router(name="commands"), Router(name="files")
    commands.message.filter(is_command)
    asking = (questions, orders, advice, reports)
    rooms = (*asking, people, settings, counting, catalog, learned, letters)
    commands.include_routers(
        *(room.make_router() for room in rooms),
        photos.make_command_router(),
    )
    sent.message.filter(has_file)
    sent.include_routers(documents.make_router(), photos.make_router())
    others = messages.make_router("others")
    pressed = buttons.make_router()
    dispatcher.include_routers(commands, sent, others, pressed)
    dispatcher.edited_message.register(edits.on_edit)
    admission = Admission()  # Joining is for those who are nobody yet; all others pass here.
    for router in (words, commands, sent, others):
        router.message.middleware(admission)  # It holds for the routers within, too.
    pressed.callback_query.middleware(admission)
    dispatcher.edited_message.middleware(admission)
    return dispatcher
