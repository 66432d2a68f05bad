"""People: links, roles, leaving, forgetting; groups, privacy mode, topics, anonymous admins."""

from __future__ import annotations

import re

import orjson

from tests.bot.conftest import OWNER, STAFF, STRANGER, Chat

GROUP = -100_500


async def test_an_owner_invites_by_a_link_that_works_once(chat: Chat) -> None:
    """The link lets one person in with the role; the second press is a stranger's."""
    (answer,) = await chat.say("/invite viewer")
    assert "works once" in answer["text"]
    code = answer["text"].rpartition("start=")[2]
    (welcome,) = await chat.say(f"/start {code}", STRANGER)
    assert "You are viewer" in welcome["text"]
    assert "/invite" not in welcome["text"]
    chat.sandbox.add_person(1004, "Mallory")
    (line,) = await chat.say(f"/start {code}", 1004)
    assert line["text"].startswith("Hello! This is a shop's own bot.")


async def test_only_an_owner_may_invite_and_never_in_a_group(chat: Chat) -> None:
    """Staff are told whose it is; in a group no link is shown."""
    (refused,) = await chat.say("/invite staff", STAFF)
    assert refused["text"] == "That is for the owner to do."
    chat.sandbox.add_group(GROUP, "Shop floor", OWNER)
    await chat.settle(GROUP, 0)
    count = len(chat.sandbox.messages[GROUP])
    chat.sandbox.say(OWNER, "/invite staff", chat_id=GROUP)
    (told,) = await chat.settle(GROUP, count + 1)
    assert "start=" not in told["text"]


async def test_a_role_changes_and_a_person_leaves_at_once(chat: Chat) -> None:
    """A viewer cannot record, by text or by an old button; who was removed is a stranger."""
    (confirmation,) = await chat.say("sold 1 mug", STAFF)
    await chat.say("/role Sam viewer")
    (refused,) = await chat.say("sold 1 mug", STAFF)
    assert "Your role is viewer" in refused["text"]
    toast, _new = await chat.press(confirmation, "↩ Undo", STAFF)
    assert "Your role is viewer" in toast
    assert chat.on_hand() == "19"
    await chat.say("/remove Sam")
    (line,) = await chat.say("/stock mug", STAFF)
    assert line["text"].startswith("Hello! This is a shop's own bot.")
    (last,) = await chat.say("/remove Olivia")
    assert "last owner" in last["text"]


async def test_forgetting_erases_the_name_and_what_was_written(chat: Chat) -> None:
    """Entries stay under an opaque id; name, chat and messages are gone."""
    await chat.say("sold 1 mug", STAFF)
    member = next(m for m, name in chat.app.queries.people().items() if name == "Sam")
    (asked,) = await chat.say("/forget Sam")
    assert asked["text"].startswith("Forget Sam? Access ends")
    assert chat.app.queries.people()[member] == "Sam"
    await chat.press(asked, "Yes, forget")
    said = chat.sandbox._find(OWNER, asked["message_id"])
    assert said["text"] == f"Forgotten. Entries show {member} from now on."
    with chat.app.database.snapshot() as tx:
        assert tx.one("SELECT COUNT(*) FROM people WHERE name = 'Sam'")[0] == 0
        rows = tx.all("SELECT body FROM inbox")
        assert not any(b'"Sam"' in bytes(row[0]) for row in rows)
        assert tx.one("SELECT COUNT(*) FROM outbox WHERE chat_id = ?", (STAFF,))[0] == 0
    assert chat.app.queries.history("MUG")[-1]["actor"] == member


async def test_no_entry_says_in_which_chat_it_was_typed(chat: Chat) -> None:
    """Neither an event nor a key holds a number of the chat, the person or the bot."""
    (confirmation,) = await chat.say("sold 2 mug", STAFF)
    await chat.press(confirmation, "↩ Undo", STAFF)
    await chat.say("received 5 mug", STAFF)
    with chat.app.database.snapshot() as tx:
        keys = [row[0] for row in tx.all("SELECT key FROM command_keys")]
        bodies = [bytes(row[0]).decode() for row in tx.all("SELECT state FROM stored_events")]
    assert [key for key in keys if key.startswith("tk:")]
    numbers = re.compile(rf"\b({STAFF}|{OWNER}|{chat.runner.desk.bot_id})\b")
    assert not [text for text in keys + bodies if numbers.search(text)]


async def test_forgetting_erases_the_name_from_what_others_were_told(chat: Chat) -> None:
    """Lists of people, logs and groups held the name; whoever is called alike is not touched."""
    chat.sandbox.add_person(1003, "Samson")
    await chat.say("sold 1 mug", STAFF)
    (listed,) = await chat.say("/people")
    assert "Sam" in listed["text"]
    await chat.say("/log")
    await chat.say("received 3 mug for Samson's corner")
    (asked,) = await chat.say("/forget Sam")
    await chat.press(asked, "Yes, forget")
    await chat.done()
    with chat.app.database.snapshot() as tx:
        bodies = [
            row[0] if isinstance(row[0], str) else bytes(row[0]).decode()
            for table in ("inbox", "outbox")
            for row in tx.all(f"SELECT body FROM {table}")
        ]
    assert not [body for body in bodies if re.search(r"\bSam\b", body)]
    assert [body for body in bodies if "Samson" in body]


