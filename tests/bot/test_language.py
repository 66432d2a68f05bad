"""Languages: every text is translated, and each person is answered in theirs."""

from __future__ import annotations

import ast
import io
import re
import string
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from jitledger.domain.commands import Command, parse
from jitledger_bot.texts.language import Voice, _, languages, local, speaking
from tests.bot.catalogs import ROOT, said, template
from tests.bot.conftest import OWNER, STAFF, STRANGER, Chat
from tests.conftest import done

FILES = sorted((ROOT / "locale").glob("*.po"))


def fields(text: str) -> set[str]:
    """Return the names of a text's fields."""
    return {name for _text, name, _spec, _conv in string.Formatter().parse(text) if name}


def forms(value: object) -> list[str]:
    """Return a message's forms as a list."""
    return list(value) if isinstance(value, (tuple, list)) else [str(value)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_text_is_translated_with_its_fields_and_marks(path: Path) -> None:
    """A catalog holds exactly the texts there are, each with the same fields, tags and commands."""
    catalog = read_po(io.BytesIO(path.read_bytes()), locale=path.stem)
    wanted = {tuple(forms(m.id)) for m in template() if m.id}
    found = {tuple(forms(m.id)): m for m in catalog if m.id}
    assert set(found) == wanted
    for message in found.values():
        for original, translated in zip(forms(message.id), forms(message.string), strict=True):
            assert translated, original
            assert not message.fuzzy, original
            assert fields(translated) == fields(original), translated
            tags = sorted(re.findall(r"</?\w+>", original))
            assert sorted(re.findall(r"</?\w+>", translated)) == tags, translated


def test_no_text_escapes_the_catalogs() -> None:
    """Whatever is said through ``_`` with a literal is found by the extraction (f-strings hide)."""
    known = {form for _file, message in said() for form in forms(message)}
    hidden = []
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id not in ("_", "mark") or not isinstance(node.args[0], ast.Constant):
                continue
            if node.args[0].value not in known:
                hidden.append(f"{path.name}: {node.args[0].value!r}")
    assert not hidden


def test_a_voice_belongs_to_its_block() -> None:
    """Within a block its language and zone hold; behind it the former ones."""
    from datetime import UTC, datetime

    noon = datetime(2026, 3, 5, 12, tzinfo=UTC)
    with speaking(Voice("de", "Asia/Tokyo")):
        assert _("Undone.") == "Zurückgenommen."
        assert local(noon).hour == 21
    assert _("Undone.") == "Undone."
    assert languages()[0] == "en"


async def test_somebody_is_answered_in_their_own_language(chat: Chat) -> None:
    """Telegram's language is taken at first; /settings changes it, for the person alone."""
    chat.sandbox.people[STAFF].language = "de-DE"
    await chat.say("/settings language de", STAFF)
    (answer,) = await chat.say("24 blue mug bekommen", STAFF)
    assert answer["text"] == "Bekommen 24 × Blue mug (MUG). Bestand 44."
    toast, _new = await chat.press(answer, "↩ Zurücknehmen", STAFF)
    assert toast == "Zurückgenommen. Bestand 20."
    (english,) = await chat.say("received 1 mug")
    assert english["text"].startswith("Received 1 ×")


async def test_a_refusal_is_told_in_german(chat: Chat) -> None:
    """The ledger's refusals have German sentences too."""
    await chat.say("/settings language de")
    (answer,) = await chat.say("8 mug umgelagert nach nirgendwo")
    assert "Einen Ort „nirgendwo“ gibt es nicht" in answer["text"]


async def test_a_stranger_is_greeted_in_their_language(chat: Chat) -> None:
    """Who is not known is answered in the language of their Telegram."""
    chat.sandbox.people[STRANGER].language = "de"
    (line,) = await chat.say("hallo", STRANGER)
    assert line["text"].startswith("Hallo! Dieser Bot gehört einem Laden.")


async def test_times_are_shown_in_the_zone_of_who_asks(chat: Chat) -> None:
    """A person in Tokyo sees nine in the morning UTC as six in the evening."""
    await chat.say("sold 1 mug")
    await chat.say("/settings timezone Asia/Tokyo")
    (answer,) = await chat.say("/history mug")
    assert "2026-03-05 18:00 sold -1" in answer["text"]
    (refused,) = await chat.say("/settings timezone Mars/Olympus")
    assert "There is no time zone “Mars/Olympus”" in refused["text"]


async def test_an_alert_speaks_the_language_of_each_receiver(chat: Chat) -> None:
    """One alert, two languages."""
    await chat.say("/settings language de")
    await chat.say("/role Sam buyer")
    await chat.say("sold 1 mug")
    chat.app.ledger.record(_policy())
    before = {person: len(chat.sandbox.messages[person]) for person in (OWNER, STAFF)}
    await chat.say("sold 3 mug", OWNER)
    german = (await chat.settle(OWNER, before[OWNER] + 1))[-1]["text"]
    english = (await chat.settle(STAFF, before[STAFF]))[-1]["text"]
    assert "Nachbestellen: " in german
    assert "Reorder " in english


def _policy() -> Command:
    return parse(
        {
            "do": "policy",
            "sku": "MUG",
            "method": "manual",
            "reorder_point": "18",
            "order_quantity": "24",
        }
    )


async def test_a_report_without_words_of_its_own_is_a_list_in_german(chat: Chat) -> None:
    """/expiring comes from the table of reports alone, and speaks German; so does its refusal."""
    await chat.say("/settings language de")
    (nothing,) = await chat.say("/expiring")
    assert nothing["text"] == "In dieser Zeit läuft nichts ab."
    done(chat.app, do="receive", sku="MUG", qty="6", expiry="2026-03-10")
    (listed,) = await chat.say("/expiring 30")
    assert "Chargen, die bald ablaufen" in listed["text"]
    assert "· Ort main · Ablauf 2026-03-10 · Menge 6" in listed["text"]
    (refused,) = await chat.say("/expiring soon")
    assert "soon" in refused["text"]
    (unknown,) = await chat.say("/expirings")
    assert "/help" in unknown["text"]
