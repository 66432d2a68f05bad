"""The webhook: the same inbox by another way; a wrong secret learns nothing and changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket

import aiohttp
import pytest

from jitledger.bootstrap import open_app
from jitledger.config import Settings, read_settings
from jitledger.domain.errors import StoreError
from jitledger_bot.app import BotRunner, make_bot
from jitledger_bot.wire import webhook
from jitledger_bot.wire.webhook import SECRET_HEADER
from tests.bot.conftest import OWNER, TOKEN, Chat
from tests.conftest import done

SECRET = "only_telegram_knows"


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
async def hooked(chat: Chat) -> Chat:
    """Move a chat's bot from polling to a webhook."""
    await chat.runner.stop()
    chat.app.close()
    port = free_port()
    settings = Settings(
        database=chat.url,
        bot_token=TOKEN,
        webhook_url=f"http://127.0.0.1:{port}/hook",
        webhook_secret=SECRET,
        webhook_listen=f"127.0.0.1:{port}",
    )
    chat.app = open_app(settings, chat.clock)
    chat.runner = BotRunner(chat.app, make_bot(TOKEN, chat.server.url))
    await chat.runner.start()
    done(chat.app, do="register", sku="HOOK", name="Brass hook")
    return chat


async def post(chat: Chat, body: object, secret: str = SECRET) -> int:
    """Post something to the bot's address as Telegram would; return the status."""
    url = chat.app.settings.webhook_url
    assert url is not None
    async with (
        aiohttp.ClientSession() as client,
        client.post(url, json=body, headers={SECRET_HEADER: secret}) as answer,
    ):
        assert not await answer.read()
        return answer.status


async def test_messages_arrive_by_the_webhook(hooked: Chat) -> None:
    """What is posted is recorded and answered like what is polled."""
    (answer,) = await hooked.say("received 24 HOOK")
    assert answer["text"] == "Received 24 × Brass hook (HOOK). On hand 24."
    assert any(name == "setWebhook" for name, _ in hooked.sandbox.calls)


async def test_an_update_posted_twice_is_recorded_once(hooked: Chat) -> None:
    """Telegram posts again what it thinks was not taken; the second one changes nothing."""
    message = hooked.sandbox.say(OWNER, "received 24 HOOK")
    await hooked.settle(OWNER, len(hooked.sandbox.messages[OWNER]))
    assert await post(hooked, {"update_id": 7_000_001, "message": message}) == 200
    await hooked.done()
    assert hooked.app.queries.stock("HOOK")["on_hand"] == "24"


async def test_without_the_secret_nothing_happens(hooked: Chat) -> None:
    """A stranger who finds the address gets an empty 403."""
    message = {
        "message_id": 900,
        "date": 1_772_701_200,
        "chat": {"id": OWNER, "type": "private"},
        "from": {"id": OWNER, "is_bot": False, "first_name": "Mallory"},
        "text": "received 24 HOOK",
    }
    for secret in ("", "wrong", SECRET + "x", "ö"):
        assert await post(hooked, {"update_id": 7_000_002, "message": message}, secret) == 403
    assert hooked.app.queries.stock("HOOK")["on_hand"] == "0"


async def test_what_cannot_be_read_is_set_aside(hooked: Chat) -> None:
    """A body that is no update is kept as a dead letter and not posted for ever."""
    assert await post(hooked, {"update_id": 7_000_003, "message": {"text": 5}}) == 200
    with hooked.app.database.snapshot() as tx:
        assert tx.one("SELECT COUNT(*) FROM inbox WHERE state = 'dead'")[0] == 1
    (answer,) = await hooked.say("received 2 HOOK")
    assert "On hand 2." in answer["text"]


async def test_a_press_is_read_without_a_chat_instance(hooked: Chat) -> None:
    """Not every server tells it; what is posted is read as what is polled."""
    (answer,) = await hooked.say("received 24 HOOK")
    data = answer["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    person = {"id": OWNER, "is_bot": False, "first_name": "Olivia"}
    query = {"id": "77", "from": person, "message": answer, "data": data}
    assert await post(hooked, {"update_id": 7_000_004, "callback_query": query}) == 200
    await hooked.settle(OWNER, len(hooked.sandbox.messages[OWNER]) - 1)
    assert hooked.app.queries.stock("HOOK")["on_hand"] == "0"


async def test_a_store_that_refuses_makes_it_come_again(
    hooked: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update that could not be committed is answered with 503 and posted again."""
    real, failures = hooked.runner.inbox.store, 0

    async def store(updates: object) -> None:
        nonlocal failures
        if failures < 2:
            failures += 1
            raise StoreError("store", "The disk is full.")
        await real(updates)  # type: ignore[arg-type]

    monkeypatch.setattr(hooked.runner.inbox, "store", store)
    (answer,) = await hooked.say("received 24 HOOK")
    assert failures == 2
    assert "On hand 24." in answer["text"]


async def test_polling_takes_over_from_a_webhook(hooked: Chat) -> None:
    """Started again without an address, the bot deletes the webhook and asks by itself."""
    await hooked.restart()
    (answer,) = await hooked.say("received 3 HOOK")
    assert "On hand 3." in answer["text"]
    assert hooked.sandbox.webhook is None


def test_an_address_needs_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing or wrong is named in one sentence."""
    monkeypatch.setenv("JITLEDGER_WEBHOOK_URL", "https://shop.example/hook")
    with pytest.raises(StoreError, match="JITLEDGER_WEBHOOK_SECRET is needed"):
        read_settings()
    monkeypatch.setenv("JITLEDGER_WEBHOOK_SECRET", "s3cret")
    monkeypatch.setenv("JITLEDGER_WEBHOOK_LISTEN", "8080")
    with pytest.raises(StoreError, match="host:port"):
        read_settings()
    monkeypatch.setenv("JITLEDGER_WEBHOOK_LISTEN", "127.0.0.1:8080")
    found = read_settings()
    assert "s3cret" not in repr(found)
    assert dataclasses.asdict(found)["webhook_secret"] == "s3cret"


async def test_strangers_do_not_keep_telegram_out(
    hooked: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """300 lines that say nothing, half a head or half a body: hung up on, and all is recorded."""
    monkeypatch.setattr(webhook, "HEADER_SECONDS", 0.5)
    monkeypatch.setattr(webhook, "BODY_SECONDS", 0.5)
    host, port = "127.0.0.1", int(hooked.app.settings.webhook_listen.rpartition(":")[2])
    begun = [b"", b"POST /hook HTTP/1.1\r\nHost: x\r\n"]
    head = f"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n{SECRET_HEADER}: "
    begun += [(head + secret + "\r\n\r\n{").encode() for secret in (SECRET, "guess")]
    lines = []
    for number in range(300):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(begun[number % len(begun)])
        lines.append((reader, writer))
    async with asyncio.timeout(5):
        (answer,) = await hooked.say("received 3 HOOK")
        assert answer["text"].startswith("Received 3")
        for reader, _writer in lines:
            with contextlib.suppress(ConnectionError):
                said = await reader.read()
                assert said[:12] in (b"", b"HTTP/1.1 403", b"HTTP/1.1 408")
    for _reader, writer in lines:
        writer.close()
    assert hooked.on_hand("HOOK") == "3"
