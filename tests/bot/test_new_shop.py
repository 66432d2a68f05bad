"""A new shop from nothing, in the chat alone."""

from __future__ import annotations

from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger.service.clock import FixedClock
from jitledger.service.people import hash_code
from jitledger_bot.app import BotRunner, make_bot
from jitledger_bot.sandbox.server import Sandbox, make_api, serve
from tests.bot.conftest import OWNER, START, STRANGER, TOKEN, Chat


async def test_a_shop_is_opened_by_whoever_has_the_link(sqlite_url: str) -> None:
    """The link's holder says name, currency, zone and tax in a line; others learn nothing."""
    clock = FixedClock(START, leads=True)
    app = open_app(Settings(database=sqlite_url, bot_token=TOKEN), clock)
    sandbox = Sandbox(TOKEN, lambda: clock.now() / 1e9)
    server = await serve(make_api(sandbox))
    runner = BotRunner(app, make_bot(TOKEN, server.url))
    runner.desk.opening = hash_code("the-code")
    await runner.start()
    chat = Chat(sqlite_url, clock, sandbox, server, app, runner)
    sandbox.add_person(OWNER, "Olivia", "de")
    sandbox.add_person(STRANGER, "Eve")
    try:
        (stranger,) = await chat.say("/start other-code", STRANGER)
        assert "shop's own bot" in stranger["text"]
        (asked,) = await chat.say("/start the-code")
        assert asked["text"].startswith("Dein neuer Laden.")
        (again,) = await chat.say("Der blaue Becher")
        assert again["text"].startswith("Dein neuer Laden.")
        (bad,) = await chat.say("Der blaue Becher, EUR, Mars/Olympus")
        assert bad["text"].startswith("✗")
        (opened,) = await chat.say("Der blaue Becher, eur, Europe/Berlin, ohne Steuer")
        assert opened["text"].startswith("Der blaue Becher ist eröffnet: EUR, Europe/Berlin")
        shop = chat.app.queries.shop()
        assert (shop.title, shop.currency, shop.timezone) == (
            "Der blaue Becher",
            "EUR",
            "Europe/Berlin",
        )
        assert (shop.prices, shop.locale) == ("net", "de")
        assert list(shop.members.values()) == ["owner"]
        (late,) = await chat.say("/start the-code", STRANGER)
        assert "Laden" in late["text"] or "shop's own bot" in late["text"]
        await chat.say("/new Blauer Becher, 9,50, Acme")
        (counted,) = await chat.say("gezählt blauer becher 17")
        assert "Bestand 17" in counted["text"]
    finally:
        await runner.stop()
        await server.close()
        app.close()
