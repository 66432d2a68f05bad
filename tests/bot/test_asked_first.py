"""What is asked before it is believed: corrections, names, far numbers, half a line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitledger.domain.moments import MINUTE
from jitledger_bot.recording.left_over import may_be_a_name
from tests.bot.conftest import OWNER, STAFF, Chat
from tests.conftest import done


async def test_an_unknown_product_offers_the_nearest_and_learns(chat: Chat) -> None:
    """A fuzzy hit becomes buttons; what two taps agree on is a name, and that is said."""
    (answer,) = await chat.say("received 12 blu mug")
    assert "I do not know" in answer["text"]
    assert chat.on_hand() == "20"
    _, (said,) = await chat.press(answer, "Blue mug")
    assert "On hand 32." in said["text"]
    assert "I will know" not in said["text"]
    chat.clock.at += 2 * MINUTE
    (answer,) = await chat.say("sold 2 blu mug", STAFF)
    _, (said,) = await chat.press(answer, "Blue mug", STAFF)
    assert "On hand 30." in said["text"]
    assert "I will know “blu mug”" in said["text"]
    (answer,) = await chat.say("sold 1 blu mug")
    assert "On hand 29." in answer["text"]


async def test_far_more_than_ever_moved_is_asked_first(chat: Chat) -> None:
    """A zero too many is no record until it is confirmed; then it is."""
    (answer,) = await chat.say("received 2400 mug")
    assert "2400 × Blue mug (MUG)? The most that was there or ever moved is 20." in answer["text"]
    assert chat.on_hand() == "20"
    toast, _ = await chat.press(answer, "No")
    assert toast == "Nothing recorded."
    chat.clock.at += 2 * MINUTE
    (answer,) = await chat.say("received 240 mug")
    _, (said,) = await chat.press(answer, "Yes, so many")
    assert "On hand 260." in said["text"]
    (answer,) = await chat.say("received 600 mug")
    assert "On hand 860." in answer["text"]
    (answer,) = await chat.say("received 600 red-mug")
    assert "On hand 600." in answer["text"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("the sale of mug yesterday was 2", "18"),
        ("not 3 but 2 mug sold yesterday", "18"),
        ("mug sold yesterday should be 5", "15"),
        ("gestern 2 mug verkauft statt 3", "18"),
        ("yesterday's sale was wrong: 1 mug", "19"),
    ],
)
async def test_a_correction_is_offered_as_one(chat: Chat, text: str, left: str) -> None:
    """It names the entry and the new number; pressed, it corrects; Undo brings the old one back."""
    await chat.say("sold 3 mug yesterday")
    await chat.say("received 4 mug")
    chat.clock.at += 2 * MINUTE
    await chat.say("sold 1 red-mug")
    (answer,) = await chat.say(text)
    assert "Correct Blue mug (MUG) of 2026-03-04 from 3 to" in answer["text"], answer["text"]
    assert chat.on_hand() == "21"
    toast, _ = await chat.press(answer, "Correct it")
    assert f"On hand {int(left) + 4}." in toast
    edited = chat.sandbox._find(OWNER, answer["message_id"])
    await chat.press(edited, "↩ Undo")
    assert chat.on_hand() == "21"


async def test_what_is_no_correction_is_no_offer(chat: Chat) -> None:
    """A fact that says "was" is a fact; a number that no entry has is asked as before."""
    await chat.say("sold 3 mug yesterday")
    (answer,) = await chat.say("2 mug were sold today")
    assert "On hand 15." in answer["text"]
    (answer,) = await chat.say("not 9 but 2 mug sold yesterday")
    assert "Correct" not in answer["text"]
    assert chat.on_hand() == "15"


async def test_a_learned_name_is_listed_forgotten_and_undone(chat: Chat) -> None:
    """/words lists it, a button forgets it, an Undo takes its tap back."""

    async def tap(quantity: int, label: str) -> dict[str, Any]:
        chat.clock.at += 2 * MINUTE
        (answer,) = await chat.say(f"sold {quantity} blu mug")
        _, (said,) = await chat.press(answer, label)
        return said

    (answer,) = await chat.say("/words")
    assert "learned no names yet" in answer["text"]
    first = await tap(1, "Blue mug")
    await chat.press(first, "↩ Undo")
    assert "I will know" not in (await tap(2, "Blue mug"))["text"]
    assert "I will know" in (await tap(3, "Blue mug"))["text"]
    (answer,) = await chat.say("/words")
    assert "“blu mug” → Blue mug (MUG)" in answer["text"]
    toast, _ = await chat.press(answer, "✕ blu mug")
    assert toast == "I do not know “blu mug” any more."
    chat.clock.at += 2 * MINUTE
    (answer,) = await chat.say("sold 4 blu mug")
    assert "I do not know" in answer["text"]
    await chat.press(answer, "Blue mug")
    (answer,) = await chat.say("/words forget blu mug")
    assert "no name that I learned" in answer["text"]


@given(st.lists(st.sampled_from(["2", "box", "sold", "9.50", "€", "and", "maybe", "x"])))
def test_only_words_are_learned(more: list[str]) -> None:
    """A number, a pack, a price, a verb, a joining word or a doubt beside it makes no name."""
    assert may_be_a_name("minty soap")
    assert may_be_a_name(" ".join(["minty", *more, "soap"])) == (not more)


async def test_what_reads_as_new_can_be_recorded_as_new(chat: Chat) -> None:
    """What says “was 12” may be a new one: a button records it; today is not yesterday."""
    (answer,) = await chat.say("the delivery was 12 mug")
    labels = [b["text"] for row in answer["reply_markup"]["inline_keyboard"] for b in row]
    assert labels == ["Correct it", "It is a new one: record it", "No"]
    _, (said,) = await chat.press(answer, "It is a new one")
    assert "On hand 32." in said["text"]
    await chat.say("sold 2 red-mug yesterday")
    chat.clock.at += 2 * MINUTE
    (answer,) = await chat.say("today's sale was 1 red-mug")
    assert "Sold 1 × Red mug" in answer["text"]


@pytest.mark.parametrize(
    "text",
    [
        "sold 2 mug and 1 red-mug @ $3",
        "sold 1 mug @ 9.50 and 2 red-mug @ $3",
        "sold 1 mug, 1 red-mug 12.50 each",
        "sold 2 mug and received 3 red-mug for 10",
        "+5 mug stolen",
        "-2 mug returned",
    ],
)
async def test_nothing_of_a_line_while_a_part_is_asked(chat: Chat, text: str) -> None:
    """Neither a price that nobody can place nor a contrary sign leaves half a line."""
    answers = await chat.say(text)
    assert answers
    assert (chat.on_hand(), chat.on_hand("RED-MUG")) == ("20", "0"), answers


async def test_a_part_of_a_name_offers_all_that_was_said(chat: Chat) -> None:
    """What only one product has in its name is completed, and recorded after one tap."""
    done(chat.app, do="register", sku="RIO", name="Rioja Crianza", now=None)
    done(chat.app, do="register", sku="CHI", name="Chianti Classico", now=None)
    done(chat.app, do="receive", sku="RIO", qty="24", now=None)
    done(chat.app, do="price", sku="RIO", price="11.90", now=None)
    (answer,) = await chat.say("sold 2 rioja for 20 and moved 6 to the shop")
    assert "which place" in answer["text"] or "not clear" in answer["text"]
    (answer,) = await chat.say("a lady bought 2 rioja and 1 chianti, 2 mug")
    assert answer["text"].startswith("Is it this? Nothing is recorded yet.")
    told = [line for line in answer["text"].split("\n") if line.startswith("•")]
    assert [line.partition(" × ")[2] for line in told] == [
        "Rioja Crianza (RIO)", "Chianti Classico (CHI)", "Blue mug (MUG)",
    ]  # fmt: skip
    assert (chat.on_hand("RIO"), chat.on_hand("CHI"), chat.on_hand()) == ("24", "0", "20")
    _, (said,) = await chat.press(answer, "Yes, record it")
    assert "Sold 2 × Rioja Crianza" in said["text"]
    assert (chat.on_hand("RIO"), chat.on_hand("CHI"), chat.on_hand()) == ("22", "-1", "18")
    chat.clock.at += 2 * MINUTE
    (answer,) = await chat.say("sold 2 rioja for 21", STAFF)
    assert "• Sold 2 × Rioja Crianza (RIO) @ 10.50" in answer["text"]
    _, learned = await chat.press(answer, "Yes, record it", STAFF)
    assert any("I will know “rioja”" in one["text"] for one in learned)
    (answer,) = await chat.say("sold 1 rioja")
    assert "On hand 19." in answer["text"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("sold 3 mug, no sorry, 2", "18"),
        ("sold four, no sorry, five mug", "15"),
        ("3 mug verkauft, nein 4", "16"),
        ("sold 3 mug... scrap that, 1", "19"),
    ],
)
async def test_a_number_taken_back_is_asked_as_it_was_read(
    chat: Chat, text: str, left: str
) -> None:
    """What was said anew stands, after a tap."""
    (answer,) = await chat.say(text)
    assert answer["text"].startswith("Is it this?")
    assert chat.on_hand() == "20"
    await chat.press(answer, "Yes, record it")
    assert chat.on_hand() == left


async def test_a_tap_records_a_measure_and_nothing_far(chat: Chat) -> None:
    """Grams stay grams of what is kept in kilograms; far too much is no tap away."""
    now = None
    done(chat.app, do="register", sku="BRI", name="Brie de Meaux", unit="kg", precision=3, now=now)
    done(chat.app, do="register", sku="SPA", name="Brie knife", now=now)
    done(chat.app, do="receive", sku="BRI", qty="5", now=now)
    (answer,) = await chat.say("sold 300 g brie")
    first = answer["reply_markup"]["inline_keyboard"][0][0]
    assert first["text"] == "Brie de Meaux (BRI)"
    await chat.press(answer, "Brie de Meaux")
    assert chat.on_hand("BRI") == "4.7"
    chat.clock.at += 2 * MINUTE
    (answer,) = await chat.say("sold 300 brie")
    toast, _ = await chat.press(answer, "Brie de Meaux")
    assert "The most that was there or ever moved is 4.7." in toast
    assert chat.on_hand("BRI") == "4.7"


@pytest.mark.parametrize(
    "text", ["sold 4 mug sorry red", "sold 2 mug, the red ones", "sold 2 blue mug or red"]
)
async def test_a_word_that_makes_another_product_is_asked(chat: Chat, text: str) -> None:
    """The word of another kind has a meaning, wherever it stands."""
    (answer,) = await chat.say(text)
    assert (chat.on_hand(), chat.on_hand("RED-MUG")) == ("20", "0"), answer["text"]


async def test_names_are_found_with_and_without_their_signs(chat: Chat) -> None:
    """ß and accents are how a word is written, not which one it is."""
    done(chat.app, do="register", sku="GIE", name="Gießkanne", now=None)
    done(chat.app, do="register", sku="4011", name="Comté", now=None)
    for text, sku in (
        ("sold 1 Gießkanne", "GIE"), ("sold 3 giesskanne", "GIE"), ("2 Gießkannen verkauft", "GIE"),
        ("sold 1 comte", "4011"), ("sold 2 Comté", "4011"),
    ):  # fmt: skip
        (answer,) = await chat.say(text)
        assert f"({sku})" in answer["text"], answer["text"]
        assert answer["text"].startswith(("Sold", "Verkauft")), answer["text"]


async def test_yesterday_is_the_day_before_it_was_said(chat: Chat) -> None:
    """A tap of the next day records the day that the message meant."""
    done(chat.app, do="register", sku="RIO", name="Rioja Crianza", now=None)
    (answer,) = await chat.say("a lady bought 2 rioja and 1 mug yesterday")
    assert "(2026-03-04)" in answer["text"]
    chat.clock.at += 26 * 60 * MINUTE
    await chat.press(answer, "Yes, record it")
    rows = [row for sku in ("RIO", "MUG") for row in chat.app.queries.history(sku)]
    days = [str(row["occurred_at"])[:10] for row in rows if row["event"] == "stock-sold"]
    assert days == ["2026-03-04", "2026-03-04"]
