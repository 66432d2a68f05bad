"""What moves and stays whole: a group that becomes another, a new token, a further language."""

from __future__ import annotations

import re
import shutil
from importlib import resources
from pathlib import Path

import pytest

from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger_bot.app import BotRunner, make_bot
from jitledger_bot.reading import phrases as phrase_files
from jitledger_bot.sandbox.rules import BotError
from jitledger_bot.texts import language
from tests.bot.conftest import OWNER, TOKEN, Chat, hasten

BEFORE, AFTER = -500, -100_500


async def test_a_group_that_becomes_a_supergroup_keeps_its_settings(chat: Chat) -> None:
    """What it wants to be told moves with it to its new id."""
    chat.sandbox.add_group(BEFORE, "Shop floor", OWNER)
    await chat.settle(BEFORE, 0)
    count = len(chat.sandbox.messages[BEFORE])
    chat.sandbox.say(OWNER, "/settings quiet 22-6", chat_id=BEFORE)
    await chat.settle(BEFORE, count + 1)
    chat.sandbox.add_group(AFTER, "Shop floor", OWNER)
    moved = {
        "message_id": 900,
        "date": int(chat.clock.at / 1e9),
        "chat": {"id": BEFORE, "type": "group", "title": "Shop floor"},
        "from": {"id": OWNER, "is_bot": False, "first_name": "Olivia"},
        "migrate_to_chat_id": AFTER,
    }
    chat.sandbox._post({"message": moved})
    await chat.say("/help")  # What came before it was done.
    with chat.app.database.snapshot() as tx:
        rows = dict(tx.all("SELECT chat_id, quiet_from FROM chats WHERE chat_id < 0"))
    assert rows == {AFTER: 22}


async def test_an_answer_follows_a_group_that_migrated_meanwhile(chat: Chat) -> None:
    """The call is refused with the new id; the answer arrives there, and the next ones too."""
    chat.sandbox.add_group(BEFORE, "Shop floor", OWNER)
    await chat.settle(BEFORE, 0)
    chat.sandbox.add_group(AFTER, "Shop floor", OWNER)
    await chat.settle(AFTER, 0)
    moved = "Bad Request: group chat was upgraded to a supergroup chat"
    chat.sandbox.fail_next.append(BotError(400, moved, migrate_to_chat_id=AFTER))
    count = len(chat.sandbox.messages[AFTER])
    chat.sandbox.say(OWNER, "sold 3 mug", chat_id=BEFORE)
    said = [m["text"] for m in await chat.settle(AFTER, count)]
    assert any("On hand 17." in text for text in said), said
    assert chat.on_hand() == "17"


async def test_a_new_token_keeps_everything(chat: Chat) -> None:
    """Another bot over the same shop knows its people and its stock, from its first update on."""
    await chat.say("sold 3 mug")
    await chat.runner.stop()
    chat.app.close()
    other = "777:" + "B" * 35
    assert other != TOKEN
    chat.sandbox.token, chat.sandbox.next_update = other, 1
    chat.app = open_app(Settings(database=chat.url, bot_token=other), chat.clock)
    chat.runner = BotRunner(chat.app, make_bot(other, chat.server.url))
    hasten(chat.runner)
    await chat.runner.start()
    (answer,) = await chat.say("sold 2 mug")
    assert "On hand 15." in answer["text"]


def test_a_further_language_is_one_more_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A catalog that is put beside the others is spoken; no code names it."""
    real = resources.files("jitledger_bot") / "locale"
    shutil.copytree(str(real), tmp_path / "locale")
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    catalog = head + 'msgid "Undone."\nmsgstr "Annulé."\n'
    (tmp_path / "locale" / "fr.po").write_text(catalog, encoding="utf-8")
    monkeypatch.setattr(resources, "files", lambda _package: tmp_path)
    language.languages.cache_clear()
    language._catalog.cache_clear()
    try:
        assert language.languages() == ("en", "de", "fr")
        assert language.choose("fr-CA") == "fr"
        with language.speaking(language.Voice("fr")):
            assert language._("Undone.") == "Annulé."
            assert language._("Again") == "Again"  # What is not translated yet stays English.
    finally:
        language.languages.cache_clear()
        language._catalog.cache_clear()


def test_a_further_language_is_read_from_one_more_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its words stand beside the others' without a change of code."""
    real = resources.files("jitledger_bot.reading") / "phrases"
    shutil.copytree(str(real), tmp_path / "phrases")
    english = (tmp_path / "phrases" / "en.toml").read_text(encoding="utf-8")
    french = english.replace('language = "en"', 'language = "fr"')
    french = re.sub(r"(?m)^sell = \[", 'sell = ["vendu", ', french, count=1)
    assert french != english
    (tmp_path / "phrases" / "fr.toml").write_text(french, encoding="utf-8")
    monkeypatch.setattr(resources, "files", lambda _package: tmp_path)
    phrase_files.phrases.cache_clear()
    try:
        assert phrase_files.phrases().verbs.at(["vendu"], 0) == (1, "sell")
        assert phrase_files.phrases().verbs.at(["sold"], 0) == (1, "sell")
    finally:
        phrase_files.phrases.cache_clear()