async def test_everybody_may_have_what_is_kept_about_them(chat: Chat) -> None:
    """A file with name, role and entries; that of others is the owner's."""
    await chat.say("sold 1 mug", STAFF)
    (file,) = await chat.say("/export_person", STAFF)
    name, data = chat.sandbox.files[file["document"]["file_id"]]
    kept = orjson.loads(data.decode("utf-8-sig"))
    assert (name, kept["name"], kept["role"]) == ("person.json", "Sam", "staff")
    assert [e["event"] for e in kept["entries"]].count("stock-sold") == 1
    (refused,) = await chat.say("/export_person Olivia", STAFF)
    assert refused["text"] == "That is for the owner to do."


async def test_a_group_shows_who_recorded_and_where(chat: Chat) -> None:
    """A member brings the bot into a group; entries carry the author; topics are kept."""
    chat.sandbox.add_group(GROUP, "Shop floor", OWNER)
    (hello,) = await chat.settle(GROUP, 0)
    assert "Privacy mode" not in hello["text"]
    chat.sandbox.say(STAFF, "sold 2 mug", chat_id=GROUP, thread_id=7)
    (answer,) = await chat.settle(GROUP, 2)
    assert answer["text"] == "Sold 2 × Blue mug (MUG). On hand 18. · Sam"
    assert answer["message_thread_id"] == 7
    assert chat.app.queries.history("MUG")[-1]["actor"] == "Sam"
    chat.sandbox.say(STRANGER, "sold 2 mug", chat_id=GROUP)
    chat.sandbox.say(STRANGER, "/stock mug", chat_id=GROUP)
    assert await chat.settle(GROUP, 3) == []
    assert chat.on_hand() == "18"


async def test_a_stranger_who_adds_the_bot_learns_nothing(chat: Chat) -> None:
    """In a stranger's group the bot is silent."""
    chat.sandbox.add_group(GROUP, "Elsewhere", STRANGER)
    chat.sandbox.say(STRANGER, "what needs reordering", chat_id=GROUP)
    assert await chat.settle(GROUP, 1) == []


async def test_privacy_mode_is_told(chat: Chat) -> None:
    """With privacy mode on, the greeting says how to end it; commands still work."""
    chat.sandbox.reads_groups = False
    await chat.restart()
    chat.sandbox.add_group(GROUP, "Shop floor", OWNER)
    (hello,) = await chat.settle(GROUP, 0)
    assert "/setprivacy" in hello["text"]
    chat.sandbox.say(STAFF, "sold 2 mug", chat_id=GROUP)
    chat.sandbox.say(STAFF, "/stock mug", chat_id=GROUP)
    (answer,) = await chat.settle(GROUP, 3)
    assert answer["text"].startswith("20 on hand")


async def test_a_group_is_told_what_its_owner_wants(chat: Chat) -> None:
    """Alerts go to the group once an owner switches them on there; staff cannot."""
    from tests.bot.test_settings import POLICY
    from tests.conftest import done

    done(chat.app, **POLICY, order_quantity="24")
    chat.sandbox.add_group(GROUP, "Shop floor", OWNER)
    await chat.settle(GROUP, 0)
    chat.sandbox.say(STAFF, "/settings", chat_id=GROUP)
    (refused,) = await chat.settle(GROUP, 2)
    assert refused["text"] == "That is for the owner to do."
    chat.sandbox.say(OWNER, "/settings", chat_id=GROUP)
    (shown,) = await chat.settle(GROUP, 4)
    rows = shown["reply_markup"]["inline_keyboard"]
    data = next(b["callback_data"] for row in rows for b in row if b["text"] == "– reorder alerts")
    chat.sandbox.press(OWNER, shown["message_id"], data, GROUP)
    await chat.settle(GROUP, 99)
    count = len(chat.sandbox.messages[GROUP])
    await chat.say("sold 4 mug")
    (alert,) = await chat.settle(GROUP, count)
    assert alert["text"].startswith("🔔 Reorder Blue mug")
    chat.sandbox.remove_from_group(GROUP, OWNER)
    await chat.settle(GROUP, 99)
    with chat.app.database.snapshot() as tx:
        assert tx.one("SELECT COUNT(*) FROM chats WHERE chat_id = ?", (GROUP,))[0] == 0


async def test_who_did_what(chat: Chat) -> None:
    """/log and the plain question name today's entries of one person, or of all."""
    await chat.say("sold 1 mug", STAFF)
    await chat.say("sold 2 mug")
    (sams,) = await chat.say("what did sam enter today")
    assert "sold 1" in sams["text"]
    assert "sold 2" not in sams["text"]
    (alls,) = await chat.say("/log")
    assert "sold 2" in alls["text"]
    (who,) = await chat.say("/log Bertha")
    assert who["text"] == "Who is “Bertha”? I know Olivia, Sam."
