"""What a first day found: prices with a currency, bent names, German dates, advice too early."""

from __future__ import annotations

import pytest

from jitledger_bot.sandbox.page import FIRST_HINTS
from jitledger_bot.texts.language import Voice, _, languages, speaking
from tests.bot.conftest import OWNER, Chat


async def test_a_price_with_its_currency_is_a_price(chat: Chat) -> None:
    """It is no supplier; and of two suppliers in one line neither is taken."""
    told = (await chat.say("/new Tall vase, 24 EUR, Glassworks"))[0]["text"]
    assert "price 24" in told
    assert "from Glassworks" in told
    assert "from 24" not in told
    refused = (await chat.say("/new Tea towel, €6.90, Acme, code TEA"))[0]["text"]
    assert "write name, price, supplier" in refused
    assert chat.app.queries.find("TEA-TOWEL") is None


async def test_a_name_is_known_in_other_endings(chat: Chat) -> None:
    """German bends what stands in a name; a word that is merely shorter is asked."""
    await chat.say("/new Blauer Krug")
    sku = chat.app.queries.find("BLAUER-KRUG") or ""
    assert "24 ×" in (await chat.say("24 blaue Krug bekommen"))[0]["text"]
    assert "3 ×" in (await chat.say("3 blauen Krug verkauft"))[0]["text"]
    asked = (await chat.say("2 blau Krug verkauft"))[0]["text"]
    assert "I do not know" in asked
    assert chat.on_hand(sku) == "21"


async def test_a_german_date_in_a_table_is_read(chat: Chat) -> None:
    """Points stand between day, month and year in German alone."""
    table = "artikel;menge;datum\nMUG;3;04.03.2026\n"
    chat.sandbox.send_document(OWNER, "sales.csv", table.encode(), "sales")
    preview = (await chat.settle(OWNER, len(chat.sandbox.messages[OWNER])))[-1]
    await chat.press(preview, "Take")
    await chat.settle(OWNER, len(chat.sandbox.messages[OWNER]))
    sold = [e for e in chat.app.queries.history("MUG") if e["event"] == "stock-sold"]
    assert [e["occurred_at"] for e in sold] == ["2026-03-04"]


async def test_a_verb_alone_asks_for_the_rest(chat: Chat) -> None:
    """Nothing is offered for a product without a name."""
    told = (await chat.say("sold"))[0]["text"]
    assert "None" not in told
    assert "sold 3 mug" in told or "received 24" in told


async def test_nothing_is_advised_about_what_came_today(chat: Chat) -> None:
    """The first two weeks say nothing of too much, or of just in time."""
    await chat.say("/new Tea set, 20, Acme")
    await chat.say("received 25 tea set @ 3.10")
    assert "Tea set" not in (await chat.say("/overstock"))[0]["text"]
    assert "ask again later" in (await chat.say("/jit tea set"))[0]["text"]


async def test_what_was_taken_back_may_be_said_again(chat: Chat) -> None:
    """The same words within a minute ask only while what they recorded stands."""
    (first,) = await chat.say("sold 3 mug")
    await chat.press(first, "↩ Undo")
    assert chat.on_hand() == "20"
    (again,) = await chat.say("sold 3 mug")
    assert "On hand 17." in again["text"]
    (asked,) = await chat.say("sold 3 mug")
    assert "Again?" in asked["text"]


async def test_a_price_below_zero_is_asked(chat: Chat) -> None:
    """It is not dropped from what is recorded."""
    for text in ("sold 2 mug at -5", "2 mug verkauft zu -5", "sold 2 mug @-5 EUR"):
        (asked,) = await chat.say(text)
        assert "price below zero" in asked["text"], text
    assert chat.on_hand() == "20"


async def test_words_of_the_language_are_taken_for_values(chat: Chat) -> None:
    """Roles, languages and "today" by the names people use."""
    assert "On 2026-03-05" in (await chat.say("/asof today mug"))[0]["text"]
    (settings,) = await chat.say("/settings sprache deutsch")
    assert "Sprache: Deutsch" in settings["text"]
    assert "Am 2026-03-05" in (await chat.say("/asof heute mug"))[0]["text"]
    (link,) = await chat.say("/invite Mitarbeiter")
    assert "https://t.me/" in link["text"]
    (shop,) = await chat.say("/shop")
    assert "service 0.98 – Anteil der Zeit" in shop["text"]
    (refused,) = await chat.say("/policy MUG -1 3")
    assert refused["text"].startswith("✗")
    (english,) = await chat.say("/settings language english")
    assert "Language: English" in english["text"]


async def test_columns_that_are_not_read_are_named(chat: Chat) -> None:
    """A table says what nothing was read from."""
    table = "sku,qty,colour,Regal\nMUG,7,blue,3\n"
    chat.sandbox.send_document(OWNER, "counts.csv", table.encode(), "counts")
    (preview,) = await chat.settle(OWNER, len(chat.sandbox.messages[OWNER]))
    assert "Columns I do not read: colour, Regal" in preview["text"]
    assert "1 of 1 row can be taken" in preview["text"]


async def test_a_file_that_is_no_table_is_refused_in_the_language(chat: Chat) -> None:
    """What is wrong with a file is said in the words of who sent it."""
    await chat.say("/settings language de")
    for name, data, said in (
        ("Liste.xlsx", b"PK\x03\x04no", "lässt sich nicht lesen"),
        ("Liste.csv", b"", "ist leer"),
        ("Liste.csv", b"a\x00b" * 9, "ist kein Text"),
    ):
        chat.sandbox.send_document(OWNER, name, data, "counts")
        (refused,) = await chat.settle(OWNER, len(chat.sandbox.messages[OWNER]))
        assert refused["text"].startswith("✗ Liste.")
        assert said in refused["text"]


@pytest.mark.parametrize("language", languages())
async def test_the_examples_of_the_page_are_understood(chat: Chat, language: str) -> None:
    """Each message that the page of a new shop offers does what it says."""
    await chat.say(f"/settings language {language}")
    with speaking(Voice(language)):
        hints = [_(hint) for hint in FIRST_HINTS[1:]]
        misunderstood = _("I did not understand this. For example: received 24 blue mug")
        unknown = _("I do not know “{typed}” ({quantity}). Which is it?").partition("{")[0]
    for hint in hints:
        told = (await chat.say(hint))[0]["text"]
        assert not told.startswith((misunderstood[:20], unknown, "✗")), (hint, told)
    recorded = {row["event"] for row in chat.app.queries.log(0)}
    assert recorded >= {"stock-counted", "stock-sold"}
